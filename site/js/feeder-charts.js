// The charts of the feeder page, each from its payload.
"use strict";

DTL.caseColour = (told) => `var(--dtl-scenario-${told.colour})`;

/** Voltage over distance in the worst hour, a line per phase; the baseline's worst hour is drawn thin behind. */
DTL.profileChart = (study, profile, at) => {
  const buses = profile.buses;
  const told = study.cases[at];
  const km = buses.get("km");
  const parent = buses.get("parent");
  const us = study.units === "us";
  const far = km.map((v) => (us ? v / DTL.KM_PER_MILE : v));
  const distanceUnit = us ? "mi" : "km";
  const phases = profile.meta.phases.filter((p) => buses.has(`pu@${at}.${p}`));
  const base = study.cases.findIndex((c) => c.case === told.baseline && c.case !== told.case);
  const below = base >= 0 ? profile.meta.phases.filter((p) => buses.has(`pu@${base}.${p}`)) : [];
  const segments = (column, more) => {
    const pu = buses.get(column);
    const rows = Array.from(parent.keys()).filter((i) => !Number.isNaN(parent[i]) && !Number.isNaN(pu[i]));
    return { kind: "segments", x1: rows.map((i) => far[parent[i]]), y1: rows.map((i) => pu[parent[i]]), x2: rows.map((i) => far[i]), y2: rows.map((i) => pu[i]), ...more };
  };
  const rules = new Map();
  for (const [side, above] of [["low", false], ["high", true]]) {
    const count = new Map();
    for (const v of buses.get(side)) if (!Number.isNaN(v)) count.set(v, (count.get(v) ?? 0) + 1);
    for (const value of count.keys()) rules.set(`${side}${value}`, { kind: "rule", y: value, name: `limit ${value} pu`, above });
  }
  const all = phases.map((p) => buses.get(`pu@${at}.${p}`));
  const [low, high] = DTL.extent(...all, Array.from(rules.values(), (r) => r.y));
  const hour = profile.meta.hour[told.case];
  const names = buses.get("name");
  const single = phases.filter((p) => p.length === 1);
  const colour = (phase) => `var(--dtl-phase-${phase.length > 1 || !"ABC".includes(phase) ? 3 : "ABC".indexOf(phase)})`;
  return DTL.chart({
    title: "Voltage over distance",
    unit: `pu, in the worst hour${hour === undefined || hour === null ? "" : `, ${DTL.stamp(hour)}`}`,
    describe: `Voltage of each phase against the distance from the head, ${told.label}.`,
    note: "The axis of voltage does not start at zero.",
    height: 300,
    x: { from: 0, to: Math.max(...far, 0.001), unit: distanceUnit },
    y: { from: low - 0.008, to: high + 0.008 },
    layers: [
      ...rules.values(),
      ...below.map((p, i) => segments(`pu@${base}.${p}`, { colour: "var(--dtl-scenario-0)", class: "dtl-thin", key: i ? null : study.cases[base].label })),
      ...phases.filter((p) => p.length > 1).map((p, i) => segments(`pu@${at}.${p}`, { colour: colour(p), class: "dtl-between", key: i ? null : "between phases" })),
      ...single.map((p) => segments(`pu@${at}.${p}`, { colour: colour(p), key: `phase ${p}` })),
    ],
    read: (x) => {
      let best = -1;
      far.forEach((v, i) => {
        if (best < 0 || Math.abs(v - x) < Math.abs(far[best] - x)) best = i;
      });
      const values = phases.map((p) => [p, buses.get(`pu@${at}.${p}`)[best]]).filter(([, v]) => !Number.isNaN(v));
      return `${names[best]}, ${DTL.significant(far[best])} ${distanceUnit}: ${values.map(([p, v]) => `${p} ${v.toFixed(4)}`).join(", ")} pu`;
    },
    rows: () => ({
      head: ["bus", distanceUnit, ...phases.map((p) => `${p} pu`)],
      rows: names.map((n, i) => [n, far[i].toFixed(3), ...phases.map((p) => buses.get(`pu@${at}.${p}`)[i]).map((v) => (Number.isNaN(v) ? "–" : v.toFixed(4)))]),
    }),
  });
};

