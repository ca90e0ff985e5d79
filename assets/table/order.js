// The order of rows: numbers by size, times by instant, text as people read it ("set 2" before "set 10").

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const EMPTY = 2;

function sortKey(kind, cell) {
  const value = cell?.value ?? "";
  if (value === "") return { rank: EMPTY };
  if (kind !== "text") {
    const number = kind === "time" ? Date.parse(value) : Number(value);
    if (!Number.isNaN(number)) return { rank: 0, number };
  }
  return { rank: 1, text: String(value) };
}

function compareKeys(left, right, sign) {
  // Empty cells stand last in both directions: they are neither small nor large.
  if (left.rank === EMPTY || right.rank === EMPTY) return left.rank - right.rank;
  if (left.rank !== right.rank) return sign * (left.rank - right.rank);
  if (left.rank === 0) return sign * (left.number < right.number ? -1 : Number(left.number > right.number));
  return sign * collator.compare(left.text, right.text);
}

// Rows in the order of one column; without a column, in the order given. Equal rows keep the order given.
function orderRows(rows, columns, sort) {
  const at = sort ? columns.findIndex((column) => column.id === sort.columnId) : -1;
  if (at < 0) return rows;
  const sign = sort.direction === "ascending" ? 1 : -1;
  return rows
    .map((row) => ({ row, key: sortKey(columns[at].kind, row.cells[at]) }))
    .sort((left, right) => compareKeys(left.key, right.key, sign))
    .map(({ row }) => row);
}

// Rows with a cell that holds the filter's text, in whatever case.
function filterRows(rows, filter) {
  const wanted = filter.trim().toLocaleLowerCase();
  const holds = (cell) => cell && `${cell.text}\n${cell.detail}`.toLocaleLowerCase().includes(wanted);
  return wanted ? rows.filter((row) => row.cells.some(holds)) : rows;
}
