// The plane of the map: where feeders stand, and the camera that looks at them. x runs to the east, y to the north [m].
"use strict";

DTL.METRES_PER_DEGREE = 111320;

/** Places every feeder of the payload `ov` on one plane; feeders without coordinates stand in a grid below the others. */
DTL.Plane = class {
  constructor(feeders) {
    const side = (name) => feeders.get(name);
    const kinds = feeders.get("kind");
    const lats = Array.from(side("south")).filter((_, i) => kinds[i] === "degrees");
    this.cosine = lats.length ? Math.cos((lats.reduce((a, b) => a + b, 0) / lats.length) * (Math.PI / 180)) : 1;
    this.isGeographic = lats.length > 0;
    this.kinds = kinds;
    this.factors = kinds.map((kind) => (kind === "degrees" ? [DTL.METRES_PER_DEGREE * this.cosine, DTL.METRES_PER_DEGREE] : [1, 1]));
    const [west, south, east, north] = ["west", "south", "east", "north"].map(side);
    this.boxes = this.factors.map(([kx, ky], i) => ({ west: west[i] * kx, south: south[i] * ky, east: east[i] * kx, north: north[i] * ky }));
    this.shifts = kinds.map(() => [0, 0]);
    this.#arrange();
  }

  /** A point of a feeder's payload on the plane. */
  place(i, x, y) {
    return [x * this.factors[i][0] + this.shifts[i][0], y * this.factors[i][1] + this.shifts[i][1]];
  }

  /** What the plane's point is called outside: latitude and longitude, or metres. */
  outside(x, y) {
    return this.isGeographic ? [y / DTL.METRES_PER_DEGREE, x / DTL.METRES_PER_DEGREE / this.cosine] : [y, x];
  }

  inside(a, b) {
    return this.isGeographic ? [b * DTL.METRES_PER_DEGREE * this.cosine, a * DTL.METRES_PER_DEGREE] : [b, a];
  }

  #arrange() {
    const trees = this.boxes.map((_, i) => i).filter((i) => this.kinds[i] === "schematic");
    if (!trees.length) return;
    const real = this.boxes.filter((_, i) => this.kinds[i] !== "schematic");
    const [west, south] = real.length ? [Math.min(...real.map((b) => b.west)), Math.min(...real.map((b) => b.south))] : [0, 0];
    const wide = Math.max(...trees.map((i) => this.boxes[i].east - this.boxes[i].west), 1) * 1.15;
    const high = Math.max(...trees.map((i) => this.boxes[i].north - this.boxes[i].south), wide / 8) * 1.3; // a line without a branch has no height
    const gap = real.length ? Math.max(0.3 * high, 0.12 * (Math.max(...real.map((b) => b.north)) - south)) : 0;
    const across = Math.max(1, Math.ceil(Math.sqrt((trees.length * high * 1.6) / wide)));
    trees.forEach((i, n) => {
      const box = this.boxes[i];
      const dx = west + wide * (n % across) - box.west;
      const dy = south - gap - high * Math.floor(n / across) - box.north;
      this.shifts[i] = [dx, dy];
      this.boxes[i] = { west: box.west + dx, east: box.east + dx, south: box.south + dy, north: box.north + dy };
    });
  }

  /** The box around some feeders. */
  around(list) {
    const boxes = list.map((i) => this.boxes[i]);
    const least = (name) => boxes.reduce((a, b) => Math.min(a, b[name]), Infinity);
    const most = (name) => boxes.reduce((a, b) => Math.max(a, b[name]), -Infinity);
    return { west: least("west"), south: least("south"), east: most("east"), north: most("north") };
  }
};

/** What the canvas shows: the middle on the plane, and pixels per metre. */
DTL.Camera = class {
  constructor() {
    Object.assign(this, { x: 0, y: 0, scale: 1, width: 1, height: 1, least: 1e-6, most: 100, inset: { left: 0, right: 0, top: 0, bottom: 0 } });
  }

  toScreen(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, (this.y - y) * this.scale + this.height / 2];
  }

  toPlane(sx, sy) {
    return [(sx - this.width / 2) / this.scale + this.x, this.y - (sy - this.height / 2) / this.scale];
  }

  get view() {
    const [west, north] = this.toPlane(0, 0);
    const [east, south] = this.toPlane(this.width, this.height);
    return { west, south, east, north };
  }

  sees(box) {
    const v = this.view;
    return box.west <= v.east && box.east >= v.west && box.south <= v.north && box.north >= v.south;
  }

  /** Shows a box in the part of the canvas that nothing covers. */
  fit(box, margin = 40) {
    const { left, right, top, bottom } = this.inset;
    const wide = Math.max(this.width - left - right - 2 * margin, 80);
    const high = Math.max(this.height - top - bottom - 2 * margin, 80);
    const [w, h] = [box.east - box.west, box.north - box.south];
    this.scale = this.#bound(w || h ? Math.min(wide / (w || 1e-9), high / (h || 1e-9)) : 1);
    this.x = (box.west + box.east) / 2 - (left - right) / 2 / this.scale;
    this.y = (box.south + box.north) / 2 + (top - bottom) / 2 / this.scale;
  }

  /** What is in view beside the insets. */
  get seen() {
    const { left, right, top, bottom } = this.inset;
    const [[west, north], [east, south]] = [this.toPlane(left, top), this.toPlane(this.width - right, this.height - bottom)];
    return { west, east, south, north };
  }

  zoom(factor, sx = this.width / 2, sy = this.height / 2) {
    const [x, y] = this.toPlane(sx, sy);
    this.scale = this.#bound(this.scale * factor);
    this.x = x - (sx - this.width / 2) / this.scale;
    this.y = y + (sy - this.height / 2) / this.scale;
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
  }

  #bound(scale) {
    return Math.min(this.most, Math.max(this.least, scale));
  }
};

/** Distance of a point to a segment, all in pixels. */
DTL.toSegment = (px, py, ax, ay, bx, by) => {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length ? Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length)) : 0;
  return Math.hypot(px - ax - t * dx, py - ay - t * dy);
};
