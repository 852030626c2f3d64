"""The eight practice studies: their data are those that are declared, and each answers by a run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PRACTICE = {
    "heatwave": "transformer x7 is loaded to 217 %",
    "hosting_map": "least generation fits on oak",
    "interconnection": "ieee13 needs work",
    "flexibility": "ieee123 needs work",
    "inbox": "limits of grid codes are broken, on dach",
    "lv_twin": "least generation fits on feeder_05",
    "portfolio": "8 measures remove 98.9",
    "validation": "within tolerance",
}
"""The studies, and a part of the answer of each."""
WRITTEN = ("hosting_map", "interconnection", "portfolio", "validation")


@pytest.mark.parametrize("name", WRITTEN)
def test_the_files_are_those_that_the_script_writes(name: str, root: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, root / f"studies/{name}/write_data.py", "--out", tmp_path], check=True)
    there = {p.relative_to(root / "studies" / name) for p in (root / f"studies/{name}/data").rglob("*") if p.is_file()}
    assert there == {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()}
    for file in there:
        assert (tmp_path / file).read_bytes() == (root / "studies" / name / file).read_bytes(), file


def test_a_feeder_of_the_twin_is_that_of_its_generator(root: Path) -> None:
    from dtl.synth import lv

    net, _ = lv.solved(5, 30, 2, lv.profiles()["load_pu"].tolist())
    text = json.dumps({k: v for k, v in net.items() if k != "recipe"}, indent=1) + "\n"
    assert text == (root / "studies/lv_twin/data/networks/feeder_05.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PRACTICE)
def test_a_study_is_told_in_a_few_lines(name: str, root: Path) -> None:
    text = (root / f"studies/{name}/README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 20 and f"    dtl run {name}\n" in text
    assert all(f"**{word}**" in text for word in ("Question", "Answer", "Change next"))


def test_both_forges_run_all_of_them(root: Path) -> None:
    github = yaml.safe_load((root / ".github/workflows/dtl.yml").read_text(encoding="utf-8"))
    assert set(github["jobs"]["practice"]["strategy"]["matrix"]["study"]) == set(PRACTICE)
    gitlab = yaml.safe_load((root / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert set(gitlab["practice"]["parallel"]["matrix"][0]["STUDY"]) == set(PRACTICE)


def test_a_study_with_times_is_read_again_from_its_canonical_text(root: Path) -> None:
    """The page of the scenario builder reads every study so."""
    from dtl.report.builder import _said
    from dtl.spec.study import Study, load

    whole = load(root / "studies/flexibility").canonical()
    again = Study.model_validate(_said(json.loads(json.dumps(whole))))
    assert again.canonical()["layers"] == whole["layers"]


@pytest.mark.slow
@pytest.mark.workflow
@pytest.mark.parametrize("name", PRACTICE)
def test_a_study_answers(name: str, root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "studies", tmp_path / "studies", ignore=shutil.ignore_patterns("__pycache__", "utility"))
    known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")} | {"PYTHONPATH": str(root)}
    words = [sys.executable, "-m", "dtl.cli", "run", name]
    done = subprocess.run(words, cwd=tmp_path, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert PRACTICE[name].lower() in done.stdout.lower()
    assert (tmp_path / f"results/{name}/www/index.html").is_file()
