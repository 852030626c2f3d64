"""Wrong links of meters are found by voltages that OpenDSS solved, and right ones are left alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "bench"))
import meters as bench


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bool, bool, bool, float]]:
    work = tmp_path_factory.mktemp("refine")
    return bench.linked(bench.made(work, 77, "--meters", "100-130"), work)


def test_wrong_links_are_found(found: list[tuple[bool, bool, bool, float]]) -> None:
    told = bench.score(found)
    assert told["wrong"] >= 5, "the synthetic utility plants some"
    assert told["precision"] >= 0.9 and told["recall"] >= 0.3
    assert told["after"] >= told["before"], "never below the record"
    assert told["ece"] <= 0.05


def test_who_is_sure_is_right(found: list[tuple[bool, bool, bool, float]]) -> None:
    sure = [now for _, now, _, confidence in found if confidence >= 0.9]
    assert len(sure) > 0.8 * len(found) and sum(sure) >= 0.95 * len(sure)
