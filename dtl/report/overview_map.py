"""The payload ``ov``: the whole study for the first look at the map, and the counts of its legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dtl.report import drawing, payloads
from dtl.report.overlays import DEVICES
from dtl.report.palette import OF_COLUMN, SCALES
from dtl.report.payloads import Column
from dtl.report.solution import Solution

TOLERANCE = 1 / 400
"""What the overview leaves out of a path, as part of the feeder's extent."""


MOST_PATHS, FEWEST = 6000, 3
"""Most ways of all feeders in the overview, which a browser draws in a moment; fewest of one feeder."""


@dataclass
class Overview:
    """Collects feeders one by one, so that no more than one is in memory."""

    cases: Sequence[str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    paths: list[dict[str, Any]] = field(default_factory=list)

    def add(self, solution: Solution, file: str) -> None:
        """Take in a feeder; one without buses is left out."""
        if not solution.buses or solution.places is None:
            return
        points = [solution.places.points[b.name] for b in solution.buses]
        west, east = min(p[0] for p in points), max(p[0] for p in points)
        south, north = min(p[1] for p in points), max(p[1] for p in points)
        model = solution.model
        assert model is not None
        size = len(solution.buses) + len(model.lines) + len(model.switches) + len(model.transformers)
        self.rows.append(
            {
                "id": solution.feeder,
                "file": file,
                "kind": solution.places.kind,
                "box": (west, south, east, north),
                "parts": size,
                "buses": len(solution.buses),
                "branches": drawing.branches(solution),
                "solved": [int(c in solution.hourly) for c in self.cases],
                "counts": drawing.classes(solution),
                "totals": [_totals(solution, c) for c in self.cases],
            }
        )
        tolerance = TOLERANCE * max(east - west, north - south)
        for rank, path in enumerate(drawing.trunk(solution)):
            path["rank"] = rank
            path["points"] = drawing.simplified(path["points"], tolerance)
            self.paths.append(path | {"feeder": len(self.rows) - 1, "kind": solution.places.kind})

    def take(self, other: Overview) -> None:
        """Take in the feeders that another one collected, behind those that are there."""
        before = len(self.rows)
        self.paths += [path | {"feeder": path["feeder"] + before} for path in other.paths]
        self.rows += other.rows

    @property
    def seen(self) -> set[str]:
        """The layers of the map that any feeder has, besides loading and voltage."""
        totals = {name.split(".")[0] for row in self.rows for one in row["totals"] for name, n in one.items() if n}
        return totals | set(self._columns)

    @property
    def _columns(self) -> list[str]:
        """What colours the overview: loading and voltage always, the others where any feeder has them."""
        told = {name for row in self.rows for counts in row["counts"] for name, n in counts.items() if any(n)}
        return [name for name in OF_COLUMN if name in ("load", "volt") or name in told]

    def thin(self) -> None:
        """Leave out ways until there are no more than `MOST_PATHS`; of every feeder the three longest stay.

        The longest of each feeder stay first, and before its shorter ones those that are out of a limit in any case.
        """
        allowed = max(FEWEST, MOST_PATHS // max(len(self.rows), 1))
        kept: dict[int, int] = {}
        order = sorted(range(len(self.paths)), key=lambda at: _worth(self.paths[at]))
        there = set()
        for at in order:
            path = self.paths[at]
            if kept.setdefault(path["feeder"], 0) < allowed:
                kept[path["feeder"]] += 1
                there.add(at)
        self.paths = [path for at, path in enumerate(self.paths) if at in there]

    def payload(self, crs: str) -> bytes:
        """Tables ``feeders`` (boxes, counts of parts and of classes ``<scale>@<case>.<class>``), ``paths``, ``points``.

        Points are not delta coded across paths of different units: x and y are float32 offsets from the west and south
        of the feeder's box.
        """
        self.thin()
        feeders = [
            payloads.words("id", [r["id"] for r in self.rows]),
            payloads.words("file", [r["file"] for r in self.rows]),
            payloads.words("kind", [r["kind"] for r in self.rows]),
            *(
                _box(side, [r["box"][i] for r in self.rows])
                for i, side in enumerate(("west", "south", "east", "north"))
            ),
            *(payloads.numbers(n, [r[n] for r in self.rows]) for n in ("parts", "buses", "branches")),
        ]
        for i, _ in enumerate(self.cases):
            feeders.append(payloads.numbers(f"solved@{i}", [r["solved"][i] for r in self.rows]))
            for name in (*self._columns, *KINDS, *(n for n in ("age",) if n in self.seen)):
                for k in range(len(SCALES[OF_COLUMN.get(name, KINDS.get(name, name))].labels)):
                    counts = [r["counts"][i][name][k] for r in self.rows]
                    feeders.append(payloads.numbers(f"{name}@{i}.{k}", counts))
            totals = sorted({n for r in self.rows for n in r["totals"][i]})
            feeders += [payloads.reals(f"{n}@{i}", [r["totals"][i].get(n) for r in self.rows]) for n in totals]
        return payloads.columns(
            {"feeders": feeders, "paths": self._path_columns(), "points": self._points()},
            {"crs": crs, "cases": list(self.cases)},
        )

    def _path_columns(self) -> list[Column]:
        cols = [
            payloads.numbers("feeder", [p["feeder"] for p in self.paths]),
            payloads.numbers("points", [len(p["points"]) for p in self.paths]),
        ]
        for i, _ in enumerate(self.cases):
            cols += [payloads.numbers(f"{name}@{i}", [p[name][i] for p in self.paths]) for name in self._columns]
        return cols

    def _points(self) -> list[Column]:
        xs, ys = [], []
        for path in self.paths:
            west, south = self.rows[path["feeder"]]["box"][:2]
            xs += [x - west for x, _ in path["points"]]
            ys += [y - south for _, y in path["points"]]
        return [payloads.reals("x", xs), payloads.reals("y", ys)]


def _worth(path: Mapping[str, Any]) -> tuple[bool, bool, int]:
    """Ways that stay come first: the longest of a feeder, then those out of a limit in any case, then by length."""
    troubled = any(SCALES[name].trouble[k] for name in ("load", "volt") for k in path[name] if k is not None)
    return path["rank"] >= FEWEST, not troubled, path["rank"]


def _box(name: str, values: Sequence[float]) -> Column:
    """A side of the boxes; in 1e-7 degree or centimetres, whichever fits, as differences from row to row."""
    finest = 1e-7 if all(abs(v) <= 200 for v in values) else 0.01
    return payloads.places(name, values, finest)


KINDS = {"line": "load", "transformer": "load"}
"""Counts by kind of element, and their scale."""


def _totals(solution: Solution, case: str) -> dict[str, float]:
    """What a feeder has of the layers that stand on the network: ``<layer>.n`` places and ``<layer>.sum``."""
    shown, own = solution.overlays, solution.number
    found: dict[str, list[float]] = {}
    for name in DEVICES:
        found[name] = [kw for bus, kw in shown.of_bus.get(name, {}).get(case, {}).items() if bus in own]
    buses = shown.of_part.get("customers", {})
    found["customers"] = [n for (_, bus), n in buses.items() if bus in own and n]
    parts = {("bus", b.name) for b in solution.buses} | set(solution.parts)
    found["outages"] = [n for part, n in shown.of_part.get("cmi", {}).items() if part in parts]
    found["age"] = [n for part, n in shown.of_part.get("age", {}).items() if part in parts]
    return {
        key: value for name, values in found.items() if values
        for key, value in ((f"{name}.n", float(len(values))), (f"{name}.sum", float(sum(values))))
    }  # fmt: skip
