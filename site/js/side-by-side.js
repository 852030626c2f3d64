// Two to four feeders side by side, in one case: figures, guidance, one-line diagrams and the curves of deployments.
"use strict";

DTL.page = async () => {
  const root = document.getElementById("dtl-side");
  try {
    const [study, list] = await Promise.all([DTL.load("study"), DTL.load("feeders")]);
    const show = () => DTL.sideBySide(root, study, list.feeders).catch((error) => DTL.tell(root, error));
    window.addEventListener("hashchange", show);
    await show();
  } catch (error) {
    DTL.tell(root, error);
  }
};

DTL.MOST_SIDES = 4;

/** The feeders and the case of the URL; without, the two worst in the worst case. */
DTL.sidesOf = (study, list) => {
  const told = new URLSearchParams(location.hash.slice(1));
  const ids = list.get("id");
  const rank = list.get("rank");
  const worst = ids.map((_, i) => i).filter((i) => !Number.isNaN(rank[i])).sort((a, b) => rank[a] - rank[b]).slice(0, 2).map((i) => ids[i]);
  const wanted = told.getAll("f").filter((f) => f).slice(0, DTL.MOST_SIDES);
  const at = study.cases.findIndex((c) => c.case === (told.get("s") ?? study.worst_case));
  return { chosen: wanted.length ? wanted.filter((f) => ids.includes(f)) : worst, unknown: wanted.filter((f) => !ids.includes(f)), at: Math.max(0, at) };
};

DTL.sideBySide = async (root, study, list) => {
  const ids = list.get("id");
  const { chosen, unknown, at } = DTL.sidesOf(study, list);
  const told = study.cases[at];
  const go = (feeders, name) => (location.hash = new URLSearchParams([["s", name], ...feeders.map((f) => ["f", f])]));
  root.removeAttribute("data-ready");
  const rows = chosen.map((id) => ids.indexOf(id)).map((i) => ({ i, id: ids[i], file: list.get("file")[i], isSolved: list.get(`solved@${at}`)[i] === 1 }));
  await Promise.all(rows.filter((r) => r.isSolved).map(async (r) => {
    const has = list.get("has_hc")?.[r.i] === 1;
    [r.profile, r.parts, r.hc] = await Promise.all([DTL.load(`profile/${r.file}`), DTL.load(`a/${r.file}`), has ? DTL.load(`hc/${r.file}`) : null]);
  }));
  const input = DTL.h("input", { list: "dtl-feeders", placeholder: "feeder", autocomplete: "off", "aria-label": "Add a feeder", disabled: chosen.length >= DTL.MOST_SIDES });
  input.addEventListener("change", () => ids.includes(input.value) && !chosen.includes(input.value) && go([...chosen, input.value], told.case));
  const columns = DTL.sideColumns(study, list, at);
  root.replaceChildren(
    DTL.h("div", { class: "dtl-pair" }, DTL.h("label", { class: "dtl-field" }, "Case", DTL.h("select", { onchange: (event) => go(chosen, study.cases[event.target.selectedIndex].case) }, study.cases.map((c, i) => DTL.h("option", { value: c.case, selected: i === at }, c.title ? `${c.label} – ${c.title}` : c.label)))),
      DTL.h("label", { class: "dtl-field dtl-goto" }, "Add ", input, DTL.h("datalist", { id: "dtl-feeders" }, ids.slice(0, 3000).map((id) => DTL.h("option", { value: id })))),
      DTL.h("button", { type: "button", class: "dtl-button", onclick: () => DTL.saveCsv("side-by-side.csv", columns, rows) }, "Save as CSV"), DTL.h("button", { type: "button", class: "dtl-button", onclick: () => window.print() }, "Print or PDF")),
    unknown.length ? DTL.h("p", { class: "dtl-callout" }, `This study has no feeder called ${unknown.join(", ")}.`, DTL.near(unknown[0], ids, 3).length ? ` Near: ${DTL.near(unknown[0], ids, 3).join(", ")}.` : "") : "",
    rows.length ? DTL.sideTable(rows, columns.filter((c) => !c.text), (id) => go(chosen.filter((f) => f !== id), told.case)) : DTL.h("p", {}, "Choose feeders above."),
    DTL.sideCurves(study, rows, at),
    DTL.h("div", { class: "dtl-two" }, rows.map((r) => DTL.h("section", {}, DTL.h("h2", {}, DTL.h("a", { href: DTL.feederLink(r.id) }, r.id)),
      r.isSolved ? DTL.h("p", { class: "dtl-needs" }, columns.at(-1).value(r) === "OK" ? "Nothing found to mend." : columns.at(-1).value(r)) : "",
      r.isSolved ? DTL.oneLine(study, r.profile, r.parts, at) : DTL.h("p", { class: "dtl-callout dtl-callout-bad" }, `Not solved in ${told.label}.`)))));
  root.setAttribute("data-ready", [told.case, ...chosen].join(" "));
};

