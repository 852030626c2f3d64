// Checks of a layer, a profile or a scenario by the JSON Schema of its class, in the words of `dtl check`; scalars are text.
"use strict";

DTL.builder = {};

{
  const b = DTL.builder;
  const NUMBER = /^[-+]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][-+]?\d+)?$/;
  const WHOLE = /^[-+]?\d[\d_]*$/;
  const STATES = "^[A-Za-z][A-Za-z0-9_-]{0,63}$";

  /** Takes the payload: the classes of the schema, the names of the study. */
  b.use = (told) => {
    b.told = told;
    b.classes = told.language.classes;
    b.kinds = told.language.kinds;
  };

  b.resolve = (part) => (part.$ref ? { ...b.classes[part.$ref.split("/").at(-1)], name: part.$ref.split("/").at(-1) } : part);

  /** A number as `%g` of Python prints it. */
  b.g = (value) => {
    if (value === 0) return "0";
    const e = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(6)))));
    if (e < -4 || e >= 6) {
      const [m, x] = value.toExponential(5).split("e");
      return `${String(Number(m))}e${x[0]}${x.slice(1).padStart(2, "0")}`;
    }
    return String(Number(value.toPrecision(6)));
  };

  const listed = (names) => names.map((n) => `'${n}'`).join(", ");

  /**
   * What is wrong: rows of path and message, by the words of `dtl check`.
   * @param {any} part a part of the schema @param {any} value text, list or map @param {string} path @param {string} field the class and field, as `Ev.profile`
   */
  b.check = (part, value, path, field = "") => {
    const schema = b.resolve(part);
    if (schema.properties) return checkMap(schema, value, path);
    const union = schema.oneOf ?? schema.anyOf;
    if (union) return checkUnion(union, schema, value, path, field);
    if (schema.type === "array") return checkList(schema, value, path, field);
    if (typeof value !== "string") return [{ path, message: "must be a text" }];
    const message = scalar(schema, value, field) || b.words[field.split(".").at(-1)]?.(value, field) || b.unknown(field, value);
    return message ? [{ path, message }] : [];
  };

  /** Whether the work of a field is not built yet. */
  b.isAbsent = (part) => (part.description ?? "").startsWith("Not available yet. ");

  const checkMap = (schema, value, path) => {
    if (typeof value !== "object" || Array.isArray(value)) return [{ path, message: "must be a map (name: value)" }];
    const [found, absent] = [[], []];
    for (const word of Object.keys(value)) if (!schema.properties[word]) found.push({ path: join(path, word), message: `'${word}' is not a word here` });
    for (const [word, part] of Object.entries(schema.properties)) {
      if (word in value && b.isAbsent(part)) absent.push({ path: join(path, word), message: `'${word}' is not available yet` });
      if (word in value) absent.push(...b.unbuilt(part, value[word]).map((v) => ({ path: join(path, word), message: `${word}: '${v}' is not available yet` })));
      if (word in value) found.push(...b.check(part, value[word], join(path, word), `${schema.name}.${word}`));
      else if ((schema.required ?? []).includes(word)) found.push({ path: join(path, word), message: `'${word}' is missing${said(part)}` });
    }
    if (found.length) return [...absent, ...found];
    const together = (b.rules[schema.name]?.(value) ?? []).map(([message, at]) => ({ path: at && at in value ? join(path, at) : path, message }));
    return [...absent, ...together];
  };

  const join = (path, word) => (path ? `${path}.${word}` : word);

  /** The meaning of a field in the middle of a message. */
  const said = (part) => {
    const text = (part.description ?? "").split(". ")[0].replace(/\.+$/, "").replaceAll("\n", " ");
    if (!text) return "";
    return `: ${/^.\p{Ll}/u.test(text) ? text[0].toLowerCase() + text.slice(1) : text}`;
  };

  const shapeOf = (value) => (Array.isArray(value) ? "array" : typeof value === "string" ? "text" : "object");

  const checkUnion = (union, schema, value, path, field) => {
    const shape = shapeOf(value);
    const of = (part) => {
      const own = b.resolve(part);
      return own.properties ? "object" : own.type === "array" ? "array" : "text";
    };
    const own = union.filter((part) => of(part) === shape);
    if (!own.length) return [{ path, message: "must be of another shape" }];
    const tried = own.map((part) => b.check(part, value, path, field));
    return tried.find((t) => !t.length) ?? tried[0];
  };

  const checkList = (schema, value, path, field) => {
    if (!Array.isArray(value)) return [{ path, message: "must be a list [a, b]" }];
    const { minItems: least, maxItems: most } = schema;
    if (most !== undefined && value.length > most) return [{ path, message: `takes at most ${most} entries` }];
    const found = value.flatMap((item, i) => b.check(schema.items, item, `${path}[${i}]`, field));
    if (found.length) return found;
    if (least !== undefined && value.length < least) return [{ path, message: `needs at least ${least} ${least === 1 ? "entry" : "entries"}` }];
    return (b.lists[field]?.(value) ?? []).map((message) => ({ path, message }));
  };

  const scalar = (schema, value, field) => {
    if (schema.enum) return schema.enum.map(String).includes(value) ? "" : `'${value}' is not known here; there is ${listed(schema.enum)}`;
    if (schema.const !== undefined) return value === schema.const ? "" : `there is no kind '${value}' here`;
    if (schema.type === "number" || schema.type === "integer") return number(schema, value, field);
    if (schema.type === "boolean") return ["true", "false"].includes(value) ? "" : `'${value}' is neither true nor false`;
    if (schema.format === "date") return isDay(value) ? "" : `'${value}' is not a day; write it as 2026-10-31`;
    if (schema.format === "date-time") return isMoment(value) ? "" : `'${value}' is not a time; write day and local time as 2026-07-16 18:00`;
    if (Array.isArray(schema.type) && !value.trim()) return "there is no text";
    if (b.told.files.includes(field)) return csv(value);
    if (schema.pattern && !new RegExp(schema.pattern).test(value)) {
      return schema.pattern === STATES ? `'${value}' is no name: a letter, then letters, digits, '_' or '-', 64 at most` : /ABC/.test(schema.pattern) ? `'${value}' are no phases; write A, B, C, AB, BC, AC or ABC` : `'${value}' does not have the form ${schema.pattern}`;
    }
    return "";
  };

  /** Values of a field that the language knows and whose work is not built yet. */
  b.unbuilt = (part, value) => {
    const only = /Not available yet: ([^.]+)\./.exec(part.description ?? "")?.[1].split(", ") ?? [];
    const but = /Available today: ([^.]+)\./.exec(part.description ?? "")?.[1].split(", ");
    return [value].flat().filter((v) => typeof v === "string" && (only.includes(v) || (but && !but.includes(v))));
  };

  const csv = (value) => {
    if (/^[/~]|\\|^[A-Za-z]:/.test(value)) return `'${value}' must be relative, with '/': a study is the same on every machine`;
    if (/[*?[\]]/.test(value)) return `'${value}' must name one file; '*' and '?' are not possible here`;
    return value.endsWith(".csv") ? "" : `'${value}' must be a .csv file`;
  };

  const number = (schema, value, field) => {
    const isWhole = schema.type === "integer";
    if (!(isWhole ? WHOLE : NUMBER).test(value)) return `'${value}' is not a ${isWhole ? "whole " : ""}number${unitHint(value, field.split(".").at(-1))}`;
    const real = Number(value.replaceAll("_", ""));
    const bounds = [["maximum", (m) => real <= m, "at most"], ["exclusiveMaximum", (m) => real < m, "below"], ["minimum", (m) => real >= m, "at least"], ["exclusiveMinimum", (m) => real > m, "above"]];
    for (const [word, holds, words] of bounds) {
      if (schema[word] === undefined || holds(schema[word])) continue;
      const isShare = schema.maximum === 1 && word === "maximum" && /^\d+(\.\d+)?$/.test(value) && real >= 2 && real <= 100;
      return `${value} is out of range: it must be ${words} ${b.g(schema[word])}${isShare ? `; a share runs from 0 to 1: ${b.g(real / 100)}` : ""}`;
    }
    return "";
  };

  const unitHint = (value, field) => {
    const found = /^[-+]?[\d_.,]*\d/.exec(value);
    if (!found) return "";
    const rest = value.slice(found[0].length).trim();
    const commas = found[0].split(",").length - 1;
    const plain = found[0].replaceAll(",", commas === 1 ? "." : "");
    const isPlain = /^[-+]?\d+(\.\d+)?$/.test(plain);
    if (rest === "%" && !field.endsWith("_pct")) return isPlain ? `; write the share ${b.g(Number(plain) / 100)}` : "";
    if (rest && /^[A-Za-z%°][A-Za-z/%]*$/.test(rest)) return `; the unit stands in the name '${field}', write ${plain}`;
    return !rest && plain !== value && isPlain ? `; write ${plain}` : "";
  };

  const isDay = (text) => {
    const [, y, m, d] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
    const date = new Date(Date.UTC(Number(y), Number(m) - 1, Number(d)));
    return y !== undefined && Number(y) > 0 && date.getUTCMonth() === Number(m) - 1 && date.getUTCDate() === Number(d);
  };

  const isMoment = (text) => {
    const [, day, hour, minute] = /^(\d{4}-\d\d-\d\d)[ T](\d\d):(\d\d)$/.exec(text) ?? [];
    return day !== undefined && isDay(day) && Number(hour) < 24 && Number(minute) < 60;
  };

  const ENTRIES = {
    forecasts: ["sources", "source", "forecast"], registers: ["sources", "source", "generators"], roofs: ["layers", "layer", "solar"],
    programs: ["layers", "layer", "flexibility"], areas: ["areas", "area"], profiles: ["profiles", "profile"], layers: ["layers", "layer"],
  };

  /** Whether a field names something of the study that is not there, or is of another kind. */
  b.unknown = (field, value) => {
    const of = b.told.named[field];
    if (!of || b.names(of).includes(value)) return "";
    const [section, what, kind] = ENTRIES[of];
    const there = b.told.written[section]?.[value]?.kind ?? b.kindOf?.(section, value);
    if (there && kind) return `'${value}' is of kind ${there}; here it must be ${kind}`;
    const known = b.names(of);
    const name = of === "programs" && b.names("made").length ? "program" : what;
    return `there is no ${name} named '${value}'${known.length ? `; there is ${listed(known)}` : ""}`;
  };

  /** Names of a kind: those of the study, and those that are being written. */
  b.names = (of) => [...new Set([...(b.told.names[of] ?? []), ...(b.own?.(of) ?? [])])];

  /** What is wrong with a name and the entry that has it. */
  b.checkEntry = (section, name, value) => {
    const path = `${section}.${name}`;
    const isName = new RegExp(STATES).test(name);
    const found = isName ? [] : [{ path, message: `'${name}' is no name: a letter, then letters, digits, '_' or '-', 64 at most` }];
    const cls = { layers: b.kinds[value.kind], scenarios: "Scenario", profiles: "Profile" }[section];
    return [...found, ...b.check({ $ref: `#/${cls}` }, value, path)];
  };
}
