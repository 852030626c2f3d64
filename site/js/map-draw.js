// What both renderers of the map share: what is shown, what is in sight, and what stands above the network.
"use strict";

/** So many feeders in sight are named however small they are. */
DTL.FEW = 12;

/**
 * One map: its state, and a canvas for all that stands above the network. A renderer draws the network below it:
 * `name`, and `draw(view)`, which draws the ground, lines, areas and dots of `view.sight` and then has `view.top(sight)`
 * draw the rest. DTL.CanvasNetwork draws on the same canvas, DTL.GlNetwork with MapLibre below it.
 */
DTL.ink = () => (DTL.isDark()
  ? { ground: DTL.palette.ground.dark, text: "#e4e8eb", halo: "rgba(20,24,28,.85)", none: "#3a444c", casing: "#0b0e10", mark: "#ffffff", head: "#e4e8eb" }
  : { ground: DTL.palette.ground.light, text: "#1b2126", halo: "rgba(247,248,248,.88)", none: "#cdd4d8", casing: "#8f6700", mark: "#10161a", head: "#1b2126" });

DTL.MapDraw = class {
  constructor(canvas, data, camera) {
    Object.assign(this, { canvas, data, camera, pen: canvas.getContext("2d"), hidden: new Set(), kinds: new Set(), on: [], other: false, by: "load", selected: null, hover: null, quiet: false, grain: 1, moving: false, font: getComputedStyle(document.body).fontFamily });
    this.renderer = new DTL.CanvasNetwork();
  }

  /** The case it shows: that of the map, or the other one. */
  get at() {
    return this.other ? this.data.vs : this.data.at;
  }

  get ink() {
    return DTL.ink();
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  /** Classes from the back to the front; 5 is what nothing judges. */
  get order() {
    return this.by === "volt" ? [5, 2, 3, 1, 4, 0] : this.by.startsWith("fit_") ? [5, 4, 3, 2, 1, 0] : this.by === "diff" ? [5, 2, 1, 3, 0, 4] : [5, 0, 1, 2, 3, 4];
  }

  /** The colour of a class, and how wide its lines and how large its dots are [px]. */
  colour(k) {
    return k === 5 ? this.ink.none : DTL.coloursOf(this.by)[k];
  }

  width(k) {
    return k === 5 ? 1.2 : DTL.scaleOf(this.by).width[k];
  }

  radius(k) {
    const trouble = DTL.scaleOf(this.by).trouble[k];
    return this.grain * (DTL.ofBuses(this.by) ? (trouble ? 4.5 : 2.6) : trouble ? 6 : k === 2 ? 4.6 : 3.6);
  }

  /**
   * From how many pixels between neighbours on all dots are drawn, not only those of what is out of its limits; a small
   * map of buses, which nobody can come nearer to, shows all of them.
   */
  get roomForDots() {
    return !DTL.ofBuses(this.by) ? 5 : this.quiet ? 0 : 14;
  }

  /** Whether 80 to 100 % needs a darker edge, which amber does on a light ground. */
  get cased() {
    return this.by === "load" && !DTL.isDark();
  }

  /** The feeders in view; `drawn` are those whose parts are drawn, `rest` those drawn by their main ways. */
  get sight() {
    const { seen, detailed } = this.data.inView(this.camera);
    const drawn = seen.filter((i) => detailed && this.data.details[i] instanceof DTL.Detail).map((i) => this.data.details[i]);
    const there = new Set(drawn.map((d) => d.i));
    return { seen, drawn, rest: seen.filter((i) => !there.has(i)) };
  }

  draw() {
    this.renderer.draw(this);
  }

  /** All layers that stand on the network and have one of these shapes. */
  overlays(shapes) {
    for (const name of this.on) if (shapes.includes(DTL.OVERLAYS[name].shape)) DTL.drawOverlay(this, name);
  }

  /** What stands above the network: heads of feeders, symbols, what is marked, names. */
  top({ seen, drawn }) {
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    for (const detail of drawn) this.#heads(detail);
    this.overlays(["ring", "square", "triangle"]);
    this.#marked(this.hover, 5);
    this.#marked(this.selected, 8);
    if (!this.quiet) this.#labels(seen, drawn);
  }

  #heads(detail) {
    const { pen, camera } = this;
    const square = (x, y, half) => pen.fillRect(x - half, y - half, 2 * half, 2 * half);
    detail.buses.get("head").forEach((is, b) => {
      if (!is) return;
      const [x, y] = camera.toScreen(...detail.anchor("bus", b));
      pen.fillStyle = this.ink.ground;
      square(x, y, 5 * this.grain + 2);
      pen.fillStyle = this.ink.head;
      square(x, y, 5 * this.grain);
    });
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
      if (seen.length > DTL.FEW && Math.max(box.east - box.west, box.north - box.south) * camera.scale < 70) continue;
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
    const reach = data.plane.boxes.map((b) => Math.max(b.east - b.west, b.north - b.south) * camera.scale).sort((a, b) => a - b);
    view.grain = Math.min(1, Math.max(0.4, reach[reach.length >> 1] / 80)); // marks larger than the feeders that they are of hide them
    view.draw();
  };
  new ResizeObserver(draw).observe(box);
  DTL.onScheme(draw);
};
