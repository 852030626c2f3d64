// The one-line diagram: the feeder as a tree along the distance from its head, coloured by loading.
"use strict";

/** Most rows of the diagram; of a larger feeder the smallest branches without trouble are left out. */
DTL.MOST_ROWS = 90;

/** The tree of the payload `profile`, laid out: rows of buses, the longest way straight. */
DTL.tree = (buses) => {
  const parent = Array.from(buses.get("parent"), (p) => (Number.isNaN(p) ? -1 : p));
  const km = buses.get("km");
  const children = parent.map(() => []);
  parent.forEach((p, i) => p >= 0 && children[p].push(i));
  const far = Array.from(km);
  const size = parent.map(() => 1);
  for (let i = parent.length - 1; i >= 0; i--) if (parent[i] >= 0) {
    far[parent[i]] = Math.max(far[parent[i]], far[i]);
    size[parent[i]] += size[i];
  }
  return { parent, km, children, far, size, roots: parent.map((p, i) => i).filter((i) => parent[i] < 0) };
};

/** Row of every bus that is drawn; `skip(i)` leaves out the branch that begins at a bus. */
DTL.treeRows = (tree, skip) => {
  const row = tree.parent.map(() => -1);
  let next = 0;
  for (const root of tree.roots) {
    const stack = [[root, next++]];
    while (stack.length) {
      const [i, at] = stack.pop();
      row[i] = at < 0 ? next++ : at;
      const own = tree.children[i].filter((c) => !skip(c)).sort((a, b) => tree.far[a] - tree.far[b]);
      own.forEach((c, n) => stack.push([c, n === own.length - 1 ? row[i] : -1]));
    }
  }
  return { row, rows: next };
};

DTL.oneLine = (study, profile, parts, at) => {
  const { buses } = profile;
  const names = buses.get("name");
  const tree = DTL.tree(buses);
  const number = new Map(parts.buses.get("name").map((n, i) => [n, i]));
  const own = names.map((n) => number.get(n));
  const [from, to, loads] = [parts.lines.get("from"), parts.lines.get("to"), parts.lines.get(`load@${at}`)];
  const lines = new Map();
  for (let k = 0; k < parts.lines.n; k++) lines.set(`${Math.min(from[k], to[k])} ${Math.max(from[k], to[k])}`, k);
  const transformers = new Map();
  parts.transformers.get("bus").forEach((b, t) => transformers.set(b, [...(transformers.get(b) ?? []), t]));
  const edge = tree.parent.map((p, i) => {
    if (p < 0) return null;
    const [a, b] = [own[p], own[i]];
    const k = lines.get(`${Math.min(a, b)} ${Math.max(a, b)}`);
    if (k !== undefined) return { kind: parts.lines.get("kind")[k], name: parts.lines.get("name")[k], load: loads[k] };
    const t = (transformers.get(a) ?? transformers.get(b) ?? [])[0];
    return t === undefined ? { kind: "link", name: "", load: NaN } : { kind: "transformer", name: parts.transformers.get("name")[t], load: parts.transformers.get(`load@${at}`)[t], kva: parts.transformers.get("kva")[t] };
  });
  const worst = edge.map((e) => (e && !Number.isNaN(e.load) ? e.load : 0));
  for (let i = worst.length - 1; i >= 0; i--) if (tree.parent[i] >= 0) worst[tree.parent[i]] = Math.max(worst[tree.parent[i]], worst[i]);
  let least = 0;
  let layout = DTL.treeRows(tree, () => false);
  while (layout.rows > DTL.MOST_ROWS && least < 1e6) {
    least = least ? least * 1.5 : 2;
    layout = DTL.treeRows(tree, (i) => tree.size[i] < least && worst[i] <= 100 && tree.far[i] < tree.far[tree.roots[0]]);
  }
  return DTL.drawOneLine(study, { tree, names, own, edge, layout, parts, at });
};

