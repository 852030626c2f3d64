"""What is given besides the network, group by group, so that a group knows only its own.

What belongs to no group is counted in the findings of ``merge_network``; here it is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.network.stations import POINT, nearest, points

EVERYWHERE = "*"
"""The area of a forecast that holds wherever no narrower one does."""


@dataclass(frozen=True)
class Place:
    """A group of feeders, and where its head is, in the coordinates of its model."""

    feeders: tuple[str, ...]
    crs: str
    head: tuple[float, float] | None
    buses: frozenset[str] = frozenset()
    """Those of its buses by which alone some entry of the register is placed, in lower case."""
    drawn: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The buses that stand in each area of the GIS."""


def write(areas: Mapping[str, Any], inputs: Mapping[str, Path], groups: Mapping[str, Place], folder: Path) -> None:
    """Write for each group its facts, its meters and its SCADA series."""
    register = tables.read("register", inputs["register"]).to_pylist()
    forecast = tables.read("forecast", inputs["forecast"]).to_pylist()
    meters = tables.read("meters", inputs["meters"])
    scada = tables.read("scada", inputs["scada"])
    places = points(tables.read("weather", inputs["weather"], POINT))
    owner = dict(zip(meters["meter"].to_pylist(), meters["feeder"].cast(tables.TEXT).to_pylist(), strict=True))
    named = {r["meter"] for r in register}
    links = meters.filter(pc.is_in(meters["meter"], pa.array(sorted(named), pa.string()))).to_pylist() if named else []
    at = {r["meter"]: {"load": r["load"]} for r in links if r["meter"] and r["load"]}
    folder.mkdir(parents=True, exist_ok=True)
    feeder_of = [belongs(r, owner) for r in register]
    entries, wishes = _Places(feeder_of), _Places([r["area"] for r in forecast])
    homeless = [row for row, feeder in enumerate(feeder_of) if not feeder]
    meters_of, scada_of = _OfFeeders(meters), _OfFeeders(scada)
    for group, place in groups.items():
        own = _areas(areas, place.feeders) | {
            name: {"buses": list(buses), "drawn": True} for name, buses in sorted(place.drawn.items())
        }
        by_its_bus = [row for row in homeless if register[row]["bus"].lower() in place.buses]
        mine = sorted([*entries.of(place.feeders), *by_its_bus])
        facts = {
            "weather": nearest(places, place.feeders, place.head, place.crs),
            "register": [_plain(r) | at.get(r["meter"], {}) for r in map(register.__getitem__, mine)],
            "forecast": [_plain(forecast[row]) for row in wishes.of((EVERYWHERE, *place.feeders, *own))],
            "areas": own,
        }
        text = json.dumps(facts, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
        (folder / f"{group}.json").write_text(text, encoding="utf-8")
        tables.write("meters", meters_of(place.feeders), folder / f"{group}.meters.parquet")
        tables.write("scada", scada_of(place.feeders), folder / f"{group}.scada.parquet")


def belongs(row: Mapping[str, Any], owner: Mapping[str, str]) -> str:
    """The feeder of a row of the register: as stated, else that of its meter, else what its bus has before ``:``."""
    return str(row["feeder"] or owner.get(row["meter"], "") or row["bus"].rpartition(":")[0])


def by_bus(inputs: Mapping[str, Path]) -> frozenset[str]:
    """Buses, in lower case, that entries of the register state without a feeder or a meter."""
    register = tables.read("register", inputs["register"], ["feeder", "meter", "bus"]).to_pylist()
    return frozenset(r["bus"].lower() for r in register if r["bus"] and not r["feeder"] and not r["meter"])


class _Places:
    """Where each name stands in a column."""

    def __init__(self, column: Sequence[str]):
        self._places: dict[str, list[int]] = {}
        for place, name in enumerate(column):
            self._places.setdefault(name, []).append(place)

    def of(self, names: Iterable[str]) -> list[int]:
        """The places of some names, in order."""
        return sorted(place for name in set(names) for place in self._places.get(name, []))


class _OfFeeders:
    """The rows of a table by feeder, found once: a thousand groups would look through all of it a thousand times."""

    def __init__(self, table: pa.Table):
        self._table = table.combine_chunks()
        words = self._table["feeder"].cast(tables.TEXT).combine_chunks().dictionary_encode()
        codes = words.indices.to_numpy()
        self._order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[self._order], np.arange(len(words.dictionary) + 1)).tolist()
        self._span = dict(zip(words.dictionary.to_pylist(), map(slice, edges[:-1], edges[1:]), strict=True))

    def __call__(self, feeders: Iterable[str]) -> pa.Table:
        """The rows of some feeders, in their order."""
        own = [self._order[self._span[feeder]] for feeder in set(feeders) if feeder in self._span]
        return self._table.take(np.sort(np.concatenate([self._order[:0], *own])))


def _areas(areas: Mapping[str, Any], feeders: Iterable[str]) -> dict[str, Any]:
    """The declared areas that may have a part in some feeders: those of named buses, and those that name a feeder."""

    def touches(area: Mapping[str, Any]) -> bool:
        patterns = area.get("feeders")
        return patterns is None or any(fnmatchcase(f.lower(), p.lower()) for f in feeders for p in patterns)

    return {name: area for name, area in sorted(areas.items()) if touches(area)}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()}
