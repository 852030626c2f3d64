"""What-if: between the points of a sweep, and choices that become scenarios which the study language accepts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import scripts
import yaml

from dtl import tables
from dtl.report import what_if
from dtl.spec.canonical import plain
from dtl.spec.study import load

STUDIES = Path(__file__).resolve().parents[2] / "studies"
SCRIPTS = ["surrogate.js", "what-if-sweep.js"]
AXES = ["level_2.penetration", "roof_20.penetration"]
POINTS = [[a, b] for a in (0.1, 0.3) for b in (0.0, 0.5, 1.0)]


def grid(**more: Any) -> dict[str, Any]:
    return {"name": "grow", "of": "high", "axes": AXES, "points": POINTS, "figures": [], **more}


def between(at: list[float], sweep: dict[str, Any], values: list[float | None], folder: Path) -> Any:
    body = "const c = DTL.cornersOf(input.sweep, input.at); return { told: DTL.between(c, input.values), rows: c };"
    return scripts.run(SCRIPTS, body, {"at": at, "sweep": sweep, "values": values}, folder)


def test_between_the_corners_of_a_cell_a_plane_is_exact_and_the_band_holds_it(tmp_path: Path) -> None:
    values = [100 * a + 10 * b for a, b in POINTS]
    found = between([0.15, 0.6], grid(), values, tmp_path)
    assert found["told"]["value"] == pytest.approx(21.0)
    assert (found["told"]["low"], found["told"]["high"]) == (pytest.approx(15.0), pytest.approx(40.0))
    assert len(found["rows"]) == 4 and not found["told"]["solved"]


def test_at_a_point_there_is_what_was_solved(tmp_path: Path) -> None:
    found = between([0.3, 0.5], grid(), [1, 2, 3, 4, 5, 6], tmp_path)
    assert found["told"] == {"value": 5, "low": 5, "high": 5, "solved": True}


def test_a_point_without_solution_makes_no_figure(tmp_path: Path) -> None:
    assert between([0.2, 0.2], grid(), [1, 2, 3, None, 5, 6], tmp_path)["told"] is None


def test_of_points_that_are_no_grid_the_nearest_tell(tmp_path: Path) -> None:
    sweep = grid(points=[[0.1, 0.1], [0.2, 0.9], [0.9, 0.2], [0.8, 0.8]])
    found = between([0.15, 0.5], sweep, [1, 2, 30, 40], tmp_path)
    assert {r["row"] for r in found["rows"]} >= {0, 1}
    assert found["told"]["low"] <= found["told"]["value"] <= found["told"]["high"]
    assert sum(r["weight"] for r in found["rows"]) == pytest.approx(1.0)


def whole_of(study: str) -> dict[str, Any]:
    """What the page knows of a study's layers and scenarios, as `what_if.payload` writes it."""
    asked = load(STUDIES / study)
    spec = {
        "spec_text": json.dumps(asked.canonical()), "points": [],
        "cases": [{"case": c.case, "scenario": c.scenario, "year": c.year} for c in asked.cases],
    }  # fmt: skip
    empty = pa.table({n: pa.array([], pa.string()) for n in ("sweep", "point", "feeder", "metric")})
    found: dict[str, Any] = json.loads(what_if.payload(spec, {}, empty, {}))
    assert set(found["layers"]) == set(plain(asked, cosmetic=False)["layers"])
    return found


def accepted(study: str, text: str, folder: Path) -> Any:
    """The study with the snippet added below its sections, as an engineer would paste it; it must be good."""
    shutil.copytree(STUDIES / study, folder / study, ignore=shutil.ignore_patterns("results"))
    file = folder / study / "study.yaml"
    whole = yaml.safe_load(file.read_text())
    for section, entries in yaml.safe_load(text).items():
        assert not set(entries) & set(whole[section]), "nothing of the study is overwritten"
        whole[section] |= entries
    file.write_text(yaml.safe_dump(whole, sort_keys=False))
    return load(folder / study)


def test_a_point_of_a_sweep_becomes_a_scenario_that_is_accepted(tmp_path: Path) -> None:
    told = {"whole": whole_of("heatwave"), "sweep": grid(), "at": [0.25, 0.4]}
    body = "return DTL.asYaml(DTL.sweptScenario(input.whole, input.sweep, input.at));"
    study = accepted("heatwave", scripts.run(SCRIPTS, body, told, tmp_path), tmp_path)
    assert study.layers["level_2_what_if"].penetration == 0.25
    assert study.layers["roof_20_what_if"].penetration == 0.4
    assert study.layers["level_2"].penetration == 0.30
    stack = study.scenarios["what_if"].stack
    assert stack == ["level_2_what_if", "roof_20_what_if", "heat_2023", "new_tou"]


@pytest.mark.parametrize("of", ["generation", "load"])
def test_a_plant_at_a_bus_becomes_a_scenario_that_is_accepted(of: str, tmp_path: Path) -> None:
    told = {"whole": whole_of("works"), "site": {"bus": "f1_5", "phases": "ABC", "of": of, "case": "moved@2030"}}
    body = 'return DTL.asYaml(DTL.plantScenario(input.whole, "f1", input.site, 123));'
    study = accepted("works", scripts.run(SCRIPTS, body, told, tmp_path), tmp_path)
    layer = study.layers["what_if_plant"]
    assert (layer.at, layer.kw, layer.type) == ("f1:f1_5", 123, "load" if of == "load" else "pv")
    assert study.scenarios["what_if"].stack == ["load_growth", "transfer", "what_if_plant"]


def test_without_sweeps_and_surrogate_there_is_no_page() -> None:
    nothing = pa.table({"sweep": pa.array([], pa.string())})
    spec = {"spec_text": "{}"}
    assert what_if.context(spec, {}, nothing) is None
    told = {"target": "hosting_kw", "verdict": "refused", "digest": "0", "mape_pct": 1.0, "p90_error_pct": 1.0,
            "optimistic_pct": 20.0, "feeders": 3, "rows": 9, "model": "{}"}  # fmt: skip
    refused = {"surrogate_model": tables.frame("surrogate_model", [told])}
    assert what_if.context(spec, refused, nothing) is None
    known = {"surrogate_model": tables.frame("surrogate_model", [told | {"verdict": "ok"}])}
    found = what_if.context(spec, known, nothing)
    assert found is not None and found["model"]["feeders"] == 3 and not found["swept"]
