"""The table ``gis_edges``: conductors in pieces, devices and transformers between nodes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from dtl import tables
from dtl.errors import Severity
from dtl.sources.gis_account import MOST
from dtl.sources.gis_assets import Assets
from dtl.sources.gis_associations import connect
from dtl.sources.gis_nodes import PRIMARY, Finder, Lines, ends, join_ends, name_nodes
from dtl.sources.gis_places import LINE
from dtl.sources.gis_walk import traced
from dtl.sources.reading import Reading

Words = npt.NDArray[np.object_]
DEVICES = ("switch", "fuse", "regulator")
RATIO = (0.8, 1.5)
"""A stated length counts while its ratio to that of the shape is within these: sag, slack and risers explain it."""

TRACED = ("source", "head", "transformer", "hops")
"""Columns of the table that are known when all edges are."""

Numbers = npt.NDArray[np.float64]
Chunk = dict[str, npt.NDArray[Any]]
"""Columns of the table by name."""
Cut = tuple[float, str, str]
"""Metres from the beginning, the node before and the node behind."""


def edges(reading: Reading, found: list[Assets], snap_m: float) -> pa.Table:
    """The table ``gis_edges`` of all conductors, switches, fuses, regulators and transformers."""
    wires = [a for a in found if a.kind == "conductor"]
    lines = _lines(reading, wires)
    lost = name_nodes(lines, snap_m)
    if lost:
        reading.find("gis.no-end", "warning", f"ends of lines that have neither a node nor a place: {lost}",
                     remedy="Export the shapes, or the ids of the nodes.")  # fmt: skip
    joined = join_ends(lines, snap_m)
    if joined:
        reading.find("gis.end-on-line", "info", f"ends that stand on the middle of a line, which they divide: {joined}")
    finder = Finder(lines, snap_m)
    connect(reading, found, lines, finder, snap_m)
    chunks = [_devices(reading, a, lines, finder) for a in found if a.kind in DEVICES and a.count]
    chunks += [_transformers(reading, a, finder, snap_m) for a in found if a.kind == "transformer" and a.count]
    chunks += _conductors(wires, lines)
    return traced(reading, found, _whole(reading.source, chunks))


def _whole(source: str, chunks: list[Chunk]) -> Chunk:
    """All edges as columns, sorted by the key of the table."""
    names = [c.name for c in tables.TABLES["gis_edges"].columns if c.name not in TRACED] + ["other_feeder"]
    whole = {n: np.concatenate([c[n] for c in chunks]) if chunks else np.zeros(0, object) for n in names}
    order = np.lexsort((whole["piece"].astype(int), whole["asset"].astype(str), whole["kind"].astype(str)))
    count = len(order)
    return {"source": np.full(count, source, object)} | {n: c[order] for n, c in whole.items()}


def _lines(reading: Reading, wires: list[Assets]) -> Lines:
    def together(name: str) -> Words:
        return np.concatenate([a.words(name) for a in wires]) if wires else np.zeros(0, object)

    shapes = np.concatenate([a.shapes for a in wires]) if wires else np.zeros(0, object)
    nodes = np.column_stack([together("from_node"), together("to_node")]).astype(object)
    stated = np.concatenate([a.numbers("length") for a in wires]) if wires else np.zeros(0)
    names = together("id")
    owners = np.column_stack([together("feeder"), together("transformer")]).astype(object)
    length_m = _lengths(reading, names, stated, shapely.length(shapes))
    return Lines(names, together("level") == PRIMARY, shapes, length_m, nodes, nodes != "", ends(shapes), owners,
                 together("phases"))  # fmt: skip


def _lengths(reading: Reading, names: Words, stated: Any, drawn: Any) -> Any:
    """Lengths [m]: as stated where that agrees with the shape, else of the shape."""
    both = np.isfinite(stated) & (drawn > 1.0)
    ratio = np.where(both, stated, 1.0) / np.where(both, drawn, 1.0)
    off = both & ((ratio < RATIO[0]) | (ratio > RATIO[1]))
    if both.sum() >= 10 and off.sum() > both.sum() / 2:
        reading.find("gis.length-unit", "error", f"stated lengths are {np.median(ratio[both]):.3g} times those of the "
                     "shapes: their unit is another", field="length", remedy="Declare length_unit.")  # fmt: skip
    wrong = np.flatnonzero(off)
    for i in wrong[:MOST]:
        reason = f"{ratio[i]:.3g} times the length of its shape, which counts"
        reading.defaulted("", f"[conductor] {names[i]}", "length", "gis_edges.length_m", f"{stated[i]:.2f}", reason)
    if len(wrong) > MOST:
        more = f"{len(wrong) - MOST} more rows"
        reading.defaulted("", f"[conductor] ({more})", "length", "gis_edges.length_m", more, "the shape's counts")
    if off.any():
        text = f"stated lengths that contradict the shape, which counts: {int(off.sum())}"
        reading.find("gis.length", "warning", text, field="length",
                     element=f"conductor {names[np.flatnonzero(off)[0]]}",
                     remedy="Correct the lengths; each stands in the account.")  # fmt: skip
    none = np.flatnonzero(~np.isfinite(stated) & ~(drawn > 0))
    if len(none):
        text = f"lines with neither a length nor a shape that has one, which count as 0 m: {len(none)}"
        reading.find("gis.no-length", "warning", text, field="length", element=f"conductor {names[none[0]]}",
                     remedy="State their lengths, or draw them.")  # fmt: skip
    return np.round(np.where(np.isfinite(stated) & ~off, stated, drawn), 3)


def _chunk(own: Assets, nodes: Words, at: Numbers, **more: Any) -> Chunk:
    """Edges of assets as columns; ``at`` are both ends, shape (n, 4) [m]."""
    count = own.count
    level = own.words("level")
    chunk: Chunk = {
        "kind": np.full(count, own.kind, object), "asset": own.words("id"), "piece": np.zeros(count, int),
        "feeder": own.words("feeder"), "from_node": nodes[:, 0], "to_node": nodes[:, 1],
        "level": np.where(level == "", PRIMARY, level), "phases": own.words("phases"), "length_m": np.zeros(count),
        "closed": _closed(own), "x1": at[:, 0], "y1": at[:, 1], "x2": at[:, 2], "y2": at[:, 3],
        "recorded_transformer": own.words("transformer"), "other_feeder": own.words("other_feeder"),
    }  # fmt: skip
    return chunk | more


def _devices(reading: Reading, own: Assets, lines: Lines, finder: Finder) -> Chunk:
    """Devices between two nodes: by their own ids, else they divide the line that they stand on, or close its gap."""
    nodes = np.column_stack([own.words("from_node"), own.words("to_node")]).astype(object)
    names, on, levels = own.words("id"), own.words("conductor_id"), own.words("level")
    basis = np.full(own.count, "ids", object)
    at = np.hstack([own.at, own.at])
    spans = shapely.get_type_id(own.shapes) == LINE
    at[spans] = ends(own.shapes[spans]).reshape(-1, 4)
    astray, phases = [], own.words("phases")
    unclear: list[int] = []
    for i in np.flatnonzero((nodes == "").any(axis=1)):
        primary = levels[i] in ("", PRIMARY)
        if (nodes[i] != "").any():
            k = int(nodes[i, 0] != "")
            nodes[i, k] = finder.node(own.at[i], primary, f"{names[i]}.{k + 1}") or f"{names[i]}.{k + 1}"
            continue
        place = finder.line(on[i], own.at[i], primary)
        if not on[i] and len(parted := _branch(lines, finder, own.at[i], primary, phases[i])) > 1:
            unclear.append(int(i))
        place = parted[0] if not on[i] and parted else place
        nodes[i] = (f"{names[i]}.1", f"{names[i]}.2")
        basis[i] = "ids" if on[i] else "geometry"
        if place is not None:
            lines.cuts.append((*place, *nodes[i]))
            at[i] = np.tile(own.at[i], 2)
            continue
        stood = [finder.node(at[i, 2 * k : 2 * k + 2], primary, nodes[i, k]) for k in (0, 1) if spans[i]]
        if any(stood):
            nodes[i] = [node or own_node for node, own_node in zip(stood, nodes[i], strict=True)]
        else:
            nodes[i, 1] = nodes[i, 0]
            astray.append(names[i])
    if unclear:
        severity: Severity = "info" if _closed(own)[unclear].all() else "warning"
        reading.find("gis.branching", severity, f"devices of class {own.kind} where lines branch, and nothing says "
                     f"which of them they part: {len(unclear)}", element=f"{own.kind} {names[unclear[0]]}",
                     value=", ".join(names[unclear[:20]]), remedy="Export the id of the line.")  # fmt: skip
    if astray:
        reading.find("gis.off-line", "warning", f"devices of class {own.kind} that stand on no line: {len(astray)}",
                     element=f"{own.kind} {astray[0]}", value=", ".join(astray[:20]),
                     remedy="Raise snap_m, or export the id of the line.")  # fmt: skip
    return _chunk(own, nodes, at, basis=basis)


def _branch(lines: Lines, finder: Finder, at: Numbers, primary: bool, phases: str) -> list[tuple[int, float]]:
    """Where three ends of lines or more meet, the lines that a device there may part; none where fewer meet.

    The only line with its phases is the one: a fuse of one phase stands on the lateral.
    """
    meeting = finder.meeting(at, primary)
    if sum(1 if finder.end(row, along) >= 0 else 2 for row, along in meeting) <= 2:
        return []
    alike = [(row, along) for row, along in meeting if lines.phases[row] == phases]
    return alike if len(alike) == 1 else meeting


def _closed(own: Assets) -> npt.NDArray[np.bool_]:
    stated = own.columns.get("closed")
    if stated is None:
        return np.ones(own.count, bool)
    found: npt.NDArray[np.bool_] = stated.fill_null(True).to_numpy(zero_copy_only=False)
    return found


def _transformers(reading: Reading, own: Assets, finder: Finder, snap_m: float) -> Chunk:
    """Transformers between a node of each level: by ids, else the line or end of the level at their place."""
    high = np.where(own.words("from_node") != "", own.words("from_node"), own.words("node"))
    nodes = np.column_stack([high, own.words("to_node")]).astype(object)
    basis = np.where((nodes != "").all(axis=1), "ids", "geometry").astype(object)
    names = own.words("id")
    alone = [0, 0]
    for i, k in np.argwhere(nodes == ""):
        found = finder.node(own.at[i], k == 0, f"{names[i]}.{k + 1}")
        alone[k] += not found
        nodes[i, k] = found or f"{names[i]}.{k + 1}"
    if alone[0]:
        reading.find("gis.off-line", "warning", f"transformers that no primary line reaches: {alone[0]}",
                     element=own.layer,
                     remedy=f"Raise snap_m (it is {snap_m:g} m), or export the id of the node.")  # fmt: skip
    if alone[1]:
        reading.find("gis.no-secondary", "info", f"transformers from which no secondary line leaves: {alone[1]}",
                     element=own.layer)  # fmt: skip
    return _chunk(own, nodes, np.hstack([own.at, own.at]), basis=basis, recorded_transformer=names)


def _conductors(wires: list[Assets], lines: Lines) -> list[Chunk]:
    """Conductors, those on which something stands in pieces."""
    cuts: dict[int, list[Cut]] = defaultdict(list)
    for row, along, a, b in lines.cuts:
        cuts[row].append((along, a, b))
    chunks, start = [], 0
    for own in wires:
        here = slice(start, start + own.count)
        basis = np.where(lines.given[here].all(axis=1), "ids", "geometry").astype(object)
        length_m = np.nan_to_num(lines.length_m[here])
        whole = _chunk(own, lines.nodes[here], lines.ends[here].reshape(-1, 4), basis=basis, length_m=length_m)
        divided = [i for i in range(own.count) if start + i in cuts]
        pieces = [(i, *p) for i in divided for p in _pieces(lines, start + i, sorted(cuts[start + i]))]
        rest = np.setdiff1d(np.arange(own.count), divided)
        chunks.append({n: c[rest] for n, c in whole.items()})
        if pieces:
            column = [np.array(c, object) for c in zip(*pieces, strict=True)]
            part = {n: c[column[0].astype(int)] for n, c in whole.items()}
            part |= {"piece": column[1], "from_node": column[2], "to_node": column[3]}
            names = ("length_m", "x1", "y1", "x2", "y2")
            chunks.append(part | {n: c.astype(float) for n, c in zip(names, column[4:], strict=True)})
        start += own.count
    return chunks


def _pieces(lines: Lines, row: int, cuts: list[Cut]) -> list[tuple[Any, ...]]:
    """The pieces of a line: number, nodes, length and both ends [m]."""
    shape, whole = lines.shapes[row], float(np.nan_to_num(lines.length_m[row]))
    drawn = float(shapely.length(shape)) if shape is not None else whole
    before, node, at = 0.0, lines.nodes[row, 0], lines.ends[row, 0]
    made: list[tuple[Any, ...]] = []
    for number, (along, a, b) in enumerate([*cuts, (drawn, lines.nodes[row, 1], "")]):
        to = lines.ends[row, 1] if number == len(cuts) else _at(shape, along)
        share = (along - before) / drawn if drawn else 0.0
        made.append((number, node, a, round(whole * share, 3), *at, *to))
        before, node, at = along, b, to
    return made


def _at(shape: Any, along: float) -> Numbers:
    if shape is None:
        return np.full(2, np.nan)
    place: Numbers = np.round(shapely.get_coordinates(shapely.line_interpolate_point(shape, along))[0], 2)
    return place
