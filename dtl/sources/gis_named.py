"""Columns that a study names and no layer has: a slip of the pen that would lose a field, or keep what is retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from dtl.sources.gis_words import Rule, place, rule
from dtl.sources.reading import Reading

SHOWN = 30
"""Columns of the layers that a finding lists."""
EVERY = "every"


class Named:
    """The columns that a study names by class, layer and filter, and which of them are there."""

    def __init__(self, spec: Mapping[str, Any]):
        self._wanted: dict[tuple[str, str], Rule] = {}
        columns = spec.get("columns")
        for scope, fields in columns.items() if isinstance(columns, Mapping) else ():
            self._want(scope, fields)
        for layer, entry in (spec.get("layers") or {}).items():
            for one in entry if isinstance(entry, list) else [entry]:
                if isinstance(one, Mapping):
                    self._want(_layer(layer), one.get("columns"))
                    self._want(_layer(layer), {f"where {c}": c for c in one.get("where") or {}})
        self._want(EVERY, {f"keep {c}": c for c in spec.get("keep") or {}})
        self._names: dict[str, dict[str, None]] = {}
        self._there: set[tuple[str, str]] = set()

    def _want(self, scope: str, fields: Mapping[str, Any] | None) -> None:
        self._wanted |= {(scope, f): made for f, said in (fields or {}).items() if said and (made := rule(said)).names}

    def see(self, layer: str, kinds: Sequence[str], names: Sequence[str], cut: bool) -> None:
        """Note the columns of one layer that becomes some classes; ``cut`` says that names may be cut."""
        scopes = {EVERY, *kinds, *(s for s, _ in self._wanted if fnmatchcase(_layer(layer), s))}
        for scope in scopes:
            self._names.setdefault(scope, {}).update(dict.fromkeys(names))
        for (scope, _), wanted in self._wanted.items():
            if scope in scopes:
                self._there |= {(scope, n) for n in wanted.names if place(names, n, cut) is not None}

    def tell(self, reading: Reading) -> None:
        """A finding for each field whose columns no layer has; of joined and added columns each must be there."""
        for (scope, field), wanted in self._wanted.items():
            lost = [n for n in wanted.names if (scope, n) not in self._there]
            if scope not in self._names or not lost or (wanted.how == "first" and len(lost) < len(wanted.names)):
                continue
            whose = "layer" if scope == EVERY else scope if scope.startswith("layer ") else f"layer of class {scope}"
            there = list(self._names[scope])
            shown = ", ".join(there[:SHOWN]) + (f" and {len(there) - SHOWN} more" if len(there) > SHOWN else "")
            reading.find("gis.no-column", "warning", f"no {whose} has the column {', '.join(lost)} that the study "
                         f"names for {field}; there is {shown}", element=scope, field=field, value=", ".join(lost),
                         remedy="Correct the name in the source, or take it out.")  # fmt: skip


def _layer(name: str) -> str:
    return "layer " + " ".join(str(name).split()).casefold()
