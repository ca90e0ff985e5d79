// What is shown before, between and after the trials.

import { make, makeButton, makeSheet, showScreen } from "./make.js";

const ENDINGS = {
  preparing: ["Not ready yet", "The images are still being prepared. Open this link again in a few minutes."],
  closed: ["This session is closed", "It takes no more answers. All answers that you gave before are kept. Thank you."],
  revoked: ["This link was taken back", "It takes no more answers. If you did not expect this, ask whoever sent it to you."],
};

function makeKeys(state) {
  const [first, second] = state.task === "pair" ? ["the left image is fake", "the right image is fake"] : ["fake", "real"];
  const rows = [[["F", "←"], first], [["J", "→"], second]];
  if (state.with_confidence) rows.push([["1", "5"], "then how sure you are, from 1 (guess) to 5 (certain)"]);
  if (state.timing !== "staircase") rows.push([["U", "Backspace"], "undo the answer before"]);
  rows.push([["P", "Escape"], "pause, and go on"]);
  return make("dl", { class: "keys" }, ...rows.flatMap(([keys, word]) => [
    make("dt", {}, ...keys.flatMap((key, at) => (at ? [" ", make("kbd", {}, key)] : [make("kbd", {}, key)]))),
    make("dd", {}, word),
  ]));
}

function describe(state) {
  const n = state.n_trials - state.n_training;
  const what = state.task === "pair"
    ? `You will see ${n} pairs of images. In each pair one image is real and one is fake: say which is fake.`
    : `You will see ${n} images, one at a time. Say of each whether it is real or fake.`;
  const lines = [what];
  if (state.n_training) lines.push(`${state.n_training} for practice come first; after each you are told whether you were right.`);
  if (state.timing !== "untimed") lines.push("Look at the cross: each image is seen only briefly, and a pattern follows. Then answer; take the time you need.");
  else lines.push("Take the time you need.");
  lines.push("Use a large screen in a dim room if you can, and stay on this page while an image is shown.");
  return lines;
}

// What will be asked and the keys, before the first image or after a break.
export function showWelcome(state, { note = "", onStart }) {
  const isNew = state.position === 0;
  const at = state.position + 1 - state.n_training;
  const label = isNew ? "Start" : at > 0 ? `Continue at ${at} of ${state.n_trials - state.n_training}` : "Continue with practice";
  const start = makeButton(label, onStart, { class: "primary", keys: ["Enter"] });
  showScreen(makeSheet(isNew ? "How it works" : "Welcome back",
    make("p", { class: "problem", role: "status" }, note),
    make("ul", {}, ...describe(state).map((line) => make("li", {}, line))), makeKeys(state), start));
  start.focus();
}

export function showEnd(state) {
  const sheet = makeSheet("Thank you", make("p", {}, "All answers are saved. You can close this page."));
  if (state.score) {
    const { n_right: right, n } = state.score;
    sheet.append(make("p", { class: "score" }, `You were right in ${right} of ${n}${state.task === "pair" ? " pairs" : " images"}.`));
  }
  finish(sheet);
}

export function showEnding(phase, note = "") {
  const [title, sentence] = ENDINGS[phase];
  finish(makeSheet(title, make("p", {}, sentence), make("p", { class: "problem", role: "status" }, note)));
}

export function showElsewhere() {
  finish(makeSheet("Open in another tab", make("p", {}, "This session goes on in another tab or window of this browser."),
    makeButton("Continue here", () => location.reload(), { class: "primary" })));
}

export function showWait(sentence) {
  showScreen(make("p", { class: "sheet", role: "status" }, sentence));
}

function finish(sheet) {
  showScreen(sheet);
  sheet.querySelector("h1").focus();
}
