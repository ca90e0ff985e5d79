// The symbol of an image set, in its colour.

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
