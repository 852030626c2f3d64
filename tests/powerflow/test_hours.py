"""Which hours are judged: by words of the study, and by the load without layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from power_cases import demand_of, own

from dtl.demand.calendar import Calendar
from dtl.errors import SpecError
from dtl.powerflow.hours import chosen, net_kw, resolved
from dtl.spec.study import load

STUDY = """\
dtl: 1
title: Hours
timezone: America/Chicago
feeders: [a]
sources: {{dss: {{kind: opendss, path: a.dss}}}}
network: {{model: dss}}
powerflow: {words}
"""


def judged(folder: Path, words: str) -> Any:
    (folder / "study.yaml").write_text(STUDY.format(words=words))
    (folder / "a.dss").write_text("clear\n")
    return load(folder).powerflow.judged


def test_days_and_steps_are_hours_of_any_year(tmp_path: Path) -> None:
    assert judged(tmp_path, "{days: [2024-03-01, 2025-01-02], steps: [0, 18]}") == [24, 42, 59 * 24, 59 * 24 + 18]
    noon = judged(tmp_path, "{steps: [12]}")
    assert noon == list(range(12, 8760, 24))
    assert judged(tmp_path, "{days: [2025-12-31]}") == list(range(8736, 8760))
    assert judged(tmp_path, "{hours: {peak_days: 3}}") == {"peak_days": 3}
    assert judged(tmp_path, "{}") == "all"


@pytest.mark.parametrize("words", ["{hours: [1], days: [2025-01-01]}", "{days: [2024-02-29]}", "{steps: [24]}",
                                   "{steps: [3, 1]}", "{hours: {peak_days: 0}}"])  # fmt: skip
def test_words_that_mean_no_hours_are_refused(tmp_path: Path, words: str) -> None:
    with pytest.raises(SpecError):
        judged(tmp_path, words)


def test_peak_days_hold_the_highest_hours() -> None:
    feeder = own("mixed")
    demand, calendar = demand_of(feeder), Calendar(2025)
    net = net_kw(demand)
    found = chosen({"peak_days": 5}, demand, calendar)
    assert len(found) == 120 and (np.diff(found) > 0).all()
    peaks = net.reshape(-1, 24).max(axis=1)
    outside = np.setdiff1d(np.arange(365), found // 24)
    assert peaks[np.unique(found // 24)].min() >= peaks[outside].max()
    spec = {"hours": {"peak_days": 5}, "engine": "auto"}
    assert resolved(spec, demand, calendar) == {"hours": found.tolist(), "engine": "auto"}
    assert resolved(spec | {"hours": "all"}, demand, calendar)["hours"] == "all"


def test_hours_are_judged_in_all_their_steps_and_steps_of_a_day_alone(tmp_path: Path) -> None:
    feeder, quarters = own("mixed"), Calendar(2025, 15)
    demand = demand_of(feeder)
    assert judged(tmp_path, "{step_min: 15, days: [2025-01-02]}") == list(range(24, 48)), "a day is its hours"
    word = judged(tmp_path, "{step_min: 15, days: [2025-01-02, 2025-01-01], steps: [4, 74]}")
    assert word == {"steps": [4, 74, 100, 170]}
    assert resolved({"hours": word}, demand, quarters)["hours"] == [4, 74, 100, 170]
    assert resolved({"hours": [1, 8759]}, demand, quarters)["hours"] == [4, 5, 6, 7, 35036, 35037, 35038, 35039]
    with pytest.raises(SpecError, match="0 to 95"):
        judged(tmp_path, "{step_min: 15, steps: [96]}")
    assert quarters.hours_of(np.array([0, 3, 4, 35039])).tolist() == [0, 0, 1, 8759]
