"""Measures for voltages: set-points, taps, new regulators, capacitors, volt-var on inverters, charging in the night."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dtl.analyses.mitigation.measure import Measure, Refused
from dtl.analyses.mitigation.scene import Beyond, Scene
from dtl.errors import SolveError
from dtl.network.feeder import Regulator, Transformer
from dtl.scenarios.edited import fed, grounded
from dtl.scenarios.edited_regulators import BASE_V, volts
from dtl.scenarios.edited_work import Work
from dtl.scenarios.edited_works import WORKS

Offer = Measure | Refused

_TURNS_V = (2.0, 4.0)
"""Changes of a set-point that are tried, on the 120 V base [V]."""
_TAPS_PU = (0.025, 0.05)
"""Changes of an off-load tap that are tried: the usual steps of a distribution transformer [pu]."""
_BANKS_KVAR = (150.0, 300.0, 450.0, 600.0, 900.0, 1200.0, 1800.0)
"""Usual sizes of a bank of three phases [kvar]."""
_HIGH_V = 118.0
"""Set-point of a new regulator against high voltage, on the 120 V base [V]."""
_UNITS = 6
"""Transformers at most whose taps are tried, of those behind which voltage is furthest out."""
_CURVE = "ieee_1547_b"
"""The characteristic that inverters are given."""
NOTHING = "no voltage is outside of its band"


def _trouble(scene: Scene) -> list[tuple[float, Sequence[Beyond]]]:
    """Low buses with +1 and high ones with -1: the direction in which voltage must go."""
    return [(sign, some) for sign, some in ((1.0, scene.low), (-1.0, scene.high)) if some]


def tap(scene: Scene) -> Iterator[Offer]:
    """Other set-points of the regulators that are there, and other taps of transformers behind which voltage is out."""
    for sign, buses in _trouble(scene):
        units = _regulators(scene, buses)
        for bank, some in units.items():
            yield from _set(scene, bank, some, sign)
        yield from _tapped(scene, buses, sign, bool(units))


def _regulators(scene: Scene, buses: Sequence[Beyond]) -> dict[str, list[Regulator]]:
    """The regulators between some buses and the head, by bank."""
    above = {b for one in buses if one.bus in scene.topology.distance_km for b in scene.path(one.bus)}
    found: dict[str, list[Regulator]] = {}
    for unit in scene.feeder.regulators:
        part = scene.transformers.get(unit.transformer)
        if part is not None and unit.enabled and part.windings[unit.winding - 1].bus in above:
            found.setdefault(part.bank or part.name, []).append(unit)
    return dict(sorted(found.items()))


def _set(scene: Scene, bank: str, units: Sequence[Regulator], sign: float) -> Iterator[Offer]:
    present = max(r.set_v / volts(r, scene.feeder, 1.0) for r in units)
    bus = scene.transformers[units[0].transformer].windings[0].bus
    for turn in _TURNS_V:
        target = round(present + sign * turn, 1)
        if not 0.9 * BASE_V <= target <= 1.1 * BASE_V:
            yield Refused("tap", scene.owner(bus), f"regulator {bank}", f"a set-point of {target:g} V is out of reach")
            continue
        steps = tuple({"set_regulator": {"at": scene.asset(bus, r.name), "volts": target}} for r in units)
        size = f"{target:g} V on {BASE_V:g} V, was {present:g}"
        yield Measure("tap", scene.owner(bus), f"regulator {bank}", steps, size=size, amount=target, count=len(units))


def _tapped(scene: Scene, buses: Sequence[Beyond], sign: float, regulated: bool) -> Iterator[Offer]:
    """Taps of the transformers nearest above buses that are out; all of a bank alike."""
    seen = dict[str, Transformer]()
    moved = {r.transformer for r in scene.feeder.regulators if r.enabled}
    for one in buses:
        unit = _above(scene, one.bus)
        if unit is not None and unit.name not in moved and not unit.is_regulator:
            seen.setdefault(unit.bank or unit.name, unit)
    if not seen and not regulated:
        where = scene.feeder.feeders[0] if not buses else scene.owner(buses[0].bus)
        yield Refused("tap", where, f"bus {buses[0].bus}", "neither a regulator nor a transformer with taps feeds it")
    for unit in list(seen.values())[:_UNITS]:
        bank = [t for t in scene.transformers.values() if t.bank == unit.bank] if unit.bank else [unit]
        w, bus = unit.windings[0], unit.windings[0].bus
        owner, place = scene.owner(bus), f"transformer {unit.bank or unit.name}"
        step = (w.max_tap_pu - w.min_tap_pu) / w.taps if w.taps else 0.0
        if not step:
            yield Refused("tap", owner, place, "the model says that it has no taps")
            continue
        for turn in _TAPS_PU:
            position = round((w.tap_pu - 1.0 - sign * turn) / step)
            pu = 1.0 + position * step
            if w.min_tap_pu - 1e-9 <= pu <= w.max_tap_pu + 1e-9 and abs(pu - w.tap_pu) > 1e-6:
                steps = tuple({"set_tap": {"at": scene.asset(bus, t.name), "tap": position}} for t in bank)
                size = f"tap {position:+d} ({pu:.4g} pu), was {w.tap_pu:.4g} pu"
                yield Measure("tap", owner, place, steps, size=size, amount=float(position), count=len(bank))


def _above(scene: Scene, bus: str) -> Transformer | None:
    """The nearest transformer between a bus and the head."""
    for name in scene.path(bus):
        kind, part = scene.topology.parent.get(name, ("", ("", "")))[1]
        if kind == "transformer" and part in scene.transformers:
            return scene.transformers[part]
    return None


def regulator(scene: Scene) -> Iterator[Offer]:
    """A new regulator where all low (or high) buses are still behind it, and one half way to the head."""
    for sign, buses in _trouble(scene):
        primary = sorted({b for one in buses if one.bus in scene.topology.distance_km
                          and (b := scene.primary(one.bus))})  # fmt: skip
        if not primary:
            yield Refused("regulator", scene.owner(buses[0].bus), f"bus {buses[0].bus}", "no bus above 1 kV feeds it")
            continue
        places = dict.fromkeys(p for p in (scene.common(primary), scene.primary(buses[0].bus)) if p)
        path = scene.path(scene.common(primary))
        half = scene.topology.distance_km[path[0]] / 2.0
        places |= dict.fromkeys(b for b in path if scene.topology.distance_km[b] <= half and b in scene.topology.parent)
        tried = [b for b in places if b in scene.topology.parent][:3]
        if not tried:
            yield Refused("regulator", scene.owner(primary[0]), f"bus {primary[0]}", "it is the head itself")
        for bus in tried:
            yield _regulated(scene, bus, sign)


def _regulated(scene: Scene, bus: str, sign: float) -> Offer:
    target = 124.0 if sign > 0 else _HIGH_V
    step: dict[str, Any] = {"add_regulator": {"at": scene.asset(bus, bus), "set_volts": target}}
    owner, place = scene.owner(bus), f"bus {bus}"
    try:
        WORKS["add_regulator"](Work("mitigation", scene.feeder, step["add_regulator"]))
    except SolveError as err:
        return Refused("regulator", owner, place, str(err).partition(": ")[2])
    phases = len(fed(scene.feeder, scene.topology, bus))
    return Measure("regulator", owner, place, (step,), size=f"{target:g} V on {BASE_V:g} V, {phases} units",
                   amount=target, phases=phases)  # fmt: skip


def capacitor(scene: Scene) -> Iterator[Offer]:
    """Banks at the primary bus of the lowest voltage, of half and of all the reactive power that the head gives."""
    if not scene.low:
        owner = scene.feeder.feeders[0]
        yield Refused("capacitor", owner, "", "no voltage is below its band, which is what a capacitor is offered for")
        return
    worst = scene.low[0]
    path = scene.path(worst.bus)
    whole = [b for b in path if len(fed(scene.feeder, scene.topology, b)) == 3 and scene.feeder.bus[b].kv_ll > 1.0]
    bus = whole[0] if whole else ""
    owner, place = scene.owner(worst.bus), f"bus {bus or worst.bus}"
    if not bus or not grounded(scene.feeder, scene.topology, bus):
        yield Refused(
            "capacitor", owner, place, "no bus of three phases with ground as a reference above 1 kV feeds it"
        )
        return
    blocks = scene.reduction.hourly
    kvar = max(float(b.sum(axis=0).max()) for b in blocks["source_kvar"])
    sizes = [k for k in _BANKS_KVAR if k <= kvar]
    if not sizes:
        reason = f"the head never gives more than {max(kvar, 0.0):.0f} kvar: the smallest bank would be too much"
        yield Refused("capacitor", owner, place, reason)
        return
    half = max((k for k in sizes if k <= sizes[-1] / 2.0), default=sizes[-1])
    for size in sorted({half, sizes[-1]}):
        step: dict[str, Any] = {"add_capacitor": {"at": scene.asset(bus, bus), "kvar": size}}
        yield Measure("capacitor", owner, place, (step,), size=f"{size:g} kvar", amount=size, phases=3)


def volt_var(scene: Scene) -> Iterator[Offer]:
    """The characteristic of IEEE 1547 category B on the inverters of layers that have none."""
    owner = scene.feeder.feeders[0]
    if not _trouble(scene):
        yield Refused("volt_var", owner, "", NOTHING)
        return
    names = sorted(str(x["name"]) for x in scene.layers if x["kind"] == "solar" and not x.get("volt_var"))
    if not names:
        yield Refused("volt_var", owner, "", "no layer of the case has inverters at unity power factor")
        return
    words = {name: {"volt_var": _CURVE} for name in names}
    yield Measure("volt_var", owner, "inverters", words=words, size=f"{_CURVE} on {', '.join(names)}")


def managed_charging(scene: Scene) -> Iterator[Offer]:
    """All cars of the layers that have some that charge as they come, managed over their stay."""
    owner = scene.feeder.feeders[0]
    free = [x for x in scene.layers if x["kind"] == "ev" and float(x["charging"].get("managed") or 0.0) < 1.0]
    if not free:
        yield Refused("managed_charging", owner, "", "no layer of the case has cars that charge as they come")
        return
    if not (scene.over or scene.low):
        yield Refused("managed_charging", owner, "", "nothing is beyond its limit by load")
        return
    words = {str(x["name"]): {"charging": {**x["charging"], "managed": 1.0}} for x in free}
    yield Measure("managed_charging", owner, "cars", words=words, size=f"all cars of {', '.join(sorted(words))}")
