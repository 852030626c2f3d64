// The page "What if": sliders over sweeps, and a plant at a bus; both can be made a scenario.
"use strict";

DTL.page = async () => {
  const root = document.getElementById("dtl-what-if");
  try {
    const whole = await DTL.load("whatif");
    const parts = [];
    if (whole.sweeps.length) parts.push(new DTL.WhatIfSweep(whole).element);
    if (whole.surrogate) parts.push(await new DTL.WhatIfPlant(whole).begin());
    root.replaceChildren(...parts);
    root.setAttribute("data-ready", parts.length);
  } catch (error) {
    DTL.tell(root, error);
  }
};

/** A labelled slider with a box for the number. */
DTL.slider = (title, { low, high, step, value, unit = "" }, change) => {
  const same = { min: low, max: high, step, value };
  const range = DTL.h("input", { type: "range", ...same, "aria-label": title });
  const box = DTL.h("input", { type: "number", ...same, "aria-label": `${title}, as a number` });
  const take = (from, to) => () => {
    if (from.value === "" || !Number.isFinite(Number(from.value))) return;
    const now = Math.min(high, Math.max(low, Number(from.value)));
    to.value = now;
    change(now);
  };
  range.addEventListener("input", take(range, box));
  box.addEventListener("change", take(box, range));
  return DTL.h("div", { class: "dtl-slider" }, DTL.h("span", {}, title, unit ? DTL.h("small", {}, ` ${unit}`) : ""), range, box);
};

/** The text of a scenario with a button that copies it. */
DTL.snippet = (make) => {
  const text = DTL.h("pre", { class: "dtl-snippet", tabindex: "0", hidden: true });
  const note = DTL.h("p", { class: "dtl-note", hidden: true }, "Add these entries below the sections of the same name in the study, then dtl check, dtl plan and dtl run.");
  const copy = DTL.h("button", { type: "button", class: "dtl-button", hidden: true, onclick: async () => {
    await navigator.clipboard?.writeText(text.textContent).catch(() => getSelection().selectAllChildren(text));
  } }, "Copy");
  const form = DTL.h("a", { hidden: true }, "Open it in the form");
  const parts = [text, note, copy, form];
  const show = DTL.h("button", { type: "button", class: "dtl-button", onclick: () => {
    const made = make();
    text.textContent = DTL.asYaml(made);
    form.href = `builder.html#${new URLSearchParams({ scenario: JSON.stringify(made) })}`;
    for (const part of parts) part.hidden = false;
  } }, "Make this a scenario");
  const clear = () => parts.forEach((part) => (part.hidden = true));
  return { element: DTL.h("div", {}, DTL.h("p", {}, show, " ", copy, " ", form), text, note), clear, show };
};

