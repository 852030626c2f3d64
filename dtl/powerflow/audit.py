"""The audit of an accelerated feeder: some of its hours, and its extreme ones, are solved again by OpenDSS.

The reference solves to the first of ``TOLERANCES`` that it reaches, with the same circuit and load limits and
with controls held. What is compared are the judged voltages, and the powers of sources and loads, that went into the
reduction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand
from dtl.errors import NotConverged
from dtl.network.feeder import Feeder
from dtl.powerflow import engine
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.consensus import second_opinion
from dtl.powerflow.loading import STILL_KW, Peak
from dtl.powerflow.opendss import Year, named
from dtl.powerflow.reduce import Reduction

Ints = NDArray[np.int64]

TOLERANCES = (1e-9, 1e-8)
"""Tolerances of the reference [pu]; the second holds where the first is below what rounding lets OpenDSS reach."""
LIMIT_PU = 1e-5
"""Largest difference of a voltage that passes [pu]."""
LIMIT_REL = 1e-4
"""Largest difference of the powers of sources and loads, active and reactive, that passes; part of the largest."""
SAMPLED = 32
"""Hours spread evenly over those that were solved, besides the extreme ones."""


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes
    ----------
    hours
        Steps that were solved again, ascending; steps are hours unless the study says otherwise.
    max_dv_pu
        Largest difference of a judged voltage [pu]; NaN when the reference found no solution.
    at, hour
        Bus and phase, and step, of that difference.
    source_rel
        Largest difference of the power of all sources, or of all loads, part of the largest power.
    tolerance
        Tolerance that the reference reached [pu].
    radial_dv_pu
        Largest difference from the radial sweep in the same hours [pu], where the feeder is a balanced tree.
    step_min
        Length of a step [min].
    """

    hours: tuple[int, ...]
    max_dv_pu: float
    at: str
    hour: int
    source_rel: float
    tolerance: float
    radial_dv_pu: float | None = None
    step_min: int = 60

    @property
    def passed(self) -> bool:
        """Whether the accelerated answer stands."""
        second = self.radial_dv_pu is None or self.radial_dv_pu <= LIMIT_PU
        return self.max_dv_pu <= LIMIT_PU and second and self.source_rel <= LIMIT_REL

    def manifest(self, per_hour: int = 1) -> dict[str, Any]:
        """The audit as the manifest holds it, by hours of so many steps each."""
        return {
            "status": "ok" if self.passed else "failed",
            "against": f"OpenDSS at tolerance {self.tolerance:g}",
            "limit_pu": LIMIT_PU,
            "hours": sorted({step // per_hour for step in self.hours}),
            "steps": len(self.hours),
            "max_dv_pu": float(f"{self.max_dv_pu:.2g}") if np.isfinite(self.max_dv_pu) else None,
            "at": self.at,
            "hour": self.hour // per_hour,
            "radial_dv_pu": None if self.radial_dv_pu is None else float(f"{self.radial_dv_pu:.2g}"),
            "source_rel": float(f"{self.source_rel:.2g}") if np.isfinite(self.source_rel) else None,
        }

    def __str__(self) -> str:
        if not np.isfinite(self.max_dv_pu):
            return f"OpenDSS at tolerance {self.tolerance:g} finds no solution in the audited hours"
        return (
            f"{len(self.hours)} {'hours' if self.step_min == 60 else 'steps'} solved again by OpenDSS at "
            f"{self.tolerance:g} differ by at most {self.max_dv_pu:.0e} pu ({self.at}, "
            f"{named(self.hour, self.step_min)})"
            + ("" if self.radial_dv_pu is None else f", the radial sweep by {self.radial_dv_pu:.0e} pu")
            + ("" if self.source_rel <= LIMIT_REL else f", powers by {100.0 * self.source_rel:.1g} %")
        )


def audit(feeder: Feeder, demand: Demand, year: BatchYear, reduction: Reduction) -> Audit:
    """Audit a year that was solved and reduced; the engine then holds the circuit of the reference."""
    hours = chosen(reduction)
    compiled = year.circuit if demand.operated is None and year.held == engine.held() else None
    year.held = 0
    for tolerance in TOLERANCES:
        try:
            theirs = Year(feeder, demand, controls_active=False, tolerance=tolerance, held=compiled)
            found = _compared(theirs, year, reduction, hours)
            return replace(
                found, radial_dv_pu=second_opinion(year.feeder, year, hours), step_min=reduction.calendar.step_min
            )
        except NotConverged:
            compiled = None
    return Audit(tuple(hours.tolist()), np.nan, "", int(hours[0]), np.nan, TOLERANCES[-1])


def _compared(theirs: Year, year: BatchYear, reduction: Reduction, hours: Ints) -> Audit:
    order = [theirs.circuit.node.get(name, 0) for name in year.circuit.nodes]
    ours = np.stack([_source_kva(reduction), _load_kva(reduction)])
    scale = max(float(np.abs(ours).max()), STILL_KW)
    solved = {int(h): i for i, h in enumerate(_hours(reduction))}
    worst, at, hour, source = -1.0, 0, 0, 0.0
    for block in theirs.blocks(hours.tolist()):
        pu = reduction.voltages.per_unit(year.voltages(block.hours))[0]
        gap = np.abs(pu - reduction.voltages.per_unit(block.voltages[order])[0])
        row, column = np.unravel_index(int(gap.argmax()), gap.shape)
        if not gap[row, column] <= worst:
            worst, at, hour = float(gap[row, column]), int(row), int(block.hours[column])
        again = np.stack([reduction.source_power(block).sum(axis=0), block.load_kva.sum(axis=0)])
        mine = ours[:, [solved[int(h)] for h in block.hours]]
        source = max(source, float(np.abs(again - mine).max()) / scale)
    return Audit(tuple(hours.tolist()), worst, _name(reduction, at), hour, source, theirs.tolerance)


def chosen(reduction: Reduction) -> Ints:
    """The hours to audit: spread evenly, and those with extreme voltages, loadings, powers and balance."""
    solved = _hours(reduction)
    spread = solved[np.unique(np.linspace(0, len(solved) - 1, SAMPLED).astype(np.int64))]
    total = _source_kva(reduction)
    extreme = [
        reduction.voltages.worst_hour,
        reduction.balance_hour,
        _peak(reduction.voltages.lowest),
        _peak(reduction.voltages.highest),
        _peak(reduction.loading.peak),
        int(solved[np.abs(total).argmax()]),
        int(solved[total.real.argmin()]),
    ]
    known = np.intersect1d(np.array(extreme, np.int64), solved)
    return np.union1d(spread, known)


def _peak(peak: Peak) -> int:
    return int(peak.hour[peak.value.argmax()]) if len(peak.value) else 0


def _hours(reduction: Reduction) -> Ints:
    return np.concatenate([rows[0] for rows in reduction.hourly["hour"]])


def _source_kva(reduction: Reduction) -> NDArray[np.complex128]:
    return np.asarray(np.concatenate(reduction.source_kva, axis=1).sum(axis=0))


def _load_kva(reduction: Reduction) -> NDArray[np.complex128]:
    kw, kvar = (np.concatenate(reduction.hourly[f"load_{unit}"], axis=1).sum(axis=0) for unit in ("kw", "kvar"))
    return np.asarray(kw + 1j * kvar)


def _name(reduction: Reduction, row: int) -> str:
    voltages = reduction.voltages
    return f"{voltages.buses[voltages.bus_of_row[row]].name}.{voltages.phases[row]}"
