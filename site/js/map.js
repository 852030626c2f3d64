// The map page: controls, pointer and keyboard, the panel of a part, the list of what is in view, and the state in the URL.
"use strict";

DTL.page = async () => {
  const root = document.getElementById("dtl-map");
  try {
    const [study, ov] = await Promise.all([DTL.load("study"), DTL.load("ov")]);
    if (!ov.feeders.n) {
      root.querySelector("#dtl-map-note").hidden = false;
      root.querySelector("#dtl-map-note").textContent = "There is nothing to draw: no feeder came as far as a model. Data quality says why.";
      root.setAttribute("data-ready", "empty");
      return;
    }
    DTL.map = new DTL.MapPage(root, study, new DTL.MapData(study, ov));
    await DTL.map.begin();
  } catch (error) {
    DTL.tell(root, error);
  }
};

DTL.MapPage = class {
  constructor(root, study, data) {
    const find = (id) => root.querySelector(`#${id}`);
    Object.assign(this, { root, study, data, canvas: find("dtl-canvas"), panel: find("dtl-panel"), form: find("dtl-map-form"), list: find("dtl-list") });
    Object.assign(this, { select: find("dtl-case"), legend: find("dtl-legend"), goto: find("dtl-goto"), miss: find("dtl-goto-miss"), scale: find("dtl-scale") });
    this.camera = new DTL.Camera();
    this.view = new DTL.MapDraw(this.canvas, data, this.camera);
    data.at = Math.max(0, study.cases.findIndex((c) => c.case === study.worst_case));
  }

  async begin() {
    this.select.replaceChildren(...this.study.cases.map((c) => DTL.h("option", { value: c.case }, c.title ? `${c.label} – ${c.title}` : c.label)));
    this.root.querySelector("#dtl-goto-list").replaceChildren(...this.data.ids.slice(0, 3000).map((id) => DTL.h("option", { value: id })));
    this.#resize();
    this.camera.fit(this.data.plane.around(this.data.ids.map((_, i) => i)));
    this.camera.least = this.camera.scale / 4;
    this.camera.most = Math.max(50, this.camera.scale * 4);
    await this.fromHash();
    this.#controls();
    this.#pointer();
    this.#keys();
    new ResizeObserver(() => (this.#resize(), this.redraw())).observe(this.canvas.parentElement);
    DTL.onScheme(() => (this.legends(), this.redraw()));
    window.addEventListener("hashchange", () => this.fromHash());
    await this.refresh();
    this.root.setAttribute("data-ready", "true");
  }

  #resize() {
    const ratio = window.devicePixelRatio || 1;
    const box = this.canvas.parentElement.getBoundingClientRect();
    Object.assign(this.camera, { width: box.width, height: box.height });
    this.canvas.width = Math.round(box.width * ratio);
    this.canvas.height = Math.round(box.height * ratio);
    const side = this.form.getBoundingClientRect();
    this.camera.inset.left = getComputedStyle(this.form).position === "absolute" ? side.width + 16 : 0;
  }

  redraw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.view.draw();
      this.#scaleBar();
    });
  }

  /** Draws, reads what came into view, draws again, and tells the URL and the list. */
  async refresh() {
    this.redraw();
    const { seen, detailed } = this.data.inView(this.camera);
    this.root.querySelector("#dtl-map-hint").textContent = detailed ? "" : "Zoom in to see single lines and transformers; feeders are drawn by their main ways.";
    if (detailed) await Promise.all(seen.map((i) => this.data.detail(i)));
    this.redraw();
    this.toHash();
    if (this.list.open) this.listInView();
  }

  later() {
    this.redraw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 160);
  }

  /* ---- state in the URL: #z/y/x&by=&s=&f= ---- */

  toHash() {
    const [a, b] = this.data.plane.outside(this.camera.x, this.camera.y);
    const digits = this.data.plane.isGeographic ? 5 : 0;
    const told = new URLSearchParams({ by: this.view.by, s: this.study.cases[this.data.at].case });
    if (this.feeder) told.set("f", this.feeder);
    history.replaceState(null, "", `#${Math.log2(this.camera.scale).toFixed(2)}/${a.toFixed(digits)}/${b.toFixed(digits)}&${told}`);
  }

  async fromHash() {
    const text = location.hash.slice(1);
    const told = new URLSearchParams(text.replace(/^[-\d./]+&?/, ""));
    const place = /^(-?[\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)/.exec(text);
    const at = this.study.cases.findIndex((c) => c.case === told.get("s"));
    if (at >= 0) this.data.at = at;
    if (["load", "volt"].includes(told.get("by"))) this.view.by = told.get("by");
    this.select.value = this.study.cases[this.data.at].case;
    this.form.elements.by.value = this.view.by;
    this.legends();
    if (place) {
      const [x, y] = this.data.plane.inside(Number(place[2]), Number(place[3]));
      Object.assign(this.camera, { x, y, scale: 2 ** Number(place[1]) });
    } else if (told.get("f")) await this.go(told.get("f"));
    this.feeder = this.data.ids.includes(told.get("f")) ? told.get("f") : null;
    this.redraw();
  }

  /* ---- controls ---- */

  #controls() {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.select.addEventListener("change", () => {
      this.data.at = this.select.selectedIndex;
      this.legends();
      if (this.view.selected) this.open(this.view.selected);
      this.refresh();
    });
    for (const radio of this.form.elements.by) radio.addEventListener("change", () => {
      this.view.by = this.form.elements.by.value;
      this.view.hidden.clear();
      this.legends();
      this.refresh();
    });
    this.goto.addEventListener("change", () => this.go(this.goto.value.trim()));
    this.list.addEventListener("toggle", () => this.list.open && this.listInView());
    for (const button of this.root.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => this.#zoomBy(button.dataset.zoom));
  }

  #zoomBy(way) {
    if (way === "fit") this.camera.fit(this.data.plane.around(this.data.ids.map((_, i) => i)));
    else this.camera.zoom(way === "in" ? 1.6 : 1 / 1.6);
    this.later();
  }

  legends() {
    const by = this.view.by;
    const scale = DTL.palette.scales[by];
    const counts = this.data.counts(by, this.data.at);
    const titles = { load: "Lines and transformers by highest loading, % of the limit", volt: "Buses by voltage, against their limits" };
    this.root.querySelector("#dtl-legend-title").textContent = titles[by];
    const rows = scale.labels.map((label, k) => DTL.h("label", { class: "dtl-legend__row" },
      DTL.h("input", { type: "checkbox", checked: !this.view.hidden.has(k), onchange: (event) => this.#toggle(k, event.target.checked) }),
      DTL.svg("svg", { viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true" }, DTL.svg("line", { x1: 2, x2: 24, y1: 6, y2: 6, "stroke-width": scale.width[k] * 1.3, stroke: DTL.colours(by)[k], "stroke-linecap": "round" })),
      DTL.h("span", {}, label), DTL.h("b", { "data-class": k }, counts[k].toLocaleString("en-US"))));
    const failed = this.data.failed(this.data.at);
    rows.push(DTL.h("label", { class: "dtl-legend__row" },
      DTL.h("input", { type: "checkbox", checked: !this.view.hidden.has(5), onchange: (event) => this.#toggle(5, event.target.checked) }),
      DTL.svg("svg", { viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true" }, DTL.svg("line", { x1: 2, x2: 24, y1: 6, y2: 6, "stroke-width": 1.6, stroke: this.view.ink.none })),
      DTL.h("span", {}, by === "load" ? "without a rating" : "without a limit", failed.length ? `, or not solved: ${failed.slice(0, 3).join(", ")}${failed.length > 3 ? " …" : ""}` : "")));
    this.legend.replaceChildren(...rows);
  }

  #toggle(k, there) {
    if (there) this.view.hidden.delete(k);
    else this.view.hidden.add(k);
    this.later();
  }

  /** Goes to a feeder, or to a part of a feeder that was read already; says what is near when nothing has the name. */
  async go(name) {
    this.miss.replaceChildren();
    if (!name) return;
    const at = this.data.ids.indexOf(name);
    if (at >= 0) {
      this.feeder = name;
      this.camera.fit(this.data.plane.boxes[at]);
      await this.refresh();
      return;
    }
    const part = this.find(name);
    if (part) {
      [this.camera.x, this.camera.y] = part.detail.anchor(part.kind, part.k);
      this.camera.scale = Math.max(this.camera.scale, 0.8);
      this.open(part);
      await this.refresh();
      return;
    }
    const near = DTL.near(name, [...this.data.ids, ...this.#names()]);
    this.miss.append("Nothing here is called ", DTL.h("b", {}, name), near.length ? ". Did you mean " : ".",
      ...near.slice(0, 3).flatMap((n, i) => [i ? ", " : "", DTL.h("button", { type: "button", onclick: () => ((this.goto.value = n), this.go(n)) }, n)]));
  }

  get #read() {
    return this.data.details.filter((d) => d instanceof DTL.Detail);
  }

  #names() {
    return this.#read.flatMap((d) => ["bus", "line", "transformer"].flatMap((kind) => d.table(kind).get("name"))).slice(0, 20000);
  }

  find(name, wanted = ["transformer", "line", "bus"]) {
    const text = name.toLowerCase();
    for (const kind of wanted) for (const detail of this.#read) {
      const k = detail.table(kind).get("name").findIndex((n) => n.toLowerCase() === text);
      if (k >= 0) return { detail, kind, k };
    }
    return null;
  }

  /** Where a part is on the canvas, in CSS pixels. */
  pixel(name, kinds) {
    const part = this.find(name, kinds);
    return part && this.camera.toScreen(...part.detail.anchor(part.kind, part.k));
  }

  /* ---- pointer and keys ---- */

  #pointer() {
    const canvas = this.canvas;
    const down = new Map();
    let moved = 0;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, at(event));
      moved = 0;
    });
    canvas.addEventListener("pointermove", (event) => {
      const now = at(event);
      if (!down.has(event.pointerId)) return this.#hover(...now);
      const before = down.get(event.pointerId);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const span = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
        this.camera.zoom(span(now) / Math.max(span(before), 1), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      }
      this.camera.pan((now[0] - before[0]) / down.size, (now[1] - before[1]) / down.size);
      moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      down.set(event.pointerId, now);
      return this.later();
    });
    const up = (event) => {
      if (down.delete(event.pointerId) && moved < 5 && event.type === "pointerup") this.click(...at(event));
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.camera.zoom(2 ** (-event.deltaY * (event.deltaMode ? 0.05 : 0.0022)), ...at(event));
      this.later();
    }, { passive: false });
    canvas.addEventListener("dblclick", (event) => (this.camera.zoom(2, ...at(event)), this.later()));
  }

  #hover(sx, sy) {
    const part = this.hit(sx, sy);
    const same = part && this.view.hover && part.detail === this.view.hover.detail && part.kind === this.view.hover.kind && part.k === this.view.hover.k;
    if (same || (!part && !this.view.hover)) return;
    this.view.hover = part;
    this.canvas.style.cursor = part ? "pointer" : "";
    this.canvas.title = part ? `${part.kind} ${part.detail.table(part.kind).get("name")[part.k]}` : "";
    this.redraw();
  }

  hit(sx, sy) {
    const { seen, detailed } = this.data.inView(this.camera);
    if (!detailed) return null;
    let best = null;
    for (const i of seen) {
      const detail = this.data.details[i];
      const found = detail instanceof DTL.Detail ? detail.hit(this.camera, sx, sy, this.view.by, this.view.hidden) : null;
      if (found && (!best || found.distance < best.distance)) best = found;
    }
    return best;
  }

  click(sx, sy) {
    const part = this.hit(sx, sy);
    if (part) return this.open(part);
    const [x, y] = this.camera.toPlane(sx, sy);
    const { seen, detailed } = this.data.inView(this.camera);
    const at = detailed ? undefined : seen.find((i) => {
      const b = this.data.plane.boxes[i];
      return x >= b.west && x <= b.east && y >= b.south && y <= b.north;
    });
    return at === undefined ? this.close() : this.go(this.data.ids[at]);
  }

  #keys() {
    const ways = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
    this.canvas.addEventListener("keydown", (event) => {
      if (ways[event.key]) this.camera.pan(...ways[event.key]);
      else if (event.key === "+" || event.key === "=") this.camera.zoom(1.5);
      else if (event.key === "-") this.camera.zoom(1 / 1.5);
      else if (event.key === "0") this.camera.fit(this.data.plane.around(this.data.ids.map((_, i) => i)));
      else if (event.key === "Enter") return this.click(this.camera.width / 2, this.camera.height / 2);
      else return undefined;
      event.preventDefault();
      return this.later();
    });
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  /* ---- panel ---- */

  open(part) {
    this.view.selected = part;
    this.feeder = part.detail.id;
    this.panel.replaceChildren(...DTL.panelContent(this, part));
    this.panel.hidden = false;
    this.panel.setAttribute("data-part", part.detail.table(part.kind).get("name")[part.k]);
    this.redraw();
    this.toHash();
  }

  close() {
    this.view.selected = null;
    if (!this.panel.hidden) this.canvas.focus({ preventScroll: true });
    this.panel.hidden = true;
    this.redraw();
  }

  listInView() {
    const { west, south, east, north } = this.camera.view;
    const { by } = this.view;
    const kinds = by === "volt" ? ["bus"] : ["line", "transformer"];
    const rows = [];
    for (const detail of this.#read) if (this.camera.sees(this.data.plane.boxes[detail.i])) for (const kind of kinds) {
      const table = detail.table(kind);
      const classes = detail.classesOf(by, this.data.at)[kind];
      for (let k = 0; k < table.n; k++) {
        const [x, y] = detail.anchor(kind, k);
        if (x < west || x > east || y < south || y > north || this.view.hidden.has(classes[k] ?? 5)) continue;
        rows.push({ detail, kind, k, class: classes[k], name: table.get("name")[k], value: (column) => table.get(`${column}@${this.data.at}`)[k] });
      }
    }
    const open = (r) => DTL.h("button", { type: "button", onclick: () => this.open(r) }, r.name);
    const label = (r) => (r.class === null ? DTL.MISSING : DTL.palette.scales[by].labels[r.class]);
    const number = (title, column, unit, extra = {}) => ({ title, unit, value: (r) => r.value(column), cell: (r) => DTL.shown(r.value(column), unit, extra.limit)[0], ...extra });
    const trouble = (r) => DTL.palette.scales[by].trouble[r.class] ?? false;
    const columns = [
      { title: "Name", value: (r) => r.name, cell: open, left: true },
      { title: "Kind", value: (r) => r.kind, left: true },
      { title: "Feeder", value: (r) => r.detail.id, left: true },
      ...(by === "volt" ? [number("Lowest", "min", "pu"), number("Highest", "max", "pu"), number("Hours too low", "hours_low", "h"), number("Hours too high", "hours_high", "h")]
        : [number("Loading of its limit", "load", "%", { limit: 100 }), number("Hours over", "over", "h")]),
      { title: "Class", value: label, left: true, trouble },
    ];
    this.root.querySelector("#dtl-list-body").replaceChildren(DTL.table({ columns, rows, sort: 3, down: by === "load", most: 40, caption: "What is in view" }));
    this.root.querySelector("#dtl-list summary").textContent = `List what is in view (${rows.length.toLocaleString("en-US")})`;
  }

  #scaleBar() {
    if (this.data.plane.kinds.every((k) => k === "schematic")) {
      this.scale.textContent = "schematic: no coordinates in the sources";
      return;
    }
    const us = this.study.units === "us";
    const metres = 110 / this.camera.scale;
    const unit = us ? (metres > 1609 ? ["mi", 1609.344] : ["ft", 0.3048]) : metres >= 1000 ? ["km", 1000] : ["m", 1];
    const power = 10 ** Math.floor(Math.log10(metres / unit[1]));
    const round = [5, 2, 1].find((r) => r * power * unit[1] <= metres) * power;
    this.scale.replaceChildren(DTL.h("i", { style: `width:${round * unit[1] * this.camera.scale}px` }), `${round.toLocaleString("en-US")} ${unit[0]}`);
  }
};

