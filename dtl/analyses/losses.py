"""Losses by class of element, and their share of the energy that the source delivers."""

from __future__ import annotations

from dtl.analyses.head import delivered_kwh, total
from dtl.analyses.solved import Row, Solved, whole, worst


def losses(case: Solved) -> list[Row]:
    """The rows of losses of a case; an hour stands for its mean power for as long as it was solved."""
    hourly, time = case.hourly, case.solved_h
    delivered, loss = delivered_kwh(case), total(hourly["loss_kw"] * time)
    highest = case.within("highest_loss_kw", "loss_kw")
    at = worst(highest, hourly["hour"])
    rows: list[Row] = [
        {"metric": "loss_kwh", "value": loss},
        {"metric": "loss_pct", "value": 100 * loss / delivered if delivered else None},
    ]
    parts = ("line", "transformer", "no_load", "other")
    rows += [{"metric": f"loss_{part}_kwh", "value": total(hourly[f"loss_{part}_kw"] * time)} for part in parts]
    if at is not None:
        peak = float(highest[at])
        rows.append({"metric": "peak_loss_kw", "value": peak, "hour": whole(hourly["hour"][at])})
    return rows
