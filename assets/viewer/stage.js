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
    const aspect = image.aspect ?? 1; // of a pixel: its height over its width
    const step = Math.min(width / image.width, height / (image.height * aspect)) * view.scale;
    const half = [(image.width * step) / 2, (image.height * aspect * step) / 2];
    // Corners fall on whole pixels, so that samples are equally large.
    const corner = [width / 2 - half[0] * (1 + view.x), height / 2 - half[1] * (1 + view.y)].map(Math.round);
    return { step, steps: [step, step * aspect], half, middle: [corner[0] + half[0], corner[1] + half[1]] };
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

  // Lines across an image, each at a share of its width or height.
  cross(context, { half, middle }, [right, down]) {
    const at = [middle[0] + half[0] * (2 * right - 1), middle[1] + half[1] * (2 * down - 1)];
    context.save();
    context.beginPath();
    context.moveTo(at[0], middle[1] - half[1]);
    context.lineTo(at[0], middle[1] + half[1]);
    context.moveTo(middle[0] - half[0], at[1]);
    context.lineTo(middle[0] + half[0], at[1]);
    // Seen on dark and on bright structures.
    for (const [colour, width, dash] of [["#00000090", 3, []], ["#f0f0f0", 1, [5, 5]]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: width });
      context.setLineDash(dash);
      context.stroke();
    }
    context.restore();
  }

  // The sample under a point of the screen.
  locate(image, view, event) {
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / box.width;
    const { steps, half, middle } = this.place(image, view);
    const at = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
    return at.map((value, axis) => Math.floor((value - middle[axis] + half[axis]) / steps[axis]));
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

  // `pair` holds both images as stored, the transform and the warp, and of volumes which slices they are, turned
  // by the server; null while they are on their way.
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
    if (this.pair.slice || this.asStored) return this.once("stored", () => new Picture(this.pair.query));
    return this.once("turned", () => new Picture(turnImage(this.pair.query, this.pair.transform)));
  }

  // Whether the image under review is wanted without the matched turn: a difference is always of the turned one.
  get leavesTurnOut() {
    return this.asStored && this.mode !== "difference";
  }

  // Whether the one that is there is without it; a volume's other slices may still be on their way.
  get isAsStored() {
    return this.pair.slice ? this.pair.slice.asStored : this.asStored;
  }

  // Whether there is something to subtract.
  get hasDifference() {
    return this.mode === "difference" && Boolean(this.pair) && !(this.pair.slice && (this.isAsStored || !this.pair.slice.reaches));
  }

  get difference() {
    return this.once("difference", () => {
      const turned = this.pair.slice ? this.pair.query : turnImage(this.pair.query, this.pair.transform);
      const found = computeDifference(this.pair.real, turned, this.pair.warp ?? IDENTITY);
      return { ...found, canvas: paintDifference(found, this.palette) };
    });
  }

  get isLaidOver() {
    return this.mode !== "side";
  }

  get turnName() {
    const { turn } = this.pair;
    if (this.mode === "difference" || !this.isAsStored) return turn ? `shown ${turn}` : "shown as stored";
    return turn ? `as stored; matched when ${turn}` : "shown as stored";
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
    if (this.pair.slice) this.node.dataset.slice = `${this.pair.slice.plane} ${this.pair.slice.index} ${this.pair.slice.other}`;
    left.label.dataset.side = this.mode === "blink" && this.showsQuery ? "query" : "real";
  }

  drawBeside(contexts) {
    [this.real, this.query].forEach((picture, at) => {
      const place = this.panes[at].place(picture.image, this.view);
      const isThere = at === 0 || !picture.image.isBlank;
      if (isThere) this.panes[at].draw(contexts[at], picture.paint(this.window), place);
      if (isThere && this.pair.cross) this.panes[at].cross(contexts[at], place, this.pair.cross[at]);
      this.panes[at].facts.textContent = at === 0 || this.pair.judged ? this.describe(picture.image, place) : "";
    });
    this.panes[0].label.textContent = this.realLabel;
    this.panes[1].label.textContent = `${this.queryLabel}, ${this.turnName}`;
  }

  drawOver(context) {
    const [pane] = this.panes;
    const place = pane.place(this.pair.real, this.view);
    // As stored, the image has no place on the real one: it fills the same frame.
    const warp = this.isAsStored ? IDENTITY : (this.pair.warp ?? IDENTITY);
    const laid = `${this.queryLabel}, ${this.turnName}${this.isAsStored ? "" : describeMove(warp)}`;
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
      if (!this.pair.query.isBlank) pane.draw(context, this.query.paint(this.window), place, warp);
      context.restore();
    }
    if (this.pair.cross) pane.cross(context, place, this.pair.cross[0]);
    this.bar.style.left = `${this.divider * 100}%`;
    this.bar.setAttribute("aria-valuenow", Math.round(this.divider * 100));
    pane.label.textContent = this.mode === "swipe" ? `${this.realLabel} | ${laid}` : showsQuery ? laid : this.realLabel;
    pane.facts.textContent = showsReal || this.pair.judged ? this.describe(showsReal ? this.pair.real : this.query.image, place) : "";
  }

  drawDifference(context) {
    const [pane] = this.panes;
    const place = pane.place(this.pair.real, this.view);
    if (this.hasDifference) pane.draw(context, this.difference.canvas, place);
    pane.label.textContent = `Difference: ${this.queryLabel.toLowerCase()}, ${this.turnName}${describeMove(this.pair.warp ?? IDENTITY)}, minus ${this.realLabel.toLowerCase()}`;
    pane.facts.textContent = `Zoom ${formatZoom(place.step)}`;
  }

  get realLabel() {
    const { slice } = this.pair;
    if (!slice) return "Real training image";
    return `Real training volume, ${slice.plane} ${slice.index + 1} of ${slice.volumes.count(slice.plane)}`;
  }

  // The number of slices of a volume may tell a control from a synthetic one.
  get queryLabel() {
    const { slice, judged } = this.pair;
    if (!slice) return "Image under review";
    if (!slice.reaches) return "Volume under review, which does not reach here";
    if (!judged) return "Volume under review";
    return `Volume under review, ${slice.plane} ${slice.other + 1} of ${slice.volumes.countQuery(slice.plane)}`;
  }

  describe(image, place) {
    const depth = `${image.width} × ${image.height}, ${image.bits}-bit ${image.channels === 3 ? "colour" : "grey"}`;
    const exact = image.exact ? "" : ", in 65,536 steps";
    const axes = image.shown && !image.oriented ? " · no orientation stored" : "";
    return `${depth}${exact}${axes} · zoom ${formatZoom(place.step)} · ${describeWindow(image, this.window)}`;
  }
}

const formatZoom = (step) => `${formatNumber(100 * step)} %`;

// Where the search laid the image: most of all that it was moved, since that resamples it.
function describeMove(warp) {
  return warp.every((value, at) => Math.abs(value - IDENTITY[at]) < 1e-9) ? "" : ", moved onto the real one";
}
