// Plain data as YAML that a study may hold: maps, lists and text, as `dtl check` reads it.
"use strict";

DTL.yaml = {};

/** A text as a scalar: plain where nothing can be misread, else in double quotes. */
DTL.yaml.scalar = (text) => {
  const said = String(text);
  const isPlain = /^[A-Za-z0-9_./+-]([A-Za-z0-9_./%()@+ -]*[A-Za-z0-9_./%()@+-])?$/.test(said) && !/^(null|[-.?]|---|\.\.\.)$/i.test(said) && !/^- /.test(said);
  if (isPlain) return said;
  return JSON.stringify(said).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
};

/** A value on one line. */
DTL.yaml.flow = (value) => {
  if (Array.isArray(value)) return `[${value.map(DTL.yaml.flow).join(", ")}]`;
  if (value && typeof value === "object") return `{${Object.entries(value).map(([k, v]) => `${DTL.yaml.scalar(k)}: ${DTL.yaml.flow(v)}`).join(", ")}}`;
  return DTL.yaml.scalar(value);
};

DTL.yaml.WIDEST = 120;

/** Lines of a value below its key, indented; maps that fit stay on one line. */
DTL.yaml.lines = (value, indent = "") => {
  const isMap = value && typeof value === "object" && !Array.isArray(value);
  const entries = isMap ? Object.entries(value).map(([k, v]) => [`${DTL.yaml.scalar(k)}:`, v]) : value.map((v) => ["-", v]);
  return entries.flatMap(([head, inner]) => {
    const flat = `${indent}${head} ${DTL.yaml.flow(inner)}`;
    const isNested = inner && typeof inner === "object" && Object.keys(inner).length > 0;
    if (!isNested || (flat.length <= DTL.yaml.WIDEST && indent)) return [flat];
    if (Array.isArray(inner) && inner.every((v) => typeof v !== "object")) return DTL.yaml.wrapped(`${indent}${head} [`, inner, indent);
    return [`${indent}${head}`, ...DTL.yaml.lines(inner, `${indent}  `)];
  });
};

/** A long list of scalars over several lines. */
DTL.yaml.wrapped = (start, values, indent) => {
  const lines = [start];
  values.forEach((value, i) => {
    const text = `${DTL.yaml.scalar(value)}${i < values.length - 1 ? "," : "]"}`;
    const last = lines.at(-1);
    if (last.length + text.length + 1 > DTL.yaml.WIDEST) lines.push(`${indent}    ${text}`);
    else lines[lines.length - 1] = last.endsWith("[") ? last + text : `${last} ${text}`;
  });
  return lines;
};

/** Sections of a study as a text. */
DTL.yaml.text = (sections) => `${DTL.yaml.lines(sections).join("\n")}\n`;
