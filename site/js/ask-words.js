// A question as tokens, and the phrases of the grammar in it; the same steps as dtl.learning.query.words and .clause.
"use strict";

DTL.ask = {};

{
  const ask = DTL.ask;
  const TOKEN = /\d{1,2}:\d{2}|\d+(?:\.\d+)?(?=[ \t\n\r\f\v]*(?:am|pm)\b)|[a-z]+-\d+[\w-]*|[a-z]+\d+[\w-]*|\d+[a-z]+\d*[\w-]*|-?\d+(?:\.\d+)?|p\.u\.|[a-z]+(?:-[a-z]+)*(?:'[a-z]+)?|>=|<=|[<>=%;≥≤]/g;
  const GLUED = /^(\d+(?:\.\d+)?)(pu|kw|mw|kva|mva|min|minutes|h|hours|km|years|yr|pct|am|pm|days|x|v|kv|kwh|mwh)$/;
  const RANGE = /(?<=[ \t\n\r\f\v]\d)[ \t\n\r\f\v]*-[ \t\n\r\f\v]*(?=\d{1,2}\b)|(?<=[ \t\n\r\f\v]\d\d)[ \t\n\r\f\v]*-[ \t\n\r\f\v]*(?=\d{1,3}\b)|(?<=[ \t\n\r\f\v][01]\.\d\d)[ \t\n\r\f\v]*-[ \t\n\r\f\v]*(?=[01]\.)/g;
  const COMMA = /(?<![\w.,])(0(?=,)|\d+(?=,\d{1,2}[ \t\n\r\f\v]*(?:%|p\.?u|[km]w|[km]va|km|min|h\b|percent|pct))),(\d+)(?![\d,])/gi;
  const THOUSANDS = /(?<=\d),(?=\d{3}\b)/g;
  const LARGEST = 1e15;

  /**
   * Takes the grammar that Python exports: its words, all single words that it knows, and the tables of its rules.
   * Objects come without a prototype, since questions may hold words such as `constructor`.
   */
  ask.use = (lexicon) => {
    const bare = (_, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.assign(Object.create(null), value) : value);
    ask.grammar = JSON.parse(lexicon.grammar, bare);
    ask.rules = JSON.parse(lexicon.rules, bare);
    ask.vocabulary = new Set(lexicon.vocabulary);
    ask.kinds = new Set(Object.values(ask.grammar.entities).flat());
    ask.tables = new Map();
  };

  /** A word, number, id or sign: `text` in lower case and mended, `raw` as it was written. */
  ask.Token = class {
    constructor(text, raw) {
      this.text = text;
      this.raw = raw;
      this.number = /^-?\d+(\.\d+)?$/.test(text) ? Math.min(LARGEST, Math.max(-LARGEST, Number(text))) : null;
      this.isId = this.number === null && /^(?:[a-z]+[\w-]*\d[\w-]*|\d+[a-z-]+[\w-]*)$/.test(text);
    }
  };

  /** Digits of any script as 0 to 9; those of a script stand in a row. */
  const digit = (sign) => {
    let value = 0;
    for (let code = sign.codePointAt(0) - 1; value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code)); code--) value++;
    return String(value);
  };

  /** The tokens of a question, and which words were read as which others. */
  ask.tokens = (text) => {
    const ascii = text.normalize("NFKC").replaceAll("İ", "I").replace(/(?![0-9])\p{Nd}/gu, digit);
    const plain = ascii.replace(COMMA, "$1.$2").replace(THOUSANDS, "").replaceAll("’", "'").replaceAll("–", "-").replace(RANGE, " to ");
    const found = [];
    const mended = [];
    for (const match of plain.toLowerCase().matchAll(TOKEN)) {
      const raw = plain.slice(match.index, match.index + match[0].length);
      let word = match[0];
      const glued = GLUED.exec(word);
      if (glued) {
        found.push(new ask.Token(glued[1], glued[1]), new ask.Token(glued[2], glued[2]));
        continue;
      }
      word = word.replace(/'s$/, "");
      word = ask.grammar.spellings[word] ?? word;
      const spelt = word.split("-");
      if (spelt.every((w) => ask.grammar.numbers[w] !== undefined)) {
        for (const part of spelt) count(found, ask.grammar.numbers[part], spelt.length > 1 ? part : raw);
        continue;
      }
      if (word === "half" && found.length > 2 && found.at(-2).text === "and" && found.at(-1).text === "a") {
        const at = found.length + (found.at(-3).number !== null || found.length < 4 ? -3 : -4);
        const whole = at === found.length - 4 && ["a", "an"].includes(found[at].text) ? 1 : found[at].number;
        if (whole !== null) {
          found[at] = new ask.Token(String(whole + 0.5), found[at].raw);
          found.length -= 2;
          continue;
        }
      }
      if (isAlpha(word) && !ask.vocabulary.has(word)) {
        const near = isNamed(raw, found) ? "" : nearWord(word);
        if (near) {
          mended.push([raw, near]);
          word = near;
        }
      }
      found.push(new ask.Token(word, raw));
    }
    for (let i = found.length - 1; i > 0; i--) {
      if (!["minus", "negative"].includes(found[i - 1]?.text) || !((found[i]?.number ?? 0) > 0)) continue;
      found.splice(i - 1, 2, new ask.Token(`-${found[i].text}`, found[i].raw));
    }
    return [found, mended];
  };

  /** Adds a number word: to the one before that it goes on, as in `two hundred and five`, or by itself. */
  const count = (found, number, raw) => {
    let last = found.length - 1;
    if (last > 1 && found[last].text === "and" && number < 100 && !found.slice(-5).some((t) => t.text === "between")) {
      last -= (found[last - 1].number ?? 0) >= 100 ? 1 : 0;
    }
    const before = last >= 0 && isAlpha(found[last].raw.replaceAll("-", "")) ? found[last].number : null;
    const isMore = before !== null && ((before >= 20 && before % 10 === 0 && number < 10) || (before >= 100 && before % 100 === 0 && number < 100));
    const isTimes = before !== null && before > 0 && before < number && [12, 100, 1000].includes(number) && last === found.length - 1;
    if (isMore || isTimes) found.splice(last, found.length, new ask.Token((isMore ? before + number : before * number).toFixed(0), raw));
    else found.push(new ask.Token(String(number), raw));
  };

  /** The tokens with ways of saying a thing read as the usual words, and which; longer ways first. */
  ask.reworded = (found) => {
    const { sayings } = ask.grammar;
    const longest = Math.max(...Object.keys(sayings).map((k) => k.split(" ").length));
    const [made, told] = [[], []];
    for (let i = 0; i < found.length; ) {
      let size = Math.min(longest, found.length - i);
      const said = () => sayings[found.slice(i, i + size).map((t) => t.text).join(" ")];
      while (size > 0 && said() === undefined) size--;
      if (size) {
        told.push([found.slice(i, i + size).map((t) => t.raw).join(" "), said()]);
        made.push(...said().split(" ").map((w) => new ask.Token(w, w)));
      } else made.push(found[i]);
      i += size || 1;
    }
    return [made, told];
  };

  const isAlpha = (text) => /^\p{L}+$/u.test(text);

  /** Whether a word is a name: a capital after a kind of thing, or after another such word. */
  const isNamed = (raw, before) => {
    if (!before.length || !/^\p{Lu}/u.test(raw) || raw === raw.toUpperCase()) return false;
    const last = before.at(-1);
    return ask.kinds.has(ask.singular(last.text)) || (/^\p{Lu}/u.test(last.raw) && !ask.vocabulary.has(last.text));
  };

  /** The one word of the grammar one edit away; empty if there is none or are several. */
  const nearWord = (word) => {
    if (word.length < 4) return "";
    const close = new Set();
    const look = (edit) => edit.length >= 4 && ask.vocabulary.has(edit) && ![...ask.grammar.foreign, ...ask.grammar.commands].includes(edit) && close.add(edit);
    for (let i = 0; i <= word.length; i++) {
      const [head, tail] = [word.slice(0, i), word.slice(i)];
      if (tail) look(head + tail.slice(1));
      if (tail.length > 1) look(head + tail[1] + tail[0] + tail.slice(2));
      for (const c of "abcdefghijklmnopqrstuvwxyz") {
        if (tail) look(head + c + tail.slice(1));
        look(head + c + tail);
      }
    }
    const sorted = [...close].sort();
    return new Set(sorted.map((w) => w.replace(/s$/, ""))).size === 1 ? sorted[0] : "";
  };

  /** A word without the ending of its plural. */
  ask.singular = (word) => {
    if (word.endsWith("buses") || word.endsWith("busses")) return "bus";
    if (word.endsWith("ies") && word.length > 4) return `${word.slice(0, -3)}y`;
    return word.endsWith("s") && !word.endsWith("ss") && word.length > 3 ? word.slice(0, -1) : word;
  };

  const tableOf = (phrases) => {
    if (!ask.tables.has(phrases)) {
      const table = new Map();
      for (const [value, texts] of Object.entries(phrases)) for (const text of texts) if (!table.has(text)) table.set(text, value);
      const longest = Math.max(0, ...[...table.keys()].map((t) => t.split(" ").length));
      ask.tables.set(phrases, { table, longest });
    }
    return ask.tables.get(phrases);
  };

  /** Every phrase that occurs, longest first at each place, without overlaps; plurals count too. */
  ask.matches = (tokens, phrases) => {
    const { table, longest } = tableOf(phrases);
    const found = [];
    for (let i = 0; i < tokens.length; ) {
      let size = Math.min(longest, tokens.length - i);
      for (; size > 0; size--) {
        const words = tokens.slice(i, i + size).map((t) => t.text);
        const own = words.join(" ");
        const alone = [...words.slice(0, -1), ask.singular(words.at(-1))].join(" ");
        if (!table.has(own) && !table.has(alone)) continue;
        found.push({ start: i, end: i + size, value: table.get(own) ?? table.get(alone), plural: !table.has(own) || own !== alone });
        break;
      }
      i += Math.max(1, size);
    }
    return found;
  };

  const BEHIND = ["a", "an", "the", "of", "to", "at", "by", "is", "are", "be"];
  const AHEAD = ["a", "an", "the", "of", "for", "in"];

  /** Tokens that are consumed as slots understand them; what is left is ignored, and said so. */
  ask.Clause = class {
    constructor(tokens) {
      this.tokens = tokens;
      this.used = tokens.map(() => false);
      this.words = ask.grammar;
      this.length = tokens.length;
    }

    text(at) {
      return this.tokens[at]?.text ?? "";
    }

    number(at) {
      return this.tokens[at]?.number ?? null;
    }

    free(start, end) {
      return !this.used.slice(Math.max(start, 0), Math.max(end, 0)).includes(true);
    }

    use(start, end) {
      for (let i = Math.max(start, 0); i < Math.min(end, this.length); i++) this.used[i] = true;
    }

    find(phrases, isUnused = true) {
      return ask.matches(this.tokens, phrases).filter((m) => !isUnused || this.free(m.start, m.end));
    }

    /** Whether a list of phrases occurs. */
    some(phrases, isUnused = true) {
      return this.find({ x: phrases }, isUnused).length > 0;
    }

    has(...words) {
      return this.tokens.findIndex((t) => words.includes(t.text));
    }

    after(at, skip = BEHIND) {
      while (skip.includes(this.text(at))) at++;
      return at;
    }

    before(at, skip = AHEAD) {
      at--;
      while (at >= 0 && skip.includes(this.text(at))) at--;
      return at;
    }

    /** The unit at a place and where it ends; empty without one. */
    unit(at) {
      for (const [name, texts] of Object.entries(this.words.units)) {
        for (const text of texts) {
          const size = text.split(" ").length;
          const own = Array.from({ length: size }, (_, i) => this.text(at + i)).join(" ");
          if (own === text || own === `${text}s`) return [name, at + size];
        }
      }
      return ["", at];
    }

    /** The words that nothing used and that mean something. */
    left() {
      const isSaid = (t) => !this.words.generic.includes(t.text) && (isAlpha(t.text) || t.isId || t.number !== null);
      return this.tokens.filter((t, i) => !this.used[i] && isSaid(t)).map((t) => t.raw);
    }
  };

  /** A number as JSON has it: nine decimals at most. */
  ask.plain = (value) => Number(value.toFixed(9)) + 0;

  ask.mod = (value, by) => ((value % by) + by) % by;
}
