// What changed against another study, or this one at a tag: told by the run that built the site.
"use strict";

DTL.compareAlso = () => {
  const root = document.getElementById("dtl-also");
  const told = DTL.run?.also;
  if (!root || !told) return;
  const table = ({ title, rows: [head, ...rows] }) => [
    DTL.h("h3", {}, title),
    DTL.h("div", { class: "dtl-scroll" }, DTL.h("table", { class: "dtl-table" },
      DTL.h("thead", {}, DTL.h("tr", {}, head.map((text) => DTL.h("th", { scope: "col" }, text)))),
      DTL.h("tbody", {}, rows.map((row) => DTL.h("tr", {}, row.map((text, i) => DTL.h(i ? "td" : "th", { scope: i ? null : "row" }, text))))))),
  ];
  root.replaceChildren(
    told.note ? DTL.h("p", { class: "dtl-note" }, `Not compared: ${told.note}`) : DTL.h("p", { class: "dtl-answer dtl-answer-small" }, told.summary),
    ...told.tables.flatMap(table));
  root.setAttribute("data-ready", "true");
};
