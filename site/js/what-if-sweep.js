// Between the points of a sweep: the figure and its band, and a choice as layers and a scenario.
"use strict";

/** The numbers that each axis took, rising. */
DTL.axesOf = (sweep) => sweep.axes.map((_, i) => [...new Set(sweep.points.map((p) => p[i]))].sort((a, b) => a - b));

/** Which points a place between them is told from, with their weights: the corners of its cell of a grid, else the nearest. */
DTL.cornersOf = (sweep, at) => {
  const axes = DTL.axesOf(sweep);
  const size = axes.reduce((n, a) => n * a.length, 1);
  if (size !== sweep.points.length) return DTL.nearestOf(sweep, axes, at);
  let corners = [{ at: [], weight: 1 }];
  axes.forEach((values, i) => {
    const high = Math.max(1, values.findIndex((v) => v >= at[i]));
    const [a, b] = values.length > 1 ? [values[high - 1], values[high]] : [values[0], values[0]];
    const share = b > a ? Math.min(1, Math.max(0, (at[i] - a) / (b - a))) : 0;
    corners = corners.flatMap((c) => [[a, 1 - share], [b, share]].filter(([, w]) => w > 0).map(([v, w]) => ({ at: [...c.at, v], weight: c.weight * w })));
  });
  return corners.map((c) => ({ weight: c.weight, row: sweep.points.findIndex((p) => p.every((v, i) => v === c.at[i])) }));
};

DTL.nearestOf = (sweep, axes, at) => {
  const far = (p) => Math.hypot(...p.map((v, i) => (v - at[i]) / (axes[i].at(-1) - axes[i][0] || 1)));
  const all = sweep.points.map((p, row) => ({ row, far: far(p) })).sort((a, b) => a.far - b.far);
  if (all[0].far < 1e-9) return [{ row: all[0].row, weight: 1 }];
  const near = all.slice(0, axes.length + 1);
  const sum = near.reduce((n, c) => n + 1 / c.far, 0);
  return near.map((c) => ({ row: c.row, weight: 1 / c.far / sum }));
};

/** A figure at a place: the value told from its corners, and their lowest and highest; null where one is not known. */
DTL.between = (corners, values) => {
  const own = corners.map((c) => values?.[c.row] ?? null);
  if (own.some((v) => v === null)) return null;
  return { value: corners.reduce((n, c, i) => n + c.weight * own[i], 0), low: Math.min(...own), high: Math.max(...own), solved: corners.length === 1 };
};

/** The layer of an axis with its number: `cars.penetration` of 0.3. */
DTL.withNumber = (layer, path, value) => {
  const [first, ...rest] = path;
  return { ...layer, [first]: rest.length ? DTL.withNumber(layer[first] ?? {}, rest, value) : value };
};

/** A name that nothing has yet. */
DTL.freeName = (wanted, taken) => {
  let name = wanted;
  for (let n = 2; taken.includes(name); n++) name = `${wanted}_${n}`;
  return name;
};

/** The scenario of a sweep with its numbers at a place. @returns {{layers: object, scenarios: object}} */
DTL.sweptScenario = (whole, sweep, at) => {
  const layers = {};
  const renamed = new Map();
  sweep.axes.forEach((target, i) => {
    const [name, ...path] = target.split(".");
    if (!renamed.has(name)) renamed.set(name, DTL.freeName(`${name}_what_if`, Object.keys(whole.layers)));
    const now = layers[renamed.get(name)] ?? whole.layers[name];
    layers[renamed.get(name)] = DTL.withNumber(now, path, at[i]);
  });
  const told = sweep.axes.map((target, i) => `${target} ${Number(at[i].toPrecision(6))}`).join(", ");
  const stack = (whole.stacks[sweep.of] ?? []).map((name) => renamed.get(name) ?? name);
  return { layers, scenarios: { [DTL.freeName("what_if", Object.keys(whole.stacks))]: { title: `${sweep.of} with ${told}`, stack } } };
};

/** The scenario of a case with a plant at a bus. */
DTL.plantScenario = (whole, feeder, site, kw) => {
  const layer = DTL.freeName("what_if_plant", Object.keys(whole.layers));
  const type = site.of === "load" ? "load" : "pv";
  const project = { kind: "project", at: `${feeder}:${site.bus}`, type, kw, phases: site.phases };
  const base = whole.cases[site.case];
  const title = `${base} with ${kw} kW of ${type} at ${site.bus} of ${feeder}`;
  return { layers: { [layer]: project }, scenarios: { [DTL.freeName("what_if", Object.keys(whole.stacks))]: { title, stack: [...(whole.stacks[base] ?? []), layer] } } };
};

/** Sections of a study as text; JSON is YAML. */
DTL.asYaml = (sections) => Object.entries(sections).map(([section, entries]) =>
  `${section}:\n${Object.entries(entries).map(([name, words]) => `  ${name}: ${JSON.stringify(words).replaceAll('":', '": ').replaceAll(',"', ', "')}`).join("\n")}`).join("\n");
