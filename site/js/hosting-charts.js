// What the pages draw of hosting capacity: ranges over buses, curves and violins of random deployments, what limits.
"use strict";

DTL.hosting = {};

/** Words for people: `voltage_deviation_primary` is "voltage deviation, primary". */
DTL.hosting.factor = (name) => {
  if (!name || name === "none") return "nothing up to the largest plant tried";
  const [, what, where] = /^(.*?)(?:_(primary|secondary))?$/.exec(name);
  return `${what.replaceAll("_", " ")}${where ? `, ${where}` : ""}`;
};

DTL.hosting.METHODS = { iterative: "bus by bus", drive: "streamlined estimate", qsts: "with hours allowed", stochastic: "random deployments" };
DTL.hosting.method = (name, mode) => `${name} (${mode === "distributed" && name !== "stochastic" ? "all customers, by their energy" : DTL.hosting.METHODS[name] ?? name})`;

DTL.hosting.hour = (hour) => (hour === null || hour === undefined || Number.isNaN(hour) ? "" : DTL.stamp(hour));

/** The unit of a criterion's value. */
DTL.hosting.unit = (factor) => (/voltage|regulator/.test(factor) && !/ground/.test(factor) ? "pu" : /thermal|islanding|unbalance|ground/.test(factor) ? "%" : /reverse|flexibility/.test(factor) ? "kW" : "A");

/** The smallest range of powers of ten around some capacities [kW]. */
DTL.hosting.decades = (values) => {
  const there = values.filter((v) => v > 0);
  const low = Math.floor(Math.log10(Math.max(0.1, Math.min(...there, 1000))));
  return [low, Math.max(low + 1, Math.ceil(Math.log10(Math.max(...there, 1))))];
};

/** A range on a scale of powers of ten: lowest to highest thin, 5th to 95th percentile thick, the median as a tick. */
DTL.hosting.range = (s, [from, to]) => {
  const x = (kw) => (kw > 0 ? Math.min(200, Math.max(0, ((Math.log10(kw) - from) / (to - from)) * 200)) : 0);
  const low = Number.isNaN(s.low) ? s.p5 : s.low;
  const high = Number.isNaN(s.high) ? s.p95 : s.high;
  const grid = Array.from({ length: to - from + 1 }, (_, i) => DTL.svg("rect", { class: "dtl-decade", x: (i / (to - from)) * 200 - (i === to - from ? 1 : 0), y: 0, width: 0.7, height: 16 }));
  return DTL.svg("svg", { class: "dtl-bullet", viewBox: "0 0 200 16", preserveAspectRatio: "none", role: "img", "aria-label": `from ${DTL.text(low, "kW")} over ${DTL.text(s.p50, "kW")} to ${DTL.text(high, "kW")}` },
    grid, DTL.svg("rect", { class: "dtl-span", opacity: 0.6, x: x(low), y: 7, width: Math.max(1, x(high) - x(low)), height: 2 }),
    DTL.svg("rect", { class: "dtl-span", x: x(s.p5), y: 4, width: Math.max(1.5, x(s.p95) - x(s.p5)), height: 8 }),
    DTL.svg("rect", { class: "dtl-limit", x: Math.max(0, x(s.p50) - 1), y: 1, width: 2, height: 14 }));
};

/** A bar of shares, one colour each, with its list: what limits the buses. */
DTL.hosting.limits = (counts) => {
  const told = [...counts].sort((a, b) => b[1] - a[1]);
  const all = told.reduce((sum, [, n]) => sum + n, 0);
  let at = 0;
  const bars = told.map(([, n], i) => {
    const bar = DTL.svg("rect", { x: (at / all) * 600, y: 0, width: Math.max(1, (n / all) * 600 - 1), height: 22, style: `fill:var(--dtl-scenario-${i % 5})` });
    at += n;
    return bar;
  });
  return DTL.h("figure", { class: "dtl-chart" }, DTL.h("figcaption", {}, DTL.h("b", {}, "What limits the buses"), ` ${all.toLocaleString("en-US")} answers`),
    DTL.svg("svg", { class: "dtl-shares", viewBox: "0 0 600 22", preserveAspectRatio: "none", role: "img", "aria-label": told.map(([f, n]) => `${DTL.hosting.factor(f)} ${n}`).join(", ") }, bars),
    DTL.h("p", { class: "dtl-keys" }, told.map(([f, n], i) => DTL.h("span", {}, DTL.h("i", { class: "dtl-swatch", style: `background:var(--dtl-scenario-${i % 5})` }), `${DTL.hosting.factor(f)} `, DTL.h("b", {}, n.toLocaleString("en-US"))))));
};

