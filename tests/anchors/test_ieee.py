"""The published answers of the IEEE test feeders, reached from the demo's CYME text through reader, model and engine.

A case is a folder of ``tests/cases/anchors``: ``case.yaml`` says which feeder, its powers and the tolerance,
``expected.csv`` the voltages. The regulators stand at the published taps and their controls are frozen.
"""

from __future__ import annotations

import csv
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from dss import dss

from dtl.network.feeder import Feeder
from dtl.powerflow import dss as text
from dtl.powerflow import engine
from dtl.sources.read import read_source
from dtl.spec.study import load

pytestmark = pytest.mark.anchor

CASES = Path(__file__).resolve().parents[1] / "cases" / "anchors"
ANSWERS = ["ieee13_sheet", "ieee123_posted_taps"]
KM_PER_MILE = 1.609344
SHEET_PERMITTIVITY = 1.4240e-2 / (8.8541878128e-6 * 1609.344)
"""Permittivity of air as the sheets round it [uF/mile], over the one of physics."""
FROZEN = ("set controlmode=off", "set tolerance=1e-9", "set maxiterations=100")


@dataclass
class Answer:
    """What the engine says about the circuit that it holds."""

    pu: dict[str, float]
    source_kw: float
    loss_kw: float


def answer() -> Answer:
    engine.solve()
    assert engine.converged()
    circuit = dss.ActiveCircuit
    pu = dict(zip((n.lower() for n in circuit.AllNodeNames), circuit.AllBusVmagPu, strict=True))
    return Answer(pu, -float(circuit.TotalPower[0]), float(circuit.Losses[0]) / 1e3)


def feeders(source: str, spec: dict[str, Any], raw: dict[str, Path], folder: Path) -> dict[str, Feeder]:
    """The feeders that a source holds, as the stage read_source writes them."""
    read_source({"source": source, "spec": spec}, {"raw": raw}, {"source": folder})
    rows = pq.read_table(folder / "network.parquet").to_pylist()
    ids = sorted({r["feeder"] for r in rows})
    return {i: Feeder.from_parts([r for r in rows if r["feeder"] == i]) for i in ids}


@pytest.fixture(scope="module")
def from_cyme(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Feeder]:
    """The demo's feeders, read as the study says."""
    study = load(root / "studies/demo")
    source = study.sources["cyme"]
    raw = {p.relative_to(study.folder).as_posix(): p for p in source.files(study.folder)}
    return feeders("cyme", source.model_dump(mode="json", by_alias=True), raw, tmp_path_factory.mktemp("cyme"))


