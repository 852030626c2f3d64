"""The head of the feeder: energy, peaks, what flows back into the source, and tap steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from dtl.analyses.solved import Row, Solved, whole, worst

REVERSE_KW = 1e-3
"""Power towards the source below which nothing counts as flowing back: the noise of the solution [kW]."""


def head(case: Solved) -> list[Row]:
    """The rows of the head of a case; an hour stands for one hour of its mean power."""
    hourly = case.hourly
    kw, kvar, hour = hourly["source_kw"], hourly["source_kvar"], hourly["hour"]
    back = kw < -REVERSE_KW
    rows: list[Row] = [
        {"metric": "hours_h", "value": len(kw)},
        {"metric": "energy_kwh", "value": total(kw)},
        {"metric": "delivered_kwh", "value": delivered_kwh(case)},
        {"metric": "reverse_hours_h", "value": int(back.sum())},
        {"metric": "reverse_kwh", "value": total(-kw[back])},
        {"metric": "tap_changes", "value": int(hourly["tap_changes"].sum())},
    ]
    for metric, values, sign in (("peak_kw", kw, 1), ("peak_kvar", kvar, 1), ("min_kw", kw, -1)):
        at = worst(sign * values, hour)
        if at is not None:
            rows.append({"metric": metric, "value": float(values[at]), "hour": whole(hour[at])})
    if len(kw) and kw.max() > 0:
        rows.append({"metric": "load_factor", "value": total(kw) / len(kw) / float(kw.max())})
    return rows


def delivered_kwh(case: Solved) -> float:
    """Energy from the source in the hours in which it delivers [kWh]."""
    kw = case.hourly["source_kw"]
    return total(kw[kw > 0])


def total(values: Any) -> float:
    """The sum, added in the order of size so that the order of rows decides nothing."""
    return float(np.sort(values).sum())
