"""Losses by class of element, and their share of the energy that enters the feeder.

The share is that of the regulators' reports (CEER, 2nd report on power losses, 2020): losses as a percentage of the
energy injected into the grid, from above and from plants in it. Of the source's energy alone a feeder that mostly sends
power back would lose several hundred per cent.
"""

from __future__ import annotations

from dtl.analyses.head import injected_kwh, total
from dtl.analyses.solved import Row, Solved, whole, worst


def losses(case: Solved) -> list[Row]:
    """The rows of losses of a case; an hour stands for its mean power for as long as it was solved."""
    hourly, time = case.hourly, case.solved_h
    injected, loss = injected_kwh(case), total(hourly["loss_kw"] * time)
    highest = case.within("highest_loss_kw", "loss_kw")
    at = worst(highest, hourly["hour"])
    rows: list[Row] = [
        {"metric": "loss_kwh", "value": loss},
        {"metric": "loss_pct", "value": 100 * loss / injected if injected else None},
    ]
    parts = ("line", "transformer", "no_load", "other")
    rows += [{"metric": f"loss_{part}_kwh", "value": total(hourly[f"loss_{part}_kw"] * time)} for part in parts]
    if at is not None:
        peak = float(highest[at])
        rows.append({"metric": "peak_loss_kw", "value": peak, "hour": whole(hourly["hour"][at])})
    return rows
