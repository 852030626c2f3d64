"""Layer ``growth``: every load grows by the same share each year, compounding from the measured year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.scenarios.compose import Context


def factor(per_year: float, context: Context) -> float:
    """What the load of the measured year is multiplied by."""
    return float((1.0 + per_year) ** (context.year - context.measured_year))


def apply(layer: Mapping[str, Any], feeder: Feeder, demand: Demand, context: Context) -> Demand:
    """The demand with all active and reactive powers scaled; ``layer["per_year"]`` is a share, 0.02 for 2 %."""
    by = factor(float(layer["per_year"]), context)
    drives = {name: replace(d, kw=d.kw * by, kvar=d.kvar * by) for name, d in demand.drives.items()}
    return Demand(drives, demand.profiles)
