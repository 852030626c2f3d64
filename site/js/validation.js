// The page of validation: ours less the reference, a dot per value, by quantity and feeder.
"use strict";

DTL.page = async () => {
  const root = document.getElementById("dtl-validation");
  try {
    new DTL.ValidationPage(root, await DTL.load("validation")).begin();
  } catch (error) {
    DTL.tell(root, error);
  }
};

DTL.ValidationPage = class {
  constructor(root, found) {
    Object.assign(this, { root, meta: found.meta, rows: DTL.objects(found.differences) });
    this.quantity = Object.keys(this.meta.quantities)[0];
    this.feeder = "";
  }

  begin() {
    if (!this.rows.length) {
      this.root.replaceChildren(DTL.h("p", { class: "dtl-note" }, "No value of the reference could be compared."));
      return;
    }
    const there = [...new Set(this.rows.map((r) => r.feeder))].sort((a, b) => a - b);
    this.body = DTL.h("div");
    const feeders = DTL.h("select", { onchange: () => ((this.feeder = feeders.value), this.draw()) },
      DTL.h("option", { value: "" }, "all feeders"), there.map((i) => DTL.h("option", { value: String(i) }, this.meta.feeders[i])));
    this.root.replaceChildren(
      DTL.pills("Quantity", "dtl-quantity", Object.entries(this.meta.quantities).map(([name, q]) => [name, q.title]), this.quantity, (v) => ((this.quantity = v), this.draw())),
      there.length > 1 ? DTL.h("label", { class: "dtl-field dtl-filter" }, "Feeder", feeders) : "", this.body);
    this.draw();
  }

  draw() {
    const { title, unit } = this.meta.quantities[this.quantity];
    const rows = this.rows.filter((r) => r.quantity === this.quantity && (this.feeder === "" || r.feeder === Number(this.feeder)));
    const limit = this.meta.limits[this.quantity] ?? null;
    const most = Math.max(...rows.map((r) => Math.abs(r.off)), 0);
    const least = this.quantity === "v_pu" ? 1e-5 : 0;
    const reach = 1.1 * Math.max(least, limit !== null && limit < 20 * most ? Math.max(most, limit) : most || limit || 1);
    const [low, high] = DTL.extent(rows.map((r) => r.reference));
    const room = 0.03 * (high - low) || 0.01 * Math.abs(high) || 1;
    const ordered = [...rows].sort((a, b) => a.reference - b.reference);
    const told = (r) => `${r.element}${r.phase ? ` ${r.phase}` : ""}, ${this.meta.feeders[r.feeder]}: reference ${this.#number(r.reference)} ${unit}, ours ${this.#signed(r.off)} ${unit}`;
    const near = (x) => {
      let best = null;
      for (const r of ordered) if (!best || Math.abs(r.reference - x) < Math.abs(best.reference - x) || (r.reference === best.reference && Math.abs(r.off) > Math.abs(best.off))) best = r;
      return best && told(best);
    };
    const inside = limit !== null && limit <= reach;
    this.body.replaceChildren(DTL.chart({
      title: `${title}: ours less the reference`,
      unit: `${unit}, by the value of the reference; ${rows.length.toLocaleString("en-US")} values`,
      describe: `${rows.length} differences, the largest ${this.#number(most)} ${unit}`,
      height: 300, left: 74,
      x: { from: low - room, to: high + room, unit },
      y: { from: -reach, to: reach, format: (v) => this.#signed(v) },
      layers: [
        { kind: "rule", y: 0, name: "the same" },
        ...(inside ? [{ kind: "rule", y: limit, name: `allowed ${this.#number(limit)} ${unit}` }, { kind: "rule", y: -limit, name: `allowed −${this.#number(limit)} ${unit}`, above: true }] : []),
        { kind: "dots", x: rows.map((r) => r.reference), y: rows.map((r) => r.off), colour: "var(--dtl-scenario-0)" },
      ],
      read: near,
      note: inside || limit === null ? undefined : `All far within the allowed ${this.#number(limit)} ${unit}.`,
      rows: () => ({ head: ["Element", "Feeder", "Phase", `Reference ${unit}`, `Ours less the reference ${unit}`], rows: rows.map((r) => [r.element, this.meta.feeders[r.feeder], r.phase, r.reference, r.off]) }),
    }), this.meta.left_out ? DTL.h("p", { class: "dtl-note" }, `${this.meta.left_out.toLocaleString("en-US")} smaller differences are not drawn; the file has all.`) : "");
    this.root.setAttribute("data-ready", this.quantity);
  }

  #number(v) {
    return DTL.significant(v, 4).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  }

  #signed(v) {
    const text = this.#number(Math.abs(v));
    return text === "0" ? text : `${v > 0 ? "+" : "−"}${text}`;
  }
};
