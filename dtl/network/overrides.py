"""Overrides of the links between meters and transformers: a CSV that a person wrote, which always wins."""

from __future__ import annotations

import csv
from pathlib import Path

from dtl.errors import Finding

COLUMNS = ("meter", "transformer")
"""Columns that the file must have; a column ``feeder`` tells apart transformers of one name."""


def meters(name: str, path: Path | None) -> tuple[dict[str, tuple[str, str]], list[Finding]]:
    """Feeder (may be empty) and transformer by meter, and what is wrong with the file, which is called `name`."""
    if path is None or not path.is_file():
        return {}, [_finding(name, None, "", "", "the file does not exist", "Correct the path in the study.")]
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
        if missing:
            told = ", ".join(missing)
            return {}, [_finding(name, 1, "header", told, "a column is missing", "Columns: meter, transformer.")]
        found: dict[str, tuple[str, str]] = {}
        findings = []
        for line, row in enumerate(reader, 2):
            meter, transformer = ((row[c] or "").strip() for c in COLUMNS)
            if not meter or not transformer:
                field = "transformer" if meter else "meter"
                findings.append(_finding(name, line, field, "", "is empty; the row is left out", "Fill it in."))
            elif meter in found:
                findings.append(_finding(name, line, "meter", meter, "occurs twice; the first row counts", "Keep one."))
            else:
                found[meter] = ((row.get("feeder") or "").strip(), transformer)
    return found, findings


def unknown(file: str, field: str, value: str) -> Finding:
    """The finding that a row names what the study does not have."""
    text = "the study has no such name; the row does nothing"
    return _finding(file, None, field, value, text, "Correct or remove the row.")


def _finding(file: str, line: int | None, field: str, value: str, message: str, remedy: str) -> Finding:
    return Finding("meters.override", "error", message, file=file, line=line, field=field, value=value, remedy=remedy)