/** The share of deployments that fail at a total power, a line for each of a few curves {name, colour, kw, share, p5, p50, p95}. */
DTL.hosting.curve = (curves, title) => {
  const most = Math.max(...curves.map((c) => c.kw.at(-1) ?? 0), 1);
  return DTL.chart({
    title,
    unit: "% of the deployments in which a criterion fails, by total power",
    describe: "Share of the random deployments that fail at each level of total power.",
    x: { from: 0, to: most, unit: "kW" },
    y: { from: 0, to: 104 },
    layers: [
      ...[5, 50, 95].map((y) => ({ kind: "rule", y, name: y === 50 ? "median" : `P${y}`, above: true })),
      ...curves.map((c) => ({ kind: "line", x: [0, ...c.kw], y: [0, ...c.share.map((s) => 100 * s)], colour: c.colour, key: c.name })),
    ],
    read: (x) => `${DTL.text(x, "kW")}: ${curves.map((c) => {
      const i = c.kw.findIndex((v) => v >= x);
      return `${c.name} ${i < 0 ? "all tried" : `${DTL.grouped(100 * c.share[i], 0)} %`}`;
    }).join(", ")}`,
    rows: () => ({ head: ["curve", "kW", "share that fails, %"], rows: curves.flatMap((c) => c.kw.map((kw, i) => [c.name, kw.toFixed(1), (100 * c.share[i]).toFixed(1)])) }),
  });
};

/** Violins: how the capacities of random deployments are spread, from the steps of their curve; P5, median and P95 marked. */
DTL.hosting.violins = (curves) => {
  const most = Math.max(...curves.map((c) => Math.max(c.kw.at(-1) ?? 0, c.p95)), 1);
  const names = curves.map((c) => (c.name.length > 20 ? `${c.name.slice(0, 19)}…` : c.name));
  const [wide, high, left] = [window.innerWidth < 700 ? 370 : 560, 44, 12 + Math.max(0, ...names.map(DTL.tickWidth))];
  const x = (kw) => left + (kw / most) * (wide - left - 34);
  const svg = DTL.svg("svg", { class: "dtl-violins", viewBox: `0 0 ${wide} ${curves.length * high + 24}`, role: "img" }, DTL.svg("title", {}, "Spread of the capacity over random deployments"));
  curves.forEach((c, n) => {
    const middle = n * high + high / 2;
    const steps = c.share.map((s, i) => Math.max(0, s - (i ? c.share[i - 1] : 0)));
    const top = Math.max(...steps, 1e-9);
    const half = (i) => (steps[i] / top) * (high / 2 - 5);
    const centre = (i) => (c.kw[i] + (i ? c.kw[i - 1] : 0)) / 2;
    const points = [[0, 0], ...steps.map((_, i) => [centre(i), half(i)]), [c.kw.at(-1), 0]];
    const path = `M${points.map(([kw, h]) => `${x(kw).toFixed(1)} ${(middle - h).toFixed(1)}`).join("L")}L${[...points].reverse().map(([kw, h]) => `${x(kw).toFixed(1)} ${(middle + h).toFixed(1)}`).join("L")}Z`;
    svg.append(DTL.svg("text", { class: "dtl-tick", x: left - 8, y: middle + 4, "text-anchor": "end" }, names[n]),
      DTL.svg("path", { class: "dtl-band", d: path, style: `--c:${c.colour}` }),
      DTL.svg("line", { class: "dtl-axis", x1: x(c.p5), x2: x(c.p95), y1: middle, y2: middle }),
      ...[c.p5, c.p50, c.p95].map((v, i) => DTL.svg("line", { class: i === 1 ? "dtl-median" : "dtl-axis", x1: x(v), x2: x(v), y1: middle - (i === 1 ? 9 : 5), y2: middle + (i === 1 ? 9 : 5) })));
  });
  for (const tick of DTL.ticks(0, most, wide / 100)) svg.append(DTL.svg("text", { class: "dtl-tick", x: x(tick), y: curves.length * high + 16, "text-anchor": "middle" }, `${DTL.grouped(tick, 0)}${tick === 0 ? " kW" : ""}`));
  return DTL.h("figure", { class: "dtl-chart" }, DTL.h("figcaption", {}, DTL.h("b", {}, "Spread over the deployments"), " kW in total; marks at the 5th, 50th and 95th percentile"), DTL.h("div", { class: "dtl-scroll" }, svg));
};

/** The curves of a payload's tables: row number -> {kw, share}. */
DTL.hosting.levels = (table) => {
  const found = new Map();
  const [row, kw, share] = ["row", "kw", "share"].map((n) => table.get(n));
  for (let i = 0; i < table.n; i++) {
    if (!found.has(row[i])) found.set(row[i], { kw: [], share: [] });
    found.get(row[i]).kw.push(kw[i]);
    found.get(row[i]).share.push(share[i]);
  }
  return found;
};

/** Radio buttons as pills. */
DTL.pills = (legend, name, options, chosen, draw) =>
  DTL.h("fieldset", { class: "dtl-choice" }, DTL.h("legend", {}, legend), options.map(([value, text, title]) =>
    DTL.h("label", {}, DTL.h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => draw(value) }), DTL.h("span", { title }, text))));
