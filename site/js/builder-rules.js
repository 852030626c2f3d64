// What holds between the words of one entry, as the section classes of dtl.spec say it; tests hold both to the same words.
"use strict";

{
  const b = DTL.builder;
  const num = (v, fallback) => (v === undefined ? fallback : Number(v.replaceAll("_", "")));
  const written = (v, words) => words.filter((w) => v[w] !== undefined);

  /** Exactly one (at most one, if optional) of some words. */
  const one = (v, words, what, { optional = false, short = false } = {}) => {
    const found = written(v, words);
    if (found.length === 1 || (optional && !found.length)) return [];
    const told = found.length ? `${found.map((w) => `'${w}'`).join(" and ")} ${found.length > 1 ? "are" : "is"} given` : "none is given";
    return [[`${what} needs ${optional ? "at most one" : "exactly one"} of ${short && found.length ? "its words" : words.join(" | ")}; ${told}`, found.at(-1) ?? ""]];
  };

  /** The first of some findings, since Python stops at its first. */
  const first = (...checks) => {
    for (const check of checks) {
      const found = check();
      if (found.length) return found;
    }
    return [];
  };
  const when = (bad, message, at = "") => (bad ? [[message, at]] : []);
  const level = (v) => when(v.penetration === undefined && v.follow === undefined, `a layer of kind ${v.kind} needs 'penetration', or a forecast to 'follow'`);

  const WORKS = ["rebuild_line", "replace_transformer", "add_regulator", "add_capacitor", "set_regulator", "set_tap", "move_phase", "add_battery"];
  const VERBS = ["scale_load", "set_load", "add_generator", "add_device", "disconnect_device", "open", "close", "execute", "subscribe", "unsubscribe", "register_program", "update_program", "delete_program"];
  const RULES = ["max_kw_per_transformer_kva", "max_kw_per_customer", "export_limit", "max_rise_pu", "volt_var"];

  b.rules = {
    Weather: (v) => first(
      () => when((v.event === undefined) !== (v.of === undefined && v.return_years === undefined), "'event' and 'of' go together: an event of which year?"),
      () => one(v, ["of", "return_years"], "an event", { optional: true }),
      () => when(v.event === "year" && v.return_years !== undefined, "'return_years' is of a week or a day, not of a year", "return_years"),
      () => when(v.event === undefined && num(v.shift_c, 0) === 0, "a weather layer needs 'event' and 'of', or 'shift_c'")),
    Growth: (v) => first(
      () => one(v, ["per_year", "forecast"], "a growth layer"),
      () => when((v.forecast === undefined) !== (v.what === undefined), "'forecast' and 'what' go together: which value of the forecast?")),
    Electrification: level,
    Ev: level,
    Custom: level,
    Battery: level,
    Solar: (v) => first(() => level(v), () => one(v, ["kw_each", "energy_share"], "a solar layer", { optional: true }), () => {
      const whole = (v.orientations ?? []).reduce((sum, o) => sum + num(o.share), 0);
      return when(v.orientations && Math.abs(whole - 1) > 1e-6, `the shares of the mix sum to ${b.g(whole)}, not to 1`, "orientations");
    }),
    ConnectionRules: (v) => when(!written(v, RULES).length, `a layer of connection rules needs one of ${RULES.join(", ")}`),
    Tariff: (v) => first(
      () => one(v, ["shift_share", "price_ratio"], "a tariff"),
      () => when(num(v.peak_hours[0]) === num(v.peak_hours[1]), "'peak_hours' begin and end in the same hour")),
    Upgrades: (v) => one(v, ["from", "do"], "an upgrades layer"),
    UpgradeStep: (v) => one(v, WORKS, "a work", { short: true }),
    RebuildLine: (v) => first(
      () => one(v, ["line", "from"], "rebuild_line"),
      () => when((v.from === undefined) !== (v.to === undefined), "'from' and 'to' go together")),
    Project: (v) => project(v),
    SwitchStep: (v) => one(v, ["open", "close"], "a switching step"),
    Controls: (v) => when(!written(v, ["regulators", "capacitors"]).length, "a controls layer needs 'regulators' or 'capacitors'"),
    Step: (v) => first(
      () => one(v, VERBS, "an action", { short: true }),
      () => when(v.until !== undefined && (v.at === undefined || v.until.replace("T", " ") <= v.at.replace("T", " ")), "'until' must come after 'at'"),
      () => when(v.at !== undefined && (v.open || v.close), "a switch is operated for the whole study; at a time is not available yet", "at")),
    ScaleLoad: (v) => one(v, ["area", "bus"], "scale_load"),
    SetLoad: (v) => first(
      () => one(v, ["kw", "factor"], "set_load"),
      () => when(v.kvar !== undefined && v.kw === undefined, "set_load: 'kvar' goes with 'kw'; a factor multiplies both", "kvar")),
    AddDevice: (v) => one(v, ["kvar", "pf"], "add_device", { optional: true }),
    Flexibility: (v) => first(
      () => one(v, ["areas", "buses"], "a flexibility layer"),
      () => when(v.sheds === "generation" && num(v.floor_kw, 0) > 0, "'floor_kw' is for loads; generation is curtailed down to nothing", "floor_kw")),
    Scenario: (v) => {
      const twice = (v.stack ?? []).find((n, i) => v.stack.indexOf(n) !== i);
      return when(twice !== undefined, `layer '${twice}' stands in the stack twice; a stack is a set`, "stack");
    },
    Profile: (v) => {
      const shapes = written(v, ["sessions", "year", "weekday", "weekend"]);
      return first(
        () => when(shapes.length > 1 && shapes.join() !== "weekday,weekend", "a profile has one of 'sessions', 'year', or 'weekday' and 'weekend'"),
        () => when(shapes.length === 1 && shapes[0].startsWith("week"), "'weekday' and 'weekend' go together"),
        () => when(v.like === undefined && !shapes.length, "a profile needs 'like', 'sessions', 'year', or both 'weekday' and 'weekend'"),
        () => when(v.sessions && v.charger_kw === undefined && v.like === undefined, "measured sessions need 'charger_kw'", "sessions"));
    },
  };

  const project = (v) => {
    const [kw, kva] = [num(v.kw), num(v.kva)];
    const least = kw / (v.power_factor === undefined ? (v.type === "induction" ? 0.9 : 1) : num(v.power_factor));
    return first(
      () => when(v.volt_var !== undefined && v.kva === undefined, "'volt_var' needs 'kva': without it nothing says how much kvar is left", "volt_var"),
      () => when(kva !== undefined && kva < kw, `kva ${b.g(kva ?? 0)} is below kw ${b.g(kw)}`, "kva"),
      () => (v.volt_var === undefined ? [] : one(v, ["volt_var", "power_factor"], "a project")),
      () => when(v.volt_var !== undefined && ["ev", "load", "synchronous", "induction"].includes(v.type), `'${v.type}' has no inverter and so no 'volt_var'`, "volt_var"),
      () => when(kva !== undefined && kva < least * (1 - 1e-6), `kva ${b.g(kva ?? 0)} is below the ${b.g(least)} of ${b.g(kw)} kW at this power factor`, "kva"));
  };

  const day = (values) => ([24, 48, 96, 144, 288].includes(values.length) ? [] : [`${values.length} values are no day: it has 24, or 48, 96, 144, 288`]);

  /** What holds of whole lists, by class and field. */
  b.lists = {
    "Profile.weekday": day,
    "Profile.weekend": day,
  };

  /** What holds of single texts, by field. */
  b.words = {
    status: (text, field) => (field === "Queue.status" && !b.told.names.statuses.includes(text) ? `'${text}' is no status of a register` : ""),
    phases: (text, field) => (/^Add(Generator|Device)/.test(field) && !/^([123]|(A|B|C|AB|AC|BC|ABC)N?)$/.test(text) ? `'${text}' are no phases; write A, B, C, AB, BC, AC or ABC` : ""),
    feeders: (text) => (!/[/{}[\]]/.test(text) ? "" : `'${text}' is neither the id of a feeder nor a glob with '*' and '?'`),
  };
}

