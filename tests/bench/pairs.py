"""The meters and service transformers of an OpenDSS feeder with their true pairs, for `places.py`.

`python tests/bench/pairs.py MASTER.dss FOLDER [LOW HIGH]` writes meters.csv (meter, x, y, node_phases),
transformers.csv (transformer, x, y, phases, kva) and truth.csv (meter, transformer): the loads, and the transformers
below 1 kV that have coordinates, each load with the transformer that its secondary lines lead to. Names are numbers in
shuffled order, since those of feeders give the pairs away. With LOW and HIGH only transformers with y from LOW to below
HIGH are taken.
"""

from __future__ import annotations

import csv
import os
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from dss import DSS

Row = Sequence[object]
LOW_KV = 1.0


def compiled(master: Path) -> None:
    """Compile a script; the engine changes the folder of the process, which is put back."""
    here = Path.cwd()
    DSS.AllowEditor = False
    DSS.Text.Command = f'compile "{master.resolve()}"'
    os.chdir(here)


def node(full: str) -> tuple[str, str]:
    """Bus and phases of a bus as a script names it."""
    name, *nodes = full.lower().split(".")
    return name, "".join(n for n in nodes if n in "123")


def places() -> dict[str, tuple[float, float]]:
    """Coordinates of the buses that have some."""
    circuit, found = DSS.ActiveCircuit, {}
    for i in range(circuit.NumBuses):
        bus = circuit.Buses(i)  # always the same object, which shows the bus that was asked for last
        if bus.Coorddefined:
            found[bus.Name.lower()] = (float(bus.x), float(bus.y))
    return found


def secondaries() -> dict[str, set[str]]:
    """The buses beside each bus, over lines."""
    lines, beside = DSS.ActiveCircuit.Lines, defaultdict(set)
    for name in lines.AllNames:
        lines.Name = name
        if DSS.ActiveCircuit.ActiveCktElement.Enabled:
            first, last = node(lines.Bus1)[0], node(lines.Bus2)[0]
            beside[first].add(last)
            beside[last].add(first)
    return beside


def transformers() -> dict[str, list[tuple[str, str, str, float]]]:
    """Service transformers by the bus of their secondary: name, primary bus, phases, rating [kVA]."""
    own, found = DSS.ActiveCircuit.Transformers, defaultdict(list)
    for name in own.AllNames:
        own.Name = name
        element = DSS.ActiveCircuit.ActiveCktElement
        first, last = element.BusNames[:2]
        own.Wdg = 1
        above = own.kV > LOW_KV
        own.Wdg = 2
        if element.Enabled and above and own.kV < LOW_KV:
            bus, phases = node(first)
            found[node(last)[0]].append((name, bus, phases, float(own.kVA)))
    return found


def serving(bus: str, beside: dict[str, set[str]], units: dict[str, list[tuple[str, str, str, float]]]) -> str:
    """The transformer whose secondary a bus is on; empty where there is none, or more than one at its bus."""
    seen, todo = {bus}, [bus]
    while todo:
        here = todo.pop(0)
        if here in units:
            return units[here][0][0] if len(units[here]) == 1 else ""
        todo += sorted(beside[here] - seen)
        seen |= beside[here]
    return ""


def main(master: Path, folder: Path, low: float = float("-inf"), high: float = float("inf")) -> None:
    """Write the three tables."""
    compiled(master)
    where, beside, units = places(), secondaries(), transformers()
    own = [
        (name, *where[bus], phases, kva) for rows in units.values() for name, bus, phases, kva in rows if bus in where
    ]
    own = [row for row in own if low <= row[2] < high]
    taken, meters, loads = {row[0] for row in own}, [], DSS.ActiveCircuit.Loads
    for name in loads.AllNames:
        loads.Name = name
        bus, phases = node(DSS.ActiveCircuit.ActiveCktElement.BusNames[0])
        unit = serving(bus, beside, units)
        if unit in taken and bus in where:
            meters.append((*where[bus], phases, unit))
    random.Random(1).shuffle(own)
    random.Random(2).shuffle(meters)
    number = {row[0]: f"t{i:04d}" for i, row in enumerate(own, 1)}
    folder.mkdir(parents=True, exist_ok=True)
    told: dict[str, tuple[Row, list[Row]]] = {
        "transformers": (("transformer", "x", "y", "phases", "kva"), [(number[n], *rest) for n, *rest in own]),
        "meters": (("meter", "x", "y", "node_phases"), [(f"m{i:04d}", *row[:3]) for i, row in enumerate(meters, 1)]),
        "truth": (("meter", "transformer"), [(f"m{i:04d}", number[row[3]]) for i, row in enumerate(meters, 1)]),
    }
    for table, (head, rows) in told.items():
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *rows])
    print(f"{folder}: {len(meters)} meters of {len(own)} transformers")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(float, sys.argv[3:]))
