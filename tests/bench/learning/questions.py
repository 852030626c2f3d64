"""Questions written without tuning on them: how often intent, thing and metric are read as meant, and what is wrong.

Lines of ``questions.txt``: intent, entity, metric and text, with ``|`` between. Values of filters are not scored.
Lines of ``questions_exact_*.jsonl``: the text and its whole canonical query, scored exactly, values and units too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dtl.learning.query.parse import parse

REFUSED = ("reject", "clarify")


def score(path: Path) -> tuple[int, int, int, list[str]]:
    """How many are right, asked or refused instead, and read as something else without a word; the last ones' texts."""
    right, asked, wrong = 0, 0, []
    for line in path.read_text(encoding="utf-8").splitlines():
        intent, entity, metric, text = line.split("|", 3)
        query = parse(text)
        same = query["intent"] == intent and (
            intent in REFUSED or (query.get("entity", ""), query.get("metric", "")) == (entity, metric)
        )
        right += same
        if not same and query["intent"] in REFUSED:
            asked += 1
        elif not same:
            wrong.append(f"{text} -> {query}")
    return right, asked, len(wrong), wrong


SETS = ("filters", "scenario")
"""Lists whose order says nothing."""


def canonical(query: dict[str, Any]) -> str:
    """The query as text, its filters and layers in one order."""

    def told(parts: list[Any]) -> list[Any]:
        return sorted(parts, key=lambda part: json.dumps(part, sort_keys=True))

    made = {k: told(v) if k in SETS else [told(s) for s in v] if k == "scenarios" else v for k, v in query.items()}
    if "queries" in made:
        made["queries"] = [canonical(q) for q in made["queries"]]
    return json.dumps(made, sort_keys=True)


def slots(query: dict[str, Any]) -> set[str]:
    """The slots of a query: each filter, layer, part of the time and plain value is one."""
    found: set[str] = set()
    for key, value in query.items():
        parts = value if isinstance(value, list) else value.items() if isinstance(value, dict) else [value]
        found |= {json.dumps([key, part], sort_keys=True) for part in parts}
    return found


def exact(path: Path) -> tuple[int, int, float, int, list[str]]:
    """How many are exact, of how many, the F1 of slots, how many of the unclear or refused are answered, and misses."""
    same, shared, told, answered, missed = 0, 0, 0, 0, []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        query, wanted = parse(line["text"]), line["query"]
        same += canonical(query) == canonical(wanted)
        shared += 2 * len(slots(query) & slots(wanted))
        told += len(slots(query)) + len(slots(wanted))
        answered += wanted["intent"] in REFUSED and query["intent"] not in REFUSED
        if canonical(query) != canonical(wanted):
            missed.append(f"{line['text']} -> {query}")
    return same, len(lines), shared / told, answered, missed


LISTS = {
    "questions.txt": "own questions",
    "questions_of_managers.txt": "questions of managers and regulators",
    "questions_of_planners.txt": "questions of planners and managers, written before another look at the words",
    "questions_of_engineers.txt": "questions of engineers, which the rules about what is left over were written for",
}

if __name__ == "__main__":
    for name, about in LISTS.items():
        right, asked, wrong, texts = score(Path(__file__).with_name(name))
        told = f"{right} right, {asked} asked back or refused, {wrong} read as something else"
        print(f"ask | {right + asked + wrong} {about} | intent, thing, metric | - | {told}")
        print("\n".join(texts))
    for path in sorted(Path(__file__).parent.glob("questions_exact_*.jsonl")):
        same, count, f1, answered, missed = exact(path)
        told = f"{same} exact, slot F1 {f1:.3f}, {answered} answered that are unclear or refused"
        print(f"ask | {count} of {path.name} | whole canonical query | - | {told}")
        print("\n".join(missed))
