// What stands around the images of a trial: progress, the question, and buttons that show their keys.

import { make, makeButton } from "./make.js";
import { Stage } from "./stage.js";

const CONFIDENCE = ["guess", "low", "moderate", "high", "certain"];
const LATE_MS = 2_000;
const SIDES = {
  single: { asked: "Is this image real or fake?", answers: [["fake", "Fake", ["F", "ArrowLeft"], "F ←"], ["real", "Real", ["J", "ArrowRight"], "J →"]] },
  pair: { asked: "Which image is fake?", answers: [["left", "Left", ["F", "ArrowLeft"], "F ←"], ["right", "Right", ["J", "ArrowRight"], "J →"]] },
};

export class Panel {
  #asked = make("div", { class: "asked", role: "status" });
  #place = make("span", { role: "status" });
  #bar = make("progress", { "aria-hidden": "true" });
  #unsaved = make("div", { class: "unsaved", role: "status" });
  #feedback = make("div", { class: "feedback", hidden: true });
  #answers = make("div", { class: "answers", role: "group", "aria-label": "Answer" });
  #confidence = make("div", { class: "confidence", role: "group", "aria-label": "Confidence" });
  #question;
  #late = 0;

  // `act` gets what a button stands for: an action as those of keys.
  constructor(state, act) {
    this.state = state;
    const { asked, answers } = SIDES[state.task];
    this.#question = asked;
    this.stage = new Stage({ isPair: state.task === "pair", side: state.side_px });
    const button = (action, label, keys, shown) => makeButton(label, (at) => act({ ...action, at }), { keys, shown });
    for (const [answer, label, keys, shown] of answers) this.#answers.append(button({ kind: "answer", answer }, label, keys, shown));
    for (const [at, word] of CONFIDENCE.entries()) {
      const one = button({ kind: "confidence", confidence: at + 1 }, word, [`${at + 1}`]);
      one.setAttribute("aria-label", `Confidence ${at + 1}: ${word}`);
      this.#confidence.append(one);
    }
    this.undo = button({ kind: "undo" }, "Undo", ["U", "Backspace"]);
    this.pause = button({ kind: "pause" }, "Pause", ["P", "Escape"]);
    this.next = button({ kind: "next" }, "Next image", ["Space", "Enter"]);
    const rows = state.with_confidence ? [this.#answers, this.#feedback, this.#confidence] : [this.#answers, this.#feedback];
    this.node = make("section", { class: "trial", "aria-label": "Image rating" },
      make("div", { class: "above" },
        make("div", { class: "progress" }, this.#place, this.#bar), this.#asked,
        make("div", { class: "buttons" }, this.undo, this.pause)),
      this.stage.node,
      make("div", { class: "below" }, ...rows, this.#unsaved));
  }

  // A trial is asked; `again` where its image was shown before and is not shown again.
  ask(position, { canUndo, again = false }) {
    const { n_training: practice, n_trials: n } = this.state;
    const isPractice = position < practice;
    const [at, of] = isPractice ? [position + 1, practice] : [position + 1 - practice, n - practice];
    const place = `${isPractice ? "Practice " : ""}${at} of ${of}`;
    this.#place.textContent = place;
    this.#bar.max = of;
    this.#bar.value = at - 1;
    this.#say(again ? `${place} was shown before. ${this.#question}` : this.#question);
    this.undo.disabled = !canUndo;
    this.#feedback.hidden = true;
    this.#answers.hidden = false;
    this.choose(null);
  }

  // An answer waits for its confidence; null asks for the answer.
  choose(answer) {
    const { answers } = SIDES[this.state.task];
    [...this.#answers.children].forEach((one, at) => one.setAttribute("aria-pressed", String(answers[at][0] === answer)));
    this.#confidence.classList.toggle("waiting", answer === null);
    if (answer !== null) {
      this.#say("How sure are you?");
      this.undo.disabled = false;
    }
  }

  showFeedback(sentence) {
    this.#feedback.replaceChildren(make("strong", { role: "status" }, sentence), this.next);
    this.#say("");
    this.#feedback.hidden = false;
    this.#answers.hidden = true;
    this.#confidence.classList.add("waiting");
    this.undo.disabled = true;
  }

  // Says so where answers stay unsaved for longer than usual.
  showUnsaved(n, isFailing) {
    const tell = () => {
      const answers = n === 1 ? "1 answer; it is" : `${n} answers; they are`;
      this.#unsaved.textContent = n ? `Not saved yet: ${answers} kept in this browser and sent again.` : "";
    };
    clearTimeout(this.#late);
    if (isFailing || !n || this.#unsaved.textContent) tell();
    else this.#late = setTimeout(tell, LATE_MS);
  }

  #say(question) {
    if (this.#asked.textContent !== question) this.#asked.textContent = question;
  }
}
