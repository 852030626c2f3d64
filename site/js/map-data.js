// What the map draws: the overview of all feeders, and the parts of those in sight once they are few enough.
"use strict";

/** Most parts that are drawn one by one; beyond it feeders are drawn by their simplified paths. */
DTL.MOST_PARTS = 9000;

/** The scale of what the map is coloured by. */
DTL.scaleOf = (by) => DTL.palette.scales[by.startsWith("fit_") ? "fit" : by];
DTL.coloursOf = (by) => DTL.scaleOf(by)[DTL.isDark() ? "dark" : "light"];

/** How much wider lines are than their scale says, the nearer the more. */
DTL.growth = (scale) => Math.min(1.6, Math.max(0.7, 0.8 + Math.log2(scale * 4) / 8));

/** Whether buses carry the answer; lines and transformers then have that of their ends. */
DTL.ofBuses = (by) => by === "volt" || by.startsWith("fit_");

/** How far the points of a path lie apart, along x or y. */
DTL.reach = (points) => {
  const span = (from) => {
    let [low, high] = [Infinity, -Infinity];
    for (let p = from; p < points.length; p += 2) {
      if (points[p] < low) low = points[p];
      if (points[p] > high) high = points[p];
    }
    return high - low;
  };
  return Math.max(span(0), span(1));
};

