// The download: RFC 4180, values instead of formatted text, and nothing that a spreadsheet would run.

const FORMULA_START = /^[=+\-@\t\r\n]/;

function csvField(value, isNumber) {
  let text = String(value ?? "");
  if (!isNumber && FORMULA_START.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function toCsv(columns, rows) {
  const kept = columns.map((column, at) => ({ column, at })).filter(({ column }) => column.kind !== "action");
  const head = kept.flatMap(({ column }) => [column.title, ...(column.detailTitle ? [column.detailTitle] : [])]);
  const lines = rows.map((row) =>
    kept.flatMap(({ column, at }) => {
      const { value, detail } = row.cells[at] ?? {};
      const field = csvField(value, column.kind === "number" && !Number.isNaN(Number(value)));
      return column.detailTitle ? [field, csvField(detail?.replaceAll("\n", ", "))] : [field];
    }),
  );
  return [head.map((title) => csvField(title)), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

function downloadCsv(columns, rows, fileName) {
  // Spreadsheets take a file without the mark for one in the machine's old code page and spoil umlauts.
  const url = URL.createObjectURL(new Blob(["\ufeff", toCsv(columns, rows)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
