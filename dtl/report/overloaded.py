"""The lines and transformers over their limit by name, today and what the worst case adds, in a sentence or two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dtl.report.facts import Facts

NAMED = 8
"""Elements that a sentence names before it counts them and names the first."""
FIRST = 4
"""How many it names then."""

Part = tuple[str, str, str]
"""Feeder, kind and name of an element."""


def sentences(facts: Facts, cases: Sequence[Mapping[str, Any]]) -> str:
    """What is over its limit in the first baseline, and in the worst case beside that; empty where nothing is."""
    label = {c["case"]: c["label"] for c in cases}
    worst = facts.text("worst_case")
    bases = sorted((c["year"], c["case"]) for c in cases if c["case"] == c["baseline"])
    today = bases[0][1] if bases else worst
    loads: dict[str, dict[Part, float]] = {today: {}, worst: {}}
    for row in facts.overloads():
        if row["case"] in loads:
            loads[row["case"]][row["feeder"], row["kind"], row["element"]] = row["value"] / row["limit"]
    added = {part: load for part, load in loads[worst].items() if part not in loads[today]}
    told = [f"Over their limit in {label[today]}: {_named(loads[today])}."] if loads[today] else []
    if added:
        also = f"In {label[worst]} also" if told else f"Over their limit in {label[worst]}"
        also += f", and nothing in {label[today]}" if not told and worst != today and today not in facts.unshown else ""
        told.append(f"{also}: {_named(added)}.")
    return " ".join(told)


def _named(loads: Mapping[Part, float]) -> str:
    """Elements by feeder and kind, the most loaded first; of many the first, after how many there are."""
    ordered = sorted(loads, key=lambda part: (-loads[part], part))
    if len(loads) > NAMED:
        many = _and(_many(sum(part[1] == kind for part in loads), kind) for kind in sorted({k for _, k, _ in loads}))
        return f"{many}, first of all {_listed(ordered[:FIRST])}"
    return _listed(ordered)


def _listed(ordered: Sequence[Part]) -> str:
    """Elements in this order; those of one feeder and kind stand together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for feeder, kind, element in ordered:
        groups.setdefault((feeder, kind), []).append(element)
    return "; ".join(f"{_plural(kind, len(own))} {_and(own)} of {feeder}" for (feeder, kind), own in groups.items())


def _many(count: int, kind: str) -> str:
    return f"{count:,} {_plural(kind, count)}"


def _plural(kind: str, count: int) -> str:
    return kind if count == 1 else f"{kind}es" if kind.endswith("ch") else f"{kind}s"


def _and(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
