// The dark stage: both images side by side, laid over each other with a divider or by turns, or subtracted.
// Zoom and place are shared. Samples are never blurred: enlarged ones are squares, only smaller views smooth.

const MODES = ["side", "swipe", "blink", "difference"];
const HOME_VIEW = { scale: 1, x: 0, y: 0 };
const MOST_ZOOM = 64;
const IDENTITY = [1, 0, 0, 0, 1, 0];

function fitView({ scale, x, y }) {
  const held = (value) => Math.min(1, Math.max(-1, value));
  return { scale: Math.min(MOST_ZOOM, Math.max(1 / MOST_ZOOM, scale)), x: held(x), y: held(y) };
}

class Pane {
  constructor(name) {
    this.canvas = create("canvas", "", { "data-pane": name });
    this.label = create("span", "label");
    this.facts = create("span", "facts");
    this.node = create("div", "pane");
    this.node.append(this.canvas, this.label, this.facts);
  }

  // Match the canvas to its place on the screen, one pixel of it for each of the screen's.
  resize() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  clear() {
    this.resize();
    const context = this.canvas.getContext("2d");
    context.resetTransform();
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    return context;
  }

  // Where an image lies at a view: screen pixels a sample, half its sides and its middle, in screen pixels.
  place(image, view) {
    const { width, height } = this.canvas;
    const step = Math.min(width / image.width, height / image.height) * view.scale;
    const half = [(image.width * step) / 2, (image.height * step) / 2];
    // Corners fall on whole pixels, so that samples are equally large.
    const corner = [width / 2 - half[0] * (1 + view.x), height / 2 - half[1] * (1 + view.y)].map(Math.round);
    return { step, half, middle: [corner[0] + half[0], corner[1] + half[1]] };
  }

  // Draw a picture at a place, moved by the warp from positions on it to positions there.
  draw(context, picture, { half, middle }, warp = IDENTITY) {
    const [a, b, c, d, e, f] = warp;
    const [columns, rows] = [2 / picture.width, 2 / picture.height];
    const matrix = [
      half[0] * a * columns, half[1] * d * columns, half[0] * b * rows, half[1] * e * rows,
      middle[0] + half[0] * (c - a - b), middle[1] + half[1] * (f - d - e),
    ];
    context.setTransform(...matrix);
    const steps = [Math.hypot(matrix[0], matrix[1]), Math.hypot(matrix[2], matrix[3])];
    context.imageSmoothingEnabled = Math.min(...steps) < 1 - 1e-6;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0);
    context.resetTransform();
  }

  // The sample under a point of the screen.
  locate(image, view, event) {
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / box.width;
    const { step, half, middle } = this.place(image, view);
    const at = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
    return at.map((value, axis) => Math.floor((value - middle[axis] + half[axis]) / step));
  }
}

class Stage {
  view = HOME_VIEW;
  window = FULL_WINDOW;
  mode = "side";
  divider = 0.5;
  showsQuery = false; // while blinking
  asStored = false;
  pair = null;
  memo = {};

  constructor(palette) {
    this.palette = palette;
    this.panes = [new Pane("left"), new Pane("right")];
    this.bar = create("div", "divider", {
      role: "slider", tabindex: "0", "aria-label": "Divider between the images",
      "aria-valuemin": "0", "aria-valuemax": "100",
    });
    this.panes[0].node.append(this.bar);
    this.node = create("div", "stage");
    this.node.append(...this.panes.map((pane) => pane.node));
  }

  // `pair` holds both images as stored, the transform and the warp; null while they are on their way.
  show(pair) {
    if (pair?.real !== this.pair?.real || pair?.query !== this.pair?.query) this.memo = {};
    this.pair = pair;
  }

  once(name, compute) {
    return (this.memo[name] ??= compute());
  }

  get real() {
    return this.once("real", () => new Picture(this.pair.real));
  }

  get query() {
    if (this.asStored) return this.once("stored", () => new Picture(this.pair.query));
    return this.once("turned", () => new Picture(turnImage(this.pair.query, this.pair.transform)));
  }

  get difference() {
    return this.once("difference", () => {
      const turned = turnImage(this.pair.query, this.pair.transform);
      const found = computeDifference(this.pair.real, turned, this.pair.warp ?? IDENTITY);
      return { ...found, canvas: paintDifference(found, this.palette) };
    });
  }

