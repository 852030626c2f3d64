"""Catalog entries of transformers in a CIM model: ratings of windings, short-circuit and no-load tests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

from dtl.sources.cim_circuit import Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.record import UnusableError


@dataclass(frozen=True)
class Plate:
    """Resistances, reactances, no-load losses and magnetising current per unit of the first winding."""

    r: list[float]
    x: dict[tuple[int, int], float]
    loss: float
    current: float


def nameplate(circuit: Circuit, thing: Thing, number: int, watts: float) -> Plate:
    """What the catalog entry of a transformer with `number` ends says, per unit of its own rated power `watts`.

    Raises
    ------
    UnusableError
        It has no entry: then nothing states its impedance.
    """
    info = circuit.datasheet(thing)
    if info is None or info.cls != "PowerTransformerInfo":
        text = "states no impedance: neither of its ends, nor between them, nor by tests of a catalog entry"
        raise UnusableError("cim.impedance", text, "PowerTransformerEnd.x", "", "Add one of them.")
    circuit.use([info], thing)
    tanks = circuit.use(circuit.store.back(info, "TransformerTankInfo.PowerTransformerInfo"), thing)
    if len(tanks) != 1:
        text = f"its catalog entry has {len(tanks)} tanks, and the transformer is stated as one"
        raise UnusableError("cim.windings", text, "PowerTransformerInfo", info.name, "Correct it.")
    rows = windings_of(circuit, thing, tanks[0], number)
    rated = rows[0].number("TransformerEndInfo.ratedS")
    if rated <= 0:
        raise UnusableError("source.bad-value", "must be greater than 0", "TransformerEndInfo.ratedS", rated)
    ohm = [row.number("TransformerEndInfo.ratedU") ** 2 / rated for row in rows]
    if min(ohm) <= 0:
        raise UnusableError("source.bad-value", "must be greater than 0", "TransformerEndInfo.ratedU", 0)
    r = [row.number("TransformerEndInfo.r", 0.0) / z for row, z in zip(rows, ohm, strict=True)]
    x = {k: tested(circuit, thing, rows, k, ohm, r, rated) for k in combinations(range(number), 2)}
    loss, current = no_load(circuit, thing, rows, rated)
    scale = watts / rated
    return Plate([v * scale for v in r], {k: v * scale for k, v in x.items()}, loss / scale, current / scale)


def windings_of(circuit: Circuit, owner: Thing, info: Thing, number: int) -> list[Thing]:
    """The windings of a catalog entry of a tank, by their number.

    Raises
    ------
    UnusableError
        It has another number of them than the transformer.
    """
    circuit.use([info], owner)
    rows = circuit.use(circuit.store.back(info, "TransformerEndInfo.TransformerTankInfo"), owner)
    rows.sort(key=lambda r: r.number("TransformerEndInfo.endNumber"))
    if len(rows) != number:
        text = f"its catalog entry has {len(rows)} windings, the tank {number}"
        raise UnusableError("cim.windings", text, "TransformerTank.TransformerTankInfo", info.name, "Correct it.")
    return rows


def tested(
    circuit: Circuit,
    tank: Thing,
    rows: list[Thing],
    pair: tuple[int, int],
    ohm: list[float],
    r: list[float],
    watts: float,
) -> float:
    """Reactance between two windings by their short-circuit test, per unit of the first winding.

    Where the catalog states no resistances, `r` gets those of the test's losses.
    """
    for a, b in (pair, pair[::-1]):
        for test in circuit.store.back(rows[a], "ShortCircuitTest.EnergisedEnd"):
            if rows[b].id not in test.text("ShortCircuitTest.GroundedEnds").split(" "):
                continue
            circuit.use([test], tank)
            base = test.number("TransformerTest.basePower", watts)
            if base <= 0:
                raise UnusableError("source.bad-value", "must be greater than 0", "TransformerTest.basePower", base)
            if not r[a] and not r[b]:
                lost = test.number("ShortCircuitTest.loss", 0.0) * 1e3 / base * watts / base
                r[a] = r[b] = lost / 2.0
            if "ShortCircuitTest.leakageImpedance" in test.values:
                z = test.number("ShortCircuitTest.leakageImpedance") / ohm[a]
            else:
                z = test.number("ShortCircuitTest.voltage") / 100.0 * watts / base
            return math.sqrt(max(z * z - (r[a] + r[b]) ** 2, 0.0))
    text = f"has no short-circuit test between windings {pair[0] + 1} and {pair[1] + 1}"
    raise UnusableError("cim.windings", text, "ShortCircuitTest", "", "Add the test to its catalog entry.")


def no_load(circuit: Circuit, tank: Thing, rows: list[Thing], watts: float) -> tuple[float, float]:
    """No-load losses and magnetising current by the no-load test, per unit of the first winding; 0 without one."""
    for row in rows:
        for test in circuit.store.back(row, "NoLoadTest.EnergisedEnd"):
            circuit.use([test], tank)
            base = test.number("TransformerTest.basePower", watts)
            loss = test.number("NoLoadTest.loss", 0.0) * 1e3 / watts
            total = test.number("NoLoadTest.excitingCurrent", 0.0) / 100.0 * base / watts
            return loss, math.sqrt(max(total * total - loss * loss, 0.0))
    return 0.0, 0.0
