"""Every flow that we compute from voltages equals what the engine says about the element itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dss import dss as engine_api
from power_cases import LIMITS, demand_of

from dtl.demand.calendar import Calendar
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import engine, head, names
from dtl.powerflow.flows import FlowMeter, Flows
from dtl.powerflow.limits import ratings
from dtl.powerflow.opendss import Block, Year
from dtl.powerflow.reduce import Reduction

HOURS = (0, 1, 7, 18, 19, 4122, 4123, 8759)


class Readings:
    """The element that the engine holds now, read one by one."""

    def __init__(self, full_name: str) -> None:
        circuit = engine_api.ActiveCircuit
        assert circuit.SetActiveElement(full_name) >= 0, full_name
        element = circuit.ActiveCktElement
        conductors, terminals = element.NumConductors, element.NumTerminals
        self.phases = element.NumPhases
        self.powers = np.asarray(element.Powers).view(complex).reshape(terminals, conductors)
        self.currents = np.abs(np.asarray(element.Currents).view(complex).reshape(terminals, conductors))
        self.loss_kw = np.asarray(element.Losses)[0] / 1e3
        self.normal_a = element.NormalAmps


ROUNDING = 3e-8
"""What the admittance of a closed switch makes of the last digits of its voltages, part of the power through it."""


def hours_one_by_one(feeder: Feeder, **settings: bool) -> list[tuple[FlowMeter, Year, Block, Flows]]:
    view = head.view(feeder)
    year = Year(feeder, demand_of(feeder), **settings)
    meter = FlowMeter(year.feeder, year.circuit, view)
    for hour in HOURS:
        (block,) = year.blocks([hour])
        yield meter, year, block, meter.flows(block)


@pytest.mark.parametrize("active", [True, False], ids=["controls", "frozen"])
def test_currents_powers_and_losses_equal_the_engines(feeder: Feeder, active: bool) -> None:
    fed, _ = head.served(feeder)
    view = head.view(fed)
    for meter, year, _, flows in hours_one_by_one(fed, controls_active=active):
        for i, (kind, name) in enumerate(year.circuit.elements):
            read = Readings(names.element(kind, name))
            size = max(4e-6, ROUNDING * float(np.abs(read.powers).max()))
            assert flows.loss_kw[i, 0] == pytest.approx(read.loss_kw, abs=size), (kind, name)
        for i, element in enumerate(meter.series):
            key = year.circuit.elements[element]
            read = Readings(names.element(*key))
            size = max(4e-6, ROUNDING * float(np.abs(read.powers).max()))
            assert flows.amps[i, 0] == pytest.approx(read.currents[0, : read.phases].max(), rel=1e-7, abs=1e-6), key
            assert abs(flows.kw[i, 0] + 1j * flows.kvar[i, 0] - read.powers[view.head_end[key]].sum()) < size, key


def test_loads_and_sources_equal_the_engines(feeder: Feeder) -> None:
    fed, _ = head.served(feeder)
    for _, year, block, flows in hours_one_by_one(fed):
        loads = [Readings(names.element("load", p.name)).powers.sum() for p in fed.loads if p.enabled]
        np.testing.assert_allclose(block.load_kva[:, 0], loads, rtol=1e-12)
        total = -np.asarray(engine_api.ActiveCircuit.TotalPower).view(complex)[0]
        loss = np.asarray(engine_api.ActiveCircuit.Losses)[0] / 1e3
        shunts = [i for i, (kind, _) in enumerate(year.circuit.elements) if kind in ("capacitor", "reactor")]
        ours = flows.loss_kw.sum() - flows.loss_kw[shunts].sum()  # the engine's total leaves shunts out
        assert ours == pytest.approx(loss, rel=1e-8, abs=ROUNDING * abs(total))
        reduction = Reduction(year.feeder, year.circuit, head.view(fed), Calendar(), _spec(), 1.0)
        reduction.add(block, year.repeat)
        source = reduction.hourly["source_kw"][0][0, 0] + 1j * reduction.hourly["source_kvar"][0][0, 0]
        assert source == pytest.approx(total, rel=1e-9)


def test_power_that_does_not_add_up_is_told_in_kw_with_the_stiffest_part(mixed: Feeder) -> None:
    fed, _ = head.served(mixed)
    _, year, block, _ = next(iter(hours_one_by_one(fed)))
    wrong = replace(block, load_kva=block.load_kva + np.where(np.arange(len(block.load_kva)) == 0, 5.0, 0.0)[:, None])
    reduction = Reduction(year.feeder, year.circuit, head.view(fed), Calendar(), _spec(), 1.0)
    with pytest.raises(SolveError, match=r"the 5 kW between them are .* its stiffest part, ") as told:
        reduction.add(wrong, lambda *_: None)
    series = [key for key in year.circuit.elements if key[0] in ("line", "switch", "transformer")]
    stiff = {f"{kind} {name}": _own_power(names.element(kind, name)) for kind, name in series}
    assert str(told.value).endswith(f"stiffest part, {max(stiff, key=stiff.__getitem__)}")


def _own_power(full_name: str) -> float:
    """The largest product of an own admittance and its voltage squared that the engine holds for an element."""
    circuit = engine_api.ActiveCircuit
    assert circuit.SetActiveElement(full_name) >= 0, full_name
    element = circuit.ActiveCktElement
    volts = np.abs(np.asarray(element.Voltages).view(complex))
    own = np.abs(np.asarray(element.Yprim).view(complex).reshape(len(volts), len(volts)).diagonal())
    return float((own * volts**2).max())


def _spec() -> dict[str, object]:
    return {"limits": LIMITS, "secondary": {"drop_pct": 0.0}}


def test_loading_equals_the_engines_per_cent_of_normal(feeder: Feeder) -> None:
    fed, _ = head.served(feeder)
    checked = 0
    for meter, year, _, flows in hours_one_by_one(fed):
        keys = [year.circuit.elements[e] for e in meter.series]
        rated = ratings(fed, keys, LIMITS, 1.0)
        pct = flows.amps[:, 0] * 100.0 / (rated.seasons[0] * rated.amps_per_unit)
        delivery = engine_api.ActiveCircuit.PDElements
        theirs = dict(zip([n.lower() for n in delivery.AllNames], delivery.AllPctNorm(), strict=True))
        for i, key in enumerate(keys):
            if np.isfinite(rated.seasons[0, i]):
                checked += 1
                assert pct[i] == pytest.approx(theirs[names.element(*key)], rel=1e-6, abs=1e-6), key
    assert checked


def test_no_load_losses_equal_the_engines(feeder: Feeder) -> None:
    fed, _ = head.served(feeder)
    cored = [t for t in fed.transformers if t.no_load_loss_pct > 0]
    if not cored:
        pytest.skip("no transformer of this feeder has no-load losses")
    for _, _, _, flows in hours_one_by_one(fed):
        transformers = engine_api.ActiveCircuit.Transformers
        for ours, part in zip(flows.no_load_kw[:, 0], cored, strict=True):
            transformers.Name = names.spelled(part.name)
            theirs = np.asarray(transformers.LossesByType).reshape(-1, 2)[2, 0] / 1e3
            assert ours == pytest.approx(theirs, rel=1e-9), part.name


def test_the_cores_of_a_regulated_transformer_follow_its_tap(mixed: Feeder) -> None:
    cored = tuple(t.model_copy(update={"no_load_loss_pct": 0.4}) if t.name == "reg" else t for t in mixed.transformers)
    feeder, _ = head.served(mixed.model_copy(update={"transformers": cored}))
    seen = set()
    for meter, year, block, flows in hours_one_by_one(feeder):
        row = [year.circuit.elements[e] for e in meter.no_load].index(("transformer", "reg"))
        transformers = engine_api.ActiveCircuit.Transformers
        transformers.Name = "reg"
        theirs = np.asarray(transformers.LossesByType).reshape(-1, 2)[2, 0] / 1e3
        assert flows.no_load_kw[row, 0] == pytest.approx(theirs, rel=1e-9)
        seen.add(int(block.taps[0, 0]))
    assert len(seen) > 1


def test_positions_of_movers_are_those_of_their_hours(mixed: Feeder) -> None:
    """A whole block at once gives the flows of its hours one by one, although taps and steps moved in between."""
    fed, _ = head.served(mixed)
    hours = list(range(4100, 4172))
    demand = demand_of(fed, "commercial")
    year = Year(fed, demand)
    meter = FlowMeter(year.feeder, year.circuit, head.view(fed))
    (block,) = year.blocks(hours)
    together = meter.flows(block)
    assert len(np.unique(block.taps)) > 1
    assert len(np.unique(block.positions[[not len(m.regulators) for m in year.circuit.movers]])) > 1
    again = Year(fed, demand)
    meter = FlowMeter(again.feeder, again.circuit, head.view(fed))
    for column, hour in enumerate(hours):
        (one,) = again.blocks([hour])
        alone = meter.flows(one)
        np.testing.assert_allclose(together.amps[:, column], alone.amps[:, 0], rtol=1e-9, atol=1e-7)
        np.testing.assert_allclose(together.loss_kw[:, column], alone.loss_kw[:, 0], rtol=1e-9, atol=1e-7)


def test_engine_version_is_a_number() -> None:
    assert engine.version().count(".") == 2
