"""``dtl new --from simbench``: with the peers environment a good study; without it a word about how to get one."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

from dtl.spec import new
from dtl.spec.from_simbench import PEERS, interpreter
from dtl.spec.study import load
from dtl.workflow import named

CODE = "1-LV-rural1--0-sw"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fake(place: Path, body: str) -> str:
    """An environment whose Python is a script."""
    (place / "peers" / "bin").mkdir(parents=True)
    python = place / "peers" / "bin" / "python"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    return str(place / "peers")


def test_without_peers_it_says_what_to_do(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(PEERS, raising=False)
    assert new.run("lv", origin=("simbench", CODE)) == 1
    assert "--peers" in capsys.readouterr().out
    assert new.run("lv", origin=("simbench", "../x y")) == 1
    assert "is no code" in capsys.readouterr().out
    assert new.run("lv", origin=("others", CODE)) == 1
    assert not (place / "studies").exists()


def test_what_goes_wrong_there_leaves_nothing_behind(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    peers = fake(place, "echo 'ValueError: no such grid' >&2; exit 1")
    assert new.run("lv", origin=("simbench", CODE), peers=peers) == 1
    assert "ValueError: no such grid" in capsys.readouterr().out
    assert not (place / "studies").exists()


@pytest.mark.anchor
def test_a_grid_becomes_a_good_study(place: Path) -> None:
    peers = os.environ.get(PEERS, "")
    python = interpreter(peers)
    if python is None or subprocess.run([python, "-c", "import simbench"], check=False).returncode:
        pytest.skip(f"{PEERS} names no environment with SimBench")
    assert new.run("lv", origin=("simbench", CODE), peers=peers) == 0
    study = load(place / "studies" / "lv")
    assert list(study.sources) == ["grid"]
    assert json.loads((place / "studies/lv/data/grid.json").read_text())["_class"] == "pandapowerNet"
    with (place / "studies/lv/data/profiles.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (place / "studies/lv/data/follows.csv").open() as file:
        whose = list(csv.DictReader(file))
    assert len(rows) == 8760
    assert {f"profile:{r['kw_profile']}" for r in whose} <= set(rows[0])
    assert {r["kind"] for r in whose} == {"load", "generator"}
    assert max(float(r["profile:H0-A_pload"]) for r in rows) <= 1.0
    mistakes, _ = named.check(study)
    assert not mistakes, "every load and generator is in the model"
