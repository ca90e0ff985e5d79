// One image, or pair, on the screen: from when, for how many frames, and whether the rater could look away.

import { countFrames, getInterval, nextFrame } from "./frames.js";

const BLANK_MS = 200;
const CROSS_MS = 500;
// A mask is seen for at least so long, however early the answer came.
const MASK_MS = 100;

export class Showing {
  // When the image was on the screen first, on the clock of `performance.now()`.
  onset = null;
  // Frames and milliseconds on the screen; null where the image stays until the answer.
  frames = null;
  exposure = null;
  dropped = 0;
  wasHidden = document.hidden;
  // Milliseconds for which a pause covered the image.
  paused = 0;

  // Milliseconds between two frames of the screen, as measured before the image was shown.
  interval = getInterval();

  #isWatching = true;
  #hiddenAt = null;
  #onHidden = () => {};

  // The tab or window was left.
  leave() {
    this.wasHidden = true;
    if (document.hidden) {
      this.#hiddenAt ??= performance.now();
      this.#onHidden();
    }
  }

  // Shows images until something else is shown; the frames that the screen skips meanwhile are counted.
  async showUntimed(stage, bitmaps) {
    await nextFrame();
    stage.draw(bitmaps);
    this.onset = await nextFrame();
    this.#watch(this.onset);
  }

  // Shows a cross, then images for a number of frames, then masks.
  async showTimed(stage, bitmaps, masks, frames) {
    stage.hide();
    await this.#pass(BLANK_MS);
    stage.showCross();
    const drawn = await this.#pass(CROSS_MS);
    this.interval = getInterval();
    stage.draw(bitmaps);
    // Without frames nothing would take the image away from a tab that comes back.
    this.#hiddenAt = null;
    this.#onHidden = () => stage.draw(masks);
    let now = drawn;
    for (this.frames = 0; this.frames < frames && this.#hiddenAt === null;) {
      const before = now;
      now = await nextFrame();
      this.onset ??= now;
      if (this.#hiddenAt !== null) {
        now = Math.max(this.#hiddenAt, before);
        break;
      }
      const passed = countFrames(now - before, this.interval);
      this.frames += passed;
      this.dropped += passed - 1;
    }
    this.#onHidden = () => {};
    stage.draw(masks);
    this.onset ??= drawn;
    this.exposure = now - drawn;
    await this.#pass(MASK_MS);
  }

  // The rater has answered.
  end() {
    this.#isWatching = false;
  }

  async #watch(last) {
    while (this.#isWatching) {
      this.#hiddenAt = null;
      const now = await nextFrame();
      if (this.#hiddenAt === null && this.#isWatching) this.dropped += countFrames(now - last, this.interval) - 1;
      last = now;
    }
  }

  // Waits for whole frames; returns the time of the last one.
  async #pass(duration) {
    let now = await nextFrame();
    for (const end = now + duration - this.interval / 2; now < end;) now = await nextFrame();
    return now;
  }
}
