// The feeder page: feeder.html#<id> shows one feeder, feeder.html all of them.
"use strict";

DTL.page = async () => {
  const root = document.getElementById("dtl-feeder");
  try {
    const [study, list] = await Promise.all([DTL.load("study"), DTL.load("feeders")]);
    const show = () => DTL.feederPage(root, study, list.feeders).catch((error) => DTL.tell(root, error));
    window.addEventListener("hashchange", show);
    await show();
  } catch (error) {
    DTL.tell(root, error);
  }
};

DTL.feederPage = async (root, study, list) => {
  let wanted = location.hash.slice(1);
  try {
    wanted = decodeURIComponent(wanted);
  } catch {
    // a hash that is no encoding is taken as it stands
  }
  root.removeAttribute("data-ready");
  const ids = list.get("id");
  const at = ids.indexOf(wanted);
  if (!wanted) root.replaceChildren(...DTL.feederList(study, list));
  else if (at < 0) root.replaceChildren(...DTL.noFeeder(wanted, ids));
  else {
    root.replaceChildren(...(await DTL.feederSheet(root, study, list, at)));
  }
  document.title = `${wanted || "Feeders"} - ${study.title}`;
  root.setAttribute("data-ready", wanted);
  window.scrollTo(0, 0);
};

DTL.noFeeder = (wanted, ids) => {
  const near = DTL.near(wanted, ids);
  return [
    DTL.h("h1", { class: "dtl-title" }, "No such feeder"),
    DTL.h("p", { class: "dtl-lead-text" }, "This study has no feeder called ", DTL.h("b", {}, wanted), near.length ? ". Did you mean:" : "."),
    DTL.h("ul", { class: "dtl-near" }, near.map((id) => DTL.h("li", {}, DTL.h("a", { href: DTL.feederLink(id) }, id)))),
    DTL.h("p", {}, DTL.h("a", { href: "feeder.html#" }, `All ${ids.length} feeders`)),
  ];
};

/** All feeders, each in its worst case. */
DTL.feederList = (study, list) => {
  const position = new Map(study.cases.map((c, i) => [c.case, i]));
  const worst = list.get("worst_case");
  const of = (metric) => (i) => (position.has(worst[i]) ? list.get(`${metric}@${position.get(worst[i])}`)[i] : NaN);
  const number = (title, metric, unit, trouble) => ({ title, unit, value: of(metric), cell: (i) => DTL.shown(of(metric)(i), unit)[0], trouble });
  const isOver = (kind, metric) => (i) => DTL.isOver(study, kind, of(metric)(i), of("overload_hours_h")(i));
  const failed = (i) => study.cases.filter((_, c) => list.get(`solved@${c}`)[i] !== 1).length;
  const state = (i) => (failed(i) === study.cases.length ? "failed" : failed(i) ? `failed in ${failed(i)}` : of("violating")(i) === 1 ? "over a limit" : "within limits");
  const km = study.units === "us" ? DTL.KM_PER_MILE : 1;
  const columns = [
    { title: "Feeder", value: (i) => list.get("id")[i], cell: (i) => DTL.h("a", { href: DTL.feederLink(list.get("id")[i]) }, list.get("id")[i]), left: true },
    { title: "Place", value: (i) => list.get("rank")[i], cell: (i) => DTL.text(list.get("rank")[i]) },
    { title: "Worst case", value: (i) => study.cases[position.get(worst[i])]?.label ?? "", left: true },
    { title: "State", value: state, left: true, trouble: (i) => state(i) !== "within limits" },
    number("Line loading", "max_line_load_pct", "%", isOver("lines", "max_line_load_pct")),
    number("Transformer loading", "max_transformer_load_pct", "%", isOver("transformers", "max_transformer_load_pct")),
    number("Overloaded", "overload_hours_h", "h", (i) => of("overload_hours_h")(i) > 0),
    number("Lowest voltage", "min_pu", "pu", (i) => of("low")(i) === 1),
    number("Highest voltage", "max_pu", "pu", (i) => of("high")(i) === 1),
    number("Voltage out", "violation_hours_h", "h", (i) => of("violation_hours_h")(i) > 0),
    { title: "Customers", value: (i) => list.get("customers")[i], cell: (i) => DTL.text(list.get("customers")[i]) },
    { title: "Length", unit: study.units === "us" ? "mi" : "km", value: (i) => list.get("length_km")[i], cell: (i) => DTL.text(list.get("length_km")[i] / km, "km").replace(/ km$/, "") },
  ];
  return [
    DTL.h("h1", { class: "dtl-title" }, "Feeders"),
    DTL.h("p", { class: "dtl-answer dtl-answer-small", id: "answer" }, DTL.feederStates(Array.from({ length: list.n }, (_, i) => state(i)))),
    DTL.h("p", { class: "dtl-sub" }, "Each with the figures of its worst case."),
    DTL.table({ columns, rows: Array.from({ length: list.n }, (_, i) => i), sort: 1, down: false, most: 100, filter: "Find a feeder", caption: "All feeders" }),
  ];
};

