"""Questions written without tuning on them: how often intent, thing and metric are read as meant, and what is wrong.

Lines of ``questions.txt``: intent, entity, metric and text, with ``|`` between. Values of filters are not scored.
"""

from __future__ import annotations

from pathlib import Path

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
