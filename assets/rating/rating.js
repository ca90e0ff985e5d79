// The rating page: asks the server how the rater's session stands, and shows what comes next.

import { persist } from "./backoff.js";
import { showConsent } from "./consent.js";
import { measureInterval } from "./frames.js";
import { openShown, openUnsent, takeOver } from "./memory.js";
import { Outbox } from "./outbox.js";
import { showElsewhere, showEnd, showEnding, showWait, showWelcome } from "./screens.js";
import { loadState } from "./server.js";
import { Session } from "./session.js";

const interval = measureInterval();
let session = null;

const outbox = new Outbox(openUnsent());
const shown = openShown();

takeOver(() => {
  outbox.stop();
  session?.stop();
  showElsewhere();
});

// Sends what the server does not have yet, so that it says where to go on after that. Resolves to what has to be
// said of answers that it did not take.
async function saveFirst() {
  let note = "";
  showWait("Saving answers that you gave before…");
  outbox.onStatus = (n, isFailing) => isFailing && showWait("Answers that you gave before are not saved yet. This page tries again by itself.");
  outbox.onReply = () => {};
  outbox.onRefused = (error, lost) => {
    note = `${lost === 1 ? "1 answer was" : `${lost} answers were`} not kept, because the session had changed meanwhile.`;
  };
  await outbox.send();
  return note;
}

async function proceed(note = "") {
  if (outbox.size) note = await saveFirst();
  let state;
  try {
    state = await persist(loadState, () => showWait("The server cannot be reached. This page tries again by itself."));
  } catch {
    location.reload(); // The link is not good any more; the server says so.
    return;
  }
  follow(state, note);
}

function follow(state, note = "") {
  if (state.phase === "consent") {
    showConsent(state, { interval, onBegun: follow, onRefused: () => proceed() });
  } else if (state.phase === "trial") {
    showWelcome(state, {
      note,
      onStart: () => {
        session = new Session(state, { outbox, shown, onEnd: proceed });
        session.run(interval).catch((error) => {
          console.error(error);
          location.reload(); // What is not saved yet is sent first, and the server says where to go on.
        });
      },
    });
  } else if (state.phase === "done") {
    showEnd(state);
  } else {
    showEnding(state.phase, note);
  }
}

// What is not sent yet is from before a reload, or a closed browser.
proceed();
