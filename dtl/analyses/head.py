"""The head of the feeder: energy, peaks, what flows back into the source, and tap steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.solved import Row, Solved, whole, worst

Real = NDArray[np.float64]

REVERSE_KW = 1e-3
"""Power towards the source below which nothing counts as flowing back: the noise of the solution [kW]."""


def head(case: Solved) -> list[Row]:
    """The rows of the head of a case; an hour stands for its mean power for as long as it was solved.

    Of steps shorter than an hour the peaks are those of a step, and what flows back is counted by the step.
    """
    hourly = case.hourly
    kw, hour, time = hourly["source_kw"] * case.solved_h, hourly["hour"], case.solved_h
    rows: list[Row] = [
        {"metric": "hours_h", "value": float(time.sum())},
        {"metric": "energy_kwh", "value": total(kw)},
        {"metric": "injected_kwh", "value": injected_kwh(case)},
        {"metric": "reverse_hours_h", "value": float(_reverse_h(case).sum())},
        {"metric": "reverse_kwh", "value": total(_reverse_kwh(case))},
        {"metric": "tap_changes", "value": int(hourly["tap_changes"].sum())},
    ]
    highest = case.within("highest_kw", "source_kw")
    peaks = (
        ("peak_kw", highest, 1),
        ("peak_kvar", case.within("highest_kvar", "source_kvar"), 1),
        ("min_kw", case.within("lowest_kw", "source_kw"), -1),
    )
    for metric, values, sign in peaks:
        at = worst(sign * values, hour)
        if at is not None:
            rows.append({"metric": metric, "value": float(values[at]), "hour": whole(hour[at])})
    if len(kw) and highest.max() > 0:
        rows.append({"metric": "load_factor", "value": total(kw) / float(time.sum()) / float(highest.max())})
    return rows


def _reverse_h(case: Solved) -> Real:
    """Time with power into the source, by hour [h]."""
    back = case.hourly["source_kw"] < -REVERSE_KW
    told = case.hourly.get("reverse_h")
    return back.astype(np.float64) if told is None else np.where(np.isnan(told), back, told)


def _reverse_kwh(case: Solved) -> Real:
    """Energy into the source, by hour [kWh]."""
    kw = case.hourly["source_kw"]
    plain = np.where(kw < -REVERSE_KW, -kw, 0.0)
    told = case.hourly.get("reverse_kwh")
    return plain if told is None else np.where(np.isnan(told), plain, told)


def injected_kwh(case: Solved) -> float:
    """Energy that enters the feeder [kWh]: from the source in the steps in which it delivers, and from plants in it.

    Of plants, and of loads whose meters count plants behind them, the sum of an hour counts where it gives power.
    """
    kw = case.hourly["source_kw"] * case.solved_h
    told = case.hourly.get("reverse_kwh")
    plain = np.maximum(kw, 0.0)
    delivered = plain if told is None else np.where(np.isnan(told), plain, kw + told)
    plants = np.maximum(case.hourly["generation_kw"], 0.0) + np.maximum(-case.hourly["load_kw"], 0.0)
    return total(delivered + plants * case.solved_h)


def total(values: Any) -> float:
    """The sum, added in the order of size so that the order of rows decides nothing."""
    return float(np.sort(values).sum())
