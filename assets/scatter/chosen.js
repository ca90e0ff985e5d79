// Which points are chosen, and how a lasso chooses.

// Points within a closed path on the screen: even-odd rule, after a look at the path's own box.
function findInside(path, screen, visible) {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of path) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const n = path.length;
  const xs = Float64Array.from(path, ([x]) => x);
  const ys = Float64Array.from(path, ([, y]) => y);
  const found = [];
  for (const at of visible) {
    const x = screen[at * 2];
    const y = screen[at * 2 + 1];
    if (!(x >= left && x <= right && y >= top && y <= bottom)) continue;
    let inside = false;
    for (let one = 0, other = n - 1; one < n; other = one++) {
      if (ys[one] > y !== ys[other] > y && x < ((xs[other] - xs[one]) * (y - ys[one])) / (ys[other] - ys[one]) + xs[one]) {
        inside = !inside;
      }
    }
    if (inside) found.push(at);
  }
  return found;
}

class Chosen {
  constructor(n) {
    this.flags = new Uint8Array(n);
    this.size = 0;
  }

  // `how`: replace what is chosen, add to it, or remove from it.
  apply(found, how) {
    if (how === "replace") this.flags.fill(0);
    const value = how === "remove" ? 0 : 1;
    for (const at of found) this.flags[at] = value;
    this.count();
  }

  keepOnly(isVisible) {
    for (let at = 0; at < this.flags.length; at++) if (this.flags[at] && !isVisible(at)) this.flags[at] = 0;
    this.count();
  }

  count() {
    this.size = this.flags.reduce((sum, flag) => sum + flag, 0);
  }

  // One bit a point, lowest first, in base64: `core.audit.map_points.unpack_selection`.
  pack() {
    const bytes = new Uint8Array(Math.ceil(this.flags.length / 8));
    for (let at = 0; at < this.flags.length; at++) if (this.flags[at]) bytes[at >> 3] |= 1 << (at & 7);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  }
}
