// The screen's frames: one at a time, at a measured rate, with those that were skipped.

const N_MEASURED = 60;
// A frame that comes later than this many intervals was preceded by skipped ones.
const LATE = 1.5;

// The last gaps between frames that followed each other, in milliseconds.
const gaps = [];
let last = 0;

// Resolves to the time of the next frame.
export function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame((now) => {
    if (now > last) {
      gaps.push(now - last);
      if (gaps.length > N_MEASURED) gaps.shift();
      last = now;
    }
    resolve(now);
  }));
}

// Milliseconds between two frames of this screen. Skipped frames and moments at which nobody waited for one make
// gaps longer, never shorter: so it is the lower quartile.
export function getInterval() {
  return [...gaps].sort((a, b) => a - b)[gaps.length >> 2];
}

// Measures for about a second, since nothing is known of the screen before.
export async function measureInterval() {
  for (let n = 0; n <= N_MEASURED; n++) await nextFrame();
  return getInterval();
}

// How many frames lie between two that followed each other, the later one included: 1 unless some were skipped.
export function countFrames(gap, interval) {
  return gap > LATE * interval ? Math.max(1, Math.round(gap / interval)) : 1;
}
