// What is drawn over the points: axes with their names, the ring around the point under the pointer, the lasso.

const CORNERS = [[-1, -1, -1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]];

function drawOverlay(context, { width, height, matrix, dimensions, axes, ring, path, colours, font }) {
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
    const ends = projectPoints(Float32Array.from(CORNERS.flat()), matrix, width, height, new Float32Array(8));
    for (let axis = 0; axis < 3; axis++) {
      const [x, y] = [ends[axis * 2 + 2], ends[axis * 2 + 3]];
      context.beginPath();
      context.moveTo(ends[0], ends[1]);
      context.lineTo(x, y);
      context.stroke();
      const away = Math.hypot(x - ends[0], y - ends[1]) || 1;
      const [lx, ly] = [x + ((x - ends[0]) / away) * 26, y + ((y - ends[1]) / away) * 18];
      // Names stay in sight when the cloud is larger than the stage.
      context.fillText(axes[axis], Math.min(Math.max(lx, 50), width - 50), Math.min(Math.max(ly, 16), height - 8));
    }
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