/** How many feeders are in which state, in a sentence. */
DTL.feederStates = (states) => {
  const count = (test) => states.filter(test).length;
  const told = [[count((s) => s === "over a limit"), "over a limit"], [count((s) => s === "within limits"), "within all limits"], [count((s) => s.startsWith("failed in")), "not solved in some cases"], [count((s) => s === "failed"), "not solved at all"]];
  return `Of ${states.length.toLocaleString("en-US")} feeder${states.length > 1 ? "s" : ""}: ${told.filter(([n]) => n).map(([n, words]) => `${n.toLocaleString("en-US")} ${words}`).join(", ")}.`;
};

/** The payloads of a feeder, all asked for at once; of one that was solved in no case there is only the first. */
DTL.readFeeder = async (study, list, at) => {
  const file = list.get("file")[at];
  const isSolved = study.cases.some((_, c) => list.get(`solved@${c}`)[at] === 1);
  const has = (kind) => isSolved && list.get(`has_${kind}`)?.[at] === 1;
  const more = (kind, there = has(kind)) => (there ? DTL.load(`${kind}/${file}`) : null);
  const [sheet, ts, profile, parts, hc, oms, kept] = await Promise.all([more("f", true), more("ts"), more("profile", isSolved), more("a", isSolved), more("hc"), more("oms"), more("kept")]);
  return { sheet, ts, profile, parts, hc, oms, kept };
};

DTL.feederSheet = async (root, study, list, at) => {
  const read = await DTL.readFeeder(study, list, at);
  const { sheet } = read;
  const solved = study.cases.map((c, i) => i).filter((i) => sheet.cases[study.cases[i].case].solved);
  const first = Math.max(0, solved.indexOf(study.cases.findIndex((c) => c.case === sheet.worst_case)));
  const head = [
    DTL.h("p", { class: "dtl-back" }, DTL.h("a", { href: "feeder.html#" }, "All feeders"), DTL.goTo(list)),
    DTL.h("h1", { class: "dtl-title" }, sheet.id),
    DTL.facts(study, sheet),
    DTL.h("p", { class: "dtl-answer dtl-answer-small", id: "answer" }, sheet.answer),
    ...DTL.story(sheet, list, at),
  ];
  const failed = study.cases.filter((c) => !sheet.cases[c.case].solved);
  const reasons = [...new Set(failed.map((c) => sheet.cases[c.case].reason))];
  const failures = reasons.map((reason) => {
    const here = failed.filter((c) => sheet.cases[c.case].reason === reason).map((c) => c.label);
    return DTL.h("div", { class: "dtl-callout dtl-callout-bad" }, DTL.h("b", {}, here.length === study.cases.length ? "Not solved in any case." : `Not solved in ${here.join(", ")}.`), " ", DTL.h("span", { class: "dtl-reason" }, reason));
  });
  const why = "data-quality.html";
  if (!solved.length) return [...head, ...failures, sheet.drawn ? DTL.mapLink(sheet, null) : "", study.left_out.includes(why) ? "" : DTL.h("p", {}, DTL.h("a", { href: why }, "Findings in its data"))];
  const body = DTL.h("div", { class: "dtl-sheet" });
  const draw = (i) => {
    body.replaceChildren(...DTL.caseBody(study, sheet, read, i));
    for (const cell of figures.querySelectorAll("[data-at]")) cell.classList.toggle("dtl-chosen", Number(cell.dataset.at) === i);
    root.setAttribute("data-case", study.cases[i].case);
    requestAnimationFrame(() => DTL.bringIntoView(figures, i));
  };
  const figures = DTL.figuresByCase(study, sheet);
  const choice = DTL.caseChoice(study, solved, solved[first], draw);
  draw(solved[first]);
  return [...head, ...failures, figures, choice, body];
};

