// The viewer: a queue of pairs, the stage, and a reader's verdicts. All text comes in through textContent.

const BLINKS_A_SECOND = 2;
const viewers = new WeakMap();

class Viewer {
  identity = null;
  drafts = new Map(); // number -> { confidence, note } of pairs without a verdict yet
  seen = new Set(); // pairs of which both images were drawn
  number = null;
  last = null;
  finished = false;
  timer = 0;

  constructor(root, data) {
    this.stage = new Stage(makePalette(data.stops));
    this.rate = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : BLINKS_A_SECOND;
    this.slicing = new Slicing();
    this.feed = new Feed(() => this.draw(), (around) => this.setState("around", around), this.stage, this.slicing);
    this.standing = new Standing();
    this.controls = new Controls((key) => this.act(key));
    this.message = create("div", "message", { role: "status" });
    this.late = create("span", "late", { role: "status" });
    this.stage.node.append(this.message, this.controls.hover, this.late);
    const { bar, meter, slices, settings, answers, note, known, problem, legend } = this.controls;
    this.box = create("div", "box", {}, bar, meter, this.stage.node, slices.node, settings, answers, note, problem, known,
      slices.strip, legend);
    root.append(this.box);
    addGestures(this.stage, () => this.redraw(), (pane, event) => this.hover(pane, event),
      (by, alone) => this.act({ action: "wheel", value: { by, alone } }));
    note.addEventListener("keydown", (event) => this.writeNote(event));
    note.addEventListener("input", () => this.draft({ note: note.value }));
    this.unlisten = listenToKeys(this.box, (key) => {
      this.act(key);
      this.bringIntoView();
    }, () => (this.isVolume ? VOLUME_KEYS : {}));
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(this.stage.node);
    this.guard = (event) => this.pending?.entries.length && event.preventDefault();
    window.addEventListener("beforeunload", this.guard);
  }

  close() {
    this.unlisten();
    this.observer.disconnect();
    this.pending?.close();
    this.feed.close();
    clearInterval(this.timer);
    window.removeEventListener("beforeunload", this.guard);
  }

  update(data, setState) {
    this.data = data;
    this.setState = setState;
    if (data.identity !== this.identity) this.begin(data);
    this.feed.learn(data.pairs, this.number);
    this.pending.acknowledge(data.acknowledged);
    this.standing.bring(data, this.pending.entries);
    const at = data.queue.indexOf(this.number);
    if (at >= 0) this.at = at;
    // A pair that fits the filters no more makes room for the one in its place.
    else this.number = this.pick(data);
    this.draw();
  }

  begin(data) {
    this.identity = data.identity;
    this.pending?.close();
    Object.assign(this, { number: null, last: null, finished: false, at: -1 });
    this.feed.forget();
    this.slicing.forget();
    this.drafts.clear();
    this.seen.clear();
    this.pending = new PendingList(data.identity, (entries, turn) => this.setState("pending", { entries, turn }));
    // Whoever has just given a name reads now: keys must not go on into its field.
    if (document.activeElement?.matches("input, textarea")) document.activeElement.blur();
    requestAnimationFrame(() => this.bringIntoView());
  }

  pick(data) {
    if (this.at >= 0 && data.queue.length) {
      this.at = Math.min(this.at, data.queue.length - 1);
      return data.queue[this.at];
    }
    const first = this.standing.nextUnread(data.queue, -1) ?? data.queue.at(0) ?? null;
    this.at = data.queue.indexOf(first);
    return first;
  }

  go(number) {
    if (number === null || number === undefined) return;
    this.number = number;
    this.at = this.data.queue.indexOf(number);
    this.finished = false;
    this.stage.showsQuery = false;
    this.draw();
  }

