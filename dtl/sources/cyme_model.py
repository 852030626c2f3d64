"""From the neutral tables of CYME to feeders: the one mapping that text, database and XML share.

Declared defaults, all listed in the account: 60 Hz unless the study says otherwise; resistances at 50 degrees; earth of
100 ohm metres where none is stated; regulators have 0.001 per cent of impedance; capacitors stay connected; loads turn
into impedances above 1.2 per unit.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dtl.sources.cyme_account import Account
from dtl.sources.cyme_batches import batches, feeder_id
from dtl.sources.cyme_catalog import Catalog, UnusableError
from dtl.sources.cyme_codes import PLACES, state_of
from dtl.sources.cyme_devices import SERIES
from dtl.sources.cyme_loads import add_loads, default_model, devices
from dtl.sources.cyme_section import Circuit, Span, add_buses, build_section, place_of, spread_bases, spread_inside
from dtl.sources.cyme_sets import apart
from dtl.sources.cyme_shunts import NOUNS, SHUNTS
from dtl.sources.cyme_source import add_source
from dtl.sources.cyme_tables import Row, Tables
from dtl.sources.cyme_told import tell
from dtl.sources.cyme_transformers import rated
from dtl.sources.reading import Reading, plain
from dtl.sources.shelf import Shelf

SQRT3 = math.sqrt(3.0)


def begin(name: str, kind: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> tuple[Reading, dict[str, Path]]:
    """An empty reading, and the files that exist; each that does not is a finding."""
    reading = Reading(name, kind, frequency_hz=float(spec.get("frequency_hz") or 60.0))
    there = {n: p for n, p in files.items() if p.is_file()}
    for missing in sorted(set(files) - set(there)):
        reading.find(
            "source.file-missing", "error", "the file does not exist", file=missing, remedy="Correct the path."
        )
    return reading, there


def convert(reading: Reading, every: Sequence[Tables], spec: Mapping[str, Any], shelf: Shelf | None = None) -> Reading:
    """Read all feeders of some models, and account for every row; `spec` is the source in the study.

    Feeders that are done leave the reading for the shelf, if there is one.
    """
    told = Account(reading, apart(every))
    owners = [(t.known, {feeder_id(n) for n in list(t.markers()) or [t.key] * bool(t.key)}) for t in every]
    counts = Counter(feeder for t in every for feeder in {feeder_id(n) for n in t.networks()})
    again = {feeder for feeder, count in counts.items() if count > 1}
    rest = [t.shared for t in every if t.shared is not None]
    for tables in every:
        catalog = _catalog(reading, tables, spec)
        for batch in batches(tables):
            _feeders(reading, batch, catalog, spec)
            told.tell(batch)
            if batch is not tables:
                rest.append(tables)
            if shelf is not None:
                shelf.take(reading, but=again)
        catalog.report()
    for shared in apart(rest):
        told.tell(shared)
    told.close()
    _whole_files(reading, owners)
    return reading


def _catalog(reading: Reading, tables: Tables, spec: Mapping[str, Any]) -> Catalog:
    """The equipment of a set of files, which must have a network; findings where it lacks that, or loads."""
    for block, why in (("SECTION", "network"), ("NODE", "network")):
        if not tables.has(block):
            reading.find(
                "cyme.no-network", "error", f"no file has rows in [{block}]: the {why} file is missing", element=block,
                feeder=feeder_id(tables.key) if tables.key else "", remedy="Add it to `path`.",
            )  # fmt: skip
    if not tables.has("CUSTOMER LOADS"):
        text = "no file has rows in [CUSTOMER LOADS]: the feeders have no load"
        reading.find("cyme.no-loads", "warning", text, element="CUSTOMER LOADS", remedy="Add the load file to `path`.")
    return Catalog(reading, tables, spec.get("ratings") or {}, reading.frequency_hz, str(spec.get("missing") or "fail"))


def _feeders(reading: Reading, tables: Tables, catalog: Catalog, spec: Mapping[str, Any]) -> None:
    """Read the feeders of some tables."""
    sections: dict[str, list[Row]] = {n: [] for n in tables.markers()}
    for row in tables.rows("SECTION"):
        sections.setdefault(row.network, []).append(row)
    for network, rows in sections.items():
        circuit = Circuit(reading, catalog, tables, feeder_id(network), load_model=default_model(tables),
                          tap_changers=str(spec.get("tap_changers") or ""))  # fmt: skip
        _feeder(circuit, network, rows, str(spec.get("distributed") or "split_ends"))


def _whole_files(reading: Reading, owners: Sequence[tuple[set[str], set[str]]]) -> None:
    """What is wrong with a file and belongs to no feeder fails all feeders of its set, or of the source."""
    for finding in [f for f in reading.findings if f.severity == "error" and not f.feeder and f.file]:
        mine = {feeder for files, feeders in owners if finding.file in files for feeder in feeders}
        feeders = sorted(mine or reading.parts)
        if feeders:
            reading.findings.remove(finding)
            reading.findings += [replace(finding, feeder=feeder) for feeder in feeders]


def _feeder(circuit: Circuit, network: str, rows: list[Row], spread: str) -> None:
    """Read one feeder; what cannot be made is a finding, and the rest goes on."""
    reading, tables = circuit.reading, circuit.tables
    reading.parts.setdefault(circuit.feeder, {})
    if marker := tables.feeder(network):
        marker.target = marker.feeder = circuit.feeder
    if not rows:
        reading.find("cyme.empty-feeder", "error", "the feeder has no section", feeder=circuit.feeder,
                     file=marker.file if marker else "", line=marker.line if marker else None,
                     remedy="Export its network, or leave it out of `feeders`.")  # fmt: skip
        return
    _places(circuit, rows)
    heads, steps = add_source(circuit, network), {}
    if not heads:
        for row in [*rows, *(d for r in rows for d in tables.at(r.text("SectionID"), *SERIES))]:
            row.feeder, row.reason = circuit.feeder, "the feeder has no source"
        circuit.ends = {r.text("SectionID"): ("", "", "") for r in rows}
        for device, customers in devices(circuit):
            device.reason = "the feeder has no source"
            for row in customers:
                row.reason = "the feeder has no source"
        return
    seen: set[str] = set()
    for row in rows:
        section = row.text("SectionID")
        ends = (plain(row.text("FromNodeID")), plain(row.text("ToNodeID")), "")
        if section in seen:
            reading.find("network.duplicate", "error", "the section stands twice in the feeder", feeder=circuit.feeder,
                         file=row.file, line=row.line, element=row.thing, remedy="Delete one.")  # fmt: skip
            continue
        seen.add(section)
        circuit.ends[section] = ends
        for device in tables.at(section, *SERIES):
            if device.block in ("TRANSFORMER SETTING", "TRANSFORMER BYPHASE SETTING"):
                try:
                    steps[section] = rated(circuit, device, Span(section, ends[0], ends[1], ""))
                except (UnusableError, ValueError):
                    continue  # the device itself becomes a finding when it is made
    spread_bases(circuit, heads, steps)
    _fallback(circuit, heads, steps)
    made = set()
    shunted = _middles(circuit, spread)
    for row in rows:
        section = row.text("SectionID")
        if section in made:
            row.reason = "the section stands twice"
            continue
        made.add(section)
        try:
            chain = [(d, SERIES[d.block]) for d in tables.at(section, *SERIES)]
            build_section(circuit, row, chain, section in shunted)
        except (UnusableError, ValidationError, ValueError) as err:
            circuit.fault(row, err)
    for code in circuit.codes.values():
        reading.add(circuit.feeder, code)
    spread_inside(circuit, reading.parts[circuit.feeder].values())
    _shunts(circuit, spread)
    add_buses(circuit)


def _places(circuit: Circuit, rows: list[Row]) -> None:
    """Coordinates of the nodes; a node at (0, 0) or without coordinates has none."""
    for row in rows:
        for column in ("FromNodeID", "ToNodeID"):
            node = row.text(column)
            found = circuit.tables.node(node)
            if found is None:
                circuit.reading.find(
                    "cyme.unknown-node", "warning", "the section names a node that [NODE] does not have",
                    feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field=column, value=node,
                    remedy="Add the node, or correct the section.",
                )  # fmt: skip
                continue
            found.feeder, found.target = found.feeder or circuit.feeder, f"bus.{plain(node)}"
            try:
                x, y = found.number("CoordX", "CoordX1"), found.number("CoordY", "CoordY1")
                if not found.text("CoordX") and found.text("CoordX2"):
                    x, y = (x + found.number("CoordX2")) / 2, (y + found.number("CoordY2")) / 2
            except ValueError as err:
                circuit.fault(found, err)
                continue
            if x or y:
                circuit.place[plain(node)] = (x, y)


def _fallback(circuit: Circuit, heads: dict[str, float], steps: dict[str, tuple[str, float, float]]) -> None:
    """Bases for what no source reaches: those that users gave to nodes, else that of the head."""
    given = {}
    for section in circuit.ends.values():
        for bus in section[:2]:
            node = circuit.tables.node_of(bus)
            if bus in circuit.base_kv_ln or node is None:
                continue
            try:
                kv = node.number("UserDefinedBaseVoltage")
            except ValueError as err:
                circuit.fault(node, err)
                continue
            if kv > 0:
                given[bus] = kv / SQRT3
    spread_bases(circuit, given, steps)
    lost = sorted({b for ends in circuit.ends.values() for b in ends[:2]} - circuit.base_kv_ln.keys())
    for bus in lost:
        circuit.base_kv_ln[bus] = next(iter(heads.values()))
    if lost:
        reason = "no source and no transformer reaches them: the voltage base of the head was taken"
        circuit.reading.defaulted(circuit.feeder, "buses out of reach", "kv_ln", "bus", " ".join(lost[:20]), reason)


def _middles(circuit: Circuit, spread: str) -> set[str]:
    """Sections whose line needs a bus in its middle."""

    def in_the_middle(row: Row) -> bool:
        return PLACES.get(row.text("Location").upper()) == 1

    found = {
        r.text("SectionID")
        for r in circuit.tables.on(circuit.ends, "LOADS")
        if (spread == "middle" if r.text("LoadType").upper() == "DISTRIBUTED" else in_the_middle(r))
    }
    shunts = (r for block in SHUNTS for r in circuit.tables.on(circuit.ends, block))
    return found | {r.text("SectionID") for r in shunts if in_the_middle(r)}


def _shunts(circuit: Circuit, spread: str) -> None:
    for block, make in SHUNTS.items():
        seen: set[str] = set()
        for row in circuit.tables.on(circuit.ends, block):
            section = row.text("SectionID")
            start, end, letters = circuit.ends[section]
            number = row.text("DeviceNumber", default=section)
            try:
                if number in seen:
                    text, cure = f"the {NOUNS[block]} stands twice in the feeder", "Delete one."
                    raise UnusableError("network.duplicate", text, "DeviceNumber", number, cure)
                seen.add(number)
                if state_of(row.text("ConnectionStatus", "Status")) == "connected":
                    bus = (start, circuit.middle.get(section, end), end)[place_of(circuit, row, 0)]
                    make(circuit, row, bus, letters)
                else:
                    row.feeder, row.reason = circuit.feeder, f"the {NOUNS[block]} is disconnected"
            except (UnusableError, ValidationError, ValueError) as err:
                circuit.fault(row, err)
    for device, customers in devices(circuit):
        try:
            add_loads(circuit, device, customers, spread)
        except (UnusableError, ValidationError, ValueError) as err:
            circuit.fault(device, err)
            for row in customers:
                row.reason = row.reason or "its device could not be made"
    tell(circuit)
