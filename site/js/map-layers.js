// The layers of the map: what colours the network, and what stands on it; why a study lacks some of them.
"use strict";

/** What colours the network, one at a time. `title` heads the legend, `none` names what has no class (of loading, `DTL.unrated`). */
DTL.COLOURINGS = {
  load: { name: "Loading", title: "Lines and transformers by highest loading, % of the limit", column: "load", unit: "%" },
  volt: { name: "Voltage", title: "Buses by voltage, against their limits", none: "without a limit", column: "min", unit: "pu" },
  fit_generation: { name: "Generation fits", title: "Buses by the plant that fits there alone", none: "not tried", column: "fit_generation", unit: "kW" },
  fit_load: { name: "Load fits", title: "Buses by the load that fits there alone", none: "not tried", column: "fit_load", unit: "kW" },
  fit_pv: { name: "Roofs fit", title: "Buses by the photovoltaics that fit there alone", none: "not tried", column: "fit_pv", unit: "kW" },
  diff: { name: "Loading change", title: "Loading less that of the other case, points of the limit", none: "not in both", column: "load", unit: "%" },
  risk: { name: "Outage risk", title: "Feeders by unplanned interruptions expected in a year", none: "unknown", column: "risk", unit: "a year" },
  age: { name: "Age", title: "Lines and transformers by years since installation", none: "unknown", column: "age", unit: "years" },
};

/** What stands on the network, in any order; each draws places {x, y, value} and sums up in words. */
DTL.OVERLAYS = {
  ev: { name: "Charging cars", unit: "kW", shape: "ring", colour: 4, told: (n, sum) => `${n} buses, ${DTL.text(sum, "kW")} at their peaks` },
  solar: { name: "Solar", unit: "kW", shape: "square", colour: 3, told: (n, sum) => `${n} buses, ${DTL.text(sum, "kW")} at their peaks` },
  outages: { name: "Outages", unit: "customer minutes", shape: "heat", colour: 1, told: (n, sum) => `${n} openings, ${DTL.text(sum)} customer minutes` },
  growth: { name: "Growth alerts", unit: "", shape: "triangle", colour: 2, told: (n) => `${n} feeder${n === 1 ? "" : "s"}` },
  customers: { name: "Customers", unit: "", shape: "hex", colour: 0, told: (n, sum) => `${DTL.text(sum)} at ${n} buses` },
};

/** The shapes that cover ground: they lie below the dots. */
DTL.AREAS = ["hex", "heat"];

/** Whether a layer can be shown; else why not. */
DTL.lacking = (study, name) => study.lacks?.[name] ?? null;

/** The places of an overlay that are in sight: of single parts where these were read, else of whole feeders. */
DTL.overlayPlaces = (name, data, camera, at) => {
  const { seen, detailed } = data.inView(camera);
  const places = [];
  for (const i of seen) {
    const detail = detailed && data.details[i] instanceof DTL.Detail ? data.details[i] : null;
    if (name === "growth") {
      const alert = data.study.growing.find((g) => g.feeder === data.ids[i]);
      if (alert) places.push({ ...data.head(i, detail), value: 1, text: `${alert.feeder}: ${alert.text}` });
    } else if (detail) detail.places(name, at, places);
    else {
      const sum = data.feeders.get(`${name}.sum@${at}`)?.[i] ?? NaN;
      if (sum > 0) places.push({ ...data.head(i, null), value: sum, text: `${data.ids[i]}: ${DTL.text(sum)} ${DTL.OVERLAYS[name].unit}`.trim() });
    }
  }
  return places;
};

/** Draws one overlay on a canvas; the picture of places keeps to their largest. */
DTL.drawOverlay = (view, name) => {
  const told = DTL.OVERLAYS[name];
  const places = DTL.overlayPlaces(name, view.data, view.camera, view.at);
  const most = places.reduce((a, p) => Math.max(a, p.value), 1e-9);
  const points = places.map((p) => [...view.camera.toScreen(p.x, p.y), p.value]).filter(([x, y]) => x > -40 && y > -40 && x < view.camera.width + 40 && y < view.camera.height + 40);
  DTL.shapes[told.shape](view, points, most, DTL.palette.scenarios[DTL.isDark() ? "dark" : "light"][told.colour]);
};

/** How much the largest symbol is larger than the smallest, so that a small screen is not covered [px]. */
DTL.widest = (camera) => Math.min(14, camera.width / 70);

/** How far a blot of heat reaches [px]. */
DTL.heatRadius = (camera) => Math.min(70, Math.max(26, 0.06 * Math.min(camera.width, camera.height)));

