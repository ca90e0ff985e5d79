// A map of images: pan, zoom and orbit; hover, lasso; sets and classes to hide. Rows are the map's own order.

const maps = new WeakMap();
const SLOW_MS = 45;
const REST_MS = 160;
const HINTS = {
  move2: "Drag moves the map; click it, and the wheel zooms.",
  move3: "Drag turns the cloud, Shift+drag moves it; click it, and the wheel zooms.",
  lasso: "Draw around images. Shift adds to the selection, Alt removes from it. Escape leaves off while drawing.",
  rectangle: "Draw a rectangle. Shift adds to the selection, Alt removes from it. Escape leaves off while drawing.",
};
const KEYS = "Keys on the map: N and P step through the images in view, from left to right and back; Enter selects or "
  + "unselects that image, A selects all shown, Escape clears the selection, Z undoes its last change. M moves, "
  + "L lasso, R rectangle; arrows, + and −, 0 resets the view.";
const RHO = "rho: distance to its nearest real image over that image's distance to its own nearest real image";
const TOOLS = [
  ["move", "Move"], ["lasso", "Lasso"], ["rectangle", "Rectangle"], [null],
  ["in", "+", "Zoom in"], ["out", "−", "Zoom out"], ["reset", "Reset view"], [null],
  ["all", "Select all shown"], ["clear", "Clear selection"], ["undo", "Undo", "Undo the last change of the selection"],
];

class ScatterMap {
  mode = "move";
  hidden = { sets: new Set(), classes: new Set() };
  sent = []; // what was reported as hidden and has not come back yet
  camera = new Camera();
  screen = null;
  share = 1; // of the points, while the map moves
  drawnAt = null;
  hovered = -1; // the point under the pointer, or that keys stepped to
  frameMs = null; // from one drawn frame of a move to the next

  constructor(root) {
    this.box = make("div", "box");
    this.bar = make("div", "bar", { role: "toolbar", "aria-label": "Map" });
    this.buttons = {};
    for (const [name, text, label] of TOOLS) {
      if (!name) {
        this.bar.append(make("span", "gap"));
        continue;
      }
      const button = make("button", "press", { type: "button", "data-tool": name });
      button.textContent = text;
      if (label) button.setAttribute("aria-label", label);
      this.buttons[name] = button;
      this.bar.append(button);
    }
    this.status = make("span", "status", { role: "status" });
    this.bar.append(this.status);
    this.stage = make("div", "stage", { tabindex: "0", role: "application", "aria-describedby": "keys" });
    this.canvas = make("canvas", "points");
    this.over = make("canvas", "over");
    this.message = make("p", "message");
    this.stage.append(this.canvas, this.over, this.message);
    this.side = make("div", "side");
    this.hint = make("p", "hint");
    const row = make("div", "row");
    row.append(this.stage, this.side);
    const keys = make("p", "hint", { id: "keys" });
    keys.textContent = KEYS;
    this.box.append(this.bar, row, this.hint, keys);
    root.append(this.box);
    this.tip = new Tip(this.stage);
    this.tip.onExpired = () => this.askForAddresses();
    this.legend = new Legend(this.side, (kind, at, alone) => this.toggle(kind, at, alone));
    this.bar.addEventListener("click", (event) => this.use(event.target.closest("button")?.dataset.tool));
    listenToStage(this);
    new ResizeObserver(() => this.plan()).observe(this.stage);
    this.setMode("move");
    try {
      // Copied from a canvas outside the page: shown itself, it stays blank where it was out of sight while it
      // was drawn, in browsers without a graphics card.
      this.drawn = make("canvas");
      this.renderer = new Renderer(this.drawn, () => this.plan());
    } catch (error) {
      this.say(error.message);
    }
  }

  update(data, report) {
    this.report = report;
    const before = this.data;
    this.data = data;
    this.adoptHidden(data.hidden);
    if (!this.renderer) return;
    if (before?.key !== data.key) this.load();
    else if (this.points) this.refresh(before);
    else if (this.failed && before.address !== data.address) this.load();
  }

