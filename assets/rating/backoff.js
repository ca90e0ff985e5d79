// Asks again until the server is there: after half a second, then twice as long each time, 10 s at most; at
// once when the browser says that it is online again.

import { Unreachable } from "./server.js";

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

function waitFor(ms) {
  return new Promise((done) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      done();
    }
    window.addEventListener("online", end);
  });
}

export async function persist(ask, onTrouble = () => {}) {
  for (let wait = FIRST_MS; ; wait = Math.min(2 * wait, LONGEST_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      onTrouble();
      await waitFor(wait);
    }
  }
}
