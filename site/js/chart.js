// A small chart module: lines, bands and segments on two axes, as SVG that follows the width and the colour scheme.
"use strict";

/** Round numbers that cover a span. */
DTL.ticks = (from, to, about) => {
  const step = (to - from) / Math.max(about, 1);
  const power = 10 ** Math.floor(Math.log10(step));
  const unit = [1, 2, 2.5, 5, 10].find((u) => u * power >= step) * power;
  const ticks = [];
  for (let i = Math.ceil(from / unit - 1e-9); i * unit <= to + unit * 1e-9; i++) ticks.push(Number((i * unit).toPrecision(12)));
  return ticks;
};

/** The decimals that round numbers need to differ. */
DTL.decimals = (ticks) => Math.max(0, ...ticks.map((t) => (String(t).split(".")[1] ?? "").length));

let [pen, family] = [];
/** How wide a text of an axis is [px] in the font of the page; figures count as the widest, as they are drawn of equal width. */
DTL.tickWidth = (text) => {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = `12px ${(family ??= getComputedStyle(document.body).fontFamily)}`;
  return Math.ceil(pen.measureText(text.replace(/\d/g, "0")).width) + 1;
};

/** Lowest and highest of many numbers, without what is missing. */
DTL.extent = (...lists) => {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists) for (const v of list) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low > high ? [0, 1] : [low, high];
};

/**
 * A chart in a figure with title, readout and a table of its numbers.
 *
 * told.x, told.y: {from, to, unit?, ticks?: [value, text][], format?}. told.layers draw from the back to the front:
 *   {kind: "line", x, y, colour, name?, class?}, {kind: "band", x, low, high, colour, name?},
 *   {kind: "segments", x1, y1, x2, y2, colour, name?, class?}, {kind: "rule", y, name}, {kind: "dots", x, y, colour}.
 * told.read: (x) => text shown for a position; told.rows: () => {head, rows} of the table.
 */
DTL.chart = (told) => {
  const box = DTL.h("div", { class: "dtl-chart__box" });
  const readout = DTL.h("p", { class: "dtl-chart__readout", "aria-hidden": "true" }, told.note ?? "\u00a0");
  const keys = DTL.h("p", { class: "dtl-keys" }, told.layers.filter((l) => l.key).map((l) =>
    DTL.h("span", {}, DTL.h("i", { class: `dtl-key dtl-key-${l.kind} ${l.class ?? ""}`, style: `--c:${l.colour}` }), l.key)));
  const figure = DTL.h("figure", { class: "dtl-chart" },
    DTL.h("figcaption", {}, DTL.h("b", {}, told.title), told.unit ? ` ${told.unit}` : ""), keys, box, readout);
  if (told.rows) {
    const details = DTL.h("details", { class: "dtl-data" }, DTL.h("summary", {}, "Show the numbers"));
    details.addEventListener("toggle", () => {
      if (!details.open || details.children.length > 1) return;
      const { head, rows } = told.rows();
      details.append(DTL.table({ columns: head.map((title, i) => ({ title, value: (r) => r[i], left: i === 0 })), rows, most: 40 }));
    });
    figure.append(details);
  }
  DTL.onWidth(box, told.height ?? HEIGHT, (width) => DTL.drawChart(box, readout, told, Math.max(width, 260)));
  return figure;
};

/** The height of a chart that says none [px]. */
const HEIGHT = 240;

/** What is drawn by its width: the widths that it was drawn in, and what waits until the browser is idle. */
const drawings = new WeakMap();
const waiting = new Map();

const drawWaiting = () => {
  const now = [...waiting.values()];
  waiting.clear();
  now.forEach((draw) => draw());
};
window.addEventListener("beforeprint", drawWaiting);

/** All places are read before anything is drawn, so that the page is laid out once; what is far below the window waits. */
const widths = new ResizeObserver((entries) => {
  const changed = entries.filter((e) => Math.round(e.contentRect.width) !== drawings.get(e.target).width);
  const isNear = changed.map((e) => e.target.getBoundingClientRect().top < 1.25 * window.innerHeight);
  changed.forEach(({ target, contentRect }, i) => {
    const told = drawings.get(target);
    const isFirst = told.width === undefined;
    told.width = Math.round(contentRect.width);
    const draw = () => told.draw(told.width);
    if (isNear[i] || !isFirst) draw();
    else {
      if (!waiting.size) setTimeout(() => DTL.idle(drawWaiting), 100); // idle is a browser also before it has shown what is drawn
      waiting.set(target, draw);
    }
  });
});

