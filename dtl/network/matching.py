"""Which of two lists of things are the same: record linkage by Fellegi and Sunter [1]_ with expectation-maximisation.

Each pair within reach is compared by name, place, phases, feeder, size and by what it is connected to. How often each
outcome occurs among true pairs and among others is learned from the pairs themselves, with the tables below as prior;
a thing has one counterpart at most.

References
----------
.. [1] I. P. Fellegi, A. B. Sunter, "A theory for record linkage", Journal of the American Statistical Association 64
   (1969) 1183-1210; W. E. Winkler, "Using the EM algorithm for weight computation", 1988.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from dtl.sources.reading import plain

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_NAME, SAME_CORE, OTHER_NAME = 0, 1, 2
STEPS = (0.07, 0.2, 0.4, 0.7, 1.0)
"""Bounds of the classes of distance, in parts of the farthest match."""
PRIOR: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "name": ((0.70, 0.15, 0.15), (0.001, 0.002, 0.997)),
    "place": ((0.50, 0.24, 0.12, 0.07, 0.03, 0.01, 0.03), (0.02, 0.05, 0.08, 0.15, 0.30, 0.20, 0.20)),
    "phases": ((0.90, 0.05, 0.05), (0.45, 0.45, 0.10)),
    "feeder": ((0.90, 0.05, 0.05), (0.60, 0.30, 0.10)),
    "size": ((0.70, 0.15, 0.08, 0.07), (0.10, 0.20, 0.60, 0.10)),
    "ends": ((0.45, 0.20, 0.25, 0.07, 0.03), (0.02, 0.08, 0.40, 0.20, 0.30)),
}
"""Shares of the outcomes among true pairs and among others; the last of place, phases, feeder and size: unknown."""
ROUNDED_M = 0.05
"""Below it a shift is what rounding of coordinates leaves [m]."""
WEIGHT = 20.0
"""So many pairs is the prior worth."""
ROUNDS = 12
SURE = 0.5
"""Probability from which a pair counts as the same."""
CORE = re.compile(r"(\d{3,})\D*$")
"""What names of two systems share when only their prefixes differ: the last number of three digits and more."""


def matched(ours: pd.DataFrame, theirs: pd.DataFrame, most_m: float) -> pd.DataFrame:
    """The pairs that are the same, of two frames of `dtl.network.counterparts`.

    Returns
    -------
    pandas.DataFrame
        ``i`` and ``j`` (rows of both), ``probability``, ``basis`` (name, connectivity or spatial), ``distance_m`` (nan
        where either has no place) and ``swapped`` (whether the first end of one is the second of the other).
    """
    pairs = _pairs(ours, theirs, most_m)
    if pairs.empty:
        return pairs.assign(probability=0.0, basis="")[["i", "j", "probability", "basis", "distance_m", "swapped"]]
    kinds = ours["kind"].to_numpy(object)[pairs["i"]]
    outcomes = {
        "name": pairs["name"].to_numpy(),
        "place": _steps(pairs["distance_m"].to_numpy(), most_m),
        "phases": _phases(ours, theirs, pairs),
        "feeder": _feeders(ours, theirs, pairs),
        "size": _sizes(ours, theirs, pairs),
        "ends": np.full(len(pairs), 2),
    }
    level = _equal(ours["low"], theirs["low"], pairs) != 0
    chance = np.zeros(len(pairs))
    ends = _Ends(ours, theirs, pairs)
    i, j = pairs["i"].to_numpy(np.int64), pairs["j"].to_numpy(np.int64)
    of_kind = {kind: np.flatnonzero(kinds == kind) for kind in np.unique(kinds)}
    least = {kind: min((ours["kind"] == kind).sum(), (theirs["kind"] == kind).sum()) for kind in of_kind}
    for turn in range(ROUNDS):
        for kind, rows in of_kind.items():
            told = {name: values[rows] for name, values in outcomes.items()}
            before = chance[rows] if turn else None
            chance[rows] = _chances(i[rows], j[rows], told, level[rows], before, least[kind])
        outcomes["ends"] = ends.told(chance)
    kept = _assigned(pairs, chance)
    found = pairs.iloc[kept].assign(probability=chance[kept])
    by_name = outcomes["name"][kept] != OTHER_NAME
    by_ends = outcomes["ends"][kept] <= 1
    found["basis"] = np.select([by_name, by_ends], ["name", "connectivity"], "spatial")
    return found[["i", "j", "probability", "basis", "distance_m", "swapped"]].reset_index(drop=True)


def shift(ours: pd.DataFrame, theirs: pd.DataFrame, most_m: float) -> tuple[float, float]:
    """How far the places of the model lie aside from those of the GIS, east and north [m]; 0 where nothing is seen.

    The median of what names link, else of what is each other's nearest; it counts when most lie closer to it than to 0.
    """
    aside = []
    for kind in sorted(set(ours["kind"])):
        own = np.flatnonzero((ours["kind"] == kind).to_numpy())
        other = np.flatnonzero((theirs["kind"] == kind).to_numpy())
        mine, yours = (_along(f, 0.5)[rows] for f, rows in ((ours, own), (theirs, other)))
        same = _same(*_keys(ours.iloc[own], theirs.iloc[other]))
        i, j = same["i"].to_numpy(np.int64), same["j"].to_numpy(np.int64)
        if not len(i):
            i, j = _mutual(mine, yours, 4.0 * most_m)
        gap = yours[j] - mine[i]
        aside.append(gap[np.isfinite(gap).all(axis=1)])
    every = np.concatenate([np.zeros((0, 2)), *aside])
    if len(every) < 5:
        return 0.0, 0.0
    middle = np.median(every, axis=0)
    closer = np.hypot(*(every - middle).T) < np.hypot(*every.T)
    if closer.mean() <= 0.5 or np.hypot(*middle) < ROUNDED_M:
        return 0.0, 0.0
    return float(middle[0]), float(middle[1])


def _along(frame: pd.DataFrame, part: float) -> Floats:
    """The points that lie a part of the way from the first to the second end."""
    first, last = (frame[[f"x{n}", f"y{n}"]].to_numpy(float) for n in "12")
    return np.asarray((1.0 - part) * first + part * last, np.float64)


def _mutual(mine: Floats, yours: Floats, most: float) -> tuple[Ints, Ints]:
    a, b = (np.flatnonzero(np.isfinite(v).all(axis=1)) for v in (mine, yours))
    if not len(a) or not len(b):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    far, there = cKDTree(yours[b]).query(mine[a])
    _, back = cKDTree(mine[a]).query(yours[b])
    ok = (far <= most) & (back[there] == np.arange(len(a)))
    return a[ok], b[there[ok]]


def _pairs(ours: pd.DataFrame, theirs: pd.DataFrame, most_m: float) -> pd.DataFrame:
    found = []
    for kind in sorted(set(ours["kind"]) & set(theirs["kind"])):
        own = np.flatnonzero((ours["kind"] == kind).to_numpy())
        other = np.flatnonzero((theirs["kind"] == kind).to_numpy())
        i, j = _near(ours.iloc[own], theirs.iloc[other], most_m, line=kind == "line")
        near = pd.DataFrame({"i": own[i], "j": other[j], "name": OTHER_NAME})
        i, j, how = _named(ours.iloc[own], theirs.iloc[other])
        found += [pd.DataFrame({"i": own[i], "j": other[j], "name": how}), near]
    if not found:
        return pd.DataFrame({"i": [], "j": [], "name": [], "distance_m": [], "swapped": []}, dtype=float)
    pairs = pd.concat(found).sort_values(["i", "j", "name"]).drop_duplicates(["i", "j"], ignore_index=True)
    pairs["distance_m"], pairs["swapped"] = _distance(ours, theirs, pairs)
    within = ~(pairs["distance_m"] > most_m)
    return pairs[within].reset_index(drop=True)


def _near(ours: pd.DataFrame, theirs: pd.DataFrame, most_m: float, *, line: bool) -> tuple[Ints, Ints]:
    """Pairs of which the middles or quarters of lines, of a device any end, are in reach."""
    parts = (0.25, 0.5, 0.75) if line else (0.0, 0.5, 1.0)
    at = np.concatenate([_along(ours, part) for part in parts])
    yours = np.concatenate([_along(theirs, part) for part in (parts if line else (0.5,))])
    a, b = (np.flatnonzero(np.isfinite(v).all(axis=1)) for v in (at, yours))
    if not len(a) or not len(b):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    close = cKDTree(at[a]).sparse_distance_matrix(cKDTree(yours[b]), most_m, output_type="ndarray")
    pairs = np.unique(np.column_stack([a[close["i"]] % len(ours), b[close["j"]] % len(theirs)]), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _named(ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[Ints, Ints, Ints]:
    """Pairs with one name, and those whose names share a number that is unique on both sides."""
    mine, both = _keys(ours, theirs)
    same = _same(mine, both)
    core = mine.assign(key=_cores(mine["key"])).dropna().drop_duplicates("key", keep=False)
    name = both.assign(key=_cores(both["key"])).dropna().drop_duplicates()
    alike = core.merge(name.drop_duplicates("key", keep=False), on="key")
    frames = [same.assign(how=SAME_NAME), alike.assign(how=SAME_CORE)]
    rows = pd.concat(frames).sort_values(["i", "j", "how"]).drop_duplicates(["i", "j"])
    i, j, how = (np.asarray(rows[c], np.int64) for c in ("i", "j", "how"))
    return i, j, how


def _keys(ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The names of both by ``key``: ``i`` of ours, and ``j`` of theirs with each name that these have."""
    mine = pd.DataFrame({"i": np.arange(len(ours)), "key": _plain(ours["name"])})
    both = [pd.DataFrame({"j": np.arange(len(theirs)), "key": _plain(theirs[c])}) for c in ("name", "alias")]
    return mine, pd.concat(both).drop_duplicates()