DTL.MapData = class {
  constructor(study, ov) {
    this.study = study;
    this.at = this.vs = 0;
    this.feeders = ov.feeders;
    this.ids = ov.feeders.get("id");
    this.parts = ov.feeders.get("parts");
    this.plane = new DTL.Plane(ov.feeders);
    this.details = this.ids.map(() => null);
    this.paths = ov.paths;
    this.overview = this.#overview(ov);
  }

  /** The cases in which anything is known by which the map is coloured; hosting capacity is asked of named ones. */
  judgedIn(by) {
    return this.study.cases.map((_, c) => c).filter((c) => this.paths.get(`${by}@${c}`)?.some((k) => !Number.isNaN(k)) || this.details.some((d) => d?.buses.has(`${by}@${c}`)));
  }

  /** What the map is coloured by unless the reader asks: what is out of a limit; where nothing is, what still fits at a bus. */
  opening(at) {
    const bad = ["load", "volt"].find((by) => this.counts(by, at).some((n, k) => n && DTL.scaleOf(by).trouble[k]));
    return bad ?? ["fit_generation", "fit_load", "fit_pv"].find((by) => this.judgedIn(by).includes(at)) ?? "load";
  }

  /** The main ways of each feeder: the points of all of them lie in one array, x before y, of which each has its stretch. */
  #overview(ov) {
    const paths = this.ids.map(() => []);
    const [owner, count] = [ov.paths.get("feeder"), ov.paths.get("points")];
    const [xs, ys] = [ov.points.get("x"), ov.points.get("y")];
    const [west, south] = [ov.feeders.get("west"), ov.feeders.get("south")];
    const all = new Float64Array(2 * xs.length);
    let at = 0;
    for (let p = 0; p < ov.paths.n; p++) {
      const i = owner[p];
      const [first, end] = [at, at + count[p]];
      const [kx, ky] = this.plane.factors[i];
      const [dx, dy] = this.plane.shifts[i];
      for (; at < end; at++) {
        all[2 * at] = (west[i] + xs[at]) * kx + dx;
        all[2 * at + 1] = (south[i] + ys[at]) * ky + dy;
      }
      const points = all.subarray(2 * first, 2 * end);
      paths[i].push({ feeder: i, row: p, points, reach: DTL.reach(points) });
    }
    return paths;
  }

  /** The class of a path of the overview; of a difference, by how many classes of loading it changes. */
  classOfPath(path, by, at) {
    if (by === "risk") return DTL.classOf("risk", this.risk(path.feeder)) ?? NaN;
    const known = (metric, c) => this.paths.get(`${metric}@${c}`)?.[path.row] ?? NaN;
    if (by !== "diff") return known(by, at);
    const change = known("load", at) - known("load", this.vs);
    return Math.min(4, Math.max(0, 2 + change));
  }

  /** The interruptions of a year that are expected of a feeder. */
  risk(i) {
    return this.study.threatened?.[this.ids[i]]?.per_year ?? NaN;
  }

  /** The feeders in view, and whether they are few enough for their parts. */
  inView(camera) {
    const seen = this.ids.map((_, i) => i).filter((i) => camera.sees(this.plane.boxes[i]));
    const parts = seen.reduce((sum, i) => sum + this.parts[i], 0);
    return { seen, detailed: parts <= DTL.MOST_PARTS };
  }

  /** Reads the parts of a feeder. */
  async detail(i) {
    if (!this.details[i]) this.details[i] = DTL.load(`a/${this.feeders.get("file")[i]}`).then((a) => (this.details[i] = new DTL.Detail(this, i, a)));
    return this.details[i];
  }

  /** How many parts of the whole study are in each class of a case. */
  counts(by, at) {
    if (by === "risk") return DTL.scaleOf(by).labels.map((_, k) => this.ids.filter((_, i) => DTL.classOf("risk", this.risk(i)) === k).length);
    return DTL.scaleOf(by).labels.map((_, k) => (this.feeders.get(`${by}@${at}.${k}`) ?? []).reduce((a, b) => a + b, 0));
  }

  /** How many parts of the whole study no class says anything of. */
  unjudged(by, at) {
    if (by === "risk") return this.ids.filter((_, i) => Number.isNaN(this.risk(i))).length;
    const all = this.feeders.get(DTL.ofBuses(by) ? "buses" : "branches").reduce((a, b) => a + b, 0);
    return all - this.counts(by, at).reduce((a, b) => a + b, 0);
  }

  /** How many lines with switches, and transformers, are in the classes that are shown. */
  kindCounts(at, hidden) {
    return Object.fromEntries(["line", "transformer"].map((kind) => [kind, DTL.palette.scales.load.labels.reduce((sum, _, k) => sum + (hidden.has(k) ? 0 : (this.feeders.get(`${kind}@${at}.${k}`) ?? []).reduce((a, b) => a + b, 0)), 0)]));
  }

  /** Counts of what was read so far, for what no table counts beforehand; and whether that is everything. */
  countsRead(by, at) {
    const counts = DTL.scaleOf(by).labels.map(() => 0);
    const read = this.details.filter((d) => d instanceof DTL.Detail);
    let none = 0;
    for (const detail of read) {
      const { line, transformer } = detail.classesOf(by, at);
      for (const k of [...line, ...transformer]) k === null ? none++ : counts[k]++;
    }
    return { counts, none, whole: read.length === this.ids.length };
  }

  /** Where a feeder begins: at its head where its parts were read, else in the middle of its box. */
  head(i, detail) {
    const b = this.plane.boxes[i];
    const k = detail ? detail.buses.get("head").indexOf(1) : -1;
    if (k < 0) return { x: (b.west + b.east) / 2, y: (b.south + b.north) / 2 };
    const [x, y] = detail.anchor("bus", k);
    return { x, y };
  }

  failed(at) {
    return this.ids.filter((_, i) => this.feeders.get(`solved@${at}`)[i] !== 1);
  }
};

