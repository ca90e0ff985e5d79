// Looks through a volume where a picture is shown large: planes, a slider, wheel and keys. One slice at a time
// comes from the dashboard's route, the next ones ahead; the one that is there stays until the other has come.

const PLANES = ["axial", "coronal", "sagittal"];
const PLANE_KEYS = { a: "axial", c: "coronal", s: "sagittal" };
const SLICE_KEYS = { PageDown: 1, PageUp: -1, Home: -Infinity, End: Infinity };
const SLICES_KEPT = 96;
const SLICES_AHEAD = 2;
const WHEEL_NOTCH = 40;

class SliceBrowser {
  volume = null;
  plane = "axial";
  shares = { axial: 0.5, coronal: 0.5, sagittal: 0.5 }; // kept from volume to volume, so that places compare
  kept = new Map(); // address -> promise of its samples
  rolled = 0;

  // `onSlice` gets the samples that were drawn and where they lie; `onWait` a sentence, empty when there is none.
  constructor(canvas, onSlice, onWait) {
    Object.assign(this, { canvas, onSlice, onWait });
    this.node = make("div", "slices");
    this.planes = PLANES.map((plane) => {
      const title = `${plane} slices (${plane[0].toUpperCase()})`;
      const button = make("button", "press", { type: "button", title, "aria-pressed": "false" }, plane);
      button.addEventListener("click", () => this.choose(plane));
      return button;
    });
    this.slider = make("input", "", { type: "range", min: 0, step: 1, "aria-label": "Slice" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.node.append(...this.planes, this.slider);
    canvas.addEventListener("wheel", (event) => this.roll(event), { passive: false });
  }

  // Show a volume, or with null none.
  open(volume) {
    this.node.hidden = !volume;
    if (volume?.address !== this.volume?.address) this.forget();
    this.volume = volume;
    if (volume) this.draw();
  }

  forget() {
    this.loading?.abort();
    this.loading = new AbortController();
    this.kept.clear();
    this.drawn = "";
  }

  close() {
    this.forget();
    this.volume = null;
  }

  get count() {
    return this.volume.shape[PLANES.indexOf(this.plane)];
  }

  get index() {
    return Math.min(this.count - 1, Math.floor(this.shares[this.plane] * this.count));
  }

  go(index) {
    const held = Math.min(this.count - 1, Math.max(0, index));
    this.shares[this.plane] = (held + 0.5) / this.count;
    this.draw();
  }

  choose(plane) {
    this.plane = plane;
    this.draw();
  }

  // Whether a key was one for slices.
  press(event) {
    if (!this.volume || event.ctrlKey || event.metaKey || event.altKey) return false;
    const plane = PLANE_KEYS[event.key.toLowerCase()];
    const step = SLICE_KEYS[event.key];
    if (plane) this.choose(plane);
    else if (step) this.go(this.index + step);
    else return event.target === this.slider && event.key.startsWith("Arrow"); // the slider moves by itself
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own, such as C
    return true;
  }

  // A notch of a wheel is a slice; small movements of a trackpad add up to one.
  roll(event) {
    if (!this.volume) return;
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? 32 * event.deltaY : event.deltaY;
    this.rolled = Math.abs(pixels) >= WHEEL_NOTCH ? pixels : this.rolled + pixels;
    if (Math.abs(this.rolled) < WHEEL_NOTCH) return;
    this.go(this.index + Math.sign(this.rolled));
    this.rolled = 0;
  }

  addressOf(index) {
    return `${this.volume.address}&plane=${this.plane}&index=${index}`;
  }

  fetch(address) {
    if (!this.kept.has(address)) {
      const coming = fetchSamples(address, this.loading.signal);
      this.kept.set(address, coming);
      // What failed is asked for again by the next one who wants it.
      coming.catch(() => this.kept.delete(address));
      if (this.kept.size > SLICES_KEPT) this.kept.delete(this.kept.keys().next().value);
    }
    return this.kept.get(address);
  }

  async draw() {
    const { index, count, plane } = this;
    this.planes.forEach((button, at) => button.setAttribute("aria-pressed", String(PLANES[at] === plane)));
    this.slider.max = count - 1;
    this.slider.value = index;
    this.slider.setAttribute("aria-valuetext", `${index + 1} of ${count}`);
    const address = this.addressOf(index);
    const waiting = setTimeout(() => this.onWait("Loading"), 250);
    try {
      const samples = await this.fetch(address);
      // Whoever steps on does not wait for this one.
      if (!this.volume || address !== this.addressOf(this.index)) return;
      drawSamples(this.canvas, samples);
      fitPicture(this.canvas, samples.width, samples.height * samples.aspect, 0.66);
      this.onWait("");
      this.onSlice(samples, { plane, index, count });
      for (let by = 1; by <= SLICES_AHEAD; by++) {
        for (const next of [index + by, index - by]) {
          if (next >= 0 && next < count) this.fetch(this.addressOf(next)).catch(() => {});
        }
      }
    } catch (error) {
      if (error.name !== "AbortError" && this.volume && address === this.addressOf(this.index)) this.onWait(error.message);
    } finally {
      clearTimeout(waiting);
    }
  }
}

// What is said of a slice.
function describeSlice({ width, height, step }, { plane, index, count }) {
  const distance = step ? `, at ${(index * step).toFixed(1)} mm, ${step.toFixed(1)} mm apart` : "";
  return `${plane} ${index + 1} of ${count}${distance}; ${width} × ${height} pixels`;
}
