// The signed difference of a pair: the image under review, laid onto the real one and matched to its mean and
// standard deviation, minus the real one. In stored units of the real image.

const LARGEST_SIDE = 2048;
const LIMIT_SHARE = 0.995;
const ROUNDING = 1e-5;
const ROUND = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

// Grey values in stored units, averaged over blocks of `factor` pixels a side.
function readPlane(image, factor) {
  const width = Math.max(1, Math.floor(image.width / factor));
  const height = Math.max(1, Math.floor(image.height / factor));
  const { samples, channels, slope, intercept } = image;
  const values = new Float32Array(width * height);
  // ITU-R BT.601 luma, as everywhere else in this library.
  const weights = channels === 3 ? [0.299, 0.587, 0.114] : [1];
  const area = Math.min(factor, image.width) * Math.min(factor, image.height);
  for (let row = 0; row < Math.min(height * factor, image.height); row++) {
    for (let column = 0; column < Math.min(width * factor, image.width); column++) {
      const from = (row * image.width + column) * channels;
      let grey = 0;
      for (let channel = 0; channel < channels; channel++) grey += weights[channel] * samples[from + channel];
      values[Math.floor(row / factor) * width + Math.floor(column / factor)] += grey / area;
    }
  }
  for (let at = 0; at < values.length; at++) values[at] = slope * values[at] + intercept;
  return { width, height, values };
}

function invertWarp([a, b, c, d, e, f]) {
  const det = a * e - b * d;
  return [e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det];
}

// Look a plane up where the warp leads, between pixels bilinearly; NaN outside of it.
function layOnto(plane, real, warp) {
  const [a, b, c, d, e, f] = invertWarp(warp);
  const { width, height, values } = plane;
  const laid = new Float32Array(real.width * real.height).fill(NaN);
  for (let row = 0, to = 0; row < real.height; row++) {
    const down = (2 * row + 1) / real.height - 1;
    for (let column = 0; column < real.width; column++, to++) {
      const right = (2 * column + 1) / real.width - 1;
      const x = ((a * right + b * down + c + 1) * width - 1) / 2;
      const y = ((d * right + e * down + f + 1) * height - 1) / 2;
      // Half a pixel around the outermost centres still shows the image's edge.
      if (!(x >= -0.5 && y >= -0.5 && x <= width - 0.5 && y <= height - 0.5)) continue;
      const left = Math.min(Math.max(0, Math.floor(x)), Math.max(0, width - 2));
      const top = Math.min(Math.max(0, Math.floor(y)), Math.max(0, height - 2));
      const u = Math.min(1, Math.max(0, x - left));
      const v = Math.min(1, Math.max(0, y - top));
      const at = top * width + left;
      const beside = width > 1 ? 1 : 0;
      const below = height > 1 ? width : 0;
      const upper = values[at] * (1 - u) + values[at + beside] * u;
      const lower = values[at + below] * (1 - u) + values[at + below + beside] * u;
      laid[to] = upper * (1 - v) + lower * v;
    }
  }
  return laid;
}

function chooseLimit(difference) {
  const sizes = difference.filter((value) => !Number.isNaN(value)).map(Math.abs).sort();
  const large = sizes.length ? sizes[Math.floor((sizes.length - 1) * LIMIT_SHARE)] : 0;
  if (large === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(large));
  return power * ROUND.find((step) => large <= step * power * (1 + 1e-6));
}

function computeDifference(real, query, warp) {
  const factor = Math.ceil(Math.max(real.width, real.height) / LARGEST_SIDE);
  const one = readPlane(real, factor);
  const other = readPlane(query, Math.max(1, Math.round(Math.max(query.width / one.width, query.height / one.height))));
  const laid = layOnto(other, one, warp);
  let n = 0;
  let [sumReal, sumLaid, squaresReal, squaresLaid] = [0, 0, 0, 0];
  for (let at = 0; at < laid.length; at++) {
    if (Number.isNaN(laid[at])) continue;
    n++;
    sumReal += one.values[at];
    sumLaid += laid[at];
    squaresReal += one.values[at] ** 2;
    squaresLaid += laid[at] ** 2;
  }
  const deviation = (sum, squares) => Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  const spread = deviation(sumLaid, squaresLaid);
  const gain = spread > 0 ? deviation(sumReal, squaresReal) / spread : 1;
  const offset = n ? sumReal / n - (gain * sumLaid) / n : 0;
  const values = laid.map((value, at) => gain * value + offset - one.values[at]);
  // Equal images come out equal but for the rounding of gain and offset.
  const rounding = ROUNDING * Math.max(1, ...[sumReal / n, offset].map(Math.abs));
  for (let at = 0; at < values.length; at++) if (Math.abs(values[at]) < rounding) values[at] = 0;
  const differs = values.some((value) => Math.abs(value) > 0);
  return { ...one, values, gain, offset, factor, differs, limit: chooseLimit(values) };
}

// 255 levels between the scale's evenly spaced colours, zero in the middle.
function makePalette(stops) {
  const colours = stops.map((stop) => [1, 3, 5].map((at) => parseInt(stop.slice(at, at + 2), 16)));
  return Array.from({ length: 255 }, (_, level) => {
    const place = (level / 254) * (colours.length - 1);
    const left = Math.min(Math.floor(place), colours.length - 2);
    return colours[left].map((value, at) => Math.round(value + (colours[left + 1][at] - value) * (place - left)));
  });
}

function paintDifference({ width, height, values, limit }, palette) {
  const data = new ImageData(width, height);
  for (let at = 0, to = 0; at < values.length; at++, to += 4) {
    if (Number.isNaN(values[at])) continue; // outside of the overlap: the stage shows
    const share = Math.min(1, Math.max(-1, values[at] / limit));
    data.data.set(palette[Math.round(127 * share) + 127], to);
    data.data[to + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(data, 0, 0);
  return canvas;
}
