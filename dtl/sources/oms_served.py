"""The average customers served that a study states for its outages, by feeder and, if known, year."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.errors import SourceError
from dtl.sources.oms_rows import Row, RowError
from dtl.sources.oms_words import alias, places
from dtl.sources.reading import Reading
from dtl.sources.sheets import sheets, tell_left

COLUMNS = {n: [n] for n in ("feeder", "customers", "year", "kva")}


def served(reading: Reading, spec: Mapping[str, Any], path: Path | None) -> list[dict[str, Any]]:
    """Rows of the table ``served``: from the map in the study, or from its CSV; none where the study states nothing."""
    stated, rule = spec.get("customers_served"), alias(spec.get("feeder_names"))
    if stated is None:
        return []
    if isinstance(stated, Mapping):
        basis = "stated in the study"
        return [{"feeder": rule(f) or f, "year": 0, "customers": float(n), "kva": None, "basis": basis}
                for f, n in sorted(stated.items())]  # fmt: skip
    if path is None or not path.is_file():
        reading.find("source.file-missing", "error", "the file does not exist", file=stated, remedy="Correct the path.")
        return []
    try:
        (sheet,) = sheets(stated, path)
    except SourceError as err:
        text = str(err).removeprefix(f"{stated}: ")
        reading.find("outage.file", "error", text, file=stated, remedy="Correct the file.")
        return []
    tell_left(reading, sheet)
    at = places(sheet.header, COLUMNS)
    lacking = [f for f in ("feeder", "customers") if f not in at]
    for field in lacking:
        reading.find("outage.column", "error", f"no column is '{field}'", file=stated, element="served", field=field,
                     remedy="Write the columns feeder, customers and, if known, year and kva.")  # fmt: skip
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for line, cells in [] if lacking else sheet.rows:
        row = Row(stated, line, {f: cells[i] if i < len(cells) else "" for f, i in at.items()})
        thing = f"[served] {stated}:{line}"
        try:
            one = _one(row, rule(row.text("feeder")) or row.text("feeder"))
            if (one["feeder"], one["year"]) in found:
                raise RowError("outage.served", "feeder", one["feeder"], "the feeder and year stand there already",
                               "Keep one row.")  # fmt: skip
        except RowError as err:
            reading.find(err.check, "error", str(err), file=stated, line=line, element="served", field=err.field,
                         value=err.value, remedy=err.remedy)  # fmt: skip
            reading.refused("", thing, "", err.value, str(err))
        else:
            found[one["feeder"], one["year"]] = one
            reading.mapped(one["feeder"], thing, "", f"served.{one['feeder']}")
    return list(found.values())


def _one(row: Row, feeder: str) -> dict[str, Any]:
    customers, year, kva = row.number("customers"), row.number("year", whole=True), row.number("kva")
    if not feeder or not customers:
        field = "customers" if feeder else "feeder"
        raise RowError("outage.served", field, row.text(field), "has no feeder, or nobody is served", "State both.")
    return {"feeder": feeder, "year": int(year or 0), "customers": customers, "kva": kva, "basis": f"of {row.file}"}
