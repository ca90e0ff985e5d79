// The viewer's chrome: buttons that show their keys, sliders, the note, and what is known of judged pairs.

function create(tag, className = "", attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const VERDICT_WORDS = { copy: "Copy", "near copy": "Near copy", "not a copy": "Not a copy", unsure: "Unsure" };
const VERDICT_HELP = {
  copy: "The same picture of the same patient, also where it is turned, moved or brightened.",
  "near copy": "The same patient's picture with parts changed.",
  "not a copy": "Another picture, however alike.",
  unsure: "It cannot be told; the pair goes to adjudication.",
};
const MODE_WORDS = { side: "Side by side", swipe: "Swipe", blink: "Blink", difference: "Difference" };
const CONFIDENCE_WORDS = ["guess", "low", "moderate", "high", "certain"];

function makeButton(act, label, key, title = "", className = "") {
  const button = create("button", className, { type: "button", title: title || label });
  button.append(create("span", "", {}, label));
  if (key) {
    button.append(create("kbd", "", { "aria-hidden": "true" }, key));
    button.setAttribute("aria-keyshortcuts", key);
  }
  button.addEventListener("click", () => act(button));
  return button;
}

// A group of buttons of which one is pressed.
function makeChoice(label, words, onChoose, keys = {}) {
  const group = create("div", "choice", { role: "group", "aria-label": label });
  const buttons = Object.entries(words).map(([value, word]) => {
    const button = makeButton(() => onChoose(value), word, keys[value], "");
    group.append(button);
    return [value, button];
  });
  return {
    node: group,
    press: (chosen) => buttons.forEach(([value, button]) => button.setAttribute("aria-pressed", String(value === chosen))),
  };
}

function makeSlider(label, { min, max, step }, onInput) {
  const input = create("input", "", { type: "range", min, max, step });
  const value = create("output");
  const node = create("label", "slider", {}, create("span", "", {}, label), input, value);
  input.addEventListener("input", () => onInput(Number(input.value)));
  return {
    node,
    set: (number, text) => {
      input.value = number;
      input.setAttribute("aria-valuetext", text);
      value.textContent = text;
    },
    limit: (low, high) => {
      input.min = low;
      input.max = high;
    },
  };
}

class Controls {
  constructor(act) {
    const button = (action, ...rest) => makeButton(() => act({ action }), ...rest);
    this.place = create("strong", "place", { role: "status" });
    this.count = create("span", "count");
    this.modes = makeChoice("How the images are shown", MODE_WORDS, (value) => act({ action: "mode", value }));
    this.asStored = button("asStored", "As stored", "F", "Show the image under review without the matched flip or turn");
    this.invert = button("invert", "Invert", "I", "Black for white");
    this.pixels = button("pixels", "1:1", "P", "One pixel of the screen for each of the real image");
    this.reset = button("reset", "Reset", "R", "Whole image, full window");
    this.whole = button("fullScreen", "Full screen", "X");
    this.meter = create("div", "meter");
    this.meter.append(create("div"));
    this.bar = create("div", "bar", {}, this.place, this.count, create("span", "space"), this.modes.node,
      create("kbd", "", { "aria-hidden": "true" }, "M"), this.asStored, this.invert, this.pixels, this.reset, this.whole);

    this.width = makeSlider("Window", { min: 0.004, max: 2, step: 0.004 }, (value) => act({ action: "width", value }));
    this.level = makeSlider("Level", { min: 0, max: 1, step: 0.002 }, (value) => act({ action: "level", value }));
    this.rate = makeSlider("Changes a second", { min: 0, max: 3, step: 0.5 }, (value) => act({ action: "rate", value }));
    this.blink = button("blink", "Change now", "Space", "Show the other image");
    this.scale = create("div", "scale");
    this.hover = create("span", "hover");
    this.slices = new SliceControls(act);
    this.previous = button("previous", "Previous", "←");
    this.next = button("next", "Next", "→");
    this.unread = button("nextUnread", "Next unread", "U");
    this.undo = button("undo", "Undo", "Z", "Withdraw the last verdict; it stays on record");
    this.settings = create("div", "settings", {}, this.width.node, this.level.node, this.rate.node, this.blink,
      this.scale, create("span", "space"),
      create("div", "choice", {}, this.undo, this.previous, this.next, this.unread));

    this.verdicts = makeChoice("Verdict", VERDICT_WORDS, (value) => act({ action: "verdict", value }),
      Object.fromEntries(Object.entries(VERDICT_KEYS).map(([key, word]) => [word, key])));
    for (const [at, one] of [...this.verdicts.node.children].entries()) one.title = Object.values(VERDICT_HELP)[at];
    const levels = Object.fromEntries(CONFIDENCE_WORDS.map((word, at) => [at + 1, `${at + 1}`]));
    this.confidence = makeChoice("Confidence", levels, (value) => act({ action: "confidence", value: Number(value) }));
    for (const [at, one] of [...this.confidence.node.children].entries()) {
      one.title = `Confidence ${at + 1}: ${CONFIDENCE_WORDS[at]}`;
      one.setAttribute("aria-label", one.title);
    }
    this.sure = create("span", "sure");
    this.verdicts.node.classList.add("verdicts");
    this.answers = create("div", "answers", {}, this.verdicts.node,
      create("div", "sureness", {}, create("span", "", {}, "Confidence"), this.confidence.node,
        create("kbd", "", { "aria-hidden": "true" }, "⇧1–5"), this.sure));

    this.note = create("input", "note", { type: "text", maxlength: "2000", "aria-label": "Note", placeholder: "Note (N); no patient data. Enter keeps it with the verdict." });
    this.known = create("div", "known", { role: "status" });
    this.problem = create("div", "problem", { role: "alert" });
    this.legend = create("p", "legend");
    const list = (entries) => entries.flatMap(([keys, word]) => [create("kbd", "", {}, keys), ` ${word}  `]);
    this.legends = [LEGEND, VOLUME_LEGEND].map((entries) => create("span", "", {}, ...list(entries)));
    this.legend.append(...this.legends);
  }
}

const LEGEND = [
  ["1 2 3 4", "verdict"], ["⇧1–⇧5", "confidence"], ["N", "note"], ["Z", "undo"], ["← →", "previous, next"],
  ["U", "next unread"], ["M", "mode"], ["F", "as stored"], ["I", "invert"], ["+ − wheel", "zoom"], ["P", "1:1"],
  ["drag", "move"], ["right or ⇧ drag", "window and level"], ["double click", "full window"],
  [", .", "divider"], ["Space", "blink now"], ["R", "reset"], ["X", "full screen"],
];
