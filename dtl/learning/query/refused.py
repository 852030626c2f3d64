"""Texts that are no questions: orders to the grid or to the program, and code."""

from __future__ import annotations

import re

from dtl.learning.query.words import Token, grammar

NOUNS = {"drop": ("in", "on"), "update": ("in", "on"), "close": ("to",), "open": ("points", "switches")}
"""Words that make no order of one, where they follow it: ``drop in losses``."""
SQL = re.compile(r"\bselect\s[\w\s.,*()]+\sfrom\s+\w+\s*(;|$|where\b|limit\b|order\b|group\b|join\b)", re.ASCII)
"""A query of a database."""


def harmful(text: str, found: list[Token]) -> bool:
    """Whether the text would change something, or is code."""
    low = f" {text.lower()} "
    words = grammar()
    if any(snippet in low for snippet in words["code"]) or SQL.search(low):
        return True
    starts = ("please", "and", "then", "to", "you", "could", "can", "now", "just", "also", "should", "must")
    for i, token in enumerate(found[:40]):
        before = found[i - 1].text if i else ""
        if token.text in (*words["changing"], *words["commands"]) and (i == 0 or before in starts):
            return not (i + 1 < len(found) and found[i + 1].text in NOUNS.get(token.text, ()))
    return False
