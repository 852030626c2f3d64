"""Scenarios to run next: the planted feeder, names that mean nothing, and text that a study accepts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from dtl.learning.recommend import Known, Standing, advise
from dtl.spec.study import load

STUDIES = Path(__file__).resolve().parents[2] / "studies"
PLANTED = [Standing("a", 0.98, 0.04), Standing("b", 0.5), Standing("c", 0.3, 0.01), Standing("d", 1.4)]
EMPTY = Known({"base": ()}, {}, 10, 2023)


def test_the_feeder_under_its_rating_that_grows_is_asked_with_cars_in_a_heatwave() -> None:
    found = advise(PLANTED, EMPTY, 10)
    first = [a for a in found[:3] if {"ev", "weather"} <= set(a.kinds)]
    assert first
    assert first[0].feeder.feeder == "a"


def test_a_feeder_far_beyond_its_limit_does_not_hide_those_near_theirs() -> None:
    lost = advise([*PLANTED[:3], Standing("lost", 4.2, 0.04)], EMPTY, 10)
    assert lost[0].feeder.feeder == "a"
    assert not advise([Standing("lost", 4.2, 0.04)], EMPTY, 10)


def test_names_of_feeders_change_nothing_but_names() -> None:
    turned = [Standing("zyxw"["abcd".index(f.feeder)], f.ratio, f.growth) for f in reversed(PLANTED)]
    one, other = advise(PLANTED, EMPTY, 10), advise(turned, EMPTY, 10)
    assert [a.stack for a in one] == [a.stack for a in other]
    assert [a.score for a in one] == pytest.approx([a.score for a in other])


def test_what_was_run_is_not_suggested_again() -> None:
    first = advise(PLANTED, EMPTY, 10)
    assert first
    for advice in first:
        layers = {name: {"kind": kind} for name, kind in zip(advice.stack, advice.kinds, strict=True)}
        known = Known({"base": (), "run": advice.stack}, layers, 10, 2023)
        assert set(advice.stack) not in [set(a.stack) for a in advise(PLANTED, known, 10)]


def test_without_weather_nothing_asks_for_it_and_far_from_limits_little_is_gained() -> None:
    dry = advise(PLANTED, Known({"base": ()}, {}, 0), 10)
    assert {k for a in dry for k in a.kinds} == {"ev"}
    far, near = advise([Standing("a", 0.2)], EMPTY, 1), advise([Standing("a", 0.95)], EMPTY, 1)
    assert not far or far[0].score < 1e-3 * near[0].score


@pytest.mark.parametrize("name", ["demo", "heatwave"])
def test_a_study_accepts_each_of_them(name: str, tmp_path: Path) -> None:
    study = load(STUDIES / name)
    layers = {n: {"kind": layer.kind} for n, layer in study.layers.items()}
    stacks = {n: s.stack for n, s in study.scenarios.items()}
    hottest = 2023 if name == "heatwave" else None
    found = advise(PLANTED, Known(stacks, layers, 10, hottest), 10)
    assert found
    folder = tmp_path / name
    shutil.copytree(STUDIES / name, folder)
    text = (STUDIES / name / "study.yaml").read_text(encoding="utf-8")
    for advice in found:
        words = yaml.safe_load(text)
        for section, entries in advice.snippet().items():
            assert not set(entries) & set(words[section])
            words[section] |= entries
        (folder / "study.yaml").write_text(yaml.safe_dump(words), encoding="utf-8")
        assert set(advice.snippet()["scenarios"]) <= set(load(folder).scenarios)