  act({ action, value }) {
    const { stage } = this;
    const { queue } = this.data;
    const plain = {
      next: () => this.go(queue[this.at + 1]),
      previous: () => this.go(queue[this.at - 1]),
      nextUnread: () => this.go(this.standing.nextUnread(queue, this.at)),
      verdict: () => this.judge(value),
      undo: () => this.undo(),
      confidence: () => this.setConfidence(value),
      note: () => this.controls.note.focus(),
      mode: () => (stage.mode = value ?? MODES[(MODES.indexOf(stage.mode) + 1) % MODES.length]),
      asStored: () => (stage.asStored = !stage.asStored),
      invert: () => (stage.window = { ...stage.window, invert: !stage.window.invert }),
      reset: () => Object.assign(stage, { view: HOME_VIEW, window: FULL_WINDOW, divider: 0.5 }),
      pixels: () => this.showPixels(),
      zoomIn: () => (stage.view = fitView({ ...stage.view, scale: stage.view.scale * 1.25 })),
      zoomOut: () => (stage.view = fitView({ ...stage.view, scale: stage.view.scale / 1.25 })),
      divideLeft: () => (stage.divider = Math.max(0, stage.divider - 0.02)),
      divideRight: () => (stage.divider = Math.min(1, stage.divider + 0.02)),
      blink: () => (stage.showsQuery = !stage.showsQuery),
      rate: () => (this.rate = value),
      width: () => (stage.window = limitWindow({ ...stage.window, width: value }, stage.pair?.real)),
      level: () => (stage.window = limitWindow({ ...stage.window, level: value }, stage.pair?.real)),
      ...sliceActions(this),
      fullScreen: () => (this.isWhole ? document.exitFullscreen() : this.box.requestFullscreen?.()),
    };
    plain[action]?.(value);
    // Another slice, or the same one turned, may have to be fetched.
    if (this.isVolume) this.draw();
    else this.redraw();
  }

  get isVolume() {
    return Boolean(this.feed.pairs[this.number]?.volume);
  }

  // Whoever works by keys sees the images and the verdicts at once.
  bringIntoView() {
    const { bottom } = this.controls.answers.getBoundingClientRect();
    if (bottom > window.innerHeight) this.box.scrollIntoView({ block: "start" });
  }

  get isWhole() {
    return this.box.matches(":fullscreen");
  }

  judge(verdict) {
    if (this.number === null || this.data.locked || this.finished) return;
    const { number } = this;
    const before = this.standing.of(number);
    const { confidence = before?.confidence ?? null, note = before?.note ?? "" } = this.drafts.get(number) ?? {};
    this.hand({ number, verdict, confidence, note });
    this.drafts.delete(number);
    this.last = number;
    const next = this.standing.nextUnread(this.data.queue, this.at);
    if (next === null) {
      // A corrected verdict leaves the reader where they are.
      this.finished = !before;
      this.draw();
    } else {
      this.go(next);
    }
  }

  hand(entry) {
    const given = { ...entry, seen: this.seen.has(entry.number) };
    this.standing.apply(given);
    this.pending.add(given);
  }

  undo() {
    const number = this.standing.history.at(-1);
    if (number === undefined || this.data.locked) return;
    // What was said with it is still there for the next verdict.
    const { confidence = null, note = "" } = this.standing.of(number) ?? {};
    this.hand({ number, verdict: null, confidence: null, note: "" });
    this.draft({ confidence, note }, number);
    if (this.last === number) this.last = null;
    if (this.data.queue.includes(number)) this.go(number);
  }

  // On a pair with a verdict, a new confidence or note is a further row with the same verdict.
  amend(change) {
    const before = this.standing.of(this.number);
    if (!before) return this.draft(change);
    if (!this.data.locked) this.hand({ number: this.number, ...before, ...change });
    this.drafts.delete(this.number);
    return this.draw();
  }

  draft(change, number = this.number) {
    this.drafts.set(number, { ...this.drafts.get(number), ...change });
  }

  setConfidence(value) {
    if (this.number === null) return;
    this.amend({ confidence: value });
    this.draw();
  }

  writeNote(event) {
    event.stopPropagation();
    if (event.key === "Enter") this.amend({ note: this.controls.note.value });
    if (event.key === "Enter" || event.key === "Escape") this.controls.note.blur();
  }

  showPixels() {
    if (!this.stage.pair) return;
    const pane = this.stage.panes[0];
    const fitted = pane.place(this.stage.pair.real, HOME_VIEW).step;
    this.stage.view = fitView({ ...this.stage.view, scale: 1 / fitted });
  }

