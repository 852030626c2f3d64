"""What the cube says in the shape of insights: ageing, works and what they remove, sentences, and an order of work.

The learning modules that are no stage of their own stand on the page of insights beside the others, with evidence and
an id that a decision can name. Every number is one of the cube.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from dtl import tables
from dtl.learning.insight import OK, Cell, Insight
from dtl.learning.query.parse import understand
from dtl.report import asked, figures, story
from dtl.report.facts import Facts
from dtl.report.study_payloads import worded

MODULES = ("ageing", "mitigation", "narrate", "priority", "ask")
"""The modules that are told."""
QUESTION = "top 3 feeders by overload hours"
"""What is asked of every study that learns anything, as an example of an answer in words."""
NUMBERS = (
    ("overload_hours_h", "overloads in", "h"), ("max_line_load_pct", "lines up to", "%"),
    ("max_transformer_load_pct", "transformers up to", "%"), ("violation_hours_h", "voltages outside in", "h"),
    ("min_pu", "voltages down to", "pu"),
)  # fmt: skip
"""What is told of a feeder beside its place: metric, words and unit."""
WORKS = 12
"""Chosen works that are told one by one, the dearest first; the page of mitigation has all."""


def beside(found: Mapping[str, pa.Table], facts: Facts, study: str, currency: str) -> dict[str, pa.Table]:
    """The tables of the learning modules, their insights with those that the cube gives.

    A study that asks neither for learning nor for ageing or mitigation has none.
    """
    rows = [*_ageing(facts), *_mitigation(facts, currency)]
    if "insights" in found or rows:
        rows += [*_sentences(facts), *_priority(facts, found), *_answered(facts, study)]
    if not rows:
        return dict(found)
    own = [tables.frame("insights", [r.row() for r in rows])]
    return {
        **found,
        "insights": tables.concat("insights", [*([found["insights"]] if "insights" in found else []), *own]),
    }


def _cube(feeder: str, case: str, metric: str) -> Cell:
    return Cell("cube", " ".join(w for w in (feeder, case) if w), metric)


def _ageing(facts: Facts) -> Iterator[Insight]:
    """Of each case the transformer that loses most of its life, and how many age faster than normal."""
    for case in (c.case for c in facts.cases):
        known = {f: facts.value("max_life_loss_pct", f, case) for f in facts.feeders}
        lost = {f: v for f, v in known.items() if v is not None}
        if not lost:
            continue
        first = max(sorted(lost), key=lambda f: lost[f])
        fast = sum(facts.value("transformers_ageing_fast", f, case) or 0.0 for f in lost)
        unit = facts.text("max_life_loss_pct", first, case)
        text = (
            f"{figures.text(lost[first], '%')} of its life in a year: {unit} of {first} loses most; "
            f"{fast:,.0f} transformer{'s' * (fast != 1)} of {len(lost)} feeder{'s' * (len(lost) != 1)} "
            f"age{'s' * (fast == 1)} faster than normal"
        )
        yield Insight("ageing", "max_life_loss_pct", lost[first], "%", text, "", case, "transformer", unit,
                      evidence=[_cube(first, case, "max_life_loss_pct")])  # fmt: skip


def _mitigation(facts: Facts, currency: str) -> Iterator[Insight]:
    """What the chosen works remove together, and each of them with its cost."""
    removed, left = facts.value("portfolio_removed_h"), facts.value("portfolio_left_h")
    if removed is None or left is None:
        return
    count, cost = facts.value("portfolio_measures") or 0.0, facts.value("portfolio_cost")
    price = f" for {cost:,.0f} {currency}".rstrip() if cost is not None and cost != count else ""
    text = (
        f"{f'{count:,.0f} measures' if count != 1 else '1 measure'}{price} remove{'s' * (count == 1)} "
        f"{figures.text(removed)} element-hours over a limit and leave{'s' * (count == 1)} {figures.text(left)}, "
        "solved together, mean of the cases"
    )
    yield Insight("mitigation", "portfolio_removed_h", removed, "h", text,
                  evidence=[_cube("", "", "portfolio_removed_h"), _cube("", "", "portfolio_left_h")])  # fmt: skip
    works = [r for r in facts.parts("mitigation") if r["metric"] == "work_cost"]
    for row in sorted(works, key=lambda r: (-(r["value"] or 0.0), r["feeder"], r["element"]))[:WORKS]:
        cells = [Cell("cube", f"{row['feeder']} {row['element']}", "work_cost")]
        said = f"{row['value']:,.0f} {currency}: {row['text']}" if row["value"] and price else row["text"]
        yield Insight("mitigation", "work_cost", row["value"], "1", said, row["feeder"], "", "work", row["element"],
                      evidence=cells)  # fmt: skip


def _sentences(facts: Facts) -> Iterator[Insight]:
    """Each rule of advice with the feeders it holds for in their worst case."""
    for line in story.of_study(facts):
        more = f" and {line['count'] - len(line['named'])} more" if line["count"] > len(line["named"]) else ""
        cells = [_cube(f, facts.text("worst_case", f), "worst_case") for f in line["named"]]
        yield Insight("narrate", "feeders_advised", float(line["count"]), "1",
                      f"{line['about']}: {', '.join(line['named'])}{more}", "", "", "rule", line["rule"],
                      evidence=cells)  # fmt: skip


def _priority(facts: Facts, found: Mapping[str, pa.Table]) -> Iterator[Insight]:
    """The order in which the next run works on the feeders, and what speaks for each place."""
    risk = _first(found, "interruptions_ahead")
    worst = facts.worst(len(facts.feeders))
    for place, line in enumerate(sorted(worst, key=lambda r: not r.violating), 1):
        numbers = "; ".join(
            f"{said} {figures.text(line.numbers[name], unit)}" for name, said, unit in NUMBERS if name in line.numbers
        )
        state = f"over a limit in {worded(line.case, facts.cases)}" if line.violating else "within all limits"
        ahead = f"; {risk[line.feeder]:.1f} interruptions expected" if line.feeder in risk else ""
        cells = [_cube(line.feeder, "", "rank"), _cube(line.feeder, line.case, "violating")]
        text = f"{place} of {len(worst)}: {state}; {numbers}{ahead}"
        yield Insight("priority", "place", float(place), "1", text, line.feeder, evidence=cells)


def _first(found: Mapping[str, pa.Table], metric: str) -> dict[str, float]:
    """A number that insights say of feeders, where they say it."""
    rows = found["insights"].to_pylist() if "insights" in found else []
    return {r["feeder"]: r["value"] for r in rows
            if r["metric"] == metric and r["verdict"] == OK and r["value"] is not None}  # fmt: skip


def _answered(facts: Facts, study: str) -> Iterator[Insight]:
    """The answer to one question in plain words, as ``dtl ask`` gives it."""
    text, code = asked.answer(study, facts, understand(QUESTION))
    if code == asked.ANSWERED:
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        case = next((line.removeprefix("case: ") for line in lines if line.startswith("case: ")), "")
        yield Insight(
            "ask",
            "answer",
            None,
            "1",
            f'"{QUESTION}": ' + "; ".join(lines),
            evidence=[_cube("", case, "overload_hours_h")],
        )
