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
from dtl.demand.measured import LEAST_H, head_of, hourly, powers

Reals = NDArray[np.float64]

USUAL = (0.5, 2.0)
"""Factors outside of these say that meters, model or SCADA are of something else."""
POSSIBLE = (0.02, 50.0)
"""And outside of these nothing is corrected: a unit is wrong."""
DEAD = 0.002
"""A head below this share of its highest hours (all but 1 %) measures nothing."""
NEARLY_ALL = 0.9
"""Share of the year below which it is said of which months the factor is."""


@dataclass
class Scaled:
    """The corrected demand, the factor of each feeder, its head check, and what is worth a warning."""

    demand: Demand
    factors: dict[str, float] = field(default_factory=dict)
    checks: dict[str, dict[str, float]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def heads(scada: pa.Table, source: str | None, calendar: Calendar, timezone: str) -> dict[str, Reals]:
    """Hourly kW of the head of each feeder, nan where it is not measured, shape (8760,).

    The head is `dtl.demand.measured.head_of` the devices of a feeder; phases are summed where it gives no total.
    `source` is that of the values; None takes them from all.
    """
    rows = scada.filter(pc.equal(scada["quantity"].cast(tables.TEXT), "kw"))
    if source is not None:
        rows = rows.filter(pc.equal(rows["source"].cast(tables.TEXT), source))
    found: dict[str, Reals] = {}
    feeders = rows["feeder"].cast(tables.TEXT)
    for feeder in sorted(pc.unique(feeders).to_pylist()):
        by_device = powers(rows.filter(pc.equal(feeders, feeder)), "kw", lambda r: hourly(r, calendar.year, timezone))
        if (device := head_of(by_device)) is not None:
            found[feeder] = by_device[device]
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
        total = np.sum([demand.kw(name) for name in own], axis=0).reshape(len(head), -1).mean(axis=1)
        head, dead = _alive(head, total)
        if dead:
            found.warnings.append(
                f"{feeder}: {dead} hours in which its head measures nothing while its loads draw are not compared: was "
                "the telemetry dead, or the feeder fed from elsewhere?"
            )
        if feeder in metered:
            check = head_check(metered[feeder], head, loss_share)
            found.checks[feeder] = {k: round(float(v), 6) for k, v in vars(check).items() if np.isfinite(v)}
            verdict, why = check.verdict()
            if verdict == "warning":
                found.warnings.append(f"{feeder}: {why}")
        if by is None:
            continue
        factor, why = _factor(total, head * (1.0 - loss_share), by)
        if why:
            found.warnings.append(f"{feeder}: {why}")
        if factor is not None:
            found.factors[feeder] = round(float(np.mean(factor)), 6)
            _apply(own, factor, drives, profiles)
    return replace(found, demand=Demand(drives, profiles, demand.plants))


def _alive(head: Reals, total: Reals) -> tuple[Reals, int]:
    """The head without the hours in which it measures nothing while loads draw, and the number of these."""
    if not np.isfinite(head).any():
        return head, 0
    dead = (np.abs(head) <= DEAD * np.nanquantile(np.abs(head), 0.99)) & (total > 0)
    return np.where(dead, np.nan, head), int(dead.sum())


def _factor(total: Reals, wanted: Reals, by: str) -> tuple[float | Reals | None, str]:
    """By what the loads are multiplied to meet the head, None where it tells nothing; and what is worth a warning."""
    common = np.isfinite(wanted) & (total > 0)
    hours = int(common.sum())
    if hours < LEAST_H:
        return None, (
            f"SCADA measures its head in {hours} hours in which its loads draw, {LEAST_H} are needed; its loads are "
            "not corrected: complete the source, or leave out scale_to"
        )
    energy = float(wanted[common].sum() / total[common].sum())
    factor = float(wanted[common].max() / total[common].max()) if by == "peak" else energy
    if not POSSIBLE[0] <= factor <= POSSIBLE[1]:
        return None, (
            f"its loads would have to be multiplied by {factor:.3g} to meet the head and are not corrected: "
            "check the unit and the sign of its tag, and whether it is of this feeder"
        )
    said = []
    if not USUAL[0] <= factor <= USUAL[1]:
        said.append(
            f"its loads are multiplied by {factor:.3g} to meet the head: "
            "are meters, model and measurement of the same feeder?"
        )
    if hours < NEARLY_ALL * len(total):
        said.append(
            f"its head is compared in {hours:,} of {len(total):,} hours, {_months(common)}; "
            "the other hours are corrected by the factor of these"
        )
    if by == "hourly":
        return np.where(common, wanted / np.where(total > 0, total, 1.0), energy), "; ".join(said)
    return factor, "; ".join(said)


def _months(there: NDArray[np.bool_]) -> str:
    """Which months are not there for the most part, by number."""
    share = np.bincount(Calendar().month, there)[1:] / np.bincount(Calendar().month)[1:]
    missing = ", ".join(str(m) for m in range(1, 13) if share[m - 1] < 0.5)
    return f"mostly without months {missing}" if missing else "in parts of every month"


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
