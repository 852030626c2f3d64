// The filters, times and layers of a question; the same steps as dtl.learning.query.filters, .moment and .scenario.
"use strict";

{
  const ask = DTL.ask;
  const KINDS = { f: "feeder", t: "transformer", tx: "transformer", m: "meter" };

  /* ---- ids, phrases with a meaning of their own, comparisons with numbers ---- */

  const JOINING = ["and", "or"];
  const BETWEEN_NEGATION_AND_ID = ["a", "an", "the", "of", "for", "in", "on", "those", "ones", "that", "are"];

  /** Whether an id stands at a place, or with `isCounted` a number that has no unit. */
  const isId = (c, at, isCounted) => at < c.length && (c.tokens[at].isId || (isCounted && c.tokens[at].number !== null && !c.unit(at + 1)[0]));

  /** Where the negation of the id at a place begins, or of the list that it goes on; null without one. */
  const denied = (c, at, found) => {
    const before = c.before(at, BETWEEN_NEGATION_AND_ID);
    if (["but", ...c.words.negations].includes(c.text(before))) return before;
    if (c.words.negations.includes(`${c.text(before - 1)} ${c.text(before)}`)) return before - 1;
    const last = found.at(-1);
    if (last?.[2] !== "!=" || before < 1) return null;
    const end = JOINING.includes(c.text(before)) ? before - 1 : before;
    return c.tokens[end].raw === last[3] ? end + 1 : null;
  };

  /** A name in the grammar of nobody: a capital first, and no word that is known. */
  const isName = (c, at) => /^\p{Lu}\p{L}*$/u.test(c.tokens[at].raw) && !ask.vocabulary.has(c.text(at)) && !c.used[at];

  /** Ids that follow a kind of thing: place of the kind, the kind, `=` or `!=`, and the id as it was written. */
  ask.ids = (c, entities) => {
    const found = [];
    for (const match of entities) {
      let at = match.end;
      while (["id", "number", "named", "called", "no"].includes(c.text(at))) at++;
      const from = denied(c, match.start, found);
      for (let more = true; more && at < c.length; at += 2) {
        if (c.used[at] || !isId(c, at, from !== null || !match.plural)) break;
        found.push([match.start, match.value, from === null ? "=" : "!=", c.tokens[at].raw]);
        c.use(from ?? match.start, at + 1);
        more = JOINING.includes(c.text(at + 1)) && isId(c, at + 2, from !== null);
      }
    }
    for (const match of entities) {
      let end = match.end;
      while (end < c.length && isName(c, end)) end++;
      if (end > match.end && !match.plural && c.free(match.end, end)) {
        found.push([match.start, match.value, "=", c.tokens.slice(match.end, end).map((t) => t.raw).join(" ")]);
        c.use(match.start, end);
      }
    }
    c.tokens.forEach((token, at) => {
      if (!token.isId || c.used[at] || ask.rules.quarters.includes(token.text)) return;
      const kind = KINDS[token.text.replace(/[^a-z]/g, "")] ?? "feeder";
      const from = denied(c, at, found);
      found.push([at, kind, from === null ? "=" : "!=", token.raw]);
      c.use(from ?? at, at + 1);
    });
    return found;
  };

  const GOOD = ["within", "inside", "meeting", "meet", "meets", "comply", "complying"];
  const BAD = ["not ", "outside", "violat", "fail", "out of", "beyond", "breach", "n't"];
  const RANGES = ["ansi", "range", "a", "b", "not", "meeting", "meet", "meets", "outside", "within", "c84.1", "violating", "violate", "failing", "fail", "inside", "out", "limits", "standard", "don't", "doesn't", "isn't", "aren't"];
  const NO_EVENTS = ["excluding", "without", "except", "no major", "exclude", "not counting", "not including", "excl", "leaving out", "omitting", "ignoring", "other than", "apart from", "aside from"];
  const EVENTS = ["major", "event", "events", "day", "days", "excluding", "including", "without", "except", "med", "meds", "exclude", "counting", "include", "not", "no", "leaving", "omitting", "ignoring", "apart", "aside", "from", "other", "than"];

  const useEach = (c, words) => {
    for (const word of words) {
      const at = c.has(word);
      if (at >= 0) c.use(at, at + 1);
    }
  };

  /** Phrases with a meaning of their own: ranges of standards, confidence, anomalies, major event days. */
  ask.special = (c, metrics) => {
    const found = [];
    const text = c.tokens.map((t) => t.text).join(" ");
    const says = (words) => words.some((w) => text.includes(w));
    if (says(["ansi", "range a", "range b"])) {
      const isIn = says(GOOD) && !says(BAD);
      found.push({ field: "voltage", op: isIn ? "within" : "outside", value: text.includes("range b") ? "ansi_b" : "ansi_a" });
      useEach(c, RANGES);
    }
    if (says(["not overloaded", "not being overloaded"])) {
      found.push({ field: "thermal_loading", op: "<=", value: 100, unit: "pct" });
      useEach(c, ["not", "but", "overloaded"]);
    }
    for (const level of ["low", "medium", "high"]) {
      if (c.has(level) < 0 || c.has("confidence", "mapping", "assignment") < 0) continue;
      found.push({ field: "mapping_confidence", op: "=", value: level });
      useEach(c, [level, "confidence"]);
      break;
    }
    if (metrics.some((m) => m.value === "anomalies") && c.has("flagged", "anomalous", "suspicious", "marked") >= 0) {
      found.push({ field: "anomaly", op: "=", value: true });
    }
    if (text.includes("major event") || c.has("med", "meds") >= 0) {
      found.push({ field: "med", op: "=", value: !says(NO_EVENTS) });
      useEach(c, EVENTS);
    }
    return found;
  };

  /** Comparisons with numbers, each of the field whose unit or place fits. */
  ask.compared = (c, metrics) => {
    const found = [];
    for (const match of c.find(c.words.ops)) {
      const at = c.after(match.end, ["a", "an", "the", "of", "value", "values"]);
      const first = c.number(at);
      if (first === null || c.used[at]) continue;
      let [unit, end] = c.tokens[at + 1]?.raw === "A" ? ["amp", at + 2] : c.unit(at + 1);
      let [second, units] = [null, [unit]];
      if (["between", "outside"].includes(match.value)) {
        second = c.number(end + 1);
        if (!["and", "to"].includes(c.text(end)) || second === null) continue;
        const [more, over] = c.unit(end + 2);
        units = [unit || more, more || unit];
        [unit, end] = [more || unit, over];
      }
      const word = c.text(match.start);
      const field = fieldOf(c, metrics, match.start, unit, word) || fieldOfBus(c, [first, second ?? first], unit);
      c.use(match.start, perYear(c, field, end));
      let op = ask.rules.age[word] ?? match.value;
      const turned = c.before(match.start, ask.rules.between);
      if (op in ask.rules.turned && c.words.turning.includes(c.text(turned))) {
        op = ask.rules.turned[op];
        c.use(turned, match.start);
      }
      found.push(filter(field, op, second === null ? [first] : [first, second], units));
    }
    return [...found, ...bounded(c, metrics)];
  };

  /** Numbers followed by `or more` and the like. */
  const bounded = (c, metrics) => {
    const found = [];
    for (let at = 0; at < c.length; at++) {
      const value = c.number(at);
      if (value === null || c.used[at]) continue;
      const [unit, end] = c.unit(at + 1);
      const bound = c.text(end) === "or" ? ask.rules.bounds[c.text(end + 1)] : undefined;
      if (!bound) continue;
      const field = fieldOf(c, metrics, at, unit, "") || fieldOfBus(c, [value], unit);
      c.use(at, end + 2);
      found.push(filter(field, bound, [value], [unit]));
    }
    return found;
  };

  const perYear = (c, field, end) => {
    if (field !== "growth_rate") return end;
    if (["per", "a", "each", "every", "/"].includes(c.text(end)) && ["year", "annum", "yr"].includes(c.text(end + 1))) return end + 2;
    return ["annually", "yearly"].includes(c.text(end)) ? end + 1 : end;
  };

  const fieldOf = (c, metrics, at, said, word) => {
    const { age, also, pct_fields, unit_fields } = ask.rules;
    const unit = ["watt", "metre", "mile", "decade"].includes(said) ? also[said][1] : said;
    if (word in age || (unit === "year" && !metrics.some((m) => m.value === "remaining_life"))) return "age";
    if (unit === "km") return "length";
    if (["hour", "day"].includes(unit) && metrics[0]?.value === "thermal_loading") return "overload_hours";
    const base = { mw: "kw", mva: "kva" }[unit] ?? unit;
    const fits = base === "pct" ? pct_fields : unit_fields[base];
    const far = (m) => Math.abs(m.start - at);
    const ordered = [...metrics].sort((a, b) => (a.start > at) - (b.start > at) || far(a) - far(b)).map((m) => m.value);
    if (fits) {
      const isAhead = (name) => metrics.some((m) => m.value === name && m.start < at); // a number in kVA is of a rating, unless a metric is ahead
      const named = ordered.find((n) => fits.includes(n) && (isAhead(n) || !["kva", "mva"].includes(unit)));
      if (named) return named;
      if (["pu", "kva", "mva"].includes(unit)) return fits[0];
      if (unit === "pct" && !metrics.length) return "thermal_loading";
    }
    if (!ordered.length && c.has("customers", "customer") >= 0) return "customers";
    const near = [at, at + 1, at + 2, at + 3].map((i) => c.text(i));
    if (c.text(c.after(at + 1)).startsWith("customer") || near.includes("customers")) return "customers";
    return ordered[0] ?? "";
  };

  /** The voltage where a question is about buses and the numbers are near 1; else empty. */
  const fieldOfBus = (c, numbers, unit) => {
    const [low, high] = ask.rules.near_nominal;
    const isOfBuses = c.find({ bus: c.words.entities.bus }, false).length > 0;
    return isOfBuses && !unit && numbers.every((n) => low <= n && n <= high) ? "voltage" : "";
  };

  /** What a number in a unit is worth in the unit that a field is told in, and that unit. */
  const toldIn = (field, unit) => {
    const { also, durations, to_minutes: minutes } = ask.rules;
    if (["saidi", "caidi"].includes(field) && minutes[unit] !== undefined) return [minutes[unit], "min"];
    if (durations.includes(field) && unit === "day") return [24, "hour"];
    if (field === "growth_rate" && ["pct", ""].includes(unit)) return [1, "pct_per_year"];
    if (!unit && ["thermal_loading", "voltage"].includes(field)) return [1, field === "voltage" ? "pu" : "pct"];
    return also[unit] ?? [1, unit];
  };

  const filter = (field, op, values, units) => {
    const told = units.map((unit) => toldIn(field, unit));
    const isOfOneKind = new Set(told.map(([, name]) => name)).size === 1;
    const numbers = values.map((v, i) => ask.plain(v * told[i][0]));
    const found = { field: isOfOneKind ? field : "", op, value: numbers.length > 1 ? numbers : numbers[0] };
    return told[0][1] ? { ...found, unit: told[0][1] } : found;
  };

  /* ---- hours, kinds of day, months, years, seasons, spans ---- */

  const turned = (words) => {
    const phrases = Object.create(null);
    for (const [phrase, value] of Object.entries(words)) (phrases[value] ??= []).push(phrase);
    return phrases;
  };

  /** The peak or season that a clause names; read first, since `peak` alone is a metric. */
  ask.season = (c) => {
    const [match] = c.find(turned(c.words.peaks));
    if (!match) return {};
    c.use(match.start, match.end);
    return { event: match.value };
  };

  /** What a clause says of time besides its season; empty if nothing. */
  ask.time = (c) => {
    const found = hours(c);
    const isGrowth = c.some(c.words.metrics.growth_rate, false);
    const isRate = (m) => isGrowth && c.unit(m.start - 1)[0] === "pct";
    for (const [key, words] of [["daytype", "daytypes"], ["period", "periods"], ["span", "spans"]]) {
      const isOther = (m) => key === "span" && (["growth", "growing"].includes(c.text(m.start - 1)) || c.unit(m.start)[0]);
      const match = c.find(turned(c.words[words])).find((m) => !isOther(m) && !(key === "span" && isRate(m)));
      if (!match) continue;
      found[key] = match.value;
      c.use(match.start, match.end);
    }
    return { ...found, ...day(c) };
  };

  const hours = (c) => {
    const stamps = c.tokens.flatMap((_, i) => {
      const [hour, end] = hourAt(c, i);
      return hour === null ? [] : [{ at: i, hour, end }];
    });
    const [one, two] = stamps;
    if (!one) return {};
    const ahead = c.text(one.at - 1);
    let [first, begin, finish, end] = [one.at, one.hour, one.hour, one.end];
    if (two && ["and", "to", "until", "till"].includes(c.text(one.end))) [finish, end] = [two.hour, two.end];
    else if (stamps.length > 1) return {};
    else if (["to", "and"].includes(ahead) && c.number(one.at - 2) !== null) {
      first = one.at - 2;
      const from = c.number(first);
      begin = Math.trunc(from) + (finish > 12 && from < 12 ? 12 : 0);
    } else if (ahead === "after" || ahead === "before") {
      c.use(one.at - 1, one.end);
      return ahead === "after" ? { hour_from: one.hour } : { hour_to: one.hour };
    } else {
      c.use(one.at, one.end);
      return { hour_from: one.hour, hour_to: ask.mod(one.hour + 1, 24) };
    }
    c.use(["between", "from"].includes(c.text(first - 1)) ? first - 1 : first, end);
    return { hour_from: begin, hour_to: finish };
  };

  /** The hour that a token says, and where it ends. */
  const hourAt = (c, at) => {
    const text = c.text(at);
    const half = (hour, word) => ask.mod(hour, 12) + (word === "pm" ? 12 : 0);
    if (c.used[at]) return [null, at];
    if (text.includes(":")) {
      const hour = Number(text.split(":")[0]);
      const next = c.text(at + 1);
      return ["am", "pm"].includes(next) ? [half(hour, next), at + 2] : [hour, at + 1];
    }
    const before = ["and", "to", "between", "from", "until", "after", "before"].includes(c.text(at - 1));
    if ((text === "noon" || text === "midnight") && before) return [text === "noon" ? 12 : 0, at + 1];
    const value = c.number(at);
    const next = c.text(at + 1);
    return value !== null && ["am", "pm"].includes(next) ? [half(Math.trunc(value), next), at + 2] : [null, at];
  };

  const isYear = (value, least) => value !== null && least <= value && value <= 2100;

  const day = (c) => {
    const found = {};
    const isLinked = (i) => ask.rules.links.includes(c.text(i - 1));
    const month = c.tokens.findIndex((t, i) => c.words.months[t.text] !== undefined && !c.used[i] && (isLinked(i) || isYear(c.number(i + 1), 1900)));
    if (month >= 0) {
      found.month = c.words.months[c.text(month)];
      c.use(month, month + 1);
    }
    for (let i = 0; i < c.length; i++) {
      const year = c.number(i);
      if (!isYear(year, 1950) || c.used[i] || !Number.isInteger(year) || c.unit(i + 1)[0]) continue;
      const isAfterMonth = i > 0 && c.used[i - 1] && "month" in found;
      if (!isLinked(i) && !isAfterMonth && i !== 0 && i !== c.length - 1) continue;
      found.year = year;
      c.use(i, i + 1);
      break;
    }
    for (const which of ["last", "this", "next"]) {
      for (let i = 0; i < c.length - 1; i++) {
        if (c.text(i) !== which || c.text(i + 1) !== "year" || !c.free(i, i + 2)) continue;
        found.span = `${which}_year`;
        c.use(i, i + 2);
      }
    }
    return found;
  };

  /* ---- cars, roofs, weather, tariffs, electrification, and what is done to them ---- */

  /** Whether a verb, the name of a metric too, stands beside a layer: `grow EV count by 10 %`. */
  ask.grows = (c, { start, end }) => {
    if (end - start !== 1 || !["grow", "grows", "growing"].includes(c.text(start))) return false;
    const known = [...c.find(c.words.layers, false), ...c.find(c.words.params, false)];
    const [before, after] = [c.before(start, ["is", "are", "a", "the"]) + 1, c.after(end)];
    return known.some((m) => m.end === before || m.start === after);
  };

  /** The layers that a clause names, in the order of its words. */
  ask.layers = (c) => {
    const found = c.find(c.words.events).map((m) => [m.start, weather(c, m)]);
    for (const match of c.find(c.words.policies)) {
      c.use(match.start, match.end);
      found.push([match.start, { type: "policy", name: match.value }]);
    }
    for (const match of c.find(c.words.layers).filter((m) => !isOfHosting(c, m.start))) {
      if (c.free(match.start, match.end)) found.push([match.start, adopted(c, match)]);
    }
    return found.sort((a, b) => a[0] - b[0]).map(([, layer]) => layer);
  };

  /** Whether a technology only says what hosting capacity is for. */
  const isOfHosting = (c, start) => {
    const before = c.before(start);
    return ["capacity", "hosting"].includes(c.text(before)) || (["hosting", "capacity"].includes(c.text(start + 1)) && c.number(before) === null);
  };

  const weather = (c, { start, end, value }) => {
    c.use(start, end);
    const layer = { type: "weather", event: value };
    for (const at of [start - 1, c.after(end, ["of", "in", "from", "the", "year"])]) {
      const year = c.number(at);
      if (!isYear(year, 1900) || c.used[at]) continue;
      c.use(at, at + 1);
      return { ...layer, year: Math.trunc(year) };
    }
    return layer;
  };

  const adopted = (c, { start, end, value: kind }) => {
    const layer = ["heat_pump", "water_heater"].includes(kind) ? { type: "electrification", tech: kind } : { type: kind };
    for (const match of c.find(c.words.levels)) {
      if (Math.abs(match.start - end) > 3 && Math.abs(start - match.end) > 3) continue;
      c.use(match.start, match.end);
      layer.level = match.value;
    }
    c.use(start, end);
    let [param, after] = ["", end];
    const ahead = c.after(end);
    for (const match of c.find(c.words.params)) {
      if (match.start === ahead) {
        [param, after] = [match.value, match.end];
        c.use(match.start, match.end);
      } else if (match.end === start || c.before(start) === match.end - 1) {
        [param, start] = [match.value, match.start];
        c.use(match.start, match.end);
      }
    }
    const made = change(c, start, after);
    if (made === null) return param ? { ...layer, param } : layer;
    const isShare = made.unit === "pct" || made.op === "scale";
    return { ...layer, param: param || (isShare ? "penetration" : "count"), ...made };
  };

  const span = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

  const TIMES = ["times", "x", "fold"];

  /** What is done: set to, scaled by, or added; found before or after the name of the layer. */
  const change = (c, start, end) => {
    const words = c.words;
    const first = span(0, start).findLast((i) => ask.rules.beside.setting.includes(c.text(i))) ?? -1;
    const ahead = span(Math.max(start - 5, first) + 1, start).reverse();
    const near = [...span(end, Math.min(end + 6, c.length)), ...ahead];
    const at = numberOf(c, start, end);
    // behind "20 % of EVs" a verb is of something else: "does 20 % solar reduce losses"
    const told = at >= 0 && at < start ? ahead : near;
    const isSaid = (list) => told.some((i) => words[list].includes(c.text(i)) && !c.used[i]);
    const sign = isSaid("raise") ? 1 : isSaid("lower") ? -1 : 0;
    for (const i of near) {
      const scale = words.scale_words[c.text(i)];
      if (scale === undefined || c.used[i]) continue;
      c.use(i, i + 1);
      useVerbs(c, near);
      return { op: "scale", value: ask.plain(scale) };
    }
    let added = near.find((i) => words.add.includes(c.text(i))) ?? -1;
    if (at < 0) return null;
    const value = c.number(at);
    const [unit, over] = c.unit(at + 1);
    c.use(at, over);
    const [times] = [at + 1, at - 1].filter((i) => TIMES.includes(c.text(i)) && !c.used[i]);
    const of = c.before(at, ["a", "of"]);
    if (!unit && (times !== undefined || c.text(of) === "factor")) {
      c.use(times ?? of, (times ?? of) + 1);
      useVerbs(c, told);
      return { op: "scale", value: ask.plain(value) };
    }
    if (["more", "extra", "additional"].includes(c.text(over)) && !unit) {
      added = over;
      c.use(over, over + 1);
    }
    const isStep = span(Math.min(start, at) - 3, Math.max(end, at) + 1).some((i) => c.text(i) === "by");
    useVerbs(c, told);
    const scaled = () => ({ op: "scale", value: ask.plain(1 + (sign * value) / 100) });
    if (unit === "pct" && sign && (isStep || ["more", "less"].includes(c.text(over)))) return scaled();
    if (unit === "pct" && sign && added < 0 && !isStep && c.text(at - 1) !== "to") return scaled();
    if (added >= 0) c.use(added, added + 1);
    const same = { op: added >= 0 && unit !== "pct" ? "add" : "set", value: ask.plain(value * (unit === "mw" ? 1000 : 1)) };
    const name = { mw: "kw", mva: "kva" }[unit] ?? unit;
    return name ? { ...same, unit: name } : same;
  };

  const useVerbs = (c, near) => {
    const verbs = [...c.words.raise, ...c.words.lower, "in", "by", "to"];
    for (const i of near) if (verbs.includes(c.text(i))) c.use(i, i + 1);
  };

  /** Place of the number that belongs to a layer; -1 without one. */
  const numberOf = (c, start, end) => {
    const { after, before } = ask.rules.beside;
    let i = end;
    while (after.includes(c.text(i)) || (c.text(i) === "in" && c.unit(i + 2)[0] === "pct")) i++;
    if (c.number(i) !== null && !c.used[i]) return i;
    i = start - 1;
    while (before.includes(c.text(i))) i--;
    return i >= 0 && c.number(i) !== null && !c.used[i] ? i : -1;
  };
}
