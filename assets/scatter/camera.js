// Where the map is looked at from: flat, or around the middle of a cloud.

const START = { x: 0, y: 0, zoom: 1, yaw: 0.6, pitch: 0.4 };
const DEPTH = 0.25; // weak perspective: what is near is a little larger
// Around the cloud in pixels: the ends of axes have their names beyond them.
const MARGIN = 14;
const NAME_MARGIN = [78, 34];

class Camera {
  dimensions = 2;

  constructor() {
    this.reset();
  }

  reset() {
    Object.assign(this, START, this.middle);
  }

  // Learns what a cloud and its axes, a corner and three ends, reach to as they are first seen, so that a reset
  // shows them whole.
  frame(placed, axes) {
    this.middle = { x: 0, y: 0 };
    if (this.dimensions === 2) return;
    const { right, up, near } = turn(START.yaw, START.pitch);
    const dot = (a, values, at) => a[0] * values[at] + a[1] * values[at + 1] + a[2] * values[at + 2];
    const seen = (values) => {
      const found = [];
      for (let at = 0; at < values.length; at += 3) {
        found.push([dot(right, values, at), dot(up, values, at), 1 - DEPTH * dot(near, values, at)]);
      }
      return found;
    };
    const [cloud, ends] = [seen(placed), seen(axes)];
    ["x", "y"].forEach((name, axis) => {
      let [low, high] = [Infinity, -Infinity];
      for (const one of [...ends, ...cloud]) {
        low = Math.min(low, one[axis] / one[2]);
        high = Math.max(high, one[axis] / one[2]);
      }
      this.middle[name] = (low + high) / 2;
    });
    const reach = (points, axis, middle) =>
      points.reduce((most, one) => Math.max(most, Math.abs(one[axis] - middle) / one[2]), 1e-6);
    this.reaches = [[[ends[0], ...cloud], [MARGIN, MARGIN]], [ends.slice(1), NAME_MARGIN]].map(([points, margins]) => ({
      x: reach(points, 0, this.middle.x), y: reach(points, 1, this.middle.y), margins,
    }));
  }

  // Pixels of the screen a unit has at zoom 1.
  scale(width, height) {
    if (this.dimensions === 2) return 0.45 * Math.min(width, height);
    const room = (side, margin) => Math.max(side / 2 - margin, 20);
    return Math.min(...this.reaches.flatMap(({ x, y, margins }) => [
      room(width, margins[0]) / x, room(height, margins[1]) / y,
    ]));
  }

  // 4 x 4, columns one after the other, as WebGL takes it; y up.
  matrix(width, height) {
    const unit = this.zoom * this.scale(width, height);
    const [sx, sy] = [(unit * 2) / width, (unit * 2) / height];
    if (this.dimensions === 2) {
      return new Float32Array([sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, 0, 0, -this.x * sx, -this.y * sy, 0, 1]);
    }
    const { right, up, near } = turn(this.yaw, this.pitch);
    const columns = [];
    for (let axis = 0; axis < 3; axis++) {
      columns.push(right[axis] * sx, up[axis] * sy, near[axis] * -0.2, near[axis] * -DEPTH);
    }
    columns.push(-this.x * sx, -this.y * sy, 0, 1);
    return new Float32Array(columns);
  }

  // By pixels of the screen.
  pan(dx, dy, width, height) {
    const unit = this.zoom * this.scale(width, height);
    this.x -= dx / unit;
    this.y += dy / unit;
  }

  orbit(dx, dy) {
    this.yaw += dx * 0.008;
    this.pitch = Math.min(Math.max(this.pitch + dy * 0.008, -Math.PI / 2), Math.PI / 2);
  }

  // Around a point of the screen, which stays where it is.
  zoomBy(factor, px, py, width, height) {
    const zoom = Math.min(Math.max(this.zoom * factor, 0.2), 400);
    const kept = (1 / this.zoom - 1 / zoom) / this.scale(width, height);
    this.x += (px - width / 2) * kept;
    this.y -= (py - height / 2) * kept;
    this.zoom = zoom;
  }
}

// Right, up and towards the eye; the third axis of the data points up.
function turn(yaw, pitch) {
  const [cy, sy] = [Math.cos(yaw), Math.sin(yaw)];
  const [cp, sp] = [Math.cos(pitch), Math.sin(pitch)];
  return { right: [cy, sy, 0], up: [sp * sy, -sp * cy, cp], near: [cp * sy, -cp * cy, -sp] };
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