/** The parts of one feeder, placed on the plane relative to the corner of its box. */
DTL.Detail = class {
  constructor(data, i, payload) {
    Object.assign(this, { data, i, id: data.ids[i], payload, buses: payload.buses, lines: payload.lines, transformers: payload.transformers });
    const box = data.plane.boxes[i];
    this.origin = [box.west, box.south];
    this.bus = this.#place(payload.buses.get("x"), payload.buses.get("y"));
    this.vertex = this.#place(payload.path.get("x"), payload.path.get("y"));
    this.first = [0];
    for (const n of payload.lines.get("points")) this.first.push(this.first.at(-1) + n);
    this.classes = new Map();
    this.paths = new Map();
  }

  #place(xs, ys) {
    const points = new Float64Array(xs.length * 2);
    for (let k = 0; k < xs.length; k++) {
      const [x, y] = this.data.plane.place(this.i, xs[k], ys[k]);
      points[2 * k] = x - this.origin[0];
      points[2 * k + 1] = y - this.origin[1];
    }
    return points;
  }

  /** The class of every line, transformer and bus: null where nothing can be said. */
  classesOf(by, at) {
    const key = `${by}@${at}${by === "diff" ? `-${this.data.vs}` : ""}`;
    if (!this.classes.has(key)) {
      if (by === "diff") return this.#difference(at, key);
      if (by === "age") return this.#forGood(by, key);
      if (by === "risk") return this.#ofFeeder(DTL.classOf("risk", this.data.risk(this.i)), key);
      const bus = by.startsWith("fit_") ? this.#fits(by, at) : this.#volts(at);
      const loads = (table) => Array.from(table.get(`load@${at}`), (v) => DTL.loadClass(v));
      const [from, to] = [this.lines.get("from"), this.lines.get("to")];
      const bad = by === "volt" ? (k) => Math.abs(k - 2) : (k) => -k;
      const worse = (a, b) => (a === null ? b : b === null ? a : bad(b) > bad(a) ? b : a);
      this.classes.set(key, by === "load"
        ? { line: loads(this.lines), transformer: loads(this.transformers), bus }
        : { line: Array.from(from, (f, k) => worse(bus[f], bus[to[k]] ?? null)), transformer: Array.from(this.transformers.get("bus"), (b) => bus[b]), bus });
    }
    return this.classes.get(key);
  }

  #forGood(by, key) {
    const of = (table) => {
      const values = table.get(by);
      return Array.from({ length: table.n }, (_, k) => (values ? DTL.classOf(by, values[k]) : null));
    };
    this.classes.set(key, { line: of(this.lines), transformer: of(this.transformers), bus: Array.from({ length: this.buses.n }, () => null) });
    return this.classes.get(key);
  }

  #ofFeeder(own, key) {
    const all = (table) => Array.from({ length: table.n }, () => own);
    this.classes.set(key, { line: all(this.lines), transformer: all(this.transformers), bus: all(this.buses) });
    return this.classes.get(key);
  }

  /** Adds the places of an overlay, with their value and what to say of them. */
  places(name, at, places) {
    const { unit } = DTL.OVERLAYS[name];
    const add = (kind, table, values) => {
      if (values) for (let k = 0; k < table.n; k++) if (values[k] > 0) {
        const [x, y] = this.anchor(kind, k);
        places.push({ x, y, value: values[k], text: `${kind} ${table.get("name")[k]}: ${DTL.text(values[k])} ${unit}`.trim() });
      }
    };
    if (name === "outages") for (const kind of ["line", "transformer", "bus"]) add(kind, this.table(kind), this.table(kind).get("cmi"));
    else add("bus", this.buses, this.buses.get(name === "customers" ? name : `${name}@${at}`));
  }

  /** Loading in a case less that in the other one of the map, in points of the limit. */
  #difference(at, key) {
    const of = (table) => {
      const [now, before] = [table.get(`load@${at}`), table.get(`load@${this.data.vs}`)];
      return Array.from(now, (v, k) => DTL.classOf("diff", v - before[k]));
    };
    this.classes.set(key, { line: of(this.lines), transformer: of(this.transformers), bus: Array.from({ length: this.buses.n }, () => null) });
    return this.classes.get(key);
  }

  #volts(at) {
    const [low, high] = [this.buses.get("low"), this.buses.get("high")];
    const [least, most] = [this.buses.get(`min@${at}`), this.buses.get(`max@${at}`)];
    return Array.from(low, (_, k) => (Number.isNaN(low[k]) && Number.isNaN(high[k]) ? null : DTL.voltClass(least[k], most[k], low[k], high[k])));
  }

  #fits(by, at) {
    const kw = this.buses.get(`${by}@${at}`);
    return Array.from({ length: this.buses.n }, (_, k) => (kw ? DTL.classOf("fit", kw[k]) : null));
  }

  /** Lines as one path per class, the last for those that nothing judges; `open` holds open switches. */
  pathsOf(by, at) {
    const key = `${by}@${at}${by === "diff" ? `-${this.data.vs}` : ""}`;
    if (!this.paths.has(key)) {
      const classes = this.classesOf(by, at).line;
      const paths = Array.from({ length: 6 }, () => new Path2D());
      const open = new Path2D();
      const closed = this.lines.get("closed");
      for (let k = 0; k < this.lines.n; k++) this.trace(closed[k] ? paths[classes[k] ?? 5] : open, k);
      this.paths.set(key, { paths, open });
    }
    return this.paths.get(key);
  }

  trace(path, k) {
    for (let p = this.first[k]; p < this.first[k + 1]; p++) {
      const [x, y] = [this.vertex[2 * p], this.vertex[2 * p + 1]];
      if (p === this.first[k]) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
  }

  /** A point that stands for a part, on the plane: the middle of a line, or its bus. */
  anchor(kind, k) {
    let [x, y] = [0, 0];
    if (kind === "line") {
      const half = (this.first[k] + this.first[k + 1]) / 2;
      const [a, b] = [Math.ceil(half) - 1, Math.floor(half)];
      [x, y] = [(this.vertex[2 * a] + this.vertex[2 * b]) / 2, (this.vertex[2 * a + 1] + this.vertex[2 * b + 1]) / 2];
    } else {
      const bus = kind === "bus" ? k : this.transformers.get("bus")[k];
      [x, y] = [this.bus[2 * bus], this.bus[2 * bus + 1]];
    }
    return [x + this.origin[0], y + this.origin[1]];
  }

  /** How far buses lie apart, as if they stood evenly in the box [m]. */
  get spacing() {
    const box = this.data.plane.boxes[this.i];
    return Math.sqrt(((box.east - box.west) * (box.north - box.south)) / Math.max(this.buses.n, 1));
  }

  table(kind) {
    return { line: this.lines, transformer: this.transformers, bus: this.buses }[kind];
  }

  /** The part nearest to a pixel, within reach; what the map colours by decides which kind is preferred. */
  hit(camera, sx, sy, view) {
    let best = { distance: 10 };
    const { by, hidden, kinds, at } = view;
    const classes = this.classesOf(by, at);
    const offer = (kind, k, distance, bonus) => {
      if (distance <= 9 && distance - bonus < best.distance && !kinds.has(kind) && !hidden.has(classes[kind][k] ?? 5)) best = { detail: this, kind, k, distance: distance - bonus };
    };
    const screen = (points, p) => camera.toScreen(points[2 * p] + this.origin[0], points[2 * p + 1] + this.origin[1]);
    for (let k = 0; k < this.lines.n; k++) {
      let near = Infinity;
      for (let p = this.first[k]; p + 1 < this.first[k + 1]; p++) near = Math.min(near, DTL.toSegment(sx, sy, ...screen(this.vertex, p), ...screen(this.vertex, p + 1)));
      offer("line", k, near, 0);
    }
    for (let k = 0; k < this.buses.n; k++) {
      const [x, y] = screen(this.bus, k);
      offer("bus", k, Math.hypot(x - sx, y - sy), DTL.ofBuses(by) ? 6 : -2);
    }
    if (!DTL.ofBuses(by)) {
      const bus = this.transformers.get("bus");
      for (let k = 0; k < this.transformers.n; k++) {
        const [x, y] = screen(this.bus, bus[k]);
        offer("transformer", k, Math.hypot(x - sx, y - sy), 6);
      }
    }
    return best.detail ? best : null;
  }
};
