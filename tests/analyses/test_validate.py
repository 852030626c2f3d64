"""The analysis ``validate`` on the 13-node feeder of the demo: the published sheet as results that CYME wrote."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from dtl import tables
from dtl.analyses.validate import validate, validate_feeder
from dtl.network.merge import merge_network
from dtl.network.split import split_feeders
from dtl.powerflow.prepare import prepare_feeder
from dtl.sources.read import read_source
from dtl.spec.study import load
from dtl.workflow import gate
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES

STUDY = """\
dtl: 1
title: IEEE 13 against its sheet
timezone: America/Chicago
feeders: [ieee13]
sources:
  cyme: {kind: cyme_text, path: "cyme/{feeder}/*.txt"}
  reference: {kind: cyme_results, path: "{feeder}.csv"}
network: {model: cyme}
analyses:
  validate: {against: reference, rmse_pu: 0.0015, max_pu: 0.003, taps: TAPS}
expect: {reference_rmse_pu: {at_most: 0.0015, per: feeder}}
"""
SHEET_KW, SHEET_LOSS_KW = 3577.19, 111.06


def published(root: Path) -> str:
    """The sheet in the columns of CYME's keywords, taps and totals with it."""
    with (root / "tests/cases/anchors/ieee13_sheet/expected.csv").open(encoding="utf-8") as file:
        pu = {(r["bus"], r["node"]): r["pu"] for r in csv.DictReader(file)}
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["NodeId", "DevNumber", "VpuA", "VpuB", "VpuC", "TapA", "TapB", "TapC", "KWTOT", "KWLOSSTOT"])
    for bus in sorted({b for b, _ in pu}):
        out.writerow([bus.upper(), "", *(pu.get((bus, n), "") for n in "123"), "", "", "", "", ""])
    out.writerow(["", "reg1", "", "", "", 10, 8, 11, "", ""])
    out.writerow(["TOTAL", "", "", "", "", "", "", "", SHEET_KW, SHEET_LOSS_KW])
    return text.getvalue()


def run(folder: Path, root: Path, results: str, taps: str = "from_reference") -> tuple[Any, list[dict[str, Any]]]:
    """Ask the stages one after the other as a run does; the study, and the rows of the cube."""
    home = folder / "studies" / "val"
    shutil.copytree(root / "studies/demo/data/cyme/ieee13", home / "cyme/ieee13", dirs_exist_ok=True)
    (home / "ieee13.csv").write_text(results, encoding="utf-8")
    (home / "study.yaml").write_text(STUDY.replace("TAPS", taps), encoding="utf-8")
    study = load(home)
    jobs, at = Slices(study), {n: folder / n for stage in STAGES.values() for n in stage.outputs}
    functions = {f.__name__: f for f in (read_source, merge_network, split_feeders, prepare_feeder, validate_feeder)}

    def ask(stage: str, of: str = "", **inputs: Any) -> None:
        wanted = {n: at[n] for n in STAGES[stage].outputs}
        functions[stage](jobs.job(stage, of).spec, inputs, wanted)

    for name, source in study.sources.items():
        raw = {p.relative_to(home).as_posix(): p for p in source.files(home)}
        read_source(jobs.job("read_source", name).spec, {"raw": raw}, {"source": folder / "sources" / name})
    ask("merge_network", sources={n: folder / "sources" / n for n in study.sources})
    at["readings"].mkdir(exist_ok=True)
    ask("split_feeders", **{n: at[n] for n in STAGES["split_feeders"].inputs})
    feeder = at["feeders"] / "ieee13.json"
    given = {"facts": ".json", "meters": ".meters.parquet", "scada": ".scada.parquet"}
    own = {n: at["given"] / f"ieee13{suffix}" for n, suffix in given.items()}
    ask("prepare_feeder", "ieee13", feeder=feeder, weather=at["weather"], readings=_no_readings(folder), **own)
    ask("validate_feeder", "ieee13", feeder=feeder, ready=at["ready"], reference=at["reference"])
    words = jobs.job("validate_feeder", "ieee13").spec["analyses"]["validate"]
    found = [tables.read(n, at[n]) for n in ("deviations", "reference")]
    return study, validate(words, *found, ["ieee13"])


