"""The difference to another study at a tag: what the page gets, and what it says where there is nothing to compare."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dtl import tables
from dtl.errors import StoreError
from dtl.workflow import also, diff, revisions
from dtl.workflow.revisions import Planned


def row(case: str, value: float, *, element: str = "") -> dict[str, Any]:
    level = (
        {"level": "element", "kind": "line", "metric": "max_load_pct"} if element else {"level": "study", "kind": ""}
    )
    metric = {"metric": "max_line_load_pct"} | level
    same = {"scenario": "base", "year": 0, "case": case, "analysis": "thermal", "text": "", "hour": 3, "limit": 100.0}
    return {**same, "feeder": "f" if element else "", "element": element, "value": value, "rule": "", **metric}


SOLVED = row("base", 1.0, element="") | {"level": "feeder", "feeder": "f", "metric": "solved", "analysis": "status"}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A study whose cube is in place, that names itself at a tag; Git and the store are not asked."""
    monkeypatch.chdir(tmp_path)
    for path, load in (("results/s/cube.parquet", 120.0), ("old.parquet", 90.0)):
        rows = [SOLVED, row("base", load), *([row("base", load, element="l1")] if load > 100 else [])]
        tables.write("cube", tables.frame("cube", rows), Path(path))
    monkeypatch.setattr(revisions, "at", lambda tag, names, _: {n: Planned(n, tag, "c") for n in names if n == "s"})
    monkeypatch.setattr(diff, "cube_of", lambda *_: Path("old.parquet"))
    return lambda other: SimpleNamespace(
        name="s", analyses=SimpleNamespace(compare=SimpleNamespace(also=SimpleNamespace(study=other, tag="v1")))
    )


def test_the_page_has_what_dtl_diff_says(study: Any) -> None:
    found = also.told(study("s"))
    assert found is not None and found["note"] == ""
    assert (found["before"], found["after"]) == ("s at v1", "s")
    assert found["summary"] == "1 violation new."
    titles = [t["title"] for t in found["tables"]]
    assert titles[0] == "top 1 assets by change" and "figures of the study" in titles
    head, first = found["tables"][0]["rows"]
    assert head[0] == "asset" and first[:4] == ["f line l1", "overload", "base", "new"]


def test_what_cannot_be_compared_says_why(study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = also.told(study("gone"))
    assert found is not None and found["note"] == "there is no study gone at v1" and found["tables"] == []

    def refuse(*_: Any) -> Path:
        raise StoreError("3 answers are not in the store; compute them: dtl run s")

    monkeypatch.setattr(diff, "cube_of", refuse)
    told = also.told(study("s"))
    assert told is not None and "compute them: dtl run s" in told["note"]


def test_a_study_that_names_none_is_asked_nothing() -> None:
    assert also.told(SimpleNamespace(analyses=SimpleNamespace(compare=None))) is None  # type: ignore[arg-type]
