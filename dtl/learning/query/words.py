"""A question as tokens: normalised, its spelling mended against the grammar, ids as they were written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

GRAMMAR = Path(__file__).with_name("grammar.yaml")
LEAST_LETTERS = 4
"""Shorter words are never corrected."""

_TOKEN = re.compile(
    r"\d{1,2}:\d{2}|\d+(?:\.\d+)?(?=\s*(?:am|pm)\b)|[a-z]+-\d+[\w-]*|[a-z]+\d+[\w-]*|\d+[a-z]+\d*[\w-]*|-?\d+(?:\.\d+)?|"
    r"p\.u\.|[a-z]+(?:-[a-z]+)*(?:'[a-z]+)?|>=|<=|[<>=%;≥≤]",
    re.ASCII,
)
_GLUED = re.compile(
    r"^(\d+(?:\.\d+)?)(pu|kw|mw|kva|mva|min|minutes|h|hours|km|years|yr|pct|am|pm|days|x|v|kv|kwh|mwh)$", re.ASCII
)
_RANGE = re.compile(
    r"(?<=\s\d)\s*-\s*(?=\d{1,2}\b)|(?<=\s\d\d)\s*-\s*(?=\d{1,3}\b)|(?<=\s[01]\.\d\d)\s*-\s*(?=[01]\.)",
    re.ASCII,
)
_COMMA = re.compile(
    r"(?<![\w.,])(0(?=,)|\d+(?=,\d{1,2}\s*(?:%|p\.?u|[km]w|[km]va|km|min|h\b|percent|pct))),(\d+)(?![\d,])",
    re.I | re.ASCII,
)
"""A comma that is a decimal point: after a zero, or with one or two digits and a unit behind it."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_LARGEST = 1e15


@dataclass(frozen=True)
class Token:
    """A word, number, id or sign: ``text`` in lower case and mended, ``raw`` as it was written."""

    text: str
    raw: str

    @property
    def number(self) -> float | None:
        """The number that it is; none for words."""
        return min(_LARGEST, max(-_LARGEST, float(self.text))) if _NUMBER.fullmatch(self.text) else None

    @property
    def is_id(self) -> bool:
        """Whether it is a name with a digit, as F12 or A-101."""
        return bool(re.fullmatch(r"[a-z]+[\w-]*\d[\w-]*|\d+[a-z-]+[\w-]*", self.text)) and self.number is None


