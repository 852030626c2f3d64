// The feeder page's part of hosting capacity: what fits along the feeder, what limits it, and random deployments.
"use strict";

/** The section for a case; hosting is judged in few cases, so it says when another one stands in. */
DTL.feederHosting = (study, payload, profile, at) => {
  const rows = DTL.objects(payload.answers);
  rows.forEach((r, i) => Object.assign(r, { row: i }));
  const cases = [...new Set(rows.map((r) => r.case))].filter((c) => !Number.isNaN(c));
  if (!cases.length) return DTL.h("p", {}, "No answer.");
  const same = cases.filter((c) => study.cases[c].scenario === study.cases[at].scenario);
  const chosen = cases.includes(at) ? at : same.at(-1) ?? cases.at(-1);
  const kinds = ["generation", "load", "pv"].filter((of) => rows.some((r) => r.of === of));
  const box = DTL.h("div", { id: "hosting", "data-hosted": study.cases[chosen].case });
  const body = DTL.h("div");
  const draw = (of) => {
    const own = rows.filter((r) => r.case === chosen && r.of === of);
    body.replaceChildren(...DTL.hostingBody(own, DTL.hosting.levels(payload.levels), DTL.awayFrom(study, profile), of));
    box.setAttribute("data-of", of);
  };
  box.append(DTL.h("h2", {}, "Hosting capacity"),
    chosen === at ? "" : DTL.h("p", { class: "dtl-note" }, `Judged in ${study.cases[chosen].label}; the study does not ask for it in ${study.cases[at].label}.`),
    kinds.length > 1 ? DTL.pills("Adding", "dtl-of", kinds.map((of) => [of, of]), kinds[0], draw) : "", body);
  draw(kinds[0]);
  return box;
};

/** Distances of buses from the head, in the unit of the study. */
DTL.awayFrom = (study, profile) => {
  const [unit, per] = study.units === "us" ? ["mi", DTL.KM_PER_MILE] : ["km", 1];
  return { unit, of: new Map(profile.buses.get("name").map((n, i) => [n, profile.buses.get("km")[i] / per])) };
};

DTL.hostingBody = (own, levels, away, of) => {
  const single = own.filter((r) => r.mode === "single" && r.criterion === "all");
  const whole = own.filter((r) => r.mode !== "single" && !r.bus);
  const curves = whole.filter((r) => levels.has(r.row)).map((r) => ({ name: "share that fails", colour: "var(--dtl-scenario-1)", ...levels.get(r.row), p5: r.hc_kw_p5, p50: r.hc_kw_p50, p95: r.hc_kw_p95 }));
  return [
    single.length ? DTL.hostingAlong(single, away, of) : "",
    whole.length ? DTL.hostingWhole(whole) : "",
    curves.length ? DTL.h("div", { class: "dtl-two" }, DTL.hosting.curve(curves, "Random deployments"), DTL.hosting.violins(curves)) : "",
    single.length ? DTL.hostingBuses(single, away) : "",
  ];
};

/** The plant that fits at each bus, against its distance from the head, on a scale of powers of ten. */
DTL.hostingAlong = (single, away, of) => {
  const methods = [...new Set(single.map((r) => r.method))].sort((a, b) => (a === "iterative" ? -1 : b === "iterative" ? 1 : 0));
  const most = Math.max(...single.map((r) => r.hc_kw), 1);
  const low = DTL.hosting.decades(single.map((r) => r.hc_kw))[0];
  const high = Math.max(Math.log10(most), low + 1);
  const between = high - low > 2 ? [1] : [1, 2, 5];
  const log = (kw) => Math.log10(Math.max(kw, 10 ** low));
  const points = methods.map((m) => single.filter((r) => r.method === m && away.of.has(r.bus)).map((r) => ({ x: away.of.get(r.bus), y: log(r.hc_kw), r })));
  const all = points.flat();
  return DTL.chart({
    title: `${of === "load" ? "Load" : "Generation"} that fits at a bus`,
    unit: "kW, one plant alone, by distance from the head",
    describe: "Hosting capacity of each bus against its distance from the head.",
    note: "The axis goes by powers of ten; what stands on the lowest line is that or less.",
    height: 300,
    x: { from: 0, to: Math.max(...all.map((p) => p.x), 0.001), unit: away.unit },
    y: { from: low, to: high, steps: Array.from({ length: 9 }, (_, i) => between.map((n) => low + i + Math.log10(n))).flat(), format: (v) => DTL.text(10 ** v, "kW") },
    left: 66,
    layers: methods.map((m, i) => ({ kind: "dots", x: points[i].map((p) => p.x), y: points[i].map((p) => p.y), colour: `var(--dtl-scenario-${i ? 0 : 2})`, class: i ? "dtl-hollow" : "", key: m })),
    read: (x) => {
      let best = null;
      for (const p of all) if (!best || Math.abs(p.x - x) < Math.abs(best.x - x)) best = p;
      return best ? `${best.r.bus}, ${DTL.significant(best.x)} ${away.unit}: ${single.filter((r) => r.bus === best.r.bus).map((r) => `${r.method} ${DTL.text(r.hc_kw, "kW")}`).join(", ")}, ${DTL.hosting.factor(best.r.limiting_factor)}` : null;
    },
    rows: () => ({ head: ["bus", away.unit, "method", "kW"], rows: all.map((p) => [p.r.bus, p.x.toFixed(3), p.r.method, p.r.hc_kw.toFixed(1)]) }),
  });
};

