"""The sentences and advice of `narrate` as pages show them: numbers in words, each with the cell it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dtl.learning.guidance import ADVICE, TOLD
from dtl.learning.narrate import Number, Part, Sentence, counted, narrate
from dtl.report import figures
from dtl.report.facts import Facts
from dtl.report.study_payloads import worded

NAMED = 8
"""Feeders that a line of advice names before it counts the rest."""

CALM = "calm"
"""The rule for feeders that need nothing: no advice for the overview."""

TOPICS = {
    "load.brief": "Overloads of a few hours: a transfer, a smaller peak or a seasonal rating may do",
    "load.line": "Lines over their rating: a transfer over a tie against a larger conductor",
    "load.transformer": "Transformers over their limit: check their customers, then the size",
    "load.long": "Overloads of hundreds of hours: capacity is missing",
    "volt.low-brief": "Low voltage in few hours: set points and capacitor switching first",
    "volt.low-long": "Low voltage in many hours: a capacitor, a regulator or a shorter path",
    "volt.high-reverse": "High voltage while power flows back: volt-var curves or a lower set point",
    "volt.high": "High voltage without reverse flow: check head voltage, taps and fixed capacitors",
    "flow.reverse": "Power flows back: protection and regulators must be made for it",
    "loss.high": "Losses beyond the usual: check the input first",
    "data.unrated": "Elements without a rating: find it",
}
"""What each rule of advice is about, in short, for the overview."""

Shown = dict[str, Any]


def of_feeder(facts: Facts, feeder: str) -> Shown:
    """The story of a feeder in its worst case: ``told`` and ``advice``, each sentence in parts; empty if unsolved."""
    case = facts.text("worst_case", feeder)
    if not case:
        return {"told": [], "advice": []}
    return {
        "told": [_sentence(s, facts) for s in narrate(TOLD, facts.fact, feeder, case)],
        "advice": [_sentence(s, facts) for s in narrate(ADVICE, facts.fact, feeder, case)],
    }


def of_study(facts: Facts) -> list[Shown]:
    """How many feeders each rule of advice holds for in their worst case, with the first of them, worst first."""
    ranked = [(r.feeder, r.case) for r in facts.worst(len(facts.feeders))]
    found = counted(ADVICE, facts.fact, ranked)
    return [
        {"rule": rule, "about": TOPICS[rule], "count": len(own), "named": own[:NAMED]}
        for rule, own in found.items()
        if rule != CALM
    ]


def _sentence(sentence: Sentence, facts: Facts) -> Shown:
    parts = _joined([_part(p) for p in sentence.parts])
    return {
        "rule": sentence.rule,
        "parts": [worded(p, facts.cases) if isinstance(p, str) else p for p in parts],
    }


def _part(part: Part) -> str | Shown:
    if not isinstance(part, Number):
        return part
    text = figures.text(part.value, part.unit, part.limit)
    cell = {"metric": part.metric, "feeder": part.feeder, "case": part.case}
    return {"number": text, "cell": {k: v for k, v in cell.items() if v}}


def _joined(parts: Sequence[str | Shown]) -> list[str | Mapping[str, Any]]:
    """Texts that follow each other as one."""
    found: list[str | Mapping[str, Any]] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found
