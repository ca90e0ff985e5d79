// Brings the chrome in line with what the viewer holds.

function drawControls(viewer) {
  const { controls, data, stage, standing, number, pending } = viewer;
  const { queue } = data;
  const read = queue.filter((one) => standing.isRead(one)).length;
  const waiting = pending.entries.length;
  setText(controls.place, number === null ? "" : `Pair ${number + 1}`);
  setText(controls.count, `${read} of ${queue.length} read${data.filtered ? " in this list" : ""}${waiting ? `, ${waiting} being stored` : ""}`);
  controls.meter.firstChild.style.width = `${queue.length ? (100 * read) / queue.length : 0}%`;
  controls.modes.press(stage.mode);
  press(controls.asStored, stage.asStored);
  press(controls.invert, stage.window.invert);
  press(controls.whole, viewer.isWhole);
  controls.asStored.disabled = stage.mode === "difference" || !stage.pair || !(stage.pair.turn || stage.pair.slice?.volumes.isMoved);
  const isDifference = stage.mode === "difference";
  const isBlink = stage.mode === "blink";
  controls.width.node.hidden = controls.level.node.hidden = isDifference;
  controls.rate.node.hidden = controls.blink.hidden = !isBlink;
  controls.scale.hidden = !stage.hasDifference;
  controls.slices.draw(viewer);
  controls.legends.forEach((node, at) => (node.hidden = viewer.isVolume !== Boolean(at)));
  viewer.box.classList.toggle("volumes", viewer.isVolume);
  if (stage.pair) {
    const { base, span } = fullRange(stage.pair.real);
    const { slope, intercept } = stage.pair.real;
    const { low, high, most } = windowLimits(stage.pair.real);
    controls.width.limit(0.004, most);
    controls.level.limit(low, high);
    controls.width.set(stage.window.width, formatNumber(Math.abs(slope) * stage.window.width * span));
    controls.level.set(stage.window.level, formatNumber(intercept + slope * (base + stage.window.level * span)));
  }
  controls.rate.set(viewer.rate, viewer.rate ? String(viewer.rate) : "none");
  if (!controls.scale.hidden) drawScale(controls.scale, stage.difference, data.stops);
  drawVerdict(viewer);
  drawKnown(viewer);
  drawProblem(viewer);
}

const MATCHED_HELP = "The image under review is brought to the real image's mean and standard deviation first.";

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function press(button, isPressed) {
  button.setAttribute("aria-pressed", String(isPressed));
}

function drawScale(node, { limit, gain, offset, factor, differs }, stops) {
  if (!differs) return node.replaceChildren("No pixel differs.");
  const bar = create("span", "gradient");
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const matched = `Matched by × ${formatNumber(gain)} ${offset < 0 ? "−" : "+"} ${formatNumber(Math.abs(offset))}`;
  const reduced = factor > 1 ? `; averaged over ${factor} × ${factor} pixels` : "";
  return node.replaceChildren(
    create("span", "", {}, `−${formatNumber(limit)} darker`), bar, create("span", "", {}, `+${formatNumber(limit)} brighter`),
    create("span", "muted", { title: MATCHED_HELP }, `${matched}${reduced}.`),
  );
}

function drawVerdict({ controls, data, standing, number, drafts, finished, at }) {
  const judged = number === null ? null : standing.of(number);
  const draft = drafts.get(number) ?? {};
  const confidence = draft.confidence ?? judged?.confidence ?? null;
  controls.verdicts.press(judged?.verdict ?? null);
  controls.confidence.press(confidence === null ? null : String(confidence));
  setText(controls.sure, confidence === null ? "not stated" : CONFIDENCE_WORDS[confidence - 1]);
  const isClosed = Boolean(data.locked) || number === null;
  for (const button of controls.verdicts.node.querySelectorAll("button")) button.disabled = isClosed || finished;
  for (const button of controls.confidence.node.querySelectorAll("button")) button.disabled = isClosed;
  controls.note.disabled = isClosed;
  controls.undo.disabled = Boolean(data.locked) || !standing.history.length;
  controls.previous.disabled = at <= 0;
  controls.next.disabled = at < 0 || at >= data.queue.length - 1;
  controls.unread.disabled = standing.nextUnread(data.queue, at) === null;
  const note = draft.note ?? judged?.note ?? "";
  if (controls.note.getRootNode().activeElement !== controls.note && controls.note.value !== note) controls.note.value = note;
}

// What is known of pairs that are judged: of the one shown, and of the last one.
function drawKnown({ controls, data, standing, number, last, feed }) {
  const lines = [];
  const tell = (one, word) => {
    const judged = standing.of(one);
    if (!judged) return;
    const sure = judged.confidence ? `, confidence ${judged.confidence}` : "";
    const stored = judged.stored ? "" : " (being stored)";
    lines.push([`${word} pair ${one + 1}: ${VERDICT_WORDS[judged.verdict].toLowerCase()}${sure}${stored}.`,
      ...(judged.stored ? (data.evidence[one] ?? []) : [])]);
  };
  if (number !== null) tell(number, "Your verdict on");
  if (last !== null && last !== number) tell(last, "Last verdict,");
  const remark = feed.pairs[number]?.remark;
  if (remark) lines.unshift([remark]);
  const shown = JSON.stringify(lines);
  if (controls.known.dataset.shown === shown) return;
  controls.known.dataset.shown = shown;
  controls.known.replaceChildren(...lines.map(([head, ...rest]) =>
    create("p", "", {}, create("strong", "", {}, head), ...(rest.length ? [` ${rest.join(" ")}`] : []))));
}

function drawProblem({ controls, data, pending }) {
  const waiting = pending.entries.length;
  const sentence = data.problem && waiting
    ? `${waiting} verdict${waiting > 1 ? "s are" : " is"} not stored: ${data.problem}`
    : data.locked;
  if (controls.problem.dataset.shown === sentence) return;
  controls.problem.dataset.shown = sentence;
  controls.problem.replaceChildren(...(sentence ? [create("span", "", {}, sentence)] : []));
  if (!data.problem || !waiting) return;
  const discard = makeButton(() => {
    if (discard.dataset.sure) return pending.discard();
    discard.dataset.sure = "1";
    return setText(discard.firstChild, "Really discard");
  }, "Discard");
  controls.problem.append(makeButton(() => pending.submit(), "Try again"), discard);
}