  // What Python knows of is what was reported to it a moment ago, unless the address was changed meanwhile.
  adoptHidden(given) {
    const text = JSON.stringify(given);
    const echo = this.sent.indexOf(text);
    if (echo >= 0) this.sent.splice(0, echo + 1);
    else if (text !== this.adopted && !this.sent.length) {
      this.hidden = { sets: new Set(given.sets), classes: new Set(given.classes) };
      if (this.points) this.showChosen();
    }
    this.adopted = text;
  }

  async load() {
    const { key, address } = this.data;
    this.points = this.chosen = null;
    this.hovered = -1;
    this.failed = false;
    this.tip.hide();
    this.say("Loading the map");
    try {
      const points = await fetchPoints(address);
      if (this.data.key !== key) return;
      this.points = points;
      this.chosen = new Chosen(points.n, key);
      this.chosen.keepOnly(this.isVisible);
      if (this.chosen.size) this.tell();
      this.screen = new Float32Array(points.n * 2);
      this.span = spanOf(points.rho);
      this.shuffled = shuffle(points.n);
      this.counts = {
        sets: tally(points.set, this.data.sets.length),
        classes: tally(points.class, this.data.classes.length + 1),
      };
      this.refresh(null);
    } catch (error) {
      this.failed = true;
      if (error.expired && !this.asked) this.askForAddresses();
      else this.say(error.message);
    }
  }

  askForAddresses() {
    this.asked = true;
    this.report.expired();
  }

  // Brings buffers up to date with what the page asks for.
  refresh(before) {
    const { data, points } = this;
    const same = (...names) => before && names.every((name) => before.view[name] === data.view[name]);
    if (!same("method", "dimensions")) {
      const name = data.view.method === "pca" ? "pca" : `umap_${data.view.dimensions}d`;
      const { placed, halves } = points.layOut(name, data.view.dimensions);
      this.placed = placed;
      this.corners = cornersOf(halves);
      this.camera.dimensions = data.view.dimensions;
      this.camera.frame(placed, this.corners);
      this.camera.reset();
      this.renderer.put("places", this.placed);
      this.setMode(this.mode);
    }
    if (!same("colour") || before.theme !== data.theme) {
      this.renderer.put("colours", colourPoints(points, data, this.span));
    }
    const name = data.view.method === "pca" ? "principal components" : "UMAP";
    this.stage.setAttribute("aria-label", `${name} of ${points.n.toLocaleString()} images, ${data.view.dimensions} dimensions`);
    this.showVisible();
  }

  isVisible = (at) => !this.hidden.sets.has(this.points.set[at]) && !this.hidden.classes.has(this.points.class[at]);

  // After a change of what is shown or chosen.
  showVisible() {
    const { points, chosen } = this;
    const visible = this.shuffled.filter(this.isVisible);
    const looks = new Uint8Array(points.n);
    const symbols = this.data.sets.map((one) => SYMBOLS.indexOf(one.symbol) + (one.open ? OPEN : 0));
    for (let at = 0; at < points.n; at++) {
      looks[at] = symbols[points.set[at]] + (chosen.size && !chosen.flags[at] ? DIM : 0);
    }
    this.visible = visible;
    // Chosen points, then suspected copies, are drawn over the others.
    const rank = (at) => chosen.flags[at] * 2 + Number(this.data.view.colour === "status" && points.status[at] === 1);
    const layers = [[], [], [], []];
    for (const at of visible) layers[rank(at)].push(at);
    this.renderer.put("looks", looks);
    this.renderer.putOrder(layers);
    this.legend.draw(this.data, this.counts, this.hidden, this.span);
    const shown = visible.length.toLocaleString();
    const all = points.n.toLocaleString();
    const part = visible.length < points.n ? `${shown} of ${all} images shown` : `${all} images`;
    this.status.textContent = chosen.size ? `${chosen.size.toLocaleString()} selected, ${part}` : part;
    this.buttons.clear.disabled = !chosen.size;
    this.buttons.undo.disabled = !chosen.before;
    this.buttons.all.disabled = !visible.length;
    this.say(visible.length ? "" : "Everything is hidden; click a set or class beside the map to show it.");
    this.plan();
  }

