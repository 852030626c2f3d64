"""A study or feeder in sentences: templates filled from cells of the cube, and advice by rules, each with its id.

Nothing is said that no cell holds: a sentence whose cells are missing is left out, and every number keeps the cell
that it comes from. Advice is a fixed list of rules over the same cells; none of it is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Protocol

from dtl.analyses.hours import when
from dtl.analyses.metrics import METRICS


class Cell(Protocol):
    """A cell of the cube."""

    @property
    def value(self) -> float | None:
        """The number."""

    @property
    def text(self) -> str:
        """What the number is about, as the name of an element."""

    @property
    def hour(self) -> int | None:
        """Hour of the year."""

    @property
    def limit(self) -> float | None:
        """What it is judged by."""


Read = Callable[[str, str | None, str | None], Cell | None]
"""The cell of a metric, a feeder (None: the study) and a case (None: what holds for all)."""


@dataclass(frozen=True)
class Number:
    """A number in a sentence, with its cell; ``case`` is empty for what holds for all, ``feeder`` for the study."""

    metric: str
    feeder: str
    case: str
    value: float
    unit: str
    limit: float | None


Part = str | Number


@dataclass(frozen=True)
class Sentence:
    """A sentence in parts, and the id of the template or rule that gave it."""

    rule: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Rule:
    """When something is said, and what.

    ``words`` names cells in braces: ``{metric}`` is its number, ``{metric:where}`` its element, ``{metric:when}`` on
    or in what hour or state, ``{metric:limit}`` its limit; ``{case}`` is the case. It is said where all of them are
    known and `when` holds of the numbers, where a metric without a cell is 0.
    """

    id: str
    words: str
    when: Callable[[Callable[[str], float]], bool]


def narrate(rules: Sequence[Rule], read: Read, feeder: str | None, case: str) -> list[Sentence]:
    """The sentences of some rules about a feeder (None: the study) in a case."""

    def cell(metric: str) -> tuple[Cell | None, str]:
        own = read(metric, feeder, case)
        return (own, case) if own is not None else (read(metric, feeder, None), "")

    def number(metric: str) -> float:
        found, _ = cell(metric)
        return found.value if found is not None and found.value is not None else 0.0

    known = read("states", None, None)
    states = known.text.split() if known is not None else []
    told = []
    for rule in rules:
        parts = _fill(rule.words, cell, feeder or "", case, states) if rule.when(number) else None
        if parts is not None:
            told.append(Sentence(rule.id, (*parts, ".")))
    return told


def counted(rules: Sequence[Rule], read: Read, feeders: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The feeders of which each rule holds, each in the case given with it; rules that hold of none are left out."""
    found: dict[str, list[str]] = {}
    for feeder, case in feeders:
        for sentence in narrate(rules, read, feeder, case):
            found.setdefault(sentence.rule, []).append(feeder)
    return {rule.id: found[rule.id] for rule in rules if rule.id in found}


def _fill(
    words: str, cell: Callable[[str], tuple[Cell | None, str]], feeder: str, case: str, states: Sequence[str]
) -> tuple[Part, ...] | None:
    """The parts of a template; None where a cell is missing."""
    parts: list[Part] = []
    for text, metric, of, _ in Formatter().parse(words):
        parts += [text] if text else []
        if metric == "case":
            parts.append(case)
        elif metric is not None:
            part = _part(metric, of or "", *cell(metric), feeder, states)
            if part is None:
                return None
            parts.append(part)
    return tuple(parts)


def _part(metric: str, of: str, found: Cell | None, case: str, feeder: str, states: Sequence[str]) -> Part | None:
    if found is None or found.value is None:
        return None
    if of == "where":
        return found.text or None
    if of == "when":
        return when(found.hour, states) or None
    value = found.limit if of == "limit" else found.value
    return None if value is None else Number(metric, feeder, case, value, METRICS[metric].unit, found.limit)
