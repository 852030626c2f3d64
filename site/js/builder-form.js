// Fields of a form from the JSON Schema: type, unit, default, help, and what is wrong, each beside its control.
"use strict";

{
  const b = DTL.builder;
  const CHOICES = {
    UpgradeStep: ["rebuild_line", "replace_transformer", "add_regulator", "add_capacitor", "set_regulator", "set_tap", "move_phase", "add_battery"],
    Step: ["scale_load", "set_load", "add_generator", "add_device", "disconnect_device", "open", "close", "execute", "subscribe", "unsubscribe", "register_program", "update_program", "delete_program"],
    SwitchStep: ["open", "close"],
  };
  const TYPES = { number: "number", integer: "whole number", boolean: "true or false", string: "text", array: "list" };
  const plain = (word) => word.replaceAll("_", " ");

  /** Text with `code` between backticks. */
  const marked = (text) => text.split("`").map((part, i) => (i % 2 ? DTL.h("code", {}, part) : part));

  /** The words below a field: its help, its type and bounds, its default. */
  const about = (schema) => {
    const bounds = [
      schema.minimum !== undefined && schema.exclusiveMinimum === undefined ? `from ${b.g(schema.minimum)}` : "",
      schema.exclusiveMinimum !== undefined ? `above ${b.g(schema.exclusiveMinimum)}` : "",
      schema.maximum !== undefined ? `to ${b.g(schema.maximum)}` : "",
    ].filter(Boolean).join(" ");
    const kind = schema.enum ? "" : schema.format === "date" ? "a day, as 2026-10-31" : schema.format === "date-time" ? "day and time, as 2026-07-16 18:00" : TYPES[[schema.type].flat()[0]] ?? "";
    const normal = schema.default === undefined || schema.default === "" ? "" : `default ${[schema.default].flat().join(", ") || "none"}`;
    return [[kind, bounds].filter(Boolean).join(" "), normal].filter(Boolean).join("; ");
  };

  const unitOf = (schema) => /\[([^\]]+)\]/.exec(schema.description ?? "")?.[1] ?? "";

  /** Which names a field may take, as a list to choose from. */
  const suggestions = (cls, word) => b.told.named[`${cls}.${word}`] ?? b.told.suggested[`${cls}.${word}`] ?? b.told.suggested[word] ?? (b.told.files.includes(`${cls}.${word}`) ? "files" : "");

  /** The lists of names that fields refer to, once per page. */
  b.datalists = () => ["feeders", "buses", "transformers", "lines", "switches", ...Object.values(b.told.named), "classes", "statuses", "years", "files"]
    .filter((of, i, all) => all.indexOf(of) === i)
    .map((of) => DTL.h("datalist", { id: `dtl-names-${of}` }, b.names(of).map((n) => DTL.h("option", { value: n }))));

  /**
   * The fields of a map.
   * @param {string} cls the class @param {object} data the map that is written into @param {string} path its place
   * @param {{changed: () => void, redraw: () => void}} on called after a change of a value, and of what there is
   */
  b.fields = (cls, data, path, on) => {
    const schema = b.classes[cls];
    const required = schema.required ?? [];
    const choice = CHOICES[cls] ?? [];
    const words = b.told.language.words[cls].filter((w) => w !== "kind" && !choice.includes(w) && !b.isAbsent(schema.properties[w]));
    const isFirst = (w) => required.includes(w) || data[w] !== undefined || (b.first[cls] ?? []).includes(w);
    const field = (w) => b.field(cls, w, data, path, on, required.includes(w));
    const place = (w) => (required.includes(w) ? -1 : (b.first[cls] ?? []).indexOf(w) + 1 || 99);
    const [first, rest] = [words.filter(isFirst).sort((x, y) => place(x) - place(y)), words.filter((w) => !isFirst(w))];
    return [
      choice.length ? chooser(cls, choice, data, path, on) : "",
      first.length ? DTL.h("div", { class: "dtl-fields" }, first.map(field)) : "",
      rest.length ? DTL.h("details", { class: "dtl-plain" }, DTL.h("summary", {}, `${rest.length} more word${rest.length > 1 ? "s" : ""}: ${rest.slice(0, 4).map(plain).join(", ")}${rest.length > 4 ? " …" : ""}`), DTL.h("div", { class: "dtl-fields" }, rest.map(field))) : "",
    ].flat(Infinity);
  };

  /** Words that stand first in a form though they need not be written. */
  b.first = {
    Weather: ["event", "of", "shift_c"], Growth: ["per_year", "to"], Ev: ["penetration", "by", "to", "profile"], Solar: ["penetration", "by", "to", "kw_each"],
    Electrification: ["penetration", "by", "to", "end_use", "technology"], Battery: ["penetration", "by", "mode", "with"], Custom: ["penetration", "to"], Tariff: ["days", "months", "shift_share"],
    Upgrades: ["do"], UpgradeStep: ["year", "cost"], Controls: ["capacitors", "regulators"], ConnectionRules: ["max_kw_per_transformer_kva", "max_kw_per_customer", "export_limit"],
    Actions: ["do"], Step: ["at", "until"], Flexibility: ["areas", "buses"], ScaleLoad: ["area", "bus"], SetLoad: ["kw", "factor"], RebuildLine: ["line", "phases", "conductor"], Queue: ["until"], Project: ["kva", "in_service"],
  };

  /** Which of several words an entry has; each is a field, or a map of fields. */
  const chooser = (cls, choice, data, path, on) => {
    const now = choice.find((w) => data[w] !== undefined) ?? "";
    const select = DTL.h("select", { "data-path": path, onchange: (event) => {
      for (const w of choice) delete data[w];
      if (event.target.value) data[event.target.value] = b.classes[cls].properties[event.target.value].$ref ? {} : "";
      on.redraw();
    } }, DTL.h("option", { value: "" }, "choose …"), choice.map((w) => DTL.h("option", { value: w, selected: w === now }, plain(w))));
    return [DTL.h("div", { class: "dtl-fields" }, labelled(path, cls === "Step" ? "What happens" : "What is done", true, select, ""), now && !b.classes[cls].properties[now].$ref ? b.field(cls, now, data, path, on, true) : ""),
      now && b.classes[cls].properties[now].$ref ? DTL.h("fieldset", { class: "dtl-part" }, DTL.h("legend", {}, plain(now)), b.fields(b.resolve(b.classes[cls].properties[now]).name, data[now], `${path}.${now}`, on)) : ""];
  };

  let count = 0;

  const labelled = (path, name, isRequired, control, help, unit = "") => {
    const id = `dtl-b${++count}`;
    control.id = id;
    control.setAttribute("aria-describedby", `${id}-help ${id}-wrong`);
    if (isRequired) control.setAttribute("aria-required", "true");
    return DTL.h("div", { class: "dtl-field dtl-word" }, DTL.h("label", { for: id }, name, isRequired ? DTL.h("span", { class: "dtl-need" }, " needed") : "", unit ? DTL.h("span", { class: "dtl-unit" }, ` ${unit === "-" ? "share or ratio" : unit}`) : ""), control,
      DTL.h("small", { id: `${id}-help`, class: "dtl-help" }, help), DTL.h("small", { id: `${id}-wrong`, class: "dtl-wrong", "data-wrong": path }));
  };

  /** One field of a map. */
  b.field = (cls, word, data, path, on, isRequired) => {
    const part = b.classes[cls].properties[word];
    const schema = b.resolve(part);
    const here = `${path}.${word}`;
    const union = schema.oneOf ?? schema.anyOf;
    if (part.$ref && schema.properties) return optional(word, data, here, on, part, schema.name, part.description ?? schema.description);
    if (schema.type === "array" && b.resolve(schema.items).properties) return repeated(word, data, here, on, schema);
    const set = (value) => {
      if (value === "" || (Array.isArray(value) && !value.length)) delete data[word];
      else data[word] = value;
      on.changed();
    };
    const map = union?.map(b.resolve).find((u) => u.properties);
    if (map && typeof data[word] === "object") return optional(word, data, here, on, part, map.name, schema.description);
    const first = union?.map(b.resolve).find((u) => !u.properties && u.type !== "array") ?? schema;
    const own = { ...first, description: schema.description, default: schema.default };
    const help = [...marked(`${(schema.description ?? "").replace(/ ?\[[^\]]+\]/, "").replace(/ (Not available yet|Available today):.*$/, "")} `), DTL.h("i", {}, about(own))];
    const control = controlOf(cls, word, own, data, here, set);
    const made = labelled(here, plain(word), isRequired, control, help, unitOf(schema));
    if (map) made.append(DTL.h("button", { type: "button", class: "dtl-button", onclick: () => ((data[word] = {}), on.redraw()) }, `by ${Object.keys(map.properties)[0]}`));
    return made;
  };

  const controlOf = (cls, word, schema, data, path, set) => {
    const now = data[word];
    const options = schema.enum ?? (schema.type === "boolean" ? ["true", "false"] : null);
    const items = schema.type === "array" ? b.resolve(schema.items) : null;
    if (options) {
      const said = schema.default === undefined ? "not written" : `default: ${plain(String(schema.default))}`;
      const there = options.map(String).filter((o) => !b.unbuilt(schema, o).length);
      return DTL.h("select", { "data-path": path, onchange: (e) => set(e.target.value) }, DTL.h("option", { value: "" }, said), there.map((o) => DTL.h("option", { value: o, selected: now === o }, plain(o))));
    }
    const of = suggestions(cls, word);
    const isNumber = ["number", "integer"].includes(items?.type ?? schema.type);
    const told = { "data-path": path, autocomplete: "off", spellcheck: "false", inputmode: isNumber && !items ? "decimal" : null, list: of && !items ? `dtl-names-${of}` : null, placeholder: schema.default === undefined ? null : [schema.default].flat().join(", ") };
    if (items) {
      const choose = items.enum ? items.enum.join(", ") : of && b.names(of).length ? `as ${b.names(of).slice(0, 3).join(", ")}` : null;
      return DTL.h("input", { ...told, placeholder: told.placeholder || choose || "with commas between", value: (now ?? []).join(", "), oninput: (e) => set(e.target.value.split(",").map((v) => v.trim()).filter(Boolean)) });
    }
    return DTL.h("input", { ...told, value: now ?? "", oninput: (e) => set(e.target.value.trim()) });
  };

  /** A map inside a map, that may be left out. */
  const optional = (word, data, path, on, part, cls, help) => {
    const isThere = data[word] !== undefined;
    const box = DTL.h("input", { type: "checkbox", checked: isThere, "data-path": path, onchange: (e) => {
      if (e.target.checked) data[word] = {};
      else delete data[word];
      on.redraw();
    } });
    return DTL.h("fieldset", { class: "dtl-part" }, DTL.h("legend", {}, DTL.h("label", {}, box, ` ${plain(word)}`)), DTL.h("small", { class: "dtl-help" }, marked(help ?? "")),
      DTL.h("small", { class: "dtl-wrong", "data-wrong": path }), isThere ? b.fields(cls, data[word], path, on) : "");
  };

  /** A list of maps. */
  const repeated = (word, data, path, on, schema) => {
    const cls = b.resolve(schema.items).name;
    const list = data[word] ?? [];
    const rows = list.map((item, i) => DTL.h("fieldset", { class: "dtl-part" }, DTL.h("legend", {}, `${plain(word)} ${i + 1}`), b.fields(cls, item, `${path}[${i}]`, on),
      DTL.h("small", { class: "dtl-wrong", "data-wrong": `${path}[${i}]` }),
      DTL.h("button", { type: "button", class: "dtl-button", onclick: () => (list.splice(i, 1), list.length || delete data[word], on.redraw()) }, `Leave out ${plain(word)} ${i + 1}`)));
    return DTL.h("div", { class: "dtl-list" }, DTL.h("small", { class: "dtl-help" }, marked(schema.description ?? "")), DTL.h("small", { class: "dtl-wrong", "data-wrong": path }), rows,
      DTL.h("button", { type: "button", class: "dtl-button", "data-path": path, onclick: () => ((data[word] = [...list, {}]), on.redraw()) }, `Add to ${plain(word)}`));
  };
}
