"""The fuzzy controller: its surface against another implementation and by hand, and its loop with the power flow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_inverters import KV, closed_form, steady, two_buses

from dtl.powerflow.batch import BatchYear
from dtl.powerflow.fuzzy import FUZZY, read, surface
from dtl.powerflow.inverters import settle
from dtl.powerflow.opendss import Year
from dtl.powerflow.voltvar import VOLT_VAR


@pytest.mark.parametrize(
    ("deviation_pu", "loading", "answer"),
    [
        (0.0075, 0.5, -0.144737),
        (0.02, 0.6, -0.310606),
        (0.04, 0.9, -0.790323),
        (-0.01, 0.8, 0.325),
        (0.05, 0.1, -0.524011),
        (0.015, 0.5, -0.25),
    ],
)
def test_the_surface_is_that_of_another_implementation(deviation_pu: float, loading: float, answer: float) -> None:
    """Centres of gravity by scikit-fuzzy 0.5.0 on 3,001 points, of the same sets and rules."""
    assert float(read(deviation_pu, loading)) == pytest.approx(answer, abs=1e-3)


def test_the_surface_is_odd_falls_and_saturates() -> None:
    found = surface()
    np.testing.assert_allclose(found, -found[::-1], atol=1e-12)
    assert (found[len(found) // 2] == 0.0).all()
    assert (np.diff(found, axis=0) <= 0.0).all()
    assert (np.diff(np.abs(found), axis=1) >= -0.06).all(), "more power, no weaker answer, but for the cuts of the sets"
    assert read([-0.5, -0.06, 0.06, 0.5], 1.0).tolist() == [1.0, 1.0, -1.0, -1.0]


def test_it_stays_within_the_code() -> None:
    pu, kw = np.meshgrid(np.linspace(0.8, 1.2, 81), np.linspace(0.0, 10.0, 21))
    for name, code in (("fuzzy", "vde_4105_q_u"), ("fuzzy_small", "vde_4105_q_u_small")):
        most = VOLT_VAR[code].points[0][1] * 10.0
        found = FUZZY[name].kvar(pu, kw, 10.0)
        assert np.abs(found).max() == pytest.approx(most)
    assert FUZZY["fuzzy"].kvar(1.1, 0.0, 0.0) == 0.0


@pytest.mark.parametrize("x_per_r", [0.2, 1.0, 5.0])
def test_both_engines_settle_on_the_surface(x_per_r: float) -> None:
    line = {"r_ohm": 0.25, "x_ohm": 0.25 * x_per_r}
    feeder = two_buses(30.0, 40.0, volt_var="fuzzy", rated_kw=30.0, **line)
    for year in (BatchYear(feeder, steady(feeder), tolerance=1e-10),
                 Year(feeder, steady(feeder), controls_active=False, tolerance=1e-10)):  # fmt: skip
        (block,) = year.blocks([1])
        pu = float(np.abs(block.voltages[year.circuit.node["b.1"], 0]) / (1e3 * KV / math.sqrt(3)))
        given = -block.generator_kva[0, 0]
        assert abs(given.imag) > 1.0
        assert pu == pytest.approx(closed_form(given.real, given.imag, **line), abs=1e-7)
        assert given.imag == pytest.approx(float(FUZZY["fuzzy"].kvar(pu, given.real, 30.0)), abs=1e-3)
        assert not year.control_limit_hits


@pytest.mark.parametrize("x_per_r", [0.2, 0.5, 1.0, 2.0, 5.0])
def test_the_loop_settles_in_twenty_steps(x_per_r: float) -> None:
    line = {"r_ohm": 0.25, "x_ohm": 0.25 * x_per_r}
    year = BatchYear(two_buses(30.0, 40.0, volt_var="fuzzy", rated_kw=30.0, **line), steady(two_buses(30.0, 40.0)))
    assert year.inverters is not None
    calls = []

    def volts(kw: np.ndarray, kvar: np.ndarray, columns: np.ndarray) -> np.ndarray:
        calls.append(columns)
        found = np.full((len(year.circuit.nodes), len(columns)), 0j)
        for column in range(len(columns)):
            pu = closed_form(float(kw[0, column]), float(kvar[0, column]), **line)
            for phase in range(3):
                turn = np.exp(-2j * np.pi * phase / 3)
                found[year.circuit.node[f"b.{phase + 1}"], column] = 1e3 * KV / math.sqrt(3) * pu * turn
        return found

    found = settle(year.inverters, np.full((1, 2), 30.0), volts, 1e-6)
    assert not found.hunting.any()
    assert len(calls) <= 20
