"""Transformers of a CIM model: those with ends of three phases, and tanks with their catalog and tests.

All percentages go to the rated power of the first winding. A tank becomes one transformer; the tanks of one
PowerTransformer are a bank. Test losses are in kW and exciting currents in per cent, as IEC 61968-11 has them.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from dtl.network.clock import Way
from dtl.network.feeder import Transformer, Winding
from dtl.sources.cim_circuit import PHASES, Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.cim_plates import nameplate, no_load, tested, windings_of
from dtl.sources.cim_taps import add_regulator, changers, held, tap
from dtl.sources.reading import plain
from dtl.sources.record import UNUSABLE, UnusableError, fault, tell
from dtl.sources.windings import joined, turned

_NODES = {"A": 1, "B": 2, "C": 3, "N": 0, "1": 1, "2": 2}


def add_transformers(circuit: Circuit) -> None:
    """Add all transformers of the feeder, and the controls of their taps."""
    for thing in circuit.of("PowerTransformer"):
        tanks = circuit.store.back(thing, "TransformerTank.PowerTransformer")
        try:
            if not tanks:
                _whole(circuit, thing)
            else:
                circuit.locate(thing)
            for tank in tanks:
                _tank(circuit, thing, tank, len(tanks))
        except UNUSABLE as err:
            fault(circuit.reading, thing, err)


def _ends(circuit: Circuit, owner: Thing, word: str) -> list[Thing]:
    """The ends of a transformer or tank by their number.

    Raises
    ------
    UnusableError
        There are not two or three.
    """
    found = circuit.use(circuit.store.back(owner, word), owner)
    found.sort(key=lambda e: e.number("TransformerEnd.endNumber", e.number("TransformerEnd.sequenceNumber", 0.0)))
    if len(found) not in (2, 3):
        text = f"has {len(found)} windings; the model holds two or three"
        raise UnusableError("cim.windings", text, "TransformerEnd", len(found), "Waive it, or replace it.")
    return found


def _bus(circuit: Circuit, owner: Thing, end: Thing) -> str:
    terminal = circuit.store.must(end, "TransformerEnd.Terminal")
    terminal.feeder, terminal.target = circuit.feeder, owner.thing
    for word in ("Terminal.ConductingEquipment", "ACDCTerminal.sequenceNumber"):
        terminal.ask(word)
    bus = circuit.bus(terminal)
    circuit.base(bus, circuit.store.to(end, "TransformerEnd.BaseVoltage"))
    return bus


def _whole(circuit: Circuit, thing: Thing) -> None:
    """A transformer of three phases that is stated by its ends."""
    ends = _ends(circuit, thing, "PowerTransformerEnd.PowerTransformer")
    buses = [_bus(circuit, thing, e) for e in ends]
    for bus in buses:
        circuit.touch(bus, PHASES)
    watts = [e.number("PowerTransformerEnd.ratedS") for e in ends]
    volts = [e.number("PowerTransformerEnd.ratedU") for e in ends]
    _positive(watts, "PowerTransformerEnd.ratedS")
    _positive(volts, "PowerTransformerEnd.ratedU")
    ohm = [u * u / watts[0] for u in volts]
    kinds = _kinds(circuit, thing, ends)
    nodes, lead = _connections(circuit, thing, ends, kinds, buses)
    stars = [circuit.store.to(e, "TransformerEnd.StarImpedance") for e in ends]
    meshes = _meshes(circuit, thing, ends)
    own_r_x = any(f"PowerTransformerEnd.{w}" in e.values for e in ends for w in "rx")
    plate = nameplate(circuit, thing, len(ends), watts[0]) if not (all(stars) or meshes or own_r_x) else None
    r = [e.number("PowerTransformerEnd.r", 0.0) / z for e, z in zip(ends, ohm, strict=True)]
    if all(stars):
        circuit.use([s for s in stars if s is not None], thing)
        each = [
            complex(s.number("TransformerStarImpedance.r", 0.0), s.number("TransformerStarImpedance.x")) / z
            for s, z in zip(stars, ohm, strict=True)
            if s is not None
        ]
        r = [z.real for z in each]
        x = {(i, j): each[i].imag + each[j].imag for i, j in combinations(range(len(ends)), 2)}
    elif meshes:
        x = {k: m.number("TransformerMeshImpedance.x") / ohm[i] for k, (i, m) in meshes.items()}
        if not any(r):
            r = _halves({k: m.number("TransformerMeshImpedance.r", 0.0) / ohm[i] for k, (i, m) in meshes.items()})
    elif plate is not None:
        r, x = plate.r, plate.x
    else:
        own = [e.number("PowerTransformerEnd.x", 0.0) / z for e, z in zip(ends, ohm, strict=True)]
        x = {(i, j): own[i] + own[j] for i, j in combinations(range(len(ends)), 2)}
    loss, current = _core(circuit, thing, ends, ohm) if plate is None else (plate.loss, plate.current)
    taps = [changers(circuit, e) for e in ends]
    windings = []
    for i, end in enumerate(ends):
        kind = "delta" if kinds[i] == "D" else "wye"
        where: dict[str, Any] = {"bus": buses[i], "nodes": nodes[i], "connection": kind}
        where |= _earth(end, kinds[i])
        rated: dict[str, Any] = {"kv": volts[i] / 1e3, "kva": watts[i] / 1e3, "r_pct": _pct(r[i])}
        windings.append(Winding(**where, **rated, **tap(circuit, thing, taps[i])))
    part, order = turned(_part(circuit, thing, windings, x, phases=3, loss=loss, current=current), lead)
    circuit.locate(thing)
    _finish(circuit, thing, part, [taps[i] for i in order])


def _finish(circuit: Circuit, thing: Thing, part: Transformer, taps: list[list[Thing]]) -> None:
    """Add a transformer, and the regulators that move its taps."""
    regulators = []
    for winding, changer in [(i, c) for i, found in enumerate(taps, 1) for c in found]:
        part, at = held(circuit, part, winding, changer, sum(map(len, taps)) > 1)
        regulators += add_regulator(circuit, part, at, changer)
    circuit.add(thing, part.model_copy(update={"is_regulator": bool(regulators)}))
    for changer, regulator in regulators:
        circuit.add(changer, regulator)


def _kinds(circuit: Circuit, thing: Thing, ends: list[Thing]) -> list[str]:
    """The connection of each winding; what fits the clock numbers where none is stated, as in a model of balanced flow.

    CGMES has it in its part for short circuits. Stars are earthed then; an uneven hour is between a delta and a star.
    """
    word, clock = "PowerTransformerEnd.connectionKind", "PowerTransformerEnd.phaseAngleClock"
    if any(word in e.values for e in ends):
        return [e.text(word).upper() for e in ends]
    odd = [(e.whole(clock, 0) - ends[0].whole(clock, 0)) % 2 == 1 for e in ends]
    first = "D" if any(odd) else "YN"
    kinds = ["YN" if o else first for o in odd]
    text = f"its windings state no connection: {'-'.join(kinds)} was taken, with earthed star points"
    circuit.reading.find("cim.connection", "warning", text, feeder=circuit.feeder, element=thing.thing, field=word,
                         remedy="Add the part of the model for short circuits, or state connectionKind.")  # fmt: skip
    for end, kind in zip(ends, kinds, strict=True):
        circuit.reading.defaulted(circuit.feeder, f"{end.thing} connectionKind", "", f"transformer {thing.name}", kind,
                                  "the source states no connection")  # fmt: skip
    return kinds


def _connections(
    circuit: Circuit, thing: Thing, ends: list[Thing], kinds: list[str], buses: list[str]
) -> tuple[list[tuple[int, ...]], Way]:
    """Nodes of each winding, and which way the delta turns, by the clock numbers of the lower windings."""
    thing.ask("PowerTransformer.vectorGroup")
    found: list[tuple[int, ...]] = []
    leads: set[Way] = set()
    for i, (end, kind) in enumerate(zip(ends, kinds, strict=True)):
        if kind not in ("D", "Y", "YN"):
            text = "the model has no such winding" if kind else "a winding states no connection, as others of it do"
            raise UnusableError("cim.connection", text, "PowerTransformerEnd.connectionKind", kind, "Waive it.")
        hours = (end.whole("PowerTransformerEnd.phaseAngleClock", 0) - ends[0].whole(
            "PowerTransformerEnd.phaseAngleClock", 0)) % 12  # fmt: skip
        nodes: tuple[int, ...] = PHASES
        if i > 0:
            unequal = (kind == "D") != (kinds[0] == "D")
            if unequal and "PowerTransformerEnd.phaseAngleClock" not in end.values:
                hours = 1
                reason = "the source states no clock number: 1 was taken"
                what = f"{end.thing} phaseAngleClock"
                circuit.reading.defaulted(circuit.feeder, what, "", f"transformer {thing.name}", "1", reason)
            way = joined(("D" if kinds[0] == "D" else "YN") + ("d" if kind == "D" else "yn") + str(hours), 30.0 * hours)
            if way.odd:
                text = "its clock number does not fit the connection of its windings"
                raise UnusableError(
                    "source.phase-shift", text, "PowerTransformerEnd.phaseAngleClock", hours, "Correct."
                )
            nodes = way.nodes
            if unequal:
                leads.add(way.lead_lag)
        if kind != "D" and not _solid(end):
            nodes = (*nodes, circuit.neutral(buses[i]))
        found.append(nodes)
    return found, _one(leads)


def _one(ways: set[Way]) -> Way:
    if len(ways) > 1:
        text = "its windings turn in opposite directions, which the model cannot hold"
        raise UnusableError("source.vector-group", text, "phaseAngleClock", "", "Waive it.")
    return next(iter(ways), "lag")


def _solid(end: Thing) -> bool:
    """Whether the star point of a winding is earthed without impedance; it is where the connection is not stated."""
    if end.cls == "PowerTransformerEnd" and "PowerTransformerEnd.connectionKind" not in end.values:
        return True
    earthed = end.flag("TransformerEnd.grounded", True)
    return earthed and not end.number("TransformerEnd.rground", 0.0) and not end.number("TransformerEnd.xground", 0.0)


def _earth(end: Thing, kind: str) -> dict[str, float]:
    """The impedance of the star point, where there is one."""
    if kind == "D" or _solid(end) or not end.flag("TransformerEnd.grounded", True):
        return {}
    r, x = end.number("TransformerEnd.rground", 0.0), end.number("TransformerEnd.xground", 0.0)
    return {"r_neutral_ohm": r, "x_neutral_ohm": x}


def _meshes(circuit: Circuit, thing: Thing, ends: list[Thing]) -> dict[tuple[int, int], tuple[int, Thing]]:
    """The impedance between each pair of ends, lower number first, and the end whose voltage it is stated at.

    Raises
    ------
    UnusableError
        A pair is missing, or stands twice.
    """
    found: dict[tuple[int, int], tuple[int, Thing]] = {}
    number = {e.id: i for i, e in enumerate(ends)}
    for i, end in enumerate(ends):
        for mesh in circuit.store.back(end, "TransformerMeshImpedance.FromTransformerEnd"):
            for other in mesh.text("TransformerMeshImpedance.ToTransformerEnd").split():
                j = number.get(other, i)
                if j == i:
                    continue
                circuit.use([mesh], thing)
                pair = (min(i, j), max(i, j))
                if pair in found:
                    text = f"has two impedances between windings {pair[0] + 1} and {pair[1] + 1}"
                    raise UnusableError("cim.windings", text, "TransformerMeshImpedance", mesh.name, "Remove one.")
                found[pair] = (i, mesh)
    wanted = set(combinations(range(len(ends)), 2))
    if found and set(found) != wanted:
        text = "has not one impedance between each two of its windings"
        raise UnusableError("cim.windings", text, "TransformerMeshImpedance", len(found), "Complete them.")
    return found


def _halves(pairs: dict[tuple[int, int], float]) -> list[float]:
    """The resistance of each winding from those of pairs of windings: half of it, or the star of three."""
    if len(pairs) == 1:
        return [pairs[0, 1] / 2.0] * 2
    total = sum(pairs.values())
    return [total / 2.0 - pairs[pair] for pair in ((1, 2), (0, 2), (0, 1))]


def _core(circuit: Circuit, thing: Thing, ends: list[Thing], ohm: list[float]) -> tuple[float, float]:
    """No-load losses and magnetising current per unit of the first winding."""
    loss = current = 0.0
    for end, z in zip(ends, ohm, strict=True):
        cores = circuit.store.back(end, "TransformerCoreAdmittance.TransformerEnd")
        core = circuit.store.to(end, "TransformerEnd.CoreAdmittance")
        for found in circuit.use([*cores, *([core] if core is not None else [])], thing):
            loss += found.number("TransformerCoreAdmittance.g", 0.0) * z
            current += abs(found.number("TransformerCoreAdmittance.b", 0.0)) * z
        if "PowerTransformerEnd.g" in end.values or "PowerTransformerEnd.b" in end.values:
            loss += end.number("PowerTransformerEnd.g", 0.0) * z
            current += abs(end.number("PowerTransformerEnd.b", 0.0)) * z
    return loss, current


def _tank(circuit: Circuit, owner: Thing, tank: Thing, number: int) -> None:
    """One tank: windings by its ends, ratings and impedances by its catalog entry."""
    circuit.use([tank], owner)
    ends = _ends(circuit, tank, "TransformerTankEnd.TransformerTank")
    info = circuit.store.to(tank, "TransformerTank.TransformerTankInfo") or circuit.datasheet(tank)
    if info is None:
        info = circuit.store.must(tank, "PowerSystemResource.AssetDatasheet")
    rows = windings_of(circuit, tank, info, len(ends))
    watts = [r.number("TransformerEndInfo.ratedS") for r in rows]
    volts = [r.number("TransformerEndInfo.ratedU") for r in rows]
    _positive(watts, "TransformerEndInfo.ratedS")
    _positive(volts, "TransformerEndInfo.ratedU")
    ohm = [u * u / watts[0] for u in volts]
    r = [row.number("TransformerEndInfo.r", 0.0) / z for row, z in zip(rows, ohm, strict=True)]
    x = {k: tested(circuit, tank, rows, k, ohm, r, watts[0]) for k in combinations(range(len(rows)), 2)}
    loss, current = no_load(circuit, tank, rows, watts[0])
    taps = [changers(circuit, e) for e in ends]
    windings, phases = [], 1
    ways: set[Way] = set()
    for i, (end, row) in enumerate(zip(ends, rows, strict=True)):
        letters, nodes = _ordered(end)
        bus = _bus(circuit, tank, end)
        phases = 3 if len([n for n in nodes if n]) == 3 else phases
        circuit.touch(bus, nodes)
        if "S" in letters:
            circuit.split.add(bus)
            circuit.base_kv_ll[bus] = (2.0 if 0 in nodes else 1.0) * volts[i] / 1e3
        kind = row.text("TransformerEndInfo.connectionKind").upper()
        if phases == 3 and nodes == (1, 2, 3, 0):
            nodes = nodes[:3]
        if phases == 3 and i > 0:
            nodes = _by_clock(circuit, tank, rows, i, nodes, ways)
        if kind.startswith("Z"):
            text = "the model has no such winding"
            raise UnusableError("cim.connection", text, "TransformerEndInfo.connectionKind", kind, "Waive it.")
        connection = "delta" if kind.startswith("D") else "wye"
        earth = _earth(end, kind[:1]) if phases == 3 else {}
        if phases == 3 and connection == "wye" and not _solid(end):
            nodes = (*nodes[:3], circuit.neutral(bus))
        where: dict[str, Any] = {"bus": bus, "nodes": nodes, "connection": connection} | earth
        rated: dict[str, Any] = {"kv": volts[i] / 1e3, "kva": watts[i] / 1e3, "r_pct": _pct(r[i])}
        windings.append(Winding(**where, **rated, **tap(circuit, tank, taps[i])))
        for word in ("rground", "xground", "grounded"):
            end.ask(f"TransformerEnd.{word}")
    short = rows[0].number("TransformerEndInfo.emergencyS", 0.0)
    part = _part(circuit, tank, windings, x, phases=phases, loss=loss, current=current, of=owner)
    part, order = turned(part, _one(ways))
    bank = plain(owner.name) if number > 1 else ""
    more = {"bank": bank, "emergency_kva": short / 1e3 if short > 0 else None}
    circuit.locate(tank)
    _finish(circuit, tank, part.model_copy(update=more), [taps[i] for i in order])
    owner.feeder, owner.target = circuit.feeder, tank.target


def _by_clock(
    circuit: Circuit, tank: Thing, rows: list[Thing], i: int, nodes: tuple[int, ...], ways: set[Way]
) -> tuple[int, ...]:
    """The nodes of a tank's winding of three phases, turned by the clock number of its catalog entry."""
    word = "TransformerEndInfo."
    first, kind = ("D" if rows[k].text(f"{word}connectionKind").upper().startswith("D") else "YN" for k in (0, i))
    hours = rows[i].whole(f"{word}phaseAngleClock", 0) - rows[0].whole(f"{word}phaseAngleClock", 0)
    unequal = kind != first
    if bool(hours % 2) != unequal:
        value, taken = rows[i].text(f"{word}phaseAngleClock"), int(unequal)
        text = f"the clock number does not fit the connection of the windings: {taken} was taken"
        if value not in ("", "0"):
            remedy = "Correct one of the two."
            tell(
                circuit.reading, rows[i], "source.phase-shift", "warning", text, f"{word}phaseAngleClock", value, remedy
            )
        else:
            about = f"{tank.thing} winding {i + 1} phaseAngleClock"
            circuit.reading.defaulted(circuit.feeder, about, "", f"transformer {tank.name}", str(taken), text)
        hours = taken
    way = joined(first + kind.lower() + str(hours % 12), 30.0 * (hours % 12))
    if unequal:
        ways.add(way.lead_lag)
    return (*(nodes[n - 1] for n in way.nodes), *nodes[3:])


