"""What a measure costs, from the unit costs of the study; a measure without a price is not chosen by money."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dtl.analyses.mitigation.measure import Measure
from dtl.network.conductors import CONDUCTORS

OPTIONS = (
    "reconductor", "transformer", "capacitor", "regulator", "tap", "phase_balance", "transfer", "volt_var", "battery",
    "managed_charging", "curtailment",
)  # fmt: skip
"""The options of the study language."""

_PLACEMENTS = {"overhead": "overhead", "oh": "overhead", "underground": "underground", "ug": "underground",
               "cable": "underground"}  # fmt: skip
_UNITS = {"kva": 1.0, "mva": 1000.0, "kvar": 1.0, "mvar": 1000.0, "kw": 1.0, "kwh": 1.0, "mwh": 1000.0}


@dataclass(frozen=True)
class Price:
    """What a measure costs: to build, over its life [years], and each year [% of the cost]; and why, in words."""

    cost: float
    life_years: float | None
    om_pct: float
    text: str


@dataclass(frozen=True)
class Row:
    """A row of the unit costs as it is read: the option, and what it says of size, phases, placement and conductor."""

    option: str
    unit: str
    cost: float
    life_years: float | None
    om_pct: float
    size: float | None
    phases: int | None
    placement: str
    conductor: str
    said: str


class Prices:
    """The unit costs of a study; `unknown` are its rows that name no option of mitigation."""

    def __init__(self, costs: Iterable[Mapping[str, Any]], source: str) -> None:
        self._rows: list[Row] = []
        self.unknown: list[str] = []
        for cost in costs:
            if cost["source"] != source:
                continue
            row = _row(cost)
            if row is None:
                self.unknown.append(str(cost["option"]))
            else:
                self._rows.append(row)

    @cached_property
    def stock(self) -> dict[int, list[float]]:
        """Ratings of transformers that have a price, by number of phases [kVA]."""
        found: dict[int, list[float]] = {}
        for row in self._rows:
            if row.option == "transformer" and row.size is not None:
                for phases in (row.phases,) if row.phases else (1, 3):
                    found.setdefault(phases, []).append(row.size)
        return found

    def of(self, measure: Measure) -> Price | str:
        """The price of a measure, or why it has none."""
        mine = [r for r in self._rows if r.option == measure.option]
        if not mine:
            return f"the costs have no row for {measure.option}"
        fit = [r for r in mine if _fits(r, measure)]
        exact = [r for r in fit if r.size is not None and abs(r.size - _size(measure)) <= 1e-6 * r.size]
        larger = sorted((r for r in fit if r.size is not None and r.size >= _size(measure)), key=lambda r: r.size or 0)
        named = [r for r in fit if r.conductor]
        row = next(iter([*exact, *named, *larger, *(r for r in fit if r.size is None)]), None)
        if row is None:
            return f"no row of the costs for {measure.option} fits {measure.size or measure.place}"
        quantity = _quantity(row, measure)
        if quantity is None:
            return f"{row.said} is per {row.unit}, of which {measure.option} has no number"
        text = f"{row.said}: {quantity:.6g} x {row.cost:,.10g} per {row.unit}"
        if row.size is not None and row not in exact:
            text += f", the price of the next size ({row.size:g})"
        return Price(quantity * row.cost, row.life_years, row.om_pct, text)


def _row(cost: Mapping[str, Any]) -> Row | None:
    option = str(cost["option"])
    word = next((o for o in OPTIONS if option == o or option.startswith(f"{o}_")), None)
    word = word or next((o for o in OPTIONS if option.endswith(f"_{o}")), None)
    if word is None:
        return None
    said = f"{option.removeprefix(word).removesuffix(word)} {cost['size']}".lower()
    conductor = next((name for name in CONDUCTORS if name in said), "")
    rest = said.replace(conductor, " ") if conductor else said
    words = [w for w in re.split(r"[_\s,]+", rest) if w]
    phases = next((int(w[0]) for w in words if re.fullmatch(r"[123]-?(ph|phase|phases)", w)), None)
    numbers = [i for i, w in enumerate(words) if re.fullmatch(r"\d+(\.\d+)?", w)]
    size = float(words[numbers[0]]) if numbers else None
    unit = words[numbers[0] + 1] if numbers and numbers[0] + 1 < len(words) else ""
    joined = next((m for w in words if (m := re.fullmatch(r"(\d+(?:\.\d+)?)(kva|mva|kvar|mvar|kw|kwh|mwh)", w))), None)
    if joined is not None:
        size, unit = float(joined[1]), joined[2]
    placement = next((p for w in words if (p := _PLACEMENTS.get(w))), "")
    own = str(cost["size"]).lower() if word == "reconductor" and not (conductor or placement or size) else ""
    return Row(
        word, str(cost["unit"]), float(cost["cost"]), cost["life_years"], float(cost["om_pct"] or 0.0),
        None if size is None else size * _UNITS.get(unit, 1.0), phases, placement, conductor or own,
        f"{option} {cost['size']}".strip(),
    )  # fmt: skip


def _fits(row: Row, measure: Measure) -> bool:
    if row.phases and measure.phases and row.phases != measure.phases:
        return False
    if row.placement and row.placement != (measure.placement if measure.placement == "underground" else "overhead"):
        return False
    return not row.conductor or row.conductor == measure.conductor.lower().partition(":")[0]


def _size(measure: Measure) -> float:
    return measure.kw if measure.option == "battery" else measure.amount


def _quantity(row: Row, measure: Measure) -> float | None:
    """How many units of a row a measure takes; None where it has no such number."""
    known: dict[str, dict[str, float]] = {
        "transformer": {"kva": measure.amount * measure.count, "mva": measure.amount * measure.count / 1000.0},
        "reconductor": {"km": measure.amount, "m": 1000.0 * measure.amount, "mi": measure.amount / 1.609344,
                        "mile": measure.amount / 1.609344, "ft": measure.amount / 0.0003048},
        "capacitor": {"kvar": measure.amount, "mvar": measure.amount / 1000.0},
        "battery": {"kwh": measure.amount, "mwh": measure.amount / 1000.0, "kw": measure.kw},
    }  # fmt: skip
    each = 1.0 if row.phases == 3 or measure.option in ("tap", "regulator") else float(measure.count)
    if row.unit in ("each", "piece", "unit", "set"):
        return each
    return known.get(measure.option, {}).get(row.unit)


def priced(measures: Sequence[Measure], prices: Prices | None) -> list[Price | str]:
    """The price of each measure, or why it has none; without costs none has one."""
    return [prices.of(m) if prices is not None else "the study names no costs" for m in measures]
