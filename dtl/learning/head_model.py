"""The head of a feeder over scaled loads, from solved hours, without solving again; and what is measured at it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.measured import head_of, hourly, powers
from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]
FAR = 0.1
"""Mean difference between the loads of a case and of the measured year, as a share, beyond which it is another load."""


@dataclass(frozen=True)
class Head:
    """Loads [kW, kvar], losses and generation [kW], and reactive power of all but the loads [kvar]; each (8760,)."""

    kw: Array
    kvar: Array
    loss_kw: Array
    generation_kw: Array
    other_kvar: Array

    @property
    def power_factor(self) -> float:
        """Power factor of all loads over the year."""
        return float(np.cos(np.arctan2(self.kvar.sum(), self.kw.sum())))

    def power(self, scale: float, power_factor: float) -> tuple[Array, Array]:
        """Power into the feeder [kW, kvar]: loads times `scale` at `power_factor`, losses with its square."""
        own = np.tan(np.arccos(self.power_factor))
        turn = np.tan(np.arccos(power_factor)) / own if own > 1e-9 else 1.0
        kw = scale * self.kw + scale**2 * self.loss_kw - self.generation_kw
        return kw, scale * turn * self.kvar + self.other_kvar


def head(given: Mapping[str, pa.Table]) -> Head | NotEnough:
    """The head from ``demand``, ``profiles`` and the case of ``hourly`` that carries nothing but that demand."""
    profiles = {r["profile"]: r["values"] for r in given["profiles"].to_pylist()}
    kw, kvar = np.zeros(HOURS), np.zeros(HOURS)
    for row in given["demand"].to_pylist():
        kw += row["kw"] * _by_hour(profiles[row["kw_profile"]])
        kvar += row["kvar"] * _by_hour(profiles[row["kvar_profile"]])
    if kw.mean() <= 0:
        return NotEnough("the feeder has no load")
    best: tuple[float, pd.DataFrame] | None = None
    names = ["case", "hour", "source_kvar", "load_kw", "load_kvar", "generation_kw", "loss_kw"]
    for _, own in given["hourly"].select(names).to_pandas().groupby("case", observed=True):
        if len(own) == HOURS:
            apart = float(np.abs(own["load_kw"].to_numpy() - kw[own["hour"]]).mean() / kw.mean())
            best = min((best, (apart, own)), key=lambda b: b[0]) if best else (apart, own)
    if best is None or best[0] > FAR:
        return NotEnough("no solved case has all hours of the year with the measured load alone")
    solved = best[1].set_index("hour").sort_index()
    column = {name: solved[name].to_numpy(float) for name in names[2:]}
    return Head(kw, kvar, column["loss_kw"], column["generation_kw"], column["source_kvar"] - column["load_kvar"])


def _by_hour(values: list[float]) -> Array:
    return np.asarray(np.asarray(values, np.float64).reshape(HOURS, -1).mean(1), np.float64)


def measured(scada: pa.Table, sources: Collection[str], year: int, timezone: str) -> dict[str, Array]:
    """``kw`` and ``kvar`` at the head by hour of the study year, nan where not measured; empty without any kW."""
    rows = scada.filter(pc.is_in(scada["source"].cast(tables.TEXT), pa.array(sorted(sources), tables.TEXT)))

    def of_year(own: pa.Table) -> Array:
        return hourly(own, year, timezone)

    kw = powers(rows, "kw", of_year)
    device = head_of(kw)
    if device is None:
        return {}
    kvar = powers(rows, "kvar", of_year)
    return {"kw": kw[device]} | ({"kvar": kvar[device]} if device in kvar else {})


def hour_of_year(start: pd.Series, year: int, timezone: str) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which moments in UTC lie in the study year in local standard time, and the hour of each of those."""
    calendar = Calendar(year)
    offset = calendar.start(0) - calendar.civil(0, timezone).astimezone(UTC).replace(tzinfo=None)
    local = start.dt.tz_localize(None) + offset
    in_year = np.asarray((local.dt.year == year) & ~((local.dt.month == 2) & (local.dt.day == 29)), np.bool_)
    local = local[in_year]
    day = local.dt.day_of_year - 1 - (calendar.is_leap & (local.dt.day_of_year > 60)).astype(int)
    return in_year, np.asarray(24 * day + local.dt.hour, np.int64)
