"""Feeders with one fault each, through ``dtl run``: every one has a verdict in the tables and on the pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from bad_feeders import BAD, STUDY, write

from dtl import tables

pytestmark = pytest.mark.slow

FAILED = {
    "no_convergence": "did not converge",
    "zero_impedance": "zero_impedance.dss:",
    "makes_power": "the resistances make power",
    "floating_delta": "no path to ground at all has the winding of transformer t2",
    "no_ground": "no path to ground",
    "no_neutral": "no path to ground",
    "missing_phase": "uses phase B, which does not arrive",
    "island_with_load": "not connected to the source",
}
"""What has no power flow, with what is said of it."""
HARD = STUDY.replace("low_pu: 0.95, high_pu: 1.05", "low_pu: 0.5, high_pu: 0.6").replace(
    "hours: extremes_48", "hours: extremes_48\n    pre_existing: counts"
)


def run(root: Path, folder: Path, study: str = STUDY) -> Path:
    write(folder / "studies" / "bad", study)
    known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")} | {"PYTHONPATH": str(root)}
    said = subprocess.run(
        [sys.executable, "-m", "dtl.cli", "run", "bad"],
        cwd=folder,
        env=known,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in said.stdout + said.stderr
    return folder / "results" / "bad"


def rows(results: Path, name: str, feeder: str) -> list[dict[str, Any]]:
    path = results / "f" / feeder / f"{name}.parquet"
    return tables.read(name, path).to_pylist() if path.is_file() else []


def page(results: Path, name: str) -> str:
    return unescape((results / "www" / f"{name}.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(root, tmp_path_factory.mktemp("bad"))


def reasons(results: Path) -> dict[str, str]:
    index = json.loads((results / "feeders.json").read_text(encoding="utf-8"))
    found = {g: str(about["reason"]) for g, about in index["groups"].items()}
    for feeder in found:
        path = results / "f" / feeder / "manifest.json"
        if path.is_file():
            case = json.loads(path.read_text(encoding="utf-8"))["cases"]["base"]
            found[feeder] = case["reason"] if case["status"] == "failed" else ""
    return found


def test_what_has_no_power_flow_fails_with_its_reason_and_the_others_do_not(results: Path) -> None:
    found = reasons(results)
    assert set(found) == set(BAD)
    assert {feeder for feeder, why in found.items() if why} == set(FAILED)
    overview, quality = page(results, "index"), page(results, "data-quality")
    for feeder, words in FAILED.items():
        assert words in found[feeder], (feeder, found[feeder])
        assert feeder in quality and words in quality
    assert f"{len(FAILED)} feeders could not be solved" in overview


def test_what_failed_has_no_number_anywhere(results: Path) -> None:
    for feeder in FAILED:
        assert not rows(results, "powerflow", feeder) and not rows(results, "hourly", feeder)
        assert all(
            r["hc_kw"] is None and r["verdict"].startswith("no answer: ") for r in rows(results, "hosting", feeder)
        )
        judged = rows(results, "compliance", feeder)
        assert all(r["value"] is None and r["verdict"] == "not_assessed" for r in judged)
    cube = tables.read("cube", results / "cube.parquet").to_pylist()
    known = {r["metric"] for r in cube if r["feeder"] in FAILED and r["value"]}
    assert not [m for m in known if m.endswith(("_pct", "_pu", "_kwh", "_h", "_violated"))], known
    silent = page(results, "hosting-capacity").partition('id="hosting-silent"')[2]
    for feeder in ("no_convergence", "floating_delta", "no_ground", "no_load"):
        assert f'data-feeder="{feeder}"' in silent


def test_what_has_a_solution_says_what_is_odd(results: Path) -> None:
    assert "1 plant, which gives nothing: lone" in page(results, "data-quality")
    hosted = {r["method"]: r for r in rows(results, "hosting", "no_load") if r["method"] == "stochastic"}
    assert "there is no customer" in hosted["stochastic"]["verdict"]
    idle = [r for r in rows(results, "hosting", "zero_load") if r["criterion"] == "all"]
    assert {r["method"] for r in idle} == {"drive", "iterative", "qsts", "stochastic"}
    big = [r for r in rows(results, "hosting", "big_plant") if r["bus"] == "480" and r["criterion"] == "all"]
    assert all(
        r["limiting_element"] == "transformer t1" and r["hc_kw"] < 5
        for r in big if r["of"] == "generation" and r["method"] != "stochastic"
    )  # fmt: skip
    assert any(r["element"] == "t1" for r in rows(results, "violations", "big_plant"))
    told = json.loads((results / "f" / "hunting" / "manifest.json").read_text(encoding="utf-8"))["cases"]["base"]
    assert told["control_limit_hits"] and any("controls hunt" in w and "capacitor.c1" in w for w in told["warnings"])
    assert "capacitor.c1" in page(results, "assumptions") + page(results, "method") + page(results, "data-quality")
    assert all("controls hunt" in r["verdict"] for r in rows(results, "hosting", "hunting"))


def test_limits_that_no_case_can_meet_leave_0_kw_and_the_reason(root: Path, tmp_path: Path) -> None:
    found = run(root, tmp_path, HARD)
    single = [r for r in rows(found, "hosting", "sound") if r["criterion"] == "all"]
    assert single
    for row in single:
        assert row["hc_kw"] == 0.0 and row["limiting_factor"].startswith("overvoltage"), row["verdict"]
        assert row["pre_existing"] and not row["at_least"]
    text = page(found, "hosting-capacity")
    assert "fails without any plant, and the study counts that" in text
