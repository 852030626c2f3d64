// The page of insights: what each learning module says of each feeder, filtered by module and feeder; what was decided.
"use strict";

DTL.page = async () => {
  const root = document.getElementById("dtl-insights");
  try {
    const told = DTL.inOrder(await DTL.load("insights"));
    const draw = () => DTL.insights(root, told);
    window.addEventListener("hashchange", draw);
    draw();
  } catch (error) {
    DTL.tell(root, error);
  }
};

/** What is to be done stands before what was noticed; the feeders that come first stand first. */
DTL.inOrder = (told) => {
  const first = ["priority", "mitigation", "narrate"].filter((m) => m in told.titles);
  const names = [...first, ...Object.keys(told.titles).filter((m) => !first.includes(m))];
  const place = (line) => (line.module === "priority" ? Number(line.rows[0].number.replaceAll(",", "")) : 0);
  return { ...told, titles: Object.fromEntries(names.map((m) => [m, told.titles[m]])), cards: [...told.cards].sort((a, b) => place(a) - place(b)) };
};

DTL.insights = (root, told) => {
  const asked = new URLSearchParams(location.hash.slice(1));
  const [module, feeder] = [asked.get("module") ?? "", asked.get("feeder") ?? ""];
  const decided = asked.get("decided") === "1";
  const go = (key, value) => {
    const next = new URLSearchParams(location.hash.slice(1));
    if (value) next.set(key, value);
    else next.delete(key);
    location.hash = next;
  };
  const names = [...new Set([...told.cards.map((c) => c.feeder), ...told.quiet.flatMap((q) => q.feeders)])].filter(Boolean).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const select = (label, value, options, change) => DTL.h("label", { class: "dtl-field" }, label,
    DTL.h("select", { onchange: (event) => change(event.target.value) }, options.map(([v, text]) => DTL.h("option", { value: v, selected: v === value }, text))));
  const choice = DTL.h("div", { class: "dtl-pair" },
    select("Module", module, [["", "all"], ...Object.entries(told.titles)], (v) => go("module", v)),
    select("Feeder", feeder, [["", "all"], ...names.map((n) => [n, n])], (v) => go("feeder", v)),
    select("Show", decided ? "1" : "", [["", "everything"], ["1", "what was decided"]], (v) => go("decided", v)));
  const cards = told.cards.filter((c) => (!module || c.module === module) && (!feeder || c.feeder === feeder) && (!decided || c.rows.some((r) => r.decision)));
  const quiet = decided ? [] : told.quiet.filter((q) => (!module || q.module === module) && (!feeder || q.feeders.includes(feeder)));
  const parts = Object.keys(told.titles).flatMap((m) => DTL.insightsOf(told.titles[m], m, cards.filter((c) => c.module === m), quiet.filter((q) => q.module === m), decided, module || feeder || decided ? Infinity : DTL.FIRST_CARDS));
  const whole = module || feeder || decided || Object.keys(told.titles).length < 2 ? "" : DTL.insightModules(told);
  const stray = told.stray.length && !module && !feeder ? [DTL.h("h2", {}, "Decisions about nothing that is said now"), DTL.h("ul", { class: "dtl-stray" }, told.stray.map((d) => DTL.h("li", {}, DTL.h("code", {}, d.id), " ", DTL.decision(d))))] : [];
  root.replaceChildren(choice, whole, ...(parts.length || stray.length ? [...parts, ...stray] : [DTL.h("p", {}, "Nothing matches.")]));
  root.setAttribute("data-ready", location.hash.slice(1) || "all");
};

DTL.FIRST_CARDS = 3;

/** What each module says, in one row: how much of how many feeders, and how often it gave no answer. */
DTL.insightModules = (told) => {
  const sum = (list) => list.reduce((n, one) => n + one.count, 0).toLocaleString("en-US");
  const rows = Object.entries(told.titles).map(([module, title]) => {
    const [cards, quiet] = [told.cards.filter((c) => c.module === module), told.quiet.filter((q) => q.module === module)];
    const feeders = new Set(cards.map((c) => c.feeder).filter(Boolean)).size;
    return DTL.h("tr", {}, DTL.h("th", { scope: "row" }, DTL.h("a", { href: `#module=${encodeURIComponent(module)}` }, title)),
      [sum(cards), feeders.toLocaleString("en-US"), sum(quiet)].map((text) => DTL.h("td", { class: "dtl-num" }, text)));
  });
  const heads = ["About", "Statements", "Feeders", "Without an answer"].map((text, i) => DTL.h("th", { scope: "col", class: i ? "dtl-num" : null }, text));
  return DTL.h("div", { class: "dtl-scroll" }, DTL.h("table", { class: "dtl-table dtl-insight-modules" }, DTL.h("thead", {}, DTL.h("tr", {}, heads)), DTL.h("tbody", {}, rows)));
};

