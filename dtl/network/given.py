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

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.network.stations import nearest

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
    points = _points(tables.read("weather", inputs["weather"], ["source", "point", "latitude_deg", "longitude_deg"]))
    owner = dict(zip(meters["meter"].to_pylist(), meters["feeder"].cast(tables.TEXT).to_pylist(), strict=True))
    named = {r["meter"] for r in register}
    links = meters.filter(pc.is_in(meters["meter"], pa.array(sorted(named), pa.string()))).to_pylist() if named else []
    at = {r["meter"]: {"load": r["load"]} for r in links if r["meter"] and r["load"]}
    folder.mkdir(parents=True, exist_ok=True)
    for group, place in groups.items():
        own = _areas(areas, place.feeders) | {
            name: {"buses": list(buses), "drawn": True} for name, buses in sorted(place.drawn.items())
        }
        facts = {
            "weather": nearest(points, place.feeders, place.head, place.crs),
            "register": [_plain(r) | at.get(r["meter"], {}) for r in register if _of_group(r, owner, place)],
            "forecast": [_plain(r) for r in forecast if r["area"] in (EVERYWHERE, *place.feeders, *own)],
            "areas": own,
        }
        text = json.dumps(facts, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
        (folder / f"{group}.json").write_text(text, encoding="utf-8")
        tables.write("meters", _of(meters, place.feeders), folder / f"{group}.meters.parquet")
        tables.write("scada", _of(scada, place.feeders), folder / f"{group}.scada.parquet")


def belongs(row: Mapping[str, Any], owner: Mapping[str, str]) -> str:
    """The feeder of a row of the register: as stated, else that of its meter, else what its bus has before ``:``."""
    return str(row["feeder"] or owner.get(row["meter"], "") or row["bus"].rpartition(":")[0])


def by_bus(inputs: Mapping[str, Path]) -> frozenset[str]:
    """Buses, in lower case, that entries of the register state without a feeder or a meter."""
    register = tables.read("register", inputs["register"], ["feeder", "meter", "bus"]).to_pylist()
    return frozenset(r["bus"].lower() for r in register if r["bus"] and not r["feeder"] and not r["meter"])


def _of_group(row: Mapping[str, Any], owner: Mapping[str, str], place: Place) -> bool:
    """Whether an entry of the register belongs to a group: by its feeder, or by a bus that the group has."""
    feeder = belongs(row, owner)
    return feeder in place.feeders if feeder else row["bus"].lower() in place.buses


def _areas(areas: Mapping[str, Any], feeders: Iterable[str]) -> dict[str, Any]:
    """The declared areas that may have a part in some feeders: those of named buses, and those that name a feeder."""

    def touches(area: Mapping[str, Any]) -> bool:
        patterns = area.get("feeders")
        return patterns is None or any(fnmatchcase(f.lower(), p.lower()) for f in feeders for p in patterns)

    return {name: area for name, area in sorted(areas.items()) if touches(area)}


def _of(table: pa.Table, feeders: Sequence[str]) -> pa.Table:
    return table.filter(pc.is_in(table["feeder"].cast(tables.TEXT), pa.array(list(feeders), tables.TEXT)))


def _points(weather: pa.Table) -> list[dict[str, Any]]:
    columns = weather.column_names
    plain = weather.set_column(0, "source", weather["source"].cast(tables.TEXT))
    plain = plain.set_column(1, "point", weather["point"].cast(tables.TEXT))
    rows: list[dict[str, Any]] = plain.group_by(columns).aggregate([]).to_pylist()
    return sorted(rows, key=lambda r: (r["source"], r["point"]))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()}
