// The page of hosting capacity: choose case, kind and method; the map, ranges by feeder, what limits, and deployments.
"use strict";

DTL.page = async () => {
  const root = document.getElementById("dtl-hosting");
  if (!root) return;
  try {
    const [study, ov, hosting] = await Promise.all([DTL.load("study"), DTL.load("ov"), DTL.load("hosting")]);
    new DTL.HostingPage(root, study, ov, hosting).begin();
  } catch (error) {
    DTL.tell(root, error);
  }
};

DTL.HostingPage = class {
  constructor(root, study, ov, hosting) {
    Object.assign(this, { root, study, ov, rows: DTL.objects(hosting.spreads), levels: DTL.hosting.levels(hosting.levels) });
    this.factors = new Map();
    for (const f of DTL.objects(hosting.factors)) this.factors.set(f.row, [...(this.factors.get(f.row) ?? []), [f.factor, f.n]]);
    this.rows.forEach((r, i) => Object.assign(r, { row: i }));
    const words = new URLSearchParams(location.hash.slice(1));
    const cases = [...new Set(this.rows.map((r) => r.case))];
    const named = study.cases.findIndex((c) => c.case === (words.get("s") ?? study.worst_case));
    this.cases = cases;
    this.at = cases.includes(named) ? named : cases.at(-1);
    this.kinds = ["generation", "load", "pv"].filter((of) => this.rows.some((r) => r.of === of));
    this.of = this.kinds.includes(words.get("of")) ? words.get("of") : this.kinds[0];
  }

  begin() {
    this.body = DTL.h("div");
    this.root.replaceChildren(
      DTL.pills("Case", "dtl-case", this.cases.map((i) => [String(i), this.study.cases[i].label, this.study.cases[i].title]), String(this.at), (v) => ((this.at = Number(v)), this.draw())),
      this.kinds.length > 1 ? DTL.pills("Adding", "dtl-of", this.kinds.map((of) => [of, of]), this.of, (v) => ((this.of = v), this.draw())) : "", this.body);
    this.draw();
  }

  draw() {
    const name = this.study.cases[this.at].case;
    history.replaceState(null, "", `#${new URLSearchParams({ s: name, of: this.of })}`);
    const own = this.rows.filter((r) => r.case === this.at && r.of === this.of);
    const single = own.filter((r) => r.mode === "single");
    const whole = own.filter((r) => r.mode !== "single");
    this.body.replaceChildren(
      ...(single.length ? [DTL.h("div", { class: "dtl-beside" }, this.#map(name), DTL.h("div", {}, this.#limits(single))), DTL.h("h2", {}, "One plant at each bus"), this.#ranges(single)] : []),
      ...(whole.length ? [DTL.h("h2", {}, "Many plants at once"), ...this.#whole(whole)] : []));
    this.root.setAttribute("data-ready", name);
  }

  #map(name) {
    const canvas = DTL.h("canvas", { "aria-hidden": "true" });
    const scale = DTL.palette.scales.fit;
    const by = `fit_${this.of}`;
    const data = new DTL.MapData(this.study, this.ov);
    data.at = this.at;
    const link = DTL.h("a", { class: "dtl-hc-map", href: `map.html#by=${by}&s=${encodeURIComponent(name)}`, "aria-label": "Open on the map" }, canvas);
    const keys = DTL.h("p", { class: "dtl-keys" }, data.counts(by, this.at).map((n, k) => DTL.h("span", {}, DTL.h("i", { class: "dtl-swatch", style: `background:var(--dtl-fit-${k})` }), `${scale.labels[k]} `, DTL.h("b", { "data-class": k }, n.toLocaleString("en-US")))));
    DTL.smallMap(link, canvas, data, by);
    return DTL.h("figure", { class: "dtl-chart" }, DTL.h("figcaption", {}, DTL.h("b", {}, `${{ load: "Load that fits", generation: "Generation that fits", pv: "Roofs that fit" }[this.of]} at a bus`), " buses by class; open the map for single ones"), link, keys);
  }

  #limits(single) {
    const best = single.filter((r) => r.method === this.#first(single, r.feeder));
    const counts = new Map();
    for (const r of best) for (const [factor, n] of this.factors.get(r.row) ?? []) counts.set(factor, (counts.get(factor) ?? 0) + n);
    return DTL.hosting.limits(counts);
  }

  /** The method that counts first for a feeder, as on the map. */
  #first(rows, feeder) {
    return ["iterative", "drive", "qsts"].find((m) => rows.some((r) => r.method === m && r.feeder === feeder));
  }

  #ranges(rows) {
    const decades = DTL.hosting.decades(rows.flatMap((r) => [r.low, r.p5, r.p95, r.high]));
    const kw = (title, key) => ({ title, unit: "kW", value: (r) => r[key], cell: (r) => DTL.text(r[key], "kW").replace(/ kW$/, "") });
    return DTL.table({
      rows,
      sort: 5,
      down: false,
      most: 40,
      caption: "One plant at each bus, by feeder and method",
      columns: [
        { title: "Feeder", value: (r) => r.feeder, cell: (r) => DTL.h("a", { href: DTL.feederLink(r.feeder) }, r.feeder), left: true },
        { title: "Method", value: (r) => r.method, cell: (r) => DTL.h("span", { title: DTL.hosting.METHODS[r.method] }, r.method), left: true },
        { title: `From ${DTL.text(10 ** decades[0], "kW")} to ${DTL.text(10 ** decades[1], "kW")}`, unit: "each line ten times more", wide: true, value: (r) => r.p50, cell: (r) => DTL.hosting.range(r, decades) },
        kw("Lowest", "low"), kw("P5", "p5"), kw("Median", "p50"), kw("P95", "p95"),
        { title: "Nothing fits", unit: "buses", value: (r) => r.zero, cell: (r) => `${DTL.text(r.zero)} of ${DTL.text(r.n)}`, trouble: (r) => r.zero > 0 },
        { title: "Tightest bus", value: (r) => r.bus, left: true },
        { title: "Limited there by", value: (r) => r.factor, cell: (r) => [DTL.hosting.factor(r.factor), r.element ? DTL.h("small", {}, `at ${r.element}`) : ""], text: true },
        { title: "When", value: (r) => r.hour, cell: (r) => DTL.hosting.hour(r.hour), left: true },
      ],
    });
  }

  #whole(rows) {
    const curves = rows.filter((r) => this.levels.has(r.row)).sort((a, b) => a.p50 - b.p50).slice(0, 5)
      .map((r, i) => ({ name: r.feeder, colour: `var(--dtl-scenario-${i % 5})`, ...this.levels.get(r.row), p5: r.p5, p50: r.p50, p95: r.p95 }));
    const kw = (title, key) => ({ title, unit: "kW", value: (r) => r[key], cell: (r) => DTL.text(r[key], "kW").replace(/ kW$/, "") });
    const table = DTL.table({
      rows,
      sort: 4,
      down: false,
      most: 40,
      caption: "Many plants at once, by feeder and method",
      columns: [
        { title: "Feeder", value: (r) => r.feeder, cell: (r) => DTL.h("a", { href: DTL.feederLink(r.feeder) }, r.feeder), left: true },
        { title: "Method", value: (r) => DTL.hosting.method(r.method, r.mode), left: true },
        { title: "Deployments", value: (r) => r.n, cell: (r) => (r.method === "stochastic" ? DTL.text(r.n) : DTL.MISSING) },
        kw("P5", "p5"), kw("Median", "p50"), kw("P95", "p95"), kw("Mean", "mean"),
        { title: "Limited by", value: (r) => r.factor, cell: (r) => [DTL.hosting.factor(r.factor), r.element ? DTL.h("small", {}, `at ${r.element}`) : ""], text: true },
        { title: "When", value: (r) => r.hour, cell: (r) => DTL.hosting.hour(r.hour), left: true },
      ],
    });
    const many = rows.filter((r) => this.levels.has(r.row)).length > curves.length ? DTL.h("p", { class: "dtl-note" }, "Curves are those of the five feeders with the least room; each feeder's page has its own.") : "";
    return [table, many, curves.length ? DTL.h("div", { class: "dtl-two" }, DTL.hosting.curve(curves, "Random deployments"), DTL.hosting.violins(curves)) : ""];
  }
};
