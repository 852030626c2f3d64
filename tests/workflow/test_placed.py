"""What layers look for by name, judged over all feeders of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dtl import layout
from dtl.workflow.placed import _line, astray


def row(name: str, found: bool, *near: str, layer: str = "big") -> dict[str, Any]:
    return {"layer": layer, "what": "bus", "name": name, "found": found, "near": list(near)}


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def write(**groups: dict[str, Any]) -> list[str]:
        index = {"groups": {g: {"status": "ok", "feeders": [g]} for g in groups}}
        for path, value in [(layout.FEEDERS.format(study="s"), index)] + [
            (layout.MANIFEST.format(study="s", group=g), {"cases": {"base": told}}) for g, told in groups.items()
        ]:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(json.dumps(value), encoding="utf-8")
        return astray("s")

    return write


def test_what_one_feeder_has_is_in_order(said: Any) -> None:
    assert said(a={"sought": [row("645", True)]}, b={"sought": [row("645", False, "64")]}) == []
    assert said(a={}, b={"reason": ""}) == []


def test_what_no_feeder_has_is_told_with_the_nearest_name(said: Any) -> None:
    (line,) = said(a={"sought": [row("6455", False, "645")]}, b={"sought": [row("6455", False, "55", "64")]})
    assert line == "layer 'big': no feeder that was solved has a bus '6455'; did you mean '645' or '64'?"


def test_what_several_have_is_told_with_the_way_out(said: Any) -> None:
    (line,) = said(a={"sought": [row("645", True)]}, b={"sought": [row("645", True)]})
    assert "2 feeders have a bus '645' (a, b)" in line and line.endswith("write which, as a:645")


def test_a_choice_of_feeders_that_none_meets_is_told(said: Any) -> None:
    assert said(a={}) == []
    path = Path(layout.FEEDERS.format(study="s"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"unmet": ["substations: Nordside"]}), encoding="utf-8")
    assert astray("s") == ["feeders: no feeder of the sources meets 'substations: Nordside'"]


def test_a_class_may_be_in_many_feeders_and_must_be_in_one() -> None:
    key = ("farms", "load of the class", "farm")
    assert _line(key, ["a", "b"], set()) == "" == _line(key, ["a"], set())
    assert "no feeder that was solved has a load of the class 'farm'" in _line(key, [], {"farm_1"})


def test_a_case_that_failed_by_the_layer_has_told_it_already(said: Any) -> None:
    failed = {"reason": "layer 'big': bus '645' has phases BC and no A"}
    assert said(a=failed, b={"sought": [row("a:645", False)]}) == []
