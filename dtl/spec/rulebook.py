"""The rule library: limits of standards by name and edition, as data in ``rules/<name>@<edition>.yaml``.

Every limit carries its clause, where we have it from and who confirmed it against the licensed text (often ``none``).
Ranges of nominal voltage are line to line and include both ends; where two meet, the lower one counts.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).with_name("rules")

Limit = dict[str, Any]


@cache
def names() -> list[str]:
    """The rules with their editions, e.g. ``ansi-c84.1@2020``, sorted."""
    return sorted(path.name.removesuffix(".yaml") for path in FOLDER.glob("*.yaml"))


def full_name(rule: str) -> str:
    """The name with its edition; a bare name stands for its only edition.

    Raises
    ------
    ValueError
        There is no such rule or edition, or a bare name has several; the text names the nearest.
    """
    if rule in names():
        return rule
    bare, _, edition = rule.partition("@")
    editions = [n for n in names() if n.partition("@")[0] == bare]
    if not editions:
        raise ValueError(f"there is no rule {rule!r}; {_near(rule, names())}")
    if edition:
        raise ValueError(f"rule {bare!r} has no edition {edition!r}; there is {', '.join(editions)}")
    if len(editions) > 1:
        raise ValueError(f"rule {bare!r} needs its edition: {', '.join(editions)}")
    return editions[0]


@cache
def read(rule: str) -> dict[str, Any]:
    """The whole content of a rule's file; `rule` as in `full_name`, with the same ValueError."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / f"{full_name(rule)}.yaml").read_text(encoding="utf-8"))
    return content


def resolve(rule: str, range_: str | None = None, at: str = "service") -> list[Limit]:
    """The voltage limits of a rule, by rising nominal voltage.

    Parameters
    ----------
    rule
        ``name@edition``, or the bare name of a rule with one edition.
    range_
        A range of the rule, e.g. ``A``; None takes the rule's default.
    at
        Where the voltage is judged: ``service`` or ``utilization``.

    Returns
    -------
    list of dict
        ``kv`` [low, high] nominal line to line [kV], ``low_pu``, ``high_pu``, ``at``, ``rule``, ``range``, ``clause``,
        ``source`` and ``confirmed_by`` of each; a ``low_pu`` of 0 says that the rule sets no lower limit.

    Raises
    ------
    ValueError
        Rule, edition, range or place do not exist; the text names the nearest.
    """
    name = full_name(rule)
    content = read(name)
    ranges = list(dict.fromkeys(limit["range"] for limit in content["limits"]))
    wanted = content["default_range"] if range_ is None else range_
    if wanted not in ranges:
        known = [r for r in ranges if r]
        raise ValueError(f"{name} has no range {wanted!r}; " + (_near(wanted, known) if known else "it has only one"))
    in_range = [limit for limit in content["limits"] if limit["range"] == wanted]
    places = list(dict.fromkeys(limit["at"] for limit in in_range))
    if at not in places:
        raise ValueError(f"{name} has no limits at {at!r}; {_near(at, places)}")
    return [
        {
            "kv": [float(kv) for kv in limit["kv"]],
            "low_pu": float(limit["low_pu"]),
            "high_pu": float(limit["high_pu"]),
            "at": at,
            "rule": name,
            "range": wanted,
            "clause": limit["clause"],
            "source": limit["source"],
            "confirmed_by": limit["confirmed_by"],
        }
        for limit in in_range
        if limit["at"] == at
    ]


def _near(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=2, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else f"there is {', '.join(known)}"
