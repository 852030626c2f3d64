"""What a run says of itself, read off lines as Snakemake writes them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from dtl.workflow.progress import Progress


def test_stages_of_feeders_are_told_once_though_their_jobs_interleave(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = ["split_feeders", "prepare_feeder", "solve_feeder", "prepare_feeder", "assess_feeder", "solve_feeder"]
    jobs += ["assess_feeder", "gather"]
    lines = []
    for number, stage in enumerate(jobs, 1):
        lines += [f"rule {stage}:\n", f"Finished jobid: {number} (Rule: {stage})\n", f"{number} of {len(jobs)} steps\n"]
    log = io.StringIO()
    Progress(tmp_path / "progress.json").follow(lines, log)
    told = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert told == [
        ["split_feeders", "1"],
        ["prepare_feeder", "2"],
        ["solve_feeder", "2"],
        ["assess_feeder", "2"],
        ["gather", "1"],
    ]
    assert log.getvalue() == "".join(lines)
    assert '"done": 8' in (tmp_path / "progress.json").read_text()


def test_jobs_are_not_all_counted_before_the_first_of_a_group(tmp_path: Path) -> None:
    shown = Progress(tmp_path / "progress.json", more=True)
    shown.follow(["rule merge_network:\n", "1 of 5 steps\n"], io.StringIO())
    assert json.loads(shown.path.read_text())["more"]
    shown.follow(["rule prepare_feeder:\n", "2 of 9 steps\n"], io.StringIO())
    assert not json.loads(shown.path.read_text())["more"]
