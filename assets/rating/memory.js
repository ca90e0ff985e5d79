// What this browser remembers of a rater's session, through reloads: answers that the server does not have yet,
// and which timed trial was on the screen last. Where the browser keeps nothing, it is remembered until a reload.

const RATER = location.pathname.replace(/\/+$/, "").split("/").pop().split("-")[0];

class Note {
  #name;
  #value;

  constructor(name, empty) {
    this.#name = `rating-${name}-${RATER}`;
    this.#value = empty;
    try {
      this.#value = JSON.parse(localStorage.getItem(this.#name)) ?? empty;
    } catch {
      // Kept nowhere, or damaged.
    }
  }

  get() {
    return this.#value;
  }

  set(value) {
    this.#value = value;
    try {
      localStorage.setItem(this.#name, JSON.stringify(value));
    } catch {
      // Kept until a reload.
    }
  }

  forget(empty) {
    this.#value = empty;
    try {
      localStorage.removeItem(this.#name);
    } catch {
      // Nothing was kept.
    }
  }
}

export const openUnsent = () => new Note("unsent", []);
export const openShown = () => new Note("shown", null);

// Tells other tabs that this one has the session now; they stop.
export function takeOver(onTaken) {
  if (typeof BroadcastChannel !== "function") return;
  const channel = new BroadcastChannel(`rating-${RATER}`);
  channel.postMessage("taken");
  channel.addEventListener("message", () => {
    channel.close();
    onTaken();
  });
}
