// Images that are loaded and decoded before their turn, so that each appears in the very next frame.

import { persist } from "./backoff.js";
import { Unreachable, loadImage, loadMask, loadState } from "./server.js";

// The server gives out the images of the next trial and of three after it; what it has given out once, it gives
// out again after an undo.
const N_AHEAD = 3;

// An image was refused at its turn: it is asked for again where the server, too, has the rater at that trial.
async function doubt(error, position) {
  const state = await loadState();
  throw state.phase === "trial" && position <= state.position + N_AHEAD ? new Unreachable() : error;
}

export class Pictures {
  #loading = new Map();
  #masks = null;
  #furthest;
  #at;
  #n;
  #slots;
  #onRefused;

  constructor({ position, n, isPair, onRefused }) {
    this.#furthest = position;
    this.#at = position;
    this.#n = n;
    this.#slots = isPair ? [0, 1] : [0];
    this.#onRefused = onRefused;
  }

  // The server has all answers before `position`; the rater may be further, or back by undo.
  allow(position) {
    this.#furthest = Math.max(this.#furthest, position);
    for (const [at, one] of this.#loading) {
      // One before is kept for an undo.
      if (at < Math.min(position, this.#at) - 1 || at > Math.max(position, this.#at) + N_AHEAD) {
        this.#loading.delete(at);
        one.then((bitmaps) => bitmaps.forEach((bitmap) => bitmap.close()), () => {});
      }
    }
    for (let at = position; at <= Math.min(position + N_AHEAD, this.#n - 1); at++) this.#prepare(at);
  }

  isAllowed(position) {
    return position <= this.#furthest + N_AHEAD;
  }

  // The rater is at this trial now.
  turnTo(position) {
    this.#at = position;
    return this.get(position);
  }

  // Resolves to the bitmaps of a trial whose turn it is, from left to right, however long the network is away.
  get(position) {
    return this.#need(() => this.#prepare(position).catch((error) => doubt(error, position)));
  }

  // The mask that follows timed images.
  getMasks() {
    this.#masks ??= this.#need(() => this.#load(() => loadMask()));
    return this.#masks;
  }

  // Loads a trial's bitmaps, unless they are there. If the server refuses one, all are asked for at their turn.
  #prepare(position) {
    let found = this.#loading.get(position);
    if (!found) {
      found = this.#load((slot) => loadImage(position, slot));
      this.#loading.set(position, found);
      found.catch(() => this.#loading.get(position) === found && this.#loading.delete(position));
    }
    return found;
  }

  #load(ask) {
    return Promise.all(this.#slots.map((slot) => persist(() => ask(slot))));
  }

  async #need(load) {
    try {
      return await persist(load);
    } catch (error) {
      this.#onRefused(error, 0);
      return new Promise(() => {}); // The session's screen is being replaced.
    }
  }
}
