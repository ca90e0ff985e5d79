// Maps of several image sets over their mean images, on one scale: what the pointer or the keys meet in one is
// read in all; a click chooses a place, a drag draws a region. All text comes in through textContent.

const stages = new WeakMap();
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const DRAGGED_PX = 6;
const RESTS_MS = 300;
const GAP_PX = 12; // as in heatmap.css

class Stage {
  at = null; // place under the pointer, as shares
  cursor = null; // row and column that keys have reached
  drawn = null; // region that is being drawn
  from = null; // where a drag began: x, y and the pointer

  constructor(root) {
    this.stage = make("div", "stage");
    this.panel = new Panel(() => this.redraw(), () => this.keep());
    this.read = make("p", "read", { role: "status" });
    this.maps = make("div", "maps");
    this.stage.append(this.panel.node, this.read, this.maps);
    root.append(this.stage);
    this.maps.addEventListener("pointermove", (event) => this.move(event));
    this.maps.addEventListener("pointerleave", () => this.leave());
    this.maps.addEventListener("pointerdown", (event) => this.press(event));
    this.maps.addEventListener("pointerup", (event) => this.release(event));
    this.maps.addEventListener("pointercancel", () => this.discard());
    this.maps.addEventListener("keydown", (event) => this.type(event));
    this.maps.addEventListener("focusin", (event) => this.focus(event));
    new ResizeObserver(() => this.redraw()).observe(this.maps);
  }

  update(data, tell) {
    this.tellPage = tell;
    const text = JSON.stringify(data);
    if (text === this.text) return;
    const before = this.data;
    this.text = text;
    this.data = data;
    this.layer = new Layer(data);
    this.maps.setAttribute("aria-label", data.label);
    // What the page says of the sliders may be older than what the reader has done since.
    if (JSON.stringify(this.panel.read()) === JSON.stringify(data.look)) this.unsaved = false;
    this.panel.show(data, this.layer, !this.unsaved);
    this.cursor = data.cell ?? this.cursor;
    [this.drawn, this.from] = [null, null];
    const names = (one) => JSON.stringify(one.sets.map((set) => [set.name, set.detail, set.mean]));
    if (!before || names(before) !== names(data)) this.build();
    this.redraw();
  }

  build() {
    this.pictures = this.data.sets.map((one) => {
      const picture = new Image();
      picture.addEventListener("load", () => this.redraw());
      picture.src = one.mean;
      return picture;
    });
    this.figures = this.data.sets.map((one, at) => {
      const figure = make("figure");
      const head = make("div", "name", { title: one.name });
      if (one.glyph) head.append(makeGlyph(one.glyph));
      head.append(make("span", "", {}, one.name), make("small", "", {}, one.detail));
      const canvas = make("canvas", "map", { tabindex: at ? "-1" : "0", role: "img", "data-set": String(at) });
      const value = make("figcaption");
      figure.append(head, canvas, value);
      return { figure, canvas, value };
    });
    this.maps.replaceChildren(...this.figures.map((one) => one.figure));
  }

  redraw() {
    if (!this.data || !this.figures) return;
    const look = this.panel.read();
    this.panel.tell(this.layer);
    this.maps.style.setProperty("--size", `${look.size}px`);
    this.maps.style.setProperty("--columns", this.countColumns(look.size));
    const scale = window.devicePixelRatio || 1;
    this.figures.forEach(({ canvas }, at) => {
      const side = Math.round(canvas.clientWidth * scale);
      if (!side) return;
      if (canvas.width !== side) [canvas.width, canvas.height] = [side, side];
      const context = canvas.getContext("2d");
      context.fillStyle = "#000000";
      context.fillRect(0, 0, side, side);
      const picture = this.pictures[at];
      context.imageSmoothingEnabled = true;
      if (picture.complete && picture.naturalWidth) context.drawImage(picture, 0, 0, side, side);
      this.layer.draw(context, at, side, look, this.data.sets[at].threshold);
      if (look.boxes) this.data.boxes.forEach((box) => outline(context, side, scale, box.edges, {}));
      if (this.data.cell) outline(context, side, scale, this.layer.patchAt(this.data.cell), { chosen: true });
      const region = this.drawn ?? this.data.region;
      if (region) outline(context, side, scale, region, { chosen: true, dashed: true });
      const under = this.placeUnder();
      if (under) outline(context, side, scale, this.layer.patchAt(this.layer.locate(...under)), { thin: true });
      // Numbers come last, so that no outline covers them.
      if (look.boxes) this.data.boxes.forEach(({ rank, edges }) => number(context, side, scale, rank, edges));
    });
    this.tellValues();
  }

  // As many as fit, but rows of about equal length.
  countColumns(size) {
    const most = Math.max(1, Math.floor((this.maps.clientWidth + GAP_PX) / (size + GAP_PX)));
    const rows = Math.ceil(this.figures.length / most);
    return Math.ceil(this.figures.length / rows);
  }

  // Where a reading is taken: the pointer first, else what keys have reached while a map has the focus.
  placeUnder() {
    if (this.at) return this.at;
    return this.hasFocus() && this.cursor ? this.middleOf(this.cursor) : null;
  }

  hasFocus() {
    return this.maps.getRootNode().activeElement?.classList.contains("map") ?? false;
  }

  middleOf([row, column]) {
    return [this.layer.middles[column], this.layer.middles[row]];
  }