DTL.sideColumns = (study, list, at) => {
  const of = (metric) => (r) => list.get(`${metric}@${at}`)?.[r.i] ?? NaN;
  const number = (title, metric, unit, trouble) => ({ title, unit, value: of(metric), cell: (r) => DTL.shown(of(metric)(r), unit)[0], trouble });
  const isOver = (kind, metric) => (r) => DTL.isOver(study, kind, of(metric)(r), of("overload_hours_h")(r));
  return [
    { title: "Feeder", value: (r) => r.id, left: true },
    number("Transformer loading", "max_transformer_load_pct", "%", isOver("transformers", "max_transformer_load_pct")),
    number("Line loading", "max_line_load_pct", "%", isOver("lines", "max_line_load_pct")),
    number("Overloaded", "overload_hours_h", "h", (r) => of("overload_hours_h")(r) > 0),
    number("Lowest voltage", "min_pu", "pu", (r) => of("low")(r) === 1),
    number("Highest voltage", "max_pu", "pu", (r) => of("high")(r) === 1),
    number("Voltage out", "violation_hours_h", "h", (r) => of("violation_hours_h")(r) > 0),
    { title: "What it needs", value: (r) => (r.isSolved ? list.get(`advice@${at}`)[r.i] : "not solved"), text: true },
  ];
};

DTL.sideTable = (rows, columns, drop) => DTL.h("div", { class: "dtl-scroll" }, DTL.h("table", { class: "dtl-table", id: "sides" },
  DTL.h("thead", {}, DTL.h("tr", {}, columns.map((c) => DTL.h("th", { scope: "col", class: c.left ? null : "dtl-num" }, c.title, c.unit ? DTL.h("small", {}, c.unit) : "")), DTL.h("td", {}))),
  DTL.h("tbody", {}, rows.map((r) => DTL.h("tr", { "data-feeder": r.id }, columns.map((c, i) => DTL.h(i ? "td" : "th", { scope: i ? null : "row", class: `${c.left ? "" : "dtl-num"}${c.trouble?.(r) ? " dtl-trouble" : ""}` }, c.cell ? c.cell(r) : c.value(r))),
    DTL.h("td", {}, DTL.h("button", { type: "button", "aria-label": `Leave out ${r.id}`, onclick: () => drop(r.id) }, "×")))))));

/** The curves of random deployments of generation, one colour for each feeder. */
DTL.sideCurves = (study, rows, at) => {
  const curves = rows.flatMap((r, n) => {
    if (!r.hc) return [];
    const told = DTL.objects(r.hc.answers).map((a, row) => ({ ...a, row })).filter((a) => a.method === "stochastic" && !a.bus && a.of === "generation");
    const a = told.find((x) => x.case === at) ?? told.at(-1);
    const levels = a && DTL.hosting.levels(r.hc.levels).get(a.row);
    return levels ? [{ name: `${r.id}${a.case === at ? "" : `, ${study.cases[a.case].label}`}`, colour: `var(--dtl-scenario-${(n + 1) % 5})`, ...levels, p5: a.hc_kw_p5, p50: a.hc_kw_p50, p95: a.hc_kw_p95 }] : [];
  });
  return curves.length ? DTL.h("div", { class: "dtl-two" }, DTL.hosting.curve(curves, "Sweep of solar, random deployments"), DTL.hosting.violins(curves)) : "";
};
