"""What of a reading is finished: the tables of feeders in few bytes, until they are written in their order."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.sources.reading import Reading
from dtl.tables import pieces

BY_FEEDER = ("network", "conversion")


class Shelf:
    """The tables ``network`` and ``conversion`` and the places of parts, feeder by feeder."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, list[pa.Buffer]]] = {name: {} for name in BY_FEEDER}
        self._places: dict[str, str] = {}

    def take(self, reading: Reading, but: Collection[str] = ()) -> None:
        """Move the parts and the account of a reading here, except those of some feeders.

        A feeder comes once; its account may come bit by bit.
        """
        rows = []
        for feeder, group in reading.parts.items():
            if group and feeder not in but:
                rows += [
                    {"feeder": feeder, "kind": kind, "name": name, "body": part.model_dump_json(exclude_defaults=True)}
                    for (kind, name), part in group.items()
                ]
                reading.parts[feeder] = {}
        self._keep("network", rows)
        mine = [key for key, row in reading.conversion.items() if row["feeder"] not in but]
        self._keep("conversion", [reading.conversion.pop(key) for key in mine])
        for feeder in [f for f in reading.places if f not in but]:
            text = json.dumps({feeder: reading.places.pop(feeder)}, sort_keys=True, indent=1, ensure_ascii=False)
            self._places[feeder] = text[2:-2]

    def write(self, reading: Reading, folder: Path) -> None:
        """Take what is left of a reading, and write ``network.parquet``, ``conversion.parquet`` and ``places.json``."""
        self.take(reading)
        facts = json.dumps({"frequency_hz": reading.frequency_hz, "crs": reading.crs}, sort_keys=True)
        self._keep("network", [{"feeder": f, "kind": "feeder", "name": f, "body": facts} for f in reading.parts])
        for name, kept in self._kept.items():
            pieces.write(name, partial(_sorted, name, kept), folder / f"{name}.parquet")
        places = ",\n".join(self._places[f] for f in sorted(self._places))
        (folder / "places.json").write_text(f"{{\n{places}\n}}\n" if places else "{}\n", encoding="utf-8")

    def _keep(self, name: str, rows: list[dict[str, Any]]) -> None:
        by_feeder: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_feeder.setdefault(row["feeder"], []).append(row)
        for feeder, mine in by_feeder.items():
            columns = {c.name: [r[c.name] for r in mine] for c in tables.TABLES[name].columns}
            self._kept[name].setdefault(feeder, []).append(pieces.packed(tables.frame(name, columns)))


def _sorted(name: str, kept: Mapping[str, list[pa.Buffer]]) -> Iterator[pa.Table]:
    """The tables of the feeders in their order."""
    for feeder in sorted(kept):
        yield tables.concat(name, [pieces.unpacked(b) for b in kept[feeder]])
