"""The source ``costs``: what a unit of each measure costs, from a CSV or Excel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.sources.listing import CellError, Field, Row, folded, kept, refuse, rows
from dtl.sources.reading import Reading

FIELDS = (
    Field("option", needed=True), Field("size"), Field("unit"), Field("cost", "number", needed=True, money=True),
    Field("life_years", "number"), Field("om_pct", "number", per_cent=1.0),
)  # fmt: skip


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read unit costs into the table ``costs``; a row without a unit is for each piece."""
    reading = Reading(name, "costs")
    found: dict[tuple[str, str], tuple[Row, dict[str, Any]]] = {}
    for row in rows(reading, spec, files, "costs", FIELDS):
        option = "_".join(folded(row["option"]).split())
        unit = "_".join(folded(row["unit"]).split()) or "each"
        key = (option, row["size"])
        if key in found:
            first = found[key][0]
            text = f"its cost stands at {first.file}:{first.line} already; the first counts"
            err = CellError("given.duplicate", "option", row["option"], text, "Keep one row for each option and size.")
            refuse(reading, row.file, row.line, err)
            continue
        kept(reading, row, "costs", ".".join(k for k in key if k))
        found[key] = (row, {"source": name, **row.values, "option": option, "unit": unit})
        _judge(reading, row, option)
    reading.tables["costs"] = [known for _, known in found.values()]
    return reading


def _judge(reading: Reading, row: Row, option: str) -> None:
    def note(message: str, field: str, remedy: str) -> None:
        reading.find("costs.range", "warning", message, file=row.file, line=row.line, element=option, field=field,
                     value=f"{row[field]:g}", remedy=remedy)  # fmt: skip

    if row["cost"] == 0:
        note("costs nothing", "cost", "State its cost, or leave it out: a free measure is always chosen.")
    if row["life_years"] is not None and not 1 <= row["life_years"] <= 100:
        note("no economic life is below 1 or above 100 years", "life_years", "Give years.")
    if row["om_pct"] is not None and row["om_pct"] > 50:
        note("operation costs more than half of the investment each year", "om_pct", "Give per cent of the cost.")
