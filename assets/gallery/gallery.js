// Thumbnails in a grid, and one of them large. All text comes in through textContent.

const galleries = new WeakMap();

function fillCaption(node, text) {
  const [first = "", ...rest] = (text || "").split("\n");
  const main = make("span");
  main.textContent = first;
  const small = make("small");
  small.textContent = rest.join("\n");
  node.replaceChildren(main, ...(rest.length ? [small] : []));
}

class Gallery {
  tiles = new Map(); // place and item id -> tile
  large = -1;
  asked = new Set(); // addresses that ran out and were asked for again

  constructor(root) {
    this.grid = make("div", "grid", { role: "list" });
    this.dialog = make("dialog", "large", { "aria-label": "Image in full resolution" });
    this.canvas = make("canvas", "", { role: "img" });
    this.note = make("p", "note", { role: "status" });
    this.caption = make("p", "about");
    this.place = make("span", "place");
    const bar = make("div", "bar");
    const press = (label, text, action) => {
      const button = make("button", "press", { type: "button", "aria-label": label });
      button.textContent = text;
      button.addEventListener("click", action);
      return button;
    };
    bar.append(
      press("Previous image", "←", () => this.step(-1)),
      press("Next image", "→", () => this.step(1)),
      this.place,
      press("Close", "Close", () => this.dialog.close()),
    );
    const room = make("div", "room");
    room.append(this.canvas, this.note);
    const wait = (sentence) => (this.note.textContent = sentence);
    this.slices = new SliceBrowser(this.canvas, (samples, place) => this.showSlice(samples, place), wait);
    this.dialog.append(bar, this.slices.node, room, this.caption);
    root.append(this.grid, this.dialog);

    this.grid.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.open(Number(button.dataset.at));
    });
    this.dialog.addEventListener("keydown", (event) => {
      if (this.slices.press(event)) return;
      const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!turn) return;
      event.preventDefault();
      this.step(turn);
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside the image
    });
    this.dialog.addEventListener("close", () => {
      this.loading?.abort();
      this.slices.close();
      const opened = this.grid.querySelector(`button[data-at="${this.large}"]`);
      this.large = -1;
      opened?.focus();
    });
  }

  update(data, askAgain) {
    this.data = data;
    this.askAgain = askAgain;
    this.grid.style.setProperty("--side", `${data.sidePx}px`);
    const kept = new Map();
    const nodes = data.items.map((item, at) => {
      const key = `${at} ${item.id}`;
      const tile = this.tiles.get(key) ?? this.makeTile();
      kept.set(key, tile);
      this.fillTile(tile, item, at);
      return tile.node;
    });
    this.tiles = kept;
    if (nodes.some((node, at) => this.grid.children[at] !== node) || nodes.length !== this.grid.children.length) {
      this.grid.replaceChildren(...nodes);
    }
    if (this.large >= data.items.length) this.dialog.close();
  }

  makeTile() {
    const node = make("figure", "", { role: "listitem" });
    const button = make("button", "tile", { type: "button" });
    const image = make("img", "", { loading: "lazy", decoding: "async", draggable: "false" });
    const text = make("figcaption");
    button.append(image);
    node.append(button, text);
    const tile = { node, button, image, text };
    image.addEventListener("error", () => this.explain(tile));
    image.addEventListener("load", () => button.removeAttribute("data-problem"));
    return tile;
  }

  fillTile(tile, item, at) {
    const number = this.data.first + at + 1;
    tile.node.dataset.item = item.id;
    tile.button.dataset.at = at;
    tile.button.setAttribute("aria-label", `Enlarge image ${number.toLocaleString()}: ${item.caption.replaceAll("\n", ", ")}`);
    tile.image.alt = "";
    if (tile.image.getAttribute("src") !== item.thumbnail) tile.image.src = item.thumbnail;
    fillCaption(tile.text, item.caption);
  }

  // An img element does not tell why it failed; the route does.
  async explain(tile) {
    const address = tile.image.getAttribute("src");
    try {
      const answer = await fetch(address);
      if (answer.status === 403 && !this.asked.has(address)) {
        this.asked.add(address);
        this.askAgain();
        return;
      }
      tile.button.dataset.problem = answer.ok ? "" : await answer.text();
    } catch {
      tile.button.dataset.problem = "The dashboard does not answer.";
    }
  }

  open(at) {
    if (!this.dialog.open) this.dialog.showModal();
    this.show(at);
  }

  step(by) {
    const at = this.large + by;
    if (at >= 0 && at < this.data.items.length) this.show(at);
  }

  async show(at) {
    const item = this.data.items[at];
    this.large = at;
    this.loading?.abort();
    this.loading = new AbortController();
    this.dialog.dataset.item = item.id;
    this.canvas.setAttribute("aria-label", item.caption || "Image");
    const total = this.data.total.toLocaleString();
    this.place.textContent = `${(this.data.first + at + 1).toLocaleString()} of ${total}`;
    fillCaption(this.caption, item.caption);
    this.note.textContent = "Loading";
    this.canvas.hidden = true;
    this.slices.open(item.volume);
    if (item.volume) return;
    try {
      const samples = await fetchSamples(item.samples, this.loading.signal);
      if (this.large !== at) return;
      drawSamples(this.canvas, samples);
      fitPicture(this.canvas, samples.width, samples.height, 0.7);
      this.canvas.hidden = false;
      this.note.textContent = "";
      const size = make("small");
      const depth = samples.bits === 16 ? `, 16-bit, shown from ${samples.low} to ${samples.high}` : "";
      size.textContent = `${samples.width} × ${samples.height} pixels${depth}`;
      this.caption.append(size);
    } catch (error) {
      if (error.name !== "AbortError" && this.large === at) this.note.textContent = error.message;
    }
  }

  showSlice(samples, place) {
    const item = this.data.items[this.large];
    if (!item) return;
    this.canvas.hidden = false;
    fillCaption(this.caption, item.caption);
    this.caption.append(make("small", "", {}, describeSlice(samples, place)));
    this.dialog.dataset.slice = `${place.plane} ${place.index}`;
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!galleries.has(parentElement)) galleries.set(parentElement, new Gallery(parentElement));
  galleries.get(parentElement).update(data, () => setTriggerValue("expired", Date.now()));
}
