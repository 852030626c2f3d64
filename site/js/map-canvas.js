// The renderer that needs nothing but a canvas: trouble is wide and on top, what is well is grey and thin.
"use strict";

/** Of the main ways, lines no wider than this are drawn with a pen of one pixel, which takes a fifth of the time [px]. */
DTL.THIN = 1.5;

/** A picture that takes longer than this is not drawn anew while the map moves [ms]. */
DTL.SLOW_MS = 12;

DTL.CanvasNetwork = class {
  constructor() {
    Object.assign(this, { name: "canvas", still: { slow: false } });
  }

  /** Draws; while the map moves, what takes longer than a frame is the picture drawn before, put where it belongs. */
  draw(view) {
    const { canvas, camera } = view;
    if (view.moving && this.still.slow && canvas.width === this.still.width) {
      this.still.copy ??= this.#copy(canvas);
      return this.#again(view);
    }
    const start = performance.now();
    this.#whole(view);
    this.still = { slow: performance.now() - start > DTL.SLOW_MS, width: canvas.width, x: camera.x, y: camera.y, scale: camera.scale };
    return undefined;
  }

  #copy(canvas) {
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    copy.getContext("2d").drawImage(canvas, 0, 0);
    return copy;
  }

  #again({ pen, camera, canvas, ink, ratio }) {
    const { still } = this;
    const grow = camera.scale / still.scale;
    const [x, y] = camera.toScreen(still.x, still.y);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = ink.ground;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(grow, 0, 0, grow, (x - (grow * camera.width) / 2) * ratio, (y - (grow * camera.height) / 2) * ratio);
    pen.drawImage(still.copy, 0, 0);
  }

  #whole(view) {
    const { pen, camera, sight, ratio } = view;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = view.ink.ground;
    pen.fillRect(0, 0, camera.width, camera.height);
    pen.lineCap = "round";
    this.#overview(view, sight.rest, ratio);
    pen.lineJoin = "round";
    for (const k of view.order) for (const detail of sight.drawn) this.#lines(view, detail, k, ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    view.overlays(DTL.AREAS);
    for (const detail of sight.drawn) this.#dots(view, detail);
    view.top(sight);
  }

  #lines(view, detail, k, ratio) {
    const { pen, camera } = view;
    const pale = k !== 5 && (view.hidden.has(k) || view.kinds.has("line"));
    if (k === 5 && view.hidden.has(k)) return;
    const { paths, open } = detail.pathsOf(view.by, view.at);
    const [x, y] = camera.toScreen(...detail.origin);
    const s = camera.scale;
    pen.setTransform(ratio * s, 0, 0, -ratio * s, ratio * x, ratio * y);
    if (k === 5) {
      pen.setLineDash([4 / s, 4 / s]);
      pen.strokeStyle = view.ink.none;
      pen.lineWidth = 1.2 / s;
      pen.stroke(open);
      pen.setLineDash([]);
      pen.stroke(paths[5]);
      return;
    }
    if (pale) {
      pen.strokeStyle = view.ink.none;
      pen.lineWidth = 0.8 / s;
      pen.stroke(paths[k]);
      return;
    }
    const width = view.width(k) * DTL.growth(s);
    if (view.cased && k === 2) {
      pen.strokeStyle = view.ink.casing;
      pen.lineWidth = (width + 1) / s;
      pen.stroke(paths[k]);
    }
    pen.strokeStyle = view.colour(k);
    pen.lineWidth = width / s;
    pen.stroke(paths[k]);
  }

  /** The main ways of feeders; of those that are but a few pixels long, only the longest and what is out of its limits. */
  #overview(view, list, ratio) {
    const { pen, camera, data, by } = view;
    const { x: cx, y: cy, scale } = camera;
    const [left, top] = [camera.width / 2, camera.height / 2];
    const trouble = DTL.scaleOf(by).trouble;
    const bins = [[], [], [], [], [], []];
    for (const i of list) data.overview[i].forEach((path, p) => {
      const own = data.classOfPath(path, by, view.at);
      const k = Number.isNaN(own) ? 5 : own;
      if (p === 0 || path.reach * scale > (trouble[k] ? 1 : 3)) bins[k].push(path.points);
    });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.lineJoin = "bevel"; // at these widths a round join looks the same and takes longer
    for (const k of view.order) {
      const pale = k === 5 || view.hidden.has(k);
      const width = view.width(k) * 0.8;
      pen.strokeStyle = pale ? view.ink.none : view.colour(k);
      pen.lineWidth = pale || width < DTL.THIN ? 1 : width;
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

  #dots(view, detail) {
    const { pen, camera, by, hidden, kinds } = view;
    const isOfBuses = DTL.ofBuses(by);
    if (!isOfBuses && kinds.has("transformer")) return;
    const classes = detail.classesOf(by, view.at)[isOfBuses ? "bus" : "transformer"];
    const bus = isOfBuses ? null : detail.transformers.get("bus");
    const trouble = DTL.scaleOf(by).trouble;
    const isNear = camera.scale * detail.spacing > view.roomForDots;
    const disc = (b, k) => {
      const [x, y] = camera.toScreen(detail.bus[2 * b] + detail.origin[0], detail.bus[2 * b + 1] + detail.origin[1]);
      pen.beginPath();
      pen.arc(x, y, view.radius(k), 0, 7);
      pen.lineWidth = 2;
      pen.strokeStyle = view.ink.ground;
      pen.stroke();
      pen.fillStyle = view.colour(k);
      pen.fill();
    };
    for (const k of view.order) {
      if (hidden.has(k) || !(isNear || trouble[k])) continue;
      for (let n = 0; n < classes.length; n++) if ((classes[n] ?? 5) === k) disc(bus ? bus[n] : n, k);
    }
  }
};