/** Draws `draw(width)` into a box of a known height, now and whenever its width changes. */
DTL.onWidth = (box, height, draw) => {
  box.style.minHeight = `${height}px`;
  drawings.set(box, { draw });
  widths.observe(box);
};

DTL.drawChart = (box, readout, told, width) => {
  const height = told.height ?? HEIGHT;
  const yticks = told.y.steps?.filter((v) => v >= told.y.from && v <= told.y.to) ?? DTL.ticks(told.y.from, told.y.to, Math.max(2, height / 55));
  const levels = yticks.map((tick) => (told.y.format ? told.y.format(tick) : DTL.grouped(tick, DTL.decimals(yticks))));
  const room = 8 + Math.max(0, ...levels.map(DTL.tickWidth));
  const pad = { left: Math.max(told.left ?? 46, room), right: told.right ?? 14, top: 10, bottom: 26 };
  const x = (v) => pad.left + ((v - told.x.from) / (told.x.to - told.x.from || 1)) * (width - pad.left - pad.right);
  const y = (v) => height - pad.bottom - ((v - told.y.from) / (told.y.to - told.y.from || 1)) * (height - pad.top - pad.bottom);
  const svg = DTL.svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" },
    DTL.svg("title", {}, told.title), DTL.svg("desc", {}, told.describe ?? ""));
  yticks.forEach((tick, i) => {
    svg.append(DTL.svg("line", { class: "dtl-grid", x1: pad.left, x2: width - pad.right, y1: y(tick), y2: y(tick) }),
      DTL.svg("text", { class: "dtl-tick", x: pad.left - 7, y: y(tick) + 4, "text-anchor": "end" }, levels[i]));
  });
  const about = Math.max(2, Math.floor(width / 90));
  const round = DTL.ticks(told.x.from, told.x.to, about);
  const xticks = told.x.ticks ?? round.map((v) => [v, `${DTL.grouped(v, DTL.decimals(round))} ${told.x.unit}`]);
  const every = Math.ceil(xticks.length / Math.max(2, width / (told.x.room ?? 64)));
  xticks.forEach(([at, text], i) => {
    if (i % every) return;
    svg.append(DTL.svg("line", { class: "dtl-tickmark", x1: x(at), x2: x(at), y1: height - pad.bottom, y2: height - pad.bottom + 4 }),
      DTL.svg("text", { class: "dtl-tick", x: told.x.start ? x(at) : Math.min(x(at), width - DTL.tickWidth(text) / 2), y: height - 7, "text-anchor": told.x.start ? "start" : "middle" }, text));
  });
  svg.append(DTL.svg("line", { class: "dtl-axis", x1: pad.left, x2: width - pad.right, y1: height - pad.bottom, y2: height - pad.bottom }));
  for (const layer of told.layers) svg.append(DTL.layers[layer.kind](layer, x, y, width, pad));
  svg.append(...svg.querySelectorAll(".dtl-rule-name")); // on top: no line strikes through a name
  const cursor = DTL.svg("line", { class: "dtl-cursor", y1: pad.top, y2: height - pad.bottom, visibility: "hidden" });
  svg.append(cursor);
  if (told.read) {
    svg.addEventListener("pointermove", (event) => {
      const at = event.clientX - svg.getBoundingClientRect().left;
      const value = told.x.from + ((at - pad.left) / (width - pad.left - pad.right)) * (told.x.to - told.x.from);
      const text = value >= told.x.from && value <= told.x.to ? told.read(value) : null;
      if (!text) return;
      readout.textContent = text;
      cursor.setAttribute("x1", at);
      cursor.setAttribute("x2", at);
      cursor.setAttribute("visibility", "visible");
    });
    svg.addEventListener("pointerleave", () => {
      readout.textContent = told.note ?? "\u00a0";
      cursor.setAttribute("visibility", "hidden");
    });
  }
  box.replaceChildren(svg);
};

/** A path through points, broken where one is missing. */
DTL.path = (xs, ys, x, y) => {
  let [text, pen] = ["", "M"];
  for (let i = 0; i < xs.length; i++) {
    if (Number.isNaN(ys[i])) pen = "M";
    else {
      text += `${pen}${x(xs[i]).toFixed(1)} ${y(ys[i]).toFixed(1)}`;
      pen = "L";
    }
  }
  return text;
};

