// Which points lie under the pointer, within a lasso, or come next for somebody who steps by keys.

// The visible point nearest to a place on the stage, or -1 where none is within reach.
function findNearest(x, y, reach, screen, visible) {
  let [best, nearest] = [-1, reach * reach];
  for (const at of visible) {
    const away = (screen[at * 2] - x) ** 2 + (screen[at * 2 + 1] - y) ** 2;
    if (away < nearest) [best, nearest] = [at, away];
  }
  return best;
}

// The visible point right of another one (`direction` 1) or left of it (-1) among those on the stage, beginning
// anew at the other end; -1 where the stage shows none.
function findNext(from, direction, width, height, screen, visible) {
  const isBehind = (one, other) => (screen[one * 2] - screen[other * 2] || one - other) * direction > 0;
  let [first, next] = [-1, -1];
  for (const at of visible) {
    const [x, y] = [screen[at * 2], screen[at * 2 + 1]];
    if (!(x >= 0 && x <= width && y >= 0 && y <= height)) continue;
    if (first < 0 || isBehind(first, at)) first = at;
    if (from >= 0 && isBehind(at, from) && (next < 0 || isBehind(next, at))) next = at;
  }
  return next < 0 ? first : next;
}

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