def _no_readings(folder: Path) -> Path:
    path = folder / "none.parquet"
    tables.write("readings", tables.concat("readings", []), path)
    return path


def value(rows: list[dict[str, Any]], metric: str, feeder: str = "ieee13") -> dict[str, Any]:
    return next(r for r in rows if r["metric"] == metric and r["feeder"] == feeder and not r["element"])


def broken(study: Any, rows: list[dict[str, Any]], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tables.write("cube", tables.frame("cube", rows), folder / "results" / "val" / "cube.parquet")
    tables.write(
        "findings", tables.read("findings", folder / "findings"), folder / "results/val/system/findings.parquet"
    )
    monkeypatch.chdir(folder)
    return gate.judge(study)


def test_the_sheet_is_met(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, rows = run(tmp_path, root, published(root))
    assert value(rows, "reference_rmse_pu")["value"] < 1e-4
    assert value(rows, "reference_max_pu")["value"] < 3e-4
    assert value(rows, "reference_max_kw")["value"] < 0.05
    assert value(rows, "reference_max_loss_kw")["value"] < 0.05
    assert value(rows, "reference_coverage_pct")["value"] == 100.0
    assert value(rows, "reference_within")["value"] == 1
    assert broken(study, rows, tmp_path, monkeypatch) == []


def test_controlled_taps_follow_the_model_and_not_the_reference(tmp_path: Path, root: Path) -> None:
    _, rows = run(tmp_path, root, published(root).replace("10,8,11", "0,8,11"), taps="controlled")
    assert value(rows, "reference_max_pu")["value"] < 3e-4, "the model's own taps hold the voltage in its band"
    assert value(rows, "reference_max_tap")["value"] == 10


def test_other_taps_of_the_reference_move_ours(tmp_path: Path, root: Path) -> None:
    _, rows = run(tmp_path, root, published(root).replace("10,8,11", "0,8,11"))
    worst = value(rows, "reference_max_pu")
    assert worst["value"] == pytest.approx(0.0625, rel=0.2), "ten steps of 0.625 per cent, which constant power widens"
    assert " A:" in worst["text"]
    assert value(rows, "reference_max_tap")["value"] == 0


def test_a_wrong_row_breaks_the_gate_and_is_named(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = published(root)
    line = next(n for n, text in enumerate(right.splitlines(), 1) if text.startswith("671,"))
    was = right.splitlines()[line - 1]
    wrong = right.replace(was, "671,,0.9500,1.0529,0.9778,,,,,")
    study, rows = run(tmp_path, root, wrong)
    found = broken(study, rows, tmp_path, monkeypatch)
    assert len(found) == 1
    assert found[0].startswith("expect.reference_rmse_pu: voltages of ieee13 are 0.0")
    assert f"bus 671 A: 0.99000, 0.95000 in ieee13.csv:{line}" in found[0].replace(" here", "")


def test_names_that_fit_nothing_are_listed(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = published(root) + "nowhere,,1.0,,,,,,,\n,no-line,,,,,,,50,\n652,,,,0.98,,,,,\n"
    _, rows = run(tmp_path, root, more)
    lacking = value(rows, "reference_unmatched")
    assert lacking["value"] == 3
    assert lacking["text"] == "branch no-line, bus nowhere"
    assert value(rows, "reference_rmse_pu")["value"] < 1e-4, "what is not matched counts for nothing else"
    only = "NodeId,VpuA\nnowhere,1.0\n"
    study, rows = run(tmp_path, root, only)
    assert value(rows, "reference_within")["text"] == "nothing of the reference could be compared"
    assert broken(study, rows, tmp_path, monkeypatch) == [
        "expect.reference_rmse_pu: no voltage of ieee13 could be compared with the reference"
    ]