/** A heading, a card per feeder and case (`most` of them), and quietly what has no answer. */
DTL.insightsOf = (title, module, lines, quiet, decided, most) => {
  if (!lines.length && !quiet.length) return [];
  const cards = new Map();
  for (const line of lines) {
    const key = `${line.feeder}\u0000${line.case}`;
    if (!cards.has(key)) cards.set(key, []);
    cards.get(key).push(line);
  }
  return [
    DTL.h("h2", { id: `module-${module}` }, title),
    ...[...cards.values()].slice(0, most).map((own) => DTL.h("article", { class: "dtl-card dtl-insight", "data-module": module, "data-feeder": own[0].feeder },
      DTL.h("h3", {}, own[0].feeder ? DTL.h("a", { href: DTL.feederLink(own[0].feeder) }, own[0].feeder) : "All feeders", own[0].label ? DTL.h("small", {}, ` ${own[0].label}`) : ""),
      own.map((line) => DTL.insightLine(line, decided)))),
    cards.size > most ? DTL.h("p", {}, DTL.h("a", { href: `#module=${encodeURIComponent(module)}` }, `All ${cards.size.toLocaleString("en-US")} of ${title.toLowerCase()}`)) : "",
    quiet.length ? DTL.h("details", { class: "dtl-quiet", open: !lines.length }, DTL.h("summary", {}, `No answer: ${quiet.reduce((n, q) => n + q.count, 0).toLocaleString("en-US")}`),
      DTL.h("ul", {}, quiet.map((q) => DTL.h("li", {}, `${q.text} `, DTL.h("small", {}, `(${[q.count > 1 ? `${q.count.toLocaleString("en-US")} times` : "", q.feeders.length ? `feeders ${q.feeders.slice(0, 8).join(", ")}${q.feeders.length > 8 ? " and others" : ""}` : "", q.named.length ? `such as ${q.named.join(", ")}` : ""].filter(Boolean).join("; ") || q.verdict})`))))) : "",
  ];
};

DTL.insightLine = (line, decided) => {
  const rows = decided ? line.rows.filter((r) => r.decision) : line.rows;
  if (!rows.length) return "";
  const list = DTL.h("ul", {}, rows.map((row) => DTL.h("li", { id: row.id, "data-id": row.id },
    row.number !== DTL.MISSING && !row.text.startsWith(`${row.number} `) ? [DTL.h("b", {}, row.number), " · "] : "", row.text,
    row.sure === null ? "" : DTL.h("small", {}, ` · ${Math.round(100 * row.sure)} % sure`),
    DTL.evidence(row.evidence),
    DTL.h("small", {}, " · ", DTL.h("code", {}, row.id)), row.decision ? DTL.decision(row.decision) : "")));
  const metric = line.title;
  if (line.count === 1) return DTL.h("div", { "data-metric": line.metric }, DTL.h("small", {}, metric), list);
  const note = [`${line.count.toLocaleString("en-US")} × ${metric}`, line.nonzero < line.count ? `${line.nonzero} not zero` : "", line.count > rows.length ? `the ${rows.length} largest here, all in insights.csv` : ""].filter(Boolean).join("; ");
  return DTL.h("details", { "data-metric": line.metric, open: decided || line.rows.some((r) => r.decision) }, DTL.h("summary", {}, note), list);
};

/** What an insight rests on: each table once, with all that is read of it. */
DTL.evidence = (cells) => {
  const tables = new Map();
  for (const e of cells) tables.set(e.table, [...(tables.get(e.table) ?? []), e]);
  return [...tables].map(([name, own]) => DTL.h("small", { title: own.map((e) => e.text).join("\n") }, " · ", own[0].href ? DTL.h("a", { href: own[0].href }, name) : name));
};

DTL.decision = (d) =>
  DTL.h("p", { class: `dtl-decision dtl-decision-${d.decision}` }, DTL.h("b", {}, { accept: "Accepted", reject: "Rejected", defer: "Deferred" }[d.decision]), ` by ${d.who}${d.on ? ` on ${d.on}` : ""}: ${d.why}`);
