"""Hosting capacity as a formula times what is learned: trees on the ratio of the two, with a lower bound and a domain.

The formula carries the physics (`dtl.analyses.hosting.formula`); learned is the logarithm of what the search found over
it, by gradient boosting on features without names and places (Chen and Guestrin 2016). Where inner validation on
left-out feeders finds no use in trees, the median ratio stands for them, or the formula as it is. The bound is
conformal (Vovk, Gammerman and Shafer 2005): the ratio that is missed by a stated share of left-out answers, by the term
that limits (Mondrian), every feeder counting the same. Features outside of what was learned from are out of the domain.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FEATURES = (
    "log of voltage-limited over formula", "log of thermally limited over formula", "log of other limits over formula",
    "room to the voltage limit [pu]", "rise of that voltage at the formula's capacity [pu]",
    "rise of the plant's own voltage there [-]", "its turn there [-]", "drop by loads at the plant [-]",
    "power into the feeder over the formula's capacity (asinh)", "phases of the plant", "log of nominal voltage [kV]",
    "generation (1) or load (0)",
)  # fmt: skip
TERMS = ("voltage", "thermal", "other")
FAR = 3.0
"""Largest logarithm of a ratio of capacities that is told apart."""
LEAST_KW = 1e-3
LEAST_FEEDERS = 3
MANY = 30
"""Feeders above which fewer folds say the same."""
OUTER, INNER = (10, 4), (5, 2)
"""Folds that are scored, and those that choices and bounds are made with; of up to `MANY` feeders, and of more."""
PER_FEEDER, ROWS = 300, 4000
"""Most rows of one feeder, and of all, that trees are grown on."""
OWN_QUANTILE = 40
"""Left-out answers from which a term has a bound of its own."""
MARGIN = 0.1
"""What a feature may lie outside of the range that was learned from, as a share of the range."""
TREES = {
    "objective": "reg:absoluteerror", "max_depth": 3, "eta": 0.1, "min_child_weight": 8, "lambda": 1.0,
    "tree_method": "hist", "max_bin": 64, "nthread": 1, "base_score": 0.0,
}  # fmt: skip
ROUNDS = 80


@dataclass(frozen=True)
class Sites:
    """Sites with what the formula says of them: features (n, 12), formula [kW], term (index into TERMS), feeder."""

    x: Real
    formula_kw: Real
    term: Ints
    feeder: NDArray[np.str_]

    def of(self, some: Any) -> Sites:
        """Some of the sites."""
        return Sites(self.x[some], self.formula_kw[some], self.term[some], self.feeder[some])


def sites(columns: Mapping[str, Any]) -> Sites:
    """The sites of the columns of the table ``formula``."""
    c = {name: np.asarray(columns[name], np.float64) for name in (
        "formula_kw", "voltage_kw", "thermal_kw", "other_kw", "base_pu", "limit_pu", "rise_pu", "own_r", "own_x",
        "drop_pu", "load_kw", "wires", "kv_ll")}  # fmt: skip
    kw = np.maximum(c["formula_kw"], LEAST_KW)
    ratio = [np.minimum(np.log(np.maximum(c[f"{t}_kw"], kw) / kw), FAR) for t in TERMS]
    mw = 1e-3 * kw
    of = np.asarray([str(o) == "generation" for o in columns["of"]], np.float64)
    x = np.stack([
        *ratio, c["limit_pu"] - c["base_pu"], c["rise_pu"] * mw, c["own_r"] * mw, c["own_x"] * mw, c["drop_pu"],
        np.arcsinh(c["load_kw"] / kw), c["wires"], np.log(c["kv_ll"]), of,
    ], axis=1)  # fmt: skip
    term = np.asarray([TERMS.index(str(t)) for t in columns["formula_term"]], np.int64)
    return Sites(x.astype(np.float32).astype(np.float64), kw, term, np.asarray([str(f) for f in columns["feeder"]]))


@dataclass(frozen=True)
class Model:
    """What was learned; ``trees`` is None where the median ratio alone stands.

    ``low`` and ``high`` are the range of each feature, ``offset`` the logarithm of the bound over the point by term,
    ``shift`` the median logarithm of the ratio.
    """

    trees: xgboost.Booster | None
    shift: float
    low: Real
    high: Real
    offset: tuple[float, ...]
    feeders: tuple[str, ...]
    rows: int

    def log_ratio(self, x: Real) -> Real:
        """Logarithm of the capacity over the formula, shape (n,)."""
        if self.trees is None or not len(x):
            return np.full(len(x), self.shift)
        return np.asarray(self.shift + self.trees.predict(xgboost.DMatrix(x.astype(np.float32), nthread=1)), np.float64)

    def predict(self, at: Sites) -> tuple[Real, Real]:
        """Capacity and its lower bound [kW], shape (n,) each."""
        kw = at.formula_kw * np.exp(self.log_ratio(at.x))
        return kw, kw * np.exp(np.asarray(self.offset)[at.term])

    def outside(self, x: Real) -> Ints:
        """The first feature outside of the domain, -1 where all are inside, shape (n,)."""
        out = (x < self.low) | (x > self.high)
        return np.where(out.any(axis=1), out.argmax(axis=1), -1)

    def exported(self) -> dict[str, Any]:
        """The model as plain JSON types, numbers of trees in the nine digits that are exact for float32."""
        grown = [] if self.trees is None else [_tree(t) for t in _dumped(self.trees)]
        return {
            "features": list(FEATURES), "terms": list(TERMS), "far": FAR, "least_kw": LEAST_KW, "shift": self.shift,
            "low": self.low.tolist(), "high": self.high.tolist(), "offset": list(self.offset), "trees": grown,
            "feeders": list(self.feeders), "rows": self.rows,
        }  # fmt: skip


def _dumped(trees: xgboost.Booster) -> list[dict[str, Any]]:
    learner = json.loads(trees.save_raw("json").decode())["learner"]
    found: list[dict[str, Any]] = learner["gradient_booster"]["model"]["trees"]
    return found


def _tree(tree: Mapping[str, Any]) -> dict[str, list[float]]:
    """Feature, split or leaf value, and left child of each node; -1 is a leaf, the right child follows the left."""
    left, right = tree["left_children"], tree["right_children"]
    value = [float(f"{np.float32(v):.9g}") for v in tree["split_conditions"]]
    return {"f": tree["split_indices"], "v": value, "l": left, "r": right}


def fit(at: Sites, log_ratio: Real, share: float, seed: int) -> Model:
    """Learn from sites with the logarithm of what was found over the formula; `share` may lie below the bound."""
    held = np.zeros((3, len(log_ratio)))
    for out in folds(at.feeder, INNER):
        held[1, out] = middle = float(np.median(log_ratio[~out]))
        held[2, out] = middle + _trees(at.of(~out), log_ratio[~out] - middle, seed)(at.x[out])
    even = _even(at.feeder)
    wrong = (np.abs(held - log_ratio) * even).sum(axis=1)
    best = int(wrong.argmin())
    shift = float(np.median(log_ratio)) if best else 0.0
    offset = _offsets(log_ratio - held[best], at.term, even, share)
    span = at.x.max(axis=0) - at.x.min(axis=0)
    trees = _booster(at, log_ratio - shift, seed) if best == 2 else None
    names = tuple(sorted(set(at.feeder.tolist())))
    return Model(trees, shift, at.x.min(axis=0) - MARGIN * span, at.x.max(axis=0) + MARGIN * span, offset, names,
                 len(log_ratio))  # fmt: skip


def folds(feeder: NDArray[np.str_], most: tuple[int, int]) -> list[Flags]:
    """Which rows are left out in turn, whole feeders at a time, each once."""
    names = sorted(set(feeder.tolist()))
    count = min(len(names), most[len(names) > MANY])
    number = {name: i % count for i, name in enumerate(names)}
    of = np.asarray([number[f] for f in feeder.tolist()])
    return [of == i for i in range(count)]


def _even(feeder: NDArray[np.str_]) -> Real:
    """Weights by which every feeder counts the same, of sum 1."""
    _, which, count = np.unique(feeder, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[which] / len(count), np.float64)


def _offsets(error: Real, term: Ints, even: Real, share: float) -> tuple[float, ...]:
    """The quantile of the errors of left-out answers by term, never above 0."""
    every = _quantile(error, even, share)
    own = [term == i for i in range(len(TERMS))]
    return tuple(min(0.0, _quantile(error[o], even[o], share) if o.sum() >= OWN_QUANTILE else every) for o in own)


def _quantile(error: Real, weight: Real, share: float) -> float:
    order = np.argsort(error, kind="stable")
    below = np.cumsum(weight[order]) / weight.sum()
    least = share * len(error) / (len(error) + 1.0)
    return float(error[order][max(0, int(np.searchsorted(below, least, side="right")) - 1)])


def _sampled(feeder: NDArray[np.str_]) -> Ints:
    """Rows that trees are grown on: evenly spaced in each feeder, no feeder with many more than others."""
    names, which = np.unique(feeder, return_inverse=True)
    most = max(5, min(PER_FEEDER, ROWS // max(1, len(names))))
    order = np.argsort(which, kind="stable")
    starts = np.searchsorted(which[order], np.arange(len(names) + 1))
    rows = [order[a:b][np.linspace(0, b - a - 1, min(most, b - a)).astype(int)]
            for a, b in pairwise(starts.tolist())]  # fmt: skip
    return np.sort(np.concatenate(rows))


def _booster(at: Sites, target: Real, seed: int) -> xgboost.Booster:
    some = _sampled(at.feeder)
    data = xgboost.DMatrix(at.x[some].astype(np.float32), target[some], nthread=1)
    return xgboost.train({**TREES, "seed": seed}, data, ROUNDS)


def _trees(at: Sites, target: Real, seed: int) -> Callable[[Real], Real]:
    trees = _booster(at, target, seed)
    return lambda x: np.asarray(trees.predict(xgboost.DMatrix(x.astype(np.float32), nthread=1)), np.float64)


@dataclass(frozen=True)
class Scored:
    """Answers for sites of feeders that were left out: capacity and bound [kW], and whether inside of the domain."""

    kw: Real
    bound_kw: Real
    inside: Flags


def left_out(at: Sites, log_ratio: Real, share: float, seed: int, learned: Flags | None = None) -> Scored:
    """The answers for every site by a model, bound and choices included, that has not seen its feeder.

    ``learned`` are the sites that are learned from, all by default; the others are answered alone.
    """
    use = np.ones(len(log_ratio), np.bool_) if learned is None else learned
    kw, bound = np.zeros(len(log_ratio)), np.zeros(len(log_ratio))
    inside = np.zeros(len(log_ratio), np.bool_)
    for out in folds(at.feeder, OUTER):
        model = fit(at.of(use & ~out), log_ratio[use & ~out], share, seed)
        kw[out], bound[out] = model.predict(at.of(out))
        inside[out] = model.outside(at.x[out]) < 0
    return Scored(kw, bound, inside)
