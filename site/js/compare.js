// The page that compares two cases: figures, violations that are new, cured or worse, feeders, and a map of the difference.
// Of a case and itself it shows the case alone.
"use strict";

DTL.page = async () => {
  DTL.compareAlso();
  const root = document.getElementById("dtl-compare");
  if (!root) return;
  try {
    const [study, compare] = await Promise.all([DTL.load("study"), DTL.load("compare")]);
    const page = new DTL.ComparePage(root, study, compare);
    window.addEventListener("hashchange", () => page.draw());
    page.draw();
  } catch (error) {
    DTL.tell(root, error);
  }
};

/** `better`, `worse`, `changed` or `same`, by the rules of the metric; as dtl.analyses.metrics. */
DTL.verdict = (metric, before, after) => {
  const change = after - before;
  if (change === 0 || Math.abs(change) < metric.material || Math.abs(change) < metric.share * Math.abs(before)) return "same";
  if (!metric.worse) return "changed";
  return change > 0 === (metric.worse === "up") ? "worse" : "better";
};

/** What the study shows of feeders' values: sum, highest, lowest or weighted mean; as dtl.analyses.compare. */
DTL.roll = (metric, values, weights) => {
  const known = values.map((v, i) => [v, weights?.[i] ?? 0]).filter(([v]) => !Number.isNaN(v));
  if (!known.length) return NaN;
  const numbers = known.map(([v]) => v);
  if (metric.rollup === "sum") return numbers.reduce((a, b) => a + b, 0);
  if (metric.rollup === "max") return numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  if (metric.rollup === "min") return numbers.reduce((a, b) => Math.min(a, b), Infinity);
  const whole = known.reduce((sum, [, w]) => sum + w, 0);
  return whole ? known.reduce((sum, [v, w]) => sum + v * w, 0) / whole : NaN;
};

