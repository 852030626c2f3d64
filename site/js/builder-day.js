// A day of charging, hour by hour, on weekdays and weekends: bars to drag, numbers to type, in kW or as shares of the day.
"use strict";

{
  const b = DTL.builder;
  const DAYS = [["weekday", "Weekdays"], ["weekend", "Weekends"]];
  const HOURS = Array.from({ length: 24 }, (_, h) => h);
  const clock = (h) => `${String(h).padStart(2, "0")}:00`;

  b.day = {};

  const value = (text) => (Number.isFinite(Number(text)) && text !== "" ? Number(text) : 0);
  b.day.sum = (values) => values.reduce((sum, v) => sum + value(v), 0);
  const shown = (number, digits) => String(Number(number.toFixed(digits)));

  /** A day that begins as a built-in profile. */
  b.day.like = (name) => {
    const { weekday, weekend, charger_kw: charger } = b.told.days[name];
    return { unit: "kw", kwh: "", charger, weekday: weekday.map(String), weekend: weekend.map(String) };
  };

  /** What the section `profiles` says of it: kW as they are, or shares with the energy of a mean day. */
  b.day.entry = (day) => ({ ...(day.unit === "share" ? { energy_kwh_per_day: day.kwh } : {}), weekday: day.weekday, weekend: day.weekend });

  /** The same day in the other unit. */
  b.day.turn = (day, unit) => {
    if (unit === day.unit) return;
    const sums = DAYS.map(([key]) => b.day.sum(day[key]));
    if (unit === "share") day.kwh = shown((5 * sums[0] + 2 * sums[1]) / 7, 2);
    DAYS.forEach(([key], i) => {
      const factor = unit === "share" ? 1 / (sums[i] || 1) : value(day.kwh) / (sums[i] || 1);
      day[key] = day[key].map((v) => shown(value(v) * factor, unit === "share" ? 4 : 3));
    });
    day.unit = unit;
  };

  /** The sums in words. */
  b.day.told = (day) => {
    const [work, rest] = DAYS.map(([key]) => b.day.sum(day[key]));
    if (day.unit === "kw") return `${shown(work, 2)} kWh on a weekday, ${shown(rest, 2)} kWh on a day of the weekend, ${shown((5 * work + 2 * rest) / 7, 2)} kWh on a mean day, per vehicle.`;
    return `The shares sum to ${shown(100 * work, 1)} % and ${shown(100 * rest, 1)} %; they are scaled so that a mean day has ${day.kwh || "?"} kWh into the battery, per vehicle.`;
  };

  /** The editor of a day; `changed` is called after each change. */
  b.day.editor = (name, day, changed) => {
    const sums = DTL.h("p", { class: "dtl-day__sums", role: "status" });
    const bars = DAYS.map(([key, title]) => barsOf(key, title, day, () => redraw()));
    const redraw = () => {
      sums.textContent = b.day.told(day);
      for (const one of bars) one.draw();
      changed();
    };
    const unit = DTL.h("select", { onchange: (e) => (b.day.turn(day, e.target.value), redraw(), (energy.hidden = day.unit !== "share"), (kwh.value = day.kwh)) },
      [["kw", "kW of one vehicle"], ["share", "shares of the day"]].map(([v, text]) => DTL.h("option", { value: v, selected: day.unit === v }, text)));
    const kwh = DTL.h("input", { inputmode: "decimal", value: day.kwh, "data-path": `profiles.${name}.energy_kwh_per_day`, oninput: (e) => ((day.kwh = e.target.value), redraw()) });
    const energy = DTL.h("label", { class: "dtl-field", hidden: day.unit !== "share" }, "Energy of a mean day [kWh]", kwh);
    const start = DTL.h("select", { onchange: (e) => e.target.value && (Object.assign(day, b.day.like(e.target.value)), (unit.value = "kw"), (energy.hidden = true), redraw()) },
      DTL.h("option", { value: "" }, "keep what is here"), Object.keys(b.told.days).map((n) => DTL.h("option", { value: n }, n.replaceAll("_", " "))));
    sums.textContent = b.day.told(day);
    return DTL.h("div", { class: "dtl-day", "data-day": name },
      DTL.h("div", { class: "dtl-pair" }, DTL.h("label", { class: "dtl-field" }, "Begin again with", start), DTL.h("label", { class: "dtl-field" }, "Numbers are", unit), energy),
      bars.map((one) => one.root), sums);
  };

  const WIDTH = 480;
  const HEIGHT = 110;

  const barsOf = (key, title, day, changed) => {
    const rects = HOURS.map((h) => DTL.svg("rect", { x: (h * WIDTH) / 24 + 1.5, width: WIDTH / 24 - 3, class: "dtl-day__bar" }));
    const hit = DTL.svg("rect", { x: 0, y: 0, width: WIDTH, height: HEIGHT, fill: "transparent", class: "dtl-day__hit" });
    const svg = DTL.svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", preserveAspectRatio: "none" }, ...rects, hit);
    const inputs = HOURS.map((h) => DTL.h("input", { inputmode: "decimal", "aria-label": `${title}, ${clock(h)} to ${clock((h + 1) % 24)}`, oninput: (e) => ((day[key][h] = e.target.value), changed()), onkeydown: (e) => step(e, h) }));
    const digits = () => (day.unit === "share" ? 4 : 3);
    let top = 1;
    const draw = () => {
      const highest = Math.max(...day[key].map(value), 0);
      if (highest > top || highest < top / 3) top = highest * 1.25 || 1;
      rects.forEach((rect, h) => {
        const height = (Math.min(Math.max(0, value(day[key][h])), top) / top) * HEIGHT;
        rect.setAttribute("y", HEIGHT - height);
        rect.setAttribute("height", height);
        if (inputs[h] !== document.activeElement || inputs[h].value === "") inputs[h].value = day[key][h];
        const isBad = day[key][h] === "" || !(Number(day[key][h]) >= 0);
        inputs[h].setAttribute("aria-invalid", String(isBad));
      });
      scale.textContent = day.unit === "share" ? `top of the chart: ${shown(100 * top, 1)} % of the day` : `top of the chart: ${shown(top, 2)} kW`;
    };
    /** Arrow keys step the number and leave the cursor where it is. */
    const step = (event, h) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      day[key][h] = shown(Math.max(0, value(day[key][h]) + (by * top) / 20), digits());
      event.target.value = day[key][h];
      changed();
    };
    const drag = (event) => {
      const box = svg.getBoundingClientRect();
      const h = Math.min(23, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * 24)));
      day[key][h] = shown(Math.max(0, Math.min(1, 1 - (event.clientY - box.top) / box.height)) * top, digits());
      changed();
    };
    hit.addEventListener("pointerdown", (event) => (hit.setPointerCapture(event.pointerId), drag(event)));
    hit.addEventListener("pointermove", (event) => hit.hasPointerCapture(event.pointerId) && drag(event));
    const scale = DTL.h("small", {});
    draw();
    return { draw, root: DTL.h("fieldset", { class: "dtl-day__kind" }, DTL.h("legend", {}, title, " ", scale), DTL.h("div", { class: "dtl-day__chart" }, svg),
      DTL.h("div", { class: "dtl-day__numbers" }, HOURS.map((h) => DTL.h("label", {}, DTL.h("span", { "aria-hidden": "true" }, h), inputs[h])))) };
  };
}