def _ordered(end: Thing) -> tuple[str, tuple[int, ...]]:
    """Phases of a tank's winding as letters, and its nodes in their order."""
    code = (end.text("TransformerTankEnd.orderedPhases") or end.text("TransformerTankEnd.phases")).upper()
    letters = code.replace("S", "")
    if not letters or not set(letters) <= _NODES.keys() or letters == "N":
        raise UnusableError(
            "cim.phase", "is no order of phases", "TransformerTankEnd.orderedPhases", code, "Correct it."
        )
    if len(letters) == 1:
        letters += "N"
    if letters == "12N":
        letters = "12"
    return code, tuple(_NODES[c] for c in letters)


def _part(
    circuit: Circuit, thing: Thing, windings: list[Winding], x: dict[tuple[int, int], float], **how: Any
) -> Transformer:
    three = len(windings) == 3
    return Transformer(
        name=circuit.called(thing, "transformer"),
        phases=how["phases"],
        windings=tuple(windings),
        xhl_pct=_pct(x[0, 1]),
        xht_pct=_pct(x[0, 2]) if three else None,
        xlt_pct=_pct(x[1, 2]) if three else None,
        no_load_loss_pct=_pct(how["loss"]),
        magnetizing_pct=_pct(how["current"]),
        enabled=circuit.in_service(how.get("of", thing)),
    )


def _positive(values: list[float], word: str) -> None:
    if min(values) <= 0:
        raise UnusableError("source.bad-value", "must be greater than 0", word, min(values), "Correct the value.")


def _pct(share: float) -> float:
    return float(f"{100.0 * share:.12g}")
