"""The payloads that every page may ask for: ``study`` and ``feeders``."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dtl.analyses.compare import Case, baseline_of
from dtl.report import payloads
from dtl.report.advice import advice
from dtl.report.facts import SHOWN, Facts
from dtl.report.palette import scenario_colour

OUTSIDE = {"low": "max_shortfall_pu", "high": "max_excess_pu"}
"""The metrics that say whether a feeder's voltages are beyond a limit, by its side."""


def study(spec: Mapping[str, Any], facts: Facts, layers: Mapping[str, Any]) -> bytes:
    """The payload ``study``: cases with labels, colours and baselines; limits; the answer; what of layers there is."""
    return payloads.document(
        {
            **layers,
            "study": spec["study"],
            "title": spec["title"],
            "question": spec["question"],
            "timezone": spec["timezone"],
            "units": spec["report"].get("units", "si"),
            "answer": worded(facts.answer(), facts.cases),
            "cases": cases(spec, facts),
            "worst_case": facts.text("worst_case") or None,
            "limits": spec["limits"],
            "left_out": [f"{page}.html" for page in spec.get("left_out", ())],
            "states": facts.states,
            "unshown": facts.unshown,
        }
    )


def cases(spec: Mapping[str, Any], facts: Facts) -> list[dict[str, Any]]:
    """The cases by name, each with its label, the case it is compared with, and the number of its scenario's colour."""
    baseline = baseline_scenario(spec)
    known = facts.cases
    names = sorted({c.scenario for c in known}, key=lambda s: (s != baseline.split("@")[0], s))
    found = []
    for case in known:
        base = baseline_of(case, known, baseline)
        title = spec["scenarios"].get(case.scenario, {}).get("title") or ""
        found.append(
            {
                "case": case.case,
                "scenario": case.scenario,
                "year": case.year,
                "title": title,
                "label": label(case.scenario, case.year),
                "baseline": base.case if base else None,
                "colour": scenario_colour(names.index(case.scenario)),
            }
        )
    return found


def label(scenario: str, year: int) -> str:
    """What a case is called on a page, e.g. ``growth 2035``."""
    return f"{scenario} {year}" if year else scenario


def worded(text: str, known: Iterable[Case]) -> str:
    """A text of the cube as pages show it: cases by their labels, where the command line has their ids."""
    for case in sorted(known, key=lambda c: -len(c.case)):
        text = text.replace(case.case, label(case.scenario, case.year))
    return text


def baseline_scenario(spec: Mapping[str, Any]) -> str:
    """The scenario or case that others are compared with."""
    analyses = json.loads(spec["spec_text"]).get("analyses", {})
    return str(analyses.get("compare", {}).get("baseline", "base"))


def feeders(
    facts: Facts, files: Mapping[str, str], kinds: Mapping[str, str], more: Mapping[str, Collection[str]]
) -> bytes:
    """The payload ``feeders``: a row per feeder with its file, place among the worst, and figures by case.

    Whether its voltages are below or above a limit stands in ``low@i`` and ``high@i`` of a case.

    `kinds` maps a feeder to ``metres``, ``degrees``, ``schematic``, or nothing where there is nothing to draw; `more`
    maps a kind of further payload, as ``hc`` or ``oms``, to the feeders that have one.
    """
    names = facts.feeders
    cols = [
        payloads.words("id", names),
        payloads.words("file", [files[f] for f in names]),
        *(payloads.numbers(f"has_{kind}", [int(f in there) for f in names]) for kind, there in sorted(more.items())),
        payloads.words("drawn", [kinds.get(f, "") for f in names]),
        payloads.numbers("rank", [facts.value("rank", f) for f in names]),
        payloads.words("worst_case", [facts.text("worst_case", f) for f in names]),
        payloads.numbers("customers", [facts.value("customers", f) for f in names]),
        payloads.numbers("length_km", [facts.value("length_km", f) for f in names], 3, "km"),
        payloads.numbers("kv_ll", [facts.value("kv_ll", f) for f in names], 3, "kV"),
    ]
    for i, case in enumerate(facts.cases):
        cols.append(payloads.numbers(f"solved@{i}", [facts.value("solved", f, case.case) for f in names]))
        cols.append(payloads.numbers(f"violating@{i}", [facts.value("violating", f, case.case) for f in names]))
        for side, metric in OUTSIDE.items():
            beyond = [int((facts.value(metric, f, case.case) or 0.0) > 0) for f in names]
            cols.append(payloads.numbers(f"{side}@{i}", beyond))
        cols.append(payloads.words(f"advice@{i}", [_advice(facts, f, case.case) for f in names]))
        for metric in SHOWN:
            values = [facts.value(metric, f, case.case) for f in names]
            cols.append(payloads.reals(f"{metric}@{i}", values))
    return payloads.columns({"feeders": cols}, {"cases": [c.case for c in facts.cases]})


def _advice(facts: Facts, feeder: str, case: str) -> str:
    return advice(lambda metric: facts.value(metric, feeder, case))