DTL.shapes = {
  ring: ({ pen, ink, camera }, points, most, colour) => {
    for (const [x, y, value] of points) {
      const r = 4 + DTL.widest(camera) * Math.sqrt(value / most);
      pen.beginPath();
      pen.arc(x, y, r, 0, 7);
      pen.lineWidth = 4;
      pen.strokeStyle = ink.halo;
      pen.stroke();
      pen.lineWidth = 2.2;
      pen.strokeStyle = colour;
      pen.stroke();
    }
  },

  square: ({ pen, ink, camera }, points, most, colour) => {
    for (const [x, y, value] of points) {
      const r = 3.5 + 0.85 * DTL.widest(camera) * Math.sqrt(value / most);
      pen.lineWidth = 4;
      pen.strokeStyle = ink.halo;
      pen.strokeRect(x - r, y - r, 2 * r, 2 * r);
      pen.lineWidth = 2.2;
      pen.strokeStyle = colour;
      pen.strokeRect(x - r, y - r, 2 * r, 2 * r);
    }
  },

  triangle: ({ pen, ink }, points, most, colour) => {
    for (const [x, y] of points) {
      pen.beginPath();
      pen.moveTo(x, y - 24);
      pen.lineTo(x + 9, y - 9);
      pen.lineTo(x - 9, y - 9);
      pen.closePath();
      pen.lineWidth = 3;
      pen.strokeStyle = ink.ground;
      pen.stroke();
      pen.fillStyle = colour;
      pen.fill();
    }
  },

  /** A heat of blots whose opacity adds up; one colour, so that it says more or less and nothing else. */
  heat: ({ pen, camera }, points, most, colour) => {
    const radius = DTL.heatRadius(camera);
    for (const [x, y, value] of points) {
      const fill = pen.createRadialGradient(x, y, 0, x, y, radius);
      const strength = 0.12 + 0.5 * Math.sqrt(value / most);
      fill.addColorStop(0, `${colour}${Math.round(255 * strength).toString(16).padStart(2, "0")}`);
      fill.addColorStop(1, `${colour}00`);
      pen.fillStyle = fill;
      pen.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
  },

  /** Hexagons of equal size on the screen, the fuller the more they hold. */
  hex: ({ pen }, points, _most, colour) => {
    const [wide, high] = [26, 22.5];
    const cells = new Map();
    for (const [x, y, value] of points) {
      const row = Math.round(y / high);
      const column = Math.round(x / wide - (row % 2 ? 0.5 : 0));
      const key = `${row} ${column}`;
      const cell = cells.get(key) ?? { x: (column + (row % 2 ? 0.5 : 0)) * wide, y: row * high, value: 0 };
      cell.value += value;
      cells.set(key, cell);
    }
    const top = Math.max(...[...cells.values()].map((c) => c.value), 1e-9);
    for (const { x, y, value } of cells.values()) {
      pen.beginPath();
      for (let k = 0; k < 6; k++) pen.lineTo(x + 14.4 * Math.sin((k * Math.PI) / 3), y + 14.4 * Math.cos((k * Math.PI) / 3));
      pen.closePath();
      pen.fillStyle = `${colour}${Math.round(255 * (0.15 + 0.6 * Math.sqrt(value / top))).toString(16).padStart(2, "0")}`;
      pen.fill();
    }
  },
};

/** The picture of an overlay in the legend. */
DTL.overlayKey = (name) => {
  const { shape, colour } = DTL.OVERLAYS[name];
  const paint = `var(--dtl-scenario-${colour})`;
  const mark = {
    ring: () => DTL.svg("circle", { cx: 10, cy: 8, r: 5, fill: "none", style: `stroke:${paint}`, "stroke-width": 2.2 }),
    square: () => DTL.svg("rect", { x: 5, y: 3, width: 10, height: 10, fill: "none", style: `stroke:${paint}`, "stroke-width": 2.2 }),
    triangle: () => DTL.svg("path", { d: "M10 2L17 14H3Z", style: `fill:${paint}` }),
    heat: () => DTL.svg("circle", { cx: 10, cy: 8, r: 7, style: `fill:${paint};opacity:.45` }),
    hex: () => DTL.svg("path", { d: "M10 1L16 4.5V11.5L10 15L4 11.5V4.5Z", style: `fill:${paint};opacity:.55` }),
  }[shape]();
  return DTL.svg("svg", { viewBox: "0 0 20 16", width: 20, height: 16, "aria-hidden": "true" }, mark);
};
