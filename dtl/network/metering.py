"""The meters of a study placed in its network, and what is found while doing so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.errors import Finding
from dtl.network import overrides
from dtl.network.customers import with_meters
from dtl.network.meters import PRIOR, place
from dtl.network.rows import texts
from dtl.network.service_transformers import serving
from dtl.network.system import joined
from dtl.plural import many
from dtl.sources.reading import plain

NAMED = 5
"""So many meters are named in a finding; the table holds all."""
_LOOKED_AT = ("meter", "basis", "band", "transformer", "recorded_transformer")
REMEDY = "Look at the table of meters; network.meters.overrides of the study always wins."


def metering(
    folders: Mapping[str, Path], network: pa.Table, links: pa.Table, words: Mapping[str, Any], raw: Mapping[str, Path]
) -> tuple[pa.Table, pa.Table, list[Finding]]:
    """The network with the customers that its meters are, the table ``meters`` of all sources, and the findings.

    `folders` are those of the sources by name; ``words`` are those of the study's ``network.meters``; `raw` holds the
    file of overrides by its name.
    """
    points, series = joined("service_points", folders), joined("series", folders)
    if not points.num_rows and not series.num_rows:
        return network, tables.concat("meters", []), []
    forced: dict[str, tuple[str, str]] = {}
    findings: list[Finding] = []
    if name := words.get("overrides"):
        forced, findings = overrides.meters(name, raw.get(name))
    near = serving(network)
    edges, assets = joined("gis_edges", folders), joined("assets", folders)
    found = place(points, series, near, assets, edges, links, forced, words)
    known = {plain(t) for t in near["transformer"]}
    metered = set(found["meter"].to_pylist())
    for meter, (_, transformer) in sorted(forced.items()):
        for field, value, ok in (
            ("meter", meter, meter in metered),
            ("transformer", transformer, plain(transformer) in known),
        ):
            if not ok:
                findings.append(overrides.unknown(overrides.METERS, str(name), field, value))
    network, other = with_meters(network, found, near)
    told = [*_told(found, float(words["max_distance_m"])), *_silent(points, series)]
    return network, found, [*findings, *told, *other]


def _told(meters: pa.Table, most_m: float) -> Iterator[Finding]:
    """How the meters were placed, and which of them a person should look at."""
    columns = {name: texts(meters[name]) for name in _LOOKED_AT} | {"distance_m": meters["distance_m"].to_pylist()}
    columns["confidence"] = meters["confidence"].to_pylist()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    ways = Counter(r["basis"] for r in rows)
    text = "meters are placed: " + ", ".join(f"{count} by {basis}" for basis, count in sorted(ways.items()))
    yield Finding("meters.placed", "info", text, field="basis", value=str(len(rows)))
    lost = [r["meter"] for r in rows if r["basis"] == "none"]
    weak = [r["meter"] for r in rows if r["band"] == "low"]
    other = [r["meter"] for r in rows if r["recorded_transformer"] not in ("", r["transformer"])]
    disputed = [r["meter"] for r in rows if r["basis"] == "record" and r["confidence"] < PRIOR["record"]]
    far = [r["meter"] for r in rows if r["basis"] in ("record", "connectivity") and (r["distance_m"] or 0.0) > most_m]
    for check, names, what in (
        ("meters.unplaced", lost, "belong to no transformer of the model; their readings count for no feeder"),
        ("meters.low", weak, "have a transformer that is little sure"),
        ("meters.record-differs", other, "have another transformer than the one recorded"),
        ("meters.disputed", disputed, "have a record that the connectivity of the GIS, or their place, speaks against"),
        ("meters.far", far, f"stand farther than {most_m:g} m from their transformer"),
    ):
        if names:
            more = ", ..." if len(names) > NAMED else ""
            value = ", ".join(names[:NAMED]) + more
            yield Finding(
                check, "warning", many(len(names), f"meters {what}"), field="meter", value=value, remedy=REMEDY
            )


def _silent(points: pa.Table, series: pa.Table) -> Iterator[Finding]:
    """Meters of the record that no source of readings has, where there is such a source."""
    recorded, read = set(texts(points["meter"])) - {""}, set(texts(series["meter"]))
    silent = sorted(recorded - read)
    if not (read and silent):
        return
    text = f"{len(silent)} of {many(len(recorded), 'meters')} of the record have no reading: their customers have the "
    text += "demand of the next source"
    value = ", ".join(silent[:NAMED]) + (", ..." if len(silent) > NAMED else "")
    cure = "Export their readings, or map the column by which both name them."
    yield Finding("meters.silent", "warning", text, field="meter", value=value, remedy=cure)
