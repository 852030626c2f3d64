// The renderer that draws the network by WebGL, with MapLibre: the same classes, widths and order as on the canvas.
"use strict";

/**
 * The plane as MapLibre's world: a square around its middle, laid on the world's map without any distortion, so that a
 * place has the same pixel in both renderers. Its longitudes and latitudes are no places on the earth.
 */
DTL.Sheet = class {
  constructor(data, camera) {
    const box = data.plane.around(data.ids.map((_, i) => i));
    Object.assign(this, { x: (box.west + box.east) / 2, y: (box.south + box.north) / 2, deepest: 22 });
    this.size = (512 * 2 ** this.deepest) / camera.most;
  }

  place(x, y) {
    const turn = (2 * Math.PI * (y - this.y)) / this.size;
    return [(360 * (x - this.x)) / this.size, (180 / Math.PI) * (2 * Math.atan(Math.exp(turn)) - Math.PI / 2)];
  }

  zoom(scale) {
    return Math.log2((scale * this.size) / 512);
  }

  scale(zoom) {
    return (512 * 2 ** zoom) / this.size;
  }
};

DTL.GlNetwork = class {
  /** Begins to draw below the canvas of a view; resolves once MapLibre can draw. */
  static async begin(view) {
    if (!DTL.GlMap) await DTL.runScripts(["vendor/map.js"]);
    const made = new DTL.GlNetwork(view);
    await made.ready;
    return made;
  }

  constructor(view) {
    Object.assign(this, { name: "gl", sheet: new DTL.Sheet(view.data, view.camera), told: {}, parts: [], areas: null });
    this.box = DTL.h("div", { class: "dtl-map__gl", "aria-hidden": "true" });
    view.canvas.before(this.box);
    this.map = new DTL.GlMap({
      container: this.box, style: this.#style(view), interactive: false, attributionControl: false, maplibreLogo: false, renderWorldCopies: false,
      fadeDuration: 0, trackResize: false, maxPitch: 0, minZoom: 0, maxZoom: this.sheet.deepest + 1, validateStyle: false, ...this.#eye(view),
    });
    this.ready = new Promise((done, fail) => {
      this.map.once("load", done);
      this.map.on("error", ({ error }) => (fail(error), this.failed?.(error)));
      this.map.on("webglcontextlost", () => this.failed?.(new Error("the browser took WebGL away")));
    });
  }

  #eye({ camera }) {
    return { center: this.sheet.place(camera.x, camera.y), zoom: this.sheet.zoom(camera.scale) };
  }

  #style(view) {
    const round = { "line-join": "round", "line-cap": "round" };
    const source = (told = {}) => ({ type: "geojson", maxzoom: this.sheet.deepest, buffer: 32, data: { type: "FeatureCollection", features: [] }, ...told });
    const at = (r) => ["==", ["get", "r"], r];
    const of = (name, r, told) => ({ id: `${name}-${r}`, source: name, filter: at(r), ...told });
    const ranks = [0, 1, 2, 3, 4, 5];
    return {
      version: 8,
      sources: { main: source({ tolerance: 0.4 }), ways: source({ tolerance: 0.1 }), dots: source() },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": view.ink.ground } },
        ...ranks.map((r) => of("main", r, { type: "line", layout: round })),
        of("ways", -1, { type: "line", paint: { "line-dasharray": [3.3, 3.3], "line-width": 1.2 } }),
        of("ways", 0, { type: "line", layout: round }),
        { ...of("ways", 3, { type: "line", layout: round }), id: "casing" },
        ...ranks.slice(1).map((r) => of("ways", r, { type: "line", layout: round })),
        ...ranks.map((r) => of("dots", r, { type: "circle", paint: { "circle-stroke-width": 1 } })),
      ],
    };
  }

  draw(view) {
    const { sight, canvas, pen } = view;
    this.#fit(view);
    this.#data(view, sight);
    this.#look(view, sight);
    this.map.jumpTo(this.#eye(view));
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    if (this.areas) this.areas.draw(view, this.sheet);
    else view.overlays(DTL.AREAS);
    this.map.redraw();
    view.top(sight);
  }

  /** Lies where the canvas lies, also when it is swiped away. */
  #fit({ canvas, camera }) {
    const place = `left:${canvas.style.left};width:${canvas.style.width};clip-path:${canvas.style.clipPath || "none"}`;
    const size = `${camera.width} ${camera.height} ${window.devicePixelRatio}`;
    this.box.hidden = canvas.hidden;
    if (this.told.place !== place) this.box.style.cssText = this.told.place = place;
    if (this.told.size !== size) this.map.resize();
    this.told.size = size;
  }

  /** Whether something changed since it was last told. */
  #changed(name, ...words) {
    const text = JSON.stringify(words);
    const is = this.told[name] !== text;
    this.told[name] = text;
    return is;
  }

  #data(view, { drawn }) {
    const { data, by, at } = view;
    const state = [by, at, by === "diff" ? data.vs : 0];
    const rank = (k) => view.order.indexOf(k === null || Number.isNaN(k) ? 5 : k);
    if (this.#changed("main", ...state)) {
      const ways = data.overview.flatMap((paths, i) => paths.map((path) => this.#feature("LineString", this.#main(path), i, rank(data.classOfPath(path, by, at)))));
      this.#put("main", ways);
    }
    if (!drawn.every((d) => this.parts.includes(d))) {
      const all = [...new Set([...this.parts, ...drawn])];
      this.parts = all.reduce((sum, d) => sum + data.parts[d.i], 0) > 3 * DTL.MOST_PARTS ? drawn : all;
    }
    if (!this.#changed("parts", ...state, this.parts.map((d) => d.i))) return;
    this.#put("ways", this.parts.flatMap((d) => this.#ways(d, d.classesOf(by, at).line, rank)));
    this.#put("dots", this.parts.flatMap((d) => this.#dots(d, by, d.classesOf(by, at), rank)));
  }

  #put(name, features) {
    this.map.getSource(name).setData({ type: "FeatureCollection", features });
  }

  #feature(type, coordinates, f, r) {
    return { type: "Feature", geometry: { type, coordinates }, properties: { f, r } };
  }

  #main(path) {
    path.places ??= Array.from({ length: path.points.length / 2 }, (_, p) => this.sheet.place(path.points[2 * p], path.points[2 * p + 1]));
    return path.places;
  }

  #places(detail, points) {
    return Array.from({ length: points.length / 2 }, (_, p) => this.sheet.place(points[2 * p] + detail.origin[0], points[2 * p + 1] + detail.origin[1]));
  }

  #ways(detail, classes, rank) {
    detail.wayPlaces ??= this.#places(detail, detail.vertex);
    const closed = detail.lines.get("closed");
    return classes.map((k, n) => this.#feature("LineString", detail.wayPlaces.slice(detail.first[n], detail.first[n + 1]), detail.i, closed[n] ? rank(k) : -1));
  }

  #dots(detail, by, classes, rank) {
    detail.busPlaces ??= this.#places(detail, detail.bus);
    const bus = DTL.ofBuses(by) ? null : detail.transformers.get("bus");
    return classes[bus ? "transformer" : "bus"].map((k, n) => this.#feature("Point", detail.busPlaces[bus ? bus[n] : n], detail.i, rank(k)));
  }

  /** Colours, widths and what is hidden; of feeders that are drawn by their parts the main ways are not. */
  #look(view, { drawn, rest }) {
    const { map } = this;
    const { by, hidden, kinds, order } = view;
    if (this.#changed("shown", drawn.length ? rest : null)) {
      for (let r = 0; r < 6; r++) map.setFilter(`main-${r}`, ["all", ["==", ["get", "r"], r], drawn.length ? ["in", ["get", "f"], ["literal", rest]] : true]);
    }
    if (this.#changed("deep", Boolean(drawn.length))) for (const id of ["ways--1", "casing", ...order.flatMap((_, r) => [`ways-${r}`, `dots-${r}`])]) this.#show(id, drawn.length);
    const near = drawn.filter((d) => view.camera.scale * d.spacing > view.roomForDots).map((d) => d.i);
    const trouble = DTL.scaleOf(by).trouble;
    if (this.#changed("near", near, trouble, order)) order.forEach((k, r) => map.setFilter(`dots-${r}`, ["all", ["==", ["get", "r"], r], trouble[k] ? true : ["in", ["get", "f"], ["literal", near]]]));
    if (!this.#changed("look", by, [...hidden], [...kinds], DTL.isDark(), Boolean(drawn.length))) return;
    const paint = (id, told) => Object.entries(told).forEach(([name, value]) => map.setPaintProperty(id, name, value, { validate: false }));
    paint("ground", { "background-color": view.ink.ground });
    paint("ways--1", { "line-color": view.ink.none });
    const isDot = DTL.ofBuses(by) || !kinds.has("transformer");
    order.forEach((k, r) => {
      const pale = k === 5 || hidden.has(k);
      paint(`main-${r}`, { "line-color": pale ? view.ink.none : view.colour(k), "line-width": pale ? 1 : view.width(k) * 0.8 });
      const faint = hidden.has(k) || kinds.has("line");
      paint(`ways-${r}`, k === 5 ? { "line-color": view.ink.none, "line-width": 1.2 } : { "line-color": faint ? view.ink.none : view.colour(k), "line-width": faint ? 0.8 : this.#wide(view.width(k)) });
      paint(`dots-${r}`, { "circle-color": view.colour(k), "circle-radius": view.radius(k), "circle-stroke-color": view.ink.ground });
      this.#show(`dots-${r}`, drawn.length && isDot && !hidden.has(k));
      if (k === 5) for (const id of [`ways-${r}`, "ways--1"]) this.#show(id, drawn.length && !hidden.has(5));
    });
    paint("casing", { "line-color": view.ink.casing, "line-width": this.#wide(view.width(2), 1) });
    this.#show("casing", drawn.length && view.cased && !hidden.has(2) && !kinds.has("line"));
  }

  #show(id, is) {
    this.map.setLayoutProperty(id, "visibility", is ? "visible" : "none", { validate: false });
  }

  /** A width that grows with the zoom as DTL.growth says, which is linear between its ends. */
  #wide(width, more = 0) {
    const ends = [2 ** -0.8 / 4, 2 ** 6.4 / 4];
    return ["interpolate", ["linear"], ["zoom"], ...ends.flatMap((s) => [this.sheet.zoom(s), width * DTL.growth(s) + more])];
  }

  /** Resolves once all that is in sight is drawn. */
  settled() {
    return new Promise((done) => (this.map.once("idle", done), this.map.triggerRepaint()));
  }

  /** Areas are drawn by deck.gl from now on, where it can be read; else they stay on the canvas. */
  async withAreas(redraw) {
    if (!DTL.deck) await DTL.runScripts(["vendor/deck.js"]);
    this.areas ??= new DTL.GlAreas(this.map, redraw);
  }

  remove() {
    this.map.remove();
    this.box.remove();
  }
};
