"""The voltage at the heads of a group as it was measured, and the tap changers that hold it in the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.measured import head_of, hourly, powers, series
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.plural import many

Reals = NDArray[np.float64]

PLAUSIBLE_PU = (0.8, 1.2)
"""Means outside of this are of another nominal voltage."""
_ROOT = 3**0.5


@dataclass(frozen=True)
class Heads:
    """By source of the model the voltage of every hour [pu], shape (8760,), and what had to be assumed."""

    pu: Mapping[str, Reals]
    warnings: tuple[str, ...]


def measured_heads(feeder: Feeder, scada: pa.Table, source: str, calendar: Calendar, timezone: str) -> Heads:
    """The voltages that `source` of SCADA measured at the sources of `feeder`.

    Of several devices of a feeder the head is `dtl.demand.measured.head_of` those that measure power, else the one with
    the highest mean voltage; its phases are averaged. Hours without a good value take the mean of those with
    the same hour of the day, or of all where that hour was never measured.

    Raises
    ------
    SolveError
        There is no voltage of a head, or its mean is not near the nominal voltage of the model's source.
    """
    rows = scada.filter(pc.equal(scada["source"].cast(tables.TEXT), source))
    found: dict[str, Reals] = {}
    warnings: list[str] = []
    for part in feeder.sources:
        owner = part.feeder or feeder.bus[part.bus].feeder or feeder.feeders[0]
        own = rows.filter(pc.equal(rows["feeder"].cast(tables.TEXT), owner))
        kv = _head(own, calendar.year, timezone)
        if kv is None:
            raise SolveError(f"head_voltage: SCADA source {source} has no good voltage (kv or kv_ln) of {owner}")
        pu = kv / part.kv_ll
        mean = float(np.nanmean(pu))
        if not PLAUSIBLE_PU[0] <= mean <= PLAUSIBLE_PU[1]:
            raise SolveError(
                f"head_voltage: SCADA source {source} measured {mean * part.kv_ll:.4g} kV on average for {owner}, and "
                f"the source of its model is at {part.kv_ll:.4g} kV; is the device on the other side of the bank?"
            )
        lacking = np.isnan(pu)
        if lacking.any():
            warnings.append(
                f"{owner}: {many(int(lacking.sum()), 'hours without a measured head voltage take the mean')} of their "
                f"hour of the day ({mean:.4f} pu over all)"
            )
        found[part.name] = _filled(pu)
    return Heads(found, tuple(warnings))


def _head(rows: pa.Table, year: int, timezone: str) -> Reals | None:
    """Line-to-line voltage of the head [kV], shape (8760,), nan where it was not measured; None without any."""
    by_device: dict[str, list[Reals]] = {}
    volts = rows.filter(pc.is_in(rows["quantity"].cast(tables.TEXT), pa.array(["kv", "kv_ln"])))
    for device, quantity, _, own in series(volts):
        values = hourly(own, year, timezone)
        if np.isfinite(values).any():
            by_device.setdefault(device, []).append(values * (_ROOT if quantity == "kv_ln" else 1.0))
    if not by_device:
        return None
    means = {device: _mean(found) for device, found in by_device.items()}
    kw = powers(rows, "kw", lambda own: hourly(own, year, timezone))
    at_head = head_of({d: kw[d] for d in means if d in kw})
    return means[max(sorted(means), key=lambda d: float(np.nanmean(means[d]))) if at_head is None else at_head]


def _mean(phases: list[Reals]) -> Reals:
    """The mean of those phases that are measured in an hour."""
    stack = np.stack(phases)
    count = np.isfinite(stack).sum(axis=0)
    return np.where(count > 0, np.nansum(stack, axis=0) / np.maximum(count, 1), np.nan)


def _filled(pu: Reals) -> Reals:
    """Without gaps: the mean of the same hour of the day, or of all."""
    days = pu.reshape(HOURS // 24, 24)
    whole = float(np.nanmean(pu))
    count = np.isfinite(days).sum(axis=0)
    usual = np.where(count > 0, np.nansum(days, axis=0) / np.maximum(count, 1), whole)
    return np.where(np.isnan(pu), np.tile(usual, HOURS // 24), pu)


def require_ltc(feeder: Feeder) -> None:
    """SolveError unless every source of the model feeds its loads through a transformer whose taps are regulated."""
    held = {r.transformer for r in feeder.regulators if r.enabled}
    near: dict[str, set[str]] = {}
    wires = [(p.from_bus, p.to_bus) for p in feeder.lines if p.enabled]
    for a, b in wires + [(p.from_bus, p.to_bus) for p in feeder.switches if p.enabled and p.is_closed]:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    loads = {p.bus for p in feeder.loads if p.enabled}
    for source in feeder.sources:
        section, front = {source.bus}, [source.bus]
        while front:
            new = near.get(front.pop(), set()) - section
            section |= new
            front += new
        below = [t for t in feeder.transformers if t.enabled and t.windings[0].bus in section]
        if section & loads or not below or not all(t.name in held for t in below):
            owner = source.feeder or feeder.bus[source.bus].feeder or feeder.feeders[0]
            raise SolveError(
                f"head_voltage: ltc: the model of {owner} has no load tap changer between its source and its loads; "
                "state pu or from, or model the bank of the substation with its regulator"
            )
