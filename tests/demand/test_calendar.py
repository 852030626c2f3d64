from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from dtl.demand.calendar import HOURS, Calendar

CHICAGO = "America/Chicago"


def test_a_year_has_8760_hours_whatever_the_year() -> None:
    for year in (2023, 2024, 2025):
        calendar = Calendar(year)
        for values in (calendar.month, calendar.hour, calendar.day, calendar.weekday):
            assert len(values) == HOURS
        starts = [calendar.start(i) for i in range(HOURS)]
        assert [calendar.index(s) for s in starts] == list(range(HOURS))
        assert calendar.month.tolist() == [s.month for s in starts]
        assert calendar.weekday.tolist() == [s.weekday() for s in starts]
        assert not any((s.month, s.day) == (2, 29) for s in starts)


def test_the_dropped_day_has_no_hour() -> None:
    with pytest.raises(ValueError, match="2024-02-29 05:00 is no hour of the study year 2024"):
        Calendar(2024).index(datetime(2024, 2, 29, 5))


def test_civil_time_is_an_hour_ahead_in_summer() -> None:
    calendar = Calendar(2025)
    noon = calendar.index(datetime(2025, 7, 1, 12))
    assert calendar.civil(noon, CHICAGO).hour == 13
    assert calendar.index_of_civil(datetime(2025, 7, 1, 13), CHICAGO) == noon
    winter = calendar.index(datetime(2025, 1, 5, 12))
    assert calendar.index_of_civil(datetime(2025, 1, 5, 12), CHICAGO) == winter


def test_the_two_odd_hours_of_the_clock() -> None:
    calendar = Calendar(2025)
    with pytest.raises(ValueError, match="does not exist in America/Chicago"):
        calendar.index_of_civil(datetime(2025, 3, 9, 2, 30), CHICAGO)
    first = calendar.index_of_civil(datetime(2025, 11, 2, 1, 30), CHICAGO)
    assert first == calendar.index(datetime(2025, 11, 2, 0))
    assert calendar.civil(first + 1, CHICAGO).hour == 1


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Sydney", "Asia/Kolkata", "UTC", "Europe/Dublin"])
def test_civil_and_standard_invert_each_other(zone: str) -> None:
    calendar = Calendar(2025)
    hits = 0
    for i in range(24, HOURS - 24, 13):
        civil = calendar.civil(i, zone).replace(tzinfo=None)
        back = calendar.index_of_civil(civil, zone)
        assert back in (i, i - 1)  # the hour that occurs twice gives its first
        hits += back == i
    assert hits >= (HOURS - 48) // 13


def test_the_clock_runs_ahead_in_summer_only() -> None:
    calendar = Calendar(2025)
    ahead = (calendar.clock_hour(CHICAGO) - calendar.hour) % 24
    assert set(np.unique(ahead)) == {0.0, 1.0}
    assert ahead[calendar.month == 7].min() == 1.0
    assert ahead[calendar.month == 1].max() == 0.0
    sydney = (calendar.clock_hour("Australia/Sydney") - calendar.hour) % 24
    assert sydney[calendar.month == 1].min() == 1.0
    assert sydney[calendar.month == 7].max() == 0.0


@pytest.mark.parametrize("year", [2024, 2025])
@pytest.mark.parametrize("zone", [CHICAGO, "Australia/Lord_Howe", "Europe/Dublin", "Asia/Kolkata", "UTC"])
def test_the_clock_is_that_of_the_civil_noon_of_each_day(zone: str, year: int) -> None:
    calendar = Calendar(year)
    noons = [calendar.civil(24 * day + 12, zone) for day in range(365)]
    for _ in range(2):
        clock = calendar.clock_hour(zone)
        assert clock[12::24].tolist() == [noon.hour + noon.minute / 60 for noon in noons]
        clock[:] = -1.0