/** What the panel says of a part, for every case. */
DTL.panelContent = (page, part) => {
  const { detail, kind, k } = part;
  const { study, data } = page;
  const table = detail.table(kind);
  const get = (name) => table.get(name)?.[k];
  const word = kind === "line" ? get("kind") : kind === "transformer" && get("regulator") ? "regulator" : kind;
  const facts = {
    line: () => [`phases ${get("phases")}`, Number.isNaN(get("length_km")) ? "" : DTL.length(get("length_km"), study.units), get("closed") ? "" : "open"],
    transformer: () => [`${DTL.significant(get("kva"))} kVA`, `${get("kv")} kV`, `${get("phases")} phase${get("phases") > 1 ? "s" : ""}`, get("customers") ? `${get("customers")} customers` : ""],
    bus: () => [`${DTL.significant(get("kv"))} kV`, `phases ${get("phases")}`, get("head") ? "head of the feeder" : ""],
  }[kind]();
  const limits = kind === "bus" ? [get("low"), get("high")] : null;
  const rows = kind === "bus"
    ? [["Lowest, pu", (c) => DTL.shown(get(`min@${c}`), "pu", limits[0])[0], (c) => get(`min@${c}`) < limits[0]], ["Highest, pu", (c) => DTL.shown(get(`max@${c}`), "pu", limits[1])[0], (c) => get(`max@${c}`) > limits[1]],
      ["Hours too low", (c) => DTL.text(get(`hours_low@${c}`)), null], ["Hours too high", (c) => DTL.text(get(`hours_high@${c}`)), null]]
    : [["Loading, % of rating", (c) => DTL.shown(get(`pct@${c}`), "%")[0], (c) => get(`load@${c}`) > 100], ["% of its limit", (c) => DTL.shown(get(`load@${c}`), "%", 100)[0], (c) => get(`load@${c}`) > 100],
      ["Hours over", (c) => DTL.text(get(`over@${c}`)), null], ["Highest at", (c) => (Number.isNaN(get(`hour@${c}`)) ? DTL.MISSING : DTL.stamp(get(`hour@${c}`)).replace(" at ", " ")), null],
      [kind === "line" ? "Rating, A" : "Rating, kVA", (c) => DTL.text(get(`rating@${c}`), "A").replace(/ A$/, ""), null]];
  const close = DTL.h("button", { type: "button", class: "dtl-close", "aria-label": "Close", onclick: () => page.close() }, "×");
  return [
    close,
    DTL.h("h2", {}, `${word[0].toUpperCase()}${word.slice(1)} `, DTL.h("span", {}, get("name"))),
    DTL.h("p", { class: "dtl-note" }, "Feeder ", DTL.h("a", { href: DTL.feederLink(detail.id) }, detail.id), ` · ${facts.filter(Boolean).join(" · ")}`),
    limits ? DTL.h("p", { class: "dtl-note" }, `Limits ${DTL.text(limits[0], "pu")} to ${DTL.text(limits[1], "pu")}`) : "",
    DTL.h("div", { class: "dtl-scroll" }, DTL.h("table", { class: "dtl-table" }, DTL.h("thead", {}, DTL.h("tr", {}, DTL.h("th", { scope: "col" }, "Case"), rows.map(([title]) => DTL.h("th", { scope: "col" }, title)))),
      DTL.h("tbody", {}, study.cases.map((told, c) => DTL.h("tr", { class: c === data.at ? "dtl-chosen" : null, "data-case": told.case }, DTL.h("th", { scope: "row" }, told.label),
        rows.map(([, text, over]) => DTL.h("td", { class: over?.(c) ? "dtl-num dtl-trouble" : "dtl-num" }, text(c)))))))),
    data.plane.kinds[detail.i] === "schematic" ? DTL.h("p", { class: "dtl-note" }, "Drawn as a schematic: its source has no coordinates.") : "",
  ];
};
