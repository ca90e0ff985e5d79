// Where the map is looked at from: flat, or around the middle of a cloud.

const START = { x: 0, y: 0, zoom: 1, yaw: 0.6, pitch: 0.4 };

class Camera {
  dimensions = 2;

  constructor() {
    this.reset();
  }

  reset() {
    Object.assign(this, START);
  }

  // 4 x 4, columns one after the other, as WebGL takes it; y up.
  matrix(width, height) {
    const half = Math.min(width, height) / 2;
    const fit = this.dimensions === 2 ? 0.9 : 0.62;
    const [sx, sy] = [(this.zoom * fit * half * 2) / width, (this.zoom * fit * half * 2) / height];
    if (this.dimensions === 2) {
      return new Float32Array([sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, 0, 0, -this.x * sx, -this.y * sy, 0, 1]);
    }
    const [cy, siny] = [Math.cos(this.yaw), Math.sin(this.yaw)];
    const [cp, sinp] = [Math.cos(this.pitch), Math.sin(this.pitch)];
    // Right, up and towards the eye; the third axis of the data points up.
    const right = [cy, siny, 0];
    const up = [sinp * siny, -sinp * cy, cp];
    const near = [cp * siny, -cp * cy, -sinp];
    const depth = 0.25; // weak perspective: what is near is a little larger
    const columns = [];
    for (let axis = 0; axis < 3; axis++) {
      columns.push(right[axis] * sx, up[axis] * sy, near[axis] * -0.2, near[axis] * -depth);
    }
    columns.push(-this.x * sx, -this.y * sy, 0, 1);
    return new Float32Array(columns);
  }

  // By pixels of the screen.
  pan(dx, dy, width, height) {
    const half = Math.min(width, height) / 2;
    const fit = this.dimensions === 2 ? 0.9 : 0.62;
    this.x -= dx / (half * fit * this.zoom);
    this.y += dy / (half * fit * this.zoom);
  }

  orbit(dx, dy) {
    this.yaw += dx * 0.008;
    this.pitch = Math.min(Math.max(this.pitch + dy * 0.008, -Math.PI / 2), Math.PI / 2);
  }

  // Around a point of the screen, which stays where it is.
  zoomBy(factor, px, py, width, height) {
    const zoom = Math.min(Math.max(this.zoom * factor, 0.2), 400);
    const half = Math.min(width, height) / 2;
    const fit = this.dimensions === 2 ? 0.9 : 0.62;
    const kept = 1 / (half * fit) * (1 / this.zoom - 1 / zoom);
    this.x += (px - width / 2) * kept;
    this.y -= (py - height / 2) * kept;
    this.zoom = zoom;
  }
}

// Places of points on the screen; (n, 2), NaN for those behind the eye.
function projectPoints(placed, matrix, width, height, out) {
  const m = matrix;
  for (let at = 0, from = 0; from < placed.length; at += 2, from += 3) {
    const [x, y, z] = [placed[from], placed[from + 1], placed[from + 2]];
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    out[at] = w > 0 ? ((m[0] * x + m[4] * y + m[8] * z + m[12]) / w * 0.5 + 0.5) * width : NaN;
    out[at + 1] = (0.5 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w * 0.5) * height;
  }
  return out;
}
