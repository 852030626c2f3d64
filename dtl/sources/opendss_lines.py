"""Lines and switches of an OpenDSS circuit, with their line codes and the state of their conductors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dtl.network.feeder import Bus, Line, LineCode, Switch
from dtl.sources.opendss_faults import guarded, shown_value
from dtl.sources.opendss_properties import UNRATED, account
from dtl.sources.reading import Reading, plain
from dtl.units import KM_PER

DEVICES = {"Fuse": "fuse", "Recloser": "recloser", "Relay": "breaker", "SwtControl": "switch"}
"""Classes that act on a line, and the kind of switch that it is then."""


_NO_OHM = 1e-6
"""Resistance and reactance of a switch whose line stands behind it; less than this between conductors is none [ohm]."""
_NO_NF = 1.0
"""Capacitance of a switch that is none [nF]."""
_DEFAULT_A = {"NormAmps": 400.0, "EmergAmps": 600.0}
"""Ratings of a line of which nobody states any."""
_OVER_NORMAL = 1.5
"""Emergency rating of wires that state none, over their normal one."""


@dataclass
class Lines:
    """Makes lines and switches of one circuit; line codes are shared where impedances and ratings agree."""

    reading: Reading
    feeder: str
    classes: Mapping[str, list[dict[str, Any]]]
    codes: dict[str, LineCode] = field(default_factory=dict)
    catalog: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Objects of a class by name."""

    def add(self, buses: dict[str, Bus]) -> None:
        """Add all enabled lines to the reading; `buses` grows by those that an open conductor needs."""
        devices = self.devices()
        for item in self.classes.get("Line", ()):
            if not item["full"]["Enabled"]:
                continue
            acting = devices.get(item["name"], [])
            kind = DEVICES[acting[-1][0]] if acting else ""
            self.normal(item, acting)
            with guarded(self.reading, self.feeder, "Line", item):
                if item["full"]["Switch"] and _alike(item["full"]):
                    self.switch(item, kind or "switch")
                else:
                    self.line(item, kind, buses)
        for code in self.codes.values():
            self.reading.add(self.feeder, code)

    def devices(self) -> dict[str, list[tuple[str, Mapping[str, Any]]]]:
        """For each line the devices that act on it: their class and what they are."""
        found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for cls in DEVICES:
            for item in self.classes.get(cls, ()):
                full = item["full"]
                target = str(full.get("SwitchedObj") or full.get("MonitoredObj") or "").lower()
                if full["Enabled"] and target.startswith("line."):
                    found.setdefault(target.removeprefix("line."), []).append((cls, item))
        return found

    def normal(self, item: Mapping[str, Any], acting: list[tuple[str, Mapping[str, Any]]]) -> None:
        """Say so when a device on a line would have it otherwise after its reset, which a mode of solution brings."""
        for cls, device in acting:
            full, normal = device["full"], device["full"]["Normal"]
            opened = item["open"][(full.get("SwitchedTerm") or full.get("MonitoredTerm") or 1) - 1]
            states = normal if isinstance(normal, list) else [normal] * len(opened)
            if full.get("Lock") or all(a == b.startswith("o") for a, b in zip(opened, states, strict=False)):
                continue
            self.reading.find(
                "opendss.device-state", "warning",
                "its normal state is not that in which the script leaves its line, which was taken: a solve that "
                "sets a mode would reset it", feeder=self.feeder, element=f"{cls}.{device['name']}", field="Normal",
                value=shown_value(normal), remedy="Give the device the same `normal` and `state` in the script.",
            )  # fmt: skip

    def closed(self, item: Mapping[str, Any], n: int) -> tuple[bool, ...]:
        """Whether each conductor is closed; empty when all are."""
        state = tuple(not (item["open"][0][i] or item["open"][1][i]) for i in range(n))
        return () if all(state) else state

    def amps(self, item: Mapping[str, Any]) -> tuple[float | None, float | None]:
        """Normal and emergency rating where the source states one [A]."""
        full = item["full"]
        normal, emergency = (
            float(full[a]) if full[a] > 0 and self.stated(item, a) else None for a in ("NormAmps", "EmergAmps")
        )
        return normal, emergency

    def stated(self, item: Mapping[str, Any], prop: str) -> bool:
        """Whether a line, its line code or its wires state a rating; else it is a default of the engine."""
        full, value = item["full"], item["full"][prop]
        if prop not in item["given"]:
            return False
        if (code := self.named("LineCode", full.get("LineCode"))) is not None:
            return prop in code["given"] or value != code["full"][prop]
        if full.get("Geometry") or full.get("Spacing"):
            return prop == "NormAmps" or value != _OVER_NORMAL * full["NormAmps"] or self.wired(full)
        return "LineCode" not in item["given"] or value != _DEFAULT_A[prop]

    def wired(self, full: Mapping[str, Any]) -> bool:
        """Whether the geometry or a wire of a line states an emergency rating."""
        geometry = self.named("LineGeometry", full["Geometry"])
        wires = (geometry["full"] if geometry else full)["Conductors"] or ()
        known = [geometry, *(self.named(*w.split(".", 1)) for w in wires)]
        return any("EmergAmps" in k["given"] for k in known if k is not None)

    def named(self, cls: str, name: str | None) -> Mapping[str, Any] | None:
        """An object of a class by its name."""
        if cls not in self.catalog:
            self.catalog[cls] = {item["name"]: item for item in self.classes.get(cls, ())}
        return self.catalog[cls].get(str(name or "").lower())

    def account(self, item: Mapping[str, Any], target: str) -> None:
        """Account for the properties of a line."""
        refused = {p: UNRATED[p] for p, a in zip(("NormAmps", "EmergAmps"), self.amps(item), strict=True) if a is None}
        refused |= {} if {"NormAmps", "EmergAmps"} - set(refused) else {"Ratings": UNRATED["Ratings"]}
        if item["full"]["Units"].lower() == "none" and not target.startswith("switch"):
            refused["Units"] = "no unit of length is stated; km assumed for distances, impedances are exact"
        account(self.reading, self.feeder, "Line", item, target, refused)

    def switch(self, item: Mapping[str, Any], kind: str) -> None:
        """Add a switch: its impedances are those of one conductor."""
        full, n = item["full"], int(item["full"]["Phases"])
        length = float(full["Length"])
        normal, emergency = self.amps(item)
        name = plain(item["name"])
        part = Switch(
            name=name,
            from_bus=plain(item["buses"][0]),
            to_bus=plain(item["buses"][1]),
            from_nodes=tuple(item["nodes"][0][:n]),
            to_nodes=tuple(item["nodes"][1][:n]),
            type=kind or "switch",
            closed=self.closed(item, n),
            normal_a=normal,
            emergency_a=emergency,
            r_ohm=_fine(abs(full["RMatrix"][0][0] * length)),
            x_ohm=_fine(abs(full["XMatrix"][0][0] * length)),
        )
        self.reading.add(self.feeder, part)
        self.account(item, f"switch.{name}")

    def line(self, item: Mapping[str, Any], kind: str, buses: dict[str, Bus]) -> None:
        """Add a line; a switch stands at each end where the source opens a conductor, or before what it calls one."""
        full, n = item["full"], int(item["full"]["Phases"])
        name = plain(item["name"])
        ends, nodes = [plain(b) for b in item["buses"][:2]], [tuple(order[:n]) for order in item["nodes"][:2]]
        if full["Switch"]:
            ends[0] = self.between(name, name, ends[0], nodes[0], self.closed(item, n), kind, buses)
        else:
            opened = [i for i in (0, 1) if any(item["open"][i][:n])]
            for i in opened:
                closed = tuple(not conductor for conductor in item["open"][i][:n])
                switch = f"{name}__open2" if i and len(opened) == 2 else f"{name}__open"
                ends[i] = self.between(switch, name, ends[i], nodes[i], closed, kind, buses)
        normal, emergency = self.amps(item)
        code = self.code(item)
        stated = "LineType" in item["given"]
        part = Line(
            name=name,
            from_bus=ends[0],
            to_bus=ends[1],
            from_nodes=nodes[0],
            to_nodes=nodes[1],
            length_km=self.length_km(item),
            line_code=code.name,
            placement={"oh": "overhead", "ug": "underground"}.get(full["LineType"], "unknown") if stated else "unknown",
            normal_a=None if normal == code.normal_a else normal,
            emergency_a=None if emergency == code.emergency_a else emergency,
        )
        self.reading.add(self.feeder, part)
        self.account(item, f"line.{name}")

    def between(
        self, switch: str, line: str, bus: str, nodes: tuple[int, ...], closed: tuple[bool, ...], kind: str,
        buses: dict[str, Bus],
    ) -> str:  # fmt: skip
        """Put a switch between a bus and the end of a line; returns the bus between the two."""
        between = f"{bus}__{line}"
        buses[between] = buses[bus].model_copy(update={"name": between, "nodes": tuple(sorted(nodes))})
        part = Switch(
            name=switch,
            from_bus=bus,
            to_bus=between,
            from_nodes=nodes,
            to_nodes=nodes,
            type=kind or "switch",
            closed=closed,
            r_ohm=_NO_OHM,
            x_ohm=_NO_OHM,
        )
        self.reading.add(self.feeder, part)
        return between

    def length_km(self, item: Mapping[str, Any]) -> float:
        """Length of a line; without a unit it is taken as kilometres."""
        unit = item["full"]["Units"].lower()
        length = float(item["full"]["Length"])
        return _fine(length * KM_PER.get(unit, 1.0))

    def code(self, item: Mapping[str, Any]) -> LineCode:
        """The line code of a line: that of its source where the impedances agree, else one of its own."""
        full = item["full"]
        own = self.named("LineCode", full["LineCode"])
        normal, emergency = self.amps(own or item)
        per_km = 1.0 / KM_PER.get(full["Units"].lower(), 1.0)
        base = plain(full["LineCode"] or full["Geometry"] or full["Spacing"] or f"line_{item['name']}")
        origin = next((f"OpenDSS {k} {full[k].lower()}" for k in ("LineCode", "Geometry", "Spacing") if full[k]), "")
        code = LineCode(
            name=base,
            r_ohm_per_km=_matrix(full["RMatrix"], per_km),
            x_ohm_per_km=_matrix(full["XMatrix"], per_km),
            c_nf_per_km=_matrix(full["CMatrix"], per_km),
            normal_a=normal,
            emergency_a=emergency,
            origin=origin or "OpenDSS line",
        )
        n = 1
        while (known := self.codes.setdefault(code.name, code)) != code:
            same = {"normal_a": known.normal_a, "emergency_a": known.emergency_a}
            unrated = (normal is None and known.normal_a) or (emergency is None and known.emergency_a)
            if known == code.model_copy(update=same) and not unrated:
                return known
            n += 1
            code = code.model_copy(update={"name": f"{base}@{n}"})
        return known


def _alike(full: Mapping[str, Any]) -> bool:
    """Whether a line is a number of equal conductors that know nothing of each other, as those of a switch."""
    length, n = abs(float(full["Length"])), len(full["RMatrix"])
    for matrix, none in ((full["RMatrix"], _NO_OHM), (full["XMatrix"], _NO_OHM), (full["CMatrix"], _NO_NF)):
        own = matrix[0][0] if matrix is not full["CMatrix"] else 0.0
        if any(abs(matrix[i][j] - own * (i == j)) * length > none for i in range(n) for j in range(n)):
            return False
    return True


def _fine(value: float) -> float:
    """A number without the noise that conversions of units leave in its last digits."""
    return float(f"{value:.12g}")


def _matrix(rows: list[list[float]], factor: float) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(_fine(v * factor) for v in row) for row in rows)
