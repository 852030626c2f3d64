"""What the page of assumptions shows of demand-flexibility programs: each execution, with what it brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def lines(manifests: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The executions of all cases and groups that held for some hours or missed their target, by case and program."""
    found = [
        {**row, "case": case, "group": str(manifest.get("group", "")), "when": _when(row)}
        for manifest in manifests
        for case, told in manifest["cases"].items()
        for row in told.get("flexibility", ())
    ]
    return sorted(found, key=lambda r: (r["case"], r["number"], r["group"], r["first_hour"]))


def _when(row: Mapping[str, Any]) -> str:
    return f"{row['executed']}, from hour {row['first_hour']}" if row["first_hour"] else str(row["executed"])
