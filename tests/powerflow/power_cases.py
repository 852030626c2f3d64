"""Feeders, demand and slices of the power-flow tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from solved_cases import LIMITS as NARROW

from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.demand.model_loads import model_loads
from dtl.network.feeder import Feeder
from dtl.sources import opendss as source

CASES = Path(__file__).parents[1] / "cases" / "dss"
LIMITS = NARROW | {"voltage": [{"kv": [0, 1000], "phases": None, "low_pu": 0.95, "high_pu": 1.05, "at": "service"}]}
TIMEZONE = "America/Chicago"


def own(name: str) -> Feeder:
    """A feeder of ours, by the name of its case."""
    return Feeder.from_json((CASES / name / "feeder.json").read_text(encoding="utf-8"))


def sampled(samples: Path, name: str, master: str) -> Feeder:
    """The feeder of a master file among the samples."""
    folder = samples / "opendss" / name
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    reading = source.read("model", {"kind": "opendss", "path": master}, files)
    (feeder,) = reading.parts
    rows = [
        {"feeder": feeder, "kind": kind, "name": name, "body": part.model_dump_json(exclude_defaults=True)}
        for (kind, name), part in reading.parts[feeder].items()
    ]
    return Feeder.from_parts(rows)


FEEDERS: dict[str, Callable[[Path], Feeder]] = {
    "mixed": lambda _: own("mixed"),
    "split_phase": lambda _: own("split_phase"),
    "ieee13": lambda samples: sampled(samples, "ieee13", "IEEE13Nodeckt.dss"),
    "ieee123": lambda samples: sampled(samples, "ieee123", "IEEE123Master.dss"),
    "p4u": lambda samples: sampled(samples, "smartds_p4u", "Master.dss"),
}


def demand_of(feeder: Feeder, shape: str = "residential") -> Demand:
    return model_loads(feeder, {"shape": shape}, Calendar(), TIMEZONE, None)


def solve_spec(**changes: Any) -> dict[str, Any]:
    """The slice of a solve stage, with some fields changed."""
    return {
        "group": "g",
        "case": "base",
        "scenario": "base",
        "year": 0,
        "measured_year": 2025,
        "timezone": TIMEZONE,
        "step_min": 60,
        "layers": [],
        "hours": list(range(48)),
        "controls": "active",
        "engine": "auto",
        "keep": {},
        "head_voltage": None,
        "secondary": {"drop_pct": 0.0},
        "limits": json.loads(json.dumps(LIMITS)),
    } | changes
