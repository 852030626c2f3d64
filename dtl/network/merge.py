"""The stage ``merge_network``: the sources become one network, checked feeder by feeder, and outages are linked to it.

Findings and accounts of all sources are kept; what the study waives by name is lowered from ``error`` to ``warning``
and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dtl import tables
from dtl.errors import Finding, first_fault
from dtl.network import referential, system
from dtl.network.areas import with_areas
from dtl.network.checks import check
from dtl.network.chosen import with_stations
from dtl.network.coordinates import in_system, of_gis
from dtl.network.customers import metered
from dtl.network.feeder import Feeder
from dtl.network.geometry import with_places
from dtl.network.metering import metering
from dtl.network.outages import link
from dtl.network.reconcile import reconcile
from dtl.network.rows import by_feeder
from dtl.network.stations import POINT, distant, points
from dtl.network.system import joined
from dtl.tables import pieces

CONSEQUENCES = {
    "network.island",
    "network.no-load",
    "network.no-source",
    "network.phase-missing",
    "network.phase-open",
    "network.unknown-bus",
}
"""Checks that only repeat what a reader found when it could not make a part."""

Places = Mapping[str, Mapping[str, tuple[str, int]]]


def merge_network(spec: Mapping[str, Any], inputs: Mapping[str, Any], outputs: Mapping[str, Path]) -> None:
    """Write the tables of the study: network, findings, conversion, outages, and what is given besides the network."""
    folders: Mapping[str, Path] = inputs["sources"]
    model = spec["model"]
    network = tables.read("network", folders[model] / "network.parquet")
    places: Places = json.loads((folders[model] / "places.json").read_text(encoding="utf-8"))
    findings = []
    for name in sorted(folders):
        findings += list(_digests(name, folders[name]))
        findings += [Finding(**row) for row in tables.read("findings", folders[name] / "findings.parquet").to_pylist()]
    broken = {f.feeder for f in findings if f.severity == "error" and f.source == model}
    for feeder, rows in by_feeder(network):
        found = [_placed(f, model, places) for f in checked(feeder, rows)]
        findings += [f for f in found if feeder not in broken or f.check not in CONSEQUENCES]
    findings += referential.check(folders, network)
    raw = inputs.get("raw") or {}
    crs, astray = of_gis(folders, spec["geometry"]), list[Finding]()
    if crs:
        network, astray = in_system(network, crs)
    same = reconcile(network, joined("assets", folders), joined("gis_edges", folders), spec["reconcile"], raw)
    if spec["geometry"]:
        network = with_places(network, same, crs)
    outside: list[Finding] = []
    if areas := spec.get("areas"):
        network, outside = with_areas(network, folders[areas], areas)
    choice = spec.get("feeders")
    if isinstance(choice, Mapping) and (stations := choice.get("substations")):
        network = with_stations(network, joined("assets", folders), stations)
    network, meters, placed = metering(folders, network, same.links, spec["meters"], raw)
    outages = link(folders, network, same.links, metered(meters))
    weather = [f for f in (folder / "weather.parquet" for folder in folders.values()) if f.is_file()]
    far = distant(network, [p for file in weather for p in points(tables.read("weather", file, POINT))])
    findings += [*astray, *same.findings, *outside, *outages.findings, *placed, *far]
    findings = [_waived(f, spec.get("waive") or {}) for f in findings]
    rows = list({tuple(f.row().items()): f.row() for f in findings}.values())
    columns = {c.name: [r[c.name] for r in rows] for c in tables.TABLES["findings"].columns}
    tables.write("findings", tables.frame("findings", columns), outputs["findings"])
    tables.write("network", network, outputs["network"])
    outages.write(outputs)
    tables.write("links", same.links, outputs["links"])
    system.write(folders, network, meters, outputs)
    accounts = [folders[name] / "conversion.parquet" for name in sorted(folders)]
    pieces.write("conversion", lambda: pieces.of(accounts), outputs["conversion"])


def checked(feeder: str, rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """The findings of one feeder; rows that make no feeder are a finding themselves."""
    try:
        return check(Feeder.from_parts(rows))
    except ValidationError as err:
        where, _, message = first_fault(err)
        text = f"the parts make no feeder: {message}"
        return [
            Finding(
                "network.invalid", "error", text, feeder=feeder, field=where, remedy="Report it: a reader let it pass."
            )
        ]


def _digests(name: str, folder: Path) -> Iterator[Finding]:
    """The digests of the files of a source, as findings of severity ``info``."""
    about = json.loads((folder / "source.json").read_text(encoding="utf-8"))
    for file, digest in sorted(about["files"].items()):
        yield Finding("source.file", "info", "was read", source=name, file=file, value=digest)


def _placed(finding: Finding, source: str, places: Places) -> Finding:
    file, line = places.get(finding.feeder, {}).get(finding.element, ("", None))
    return replace(finding, source=source, file=file, line=line)


def _waived(finding: Finding, waive: Mapping[str, Mapping[str, Any]]) -> Finding:
    """The finding, lowered to a warning when the study waives its element or its check."""
    if finding.severity != "error":
        return finding
    names = {n.lower() for n in (finding.element, f"{finding.feeder}/{finding.element}", finding.check) if n}
    for pattern, waiver in sorted(waive.items()):
        if any(fnmatchcase(n, pattern.lower()) for n in names):
            text = f"{finding.message} [waived by {waiver['by']}: {waiver['why']}]"
            return replace(finding, severity="warning", message=text)
    return finding
