"""The curves of the grid codes, worked by hand, and that a damped inverter settles on its curve."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtl.powerflow.voltvar import (
    COS_PHI_P,
    VOLT_VAR,
    VOLT_WATT,
    Curve,
    active_kw,
    name_of,
    reactive_by_power_kvar,
    reactive_kvar,
    within_rating,
)
from dtl.spec.adoption import VoltVar


@pytest.mark.parametrize(
    ("name", "volts", "share"),
    [
        ("ieee_1547_a", 0.85, 0.25),
        ("ieee_1547_a", 0.96, 0.10),
        ("ieee_1547_a", 1.00, 0.0),
        ("ieee_1547_a", 1.05, -0.125),
        ("ieee_1547_a", 1.20, -0.25),
        ("ieee_1547_b", 0.92, 0.44),
        ("ieee_1547_b", 0.95, 0.22),
        ("ieee_1547_b", 1.01, 0.0),
        ("ieee_1547_b", 1.06, -0.44 * 4 / 6),
        ("ieee_1547_b", 1.08, -0.44),
        ("vde_4105_q_u", 0.93, 0.435890),
        ("vde_4105_q_u", 1.00, 0.0),
        ("vde_4105_q_u", 1.05, -0.217945),
        ("vde_4105_q_u_small", 1.07, -0.328684),
    ],
)
def test_reactive_power_by_voltage(name: str, volts: float, share: float) -> None:
    """10 kVA, 10 kW: the share is read off the points of the code."""
    assert reactive_kvar(VOLT_VAR[name], volts, 10.0, 10.0) == pytest.approx(10.0 * share, abs=5e-6)


def test_what_a_share_is_of() -> None:
    assert reactive_kvar(VOLT_VAR["ieee_1547_b"], 1.08, 5.0, 6.0) == pytest.approx(-0.44 * 6.0)
    assert reactive_kvar(VOLT_VAR["vde_4105_q_u"], 1.07, 5.0, 6.0) == pytest.approx(-0.435890 * 5.0, rel=1e-5)


def test_active_power_by_voltage() -> None:
    for name, least in (("ieee_1547", 0.2), ("ieee_1547_to_zero", 0.0)):
        volts = np.array([1.0, 1.06, 1.08, 1.10, 1.15])
        ceiling = 8.0 * np.array([1.0, 1.0, (1.0 + least) / 2, least, least])
        np.testing.assert_allclose(active_kw(VOLT_WATT[name], volts, 8.0, 8.0), ceiling)
        np.testing.assert_allclose(active_kw(VOLT_WATT[name], volts, 1.0, 8.0), np.minimum(1.0, ceiling))


def test_power_factor_by_power() -> None:
    """Nothing up to half power; cos phi 0.90 at full power takes 0.484322 of it, 0.95 at three quarters 0.328684."""
    kw = np.array([0.0, 5.0, 7.5, 10.0])
    wanted = [0.0, 0.0, -7.5 * 0.328684, -10.0 * 0.484322]
    np.testing.assert_allclose(reactive_by_power_kvar(COS_PHI_P["vde_4105_cos_phi_p"], kw, 10.0), wanted, atol=1e-5)
    small = COS_PHI_P["vde_4105_cos_phi_p_small"]
    assert reactive_by_power_kvar(small, 4.0, 4.0) == pytest.approx(-4.0 * 0.328684, abs=1e-5)
    assert reactive_by_power_kvar(COS_PHI_P["vde_4105_cos_phi_p"], -3.0, 10.0) == 0.0


def test_every_word_of_the_language_has_a_curve_by_size() -> None:
    words = set(get_args(VoltVar)) - {"fuzzy"}
    assert words == {name.removesuffix("_small") for name in VOLT_VAR | COS_PHI_P}
    assert name_of("vde_4105_q_u", 4.6, VOLT_VAR) == "vde_4105_q_u_small"
    assert name_of("vde_4105_q_u", 4.7, VOLT_VAR) == "vde_4105_q_u"
    assert name_of("ieee_1547_b", 2.0, VOLT_VAR) == "ieee_1547_b"


def test_every_setting_says_where_it_stands() -> None:
    for curves in (VOLT_VAR, VOLT_WATT, COS_PHI_P):
        for curve in curves.values():
            assert curve.code.split("-")[0] in ("IEEE 1547", "VDE")
            assert curve.clause and curve.confirmed_by == "none"


@given(st.floats(-12.0, 12.0), st.floats(-12.0, 12.0), st.floats(0.1, 10.0))
def test_an_inverter_never_exceeds_its_rating(kw: float, kvar: float, kva: float) -> None:
    for first in ("active", "reactive"):
        p, q = within_rating(kw, kvar, kva, first)  # type: ignore[arg-type]
        assert math.hypot(float(p), float(q)) <= kva * (1 + 1e-9)
        kept, asked = (p, kw) if first == "active" else (q, kvar)
        assert kept == pytest.approx(max(-kva, min(kva, asked)))


def test_reactive_power_never_rises_with_voltage() -> None:
    volts = np.linspace(0.8, 1.2, 401)
    for curve in VOLT_VAR.values():
        assert (np.diff(curve.at(volts)) <= 1e-15).all()


def test_points_that_fall_back_are_refused() -> None:
    with pytest.raises(ValueError, match="the points of a curve rise"):
        Curve(((1.0, 0.0), (0.9, 1.0)), "rated_kw", "ours", "none", 0.0)