def _same(mine: pd.DataFrame, both: pd.DataFrame) -> pd.DataFrame:
    """The rows of `_keys` with one name."""
    return mine.merge(both[both["key"] != ""], on="key")


def _plain(names: pd.Series) -> NDArray[np.object_]:
    """Names as they are compared; text also where there are none of a kind, which would be numbers otherwise."""
    return np.array([plain(n) for n in names.to_numpy(object)], object)


def _cores(keys: pd.Series) -> pd.Series:
    """The number of each name that names of two systems may share; missing where it has none."""
    found = (CORE.search(key) for key in keys.to_numpy(object))
    return pd.Series([number[1] if number else None for number in found], keys.index, object)


def _distance(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> tuple[Floats, NDArray[np.bool_]]:
    """Of lines the least of three: between the middles, mean of the ends, and farther middle from the other line.

    The last is what holds where one source ends a line at a device upon it. Of others: to the nearest end.
    """
    i, j = pairs["i"].to_numpy(np.int64), pairs["j"].to_numpy(np.int64)
    ends = {n: ours[[f"x{n}", f"y{n}"]].to_numpy(float)[i] for n in "12"}
    there = {n: theirs[[f"x{n}", f"y{n}"]].to_numpy(float)[j] for n in "12"}
    way = {(a, b): np.hypot(*(ends[a] - there[b]).T) for a in "12" for b in "12"}
    straight, swapped = (way["1", "1"] + way["2", "2"]) / 2, (way["1", "2"] + way["2", "1"]) / 2
    middle = np.hypot(*((ends["1"] + ends["2"] - there["1"] - there["2"]) / 2).T)
    line = ours["kind"].to_numpy(object)[i] == "line"
    points = np.fmin.reduce([*way.values(), middle])
    off = np.maximum(_off(there["1"] + there["2"], ends), _off(ends["1"] + ends["2"], there))
    lines = np.fmin.reduce([straight, swapped, middle, off])
    return np.asarray(np.where(line, lines, points), np.float64), np.asarray(swapped < straight)


def _off(twice_middle: Floats, ends: Mapping[str, Floats]) -> Floats:
    """Distance of points, given doubled, from straight lines."""
    point, way = twice_middle / 2 - ends["1"], ends["2"] - ends["1"]
    with np.errstate(invalid="ignore", divide="ignore"):
        along = np.clip(np.nan_to_num((point * way).sum(axis=1) / (way * way).sum(axis=1)), 0.0, 1.0)
    return np.asarray(np.hypot(*(point - along[:, None] * way).T), np.float64)


def _steps(distance: Floats, most_m: float) -> Ints:
    return np.where(np.isfinite(distance), np.searchsorted(np.array(STEPS) * most_m, distance), len(STEPS) + 1)


def _phases(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> Ints:
    a = ours["phases"].to_numpy(np.int64)[pairs["i"]]
    b = theirs["phases"].to_numpy(np.int64)[pairs["j"]]
    return np.select([(a == 0) | (b == 0), a == b], [2, 0], 1)


def _feeders(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> Ints:
    names = {f: plain(str(f)) for side in (ours, theirs) for f in side["feeder"].unique()}
    a, b = (side["feeder"].map(names).to_numpy(object)[pairs[of]] for side, of in ((ours, "i"), (theirs, "j")))
    return np.select([b == "", a == b], [2, 0], 1)


def _sizes(ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame) -> Ints:
    """Lengths of lines, ratings of others: alike within 3 per cent, within 15, more, unknown."""
    found = np.full(len(pairs), np.nan)
    for column in ("length_m", "kva"):
        a = ours[column].to_numpy(float)[pairs["i"]]
        b = theirs[column].to_numpy(float)[pairs["j"]]
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.where((a > 0) & (b > 0), np.abs(np.log(a / b)), np.nan)
        found = np.where(np.isfinite(apart), apart, found)
    return np.select([np.isnan(found), found <= 0.03, found <= 0.15], [3, 0, 1], 2)


def _equal(ours: pd.Series[Any], theirs: pd.Series[Any], pairs: pd.DataFrame) -> Ints:
    """1 equal, 0 different, 2 where either is unknown."""
    a, b = ours.to_numpy(object)[pairs["i"]], theirs.to_numpy(object)[pairs["j"]]
    return np.array([2 if x is None or y is None else int(x == y) for x, y in zip(a, b, strict=True)], np.int64)


def _chances(
    i: Ints, j: Ints, told: Mapping[str, Ints], possible: NDArray[np.bool_], before: Floats | None, least: int
) -> Floats:
    """Probability of each pair to be the same, with what the probabilities before it say of the outcomes."""
    weight = np.full(len(i), max(least, 1) / max(len(i), least + 1))
    weight = weight / (1.0 - weight)
    for name, values in told.items():
        true, other = (np.array(shares) for shares in PRIOR[name])
        if before is not None:
            true = _shares(values, before, true)
            other = _shares(values, 1.0 - before, other)
        weight = weight * (true / other)[values]
    weight = np.where(possible, weight, 0.0)
    rows = pd.Series(weight).groupby(i).transform("sum").to_numpy(float)
    columns = pd.Series(weight).groupby(j).transform("sum").to_numpy(float)
    return np.asarray(weight / (1.0 + rows + columns - weight), np.float64)


def _shares(values: Ints, weights: Floats, prior: Floats) -> Floats:
    counted = np.bincount(values, weights, len(prior)) + WEIGHT * prior
    return np.asarray(counted / counted.sum(), np.float64)


class _Ends:
    """What pairs say of the ends of each other; nodes are numbers, so that each round only counts them."""

    def __init__(self, ours: pd.DataFrame, theirs: pd.DataFrame, pairs: pd.DataFrame):
        i, j = pairs["i"].to_numpy(np.int64), pairs["j"].to_numpy(np.int64)
        swapped = pairs["swapped"].to_numpy(bool)
        there = [theirs[f"node{n}"].to_numpy(object)[j] for n in "12"]
        mine = np.concatenate([ours[f"node{n}"].to_numpy(object)[i] for n in "12"])
        yours = np.concatenate([np.where(swapped, there[1 - n], there[n]) for n in (0, 1)])
        self._drawn = there[0] != ""
        self._known = (yours != "").reshape(2, -1)
        node, far = pd.factorize(mine)[0], pd.factorize(yours)[0]
        joint = pd.factorize(node * (far.max(initial=0) + 1) + far)[0]
        self._node, self._joint = node.reshape(2, -1), joint.reshape(2, -1)

    def told(self, chance: Floats) -> Ints:
        """Of each pair what other sure ones say: both ends agree, one, nothing known, one does and one not, against."""
        own = (chance >= SURE) & self._drawn & self._known
        same, all_ = (
            np.bincount(codes[own], minlength=codes.max(initial=0) + 1) for codes in (self._joint, self._node)
        )
        agree, total = same[self._joint] - own, all_[self._node] - own
        said = np.select([(total <= 0) | ~self._known, 2 * agree >= total], [0, 1], -1)
        yes, no = (said == 1).sum(axis=0), (said == -1).sum(axis=0)
        return np.select([(yes > 0) & (no > 0), yes == 2, yes == 1, no > 0], [3, 0, 1, 4], 2)


def _assigned(pairs: pd.DataFrame, chance: Floats) -> Ints:
    """The pairs of the best one-to-one assignment that are more probable than not."""
    rows = np.flatnonzero(chance > 0.02)
    i, first = np.unique(pairs["i"].to_numpy(np.int64)[rows], return_inverse=True)
    j, second = np.unique(pairs["j"].to_numpy(np.int64)[rows], return_inverse=True)
    size = len(i) + len(j)
    joined = coo_matrix((np.ones(len(rows)), (first, len(i) + second)), shape=(size, size))
    part = connected_components(joined, directed=False)[1][first] if len(rows) else np.zeros(0, np.int64)
    order = np.argsort(part, kind="stable")
    kept = []
    for at in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        if len(at) < 2:
            kept += at.tolist()
            continue
        a, down = np.unique(first[at], return_inverse=True)
        b, across = np.unique(second[at], return_inverse=True)
        score = np.zeros((len(a), len(b)))
        score[down, across] = chance[rows[at]]
        number = {(x, y): n for x, y, n in zip(down, across, at, strict=True)}
        best = zip(*linear_sum_assignment(score, maximize=True), strict=True)
        kept += [number[cell] for cell in best if cell in number]
    chosen = rows[np.array(sorted(kept), np.int64)] if kept else np.zeros(0, np.int64)
    return chosen[chance[chosen] >= SURE]
