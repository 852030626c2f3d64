"""The sentence that names what is over its limit: from the elements of the cube, counted where they are many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import solved_cases as made

from dtl.report import facts, overloaded

CASES = [
    {"case": "base", "label": "base", "baseline": "base", "year": 0},
    {"case": "growth", "label": "growth", "baseline": "base", "year": 0},
]


def told(folder: Path, base: dict[str, Any], growth: dict[str, Any], hide: str = "") -> str:
    """The sentences of a feeder with these loadings [%] of lines and transformers in two cases; `hide` one of base."""
    accounts = {
        case: {
            kind: {n: {"pct": p, "at": 3, "over": [3] if p > 100 else []} for n, p in own.items()}
            for kind, own in of.items()
        }
        for case, of in (("base", base), ("growth", growth))
    }
    study = {"cases": [["base", "base", 0], ["growth", "growth", 0]], "feeders": {"f1": accounts}}
    cube = facts.load(made.run_study(folder, study))
    if hide:
        own = pc.and_(pc.equal(cube.table["element"], hide), pc.equal(cube.table["case"], "base"))
        cube = facts.Facts(cube.table.filter(pc.invert(own)))
    return overloaded.sentences(cube, CASES)


def test_what_is_over_today_is_named_the_most_loaded_first_and_what_comes_beside_it(tmp_path: Path) -> None:
    base = {"lines": {"l1": 110, "l2": 130, "l3": 90}, "transformers": {"t1": 99}}
    growth = {"lines": {"l1": 120, "l2": 140, "l3": 101}, "transformers": {"t1": 125}}
    assert told(tmp_path, base, growth) == (
        "Over their limit in base: lines l2 and l1 of f1. In growth also: transformer t1 of f1; line l3 of f1."
    )


def test_a_sound_baseline_is_said_and_many_are_counted(tmp_path: Path) -> None:
    base = {"lines": {f"l{n}": 50 for n in range(9)}, "transformers": {"t1": 60}}
    growth = {"lines": {f"l{n}": 110 + n for n in range(9)}, "transformers": {"t1": 130}}
    assert told(tmp_path, base, growth) == (
        "Over their limit in growth, and nothing in base: 9 lines and 1 transformer, first of all lines l8, l7, l6 "
        "and l5 of f1."
    )


def test_a_baseline_is_not_sound_where_a_copy_hides_what_is_over(tmp_path: Path) -> None:
    base = {"lines": {"l1": 50}, "transformers": {"t1": 130}}
    growth = {"lines": {"l1": 110}, "transformers": {"t1": 130}}
    assert told(tmp_path, base, growth, hide="t1") == "Over their limit in growth: line l1 of f1; transformer t1 of f1."


def test_nothing_is_said_where_nothing_is_over(tmp_path: Path) -> None:
    calm = {"lines": {"l1": 50}, "transformers": {"t1": 60}}
    assert told(tmp_path, calm, calm) == ""
