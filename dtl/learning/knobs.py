"""What a calibration may change of a feeder: each value with its bounds, and why some cannot be sought."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dtl.network.calibrated import step_pu, steps, tapped
from dtl.network.feeder import Feeder, Line
from dtl.network.rephase import fed
from dtl.network.topology import Topology, trace

BOUNDS = {"load_scale": (0.5, 2.0), "power_factor": (0.8, 0.999), "impedance": (0.5, 2.0), "head_voltage": (0.9, 1.1)}
"""Allowed range of the parameters of a whole feeder."""
PRIOR = {"load_scale": 0.25, "power_factor": 0.05, "impedance": 0.25, "head_voltage": 0.03, "regulator_set": 0.025,
         "tap": 0.025, "phase": 1.0}  # fmt: skip
"""Standard deviation of what was known before; of set points and taps per unit of the voltage."""
SET_RANGE = 0.075
"""How far a set point may move from that of the model, as a share of it."""
MOST_TAPS, MOST_LATERALS = 8, 40
"""Taps and single-phase laterals that are sought at most, those with the largest load."""


@dataclass(frozen=True)
class Knob:
    """A value that may change: of a ``parameter`` of `dtl.spec.calibration_file`, of an element or the whole feeder.

    ``tells`` is the group of measurements that must be there for it: kw, kvar or volts. ``buses`` are those whose
    voltage it changes, none for all of them. A knob with ``choices`` takes one of these values alone.
    """

    parameter: str
    element: str
    before: float
    low: float
    high: float
    prior: float
    tells: str
    buses: frozenset[str] = frozenset()
    choices: tuple[float, ...] = ()
    whole: bool = False

    @property
    def name(self) -> str:
        """The parameter and its element, in words."""
        return f"{self.parameter.replace('_', ' ')} {self.element}".rstrip()


@dataclass(frozen=True)
class Unsought:
    """A parameter that is not sought, and why."""

    parameter: str
    element: str
    before: float
    why: str


def knobs(
    feeder: Feeder,
    change: Collection[str],
    power_factor: float,
    *,
    controlled: bool,
    head_stated: bool,
    seen: Collection[str] = (),
) -> tuple[list[Knob], list[Unsought]]:
    """What may change of a feeder, and what was asked and cannot be sought.

    ``power_factor`` is that of all loads now, ``controlled`` whether regulators act, ``head_stated`` whether the study
    states the voltage of the head itself, ``seen`` the buses whose voltage is measured: what is behind comes first.
    """
    found: list[Knob] = []
    unsought: list[Unsought] = []
    own = {"load_scale": 1.0, "power_factor": power_factor, "impedance": 1.0, "head_voltage": feeder.sources[0].pu}
    tells = {"load_scale": "kw", "power_factor": "kvar"}
    for name in sorted(set(change) & set(own)):
        low, high = BOUNDS[name]
        if name == "head_voltage" and head_stated:
            unsought.append(Unsought(name, "", own[name], "network.head_voltage states it"))
        else:
            before = min(max(own[name], low), high)
            found.append(Knob(name, "", before, low, high, PRIOR[name], tells.get(name, "volts")))
    topology = trace(feeder)
    below = _below(topology)
    if "regulator_set" in change:
        made, not_made = _set_points(feeder, below, controlled=controlled)
        found, unsought = found + made, unsought + not_made
    if "tap" in change:
        made, not_made = _taps(feeder, below, seen, controlled=controlled)
        found, unsought = found + made, unsought + not_made
    if "phase" in change:
        made, not_made = _laterals(feeder, topology, below, seen)
        found, unsought = found + made, unsought + not_made
    return found, unsought


def _set_points(
    feeder: Feeder, below: dict[str, frozenset[str]], *, controlled: bool
) -> tuple[list[Knob], list[Unsought]]:
    units = {t.name: t for t in feeder.transformers if t.enabled}
    found, unsought = [], []
    for part in feeder.regulators:
        if not part.enabled or part.transformer not in units:
            continue
        if not controlled:
            why = "controls are frozen, so that a set point moves nothing"
            unsought.append(Unsought("regulator_set", part.name, part.set_v, why))
            continue
        reach = SET_RANGE * part.set_v
        at = units[part.transformer].windings[part.winding - 1].bus
        found.append(Knob("regulator_set", part.name, part.set_v, part.set_v - reach, part.set_v + reach,
                          PRIOR["regulator_set"] * part.set_v, "volts", below[at]))  # fmt: skip
    return found, unsought


def _taps(
    feeder: Feeder, below: dict[str, frozenset[str]], seen: Collection[str], *, controlled: bool
) -> tuple[list[Knob], list[Unsought]]:
    moved = {r.transformer for r in feeder.regulators if r.enabled} if controlled else set()
    load = _load(feeder)
    found = []
    for unit in feeder.transformers:
        if not unit.enabled or unit.name in moved:
            continue
        winding = unit.windings[tapped(feeder, unit)]
        low, high = (round((v - 1.0) / step_pu(winding), 6) for v in (winding.min_tap_pu, winding.max_tap_pu))
        buses = below.get(unit.windings[1].bus, frozenset())
        found.append(Knob("tap", unit.name, steps(winding), low, high, PRIOR["tap"] / step_pu(winding), "volts", buses,
                          whole=True))  # fmt: skip
    return _largest(found, load, seen, MOST_TAPS, "taps")


def _laterals(
    feeder: Feeder, topology: Topology, below: dict[str, frozenset[str]], seen: Collection[str]
) -> tuple[list[Knob], list[Unsought]]:
    lines: dict[str, Line] = {p.name: p for p in feeder.lines}
    load = _load(feeder)
    found = []
    for bus, (above, (kind, name)) in topology.parent.items():
        if kind != "line" or len(now := fed(feeder, topology, bus)) != 1 or not load.keys() & below[bus]:
            continue
        there = fed(feeder, topology, above)
        if len(there) > 1 and len(lines[name].from_nodes) == 1:
            choices = tuple(float(n) for n in there)
            found.append(Knob("phase", name, float(now[0]), 1.0, 3.0, PRIOR["phase"], "volts", below[bus], choices,
                              whole=True))  # fmt: skip
    return _largest(found, load, seen, MOST_LATERALS, "laterals")


def _largest(
    found: Sequence[Knob], load: dict[str, float], seen: Collection[str], most: int, what: str
) -> tuple[list[Knob], list[Unsought]]:
    """Those with a measured voltage and the largest load behind them, by name; and that the others are not sought."""
    by_load = sorted(
        found, key=lambda k: (k.buses.isdisjoint(seen), -sum(load.get(b, 0.0) for b in k.buses), k.element)
    )
    kept = sorted(by_load[:most], key=lambda k: k.element)
    why = f"only the {most} {what} with the largest load are sought"
    return kept, [Unsought(k.parameter, k.element, k.before, why) for k in by_load[most:]]


def _load(feeder: Feeder) -> dict[str, float]:
    """Load by bus [kW]."""
    found: dict[str, float] = {}
    for part in feeder.loads:
        if part.enabled:
            found[part.bus] = found.get(part.bus, 0.0) + part.kw
    return found


def _below(topology: Topology) -> dict[str, frozenset[str]]:
    """By bus the buses that are fed through it, with itself."""
    found: dict[str, set[str]] = {b: {b} for b in topology.order}
    for bus in reversed(topology.order):
        if bus in topology.parent:
            found[topology.parent[bus][0]] |= found[bus]
    return {bus: frozenset(behind) for bus, behind in found.items()}


def untold(knob: Knob, seen: Collection[str], groups: Collection[str], *, by_phase: bool) -> str:
    """Why no measurement can tell a knob; empty if one may.

    ``seen`` are the buses whose voltage is measured, ``groups`` the groups of measurements that there are, and
    ``by_phase`` whether powers of single phases are among them.
    """
    if knob.tells == "kw":
        return "" if {"kw", "loading"} & set(groups) else "no active power is measured"
    if knob.tells == "kvar":
        return "" if "kvar" in groups else "no reactive power is measured"
    if knob.parameter == "phase" and by_phase:
        return ""
    if not seen:
        return "no voltage is measured"
    if knob.buses and not knob.buses & set(seen):
        return "no voltage is measured behind it"
    if knob.parameter == "impedance" and len(set(seen)) < 2:
        return "voltages are measured at one place only"
    return ""
