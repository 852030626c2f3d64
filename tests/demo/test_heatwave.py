"""The study of the sentence: its data are those that its script writes, it is good, and it answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

STUDY = Path("studies/heatwave")


def test_the_files_are_those_that_the_script_writes(root: Path, tmp_path: Path) -> None:
    script = root / STUDY / "write_data.py"
    subprocess.run([sys.executable, script, "--out", tmp_path], check=True, cwd=tmp_path)
    written = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert set(written) == {"data/feeder/lane.dss", "data/feeder/buses.csv", "data/weather/town.csv",
                            "data/pools.csv", "overrides/classes.csv"}  # fmt: skip
    for name, data in written.items():
        assert data == (root / STUDY / name).read_bytes(), name


def test_the_study_says_the_sentence(root: Path) -> None:
    from dtl.spec.study import load

    study = load(root / STUDY)
    high = {name: study.layers[name] for name in study.scenarios["high"].stack}
    said = {layer.kind: layer for layer in high.values()}
    assert set(said) == {"ev", "solar", "weather", "tariff"}
    assert (said["ev"].penetration, said["ev"].profile) == (0.30, "level2_residential")  # type: ignore[attr-defined]
    assert (said["solar"].penetration, said["weather"].of) == (0.20, 2023)  # type: ignore[attr-defined]
    assert set(study.scenarios["stored"].stack) > set(high)


def test_the_study_is_pinned(root: Path) -> None:
    pinned = yaml.safe_load((root / STUDY / "sources.lock.yaml").read_text(encoding="utf-8"))
    assert set(pinned) == {"circuit", "weather"}


@pytest.mark.slow
def test_the_study_answers(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / STUDY, tmp_path / STUDY)
    known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")} | {"PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-m", "dtl.cli", "run", "heatwave"], cwd=tmp_path, env=known, check=True)
    cases = json.loads((tmp_path / "results/heatwave/f/lane/manifest.json").read_text(encoding="utf-8"))["cases"]
    (pumps,) = [
        r["value"] for r in cases["pools@2030"]["assumptions"] if r["layer"] == "pools" and r["field"] == "devices"
    ]
    assert pumps == 24
    high = cases["high@2030"]
    assert high["inverters"]["absorbed_kvarh"] > 0.0
    layers = {row["layer"] for row in high["assumptions"]}
    assert layers == {"level_2", "roof_20", "heat_2023", "new_tou"}
    assert (tmp_path / "results/heatwave/www/index.html").is_file()
