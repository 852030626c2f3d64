"""Counts in sentences: ``3 readings are marked``, and ``1 reading is marked``."""

from __future__ import annotations

import re

_VERBS = {
    "are": "is", "were": "was", "have": "has", "do": "does", "repeat": "repeats", "hold": "holds", "lack": "lacks",
    "take": "takes", "begin": "begins", "read": "reads", "belong": "belongs", "differ": "differs", "say": "says",
    "stand": "stands", "span": "spans", "settle": "settles", "lie": "lies", "lose": "loses", "give": "gives",
}  # fmt: skip
_NOUN = re.compile(r"\b(?!(?:is|was|has|this|its|as|less|times)\b)([a-z]+[^s\W])s\b")
_VERB = re.compile(rf"(?<!\bbe )\b({'|'.join(_VERBS)})\b")


def many(count: int, what: str) -> str:
    """A count and what is counted, a phrase in the plural that begins with it: noun and verbs follow the count.

    Verbs are those before the first comma, colon or semicolon.
    """
    if count != 1:
        return f"{count} {what}"
    noun = _NOUN.search(what)
    if noun is None:
        return f"1 {what}"
    clause = re.search(r"[;:,]|$", what[noun.end() :])
    end = noun.end() + (clause.start() if clause else 0)
    verbs = _VERB.sub(lambda v: _VERBS[v[1]], what[noun.end() : end])
    return f"1 {what[: noun.end() - 1]}{verbs}{what[end:]}"
