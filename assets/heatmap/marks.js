// What is drawn beside and over the maps: symbols of sets, rectangles, and their numbers.

function makeGlyph({ path, colour, open }) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "-9 -9 18 18");
  svg.setAttribute("aria-hidden", "true");
  const outline = document.createElementNS(space, "path");
  outline.setAttribute("d", path);
  outline.setAttribute("fill", open ? "none" : colour);
  outline.setAttribute("stroke", colour);
  outline.setAttribute("stroke-width", open ? "2.5" : "1");
  svg.append(outline);
  return svg;
}

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
