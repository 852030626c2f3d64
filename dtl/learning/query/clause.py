"""One clause of a question: its tokens, and which of them have been understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dtl.learning.query.words import Match, Token, grammar, matches

Query = dict[str, Any]


class Clause:
    """Tokens that are consumed as slots understand them; what is left is ignored, and said so."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.used = [False] * len(tokens)
        self.words = grammar()

    def __len__(self) -> int:
        return len(self.tokens)

    def text(self, at: int) -> str:
        """The word at a place; empty outside."""
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def number(self, at: int) -> float | None:
        """The number at a place, if it is one."""
        return self.tokens[at].number if 0 <= at < len(self.tokens) else None

    def free(self, start: int, end: int) -> bool:
        """Whether none of these tokens is used."""
        return not any(self.used[max(start, 0) : end])

    def use(self, start: int, end: int) -> None:
        """Mark tokens as understood."""
        for i in range(max(start, 0), min(end, len(self.used))):
            self.used[i] = True

    def find(self, phrases: Mapping[str, Iterable[str]], *, unused: bool = True) -> list[Match]:
        """The phrases that occur in tokens that nothing has used."""
        return [m for m in matches(self.tokens, phrases) if not unused or self.free(m.start, m.end)]

    def has(self, *words: str) -> int:
        """Place of the first of some words; -1 without any."""
        return next((i for i, t in enumerate(self.tokens) if t.text in words), -1)

    def after(
        self, at: int, skip: Iterable[str] = ("a", "an", "the", "of", "to", "at", "by", "is", "are", "be")
    ) -> int:
        """The next place that holds no filler."""
        while self.text(at) in skip:
            at += 1
        return at

    def before(self, at: int, skip: Iterable[str] = ("a", "an", "the", "of", "for", "in")) -> int:
        """The last place before `at` that holds no filler."""
        at -= 1
        while at >= 0 and self.text(at) in skip:
            at -= 1
        return at

    def unit(self, at: int) -> tuple[str, int]:
        """The unit at a place and where it ends; empty without one."""
        for name, texts in self.words["units"].items():
            for text in texts:
                size = len(str(text).split())
                own = " ".join(self.text(i) for i in range(at, at + size))
                if own in (text, f"{text}s"):
                    return name, at + size
        return "", at

    def left(self) -> list[str]:
        """The words that nothing used and that mean something."""
        generic = set(self.words["generic"])
        return [
            t.raw
            for t, used in zip(self.tokens, self.used, strict=True)
            if not used and t.text not in generic and (t.text.isalpha() or t.is_id or t.number is not None)
        ]


def plain(value: float) -> float | int:
    """A number as JSON has it: whole ones without a point."""
    rounded = round(value, 9)
    return int(rounded) if rounded == int(rounded) else rounded
