"""A difference of two results as a page of text, or as the Markdown of a comment in a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dtl.report.difference import Change, Difference, Violation

TOP = 10
"""So many assets, feeders and figures are listed, the others are counted."""
MARK = "<!-- dtl-diff -->"
"""The first line of the comment, by which the next run finds it again."""


@dataclass(frozen=True)
class Told:
    """A difference with what belongs to it: of which study, between what, why, and what it cost.

    ``answers`` and ``minutes`` are what the second side asked beyond the first; ``causes`` what differs in study, code
    and raw files; ``touched`` the groups of feeders that were asked otherwise; ``note`` says why nothing can be told.
    """

    study: str
    before: str
    after: str
    found: Difference
    causes: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    answers: int = 0
    minutes: float = 0.0
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The difference as JSON types; the assets are the heaviest of the violations."""
        said = asdict(self)
        found = said.pop("found")
        assets = [asdict(v) for v in self.found.top(TOP)]
        return {**said, **found, "material": self.found.material, "counts": self.found.counts, "assets": assets}

    @property
    def cost(self) -> str:
        """What the second side cost."""
        if not self.answers:
            return "nothing was computed for it"
        return f"{self.answers} answers, {self.minutes:.1f} min of one core"


def text(told: Told) -> str:
    """A difference as plain text."""
    head = f"{told.study}: {told.before} -> {told.after}"
    if told.note:
        return f"{head}: not compared: {told.note}\n"
    if not told.found.material:
        return f"{head}: no material change ({told.cost})\n"
    lines = [head, f"  {_summary(told)}", f"  cost: {told.cost}"]
    for title, rows in _tables(told.found):
        lines += ["", f"{title}:", *(f"  {line}" for line in _columns(rows))]
    lines += _listed("what differs", told.causes, "  ")
    return "\n".join(lines) + "\n"


def page(told: Told) -> dict[str, Any]:
    """A difference as a page of the report draws it: a sentence, and tables whose first row is the head."""
    said = "Nothing changed that matters." if not told.note and not told.found.material else ""
    shown = [] if told.note else [{"title": title, "rows": rows} for title, rows in _tables(told.found)]
    summary = "" if told.note else said or f"{_summary(told)}."
    return {"before": told.before, "after": told.after, "note": told.note, "summary": summary, "tables": shown}


def markdown(every: Sequence[Told]) -> str:
    """The differences of several studies as one comment; what does not matter is one line each."""
    lines = [MARK]
    for told in every:
        head = f"**{told.study}**: {told.before} → {told.after}"
        if told.note:
            lines += [f"{head}: not compared: {_plain(told.note)}", ""]
            continue
        if not told.found.material:
            lines += [f"{head}: no material change ({told.cost})", ""]
            continue
        lines += [f"### {told.study}: {told.before} → {told.after}", "", f"**{_summary(told)}**", ""]
        for title, rows in _tables(told.found):
            lines += [f"#### {title}", "", *_table(rows), ""]
        if told.causes:
            inner = [f"- {_plain(c)}" for c in told.causes]
            lines += ["<details><summary>What differs</summary>", "", *inner, "", "</details>", ""]
        lines += [f"Cost of the run: {told.cost}.", ""]
    if not every:
        lines += ["No study is touched.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _summary(told: Told) -> str:
    found, counts = told.found, told.found.counts
    said = [f"{n} violation{'s' * (n != 1)} {state}" for state, n in counts.items() if n]
    if not said and not found.came and not found.went:
        said = ["no violation new, cured, worse or better"]
    if told.touched:
        n = len(told.touched)
        said.append(f"{n} group{'s' * (n != 1)} of feeders asked otherwise")
    return "; ".join([*said, *(f"new: {x}" for x in found.came[:TOP]), *(f"gone: {x}" for x in found.went[:TOP])])


def _tables(found: Difference) -> list[tuple[str, list[list[str]]]]:
    """Titles and rows, the first of which is the head."""
    tables = []
    if found.violations:
        top = found.top(TOP)
        head = ["asset", "", "case", "state", "before", "after", "hours before", "hours after"]
        tables.append((f"top {len(top)} assets by change", [head, *(_asset(v) for v in top)]))
    for title, changes in (("figures of the study", found.figures), ("feeders", found.feeders)):
        if changes:
            shown = changes[:TOP]
            more = f" ({len(shown)} of {len(changes)} changes)" if len(shown) < len(changes) else ""
            rows = [_change(c) for c in shown]
            tables.append((title + more, [["", "case", "figure", "before", "after", "change", ""], *rows]))
    return tables


def _asset(v: Violation) -> list[str]:
    also = f" and {v.cases - 1} more" if v.cases > 1 else ""
    within = "within"
    return [
        f"{v.feeder} {v.kind} {v.element}",
        v.what,
        v.case + also,
        v.state,
        within if v.before is None else _number(v.before, v.unit),
        within if v.after is None else _number(v.after, v.unit),
        f"{v.hours_before:g}",
        f"{v.hours_after:g}",
    ]


def _change(c: Change) -> list[str]:
    change = c.after - c.before
    sign = "+" if change > 0 else ""
    values = [_number(c.before, c.unit), _number(c.after, c.unit), sign + _number(change, c.unit)]
    return [c.feeder, c.case, c.metric, *values, c.verdict]


def _number(value: float, unit: str) -> str:
    if unit == "pu":
        return f"{value:.4f} pu"
    shown = f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.2f}"
    return f"{shown} {'' if unit in ('1 or 0', 'share') else unit}".strip()


def _columns(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _table(rows: list[list[str]]) -> list[str]:
    head, *rest = [[_plain(c) for c in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rest)]


def _plain(text: str) -> str:
    """A text that Markdown shows as it is, also in a table."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("\n", " ")


def _listed(title: str, items: list[str], pad: str) -> list[str]:
    return ["", f"{title}:", *(f"{pad}{x}" for x in items)] if items else []
