// From a question to its canonical query, or why not; the same steps as dtl.learning.query.parse and .order.
"use strict";

{
  const ask = DTL.ask;
  const MOST_WORDS = 80;
  const NOUNS = {
    drop: ["in", "on"], update: ["in", "on"], close: ["to"], open: ["points", "switches"],
    change: ["in", "of", "between", "point", "points"], add: ["up"], set: ["of"], increase: ["in"],
    create: ["list", "ranking", "table", "overview", "report"],
  };
  const CALL = /[a-z_]\((?:['"]|\))|[a-z_]\.[a-z_]+\(|\b(?:print|eval|exec|open|len|del|delete|sum|max|min)\(|\bfor[ \t\n\r\f\v]+\w+[ \t\n\r\f\v]+in[ \t\n\r\f\v]+\w+[ \t\n\r\f\v]*:|\$\(|&&|\|\|/;
  const ASKED = ["please", "now", "just", "you"];
  const SQL = /\bselect\s[\w\s.,*()]+\sfrom\s+\w+\s*(;|$|where\b|limit\b|order\b|group\b|join\b)/;
  const STARTS = ["please", "and", "then", "to", "you", "could", "can", "now", "just", "also", "should", "must"];

  /** The canonical query of a question, with the words that were ignored, and those read as others. */
  ask.understand = (text) => {
    const [written, mended] = ask.tokens(text);
    if (isHarmful(text, written)) return { query: { intent: "reject", reason: "not_a_query" }, ignored: [], corrected: [] };
    const [found, said] = ask.reworded(written);
    const corrected = [...mended, ...said];
    const results = [];
    let thing = "";
    for (const part of clauses(found.slice(0, 2 * MOST_WORDS)).filter((p) => p.length)) {
      results.push(new Slots(new ask.Clause(carried(part, thing, results))).result());
      thing = results.at(-1).query.entity || thing;
    }
    if (!results.length) results.push({ query: { intent: "clarify", missing: ["entity", "metric"] }, left: [] });
    const queries = results.map((r) => r.query);
    const bad = queries.find((q) => ["reject", "clarify"].includes(q.intent));
    const query = queries.length === 1 ? queries[0] : bad ?? { intent: "multi", queries };
    return { query, ignored: results.flatMap((r) => r.left), corrected };
  };

  /** A part with the thing of the parts before it, where it names none: `and the 3 by saifi`. */
  const carried = (part, thing, before) => {
    if (!thing || ask.matches(part, ask.grammar.entities).length) return part;
    const at = part[0].text === "the" ? 1 : 0;
    if (part[at]?.number != null && part[at + 1]?.text === "by") {
      const way = before.at(-1).query.order === "asc" ? "bottom" : "top";
      return [new ask.Token(way, way), part[at], new ask.Token(`${thing}s`, `${thing}s`), ...part.slice(at + 1)];
    }
    return [new ask.Token(thing, thing), ...part];
  };

  /** Whether the text would change something, or is code. */
  const isHarmful = (text, found) => {
    const low = ` ${text.toLowerCase()} `;
    const { code, changing, commands, altering, telling, foreign } = ask.grammar;
    const orders = [...changing, ...commands];
    if (code.some((snippet) => low.includes(snippet)) || SQL.test(low) || CALL.test(low)) return true;
    const isOfScenario = ["layers", "events", "policies"].some((group) => ask.matches(found, ask.grammar[group]).length);
    const isForeign = found.some((t) => foreign.includes(t.text));
    const at = found.slice(0, 40).findIndex(({ text: said }, i) => {
      if (telling.includes(said) && isForeign) return false;
      const isOrder = orders.includes(said) && (i === 0 || STARTS.includes(found[i - 1].text));
      return isOrder || (altering.includes(said) && !isOfScenario && (i === 0 || ASKED.includes(found[i - 1].text)));
    });
    if (at < 0) return false;
    const after = found.slice(at + 1).find((t) => !["a", "an", "the", "me"].includes(t.text))?.text ?? "";
    return !(Object.hasOwn(NOUNS, found[at].text) ? NOUNS[found[at].text] : []).includes(after);
  };

  /** Parts of a question that are questions of their own: after `;` and `then`. */
  const clauses = (found) => {
    const parts = [[]];
    found.forEach((token, i) => {
      const rest = found.slice(i + 1, i + 4);
      const isAgain = token.text === "and" && rest[0]?.text === "the" && rest.length > 2 && rest[1].number !== null;
      if (token.text === ";" || (token.text === "then" && i > 2) || (isAgain && parts.at(-1).length > 2)) parts.push([]);
      else if (token.text !== "and" || parts.at(-1).length) parts.at(-1).push(token);
    });
    return parts.map((p) => p.slice(0, MOST_WORDS));
  };

  /** The slots of one clause, filled in an order in which each consumes its words. */
  class Slots {
    constructor(c) {
      this.c = c;
      this.text = c.tokens.map((t) => t.text).join(" ");
      const season = ask.season(c);
      this.metrics = c.find(c.words.metrics).filter((m) => !ask.grows(c, m));
      for (const m of this.metrics) c.use(m.start, m.end);
      if (this.text.includes("and without")) {
        const at = c.has("without");
        c.use(at, at + 1);
        c.tokens[at] = new ask.Token("base", "without");
        this.text = this.text.replaceAll("and without", "and base");
      }
      this.layers = ask.layers(c);
      this.time = { ...season, ...ask.time(c) };
      this.entities = c.find(c.words.entities);
      this.ids = ask.ids(c, this.entities);
      this.filters = ask.special(c, this.metrics);
      this.filters.push(...ask.compared(c, this.metrics));
      for (const m of this.entities) c.use(m.start, m.end);
    }

    /** The canonical query of the clause and the words that it ignored. */
    result() {
      const c = this.c;
      const impossible = { intent: "reject", reason: "invalid_value" };
      if (this.isInvalid()) return { query: impossible, left: [] };
      const query = this.query();
      const overlooked = [...this.overlooked(), ...this.otherUnit(query.metric)];
      const phrases = [...Object.values(c.words.intents), c.words.desc, c.words.asc, c.words.worst, c.words.best, ...Object.values(c.words.functions)];
      for (const list of phrases) for (const m of c.find({ x: list })) c.use(m.start, m.end);
      const left = c.left();
      if (!["clarify", "reject", "recommend"].includes(query.intent)) {
        const stray = left.filter((w) => c.words.negations.includes(w.toLowerCase())).length + c.find({ x: c.words.negations.filter((n) => n.includes(" ")) }).length;
        const numbers = c.tokens.filter((t, i) => !c.used[i] && t.number !== null);
        if (numbers.some((t) => t.number < 0)) return { query: impossible, left };
        // without a condition that was stated, an answer would be of something else
        const isCounted = query.intent === "count" && left.length && !query.filters && !this.metrics.length;
        if (stray || numbers.length || isCounted || overlooked.length) {
          return { query: { intent: "clarify", missing: ["filter"] }, left: [...left, ...overlooked.filter((w) => !left.includes(w))] };
        }
        const isLoading = query.intent === "filter" && query.metric === ask.rules.loading && !this.metrics.length;
        if (isLoading && left.some((w) => namesOfOthers(c).has(w.toLowerCase()))) return { query: { intent: "clarify", missing: ["metric"] }, left };
        if (!query.metric && isNothingAsked(query)) return { query: { intent: "clarify", missing: ["metric"] }, left };
        const isOfEffect = c.text(0) === "how" && c.has(...ask.rules.effect) >= 0;
        if (left.length && !this.layers.length && isOfEffect) return { query: { intent: "clarify", missing: ["scenario"] }, left };
      }
      const foreign = { query: { intent: "reject", reason: "out_of_scope" }, left };
      const foreignWords = new Set(c.words.foreign.flatMap((phrase) => phrase.split(" ")));
      const isKnown = (w) => /^[0-9]+$/.test(w.replace(/^-+/, "").replaceAll(".", "")) || (ask.vocabulary.has(w.toLowerCase()) && !foreignWords.has(w.toLowerCase())) || c.words.numbers[w.toLowerCase()] !== undefined;
      if (query.intent === "clarify" && (left.some((w) => !isKnown(w)) || this.isForeign()) && !this.metrics.length && !this.entities.length) return foreign;
      return this.isForeign() && !this.metrics.length ? foreign : { query, left };
    }

    /** The negations, words of other questions, and fields that cannot be compared as they are, that were left over. */
    overlooked() {
      const c = this.c;
      const stray = c.find({ x: c.words.unheeded.flat() }, false)
        .filter((m) => (c.text(m.end - 1) === "by" ? !isDated(c, m.end) : !c.used[m.start]))
        .filter((m) => !(this.fn() && c.text(m.end - 1) === "transformer"));
      const told = stray.map((m) => c.tokens.slice(m.start, m.end).map((t) => t.raw).join(" "));
      return [...told, ...this.filters.filter((f) => !isComparable(f)).map((f) => f.field.replaceAll("_", " ") || "a number")];
    }

    /** Whether a question is after what its scenario does to a metric, in words that are not of the scenario. */
    isEffect() {
      const c = this.c;
      const verbs = [...ask.rules.effect, ...c.words.raise, ...c.words.lower];
      const isSaid = c.tokens.some((t, i) => verbs.includes(t.text) && !c.used[i]);
      return this.layers.length > 0 && ask.rules.whether.includes(c.text(0)) && isSaid;
    }

    /** `how many hours` and the like, where the metric has another unit. */
    otherUnit(metric) {
      const c = this.c;
      const known = ask.rules.units[metric] ?? [];
      return c.tokens.flatMap((_, i) => {
        const unit = isHowMany(c, i) ? c.unit(i + 2)[0] : "";
        return unit && !known.includes((ask.rules.also[unit] ?? [1, unit])[1]) ? [`how ${c.text(i + 1)} ${unit}`] : [];
      });
    }

    isForeign() {
      return this.c.words.foreign.some((w) => new RegExp(`\\b${w}\\b`).test(this.text));
    }

    isInvalid() {
      const isWrong = (x) => x.value !== undefined && (x.value < 0 || (x.unit === "pct" && x.op === "set" && x.value > 100));
      if (this.layers.some(isWrong)) return true;
      const limit = this.limitAt();
      if (limit !== null && (this.c.number(limit) < 1 || this.c.number(limit) % 1)) return true;
      const never = ["kw", "kva", "min", "km", "year", "pu", "hour"];
      return this.filters.some((f) => never.includes(f.unit) && [f.value].flat().some((n) => typeof n === "number" && n < 0));
    }

    /** Place of the number that says how many are asked for. */
    limitAt() {
      const c = this.c;
      const order = [...c.words.desc, ...c.words.asc, ...c.words.worst, ...c.words.best, "first"];
      for (let i = 0; i < c.length; i++) {
        if (c.number(i) === null || c.used[i] || c.unit(i + 1)[0]) continue;
        const around = [c.text(i - 1), c.text(i + 1), c.text(i + 2), c.text(i + 1) === "with" ? c.text(i + 3) : ""];
        const isAhead = this.entities.some((m) => m.start > i && m.start <= i + 3);
        if (isAhead || around.some((w) => order.includes(w))) return i;
      }
      return null;
    }

    query() {
      const c = this.c;
      let intent = this.intent();
      if (intent === "recommend") return { intent: "recommend", entity: "scenario" };
      let [entity, metric] = [this.entity(), this.metric()];
      if (intent === "check") return this.check(entity, metric);
      if (intent === "count" && entity === "customer" && !metric && !this.filters.length) {
        [intent, entity, metric] = ["value", this.ids.some(([, kind]) => kind === "feeder") ? "feeder" : "system", "customers"];
      }
      if (intent === "run" && !this.ids.length && ["customer", "scenario", "meter", "violation"].includes(entity)) entity = "system";
      const own = this.allFilters(entity);
      const of = ask.rules.of_metric;
      const isSolved = ["run", "compare"].includes(intent);
      const thing = entity || (intent === "rank" && of[metric] === "system" ? "" : of[metric]);
      const missing = [["entity", thing], ["metric", metric]].filter(([, v]) => !v).map(([k]) => k);
      const isListed = c.has("list", "show", "all", "display", "every") >= 0;
      const isNamed = own.length > 0 && this.entities.length > 0;
      const isPlain = intent === "count" || (intent === "list" && (isNamed || isListed)) || (intent === "filter" && isNamed);
      if (missing.length && !(isPlain && entity) && !(isSolved && this.layers.length)) return { intent: "clarify", missing };
      if (isSolved && !metric) metric = "violations_total";
      const query = { intent, entity: entity || (isSolved ? "system" : of[metric] ?? "system") };
      if (metric) query.metric = metric;
      this.order(query);
      if (own.length) query.filters = own;
      if (this.layers.length) {
        if (intent === "compare") query.scenarios = this.sides();
        else query.scenario = this.layers;
      } else if (intent === "compare") return { intent: "clarify", missing: ["scenario"] };
      if (Object.keys(this.time).length) query.time = this.time;
      return query;
    }

    /** The query: how much, against the hosting capacity; within a band of voltage; or the condition. */
    check(entity, metric) {
      const c = this.c;
      const query = { intent: "check", entity: entity || "feeder" };
      let own = this.allFilters(query.entity);
      const beside = { ...(this.layers.length && { scenario: this.layers }), ...(Object.keys(this.time).length && { time: this.time }) };
      if (own.some((f) => f.field === "voltage")) return { ...query, metric: "voltage", filters: own, ...beside };
      if (this.isOfCondition()) return metric ? { ...query, metric, filters: own, ...beside } : { intent: "clarify", missing: ["metric"] };
      const room = (value, unit) => own.push({ field: "hosting_capacity", op: ">=", value, unit });
      own = own.filter((f) => f.field !== "peak_load" || f.unit !== "kw");
      for (const layer of this.layers) if (["kw", "kva"].includes(layer.unit)) room(layer.value, layer.unit);
      for (let at = 0; at < c.length; at++) {
        const [unit] = c.unit(at + 1);
        if (c.number(at) === null || c.used[at] || !["kw", "mw"].includes(unit)) continue;
        room(ask.plain(c.number(at) * (unit === "mw" ? 1000 : 1)), "kw");
        c.use(at, at + 2);
      }
      query.metric = metric || "hosting_capacity";
      return own.length ? { ...query, filters: own } : query;
    }

    intent() {
      const { c, text } = this;
      const has = (name) => c.some(c.words.intents[name], false);
      if (has("recommend") && c.has("scenario", "scenarios", "study", "studies", "run", "next", "simulate") >= 0) return "recommend";
      if (has("compare") || (has("change") && this.layers.length && c.text(0) === "how") || this.isEffect()) return "compare";
      const counted = text.replaceAll("number of customers", "");
      const isMany = c.tokens.some((_, i) => c.text(i + 1) === "many" && isHowMany(c, i) && !c.unit(i + 2)[0]);
      if (isMany || ["number of", "count of"].some((p) => counted.includes(p)) || c.text(0) === "count") return "count";
      if (this.isCheck()) return "check";
      if (has("run") && this.layers.length && !this.isRanked() && !this.filters.length) return "run";
      const isNamed = this.isOwnId();
      if (this.isRanked() && !isNamed) return "rank";
      if (["mean", "sum"].includes(this.fn()) && this.metrics.length && !isNamed) return "aggregate";
      if (isNamed && this.metrics.length && !this.filters.length) return "value";
      if (this.filters.some((f) => f.field !== "med")) return "filter";
      if (c.has("overloaded") >= 0 && this.entity()) return "filter";
      const entity = this.entity() || (ask.rules.of_metric[this.metric()] ?? "");
      if (entity === "system" || (isNamed && this.metrics.length)) return this.isRanked() ? "rank" : "value";
      return c.text(0) === "what" && !this.entities.some((m) => m.plural) && !has("list") ? "value" : "list";
    }

    /** Whether a question asks for yes or no. */
    isCheck() {
      const { asking, room } = ask.rules.check;
      const asks = asking.includes(this.c.text(0)) || this.text.includes("is there");
      return (asks && this.c.has(...room) >= 0) || this.isOfCondition();
    }

    /** Whether a question is one about a condition of things that it names, or of any or all of a kind. */
    isOfCondition() {
      const c = this.c;
      const { verdict, whichever, room } = ask.rules.check;
      const isStated = this.filters.some((f) => f.field !== "med") || c.has("overloaded") >= 0;
      const isMeant = this.isOwnId() || whichever.includes(c.text(1));
      return verdict.includes(c.text(0)) && isStated && isMeant && !this.isRanked() && c.has(...room) < 0;
    }

    isRanked() {
      const c = this.c;
      if (c.has("rank", "ranked", "ranking", "top", "bottom", "sort", "sorted") >= 0) return true;
      const words = [...c.words.desc, ...c.words.asc, ...c.words.worst, ...c.words.best];
      for (const [i, token] of c.tokens.entries()) {
        if (!words.includes(token.text)) continue;
        if (!c.used[i]) return true;
        if (this.metrics.some((m) => m.start <= i && i < m.end && ["customers", "peak_load"].includes(m.value))) {
          return this.entities.length > 0 && token.text !== "maximum";
        }
      }
      return ["most problematic", "most troubled"].some((p) => this.text.includes(p));
    }

    isOwnId() {
      const entity = this.entity();
      return this.ids.some(([, kind, op]) => kind === entity && op === "=");
    }

    /** `mean`, `sum`, `min` or `max`; empty without one. */
    fn() {
      return Object.entries(this.c.words.functions).find(([, phrases]) => this.c.some(phrases))?.[0] ?? "";
    }

    /** The first kind of thing that is named, unless an id makes it a filter of another one. */
    entity() {
      const c = this.c;
      const held = this.ids.map(([at]) => at);
      const free = this.entities.filter((m) => !held.includes(m.start) && m.value !== "violation");
      const per = free.find((m) => ["per", "by", "each", "every"].includes(c.text(m.start - 1)))?.value ?? "";
      if (per && this.fn()) return per;
      if (free.length) return free[0].value;
      if (this.ids.length) return this.ids[0][1];
      return this.entities.some((m) => m.value === "violation") && !this.metrics.length ? "violation" : "";
    }

    metric() {
      const c = this.c;
      if (!this.metrics.length) {
        if (c.some([...c.words.worst, ...c.words.best], false)) return "violations_total";
        const field = this.filters.map((f) => f.field).find((f) => !["age", "id", "med", "length", "rating", ""].includes(f)) ?? "";
        return field === "anomaly" ? "anomalies" : field;
      }
      const by = this.metrics.find((m) => c.text(m.start - 1) === "by" && this.isRanked());
      if (by) return by.value;
      const filtered = this.filters.map((f) => f.field);
      const order = this.metrics.map((m) => m.value);
      const inner = order.filter((v) => !filtered.includes(v));
      if (filtered.includes("overload_hours") && !this.isRanked()) return "overload_hours";
      if (this.isRanked() && inner.length) return inner[0];
      return order.find((v) => filtered.includes(v)) ?? order[0];
    }

    allFilters(entity) {
      const sorted = [...this.ids].sort((a, b) => a[0] - b[0] || compare(a, b, 1));
      const own = sorted.map(([, kind, op, value]) => ({ field: kind === (entity || kind) ? "id" : kind, op, value }));
      const found = [...own, ...this.filters.filter((f) => f.field)];
      const isLoaded = found.some((f) => ["thermal_loading", "overload_hours"].includes(f.field));
      if (this.c.has("overloaded") >= 0 && !isLoaded && !this.isRanked() && (this.isOfCondition() || !this.isOwnId()) && this.metric() === "thermal_loading") {
        found.push({ field: "thermal_loading", op: ">", value: 100, unit: "pct" });
      }
      return found;
    }

    /** Writes into a query its function, order and limit. */
    order(query) {
      const c = this.c;
      if (query.intent === "aggregate") {
        query.fn = this.fn();
        const by = this.entities.find((m) => c.text(m.start - 1) === "by");
        if (by) query.by = by.value;
      } else if (query.intent === "value" && this.fn()) query.fn = this.fn();
      if (query.intent !== "rank") return;
      const isLow = c.words.low_is_bad.includes(query.metric ?? "");
      if (c.some(c.words.worst, false)) query.order = isLow && query.metric !== "bcr" ? "asc" : "desc";
      else if (c.some(c.words.best, false)) query.order = isLow ? "desc" : "asc";
      else query.order = c.has("bottom") >= 0 || this.isAscending() ? "asc" : "desc";
      const at = this.limitAt();
      if (at !== null) {
        query.limit = Math.trunc(c.number(at));
        c.use(at, at + 1);
      } else if (this.isOne()) query.limit = 1;
    }

    isAscending() {
      const first = (words) => Math.min(...this.c.find({ x: words }, false).map((m) => m.start));
      return first(this.c.words.asc) < first(this.c.words.desc);
    }

    /** Whether one thing is asked for: `which feeder has the highest`, not `rank feeders`. */
    isOne() {
      const held = this.ids.map(([at]) => at);
      const named = this.entities.filter((m) => !held.includes(m.start) && m.value === this.entity());
      return named.length > 0 && !named[0].plural && this.c.has("rank", "ranked", "ranking", "sort", "sorted") < 0;
    }

    /** The stacks that a question compares; the empty one is the base. */
    sides() {
      const isOfEffect = this.c.has("effect", "impact") >= 0;
      const isBased = ["base", "today", "current", "business as usual", "status quo", "existing"].some((w) => this.text.includes(w));
      if (isBased || isOfEffect || ["how", ...ask.rules.whether].includes(this.c.text(0)) || this.layers.length === 1) return [[], this.layers];
      return this.layers.map((layer) => [layer]);
    }
  }

  /** Whether things are named and nothing is asked of them: `what about feeder 12`. */
  const isNothingAsked = ({ intent, filters = [] }) => intent !== "count" && filters.length > 0 && filters.every((f) => f.field === "id" && f.op === "=");

  /** The words of the names of metrics that are not of loads. */
  const namesOfOthers = ({ words: { metrics } }) => {
    const of = (names) => new Set(names.flatMap((n) => metrics[n]).flatMap((p) => p.split(" ")));
    const own = of([ask.rules.loading, "peak_load"]);
    return new Set([...of(Object.keys(metrics))].filter((w) => !own.has(w)));
  };

  const isHowMany = (c, at) => c.text(at) === "how" && ["many", "much"].includes(c.text(at + 1));

  /** Whether a year stands there that was taken for the time. */
  const isDated = (c, at) => {
    const [from, to] = ask.rules.years;
    return c.number(at) !== null && from <= c.number(at) && c.number(at) <= to && c.used[at];
  };

  /** Whether a filter has a field, in a unit and of a size that the field can have. */
  const isComparable = ({ field, unit = "", value }) => {
    const { units, highest_pu: most, years } = ask.rules;
    const numbers = [value].flat().filter((v) => typeof v === "number");
    if (!field || (unit && !(units[field] ?? []).includes(unit))) return false;
    if (field === "voltage" && unit === "pu" && numbers.some((v) => v > most)) return false;
    return unit !== "" || numbers.length < 2 || !numbers.every((v) => years[0] <= v && v <= years[1]);
  };

  const compare = (a, b, from) => {
    for (let i = from; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
  };
}
