// The Canvas renderer: trouble is wide and on top, what is well is grey and thin.
"use strict";

/** A picture that takes longer than this is not drawn anew while the map moves [ms]. */
DTL.SLOW_MS = 12;

DTL.MapDraw = class {
  constructor(canvas, data, camera) {
    Object.assign(this, { canvas, data, camera, pen: canvas.getContext("2d"), hidden: new Set(), kinds: new Set(), on: [], other: false, by: "load", selected: null, hover: null, quiet: false, moving: false, still: { slow: false }, font: getComputedStyle(document.body).fontFamily });
  }

  /** The case it shows: that of the map, or the other one. */
  get at() {
    return this.other ? this.data.vs : this.data.at;
  }

  get ink() {
    return DTL.isDark()
      ? { ground: DTL.palette.ground.dark, text: "#e4e8eb", halo: "rgba(20,24,28,.85)", none: "#3a444c", casing: "#0b0e10", mark: "#ffffff", head: "#e4e8eb" }
      : { ground: DTL.palette.ground.light, text: "#1b2126", halo: "rgba(247,248,248,.88)", none: "#cdd4d8", casing: "#8f6700", mark: "#10161a", head: "#1b2126" };
  }

  /** Draws; while the map moves, what takes longer than a frame is the picture drawn before, put where it belongs. */
  draw() {
    const { canvas, camera } = this;
    if (this.moving && this.still.slow && canvas.width === this.still.width) {
      this.still.copy ??= this.#copy();
      return this.#again();
    }
    const start = performance.now();
    this.#whole();
    this.still = { slow: performance.now() - start > DTL.SLOW_MS, width: canvas.width, x: camera.x, y: camera.y, scale: camera.scale };
    return undefined;
  }

  #copy() {
    const copy = Object.assign(document.createElement("canvas"), { width: this.canvas.width, height: this.canvas.height });
    copy.getContext("2d").drawImage(this.canvas, 0, 0);
    return copy;
  }

  #again() {
    const { pen, camera, still } = this;
    const ratio = window.devicePixelRatio || 1;
    const grow = camera.scale / still.scale;
    const [x, y] = camera.toScreen(still.x, still.y);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = this.ink.ground;
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    pen.setTransform(grow, 0, 0, grow, (x - (grow * camera.width) / 2) * ratio, (y - (grow * camera.height) / 2) * ratio);
    pen.drawImage(still.copy, 0, 0);
  }

  #whole() {
    const { pen, camera } = this;
    const ratio = window.devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = this.ink.ground;
    pen.fillRect(0, 0, camera.width, camera.height);
    pen.lineJoin = pen.lineCap = "round";
    const { seen, detailed } = this.data.inView(camera);
    const drawn = seen.filter((i) => detailed && this.data.details[i] instanceof DTL.Detail).map((i) => this.data.details[i]);
    const rest = seen.filter((i) => !drawn.some((d) => d.i === i));
    this.#overview(rest, ratio);
    for (let rank = 0; rank < 6; rank++) for (const detail of drawn) this.#lines(detail, this.#order[rank], ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const name of this.on) if (DTL.OVERLAYS[name].shape === "hex" || DTL.OVERLAYS[name].shape === "heat") DTL.drawOverlay(this, name);
    for (const detail of drawn) this.#dots(detail);
    for (const name of this.on) if (DTL.OVERLAYS[name].shape !== "hex" && DTL.OVERLAYS[name].shape !== "heat") DTL.drawOverlay(this, name);
    this.#marked(this.hover, 5);
    this.#marked(this.selected, 8);
    if (!this.quiet) this.#labels(seen, drawn);
  }

  /** Classes from the back to the front; 5 is what nothing judges. */
  get #order() {
    return this.by === "volt" ? [5, 2, 3, 1, 4, 0] : this.by.startsWith("fit_") ? [5, 4, 3, 2, 1, 0] : this.by === "diff" ? [5, 2, 1, 3, 0, 4] : [5, 0, 1, 2, 3, 4];
  }

  #lines(detail, k, ratio) {
    const { pen, camera } = this;
    const pale = k !== 5 && (this.hidden.has(k) || this.kinds.has("line"));
    if (k === 5 && this.hidden.has(k)) return;
    const { paths, open } = detail.pathsOf(this.by, this.at);
    const [x, y] = camera.toScreen(...detail.origin);
    const s = camera.scale;
    pen.setTransform(ratio * s, 0, 0, -ratio * s, ratio * x, ratio * y);
    const grow = Math.min(1.6, Math.max(0.7, 0.8 + Math.log2(s * 4) / 8));
    if (k === 5) {
      pen.setLineDash([4 / s, 4 / s]);
      pen.strokeStyle = this.ink.none;
      pen.lineWidth = 1.2 / s;
      pen.stroke(open);
      pen.setLineDash([]);
      pen.stroke(paths[5]);
      return;
    }
    if (pale) {
      pen.strokeStyle = this.ink.none;
      pen.lineWidth = 0.8 / s;
      pen.stroke(paths[k]);
      return;
    }
    const width = DTL.scaleOf(this.by).width[k] * grow;
    if (this.by === "load" && k === 2 && !DTL.isDark()) {
      pen.strokeStyle = this.ink.casing;
      pen.lineWidth = (width + 1) / s;
      pen.stroke(paths[k]);
    }
    pen.strokeStyle = DTL.coloursOf(this.by)[k];
    pen.lineWidth = width / s;
    pen.stroke(paths[k]);
  }

  /** The main ways of feeders; of those that are but a few pixels long, only the longest and what is out of its limits. */
  #overview(list, ratio) {
    const { pen, camera, data, by } = this;
    const { x: cx, y: cy, scale } = camera;
    const [left, top] = [camera.width / 2, camera.height / 2];
    const trouble = DTL.scaleOf(by).trouble;
    const bins = [[], [], [], [], [], []];
    for (const i of list) data.overview[i].forEach((path, p) => {
      const own = data.classOfPath(path, by, this.at);
      const k = Number.isNaN(own) ? 5 : own;
      if (p === 0 || path.reach * scale > (trouble[k] ? 1 : 3)) bins[k].push(path.points);
    });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const k of this.#order) {
      const pale = k === 5 || this.hidden.has(k);
      pen.strokeStyle = pale ? this.ink.none : DTL.coloursOf(by)[k];
      pen.lineWidth = pale ? 1 : DTL.scaleOf(by).width[k] * 0.8;
      pen.beginPath();
      for (const points of bins[k]) {
        const last = points.length - 2;
        let [px, py] = [NaN, NaN];
        for (let p = 0; p <= last; p += 2) {
          const [x, y] = [(points[p] - cx) * scale + left, (cy - points[p + 1]) * scale + top];
          if (p && p < last && Math.abs(x - px) + Math.abs(y - py) < 2) continue;
          if (p) pen.lineTo(x, y);
          else pen.moveTo(x, y);
          [px, py] = [x, y];
        }
      }
      pen.stroke();
    }
  }

  #dots(detail) {
    const { pen, camera, by } = this;
    const classes = detail.classesOf(by, this.at);
    const at = (b) => camera.toScreen(detail.bus[2 * b] + detail.origin[0], detail.bus[2 * b + 1] + detail.origin[1]);
    const colours = DTL.coloursOf(by);
    const disc = (x, y, r, fill) => {
      pen.beginPath();
      pen.arc(x, y, r, 0, 7);
      pen.fillStyle = this.ink.ground;
      pen.lineWidth = 2;
      pen.strokeStyle = this.ink.ground;
      pen.stroke();
      pen.fillStyle = fill;
      pen.fill();
    };
    const near = camera.scale * Math.sqrt(((detail.data.plane.boxes[detail.i].east - detail.origin[0]) * (detail.data.plane.boxes[detail.i].north - detail.origin[1])) / Math.max(detail.buses.n, 1));
    const trouble = DTL.scaleOf(by).trouble;
    for (const k of this.#order) {
      if (this.hidden.has(k)) continue;
      if (DTL.ofBuses(by)) {
        for (let b = 0; b < detail.buses.n; b++) if ((classes.bus[b] ?? 5) === k && (near > 14 || trouble[k])) disc(...at(b), trouble[k] ? 4.5 : 2.6, k === 5 ? this.ink.none : colours[k]);
      } else {
        if (this.kinds.has("transformer")) continue;
        const bus = detail.transformers.get("bus");
        for (let t = 0; t < detail.transformers.n; t++) if ((classes.transformer[t] ?? 5) === k && (near > 5 || trouble[k])) disc(...at(bus[t]), trouble[k] ? 6 : k === 2 ? 4.6 : 3.6, k === 5 ? this.ink.none : colours[k]);
      }
    }
    const heads = detail.buses.get("head");
    for (let b = 0; b < detail.buses.n; b++) if (heads[b]) {
      const [x, y] = at(b);
      pen.fillStyle = this.ink.ground;
      pen.fillRect(x - 7, y - 7, 14, 14);
      pen.fillStyle = this.ink.head;
      pen.fillRect(x - 5, y - 5, 10, 10);
    }
  }

  #marked(part, reach) {
    if (!part) return;
    const { pen, camera } = this;
    pen.strokeStyle = this.ink.mark;
    pen.lineWidth = reach > 6 ? 2 : 1.5;
    if (part.kind === "line") {
      const { detail, k } = part;
      const side = (offset) => {
        pen.beginPath();
        for (let p = detail.first[k]; p < detail.first[k + 1]; p++) {
          const [x, y] = camera.toScreen(detail.vertex[2 * p] + detail.origin[0], detail.vertex[2 * p + 1] + detail.origin[1]);
          if (p === detail.first[k]) pen.moveTo(x, y);
          else pen.lineTo(x, y);
        }
        pen.setLineDash(offset);
        pen.stroke();
        pen.setLineDash([]);
      };
      side([1, 5]);
    }
    const [x, y] = camera.toScreen(...part.detail.anchor(part.kind, part.k));
    pen.beginPath();
    pen.arc(x, y, reach, 0, 7);
    pen.stroke();
  }

  #labels(seen, drawn) {
    const { pen, camera, data } = this;
    const taken = [];
    pen.textBaseline = "middle";
    const write = (text, x, y, size, bold) => {
      pen.font = `${bold ? 600 : 400} ${size}px ${this.font}`;
      const width = pen.measureText(text).width;
      const box = [x - 2, y - size * 0.7, x + width + 2, y + size * 0.7];
      if (taken.some((t) => t[0] < box[2] && t[2] > box[0] && t[1] < box[3] && t[3] > box[1])) return;
      taken.push(box);
      pen.lineWidth = 3.5;
      pen.strokeStyle = this.ink.halo;
      pen.strokeText(text, x, y);
      pen.fillStyle = this.ink.text;
      pen.fillText(text, x, y);
    };
    for (const i of seen) {
      const box = data.plane.boxes[i];
      if (Math.max(box.east - box.west, box.north - box.south) * camera.scale < 70) continue;
      const [x, y] = camera.toScreen(box.west, box.north);
      write(data.plane.kinds[i] === "schematic" ? `${data.ids[i]} (schematic)` : data.ids[i], Math.max(x, 8), Math.max(y - 16, 12), 13, true);
    }
    const buses = drawn.reduce((sum, d) => sum + this.#busesInView(d).length, 0);
    if (buses > 160) return;
    for (const detail of drawn) {
      const names = detail.buses.get("name");
      for (const b of this.#busesInView(detail)) {
        const [x, y] = camera.toScreen(...detail.anchor("bus", b));
        write(names[b], x + 8, y - 9, 11, false);
      }
    }
  }

  #busesInView(detail) {
    const { west, south, east, north } = this.camera.view;
    return Array.from({ length: detail.buses.n }, (_, b) => b).filter((b) => {
      const [x, y] = detail.anchor("bus", b);
      return x >= west && x <= east && y >= south && y <= north;
    });
  }
};

/** Keeps a small map of everything in a box that is nothing but a picture. */
DTL.smallMap = async (box, canvas, data, by = "load") => {
  const camera = new DTL.Camera();
  const view = new DTL.MapDraw(canvas, data, camera);
  Object.assign(view, { quiet: true, by });
  if (data.parts.reduce((a, b) => a + b, 0) <= DTL.MOST_PARTS / 2) await Promise.all(data.ids.map((_, i) => data.detail(i)));
  const draw = () => {
    const { width, height } = box.getBoundingClientRect();
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    Object.assign(camera, { width, height });
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    camera.fit(data.plane.around(data.ids.map((_, i) => i)), 14);
    view.draw();
  };
  new ResizeObserver(draw).observe(box);
  DTL.onScheme(draw);
};
