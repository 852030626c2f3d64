"""The map's payloads: the parts of a feeder with their answers, and the whole study as a few simplified paths."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from dtl.network.feeder import Bus, Line, Switch
from dtl.report import payloads
from dtl.report.overlays import DIGITS, PART_DIGITS
from dtl.report.palette import OF_COLUMN, SCALES, volt_class
from dtl.report.payloads import Column
from dtl.report.places import Places, Point
from dtl.report.solution import LINES, Solution

PATHS = 24
"""Most paths of one feeder in the overview."""

SCALE = {"metres": 0.01, "schematic": 0.01, "degrees": 1e-7}
"""What coordinates are rounded to, in their own unit; 1e-7 degree is 1 cm."""


def parts(solution: Solution) -> bytes:
    """The payload ``a/<file>``: tables ``buses``, ``lines``, ``path`` (vertices of lines) and ``transformers``.

    A column ``<name>@<i>`` belongs to case i of the payload ``study``. ``load`` is the highest loading [% of the
    limit], ``pct`` the same [% of the rating], ``hour`` its hour. ``lines.points`` counts a line's rows of ``path``.
    """
    where = solution.places
    assert where is not None
    lines, vertices = _lines(solution, where)
    xs, ys = zip(*vertices, strict=True) if vertices else ((), ())
    scale = SCALE[where.kind]
    tables = {
        "buses": _buses(solution, where, scale),
        "lines": lines,
        "path": [payloads.places("x", xs, scale), payloads.places("y", ys, scale)],
        "transformers": _transformers(solution),
    }
    return payloads.columns(tables, {"feeder": solution.feeder, "kind": where.kind, "filled": where.filled})


def _buses(solution: Solution, where: Places, scale: float) -> list[Column]:
    buses, bands, flow = solution.buses, solution.bands, solution.flow
    heads = {s.bus for s in solution.model.sources} if solution.model else set()
    points = [where.points[b.name] for b in buses]
    cols = [
        payloads.words("name", [b.name for b in buses]),
        payloads.places("x", [p[0] for p in points], scale),
        payloads.places("y", [p[1] for p in points], scale),
        payloads.numbers("kv", [b.kv_ll for b in buses], 3, "kV"),
        payloads.words("phases", ["".join(_phase(n, b.split_phase) for n in b.nodes) for b in buses]),
        payloads.numbers("head", [int(b.name in heads) for b in buses]),
        payloads.numbers("low", [b.low_pu if b else None for b in bands], 4, "pu"),
        payloads.numbers("high", [b.high_pu if b and b.high_pu < 10 else None for b in bands], 4, "pu"),
    ]
    parts = [("bus", b.name) for b in buses]
    answers = solution.by_case(
        lambda case: [payloads.numbers(name, flow.values(of, case, parts), digits) for name, of, digits in _OF_BUS]
    )
    for i, case in enumerate(solution.cases):
        cols += [column.of_case(i) for column in answers[i]]
        for name, by_case in solution.overlays.of_bus.items():
            known = by_case.get(case)
            if known is not None:
                cols.append(payloads.numbers(f"{name}@{i}", [known.get(b.name) for b in buses], DIGITS[name]))
    return [*cols, *_for_good(solution, parts)]


def _for_good(solution: Solution, parts: Sequence[tuple[str, str]]) -> list[Column]:
    """The columns of parts that hold for all cases, of those that any of them has."""
    told = solution.overlays.of_part.items()
    cols = [(name, [known.get(part) for part in parts]) for name, known in told]
    return [payloads.numbers(n, values, PART_DIGITS[n]) for n, values in cols if any(v is not None for v in values)]


_OF_BUS = (
    ("min", "min_pu", 4),
    ("max", "max_pu", 4),
    ("min_hour", "min_hour", 0),
    ("max_hour", "max_hour", 0),
    ("hours_low", "hours_low", 1),
    ("hours_high", "hours_high", 1),
)
_OF_BRANCH = (
    ("pct", "max_load_pct", 2),
    ("hour", "max_load_hour", 0),
    ("over", "hours_over", 1),
    ("rating", "rating", 2),
    ("amps", "max_a", 2),
)


def _branch_answers(solution: Solution, parts: Sequence[tuple[str, str]]) -> list[Column]:
    def answers(case: str) -> list[Column]:
        told = [payloads.numbers(n, solution.flow.values(of, case, parts), digits) for n, of, digits in _OF_BRANCH]
        return [payloads.numbers("load", solution.loads(case, parts), 3, "%"), *told]

    return [column.of_case(i) for i, cols in enumerate(solution.by_case(answers)) for column in cols]


def _lines(solution: Solution, where: Places) -> tuple[list[Column], list[Point]]:
    model, number = solution.model, solution.number
    assert model is not None
    own: list[tuple[str, Line | Switch]] = [("line", p) for p in model.lines]
    own = [(k, p) for k, p in [*own, *(("switch", s) for s in model.switches)] if p.from_bus in number]
    named = [(kind, part.name) for kind, part in own]
    paths = [_path(part, where) for _, part in own]
    closed = [int(p.enabled and (not isinstance(p, Switch) or p.is_closed)) for _, p in own]
    cols = [
        payloads.words("name", [p.name for _, p in own]),
        payloads.words("kind", [k for k, _ in own]),
        payloads.numbers("from", [number[p.from_bus] for _, p in own]),
        payloads.numbers("to", [number.get(p.to_bus) for _, p in own]),
        payloads.words("phases", ["".join(_phase(n) for n in p.from_nodes) for _, p in own]),
        payloads.numbers("closed", closed),
        payloads.numbers("length_km", [p.length_km if isinstance(p, Line) else None for _, p in own], 4, "km"),
        payloads.numbers("points", [len(p) for p in paths]),
    ]
    return [*cols, *_branch_answers(solution, named), *_for_good(solution, named)], [
        point for path in paths for point in path
    ]


def _path(part: Line | Switch, where: Places) -> list[Point]:
    """The vertices of a line from end to end; a schematic line turns a corner, so that the tree reads as one."""
    start, end = where.points[part.from_bus], where.points[part.to_bus]
    if where.kind == "schematic":
        return [start, (start[0], end[1]), end] if start[1] != end[1] else [start, end]
    return [start, *(part.path if isinstance(part, Line) else ()), end]


def _transformers(solution: Solution) -> list[Column]:
    model, number = solution.model, solution.number
    assert model is not None
    own = [t for t in model.transformers if t.windings[0].bus in number]
    customers: dict[str, int] = {}
    for load in model.loads:
        customers[load.bus] = customers.get(load.bus, 0) + load.customers
    cols = [
        payloads.words("name", [t.name for t in own]),
        payloads.numbers("bus", [number[t.windings[0].bus] for t in own]),
        payloads.numbers("kva", [t.windings[0].kva for t in own], 1, "kVA"),
        payloads.words("kv", [" / ".join(f"{w.kv:.4g}" for w in t.windings) for t in own]),
        payloads.numbers("phases", [t.phases for t in own]),
        payloads.numbers("regulator", [int(t.is_regulator) for t in own]),
        payloads.numbers("customers", [sum(customers.get(w.bus, 0) for w in t.windings[1:]) for t in own]),
    ]
    named = [("transformer", t.name) for t in own]
    return [*cols, *_branch_answers(solution, named), *_for_good(solution, named)]


def _phase(node: int, split: bool = False) -> str:
    return "" if node > 3 or node == 0 else str(node) if split else "ABC"[node - 1]


def branches(solution: Solution) -> int:
    """How many lines, switches and transformers of a feeder are drawn, judged or not."""
    model, own = solution.model, solution.number
    assert model is not None
    heads = [p.from_bus for p in (*model.lines, *model.switches)] + [t.windings[0].bus for t in model.transformers]
    return sum(bus in own for bus in heads)


def classes(solution: Solution) -> list[dict[str, list[int]]]:
    """How many parts of a feeder fall into each class, by case and column.

    ``load`` of rated branches, ``line`` and ``transformer`` of these alone, ``volt`` and ``fit_...`` of buses, ``age``.
    """
    branches = solution.flow.elements(*LINES, "transformer")
    lines, transformers = [p for p in branches if p[0] != "transformer"], [p for p in branches if p[0] == "transformer"]
    ages = solution.overlays.of_part.get("age", {})
    for_good = {name: _tally("fit", []) for name in FITS} | {
        "age": _tally("age", [ages.get(part) for part in solution.parts] if ages else [])
    }

    def solved(case: str) -> dict[str, list[int]]:
        line, transformer = (_tally("load", solution.loads(case, parts)) for parts in (lines, transformers))
        both = [a + b for a, b in zip(line, transformer, strict=True)]
        volts = _volts(solution, case, solution.buses)
        return {"load": both, "line": line, "transformer": transformer, "volt": _count("volt", volts)}

    found = [for_good | counts for counts in solution.by_case(solved)]
    for name, by_case in solution.overlays.of_bus.items():
        for counts, case in zip(found, solution.cases, strict=True):
            if name in FITS and case in by_case:
                counts[name] = _tally("fit", [by_case[case].get(bus.name) for bus in solution.buses])
    return found


def _tally(scale: str, values: Sequence[float | None]) -> list[int]:
    """How many values fall into each class of a scale."""
    return _count(scale, [SCALES[scale].of(v) for v in values])


def _count(scale: str, classes: Sequence[int | None]) -> list[int]:
    return [classes.count(k) for k in range(len(SCALES[scale].labels))]


FITS = tuple(name for name, scale in OF_COLUMN.items() if scale == "fit")


def _volts(solution: Solution, case: str, buses: Sequence[Bus]) -> list[int | None]:
    """The class of each bus by its voltage in a case; None without a limit or without an answer."""
    parts = [("bus", b.name) for b in buses]
    low, high = (solution.flow.values(column, case, parts) for column in ("min_pu", "max_pu"))
    bands = [solution.bands[solution.number[b.name]] for b in buses]
    return [
        None if band is None else volt_class(least, most, band.low_pu, band.high_pu)
        for least, most, band in zip(low, high, bands, strict=True)
    ]


def trunk(solution: Solution) -> list[dict[str, Any]]:
    """A feeder as a few paths, the longest ways from its head first, each with its worst classes by case.

    Each is ``{"points": [...], "load": [class per case], ...}`` with all of `OF_COLUMN`; None where nothing is known.
    """
    where = solution.places
    assert where is not None
    parent, own = where.topology.parent, solution.number
    used: set[str] = set()
    found: list[tuple[list[Point], list[str]]] = []
    for leaf in sorted((b for b in own if b in parent), key=lambda b: (-where.topology.distance_km[b], b)):
        way = []
        bus = leaf
        while bus in parent and bus not in used and bus in own:
            used.add(bus)
            way.append(bus)
            bus = parent[bus][0]
        if way:
            found.append(([where.points[b] for b in (bus, *reversed(way))], way))
    found.sort(key=lambda path: -_extent(path[0]))
    return [
        {
            "points": points,
            "load": solution.by_case(partial(_worst_load, solution, [parent[b][1] for b in way])),
            "volt": solution.by_case(partial(_worst_volt, solution, [solution.buses[own[b]] for b in way])),
            **{name: [_least_fit(solution, name, case, way) for case in solution.cases] for name in FITS},
        }
        for points, way in found[:PATHS]
    ]


def _worst_load(solution: Solution, edges: Sequence[tuple[str, str]], case: str) -> int | None:
    return SCALES["load"].of(max((v for v in solution.loads(case, edges) if v is not None), default=None))


def _worst_volt(solution: Solution, buses: Sequence[Bus], case: str) -> int | None:
    found = _volts(solution, case, buses)
    return max((c for c in found if c is not None), key=lambda c: (abs(c - 2), -c), default=None)


def _least_fit(solution: Solution, name: str, case: str, buses: Sequence[str]) -> int | None:
    there = solution.overlays.of_bus.get(name, {}).get(case, {})
    return SCALES["fit"].of(min((there[bus] for bus in buses if bus in there), default=None))


def _extent(points: Sequence[Point]) -> float:
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(points))


def simplified(points: Sequence[Point], tolerance: float) -> list[Point]:
    """The points of a path without those that lie nearer than `tolerance` to the line between the kept ones.

    Douglas and Peucker (1973), without recursion.
    """
    keep = {0, len(points) - 1}
    todo = [(0, len(points) - 1)]
    while todo:
        a, b = todo.pop()
        if b - a < 2:
            continue
        far, at = max((_off(points[i], points[a], points[b]), i) for i in range(a + 1, b))
        if far > tolerance:
            keep.add(at)
            todo += [(a, at), (at, b)]
    return [points[i] for i in sorted(keep)]


def _off(p: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = (dx * dx + dy * dy) ** 0.5
    if length == 0:
        return float(((p[0] - a[0]) ** 2 + (p[1] - a[1]) ** 2) ** 0.5)
    return float(abs(dx * (a[1] - p[1]) - dy * (a[0] - p[0])) / length)
