// The place where images are seen, alone or two beside each other, on the neutral ground.

import { make } from "./make.js";

const NAMES = { 1: ["The image"], 2: ["Left image", "Right image"] };

export class Stage {
  #canvases;
  #cross = make("div", { class: "cross", "aria-hidden": "true", hidden: true }, "+");
  #notice = make("div", { class: "notice", role: "status", hidden: true });

  constructor({ isPair, side }) {
    const names = NAMES[isPair ? 2 : 1];
    this.#canvases = names.map((name) => make("canvas", { role: "img", "aria-label": name, class: "blank", width: side, height: side }));
    this.node = make("div", { class: isPair ? "stage pair" : "stage" }, ...this.#canvases, this.#cross, this.#notice);
    this.node.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  // Draws images or masks, from left to right.
  draw(bitmaps) {
    this.#canvases.forEach((canvas, at) => {
      canvas.getContext("2d", { alpha: false }).drawImage(bitmaps[at], 0, 0, canvas.width, canvas.height);
      canvas.classList.remove("blank");
    });
    this.#cross.hidden = true;
    this.#notice.hidden = true;
  }

  hide() {
    for (const canvas of this.#canvases) canvas.classList.add("blank");
    this.#cross.hidden = true;
    this.#notice.hidden = true;
  }

  // What was drawn last is seen again.
  reveal() {
    for (const canvas of this.#canvases) canvas.classList.remove("blank");
    this.#notice.hidden = true;
  }

  showCross() {
    this.#cross.hidden = false;
  }

  // Says in place of the images why there are none.
  explain(sentence, ...buttons) {
    this.hide();
    this.#notice.replaceChildren(make("p", {}, sentence), ...buttons);
    this.#notice.hidden = false;
  }
}