@cache
def grammar() -> dict[str, Any]:
    """The words of the grammar."""
    found: dict[str, Any] = yaml.load(
        GRAMMAR.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return found


@cache
def vocabulary() -> frozenset[str]:
    """Every single word that the grammar knows."""
    known: set[str] = set()

    def gather(value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if not isinstance(inner, Mapping | list):
                    known.update(str(key).split())
                gather(inner)
        elif isinstance(value, list):
            for inner in value:
                gather(inner)
        elif isinstance(value, str):
            known.update(value.split())

    gather(grammar())
    things = {
        w
        for group in ("entities", "metrics", "layers")
        for ts in grammar()[group].values()
        for t in ts
        for w in t.split()
    }
    return frozenset(
        known | {"buses", "busses"} | {f"{w}s" for w in things if w.isalpha() and len(w) > 2 and w[-1] != "s"}
    )


def tokens(text: str) -> tuple[list[Token], list[tuple[str, str]]]:
    """The tokens of a question, and which words were read as which others."""
    digits = "".join(str(unicodedata.decimal(c, c)) for c in unicodedata.normalize("NFKC", text).replace("İ", "I"))
    whole = _COMMA.sub(r"\1.\2", digits)
    plain = _THOUSANDS.sub("", whole).replace("’", "'").replace("–", "-")
    plain = _RANGE.sub(" to ", plain)
    found: list[Token] = []
    mended: list[tuple[str, str]] = []
    for match in _TOKEN.finditer(plain.lower()):
        raw, word = plain[match.start() : match.end()], match[0]
        if glued := _GLUED.match(word):
            found += [Token(glued[1], glued[1]), Token(glued[2], glued[2])]
            continue
        word = re.sub(r"'s$", "", word)
        word = grammar()["spellings"].get(word, word)
        spelt = word.split("-")
        if all(w in grammar()["numbers"] for w in spelt):
            for part in spelt:
                _count(found, float(grammar()["numbers"][part]), part if len(spelt) > 1 else raw)
            continue
        if word == "half" and [t.text for t in found[-2:]] == ["and", "a"] and found[-3:-2]:
            at = -3 if found[-3].number is not None or len(found) < 4 else -4
            count = 1.0 if at == -4 and found[at].text in ("a", "an") else found[at].number
            if count is not None:
                found[at] = Token(repr(count + 0.5), found[at].raw)
                del found[-2:]
                continue
        if word.replace("-", "").isalpha() and word not in vocabulary() and "-" not in word:
            near = "" if _named(raw, found) else _near(word)
            if near:
                mended.append((raw, near))
                word = near
        found.append(Token(word, raw))
    for i in range(len(found) - 1, 0, -1):
        if found[i - 1].text in ("minus", "negative") and (found[i].number or 0.0) > 0.0:
            found[i - 1 : i + 1] = [Token(f"-{found[i].text}", found[i].raw)]
    return found, mended


def _count(found: list[Token], number: float, raw: str) -> None:
    """Add a number word: to the one before that it goes on, as in ``two hundred and five``, or by itself."""
    last = len(found) - 1
    if last > 1 and found[last].text == "and" and number < 100 and not any(t.text == "between" for t in found[-5:]):
        last -= 1 if (found[last - 1].number or 0) >= 100 else 0
    before = found[last].number if found and found[last].raw.replace("-", "").isalpha() else None
    more = before is not None and ((before >= 20 and before % 10 == 0 and number < 10)
                                   or (before >= 100 and before % 100 == 0 and number < 100))  # fmt: skip
    times = before is not None and 0 < before < number and number in (12, 100, 1000) and last == len(found) - 1
    if before is not None and (more or times):
        found[last:] = [Token(f"{before + number if more else before * number:.0f}", raw)]
    else:
        found.append(Token(f"{number:g}", raw))


def reworded(found: list[Token]) -> tuple[list[Token], list[tuple[str, str]]]:
    """The tokens with ways of saying a thing read as the usual words, and which; longer ways first."""
    sayings, longest, _ = _table(tuple((said, (way,)) for way, said in grammar()["sayings"].items()))
    made: list[Token] = []
    told: list[tuple[str, str]] = []
    i = 0
    while i < len(found):
        for size in range(min(longest, len(found) - i), 0, -1):
            said = sayings.get(tuple(t.text for t in found[i : i + size]))
            if said is not None:
                told.append((" ".join(t.raw for t in found[i : i + size]), said))
                made += [Token(w, w) for w in said.split()]
                i += size
                break
        else:
            made.append(found[i])
            i += 1
    return made, told


def _named(raw: str, before: list[Token]) -> bool:
    """Whether a word is a name: a capital after a kind of thing, or after another such word."""
    if not before or not raw[:1].isupper() or raw.isupper():
        return False
    things = {w for texts in grammar()["entities"].values() for w in texts}
    last = before[-1]
    return singular(last.text) in things or (last.raw[:1].isupper() and last.text not in vocabulary())


@cache
def _mendable() -> frozenset[str]:
    """The words that a misspelt one may be read as."""
    return vocabulary() - {*grammar()["foreign"], *grammar()["commands"]}


def _near(word: str) -> str:
    """The one word of the grammar one edit away; empty if there is none or are several."""
    if len(word) < LEAST_LETTERS:
        return ""
    known = _mendable()
    close = sorted({edit for edit in _edits(word) if edit in known and len(edit) >= LEAST_LETTERS})
    stems = {re.sub(r"s$", "", w) for w in close}
    return close[0] if len(stems) == 1 else ""


def _edits(word: str) -> Iterator[str]:
    """All words one insertion, deletion, replacement or swap away (Damerau 1964)."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for i in range(len(word) + 1):
        head, tail = word[:i], word[i:]
        if tail:
            yield head + tail[1:]
            yield from (head + c + tail[1:] for c in letters)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        yield from (head + c + tail for c in letters)


@lru_cache(4096)
def singular(word: str) -> str:
    """A word without the ending of its plural."""
    if word.endswith(("buses", "busses")):
        return "bus"
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


@dataclass(frozen=True)
class Match:
    """A phrase of the grammar in a question: tokens from ``start`` to before ``end``."""

    start: int
    end: int
    value: str
    plural: bool = False


@cache
def _table(phrases: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[dict[tuple[str, ...], str], int, frozenset[str]]:
    """The value of each phrase of the grammar by its words, the length of the longest, and their first words."""
    table: dict[tuple[str, ...], str] = {}
    for value, texts in phrases:
        for text in texts:
            table.setdefault(tuple(str(text).split()), value)
    return table, max((len(k) for k in table), default=0), frozenset(k[0] for k in table if k)


def matches(words: list[Token], phrases: Mapping[str, Iterable[str]]) -> list[Match]:
    """Every phrase that occurs, longest first at each place, without overlaps; plurals count too."""
    table, longest, first = _table(tuple((value, tuple(texts)) for value, texts in phrases.items()))
    texts = [t.text for t in words]
    found, i = [], 0
    while i < len(words):
        begins = texts[i] in first or singular(texts[i]) in first
        for size in range(min(longest, len(words) - i) if begins else 0, 0, -1):
            own = tuple(texts[i : i + size])
            alone = (*own[:-1], singular(own[-1]))
            if (own in table) or (alone in table):
                value = table[own] if own in table else table[alone]
                found.append(Match(i, i + size, value, plural=own not in table or own != alone))
                i += size
                break
        else:
            i += 1
    return found
