"""The engines of balanced feeders: the sweep and Newton-Raphson against OpenDSS, and what they refuse and say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from power_cases import demand_of, solve_spec

from dtl.demand.calendar import HOURS, Calendar
from dtl.errors import SolveError
from dtl.network.feeder import (
    Bus,
    Capacitor,
    Feeder,
    Generator,
    Line,
    LineCode,
    Load,
    Source,
    Switch,
    Transformer,
    Winding,
)
from dtl.powerflow import newton
from dtl.powerflow.solve import Solved, run

ALL = (1, 2, 3)
SOME = list(range(0, HOURS, 73))


def code(name: str, *values: tuple[float, float]) -> LineCode:
    """Resistance, reactance and capacitance, each with its own and its mutual value."""
    r, x, c = ([[own if i == j else mutual for j in range(3)] for i in range(3)] for own, mutual in values)
    return LineCode(name=name, r_ohm_per_km=r, x_ohm_per_km=x, c_nf_per_km=c)


def line(name: str, a: str, b: str, km: float, code: str = "mv") -> Line:
    return Line(name=name, from_bus=a, to_bus=b, from_nodes=ALL, to_nodes=ALL, length_km=km, line_code=code)


@pytest.fixture
def town() -> Feeder:
    """A feeder of two voltages: 20 kV with a capacitor, a transformer with a tap and a core, 0.4 kV with a plant."""
    windings = (
        Winding(bus="m2", nodes=ALL, connection="delta", kv=20.0, kva=400, r_pct=0.6, tap_pu=1.025),
        Winding(bus="v1", nodes=(1, 2, 3, 0), connection="wye", kv=0.4, kva=400, r_pct=0.6),
    )
    rated = {"nodes": (1, 2, 3, 0), "phases": 3, "kv": 0.4, "min_pu": 0.8, "max_pu": 1.2}
    return Feeder(
        id="town",
        feeders=("town",),
        frequency_hz=50.0,
        sources=(Source(name="head", bus="m1", kv_ll=20.0, pu=1.02, r1_ohm=0.3, x1_ohm=1.5, r0_ohm=0.3, x0_ohm=1.5),),
        buses=(
            *(Bus(name=b, nodes=ALL, kv_ln=20.0 / 3**0.5) for b in ("m1", "m2", "m3")),
            *(Bus(name=b, nodes=ALL, kv_ln=0.4 / 3**0.5) for b in ("v1", "v2", "v3")),
        ),
        line_codes=(
            code("lv", (0.4, 0.1), (0.3, 0.1), (0.0, 0.0)),
            code("mv", (0.5, 0.1), (0.6, 0.2), (200.0, -9.0)),
        ),
        lines=(
            line("l1", "m1", "m2", 6.0), line("l2", "m2", "m3", 3.0),
            line("l3", "v1", "v2", 0.2, "lv"), line("l4", "v2", "v3", 0.1, "lv"),
        ),
        switches=(Switch(name="tie", from_bus="v1", to_bus="v3", from_nodes=ALL, to_nodes=ALL, closed=(False,) * 3),),
        transformers=(
            Transformer(name="t", phases=3, windings=windings, xhl_pct=4.0, no_load_loss_pct=0.2, magnetizing_pct=0.8),
        ),
        capacitors=(
            Capacitor(name="c", bus="m3", nodes=ALL, phases=3, kv=20.0, kvar=(300.0, 300.0), steps_on=(True, False)),
        ),
        loads=(
            Load(name="big", bus="m3", kw=1500, kvar=500, **rated | {"nodes": ALL, "connection": "delta", "kv": 20.0}),
            Load(name="far", bus="v3", kw=60, kvar=15, **rated),
            Load(name="near", bus="v2", kw=80, kvar=20, **rated),
        ),
        generators=(Generator(name="roof", bus="v3", kw=40, kvar=-5, kva=60, **rated),),
    )  # fmt: skip


def closed(town: Feeder) -> Feeder:
    """The same with its tie closed: a ring at 0.4 kV."""
    return town.model_copy(update={"switches": (town.switches[0].model_copy(update={"closed": ()}),)})


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
