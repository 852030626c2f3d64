"""Stages of ingestion asked one after the other, as a run does, for tests of what lies around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dtl.network.merge import merge_network
from dtl.network.readings import split_readings
from dtl.network.split import split_feeders
from dtl.workflow.stages import STAGES

METERS = {"candidates": 5, "max_distance_m": 120.0}


def merged(folders: dict[str, Path], work: Path, model: str, **spec: Any) -> dict[str, Path]:
    """Merge the sources (folders by name) in the folder `work`; the outputs by name."""
    outputs = {n: work / "system" / Path(t).name for n, t in STAGES["merge_network"].outputs.items()}
    (work / "system").mkdir()
    merge_network(
        {"model": model, "waive": {}, "meters": METERS, "reconcile": {}, "geometry": "", **spec},
        {"sources": folders},
        outputs,
    )
    return outputs


def split(found: dict[str, Path], work: Path, **spec: Any) -> dict[str, Any]:
    """Split what was merged into feeders; the content of ``feeders.json``."""
    asked = {"together": [], "areas": {}, "ami": {}, **spec}
    split_readings(asked, found, {"readings": work / "readings"})
    out = {"index": work / "feeders.json", "feeders": work / "feeders", "given": work / "given"}
    split_feeders(asked, {**found, "readings": work / "readings"}, out)
    index: dict[str, Any] = json.loads(out["index"].read_text())
    return index
