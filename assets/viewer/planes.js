// Volumes, slice by slice: which slice of the real volume is looked at in each plane, which one of the volume
// under review corresponds to it, and how that lies on it.

const PLANES = ["axial", "coronal", "sagittal"];
// Axes of a volume (slices, rows, columns) that a plane steps along, has as rows and has as columns.
const PLANE_AXES = { axial: [0, 1, 2], coronal: [1, 0, 2], sagittal: [2, 0, 1] };
const FAR_STEP = 5;
const SLICES_AHEAD = 4;
const TURNED_OVER = "turned over head to foot";

const within = (value, n) => Math.min(n - 1, Math.max(0, value));
// Slices are counted from the feet; rows of coronal and sagittal pictures run from the head downwards.
const isUpright = (plane) => plane === "axial";

function describeTurn({ transform, volume }) {
  return [isTurned(transform) && transform, volume?.over && TURNED_OVER].filter(Boolean).join(" and ");
}

function addressSlice(url, { plane, index, turn = "", over = false }) {
  const turned = isTurned(turn) ? `&turn=${encodeURIComponent(turn)}` : "";
  return `${url}&plane=${plane}&index=${index}${turned}${over ? "&over=1" : ""}`;
}

// What one pair shows of its volumes: a slice in each plane, and whether the matched turn is left out.
class VolumePair {
  constructor({ real, query, transform, volume }, asStored) {
    Object.assign(this, { real, query, transform, volume, asStored });
    const [slices, rows, columns] = volume.query;
    const swaps = !asStored && (STEPS[transform] ?? [])[0];
    this.queryShape = swaps ? [slices, columns, rows] : volume.query;
    this.shift = asStored ? [0, 0, 0] : volume.shift;
  }

  count(plane) {
    return this.volume.real[PLANE_AXES[plane][0]];
  }

  countQuery(plane) {
    return this.queryShape[PLANE_AXES[plane][0]];
  }

  // The slice of the volume under review at a slice of the real one; it may lie beyond that volume.
  correspond(plane, index, apart) {
    const share = (index + 0.5) / this.count(plane) - this.shift[PLANE_AXES[plane][0]];
    return Math.floor(share * this.countQuery(plane)) + apart;
  }

  reaches(plane, index) {
    return index >= 0 && index < this.countQuery(plane);
  }

  // Addresses of a slice and of the one that corresponds to it; null where there is none.
  address(plane, index, apart) {
    const other = this.correspond(plane, index, apart);
    const turned = this.asStored ? {} : { turn: this.transform, over: this.volume.over };
    return [
      addressSlice(this.real, { plane, index }),
      this.reaches(plane, other) ? addressSlice(this.query, { plane, index: other, ...turned }) : null,
    ];
  }

  // From positions on the query's slice to positions on the real one, each from -1 to 1.
  warp(plane) {
    const [, rows, columns] = PLANE_AXES[plane];
    const down = isUpright(plane) ? this.shift[rows] : -this.shift[rows];
    return [1, 0, 2 * this.shift[columns], 0, 1, 2 * down];
  }

  get isMoved() {
    return this.volume.over || isTurned(this.transform) || this.volume.shift.some((share) => share !== 0);
  }
}

class Slicing {
  plane = "axial";
  isLinked = true;
  crosses = false;
  places = new Map(); // number of a pair -> the slice in each plane, and how far the other one is moved away

  forget() {
    this.places.clear();
  }

  placeOf(number, { volume }) {
    if (!this.places.has(number)) {
      const at = Object.fromEntries(PLANES.map((plane, axis) => [plane, within(volume.start[axis], volume.real[axis])]));
      this.places.set(number, { at, apart: { axial: 0, coronal: 0, sagittal: 0 } });
    }
    return this.places.get(number);
  }

  // What is to be shown of a pair.
  find(number, pair, asStored) {
    const volumes = new VolumePair(pair, asStored);
    const { at, apart } = this.placeOf(number, pair);
    const { plane } = this;
    const index = at[plane];
    const other = volumes.correspond(plane, index, apart[plane]);
    return { plane, index, other, at, volumes, asStored, reaches: volumes.reaches(plane, other) };
  }

  addresses(number, pair, asStored) {
    const { at, apart } = this.placeOf(number, pair);
    return new VolumePair(pair, asStored).address(this.plane, at[this.plane], apart[this.plane]);
  }

  // Slices that the reader may step to next, the nearest ones first, and those of the other planes.
  addressesAhead(number, pair, asStored) {
    const volumes = new VolumePair(pair, asStored);
    const { at, apart } = this.placeOf(number, pair);
    const n = volumes.count(this.plane);
    const near = Array.from({ length: SLICES_AHEAD }, (_, by) => [at[this.plane] + by + 1, at[this.plane] - by - 1]).flat();
    const steps = near.filter((index) => index >= 0 && index < n).map((index) => [this.plane, index]);
    const others = PLANES.filter((plane) => plane !== this.plane).map((plane) => [plane, at[plane]]);
    return [...steps, ...others].flatMap(([plane, index]) => volumes.address(plane, index, apart[plane])).filter(Boolean);
  }

  // Step both volumes, or where they are not linked and the pointer is on one of them, that one alone.
  step(number, pair, by, asStored, alone = "") {
    const volumes = new VolumePair(pair, asStored);
    const place = this.placeOf(number, pair);
    const { plane } = this;
    const only = this.isLinked ? "" : alone;
    const before = volumes.correspond(plane, place.at[plane], place.apart[plane]);
    if (only !== "query") place.at[plane] = within(place.at[plane] + by, volumes.count(plane));
    if (!only) return;
    const wanted = only === "query" ? within(before + by, volumes.countQuery(plane)) : before;
    place.apart[plane] += wanted - volumes.correspond(plane, place.at[plane], place.apart[plane]);
  }

  go(number, pair, index) {
    this.placeOf(number, pair).at[this.plane] = within(index, pair.volume.real[PLANES.indexOf(this.plane)]);
  }

  link() {
    this.isLinked = !this.isLinked;
    if (!this.isLinked) return;
    for (const { apart } of this.places.values()) Object.assign(apart, { axial: 0, coronal: 0, sagittal: 0 });
  }
}

// Stands for a slice beyond the volume under review.
const makeBlank = (image) => ({ ...image, samples: new image.samples.constructor(image.samples.length).fill(image.low), isBlank: true });

const describePlace = (index, step) => (step ? `, at ${(index * step).toFixed(1)} mm, ${step.toFixed(1)} mm apart` : "");

// Where the slices of the other two planes lie in both pictures, as shares of their width and height.
function findCross({ plane, at, volumes }) {
  const [, rows, columns] = PLANE_AXES[plane];
  const share = (axis) => (at[PLANES[axis]] + 0.5) / volumes.volume.real[axis];
  const place = (shift) => {
    const down = share(rows) - shift[rows];
    return [share(columns) - shift[columns], isUpright(plane) ? down : 1 - down];
  };
  return [place([0, 0, 0]), place(volumes.shift)];
}