def about(case: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    facts = yaml.safe_load((CASES / case / "case.yaml").read_text(encoding="utf-8"))
    with (CASES / case / "expected.csv").open(encoding="utf-8", newline="") as file:
        return facts, list(csv.DictReader(file))


@pytest.mark.parametrize("case", ANSWERS)
def test_the_published_answer(case: str, from_cyme: dict[str, Feeder]) -> None:
    facts, expected = about(case)
    engine.load(text.write(from_cyme[facts["feeder"]]), FROZEN)
    ours, tolerance = answer(), facts["tolerance"]
    off = {(r["bus"], r["node"]): abs(ours.pu[f"{r['bus']}.{r['node']}"] - float(r["pu"])) for r in expected}
    assert max(off.values()) <= tolerance["max_pu"], max(off, key=lambda k: off[k])
    assert sum(off.values()) / len(off) <= tolerance["mean_pu"]
    assert ours.source_kw == pytest.approx(facts["source_kw"], rel=tolerance["source_pct"] / 100)
    assert ours.loss_kw == pytest.approx(facts["loss_kw"], rel=tolerance["loss_pct"] / 100)


@pytest.mark.parametrize("feeder", ["ieee13", "ieee123"])
def test_cyme_text_and_the_opendss_twin_are_one_feeder(feeder: str, from_cyme: dict[str, Feeder], root: Path) -> None:
    engine.load(text.write(from_cyme[feeder]), FROZEN)
    ours = answer()
    engine.load(f'redirect "{root / "studies/demo/data/opendss" / feeder / "master.dss"}"', FROZEN)
    twin = answer()
    grounded = set(twin.pu) - {f"610.{n}" for n in (1, 2, 3)}
    assert grounded <= set(ours.pu)
    assert max(abs(ours.pu[n] - twin.pu[n]) for n in grounded) <= 1e-5
    assert ours.source_kw == pytest.approx(twin.source_kw, rel=1e-5)


@pytest.mark.parametrize("feeder", ["ieee13", "ieee123"])
def test_model_to_opendss_to_model_again(feeder: str, from_cyme: dict[str, Feeder], tmp_path: Path) -> None:
    written = text.write(from_cyme[feeder])
    engine.load(written, FROZEN)
    first = answer()
    master = tmp_path / "again" / f"{feeder}.dss"
    master.parent.mkdir()
    master.write_text(written, encoding="utf-8")
    spec = {"kind": "opendss", "path": f"again/{feeder}.dss", "copy_root": None, "buscoords": None, "crs": None}
    again = feeders("again", spec, {f"again/{feeder}.dss": master}, tmp_path / "read")
    (model,) = again.values()
    engine.load(text.write(model), FROZEN)
    second = answer()
    assert set(first.pu) == set(second.pu)
    assert max(abs(first.pu[n] - second.pu[n]) for n in first.pu) <= 1e-5
    assert second.source_kw == pytest.approx(first.source_kw, rel=1e-6)


def test_conductors_on_a_spacing_become_the_published_matrices(from_cyme: dict[str, Feeder], root: Path) -> None:
    facts, expected = about("line_constants")
    with (root / "studies/demo/tables/lines.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(line for line in file if not line.startswith("#")))
    used = {(r["feeder"], r["configuration"]): r["line"] for r in table}
    us_per_nf = 2e-3 * math.pi * 60.0
    checked = set()
    for row in expected:
        key = (row["feeder"], row["configuration"])
        if key not in used:
            continue  # the publication describes it, no line is built so
        feeder = from_cyme[row["feeder"]]
        line = next(part for part in feeder.lines if part.name == used[key])
        code = feeder.line_code[line.line_code]
        i, j = (line.from_nodes.index("ABC".index(row[end]) + 1) for end in ("row", "column"))
        for matrix, column, factor, unit in (
            (code.r_ohm_per_km, "r_ohm_per_mile", 1.0, "ohm_per_mile"),
            (code.x_ohm_per_km, "x_ohm_per_mile", 1.0, "ohm_per_mile"),
            (code.c_nf_per_km, "b_us_per_mile", us_per_nf * SHEET_PERMITTIVITY, "us_per_mile"),
        ):
            ours = matrix[i][j] * factor * KM_PER_MILE
            assert ours == pytest.approx(float(row[column]), abs=facts["tolerance"][unit]), (row, column)
        checked.add(key)
    assert len(checked) == 16


def test_the_posted_answer_is_that_of_the_sample(samples: Path, tmp_path: Path) -> None:
    facts, expected = about("ieee123_posted_taps")
    shutil.copytree(samples / "opendss/ieee123", tmp_path / "model")
    taps = {"reg1a": 7, "reg2a": -1, "reg3a": 0, "reg3c": -1, "reg4a": 8, "reg4b": 1, "reg4c": 5}
    moves = [f"transformer.{name}.wdg=2 tap={1 + 0.00625 * tap}" for name, tap in taps.items()]
    engine.load(f'redirect "{tmp_path / "model/IEEE123Master.dss"}"', (*moves, *FROZEN))
    theirs = answer()
    for row in expected:
        assert theirs.pu[f"{row['bus']}.{row['node']}"] == pytest.approx(float(row["pu"]), abs=1e-6), row
    assert theirs.source_kw == pytest.approx(facts["source_kw"], abs=0.001)
    assert theirs.loss_kw == pytest.approx(facts["loss_kw"], abs=0.001)
