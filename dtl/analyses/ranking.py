"""Assets in the order in which they deserve a look: several dimensions side by side, without weights of our own.

Those beyond a limit come first: the loading or the voltage of the asset is above 100 % of its limit.

In each dimension an asset has its standing: the share of assets of its kind in the study with a lower value [%], equal
ones halfway; a value of nothing stands at 0. The score is the mean of the standings that are known of the asset, so a
missing age neither helps nor harms. It orders; it is no probability and no cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

DIMENSIONS = ("load_pct", "voltage_pct", "loss_kwh", "age_years", "customers", "customer_min")
"""Highest loading of its limit, voltage behind it of its limit, losses, age, customers behind, minutes of outages."""
OF_LIMIT = ("load_pct", "voltage_pct")
"""The dimensions that are told as per cent of a limit."""


@dataclass(frozen=True)
class Asset:
    """An asset with its value in each dimension that is known of it, from its worst case."""

    feeder: str
    kind: str
    element: str
    values: Mapping[str, float]
    case: str = ""

    @property
    def beyond(self) -> bool:
        """Whether its loading, or the voltage behind it, is beyond the limit."""
        return any(self.values.get(dimension, 0.0) > 100.0 for dimension in OF_LIMIT)


@dataclass(frozen=True)
class Ranked:
    """An asset with its standings [%] by dimension and its score [%]."""

    asset: Asset
    standing: Mapping[str, float] = field(default_factory=dict)
    score: float = 0.0


def ranked(assets: Sequence[Asset]) -> list[Ranked]:
    """The assets, those beyond a limit first, then by score; of equal ones the more loaded, then by name."""
    standing: list[dict[str, float]] = [{} for _ in assets]
    for kind in sorted({a.kind for a in assets}):
        for dimension in DIMENSIONS:
            own = [i for i, a in enumerate(assets) if a.kind == kind and dimension in a.values]
            for i, share in zip(own, _standing(np.array([assets[i].values[dimension] for i in own])), strict=True):
                standing[i][dimension] = float(share)
    found = [
        Ranked(a, s, sum(s.values()) / len(s) if s else 0.0) for a, s in zip(assets, standing, strict=True)
    ]  # fmt: skip
    return sorted(
        found,
        key=lambda r: (not r.asset.beyond, -r.score, -r.asset.values.get("load_pct", 0.0), r.asset.feeder,
                       r.asset.kind, r.asset.element),
    )  # fmt: skip


def _standing(values: Real) -> Real:
    """Share of values that are lower, equal ones counted half without the value itself [%]; 0 for nothing."""
    if len(values) < 2:
        return np.where(values > 0, 100.0, 0.0)
    order = np.sort(values)
    lower = np.searchsorted(order, values, "left")
    equal = np.searchsorted(order, values, "right") - lower - 1
    return np.where(values > 0, 100.0 * (lower + equal / 2.0) / (len(values) - 1), 0.0)
