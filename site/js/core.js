// The namespace of the site: payloads, numbers in words, elements, the line of the run. Loaded first on every page.
"use strict";

const DTL = (window.DTL = window.DTL || {});

/* ---- payloads: data/<name>.js calls DTL.put(name, base64(gzip(bytes))), over http and from a disk alike ---- */

DTL.waiting = new Map();
DTL.known = new Map();

/** @param {string} name @param {string} packed */
DTL.put = (name, packed) => DTL.waiting.get(name)?.(packed);

/** The payload of a name, read once. @param {string} name @returns {Promise<any>} */
DTL.load = (name) => {
  if (!DTL.known.has(name)) DTL.known.set(name, DTL.fetch(name).then(DTL.unpack).then((found) => (name === "study" ? DTL.keepStates(found) : found)));
  return DTL.known.get(name);
};

/** The states of a snapshot stand for its hours: their names are what a time is called. */
DTL.keepStates = (study) => {
  if (study.states?.length) DTL.states = study.states;
  return study;
};

DTL.fetch = (name) =>
  new Promise((resolve, reject) => {
    const script = document.createElement("script");
    DTL.waiting.set(name, resolve);
    script.src = `data/${name}.js`;
    script.onload = () => script.remove();
    script.onerror = () => reject(new Error(`data/${name}.js cannot be read`));
    document.head.append(script);
  });

/** Runs scripts of the site one after the other, for what a page needs only when it is used. */
DTL.runScripts = async (names) => {
  for (const name of names) {
    await new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: `assets/dtl/${name}`, onload: resolve, onerror: () => reject(new Error(`${name} cannot be read`)) });
      document.head.append(script);
    });
  }
};

DTL.unpack = async (packed) => {
  if (typeof DecompressionStream === "undefined") throw new Error("This browser is too old to unpack the data of this page.");
  const zipped = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  const text = new TextDecoder();
  if (new Uint8Array(bytes, 0, 1)[0] === 123) return JSON.parse(text.decode(bytes));
  const size = new DataView(bytes).getUint32(0, true);
  const head = JSON.parse(text.decode(new Uint8Array(bytes, 4, size)));
  const tables = {};
  for (const [name, table] of Object.entries(head.tables)) tables[name] = new DTL.Table(table, bytes, 4 + size);
  return { meta: head.meta, ...tables };
};

/** Columns of one table, unpacked when they are asked for. */
DTL.Table = class {
  constructor(head, bytes, start) {
    this.n = head.n;
    this.heads = new Map(head.cols.map((c) => [c.name, c]));
    this.bytes = bytes;
    this.start = start;
    this.read = new Map();
  }

  has(name) {
    return this.heads.has(name);
  }

  /** Numbers as Float64Array with NaN for what is missing; texts as an array. */
  get(name) {
    if (!this.read.has(name)) this.read.set(name, this.#decode(this.heads.get(name)));
    return this.read.get(name);
  }

  #decode(head) {
    if (!head) return null;
    const kinds = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i2: Int16Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };
    const kind = kinds[head.type];
    const raw = this.#unpacked(head, kind);
    if (head.words) return Array.from(raw, (code) => head.words[code]);
    const values = new Float64Array(raw.length);
    const digits = head.scale < 1 ? Math.round(1 / head.scale) : 0;
    let sum = 0;
    for (let i = 0; i < raw.length; i++) {
      sum = head.delta ? sum + raw[i] : raw[i];
      if (head.null !== undefined && raw[i] === head.null) values[i] = NaN;
      else values[i] = digits ? sum / digits : sum * (head.scale ?? 1);
    }
    return values;
  }

  /** The raw values: their bytes lie plane by plane, and with `step` each is the difference to the one before. */
  #unpacked(head, kind) {
    const packed = new Uint8Array(this.bytes, this.start + head.off, head.len);
    const bytes = new Uint8Array(head.len);
    const width = kind.BYTES_PER_ELEMENT;
    let at = 0;
    for (let plane = 0; plane < width; plane++) for (let i = plane; i < head.len; i += width) bytes[i] = packed[at++];
    const raw = new kind(bytes.buffer);
    if (head.step) for (let i = 1; i < raw.length; i++) raw[i] += raw[i - 1]; // wraps as the difference did
    return raw;
  }
};

