"""One pandapower network on its way into the model: its buses, their names and places, and where parts go."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dtl.network.feeder import Bus, Part
from dtl.sources.pandapower_tables import Net, Row, place_of
from dtl.sources.reading import KIND, Reading, plain
from dtl.sources.record import UNUSABLE, Record, UnusableError, fault, tell

SQRT3 = math.sqrt(3.0)
PHASES = (1, 2, 3)
OUT = "is out of service"


@dataclass
class Grid:
    """A network that is being read: buses by the index that the file gives them."""

    reading: Reading
    feeder: str
    net: Net
    names: dict[int, str] = field(default_factory=dict)
    """Names of the buses in service by their index."""
    out: dict[int, Row] = field(default_factory=dict)
    """The buses out of service by their index."""
    broken: set[int] = field(default_factory=set)
    """Indices of the buses that could not be made."""
    buses: dict[str, Bus] = field(default_factory=dict)
    neutrals: Counter[str] = field(default_factory=Counter)
    """How many star points without earth each bus has."""

    def read_buses(self) -> None:
        """Take the buses in service; the others are left out, with what hangs on them."""
        rows = self.net.rows("bus")
        names = named(rows)
        for row in rows:
            row.feeder = self.feeder
            try:
                if not row.flag("in_service", True):
                    self.out[row.index] = row
                    row.reason = OUT
                    continue
                kv_ln = _kv_ln(row)
                x, y = self._place(row, self.net.row("bus_geodata", row.index))
                bus = Bus(name=names[row.index], nodes=PHASES, kv_ln=kv_ln, x=x, y=y)
            except UNUSABLE as err:
                fault(self.reading, row, err)
                self.broken.add(row.index)
                continue
            self.names[row.index], self.buses[bus.name] = bus.name, bus
            row.target = f"bus.{bus.name}"

    def _place(self, row: Row, old: Row | None) -> tuple[float | None, float | None]:
        points = []
        try:
            points = place_of(row)
            if not points and old is not None:
                old.feeder, old.target = self.feeder, f"bus {row.index}: x, y"
                points = [(old.number("x"), old.number("y"))]
        except UnusableError as err:
            row.drop("geo", str(err))
            tell(self.reading, row, err.check, "warning", str(err), err.field, err.value, err.remedy)
        return points[0] if points else (None, None)

    def bus(self, row: Row, column: str) -> str:
        """The bus that a column names.

        Raises
        ------
        UnusableError
            There is no such bus.
        """
        index = row.whole(column)
        if index not in self.names:
            text = "the bus does not exist"
            raise UnusableError("network.unknown-bus", text, column, index, "Add the bus, or correct the index.")
        return self.names[index]

    def dead(self, row: Row, *columns: str) -> bool:
        """Whether a bus that the columns name is not there, which was told: nothing is made of the row then."""
        buses = {row.whole(c) for c in columns}
        if buses & self.broken:
            row.reason = "its bus could not be made"
        elif buses & self.out.keys():
            row.reason = "its bus is out of service"
        return bool(row.reason)

    def kv_ll(self, bus: str) -> float:
        """Nominal voltage of a bus, line to line [kV]."""
        return float(f"{self.buses[bus].kv_ln * SQRT3:.12g}")

    def between(self, bus: str, thing: str) -> str:
        """Make a bus like another, between it and a thing that a switch joins to it."""
        name = f"{bus}__{thing}"
        while name in self.buses:
            name += "_"
        self.buses[name] = self.buses[bus].model_copy(update={"name": name})
        return name

    def open_end(self, thing: str, index: int) -> str:
        """Make a bus of its own for the end of a thing in service at a bus out of service, whose number is given."""
        name = f"{thing}_end_{index}"
        while name in self.buses:
            name += "_"
        row = self.out[index]
        x, y = self._place(row, self.net.row("bus_geodata", index))
        self.buses[name] = Bus(name=name, nodes=PHASES, kv_ln=_kv_ln(row), x=x, y=y)
        return name

    def open_ends(self, row: Row, columns: Sequence[str]) -> list[str]:
        """The column of the one bus out of service of a thing in service, whose other ends keep their voltage.

        Lines stay charged and transformers of three windings join the other two, as pandapower has it.
        """
        out = [c for c in columns if row.whole(c) in self.out]
        return out if len(out) == 1 and row.flag("in_service", True) else []

    def neutral(self, bus: str) -> int:
        """A node of its own for a star point that is not earthed."""
        self.neutrals[bus] += 1
        node = 3 + self.neutrals[bus]
        known = self.buses[bus]
        self.buses[bus] = Bus.model_validate(known.model_dump() | {"nodes": (*known.nodes, node)})
        return node

    def add(self, row: Record, part: Part) -> None:
        """Put a part into the feeder, and say in the account what the row became."""
        row.feeder = self.feeder
        if self.reading.add(self.feeder, part):
            row.target = f"{KIND[type(part)]}.{part.name}"

    def close(self) -> None:
        """Add the buses, which may have grown until now."""
        for bus in self.buses.values():
            self.reading.add(self.feeder, bus)


def _kv_ln(row: Row) -> float:
    return float(f"{row.number('vn_kv') / SQRT3:.15g}")


def named(rows: Iterable[Row]) -> dict[int, str]:
    """Unique names of the rows of a table by index: the stated name, with the index where it repeats or is none."""
    rows = list(rows)
    stated = {r.index: plain(r.text("name")) for r in rows}
    often = Counter(stated.values())
    names: dict[int, str] = {}
    used: set[str] = set()
    for row in rows:
        name = stated[row.index]
        if not name:
            name = f"{row.table}_{row.index}"
        elif often[name] > 1:
            name = f"{name}@{row.index}"
        while name in used:
            name += f"@{row.index}"
        used.add(name)
        names[row.index] = name
    return names
