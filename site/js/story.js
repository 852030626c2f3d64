// The story of a feeder: sentences whose numbers name their cell of the cube, and advice by rules.
"use strict";

DTL.story = (sheet, list, at) => {
  const words = (parts) => parts.map((p) => (typeof p === "string" ? p : DTL.h("a", {
    class: "dtl-cell", href: "metrics.html", "data-metric": p.cell.metric, "data-case": p.cell.case ?? "",
    title: `cube: ${[p.cell.metric, p.cell.feeder, p.cell.case].filter(Boolean).join(", ")}`,
  }, p.number)));
  const { told, advice } = sheet.story;
  return [
    told.length ? DTL.h("p", { class: "dtl-story" }, told.flatMap((s) => [...words(s.parts), " "])) : "",
    advice.length ? DTL.h("ul", { class: "dtl-advice" }, advice.map((s) => DTL.h("li", { "data-rule": s.rule }, words(s.parts), " ", DTL.h("code", {}, s.rule)))) : "",
    list.get("has_insights")?.[at] === 1 ? DTL.h("p", { class: "dtl-note" }, DTL.h("a", { href: `insights.html#feeder=${encodeURIComponent(sheet.id)}` }, "What the learning modules say of it")) : "",
  ];
};
