// The chrome of volumes: planes, the slice, what links them; and, once a verdict is stored, where the two agree.

const PLANE_KEYS = { axial: "A", coronal: "C", sagittal: "S" };
const VOLUME_KEYS = {
  a: "axial", c: "coronal", s: "sagittal", arrowdown: "sliceNext", arrowup: "slicePrevious", pagedown: "sliceFarNext",
  pageup: "sliceFarPrevious", home: "sliceFirst", end: "sliceLast", l: "link", h: "cross",
};
const VOLUME_LEGEND = [
  ["A C S", "plane"], ["↑ ↓ wheel", "slice"], ["Page ↑ ↓", "five slices"], ["Home End", "first, last slice"],
  ["L", "link the volumes"], ["H", "lines of the other planes"],
  ...LEGEND.map(([keys, word]) => [word === "zoom" ? "+ − Ctrl wheel" : keys, word]),
];

class SliceControls {
  constructor(act) {
    const words = Object.fromEntries(PLANES.map((plane) => [plane, plane[0].toUpperCase() + plane.slice(1)]));
    this.planes = makeChoice("Plane", words, (plane) => act({ action: plane }), PLANE_KEYS);
    this.slice = makeSlider("Slice", { min: 0, max: 0, step: 1 }, (value) => act({ action: "slice", value }));
    this.slice.node.classList.add("wide");
    this.link = makeButton(() => act({ action: "link" }), "Linked", "L", "Both volumes step together; else the wheel steps the one below it");
    this.cross = makeButton(() => act({ action: "cross" }), "Cross-hair", "H", "Where the slices of the other planes lie");
    this.node = create("div", "settings", {}, this.planes.node, this.slice.node, this.link, this.cross);
    this.bars = create("div", "bars", { "aria-hidden": "true" });
    this.said = create("span", "muted");
    this.strip = create("div", "strip", { role: "group", "aria-label": "Agreement by slice" }, this.bars, this.said);
    this.bars.addEventListener("click", (event) => {
      const bar = event.target.closest("i");
      if (bar) act({ action: "slice", value: Number(bar.dataset.index) });
    });
  }

  draw({ number, feed, slicing, stage, data, standing }) {
    const pair = feed.pairs[number];
    this.node.hidden = !pair?.volume;
    this.strip.hidden = true;
    if (!pair?.volume) return;
    const { plane, index, volumes } = slicing.find(number, pair, stage.leavesTurnOut);
    const n = volumes.count(plane);
    this.planes.press(plane);
    this.slice.limit(0, n - 1);
    this.slice.set(index, `${index + 1} of ${n}${describePlace(index, this.findStep(stage.pair, plane))}`);
    press(this.link, slicing.isLinked);
    press(this.cross, slicing.crosses);
    const found = standing.of(number)?.stored && data.agreement[number]?.[PLANES.indexOf(plane)];
    if (found) this.drawStrip(found, plane, index, n);
  }

  // Distance of slices in mm, as the real volume's file tells; 0 where it does not.
  findStep(pair, plane) {
    return pair?.slice?.plane === plane ? pair.real.step : 0;
  }

  drawStrip(values, plane, index, n) {
    this.strip.hidden = false;
    const here = within(Math.floor(((index + 0.5) / n) * values.length), values.length);
    const asked = JSON.stringify([plane, here, n, values]);
    if (asked === this.drawn) return;
    this.drawn = asked;
    const sliceAt = (place) => within(Math.floor(((place + 0.5) / values.length) * n), n);
    this.bars.replaceChildren(...values.map((value, place) => {
      const bar = create("i", place === here ? "here" : "", { "data-index": sliceAt(place), title: tellAgreement(plane, sliceAt(place), value) });
      bar.style.setProperty("--height", `${100 * Math.max(0, value ?? 0)}%`);
      return bar;
    }));
    const known = values.map((value, place) => [value ?? -2, place]);
    const [best, place] = known.reduce((one, other) => (other[0] > one[0] ? other : one));
    const most = best > -2 ? `best at ${plane} ${sliceAt(place) + 1}, r = ${best.toFixed(2)}` : "nowhere to be measured";
    const now = values[here] === null ? "" : `; here r = ${values[here].toFixed(2)}`;
    setText(this.said, `Agreement of ${plane} slices, 1 is equal: ${most}${now}.`);
  }
}

function tellAgreement(plane, index, value) {
  return `${plane} ${index + 1}: ${value === null ? "not measured" : `r = ${value.toFixed(2)}`}`;
}

// What keys and buttons do to the slices of a viewer.
function sliceActions(viewer) {
  const { slicing, stage, number } = viewer;
  const pair = viewer.feed.pairs[number];
  if (!pair?.volume) return {};
  const choose = (plane) => () => (slicing.plane = plane);
  const step = (by) => () => slicing.step(number, pair, by, stage.leavesTurnOut);
  const go = (index) => () => slicing.go(number, pair, index);
  return {
    ...Object.fromEntries(PLANES.map((plane) => [plane, choose(plane)])),
    sliceNext: step(1),
    slicePrevious: step(-1),
    sliceFarNext: step(FAR_STEP),
    sliceFarPrevious: step(-FAR_STEP),
    sliceFirst: go(0),
    sliceLast: go(Infinity),
    slice: (value) => slicing.go(number, pair, value),
    wheel: ({ by, alone }) => slicing.step(number, pair, by, stage.leavesTurnOut, alone),
    link: () => slicing.link(),
    cross: () => (slicing.crosses = !slicing.crosses),
  };
}
