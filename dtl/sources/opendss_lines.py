"""Lines and switches of an OpenDSS circuit, with their line codes and the state of their conductors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dtl.network.feeder import Bus, Line, LineCode, Switch
from dtl.sources.opendss_faults import guarded
from dtl.sources.opendss_properties import UNRATED, account
from dtl.sources.reading import Reading, plain
from dtl.units import KM_PER

DEVICES = {"Fuse": "fuse", "Recloser": "recloser", "Relay": "breaker", "SwtControl": "switch"}
"""Classes that act on a line, and the kind of switch that it is then."""


_NO_OHM = 1e-6
"""Resistance and reactance of a switch whose line stands behind it; less than this between conductors is none [ohm]."""
_NO_NF = 1.0
"""Capacitance of a switch that is none [nF]."""


@dataclass
class Lines:
    """Makes lines and switches of one circuit; line codes are shared where impedances and ratings agree."""

    reading: Reading
    feeder: str
    classes: Mapping[str, list[dict[str, Any]]]
    codes: dict[str, LineCode] = field(default_factory=dict)

    def add(self, buses: dict[str, Bus]) -> None:
        """Add all enabled lines to the reading; `buses` grows by those that an open conductor needs."""
        rated = self.rated()
        devices = self.devices()
        for item in self.classes.get("Line", ()):
            if not item["full"]["Enabled"]:
                continue
            kind, opened = devices.get(item["name"], ("", False))
            with guarded(self.reading, self.feeder, "Line", item):
                if item["full"]["Switch"] and _alike(item["full"]):
                    self.switch(item, kind or "switch", opened, rated)
                else:
                    self.line(item, kind, opened, rated, buses)
        for code in self.codes.values():
            self.reading.add(self.feeder, code)

    def rated(self) -> set[str]:
        """Names of line codes, wires and cables for which the source states a rating, as ``class.name``."""
        stated = set()
        for cls in ("LineCode", "WireData", "CNData", "TSData", "LineGeometry"):
            for item in self.classes.get(cls, ()):
                if {"NormAmps", "EmergAmps", "Ratings"} & set(item["given"]):
                    stated.add(f"{cls}.{item['name']}")
        return stated

    def devices(self) -> dict[str, tuple[str, bool]]:
        """For each line on which a device acts: kind of device, and whether it stands open."""
        found: dict[str, tuple[str, bool]] = {}
        for cls, kind in DEVICES.items():
            for item in self.classes.get(cls, ()):
                full = item["full"]
                target = str(full.get("SwitchedObj") or full.get("MonitoredObj") or "").lower()
                if full["Enabled"] and target.startswith("line."):
                    state = full["State"]
                    opened = any(s.startswith("o") for s in (state if isinstance(state, list) else [state]))
                    found[target.removeprefix("line.")] = (kind, opened)
        return found

    def closed(self, item: Mapping[str, Any], opened: bool, n: int) -> tuple[bool, ...]:
        """Whether each conductor is closed; empty when all are."""
        state = tuple(not (opened or item["open"][0][i] or item["open"][1][i]) for i in range(n))
        return () if all(state) else state

    def amps(self, item: Mapping[str, Any], rated: set[str]) -> tuple[float | None, float | None]:
        """Normal and emergency rating where the source states one [A]."""
        full, given = item["full"], set(item["given"])
        code = f"LineCode.{str(full['LineCode'] or '').lower()}"
        by_wire = (full["Geometry"] or full["Spacing"]) and any(not r.startswith("LineCode.") for r in rated)
        own = full["LineCode"] is None and {"NormAmps", "EmergAmps"} & given
        if code not in rated and not by_wire and not own:
            return None, None
        normal, emergency = (float(full[a]) if full[a] > 0 else None for a in ("NormAmps", "EmergAmps"))
        return normal, emergency

    def account(self, item: Mapping[str, Any], target: str, normal: float | None) -> None:
        """Account for the properties of a line."""
        refused = {}
        if normal is None:
            refused = dict(UNRATED)
        if item["full"]["Units"].lower() == "none" and not target.startswith("switch"):
            refused["Units"] = "no unit of length is stated; km assumed for distances, impedances are exact"
        account(self.reading, self.feeder, "Line", item, target, refused)

    def switch(self, item: Mapping[str, Any], kind: str, opened: bool, rated: set[str]) -> None:
        """Add a switch: its impedances are those of one conductor."""
        full, n = item["full"], int(item["full"]["Phases"])
        length = float(full["Length"])
        normal, emergency = self.amps(item, rated)
        name = plain(item["name"])
        part = Switch(
            name=name,
            from_bus=plain(item["buses"][0]),
            to_bus=plain(item["buses"][1]),
            from_nodes=tuple(item["nodes"][0][:n]),
            to_nodes=tuple(item["nodes"][1][:n]),
            type=kind or "switch",
            closed=self.closed(item, opened, n),
            normal_a=normal,
            emergency_a=emergency,
            r_ohm=_fine(abs(full["RMatrix"][0][0] * length)),
            x_ohm=_fine(abs(full["XMatrix"][0][0] * length)),
        )
        self.reading.add(self.feeder, part)
        self.account(item, f"switch.{name}", normal)

    def line(self, item: Mapping[str, Any], kind: str, opened: bool, rated: set[str], buses: dict[str, Bus]) -> None:
        """Add a line, behind a switch where the source opens one of its conductors or calls the line a switch."""
        full, n = item["full"], int(item["full"]["Phases"])
        name, first, nodes = plain(item["name"]), plain(item["buses"][0]), tuple(item["nodes"][0][:n])
        closed = self.closed(item, opened, n)
        if full["Switch"]:
            first = self.before(name, name, first, nodes, closed, kind, buses)
        elif closed:
            first = self.before(f"{name}__open", name, first, nodes, closed, kind, buses)
        normal, emergency = self.amps(item, rated)
        code = self.code(item, normal, emergency)
        stated = "LineType" in item["given"]
        part = Line(
            name=name,
            from_bus=first,
            to_bus=plain(item["buses"][1]),
            from_nodes=nodes,
            to_nodes=tuple(item["nodes"][1][:n]),
            length_km=self.length_km(item),
            line_code=code.name,
            placement={"oh": "overhead", "ug": "underground"}.get(full["LineType"], "unknown") if stated else "unknown",
            normal_a=None if normal == code.normal_a else normal,
            emergency_a=None if emergency == code.emergency_a else emergency,
        )
        self.reading.add(self.feeder, part)
        self.account(item, f"line.{name}", normal)

    def before(
        self, switch: str, line: str, bus: str, nodes: tuple[int, ...], closed: tuple[bool, ...], kind: str,
        buses: dict[str, Bus],
    ) -> str:  # fmt: skip
        """Put a switch before a line; returns the bus between them."""
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

    def code(self, item: Mapping[str, Any], normal: float | None, emergency: float | None) -> LineCode:
        """The line code of a line: that of its source where the impedances agree, else one of its own."""
        full = item["full"]
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
            if known == code.model_copy(update=same):
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
