"""Decisions of engineers: files beside the study, read with all their mistakes, and no part of a number's question."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dtl.errors import SpecError
from dtl.spec.study import load
from dtl.workflow.slices import Slices

STUDY = """dtl: 1
title: A study
timezone: America/Chicago
feeders: [F1]
sources: {circuit: {kind: opendss, path: feeder.dss}}
network: {model: circuit}
"""
GOOD = "decision: defer\nwho: J. Doe\nwhy: waits for the survey\non: 2026-03-01\n"
ID = "anomaly-0123456789"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "studies" / "one"
    (folder / "decisions").mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY)
    (folder / "feeder.dss").write_text("clear\n")
    monkeypatch.chdir(tmp_path)
    return Path("studies/one")


def test_decisions_are_read_and_reach_the_pages_alone(study: Path) -> None:
    before = Slices(load(study))
    (study / "decisions" / f"{ID}.yaml").write_text(GOOD)
    found = load(study)
    assert found.decisions[ID].decision == "defer" and found.decisions[ID].on == date(2026, 3, 1)
    after = Slices(found)
    told = {"decision": "defer", "who": "J. Doe", "why": "waits for the survey", "on": "2026-03-01"}
    assert after.job("write_site").spec["decisions"] == {ID: told}
    for stage in ("merge_network", "gather", "learn"):
        assert after.job(stage).spec == before.job(stage).spec, stage


def test_every_mistake_names_its_file_and_line(study: Path) -> None:
    folder = study / "decisions"
    (folder / f"{ID}.yaml").write_text("decision: perhaps\nwho: J. Doe\nsince: today\n")
    (folder / "anomaly-9876543210.yaml").write_text("- accept\n")
    (folder / "growth.yaml").write_text(GOOD)
    (folder / "growth-0123456789.yml").write_text(GOOD)
    with pytest.raises(SpecError) as told:
        load(study)
    where = {(Path(m.file).name, m.line, m.slug) for m in told.value.mistakes}
    assert where == {
        (f"{ID}.yaml", 1, "spec.unknown-value"),
        (f"{ID}.yaml", 1, "spec.missing-word"),
        (f"{ID}.yaml", 3, "spec.unknown-word"),
        ("anomaly-9876543210.yaml", 1, "spec.wrong-shape"),
        ("growth.yaml", 1, "spec.bad-name"),
        ("growth-0123456789.yml", 1, "spec.bad-name"),
    }
    assert all(m.file.startswith("studies/one/decisions/") for m in told.value.mistakes)
