"""Texts that are no questions: orders to the grid or to the program, and code."""

from __future__ import annotations

import re

from dtl.learning.query.words import Token, grammar, matches

NOUNS = {"drop": ("in", "on"), "update": ("in", "on"), "close": ("to",), "open": ("points", "switches"),
         "change": ("in", "of", "between", "point", "points"), "add": ("up",), "set": ("of",), "increase": ("in",),
         "create": ("list", "ranking", "table", "overview", "report")}  # fmt: skip
"""Words that make no order of one, where they follow it: ``drop in losses``."""
SQL = re.compile(r"\bselect\s[\w\s.,*()]+\sfrom\s+\w+\s*(;|$|where\b|limit\b|order\b|group\b|join\b)", re.ASCII)
"""A query of a database."""
CALL = re.compile(
    r"[a-z_]\((?:['\"]|\))|[a-z_]\.[a-z_]+\(|\b(?:print|eval|exec|open|len|del|delete|sum|max|min)\(|"
    r"\bfor\s+\w+\s+in\s+\w+\s*:|\$\(|&&|\|\|",
    re.ASCII,
)
"""A line of a program."""
ASKED = ("please", "now", "just", "you")
"""Words before an order that may also be one of a scenario."""


def harmful(text: str, found: list[Token]) -> bool:
    """Whether the text would change something, or is code."""
    low = f" {text.lower()} "
    words = grammar()
    if any(snippet in low for snippet in words["code"]) or SQL.search(low) or CALL.search(low):
        return True
    starts = ("please", "and", "then", "to", "you", "could", "can", "now", "just", "also", "should", "must")
    of_scenario = any(matches(found, words[group]) for group in ("layers", "events", "policies"))
    for i, token in enumerate(found[:40]):
        before = found[i - 1].text if i else ""
        if token.text in words["telling"] and any(t.text in words["foreign"] for t in found):
            continue
        order = token.text in (*words["changing"], *words["commands"]) and (i == 0 or before in starts)
        altered = token.text in words["altering"] and not of_scenario and (i == 0 or before in ASKED)
        if order or altered:
            after = next((t.text for t in found[i + 1 :] if t.text not in ("a", "an", "the", "me")), "")
            return after not in NOUNS.get(token.text, ())
    return False
