"""The words of an outage export: columns by name, causes of the normalized set, aliases, and yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

MAPS = Path(__file__).parent / "columns"

YES = frozenset(
    ("y", "yes", "true", "t", "1", "x", "planned", "scheduled", "1.0", "-1", "ja", "oui", "si", "sí", "sim")
)
NO = frozenset(
    ("", "n", "no", "false", "f", "0", "unplanned", "unscheduled", "forced", "momentary", "0.0", "nein", "non", "não")
)

TOTALS = re.compile(r"(grand |sub)?(totals?|sum|summe|gesamt|suma|totale)\b.*", re.IGNORECASE)
"""How a row of totals begins."""


BLANK = frozenset(("null", "(null)", "na", "n/a", "#n/a", "nan", "nat", "none", "-", "--"))
"""Words by which databases and spreadsheets say that a cell is empty."""


STEP = "step"
"""How fields begin that are columns of a restoration step in the row of its interruption."""


def columns(word: object, table: str) -> Mapping[str, Sequence[str]]:
    """The names of each column: those of the study, or of the map that we ship under a word.

    Those of the second restoration step in columns are ``step 2 end`` and so on.
    """
    if isinstance(word, Mapping):
        found = {f: names for f, names in word.items() if f != "steps" and names}
        for number, pair in enumerate(word.get("steps") or (), 1):
            found |= {f"{STEP} {number} {f}": names for f, names in pair.items() if names}
        return found
    loaded: dict[str, Any] = yaml.safe_load((MAPS / f"oms_{word}.yaml").read_text(encoding="utf-8"))
    shipped: dict[str, Sequence[str]] = loaded[table]
    return shipped


def places(header: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Where each column of a map stands in a header; of several names the first that is there counts.

    ``#`` and a number, as ``#3``, is the column at that place, whatever it is called.
    """
    known: dict[str, int] = {}
    for i, name in enumerate(header):
        known.setdefault(_folded(name), i)
    known = {f"#{i + 1}": i for i in range(len(header))} | known
    found = {}
    for field, names in wanted.items():
        place = next((known[_folded(n)] for n in names if _folded(n) in known), None)
        if place is not None:
            found[field] = place
    return found


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


Rule = tuple[str, str, str]
"""Pattern of the cause, of the subcause, and the cause of the normalized set."""


class Causes:
    """Codes of causes and what they mean."""

    def __init__(self, word: object):
        shipped = not isinstance(word, Mapping)
        known: Any = yaml.safe_load((MAPS / f"causes_{word}.yaml").read_text(encoding="utf-8")) if shipped else word
        rules: list[Rule] = []
        for normal, codes in known.items():
            for code in codes:
                causes = code["cause"] if isinstance(code, Mapping) else [code]
                subs = (code.get("subcause") if isinstance(code, Mapping) else None) or ["*"]
                rules += [(_folded(str(c)), _folded(str(s)), normal) for c in causes for s in subs]
        self._rules = sorted(rules, key=lambda r: (_wild(r[0]), _wild(r[1]), r))

    def of(self, cause: str, subcause: str) -> str | None:
        """The cause of the normalized set, by the most exact rule that fits; None if none does."""
        first, second = _folded(cause), _folded(subcause)
        return next((n for c, s, n in self._rules if fnmatchcase(first, c) and fnmatchcase(second, s)), None)


def _wild(pattern: str) -> tuple[int, int]:
    """How inexact a pattern is: wildcards or not, then how few characters are certain."""
    certain = len(pattern.replace("*", "").replace("?", ""))
    return int(certain < len(pattern)), -certain


def alias(words: Mapping[str, Any] | None) -> Callable[[str], str]:
    """The rule that makes a name of the outage system one of the model; empty where the name stays as it is."""
    if not words:
        return lambda name: ""
    names = {_folded(k): v for k, v in (words.get("names") or {}).items()}

    def rule(name: str) -> str:
        if _folded(name) in names:
            return str(names[_folded(name)])
        found = name
        for prefix in words.get("strip_prefix") or ():
            if found.casefold().startswith(prefix.casefold()):
                found = found[len(prefix) :]
                break
        for suffix in words.get("strip_suffix") or ():
            if found.casefold().endswith(suffix.casefold()):
                found = found[: len(found) - len(suffix)]
                break
        if words.get("zero_pad"):
            found = re.sub(r"\d+(?=\D*$)", lambda m: m.group().zfill(words["zero_pad"]), found)
        found = (words.get("add_prefix") or "") + found if found else ""
        return "" if found == name else found

    return rule


def flag(text: str) -> bool | None:
    """Whether a text says yes; None if it says neither yes nor no."""
    word = text.casefold()
    return True if word in YES else False if word in NO else None