  hover(pane, event) {
    const { pair } = this.stage;
    this.hovered = pane ? [pane, event] : null;
    if (!pane || pane.node.hidden || !pair || this.stage.mode === "difference") return (this.controls.hover.textContent = "");
    const isQuery = this.stage.mode === "side" ? pane === this.stage.panes[1] : false;
    // Size and depth of a file may tell a control from a synthetic image.
    if (isQuery && (!pair.judged || pair.query.isBlank)) return (this.controls.hover.textContent = "");
    const image = isQuery ? this.stage.query.image : pair.real;
    const [column, row] = pane.locate(image, this.stage.view, event);
    const value = describeSample(image, column, row);
    const where = isQuery ? "Under review" : "Real";
    return (this.controls.hover.textContent = value ? `${where} at ${column}, ${row}: ${value}` : "");
  }

  draw() {
    this.feed.fetchAhead(this);
    const [real, query] = this.feed.find(this.number);
    const isReady = Boolean(real?.image && query?.image);
    const judged = Boolean(this.standing.of(this.number));
    this.isLate = !isReady;
    if (isReady) {
      this.stage.show({ number: this.number, real: real.image, query: query.image, judged, ...this.describePair() });
    } else if (this.isVolume && this.stage.pair?.number === this.number) {
      // What was looked at stays until the next slice is there.
      this.stage.pair.judged = judged;
    } else {
      this.stage.show(null);
      delete this.stage.node.dataset.drawn;
    }
    this.redraw();
  }

  describePair() {
    const pair = this.feed.pairs[this.number];
    const { transform, warp } = pair;
    const turn = describeTurn(pair);
    if (!pair.volume) return { transform, warp, turn };
    const slice = this.slicing.find(this.number, pair, this.stage.leavesTurnOut);
    const cross = this.slicing.crosses ? findCross(slice) : null;
    return { transform, warp: slice.volumes.warp(slice.plane), turn, slice, cross };
  }

  redraw() {
    if (!this.data || this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.stage.draw();
      if (this.stage.pair) this.seen.add(this.stage.pair.number);
      // What lies under a pointer that rests is another sample now.
      if (this.hovered) this.hover(...this.hovered);
      this.drawMessage();
      drawControls(this);
      this.keepBlinking();
    });
  }

  keepBlinking() {
    const wanted = this.stage.mode === "blink" && this.stage.pair ? this.rate : 0;
    if (wanted === this.blinking) return;
    this.blinking = wanted;
    clearInterval(this.timer);
    if (wanted) this.timer = setInterval(() => this.act({ action: "blink" }), 1000 / wanted);
  }

  drawMessage() {
    const { message } = this;
    const failed = this.feed.findFailed(this.number);
    setText(this.late, this.isLate && this.stage.pair && !failed.length ? "Loading the slice" : "");
    const lines = [];
    if (this.number === null) lines.push(this.data.empty);
    else if (this.finished) lines.push("Every pair of this list is read.");
    else if (failed.length) lines.push(...new Set(failed.map((entry) => entry.error)), "Try again, or say “unsure”.");
    else if (!this.stage.pair) lines.push("Loading the images.");
    const shown = JSON.stringify(lines);
    if (shown === this.messageShown) return;
    this.messageShown = shown;
    message.hidden = !lines.length;
    message.classList.toggle("over", this.finished || Boolean(this.stage.pair));
    message.replaceChildren(...lines.map((line) => create("p", "", {}, line)));
    if (failed.length) {
      message.append(makeButton(() => {
        for (const entry of failed) this.feed.retry(entry.url);
        this.draw();
      }, "Try again"));
    }
  }
}

// Streamlit may clean up after a call that newer data overtook: only a place that is gone is closed.
export default function ({ data, parentElement, setStateValue }) {
  if (!viewers.has(parentElement)) viewers.set(parentElement, new Viewer(parentElement, data));
  viewers.get(parentElement).update(data, setStateValue);
  return () => setTimeout(() => {
    if (parentElement.isConnected || !viewers.has(parentElement)) return;
    viewers.get(parentElement).close();
    viewers.delete(parentElement);
  });
}