/** What fits all over the feeder, by method and criterion. */
DTL.hostingWhole = (whole) => {
  const kw = (title, key) => ({ title, unit: "kW", value: (r) => r[key], cell: (r) => DTL.text(r[key], "kW").replace(/ kW$/, "") });
  return DTL.table({
    rows: whole,
    sort: 2,
    down: false,
    most: 12,
    caption: "Many plants at once",
    columns: [
      { title: "Many plants at once", value: (r) => DTL.hosting.method(r.method, r.mode), left: true },
      { title: "Criterion", value: (r) => (r.criterion === "all" ? "first that fails" : r.criterion.replaceAll("_", " ")), left: true },
      kw("Median", "hc_kw_p50"), kw("P5", "hc_kw_p5"), kw("P95", "hc_kw_p95"),
      { title: "Limited by", value: (r) => r.limiting_factor, cell: (r) => (r.at_least === 1 ? "nothing up to there" : [DTL.hosting.factor(r.limiting_factor), r.limiting_element ? DTL.h("small", {}, `at ${r.limiting_element}`) : ""]), text: true },
      { title: "When", value: (r) => r.limiting_hour, cell: (r) => DTL.hosting.hour(r.limiting_hour), left: true },
      { title: "Deployments", value: (r) => r.mc_iterations, cell: (r) => (r.method === "stochastic" ? [DTL.text(r.mc_iterations), r.converged === 0 ? DTL.h("small", {}, "not converged") : ""] : DTL.MISSING) },
    ],
  });
};

/** Every bus with the pair that proves its answer: it passes at the first figure and fails at the second. */
DTL.hostingBuses = (single, away) => {
  const fails = (r) => (r.at_least === 1 || Number.isNaN(r.step_kw) ? NaN : r.hc_kw + r.step_kw);
  const value = (r, key) => (Number.isNaN(r[key]) ? DTL.MISSING : DTL.text(r[key], DTL.hosting.unit(r.limiting_factor), key === "limiting_value" ? r.limiting_limit : null));
  const columns = [
    { title: "Bus", value: (r) => r.bus, left: true },
    { title: "Phases", value: (r) => r.phases, left: true },
    { title: "Distance", unit: away.unit, value: (r) => away.of.get(r.bus) ?? NaN, cell: (r) => (away.of.has(r.bus) ? DTL.significant(away.of.get(r.bus)) : DTL.MISSING) },
    { title: "Method", value: (r) => r.method, left: true },
    { title: "Passes at", unit: "kW", value: (r) => r.hc_kw, cell: (r) => DTL.text(r.hc_kw, "kW").replace(/ kW$/, ""), trouble: (r) => r.hc_kw <= 0 },
    { title: "Fails at", unit: "kW", value: fails, cell: (r) => (r.at_least === 1 ? "nothing fails" : Number.isNaN(fails(r)) ? "estimate" : DTL.text(fails(r), "kW").replace(/ kW$/, "")) },
    { title: "Limited by", value: (r) => DTL.hosting.factor(r.limiting_factor), cell: (r) => [DTL.hosting.factor(r.limiting_factor), r.limiting_element ? DTL.h("small", {}, `at ${r.limiting_element}`) : ""], text: true },
    { title: "When", value: (r) => r.limiting_hour, cell: (r) => DTL.hosting.hour(r.limiting_hour), left: true },
    { title: "Then", value: (r) => r.limiting_value, cell: (r) => value(r, "limiting_value") },
    { title: "Limit", value: (r) => r.limiting_limit, cell: (r) => value(r, "limiting_limit") },
  ];
  return DTL.h("div", {}, DTL.table({ rows: single, sort: 4, down: false, most: 15, filter: "Find a bus", caption: "What fits at each bus", columns }),
    DTL.h("button", { type: "button", class: "dtl-button", onclick: () => DTL.saveCsv("hosting.csv", columns, single) }, "Save as CSV"));
};
