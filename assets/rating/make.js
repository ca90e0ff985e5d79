// Makes elements of the page; text is always set as text.

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (typeof value === "boolean") node.toggleAttribute(name, value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// A button that shows its key. A mouse or finger does not leave the focus on it, so that a later Space or
// Enter does not press it again.
export function makeButton(label, onPress, { keys = [], shown = keys[0], ...attributes } = {}) {
  const node = make("button", { type: "button", ...attributes }, make("span", { class: "word" }, label));
  if (shown) node.append(" ", make("kbd", { "aria-hidden": "true" }, shown));
  if (keys.length) node.setAttribute("aria-keyshortcuts", keys.join(" "));
  let pressedAt = null;
  node.addEventListener("pointerdown", (event) => { pressedAt = event.timeStamp; });
  node.addEventListener("mousedown", (event) => event.preventDefault());
  node.addEventListener("click", (event) => {
    onPress(event.detail && pressedAt !== null ? pressedAt : event.timeStamp);
    pressedAt = null;
  });
  return node;
}

// Puts a screen in place of the one before.
export function showScreen(...children) {
  document.getElementById("page").replaceChildren(...children);
}

export function makeSheet(title, ...children) {
  return make("section", { class: "sheet" }, make("h1", { tabindex: "-1" }, title), ...children);
}
