// The box of questions, on the overview and on its own page: what was understood, what was ignored, and the answer with its rows.
"use strict";

/** The grammar of the box; the overview reads it when the box is first used. */
DTL.ASK_SCRIPTS = ["ask-words.js", "ask-slots.js", "ask-parse.js", "ask-echo.js", "ask-answer.js"];

/** The payloads of the box, read when it is first used. */
DTL.askReady = async () => {
  DTL.askRead ??= DTL.ask ? Promise.resolve() : DTL.runScripts(DTL.ASK_SCRIPTS);
  await DTL.askRead;
  const [lexicon, answers] = await Promise.all([DTL.load("lexicon"), DTL.load("answers")]);
  if (!DTL.ask.grammar) DTL.ask.use(lexicon);
  const there = new Set(answers.meta.payloads);
  return new DTL.ask.Known(answers, async (name) => (there.has(name) ? DTL.load(name) : null));
};

/** What pages call a case; its id stands in addresses and in the names of rows. */
DTL.caseLabel = (told) => (told.year ? `${told.scenario} ${told.year}` : told.scenario);

/** Examples that this study can answer. */
DTL.askExamples = (known) => {
  const first = known.feeders[0];
  const other = Object.keys(known.layers).some((name) => known.layers[name].length);
  const found = ["top 5 feeders by overload hours", "which transformers are loaded above 120 %", "how many buses are below 0.95 pu"];
  if (first && /^[A-Za-z]+[\w-]*\d[\w-]*$/.test(first)) found.push(`what is the peak load of feeder ${first}`);
  return other ? [...found, "what should I run next"] : found;
};

DTL.askBox = async (root) => {
  const out = DTL.h("div", { class: "dtl-ask__out", role: "status", "aria-live": "polite" });
  const input = DTL.h("input", { id: "dtl-ask-text", type: "search", autocomplete: "off", enterkeyhint: "search", maxlength: 500, placeholder: root.dataset.example ?? "top 5 feeders by overload hours" });
  const cases = DTL.h("select", { "aria-label": "Case, where the question names none", onchange: () => ask(input.value.trim()) }, DTL.h("option", { value: "" }, "case by the question"));
  const asked = () => new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
  const ready = async () => {
    const known = await DTL.askReady();
    if (cases.length === 1) cases.append(...known.cases.map((c) => DTL.h("option", { value: c.case }, DTL.caseLabel(c))));
    cases.value = known.cases.some((c) => c.case === new URLSearchParams(location.hash.slice(1)).get("s")) ? new URLSearchParams(location.hash.slice(1)).get("s") : "";
    known.chosen = known.cases.find((c) => c.case === cases.value) ?? null;
    return known;
  };
  const answer = async (text) => {
    root.removeAttribute("data-ready");
    try {
      out.replaceChildren(...(await DTL.askAnswer(await ready(), text, ask)));
    } catch (error) {
      DTL.tell(out, error);
    }
    root.setAttribute("data-ready", text);
  };
  const ask = (text) => {
    input.value = text;
    const hash = `#${new URLSearchParams(cases.value ? { q: text, s: cases.value } : { q: text })}`;
    if (location.hash === hash) answer(text);
    else location.hash = hash;
  };
  const form = DTL.h("form", { class: "dtl-ask__form", role: "search", onsubmit: (event) => (event.preventDefault(), ask(input.value.trim())) },
    DTL.h("label", { for: "dtl-ask-text" }, "Ask the results"), input, cases, DTL.h("button", { type: "submit", class: "dtl-button" }, "Ask"));
  root.replaceChildren(form, out);
  input.addEventListener("focus", () => ready().catch((error) => DTL.tell(out, error)), { once: true });
  const show = async () => {
    const text = asked();
    if (text) {
      input.value = text;
      await answer(text);
      return;
    }
    out.replaceChildren(...(root.hasAttribute("data-open") ? DTL.askHints(await ready(), ask) : []));
    root.setAttribute("data-ready", "");
  };
  window.addEventListener("hashchange", show);
  try {
    await show();
  } catch (error) {
    DTL.tell(out, error);
  }
};

DTL.askHints = (known, ask) => [DTL.h("p", { class: "dtl-ask__hints" }, "For example: ",
  DTL.askExamples(known).map((text) => DTL.h("button", { type: "button", class: "dtl-chip", onclick: () => ask(text) }, text)))];