{
  const b = DTL.builder;

  /** What a layer sets; two layers of one kind in a stack must not set the same. */
  const writes = (v) => {
    const of = (what) => [(v.to ?? "all") === "all" ? what : `${what}.${v.to}`];
    const known = {
      weather: () => ["weather"], growth: () => of("load"), electrification: () => of(v.end_use ?? "heating"),
      ev: () => of(v.profile ?? "level2_residential"), solar: () => of("solar"), battery: () => of("battery"),
      connection_rules: () => ["connection_rules"], tariff: () => v.moves ?? ["load"],
      queue: () => (v.status ?? []).map((s) => `${v.from}.${s}`), switching: () => (v.do ?? []).map((s) => s.open || s.close || ""),
      controls: () => ["regulators", "capacitors"].filter((w) => v[w] !== undefined),
    };
    return known[v.kind]?.() ?? [];
  };

  const isCovered = (a, c) => a === c || a.startsWith(`${c}.`) || c.startsWith(`${a}.`);

  /** What holds between layers, and between them and the study. */
  b.together = (state) => {
    const found = [];
    const say = (layer, message) => found.push({ path: `layers.${layer.name}`, message });
    const kinds = state.layers.map((l) => l.data.kind);
    const { years, written } = b.told;
    state.layers.forEach((l, i) => {
      const own = writes(l.data);
      const other = state.layers.slice(0, i).find((o) => o.data.kind === l.data.kind && writes(o.data).some((w) => own.some((x) => isCovered(w, x))));
      if (other && (l.data.feeders ?? other.data.feeders) === undefined) {
        const what = own.filter((x) => writes(other.data).some((w) => isCovered(w, x))).sort()[0];
        say(l, `'${l.name}' and '${other.name}' are of one kind and both set ${what}; stack one of them`);
      }
      if (l.data.kind === "growth" && l.data.per_year !== undefined && !(years.planned?.length && years.measured !== undefined)) {
        say(l, `growth runs from years.measured to a planned year; years.${years.planned?.length ? "measured" : "planned"} is missing`);
      }
      const hasWeather = Object.values(written.sources ?? {}).some((s) => ["open_meteo", "weather_file", "epw"].includes(s.kind));
      if (l.data.kind === "solar" && l.data.profile === undefined && !hasWeather) {
        say(l, "its output follows the irradiance, and the study has no weather; add a source of kind open_meteo, weather_file or epw, or give the layer a 'profile'");
      }
      if (l.data.kind === "battery" && l.data.with !== undefined && !state.layers.some((o) => o.name === l.data.with)) say(l, `'${l.name}' goes with '${l.data.with}', which is not in this stack`);
      if (l.data.kind === "battery" && l.data.mode === "tariff" && !kinds.includes("tariff")) say(l, `'${l.name}' follows a tariff, and this stack has no layer of kind tariff`);
    });
    return found;
  };
}
