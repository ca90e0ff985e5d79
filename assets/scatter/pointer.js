// What pointer, wheel and keys do on the stage.

const NUDGE_PX = 40;
const CLICK_PX = 4;
const TOOL_KEYS = {
  "+": "in", "=": "in", "-": "out", 0: "reset", l: "lasso", r: "rectangle", m: "move", a: "all", z: "undo",
  n: "next", p: "previous", enter: "pick",
};

function howOf(event) {
  return event.altKey ? "remove" : event.shiftKey ? "add" : "replace";
}

function listenToStage(map) {
  const { stage } = map;
  let drag = null;
  let seen = "";

  const placeOf = (event) => {
    const around = stage.getBoundingClientRect();
    return [event.clientX - around.left, event.clientY - around.top];
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 1 || !map.points) return;
    const [x, y] = placeOf(event);
    stage.setPointerCapture(event.pointerId);
    drag = { start: [x, y], last: [x, y], far: false, pans: event.shiftKey || event.button === 1 };
    if (map.mode === "lasso") map.path = [[x, y]];
    map.tip.hide();
  });

  stage.addEventListener("pointermove", (event) => {
    const [x, y] = placeOf(event);
    if (!drag) {
      // Browsers tell a move, too, where the page moved and the pointer rests; what keys point at stays then.
      if (seen !== (seen = `${event.clientX} ${event.clientY}`)) map.point(map.points ? map.findAt(x, y) : -1);
      return;
    }
    drag.far ||= Math.hypot(x - drag.start[0], y - drag.start[1]) > CLICK_PX;
    const [dx, dy] = [x - drag.last[0], y - drag.last[1]];
    drag.last = [x, y];
    if (!drag.far) return;
    if (map.mode === "move") {
      if (map.camera.dimensions === 3 && !drag.pans) map.camera.orbit(dx, dy);
      else map.camera.pan(dx, dy, stage.clientWidth, stage.clientHeight);
      map.planMove();
    } else {
      if (map.mode === "lasso") map.path?.push([x, y]);
      else map.path = box(drag.start, [x, y]);
      map.plan(true);
    }
  });

  stage.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { far } = drag;
    drag = null;
    const path = map.path;
    map.path = null;
    if (!far) {
      // A click chooses the image under it; beside all images it leaves the selection alone.
      const at = map.findAt(...placeOf(event));
      if (at >= 0) map.choose([at], howOf(event));
    } else if (path) {
      map.project();
      map.choose(findInside(path, map.screen, map.visible), howOf(event));
    }
    map.plan(true);
  });

  const leaveOff = () => {
    drag = null;
    map.path = null;
    map.plan(true);
  };
  stage.addEventListener("pointercancel", leaveOff);
  for (const name of ["pointerleave", "blur"]) {
    stage.addEventListener(name, () => {
      if (!drag) map.point(-1);
    });
  }

  // A wheel over a map that nobody clicked scrolls the page.
  stage.addEventListener("wheel", (event) => {
    if (!map.points || (stage.getRootNode().activeElement !== stage && !event.ctrlKey)) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    map.zoom(Math.exp(-event.deltaY * lines * 0.0015), ...placeOf(event));
    map.tip.hide();
  }, { passive: false });

  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !map.points) return;
    const step = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const tool = TOOL_KEYS[event.key.toLowerCase()];
    if (step) {
      const [dx, dy] = step.map((one) => one * NUDGE_PX);
      if (map.camera.dimensions === 3 && !event.shiftKey) map.camera.orbit(-dx, -dy);
      else map.camera.pan(dx, dy, stage.clientWidth, stage.clientHeight);
      map.planMove();
    } else if (tool) map.use(tool);
    else if (event.key === "Escape") {
      if (drag) leaveOff();
      else if (map.chosen.size) map.use("clear");
      else map.point(-1);
    } else return;
    event.preventDefault();
  });
}

function box([x, y], [toX, toY]) {
  return [[x, y], [toX, y], [toX, toY], [x, toY]];
}
