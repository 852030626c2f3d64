"""The limits of a study as arrays over elements and judged voltages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import Calendar
from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder

Real = NDArray[np.float64]

_PRIMARY_KV = 1.0


@dataclass(frozen=True)
class Ratings:
    """Ratings and thermal limits of series elements; a missing rating is infinite.

    Attributes
    ----------
    seasons
        Rating in each season, shape (2, elements): otherwise, summer [A, kVA for transformers].
    amps_per_unit
        Current at the first terminal that belongs to one unit of the rating [A].
    emergency
        Emergency rating, in the unit of the rating.
    over_pct, window_steps
        Limit [% of the rating] and length of the moving window [steps].
    is_kva
        Whether the rating is in kVA.
    """

    seasons: Real
    amps_per_unit: Real
    emergency: Real
    over_pct: Real
    window_steps: NDArray[np.int64]
    is_kva: NDArray[np.bool_]


def ratings(feeder: Feeder, elements: Sequence[tuple[str, str]], limits: Mapping[str, Any], step_h: float) -> Ratings:
    """The ratings of series elements; a season without a rating of its own takes the one for normal operation."""
    parts = {
        **{("line", p.name): p for p in feeder.lines},
        **{("switch", p.name): p for p in feeder.switches},
        **{("transformer", p.name): p for p in feeder.transformers},
    }
    lines, transformers = limits["lines"], limits["transformers"]
    seasons = np.full((2, len(elements)), np.inf)
    emergency = np.full(len(elements), np.inf)
    amps = np.ones(len(elements))
    kva = np.array([kind == "transformer" for kind, _ in elements], dtype=np.bool_)
    for i, key in enumerate(elements):
        part: Any = parts[key]
        if key[0] == "transformer":
            rated = part.normal_kva if part.normal_kva is not None else part.windings[0].kva
            seasons[:, i] = rated or np.inf
            share = transformers.get("emergency_pct")
            above = part.emergency_kva if share is None else rated * share / 100.0
            emergency[i] = above or np.inf
            amps[i] = _amps_per_kva(part)
        else:
            code: Any = feeder.line_code.get(getattr(part, "line_code", ""))
            for row, word in enumerate((lines["otherwise"], lines["summer"])):
                seasons[row, i] = _rating(part, code, word) or _rating(part, code, "normal") or np.inf
            emergency[i] = _rating(part, code, lines["emergency"]) or np.inf
    return Ratings(
        seasons=seasons,
        amps_per_unit=amps,
        emergency=emergency,
        over_pct=np.where(kva, transformers["over_pct"], lines["over_pct"]).astype(np.float64),
        window_steps=np.maximum(
            1, np.round(np.where(kva, transformers["window_h"], lines["window_h"]) / step_h)
        ).astype(np.int64),
        is_kva=kva,
    )


def _rating(part: Any, code: Any, word: str) -> float | None:
    for owner in (part, code):
        value: float | None = getattr(owner, f"{word}_a", None)
        if value is not None:
            return value
    return None


def _amps_per_kva(part: Any) -> float:
    first = part.windings[0]
    phase_kv = first.kv / 3**0.5 if part.phases > 1 else first.kv
    return float(1.0 / (part.phases * phase_kv))


@dataclass(frozen=True)
class Band:
    """The voltage limits in force at a bus [pu], with the drop behind it added where service counts."""

    low_pu: float
    high_pu: float


def band(bus: Bus, limits: Mapping[str, Any], secondary: Mapping[str, Any] | str) -> Band:
    """The first limit whose range of nominal voltage holds the bus.

    With ``secondary: {drop_pct}``, a service limit at a primary bus (above 1 kV) is raised by that drop at its lower
    end: the service behind it lies lower than the bus. The upper end stays, since the drop vanishes at no load.

    Raises
    ------
    SolveError
        No limit of the study holds the nominal voltage of the bus.
    """
    for entry in limits["voltage"]:
        low_kv, high_kv = entry["kv"]
        if low_kv - 1e-6 <= bus.kv_ll <= high_kv + 1e-6 and _phases_match(bus, entry.get("phases")):
            drop = 0.0
            if not isinstance(secondary, str) and entry.get("at") == "service" and bus.kv_ll > _PRIMARY_KV:
                drop = float(secondary.get("drop_pct", 0.0)) / 100.0
            low = float(entry.get("low_pu") or 0.0)
            return Band(low + drop if low else 0.0, float(entry.get("high_pu") or np.inf))
    remedy = f"{{where: {{kv: [{0.9 * bus.kv_ll:.3g}, {1.1 * bus.kv_ll:.3g}]}}, low_pu: 0.9, high_pu: 1.1}}"
    raise SolveError(
        f"bus {bus.name}: no voltage limit of the study holds its {bus.kv_ll:.4g} kV (line to line); "
        f"add what holds there to limits.voltage, as {remedy}"
    )


def _phases_match(bus: Bus, phases: Any) -> bool:
    if phases is None:
        return True
    count = sum(1 for n in bus.nodes if 1 <= n <= 3)
    return count in (phases if isinstance(phases, list | tuple) else [phases])


def summer(calendar: Calendar, steps: NDArray[np.int64], limits: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Whether the summer ratings are in force in each step."""
    months = np.asarray(limits["lines"].get("summer_months", ()), dtype=np.int64)
    return np.isin(calendar.month[calendar.hours_of(steps)], months)
