// The series that the study keeps of single elements: one chart, the element to choose, and the numbers to take away.
"use strict";

DTL.KEPT = { load_pct: ["loading", "%"], min_pu: ["lowest voltage", "pu"], max_pu: ["highest voltage", "pu"] };

/** The chart of one kept element of a case; nothing where none was kept. */
DTL.keptChart = (study, kept, at) => {
  if (!kept) return [];
  const own = DTL.objects(kept.series).filter((s) => s.case === at);
  if (!own.length) return [];
  const named = new Map();
  for (const s of own) {
    const name = `${s.kind} ${s.element}`;
    named.set(name, [...(named.get(name) ?? []), s]);
  }
  const hours = kept.values.get("hour");
  const body = DTL.h("div");
  const what = study.states?.length ? "states" : kept.meta.step_min < 60 ? `hours, of each the extreme of its steps of ${kept.meta.step_min} min` : "hours";
  const draw = (name) => {
    const series = named.get(name).map((s) => ({ ...s, values: kept.values.get(s.column) }));
    const unit = DTL.KEPT[series[0].quantity][1];
    const [low, high] = DTL.extent(...series.map((s) => s.values));
    const room = 0.05 * (high - low) || 0.05 * Math.abs(high) || 1;
    const x = Float64Array.from(hours, (_, i) => i);
    const every = Math.max(1, Math.floor(hours.length / 12));
    const ticks = [];
    for (let i = 0; i < hours.length; i += every) ticks.push([i, DTL.stamp(hours[i]).replace(/ at .*/, "")]);
    const columns = [study.states?.length ? { title: "state", value: (i) => study.states[hours[i]] } : { title: "hour", value: (i) => hours[i] }, ...series.map((s) => ({ title: DTL.KEPT[s.quantity][0], unit, value: (i) => s.values[i] }))];
    body.replaceChildren(DTL.chart({
      title: name, unit: `${series.map((s) => DTL.KEPT[s.quantity][0]).join(" and ")}, ${unit}, ${hours.length.toLocaleString("en-US")} ${what}`,
      describe: `${name} in ${hours.length.toLocaleString("en-US")} ${what}, ${study.cases[at].label}.`,
      x: { from: 0, to: Math.max(1, hours.length - 1), ticks, start: true },
      y: { from: low - room, to: high + room },
      layers: series.map((s, i) => ({ kind: "line", x, y: s.values, colour: `var(--dtl-scenario-${i})`, class: "dtl-thin", key: DTL.KEPT[s.quantity][0] })),
      read: (v) => {
        const i = Math.min(hours.length - 1, Math.max(0, Math.round(v)));
        return `${DTL.stamp(hours[i])}: ${series.map((s) => `${DTL.KEPT[s.quantity][0]} ${DTL.text(s.values[i], unit)}`).join(", ")}`;
      },
    }), DTL.h("p", { class: "dtl-note" }, DTL.h("button", { type: "button", onclick: () => DTL.saveCsv(`${kept.meta.feeder} ${name} ${study.cases[at].case}.csv`, columns, Array.from(hours, (_, i) => i)) }, "Take the series away as CSV")));
  };
  const choose = DTL.h("select", { id: "dtl-kept", onchange: () => draw(choose.value) }, [...named.keys()].map((name) => DTL.h("option", { value: name }, name)));
  draw(named.keys().next().value);
  return [DTL.h("h2", {}, study.states?.length ? "State by state" : "Hour by hour"), DTL.h("label", { class: "dtl-field" }, "Element", choose), body];
};
