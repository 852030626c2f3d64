"""Reviewed values of `calibrate` in place of those of the model: source, set points, taps, phases, impedances."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dtl.network.feeder import Feeder, Line, Part, Regulator, Transformer, Winding
from dtl.network.rephase import letters, phases_of, rephased
from dtl.network.topology import trace
from dtl.spec.base import near
from dtl.spec.calibration_file import LOADS, PARAMETERS, label

Row = Mapping[str, Any]
_FIELD = {"regulator": "regulators", "transformer": "transformers", "line": "lines"}


class UnknownElement(Exception):
    """A row of the file is of an element that the model has not, or cannot change; the text says it with the line."""


def calibrated(feeder: Feeder, rows: Sequence[Row]) -> tuple[Feeder, list[dict[str, Any]]]:
    """The feeder with the values of `rows`, as `dtl.spec.calibration_file` reads them, and what became of each.

    Each entry has ``label``, ``feeder``, ``parameter``, ``element``, ``was`` (none where the demand knows it) and
    ``value``. Rows of other feeders are left out; those of loads are counted, and applied to the demand.

    Raises
    ------
    UnknownElement
        Elements that the model has not, or values that it cannot take; all of them are told.
    """
    own = {f.lower(): f for f in feeder.feeders}
    told: list[dict[str, Any]] = []
    wrong: list[str] = []
    for row in rows:
        owner = own.get(row["feeder"].lower())
        if owner is None:
            continue
        was: float | None = None
        if row["parameter"] not in LOADS:
            try:
                feeder, was = changed(feeder, owner, row["parameter"], row["element"], row["value"])
            except ValueError as err:
                wrong.append(f"line {row['line']}: {label(row)}: {err}")
        about = {word: row[word] for word in ("feeder", "parameter", "element", "value")}
        told.append({"label": label(row), "was": was, **about})
    if wrong:
        raise UnknownElement("network.calibrated: " + "; ".join(wrong))
    return feeder, told


def changed(feeder: Feeder, owner: str, parameter: str, element: str, value: float) -> tuple[Feeder, float]:
    """The feeder with another value of one parameter of the network, and the value that it had.

    Raises
    ------
    ValueError
        The model has no such element, or it cannot take the value.
    """
    if parameter == "head_voltage":
        return _head(feeder, owner, value)
    if parameter == "impedance":
        return _impedance(feeder, owner, value), 1.0
    part = find(feeder, owner, PARAMETERS[parameter].of, element)
    if isinstance(part, Regulator):
        after = part.model_copy(update={"set_v": float(value)})
        return _with(feeder, regulators=_swapped(feeder.regulators, after)), part.set_v
    if isinstance(part, Transformer):
        at = tapped(feeder, part)
        was = steps(part.windings[at])
        moved = _at_step(part.windings[at], value)
        windings = tuple(moved if i == at else w for i, w in enumerate(part.windings))
        after_unit = part.model_copy(update={"windings": windings})
        return _with(feeder, transformers=_swapped(feeder.transformers, after_unit)), was
    assert isinstance(part, Line)
    topology = trace(feeder)
    above = next((a for a, e in topology.parent.values() if e == ("line", part.name)), part.from_bus)
    now = phases_of(part, above)
    if len(now) != 1:
        raise ValueError(f"has phases {letters(now)}; only a line of one phase is moved")
    after_move, _ = (feeder, "") if now == (int(value),) else rephased(feeder, part, (int(value),), topology)
    return after_move, float(now[0])


def with_loads(feeder: Feeder, rows: Sequence[Row]) -> Feeder:
    """The feeder whose loads, as the model has them, follow the load scale and power factor of `rows`."""
    for row in rows:
        mine = [
            p for p in feeder.loads if (feeder.bus[p.bus].feeder or feeder.feeders[0]).lower() == row["feeder"].lower()
        ]
        kw, kvar = (sum(getattr(p, word) for p in mine if p.enabled) for word in ("kw", "kvar"))
        if row["parameter"] == "load_scale":
            after = [p.model_copy(update={"kw": p.kw * row["value"], "kvar": p.kvar * row["value"]}) for p in mine]
        elif row["parameter"] == "power_factor" and kw > 0.0:
            wanted = kw * math.tan(math.acos(row["value"]))
            of_kw = kvar <= 1e-6 * kw
            share = wanted / (kw if of_kw else kvar)
            after = [p.model_copy(update={"kvar": share * (p.kw if of_kw else p.kvar)}) for p in mine]
        else:
            continue
        feeder = _with(feeder, loads=_swapped(feeder.loads, *after))
    return feeder


def find(feeder: Feeder, owner: str, kind: str, name: str) -> Part:
    """A part by its name in any case, as the feeder `owner` of a group has it; ValueError with the nearest names."""
    parts: Mapping[str, Part] = {p.name.lower(): p for p in getattr(feeder, _FIELD[kind])}
    part = parts.get(f"{owner}__{name}".lower()) or parts.get(name.lower())
    if part is None:
        raise ValueError(f"feeder {owner} has no {kind} '{name}'{near(name, parts)}")
    return part


def tapped(feeder: Feeder, unit: Transformer) -> int:
    """The winding of a transformer, from 0, whose tap is meant: that of its regulator, else the second."""
    return next((r.winding - 1 for r in feeder.regulators if r.transformer == unit.name), 1)


def step_pu(winding: Winding) -> float:
    """Size of a tap step [pu]."""
    return (winding.max_tap_pu - winding.min_tap_pu) / (winding.taps or 32)


def steps(winding: Winding) -> float:
    """The tap of a winding in steps from neutral."""
    return round((winding.tap_pu - 1.0) / step_pu(winding), 6)


def _at_step(winding: Winding, number: float) -> Winding:
    pu = float(f"{1.0 + number * step_pu(winding):.12g}")
    if not winding.min_tap_pu - 1e-9 <= pu <= winding.max_tap_pu + 1e-9:
        low, high = ((v - 1.0) / step_pu(winding) for v in (winding.min_tap_pu, winding.max_tap_pu))
        raise ValueError(f"its taps go from {low:g} to {high:g}")
    return winding.model_copy(update={"tap_pu": pu})


def _head(feeder: Feeder, owner: str, pu: float) -> tuple[Feeder, float]:
    sources = [
        s
        for s in feeder.sources
        if (s.feeder or feeder.bus[s.bus].feeder or feeder.feeders[0]).lower() == owner.lower()
    ]
    if not sources:
        raise ValueError(f"feeder {owner} has no source of its own")
    after = [s.model_copy(update={"pu": float(pu)}) for s in sources]
    return _with(feeder, sources=_swapped(feeder.sources, *after)), sources[0].pu


def _impedance(feeder: Feeder, owner: str, factor: float) -> Feeder:
    """Lines of a feeder with line codes of their own, whose series impedances are `factor` times those of the model."""
    lone = len(feeder.feeders) == 1
    mine = [p for p in feeder.lines if lone or feeder.bus[p.from_bus].feeder.lower() == owner.lower()]
    if not mine:
        raise ValueError(f"feeder {owner} has no line")
    if factor == 1.0:
        return feeder
    codes = {}
    for code in (feeder.line_code[name] for name in sorted({p.line_code for p in mine})):
        r, x = (tuple(tuple(v * factor for v in row) for row in m) for m in (code.r_ohm_per_km, code.x_ohm_per_km))
        name = code.name if lone else f"{code.name}::{owner}".lower()
        codes[code.name] = code.model_copy(update={"name": name, "r_ohm_per_km": r, "x_ohm_per_km": x})
    lines = [p.model_copy(update={"line_code": codes[p.line_code].name}) for p in mine]
    kept = {c.name: c for c in (*feeder.line_codes, *codes.values())}
    return _with(feeder, line_codes=tuple(kept[name] for name in sorted(kept)), lines=_swapped(feeder.lines, *lines))


def _swapped(parts: Sequence[Any], *after: Any) -> tuple[Any, ...]:
    others = {p.name: p for p in after}
    return tuple(others.get(p.name, p) for p in parts)


def _with(feeder: Feeder, **fields: Iterable[Part]) -> Feeder:
    """Built anew, since a copy would keep what the feeder remembers of its buses and line codes."""
    return Feeder(**{name: getattr(feeder, name) for name in Feeder.model_fields} | fields)
