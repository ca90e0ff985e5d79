// Pointer and wheel on the stage: drag moves, wheel zooms at the pointer, right or Shift drag windows.

const WHEEL_STEP = 0.0015;
const WINDOW_PIXELS = 400;
const WHEEL_NOTCH = 40;

function addGestures(stage, onChange, onHover, onStep) {
  const node = stage.node;
  let drag = null;
  let rolled = 0;

  const paneOf = (event) => stage.panes.find((pane) => event.composedPath().includes(pane.node)) ?? stage.panes[0];
  const imageOf = (pane) => (pane === stage.panes[1] ? stage.query.image : stage.real.image);

  node.addEventListener("wheel", (event) => {
    if (!stage.pair) return;
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? 32 * event.deltaY : event.deltaY;
    // Fingers that are moved apart come as a wheel with Ctrl.
    if (stage.pair.slice && !event.ctrlKey && !event.metaKey) return stepBy(pixels, event);
    zoomAt(Math.exp(-pixels * WHEEL_STEP), event);
  }, { passive: false });

  // A notch of a wheel is a slice; small movements of a trackpad add up to one.
  function stepBy(pixels, event) {
    const isNotch = Math.abs(pixels) >= WHEEL_NOTCH;
    rolled = isNotch ? Math.sign(pixels) * WHEEL_NOTCH : rolled + pixels;
    if (Math.abs(rolled) < WHEEL_NOTCH) return;
    onStep(Math.sign(rolled), stage.isLaidOver ? "" : paneOf(event) === stage.panes[1] ? "query" : "real");
    rolled = 0;
  }

  function zoomAt(factor, event) {
    const pane = paneOf(event);
    const box = pane.canvas.getBoundingClientRect();
    const ratio = pane.canvas.width / box.width;
    const before = pane.place(imageOf(pane), stage.view);
    const at = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
    const scale = fitView({ ...stage.view, scale: stage.view.scale * factor }).scale;
    const grown = scale / stage.view.scale;
    // What is under the pointer stays there.
    const [x, y] = [0, 1].map((axis) => {
      const side = axis ? pane.canvas.height : pane.canvas.width;
      const half = before.half[axis] * grown;
      const middle = at[axis] - ((at[axis] - before.middle[axis]) * grown);
      return (side / 2 - middle) / half;
    });
    stage.view = fitView({ scale, x, y });
    onChange();
  }

  node.addEventListener("pointerdown", (event) => {
    if (!stage.pair || event.target.closest?.("button")) return;
    const target = event.composedPath()[0];
    const kind = target === stage.bar ? "divide" : event.button === 2 || event.shiftKey ? "window" : "move";
    if (event.button === 1) return;
    drag = { kind, pane: paneOf(event), x: event.clientX, y: event.clientY, view: stage.view, window: stage.window };
    node.setPointerCapture(event.pointerId);
    node.dataset.drag = kind;
    if (kind === "divide") stage.bar.focus();
    event.preventDefault();
  });

  node.addEventListener("pointermove", (event) => {
    if (!drag) {
      if (stage.pair) onHover(paneOf(event), event);
      return;
    }
    const [right, down] = [event.clientX - drag.x, event.clientY - drag.y];
    const box = drag.pane.canvas.getBoundingClientRect();
    if (drag.kind === "divide") {
      stage.divider = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    } else if (drag.kind === "window") {
      const { level, width, invert } = drag.window;
      stage.window = limitWindow({ level: level + down / WINDOW_PIXELS, width: width + right / WINDOW_PIXELS, invert }, stage.pair?.real);
    } else {
      const ratio = drag.pane.canvas.width / box.width;
      const { half } = drag.pane.place(imageOf(drag.pane), drag.view);
      stage.view = fitView({
        scale: drag.view.scale,
        x: drag.view.x - (right * ratio) / half[0],
        y: drag.view.y - (down * ratio) / half[1],
      });
    }
    onChange();
  });

  for (const name of ["pointerup", "pointercancel"]) {
    node.addEventListener(name, () => {
      drag = null;
      delete node.dataset.drag;
    });
  }
  node.addEventListener("pointerleave", () => onHover(null));
  node.addEventListener("contextmenu", (event) => event.preventDefault());
  node.addEventListener("dblclick", () => {
    stage.window = { ...FULL_WINDOW, invert: stage.window.invert };
    onChange();
  });
  stage.bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    stage.divider = Math.min(1, Math.max(0, stage.divider + step));
    onChange();
  });
}