  toggle(kind, at, alone) {
    const every = kind === "sets" ? this.data.sets.map((_, place) => place) : this.counts.classes.map((_, place) => place);
    const set = this.hidden[kind];
    if (alone) {
      const isAlone = !set.has(at) && set.size === every.length - 1;
      this.hidden[kind] = new Set(isAlone ? [] : every.filter((one) => one !== at));
    } else if (!set.delete(at)) set.add(at);
    const ordered = (one) => [...one].sort((left, right) => left - right);
    const state = { sets: ordered(this.hidden.sets), classes: ordered(this.hidden.classes) };
    this.sent.push(JSON.stringify(state));
    this.report.hidden(state);
    this.showChosen();
  }

  // What is hidden leaves the selection.
  showChosen() {
    const before = this.chosen.size;
    this.chosen.keepOnly(this.isVisible);
    if (this.chosen.size !== before) this.tell();
    this.showVisible();
  }

  choose(found, how) {
    if (!this.points) return;
    this.chosen.apply(found, how);
    this.tell();
    this.showVisible();
  }

  tell() {
    this.report.selection({ map: this.data.key, bits: this.chosen.size ? this.chosen.pack() : "" });
  }

  use(tool) {
    if (tool === "in" || tool === "out") this.zoom(tool === "in" ? 1.4 : 1 / 1.4);
    else if (tool === "reset") {
      this.camera.reset();
      this.plan();
    } else if (tool === "all") this.choose(this.visible, "replace");
    else if (tool === "clear") this.choose([], "replace");
    else if (tool === "undo") this.undo();
    else if (tool === "next" || tool === "previous") this.step(tool === "next" ? 1 : -1);
    else if (tool === "pick") {
      if (this.isPointed) this.choose([this.hovered], this.chosen.flags[this.hovered] ? "remove" : "add");
    } else if (tool) this.setMode(tool);
  }

  undo() {
    if (!this.chosen?.before) return;
    this.chosen.undo(this.isVisible);
    this.tell();
    this.showVisible();
  }

  get isPointed() {
    return this.hovered >= 0 && this.isVisible(this.hovered);
  }

  setMode(mode) {
    this.mode = mode;
    this.path = null;
    for (const name of ["move", "lasso", "rectangle"]) {
      this.buttons[name].setAttribute("aria-pressed", String(name === mode));
    }
    this.stage.dataset.mode = mode;
    this.hint.textContent = HINTS[mode === "move" ? `move${this.camera.dimensions}` : mode];
    this.plan();
  }

  zoom(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    this.camera.zoomBy(factor, x, y, this.stage.clientWidth, this.stage.clientHeight);
    this.planMove();
  }

  get pointSize() {
    const byNumber = Math.min(Math.max(16 - 2.4 * Math.log10(this.points.n), 4), 12);
    return byNumber * Math.min(Math.max(this.camera.zoom ** 0.35, 0.8), 3);
  }

  // The visible point nearest to a place on the stage, or -1.
  findAt(x, y) {
    this.project();
    return findNearest(x, y, Math.max(this.pointSize / 2, 5), this.screen, this.visible);
  }

  // To the next image in view by keys.
  step(direction) {
    this.project();
    const { clientWidth: width, clientHeight: height } = this.stage;
    this.point(findNext(this.isPointed ? this.hovered : -1, direction, width, height, this.screen, this.visible));
  }

  project() {
    if (this.projected) return;
    const { clientWidth: width, clientHeight: height } = this.stage;
    projectPoints(this.placed, this.camera.matrix(width, height), width, height, this.screen);
    this.projected = true;
  }

