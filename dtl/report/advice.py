"""What a feeder needs, in a sentence: rules over its figures of one case."""

from __future__ import annotations

from collections.abc import Callable

Value = Callable[[str], float | None]

_RULES = (
    ("transformers_over", "Transformers above their limit: move load, or fit larger ones."),
    ("lines_over", "Lines above their limit: move load, or lay larger conductors."),
    ("buses_low", "Voltage too low: a higher tap, a regulator or a capacitor before new lines."),
    ("buses_high", "Voltage too high: a lower tap, volt-var of the inverters, or less generation."),
)
FINE = "OK"


def advice(value: Value) -> str:
    """The advice for a case; `value` gives a metric of it, None where it has none. Empty where it was not solved."""
    if value("solved") != 1:
        return ""
    told = [text for metric, text in _RULES if (value(metric) or 0) > 0]
    return " ".join(told) or FINE