DTL.goTo = (list) => {
  const input = DTL.h("input", { list: "dtl-feeders", placeholder: "feeder", autocomplete: "off", "aria-label": "Go to a feeder" });
  input.addEventListener("change", () => (location.hash = encodeURIComponent(input.value)));
  const names = DTL.h("datalist", { id: "dtl-feeders" });
  input.addEventListener("focus", () => names.append(...list.get("id").slice(0, 3000).map((id) => DTL.h("option", { value: id }))), { once: true });
  return DTL.h("label", { class: "dtl-field dtl-goto" }, "Go to ", input, names);
};

DTL.facts = (study, sheet) => {
  const f = sheet.inputs;
  const told = [
    ["at the head", f.kv_ll === null ? null : `${DTL.significant(f.kv_ll)} kV`],
    ["of line", f.length_km === null ? null : DTL.length(f.length_km, study.units)],
    ["customers", f.customers === null ? null : DTL.text(f.customers)],
    ["loads", f.loads === null ? null : DTL.text(f.loads)],
    ["in the model", f.load_kw === null ? null : DTL.text(f.load_kw, "kW")],
    ["buses", f.buses === null ? null : DTL.text(f.buses)],
    ["group", sheet.group === sheet.id ? null : sheet.group],
  ].filter(([, value]) => value !== null);
  return DTL.h("p", { class: "dtl-facts" }, told.map(([name, value]) => DTL.h("span", {}, DTL.h("b", {}, value), ` ${name}`)));
};

DTL.caseChoice = (study, solved, first, draw) =>
  DTL.h("fieldset", { class: "dtl-choice" }, DTL.h("legend", {}, "Case"), solved.map((i) =>
    DTL.h("label", {}, DTL.h("input", { type: "radio", name: "dtl-case", value: study.cases[i].case, checked: i === first, onchange: () => draw(i) }), DTL.h("span", { title: study.cases[i].title }, study.cases[i].label))));

DTL.figuresByCase = (study, sheet) => {
  const needless = (m) => ["reverse_hours_h", "tap_changes"].includes(m);
  const rows = sheet.metrics.filter(({ metric }) => study.cases.some((c) => {
    const figure = sheet.cases[c.case].figures[metric];
    return figure && (figure.value || !needless(metric));
  }));
  const table = DTL.h("table", { class: "dtl-table dtl-by-case" },
    DTL.h("thead", {}, DTL.h("tr", {}, DTL.h("th", { scope: "col" }, "By case"), study.cases.map((c, i) => DTL.h("th", { scope: "col", "data-at": i, title: c.title }, DTL.h("i", { class: "dtl-swatch", style: `background:${DTL.caseColour(c)}` }), c.label)))),
    DTL.h("tbody", {}, rows.map(({ metric, unit, meaning }) => DTL.h("tr", { "data-metric": metric }, DTL.h("th", { scope: "row" }, meaning), study.cases.map((c, i) => DTL.figureCell(sheet.cases[c.case], metric, unit, i))))));
  return DTL.h("div", { class: "dtl-scroll" }, table);
};

/** Scrolls the table of figures to the column of a case, beside the names of the figures, where it does not fit. */
DTL.bringIntoView = (box, at) => {
  const cell = box.querySelector(`td[data-at="${at}"]`);
  if (cell) box.scrollLeft = cell.offsetLeft - cell.parentElement.firstElementChild.offsetWidth;
};

DTL.figureCell = (told, metric, unit, at) => {
  const figure = told.figures[metric];
  if (!figure) return DTL.h("td", { "data-at": at }, DTL.MISSING);
  const over = ["overload_hours_h", "violation_hours_h"].includes(metric) ? figure.value > 0
    : metric === "min_pu" ? figure.value < figure.limit : figure.limit !== undefined && figure.value > figure.limit;
  const where = [figure.text, figure.hour === undefined ? "" : DTL.stamp(figure.hour), figure.rule].filter(Boolean).join(" · ");
  const delta = figure.delta && figure.verdict !== "same" ? DTL.h("small", { class: `dtl-${figure.verdict}` }, DTL.change(figure.delta, unit)) : null;
  return DTL.h("td", { "data-at": at, class: over ? "dtl-num dtl-trouble" : "dtl-num", title: where }, DTL.text(figure.value, unit, figure.limit), delta);
};

