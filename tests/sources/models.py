"""Feeders read from sources, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.network.feeder import Feeder
from dtl.sources import cim, cyme_text, opendss, pandapower
from dtl.sources.reading import Reading


def files_of(folder: Path) -> dict[str, Path]:
    return {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}


def read(kind: str, folder: Path, path: str, **spec: Any) -> Reading:
    readers = {"cim": cim, "cyme_text": cyme_text, "opendss": opendss, "pandapower": pandapower}
    return readers[kind].read("model", {"kind": kind, "path": path, **spec}, files_of(folder))


def feeders(reading: Reading) -> dict[str, Feeder]:
    found = {}
    for feeder, parts in reading.parts.items():
        rows: list[Mapping[str, Any]] = [{"feeder": feeder, "kind": "feeder", "name": feeder, "body": "{}"}]
        rows += [
            {"feeder": feeder, "kind": kind, "name": name, "body": part.model_dump_json(exclude_defaults=True)}
            for (kind, name), part in parts.items()
        ]
        found[feeder] = Feeder.from_parts(rows)
    return found


def only(reading: Reading) -> Feeder:
    (feeder,) = feeders(reading).values()
    return feeder