DTL.drawOneLine = (study, { tree, names, own, edge, layout, parts, at }) => {
  const km = study.units === "us" ? DTL.KM_PER_MILE : 1;
  const unit = study.units === "us" ? "mi" : "km";
  const most = Math.max(...Array.from(tree.km), 0.001);
  const high = Math.max(90, Math.min(15, 900 / Math.max(layout.rows, 1)) * layout.rows + 40);
  const step = (high - 40) / Math.max(layout.rows, 1);
  const note = "Point at a part for its name and loading.";
  const readout = DTL.h("p", { class: "dtl-chart__readout" }, note);
  const box = DTL.h("div", { class: "dtl-chart__box dtl-oneline" });
  const [heads, customers] = [parts.buses.get("head"), parts.buses.get("customers")];
  const draw = (width) => {
    const wide = Math.max(width, 300);
    const x = (v) => 16 + (v / most) * (wide - 40);
    const y = (row) => 14 + (row + 0.5) * step;
    const svg = DTL.svg("svg", { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high, role: "img" }, DTL.svg("title", {}, `One-line diagram, ${study.cases[at].label}`));
    const say = (element, text) => {
      element.append(DTL.svg("title", {}, text));
      element.addEventListener("pointerenter", () => (readout.textContent = text));
      return element;
    };
    const marks = [];
    edge.forEach((e, i) => {
      const p = tree.parent[i];
      if (!e || layout.row[i] < 0 || layout.row[p] < 0) return;
      const k = DTL.loadClass(e.load);
      const [x1, y1, x2, y2] = [x(tree.km[p]), y(layout.row[p]), x(tree.km[i]), y(layout.row[i])];
      const text = `${e.kind} ${e.name}: ${Number.isNaN(e.load) ? DTL.unrated(study) : `${DTL.text(e.load, "%", 100)} of its limit`}, ${names[p]} to ${names[i]}`;
      svg.append(say(DTL.svg("path", { class: `dtl-edge ${k === null ? "dtl-edge-none" : ""}`, d: y1 === y2 ? `M${x1} ${y1}H${x2}` : `M${x1} ${y1}V${y2}H${x2}`, style: k === null ? null : `stroke:var(--dtl-load-${k});stroke-width:${DTL.palette.scales.load.width[k]}` }), text));
      if (e.kind === "transformer") marks.push(say(DTL.svg("g", {}, DTL.svg("circle", { class: "dtl-mark-trafo", cx: x2 - 3, cy: y2, r: 4 }), DTL.svg("circle", { class: "dtl-mark-trafo", cx: x2 + 2.5, cy: y2, r: 4, style: k === null ? null : `stroke:var(--dtl-load-${k})` })), `${text}${e.kva ? `, ${DTL.significant(e.kva)} kVA` : ""}`));
      if (e.kind === "switch") marks.push(say(DTL.svg("rect", { class: "dtl-mark-switch", x: (x1 + x2) / 2 - 3, y: y2 - 3, width: 6, height: 6 }), text));
    });
    names.forEach((name, i) => {
      if (layout.row[i] < 0) return;
      if (heads[own[i]]) marks.push(say(DTL.svg("rect", { class: "dtl-mark-head", x: x(tree.km[i]) - 5, y: y(layout.row[i]) - 5, width: 10, height: 10 }), `${name}: head of the feeder`));
      else if (customers?.[own[i]] > 0) marks.push(say(DTL.svg("circle", { class: "dtl-mark-load", cx: x(tree.km[i]), cy: y(layout.row[i]), r: 2.4 }), `${name}: ${DTL.text(customers[own[i]])} customers`));
    });
    svg.append(...marks);
    const ticks = DTL.ticks(0, most / km, Math.max(2, wide / 140));
    for (const tick of ticks) svg.append(DTL.svg("text", { class: "dtl-tick", x: x(tick * km), y: high - 4, "text-anchor": tick ? "middle" : "start" }, `${DTL.grouped(tick, DTL.decimals(ticks))} ${unit}`));
    box.replaceChildren(svg);
  };
  DTL.onWidth(box, high, draw);
  const drawn = layout.row.filter((r) => r >= 0).length;
  return DTL.h("figure", { class: "dtl-chart", id: "oneline" }, DTL.h("figcaption", {}, DTL.h("b", {}, "One-line diagram"), " along the distance from the head, by highest loading of the year"),
    DTL.h("p", { class: "dtl-keys" }, DTL.palette.scales.load.labels.map((text, i) => DTL.h("span", {}, DTL.h("i", { class: `dtl-swatch dtl-load-${i}` }), text)), DTL.h("span", {}, "■ head"), DTL.h("span", {}, "◎ transformer"), DTL.h("span", {}, "▫ switch"), DTL.h("span", {}, "• customers")),
    box, readout, drawn < names.length ? DTL.h("p", { class: "dtl-note" }, `${(names.length - drawn).toLocaleString("en-US")} of ${names.length.toLocaleString("en-US")} buses, in small branches without trouble, are left out.`) : "");
};
