"""What a run says of itself, read off lines as Snakemake writes them."""

from __future__ import annotations

import io
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
