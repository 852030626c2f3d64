"""The CSV of ``network.equipment``: ratings and data of equipment that count in place of those of the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.spec import small_csv
from dtl.spec.base import near

FIELDS: Mapping[str, tuple[str, ...]] = {
    "line_code": ("normal_a", "summer_a", "winter_a", "emergency_a"),
    "line": ("normal_a", "summer_a", "winter_a", "emergency_a"),
    "switch": ("normal_a", "emergency_a"),
    "transformer": ("kva", "normal_kva", "emergency_kva", "r_pct", "x_pct", "no_load_loss_pct"),
}
"""The columns that a kind of equipment may fill."""
MAY_BE_ZERO = ("r_pct", "no_load_loss_pct")
_ABOUT = ("kind", "name", "feeder", "note")


def equipment(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, in its order: ``kind``, ``name``, ``feeder`` (empty for all) and ``set``, values by field.

    Raises
    ------
    SmallCsvError
        Columns lack or are unknown, or rows are wrong; all of them are told.
    """
    rows: list[dict[str, Any]] = []
    values = dict.fromkeys(f for fields in FIELDS.values() for f in fields)
    body, wrong = small_csv.read(path, ("kind", "name"), ("feeder", "note", *values))
    for line, cells in body:
        row = _row(line, cells, wrong)
        if any((row["kind"], row["name"], row["feeder"]) == (r["kind"], r["name"], r["feeder"]) for r in rows):
            wrong.append(f":{line}: name: {row['kind']} '{row['name']}' stands there twice")
        rows.append(row)
    small_csv.refuse(wrong)
    return rows


def _row(line: int, cells: Mapping[str, str], wrong: list[str]) -> dict[str, Any]:
    kind, name = cells["kind"].lower(), cells["name"].lower()
    found: dict[str, float] = {}
    if kind not in FIELDS:
        wrong.append(f":{line}: kind: '{kind}' is no kind of equipment{near(kind, FIELDS)}")
    if not name:
        wrong.append(f":{line}: name: is empty")
    for field, text in cells.items():
        if field in _ABOUT or not text:
            continue
        value = small_csv.number(text)
        if kind in FIELDS and field not in FIELDS[kind]:
            wrong.append(f":{line}: {field}: a {kind} has no such value; it has {', '.join(FIELDS[kind])}")
        elif math.isnan(value) or value < 0 or (value == 0 and field not in MAY_BE_ZERO):
            wrong.append(f":{line}: {field}: '{text}' is no number above zero")
        else:
            found[field] = value
    if not any(text for field, text in cells.items() if field not in _ABOUT):
        wrong.append(f":{line}: sets nothing")
    return {"kind": kind, "name": name, "feeder": cells.get("feeder", "").lower(), "set": found}
