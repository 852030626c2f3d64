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


class EquipmentError(Exception):
    """A file of equipment that is not as it must be: a line of text for each mistake, which begins with ``:line:``."""


def equipment(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, in its order: ``kind``, ``name``, ``feeder`` (empty for all) and ``set``, values by field.

    Raises
    ------
    EquipmentError
        Columns lack or are unknown, or rows are wrong; all of them are told.
    """
    rows: list[dict[str, Any]] = []
    wrong: list[str] = []
    (at, header), body = small_csv.read(path)
    if header:
        _judge(at, header)
    for line, cells in body:
        if len(cells) != len(header):
            wrong.append(f":{line}: has {len(cells)} cells, and the header {len(header)}")
            continue
        row = _row(line, dict(zip(header, cells, strict=True)), wrong)
        if any((row["kind"], row["name"], row["feeder"]) == (r["kind"], r["name"], r["feeder"]) for r in rows):
            wrong.append(f":{line}: name: {row['kind']} '{row['name']}' stands there twice")
        rows.append(row)
    if not header:
        raise EquipmentError(":1: is empty; its columns are kind, name and what to set, as normal_a")
    if wrong:
        raise EquipmentError("\n".join(wrong))
    return rows


def _judge(line: int, header: list[str]) -> None:
    """Raise where a column lacks or is unknown."""
    known = {*_ABOUT, *(f for fields in FIELDS.values() for f in fields)}
    told = [f":{line}: has no column {c}" for c in ("kind", "name") if c not in header]
    told += [f":{line}: there is no column '{c}'{near(c, known)}" for c in header if c not in known]
    told += [
        f":{line}: the column '{c}' stands there twice" for c in sorted({c for c in header if header.count(c) > 1})
    ]
    if told:
        raise EquipmentError("\n".join(told))


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
        value = _number(text)
        if kind in FIELDS and field not in FIELDS[kind]:
            wrong.append(f":{line}: {field}: a {kind} has no such value; it has {', '.join(FIELDS[kind])}")
        elif value is None or value < 0 or (value == 0 and field not in MAY_BE_ZERO):
            wrong.append(f":{line}: {field}: '{text}' is no number above zero")
        else:
            found[field] = value
    if not any(text for field, text in cells.items() if field not in _ABOUT):
        wrong.append(f":{line}: sets nothing")
    return {"kind": kind, "name": name, "feeder": cells.get("feeder", "").lower(), "set": found}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