  // Shows what is known of a point, or of none by -1.
  point(at) {
    this.hovered = at;
    if (at < 0) this.tip.hide();
    else {
      const { data, points } = this;
      const id = points.idOf(at);
      const lines = [data.sets[points.set[at]].name];
      if (points.class[at]) lines.push(data.classes[points.class[at] - 1]);
      if (points.status[at]) lines.push(data.statuses[points.status[at]]);
      if (!Number.isNaN(points.rho[at])) lines.push(`Distance ratio rho ${points.rho[at].toPrecision(3)}; lower is nearer`, RHO);
      this.tip.show(id, lines, this.screen[at * 2], this.screen[at * 2 + 1], data.imagePattern.replace("{item}", id));
    }
    this.plan(true);
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  // The map moves: where drawing is slow, a part of the points follows the hand, and all return when it rests.
  planMove() {
    const now = performance.now();
    const since = now - (this.moved ?? 0);
    this.moved = now;
    this.moving = true;
    if (since > SLOW_MS * 6) this.drawnAt = this.frameMs = null; // a new move
    else if (this.frameMs > SLOW_MS) this.share = Math.max(0.05, this.share * 0.7);
    else if (this.frameMs !== null && this.frameMs < SLOW_MS / 2) this.share = Math.min(1, this.share * 1.1);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.moving = false;
      this.plan();
    }, REST_MS);
    this.plan();
  }

  // Draws once before the next frame, however often it is asked to.
  plan(overlayOnly = false) {
    if (!overlayOnly) {
      this.stale = true;
      this.projected = false;
    }
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      this.frameMs = this.drawnAt === null ? null : now - this.drawnAt;
      this.drawnAt = now;
      this.draw();
    });
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!this.points || !this.renderer || !width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.drawn, this.canvas, this.over]) {
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width === w && canvas.height === h) continue;
      [canvas.width, canvas.height] = [w, h];
      this.stale = true;
    }
    const matrix = this.camera.matrix(width, height);
    const light = this.data.theme === "light";
    if (this.stale) {
      this.stale = false;
      this.renderer.draw({
        matrix,
        size: this.pointSize * ratio,
        ground: light ? [250, 250, 250] : [24, 25, 26],
        edge: light ? [86, 86, 86] : [180, 180, 180],
        solid: this.camera.dimensions === 3,
        share: this.moving ? this.share : 1,
      });
      this.canvas.getContext("2d", { alpha: false }).drawImage(this.drawn, 0, 0);
    }
    let ring = null;
    if (this.isPointed) {
      this.project();
      const [x, y] = [this.screen[this.hovered * 2], this.screen[this.hovered * 2 + 1]];
      ring = { x, y, size: this.pointSize / 2 + 3 };
      if (!this.tip.box.hidden) this.tip.place(x, y);
    } else if (this.hovered >= 0) this.point(-1);
    const context = this.over.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawOverlay(context, {
      width, height, matrix, ring, path: this.path,
      dimensions: this.camera.dimensions,
      corners: this.corners,
      axes: this.data.axes,
      font: getComputedStyle(this.box).fontFamily,
      colours: light
        ? { text: "#16181a", muted: "#565656", ground: "#fafafa", veil: "rgb(11 107 203 / 12%)" }
        : { text: "#f2f2f2", muted: "#b4b4b4", ground: "#18191a", veil: "rgb(90 169 240 / 16%)" },
    });
  }
}

function tally(places, n) {
  const counts = new Array(n).fill(0);
  for (const place of places) counts[place]++;
  return counts;
}

// The same every time, so that no set always covers the others and nothing flickers.
function shuffle(n) {
  const order = Uint32Array.from({ length: n }, (_, at) => at);
  let state = 1;
  for (let at = n - 1; at > 0; at--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 4294967296) * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!maps.has(parentElement)) maps.set(parentElement, new ScatterMap(parentElement));
  maps.get(parentElement).update(data, {
    selection: (value) => setStateValue("selection", value),
    hidden: (value) => setStateValue("hidden", value),
    expired: () => setTriggerValue("expired", Date.now()),
  });
}