DTL.ComparePage = class {
  constructor(root, study, compare) {
    Object.assign(this, { root, study, compare, metrics: compare.meta.metrics, ids: compare.feeders.get("id") });
  }

  /** The two cases of the URL; without, the worst case against its baseline, or, being one, against the last that has it. */
  get pair() {
    const told = new URLSearchParams(location.hash.slice(1));
    const find = (name) => this.study.cases.findIndex((c) => c.case === name);
    const last = this.study.cases.length - 1;
    const b = find(told.get("b")) >= 0 ? find(told.get("b")) : Math.max(find(this.study.worst_case), 0);
    const usual = find(this.study.cases[b].baseline);
    const other = this.study.cases.findLastIndex((c, i) => i !== b && c.baseline === this.study.cases[b].case);
    if (find(told.get("a")) < 0 && find(told.get("b")) < 0 && usual === b && last > 0) return [b, other >= 0 ? other : b === 0 ? last : 0];
    const a = find(told.get("a")) >= 0 ? find(told.get("a")) : usual >= 0 && usual !== b ? usual : b === 0 ? last : 0;
    return [a, b];
  }

  draw() {
    const [a, b] = this.pair;
    const [A, B] = [this.study.cases[a], this.study.cases[b]];
    const solved = (i) => this.compare.feeders.get(`solved@${i}`);
    this.both = this.ids.map((_, i) => i).filter((i) => solved(a)[i] === 1 && solved(b)[i] === 1);
    const lost = this.ids.length - this.both.length;
    const alone = a === b;
    const changes = this.#changes(a, b);
    this.hidden = DTL.unshown(this.study, this.both.map((i) => this.ids[i]), [A.case, B.case]).length;
    this.#name(alone ? B : null);
    this.root.replaceChildren(
      this.#choice(a, b),
      lost ? DTL.h("p", { class: "dtl-callout" }, `${lost} of ${this.ids.length} feeders were not solved ${alone ? "in this case" : "in both cases"} and are left out here.`) : "",
      this.both.length ? (alone ? this.#state(B, b, changes) : this.#lead(A, B, changes)) : DTL.h("p", { class: "dtl-callout dtl-callout-bad" }, alone ? "No feeder was solved in this case." : "No feeder was solved in both cases."),
      ...(this.both.length ? [
        this.#strip(a, b), DTL.h("h2", {}, alone ? "Where it is" : "Where it changes"), this.#map(a, b), DTL.h("h2", {}, "Feeders"), this.#feeders(a, b),
        DTL.h("h2", {}, "Violations"), ...this.#violations(changes, A, B), DTL.h("h2", {}, "All figures"), this.#figures(a, b),
        DTL.h("h2", {}, "Feeders by case"), this.#matrix(),
      ] : []));
    this.root.setAttribute("data-ready", `${A.case} ${B.case}`);
  }

  /** The heading, and what the cases are made of: of one case alone, or of all. */
  #name(alone) {
    document.querySelector("main h1").textContent = alone ? `Case ${alone.label}` : "Compare";
    document.querySelector("main .dtl-sub")?.toggleAttribute("hidden", alone !== null);
    for (const row of document.querySelectorAll("#makes tr[data-case]")) row.hidden = alone !== null && row.dataset.case !== alone.case;
  }

  /** What one case says: how many feeders need work, and what lies furthest beyond its limit. */
  #state(B, b, changes) {
    const bad = this.both.filter((i) => this.compare.feeders.get(`feeders_violating@${b}`)[i] > 0).length;
    const top = changes.sort((x, y) => y.size - x.size)[0];
    const unit = top?.what === "loading" ? "%" : "pu";
    const need = this.both.length === 1 ? (bad ? "The feeder needs work" : "The feeder needs no work") : `${bad.toLocaleString("en-US")} of ${this.both.length.toLocaleString("en-US")} feeders need work`;
    return DTL.h("p", { class: "dtl-answer dtl-answer-small", id: "answer" }, DTL.h("b", {}, `${need} in ${B.label}${B.title ? ` (${B.title})` : ""}.`),
      top ? ` Furthest beyond its limit is ${top.kind} ${top.element} of ${top.feeder}: ${DTL.text(top.b, unit, top.limit)} (limit ${DTL.text(top.limit, unit)}).` : "", this.#unshown(B));
  }

  /** How many feeders count something over a limit in a part that the copy does not show. */
  #unshown(...cases) {
    if (!this.hidden) return "";
    return ` ${this.hidden.toLocaleString("en-US")} feeder${this.hidden > 1 ? "s have" : " has"} something over a limit in ${cases.map((c) => c.label).join(" or ")} in a part that is not shown here.`;
  }

  #choice(a, b) {
    const go = (i, j) => (location.hash = new URLSearchParams({ a: this.study.cases[i].case, b: this.study.cases[j].case }));
    const select = (label, at, change) => DTL.h("label", { class: "dtl-field" }, label,
      DTL.h("select", { onchange: (event) => change(event.target.selectedIndex) }, this.study.cases.map((c, i) => DTL.h("option", { value: c.case, selected: i === at }, c.title ? `${c.label} – ${c.title}` : c.label))));
    const [A, B] = [this.study.cases[a], this.study.cases[b]];
    const map = a === b ? [`map.html#by=load&s=${encodeURIComponent(B.case)}`, "On the map"] : [`map.html#by=load&s=${encodeURIComponent(B.case)}&vs=${encodeURIComponent(A.case)}&split=side`, "Both maps side by side"];
    return DTL.h("div", { class: "dtl-pair" }, select("From", a, (i) => go(i, b)),
      DTL.h("button", { type: "button", class: "dtl-button", onclick: () => go(b, a) }, "Swap"), select("To", b, (i) => go(a, i)),
      DTL.h("a", { href: map[0] }, map[1]));
  }

  /** A metric of all feeders solved in both cases. */
  values(metric, at) {
    const column = this.compare.feeders.get(`${metric}@${at}`);
    return this.both.map((i) => (column ? column[i] : NaN));
  }

  /** A loading as per cent of its limit, by which colours and bars are. */
  ofLimit(metric, value) {
    return (100 * value) / this.study.limits[metric === "max_line_load_pct" ? "lines" : "transformers"].over_pct;
  }

  /** What a figure of all feeders is: hours of several are a sum. */
  meaning(metric) {
    return metric.unit === "h" && metric.rollup === "sum" && this.both.length > 1 ? `${metric.meaning}, summed over feeders` : metric.meaning;
  }

  rolled(metric, at) {
    return DTL.roll(metric, this.values(metric.metric, at), metric.weight ? this.values(metric.weight, at) : null);
  }

  /** Every violation of either case with what became of it. */
  #changes(a, b) {
    const table = this.compare.broken;
    const [owner, at, kind, element, what, value, limit, hours] = ["feeder", "case", "kind", "element", "what", "value", "limit", "hours"].map((n) => table.get(n));
    const both = new Set(this.both);
    const whole = (v) => Number(v.toPrecision(6)); // kept in single precision: 0.975 would be 0.97500002, which no value looks equal to
    const found = new Map();
    for (let r = 0; r < table.n; r++) {
      if ((at[r] !== a && at[r] !== b) || !both.has(owner[r])) continue;
      const key = [owner[r], kind[r], element[r], what[r]].join("\u0000");
      if (!found.has(key)) found.set(key, { feeder: this.ids[owner[r]], kind: kind[r], element: element[r], what: what[r], limit: whole(limit[r]), a: NaN, b: NaN, ha: NaN, hb: NaN });
      const row = found.get(key);
      if (at[r] === a) Object.assign(row, { a: value[r], ha: hours[r] });
      if (at[r] === b) Object.assign(row, { b: value[r], hb: hours[r], limit: whole(limit[r]) });
    }
    for (const row of found.values()) {
      const step = row.what === "loading" ? 1 : 0.002;
      const change = row.what === "too low" ? row.a - row.b : row.b - row.a;
      row.fate = Number.isNaN(row.a) ? "new" : Number.isNaN(row.b) ? "cured" : change >= step ? "worse" : change <= -step ? "better" : "same";
      row.size = a === b || row.fate === "new" ? Math.abs(row.b / row.limit - 1) : row.fate === "cured" ? Math.abs(row.a / row.limit - 1) : Math.abs(change / row.limit);
    }
    return [...found.values()];
  }

  #lead(A, B, changes) {
    const count = (fate) => changes.filter((c) => c.fate === fate).length;
    const words = [["new", "new"], ["worse", "worse"], ["better", "better"], ["cured", "cured"], ["same", "unchanged"]].filter(([f]) => count(f)).map(([f, text], i) => `${count(f).toLocaleString("en-US")} ${i ? "" : count(f) === 1 ? "violation is " : "violations are "}${text}`);
    const far = (c) => Math.abs(c.b / c.limit - 1);
    const top = changes.filter((c) => !Number.isNaN(c.b)).sort((x, y) => far(y) - far(x))[0];
    const unit = top?.what === "loading" ? "%" : "pu";
    const said = top ? ` In ${B.label} the furthest beyond its limit is ${top.kind} ${top.element} of ${top.feeder}: ${DTL.text(top.b, unit, top.limit)} (limit ${DTL.text(top.limit, unit)}).` : "";
    return DTL.h("p", { class: "dtl-answer dtl-answer-small", id: "answer" }, DTL.h("b", {}, `From ${A.label} to ${B.label}: ${words.length ? words.join(", ") : this.hidden ? "no violation of a part that is shown" : "no violation in either"}.`), said, this.#unshown(A, B));
  }

  #strip(a, b) {
    const head = this.compare.meta.headline.map((n) => this.metrics.find((m) => m.metric === n)).filter(Boolean);
    return DTL.h("section", { class: "dtl-figures", "aria-label": "Figures" }, DTL.h("dl", {}, head.slice(0, 5).map((m) => {
      const [before, after] = [this.rolled(m, a), this.rolled(m, b)];
      const [number, unit] = DTL.shown(after, m.unit);
      return DTL.h("div", { "data-metric": m.metric }, DTL.h("dt", {}, this.meaning(m)), DTL.h("dd", { class: "dtl-number" }, number, unit ? DTL.h("small", {}, ` ${unit}`) : ""),
        a === b ? "" : DTL.h("dd", { class: `dtl-delta dtl-${DTL.verdict(m, before, after)}` }, Number.isNaN(after - before) ? DTL.MISSING : DTL.change(after - before, m.unit)), a === b ? "" : DTL.h("dd", { class: "dtl-where" }, `before ${DTL.text(before, m.unit)}`));
    })));
  }

  #figures(a, b) {
    const label = (i) => this.study.cases[i].label;
    const rows = this.metrics.map((m) => ({ m, a: this.rolled(m, a), b: this.rolled(m, b) })).filter((r) => !Number.isNaN(r.a) || !Number.isNaN(r.b));
    return DTL.table({
      rows,
      most: 40,
      caption: "All figures of both cases",
      columns: [
        { title: "Figure", value: (r) => this.meaning(r.m), text: true },
        ...(a === b ? [] : [{ title: label(a), value: (r) => r.a, cell: (r) => DTL.text(r.a, r.m.unit) }]),
        { title: label(b), value: (r) => r.b, cell: (r) => DTL.h("span", { "data-value": r.m.metric }, DTL.text(r.b, r.m.unit)) },
        ...(a === b ? [] : [{ title: "Change", value: (r) => r.b - r.a, cell: (r) => DTL.h("span", { class: `dtl-${DTL.verdict(r.m, r.a, r.b)}`, "data-metric": r.m.metric }, Number.isNaN(r.b - r.a) ? DTL.MISSING : DTL.change(r.b - r.a, r.m.unit)) }]),
      ],
    });
  }

  #map(a, b) {
    const box = DTL.h("div", {});
    const [A, B] = [this.study.cases[a], this.study.cases[b]];
    DTL.load("ov").then((ov) => {
      if (!ov.feeders.n) return;
      const data = new DTL.MapData(this.study, ov);
      const [alone, by] = a === b ? [true, "load"] : [false, "diff"];
      Object.assign(data, alone ? { at: b } : { at: b, vs: a });
      const canvas = DTL.h("canvas", { "aria-hidden": "true" });
      const link = DTL.h("a", { class: "dtl-hc-map", href: `map.html#by=${by}&s=${encodeURIComponent(B.case)}${alone ? "" : `&vs=${encodeURIComponent(A.case)}`}`, "aria-label": alone ? "Open the map" : "Open the difference on the map" }, canvas);
      box.replaceChildren(link);
      return DTL.smallMap(link, canvas, data, by).then(() => {
        const read = data.countsRead(by, b);
        const ways = data.overview.flat().map((path) => data.classOfPath(path, by, b));
        const steps = ["two classes lower or more", "one class lower", "the same class", "one class higher", "two classes higher or more"];
        const [counts, none, labels, unit] = alone || read.whole
          ? [alone ? data.counts(by, b) : read.counts, alone ? data.unjudged(by, b) : read.none, DTL.palette.scales[by].labels, `${alone ? "% of the limit" : "percentage points of the limit"}; how many lines and transformers`]
          : [steps.map((_, k) => ways.filter((c) => c === k).length), ways.filter(Number.isNaN).length, steps, "by classes of % of the limit; how many ways drawn"];
        const key = (k, colour, text, count) => DTL.h("span", {}, DTL.h("i", { class: "dtl-swatch", style: `background:${colour}` }), `${text} `, DTL.h("b", { "data-class": k }, count.toLocaleString("en-US")));
        const keys = DTL.h("p", { class: "dtl-keys" }, labels.map((text, k) => key(k, `var(--dtl-${by}-${k})`, text, counts[k])), none ? key(5, DTL.ink().none, `${DTL.unrated(this.study)}${alone ? "" : " in both"}`, none) : "");
        box.replaceChildren(DTL.h("figure", { class: "dtl-chart" }, DTL.h("figcaption", {}, DTL.h("b", {}, alone ? "Loading" : "Change of the highest loading"), ` ${unit}`), link, keys));
      });
    }).catch((error) => DTL.tell(box, error));
    return box;
  }

  #feeders(a, b) {
    const find = (name) => this.metrics.find((m) => m.metric === name);
    const km = (name) => ({ m: find(name), a: this.values(name, a), b: this.values(name, b) });
    const shown = ["max_line_load_pct", "max_transformer_load_pct", "overload_hours_h", "min_pu", "max_pu", "violation_hours_h", "peak_kw"].filter(find).map(km);
    const load = (i, side) => Math.max(...shown.filter(({ m }) => m.metric.endsWith("_load_pct")).map((c) => this.ofLimit(c.m.metric, c[side][i])).filter((v) => !Number.isNaN(v)), 0);
    const rows = this.both.map((feeder, i) => ({ i, id: this.ids[feeder] }));
    const most = Math.min(300, Math.max(120, ...rows.flatMap(({ i }) => [load(i, "a"), load(i, "b")])));
    return DTL.table({
      rows,
      sort: 1,
      most: 30,
      filter: "Find a feeder",
      caption: a === b ? "Feeders" : "Feeders by change",
      columns: [
        { title: "Feeder", value: (r) => r.id, cell: (r) => DTL.h("a", { href: DTL.feederLink(r.id) }, r.id), left: true },
        { title: a === b ? "Highest loading" : "Highest loading, before and after", unit: a === b ? "% of the limit" : "tick and bar, % of the limit", wide: true, value: (r) => (a === b ? load(r.i, "b") : load(r.i, "b") - load(r.i, "a")), cell: (r) => DTL.bullet2(load(r.i, "a"), load(r.i, "b"), most) },
        ...shown.map(({ m, a: before, b: after }) => ({
          title: m.meaning, unit: m.unit, value: (r) => (a === b ? after[r.i] : after[r.i] - before[r.i]),
          cell: (r) => [DTL.shown(after[r.i], m.unit)[0], a === b || Number.isNaN(after[r.i] - before[r.i]) ? "" : DTL.h("small", { class: `dtl-${DTL.verdict(m, before[r.i], after[r.i])}` }, DTL.change(after[r.i] - before[r.i], m.unit))],
        })),
      ],
    });
  }

  #violations(changes, A, B) {
    const fates = ["new", "worse", "better", "cured", "same"];
    const alone = A === B;
    const chosen = new Set(["new", "worse", "cured"].some((f) => changes.some((c) => c.fate === f)) ? ["new", "worse", "better", "cured"] : fates);
    const box = DTL.h("div");
    const number = (value, row) => (row.what === "loading" ? DTL.text(value, "%", row.limit) : DTL.text(value, "pu", row.limit));
    const draw = () => {
      const rows = changes.filter((c) => chosen.has(c.fate)).sort((x, y) => fates.indexOf(x.fate) - fates.indexOf(y.fate) || y.size - x.size);
      box.replaceChildren(DTL.table({
        rows,
        most: 30,
        filter: "Find a feeder or element",
        caption: "Violations and what became of them",
        columns: [
          ...(alone ? [] : [{ title: "Is", value: (r) => r.fate, left: true, trouble: (r) => r.fate === "new" || r.fate === "worse" }]),
          { title: "Element", value: (r) => `${r.kind} ${r.element}`, left: true },
          { title: "Feeder", value: (r) => r.feeder, cell: (r) => DTL.h("a", { href: DTL.feederLink(r.feeder) }, r.feeder), left: true },
          { title: "Criterion", value: (r) => r.what, left: true },
          ...(alone ? [] : [{ title: A.label, value: (r) => r.a, cell: (r) => (Number.isNaN(r.a) ? "within" : number(r.a, r)) }]),
          { title: B.label, value: (r) => r.b, cell: (r) => (Number.isNaN(r.b) ? "within" : number(r.b, r)) },
          { title: "Limit", value: (r) => r.limit, cell: (r) => number(r.limit, { ...r, limit: null }) },
          ...(alone ? [] : [{ title: `Hours, ${A.label}`, value: (r) => r.ha, cell: (r) => DTL.text(r.ha) }]),
          { title: `Hours, ${B.label}`, value: (r) => r.hb, cell: (r) => DTL.text(r.hb) },
        ],
      }));
    };
    const chips = alone ? "" : DTL.h("p", { class: "dtl-chips" }, fates.map((f) => DTL.h("label", {}, DTL.h("input", { type: "checkbox", name: f, checked: chosen.has(f), onchange: (event) => ((event.target.checked ? chosen.add(f) : chosen.delete(f)), draw()) }), ` ${f} `, DTL.h("b", { "data-fate": f }, changes.filter((c) => c.fate === f).length.toLocaleString("en-US")))));
    draw();
    const left = this.compare.meta.left_out;
    return changes.length ? [chips, box, left ? DTL.h("p", { class: "dtl-note" }, `${left.toLocaleString("en-US")} smaller violations of all cases are only in the file for download.`) : ""] : [DTL.h("p", {}, this.hidden ? "None of a part that is shown." : alone ? "None." : "Neither case has any.")];
  }

  /** Feeders by case, coloured by the highest loading: the worst first. */
  #matrix() {
    const names = ["max_line_load_pct", "max_transformer_load_pct"];
    const load = (i, c) => Math.max(...names.map((n) => this.ofLimit(n, this.compare.feeders.get(`${n}@${c}`)?.[i] ?? NaN)).filter((v) => !Number.isNaN(v)), -1);
    const rows = this.ids.map((id, i) => ({ id, i, top: Math.max(...this.study.cases.map((_, c) => load(i, c))) })).sort((x, y) => y.top - x.top);
    return DTL.table({
      rows,
      most: 25,
      caption: "Highest loading of each feeder in every case",
      columns: [
        { title: "Feeder", value: (r) => r.id, cell: (r) => DTL.h("a", { href: DTL.feederLink(r.id) }, r.id), left: true },
        ...this.study.cases.map((told, c) => ({ title: told.label, unit: "% of the limit", value: (r) => load(r.i, c), cell: (r) => (load(r.i, c) < 0 ? DTL.MISSING : [DTL.h("i", { class: `dtl-swatch dtl-load-${DTL.loadClass(load(r.i, c))}` }), DTL.shown(load(r.i, c), "%", 100)[0]]) })),
      ],
    });
  }
};

/** A bar for the value after, a tick for the one before, and the line at 100 %. */
DTL.bullet2 = (before, after, most) => {
  const k = 200 / most;
  return DTL.svg("svg", { class: "dtl-bullet", viewBox: "0 0 200 16", preserveAspectRatio: "none", role: "img", "aria-label": `${DTL.text(before, "%")} to ${DTL.text(after, "%")}` },
    DTL.svg("rect", { class: "dtl-track", x: 0, y: 2, width: 200, height: 12 }),
    DTL.svg("rect", { class: `dtl-load-${DTL.loadClass(after) ?? 0}`, x: 0, y: 4, width: Math.min(200, after * k), height: 8 }),
    DTL.svg("rect", { class: "dtl-before", x: Math.min(198, before * k - 1), y: 1, width: 2, height: 14 }),
    DTL.svg("rect", { class: "dtl-limit", x: Math.min(199, 100 * k), y: 0, width: 1.2, height: 16 }));
};
