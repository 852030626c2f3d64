// The surrogate of hosting capacity: the same features, trees, bound and domain as dtl.learning.capacity_model.
"use strict";

DTL.surrogate = {};

/** The features of a site, an object with the columns of the table `formula`. */
DTL.surrogate.features = (model, s) => {
  const kw = Math.max(s.formula_kw, model.least_kw);
  const ratio = (v) => Math.min(Math.log(Math.max(v, kw) / kw), model.far);
  const mw = 1e-3 * kw;
  return [
    ratio(s.voltage_kw), ratio(s.thermal_kw), ratio(s.other_kw), s.limit_pu - s.base_pu, s.rise_pu * mw, s.own_r * mw, s.own_x * mw,
    s.drop_pu, Math.asinh(s.load_kw / kw), s.wires, Math.log(s.kv_ll), s.of === "generation" ? 1 : 0,
  ].map(Math.fround);
};

/** Logarithm of the capacity over the formula. */
DTL.surrogate.logRatio = (model, x) => {
  let sum = 0;
  for (const tree of model.trees) {
    let node = 0;
    while (tree.l[node] !== -1) node = x[tree.f[node]] < Math.fround(tree.v[node]) ? tree.l[node] : tree.r[node];
    sum += tree.v[node];
  }
  return model.shift + sum;
};

/** Capacity and lower bound of a site [kW], at most the largest plant, and why it is out of the domain, if it is. */
DTL.surrogate.answer = (model, s) => {
  const x = DTL.surrogate.features(model, s);
  const out = x.findIndex((v, i) => v < model.low[i] || v > model.high[i]);
  const kw = Math.max(s.formula_kw, model.least_kw) * Math.exp(DTL.surrogate.logRatio(model, x));
  const bound = kw * Math.exp(model.offset[model.terms.indexOf(s.formula_term)]);
  const short = (v) => v.toPrecision(3);
  const refused = out < 0 ? "" : `${model.features[out]} is ${short(x[out])}, learned from ${short(model.low[out])} to ${short(model.high[out])}`;
  return { kw: Math.min(kw, s.top_kw), bound: Math.min(bound, s.top_kw), atLeast: bound >= s.top_kw, refused };
};
