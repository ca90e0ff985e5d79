// Keys for the whole page while the viewer is in sight, but not while somebody types or moves in a control.

// Digits by their place, so that they work on keyboards where they need Shift; letters by what they write.
const VERDICT_KEYS = { 1: "copy", 2: "near copy", 3: "not a copy", 4: "unsure" };
const ACTION_KEYS = {
  arrowright: "next", arrowleft: "previous", u: "nextUnread", z: "undo", n: "note", m: "mode", f: "asStored",
  i: "invert", r: "reset", p: "pixels", x: "fullScreen", "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", ",": "divideLeft",
  ".": "divideRight", " ": "blink",
};
const TYPED_IN = "input:not([type=range], [type=checkbox], [type=radio], [type=button]), textarea, select, "
  + "[contenteditable=''], [contenteditable=true], [role=combobox], [role=listbox], [role=option], [role=menuitem]";
// These move by keys that write nothing.
const MOVED = "input, [role=slider], [role=tab], [role=radio]";
const PRESSABLE = "button, a, summary, [role=button]";

function readKey(event, more) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  const target = event.composedPath()[0];
  if (target instanceof Element) {
    if (target.closest(TYPED_IN)) return null;
    if (target.closest(MOVED) && (event.key.length > 1 || event.key === " ")) return null;
    if (event.key === " " && target.closest(PRESSABLE)) return null;
  }
  // The number pad writes digits only while NumLock is on; else it moves.
  const digit = /^Digit([1-5])$/.exec(event.code)?.[1] ?? (/^Numpad/.test(event.code) && /^[1-5]$/.test(event.key) ? event.key : null);
  if (digit) {
    // A key held down is one verdict.
    if (event.repeat) return { action: "nothing" };
    if (event.shiftKey && event.code.startsWith("Digit")) return { action: "confidence", value: Number(digit) };
    return VERDICT_KEYS[digit] ? { action: "verdict", value: VERDICT_KEYS[digit] } : null;
  }
  const latin = /^[\x20-\x7e]$/.test(event.key);
  const name = latin || event.key.length > 1 ? event.key.toLowerCase() : event.code.replace("Key", "").toLowerCase();
  const action = ACTION_KEYS[name] ?? more[name];
  if (!action) return null;
  const steady = new Set(["undo", "note", "mode", "asStored", "invert", "reset", "pixels", "blink", "fullScreen", "link", "cross"]);
  return { action: event.repeat && steady.has(action) ? "nothing" : action };
}

// Before Streamlit's own keys, of which R runs the page again. `listMore` tells the keys that only what is shown
// now takes. Returns what takes the listener away.
function listenToKeys(node, onKey, listMore) {
  let inSight = true;
  const watcher = new IntersectionObserver(([entry]) => (inSight = entry.isIntersecting));
  watcher.observe(node);
  function listen(event) {
    if (!inSight || !node.isConnected || document.querySelector("dialog[open], [role=dialog]")) return;
    const key = readKey(event, listMore());
    if (!key) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    onKey(key);
  }
  window.addEventListener("keydown", listen, { capture: true });
  return () => {
    window.removeEventListener("keydown", listen, { capture: true });
    watcher.disconnect();
  };
}
