// The answer to a canonical query from the payloads of the study; the same rules and words as dtl.report.asked.
"use strict";

{
  const ask = DTL.ask;
  const TIMES = { hour_from: "hours", hour_to: "hours", daytype: "kinds of day", month: "months", period: "times of day", event: "seasons" };
  const BANDS = { low: [0, 0.7], medium: [0.7, 0.9], high: [0.9, 1.01], ansi_a: [0.95, 1.05], ansi_b: [0.917, 1.058] };
  const WHICH = { lowest: "lowest voltage of the year", highest: "highest voltage of the year", either: "lowest and highest voltage of the year" };
  const COMPARED = { ">": (a, b) => a > b, ">=": (a, b) => a >= b, "<": (a, b) => a < b, "<=": (a, b) => a <= b, "=": (a, b) => a === b, "!=": (a, b) => a !== b };

  /**
   * What there is to know. `load` gets a payload by its name, null where the study has none.
   * @param {{meta: any, facts: any}} answers @param {(name: string) => Promise<any>} load
   */
  ask.Known = class {
    constructor(answers, load) {
      Object.assign(this, answers.meta);
      this.table = answers.facts;
      this.load = load;
      this.names = this.table.get("feeder");
      this.feeders = this.names.slice(1);
    }

    /** The number of a metric of a feeder, or of the study (empty); null without one. */
    value(metric, feeder, at) {
      const value = this.table.get(`${metric}@${at}`)?.[this.names.indexOf(feeder)];
      return value === undefined || Number.isNaN(value) ? null : value;
    }
  };

  /** The answer: parts with the case, a text in front, and rows of name, value, unit, source and place; `held` false where the results do not hold it. */
  ask.answer = async (known, { query, ignored = [] }) => {
    const named = ask.scenarioOf(known, ignored);
    if (["reject", "clarify"].includes(query.intent)) return [];
    const parts = [];
    for (const one of query.intent === "multi" ? query.queries : [query]) parts.push(await answerOne(known, one, named));
    return parts;
  };

  const nothing = (text, more = {}) => ({ held: false, text, ...more });

  /** The scenario of the study that a word names which the grammar does not know; empty without one. */
  ask.scenarioOf = (known, ignored) => {
    const names = new Map(known.cases.map((c) => [c.scenario.toLowerCase(), c.scenario]));
    return ignored.map((w) => names.get(w.toLowerCase())).find(Boolean) ?? "";
  };

  const answerOne = async (known, query, named) => {
    const chosen = caseOf(known, query, named);
    if (typeof chosen === "string") return nothing(chosen);
    const ofNames = (query.filters ?? []).filter((f) => ["id", "feeder"].includes(f.field));
    const isOfRoom = (query.filters ?? []).every((f) => ofNames.includes(f) || f.field === "hosting_capacity");
    if (["recommend", "run"].includes(query.intent) || (query.intent === "check" && isOfRoom)) return elsewhere(known, query);
    const kind = query.entity === "feeder" ? "id" : "feeder";
    for (const part of query.filters ?? []) {
      const name = String(part.value);
      if (part.field !== kind || known.feeders.some((f) => f.toLowerCase() === name.toLowerCase())) continue;
      return nothing(`${known.study} has no feeder ${name}; nearest: ${nearest(name, known.feeders).join(", ")}`);
    }
    const unheld = unheldBy(query);
    if (unheld.length) return nothing(`the results of ${known.study} cannot be chosen by ${unheld.join(", ")}: ask without`);
    if (query.intent === "compare") return compared(known, query, chosen);
    if (query.entity === "meter") return nothing(`the pages do not hold single meters; \`dtl ask ${known.study} "..."\` does`, { href: "downloads.html" });
    const rows = await rowsOf(known, query, chosen);
    if (!rows.length) return nothing(`the results of ${known.study} do not hold ${ask.called(query.metric ?? "")} of a ${query.entity}`);
    const apart = (query.filters ?? []).find((f) => f.unit && scaleOf(known, f, rows[0]) === undefined);
    if (apart) return nothing(`the results of ${known.study} hold ${ask.called(apart.field)} in ${rows[0].unit}: ask in it`);
    const kept = rows.filter((r) => isKept(known, r, query)).map((r) => sided(known, r, query));
    const which = query.metric === "voltage" ? WHICH[sideOf(known, query)] : "";
    if (query.intent !== "check") return { held: true, case: chosen, which, ...said(known, query, kept) };
    const among = rows.filter((r) => isKept(known, r, { ...query, filters: ofNames })).map((r) => sided(known, r, query));
    return { held: true, case: chosen, which, ...verdict(query, among, kept) };
  };

  const nearest = (name, feeders) => {
    const scored = feeders.map((f) => [DTL.distance(name.toLowerCase(), f.toLowerCase()), f]);
    return scored.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)).slice(0, 3).map(([, f]) => f);
  };

  /** What a question states that no answer here can heed: an answer without it would be of something else. */
  const unheldBy = (query) => {
    const own = ["id", "feeder", query.entity, query.metric];
    const fields = (query.filters ?? []).map((f) => f.field).filter((f) => !own.includes(f)).map((f) => f.replaceAll("_", " "));
    return [...new Set([...fields, ...Object.keys(query.time ?? {}).filter((k) => k in TIMES).map((k) => TIMES[k])])].sort();
  };

  const elsewhere = (known, query) => nothing(...{
    recommend: ["recommendations stand on the page Insights, where the study asks for `analyses: {recommend: {}}`", { href: "insights.html" }],
    run: [`that is not solved yet: write it as a scenario or sweep of studies/${known.study}/study.yaml and run it`, { href: "builder.html" }],
    check: [`ask the solver: dtl connect ${known.study} --bus FEEDER:BUS --kw KW --type pv`],
  }[query.intent]);

  /** The case that is asked about: the one that was chosen beside a question that names none; of the named year and the scenario with the named layers; else the last base. A text where there is none. */
  const caseOf = (known, query, named) => {
    const year = query.time?.year;
    const layers = query.scenario ?? (query.scenarios ?? []).find((s) => s.length) ?? [];
    const names = layers.length ? holding(known, layers) : named ? [named] : null;
    if (names && !names.length) {
      const listed = [...new Set(known.cases.map((c) => c.scenario))].sort().join(", ");
      return `no scenario of ${known.study} has these layers with these numbers; it has ${listed}`;
    }
    if (known.chosen && names === null && year === undefined) return known.chosen;
    const isOf = (c) => (names === null || names.includes(c.scenario)) && (year === undefined || c.year === 0 || c.year === year);
    let wanted = known.cases.filter(isOf);
    if (!wanted.length && ["saidi", "saifi", "caidi"].includes(query.metric)) wanted = known.cases;
    if (!wanted.length) return `${known.study} has no case of ${year}; it has ${known.cases.map((c) => c.case).join(", ")}`;
    const base = names === null ? wanted.filter((c) => c.scenario === "base") : wanted;
    return (base.length ? base : wanted).reduce((best, c) => (c.year > best.year ? c : best));
  };

  /** The scenarios whose stacks hold layers like these: same kinds, same shares. */
  const holding = (known, layers) =>
    Object.entries(known.layers).filter(([, own]) => layers.every((asked) => own.some((o) => isLike(asked, o)))).map(([name]) => name);

  const isLike = (asked, layer) => {
    const kind = asked.type === "policy" ? "tariff" : asked.type;
    if (layer.kind !== kind || ["scale", "add"].includes(asked.op)) return false;
    return asked.unit !== "pct" || asked.value === undefined || Math.abs(100 * (layer.penetration ?? -1) - asked.value) < 1e-6;
  };

  const rowsOf = async (known, query, { case: at }) => {
    const { entity, metric = "" } = query;
    if (["voltage", "thermal_loading"].includes(metric) && ["mean", "sum"].includes(query.fn)) return []; // the results hold the lowest and the highest of a year, not its mean
    if (entity in known.kinds && metric in known.element) return elements(known, query, at);
    if (metric in known.feeder && (["feeder", "system"].includes(entity) || (entity === "customer" && metric === "customers"))) return ofFeeders(known, query, at);
    if (entity === "feeder" && !metric) return known.feeders.map((f) => ({ name: f, ids: [f], value: 1, unit: "", source: "cube", href: DTL.feederLink(f) }));
    return metric === "hosting_capacity" && ["feeder", "bus"].includes(entity) ? hosted(known, entity, at) : [];
  };

  const ofFeeders = (known, query, at) => {
    const name = known.feeder[query.metric];
    const isPast = known.past.includes(name);
    return (query.entity === "system" ? [""] : known.feeders).flatMap((feeder) => {
      const value = known.value(name, feeder, isPast ? query.time?.year ?? 0 : at);
      const href = feeder ? DTL.feederLink(feeder) : isPast && name !== "customers" ? "reliability.html" : "index.html#matrix";
      const source = `cube ${feeder || "study"} ${isPast ? "all cases" : at} `;
      const high = query.metric === "voltage" ? known.value("max_pu", feeder, at) : null;
      const highest = high === null ? null : { value: high, source: `${source}max_pu` };
      return value === null ? [] : [{ name: feeder || "the study", ids: [feeder], value, unit: known.units[name], source: source + name, href, highest }];
    });
  };

  const elements = async (known, query, at) => {
    const [column, unit] = known.element[query.metric];
    const wanted = (query.filters ?? []).filter((f) => f.field === "feeder" && f.op === "=").map((f) => String(f.value).toLowerCase());
    const told = await known.load(`ask/${query.entity}`);
    const values = told?.rows.get(column);
    if (!values) return [];
    const highs = column === "min_pu" ? told.rows.get("max_pu") : undefined;
    const [feeder, element, cases] = ["feeder", "element", "case"].map((n) => told.rows.get(n));
    const rows = [];
    for (let i = 0; i < values.length; i++) {
      if (cases[i] !== at || Number.isNaN(values[i]) || (wanted.length && !wanted.includes(feeder[i].toLowerCase()))) continue;
      const place = new URLSearchParams({ s: at, f: feeder[i], p: `${query.entity}/${element[i]}` });
      rows.push({ name: `${feeder[i]} ${element[i]}`, ids: [feeder[i], element[i]], value: values[i], unit, source: `powerflow ${at} ${element[i]} ${column}`, href: `map.html#${place}`, highest: highs && !Number.isNaN(highs[i]) ? { value: highs[i], source: `powerflow ${at} ${element[i]} max_pu` } : null });
    }
    return rows;
  };

  const hosted = async (known, entity, at) => {
    const told = await known.load("ask/hosting");
    return told ? DTL.objects(told.rows).filter((r) => r.case === at && (r.bus === "") === (entity === "feeder")).map((r) => {
      const name = r.bus ? `${r.feeder} ${r.bus}` : r.feeder;
      const source = `hosting ${at} ${r.bus || r.feeder} ${r.method}`;
      return { name: `${name} (${r.method}, ${r.of})`, ids: [r.feeder, r.bus], value: r.hc_kw, unit: "kW", source, href: DTL.feederLink(r.feeder) };
    }) : [];
  };

  /** What a number in the unit of a question is worth in that of an answer. */
  const scaleOf = (known, { unit }, row) => known.scale[`${unit} ${row.unit}`];

  /** The numbers that a filter compares with, in its unit. */
  const boundsOf = ({ value }) => (typeof value === "string" ? BANDS[value] : [value].flat());

  /** Whether a bound of a voltage [pu] is one of the highest: it lies above the nominal voltage. */
  const isUpper = (bound, op) => bound > 1 || (bound === 1 && [">", ">="].includes(op));

  /** Which voltage of the year a question is about: `lowest`, `highest`, or `either`. */
  const sideOf = (known, query) => {
    if (["min", "max"].includes(query.fn)) return query.fn === "max" ? "highest" : "lowest";
    const parts = (query.filters ?? []).filter((f) => f.field === "voltage");
    const upper = new Set(parts.flatMap((f) => boundsOf(f).map((b) => isUpper(known.scale[`${f.unit ?? "pu"} pu`] * b, f.op))));
    if (!upper.size) upper.add(query.order === "desc");
    return upper.size > 1 ? "either" : upper.has(true) ? "highest" : "lowest";
  };

  /** The row with the voltage that the question is about: of both the one that is farther from nominal. */
  const sided = (known, row, query) => {
    if (!row.highest) return row;
    const side = sideOf(known, query);
    const isUp = side === "highest" || (side === "either" && row.highest.value - 1 > 1 - row.value);
    return isUp ? { ...row, ...row.highest } : row;
  };

  /** Whether a row is of all filters; several ids of one kind are alternatives. */
  const isKept = (known, row, { filters = [], fn }) => {
    const ids = {};
    for (const part of filters) {
      const isFit = fits(known, row, part, fn);
      if (["id", "feeder"].includes(part.field) && part.op === "=") (ids[part.field] ??= []).push(isFit);
      else if (!isFit) return false;
    }
    return Object.values(ids).every((own) => own.includes(true));
  };

  /** Whether a row is of a filter; of voltages a bound above nominal is compared with the highest, others with the lowest, unless `fn` says which. */
  const fits = (known, row, part, fn) => {
    const { field, op, value } = part;
    if (field === "id" || field === "feeder") return row.ids.some((i) => i.toLowerCase() === String(value).toLowerCase()) === (op === "=");
    const scale = part.unit ? scaleOf(known, part, row) : 1;
    const valueAt = (bound) => (row.highest && (fn === "max" || (fn !== "min" && isUpper(bound, op))) ? row.highest.value : row.value);
    const [low, high] = boundsOf(part).map((b) => scale * b);
    if (high === undefined) return COMPARED[op](valueAt(low), low);
    const isOpen = ["low", "medium", "high"].includes(value);
    const isInside = low <= valueAt(low) && (isOpen ? valueAt(high) < high : valueAt(high) <= high);
    return isInside === ["=", "within", "between"].includes(op);
  };

  /** Yes or no of one thing, with its value; of several for how many of them the condition holds. */
  const verdict = (query, among, kept) => {
    if (!among.length) return { text: "none", rows: [] };
    if (among.length > 1) return { text: `${kept.length} of ${among.length} ${ask.things(query.entity, among.length)}`, rows: [], all: kept };
    const [one] = among;
    return { text: `${kept.length ? "yes" : "no"}: ${one.name}: ${DTL.text(one.value, one.unit)}`, rows: [], all: among };
  };

  const said = (known, query, rows) => {
    if (query.intent === "count") return { text: `${rows.length} ${ask.things(query.entity, rows.length)}`, rows: [], all: rows };
    if (!rows.length) return { text: "none", rows };
    if (query.intent === "aggregate" && ["mean", "sum"].includes(query.fn)) {
      const total = rows.reduce((sum, r) => sum + r.value, 0);
      const value = query.fn === "mean" ? total / rows.length : total;
      return { text: `${query.fn === "mean" ? "average" : "total"} over ${rows.length}: ${DTL.text(value, rows[0].unit)}`, rows: [], all: rows };
    }
    const sign = query.order === "asc" ? 1 : -1;
    const ordered = [...rows].sort((a, b) => sign * (a.value - b.value) || (a.name < b.name ? -1 : 1));
    const shown = ordered.slice(0, query.limit || known.rows);
    return { text: "", rows: shown, more: query.limit ? 0 : ordered.length - shown.length, all: ordered };
  };

  const compared = (known, query, { case: after }) => {
    const metric = known.feeder[query.metric] ?? "";
    const yearOf = (name) => (name.includes("@") ? name.slice(name.indexOf("@")) : "");
    const before = known.cases.find((c) => c.scenario === "base" && after.endsWith(yearOf(c.case)))?.case;
    const ids = (query.filters ?? []).filter((f) => f.field === "id");
    if (ids.length > 1 || ids.some((f) => f.op !== "=")) return nothing("two cases are compared for one feeder, or for the study: ask for each");
    const feeder = ids[0]?.value ?? "";
    const own = known.feeders.find((f) => f.toLowerCase() === String(feeder).toLowerCase()) ?? "";
    const at = known.past.includes(metric) ? [] : [before, after];
    const [one, two] = at.map((c) => (metric && c ? known.value(metric, own, c) : null));
    if (one === null || one === undefined || two === null) return nothing(`the results do not hold ${ask.called(query.metric)} of both cases`);
    const unit = known.units[metric];
    const row = (name, value) => ({ name, value, unit, source: `cube ${own || "study"} ${name} ${metric}`, href: own ? DTL.feederLink(own) : "index.html#matrix", ids: [] });
    const text = `${before}: ${DTL.text(one, unit)}; ${after}: ${DTL.text(two, unit)}; change ${DTL.change(two - one, unit)}`;
    return { held: true, text, rows: [row(before, one), row(after, two)], all: [] };
  };
}