/** What the box shows for a question. */
DTL.askAnswer = async (known, text, ask) => {
  if (!text) return DTL.askHints(known, ask);
  const read = DTL.ask.understand(text);
  const named = DTL.ask.scenarioOf(known, read.ignored);
  const ignored = read.ignored.filter((w) => w.toLowerCase() !== named.toLowerCase());
  const isClear = !["reject", "clarify"].includes(read.query.intent);
  const line = (name, told, more = "") => DTL.h("p", { class: `dtl-ask__line ${more}`, "data-said": name }, DTL.h("b", {}, `${name}: `), told);
  const told = [
    line(isClear ? "Understood" : "Not answered", DTL.ask.words(read.query)),
    read.corrected.length ? line("Read as", read.corrected.map(([a, b]) => `${a} → ${b}`).join(", ")) : "",
    named ? line("Scenario", named) : "",
    ignored.length ? line("Ignored", ignored.join(", "), "dtl-ask__ignored") : "",
  ];
  const parts = await DTL.ask.answer(known, read);
  const partly = known.left_out.length && read.query.entity in known.kinds ? DTL.h("p", { class: "dtl-note" }, "Of the parts that this copy shows; what it hides is neither counted nor listed.") : "";
  return [...told, ...parts.flatMap((part) => DTL.askPart(known, part)), partly, ...(read.query.intent === "clarify" ? DTL.askHints(known, ask) : []),
    DTL.h("details", { class: "dtl-plain" }, DTL.h("summary", {}, "The query"), DTL.h("pre", {}, DTL.h("code", {}, JSON.stringify(read.query, null, 1))))].filter(Boolean);
};

/** Whether the site has the page of an address; the public copy lacks some. */
DTL.isThere = (known, href) => !known.left_out.includes(href.split("#")[0]);

DTL.askPart = (known, part) => {
  if (!part.held) return [DTL.h("p", { class: "dtl-callout", "data-said": "Not held" }, part.text, part.href && DTL.isThere(known, part.href) ? [" ", DTL.h("a", { href: part.href }, "Go there")] : "")];
  const found = [];
  if (part.case) found.push(DTL.h("p", { class: "dtl-note" }, "Case ", DTL.h("b", {}, DTL.caseLabel(part.case)), part.which ? `, ${part.which}` : ""));
  if (part.text) found.push(DTL.h("p", { class: "dtl-answer dtl-answer-small", "data-said": "Answer" }, part.text));
  if (part.rows.length) found.push(DTL.askRows(known, part.rows));
  if (part.more) found.push(DTL.h("p", { class: "dtl-note" }, `and ${part.more} more`));
  const behind = part.rows.length ? [] : part.all ?? [];
  if (behind.length) found.push(DTL.h("details", { class: "dtl-plain" }, DTL.h("summary", {}, `The ${behind.length.toLocaleString("en-US")} behind it`), DTL.askRows(known, behind.slice(0, 200)),
    behind.length > 200 ? DTL.h("p", { class: "dtl-note" }, "the first 200; the tables stand on the page Downloads") : ""));
  return found;
};

/** Rows of an answer; each number leads to the feeder, the element on the map, or the table from which it is. */
DTL.askRows = (known, rows) => DTL.h("div", { class: "dtl-scroll" }, DTL.h("table", { class: "dtl-table dtl-ask__rows" },
  DTL.h("thead", {}, DTL.h("tr", {}, DTL.h("th", { scope: "col" }, "What"), DTL.h("th", { scope: "col", class: "dtl-num" }, "Value"), DTL.h("th", { scope: "col" }, "Row"))),
  DTL.h("tbody", {}, rows.map((row) => DTL.h("tr", {}, DTL.h("th", { scope: "row" }, row.name),
    DTL.h("td", { class: "dtl-num" }, DTL.h(DTL.isThere(known, row.href) ? "a" : "span", { href: DTL.isThere(known, row.href) ? row.href : null, title: row.source, "data-value": row.value }, row.source === "cube" ? "there" : DTL.text(row.value, row.unit))),
    DTL.h("td", { class: "dtl-text" }, DTL.h("small", {}, row.source)))))));