DTL.WhatIfSweep = class {
  constructor(whole) {
    this.whole = whole;
    this.body = DTL.h("div");
    const names = whole.sweeps.map((s) => [s.name, s.name]);
    this.element = DTL.h("section", { id: "what-if-sweep" }, DTL.h("h2", {}, "Between the points of a sweep"),
      names.length > 1 ? DTL.pills("Sweep", "dtl-sweep", names, names[0][0], (name) => this.choose(name)) : "", this.body);
    this.choose(names[0][0]);
  }

  choose(name) {
    this.sweep = this.whole.sweeps.find((s) => s.name === name);
    const axes = DTL.axesOf(this.sweep);
    this.at = axes.map((values) => Number(((values[0] + values.at(-1)) / 2).toPrecision(3)));
    this.feeder = "";
    const feeders = [...new Set(this.sweep.figures.flatMap((f) => Object.keys(f.values)))].sort();
    this.table = DTL.h("div");
    this.snippet = DTL.snippet(() => DTL.sweptScenario(this.whole, this.sweep, this.at));
    this.body.replaceChildren(
      DTL.h("label", { class: "dtl-field dtl-what-of" }, "Of", DTL.h("select", { onchange: (event) => ((this.feeder = event.target.value), this.draw()) },
        feeders.map((f) => DTL.h("option", { value: f }, f || "the whole study")))),
      ...this.sweep.axes.map((title, i) => {
        const [low, high] = [axes[i][0], axes[i].at(-1)];
        const share = /(penetration|share)$/.test(title);
        return DTL.slider(title, { low, high, step: "any", value: this.at[i], unit: share ? "0.1 is 10 %" : "" }, (v) => ((this.at[i] = v), this.snippet.clear(), this.draw()));
      }), this.table, this.snippet.element);
    this.draw();
  }

  draw() {
    const corners = DTL.cornersOf(this.sweep, this.at);
    const rows = this.sweep.figures.map((f) => [f, DTL.between(corners, f.values[this.feeder])]).filter(([, told]) => told);
    const solved = corners.length === 1;
    const head = ["Figure", solved ? "Solved" : "Estimate"].map((t, i) => DTL.h("th", { scope: "col", class: i ? "dtl-num" : null }, t));
    this.table.replaceChildren(
      DTL.h("p", { class: "dtl-note" }, solved ? "This is a point that was solved: no estimate." : `Told from the ${corners.length} solved points around; the band is their lowest and highest, and holds as long as the figure rises or falls all the way between them.`),
      DTL.h("div", { class: "dtl-scroll" }, DTL.h("table", { class: "dtl-table dtl-what-figures" }, DTL.h("thead", {}, DTL.h("tr", {}, head)),
        DTL.h("tbody", {}, rows.map(([f, told]) => DTL.h("tr", { "data-metric": f.metric }, DTL.h("th", { scope: "row", class: "dtl-text" }, f.meaning),
          DTL.h("td", { class: "dtl-num", "data-value": told.value }, DTL.text(told.value, f.unit),
            told.solved ? "" : DTL.h("small", {}, `${DTL.shown(told.low, f.unit)[0]} to ${DTL.text(told.high, f.unit)}`))))))));
    this.element.setAttribute("data-at", this.at.join(" "));
  }
};

DTL.WhatIfPlant = class {
  constructor(whole) {
    Object.assign(this, { whole, model: whole.surrogate.model });
    this.body = DTL.h("div");
  }

  async begin() {
    const ids = this.whole.feeders.map((f) => f.id);
    const input = DTL.h("input", { list: "dtl-what-feeders", value: ids[0], autocomplete: "off" });
    this.said = DTL.h("p", { class: "dtl-note", role: "status" });
    input.addEventListener("change", () => this.feeder(input.value).catch((error) => DTL.tell(this.body, error)));
    this.element = DTL.h("section", { id: "what-if-plant" }, DTL.h("h2", {}, "A plant at a bus"),
      DTL.h("div", { class: "dtl-pair" }, DTL.h("label", { class: "dtl-field" }, "Feeder", input, DTL.h("datalist", { id: "dtl-what-feeders" }, ids.slice(0, 3000).map((id) => DTL.h("option", { value: id }))))), this.said, this.body);
    await this.feeder(ids[0]);
    return this.element;
  }

  async feeder(id) {
    const known = this.whole.feeders.find((f) => f.id === id);
    this.said.textContent = known ? "" : `The surrogate knows no feeder called ${id}.${DTL.near(id, this.whole.feeders.map((f) => f.id), 3).map((n) => ` ${n}?`).join("")}`;
    if (!known) return;
    this.id = id;
    this.sites = DTL.objects((await DTL.load(`wi/${known.file}`)).sites);
    const all = (key) => [...new Set(this.sites.map((s) => s[key]))];
    this.case = all("case").at(-1);
    this.of = all("of").includes("generation") ? "generation" : all("of")[0];
    this.frame = DTL.h("div");
    this.body.replaceChildren(
      all("case").length > 1 ? DTL.pills("Case", "dtl-what-case", all("case").map((c) => [c, c]), this.case, (v) => ((this.case = v), this.buses())) : "",
      all("of").length > 1 ? DTL.pills("Adding", "dtl-what-kind", all("of").map((o) => [o, o]), this.of, (v) => ((this.of = v), this.buses())) : "", this.frame);
    this.buses();
  }

  buses() {
    const own = this.sites.filter((s) => s.case === this.case && s.of === this.of);
    const answer = DTL.h("div");
    const select = DTL.h("select", { onchange: (event) => this.bus(own[event.target.selectedIndex], answer) }, own.map((s) => DTL.h("option", { value: s.bus }, `${s.bus} (${s.phases})`)));
    this.frame.replaceChildren(own.length ? DTL.h("label", { class: "dtl-field dtl-what-of" }, "Bus", select) : DTL.h("p", {}, `No ${this.of} was asked for in ${this.case}.`), answer);
    if (own.length) this.bus(own[0], answer);
  }

  bus(site, place) {
    const told = DTL.surrogate.answer(this.model, site);
    this.element.setAttribute("data-bus", site.bus);
    if (told.refused) {
      const type = site.of === "load" ? "load" : "pv";
      place.replaceChildren(DTL.h("p", { class: "dtl-callout dtl-callout-bad" }, `No estimate: this site is outside of what was learned from: ${told.refused}. Have it solved: `, DTL.h("code", {}, `dtl connect STUDY --bus ${this.id}:${site.bus} --kw KW --type ${type}`)));
      return;
    }
    const top = Math.min(site.top_kw, DTL.rounded(2 * Math.max(told.kw, 1)));
    let kw = DTL.rounded(0.8 * told.bound) || 1;
    const line = DTL.h("div");
    const snippet = DTL.snippet(() => DTL.plantScenario(this.whole, this.id, site, kw));
    const draw = () => line.replaceChildren(...DTL.fitTold(kw, told, site, top));
    const isNamed = /^[ABC]+$/.test(site.phases);
    place.replaceChildren(DTL.slider(`${site.of === "load" ? "Load" : "Generation"}`, { low: 0, high: top, step: "any", value: kw, unit: "kW" }, (v) => ((kw = Number(Math.max(v, 0.001).toPrecision(3))), snippet.clear(), draw())), line,
      isNamed ? snippet.element : DTL.h("p", { class: "dtl-note" }, "A plant on these conductors cannot be written as a layer."));
    draw();
  }
};

