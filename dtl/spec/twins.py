"""Cases that a group of feeders cannot tell apart, since no layer reaches it that would make them differ.

Such a group is asked one of them; its files hold that answer alone, and who reads them gives it the names of the others
(`dtl.tables.named`). So a scenario that reaches ten feeders of a thousand asks ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from dtl.spec.study import Study

Reach = Mapping[str, Any]
"""What decides it, as JSON types: ``cases`` maps a case to its year and the names of its layers, ``feeders`` a layer
that does not reach all to the globs of those that it does; empty where every layer reaches all."""


def reach(study: Study) -> dict[str, Any]:
    """What decides which cases are alike, of the cases and layers of a study."""
    partial = {name: list(layer.feeders) for name, layer in study.layers.items() if layer.feeders is not None}
    if not partial:
        return {}
    return {"cases": {c.case: [c.year, [n for n, _ in c.layers]] for c in study.cases}, "feeders": partial}


def twins(reach: Reach, members: Iterable[str]) -> dict[str, str]:
    """The cases that a group with these feeders is not asked, each with the one whose answer is its own.

    Alike are cases of one year with the same layers, of those that reach a member. Asked is the case with the fewest
    layers, so that a scenario with one more for other feeders leaves a group as it was.
    """
    if not reach:
        return {}
    names = list(members)
    away = {
        layer for layer, globs in reach["feeders"].items() if not any(fnmatchcase(n, g) for n in names for g in globs)
    }
    asked: dict[tuple[Any, ...], str] = {}
    found = {}
    for case, (year, layers) in sorted(reach["cases"].items(), key=lambda c: (len(c[1][1]), c[0])):
        like = asked.setdefault((year, *(n for n in layers if n not in away)), case)
        if like != case:
            found[case] = like
    return found


def everywhere(layer: Mapping[str, Any]) -> dict[str, Any]:
    """A layer without the list of the feeders that it reaches."""
    return {word: value for word, value in layer.items() if word != "feeders"}
