"""Which feeders of the sources a study is about: by id, by what they are, and by lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables

_GLOB = re.compile(r"[*?\[]")
SAME_KV = 0.02
"""Part by which a nominal voltage may differ from the one that is asked for."""

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""The rows of the table ``network`` by feeder."""


@dataclass(frozen=True)
class Chosen:
    """The feeders that a study chooses, sorted.

    Attributes
    ----------
    feeders
        Those that there are.
    absent
        Those that it names by their id, and that no source has.
    unmet
        Globs and conditions that no feeder meets.
    """

    feeders: tuple[str, ...]
    absent: tuple[str, ...]
    unmet: tuple[str, ...]


def chosen(words: Sequence[str] | Mapping[str, Any], known: Iterable[str], rows: Rows) -> Chosen:
    """The feeders of the section ``feeders``: ids and globs, or a map of conditions that must all hold.

    Parameters
    ----------
    words
        The section; of its files, the ids under ``listed``.
    known
        Every feeder of the sources.
    """
    said: Mapping[str, Any] = words if isinstance(words, Mapping) else {"ids": words}
    found, absent, unmet = sorted(known), set[str](), list[str]()
    every = list(found)
    if (ids := said.get("ids")) is not None:
        missed = [p for p in ids if not any(_is(f, p) for f in every)]
        absent |= {p for p in missed if not _GLOB.search(p)}
        unmet += [p for p in missed if _GLOB.search(p)]
        found = [f for f in found if any(_is(f, p) for p in ids)]
    if (listed := said.get("listed")) is not None:
        folded = {f.lower() for f in every}
        absent |= {f for f in listed if f.lower() not in folded}
        found = [f for f in found if f.lower() in {x.lower() for x in listed}]
    for word, of in (("substations", _station), ("kv", _kv)):
        if (wanted := said.get(word)) is not None:
            own = {f: of(rows.get(f, ())) for f in every}
            unmet += [f"{word}: {w}" for w in wanted if not any(_same(v, w) for v in own.values())]
            found = [f for f in found if any(_same(own[f], w) for w in wanted)]
    left = said.get("except") or ()
    unmet += [f"except: {p}" for p in left if not any(_is(f, p) for f in every)]
    found = [f for f in found if not any(_is(f, p) for p in left)]
    return Chosen(tuple(found), tuple(sorted(absent)), tuple(sorted(unmet)))


def with_stations(network: pa.Table, assets: pa.Table, wanted: Sequence[str]) -> pa.Table:
    """The table ``network`` whose feeders know their substation by the GIS, as the study calls it, else by its id."""
    names = {asset.lower(): name for asset, name, _ in _of_kind(assets, "substation")}
    asked = {w.lower(): w for w in wanted}
    station: dict[str, str] = {}
    for feeder, _, text in _of_kind(assets, "feeder"):
        own = str(json.loads(text).get("substation") or "")
        called = asked.get(own.lower()) or asked.get(str(names.get(own.lower()) or "").lower())
        station[feeder.lower()] = called or own
    kinds, feeders = (network[c].cast(tables.TEXT).to_pylist() for c in ("kind", "feeder"))
    bodies = network["body"].to_pylist()
    for row, kind in enumerate(kinds):
        if kind == "feeder" and station.get(feeders[row].lower()):
            bodies[row] = json.dumps(json.loads(bodies[row]) | {"substation": station[feeders[row].lower()]})
    column = network.column_names.index("body")
    return network.set_column(column, network.schema.field(column), pa.array(bodies, tables.TEXT))


def _is(feeder: str, pattern: str) -> bool:
    return fnmatchcase(feeder.lower(), pattern.lower())


def _same(value: str | float | None, wanted: str | float) -> bool:
    if isinstance(value, float) and isinstance(wanted, float):
        return abs(value - wanted) <= SAME_KV * wanted
    return value is not None and str(value).lower() == str(wanted).lower()


def _station(parts: Sequence[Mapping[str, Any]]) -> str | None:
    return next((json.loads(r["body"]).get("substation") for r in parts if r["kind"] == "feeder"), None)


def _kv(parts: Sequence[Mapping[str, Any]]) -> float | None:
    """The nominal voltage at the head, line to line [kV]."""
    return next((float(json.loads(r["body"])["kv_ll"]) for r in parts if r["kind"] == "source"), None)


def _of_kind(assets: pa.Table, kind: str) -> Iterable[tuple[str, str, str]]:
    own = assets.filter(pc.equal(assets["kind"].cast(tables.TEXT), kind))
    return zip(*(own[c].to_pylist() for c in ("asset", "name", "attributes")), strict=True)
