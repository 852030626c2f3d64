"""The source ``cyme_mdb``: CYME's Access database, one file or several that belong together (network and equipment)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.sources.access_engines import AbsentError, Content, DeadError, content
from dtl.sources.cyme_database import IDLE, TABLES, Table
from dtl.sources.cyme_model import begin, convert
from dtl.sources.cyme_sets import sets
from dtl.sources.cyme_tables import Dialect, Row, Rows, Tables
from dtl.sources.reading import Reading

SINGLE_CIRCUIT = "32"
"""Type of a geometrical arrangement that holds one circuit; 58 holds two."""


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read all feeders of some databases; `spec` is the source in the study."""
    reading, there = begin(name, "cyme_mdb", spec, files)
    databases = {n: p for n, p in there.items() if p.suffix.lower() in (".mdb", ".accdb")}
    path = str(spec.get("path") or "")
    return convert(reading, list(sets(reading, databases, path, _read_tables)), spec)


def _read_tables(reading: Reading, files: Mapping[str, Path]) -> Tables | None:
    """The tables of some databases together; None, and a finding, when one of them cannot be read."""
    tables, sound = Tables(files=set(files)), True
    for name in sorted(files):
        found = _content(reading, name, files[name])
        if found is None:
            sound = False
            continue
        if not any(t.upper() == "CYMSECTION" or t.upper().startswith("CYMEQ") for t in found.rows):
            some = ", ".join(sorted(found.rows)[:5])
            text = "is no database of CYME: it has neither sections nor equipment"
            reading.find("cyme.mdb-foreign", "error", text, file=name, value=some, remedy="Correct the path.")
            sound = False
            continue
        for table, why in sorted(found.lost.items()):
            text = f"a table cannot be read whole: {why}"
            cure = "Compact and repair the database in Access, and export it again."
            reading.find("cyme.mdb-damaged", "error", text, file=name, element=f"[{table}]", remedy=cure)
        _fill(tables, name, found)
    _link(tables)
    return tables if sound else None


def _content(reading: Reading, name: str, path: Path) -> Content | None:
    """What a database holds, by the first engine that works."""
    told = []
    for engine in ("odbc", "pure"):
        try:
            return content(path, engine)
        except AbsentError as err:
            told.append(str(err))
        except DeadError as err:
            told.append(f"{engine}: {err}")
            if engine == "odbc":
                text = "the ODBC driver died while it read the database; the pure reader reads it"
                reading.find("cyme.mdb-driver", "warning", text, file=name, value=str(err), remedy="Nothing to do.")
    text = "the database cannot be read by any engine"
    cure = "Compact and repair it in Access; see whether it opens there."
    reading.find("cyme.mdb-unreadable", "error", text, file=name, value="; ".join(told), remedy=cure)
    return None


def _fill(tables: Tables, file: str, found: Content) -> None:
    """Add the rows of one database as neutral rows."""
    for name in sorted(found.rows):
        columns = [c.upper() for c in found.columns[name]]
        known = TABLES.get(name.upper()) or _unknown(name)
        rows = [_row(name, known, columns, cells, file, i) for i, cells in enumerate(found.rows[name], 1)]
        for row in rows:
            row.network = row.peek("NetworkID")
            row.reason = IDLE.get(name.upper(), "")
            if known.block == "FEEDER":
                tables.feeders.setdefault(row.network, row)
        if rows and known.block != "FEEDER":
            tables.blocks.setdefault(known.block, Rows()).extend(rows)
        if name.upper() == "CYMSCHEMAVERSION" and rows:
            tables.version = rows[0].peek("Version")


def _unknown(name: str) -> Table:
    """A table that nothing is made of; equipment has an id all the same."""
    is_equipment = name.upper().startswith("CYMEQ") and name.upper() not in IDLE
    words = {"ID": "EQUIPMENTID" if is_equipment else ""}
    return Table(name.upper(), Dialect(words), "EQUIPMENTID" if is_equipment else "DEVICENUMBER")


def _row(name: str, table: Table, columns: list[str], cells: list[str], file: str, line: int) -> Row:
    values = dict(zip(columns, cells, strict=True))
    if table.key in values:
        values = {table.key: values[table.key], **values}
    return Row(table.block, file, line, values, table=name.upper(), dialect=table.dialect)


def _link(tables: Tables) -> None:
    """Join to the rows what other tables say about the same thing."""
    sections = {(r.peek("DeviceType"), r.peek("DeviceNumber")): r for r in tables.rows("SECTION DEVICE")}
    forward: dict[tuple[str, str], list[Row]] = {}
    for row in tables.rows("REGULATOR COMPENSATION"):
        if row.text("Forward", default="1") == "1":
            forward.setdefault((row.peek("DeviceType"), row.peek("DeviceNumber")), []).append(row)
        else:
            row.reason = "the model takes the settings of the forward direction only"
    for row in tables.rows("LOAD TAP CHANGER"):
        forward.setdefault((row.peek("DeviceType"), row.peek("DeviceNumber")), []).append(row)
    for name, known in TABLES.items():
        for row in tables.rows(known.block) if known.device or known.block == "LOADS" else ():
            if row.table != name:
                continue
            key = (row.peek("DeviceType") or known.device, row.peek("DeviceNumber"))
            if known.device == "0":
                key = next((k for k in sections if k[1] == key[1] and not sections[k].target), key)
            if (link := sections.get(key)) is not None:
                row.links.append(link)
            row.links += forward.get(key, ())
    _link_by_id(tables, "NODE", "NodeID", "BUS BAR")
    _link_by_id(tables, "FEEDER", "NetworkID", "HEADNODES")
    for row in tables.rows("PLACES OF CONDUCTORS"):
        if row.peek("EquipmentType") not in ("", SINGLE_CIRCUIT):
            row.reason = "is an arrangement of two circuits, which the model does not hold"
    _link_by_id(tables, "SPACING TABLE FOR LINE", "EquipmentID", "PLACES OF CONDUCTORS")
    _link_by_id(tables, "SPACING TABLE FOR LINE", "EquipmentID", "MEAN DISTANCES")


def _link_by_id(tables: Tables, block: str, column: str, of: str) -> None:
    """Link the rows of a block to those of another with the same id."""
    more = {r.peek(column): r for r in tables.rows(of) if not r.reason}
    for row in tables.feeders.values() if block == "FEEDER" else tables.rows(block):
        if (found := more.get(row.peek(column))) is not None and _states(row, of):
            row.links.append(found)


def _states(row: Row, of: str) -> bool:
    """Whether a spacing says that it is given by places, or by mean distances."""
    flag = {"PLACES OF CONDUCTORS": "HasGeometricalArrangement", "MEAN DISTANCES": "HasAverageGeoArrangement"}.get(of)
    return flag is None or row.text(flag, default="1") == "1"
