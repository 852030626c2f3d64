"""Wrong links of meters are found by voltages that OpenDSS solved, and right ones are left alone."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtl import tables
from dtl.network.feeder import Feeder
from dtl.network.refine import refine

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


def judged(
    folder: Path, days: int, minutes: tuple[int, int], *, sure: float = 0.95, stuck: tuple[int, ...] = ()
) -> list[dict[str, Any]]:
    """Six meters below two transformers after refining, the last one recorded below the wrong one.

    The meters of the first transformer, and those of the second, have intervals of so many `minutes`. All are as `sure`
    as told, and the voltages of those that are `stuck` stay the same from the second day on.
    """
    rng = np.random.default_rng(3)
    start = datetime(2025, 6, 1, tzinfo=UTC)
    quarters = days * 96
    common = np.cumsum(rng.normal(0.0, 0.1, quarters))
    volts = [120.0 + common - np.abs(rng.normal(0.0, 1.0, quarters)) for _ in range(2)]
    empty = {c.name: "" for c in tables.TABLES["meters"].columns if not c.null}
    about = {"feeder": "f", "basis": "record", "confidence": sure, "band": "high"}
    meters, readings = [], []
    for k, (unit, recorded) in enumerate([(0, 0)] * 3 + [(1, 1)] * 2 + [(1, 0)]):
        meters.append(empty | about | {"meter": f"m{k}", "transformer": f"t{recorded}"})
        each = minutes[unit] // 15
        own = (volts[unit] + rng.normal(0.0, 0.1, quarters)).reshape(-1, each).mean(axis=1)
        if k in stuck:
            own[24:] = 121.0
        readings += [
            {"meter": f"m{k}", "start": start + timedelta(minutes=minutes[unit] * i), "interval_min": minutes[unit],
             "volts": v, "flag": "measured"}
            for i, v in enumerate(own.tolist())
        ]  # fmt: skip
    tables.write("readings", tables.frame("readings", readings), folder / "readings.parquet")
    feeder = Feeder(id="f", feeders=("f",))
    after = refine(tables.frame("meters", meters), folder / "readings.parquet", feeder, {"max_distance_m": 120.0})
    return list(after.to_pylist())


@pytest.mark.parametrize(("days", "minutes"), [(10, (15, 15)), (10, (60, 60)), (10, (15, 60)), (10, (30, 15))])
def test_a_week_of_volts_judges_whatever_the_intervals(tmp_path: Path, days: int, minutes: tuple[int, int]) -> None:
    found = judged(tmp_path, days, minutes)
    assert [row["basis"] for row in found] == ["record"] * 5 + ["voltage"]
    assert [row["confidence"] for row in found[:5]] == [0.99] * 5


def test_less_than_a_week_judges_nothing_however_short_the_intervals(tmp_path: Path) -> None:
    assert [row["basis"] for row in judged(tmp_path, 5, (15, 15))] == ["record"] * 6


def test_meters_that_move_together_do_not_confirm_a_transformer_that_all_of_them_doubt(tmp_path: Path) -> None:
    """Those of two exchanged transformers, say, whose records the connectivity speaks against."""
    found = judged(tmp_path, 10, (60, 60), sure=0.7)
    assert [(row["confidence"], row["band"]) for row in found[:5]] == [(0.7, "medium")] * 5


def test_a_voltage_that_is_stuck_tells_nothing(tmp_path: Path) -> None:
    """Two such meters agree with each other, whatever their transformer."""
    found = judged(tmp_path, 10, (60, 60), stuck=(0, 5))
    assert [row["basis"] for row in found] == ["record"] * 6
    assert [row["confidence"] for row in found] == [0.95, 0.99, 0.99, 0.99, 0.99, 0.95]
