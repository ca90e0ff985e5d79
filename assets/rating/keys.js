// Key presses and buttons become actions in one queue, so that none is lost and each meets the trial it was
// pressed for, in order.

const COMMON = { backspace: "undo", u: "undo", p: "pause", escape: "pause", " ": "next", enter: "next" };
const SINGLE = { f: "fake", arrowleft: "fake", j: "real", arrowright: "real" };
const PAIR = { f: "left", arrowleft: "left", j: "right", arrowright: "right" };

export class Actions {
  #queue = [];
  #taker = null;

  get isEmpty() {
    return this.#queue.length === 0;
  }

  push(action) {
    if (this.#taker) {
      const take = this.#taker;
      this.#taker = null;
      take(action);
    } else {
      this.#queue.push(action);
    }
  }

  take() {
    if (this.#queue.length) return Promise.resolve(this.#queue.shift());
    return new Promise((resolve) => { this.#taker = resolve; });
  }
}

function readKey(event, isPair) {
  const words = { ...COMMON, ...(isPair ? PAIR : SINGLE) };
  const key = event.key.toLowerCase();
  // On a keyboard of another script, the key at the same place counts.
  const word = words[key] ?? (/^[\x21-\x7e]$/.test(key) ? undefined : words[event.code.replace("Key", "").toLowerCase()]);
  if (word === "undo" || word === "pause" || word === "next") return { kind: word };
  if (word) return { kind: "answer", answer: word };
  if (/^[1-5]$/.test(key)) return { kind: "confidence", confidence: Number(key) };
  return null;
}

// Listens until `signal` aborts.
export function listenToKeys(actions, { isPair, signal }) {
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = readKey(event, isPair);
    // Space and Enter press the button that has the focus.
    if (!action || (action.kind === "next" && event.target.closest?.("button"))) return;
    event.preventDefault();
    actions.push({ ...action, at: event.timeStamp });
  }, { signal });
}
