// The panel of one part of the network: its answers in every case, what fits there, and its interruptions.
"use strict";

/** What the panel says of a part, for every case. */
DTL.panelContent = (page, part) => {
  const { detail, kind, k } = part;
  const { study, data } = page;
  const table = detail.table(kind);
  const get = (name) => table.get(name)?.[k];
  const word = kind === "line" ? get("kind") : kind === "transformer" && get("regulator") ? "regulator" : kind;
  const facts = {
    line: () => [`phases ${get("phases")}`, Number.isNaN(get("length_km")) ? "" : DTL.length(get("length_km"), study.units), get("closed") ? "" : "open"],
    transformer: () => [`${DTL.significant(get("kva"))} kVA`, `${get("kv")} kV`, `${get("phases")} phase${get("phases") > 1 ? "s" : ""}`, get("customers") ? `${get("customers")} customers` : ""],
    bus: () => [`${DTL.significant(get("kv"))} kV`, `phases ${get("phases")}`, get("head") ? "head of the feeder" : ""],
  }[kind]();
  const limits = kind === "bus" ? [get("low"), get("high")] : null;
  const rows = kind === "bus"
    ? [["Lowest, pu", (c) => DTL.shown(get(`min@${c}`), "pu", limits[0])[0], (c) => get(`min@${c}`) < limits[0]], ["Highest, pu", (c) => DTL.shown(get(`max@${c}`), "pu", limits[1])[0], (c) => get(`max@${c}`) > limits[1]],
      ["Hours too low", (c) => DTL.text(get(`hours_low@${c}`)), null], ["Hours too high", (c) => DTL.text(get(`hours_high@${c}`)), null]]
    : [["Loading, % of rating", (c) => DTL.shown(get(`pct@${c}`), "%")[0], (c) => get(`load@${c}`) > 100], ["% of its limit", (c) => DTL.shown(get(`load@${c}`), "%", 100)[0], (c) => get(`load@${c}`) > 100],
      ["Hours over", (c) => DTL.text(get(`over@${c}`)), null], ["Highest at", (c) => (Number.isNaN(get(`hour@${c}`)) ? DTL.MISSING : DTL.stamp(get(`hour@${c}`)).replace(" at ", " ")), null],
      [kind === "line" ? "Rating, A" : "Rating, kVA", (c) => DTL.text(get(`rating@${c}`), "A").replace(/ A$/, ""), null]];
  const close = DTL.h("button", { type: "button", class: "dtl-close", "aria-label": "Close", onclick: () => page.close() }, "×");
  return [
    close,
    DTL.h("h2", {}, `${word[0].toUpperCase()}${word.slice(1)} `, DTL.h("span", {}, get("name"))),
    DTL.h("p", { class: "dtl-note" }, "Feeder ", DTL.h("a", { href: DTL.feederLink(detail.id) }, detail.id), ` · ${facts.filter(Boolean).join(" · ")}`),
    limits ? DTL.h("p", { class: "dtl-note" }, `Limits ${DTL.text(limits[0], "pu")} to ${DTL.text(limits[1], "pu")}`) : "",
    DTL.h("div", { class: "dtl-scroll" }, DTL.h("table", { class: "dtl-table" }, DTL.h("thead", {}, DTL.h("tr", {}, DTL.h("th", { scope: "col" }, "Case"), rows.map(([title]) => DTL.h("th", { scope: "col" }, title)))),
      DTL.h("tbody", {}, study.cases.map((told, c) => DTL.h("tr", { class: c === data.at ? "dtl-chosen" : null, "data-case": told.case }, DTL.h("th", { scope: "row" }, told.label),
        rows.map(([, text, over]) => DTL.h("td", { class: over?.(c) ? "dtl-num dtl-trouble" : "dtl-num" }, text(c)))))))),
    DTL.panelExtras(part, data.at),
    study.threatened?.[detail.id] ? DTL.h("p", { class: "dtl-note", "data-risk": "" }, `Its feeder: ${study.threatened[detail.id].text}.`) : "",
    DTL.panelHosting(page, part),
    DTL.panelOutages(page, part),
    data.plane.kinds[detail.i] === "schematic" ? DTL.h("p", { class: "dtl-note" }, "Drawn as a schematic: its source has no coordinates.") : "",
  ];
};

