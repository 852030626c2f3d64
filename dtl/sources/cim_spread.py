"""The parts that a piece of CIM equipment at one bus becomes, by the phases that it states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from dtl.sources.cim_circuit import ACROSS, NODES, PHASES, Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.record import UnusableError

_NEXT = {"A": (1, 2), "B": (2, 3), "C": (3, 1)}
_PAIRS = {frozenset("AB"): (1, 2), frozenset("BC"): (2, 3), frozenset("AC"): (3, 1)}
Shares = list[tuple[str, float, float]]
"""Ending of the name or letter of the phase, active and reactive power [W, var]."""


def spread(
    circuit: Circuit, thing: Thing, bus: str, delta: bool, shares: Shares, kind: str
) -> Iterator[tuple[dict[str, Any], float, float]]:
    """The parts that a piece of equipment becomes: their fields of `Shunt`, and active and reactive power.

    Raises
    ------
    UnusableError
        It is in delta, and its phases are no sides of one.
    """
    letters = [a for a, _, _ in shares if a]
    circuit.mark(bus, letters)
    name = circuit.called(thing, kind)
    delta = delta or letters == [ACROSS]
    common: dict[str, Any] = {"bus": bus, "connection": "delta" if delta else "wye"}
    common["enabled"] = circuit.in_service(thing)
    even = all(math.isclose(v, w, rel_tol=1e-6) for s in shares for v, w in zip(s[1:], shares[0][1:], strict=True))
    total = sum(p for _, p, _ in shares), sum(q for _, _, q in shares)
    legs = bus in circuit.split and set(letters) in ({"S1", "S2"}, {ACROSS})
    if delta and letters and not legs and not set(letters) <= set(_NEXT):
        text = "is no side of a delta"
        raise UnusableError("cim.phase", text, "phaseConnection", " ".join(letters), "State the connection as Y.")
    if not letters or (len(letters) == 3 and even):
        circuit.touch(bus, PHASES)
        yield common | {"name": name, "nodes": PHASES, "phases": 3, "kv": circuit.kv_ll(bus)}, *total
    elif delta and legs:
        circuit.touch(bus, (1, 2))
        yield common | {"name": name, "nodes": (1, 2), "phases": 1, "kv": 2.0 * circuit.kv_ln(bus)}, *total
    elif delta and len(letters) < 3:
        pair = _NEXT[letters[0]] if len(letters) == 1 else _PAIRS[frozenset(letters)]
        circuit.touch(bus, pair)
        yield common | {"name": name, "nodes": pair, "phases": 1, "kv": circuit.kv_ll(bus)}, *total
    else:
        for letter, p, q in shares:
            nodes: tuple[int, ...] = _NEXT[letter] if delta else (NODES[letter],)
            circuit.touch(bus, nodes)
            ending = f"_{letter.lower()}" if len(shares) > 1 else ""
            kv = circuit.kv_ll(bus) if delta else circuit.kv_ln(bus)
            yield common | {"name": name + ending, "nodes": nodes, "phases": 1, "kv": kv}, p, q
