"""The study of delivered grids is well-formed, and its files are small grids of our own."""

from __future__ import annotations

from pathlib import Path

from dtl.spec.study import load

INBOX = Path(__file__).resolve().parents[2] / "studies" / "inbox"


def test_the_inbox_is_a_study_of_one_grid_per_file() -> None:
    study = load(INBOX)
    files = study.sources["inbox"].files(INBOX)
    assert sorted(p.stem for p in files) == ["dach", "klein"]
    assert study.analyses.compliance is not None and study.analyses.compliance.redispatch
    assert sum(p.stat().st_size for p in files) < 20_000