/** Rows of a table as objects. */
DTL.objects = (table) => {
  const columns = [...table.heads.keys()].map((name) => [name, table.get(name)]);
  return Array.from({ length: table.n }, (_, i) => Object.fromEntries(columns.map(([name, values]) => [name, values[i]])));
};

/* ---- numbers in words; the same rules as dtl.report.figures ---- */

DTL.MISSING = "–";

DTL.grouped = (value, decimals) => {
  const text = Math.abs(value).toFixed(decimals);
  const [whole, part] = text.split(".");
  const sign = value < 0 && Number(text) !== 0 ? "−" : "";
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${part ? `.${part}` : ""}`;
};

/** A count, or the mean of counts: one decimal below a hundred, and below one as many as tell something. */
DTL.counted = (value) => {
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 100) return DTL.grouped(value, 0);
  return size >= 1 || size < 0.001 ? DTL.grouped(value, 1) : DTL.significant(value).replace(/\.?0+$/, "");
};

DTL.significant = (value, digits = 3) =>
  Math.abs(value) < 5e-7 ? "0" : DTL.grouped(value, Math.min(6, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))))));

DTL.apart = (value, limit, decimals) => {
  while (limit !== null && limit !== undefined && decimals < 6 && value !== limit && Number(value.toFixed(decimals)) === limit) decimals++;
  return DTL.grouped(value, decimals);
};

/** The number and its unit. @returns {[string, string]} */
DTL.shown = (value, unit = "", limit = null) => {
  if (value === null || value === undefined || Number.isNaN(value)) return [DTL.MISSING, ""];
  const larger = { kWh: [[1e6, "GWh", 1e6], [1e3, "MWh", 1e3]], kW: [[1e4, "MW", 1e3]], kvar: [[1e4, "Mvar", 1e3]] }[unit] ?? [];
  for (const [least, name, per] of larger) if (Math.abs(value) >= least) return [DTL.significant(value / per), name];
  if (unit === "pu") return [DTL.apart(value, limit, 3), unit];
  if (unit === "%") return [DTL.apart(value, limit, Math.abs(value) >= 99.5 ? 0 : Math.abs(value) >= 9.95 ? 1 : 2), unit];
  if (unit === "share") return [DTL.apart(value, limit, 2), ""];
  if (["h", "", "1 or 0"].includes(unit)) return [DTL.counted(value), unit === "h" ? "h" : ""];
  return [DTL.significant(value), unit];
};

DTL.text = (value, unit, limit) => DTL.shown(value, unit, limit).join(" ").trim();

DTL.change = (value, unit) => {
  const [digits, shown] = DTL.shown(Math.abs(value), unit);
  const none = /^[0.]*$/.test(digits);
  const number = none ? "0" : digits;
  return `${none ? "±" : value > 0 ? "+" : "−"}${number} ${shown === "%" ? "pt" : shown}`.trim();
};

DTL.KM_PER_MILE = 1.609344;
DTL.length = (km, units) => (km === null || Number.isNaN(km) ? DTL.MISSING : units === "us" ? `${DTL.significant(km / DTL.KM_PER_MILE)} mi` : `${DTL.significant(km)} km`);

DTL.MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
DTL.MONTH_STARTS = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

DTL.day = (day) => {
  const month = DTL.MONTH_STARTS.findLastIndex((start) => start <= day);
  return `${day - DTL.MONTH_STARTS[month] + 1} ${DTL.MONTHS[month]}`;
};

/** The beginning of an hour of the year, e.g. `12 July at 17:00`. */
DTL.stamp = (hour) => DTL.states?.[hour] ?? `${DTL.day(Math.floor(hour / 24))} at ${String(hour % 24).padStart(2, "0")}:00`;

/* ---- severity: classes are cut at the limits ---- */

/** The class of a value; one on a break belongs to the class below it. */
DTL.classOf = (scale, value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return null;
  let k = 0;
  for (const edge of DTL.palette.scales[scale].breaks) if (value > edge) k++;
  return k;
};

/** Whether a feeder's highest loading of lines or of transformers is over its limit, for long enough to count. */
DTL.isOver = (study, kind, pct, hours) => hours > 0 && pct > study.limits[kind].over_pct;

/** Of some feeders those that count hours over a limit in any of some cases of which no part tells: a public copy hides it. */
DTL.unshown = (study, feeders, cases) => feeders.filter((id) => cases.some((name) => study.unshown?.[name]?.includes(id)));

/** What has no loading, in words; a public copy hides that of parts which serve few customers. */
DTL.unrated = (study) => (study.left_out.length ? "without a rating, or not shown" : "without a rating");

DTL.loadClass = (pct) => DTL.classOf("load", pct);

DTL.voltClass = (low, high, lowLimit, highLimit) => {
  if (Number.isNaN(low) || Number.isNaN(high)) return null;
  const below = Number.isNaN(lowLimit) ? -1 : lowLimit - low;
  const above = Number.isNaN(highLimit) ? -1 : high - highLimit;
  const far = DTL.palette.far_pu;
  if (below <= 0 && above <= 0) return 2;
  if (below >= above) return below > far ? 0 : 1;
  return above > far ? 4 : 3;
};

DTL.isDark = () => document.body.getAttribute("data-md-color-scheme") === "slate";
DTL.colours = (scale) => DTL.palette.scales[scale][DTL.isDark() ? "dark" : "light"];
DTL.onScheme = (callback) =>
  new MutationObserver(callback).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });

/* ---- elements: text is always text ---- */

DTL.h = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return element;
};

DTL.svg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(key, value);
  element.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return element;
};

DTL.feederLink = (id) => `feeder.html#${encodeURIComponent(id)}`;

/* ---- near matches of a name that nobody knows ---- */

DTL.distance = (a, b) => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
};