DTL.works = (sheet, name) => {
  const left = sheet.cases[name].figures.mitigation_left_h;
  if (!sheet.works.length && !left) return [];
  const said = !left ? "This case was not among those whose violations were to be removed."
    : left.value ? `${DTL.text(left.value, "h")} of elements over a limit are left with them: ${left.text}.` : "With them, solved together, nothing is over a limit in this case.";
  const list = sheet.works.map((w) => DTL.h("li", {}, w.work, w.cost === null ? "" : `, cost ${DTL.text(w.cost)}`, ` (${w.text})`));
  return [DTL.h("h2", {}, "Works"), sheet.works.length ? DTL.h("ul", { id: "works" }, list) : DTL.h("p", {}, "None is chosen."),
    DTL.h("p", { class: "dtl-note" }, sheet.works.length || (left && left.value) ? `${said} ` : "", DTL.h("a", { href: "mitigation.html" }, "Mitigation"), ".")];
};

DTL.caseBody = (study, sheet, { ts, profile, parts, hc, oms, kept }, at) => {
  const told = study.cases[at];
  const here = sheet.cases[told.case];
  return [
    DTL.profileChart(study, profile, at),
    DTL.oneLine(study, profile, parts, at),
    ...(ts ? [DTL.h("div", { class: "dtl-two" }, DTL.yearChart(study, ts, at), DTL.weekChart(study, ts, at)), DTL.yearStrip(study, ts, at)] : study.states?.length ? [] : [DTL.h("p", { class: "dtl-note" }, "Hours of the head: this copy does not show the load of customers.")]),
    ...DTL.keptChart(study, kept, at),
    DTL.h("h2", {}, "Nearest to their limit"),
    DTL.worstTable(study, sheet, at),
    sheet.drawn ? DTL.mapLink(sheet, told.case) : "",
    DTL.h("h2", {}, "Over a limit"),
    DTL.brokenTable(study, sheet, told.case),
    hc ? DTL.feederHosting(study, hc, profile, at) : "",
    ...DTL.works(sheet, told.case),
    ...(oms ? [DTL.h("h2", {}, "Interruptions"), DTL.outageTable(oms.outages)] : []),
    here.warnings.length ? DTL.h("div", {}, DTL.h("h2", {}, "Warnings of the power flow"), DTL.h("ul", {}, here.warnings.map((w) => DTL.h("li", {}, w)))) : "",
    DTL.h("p", { class: "dtl-note" }, `${here.engine}, tolerance ${here.tolerance}, largest gap of the balance ${here.balance_max_rel}; `, DTL.h("a", { href: "method.html" }, "method"), "."),
  ];
};

DTL.mapLink = (sheet, name) =>
  DTL.h("p", {}, DTL.h("a", { href: `map.html#f=${encodeURIComponent(sheet.id)}${name ? `&s=${encodeURIComponent(name)}` : ""}` }, "Show on the map"));

DTL.bullet = (value, before, limit, scale) => {
  const k = 200 / scale;
  const share = (100 * value) / limit;
  return DTL.svg("svg", { class: "dtl-bullet", viewBox: "0 0 200 16", preserveAspectRatio: "none", role: "img", "aria-label": `${DTL.text(share, "%")} of the limit` },
    DTL.svg("rect", { class: "dtl-track", x: 0, y: 2, width: 200, height: 12 }),
    DTL.svg("rect", { class: `dtl-load-${DTL.loadClass(share)}`, x: 0, y: 4, width: Math.min(200, share * k), height: 8 }),
    before === null ? null : DTL.svg("rect", { class: "dtl-before", x: Math.min(198, (100 * before * k) / limit - 1), y: 1, width: 2, height: 14 }),
    DTL.svg("rect", { class: "dtl-limit", x: 100 * k, y: 0, width: 1.2, height: 16 }));
};

DTL.worstTable = (study, sheet, at) => {
  const told = study.cases[at];
  const rows = sheet.worst.filter((w) => w.cases[told.case]);
  if (!rows.length) return DTL.h("p", {}, "Nothing here has a rating, so nothing can be judged by it.");
  const now = (w) => w.cases[told.case];
  const before = (w) => (told.baseline && told.baseline !== told.case ? w.cases[told.baseline]?.max_load_pct ?? null : null);
  const scale = Math.min(250, Math.max(150, ...rows.map((w) => (100 * now(w).max_load_pct) / w.limit)));
  return DTL.table({
    rows,
    sort: 2,
    most: 20,
    caption: "Elements nearest to their limit",
    columns: [
      { title: "Element", value: (w) => w.element, left: true },
      { title: "Kind", value: (w) => w.kind, left: true },
      { title: "Loading", unit: "% of the limit", wide: true, value: (w) => now(w).max_load_pct / w.limit, cell: (w) => DTL.bullet(now(w).max_load_pct, before(w), w.limit, scale) },
      { title: "Loading", unit: "% of the rating", value: (w) => now(w).max_load_pct, cell: (w) => DTL.shown(now(w).max_load_pct, "%", w.limit)[0], trouble: (w) => now(w).max_load_pct > w.limit },
      { title: "Rating", value: (w) => now(w).rating, cell: (w) => (now(w).rating === null ? DTL.MISSING : `${DTL.significant(now(w).rating)} ${now(w).rating_unit}`) },
      { title: "Hours over", unit: "h", value: (w) => now(w).hours_over, cell: (w) => DTL.text(now(w).hours_over) },
      { title: "When", value: (w) => now(w).max_load_hour, cell: (w) => DTL.stamp(now(w).max_load_hour) },
    ],
  });
};

