// Areas by deck.gl between the lines and the dots of MapLibre: the heat of outages and the hexagons of customers.
"use strict";

DTL.GlAreas = class {
  constructor(map, redraw) {
    Object.assign(this, { map, redraw, told: "", most: 0 });
    this.overlay = new DTL.deck.MapLibreOverlay({ interleaved: true, layers: [], pickingRadius: 0 });
    map.addControl(this.overlay);
  }

  /** Tells deck.gl what there is to draw when that changed; hexagons keep their places while the map moves. */
  draw(view, sheet) {
    const { data, camera, at, sight } = view;
    const step = Math.round(Math.log2(camera.scale));
    const wanted = view.on.filter((name) => DTL.AREAS.includes(DTL.OVERLAYS[name].shape));
    const key = JSON.stringify([wanted, at, step, sight.seen, sight.drawn.length, this.most, DTL.isDark()]);
    if (key === this.told) return;
    this.told = key;
    const layers = wanted.map((name) => this.#layer(name, DTL.overlayPlaces(name, data, camera, at), sheet, step, camera));
    this.overlay.setProps({ layers });
    // While MapLibre reads data it takes no layers in, and deck.gl would draw above the dots.
    this.map.once("idle", () => this.overlay.setProps({ layers }));
  }

  #layer(name, places, sheet, step, camera) {
    const { shape, colour } = DTL.OVERLAYS[name];
    const [red, green, blue] = [1, 3, 5].map((p) => parseInt(DTL.palette.scenarios[DTL.isDark() ? "dark" : "light"][colour].slice(p, p + 2), 16));
    const shades = (from, to) => Array.from({ length: 6 }, (_, k) => [red, green, blue, Math.round(255 * (from + ((to - from) * k) / 5))]);
    const most = places.reduce((a, p) => Math.max(a, p.value), 1e-9);
    const shared = { id: name, data: places, beforeId: "dots-0", getPosition: (p) => sheet.place(p.x, p.y), pickable: false };
    if (shape === "heat") return new DTL.deck.HeatmapLayer({ ...shared, getWeight: (p) => 0.12 + Math.sqrt(p.value / most), radiusPixels: 2 * DTL.heatRadius(camera), colorRange: shades(0, 0.65), threshold: 0.02, debounceTimeout: 60 });
    const metre = 40030000 / sheet.size;
    const onSetColorDomain = ([, top]) => {
      if (top === this.most) return;
      this.most = top;
      this.redraw();
    };
    return new DTL.deck.HexagonLayer({ ...shared, radius: (15 * metre) / 2 ** step, coverage: 0.96, extruded: false, gpuAggregation: false, getColorWeight: (p) => p.value, colorAggregation: "SUM", colorScaleType: "quantize", colorDomain: [0, Math.max(this.most, 1e-9)], onSetColorDomain, colorRange: shades(0.15, 0.75) });
  }
};
