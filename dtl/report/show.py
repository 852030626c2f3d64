"""What ``dtl show`` prints: the worst feeders, one feeder, or one element."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.analyses.hours import when
from dtl.analyses.metrics import METRICS
from dtl.errors import StoreError
from dtl.report import facts
from dtl.report.board import Cell
from dtl.report.facts import SHOWN, Facts


def run(study: str | None, words: Sequence[str]) -> int:
    """Print what the words ask of a study's results; 0 on success.

    ``worst`` and a number list the worst feeders; a feeder's id or an element's name shows it; no word: the answer.

    Raises
    ------
    StoreError
        There are no results, or nothing has that name; the text says what there is.
    """
    print(shown(facts.load(_cube(study)), list(words)))
    return 0


def shown(known: Facts, words: list[str]) -> str:
    """The text that answers the words."""
    if not words:
        return known.answer()
    if words[0] == "worst":
        if len(words) > 2 or not all(w.isdigit() for w in words[1:]):
            raise StoreError("show: after `worst` comes one number, e.g. `dtl show worst 10`")
        return worst(known, int(words[1]) if words[1:] else 10)
    if len(words) > 1:
        raise StoreError(f"show: one name at a time, not {' '.join(words)!r}")
    if words[0] in known.feeders:
        return feeder(known, words[0])
    rows = element_rows(known, words[0])
    if rows:
        return _elements(rows, known.states)
    near = get_close_matches(words[0], known.feeders, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"feeders: {', '.join(known.feeders[:8])}"
    raise StoreError(f"show: no feeder, and no element over a limit, is called {words[0]!r}; {hint}")


def worst(known: Facts, n: int) -> str:
    """The list of the `n` worst feeders, each in its worst case, and those that failed everywhere."""
    head = ["", "feeder", "case", *(f"{_TITLES[m]} [{METRICS[m].unit}]" for m in SHOWN), ""]
    lines = [head]
    for r in known.worst(n):
        numbers = [_number(m, r.numbers.get(m)) for m in SHOWN]
        lines.append([str(r.place), r.feeder, r.case, *numbers, "needs work" if r.violating else ""])
    table = [_columns(lines, left={1, 2, len(head) - 1})] if len(lines) > 1 else []
    failed: dict[tuple[str, str], list[str]] = {}
    for case in known.cases:
        for name, why in known.failed(case.case).items():
            failed.setdefault((name, why), []).append(case.case)
    every = len(known.cases)
    told = [
        f"{name} failed{'' if len(cases) == every else ' in ' + ' and '.join(cases)}: {why}"
        for (name, why), cases in sorted(failed.items())
    ]
    return "\n".join([*table, *told])


def feeder(known: Facts, name: str) -> str:
    """The answer for a feeder and its figures, one column per case."""
    cases = [c.case for c in known.cases]
    lines = [["", *cases, ""]]
    for metric in METRICS.values():
        cells = [known.fact(metric.name, name, case) for case in cases]
        if metric.only_elements or metric.analysis == "study" or not any(c and c.value is not None for c in cells):
            continue
        where = next((_where(c, known.states) for c in reversed(cells) if c and c.value is not None), "")
        numbers = [_number(metric.name, c.value if c else None) for c in cells]
        lines.append([f"{metric.name}{f' [{metric.unit}]' if metric.unit else ''}", *numbers, where])
    return f"{known.answer(name)}\n\n{_columns(lines, left={0, len(cases) + 1})}"


def element_rows(known: Facts, name: str) -> list[dict[str, Any]]:
    """The rows of an element over a limit, of all feeders and cases."""
    return [row for f in known.feeders for row in known.elements(f) if row["element"] == name]


def _elements(rows: list[dict[str, Any]], states: Sequence[str]) -> str:
    lines = []
    for row in rows:
        cell = Cell(row["value"], row["text"], row["hour"], row["limit"], row["rule"])
        unit = METRICS[row["metric"]].unit
        name = f"{row['metric']} [{unit}]"
        lines.append(
            [row["feeder"], row["case"], row["kind"], name, _number(row["metric"], row["value"]), _where(cell, states)]
        )
    return _columns(lines, left={0, 1, 2, 3, 5})


_TITLES = {
    "overload_hours_h": "overloaded",
    "max_line_load_pct": "line",
    "max_transformer_load_pct": "transformer",
    "violation_hours_h": "voltage out",
    "min_pu": "lowest",
    "max_pu": "highest",
}


def _where(cell: Cell, states: Sequence[str]) -> str:
    parts = [cell.text, when(cell.hour, states)]
    parts.append(f"(limit {cell.limit:g}, {cell.rule})" if cell.limit is not None and cell.rule else "")
    return " ".join(p for p in parts if p)


def _number(metric: str, value: float | None) -> str:
    if value is None:
        return "-"
    value = 0.0 if abs(value) < 0.005 and METRICS[metric].unit != "pu" else value
    unit = METRICS[metric].unit
    if unit == "pu":
        return f"{value:.4f}"
    if unit in ("%", "share"):
        return f"{value:.2f}"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def _columns(lines: list[list[str]], left: set[int]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    rows = (
        "  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )
    return "\n".join(row.rstrip() for row in rows)


def _cube(study: str | None) -> Path:
    """The cube of a study, or of the only one that has results."""
    if study is not None:
        path = Path(layout.CUBE.format(study=study))
        if not path.is_file():
            raise StoreError(f"{path} does not exist: `dtl run {study}` makes it")
        return path
    found = sorted(Path().glob(layout.CUBE.format(study="*")))
    if len(found) != 1:
        names = ", ".join(p.parent.name for p in found) or "none"
        raise StoreError(f"show: name the study; with results there is: {names}")
    return found[0]
