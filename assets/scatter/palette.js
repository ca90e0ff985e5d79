// What a point's colour says. Sets come with their own colours; classes and numbers get theirs here.

// Okabe and Ito, Color Universal Design, 2008.
const CLASS_COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442"];
// Viridis (van der Walt and Smith 2015): perceptually uniform, and no shade of it is grey, which means unknown.
const VIRIDIS = [
  "#440154", "#482878", "#3e4989", "#31688e", "#26828e",
  "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
];
const STATUS_COLOURS = { light: ["", "#D55E00", "#4c7fa6"], dark: ["", "#ff8a3d", "#6f9fc4"] };
const UNKNOWN = { light: "#a8a8a8", dark: "#6b6b6b" };

function parseColour(text) {
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

function viridis(share) {
  const place = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const at = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const [low, high] = [parseColour(VIRIDIS[at]), parseColour(VIRIDIS[at + 1])];
  return low.map((value, band) => Math.round(value + (high[band] - value) * (place - at)));
}

// The numbers between which colours run: the smallest, and the one that 98 of 100 stay below.
function spanOf(values) {
  const known = values.filter(Number.isFinite).sort();
  if (!known.length) return null;
  const low = known[0];
  const high = known[Math.floor((known.length - 1) * 0.98)];
  return { low, high: high > low ? high : low + 1e-6, clipped: known[known.length - 1] > high };
}

// (n, 3) bytes.
function colourPoints(points, data, span) {
  const { theme, view } = data;
  const unknown = parseColour(UNKNOWN[theme]);
  const sets = data.sets.map((one) => parseColour(one[theme]));
  const classes = [unknown, ...data.classes.map((_, at) => parseColour(colourOfClass(at)))];
  const statuses = STATUS_COLOURS[theme].map((one) => (one ? parseColour(one) : unknown));
  const scale = Array.from({ length: 256 }, (_, at) => viridis(at / 255));
  const pick = {
    set: (at) => sets[points.set[at]],
    class: (at) => classes[points.class[at]],
    status: (at) => statuses[points.status[at]],
    rho: (at) => {
      const value = points.rho[at];
      if (Number.isNaN(value) || !span) return unknown;
      const share = Math.min(Math.max((value - span.low) / (span.high - span.low), 0), 1);
      return scale[Math.round(share * 255)];
    },
  }[view.colour];
  const colours = new Uint8Array(points.n * 3);
  for (let at = 0; at < points.n; at++) colours.set(pick(at), at * 3);
  return colours;
}

function colourOfClass(at) {
  return CLASS_COLOURS[at % CLASS_COLOURS.length];
}
