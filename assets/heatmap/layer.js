// One kind of map on its scale: values decoded, coloured, and painted over a picture.

const MISSING = -32768;

function decodeBytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

class Layer {
  constructor(data) {
    this.scale = data.scale;
    this.colours = decodeBytes(data.colours); // from the negative to the positive end
    this.isGrid = data.isGrid;
    const { side, patch, starts } = data.grid;
    this.grid = data.grid;
    this.middles = starts.map((start) => (start + patch / 2) / side);
    // A place of the image belongs to the patch whose middle is nearest.
    this.edges = [0, ...this.middles.slice(1).map((middle, at) => (middle + this.middles[at]) / 2), 1];
    this.maps = data.sets.map((one) =>
      one.values === null ? null : new Int16Array(decodeBytes(one.values).buffer),
    );
    this.shapes = data.sets.map((one) => one.shape);
  }

  // Row and column of the position whose patch lies around a place.
  locate(x, y) {
    const nearest = (share) => {
      const found = this.edges.findIndex((edge) => edge > share) - 1;
      return found < 0 ? this.middles.length - 1 : found;
    };
    return [nearest(y), nearest(x)];
  }

  // Left, top, right, bottom of a position's patch as shares.
  patchAt([row, column]) {
    const { side, patch, starts } = this.grid;
    return [starts[column], starts[row], starts[column] + patch, starts[row] + patch].map((edge) => edge / side);
  }

  // Signed steps of the scale at a place, 1 at its end; null where there is no value.
  stepAt(set, x, y) {
    const map = this.maps[set];
    if (!map) return null;
    const [rows, columns] = this.shapes[set];
    const [row, column] = this.isGrid
      ? this.locate(x, y)
      : [Math.min(Math.floor(y * rows), rows - 1), Math.min(Math.floor(x * columns), columns - 1)];
    const found = map[row * columns + column];
    return found === MISSING ? null : found / this.scale.levels;
  }

  highest(set) {
    const map = this.maps[set];
    if (!map) return null;
    let [most, found] = [-Infinity, null];
    for (const step of map) {
      const size = this.scale.signed ? Math.abs(step) : step;
      if (step !== MISSING && size > most) [most, found] = [size, step];
    }
    return found === null ? null : found / this.scale.levels;
  }

  write(step) {
    if (step === null) return "–";
    const text = (this.scale.centre + step * this.scale.limit).toFixed(this.scale.decimals);
    return (Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−")) + this.scale.suffix;
  }

  // Red, green, blue and how much of it covers the picture; the stronger a value, the more.
  paintOf(step, look, least) {
    const size = this.scale.signed ? Math.abs(step) : step;
    if (!(size > 0) || size < least) return null;
    const strength = Math.min(size, 1);
    const at = 3 * (127 + Math.round(Math.max(-1, Math.min(1, step)) * 127));
    return [this.colours[at], this.colours[at + 1], this.colours[at + 2], look.opacity * strength ** 0.8];
  }

  // Size of the smallest value that is shown of a set.
  leastOf(threshold, look) {
    const chance = look.beyond && threshold !== null ? (threshold - this.scale.centre) / this.scale.limit : 0;
    return Math.max(look.from, chance);
  }

  draw(context, set, side, look, threshold) {
    const map = this.maps[set];
    if (!map) return;
    const least = this.leastOf(threshold, look);
    const [rows, columns] = this.shapes[set];
    if (!this.isGrid) {
      const picture = new ImageData(columns, rows);
      for (let at = 0; at < map.length; at++) {
        const paint = map[at] === MISSING ? null : this.paintOf(map[at] / this.scale.levels, look, least);
        if (paint) picture.data.set([paint[0], paint[1], paint[2], Math.round(255 * paint[3])], 4 * at);
      }
      const sheet = new OffscreenCanvas(columns, rows);
      sheet.getContext("2d").putImageData(picture, 0, 0);
      context.imageSmoothingEnabled = false;
      context.drawImage(sheet, 0, 0, side, side);
      return;
    }
    const edges = this.edges.map((edge) => Math.round(edge * side));
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const step = map[row * columns + column];
        const paint = step === MISSING ? null : this.paintOf(step / this.scale.levels, look, least);
        if (!paint) continue;
        context.fillStyle = `rgb(${paint[0]} ${paint[1]} ${paint[2]} / ${paint[3]})`;
        const [left, top] = [edges[column], edges[row]];
        context.fillRect(left, top, edges[column + 1] - left, edges[row + 1] - top);
      }
    }
  }

  // The scale itself, from its low to its high end.
  drawBar(canvas) {
    const width = (canvas.width = 510);
    canvas.height = 1;
    const context = canvas.getContext("2d");
    const first = this.scale.signed ? 0 : 127;
    for (let x = 0; x < width; x++) {
      const at = 3 * Math.round(first + (x / (width - 1)) * (254 - first));
      context.fillStyle = `rgb(${this.colours[at]} ${this.colours[at + 1]} ${this.colours[at + 2]})`;
      context.fillRect(x, 0, 1, 1);
    }
  }
}