/** A number with two digits that mean something. */
DTL.rounded = (value) => Number(value.toPrecision(2));

/** Whether a plant fits, in words and as a bar with the lower bound and the estimate. */
DTL.fitTold = (kw, told, site, top) => {
  const word = kw <= told.bound ? "Fits" : kw > told.kw ? "Does not fit" : "Not sure";
  const why = kw <= told.bound ? "At or below the lower bound" : kw > told.kw ? "Above the estimate" : "Between the lower bound and the estimate";
  const x = (v) => (100 * Math.min(v, top)) / top;
  const bar = DTL.svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", class: "dtl-what-bar", role: "img", "aria-label": `${DTL.text(kw, "kW")}; lower bound ${DTL.text(told.bound, "kW")}, estimate ${DTL.text(told.kw, "kW")}` },
    DTL.svg("rect", { x: 0, y: 3, width: x(told.bound), height: 4, class: "dtl-what-sure" }), DTL.svg("rect", { x: x(told.bound), y: 3, width: Math.max(0.3, x(told.kw) - x(told.bound)), height: 4, class: "dtl-what-band" }),
    DTL.svg("rect", { x: Math.min(99.2, x(kw)), y: 0, width: 0.8, height: 10, fill: "currentColor" }));
  const found = Number.isNaN(site.hc_kw) ? "" : ` The study's own search found ${DTL.text(site.hc_kw, "kW")} here.`;
  return [DTL.h("p", { class: "dtl-answer dtl-answer-small", "data-fits": word }, DTL.h("b", {}, `${word}: ${DTL.text(kw, "kW")}`), ` ${why}.`), bar,
    DTL.h("div", { class: "dtl-what-scale", "aria-hidden": "true" }, DTL.h("span", {}, "0"), DTL.h("span", {}, DTL.text(top, "kW"))),
    DTL.h("p", { class: "dtl-what-numbers", "data-kw": told.kw, "data-bound": told.bound }, `About ${DTL.text(told.kw, "kW")} fit, ${told.atLeast ? "at least" : "and with little doubt"} ${DTL.text(told.bound, "kW")}; ${site.formula_term === "other" ? "reverse flow or a screen" : site.formula_term === "voltage" ? "voltage" : "a rating"} limits.${found}`)];
};
