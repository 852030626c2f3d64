"""The sum of the loads of each feeder corrected to what SCADA measured at its head, and the meters judged by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand, Drive
from dtl.demand.head_check import head_check
from dtl.demand.measured import hourly

Reals = NDArray[np.float64]

USUAL = (0.5, 2.0)
"""Factors outside of these say that meters, model or SCADA are of something else."""


@dataclass
class Scaled:
    """The corrected demand, the factor of each feeder, its head check, and what is worth a warning."""

    demand: Demand
    factors: dict[str, float] = field(default_factory=dict)
    checks: dict[str, dict[str, float]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def heads(scada: pa.Table, source: str | None, calendar: Calendar, timezone: str) -> dict[str, Reals]:
    """Hourly kW of the head of each feeder, nan where it is not measured, shape (8760,).

    Of several devices of a feeder the head is the one with the largest mean power. `source` is that of the values; None
    takes them from all.
    """
    rows = scada.filter(pc.equal(scada["quantity"].cast(tables.TEXT), "kw"))
    rows = rows.filter(pc.equal(rows["phases"].cast(tables.TEXT), ""))
    if source is not None:
        rows = rows.filter(pc.equal(rows["source"].cast(tables.TEXT), source))
    found: dict[str, Reals] = {}
    pairs = rows.group_by(["feeder", "device"]).aggregate([]).to_pylist() if rows.num_rows else []
    for pair in sorted(pairs, key=lambda p: (p["feeder"], p["device"])):
        feeder, device = pair["feeder"], pair["device"]
        own = pc.and_(pc.equal(rows["feeder"].cast(tables.TEXT), feeder), pc.equal(rows["device"], device))
        values = hourly(rows.filter(own), calendar.year, timezone)
        if np.isfinite(values).any() and (feeder not in found or np.nanmean(values) > np.nanmean(found[feeder])):
            found[feeder] = values
    return found


def scaled(
    demand: Demand, by: str | None, measured: Mapping[str, Reals], loss_share: float, metered: Mapping[str, Reals]
) -> Scaled:
    """Correct the loads of each feeder to its head.

    Parameters
    ----------
    by
        ``energy``, ``peak`` or ``hourly``; None corrects nothing and only checks.
    measured
        As `heads` gives it.
    loss_share
        What is lost between the loads and the head, as a share of the head.
    metered
        By feeder the sum of its meters, nan where it is not complete [kW], shape (8760,).
    """
    found = Scaled(demand)
    drives = dict(demand.drives)
    profiles = dict(demand.profiles)
    for feeder in sorted({d.feeder for d in drives.values()}):
        head = measured.get(feeder)
        own = {n: d for n, d in drives.items() if d.feeder == feeder}
        if head is None:
            if by is not None:
                found.warnings.append(f"{feeder}: SCADA has no power of its head; its loads are not corrected")
            continue
        if feeder in metered:
            check = head_check(metered[feeder], head, loss_share)
            found.checks[feeder] = {k: round(float(v), 6) for k, v in vars(check).items() if np.isfinite(v)}
            verdict, why = check.verdict()
            if verdict == "warning":
                found.warnings.append(f"{feeder}: {why}")
        if by is None:
            continue
        wanted = head * (1.0 - loss_share)
        factor = _factor(demand, own, wanted, by)
        if factor is None:
            found.warnings.append(f"{feeder}: SCADA and loads have no hour in common; its loads are not corrected")
            continue
        found.factors[feeder] = round(float(np.mean(factor)), 6)
        if not USUAL[0] <= found.factors[feeder] <= USUAL[1]:
            found.warnings.append(
                f"{feeder}: its loads are multiplied by {found.factors[feeder]:.3g} to meet the head: "
                "are meters, model and measurement of the same feeder?"
            )
        _apply(own, factor, drives, profiles)
    return replace(found, demand=Demand(drives, profiles, demand.plants))


def _factor(demand: Demand, own: Mapping[str, Drive], wanted: Reals, by: str) -> float | Reals | None:
    total = np.sum([demand.kw(name) for name in own], axis=0).reshape(len(wanted), -1).mean(axis=1)
    common = np.isfinite(wanted) & (total > 0)
    if not common.any():
        return None
    energy = float(wanted[common].sum() / total[common].sum())
    if by == "energy":
        return energy
    if by == "peak":
        return float(wanted[common].max() / total[common].max())
    return np.where(common, wanted / np.where(total > 0, total, 1.0), energy)


def _apply(
    own: Mapping[str, Drive], factor: float | Reals, drives: dict[str, Drive], profiles: dict[str, NDArray[np.float32]]
) -> None:
    """Multiply loads by a number, or hour by hour, which gives them profiles of their own; steps keep their parts."""
    for name, drive in own.items():
        if isinstance(factor, float):
            drives[name] = replace(drive, kw=drive.kw * factor, kvar=drive.kvar * factor)
            continue
        for word, profile in (("kw", drive.kw_profile), ("kvar", drive.kvar_profile)):
            profiles[f"{name}:{word}"] = (
                profiles[profile] * np.repeat(factor, len(profiles[profile]) // len(factor))
            ).astype(np.float32)
        drives[name] = replace(drive, kw_profile=f"{name}:kw", kvar_profile=f"{name}:kvar")


def context(words: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The source and the way of the correction that `words`, the study's section ``demand``, ask for."""
    asked = words.get("scale_to") or {}
    return asked.get("source"), asked.get("by")
