"""What a question says that no slot took, though an answer without it would be one to another question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dtl.learning.query.clause import Clause
from dtl.learning.query.filters import ALSO
from dtl.learning.query.order import WHETHER, Slots
from dtl.learning.query.words import grammar, vocabulary

UNITS = {
    "thermal_loading": ("pct",), "voltage": ("pu", "pct"), "losses": ("pct", "kwh", "kw"), "peak_load": ("kw", "kva"),
    "hosting_capacity": ("kw", "kva"), "saidi": ("min",), "caidi": ("min",), "growth_rate": ("pct_per_year",),
    "outage_risk": ("pct",), "mapping_confidence": ("pct",), "loss_of_life": ("pct",),
    "overload_hours": ("hour",), "remaining_life": ("year",),
    "age": ("year",), "rating": ("kva",), "length": ("km",),
}  # fmt: skip
"""The units in which a field can be compared; other fields have none."""
HIGHEST_PU = 2.0
LOADING = "thermal_loading"
"""The metric of a bound in per cent that names none."""
EFFECT = ("change", "changes", "affect", "affects", "impact", "impacts", "reduce", "reduces", "increase", "increases")
"""Words of a question after what a scenario does; one whose scenario no slot knows has no answer."""
YEARS = (1990, 2100)
"""Numbers in this range that have no unit are years, not values."""


def overlooked(clause: Clause, filters: Iterable[Mapping[str, Any]], function: str = "") -> list[str]:
    """The negations, words of other questions, and fields that cannot be compared as they are, that were left over."""
    phrases = clause.find({"x": [p for some in clause.words["unheeded"] for p in some]}, unused=False)
    by = [m for m in phrases if clause.text(m.end - 1) == "by" and not _dated(clause, m.end)]
    stray = [m for m in phrases if m in by or (clause.text(m.end - 1) != "by" and clause.free(m.start, m.start + 1))]
    # "mean losses per transformer" is a mean over them, "losses per transformer" a ratio that no slot knows
    stray = [m for m in stray if not (function and clause.text(m.end - 1) == "transformer")]
    told = [" ".join(t.raw for t in clause.tokens[m.start : m.end]) for m in stray]
    return told + [str(f["field"]).replace("_", " ") or "a number" for f in filters if not _comparable(f)]


def other_unit(clause: Clause, metric: str) -> list[str]:
    """``how many hours`` and the like, where the metric has another unit."""
    known, told = UNITS.get(metric, ()), []
    for i in range(len(clause)):
        unit = clause.unit(i + 2)[0] if clause.text(i) == "how" and clause.text(i + 1) in ("many", "much") else ""
        if unit and ALSO.get(unit, (1.0, unit))[1] not in known:
            told.append(f"how {clause.text(i + 1)} {unit}")
    return told


def effect_of_layers(slots: Slots) -> bool:
    """Whether a question is after what its scenario does to a metric, in words that are not of the scenario."""
    c = slots.clause
    verbs = {*EFFECT, *c.words["raise"], *c.words["lower"]}
    said = any(t.text in verbs and not used for t, used in zip(c.tokens, c.used, strict=True))
    return bool(slots.layers) and c.text(0) in WHETHER and said


def other_metric(left: Iterable[str], query: Mapping[str, Any]) -> bool:
    """Whether a bound in per cent, read as one of loading, stands beside a word of the name of another metric."""
    if query["intent"] != "filter" or query.get("metric") != LOADING:
        return False
    return bool({w.lower() for w in left} & names_of_others())


def nothing_asked(query: Mapping[str, Any]) -> bool:
    """Whether things are named and nothing is asked of them: ``what about feeder 12``."""
    own = query.get("filters", [])
    return query["intent"] != "count" and bool(own) and all((f["field"], f["op"]) == ("id", "=") for f in own)


def unknown(left: Iterable[str]) -> bool:
    """Whether there is a word that is neither of the grammar nor a number."""
    foreign = {w for phrase in grammar()["foreign"] for w in phrase.split()}
    known = {*vocabulary(), *grammar()["numbers"]} - foreign
    return any(not w.lstrip("-").replace(".", "").isdecimal() and w.lower() not in known for w in left)


def names_of_others() -> set[str]:
    """The words of the names of metrics that are not of loads."""
    metrics = grammar()["metrics"]
    own = {w for name in (LOADING, "peak_load") for phrase in metrics[name] for w in phrase.split()}
    return {w for phrases in metrics.values() for phrase in phrases for w in phrase.split()} - own


def _dated(clause: Clause, at: int) -> bool:
    """Whether a year stands there that was taken for the time."""
    return YEARS[0] <= (clause.number(at) or 0) <= YEARS[1] and not clause.free(at, at + 1)


def _comparable(one: Mapping[str, Any]) -> bool:
    """Whether a filter has a field, in a unit and of a size that the field can have."""
    field, unit = one["field"], one.get("unit", "")
    numbers = [v for v in (one["value"] if isinstance(one["value"], list) else [one["value"]])
               if isinstance(v, int | float) and not isinstance(v, bool)]  # fmt: skip
    if not field or (unit and unit not in UNITS.get(field, ())):
        return False
    if field == "voltage" and unit == "pu" and any(v > HIGHEST_PU for v in numbers):
        return False
    return unit != "" or len(numbers) < 2 or not all(YEARS[0] <= v <= YEARS[1] for v in numbers)
