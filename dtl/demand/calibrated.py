"""Reviewed load scales and power factors of `calibrate`, applied to the demand of a feeder after all else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dtl.demand.demand import Demand, Drive


def calibrated(demand: Demand, rows: Sequence[Mapping[str, Any]]) -> Demand:
    """The demand with the load scale and power factor that `rows` state for its feeders."""
    for row in rows:
        mine = [d for d in demand.drives.values() if d.feeder.lower() == row["feeder"].lower()]
        if row["parameter"] == "load_scale":
            demand = _with(demand, [replace(d, kw=d.kw * row["value"], kvar=d.kvar * row["value"]) for d in mine])
        elif row["parameter"] == "power_factor":
            demand = _with(demand, _turned(demand, mine, row["value"]))
    return demand


def power_factor(demand: Demand, drives: Sequence[Drive]) -> float:
    """Power factor of some loads together, over the energy of the year; 1 without any."""
    kw, kvar = _sums(demand, drives)
    return math.cos(math.atan2(kvar, kw)) if kw > 0.0 else 1.0


def _sums(demand: Demand, drives: Sequence[Drive]) -> tuple[float, float]:
    mean = {name: float(values.mean()) for name, values in demand.profiles.items()}
    return sum(d.kw * mean[d.kw_profile] for d in drives), sum(d.kvar * mean[d.kvar_profile] for d in drives)


def _turned(demand: Demand, drives: Sequence[Drive], factor: float) -> list[Drive]:
    """Loads whose reactive powers are all times one number, so that together they have the power factor.

    Loads that together take no reactive power get it in proportion to their active power.
    """
    kw, kvar = _sums(demand, drives)
    wanted = kw * math.tan(math.acos(factor))
    if kvar > 1e-6 * kw:
        return [replace(d, kvar=d.kvar * wanted / kvar) for d in drives]
    return [replace(d, kvar=d.kw * wanted / kw, kvar_profile=d.kw_profile) for d in drives] if kw > 0.0 else []


def _with(demand: Demand, drives: Sequence[Drive]) -> Demand:
    return replace(demand, drives={**demand.drives, **{d.load: d for d in drives}})
