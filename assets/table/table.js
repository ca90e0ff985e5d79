// A table that is brought up to date in place: rows keep their nodes, so focus, selection and scroll stay.
// All text comes in through textContent; nothing is ever read as HTML.

const FILTER_ABOVE = 15;
const NEXT_DIRECTION = { none: "ascending", ascending: "descending", descending: "none" };
const views = new WeakMap();

const timeFormat = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});

function create(tag, className = "", attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function setWidth(node, column) {
  if (column.width) node.style.width = node.style.minWidth = node.style.maxWidth = `${column.width}px`;
}

class TableView {
  sort = null;
  lines = new Map(); // row id -> { node, cells: [{ node, shown }] }
  heads = [];
  columnsShown = "";

  constructor(root) {
    this.root = root;
    this.box = create("div", "box");
    this.caption = create("span", "caption", { id: "caption" });
    this.filter = create("input", "filter", { type: "search", placeholder: "Filter", "aria-label": "Filter rows" });
    this.count = create("span", "count", { role: "status" });
    this.download = create("button", "download", { type: "button" });
    this.download.textContent = "Download CSV";
    const bar = create("div", "bar");
    bar.append(this.caption, this.filter, this.count, this.download);

    this.scroller = create("div", "scroller", { tabindex: "0", role: "region", "aria-labelledby": "caption" });
    this.head = create("tr");
    this.body = create("tbody");
    this.empty = create("p", "empty");
    const table = create("table", "", { "aria-labelledby": "caption" });
    const thead = create("thead");
    thead.append(this.head);
    table.append(thead, this.body);
    this.scroller.append(table, this.empty);
    this.box.append(bar, this.scroller);
    root.append(this.box);
    addTooltip(this.box);

    this.filter.addEventListener("input", () => this.draw());
    this.download.addEventListener("click", () => {
      downloadCsv(this.data.columns, this.shownRows(), this.data.fileName);
    });
    this.head.addEventListener("click", (event) => this.turn(event.target.closest("button")));
    this.body.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.onAction(button.dataset.action);
    });
  }

  update(data, onAction) {
    this.data = data;
    this.onAction = onAction;
    this.caption.textContent = data.caption;
    this.scroller.style.maxHeight = data.heightPx ? `${data.heightPx}px` : "";
    const columns = JSON.stringify(data.columns);
    if (columns !== this.columnsShown) this.drawColumns(columns);
    this.draw();
  }

  turn(button) {
    if (!button) return;
    const { columnId } = button.dataset;
    const direction = NEXT_DIRECTION[this.sort?.columnId === columnId ? this.sort.direction : "none"];
    this.sort = direction === "none" ? null : { columnId, direction };
    this.draw();
  }

  drawColumns(columns) {
    this.columnsShown = columns;
    this.lines.clear();
    this.body.replaceChildren();
    this.heads = this.data.columns.map((column) => {
      const node = create("th", `${column.align} ${column.kind}`, { scope: "col" });
      setWidth(node, column);
      const label = create(column.kind === "action" ? "span" : "button", "title");
      label.textContent = column.title;
      if (column.kind !== "action") {
        label.type = "button";
        label.dataset.columnId = column.id;
        label.append(create("span", "arrow", { "aria-hidden": "true" }));
      }
      setTooltip(label, column.tooltip);
      node.append(label);
      return node;
    });
    this.head.replaceChildren(...this.heads);
  }

  shownRows() {
    const { columns, rows } = this.data;
    return filterRows(orderRows(rows, columns, this.sort), this.filter.value);
  }

  draw() {
    const { columns, rows } = this.data;
    columns.forEach((column, at) => {
      if (column.kind === "action") return;
      const sorted = this.sort?.columnId === column.id ? this.sort.direction : "none";
      this.heads[at].setAttribute("aria-sort", sorted);
    });
    const shown = this.shownRows();
    // A filter that still holds rows back stays in sight, however few rows there are.
    this.filter.hidden = rows.length <= FILTER_ABOVE && !this.filter.value;
    this.count.textContent = shown.length < rows.length ? `${shown.length} of ${rows.length} rows` : "";
    this.empty.textContent = shown.length ? "" : rows.length ? "No row matches the filter." : "No rows.";
    this.drawRows(shown);
  }

  drawRows(rows) {
    const focused = this.root.activeElement;
    const wanted = rows.map((row) => this.drawRow(row));
    const kept = new Set(wanted);
    for (const node of [...this.body.children]) if (!kept.has(node)) node.remove();
    // Only what stands in the wrong place moves, since a node that moves loses its focus.
    wanted.forEach((node, at) => {
      const there = this.body.children[at] ?? null;
      if (there !== node) this.body.insertBefore(node, there);
    });
    if (focused?.isConnected && focused !== this.root.activeElement) focused.focus({ preventScroll: true });
    const known = new Set(this.data.rows.map((row) => row.id));
    for (const id of this.lines.keys()) if (!known.has(id)) this.lines.delete(id);
  }

  drawRow(row) {
    let line = this.lines.get(row.id);
    if (!line) {
      line = { node: create("tr"), cells: [] };
      line.cells = this.data.columns.map((column, at) => {
        const look = `${column.align} ${column.kind}`;
        const node = at ? create("td", look) : create("th", look, { scope: "row" });
        setWidth(node, column);
        return { node, shown: "" };
      });
      line.node.append(...line.cells.map((cell) => cell.node));
      this.lines.set(row.id, line);
    }
    row.cells.forEach((cell, at) => {
      const asked = JSON.stringify(cell);
      if (asked === line.cells[at].shown) return;
      line.cells[at].shown = asked;
      fillCell(line.cells[at].node, this.data.columns[at].kind, cell ?? { text: "" });
    });
    return line.node;
  }
}

function fillCell(node, kind, cell) {
  const instant = kind === "time" && cell.value ? new Date(cell.value) : null;
  const isTime = instant !== null && !Number.isNaN(instant.getTime());
  const tag = cell.action ? "button" : isTime ? "time" : "span";
  // A button that is only renamed stays the same node, so that it keeps the focus.
  let main = node.firstElementChild;
  if (main?.localName !== tag) {
    main = create(tag, tag === "button" ? "press" : "");
    if (tag === "button") main.type = "button";
  }
  main.textContent = isTime ? timeFormat.format(instant) : cell.text;
  if (isTime) main.dateTime = cell.value;
  if (cell.action) main.dataset.action = cell.action;
  if (node.firstElementChild !== main) node.replaceChildren(main);
  while (main.nextSibling) main.nextSibling.remove();
  if (cell.detail) {
    const detail = create("small");
    detail.textContent = cell.detail;
    node.append(detail);
  }
  node.classList.toggle("strong", Boolean(cell.strong));
  setTooltip(cell.action ? main : node, cell.tooltip || (isTime ? cell.value : ""));
}

export default function ({ data, parentElement, setTriggerValue }) {
  if (!views.has(parentElement)) views.set(parentElement, new TableView(parentElement));
  views.get(parentElement).update(data, (action) => setTriggerValue("action", action));
}
