"""The column map of a GIS: which layer is which class of asset, which column is which field, which code is what.

A map is what we ship under a word, overlaid by what the study says: its layers, columns, codes and rows to keep win
entry by entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

WHOLE = r"^(-?\d+)\.0+$"
"""A whole number that was written as a decimal; codes are compared without the zeros, on both sides."""

MAPS = Path(__file__).parent / "columns"

NUMBERS = frozenset((
    "kv_low", "kva", "mva", "kvar", "kw", "rated_a", "normal_a", "emergency_a", "tap_pu", "voltage_pu",
    "no_load_loss_w", "loss_w", "r_pct", "x_pct", "r_ohm_per_km", "x_ohm_per_km", "set_v", "band_v", "pt_ratio",
    "ct_primary_a", "annual_kwh", "x", "y",
))  # fmt: skip
"""Fields that are numbers in the unit of their name."""
VOLTAGES = frozenset(("kv", "kv_low"))
LENGTHS = frozenset(("length", "height"))
POLES = ("closed_a", "closed_b", "closed_c")
"""Whether each pole of a device is closed, by phase."""
FLAGS = frozenset(("closed", "scada_controlled", *POLES))
PHASES = frozenset(("phases", "phases_low"))
DAYS = frozenset(("installed",))
KEYS = frozenset((
    "id", "feeder", "other_feeder", "substation", "head_node", "from_node", "to_node", "node", "pole", "other_pole",
    "conductor_id", "transformer", "service", "customer", "global_id", "from_id", "to_id", "from_terminal",
    "to_terminal",
))  # fmt: skip
"""Fields by which assets refer to each other."""

METRES = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "us_ft": 1200 / 3937, "mi": 1609.344}
"""Metres of a unit of length; the US survey foot is 1200/3937 m."""

FIELD_CUT = 10
"""Characters to which a shapefile cuts the name of a column."""


@dataclass(frozen=True)
class Rule:
    """How a field comes from columns: the first that is there, several joined by a blank, or their sum."""

    names: tuple[str, ...]
    how: str = "first"


@dataclass(frozen=True)
class Plan:
    """How the rows of one layer become assets of one class.

    ``known`` are the values that each field has by declaration. A row is of the class if every column of ``where`` has
    one of its values; of those it counts if every column of ``keep`` that is there is blank or has one of its values.
    ``prefix`` is put before the ids, where they are unique within their layer only. ``stated`` are the fields whose
    codes the study itself says.
    """

    kind: str
    rules: Mapping[str, Rule]
    known: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keep: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prefix: str = ""
    stated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Relation:
    """How the rows of a layer belong to those of another one, and which of its columns they take over.

    ``by`` gives the other's column for each of the layer's own; ``columns`` the other's column and how its rows count,
    the first or their sum, by the name that it gets; ``where`` the rows that count. ``stated`` says that the study
    itself names it.
    """

    other: str
    by: Mapping[str, str]
    columns: Mapping[str, tuple[str, str]]
    where: Mapping[str, tuple[str, ...]]
    stated: bool


class Words:
    """The column map of one source, ``spec`` being its words in the study."""

    def __init__(self, spec: Mapping[str, Any]):
        word = spec.get("columns") or "ours"
        own = word if isinstance(word, Mapping) else {}
        shipped = shipped_map("ours" if own else str(word))
        self.units: dict[str, str] = dict(shipped.get("units") or {})
        if spec.get("length_unit"):
            self.units["length"] = spec["length_unit"]
        elif own:
            self.units.pop("length", None)
        if spec.get("voltage_unit"):
            self.units["voltage"] = spec["voltage_unit"]
        self.decimal = str(spec.get("decimal") or ".")
        if spec.get("date_format"):
            self.units["date"] = spec["date_format"]
        self.nothing = frozenset(shipped.get("nothing") or ()) | frozenset(spec.get("nothing") or ())
        self._stated = frozenset(spec.get("codes") or ())
        self._layers = _folded(spec.get("layers") or {}) or _folded(shipped["layers"])
        self._more = _folded(shipped["layers"])
        self._columns = {**_plain(own), **({} if own else shipped["columns"])}
        self._codes = {**(shipped.get("codes") or {}), **(spec.get("codes") or {})}
        self._related = _folded(shipped.get("related") or {})
        self._own_related = _folded(spec.get("related") or {})
        self._keep = dict(spec["keep"] if spec.get("keep") is not None else shipped.get("keep") or {})

    @property
    def metre(self) -> float | None:
        """Metres of the unit of lengths; None where nobody states it."""
        return METRES.get(self.units.get("length", ""))

    def plans(self, layer: str) -> list[Plan]:
        """What becomes of a layer, one plan for each class in it; none where neither the study nor the map names it."""
        own = None if self._layers == self._more else _match(self._layers, layer)
        found = own or _match(self._more, layer) or []
        return [self._planned(e, bool(own)) for e in (found if isinstance(found, list) else [found])]

    def relations(self, layer: str) -> list[Relation]:
        """The relations of a layer; those that the study states for it stand for those of the map."""
        own = _match(self._own_related, layer)
        found = own or _match(self._related, layer) or {}
        return [
            Relation(other, said["by"], _taken(said["columns"]), _wanted(said.get("where") or {}), bool(own))
            for other, said in found.items()
        ]

    def expected(self) -> list[str]:
        """The layers that the study names itself, which must be there."""
        return [] if self._layers == self._more else list(self._layers)

    def _planned(self, said: str | Mapping[str, Any], own: bool) -> Plan:
        entry: Mapping[str, Any] = {"class": said} if isinstance(said, str) else said
        kind = str(entry["class"])
        columns = {**self._columns.get("every", {}), **self._columns.get(kind, {}), **_filled(entry.get("columns"))}
        codes = {**self._codes, **(entry.get("codes") or {})}
        return Plan(
            kind,
            {f: made for f, said in columns.items() if (made := rule(said)).names},
            dict(entry.get("set") or {}),
            {f: {_code(k): str(v) for k, v in table.items()} for f, table in codes.items()},
            _wanted(self._keep),
            _wanted(entry.get("where") or {}),
            str(entry.get("prefix") or ""),
            self._stated | frozenset((entry.get("codes") or ()) if own else ()),
        )


@cache
def shipped_map(word: str) -> dict[str, Any]:
    """A column map that comes with DTL."""
    text = (MAPS / f"gis_{word}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


def place(names: Sequence[str], wanted: str, cut: bool) -> str | None:
    """The column of a layer that is meant; in a shapefile (``cut``) also by the first ten characters of its name."""
    folded = {_fold(n): n for n in reversed(names)}
    found = folded.get(_fold(wanted))
    if found is None and cut and len(wanted) > FIELD_CUT:
        found = folded.get(_fold(wanted[:FIELD_CUT]))
    return found


def alike(names: Sequence[str], found: str) -> list[str]:
    """Columns of a shapefile whose names were cut alike: NORMALPOSI has NORMALPO_1 and NORMALPO_2 beside it."""
    stem = found[: FIELD_CUT - 2].casefold()
    return [n for n in names if re.fullmatch(re.escape(stem) + r"_\d", n.casefold())]


def rule(said: Any) -> Rule:
    """How a field comes from columns, as a map says it."""
    if isinstance(said, Mapping):
        how = "join" if said.get("join") else "sum"
        return Rule(tuple(said[how]), how)
    return Rule((said,) if isinstance(said, str) else tuple(said))


def _taken(columns: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The other's column and how its rows count, by the name that a column gets."""
    return {n: (said["sum"], "sum") if isinstance(said, Mapping) else (said, "first") for n, said in columns.items()}


def _wanted(rows: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {c: tuple(_code(v) for v in values) for c, values in rows.items()}


def _filled(columns: Any) -> dict[str, Any]:
    return {f: v for f, v in (columns or {}).items() if v is not None}


def _plain(own: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: _filled(columns) for kind, columns in own.items() if columns}


def _folded(layers: Mapping[str, Any]) -> dict[str, Any]:
    return {_fold(name): entry for name, entry in layers.items()}


def _match(layers: Mapping[str, Any], layer: str) -> Any:
    name = _fold(layer)
    if name in layers:
        return layers[name]
    return next((entry for pattern, entry in layers.items() if fnmatchcase(name, pattern)), None)


def _code(word: Any) -> str:
    return re.sub(WHOLE, r"\1", _fold(str(word)))


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()
