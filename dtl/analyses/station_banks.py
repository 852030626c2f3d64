"""Which feeder hangs on which bank of which substation, as the study or a GIS states it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables


@dataclass(frozen=True)
class Bank:
    """A bank: one or several equal units on one bus, and the feeders that start from it.

    ``mva`` is the rated power of all its units together, ``emergency_mva`` what they may carry while a unit is out
    [MVA]; None where nobody states it. ``units`` is None where their number is not known. ``basis`` says who states it.
    """

    name: str
    substation: str
    feeders: tuple[str, ...]
    mva: float | None
    emergency_mva: float | None
    units: int | None
    basis: str

    @property
    def unit_mva(self) -> tuple[float, ...]:
        """What each unit may carry while another one is out [MVA]."""
        whole = self.emergency_mva if self.emergency_mva is not None else self.mva
        return () if whole is None or self.units is None else (whole / self.units,) * self.units


def banks(
    declared: Mapping[str, Mapping[str, Any]], assets: pa.Table, feeders: Sequence[str]
) -> tuple[list[Bank], list[str]]:
    """The banks by name, and the feeders that are on none.

    A bank that the study declares takes its feeders and rated power from the substation of its name in the GIS where it
    does not state them. A substation of the GIS that the study does not speak of is one bank of unknown units.
    """
    known = _stations(assets, feeders)
    found = [_declared(name, words, known, feeders) for name, words in sorted(declared.items())]
    spoken = {b.substation for b in found} | {b.name for b in found}
    placed = {f for b in found for f in b.feeders}
    for name, (own, mva) in sorted(known.items()):
        left = tuple(f for f in own if f not in placed)
        if name not in spoken and left:
            found.append(Bank(name, name, left, mva, None, None, "of the GIS"))
            placed |= set(left)
    return sorted(found, key=lambda b: b.name), sorted(set(feeders) - placed)


def _declared(
    name: str,
    words: Mapping[str, Any],
    known: Mapping[str, tuple[tuple[str, ...], float | None]],
    feeders: Sequence[str],
) -> Bank:
    own, mva = known.get(name, ((), None))
    patterns = words.get("feeders")
    if patterns is not None:
        own = tuple(f for f in feeders if any(fnmatchcase(f.lower(), p.lower()) for p in patterns))
    stated = words.get("mva")
    return Bank(
        name,
        words.get("substation") or name,
        own,
        mva if stated is None else float(stated),
        words.get("emergency_mva"),
        int(words["units"]),
        "of the study" if patterns is not None and stated is not None else "of the study and the GIS",
    )


def _stations(assets: pa.Table, feeders: Sequence[str]) -> dict[str, tuple[tuple[str, ...], float | None]]:
    """Of each substation of the GIS its feeders in the study and its rated power [MVA], by its id."""
    by_fold = {f.lower(): f for f in feeders}
    rated = {asset: said.get("mva") for asset, said in _of_kind(assets, "substation")}
    found: dict[str, set[str]] = {}
    for asset, said in _of_kind(assets, "feeder"):
        station, feeder = said.get("substation"), by_fold.get(asset.lower())
        if station and feeder:
            found.setdefault(str(station), set()).add(feeder)
    mva = {s: float(value) for s, value in rated.items() if value}
    return {s: (tuple(sorted(own)), mva.get(s)) for s, own in found.items()}


def _of_kind(assets: pa.Table, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    own = assets.filter(pc.equal(assets["kind"].cast(tables.TEXT), kind))
    for asset, text in zip(own["asset"].to_pylist(), own["attributes"].to_pylist(), strict=True):
        yield asset, json.loads(text)
