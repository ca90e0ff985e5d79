// Images that are loaded and decoded before their turn, so that each appears in the very next frame.

import { persist } from "./backoff.js";
import { loadImage, loadMask } from "./server.js";

// The server gives out the images of the next trial and of three after it.
const N_AHEAD = 3;

export class Pictures {
  #loading = new Map();
  #masks = null;
  #allowed;
  #at;
  #n;
  #slots;
  #onRefused;

  constructor({ position, n, isPair, onRefused }) {
    this.#allowed = position;
    this.#at = position;
    this.#n = n;
    this.#slots = isPair ? [0, 1] : [0];
    this.#onRefused = onRefused;
  }

  // The server has all answers before `position`; the rater may be further, or back by undo.
  allow(position) {
    this.#allowed = position;
    for (const [at, one] of this.#loading) {
      // One before is kept for an undo.
      if (at < Math.min(position, this.#at) - 1 || at > Math.max(position, this.#at) + N_AHEAD) {
        this.#loading.delete(at);
        one.then((bitmaps) => bitmaps.forEach((bitmap) => bitmap.close()));
      }
    }
    for (let at = position; at <= Math.min(position + N_AHEAD, this.#n - 1); at++) this.get(at);
  }

  isAllowed(position) {
    return position <= this.#allowed + N_AHEAD;
  }

  // The rater is at this trial now.
  turnTo(position) {
    this.#at = position;
    return this.get(position);
  }

  // Resolves to the trial's bitmaps, from left to right, however long the network is away.
  get(position) {
    let found = this.#loading.get(position);
    if (!found) {
      found = this.#load((slot) => loadImage(position, slot));
      this.#loading.set(position, found);
    }
    return found;
  }

  // The mask that follows timed images.
  getMasks() {
    this.#masks ??= this.#load(() => loadMask());
    return this.#masks;
  }

  async #load(ask) {
    try {
      return await Promise.all(this.#slots.map((slot) => persist(() => ask(slot))));
    } catch (error) {
      this.#onRefused(error, 0);
      return new Promise(() => {}); // The session's screen is being replaced.
    }
  }
}