  tellValues() {
    const under = this.placeUnder();
    const place = under ?? (this.data.cell && this.middleOf(this.data.cell));
    this.figures.forEach(({ canvas, value }, at) => {
      const { name, missing, threshold } = this.data.sets[at];
      const least = threshold === null ? "" : ` · chance reaches ${threshold.toFixed(2)}`;
      let text = `${this.data.scale.signed ? "strongest" : "highest"} ${this.layer.write(this.layer.highest(at))}${least}`;
      if (place) text = `${this.layer.write(this.layer.stepAt(at, ...place))} here${least}`;
      value.textContent = this.layer.maps[at] ? text : missing;
      canvas.setAttribute("aria-label", `${name}: ${value.textContent}`);
    });
    this.read.textContent = this.describe(place, under);
  }

  describe(place, under) {
    const percent = (share) => `${Math.round(100 * share)}`;
    const write = ([left, top, right, bottom]) =>
      `${percent(left)} to ${percent(right)} % of the width, ${percent(top)} to ${percent(bottom)} % of the height`;
    if (this.drawn) return `Region: ${write(this.drawn)}`;
    if (!place) return "Point at a map to read all of them at that place.";
    const cell = this.layer.locate(...place);
    const n = this.layer.middles.length;
    const word = under ? "" : "Chosen: ";
    return `${word}${write(this.layer.patchAt(cell))} (row ${cell[0] + 1}, column ${cell[1] + 1} of ${n} by ${n})`;
  }

  shareOf(event, canvas) {
    const box = canvas.getBoundingClientRect();
    const share = (at, from, length) => Math.min(Math.max((at - from) / length, 0), 1);
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  }

  move(event) {
    const canvas = this.from?.canvas ?? event.target.closest?.("canvas.map");
    this.at = canvas ? this.shareOf(event, canvas) : null;
    if (this.from && this.at) {
      const far = Math.hypot(event.clientX - this.from.client[0], event.clientY - this.from.client[1]);
      if (this.drawn || far > DRAGGED_PX) this.drawn = this.between(this.from.place, this.at);
    }
    this.redraw();
  }

  between([x, y], [right, bottom]) {
    return [Math.min(x, right), Math.min(y, bottom), Math.max(x, right), Math.max(y, bottom)];
  }

  leave() {
    if (this.from) return;
    this.at = null;
    this.redraw();
  }

  press(event) {
    const canvas = event.target.closest?.("canvas.map");
    if (!canvas || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    this.from = { canvas, place: this.shareOf(event, canvas), client: [event.clientX, event.clientY] };
  }

  release(event) {
    if (!this.from) return;
    const place = this.shareOf(event, this.from.canvas);
    const drawn = this.drawn;
    this.from = null;
    if (drawn) this.sendRegion(drawn);
    else this.choose(this.layer.locate(...place));
  }

  discard() {
    [this.from, this.drawn] = [null, null];
    this.redraw();
  }

  focus(event) {
    if (!event.target.classList.contains("map")) return;
    for (const { canvas } of this.figures) canvas.tabIndex = canvas === event.target ? 0 : -1;
    const middle = Math.floor(this.layer.middles.length / 2);
    this.cursor ??= this.data.boxes.length ? this.locateBox(this.data.boxes[0].edges) : [middle, middle];
    this.redraw();
  }

  locateBox([left, top, right, bottom]) {
    return this.layer.locate((left + right) / 2, (top + bottom) / 2);
  }

  type(event) {
    const move = MOVES[event.key];
    if (!event.target.classList.contains("map") || !this.cursor) return;
    if (move) {
      const before = this.cursor;
      const last = this.layer.middles.length - 1;
      this.cursor = before.map((place, axis) => Math.min(Math.max(place + move[axis], 0), last));
      if (event.shiftKey) {
        this.anchor ??= before;
        const ends = [this.anchor, this.cursor].map((cell) => this.layer.patchAt(cell));
        this.drawn = [0, 1].map((side) => Math.min(ends[0][side], ends[1][side]));
        this.drawn.push(...[2, 3].map((side) => Math.max(ends[0][side], ends[1][side])));
      } else {
        [this.anchor, this.drawn] = [null, null];
      }
      this.at = null;
    } else if (event.key === "Enter" || event.key === " ") {
      if (this.drawn) this.sendRegion(this.drawn);
      else this.choose(this.cursor);
    } else if (event.key === "Escape") {
      [this.anchor, this.drawn] = [null, null];
    } else {
      return;
    }
    event.preventDefault();
    this.redraw();
  }

  choose(cell) {
    this.cursor = cell;
    this.data = { ...this.data, cell };
    this.redraw();
    this.tellPage("cell", cell);
  }

  sendRegion(region) {
    const round = (share) => Math.round(1000 * share) / 1000;
    const [left, top, right, bottom] = region.map(round);
    [this.anchor, this.drawn] = [null, null];
    if (right - left < 0.005 || bottom - top < 0.005) return this.redraw();
    this.data = { ...this.data, region: [left, top, right, bottom] };
    this.redraw();
    this.tellPage("region", [left, top, right, bottom]);
  }

  // Arrow keys move a slider step by step; the page hears of where it came to rest.
  keep() {
    this.unsaved = true;
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.tellPage("look", this.panel.read()), RESTS_MS);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!stages.has(parentElement)) stages.set(parentElement, new Stage(parentElement));
  stages.get(parentElement).update(data, setTriggerValue);
}
