"""One feeder of a CIM model on its way into the model: its buses with their phases, places and ratings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from dtl.network.feeder import Bus, Part
from dtl.sources.cim_objects import Store, Thing
from dtl.sources.reading import KIND, Reading, plain
from dtl.sources.record import Record, UnusableError

SQRT3 = math.sqrt(3.0)
NODES = {"A": 1, "B": 2, "C": 3, "N": 0, "S1": 1, "S2": 2}
"""Node of each phase; the neutral of a part is ground."""
ACROSS = "S12"
"""What stands between the two legs of a centre-tapped secondary."""
PHASES = (1, 2, 3)
HOUSE_KV = 0.12
"""Nominal voltage of a leg of a centre-tapped secondary [kV]."""
LIMITS = {"min_pu": 0.5, "max_pu": 1.5}
"""Voltages between which loads and generators keep their model, which CIM does not state."""


@dataclass
class Circuit:
    """A feeder that is being read; `members` are its pieces of equipment."""

    reading: Reading
    store: Store
    feeder: str
    members: list[Thing]
    frequency_hz: float
    names: dict[str, str] = field(default_factory=dict)
    """Name of the bus by the id of its node."""
    nodes: dict[str, set[int]] = field(default_factory=dict)
    split: set[str] = field(default_factory=set)
    base_kv_ll: dict[str, float] = field(default_factory=dict)
    place: dict[str, tuple[float, float]] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    neutrals: Counter[str] = field(default_factory=Counter)
    _at: dict[str, Thing] = field(default_factory=dict)

    def of(self, *classes: str) -> list[Thing]:
        """The members of the classes."""
        return [t for t in self.members if t.cls in classes]

    def ends(self, equipment: Thing, wanted: int) -> list[str]:
        """The buses at the terminals of a piece of equipment, by their sequence.

        Raises
        ------
        UnusableError
            It has another number of terminals, or one of them is at no node.
        """
        found = self.terminals(equipment)
        if len(found) != wanted:
            text = f"has {len(found)} terminals, and needs {wanted}"
            raise UnusableError("cim.terminals", text, "Terminal", len(found), "Correct its terminals.")
        for terminal in found:
            terminal.feeder, terminal.target = self.feeder, equipment.thing
        return [self.bus(t) for t in found]

    def terminals(self, equipment: Thing) -> list[Thing]:
        """The terminals of a piece of equipment by their sequence."""
        found = self.store.back(equipment, "Terminal.ConductingEquipment")
        old = "Terminal.sequenceNumber"
        return sorted(found, key=lambda t: t.number("ACDCTerminal.sequenceNumber", t.number(old, 1.0)))

    def bus(self, terminal: Thing) -> str:
        """The bus of a terminal: its connectivity node, else its topological node."""
        word = "Terminal.ConnectivityNode"
        if word not in terminal.values:
            word = "Terminal.TopologicalNode"
        node = self.store.must(terminal, word)
        if node.id not in self.names:
            base = name = plain(node.name)
            while name in self.names.values():
                name = f"{base}@{node.id[:8].lower()}" if name == base else f"{name}_"
            self.names[node.id] = name
            self.nodes[name] = set()
            self._at[name] = node
            node.feeder, node.target = self.feeder, f"bus.{name}"
            if (level := self.store.to(node, "TopologicalNode.BaseVoltage")) is not None:
                self.base(name, level)
        return self.names[node.id]

    def base(self, bus: str, level: Thing | None) -> None:
        """Note the nominal voltage of a bus, by the first that states it."""
        if level is not None and bus not in self.base_kv_ll:
            volts = level.number("BaseVoltage.nominalVoltage")
            if volts > 0:
                self.base_kv_ll[bus] = volts / 1e3
                level.feeder, level.target = self.feeder, f"bus.{bus}: kv_ln"

    def _around(self, bus: str) -> Thing | None:
        """The nominal voltage of what a bus stands in, where its equipment states none: a voltage level, its bay."""
        if bus in self.base_kv_ll:
            return None
        node, found = self._at[bus], None
        with suppress(UnusableError):  # a file that is missing is told as the voltage that nothing states
            words = ("ConnectivityNode.ConnectivityNodeContainer", "TopologicalNode.ConnectivityNodeContainer")
            holder = next((h for w in words if (h := self.store.to(node, w)) is not None), None)
            if holder is not None and holder.cls == "Bay":
                holder = self.store.to(holder, "Bay.VoltageLevel")
            found = None if holder is None else self.store.to(holder, "VoltageLevel.BaseVoltage")
            if found is None and (top := self.store.to(node, "ConnectivityNode.TopologicalNode")) is not None:
                found = self.store.to(top, "TopologicalNode.BaseVoltage")
        return found

    def touch(self, bus: str, nodes: Iterable[int]) -> None:
        """Note that nodes exist at a bus."""
        self.nodes[bus] |= {n for n in nodes if n > 0}

    def kv_ll(self, bus: str) -> float:
        """Nominal voltage of a bus, line to line [kV].

        Raises
        ------
        UnusableError
            Nothing at the bus states one.
        """
        self.base(bus, self._around(bus))
        if bus not in self.base_kv_ll:
            text = f"nothing states the nominal voltage of its bus {bus}"
            raise UnusableError("network.no-base", text, "BaseVoltage", "", "Add a BaseVoltage to the equipment.")
        return self.base_kv_ll[bus]

    def kv_ln(self, bus: str) -> float:
        """Nominal voltage of a node of a bus to ground [kV]."""
        kv = self.kv_ll(bus)
        if bus in self.split:
            return min(kv, kv / 2.0, kv / SQRT3, key=lambda v: abs(v - HOUSE_KV))
        return float(f"{kv / SQRT3:.12g}")

    def neutral(self, bus: str) -> int:
        """A node of its own for a star point that is not earthed solidly."""
        self.neutrals[bus] += 1
        self.touch(bus, [3 + self.neutrals[bus]])
        return 3 + self.neutrals[bus]

    def called(self, thing: Thing, kind: str, ending: str = "") -> str:
        """The name of a part: that of its object; a second one in its class gets the id behind it."""
        name = plain(thing.name) + ending
        self.used[f"{kind} {name}"] += 1
        return name if self.used[f"{kind} {name}"] == 1 else f"{name}@{thing.id[:8].lower()}"

    def in_service(self, thing: Thing) -> bool:
        """Whether a piece of equipment is in service now, or else normally."""
        return thing.flag("Equipment.inService", thing.flag("Equipment.normallyInService", True))

    def add(self, thing: Record, part: Part) -> None:
        """Put a part into the feeder, and say in the account what the object became."""
        thing.feeder = self.feeder
        if self.reading.add(self.feeder, part):
            thing.target = f"{KIND[type(part)]}.{part.name}"
            if thing.line:
                self.reading.place(self.feeder, KIND[type(part)], part.name, thing.file, thing.line)

    def use(self, things: Iterable[Thing], thing: Thing) -> list[Thing]:
        """Say in the account that objects are parts of another one."""
        found = list(things)
        for other in found:
            other.feeder, other.target = self.feeder, thing.thing
        return found

    def datasheet(self, thing: Thing) -> Thing | None:
        """The catalog entry of a piece of equipment: its own, or that of the asset which it is; None without one."""
        sheet = self.store.to(thing, "PowerSystemResource.AssetDatasheet")
        for asset in [] if sheet is not None else self.store.back(thing, "Asset.PowerSystemResources"):
            sheet = self.store.to(asset, "Asset.AssetInfo")
            if sheet is not None:
                self.use([asset], thing)
                break
        return sheet

    def phases(self, thing: Thing, back: str, word: str, across: bool = False) -> list[tuple[str, Thing]]:
        """The objects of the single phases of a piece of equipment: letter and object, none for all of three.

        `across` says that it may stand between the legs of a service, alone, for which OpenDSS writes ``s12``.

        Raises
        ------
        UnusableError
            A letter is no phase, or stands twice.
        """
        found = []
        for phase in self.use(self.store.back(thing, back), thing):
            letter = phase.text(word).upper()
            if letter not in NODES and not (across and letter == ACROSS):
                raise UnusableError("cim.phase", "is no phase", word, letter, "Correct it to A, B, C, N, s1 or s2.")
            found.append((letter, phase))
        letters = [letter for letter, _ in found]
        if len(set(letters)) != len(letters) or (ACROSS in letters and {*letters} - {ACROSS, "N"}):
            raise UnusableError("cim.phase", "a phase stands twice", word, " ".join(letters), "Correct the phases.")
        return found

    def mark(self, bus: str, letters: Iterable[str]) -> None:
        """Note that a bus is the secondary of a centre-tapped transformer when its phases say so."""
        if any(letter.startswith("S") for letter in letters):
            self.split.add(bus)

    def locate(self, thing: Thing) -> list[tuple[float, float]]:
        """The points of an object, which also place the buses at its terminals."""
        location = self.store.to(thing, "PowerSystemResource.Location")
        if location is None:
            return []
        location.feeder, location.target = self.feeder, thing.thing
        rows = self.use(self.store.back(location, "PositionPoint.Location"), thing)
        rows.sort(key=lambda p: p.number("PositionPoint.sequenceNumber", 1.0))
        points = [(p.number("PositionPoint.xPosition"), p.number("PositionPoint.yPosition")) for p in rows]
        terminals = self.terminals(thing)
        ends = points if len(points) == len(terminals) else [points[0], points[-1]] if len(points) > 1 else points
        for terminal, point in zip(terminals, ends, strict=False):
            bus = self.bus(terminal)
            if point != (0.0, 0.0):
                self.place.setdefault(bus, point)
        if len(points) <= len(terminals) or (0.0, 0.0) in points:
            return []
        return points

    def amps(self, thing: Thing) -> tuple[float | None, float | None]:
        """Normal and emergency rating of the terminals of an object: its longest and its shorter current limits [A]."""
        sets = []
        for terminal in self.terminals(thing):
            if (one := self.store.to(terminal, "ACDCTerminal.OperationalLimitSet")) is not None:
                sets.append(one)
            sets += self.store.back(terminal, "OperationalLimitSet.Terminal")
        sets += self.store.back(thing, "OperationalLimitSet.Equipment")
        found: dict[float, float] = {}
        for one in self.use(sets, thing):
            for limit in self.store.back(one, "OperationalLimit.OperationalLimitSet"):
                if limit.cls != "CurrentLimit":
                    continue
                self.use([limit], thing)
                kind = self.store.to(limit, "OperationalLimit.OperationalLimitType")
                lasts = 5e9
                if kind is not None:
                    self.use([kind], thing)
                    lasts = kind.number("OperationalLimitType.acceptableDuration", 5e9)
                amps = limit.number("CurrentLimit.value", limit.number("CurrentLimit.normalValue", 0.0))
                if amps > 0:
                    found[lasts] = min(amps, found.get(lasts, amps))
        if not found:
            return None, None
        normal, *others = [found[k] for k in sorted(found, reverse=True)]
        return normal, others[0] if others else None

    def close(self) -> None:
        """Add the buses with the nodes that their equipment has."""
        for bus, nodes in self.nodes.items():
            x, y = self.place.get(bus, (None, None))
            self.base(bus, self._around(bus))
            if bus not in self.base_kv_ll:
                text = "nothing states the nominal voltage of the bus"
                cure = "Add a BaseVoltage to the equipment at it."
                where = {"feeder": self.feeder, "element": f"bus.{bus}", "remedy": cure}
                self.reading.find("network.no-base", "error", text, **where)
                continue
            kv_ln = self.kv_ln(bus)
            part = Bus(name=bus, nodes=tuple(sorted(nodes)), kv_ln=kv_ln, split_phase=bus in self.split, x=x, y=y)
            self.reading.add(self.feeder, part)
