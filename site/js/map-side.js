// The side of the map: cases, what colours the network, its legend with counts and filters, and the layers on top.
"use strict";

DTL.MapSide = class {
  constructor(page) {
    this.page = page;
    for (const [name, id] of [["cases", "dtl-case"], ["others", "dtl-vs"], ["splits", "dtl-split"], ["by", "dtl-by"], ["legend", "dtl-legend"], ["overlays", "dtl-overlays"], ["swipe", "dtl-swipe"]]) this[name] = page.find(id);
  }

  /** The choices that do not change. */
  fill() {
    const { study } = this.page;
    const options = () => study.cases.map((c) => DTL.h("option", { value: c.case }, c.title ? `${c.label} – ${c.title}` : c.label));
    this.cases.replaceChildren(...options());
    this.others.replaceChildren(...options());
    if (study.cases.length < 2) this.splits.closest(".dtl-map__other").hidden = true;
    this.by.append(...Object.entries(DTL.COLOURINGS).map(([name, told]) => {
      const why = DTL.lacking(study, name);
      return DTL.h("label", { class: why ? "dtl-lacking" : null, title: why }, DTL.h("input", { type: "radio", name: "by", value: name, disabled: Boolean(why) }), ` ${told.name}`, why ? DTL.h("span", { class: "dtl-hidden" }, ` not there: ${why}`) : "");
    }));
  }

  listen() {
    const { page } = this;
    const { form, view, data } = page;
    form.addEventListener("submit", (event) => event.preventDefault());
    const again = () => {
      this.show();
      if (view.selected) page.open(view.selected);
      page.refresh();
    };
    this.cases.addEventListener("change", () => ((data.at = this.cases.selectedIndex), again()));
    this.others.addEventListener("change", () => ((data.vs = this.others.selectedIndex), again()));
    this.splits.addEventListener("change", () => (page.setSplit(this.splits.value), again()));
    this.swipe.addEventListener("input", () => ((page.swipe = Number(this.swipe.value)), page.blade(), page.redraw()));
    for (const radio of form.elements.by) radio.addEventListener("change", () => {
      view.by = form.elements.by.value;
      view.hidden.clear();
      view.kinds.clear();
      again();
    });
    page.goto.addEventListener("change", () => page.go(page.goto.value.trim()));
    page.list.addEventListener("toggle", () => page.list.open && DTL.listInView(page));
  }

  /** Everything that depends on the state. */
  show() {
    const { page } = this;
    const { view, data, study, split } = page;
    this.cases.value = study.cases[data.at].case;
    this.others.value = study.cases[data.vs].case;
    this.splits.value = split;
    page.find("dtl-vs-field").hidden = split === "one" && view.by !== "diff";
    for (const radio of page.form.elements.by) radio.checked = radio.value === view.by;
    page.find("dtl-legend-title").textContent = DTL.COLOURINGS[view.by].title;
    this.legend.replaceChildren(...this.#classes(), ...this.#kinds());
    this.overlays.replaceChildren(...[...page.order].map((name) => this.#overlay(name)));
    this.#captions();
  }

  #counts(at) {
    const { view, data } = this.page;
    if (view.by === "diff") return data.countsRead(view.by, at);
    return { counts: data.counts(view.by, at), none: data.unjudged(view.by, at), whole: true };
  }

  #classes() {
    const { view, data } = this.page;
    const scale = DTL.scaleOf(view.by);
    const { counts, none, whole } = this.#counts(data.at);
    const row = (k, width, colour, ...text) => DTL.h("label", { class: "dtl-legend__row" },
      DTL.h("input", { type: "checkbox", name: `class-${k}`, checked: !view.hidden.has(k), onchange: (event) => this.#toggle(view.hidden, k, event.target.checked) }),
      DTL.svg("svg", { viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true" }, DTL.svg("line", { x1: 2, x2: 24, y1: 6, y2: 6, "stroke-width": width, stroke: colour, "stroke-linecap": "round" })), ...text);
    const rows = scale.labels.map((label, k) => row(k, scale.width[k] * 1.3, DTL.coloursOf(view.by)[k], DTL.h("span", {}, label), DTL.h("b", { "data-class": k }, counts[k].toLocaleString("en-US"))));
    const failed = data.failed(data.at);
    rows.push(row(5, 1.6, view.ink.none, DTL.h("span", {}, view.by === "load" ? DTL.unrated(this.page.study) : DTL.COLOURINGS[view.by].none, failed.length ? `, or not solved: ${failed.slice(0, 3).join(", ")}${failed.length > 3 ? " …" : ""}` : ""), DTL.h("b", { "data-class": 5 }, none.toLocaleString("en-US"))));
    if (!whole) rows.push(DTL.h("p", { class: "dtl-note" }, "Counted over what was zoomed to so far."));
    if (scale.trouble.some(Boolean)) {
      const calm = scale.labels.map((_, k) => k).filter((k) => !scale.trouble[k]);
      const only = calm.every((k) => view.hidden.has(k)) && view.hidden.has(5);
      rows.push(DTL.h("button", { type: "button", class: "dtl-only", "aria-pressed": String(only), onclick: () => this.#only(only ? [] : [...calm, 5]) }, only ? "Show everything" : "Show violations only"));
    }
    return rows;
  }

  #kinds() {
    const { view, data } = this.page;
    if (view.by !== "load") return [];
    const counts = data.kindCounts(data.at, view.hidden);
    const told = { line: "Lines and switches", transformer: "Transformers" };
    return [DTL.h("p", { class: "dtl-kinds" }, Object.entries(told).map(([kind, name]) => DTL.h("label", {},
      DTL.h("input", { type: "checkbox", name: `kind-${kind}`, checked: !view.kinds.has(kind), onchange: (event) => this.#toggle(view.kinds, kind, event.target.checked) }), name, " ", DTL.h("i", { "data-kind": kind }, counts[kind].toLocaleString("en-US")))))];
  }

  #toggle(set, value, there) {
    if (there) set.delete(value);
    else set.add(value);
    this.show();
    this.page.later();
  }

  #only(classes) {
    const { hidden } = this.page.view;
    hidden.clear();
    for (const k of classes) hidden.add(k);
    this.show();
    this.page.later();
  }

  /** One layer on top: whether it is drawn, its key, its count, and buttons that move it. */
  #overlay(name) {
    const { page } = this;
    const { view, study, data } = page;
    const told = DTL.OVERLAYS[name];
    const why = DTL.lacking(study, name);
    const sum = (what) => (data.feeders.get(`${name}.${what}@${data.at}`) ?? []).reduce((a, b) => a + (Number.isNaN(b) ? 0 : b), 0);
    const n = name === "growth" ? study.growing?.length ?? 0 : sum("n");
    const move = (by, text) => DTL.h("button", { type: "button", "aria-label": `${told.name} ${by < 0 ? "further down" : "further up"} on the map`, disabled: Boolean(why), onclick: () => this.#move(name, by) }, text);
    const toggle = (event) => {
      view.on = page.order.filter((each) => (each === name ? event.target.checked : view.on.includes(each)));
      page.redraw();
      page.renderers.areas();
      page.toHash();
    };
    return DTL.h("div", { class: `dtl-overlay${why ? " dtl-lacking" : ""}`, "data-layer": name },
      DTL.h("label", { title: why }, DTL.h("input", { type: "checkbox", name: `on-${name}`, checked: view.on.includes(name), disabled: Boolean(why), onchange: toggle }), DTL.overlayKey(name), DTL.h("span", {}, told.name)),
      DTL.h("span", { class: "dtl-overlay__move" }, move(-1, "↑"), move(1, "↓")),
      DTL.h("small", {}, why ?? told.told(n, sum("sum"))));
  }

  #move(name, by) {
    const { page } = this;
    const at = page.order.indexOf(name);
    const to = Math.min(page.order.length - 1, Math.max(0, at + by));
    page.order.splice(to, 0, ...page.order.splice(at, 1));
    page.view.on = page.order.filter((each) => page.view.on.includes(each));
    this.show();
    this.overlays.querySelector(`[data-layer=${name}] button${by < 0 ? "" : ":last-child"}`)?.focus();
    page.redraw();
    page.toHash();
  }

  /** Each half says which case it shows and how much there is out of its limits. */
  #captions() {
    const { page } = this;
    const { view, data, study } = page;
    const scale = DTL.scaleOf(view.by);
    for (const [id, at] of [["dtl-caption", data.at], ["dtl-caption-vs", data.vs]]) {
      const counts = view.by === "diff" ? [] : data.counts(view.by, at);
      const bad = counts.reduce((sum, n, k) => sum + (scale.trouble[k] ? n : 0), 0);
      page.find(id).textContent = counts.length && scale.trouble.some(Boolean) ? `${study.cases[at].label} · ${bad.toLocaleString("en-US")} ${view.by.startsWith("fit_") ? "where nothing fits" : `out of limits${study.unshown?.[study.cases[at].case] ? ", and more that is not shown" : ""}`}` : study.cases[at].label;
    }
  }
};
