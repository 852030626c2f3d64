from __future__ import annotations

import numpy as np
import pytest

from dtl.demand import shapes
from dtl.demand.calendar import Calendar

CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("residential", 0.40, 0.50), ("commercial", 0.50, 0.60), ("industrial", 0.66, 0.76), ("flat", 1.0, 1.0)],
)
def test_the_load_factor_is_that_of_the_class(name: str, low: float, high: float) -> None:
    values = shapes.shape(name, Calendar(2025), CHICAGO)
    assert values.dtype == np.float32
    assert values.shape == (8760,)
    assert values.max() == 1.0
    assert values.min() > 0.1
    assert low <= values.mean() <= high


def test_people_are_at_home_in_the_evening_and_at_work_by_day() -> None:
    calendar = Calendar(2025)
    hours = [(calendar.hour == h) & (calendar.weekday < 5) for h in range(24)]
    values = {name: shapes.shape(name, calendar, CHICAGO) for name in shapes.CLASSES}
    mean = {name: [of[hour].mean() for hour in hours] for name, of in values.items()}
    assert 17 <= int(np.argmax(mean["residential"])) <= 20
    assert 10 <= int(np.argmax(mean["commercial"])) <= 16
    assert mean["residential"][7] > mean["residential"][3]  # the morning peak
    assert max(mean["industrial"]) < 2 * min(mean["industrial"])


def test_weekends_are_quiet_at_work_and_busy_at_home() -> None:
    calendar = Calendar(2025)
    weekend = calendar.weekday >= 5
    for name, higher in (("residential", True), ("commercial", False), ("industrial", False)):
        values = shapes.shape(name, calendar, CHICAGO)
        assert (values[weekend].mean() > values[~weekend].mean()) is np.bool_(higher)


def test_the_peaks_follow_the_clock() -> None:
    calendar = Calendar(2025)
    values = shapes.shape("residential", calendar, CHICAGO)
    standard = shapes.shape("residential", calendar, "America/Regina")  # the same offset without daylight saving
    winter, summer = calendar.month == 1, calendar.month == 7
    np.testing.assert_allclose(values[winter] / standard[winter], (values[winter] / standard[winter])[0], rtol=1e-5)
    hour = {k: np.argmax([v[summer & (calendar.hour == h)].mean() for h in range(24)]) for k, v in
            (("clock", values), ("sun", standard))}  # fmt: skip
    assert hour["clock"] == hour["sun"] - 1


def test_one_weather_for_all_and_for_ever() -> None:
    calendar = Calendar(2025)
    again = shapes.shape("residential", calendar, CHICAGO)
    np.testing.assert_array_equal(again, shapes.shape("residential", calendar, CHICAGO))
    daily = again.reshape(365, 24)
    assert daily[180:240].mean() > daily[95:125].mean()
    assert float(again[4122]) == pytest.approx(0.95, abs=0.06)
