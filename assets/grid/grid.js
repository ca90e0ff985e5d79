// Pictures in rows and columns, one column an image set; each opens large, and arrow keys walk the grid there,
// so that sets change in place. All text comes in through textContent.

const grids = new WeakMap();
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

class Grid {
  at = null; // row and column of the picture that is large
  asked = new Set(); // addresses that ran out and were asked for again

  constructor(root) {
    this.stage = make("div", "stage");
    this.grid = make("div", "grid", { role: "table" });
    this.stage.append(this.grid);
    this.makeDialog();
    root.append(this.stage, this.dialog);
    this.grid.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (tile) this.open(Number(tile.dataset.row), Number(tile.dataset.column));
    });
    this.grid.addEventListener("keydown", (event) => {
      const tile = event.target.closest(".tile");
      const found = tile && this.find(Number(tile.dataset.row), Number(tile.dataset.column), STEPS[event.key]);
      if (!found) return;
      event.preventDefault();
      this.tileAt(...found).focus();
    });
    new ResizeObserver(() => this.measure()).observe(this.stage);
  }

  makeDialog() {
    this.dialog = make("dialog", "large", { "aria-label": "Picture in full resolution", tabindex: "-1" });
    this.canvas = make("canvas", "", { role: "img" });
    this.picture = make("img");
    this.note = make("p", "note", { role: "status" });
    this.about = make("p", "about");
    this.place = make("span", "place", { "aria-live": "polite" });
    const bar = make("div", "bar");
    this.turns = [
      ["ArrowLeft", "←", "Set to the left"],
      ["ArrowRight", "→", "Set to the right"],
      ["ArrowUp", "↑", "Picture above"],
      ["ArrowDown", "↓", "Picture below"],
    ].map(([key, text, label]) => {
      const button = make("button", "press", { type: "button", "aria-label": label, title: label }, text);
      button.addEventListener("click", () => this.step(STEPS[key]));
      return [button, STEPS[key]];
    });
    const close = make("button", "press", { type: "button" }, "Close");
    close.addEventListener("click", () => this.dialog.close());
    bar.append(this.place, ...this.turns.map(([button]) => button), close);
    const room = make("div", "room");
    room.append(this.canvas, this.picture, this.note);
    const wait = (sentence) => (this.note.textContent = sentence);
    this.slices = new SliceBrowser(this.canvas, (samples, place) => this.showSlice(samples, place), wait);
    this.dialog.append(bar, this.slices.node, room, this.about);
    this.dialog.addEventListener("keydown", (event) => {
      if (this.slices.press(event) || !STEPS[event.key]) return;
      event.preventDefault();
      this.step(STEPS[event.key]);
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside the picture
    });
    this.dialog.addEventListener("close", () => {
      this.loading?.abort();
      this.slices.close();
      const [row, column] = this.at ?? [-1, -1];
      this.at = null;
      this.tileAt(row, column)?.focus();
    });
  }

  update(data, askAgain) {
    this.askAgain = askAgain;
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    this.data = data;
    this.grid.setAttribute("aria-label", data.label);
    for (const [name, value] of Object.entries({
      columns: data.columns.length,
      least: `${data.leastPx}px`,
      most: `${data.mostPx}px`,
      aspect: data.aspect,
    })) {
      this.grid.style.setProperty(`--${name}`, value);
    }
    const head = make("div", "head", { role: "row" });
    head.append(...data.columns.map((column) => this.makeName(column)));
    const parts = [head];
    data.rows.forEach((row, at) => {
      if (row.heading || row.scale) parts.push(this.makeHeading(row));
      const node = make("div", "row", { role: "row" });
      node.append(...row.cells.map((cell, column) => this.makeCell(cell, at, column)));
      parts.push(node);
    });
    this.grid.replaceChildren(...parts);
    if (this.at && !this.cellAt(...this.at)?.picture) this.dialog.close();
    else if (this.at) this.show(...this.at);
    this.measure();
  }

  measure() {
    if (!this.data) return;
    const needed = this.data.columns.length * (this.data.leastPx + 8) + 12;
    this.stage.classList.toggle("narrow", needed > this.stage.clientWidth + 1);
  }

  makeName(column) {
    const node = make("div", "name", { role: "columnheader", title: column.name });
    if (column.glyph) node.append(makeGlyph(column.glyph));
    node.append(make("span", "", {}, column.name), make("small", "", {}, column.detail));
    return node;
  }

  makeHeading(row) {
    const node = make("div", "heading", {}, row.heading);
    if (row.scale) {
      const scale = make("span", "scale");
      const ramp = make("span", "ramp", { role: "img", "aria-label": "scale" });
      ramp.style.background = `linear-gradient(to right, ${row.scale.stops.join(", ")})`;
      scale.append(make("span", "", {}, row.scale.low), ramp, make("span", "", {}, row.scale.high));
      node.append(scale);
    }
    return node;
  }

  makeCell(cell, row, column) {
    const figure = make("figure", cell?.flagged ? "flagged" : "", { role: "cell" });
    if (!cell) return figure;
    if (!cell.picture) {
      figure.append(make("div", "absent", {}, cell.caption));
      return figure;
    }
    const label = `Enlarge: ${this.describe(row, column)}`;
    const tile = make("button", "tile", { type: "button", "aria-label": label });
    Object.assign(tile.dataset, { row, column, item: cell.item });
    const image = make("img", this.data.pixelated ? "pixelated" : "", {
      loading: "lazy", decoding: "async", draggable: "false", alt: "",
    });
    image.addEventListener("error", () => this.explain(tile, cell.picture));
    image.addEventListener("load", () => tile.removeAttribute("data-problem"));
    image.src = cell.picture;
    tile.append(image);
    figure.append(tile);
    if (cell.caption) figure.append(make("figcaption", "", {}, cell.caption));
    return figure;
  }

  // An img element does not tell why it failed; the route does.
  async explain(tile, address) {
    if (address.startsWith("data:")) return;
    try {
      const answer = await fetch(address);
      if (answer.status === 403 && !this.asked.has(address)) {
        this.asked.add(address);
        this.askAgain();
        return;
      }
      tile.dataset.problem = answer.ok ? "" : await answer.text();
    } catch {
      tile.dataset.problem = "The dashboard does not answer.";
    }
  }

  cellAt(row, column) {
    return this.data.rows[row]?.cells[column];
  }

  tileAt(row, column) {
    return this.grid.querySelector(`.tile[data-row="${row}"][data-column="${column}"]`);
  }

  describe(row, column) {
    return [this.data.columns[column].name, this.data.rows[row].title].filter(Boolean).join(", ");
  }

  // The next picture in a direction; places without one are passed over.
  find(row, column, step) {
    if (!step) return null;
    for (let [r, c] = [row + step[0], column + step[1]]; ; [r, c] = [r + step[0], c + step[1]]) {
      if (r < 0 || c < 0 || r >= this.data.rows.length || c >= this.data.columns.length) return null;
      if (this.cellAt(r, c)?.picture) return [r, c];
    }
  }

  open(row, column) {
    if (!this.dialog.open) this.dialog.showModal();
    this.show(row, column);
  }

  step(step) {
    const found = this.at && this.find(...this.at, step);
    if (found) this.show(...found);
  }

  async show(row, column) {
    const cell = this.cellAt(row, column);
    this.at = [row, column];
    this.loading?.abort();
    const loading = (this.loading = new AbortController());
    this.dialog.dataset.item = cell.item;
    this.place.textContent = this.describe(row, column);
    this.about.textContent = this.tell(cell);
    const focused = this.dialog.getRootNode().activeElement;
    for (const [button, step] of this.turns) button.disabled = !this.find(row, column, step);
    // A disabled button keeps the focus and swallows keys.
    if (focused?.disabled) this.dialog.focus();
    this.slices.open(cell.volume);
    if (cell.volume) return;
    const node = cell.samples ? this.canvas : this.picture;
    const other = cell.samples ? this.picture : this.canvas;
    try {
      if (cell.samples) {
        const waiting = setTimeout(() => (this.note.textContent = "Loading"), 200);
        const samples = await fetchSamples(cell.samples, loading.signal).finally(() => clearTimeout(waiting));
        if (loading.signal.aborted) return;
        drawSamples(this.canvas, samples);
        fitPicture(this.canvas, samples.width, samples.height, 0.74);
        this.about.textContent = this.tell(cell, samples);
      } else {
        this.picture.src = cell.picture;
        await this.picture.decode();
        if (loading.signal.aborted) return;
        fitPicture(this.picture, this.picture.naturalWidth, this.picture.naturalHeight, 0.74);
      }
      node.setAttribute(cell.samples ? "aria-label" : "alt", this.describe(row, column));
      [node.hidden, other.hidden, this.note.textContent] = [false, true, ""];
    } catch (error) {
      if (loading.signal.aborted) return;
      [node.hidden, other.hidden, this.note.textContent] = [true, true, error.message];
    }
  }

  showSlice(samples, place) {
    const cell = this.at && this.cellAt(...this.at);
    if (!cell) return;
    this.canvas.setAttribute("aria-label", `${this.describe(...this.at)}, ${place.plane} ${place.index + 1}`);
    [this.canvas.hidden, this.picture.hidden] = [false, true];
    this.about.textContent = [this.tell(cell), describeSlice(samples, place)].filter(Boolean).join(" · ");
    this.dialog.dataset.slice = `${place.plane} ${place.index}`;
  }

  tell(cell, samples) {
    const parts = [cell.caption, cell.about];
    if (samples) {
      const { width, height, bits, low, high } = samples;
      parts.push(`${width} × ${height} pixels${bits === 16 ? `, 16-bit, shown from ${low} to ${high}` : ""}`);
    }
    return parts.filter(Boolean).join(" · ");
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!grids.has(parentElement)) grids.set(parentElement, new Grid(parentElement));
  grids.get(parentElement).update(data, () => setTriggerValue("expired", Date.now()));
}
