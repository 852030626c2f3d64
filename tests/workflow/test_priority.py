"""The order of feeders: the worst of the last run first, unknown ones before the calm; nothing breaks for it."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dtl import layout, tables
from dtl.workflow.border import Border
from dtl.workflow.priority import of_group, ordered, priorities


def cube(path: Path) -> Path:
    rows = []
    for feeder, rank, bad in (("calm", 3, 0), ("worst", 1, 1), ("bad", 2, 1), ("calmest", 4, 0)):
        words = dict.fromkeys(("scenario", "analysis", "kind", "element", "text", "rule"), "")
        own = words | {"level": "feeder", "feeder": feeder, "year": 0}
        rows.append(own | {"case": "", "metric": "rank", "value": float(rank)})
        rows.append(own | {"case": "base", "metric": "rank", "value": 9.0 - rank})
        rows += [own | {"case": case, "metric": "violating", "value": v} for case, v in (("a", 0.0), ("b", float(bad)))]
    path.parent.mkdir(parents=True)
    tables.write("cube", tables.frame("cube", rows), path)
    return path


def test_worst_first_then_unknown_then_calm(tmp_path: Path) -> None:
    known = priorities(cube(tmp_path / "r" / "cube.parquet"))
    groups = ["new", "calmest", "calm", "bad", "worst", "calm+bad"]
    assert sorted(groups, key=lambda g: -of_group(g, known)) == ["worst", "bad", "calm+bad", "new", "calm", "calmest"]
    assert ordered({}, set()) == {}


def test_without_a_sound_cube_there_is_no_order(tmp_path: Path) -> None:
    assert priorities(tmp_path / "none.parquet") == {}
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    assert priorities(tmp_path / "broken.parquet") == {}


def test_rules_ask_the_border(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cube(Path(layout.CUBE.format(study="one")))
    border = Border("one")
    asked: Any = SimpleNamespace(study="one", group="worst")
    assert border.priority(asked) == 2
    asked.group = "never seen"
    assert border.priority(asked) == 0


def test_the_model_is_read_before_the_other_sources(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(root / "tests/cases/workflow/tiny", tmp_path / "studies/tiny")
    monkeypatch.chdir(tmp_path)
    border = Border("tiny")
    model, other = (cast(Any, SimpleNamespace(study="tiny", source=name)) for name in ("dss", "weather"))
    assert border.first(model) > border.first(other)
