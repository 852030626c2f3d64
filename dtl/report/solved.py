"""How each group was solved, as its manifest tells it: all of it to take away, and what the page shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

ROWS = 300
"""Rows up to which the page has one for each group and case; beyond, those solved alike are told together."""


class Solved(NamedTuple):
    """One group in one case, or several that were solved alike; ``why`` is the reason of a failure, too."""

    group: str
    case: str
    ok: bool
    engine: str
    why: str
    tolerance: float | None
    hours: float | None
    balance_max_rel: float | None
    controls: str
    warnings: str


SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("group", "case")),
        pa.field("ok", pa.bool_()),
        *(pa.field(name, pa.string()) for name in ("engine", "why")),
        *(pa.field(name, pa.float64()) for name in ("tolerance", "hours", "balance_max_rel")),
        *(pa.field(name, pa.string()) for name in ("controls", "warnings")),
    ]
)


def rows(told_by: Mapping[str, Mapping[str, Any]], labels: Mapping[str, str]) -> list[Solved]:
    """A row for each group and case, in their order; ``told_by`` is what manifests say by group and case."""
    return [
        _row(group, labels.get(case, case), each)
        for group, told in told_by.items()
        for case, each in sorted(told.items())
    ]


def _row(group: str, case: str, told: Mapping[str, Any]) -> Solved:
    if told["status"] != "ok":
        return Solved(group, case, False, "", told["reason"], None, None, None, "", "")
    return Solved(
        group,
        case,
        True,
        f"{told['engine']} {told['engine_version']}",
        told["engine_reason"],
        told["tolerance"],
        told["hours"],
        told["balance_max_rel"],
        ", ".join(f"{k} {v}" for k, v in sorted(told["controls"].items())),
        "; ".join(told["warnings"]),
    )


def table(found: Sequence[Solved]) -> pa.Table:
    """The rows as a table to take away."""
    return pa.Table.from_pylist([row._asdict() for row in found], SCHEMA)


def shown(found: Sequence[Solved]) -> list[Solved]:
    """What the page shows: all rows, or of many those that failed, and the others by how they were solved.

    Of groups told together the largest gap of the balance counts, and of the reason what they have in common: the
    part before its first semicolon, behind which the hours of the group's own audit stand.
    """
    if len(found) <= ROWS:
        return list(found)
    alike: dict[tuple[Any, ...], list[Solved]] = {}
    for row in found:
        if row.ok:
            alike.setdefault((row.case, row.engine, _common(row.why), row.tolerance, row.hours), []).append(row)
    merged = [
        Solved(
            f"{len(same):,} groups" if len(same) > 1 else same[0].group, case, True, engine, why, tolerance, hours,
            max((r.balance_max_rel for r in same if r.balance_max_rel is not None), default=None),
            same[0].controls if len({r.controls for r in same}) == 1 else "differ",
            f"in {count:,} of them" if (count := sum(bool(r.warnings) for r in same)) else "",
        )
        for (case, engine, why, tolerance, hours), same in alike.items()
    ]  # fmt: skip
    return [*(row for row in found if not row.ok), *sorted(merged, key=lambda r: (r.case, r.engine, r.why))]


def _common(why: str) -> str:
    return why.partition(";")[0]
