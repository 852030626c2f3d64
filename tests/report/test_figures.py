"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtl.report import figures


@pytest.mark.parametrize(
    ("value", "unit", "limit", "expected"),
    [
        (None, "kW", None, "–"),
        (1204.0, "h", None, "1,204 h"),
        (0.93812, "pu", 0.95, "0.938 pu"),
        (0.94996, "pu", 0.95, "0.94996 pu"),
        (0.95, "pu", 0.95, "0.950 pu"),
        (100.0004, "%", 100.0, "100.0004 %"),
        (134.2, "%", 100.0, "134 %"),
        (12.34, "%", None, "12.3 %"),
        (2.345, "%", None, "2.35 %"),
        (18_512_345.0, "kWh", None, "18.5 GWh"),
        (9_123.0, "kWh", None, "9.12 MWh"),
        (12_345.0, "kW", None, "12.3 MW"),
        (9_999.0, "kW", None, "9,999 kW"),
        (-0.0001, "", None, "0.0"),
        (3e-9, "kWh", None, "0 kWh"),
        (6e-7, "kWh", None, "0.000001 kWh"),
        (-3.5, "km", None, "−3.50 km"),
    ],
)
def test_number(value: float | None, unit: str, limit: float | None, expected: str) -> None:
    assert figures.text(value, unit, limit) == expected


def test_change_has_a_sign_and_per_cents_become_points() -> None:
    assert figures.change(26.51, "%") == "+26.5 pt"
    assert figures.change(-0.0161, "pu") == "−0.016 pu"
    assert figures.change(0, "") == "±0"
    assert figures.change(-0.0003, "pu") == "±0 pu" and figures.change(0.002, "%") == "±0 pt"


def test_length_in_the_units_of_the_study() -> None:
    assert figures.length(16.09344, "us") == "10.0 mi"
    assert figures.length(16.09344, "si") == "16.1 km"


@given(st.floats(0.5, 200), st.sampled_from([0.95, 1.05, 100.0, 120.0]), st.sampled_from(["%", "pu"]))
def test_a_value_beside_its_limit_never_looks_equal_to_it(value: float, limit: float, unit: str) -> None:
    shown = float(figures.shown(value, unit, limit)[0].replace(",", ""))
    assert abs(value - limit) < 5e-7 or shown != limit