/** What is over a limit: one row per element, with all that was found of it. */
DTL.brokenTable = (study, sheet, name) => {
  const found = new Map();
  for (const b of sheet.broken) if (b.case === name) {
    const key = `${b.kind} ${b.element}`;
    if (!found.has(key)) found.set(key, { kind: b.kind, element: b.element, metrics: {} });
    found.get(key).metrics[b.metric] = b;
  }
  const rows = [...found.values()];
  const hidden = DTL.unshown(study, [sheet.id], [name]).length ? DTL.h("p", {}, `Something ${rows.length ? "else " : ""}is over a limit in this case, in a part that is not shown here.`) : null;
  if (!rows.length) return hidden ?? DTL.h("p", {}, "Nothing in this case.");
  const more = sheet.broken_count > sheet.broken.length ? DTL.h("p", { class: "dtl-note" }, `The first ${sheet.broken.length} of ${sheet.broken_count} facts of all cases; the rest is in `, DTL.h("a", { href: "downloads.html" }, "violations.csv"), ".") : null;
  const first = (row, ...metrics) => metrics.map((m) => row.metrics[m]).find((b) => b !== undefined);
  const worst = (row) => (row.metrics.hours_high_h && !row.metrics.hours_low_h ? row.metrics.max_pu : first(row, "max_load_pct", "min_pu", "max_pu"));
  const hours = (row) => (row.metrics.hours_low_h?.value ?? 0) + (row.metrics.hours_high_h?.value ?? 0) + (row.metrics.hours_over_h?.value ?? 0);
  const text = (b) => (b ? DTL.text(b.value, b.unit, b.limit) : "");
  return DTL.h("div", {}, DTL.table({
    rows,
    most: 30,
    sort: 4,
    caption: "What is over a limit",
    columns: [
      { title: "Element", value: (r) => r.element, left: true },
      { title: "Kind", value: (r) => r.kind, left: true },
      { title: "Worst", value: (r) => worst(r)?.value, cell: (r) => text(worst(r)) },
      { title: "Limit", value: (r) => worst(r)?.limit, cell: (r) => (worst(r)?.limit === undefined ? "" : DTL.text(worst(r).limit, worst(r).unit)) },
      { title: "Hours", unit: "h", value: hours, cell: (r) => DTL.text(hours(r)) },
      { title: "Energy over", value: (r) => r.metrics.kwh_over?.value, cell: (r) => text(r.metrics.kwh_over) },
      { title: "Emergency", unit: "h", value: (r) => r.metrics.hours_over_emergency_h?.value, cell: (r) => (r.metrics.hours_over_emergency_h ? DTL.text(r.metrics.hours_over_emergency_h.value) : "") },
      { title: "When", value: (r) => worst(r)?.hour, cell: (r) => (worst(r)?.hour === undefined ? "" : DTL.stamp(worst(r).hour)) },
      { title: "Rule", value: (r) => worst(r)?.rule ?? "", left: true, text: true },
    ],
  }), hidden, more);
};

/** The interruptions of a feeder, the latest first. */
DTL.outageTable = (outages) => {
  const get = (name) => outages.get(name);
  const number = (title, name) => ({ title, value: (i) => get(name)[i], cell: (i) => DTL.text(get(name)[i]) });
  return DTL.table({
    rows: Array.from({ length: outages.n }, (_, i) => i),
    sort: 0,
    most: 12,
    caption: "Interruptions",
    columns: [
      { title: "Day", value: (i) => get("day")[i], left: true },
      { title: "Opened", value: (i) => (get("element")[i] ? `${get("kind")[i]} ${get("element")[i]}` : get("device")[i] || DTL.MISSING), left: true },
      { title: "Cause", value: (i) => `${get("cause")[i]}${get("planned")[i] === 1 ? ", planned" : ""}`, left: true },
      number("Minutes", "minutes"), number("Customers", "customers"), number("Customer minutes", "customer_minutes"),
    ],
  });
};
