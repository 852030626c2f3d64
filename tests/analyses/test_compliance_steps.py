"""The stage of compliance in quarters of an hour, in hours that the load chooses, and in states of a snapshot."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compliance_cases import SPEC, cable
from power_cases import demand_of

from dtl import tables
from dtl.analyses.compliance import gathered
from dtl.analyses.compliance_stage import comply_feeder
from dtl.network.feeder import Feeder

HOURS = [12, 13, 4000, 4001]
WORDS = {
    "codes": ["en-50160@2010", "vde-ar-n-4105@2018"], "redispatch": True, "curtail_cost": {}, "plants": None,
    "traffic_light": {"yellow_pct": 90.0, "red_pct": 100.0}, "u_c_kv": None,
}  # fmt: skip
NAMES = ("compliance", "lights", "curtailment")


def complied(folder: Path, feeder: Feeder, step_min: int = 60, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    folder.mkdir(parents=True, exist_ok=True)
    demand = demand_of(feeder)
    if step_min < 60:
        demand = replace(demand, profiles={n: np.repeat(p, 60 // step_min) for n, p in demand.profiles.items()})
    inputs = {n: folder / n for n in ("feeder", "ready", "demand", "profiles", "facts")}
    inputs["feeder"].write_text(feeder.to_json(), encoding="utf-8")
    inputs["ready"].write_text(json.dumps({"status": "ok", "reason": ""}), encoding="utf-8")
    demand.write(inputs["demand"], inputs["profiles"])
    spec = SPEC | {"step_min": step_min, "analyses": {"compliance": WORDS}, "hours": HOURS} | changes
    outputs = {n: folder / f"{n}.parquet" for n in NAMES}
    comply_feeder(spec, inputs, outputs)
    return {n: tables.read(n, p).to_pylist() for n, p in outputs.items()}


def cube(folder: Path, step_min: int) -> dict[str, Any]:
    found = [tables.read(n, folder / f"{n}.parquet") for n in NAMES]
    return {r["metric"]: r["value"] for r in gathered(*found, step_min) if r["level"] == "feeder"}


def test_quarters_that_are_alike_are_their_hours(tmp_path: Path) -> None:
    feeder = cable((4, 56.0), (8, 68.0))
    plain = complied(tmp_path / "h", feeder)
    quarters = complied(tmp_path / "q", feeder, 15)
    for one, other in zip(plain["compliance"], quarters["compliance"], strict=True):
        for word in ("code", "what", "element", "unit", "verdict", "hour"):
            assert one[word] == other[word], (word, one, other)
        assert other["value"] == (one["value"] and pytest.approx(one["value"], rel=1e-5))
        assert one["minute"] is None and (other["hour"] is None or other["minute"] in (0, 15, 30, 45))
    assert len(quarters["lights"]) == 4 * len(plain["lights"]) > 0
    assert {r["minute"] for r in quarters["lights"]} == {0, 15, 30, 45}
    assert len(quarters["curtailment"]) == 4 * len(plain["curtailment"]) > 0
    hourly, quarterly = cube(tmp_path / "h", 60), cube(tmp_path / "q", 15)
    assert hourly["light_red_h"] > 0 and hourly["curtailed_kwh"] > 0
    for metric in ("light_red_h", "light_yellow_h", "curtailed_kwh", "curtailed_h", "curtailed_pct", "curtail_left_h"):
        assert quarterly[metric] == pytest.approx(hourly[metric], rel=1e-5), metric


@pytest.mark.parametrize(("word", "count"), [("month_extremes_576", 576), ({"peak_days": 2}, 48)])
def test_hours_that_the_load_chooses_are_judged(tmp_path: Path, word: Any, count: int) -> None:
    feeder = cable((1, 5.0))
    found = complied(tmp_path, feeder, hours=word)["compliance"]
    (light,) = [r for r in found if r["what"] == "traffic_light_red_h"]
    assert sum(float(part.split()[0]) for part in light["text"].split(", ")) == count


def test_a_snapshot_is_judged_in_its_states(tmp_path: Path) -> None:
    """All plants at rated power and no load: no hour of the year is as bad, and there is one verdict for two states."""
    feeder = cable((8, 40.0))
    states = [
        {"name": "heavy", "of": "model", "load": 1.0, "generation": 0.0},
        {"name": "sunny", "of": "model", "load": 0.0, "generation": 3.0},
    ]
    found = complied(tmp_path, feeder, hours=[0, 1], states=states)
    always = {r["element"]: r for r in found["compliance"] if r["range"] == "always"}
    assert (always["b8"]["hour"], always["b8"]["verdict"]) == (1, "violates")
    assert "over the states" in always["b8"]["text"]
    weekly = next(r for r in found["compliance"] if r["range"] == "weekly" and r["element"] == "b8")
    assert weekly["text"].endswith("; states have no week, so every one is judged")
    assert Counter(r["hour"] for r in found["lights"])[1] >= 1
    none = next(r for r in found["compliance"] if r["what"] == "flicker")
    assert none["text"] == "a power flow of states cannot judge it"
