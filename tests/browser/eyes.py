"""What is asked of a page in a browser: contrast of its texts, where the keyboard is, names of what one can press."""

from __future__ import annotations

FAINT = """() => {
  const channel = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
  const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const parse = colour => { ink.clearRect(0, 0, 1, 1); ink.fillStyle = colour; ink.fillRect(0, 0, 1, 1);
    const d = ink.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3]));
  const ground = e => { const chain = [];
    for (let at = e; at; at = at.parentElement) chain.push(parse(getComputedStyle(at).backgroundColor));
    return chain.reverse().reduce((under, top) => over(top, under), [255, 255, 255]); };
  const found = [];
  for (const e of document.querySelectorAll("main article *, .dtl-foot *, .dtl-nav a")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (e.closest("svg, :disabled, option, .dtl-lacking label, label.dtl-lacking, .dtl-hidden")) continue;
    const style = getComputedStyle(e);
    const behind = ground(e);
    let opacity = 1;
    for (let at = e; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const colour = parse(style.color);
    const front = over([...colour.slice(0, 3), colour[3] * opacity], behind);
    const [a, b] = [light(front), light(behind)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const text = e.textContent.trim().slice(0, 50);
    if (ratio < least - .01) found.push(`${ratio.toFixed(2)} ${e.tagName}.${e.className}: ${text}`);
  }
  return [...new Set(found)];
}"""
"""Texts that are fainter on their ground than WCAG 2 asks: 4.5 to 1, large ones 3 to 1."""

SEEN = """() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
  const label = e.labels?.[0] ? getComputedStyle(e.nextElementSibling ?? e.labels[0]) : s;
  const marked = t => (t.outlineStyle !== "none" && parseFloat(t.outlineWidth) > 0) || t.boxShadow !== "none";
  return { tag: e.tagName, name: (e.textContent || e.ariaLabel || e.title || "").trim().slice(0, 40),
           marked: marked(s) || marked(label), inMain: !!e.closest("main"), there: b.width > 0 && b.height > 0 }; }"""
"""The element that has the keyboard: whether one sees that it does."""

NAMELESS = """() => {
    const all = document.querySelectorAll("main article :is(button, input, select, canvas, svg[role=img], a)");
    const named = e => e.ariaHidden || e.textContent.trim() || e.ariaLabel || e.title || e.labels?.length;
    return [...all].filter(e => !named(e) && !e.querySelector("title")).map(e => e.outerHTML.slice(0, 120));
}"""
"""What one can press or see, and has no name."""