  get isLaidOver() {
    return this.mode !== "side";
  }

  get turnName() {
    const { transform } = this.pair;
    if (this.mode === "difference" || !this.asStored) return isTurned(transform) ? `shown ${transform}` : "shown as stored";
    return isTurned(transform) ? `as stored; matched when ${transform}` : "shown as stored";
  }

  draw() {
    const [left, right] = this.panes;
    this.node.dataset.mode = this.mode;
    right.node.hidden = this.isLaidOver;
    this.bar.hidden = this.mode !== "swipe" || !this.pair;
    for (const pane of this.panes) pane.facts.textContent = pane.label.textContent = "";
    const contexts = this.panes.map((pane) => (pane.node.hidden ? null : pane.clear()));
    if (!this.pair) return;
    if (this.mode === "side") this.drawBeside(contexts);
    else if (this.mode === "difference") this.drawDifference(contexts[0]);
    else this.drawOver(contexts[0]);
    this.node.dataset.drawn = this.pair.number;
    left.label.dataset.side = this.mode === "blink" && this.showsQuery ? "query" : "real";
  }

  drawBeside(contexts) {
    [this.real, this.query].forEach((picture, at) => {
      const place = this.panes[at].place(picture.image, this.view);
      this.panes[at].draw(contexts[at], picture.paint(this.window), place);
      this.panes[at].facts.textContent = at === 0 || this.pair.judged ? this.describe(picture.image, place) : "";
    });
    this.panes[0].label.textContent = REAL_LABEL;
    this.panes[1].label.textContent = `${QUERY_LABEL}, ${this.turnName}`;
  }

  drawOver(context) {
    const [pane] = this.panes;
    const place = pane.place(this.pair.real, this.view);
    // As stored, the image has no place on the real one: it fills the same frame.
    const warp = this.asStored ? IDENTITY : (this.pair.warp ?? IDENTITY);
    const laid = `${QUERY_LABEL}, ${this.turnName}${this.asStored ? "" : describeMove(warp)}`;
    const showsReal = this.mode === "swipe" || !this.showsQuery;
    const showsQuery = this.mode === "swipe" || this.showsQuery;
    if (showsReal) pane.draw(context, this.real.paint(this.window), place);
    if (showsQuery) {
      const from = this.mode === "swipe" ? Math.round(this.divider * pane.canvas.width) : 0;
      context.save();
      context.beginPath();
      context.rect(from, 0, pane.canvas.width - from, pane.canvas.height);
      context.clip();
      context.clearRect(from, 0, pane.canvas.width - from, pane.canvas.height);
      pane.draw(context, this.query.paint(this.window), place, warp);
      context.restore();
    }
    this.bar.style.left = `${this.divider * 100}%`;
    this.bar.setAttribute("aria-valuenow", Math.round(this.divider * 100));
    pane.label.textContent = this.mode === "swipe" ? `${REAL_LABEL} | ${laid}` : showsQuery ? laid : REAL_LABEL;
    pane.facts.textContent = showsReal || this.pair.judged ? this.describe(showsReal ? this.pair.real : this.query.image, place) : "";
  }

  drawDifference(context) {
    const [pane] = this.panes;
    const place = pane.place(this.pair.real, this.view);
    pane.draw(context, this.difference.canvas, place);
    pane.label.textContent = `Difference: image under review, ${this.turnName}${describeMove(this.pair.warp ?? IDENTITY)}, minus real training image`;
    pane.facts.textContent = `Zoom ${formatZoom(place.step)}`;
  }

  describe(image, place) {
    const depth = `${image.width} × ${image.height}, ${image.bits}-bit ${image.channels === 3 ? "colour" : "grey"}`;
    const exact = image.exact ? "" : ", in 65,536 steps";
    return `${depth}${exact} · zoom ${formatZoom(place.step)} · ${describeWindow(image, this.window)}`;
  }
}

const REAL_LABEL = "Real training image";
const QUERY_LABEL = "Image under review";
const formatZoom = (step) => `${formatNumber(100 * step)} %`;

// Where the search laid the image: most of all that it was moved, since that resamples it.
function describeMove(warp) {
  return warp.every((value, at) => Math.abs(value - IDENTITY[at]) < 1e-9) ? "" : ", moved onto the real one";
}
