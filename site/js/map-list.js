// The table of what is in view: the map for keyboards and readers, with a file to take away.
"use strict";

/** The rows of what is in view, without what is filtered away. */
DTL.rowsInView = (page) => {
  const { west, south, east, north } = page.camera.view;
  const { by, hidden, kinds } = page.view;
  const rows = [];
  for (const detail of page.read) if (page.camera.sees(page.data.plane.boxes[detail.i])) for (const kind of DTL.ofBuses(by) ? ["bus"] : ["line", "transformer"]) {
    if (kinds.has(kind)) continue;
    const table = detail.table(kind);
    const classes = detail.classesOf(by, page.data.at)[kind];
    for (let k = 0; k < table.n; k++) {
      const [x, y] = detail.anchor(kind, k);
      if (x < west || x > east || y < south || y > north || hidden.has(classes[k] ?? 5)) continue;
      const cell = (column) => (table.get(`${column}@${page.data.at}`) ?? table.get(column))?.[k] ?? NaN;
      rows.push({ detail, kind, k, class: classes[k], name: table.get("name")[k], value: cell, before: (column) => table.get(`${column}@${page.data.vs}`)?.[k] ?? NaN });
    }
  }
  return rows;
};

DTL.listInView = (page) => {
  const { by, on } = page.view;
  const rows = DTL.rowsInView(page);
  const open = (r) => DTL.h("button", { type: "button", onclick: () => page.open(r) }, r.name);
  const label = (r) => (r.class === null ? DTL.MISSING : DTL.scaleOf(by).labels[r.class]);
  const number = (title, column, unit, extra = {}) => ({ title, unit, value: (r) => r.value(column), cell: (r) => DTL.shown(r.value(column), unit, extra.limit)[0], ...extra });
  const volts = [number("Lowest", "min", "pu"), number("Highest", "max", "pu"), number("Hours too low", "hours_low", "h"), number("Hours too high", "hours_high", "h")];
  const loads = [number("Loading of its limit", "load", "%", { limit: 100 }), number("Hours over", "over", "h")];
  const change = { title: "Change of loading", unit: "points", value: (r) => r.value("load") - r.before("load"), cell: (r) => (Number.isNaN(r.value("load") - r.before("load")) ? DTL.MISSING : DTL.change(r.value("load") - r.before("load"), "%").replace(" pt", "")) };
  const own = { volt: volts, fit_generation: [number("Generation that fits", "fit_generation", "kW")], fit_load: [number("Load that fits", "fit_load", "kW")], fit_pv: [number("Roofs that fit", "fit_pv", "kW")], diff: [change, ...loads], age: [number("Age", "age", "years"), ...loads], risk: [{ title: "Interruptions of its feeder", unit: "expected in a year", value: (r) => page.data.risk(r.detail.i), cell: (r) => DTL.text(page.data.risk(r.detail.i)) }, ...loads], load: loads }[by];
  const buses = DTL.ofBuses(by);
  const extra = on.flatMap((name) => ({ ev: buses ? [number("Charging cars", "ev", "kW")] : [], solar: buses ? [number("Solar", "solar", "kW")] : [], outages: [number("Outages", "outages", ""), number("Customer minutes", "cmi", "")], customers: buses ? [number("Customers", "customers", "")] : [], growth: [] })[name]);
  const columns = [
    { title: "Name", value: (r) => r.name, cell: open, left: true },
    { title: "Kind", value: (r) => r.kind, left: true },
    { title: "Feeder", value: (r) => r.detail.id, left: true },
    ...own,
    ...extra,
    { title: "Class", value: label, left: true, trouble: (r) => DTL.scaleOf(by).trouble[r.class] ?? false },
  ];
  const table = DTL.table({ columns, rows, sort: 3, down: by === "load" || by === "age" || by === "diff", most: 40, caption: "What is in view" });
  const save = DTL.h("button", { type: "button", class: "dtl-button", onclick: () => DTL.saveCsv("in-view.csv", columns, rows) }, "Save as CSV");
  page.find("dtl-list-body").replaceChildren(save, table);
  page.list.querySelector("summary").textContent = `List what is in view (${rows.length.toLocaleString("en-US")})`;
};