DTL.near = (name, names, most = 5) => {
  const wanted = name.toLowerCase().slice(0, 60);
  const scored = names.map((n) => {
    const text = n.toLowerCase();
    const inside = text.includes(wanted) || wanted.includes(text);
    return [inside ? 0.5 : DTL.distance(wanted, text.slice(0, 60)) / Math.max(wanted.length, text.length, 1), n];
  });
  scored.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
  return scored.filter(([score]) => score <= 0.65).slice(0, most).map(([, n]) => n);
};

/* ---- every page ---- */

DTL.tell = (root, error) => {
  root.replaceChildren(DTL.h("p", { class: "dtl-bad", role: "alert" }, `This page could not be drawn: ${error.message}`));
  console.error(error);
};

/** A cell of a table of words carries its heading, which is shown where the row is stacked. */
DTL.stack = (table) => {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent.trim());
  for (const row of table.tBodies[0]?.rows ?? []) [...row.cells].forEach((cell, i) => i && heads[i] && cell.textContent.trim() && cell.setAttribute("data-head", heads[i]));
};

/** Runs what can wait: when the browser has nothing else to do, and at the latest after a second. */
DTL.idle = (run) => (window.requestIdleCallback ? requestIdleCallback(run, { timeout: 1000 }) : setTimeout(run, 100));

/** The scripts of the theme (search, menu, colour scheme) go over all that is on a page, which takes as long as drawing it: they wait, so that they hold up neither that nor the first scroll. */
DTL.theme = () => {
  for (const script of document.getElementById("dtl-theme").content.querySelectorAll("script")) {
    document.body.append(Object.assign(document.importNode(script, true), { async: false }));
  }
};

DTL.start = () => {
  document.querySelectorAll("table.dtl-stack").forEach(DTL.stack);
  const tab = document.querySelector(".dtl-siblings [aria-current]");
  if (tab) requestAnimationFrame(() => (tab.closest("ul").scrollLeft = tab.offsetLeft - 40));
  const run = DTL.run;
  if (run) {
    const words = [run.run && `run ${run.run}`, run.ended && run.ended.slice(0, 16).replace("T", " "), run.git && `revision ${run.git}`].filter(Boolean);
    for (const id of ["dtl-run", "dtl-run-long"]) {
      const place = document.getElementById(id);
      if (place) {
        place.textContent = words.join(" · ");
        place.hidden = false;
      }
    }
  }
  Promise.resolve(DTL.page?.()).finally(() => setTimeout(() => DTL.idle(DTL.theme), 600));
};