/** Power at the head: from the lowest to the highest hour of each day. */
DTL.yearChart = (study, ts, at) => {
  const { told, base, days } = DTL.pair(study, ts, at);
  const x = Float64Array.from({ length: 365 }, (_, i) => i + 0.5);
  const low = days.get(`kw_min@${at}`);
  const high = days.get(`kw_max@${at}`);
  const before = base >= 0 ? days.get(`kw_max@${base}`) : null;
  const [least, most] = DTL.extent(low, high, before ?? []);
  return DTL.chart({
    title: "Power at the head",
    unit: "kW, from the lowest to the highest hour of each day",
    describe: `Daily range of the power from the source, ${told.label}.`,
    x: { from: 0, to: 365, ticks: DTL.MONTH_STARTS.map((d, i) => [d, DTL.MONTHS[i].slice(0, 3)]), start: true, room: 46 },
    y: { from: Math.min(0, least), to: most * 1.04 },
    layers: [
      { kind: "band", x, low, high, colour: DTL.caseColour(told), key: told.label },
      ...(before ? [{ kind: "line", x, y: before, colour: "var(--dtl-scenario-0)", class: "dtl-thin", key: `${study.cases[base].label}, highest` }] : []),
    ],
    read: (v) => {
      const d = Math.min(364, Math.floor(v));
      return Number.isNaN(low[d]) ? `${DTL.day(d)}: not solved` : `${DTL.day(d)}: ${DTL.text(low[d], "kW")} to ${DTL.text(high[d], "kW")}`;
    },
    rows: () => ({ head: ["day", "lowest kW", "highest kW"], rows: Array.from(low, (v, d) => [DTL.day(d), v.toFixed(1), high[d].toFixed(1)]) }),
  });
};

DTL.weekChart = (study, ts, at) => {
  const { told, base } = DTL.pair(study, ts, at);
  const start = ts.meta.week_start;
  const x = Float64Array.from({ length: 168 }, (_, i) => i);
  const now = ts.week.get(`kw@${at}`);
  const before = base >= 0 ? ts.week.get(`kw@${base}`) : null;
  const [least, most] = DTL.extent(now, before ?? []);
  const days = Array.from({ length: 7 }, (_, i) => [i * 24, DTL.day(start / 24 + i).replace(/ (\w{3})\w*/, " $1")]);
  return DTL.chart({
    title: "The week of the peak",
    unit: "kW at the head, hour by hour",
    describe: `Power from the source in the week around its peak, ${told.label}.`,
    x: { from: 0, to: 168, ticks: days, start: true },
    y: { from: Math.min(0, least), to: most * 1.04 },
    layers: [
      ...(before ? [{ kind: "line", x, y: before, colour: "var(--dtl-scenario-0)", class: "dtl-thin", key: study.cases[base].label }] : []),
      { kind: "line", x, y: now, colour: DTL.caseColour(told), key: told.label },
    ],
    read: (v) => {
      const i = Math.min(167, Math.floor(v));
      return `${DTL.stamp(start + i)}: ${DTL.text(now[i], "kW")}${before ? `, ${study.cases[base].label} ${DTL.text(before[i], "kW")}` : ""}`;
    },
    rows: () => ({ head: ["hour", "kW"], rows: Array.from(now, (v, i) => [DTL.stamp(start + i), v.toFixed(1)]) }),
  });
};

DTL.pair = (study, ts, at) => {
  const told = study.cases[at];
  const base = study.cases.findIndex((c) => c.case === told.baseline && c.case !== told.case);
  return { told, base: base >= 0 && ts.days.has(`kw_max@${base}`) ? base : -1, days: ts.days };
};

/** Every hour of the year by the highest loading of any element; of feeders without hours, every day. */
DTL.yearStrip = (study, ts, at) => {
  const hourly = ts.hours?.has(`load@${at}`) ? ts.hours.get(`load@${at}`) : null;
  const daily = ts.days.get(`load@${at}`);
  const values = hourly ?? Float64Array.from({ length: 8760 }, (_, i) => daily[Math.floor(i / 24)]);
  const labels = DTL.palette.scales.load.labels;
  if (values.every(Number.isNaN)) return "";
  return DTL.heatStrip({
    title: "The year at a glance",
    unit: `highest loading of any element, % of its rating${hourly ? "" : "; the highest of each day"}`,
    describe: `Highest loading in every hour of the year, ${study.cases[at].label}.`,
    values,
    colours: () => {
      const known = DTL.colours("load");
      return (v) => (Number.isNaN(v) ? null : known[DTL.loadClass(v)]);
    },
    read: (h) => `${hourly ? DTL.stamp(h) : DTL.day(Math.floor(h / 24))}: ${DTL.text(values[h], "%", 100)}`,
    keys: labels.map((text, i) => DTL.h("span", {}, DTL.h("i", { class: `dtl-swatch dtl-load-${i}` }), text)),
  });
};
