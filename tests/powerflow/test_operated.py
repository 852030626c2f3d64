"""Switches that are operated at a time: who is without supply, who feeds whom, and what the power flow makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from power_cases import LIMITS, demand_of, own, solve_spec
from test_groups import group

from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder, Generator, Switch
from dtl.powerflow import results, solve
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.composition import composition
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

CASE = {"scenario": "s", "year": 2030, "case": "s@2030"}
CONTEXT = Context(2030, 2025, "America/Chicago")
MIXED = own("mixed")
BEHIND = ("lamps", "motor", "shop", "zip")
"""The loads behind the switch l1 of the case mixed."""
HOURS = list(range(4700, 4740))
OUT = slice(24 * 196 + 17 - 4700, 24 * 196 + 20 - 4700)
"""The places in HOURS of 16 July 18:00 to 21:00 on the clock."""
OPEN = {"at": "2030-07-16T18:00:00", "until": "2030-07-16T21:00:00", "open": "l1"}


def acted(*steps: dict[str, Any], feeder: Feeder = MIXED, demand: Demand | None = None, **more: Any) -> State:
    layers = [{"name": "work", "kind": "actions", "do": list(steps), "only_feeder": True}, *more.get("layers", ())]
    return compose(layers, feeder, demand or demand_of(feeder), CONTEXT)


def solved(state: State, hours: list[int] | None = None, **words: Any) -> solve.Solved:
    feeder, demand = realise(state)
    spec = solve_spec(limits=LIMITS, hours=hours or HOURS, **words)
    found = solve.run(feeder, demand, Calendar(), spec)
    assert found.reduction.balance_max_rel <= 1e-6
    return found


def hourly(found: solve.Solved) -> Any:
    return results.hourly(found.reduction, CASE).to_pandas()


@pytest.mark.parametrize("controls", ["active", "frozen"])
def test_what_hangs_on_an_open_switch_has_no_supply_and_comes_back(controls: str) -> None:
    state = acted(OPEN)
    opened, usual = (solved(s, controls=controls, engine="auto") for s in (state, acted()))
    assert opened.engine == "opendss" and "operated at a time" in opened.reason
    rows, same = hourly(opened), hourly(usual)
    before = [i for i in range(len(HOURS)) if i < OUT.start]
    for column in ("source_kw", "min_pu", "max_load_pct", "loss_kw"):
        np.testing.assert_allclose(rows[column][before], same[column][before], rtol=1e-6)
    demand = demand_of(MIXED)
    lost = sum(demand.kw(name)[HOURS] for name in BEHIND)
    assert (rows["load_kw"][OUT] < same["load_kw"][OUT] - 0.7 * lost[OUT]).all()
    assert (rows["min_pu"] > 0.8).all(), "what has no supply is not judged as low"
    np.testing.assert_allclose(rows["source_kw"].iloc[-5:], same["source_kw"].iloc[-5:], rtol=0.02)
    flows = results.powerflow(opened.reduction, CASE).to_pandas()
    assert (flows[flows["kind"] == "bus"]["min_pu"] > 0.8).all()
    reduction = opened.reduction
    row = reduction.series.index(("switch", "l1"))
    year = Year(*realise(state), controls_active=controls == "active")
    for block in year.blocks(HOURS):
        amps = reduction.meter.flows(block).amps[row]
        dead = np.isin(block.hours, np.array(HOURS)[OUT])
        assert (amps[dead] == 0.0).all() and (amps[~dead] > 1.0).all()
        behind = np.abs(block.voltages[year.circuit.node["lv.1"]])
        assert (behind[dead] == 0.0).all() and (behind[~dead] > 200.0).all()


def test_the_energy_not_served_is_told_and_taken_off_by_the_layer() -> None:
    state, demand = acted(OPEN), demand_of(MIXED)
    out = np.array(HOURS)[OUT]
    kwh = sum(demand.kw(name)[out].sum() for name in BEHIND)
    rows = composition(state, CONTEXT, CASE).to_pandas().groupby("layer")["kwh"].sum()
    assert rows["work"] == pytest.approx(-kwh, rel=1e-6)
    assert rows.sum() == pytest.approx(state.kw().sum(), rel=1e-9)
    told = {r["field"]: r["value"] for r in state.assumptions}
    assert told["energy not served"] == pytest.approx(kwh, rel=1e-6)
    assert told["loads without supply at some time"] == len(BEHIND)
    (note,) = state.notes
    assert "from 2030-07-16 18:00 to 2030-07-16 21:00 are 4 loads" in note
    driven = realise(state)[1]
    for name in BEHIND:
        assert (driven.kw(name)[out] == 0.0).all()
        np.testing.assert_array_equal(np.delete(driven.kw(name), out), np.delete(demand.kw(name), out))


def test_opened_and_closed_at_once_is_nothing() -> None:
    at = "2030-07-16T18:00:00"
    state = acted({"at": at, "open": "l1"}, {"at": at, "close": "l1"})
    assert state.operated is None
    (feeder, demand), (same, usual) = realise(state), realise(acted())
    assert feeder == same and demand.drives == usual.drives and demand.profiles.keys() == usual.profiles.keys()


def test_plants_without_supply_give_nothing() -> None:
    roofs = {"name": "roofs", "kind": "project", "at": "lv", "type": "pv", "kw": 60.0, "kva": 66.0, "phases": "ABC",
             "volt_var": "ieee_1547_b"}  # fmt: skip
    machine = Generator(name="old", bus="mill", nodes=(1, 2, 3), phases=3, kv=0.48, connection="delta", kw=15.0,
                        kvar=0.0, kva=20.0, min_pu=0.8, max_pu=1.2)  # fmt: skip
    feeder = MIXED.model_copy(update={"generators": (machine,)})
    noon = {"at": "2030-07-16T11:00:00", "until": "2030-07-16T14:00:00", "open": "l1"}
    state = acted(noon, feeder=feeder, layers=[roofs])
    given = hourly(solved(state))["generation_kw"].to_numpy()
    start = 24 * 196 + 10 - 4700
    assert (np.abs(given[start : start + 3]) < 1e-6).all()
    assert given[start - 1] > 15.0 and given[start + 3] > 15.0


@pytest.mark.parametrize(("at", "until"), [("07-16T12:00", "07-16T20:00"), ("07-16T19:00", "07-17T03:00"),
                                          ("01-01T00:00", "01-02T06:00"), ("12-30T09:00", "12-31T23:00")])  # fmt: skip
@pytest.mark.parametrize("mode", ["peak_shaving", "tariff"])
def test_batteries_stand_still_in_an_outage_and_never_give_what_they_do_not_hold(
    mode: str, at: str, until: str
) -> None:
    """Of customers and of the utility: what flows in less losses is what flows out and is held, step by step."""
    packs = {"name": "packs", "kind": "battery", "penetration": 1.0, "kw_each": 3.0, "kwh_each": 9.0, "mode": mode,
             "efficiency": 0.81}  # fmt: skip
    tou = {"name": "tou", "kind": "tariff", "peak_hours": [17, 21], "shift_share": 0.0}
    big = {"name": "big", "kind": "upgrades", "do": [{"add_battery": {"at": "lv", "kw": 20.0, "kwh": 70.0}}]}
    step = {"at": f"2030-{at}:00", "until": f"2030-{until}:00", "open": "l1"}
    layers = [packs, tou, big]
    state, usual = acted(step, layers=layers), acted(layers=layers)
    assert state.operated is not None
    store, plant = state.components["packs"].store, state.plants[0]
    assert store is not None and plant.store is not None
    parts = {p.name: p for p in state.feeder.loads}
    every = [(state.components["packs"].kw.of(i), usual.components["packs"].kw.of(i), store.kwh[i], store.start_kwh[i],
              0.81, parts[name]) for i, name in enumerate(state.loads) if store.kwh[i]]  # fmt: skip
    every.append((plant.kw, usual.plants[0].kw, 70.0, float(plant.store.start_kwh[0]), 0.9, plant.part))
    met = 0
    for power, plan, kwh, start, efficiency, part in every:
        one_way = np.sqrt(efficiency)
        held = start + np.cumsum(np.where(power > 0.0, power * one_way, power / one_way))
        assert held.min() >= -1e-4 and held.max() <= kwh + 1e-4
        dead = state.operated.lacking(part.bus, part.nodes)
        if dead is None:
            np.testing.assert_array_equal(power, plan)
            continue
        met += 1
        assert np.abs(plan).max() > 0.0 and not power[dead].any()
        first = int(dead.argmax())
        np.testing.assert_allclose(power[:first], plan[:first], atol=1e-5)
    assert met == len(BEHIND) + 1
    (note,) = [n for n in state.notes if "batteries" in n]
    assert f"batteries of {met} loads or plants stand still" in note
    told = {r["field"]: r["value"] for r in state.assumptions if r["layer"] == "work"}
    ends = [np.where(p > 0.0, p * np.sqrt(e), p / np.sqrt(e)).sum() for p, _, _, _, e, _ in every]
    assert told["held more by batteries at the end of the year"] == pytest.approx(sum(ends), abs=1e-2)
    rows = composition(state, CONTEXT, CASE).to_pandas()
    driven = realise(state)[1]
    drawn = sum(driven.kw(n).sum() for n in driven.drives)
    given = sum(driven.plants[n].kw * driven.profiles[driven.plants[n].kw_profile].sum() for n in driven.plants)
    assert rows["kwh"].sum() == pytest.approx(drawn - given, rel=1e-5)


def test_what_cars_would_have_taken_is_told_and_not_made_up_for() -> None:
    cars = {"name": "cars", "kind": "ev", "penetration": 1.0, "charging": {"like": "level2_residential"}}
    state, usual = acted(OPEN, layers=[cars]), acted(layers=[cars])
    out = np.array(HOURS)[OUT]
    lost = sum(usual.components["cars"].kw.of(usual.loads.index(name))[out].sum() for name in BEHIND)
    (row,) = [r for r in state.assumptions if r["field"] == "of it by 'cars'"]
    assert row["value"] == pytest.approx(lost, rel=1e-6) and row["source"] == "not made up for later"
    assert state.kw().sum() == pytest.approx(usual.kw().sum() - state_lost(state), rel=1e-9)


def state_lost(state: State) -> float:
    return float(next(r["value"] for r in state.assumptions if r["field"] == "energy not served"))


def test_a_load_moves_to_the_other_feeder_and_back() -> None:
    """Two feeders with a tie at their ends; the breaker of one opens while the tie closes."""
    whole = group("a", "b", tie=True)
    tie = whole.switches[0].model_copy(update={"closed": (False,) * 3})
    head = Switch(name="head", from_bus="sub_a", to_bus="mid_a", from_nodes=(1, 2, 3), to_nodes=(1, 2, 3))
    mid = next(b for b in whole.buses if b.name == "sub_a").model_copy(update={"name": "mid_a"})
    lines = tuple(p.model_copy(update={"from_bus": "mid_a"}) if p.name == "line_a" else p for p in whole.lines)
    feeder = Feeder(
        **{n: getattr(whole, n) for n in Feeder.model_fields}
        | {"switches": (head, tie), "lines": lines}
        | {"buses": tuple(sorted((*whole.buses, mid), key=lambda b: b.name))}
    )
    at = {"at": "2030-01-01T10:00:00", "until": "2030-01-01T14:00:00"}
    state = acted({**at, "close": "tie"}, {**at, "open": "head"}, feeder=feeder)
    assert not any("without supply" in n for n in state.notes)
    rows = hourly(solved(state, list(range(24))))
    source = {f: g["source_kw"].to_numpy() for f, g in rows.groupby("feeder")}
    usual = {
        f: g["source_kw"].to_numpy() for f, g in hourly(solved(acted(feeder=feeder), list(range(24)))).groupby("feeder")
    }
    assert (np.abs(source["a"][10:14]) < 1e-3).all()
    np.testing.assert_allclose(source["b"][10:14], (usual["a"] + usual["b"])[10:14], rtol=0.03)
    for feeder_id in ("a", "b"):
        np.testing.assert_allclose(np.delete(source[feeder_id], range(10, 14)),
                                   np.delete(usual[feeder_id], range(10, 14)), rtol=1e-5)  # fmt: skip


def test_a_feeder_of_which_nothing_has_supply() -> None:
    """Hours in which all is dark give nothing, and no voltage."""
    head = Switch(name="head", from_bus="reg", to_bus="after", from_nodes=(1, 2, 3), to_nodes=(1, 2, 3))
    bus = next(b for b in MIXED.buses if b.name == "reg").model_copy(update={"name": "after"})
    lines = tuple(p.model_copy(update={"from_bus": "after"}) if p.from_bus == "reg" else p for p in MIXED.lines)
    feeder = Feeder(
        **{n: getattr(MIXED, n) for n in Feeder.model_fields}
        | {"switches": tuple(sorted((*MIXED.switches, head), key=lambda s: s.name)), "lines": lines}
        | {"buses": tuple(sorted((*MIXED.buses, bus), key=lambda b: b.name))}
    )
    rows = hourly(solved(acted({**OPEN, "open": "head"}, feeder=feeder)))
    assert (rows["load_kw"][OUT] == 0.0).all() and (rows["source_kw"][OUT].abs() < 0.1).all()
    assert rows["min_pu"].notna().all() and (rows["min_pu"] > 0.8).all(), "the head itself has its voltage"
