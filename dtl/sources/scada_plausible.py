"""Whether SCADA values can be what their tags say: sizes by unit, and power against voltage times current."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dtl.sources.reading import Reading
from dtl.sources.scada_judge import apparent_kva
from dtl.sources.scada_series import GOOD, Series

SIZES: Mapping[str, tuple[float, float]] = {
    "kw": (0.0, 200_000.0), "kvar": (0.0, 200_000.0), "kva": (0.0, 200_000.0), "kv": (0.09, 800.0),
    "kv_ln": (0.09, 500.0), "a": (0.0, 20_000.0), "pf": (0.0, 1.0), "hz": (40.0, 70.0), "tap": (0.0, 40.0),
    "status": (0.0, 1.0),
}  # fmt: skip
"""Least and largest usual size of each quantity in a distribution system."""

AGREE = (0.7, 1.4)
"""Range of measured power over voltage times current that their meters' errors and an imbalance can explain."""

GUESSES = ((1000.0, "a factor of 1,000"), (0.001, "a factor of 1,000"), (3.0, "one phase for three"),
           (1 / 3.0, "one phase for three"), (3.0**0.5, "line to neutral for line to line"),
           (3.0**-0.5, "line to neutral for line to line"))  # fmt: skip


def judge(reading: Reading, series: list[Series]) -> None:
    """Findings about whole series whose size or physics does not fit."""
    for one in series:
        good = one.points.value[one.points.grade == GOOD]
        low, high = SIZES[one.tag.quantity]
        size = float(np.median(np.abs(good))) if len(good) else 0.0
        if len(good) and not low <= size <= high:
            text = f"its usual size is not between {low:g} and {high:g} {one.tag.quantity}"
            _note(reading, one, "scada.size", text, f"{size:g}", "Correct the unit or the scale of the tag.")
        _reversed(reading, one, good)
    _physics(reading, series)


def _reversed(reading: Reading, one: Series, good: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    if one.tag.quantity == "kw" and len(good) >= 96 and float(np.mean(good < 0)) > 0.9:
        _note(reading, one, "scada.sign", "is nearly always negative: power out of the head is positive",
              f"{100 * float(np.mean(good < 0)):.0f} %", "Say `sign: in`, if it counts into the head.")  # fmt: skip


def _physics(reading: Reading, series: list[Series]) -> None:
    """Compare sqrt(P^2 + Q^2) with V times I at every head that measures all of them."""
    heads: dict[tuple[str, str], dict[str, list[Series]]] = {}
    for one in series:
        if one.step_min:
            heads.setdefault((one.tag.feeder, one.tag.device), {}).setdefault(one.tag.quantity, []).append(one)
    for head in heads.values():
        volts = "kv" if "kv" in head else "kv_ln"
        if not {"kw", "a", volts} <= set(head):
            continue
        parts = [head["kw"][0], *head.get("kvar", [])[:1], *head["a"], *head[volts]]
        common = parts[0].points.t[parts[0].points.grade == GOOD]
        for part in parts[1:]:
            common = np.intersect1d(common, part.points.t[part.points.grade == GOOD], assume_unique=True)
        if len(common) < 24:
            continue
        values = {id(p): p.points.value[np.searchsorted(p.points.t, common)] for p in parts}
        power = np.hypot(values[id(parts[0])], values[id(parts[1])] if "kvar" in head else 0.0)
        amps = np.mean([values[id(p)] for p in head["a"]], axis=0)
        kv = np.mean([values[id(p)] for p in head[volts]], axis=0)
        stated = apparent_kva(kv, amps, line_to_neutral=volts == "kv_ln")
        live = (stated > 0) & (power > 0)
        if live.sum() < 24:
            continue
        ratio = float(np.median(power[live] / stated[live]))
        if not AGREE[0] <= ratio <= AGREE[1]:
            guess, name = min(GUESSES, key=lambda g: abs(np.log(ratio / g[0])))
            likely = f", as by {name}" if abs(np.log(ratio / guess)) < 0.25 else ""
            text = f"power is {ratio:.3g} times voltage times current{likely}"
            _note(reading, parts[0], "scada.physics", text, f"{ratio:.3g}", "Correct the units or scales of the tags.")


def _note(reading: Reading, one: Series, check: str, text: str, value: str, remedy: str) -> None:
    reading.find(check, "warning", text, file=one.points.file, feeder=one.tag.feeder, element=f"tag {one.tag.name}",
                 field=one.tag.quantity, value=value, remedy=remedy)  # fmt: skip
