// What is drawn over the maps: rectangles and their numbers.

// Draw a rectangle given by shares of a map: of a region, of the chosen place, of the one under the pointer.
function outline(context, side, scale, [left, top, right, bottom], { chosen, dashed, thin }) {
  const edges = [left * side, top * side, (right - left) * side, (bottom - top) * side];
  const inner = 1.5 * scale;
  const rectangle = [edges[0] + inner, edges[1] + inner, edges[2] - 2 * inner, edges[3] - 2 * inner];
  context.setLineDash(dashed ? [6 * scale, 4 * scale] : []);
  for (const [colour, width] of [["#000000", 3.5], [chosen ? "#5aa9f0" : "#ffffff", thin ? 1 : 1.75]]) {
    context.strokeStyle = colour;
    context.lineWidth = width * scale;
    context.strokeRect(...rectangle);
  }
  context.setLineDash([]);
}

function number(context, side, scale, rank, [left, top]) {
  context.font = `600 ${13 * scale}px sans-serif`;
  context.textBaseline = "top";
  context.lineJoin = "round";
  context.strokeStyle = "#000000";
  context.lineWidth = 3.5 * scale;
  const place = [left * side + 5 * scale, top * side + 5 * scale];
  context.strokeText(String(rank), ...place);
  context.fillStyle = "#ffffff";
  context.fillText(String(rank), ...place);
}
