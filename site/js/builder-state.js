// The scenario that is being built, as plain data: what a layer begins with, what it writes, and the sections that come out.
"use strict";

{
  const b = DTL.builder;

  b.fresh = () => ({ name: "my_scenario", title: "", layers: [], profiles: {} });

  const pick = (of, fallback) => b.told.names[of]?.[0] ?? fallback;

  const STARTS = {
    weather: () => ({ shift_c: "2" }),
    upgrades: () => ({ do: [{ replace_transformer: { at: pick("transformers"), kva: "50" } }] }),
    queue: () => ({ from: pick("registers"), status: ["approved", "queued"] }),
    project: () => ({ at: pick("buses"), type: "pv", kw: "500", phases: "ABC" }),
    switching: () => ({ do: [{ open: pick("switches") }] }),
    controls: () => ({ capacitors: "frozen" }),
    growth: () => ({ per_year: "0.02" }),
    electrification: () => ({ penetration: "0.2" }),
    ev: () => ({ penetration: "0.2" }),
    custom: () => ({ penetration: "0.1", profile: pick("files"), kw_each: "1" }),
    connection_rules: () => ({ max_kw_per_customer: "10" }),
    solar: () => ({ penetration: "0.2" }),
    tariff: () => ({ peak_hours: ["16", "21"], shift_share: "0.1" }),
    battery: () => ({ penetration: "0.1", kwh_each: "10", kw_each: "5" }),
    actions: () => ({ do: [{ add_device: { bus: pick("buses"), name: "device_1", kw: "100" } }] }),
    flexibility: () => ({ min_power_kw: "0", target_pf: "0.95", buses: [pick("buses")] }),
  };

  /** A value without what is empty; undefined where nothing is left. */
  b.tidy = (value) => {
    if (Array.isArray(value)) {
      const kept = value.map(b.tidy).filter((v) => v !== undefined);
      return kept.length ? kept : undefined;
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, b.tidy(v)]).filter(([, v]) => v !== undefined));
    }
    return value === undefined || String(value).trim() === "" ? undefined : String(value).trim();
  };

  /** What a layer of a kind begins with. */
  b.start = (kind) => ({ kind, ...b.tidy(STARTS[kind]?.() ?? {}) });

  /** A name that nothing has yet. */
  b.free = (wanted, taken) => {
    let name = wanted;
    for (let i = 2; taken.includes(name); i++) name = `${wanted}_${i}`;
    return name;
  };

  b.add = (state, kind) => {
    const name = b.free(kind, [...state.layers.map((l) => l.name), ...b.told.names.layers]);
    state.layers.push({ name, data: b.start(kind) });
  };

  /** Puts a layer that the study has into the stack, as it is. */
  b.stack = (state, name) => state.layers.push({ name, data: text(b.told.written.layers[name]), isOld: true });

  /** All numbers and flags as text, as a file has them. */
  const text = (value) => {
    if (Array.isArray(value)) return value.map(text);
    return value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, text(v)])) : String(value);
  };

  /** The scenario that another page hands over in the address, as `#scenario=` and JSON of layers and scenarios; null where there is none. */
  b.given = (hash) => {
    const handed = new URLSearchParams(hash.slice(1)).get("scenario");
    if (!handed) return null;
    const isNothing = (v) => v === null || (Array.isArray(v) && !v.length);
    const { layers = {}, scenarios } = JSON.parse(handed, (_, v) => (isNothing(v) ? undefined : v));
    const [name, { title = "", stack = [] }] = Object.entries(scenarios)[0];
    const state = { name, title, layers: [], profiles: {} };
    for (const layer of stack) {
      if (layers[layer]) state.layers.push({ name: layer, data: text(layers[layer]) });
      else if (b.told.written.layers?.[layer]) b.stack(state, layer);
    }
    return state;
  };

  /** Names that are being written, so that fields may name them. */
  b.namesOf = (state) => (of) => {
    const kinds = { roofs: "solar", programs: "flexibility" };
    if (of === "profiles") return Object.keys(state.profiles);
    const made = state.layers.flatMap((l) => (l.data.do ?? []).map((s) => s?.register_program?.name)).filter(Boolean);
    if (of === "made") return made;
    const own = state.layers.filter((l) => of === "layers" || l.data.kind === kinds[of]).map((l) => l.name);
    return of === "programs" ? [...own, ...made] : own;
  };

  /** What is written: the sections of the snippet. */
  b.sections = (state) => {
    const layers = Object.fromEntries(state.layers.filter((l) => !l.isOld).map((l) => [l.name, b.tidy(l.data)]));
    const used = state.layers.map((l) => l.data.profile);
    const profiles = Object.fromEntries(Object.entries(state.profiles).filter(([n]) => used.includes(n)).map(([n, p]) => [n, b.tidy(b.day.entry(p))]));
    const title = state.title.trim();
    const scenario = { ...(title ? { title } : {}), stack: state.layers.map((l) => l.name) };
    return Object.fromEntries(Object.entries({ profiles, layers, scenarios: { [state.name]: scenario } }).filter(([, v]) => Object.keys(v).length));
  };

  /** The whole study with the scenario in it. */
  b.whole = (state) => {
    const own = b.sections(state);
    const found = { dtl: b.told.written.dtl, ...b.told.written };
    for (const section of b.told.sections) if (own[section]) found[section] = { ...found[section], ...own[section] };
    const order = ["dtl", "title", "question", "timezone", "currency", "feeders", "years", "data_roots", "sources", "network", "demand", "limits", "areas", "profiles", "layers", "scenarios", "sweeps", "powerflow", "analyses", "report"];
    const place = (word) => (order.includes(word) ? order.indexOf(word) : order.length);
    return Object.fromEntries(Object.entries(found).sort(([x], [y]) => place(x) - place(y)));
  };

  /** The text of the snippet, or of the whole file. */
  b.text = (state, isWhole) => {
    const about = isWhole
      ? `# The study ${b.told.study} with the scenario ${state.name}; what equals a default is left out, and so are comments.\n`
      : `# Scenario ${state.name} for the study ${b.told.study}.\n# Its entries go under the sections that study.yaml has, or make new ones.\n`;
    return about + DTL.yaml.text(isWhole ? b.whole(state) : b.sections(state));
  };

  /** All mistakes of what is being built: path and message. */
  b.mistakes = (state) => {
    b.own = b.namesOf(state);
    b.kindOf = (section, name) => (section === "layers" ? state.layers.find((l) => l.name === name)?.data.kind : undefined);
    const sections = b.sections(state);
    const found = Object.entries(sections).flatMap(([section, entries]) => Object.entries(entries).flatMap(([name, value]) => b.checkEntry(section, name, value)));
    const names = state.layers.map((l) => l.name);
    for (const l of state.layers) {
      const path = `layers.${l.name}`;
      if (names.filter((n) => n === l.name).length > 1) found.push({ path, message: `'${l.name}' is the name of two layers` });
      else if (!l.isOld && b.told.names.layers.includes(l.name)) found.push({ path, message: `the study has a layer '${l.name}' already` });
    }
    const scenarios = Object.keys(b.told.written.scenarios ?? {});
    if (scenarios.includes(state.name)) found.push({ path: `scenarios.${state.name}`, message: `the study has a scenario '${state.name}' already` });
    return found.length ? found : b.together(state);
  };
}
