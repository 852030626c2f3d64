// A canonical query in plain words: what was understood; the same words as dtl.learning.query.echo.
"use strict";

{
  const ask = DTL.ask;
  const OPS = { ">": "above", ">=": "at least", "<": "below", "<=": "at most", "=": "exactly", "!=": "except" };
  const UNITS = { pct: "%", pct_per_year: "% per year", min: "minutes", hour: "hours", year: "years" };
  const WHY = { out_of_scope: "that is no question about this grid", not_a_query: "questions change nothing here", invalid_value: "a number is impossible" };
  const VERBS = { count: "how many", filter: "list", list: "list", compare: "compare", check: "can", run: "what if" };
  const FUNCTIONS = { mean: "average ", sum: "total ", min: "minimum ", max: "maximum " };

  const joined = (parts) => parts.filter((p) => p !== "" && p !== undefined).join(" ");
  const unitOf = (part) => UNITS[part.unit] ?? part.unit ?? "";

  /** One line for an engineer. */
  ask.words = (query) => {
    if (query.intent === "reject") return WHY[query.reason];
    if (query.intent === "clarify") return `say more about: ${query.missing.join(", ")}`;
    if (query.intent === "multi") return query.queries.map(ask.words).join("; ");
    if (query.intent === "recommend" || !query.entity) return "recommend scenarios to run next";
    const parts = [head(query), ...(query.filters ?? []).map(filter)];
    if (query.scenarios) parts.push(query.scenarios.map((side) => layers(side) || "the base case").join(" versus "));
    else if (query.scenario) parts.push(`with ${layers(query.scenario)}`);
    if (query.time) parts.push(time(query.time));
    return joined(parts);
  };

  /** A metric as people say it. */
  ask.called = (metric) => String(ask.grammar.metrics[metric]?.[0] ?? metric.replaceAll("_", " "));

  /** A kind of thing, one or several. */
  ask.things = (entity, count = 2) => (count === 1 ? entity : entity === "bus" ? "buses" : entity && `${entity}s`);

  const head = (query) => {
    const isFiltered = (query.filters ?? []).some((f) => f.field === query.metric);
    const metric = query.metric && !isFiltered ? ask.called(query.metric) : "";
    const things = ask.things(query.entity);
    if (query.intent === "rank") return joined([query.order === "desc" ? "top" : "bottom", query.limit, things, "by", metric]);
    if (["value", "aggregate"].includes(query.intent)) {
      const where = query.intent === "aggregate" ? ` per ${query.entity}` : ` of ${query.entity}`;
      return `${FUNCTIONS[query.fn] ?? ""}${metric}${query.entity === "system" ? "" : where}`;
    }
    if (query.intent === "check" && !metric) return (query.filters ?? []).some((f) => f.field === "id") ? `does ${query.entity}` : `do any ${things}`;
    return `${VERBS[query.intent]} ${query.entity === "system" ? "" : things} ${metric}`.trim();
  };

  const filter = (part) => {
    const { field, op, value } = part;
    if (field === "id" || field in ask.grammar.entities) return `${op === "=" ? "" : "except "}${field === "id" ? "" : field} ${value}`.trim();
    if (typeof value === "boolean") return field === "med" ? `${value ? "including" : "excluding"} major event days` : "flagged";
    if (value === "ansi_a" || value === "ansi_b") return `${op} ANSI range ${value.at(-1).toUpperCase()}`;
    if (Array.isArray(value)) return `${ask.called(field)} ${op} ${value[0]} and ${value[1]} ${unitOf(part)}`.trim();
    return `${ask.called(field)} ${OPS[op] ?? op} ${value} ${unitOf(part)}`.trim();
  };

  const layers = (list) => list.map((layer) => {
    let text = (layer.event || layer.name || layer.tech || layer.type).replaceAll("_", " ");
    if (layer.value !== undefined) {
      const how = { scale: `times ${layer.value}`, add: `plus ${layer.value} ${unitOf(layer)}`, set: `${layer.value} ${unitOf(layer)}` };
      text += ` ${layer.param ?? ""} ${how[layer.op]}`.trimEnd();
    }
    return layer.year !== undefined ? `${text} ${layer.year}` : text;
  }).join(" and ");

  const time = (told) => {
    const parts = [];
    if ("hour_from" in told) parts.push(`from ${told.hour_from}:00${"hour_to" in told ? ` to ${told.hour_to}:00` : ""}`);
    if ("month" in told) parts.push(`in ${Object.entries(ask.grammar.months).find(([, v]) => v === told.month)[0]}`);
    if ("year" in told) parts.push(`in ${told.year}`);
    for (const key of ["daytype", "period", "event", "span"]) if (key in told) parts.push(told[key].replaceAll("_", " "));
    return parts.join(" ");
  };
}
