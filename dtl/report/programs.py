"""What the page of assumptions shows of demand-flexibility programs: each execution, with what it brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dtl.analyses.hours import when


def lines(manifests: Iterable[Mapping[str, Any]], states: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The executions of all cases and groups that held for some hours or missed their target, by case and program.

    The hours of a snapshot are its `states`.
    """
    found = [
        {**row, "case": case, "group": str(manifest.get("group", "")), "when": _when(row, states)}
        for manifest in manifests
        for case, told in manifest["cases"].items()
        for row in told.get("flexibility", ())
    ]
    return sorted(found, key=lambda r: (r["case"], r["number"], r["group"], r["first_hour"]))


def _when(row: Mapping[str, Any], states: Sequence[str]) -> str:
    return f"{row['executed']}, first {when(row['first_hour'], states)}" if row["first_hour"] else str(row["executed"])
