// Tables that sort, filter and show a part first; everything is text, and the sorted column says so to everyone.
"use strict";

/** The order of words, and of the numbers in them. */
const words = new Intl.Collator("en", { numeric: true });

/**
 * A table of rows.
 * @param {{columns: {title: string, unit?: string, value: (row) => any, cell?: (row) => any, left?: boolean, text?: boolean, wide?: boolean}[],
 *   rows: any[], sort?: number, down?: boolean, most?: number, filter?: string, caption?: string}} told
 */
DTL.table = (told) => {
  const most = told.most ?? 50;
  const state = { by: told.sort ?? -1, down: told.down ?? true, all: false, words: "" };
  const body = DTL.h("tbody");
  const heads = told.columns.map((column, i) =>
    DTL.h("th", { scope: "col", class: column.wide ? "dtl-wide" : column.left || column.text || i === 0 ? null : "dtl-num" },
      DTL.h("button", { type: "button", onclick: () => sortBy(i) }, column.title, column.unit ? DTL.h("small", {}, column.unit) : null)));
  const more = DTL.h("p", { class: "dtl-note" });
  const table = DTL.h("table", { class: "dtl-table dtl-sortable" },
    told.caption ? DTL.h("caption", { class: "dtl-hidden" }, told.caption) : null, DTL.h("thead", {}, DTL.h("tr", {}, heads)), body);
  const parts = [DTL.h("div", { class: "dtl-scroll" }, table), more];
  if (told.filter) {
    const input = DTL.h("input", { type: "search", placeholder: "filter", oninput: () => ((state.words = input.value.toLowerCase()), draw()) });
    parts.unshift(DTL.h("label", { class: "dtl-field dtl-filter" }, told.filter, input));
  }

  const sortBy = (i) => {
    state.down = state.by === i ? !state.down : !told.columns[i].left;
    state.by = i;
    draw();
  };

  const chosen = () => {
    const rows = told.rows.filter((row) => !state.words || told.columns.some((c) => String(c.value(row) ?? "").toLowerCase().includes(state.words)));
    if (state.by < 0) return rows;
    const value = told.columns[state.by].value;
    const missing = (v) => v === null || v === undefined || Number.isNaN(v) || v === "";
    const order = (x, y) => (typeof x === "string" ? words.compare(x, y) : x - y);
    const keyed = rows.map((row) => [value(row), row]);
    keyed.sort(([x], [y]) => (missing(x) || missing(y) ? missing(x) - missing(y) : state.down ? -order(x, y) : order(x, y)));
    return keyed.map(([, row]) => row);
  };

  const draw = () => {
    const rows = chosen();
    const shown = state.all ? rows : rows.slice(0, most);
    heads.forEach((head, i) => (i === state.by ? head.setAttribute("aria-sort", state.down ? "descending" : "ascending") : head.removeAttribute("aria-sort")));
    body.replaceChildren(...shown.map((row) => DTL.h("tr", {}, told.columns.map((column, i) => {
      const content = column.cell ? column.cell(row) : String(column.value(row) ?? DTL.MISSING);
      return DTL.h(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: `${column.text ? "dtl-text" : column.left || column.wide ? "" : "dtl-num"}${column.trouble?.(row) ? " dtl-trouble" : ""}` }, content);
    }))));
    if (!rows.length) body.append(DTL.h("tr", {}, DTL.h("td", { colspan: told.columns.length, class: "dtl-left" }, "Nothing matches.")));
    more.replaceChildren(rows.length > shown.length
      ? DTL.h("button", { type: "button", onclick: () => ((state.all = true), draw()) }, `Show all ${rows.length.toLocaleString("en-US")}`) : "");
  };

  draw();
  return DTL.h("div", { class: "dtl-table-box" }, parts);
};

/** Hands the reader a CSV of rows as the table sorts them, numbers in full. */
DTL.saveCsv = (name, columns, rows) => {
  const quoted = (v) => (v === null || v === undefined || Number.isNaN(v) ? "" : /[",\n\r]/.test(String(v)) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
  const head = columns.map((c) => quoted(c.unit ? `${c.title} [${c.unit}]` : c.title));
  const text = [head, ...rows.map((r) => columns.map((c) => quoted(c.value(r))))].map((cells) => cells.join(",")).join("\r\n");
  const link = DTL.h("a", { href: URL.createObjectURL(new Blob([`${text}\r\n`], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
