"""Overrides: CSV files that a person wrote, which always win: links of meters, and of assets of the GIS."""

from __future__ import annotations

import csv
from pathlib import Path

from dtl.errors import Finding

METERS, ASSETS = "meters.override", "reconcile.override"
"""The checks under which what is wrong with a file is listed."""


def meters(name: str, path: Path | None) -> tuple[dict[str, tuple[str, str]], list[Finding]]:
    """Feeder (may be empty) and transformer by meter, and what is wrong with the file, which is called `name`."""
    rows, findings = _rows(METERS, name, path, "meter", "transformer")
    return {r["meter"]: (r.get("feeder", ""), r["transformer"]) for r in rows}, findings


def assets(name: str, path: Path | None) -> tuple[dict[str, tuple[str, str]], list[Finding]]:
    """Feeder (may be empty) and element of the model by asset of the GIS, and what is wrong with the file."""
    rows, findings = _rows(ASSETS, name, path, "asset", "element")
    return {r["asset"]: (r.get("feeder", ""), r["element"]) for r in rows}, findings


def unknown(check: str, file: str, field: str, value: str) -> Finding:
    """The finding that a row names what the study does not have."""
    text = "the study has no such name; the row does nothing"
    return _finding(check, file, None, field, value, text, "Correct or remove the row.")


def _rows(check: str, name: str, path: Path | None, key: str, value: str) -> tuple[list[dict[str, str]], list[Finding]]:
    """The rows of a file with columns `key` and `value`, each key once; a column ``feeder`` tells apart equal names."""
    if path is None or not path.is_file():
        return [], [_finding(check, name, None, "", "", "the file does not exist", "Correct the path in the study.")]
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [c for c in (key, value) if c not in (reader.fieldnames or ())]
        if missing:
            told = ", ".join(missing)
            remedy = f"Columns: {key}, {value}."
            return [], [_finding(check, name, 1, "header", told, "a column is missing", remedy)]
        found: dict[str, dict[str, str]] = {}
        findings = []
        for line, row in enumerate(reader, 2):
            kept = {c: (row.get(c) or "").strip() for c in (key, value, "feeder")}
            if not kept[key] or not kept[value]:
                field = value if kept[key] else key
                text = "is empty; the row is left out"
                findings.append(_finding(check, name, line, field, "", text, "Fill it in."))
            elif kept[key] in found:
                text = "occurs twice; the first row counts"
                findings.append(_finding(check, name, line, key, kept[key], text, "Keep one."))
            else:
                found[kept[key]] = kept
    return list(found.values()), findings


def _finding(check: str, file: str, line: int | None, field: str, value: str, message: str, remedy: str) -> Finding:
    return Finding(check, "error", message, file=file, line=line, field=field, value=value, remedy=remedy)
