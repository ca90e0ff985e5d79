// A rater's way through the trials: show, ask, keep the answer, go on. It begins where the server stands.

import { nextFrame } from "./frames.js";
import { Actions, listenToKeys } from "./keys.js";
import { makeButton, showScreen } from "./make.js";
import { Panel } from "./panel.js";
import { Pictures } from "./pictures.js";
import { Showing } from "./showing.js";

// Feedback stays at least so long where the next answer was typed ahead.
const FEEDBACK_MS = 800;
const OTHER = { fake: "real", real: "fake", left: "right", right: "left" };

export class Session {
  #state;
  #at;
  #exposure;
  #outbox;
  #shown;
  #onEnd;
  #panel;
  #pictures;
  #actions = new Actions();
  #abort = new AbortController();
  #showing = null;
  // Timed images are shown once: what is known of those seen so far, by position.
  #seen = new Map();
  #onKept = () => {};

  // `onEnd` is called with a sentence, or none, when the server has to be asked how things stand.
  constructor(state, { outbox, shown, onEnd }) {
    this.#state = state;
    this.#at = state.position;
    this.#exposure = state.exposure_frames;
    this.#outbox = outbox;
    this.#shown = shown;
    this.#onEnd = onEnd;
    this.#panel = new Panel(state, (action) => this.#actions.push(action));
    const isPair = state.task === "pair";
    const onRefused = (error, lost) => this.#leave(error, lost);
    this.#pictures = new Pictures({ position: state.position, n: state.n_trials, isPair, onRefused });
    this.#pictures.allow(state.position);
    outbox.onStatus = (n, isFailing) => this.#panel.showUnsaved(n, isFailing);
    outbox.onReply = (reply) => {
      this.#pictures.allow(reply.position);
      this.#onKept();
    };
    outbox.onRefused = onRefused;
    const signal = this.#abort.signal;
    listenToKeys(this.#actions, { isPair, signal });
    const leave = () => this.#showing?.leave();
    document.addEventListener("visibilitychange", () => document.hidden && leave(), { signal });
    window.addEventListener("blur", leave, { signal });
    window.addEventListener("pagehide", leave, { signal });
  }

  // `isMeasured` resolves once the screen's rate is known.
  async run(isMeasured) {
    showScreen(this.#panel.node);
    this.#panel.ask(this.#at, { canUndo: false });
    await isMeasured;
    while (this.#at < this.#state.n_trials && !this.#abort.signal.aborted) {
      const showing = this.#seen.get(this.#at) ?? (await this.#show());
      const said = await this.#ask(showing);
      if (said === "undo") {
        this.#at -= 1;
        this.#outbox.add({ position: this.#at, answer: null });
        continue;
      }
      const kept = this.#outbox.add(this.#describe(showing, said));
      if (this.#at < this.#state.n_training) await this.#giveFeedback(said.answer, await kept);
      if (this.#state.timing === "staircase") this.#exposure = (await kept).exposure_frames;
      this.#at += 1;
    }
    if (this.#abort.signal.aborted) return;
    if (this.#outbox.size) this.#panel.stage.explain("Saving your last answers…");
    while (this.#outbox.size) await this.#untilKept();
    this.stop();
    this.#shown.forget(null);
    this.#onEnd();
  }

  // No key counts any more.
  stop() {
    this.#abort.abort();
    this.#showing?.end();
  }

  get #isTimed() {
    return this.#state.timing !== "untimed";
  }

  get #canUndo() {
    const before = this.#at - 1;
    if (before < this.#state.n_training || this.#state.timing === "staircase") return false;
    return !this.#isTimed || this.#seen.has(before);
  }

  #untilKept() {
    return new Promise((resolve) => { this.#onKept = resolve; });
  }

  async #show() {
    const { stage } = this.#panel;
    const slow = setTimeout(() => stage.explain("Waiting for the server…"), 700);
    while (!this.#pictures.isAllowed(this.#at)) await this.#untilKept();
    const bitmaps = await this.#pictures.turnTo(this.#at);
    const masks = this.#isTimed ? await this.#pictures.getMasks() : [];
    clearTimeout(slow);
    this.#panel.ask(this.#at, { canUndo: false });
    const showing = new Showing();
    this.#showing = showing;
    if (this.#isTimed) {
      // A page that was loaded again shows the image a second time, and says so.
      if (this.#shown.get() === this.#at) showing.wasHidden = true;
      this.#shown.set(this.#at);
      await showing.showTimed(stage, bitmaps, masks, this.#exposure);
      this.#seen.set(this.#at, showing);
    } else {
      await showing.showUntimed(stage, bitmaps);
    }
    return showing;
  }

  // Resolves to the answer with its confidence, or to "undo" for the answer before.
  async #ask(showing) {
    this.#showing = showing;
    const again = showing.wasAsked === true;
    showing.wasAsked = true;
    const restart = () => this.#panel.ask(this.#at, { canUndo: this.#canUndo, again });
    restart();
    let chosen = null;
    for (;;) {
      const action = await this.#actions.take();
      if (action.kind === "pause") {
        await this.#pause(showing);
      } else if (action.kind === "undo" && chosen) {
        chosen = null;
        restart();
      } else if (action.kind === "undo" && this.#canUndo) {
        showing.end();
        return "undo";
      } else if (action.kind === "answer") {
        chosen = { answer: action.answer, at: action.at, paused: showing.paused, confidence: null };
        if (!this.#state.with_confidence) break;
        this.#panel.choose(chosen.answer);
      } else if (action.kind === "confidence" && chosen) {
        chosen.confidence = action.confidence;
        break;
      }
    }
    showing.end();
    return chosen;
  }

  #describe(showing, { answer, at, paused, confidence }) {
    return {
      position: this.#at,
      answer,
      confidence,
      reaction_time_ms: Math.max(0, at - showing.onset - paused),
      exposure_ms: showing.exposure,
      frames: showing.frames,
      frame_rate_hz: 1000 / showing.interval,
      dropped_frames: showing.dropped,
      was_hidden: showing.wasHidden,
      was_early: at < showing.onset,
    };
  }

  async #pause(showing) {
    const { stage } = this.#panel;
    const began = performance.now();
    showing.wasHidden = true;
    const goOn = makeButton("Go on", (at) => this.#actions.push({ kind: "pause", at }), { keys: ["P", "Escape"] });
    stage.explain("Paused. You may also close this page and open the same link later.", goOn);
    let action;
    do action = await this.#actions.take(); while (action.kind !== "pause" && action.kind !== "next");
    stage.reveal();
    showing.paused += performance.now() - began;
  }

  async #giveFeedback(answer, reply) {
    const feedback = reply.feedback.find((one) => one.position === this.#at);
    if (!feedback) return;
    const truth = feedback.is_right ? answer : OTHER[answer];
    const image = this.#state.task === "pair" ? `The ${truth} image is fake.` : `This image is ${truth}.`;
    this.#panel.stage.draw(await this.#pictures.get(this.#at));
    this.#panel.showFeedback(`${feedback.is_right ? "Right." : "Wrong."} ${image}`);
    const drawn = await nextFrame();
    if (this.#actions.isEmpty) await this.#actions.take();
    else await new Promise((resolve) => setTimeout(resolve, FEEDBACK_MS - (performance.now() - drawn)));
  }

  #leave(error, lost) {
    if (this.#abort.signal.aborted) return;
    this.stop();
    const answers = lost === 1 ? "1 answer was" : `${lost} answers were`;
    this.#onEnd(lost ? `${answers} not kept, because the session had changed meanwhile.` : "");
  }
}
