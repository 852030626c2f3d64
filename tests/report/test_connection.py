"""The answer to a request: whether the plant fits is decided by the hours of single elements, and told with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import solved_cases as made

from dtl.report import facts

PLANT = {"kind": "project", "at": "b9", "type": "pv", "kw": 500.0, "phases": "ABC"}
WORKS = {"kind": "upgrades", "do": []}
LOW = {"lines": {"l1": {"pct": 70, "at": 1}}, "kw": [100, 200]}


def case(**below: list[int]) -> dict[str, Any]:
    """An account with buses that are too low in some hours."""
    return LOW | {"buses": {name: {"low": 0.96, "at": hours[0], "below": hours} for name, hours in below.items()}}


def answer(
    folder: Path, stacks: dict[str, dict[str, Any]], accounts: dict[str, Any], years: tuple[int, ...] = ()
) -> str:
    """The answer of one feeder with scenarios of these layers; the baseline adds nothing."""
    stacks = {"base": {}, **stacks}
    study = {
        "cases": [[f"{s}@{y}" if y else s, s, y] for s in stacks for y in (years or (0,))],
        "feeders": {"f1": accounts},
        "definitions": {s: {"stack": sorted(layers), "layers": layers} for s, layers in stacks.items()},
    }
    return facts.load(made.run_study(folder, study)).answer()


def test_a_plant_that_makes_something_worse_does_not_fit_and_the_element_that_grows_most_says_why(
    tmp_path: Path,
) -> None:
    told = answer(
        tmp_path,
        {"ask": {"plant": PLANT}, "more": {"plant": PLANT, "works": WORKS}},
        {"base": case(b1=[0, 1], b2=[3]), "ask": case(b1=[0, 1, 2], b2=[3, 4, 5]), "more": case(b7=[0])},
    )
    assert told.startswith(
        "500 kW of photovoltaics at bus b9 cannot connect as asked: in ask bus b2 is too low in 3 hours instead of 1. "
        "It cannot with the works of the other scenarios either: in more bus b7 is too low in 1 hour and in none "
        "without it. "
    )


@pytest.mark.parametrize(
    ("works", "why"),
    [({}, "nothing is over a limit with it"), ({"b1": [0]}, "what is over a limit with it is so without")],
)
def test_works_that_make_it_fit_are_named(tmp_path: Path, works: dict[str, list[int]], why: str) -> None:
    told = answer(
        tmp_path,
        {"ask": {"plant": PLANT}, "more": {"plant": PLANT, "works": WORKS}},
        {"base": case(b1=[0, 1]), "ask": case(b1=[0, 1, 2]), "more": case(**works)},
    )
    assert f"It can as in more: {why}" in told


def test_a_plant_that_fits_asks_for_no_works(tmp_path: Path) -> None:
    same = case(b1=[0, 1])
    told = answer(tmp_path, {"ask": {"plant": PLANT}, "more": {"plant": PLANT, "works": WORKS}},
                  {"base": same, "ask": same, "more": case(b7=[0])})  # fmt: skip
    assert told.startswith(
        "500 kW of photovoltaics at bus b9 can connect as asked: what is over a limit with it is so "
    )
    assert "as in more" not in told


def test_it_must_fit_in_every_year(tmp_path: Path) -> None:
    accounts = {"base@2026": LOW, "base@2030": LOW, "ask@2026": LOW, "ask@2030": case(b1=[7])}
    assert "in ask@2030 bus b1 is too low" in answer(tmp_path, {"ask": {"plant": PLANT}}, accounts, (2026, 2030))


def test_a_study_that_has_scenarios_without_the_plant_is_of_no_request(tmp_path: Path) -> None:
    stacks = {"ask": {"plant": PLANT}, "grown": {"works": WORKS}}
    assert "connect" not in answer(tmp_path, stacks, {"base": LOW, "ask": case(b1=[0]), "grown": LOW})
