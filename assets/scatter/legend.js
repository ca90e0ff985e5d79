// What symbols and colours mean, and what is shown: a click or Enter hides or shows, with Shift it shows one alone.

const SVG = "http://www.w3.org/2000/svg";

function drawSymbol(path, colour, open) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-9 -9 18 18");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  shape.setAttribute("fill", open ? "none" : colour);
  shape.setAttribute("stroke", open ? colour : "currentColor");
  shape.setAttribute("stroke-width", open ? 2.4 : 0.8);
  svg.append(shape);
  return svg;
}

function drawSwatch(colour) {
  const node = make("span", "swatch");
  node.style.background = colour;
  return node;
}

class Legend {
  constructor(root, onToggle) {
    this.root = root;
    root.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-kind]");
      if (button) onToggle(button.dataset.kind, Number(button.dataset.at), event.shiftKey);
    });
  }

  // `counts`: images on the map by kind and place; `hidden`: sets of places by kind.
  draw(data, counts, hidden, span) {
    const focused = this.root.getRootNode().activeElement?.dataset?.entry;
    const { theme, view } = data;
    const bySet = view.colour === "set";
    const parts = [
      this.list("sets", "Sets", data.sets.map((one, at) => ({
        at, name: one.name, count: counts.sets[at],
        mark: drawSymbol(one.path, bySet ? one[theme] : "var(--symbol)", one.open),
      })), hidden.sets),
    ];
    if (data.classes.length) {
      const entries = data.classes.map((name, at) => ({
        at: at + 1, name, count: counts.classes[at + 1],
        mark: view.colour === "class" ? drawSwatch(colourOfClass(at)) : null,
      }));
      if (counts.classes[0]) {
        const mark = view.colour === "class" ? drawSwatch(UNKNOWN[theme]) : null;
        entries.push({ at: 0, name: "no class", count: counts.classes[0], mark });
      }
      parts.push(this.list("classes", "Classes", entries, hidden.classes));
      if (view.colour === "class" && data.classes.length > CLASS_COLOURS.length) {
        parts.push(this.remark(`Colours repeat after ${CLASS_COLOURS.length} classes.`));
      }
    }
    if (view.colour === "status") parts.push(this.statuses(data));
    if (view.colour === "rho") parts.push(this.bar(span, theme));
    parts.push(this.remark("Click or Enter hides or shows; with Shift, it shows one alone."));
    this.root.replaceChildren(...parts.filter(Boolean));
    if (focused) this.root.querySelector(`[data-entry="${focused}"]`)?.focus();
  }

  list(kind, title, entries, hidden) {
    const box = make("div", "group", { role: "group", "aria-label": title });
    const head = make("h4");
    head.textContent = title;
    const items = entries.map(({ at, name, count, mark }) => {
      const button = make("button", "entry", {
        type: "button", "data-kind": kind, "data-at": at, "data-entry": `${kind} ${at}`,
        "aria-pressed": String(!hidden.has(at)), title: "Click or Enter hides or shows; with Shift, shows it alone",
      });
      const label = make("span", "name");
      label.textContent = name;
      const number = make("span", "number");
      number.textContent = count.toLocaleString();
      button.append(...(mark ? [mark] : []), label, number);
      return button;
    });
    box.append(head, ...items);
    return box;
  }

  statuses({ theme, statuses }) {
    const box = make("div", "group");
    const head = make("h4");
    head.textContent = "Copy search";
    const names = [...statuses.slice(1), "Not judged: real images"];
    const colours = [...STATUS_COLOURS[theme].slice(1), UNKNOWN[theme]];
    box.append(head, ...names.map((name, at) => {
      const line = make("div", "line");
      const label = make("span", "name");
      label.textContent = name;
      line.append(drawSwatch(colours[at]), label);
      return line;
    }));
    return box;
  }

  bar(span, theme) {
    const box = make("div", "group");
    const head = make("h4");
    head.textContent = "Nearest real image";
    if (!span) return box;
    const strip = make("div", "strip");
    strip.style.background = `linear-gradient(to right, ${VIRIDIS.join(", ")})`;
    const ends = make("div", "ends");
    const [low, high] = [make("span"), make("span")];
    low.textContent = span.low.toPrecision(2);
    high.textContent = `${span.clipped ? "≥ " : ""}${span.high.toPrecision(2)}`;
    ends.append(low, high);
    const unknown = make("div", "line");
    const label = make("span", "name");
    label.textContent = "Not measured";
    unknown.append(drawSwatch(UNKNOWN[theme]), label);
    box.append(head, this.remark("Distance to it over its distance to its own nearest real image (rho); below 1 is nearer than that."), strip, ends, unknown);
    return box;
  }

  remark(text) {
    const node = make("p", "remark");
    node.textContent = text;
    return node;
  }
}