/** What holds for a part besides its answers: age, customers, power of the model, devices of the case. */
DTL.panelExtras = (part, at) => {
  const table = part.detail.table(part.kind);
  const get = (name) => table.get(name)?.[part.k] ?? NaN;
  const told = [
    ["age", (v) => `${DTL.text(v, "")} years old`], ["customers", (v) => `${DTL.text(v)} customers`], ["load_kw", (v) => `${DTL.text(v, "kW")} in the model`],
    [`ev@${at}`, (v) => `cars up to ${DTL.text(v, "kW")}`], [`solar@${at}`, (v) => `solar up to ${DTL.text(v, "kW")}`],
  ].filter(([name]) => get(name) > 0 && (part.kind !== "transformer" || name !== "customers")).map(([name, words]) => words(get(name)));
  return told.length ? DTL.h("p", { class: "dtl-note", "data-extras": "" }, told.join(" · ")) : "";
};

/** The plant that fits at a bus, by method and case, with what stops it: it passes at the first figure and fails at the second. */
DTL.panelHosting = (page, part) => {
  const { detail, kind, k } = part;
  const box = DTL.h("div", { "data-hosting": "" });
  if (kind !== "bus" && kind !== "transformer") return box;
  const has = page.data.study.cases.some((_, c) => ["fit_generation", "fit_load", "fit_pv"].some((name) => detail.buses.has(`${name}@${c}`)));
  if (!has) return box;
  const bus = detail.buses.get("name")[kind === "bus" ? k : detail.transformers.get("bus")[k]];
  DTL.load(`hc/${page.data.feeders.get("file")[detail.i]}`).then(({ answers }) => {
    const get = (name) => answers.get(name);
    const rows = Array.from({ length: answers.n }, (_, i) => i).filter((i) => get("bus")[i] === bus && get("mode")[i] === "single");
    if (!rows.length) return;
    box.append(DTL.h("h3", {}, `What fits at ${kind === "bus" ? "this bus" : `bus ${bus}`}`), DTL.h("div", { class: "dtl-scroll" }, DTL.h("table", { class: "dtl-table dtl-lefty" },
      DTL.h("thead", {}, DTL.h("tr", {}, ["Case", "Adding", "Method", "Passes", "Fails", "By"].map((t) => DTL.h("th", { scope: "col" }, t)))),
      DTL.h("tbody", {}, rows.map((i) => DTL.h("tr", {}, DTL.h("th", { scope: "row" }, page.study.cases[get("case")[i]].label), ...[get("of")[i], get("method")[i], DTL.text(get("hc_kw")[i], "kW"),
        get("at_least")[i] === 1 ? "nothing" : Number.isNaN(get("step_kw")[i]) ? "estimate" : DTL.text(get("hc_kw")[i] + get("step_kw")[i], "kW"),
        get("limiting_factor")[i] ? `${get("limiting_factor")[i].replaceAll("_", " ")} at ${get("limiting_element")[i]}${Number.isNaN(get("limiting_hour")[i]) ? "" : `, ${DTL.stamp(get("limiting_hour")[i])}`}` : ""].map((t, n) => DTL.h("td", { class: n === 4 ? "dtl-text" : null }, t))))))));
  }).catch((error) => box.append(DTL.h("p", { class: "dtl-bad" }, error.message)));
  return box;
};

/** The interruptions that began with an opening of this element. */
DTL.panelOutages = (page, part) => {
  const { detail, kind, k } = part;
  const box = DTL.h("div", { "data-outages": "" });
  const table = detail.table(kind);
  if (!(table.get("outages")?.[k] > 0)) return box;
  const [word, name] = [kind === "line" ? table.get("kind")[k] : kind, table.get("name")[k]];
  DTL.load(`oms/${page.data.feeders.get("file")[detail.i]}`).then(({ outages }) => {
    const get = (column) => outages.get(column);
    const rows = Array.from({ length: outages.n }, (_, i) => i).filter((i) => get("kind")[i] === word && get("element")[i] === name);
    box.append(DTL.h("h3", {}, `${rows.length} interruption${rows.length === 1 ? "" : "s"} `, DTL.h("small", {}, `${DTL.text(rows.reduce((sum, i) => sum + get("customer_minutes")[i], 0))} customer minutes`)),
      DTL.table({ rows, sort: 0, most: 8, caption: "Interruptions", columns: [
        { title: "Day", value: (i) => get("day")[i], left: true }, { title: "Minutes", value: (i) => get("minutes")[i], cell: (i) => DTL.text(get("minutes")[i]) },
        { title: "Customers", value: (i) => get("customers")[i], cell: (i) => DTL.text(get("customers")[i]) }, { title: "Cause", value: (i) => get("cause")[i], left: true }] }));
  }).catch((error) => box.append(DTL.h("p", { class: "dtl-bad" }, error.message)));
  return box;
};
