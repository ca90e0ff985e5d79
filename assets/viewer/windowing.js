// Window and level: which stored values are drawn from black to white. Both are kept as shares of an image's
// full range, so that linked images of different depth are drawn alike; numbers shown are in stored units.

const FULL_WINDOW = { level: 0.5, width: 1, invert: false };
const SMALLEST_WIDTH = 1 / 256;

// 8-bit images are drawn on the scale of their files; deeper ones between their smallest and largest sample;
// slices of a volume as the audit showed the whole volume.
function fullRange(image) {
  if (image.shown) {
    const { black, white } = image.shown;
    return { base: (black - image.intercept) / image.slope, span: Math.max(1, (white - black) / image.slope) };
  }
  if (image.bits === 8) return { base: 0, span: 255 };
  return { base: image.low, span: Math.max(1, image.high - image.low) };
}

// Where level and width may go: a volume may hold values far outside of what is shown at first.
function windowLimits(image) {
  if (!image?.shown) return { low: 0, high: 1, most: 2 };
  const { base, span } = fullRange(image);
  const [low, high] = [Math.min(0, (image.low - base) / span), Math.max(1, (image.high - base) / span)];
  return { low, high, most: 2 * (high - low) };
}

function limitWindow({ level, width, invert }, image) {
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const { low, high, most } = windowLimits(image);
  return { level: clamp(level, low, high), width: clamp(width, SMALLEST_WIDTH, most), invert };
}

function makeLevels(image, window) {
  const { base, span } = fullRange(image);
  const levels = new Uint8Array(2 ** image.bits);
  const low = window.level - window.width / 2;
  const inverts = window.invert !== Boolean(image.inverted);
  for (let sample = 0; sample < levels.length; sample++) {
    const share = Math.min(1, Math.max(0, ((sample - base) / span - low) / window.width));
    levels[sample] = Math.round(255 * (inverts ? 1 - share : share));
  }
  return levels;
}

// A canvas of the image's own size, one pixel a sample.
class Picture {
  drawn = "";

  constructor(image) {
    this.image = image;
    this.canvas = new OffscreenCanvas(image.width, image.height);
  }

  paint(window) {
    const asked = JSON.stringify(window);
    if (asked === this.drawn) return this.canvas;
    this.drawn = asked;
    const { width, height, channels, samples } = this.image;
    const levels = makeLevels(this.image, window);
    const data = new ImageData(width, height);
    // Four bytes at once, red first; opaque.
    const pixels = new Uint32Array(data.data.buffer);
    if (channels === 3) {
      for (let from = 0, to = 0; to < pixels.length; from += 3, to++) {
        const [red, green, blue] = [levels[samples[from]], levels[samples[from + 1]], levels[samples[from + 2]]];
        pixels[to] = 0xff000000 | (blue << 16) | (green << 8) | red;
      }
    } else {
      const colours = Uint32Array.from(levels, (level) => 0xff000000 | (level * 0x10101));
      for (let at = 0; at < pixels.length; at++) pixels[at] = colours[samples[at]];
    }
    this.canvas.getContext("2d").putImageData(data, 0, 0);
    return this.canvas;
  }
}

function formatNumber(value) {
  const size = Math.abs(value);
  if (size && (size < 0.01 || size >= 1e6)) return value.toExponential(2).replace("-", "−");
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\.0+$/, "").replace("-", "−");
}

function describeWindow(image, window) {
  const { base, span } = fullRange(image);
  const level = image.intercept + image.slope * (base + window.level * span);
  return `W ${formatNumber(Math.abs(image.slope) * window.width * span)} · L ${formatNumber(level)}`;
}

// The stored value at a sample, or the three of a colour.
function describeSample(image, column, row) {
  if (column < 0 || row < 0 || column >= image.width || row >= image.height) return "";
  const start = (row * image.width + column) * image.channels;
  const values = [...image.samples.subarray(start, start + image.channels)];
  return values.map((sample) => formatNumber(image.intercept + image.slope * sample)).join(" / ");
}
