"""Expectations of a study that its cube alone can judge: violations, energy of the heads, reasons of hosting values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.spec.report import Bound
from dtl.spec.study import Study

JUDGED = ("thermal", "voltage")
"""The analyses whose single elements are over a limit."""


def broken(study: Study) -> Iterator[str]:
    """A line for each side of a bound that the results break; one where they have no such number."""
    yield from _violations(study)
    yield from _heads(study)
    yield from _reasons(study)
    yield from _portfolio(study)


def sides(bound: Bound, value: float) -> Iterator[tuple[str, float]]:
    """The sides of a bound that a value breaks, with their limits."""
    if bound.at_most is not None and value > bound.at_most:
        yield "at_most", bound.at_most
    if bound.at_least is not None and value < bound.at_least:
        yield "at_least", bound.at_least


def _violations(study: Study) -> Iterator[str]:
    bound = study.expect.violations
    if bound is None:
        return
    found: dict[tuple[str, str, str], str] = {}
    for analysis in JUDGED:
        for row in _rows(study.name, analysis=analysis):
            if row["element"]:
                found.setdefault((row["feeder"], row["kind"], row["element"]), row["case"])
    codes = [r for r in _rows(study.name, metric="compliance_violated") if r["level"] == "feeder" and r["value"]]
    count = len(found) + sum(int(r["value"]) for r in codes)
    first = [f"{f}: {kind} {name} in {case}" for (f, kind, name), case in sorted(found.items())]
    first += [f"{r['feeder']} in {r['case']}: {r['text']}" for r in codes]
    told = f" ({'; '.join(first[:3])}{'; ...' if len(first) > 3 else ''})" if first else ""
    for name, limit in sides(bound, count):
        yield f"expect.violations: {count} violation{'s' * (count != 1)}{told}, {name} {limit:g} is expected"


def _heads(study: Study) -> Iterator[str]:
    bound = study.expect.head_energy_error
    if bound is None:
        return
    rows = {r["feeder"]: r for r in _rows(study.name, metric="head_energy_error")}
    whole = bound.per == "study"
    for feeder, row in sorted(rows.items()):
        if (feeder == "") != whole:
            continue
        of = f" of {feeder}" * (not whole)
        if row["value"] is None:
            yield f"expect.head_energy_error: the energy{of} is {row['text']}"
            continue
        for name, limit in sides(bound, row["value"]):
            yield (
                f"expect.head_energy_error: the energy{of} differs by {100 * row['value']:.1f} % from {bound.against} "
                f"({row['text']}), {name} {100 * limit:.1f} % is expected"
            )
    if not rows:
        yield "expect.head_energy_error: nothing was compared with the measurement"


def _reasons(study: Study) -> Iterator[str]:
    bound = study.expect.hosting_without_reason
    if bound is None:
        return
    kinds = [_rows(study.name, metric=f"hosting_{of}_without_reason") for of in ("generation", "load", "pv")]
    rows = [r for kind in kinds for r in kind]
    count = sum(int(r["value"]) for r in rows)
    told = "; ".join(f"{r['feeder']} in {r['case']}: {r['text']}" for r in rows if r["value"])
    for name, limit in sides(bound, count):
        of = f" ({told[:200]})" if told else ""
        yield f"expect.hosting_without_reason: {count} values{of}, {name} {limit:g} is expected"
    if not rows:
        yield "expect.hosting_without_reason: no hosting value was found"


def _portfolio(study: Study) -> Iterator[str]:
    bound = study.expect.portfolio_still_violating
    if bound is None:
        return
    rows = _rows(study.name, metric="portfolio_still_violating")
    for row in rows:
        for name, limit in sides(bound, row["value"]):
            yield (
                f"expect.portfolio_still_violating: {100 * row['value']:.1f} % of the element-hours are left "
                f"({row['text']}), {name} {100 * limit:.1f} % is expected"
            )
    if not rows:
        yield "expect.portfolio_still_violating: no works were chosen"


def _rows(study: str, **equal: str) -> list[dict[str, Any]]:
    """Rows of the cube; none where there is none."""
    from dtl import tables  # a run without such an expectation needs no Arrow

    path = Path(layout.CUBE.format(study=study))
    columns = ["level", "feeder", "case", "kind", "element", "metric", "value", "text"]
    return tables.read("cube", path, columns, **equal).to_pylist() if path.is_file() else []
