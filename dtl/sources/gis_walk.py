"""From which head and which transformer each edge is fed, through what is closed, and what the walk finds wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from dtl import tables
from dtl.sources.gis_assets import Assets
from dtl.sources.gis_nodes import PRIMARY
from dtl.sources.gis_trace import flood
from dtl.sources.reading import Reading

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Chunk = dict[str, npt.NDArray[Any]]


def traced(reading: Reading, found: list[Assets], edge: Chunk) -> pa.Table:
    """The table ``gis_edges``: edges with head, transformer and hops."""
    count = len(edge["asset"])
    code, names = pd.factorize(np.concatenate([edge["from_node"], edge["to_node"]]))
    a, b = code[:count].astype(np.int64), code[count:].astype(np.int64)
    unit = edge["kind"] == "transformer"
    below = np.zeros(len(names), bool)
    low = ~unit & (edge["level"] != PRIMARY)
    below[a[low]] = below[b[low]] = True
    closed = edge["closed"].astype(bool)
    high = closed & ~low & ~(unit & below[b])
    heads = _heads(reading, found, edge, dict(zip(names, range(len(names)), strict=True)))
    seeds = np.array(list(heads.values()), np.int64)
    owner, hops = flood(len(names), a[high], b[high], np.ones(int(high.sum())), seeds)
    units = np.flatnonzero(unit)
    feed, _ = flood(
        len(names), a[low & closed], b[low & closed], edge["length_m"][low & closed].astype(float), b[units]
    )
    own = np.where(feed[a] >= 0, feed[a], feed[b])
    label = np.array([*heads, ""], object)
    head = np.where(owner[a] >= 0, owner[a], owner[b])
    behind = np.where(own >= 0, head[units[own]] if len(units) else -1, -1)
    hop = np.fmin(hops[a], hops[b])
    hop_behind = hop[units[own]] if len(units) else hop
    columns = edge | {"phases": edge["phases"].copy()}
    columns["head"] = label[np.where(low, behind, head)]
    transformer = np.append(edge["asset"][units], "")
    columns["transformer"] = np.where(unit, edge["asset"], transformer[np.where(low, own, len(units))])
    columns["hops"] = np.where(low, np.where(own >= 0, hop_behind, np.inf), hop)
    _told(reading, columns, heads, (a, b, high), owner)
    unfed = low & (edge["kind"] == "conductor") & (own < 0)
    if unfed.any() and len(units):
        _say(reading, "gis.unfed", "low-voltage lines that no transformer feeds through closed devices", columns, unfed,
             "Join their ends, raise snap_m, or correct the level of a line that is none of low voltage.")  # fmt: skip
    phased(reading, columns, a, b, hops)
    return tables.frame("gis_edges", {n: _column(n, c) for n, c in columns.items() if n != "other_feeder"})


def _column(name: str, values: Any) -> pa.Array:
    if name == "hops":
        return pa.array(np.where(np.isfinite(values), values, 0).astype(np.int32), mask=~np.isfinite(values))
    if name in ("x1", "y1", "x2", "y2", "length_m"):
        return pa.array(values.astype(float), pa.float64(), from_pandas=name != "length_m")
    if name in ("closed", "piece"):
        return pa.array(values.astype(bool if name == "closed" else np.int32))
    return pa.array(values, pa.string())


def _heads(reading: Reading, found: list[Assets], edge: Chunk, node: Mapping[str, int]) -> dict[str, int]:
    """The node of the head of each feeder: as stated, else the end of its lines nearest to its place or substation."""
    yards = {n: at for a in found if a.kind == "substation" for n, at in zip(a.words("id"), a.at, strict=True)}
    primary = np.flatnonzero((edge["kind"] == "conductor") & (edge["level"] == PRIMARY))
    rows_of = pd.Series(primary).groupby(edge["feeder"][primary]).indices
    heads: dict[str, int] = {}
    lost = []
    for own in found:
        if own.kind != "feeder":
            continue
        rows = zip(own.words("id"), own.words("head_node"), own.words("substation"), own.at, strict=True)
        for feeder, stated, yard, place in rows:
            at = yards.get(yard, next(iter(yards.values())) if len(yards) == 1 else None)
            at = place if np.isfinite(place).all() else at
            name = stated if stated in node else _nearest(edge, primary[rows_of.get(feeder, [])], at)
            if name:
                heads[feeder] = node[name]
            else:
                lost.append(feeder)
    if not any(own.kind == "feeder" for own in found):
        recorded = sorted({str(f) for f in edge["feeder"][primary]} - {""})
        places = {
            f: _nearest(edge, primary[rows_of[f]], next(iter(yards.values()))) for f in recorded if len(yards) == 1
        }
        heads = {f: node[name] for f, name in places.items() if name}
        lost = [f for f in recorded if f not in heads]
        if heads:
            text = f"no layer lists feeders: those that lines name begin at the only substation: {len(heads)}"
            reading.find("gis.no-feeders", "info", text, value=", ".join(sorted(heads)[:20]))
    if lost:
        text = f"feeders whose head is not known, so nothing is traced from it: {len(lost)}"
        remedy = "State the node of the head, or the place of the substation."
        reading.find("gis.no-head", "warning", text, value=", ".join(lost[:20]), remedy=remedy)
    return dict(sorted(heads.items()))


def _nearest(edge: Chunk, rows: Codes, at: Any) -> str:
    """The end of some lines that is nearest to a place; empty where there is none."""
    if at is None or not np.isfinite(at).all():
        return ""
    best: tuple[float, str] = (np.inf, "")
    for x, y, name in (("x1", "y1", "from_node"), ("x2", "y2", "to_node")):
        away = np.hypot(edge[x][rows].astype(float) - at[0], edge[y][rows].astype(float) - at[1])
        for i in np.flatnonzero(away == np.nanmin(away)) if np.isfinite(away).any() else ():
            best = min(best, (float(away[i]), str(edge[name][rows[i]])))
    return best[1]


def _told(
    reading: Reading, edge: Chunk, heads: Mapping[str, int], graph: tuple[Codes, Codes, Any], owner: Codes
) -> None:
    """Findings of the walk: islands, heads that are joined, feeders that contradict their record, phases."""
    a, b, high = graph
    primary = (edge["kind"] == "conductor") & (edge["level"] == PRIMARY)
    if not heads or not primary.any():
        return
    island = primary & (edge["head"] == "")
    if island.any():
        _say(reading, "gis.island", "primary lines that no head reaches through closed devices", edge, island,
             "Join their ends, raise snap_m, or correct the position of a switch.")  # fmt: skip
    joined = high & (owner[a] >= 0) & (owner[b] >= 0) & (owner[a] != owner[b])
    if joined.any():
        _say(reading, "gis.heads-joined", "closed edges that join the lines of two heads; each line goes to the nearer",
             edge, joined, "Correct the position of a switch, or the node of a head.")  # fmt: skip
    stated = pd.Series(edge["feeder"]).isin(list(heads)).to_numpy()
    place = (edge["x1"] == edge["x2"]) & (edge["y1"] == edge["y2"])
    other = (
        primary
        & ~place
        & stated
        & (edge["head"] != "")
        & (edge["head"] != edge["feeder"])
        & (edge["head"] != edge["other_feeder"])
    )
    if other.any():
        _say(reading, "gis.feeder-conflict", "primary lines recorded for another feeder than the one that feeds them",
             edge, other, "Correct the record, or the position of a switch.")  # fmt: skip


def phased(reading: Reading, edge: Chunk, a: Codes, b: Codes, hops: Numbers) -> None:
    """Phases by connectivity: lines without phases get those of what they feed, else of what feeds them, in place.

    ``hops`` are those of the nodes. A line with a phase that what feeds it lacks is a finding.
    """
    bits = np.array([sum(1 << "ABC".index(p) for p in word) for word in edge["phases"]], np.int64)
    near, far = np.where(hops[a] <= hops[b], a, b), np.where(hops[a] <= hops[b], b, a)
    reached = np.isfinite(hops[near]) & (edge["level"] == PRIMARY)
    line = reached & (edge["kind"] != "transformer") & (hops[far] > hops[near])
    open_line = line & (bits == 0) & (edge["kind"] == "conductor")
    for _ in range(int(open_line.sum()) + 1):
        feeds = np.zeros(len(hops), np.int64)
        np.bitwise_or.at(feeds, near[reached], bits[reached])
        more = open_line & (bits == 0) & (feeds[far] > 0)
        bits[more] = feeds[far[more]]
        if not more.any():
            break
    fed = np.zeros(len(hops), np.int64)
    np.bitwise_or.at(fed, far[line], bits[line])
    bits = np.where(open_line & (bits == 0), fed[near], bits)
    words = np.array(["".join(p for i, p in enumerate("ABC") if k >> i & 1) for k in range(8)], object)
    for i in np.flatnonzero(open_line & (bits > 0)):
        edge["phases"][i] = words[bits[i]]
        reading.defaulted("", f"[conductor] {edge['asset'][i]} {edge['piece'][i]}", "phases", "gis_edges.phases",
                          words[bits[i]], "none is stated; by what it feeds, else by what feeds it")  # fmt: skip
    wrong = line & (edge["kind"] == "conductor") & (fed[near] > 0) & ((bits & ~fed[near]) > 0)
    if wrong.any():
        _say(reading, "gis.phase-conflict", "lines with a phase that what feeds them lacks", edge, wrong,
             "Correct the phases of the line, or of what is before it.")  # fmt: skip


def _say(reading: Reading, check: str, text: str, edge: Chunk, rows: Any, remedy: str) -> None:
    """One finding for each feeder with the number and the first twenty assets."""
    feeders = np.where(edge["head"] == "", edge["feeder"], edge["head"]).astype(object)
    for feeder in sorted(set(feeders[rows])):
        names = list(dict.fromkeys(edge["asset"][rows & (feeders == feeder)]))
        reading.find(check, "warning", f"{text}: {len(names)}", feeder=feeder, element=f"conductor {names[0]}",
                     value=", ".join(names[:20]), remedy=remedy)  # fmt: skip
