// The map page: its cameras and canvases, what it goes to, and its state in the URL.
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
    Object.assign(this, { root, study, data, find, canvas: find("dtl-canvas"), beside: find("dtl-canvas-vs"), panel: find("dtl-panel"), form: find("dtl-map-form"), list: find("dtl-list") });
    Object.assign(this, { goto: find("dtl-goto"), miss: find("dtl-goto-miss"), scale: find("dtl-scale"), split: "one", swipe: 50 });
    this.camera = new DTL.Camera();
    this.view = new DTL.MapDraw(this.canvas, data, this.camera);
    this.left = new DTL.MapDraw(this.beside, data, this.camera);
    Object.assign(this.left, { other: true, hidden: this.view.hidden, kinds: this.view.kinds });
    data.at = Math.max(0, study.cases.findIndex((c) => c.case === study.worst_case));
    data.vs = this.usual(data.at);
    this.view.by = data.opening(data.at);
    this.order = Object.keys(DTL.OVERLAYS);
    this.side = new DTL.MapSide(this);
    this.renderers = new DTL.Renderers(this);
  }

  /** The case that another is compared with unless one is chosen: its baseline, else any other. */
  usual(at) {
    const base = this.study.cases.findIndex((c) => c.case === this.study.cases[at].baseline);
    return base >= 0 && base !== at ? base : at === 0 ? this.study.cases.length - 1 : 0;
  }

  async begin() {
    this.side.fill();
    this.goto.addEventListener("focus", () => this.find("dtl-goto-list").append(...this.data.ids.slice(0, 3000).map((id) => DTL.h("option", { value: id }))), { once: true });
    this.resize();
    this.camera.fit(this.data.plane.around(this.data.ids.map((_, i) => i)));
    this.camera.least = this.camera.scale / 4;
    this.camera.most = Math.max(50, this.camera.scale * 4);
    await this.fromHash();
    this.side.listen();
    DTL.mapInput(this);
    new ResizeObserver(() => this.isResized && (this.resize(), this.redraw())).observe(this.canvas.parentElement);
    DTL.onScheme(() => (this.side.show(), this.redraw()));
    window.addEventListener("hashchange", () => this.fromHash());
    await this.refresh();
    this.root.setAttribute("data-ready", "true");
    await this.renderers.choose();
  }

  /** Whether the stage has another size than that the canvases were made for; a canvas that is given a size is empty. */
  get isResized() {
    const { width, height } = this.canvas.parentElement.getBoundingClientRect();
    return width !== this.stage.width || height !== this.stage.height;
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const box = (this.stage = this.canvas.parentElement.getBoundingClientRect());
    const isSide = this.split === "side";
    const width = isSide ? Math.floor(box.width / 2) : box.width;
    Object.assign(this.camera, { width, height: box.height });
    for (const canvas of [this.canvas, this.beside]) {
      Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(box.height * ratio) });
      Object.assign(canvas.style, { width: `${width}px`, left: isSide && canvas === this.canvas ? `${box.width - width}px` : "0px" });
    }
    const side = this.form.getBoundingClientRect();
    this.camera.inset.top = this.split === "one" ? 0 : 40; // the captions of the two maps
    this.camera.inset.left = this.split === "one" && getComputedStyle(this.form).position === "absolute" ? side.width + 16 : 0;
    this.blade();
  }

  /** Where the two maps meet. */
  blade() {
    const isSwipe = this.split === "swipe";
    this.find("dtl-blade").hidden = this.split === "one";
    this.find("dtl-blade").style.left = `${isSwipe ? this.swipe : 50}%`;
    this.beside.style.clipPath = isSwipe ? `inset(0 ${100 - this.swipe}% 0 0)` : "";
  }

  redraw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.view.draw();
      if (this.split !== "one") {
        Object.assign(this.left, { by: this.view.by, on: this.view.on, selected: this.view.selected, hover: this.view.hover });
        this.left.draw();
      }
      this.#scaleBar();
    });
  }

  /** Says, and leads to, where the study asks for what the map is to be coloured by, when it does not in the case that is shown. */
  #unjudged() {
    const [cases, known] = [this.data.study.cases, this.view.by.startsWith("fit_") ? this.data.judgedIn(this.view.by) : []];
    if (!known.length || known.includes(this.data.at)) return [];
    const ways = known.map((c) => DTL.h("button", { type: "button", class: "dtl-only", onclick: () => ((this.data.at = c), this.side.show(), this.refresh()) }, cases[c].label));
    return [`Not judged in ${cases[this.data.at].label}; the study asks for it in `, ...ways.flatMap((way, i) => (i ? [", ", way] : [way])), ". "];
  }

  /** Draws, reads what came into view, draws again, and tells the URL and the list. */
  async refresh() {
    this.view.moving = this.left.moving = false;
    this.redraw();
    const { seen, detailed } = this.data.inView(this.camera);
    const hint = detailed ? "" : "Zoom in to see single lines and transformers; feeders are drawn by their main ways.";
    this.find("dtl-map-hint").textContent = hint;
    if (detailed) await Promise.all(seen.map((i) => this.data.detail(i)));
    this.find("dtl-map-hint").replaceChildren(...this.#unjudged(), hint);
    if (this.view.by === "diff") this.side.show();
    this.redraw();
    this.renderers.areas();
    this.toHash();
    if (this.list.open) DTL.listInView(this);
  }

  later() {
    this.redraw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 160);
  }

  /** After the camera moved: a picture at once, the whole one when it rests. */
  moved() {
    this.view.moving = this.left.moving = true;
    this.later();
  }

  fit() {
    this.camera.fit(this.data.plane.around(this.data.ids.map((_, i) => i)));
  }

  /* ---- state in the URL: #z/y/x&by=&s=&vs=&split=&on=&hide=&f=&p= ---- */

  toHash() {
    const [a, b] = this.data.plane.outside(this.camera.x, this.camera.y);
    const digits = this.data.plane.isGeographic ? 5 : 0;
    const told = new URLSearchParams({ by: this.view.by, s: this.study.cases[this.data.at].case });
    if (this.split !== "one" || this.view.by === "diff") told.set("vs", this.study.cases[this.data.vs].case);
    if (this.split !== "one") told.set("split", this.split);
    if (this.view.on.length) told.set("on", this.view.on.join(" "));
    const hidden = [...this.view.hidden, ...this.view.kinds];
    if (hidden.length) told.set("hide", hidden.join(" "));
    if (this.feeder) told.set("f", this.feeder);
    const part = this.view.selected;
    if (part) told.set("p", `${part.kind}/${part.detail.table(part.kind).get("name")[part.k]}`);
    history.replaceState(null, "", `#${Math.log2(this.camera.scale).toFixed(2)}/${a.toFixed(digits)}/${b.toFixed(digits)}&${told}`);
  }

  async fromHash() {
    const text = location.hash.slice(1);
    const told = new URLSearchParams(text.replace(/^[-\d./]+&?/, ""));
    const place = /^(-?[\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)/.exec(text);
    const find = (word) => this.study.cases.findIndex((c) => c.case === told.get(word));
    if (find("s") >= 0) this.data.at = find("s");
    this.data.vs = find("vs") >= 0 ? find("vs") : this.usual(this.data.at);
    if (DTL.COLOURINGS[told.get("by")] && !DTL.lacking(this.study, told.get("by"))) this.view.by = told.get("by");
    this.view.on = (told.get("on") ?? "").split(" ").filter((name) => DTL.OVERLAYS[name] && !DTL.lacking(this.study, name));
    this.order = [...this.order.filter((name) => !this.view.on.includes(name)), ...this.view.on];
    const hidden = (told.get("hide") ?? "").split(" ").filter(Boolean);
    this.view.hidden.clear();
    this.view.kinds.clear();
    for (const word of hidden) if (/^[0-5]$/.test(word)) this.view.hidden.add(Number(word));
    for (const word of hidden) if (["line", "transformer"].includes(word)) this.view.kinds.add(word);
    this.setSplit(["side", "swipe"].includes(told.get("split")) && this.study.cases.length > 1 ? told.get("split") : "one");
    this.side.show();
    if (place) {
      const [x, y] = this.data.plane.inside(Number(place[2]), Number(place[3]));
      Object.assign(this.camera, { x, y, scale: 2 ** Number(place[1]) });
    } else if (told.get("f")) await this.go(told.get("f"));
    this.feeder = this.data.ids.includes(told.get("f")) ? told.get("f") : null;
    const [kind, ...name] = (told.get("p") ?? "").split("/");
    if (this.feeder && name.length) {
      const detail = await this.data.detail(this.data.ids.indexOf(this.feeder));
      const k = detail.table(kind)?.get("name").indexOf(name.join("/")) ?? -1;
      if (k >= 0) this.open({ detail, kind, k });
    }
    this.redraw();
  }

  setSplit(split) {
    const changed = this.split !== split;
    this.split = split;
    this.root.setAttribute("data-split", split);
    for (const id of ["dtl-canvas-vs", "dtl-caption", "dtl-caption-vs"]) this.find(id).hidden = split === "one";
    this.find("dtl-swipe").hidden = split !== "swipe";
    if (!changed) return;
    const { seen } = this.camera;
    this.resize();
    this.camera.fit(seen, 16);
    this.renderers.second();
  }

  /* ---- going somewhere ---- */

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
    const part = this.findPart(name);
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

  get read() {
    return this.data.details.filter((d) => d instanceof DTL.Detail);
  }

  #names() {
    return this.read.flatMap((d) => ["bus", "line", "transformer"].flatMap((kind) => d.table(kind).get("name"))).slice(0, 20000);
  }

  findPart(name, wanted = ["transformer", "line", "bus"]) {
    const text = name.toLowerCase();
    for (const kind of wanted) for (const detail of this.read) {
      const k = detail.table(kind).get("name").findIndex((n) => n.toLowerCase() === text);
      if (k >= 0) return { detail, kind, k };
    }
    return null;
  }

  /** Where a part is on the canvas, in CSS pixels. */
  pixel(name, kinds) {
    const part = this.findPart(name, kinds);
    return part && this.camera.toScreen(...part.detail.anchor(part.kind, part.k));
  }

  hit(sx, sy) {
    const { seen, detailed } = this.data.inView(this.camera);
    if (!detailed) return null;
    let best = null;
    for (const i of seen) {
      const detail = this.data.details[i];
      const found = detail instanceof DTL.Detail ? detail.hit(this.camera, sx, sy, this.view) : null;
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
    this.toHash();
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
