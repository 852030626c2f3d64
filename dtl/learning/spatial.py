"""The module ``spatial``: whether violations are one problem of a place or many of their own, and what feeds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dtl import tables as contracts
from dtl.learning import density
from dtl.learning.insight import Cell, Insight, LearnResult, not_enough
from dtl.learning.upstream import Tree
from dtl.network.feeder import Feeder

MODULE = "spatial"
KINDS = {"thermal": ("line", "switch", "transformer"), "voltage_low": ("bus",), "voltage_high": ("bus",)}
JUDGED_BY = {"thermal": "max_load_pct", "voltage_low": "min_pu", "voltage_high": "max_pu"}
PERMUTATIONS = 999
SURE = 0.05
"""Probability of chance up to which violations are said to belong together."""
REACH_M = (50.0, 1000.0)
"""Least and largest reach [m]: a span of a line, and a rural kilometre."""
NEAR_SHARE = 0.9
"""Share of all things that judge the limits which have enough others within reach."""
EVERYWHERE = 0.5
"""Share of all things beyond which a violation is no matter of a place."""


@dataclass(frozen=True)
class Found:
    """``label``: cluster of each hit, 0 none; ``chance``: probability of so many near pairs at random; the word."""

    label: NDArray[np.int64]
    chance: float
    word: str

    @property
    def share(self) -> float:
        """Share of the hits that stand in a cluster."""
        return float((self.label > 0).mean())


def judge(near: density.Near, hit: NDArray[np.bool_], least: int, seed: int = 0) -> Found:
    """Whether the hits among things of known nearness are ``systemic``, ``isolated`` or ``everywhere``.

    Systemic: at least half stand in clusters, and random hits on the same things have as many near pairs with a
    probability of at most 5 %. Half of all things hit is no matter of a place, whatever their nearness.
    """
    own = np.flatnonzero(hit)
    label = density.clusters(near[own][:, own], least)
    if len(own) < least:
        return Found(label, 1.0, "isolated")
    chance = density.chance(near, hit, PERMUTATIONS, seed)
    joined = chance <= SURE and (label > 0).mean() >= 0.5
    word = "everywhere" if hit.mean() > EVERYWHERE else "systemic" if joined else "isolated"
    return Found(label, chance, word)


def reach(nearest_m: NDArray[np.float64]) -> float:
    """How far things belong together [m], by the distance of each thing to its n-th nearest other.

    It comes from all things, not from those with violations, so that chance is judged with the same reach.
    """
    known = nearest_m[np.isfinite(nearest_m)]
    return float(np.clip(np.quantile(known, NEAR_SHARE), *REACH_M)) if len(known) else REACH_M[1]


def learn_feeder(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Clusters along the network from ``violations`` and ``powerflow``; ``spec``: ``model`` (path), ``neighbours``."""
    feeder = Feeder.from_json(Path(spec["model"]).read_bytes())
    tree, least = Tree(feeder), int(spec["neighbours"])
    flow = tables["powerflow"].select(["kind", "element", "max_load_pct", "min_pu"]).to_pandas()
    known = flow[flow["max_load_pct"].notna() | flow["min_pu"].notna()]
    asked = {(str(k), str(e)) for k, e in zip(known["kind"], known["element"], strict=True)}
    at = {key: bus for key in sorted(asked) if (bus := tree.bus(*key))}
    over = tables["violations"].select(["case", "violation", "kind", "element"]).to_pandas().drop_duplicates()
    rows: list[Insight] = []
    members: list[dict[str, Any]] = []
    for violation, kinds in KINDS.items():
        things = [key for key in at if key[0] in kinds]
        own = over[over["violation"].astype(str) == violation]
        if not len(own) or not things:
            continue
        buses = [at[key] for key in things]
        reach_m = reach(tree.nearest(buses, least - 1))
        near = tree.near(buses, reach_m)
        for case, part in own.groupby("case", observed=True):
            named = {(str(k), str(e)) for k, e in zip(part["kind"], part["element"], strict=True)}
            hit = np.asarray([key in named for key in things])
            if hit.any():
                found = judge(near, hit, least)
                said = _Said(feeder.id, str(case), violation, [key for key in things if key in named], found)
                rows += said.rows(tree, at, len(things), reach_m, least)
                members += said.members()
    if not rows:
        text = "nothing is over its limit in any case" if at else "nothing that limits judge is fed"
        rows = [
            Insight(MODULE, "violating_elements", 0.0, "1", text, evidence=[Cell("violations", feeder.id, "value")])
        ]
    given = {"violation_clusters": contracts.frame("violation_clusters", members), "judged": _judged(feeder, at)}
    return LearnResult(rows, given)


