// What is drawn over the points: axes with their names, the ring around the point under the pointer, the lasso.

// A corner of the box around the cloud, and where the axes from there end.
function cornersOf([x, y, z]) {
  return Float32Array.of(-x, -y, -z, x, -y, -z, -x, y, -z, -x, -y, z);
}

function drawOverlay(context, { width, height, matrix, dimensions, corners, axes, ring, path, colours, font }) {
  context.clearRect(0, 0, width, height);
  context.font = `13px ${font}`;
  context.fillStyle = context.strokeStyle = colours.muted;
  context.lineWidth = 1;
  context.textAlign = "center";
  if (dimensions === 2) {
    context.fillText(axes[0], width / 2, height - 8);
    context.save();
    context.translate(16, height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(axes[1], 0, 0);
    context.restore();
  } else {
    const ends = projectPoints(corners, matrix, width, height, new Float32Array(8));
    const names = [];
    for (let axis = 0; axis < 3; axis++) {
      const [x, y] = [ends[axis * 2 + 2], ends[axis * 2 + 3]];
      context.beginPath();
      context.moveTo(ends[0], ends[1]);
      context.lineTo(x, y);
      context.stroke();
      const away = Math.hypot(x - ends[0], y - ends[1]) || 1;
      const [dx, dy] = [(x - ends[0]) / away, (y - ends[1]) / away];
      // Beyond the end by as much as the name's own box reaches back along the axis.
      const half = context.measureText(axes[axis]).width / 2 + 4;
      const beyond = 4 + Math.min(half / Math.abs(dx || 1e-6), 10 / Math.abs(dy || 1e-6));
      const lx = Math.min(Math.max(x + dx * beyond, half), width - half);
      // Where there is no room beyond the end, above or below it.
      const ly = Math.abs(lx - x - dx * beyond) < 1 ? y + dy * beyond : y + (dy < 0 ? -14 : 14);
      names.push([axes[axis], lx, Math.min(Math.max(ly, 12), height - 12)]);
    }
    // Names stay in sight when the cloud is larger than the stage, and readable where an axis crosses them.
    context.textBaseline = "middle";
    context.strokeStyle = colours.ground;
    context.lineWidth = 4;
    context.lineJoin = "round";
    for (const [name, x, y] of names) {
      context.strokeText(name, x, y);
      context.fillText(name, x, y);
    }
    context.textBaseline = "alphabetic";
  }
  if (ring) {
    context.strokeStyle = colours.text;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(ring.x, ring.y, ring.size, 0, 2 * Math.PI);
    context.stroke();
  }
  if (path?.length > 1) {
    context.beginPath();
    path.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fillStyle = colours.veil;
    context.fill();
    context.strokeStyle = colours.text;
    context.lineWidth = 1.5;
    context.setLineDash([6, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}