DTL.layers = {
  line: (layer, x, y) => DTL.svg("path", { class: `dtl-line ${layer.class ?? ""}`, d: DTL.path(layer.x, layer.y, x, y), style: `--c:${layer.colour}` }),

  band: (layer, x, y) => {
    let text = "";
    let start = 0;
    const flush = (end) => {
      if (end - start < 1) return;
      const there = Array.from({ length: end - start }, (_, i) => start + i);
      const point = (i, v) => `${x(layer.x[i]).toFixed(1)} ${y(v[i]).toFixed(1)}`;
      text += `M${there.map((i) => point(i, layer.high)).join("L")}L${there.reverse().map((i) => point(i, layer.low)).join("L")}Z`;
    };
    for (let i = 0; i <= layer.x.length; i++) if (i === layer.x.length || Number.isNaN(layer.low[i])) {
      flush(i);
      start = i + 1;
    }
    return DTL.svg("path", { class: `dtl-band ${layer.class ?? ""}`, d: text, style: `--c:${layer.colour}` });
  },

  segments: (layer, x, y) => {
    let text = "";
    for (let i = 0; i < layer.x1.length; i++)
      if (!Number.isNaN(layer.y1[i]) && !Number.isNaN(layer.y2[i]))
        text += `M${x(layer.x1[i]).toFixed(1)} ${y(layer.y1[i]).toFixed(1)}L${x(layer.x2[i]).toFixed(1)} ${y(layer.y2[i]).toFixed(1)}`;
    return DTL.svg("path", { class: `dtl-line ${layer.class ?? ""}`, d: text, style: `--c:${layer.colour}` });
  },

  dots: (layer, x, y) => DTL.svg("g", { class: `dtl-dots ${layer.class ?? ""}`, style: `--c:${layer.colour}` }, Array.from(layer.x, (v, i) => DTL.svg("circle", { cx: x(v).toFixed(1), cy: y(layer.y[i]).toFixed(1), r: 3 }))),

  rule: (layer, x, y, width, pad) => DTL.svg("g", {},
    DTL.svg("line", { class: "dtl-rule", x1: pad.left, x2: width - pad.right, y1: y(layer.y), y2: y(layer.y) }),
    DTL.svg("text", { class: "dtl-rule-name", x: width - pad.right, y: y(layer.y) + (layer.above ? -5 : 13), "text-anchor": "end" }, layer.name)),
};

/** The height of a strip [px], as the style sheet says. */
const HEAT_HEIGHT = 132;

/** A strip of 365 days by 24 hours; `colours()` is what paints an hour by its value, `read(hour)` tells it. */
DTL.heatStrip = (told) => {
  const canvas = DTL.h("canvas", { width: 365 * 3, height: 24 * 5, class: "dtl-heat", role: "img", "aria-label": told.describe });
  const readout = DTL.h("p", { class: "dtl-chart__readout" }, told.note ?? "\u00a0");
  const months = DTL.h("p", { class: "dtl-months", "aria-hidden": "true" }, DTL.MONTHS.map((m, i) => DTL.h("span", { style: `left:${(DTL.MONTH_STARTS[i] / 365) * 100}%` }, m.slice(0, 3))));
  const clock = DTL.h("p", { class: "dtl-clock", "aria-hidden": "true" }, ["24 h", "18", "12", "6", "0"].map((t) => DTL.h("span", {}, t)));
  const draw = () => {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const colourOf = told.colours();
    for (let hour = 0; hour < 8760; hour++) {
      const colour = colourOf(told.values[hour]);
      if (!colour) continue;
      pen.fillStyle = colour;
      pen.fillRect(Math.floor(hour / 24) * 3, (23 - (hour % 24)) * 5, 3, 5);
    }
  };
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const day = Math.min(364, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * 365)));
    const hour = 23 - Math.min(23, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * 24)));
    readout.textContent = told.read(day * 24 + hour);
  });
  canvas.addEventListener("pointerleave", () => (readout.textContent = told.note ?? "\u00a0"));
  DTL.onWidth(canvas, HEAT_HEIGHT, draw);
  DTL.onScheme(draw);
  return DTL.h("figure", { class: "dtl-chart dtl-strip" }, DTL.h("figcaption", {}, DTL.h("b", {}, told.title), told.unit ? ` ${told.unit}` : ""),
    DTL.h("p", { class: "dtl-keys" }, told.keys ?? []), DTL.h("div", { class: "dtl-strip__box" }, clock, DTL.h("div", { class: "dtl-strip__body" }, canvas, months)), readout);
};