@dataclass(frozen=True)
class _Said:
    feeder: str
    case: str
    violation: str
    over: Sequence[tuple[str, str]]
    found: Found

    def members(self) -> list[dict[str, Any]]:
        """Rows of ``violation_clusters``."""
        same = {"feeder": self.feeder, "case": self.case, "violation": self.violation}
        pairs = zip(self.over, self.found.label, strict=True)
        return [same | {"kind": kind, "element": name, "cluster": int(n)} for (kind, name), n in pairs]

    def rows(
        self, tree: Tree, at: Mapping[tuple[str, str], str], things: int, reach_m: float, least: int
    ) -> list[Insight]:
        """The feeder's verdict, and each cluster with what feeds all of it."""
        found, count = self.found, len(self.over)
        same: dict[str, Any] = {"module": MODULE, "feeder": self.feeder, "case": self.case}
        text = f"{found.word}: {count} of {things} elements; {_why(found, count, least)}; reach {reach_m:.0f} m of line"
        rows = [
            Insight(**same, metric=f"{self.violation}_clustered_pct", value=100 * found.share, unit="%", text=text,
                    evidence=self._cells(self.over)),
        ]  # fmt: skip
        if count >= least:
            text = f"{found.word}: chance gives as many near pairs with a probability of {found.chance:.3f}"
            rows.append(Insight(**same, metric=f"{self.violation}_chance", value=found.chance, text=text,
                                evidence=self._cells(self.over)))  # fmt: skip
        for number in range(1, int(found.label.max(initial=0)) + 1):
            own = [key for key, n in zip(self.over, found.label, strict=True) if n == number]
            bus = tree.common([at[key] for key in own])
            kind, name = tree.feeds(bus)
            via = f"{kind} {name}" if name else "the head"
            text = f"{len(own)} elements, all fed through {via} to bus {bus}, {tree.found.distance_km[bus]:.2f} km out"
            rows.append(Insight(**same, metric=f"{self.violation}_cluster_{number}", value=len(own), kind=kind,
                                element=name, text=text, evidence=self._cells(own)))  # fmt: skip
        return rows

    def _cells(self, of: Sequence[tuple[str, str]]) -> list[Cell]:
        column = JUDGED_BY[self.violation]
        return [Cell("powerflow", f"{self.feeder} {self.case} {kind} {name} ", column) for kind, name in of[:3]]


def _why(found: Found, count: int, least: int) -> str:
    if count < least:
        return f"fewer than the {least} that make a cluster"
    parts = int(found.label.max(initial=0))
    return f"{100 * found.share:.0f} % of them in {parts} clusters, chance {found.chance:.3f}"


def _judged(feeder: Feeder, at: Mapping[tuple[str, str], str]) -> pa.Table:
    """Where what limits judge stands; without a coordinate system nobody knows."""
    turn = pyproj.Transformer.from_crs(feeder.crs, "EPSG:4326", always_xy=True).transform if feeder.crs else None
    rows = []
    for (kind, name), bus in at.items():
        place = feeder.bus[bus]
        known = turn is not None and place.x is not None and place.y is not None
        east, north = turn(place.x, place.y) if turn is not None and known else (None, None)
        rows.append({"feeder": feeder.id, "kind": kind, "element": name, "longitude_deg": east, "latitude_deg": north})
    return contracts.frame("judged", rows)


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Clusters by straight distance over all feeders from ``judged`` and ``violation_clusters``."""
    if "judged" not in tables or not tables["violation_clusters"].num_rows:
        return LearnResult()
    judged = tables["judged"].to_pandas().astype({"feeder": str, "kind": str})
    judged = judged.dropna().sort_values(["feeder", "kind", "element"], ignore_index=True)
    if judged.empty:
        return LearnResult([not_enough(MODULE, "no model states places in a known coordinate system, so clusters are sought along the network alone")])  # fmt: skip  # noqa: E501
    over = tables["violation_clusters"].to_pandas().astype({"feeder": str, "case": str, "kind": str, "violation": str})
    rows = []
    for violation, kinds in KINDS.items():
        things = judged[judged["kind"].isin(kinds)].reset_index(drop=True)
        own = over[over["violation"] == violation]
        if len(things) and len(own):
            rows += _straight(things, own, violation, int(spec["neighbours"]))
    return LearnResult(rows)


def metres(longitude_deg: NDArray[np.float64], latitude_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places in metres about their middle, shape (n, 2), azimuthal equidistant."""
    flat = f"+proj=aeqd +lon_0={longitude_deg.mean()} +lat_0={latitude_deg.mean()} +units=m"
    turn = pyproj.Transformer.from_crs("EPSG:4326", flat, always_xy=True)
    return np.column_stack(turn.transform(longitude_deg, latitude_deg)).astype(np.float64)


def _straight(things: pd.DataFrame, own: pd.DataFrame, violation: str, least: int) -> list[Insight]:
    places = metres(things["longitude_deg"].to_numpy(float), things["latitude_deg"].to_numpy(float))
    nearest = cKDTree(places).query(places, k=least)[0].reshape(len(places), -1)[:, -1]
    reach_m = reach(np.asarray(nearest, np.float64))
    near = density.straight(places, reach_m)
    rows = []
    for case, part in own.groupby("case"):
        key = ["feeder", "kind", "element"]
        hit = things[key].merge(part[key].assign(over=True), how="left", on=key)["over"].notna().to_numpy()
        if not hit.any():
            continue
        found = judge(near, hit, least)
        count, feeders = int(hit.sum()), things["feeder"][hit].to_numpy()
        spans = [len(set(feeders[found.label == n])) for n in range(1, int(found.label.max(initial=0)) + 1)]
        across = sum(s > 1 for s in spans)
        text = (
            f"by straight distance {found.word}: {count} of {len(hit)} elements; {_why(found, count, least)}; "
            f"reach {reach_m:.0f} m; {across} clusters hold several feeders, which are not one problem of the network"
        )
        cells = [Cell("violation_clusters", f"{f} {case} {violation} {k} {e}", "cluster")
                 for f, k, e in things.loc[hit, key].head(3).itertuples(index=False)]  # fmt: skip
        rows.append(Insight(MODULE, f"{violation}_straight_clustered_pct", 100 * found.share, "%", text,
                            case=str(case), evidence=cells))  # fmt: skip
    return rows
