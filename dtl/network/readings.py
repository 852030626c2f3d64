"""The stage ``split_readings``: the readings of all meters, one file per group of feeders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.network.ids import SAFE


def split_readings(spec: Mapping[str, Any], inputs: Mapping[str, Any], outputs: Mapping[str, Path]) -> None:
    """Write the readings of every group of the known feeders; a group without readings gets an empty file.

    Readings of a meter that no feeder has are of no group; the findings of ``merge_network`` tell of such meters.
    """
    known = json.loads(inputs["known"].read_text(encoding="utf-8"))["feeders"]
    group = groups(known, spec["together"])
    folder = outputs["readings"]
    if not spec["ami"]:
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(set(group.values())):
            tables.write("readings", tables.concat("readings", []), folder / f"{name}.parquet")
        return
    from dtl.sources.ami_split import split

    placed = tables.read("placed", inputs["placed"])
    pairs = zip(placed["meter"].to_pylist(), placed["feeder"].cast(tables.TEXT).to_pylist(), strict=True)
    owner = {meter: group[feeder] for meter, feeder in pairs if feeder in group}
    split(spec["ami"], inputs["raw"], owner, sorted(set(group.values())), folder)


def groups(feeders: Sequence[str], together: Sequence[Sequence[str]]) -> dict[str, str]:
    """The group of each feeder: its own id, or the sorted ids of those that it is solved together with."""
    joined = {feeder: "+".join(sorted(names)) for names in together for feeder in names}
    return {feeder: joined.get(feeder, feeder) for feeder in feeders if SAFE.fullmatch(feeder)}
