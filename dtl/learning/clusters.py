"""The module ``clusters``: archetypes of customers or feeders, their curves and names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dtl import tables as contracts
from dtl.learning import series
from dtl.learning.archetypes import UNSTABLE, Array, group
from dtl.learning.families import families
from dtl.learning.insight import Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.plural import many

MODULE = "clusters"
LEAST_DAYS = 3
"""Days of each type that a curve needs."""
GIVES = "gives more than it takes"


def curve(load: pd.Series) -> Array:
    """Mean of each hour on working days, Saturdays and Sundays, shape (72,); nan with fewer than three such days."""
    hours = load.resample("h").mean()
    index = pd.DatetimeIndex(hours.index)
    kind = np.maximum(index.day_of_week.to_numpy() - 4, 0)
    cells = hours.groupby(24 * kind + index.hour.to_numpy())
    return np.asarray(cells.mean().where(cells.count() >= LEAST_DAYS).reindex(range(72)), dtype=np.float64)


def curves(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """The table ``curves`` of one group of feeders; ``spec``: ``of``, ``timezone``.

    Customers are those of ``readings``, feeders those of ``scada``; a load that is mostly missing has no curve.
    """
    kind = _kind(spec)
    loads = _powers(series.metered(tables)) if kind == "meter" else series.heads(tables)
    zone = spec.get("timezone", "UTC")
    rows = []
    for name, load in sorted(loads.items()):
        if len(load) >= 3 and load.notna().mean() >= 0.5:
            local = load.set_axis(pd.DatetimeIndex(load.index).tz_convert(zone).tz_localize(None))
            rows.append({"kind": kind, "element": name, "kw": curve(local).tolist()})
    return LearnResult([], {"curves": contracts.frame("curves", rows)})


def _powers(metered: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Mean power of each interval [kW] from its energy."""
    hour = pd.Timedelta("1h")
    return {m: kwh / float((kwh.index[1] - kwh.index[0]) / hour) for m, kwh in metered.items() if len(kwh) >= 3}


def _kind(spec: Mapping[str, Any]) -> str:
    return "meter" if spec.get("of", "customers") == "customers" else "feeder"


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights by family and archetype, and the table ``archetypes``; ``spec``: ``of``, ``number``, ``seed``."""
    kind = _kind(spec)
    table, column = ("readings", "kwh") if kind == "meter" else ("scada", "value")
    given = tables["curves"].to_pylist() if "curves" in tables else []
    names = [row["element"] for row in given]
    curves = np.array([row["kw"] for row in given], np.float64).reshape(len(given), 72)
    seed = int(spec.get("seed", 0))
    found = group(curves, spec.get("number"), seed)
    if isinstance(found, NotEnough):
        return LearnResult([not_enough(MODULE, f"{found.why}; {len(names)} {kind}s have at least half of a series")])
    family = families(curves, found.label, seed=seed)
    shaky = "" if found.stability >= UNSTABLE else "; the groups are unstable: do not build on single members"
    several = "1 family" if family.max() == 0 else f"{family.max() + 1} families"
    text = (
        f"{len(family)} groups by {found.metric} in {several}, "
        f"silhouette {found.silhouette:.2f}, stability {found.stability:.2f}{shaky}"
    )
    rows = [Insight(MODULE, "groups", len(family), "1", text, evidence=[Cell(table, "", column)])]
    looks: dict[tuple[str, int], str] = {}
    level = {"family": np.where(found.label >= 0, family[found.label], -1), "archetype": found.label}
    for part, label in level.items():
        for number in range(int(label.max()) + 1):
            own = np.flatnonzero(label == number)
            looks[part, number] = look = _look(curves[own])
            cells = [Cell(table, names[i], column) for i in own[:3]]
            some = f"e.g. {', '.join(names[i] for i in own[:3])}"
            at = ("", "", part, f"{number:02d}", None, cells)
            if part == "family":
                inner = many(int(np.sum(family == number)), "groups")
                text = f"family {number + 1}, {look}: {many(len(own), f'{kind}s')} in {inner}, {some}"
                rows.append(Insight(MODULE, "members_of_a_family", len(own), "1", text, *at))
            else:
                text = f"{look}, in family {family[number] + 1}: {many(len(own), f'{kind}s')}, {some}"
                rows.append(Insight(MODULE, "members", len(own), "1", text, *at))
    members = [
        {"kind": kind, "element": names[i], "archetype": int(g), "name": looks["archetype", int(g)]}
        | {"family": int(family[g]), "family_name": looks["family", int(family[g])]}
        for i, g in enumerate(found.label)
        if g >= 0
    ]
    return LearnResult(rows, {"archetypes": contracts.frame("archetypes", members)})


def _look(curves: Array) -> str:
    """Plain name of the median of customers who take more than they give."""
    taken = curves[curves.mean(1) > 0]
    return called(np.median(taken / taken.mean(1, keepdims=True), axis=0)) if len(taken) else GIVES


def called(mean: Array) -> str:
    """Plain name of a curve over its mean, shape (72,): when it is high."""
    week, sunday = mean[:24], mean[48:]
    parts = {"night": week[[23, 0, 1, 2, 3, 4]], "daytime": week[9:17], "evening": week[17:22], "morning": week[6:9]}
    level = {name: float(values.mean()) for name, values in parts.items()}
    top = max(level, key=lambda n: level[n])
    if np.ptp(week) < 0.3:
        return "flat"
    if week.min() < 0 or (level["daytime"] < 0.5 * min(level["evening"], level["night"])):
        return "low at noon, as with solar"
    off = ", closed on Sundays" if sunday[9:17].mean() < 0.6 * level["daytime"] else ""
    return f"{top} peak{off}"
