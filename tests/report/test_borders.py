"""Studies at the border: nobody solved, feeders solved as one group, some hours only, degrees instead of metres."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_study
import numpy as np
import payload_reader
import pytest

from dtl.report import drawing, facts, payloads, series
from dtl.report.build import build_site
from dtl.report.overview_map import Overview
from dtl.report.places import places
from dtl.report.solution import Flow, Solution, hours_by_case
from dtl.report.write import write_site


def read(tmp_path: Path, payload: bytes) -> Any:
    path = tmp_path / "x.js"
    path.write_text(payloads.script("x", payload), encoding="utf-8")
    return payload_reader.read(path)[1]


def solution(name: str, case: str = "base@2026") -> Solution:
    model, solved = made_study.MODELS[name], made_study.solve(name, case)
    flow, hours = Flow(solved["powerflow"]), hours_by_case(solved["hourly"], (case,))
    told = {case: made_study.manifest()}
    return Solution(name, name, (case,), made_study.LIMITS, model, places(model, ""), flow, hours, told)


def test_study_of_which_nothing_was_solved_has_every_page(made: Any, tmp_path: Path) -> None:
    index = tmp_path / "feeders.json"
    lost = {"feeders": ["lost-9"], "status": "failed", "reason": "no source has <it>"}
    index.write_text(json.dumps({"groups": {"lost-9": lost}}))
    none: dict[str, Path] = {}
    facts.gather(
        made_study.spec(),
        {"index": index, "assess": none, "manifest": none, "hosting": none},
        {"cube": tmp_path / "c.parquet"},
    )
    inputs = dict.fromkeys(
        (
            *("feeder", "powerflow", "hourly", "manifest", "hosting", "devices", "kept", "learning"),
            *made_study.UNASKED,
        ),
        none,
    )
    inputs |= {"cube": tmp_path / "c.parquet", "index": index}
    inputs |= {k: made.inputs[k] for k in ("findings", "conversion", "meters", "series", "links", "outages", "assets")}
    write_site(made_study.spec(), inputs, {"site": tmp_path / "site"})
    build_site({"study": "made"}, {"site": tmp_path / "site"}, {"www": tmp_path / "www"})
    assert not (tmp_path / "www/downloads/hosting.csv").exists()
    assert "Nothing can be said" in (tmp_path / "www/index.html").read_text()
    assert "no source has &lt;it&gt;" in (tmp_path / "www/data-quality.html").read_text()
    assert payload_reader.read(tmp_path / "site/docs/data/ov.js")[1]["feeders"]["id"] == []


def test_feeders_of_a_group_keep_their_own_buses() -> None:
    model = made_study.MODELS["north"]
    spine = {b.name for b in model.buses[:8]}
    buses = tuple(b.model_copy(update={"feeder": "a" if b.name in spine else "b"}) for b in model.buses)
    both = model.model_copy(update={"id": "a+b", "feeders": ("a", "b"), "buses": buses})
    parts = {f: Solution(f, "a+b", (), made_study.LIMITS, both, places(both, "")) for f in ("a", "b")}
    assert {b.name for b in parts["a"].buses} == spine
    assert len(parts["a"].buses) + len(parts["b"].buses) == len(model.buses)
    told = [drawing.trunk(p) for p in parts.values()]
    assert all(told)


def test_some_hours_only_leave_gaps(tmp_path: Path) -> None:
    whole = solution("north")
    kept = np.array([100, 4000, 4001, 8000])
    few = {n: (v[kept] if isinstance(v, np.ndarray) else v) for n, v in whole.hourly["base@2026"].items()}
    told = read(tmp_path, series.time(replace(whole, hourly={"base@2026": few}), hourly=True))
    solved = [d for d, v in enumerate(told["days"]["kw_max@0"]) if v is not None]
    assert solved == sorted({int(h) // 24 for h in kept})
    assert sum(v is not None for v in told["hours"]["kw@0"]) == len(kept)
    assert told["meta"]["week_start"] <= told["meta"]["peak"]["base@2026"] < told["meta"]["week_start"] + 168


def test_degrees_keep_a_centimetre(tmp_path: Path) -> None:
    model = made_study.MODELS["north"]
    buses = tuple(b.model_copy(update={"x": -95.4 + b.x / 1e5, "y": 29.7 + b.y / 1e5}) for b in model.buses)
    model, east = model.model_copy(update={"buses": buses, "crs": "EPSG:4326"}), {b.name: b.x for b in buses}
    found = Solution("north", "north", (), made_study.LIMITS, model, places(model, "EPSG:4326"))
    told = read(tmp_path, drawing.parts(found))
    assert told["meta"]["kind"] == "degrees"
    for k, name in enumerate(told["buses"]["name"]):
        assert told["buses"]["x"][k] == pytest.approx(east[name], abs=1e-7)
    drawn = Overview(())
    drawn.add(found, "north")
    box = read(tmp_path, drawn.payload("EPSG:4326"))["feeders"]
    assert box["west"][0] == pytest.approx(-95.4, abs=1e-6) and box["north"][0] == pytest.approx(29.702, abs=1e-6)


def test_voltage_without_a_limit_is_in_no_class() -> None:
    bare = {**made_study.LIMITS, "voltage": [{**made_study.LIMITS["voltage"][0], "kv": [1, 1000]}]}
    found = replace(solution("north"), limits=bare)
    low = sum(b.kv_ll < 1 for b in found.buses)
    assert low and sum(drawing.classes(found)[0]["volt"]) == len(found.buses) - low
