"""The engines of balanced feeders: the sweep and Newton-Raphson against OpenDSS, and what they refuse and say."""

from __future__ import annotations

from typing import Any

import balanced_cases
import numpy as np
import pytest
from balanced_cases import closed
from power_cases import demand_of, solve_spec

from dtl.demand.calendar import HOURS, Calendar
from dtl.errors import NotConverged, SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import newton
from dtl.powerflow.balanced import balanced
from dtl.powerflow.balanced_year import radial_tree
from dtl.powerflow.radial import sweep
from dtl.powerflow.solve import Solved, run

SOME = list(range(0, HOURS, 73))


@pytest.fixture
def town() -> Feeder:
    return balanced_cases.town()


def solved(feeder: Feeder, engine: str) -> Solved:
    return run(feeder, demand_of(feeder), Calendar(), solve_spec(hours=SOME, engine=engine, controls="frozen"))


def assert_same(one: Solved, two: Solved) -> None:
    for column, rows in two.reduction.hourly.items():
        theirs, mine = (np.concatenate(r, axis=1) for r in (rows, one.reduction.hourly[column]))
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-4, err_msg=column)
    for name in ("kwh", "loss_kwh", "max_a", "hours_over"):
        theirs, mine = (getattr(s.reduction.loading, name) for s in (two, one))
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=1e-4, err_msg=name)


def test_the_sweep_solves_a_radial_feeder_of_two_voltages_as_opendss_does(town: Feeder) -> None:
    fast, slow = solved(town, "radial"), solved(town, "opendss")
    assert (fast.engine, slow.engine) == ("radial", "opendss"), fast.reason
    assert fast.audit is not None and fast.audit.max_dv_pu <= 1e-6
    assert fast.audit.radial_dv_pu is None, "its own opinion is no second one"
    assert fast.reason.startswith("radial: the study says so; ")
    assert_same(fast, slow)


def test_batch_on_it_has_the_sweep_as_second_opinion(town: Feeder) -> None:
    found = solved(town, "batch").audit
    assert found is not None and found.radial_dv_pu is not None and 0 < found.radial_dv_pu <= 1e-6
    ring = solved(closed(town), "batch").audit
    assert ring is not None and ring.radial_dv_pu is None


def test_newton_solves_the_ring_as_opendss_does(town: Feeder) -> None:
    pytest.importorskip("power_grid_model", reason="Newton-Raphson is that of power-grid-model")
    ring = closed(town)
    fast, slow = solved(ring, "newton"), solved(ring, "opendss")
    assert fast.engine == "newton", fast.reason
    assert fast.audit is not None and fast.audit.max_dv_pu <= 1e-6
    assert_same(fast, slow)


def test_newton_names_the_column_without_a_solution(town: Feeder) -> None:
    pytest.importorskip("power_grid_model", reason="Newton-Raphson is that of power-grid-model")
    model = balanced(closed(town))
    kw = np.zeros((len(model.buses), 3))
    kw[-1] = 10.0, 1e6, 20.0
    with pytest.raises(NotConverged, match="1 column has no solution, the first is 1: "):
        newton.solve(model, kw, 0.0 * kw, 1e-9)


def test_newton_beside_a_stiff_source(town: Feeder) -> None:
    """A source of 4e-5 ohm, as files of pandapower have: rounding alone moves voltages by 1e-9."""
    pytest.importorskip("power_grid_model", reason="Newton-Raphson is that of power-grid-model")
    source = town.sources[0].model_copy(update={"r1_ohm": 0.0, "x1_ohm": 4e-5, "r0_ohm": 0.0, "x0_ohm": 4e-5})
    model = balanced(town.model_copy(update={"sources": (source,)}))
    kw = np.random.default_rng(3).uniform(0.0, 30.0, (len(model.buses), 200))
    volts = newton.solve(model, kw, 0.3 * kw, 1e-9)
    swept = sweep(radial_tree(model), kw, 0.3 * kw, model.head_kv)
    assert np.abs(volts[1:] - swept[1:]).max() <= 1e-7 * model.head_kv


def test_an_hour_of_nearly_no_power_behind_an_ideal_source_is_a_solution(town: Feeder) -> None:
    """Net readings that pass zero: what rounding leaves at the source is milliwatts, and more than 1e-6 of nothing."""
    source = town.sources[0].model_copy(update={"r1_ohm": 0.0, "x1_ohm": 4e-6, "r0_ohm": 0.0, "x0_ohm": 4e-6})
    loads = tuple(p.model_copy(update={"kw": 1e-3, "kvar": 0.0}) for p in town.loads)
    still = {"sources": (source,), "loads": loads, "generators": (), "capacitors": ()}
    lossless = tuple(t.model_copy(update={"no_load_loss_pct": 0.0}) for t in town.transformers)
    found = solved(town.model_copy(update=still | {"transformers": lossless}), "opendss")
    assert found.engine == "opendss"


def test_what_is_refused_says_why_and_what_can(town: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(feeder: Feeder, engine: str) -> str:
        with pytest.raises(SolveError) as err:
            solved(feeder, engine)
        return str(err.value)

    text = refused(closed(town), "radial")
    assert text.startswith("engine radial cannot solve this feeder: ")
    assert "closes a loop; engine newton, opendss, batch or auto" in text
    one: dict[str, Any] = {"nodes": (1, 0), "phases": 1, "kv": 0.23}
    loads = tuple(p.model_copy(update=one) if p.name == "far" else p for p in town.loads)
    for engine in ("radial", "newton"):
        text = refused(town.model_copy(update={"loads": loads}), engine)
        assert "load far has not three phases; engine opendss, batch or auto" in text
    monkeypatch.setattr(newton, "find_spec", lambda _: None)
    assert "needs the package power-grid-model, which is not installed" in refused(closed(town), "newton")


def test_voltages_beyond_constant_power_go_to_opendss(town: Feeder) -> None:
    tight = tuple(p.model_copy(update={"min_pu": 0.99, "max_pu": 1.2}) for p in town.loads)
    found = solved(town.model_copy(update={"loads": tight}), "radial")
    assert found.engine == "opendss"
    assert "radial: radial was tried: hour " in found.reason and "within which its power is constant" in found.reason
