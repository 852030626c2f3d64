"""The file of profiles: which column a load follows, in which unit, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtl.demand.base import Given, base_demand
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.profiles import stepped
from dtl.errors import SolveError
from dtl.spec.load_profiles import ProfilesError, profiles
from tests.demand.test_base_demand import YEAR, ZONE, feeder, given


def write(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "profiles.csv"
    path.write_text("# a note\n" + "\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def follow(folder: Path, path: Path, *origins: str) -> tuple[Any, dict[str, Any]]:
    other = given(folder, lambda _: 1.0)
    asked = {"from": list(origins or ("profile",)), "shape": "residential", "power_factor": {}}
    return base_demand(
        feeder(), asked, Calendar(YEAR), ZONE, None, Given(other.meters, other.readings, other.scada, path), 0.0
    )


def test_the_closest_column_counts_and_each_unit_means_what_it_says(tmp_path: Path) -> None:
    rows = [f"{h},{0.1 * h:.1f},{6 if h < 12 else 12},3" for h in range(24)]
    path = write(tmp_path, "hour,Load:L1,Feeder:F kw,all", *rows)
    found, told = follow(tmp_path, path)
    assert found.kw("l1")[:24] == pytest.approx(10.0 * 0.1 * np.arange(24), abs=1e-5), "multiples of the model's 10 kW"
    assert found.kw("l2")[:24] == pytest.approx([3.0] * 12 + [6.0] * 12), "half of the feeder's kW, by the model's kW"
    assert found.kw("l2")[24 * 364 :] == pytest.approx(found.kw("l2")[:24]), "a day is repeated"
    assert told["profile"] == {"load:l1": 1, "feeder:f": 1, "all": 0}, "a column that nothing follows is told"
    assert found.drives["l1"].kvar / found.drives["l1"].kw == pytest.approx(0.2), "the model's power factor"


def test_a_class_in_kw_is_of_one_customer_and_a_year_may_have_finer_steps(tmp_path: Path) -> None:
    values = np.tile([1.0, 3.0], HOURS)
    path = write(tmp_path, "class:residential kw", *(f"{v:g}" for v in values))
    found, _ = follow(tmp_path, path)
    assert found.kw("l1") == pytest.approx(np.full(HOURS, 4.0)), "two customers of 2 kW, the mean of both half hours"


@pytest.mark.parametrize(("per_day", "step"), [(24, 15), (96, 15), (96, 30), (144, 15), (48, 5)])
def test_profiles_of_any_step_keep_their_energy_in_steps_of_any_length(tmp_path: Path, per_day: int, step: int) -> None:
    rng = np.random.default_rng(3)
    path = write(tmp_path, "load:L1 kw", *(f"{v:.3f}" for v in rng.uniform(0.0, 5.0, per_day * 365)))
    (column,) = profiles(path)
    fine, hour = stepped(column, step), stepped(column)
    assert len(fine) == HOURS * 60 // step
    assert fine.reshape(HOURS, -1).mean(axis=1) == pytest.approx(hour, rel=1e-12)
    assert fine.sum() * step / 60 == pytest.approx(sum(column.values) * 24 / per_day, rel=1e-12)
    if per_day * step == 24 * 60:
        assert fine == pytest.approx(np.array(column.values), rel=1e-15), (
            "what has the step of the study is taken as it is"
        )


def test_a_transformer_that_no_column_names_takes_the_next_origin(tmp_path: Path) -> None:
    path = write(tmp_path, "transformer:T1 kw", *["7"] * 24)
    found, told = follow(tmp_path, path, "profile", "model_loads")
    assert found.kw("l1") == pytest.approx(np.full(HOURS, 7.0))
    assert found.drives["l2"].basis == "model_loads"
    assert told["kwh"]["profile"] == pytest.approx(7.0 * HOURS)


def test_every_mistake_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "class:residential,clas:x,all kw,feeder:", "1,2,3,4", "1,a,3,4", "1,2")
    with pytest.raises(ProfilesError) as told:
        profiles(path)
    text = str(told.value)
    assert ":4: clas:x: 'a' is no number" in text and ":5: has 2 cells, and the header 4" in text
    assert "'clas:x' is no column of profiles" in text and "did you mean 'class'?" in text
    assert (
        "'all kw': a column that many follow holds multiples" in text and "the name behind the colon is missing" in text
    )
    assert ": has 2 rows; a year has 8760" in text
    with pytest.raises(SolveError, match=r"profiles.csv:4: clas:x"):
        follow(tmp_path, path)


def test_a_leap_year_loses_its_29_february(tmp_path: Path) -> None:
    path = write(tmp_path, "all", *(f"{d}" for d in range(366) for _ in range(24)))
    found, _ = follow(tmp_path, path)
    assert found.kw("l1")[59 * 24] == pytest.approx(600.0), "day 60 of the file is 1 March"
