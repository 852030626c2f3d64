"""Actions: who is touched and when, time order over layers, add and disconnect, names that are not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from power_cases import demand_of, own

from dtl.errors import SolveError
from dtl.network.feeder import Generator, Load
from dtl.powerflow.opendss import Year
from dtl.scenarios.actions_time import timed
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

FEEDER = own("mixed")
DEMAND = demand_of(FEEDER)
BUS = next(p.bus for p in FEEDER.loads if p.enabled and p.phases == 3)
OTHER = next(p.bus for p in FEEDER.loads if p.enabled and p.bus != BUS)
CONTEXT = Context(2030, 2025, "America/Chicago", areas={"12": {"buses": [BUS, OTHER]}, "all": {"feeders": ["*"]}})
EVENING = 24 * 196 + 17
"""The hour of 16 July 18:00 on a clock with daylight saving."""


def acted(*steps: dict[str, Any], context: Context = CONTEXT, **layers: list[dict[str, Any]]) -> State:
    asked = layers or {"evening": list(steps)}
    words = [{"name": n, "kind": "actions", "do": do, "only_feeder": True} for n, do in asked.items()]
    return compose(words, FEEDER, DEMAND, context)


def load_kw(state: State, bus: str) -> np.ndarray[Any, Any]:
    return state.kw()[[b == bus for b in state.buses]].sum(axis=0)


BEFORE = acted()


def test_an_action_at_a_time_holds_from_the_step_that_it_lies_in() -> None:
    halved = {"scale_load": {"bus": BUS, "factor": 0.5}}
    state = acted({"at": "2030-07-16T18:30:00", "until": "2030-07-16T20:15:00", **halved})
    ratio = load_kw(state, BUS) / load_kw(BEFORE, BUS)
    assert np.flatnonzero(ratio != 1.0).tolist() == [EVENING, EVENING + 1, EVENING + 2]
    np.testing.assert_allclose(ratio[EVENING : EVENING + 3], 0.5)
    np.testing.assert_array_equal(load_kw(state, OTHER), load_kw(BEFORE, OTHER))


@pytest.mark.parametrize(("year", "held"), [(2029, 0), (2030, 8760 - EVENING), (2031, 8760)])
def test_an_action_without_an_end_holds_in_later_years(year: int, held: int) -> None:
    step = {"at": "2030-07-16T18:00:00", "scale_load": {"area": "12", "factor": 2.0}}
    state = acted(step, context=replace(CONTEXT, year=year))
    assert int((load_kw(state, BUS) != load_kw(BEFORE, BUS)).sum()) == held
    assert int((load_kw(state, OTHER) != load_kw(BEFORE, OTHER)).sum()) == held


@pytest.mark.parametrize(
    ("zone", "at", "step"),
    [
        ("America/Chicago", "2030-07-16T18:20:00", 4 * (24 * 196 + 17) + 1),
        ("Asia/Kolkata", "2030-07-16T18:20:00", 4 * (24 * 196 + 18) + 1),
        ("Australia/Lord_Howe", "2030-01-16T18:00:00", 4 * (24 * 15 + 17) + 2),
        ("Europe/Berlin", "2030-12-31T23:59:00", 35039),
    ],
)
def test_times_are_found_in_quarters_of_any_zone(zone: str, at: str, step: int) -> None:
    """Daylight saving of half an hour among them: 18:00 on Lord Howe is 17:30 of its standard time."""
    context = replace(CONTEXT, timezone=zone, step_min=15)
    words = {"name": "a", "kind": "actions", "do": [{"at": at, "set_load": {"bus": BUS, "kw": 1.0}}]}
    (action,) = timed(words, context)
    assert (action.start, action.stop) == (step, 35040)


def test_several_layers_are_one_timeline() -> None:
    first = {"at": "2030-07-16T17:00:00", "set_load": {"bus": BUS, "kw": 40.0, "kvar": 8.0}}
    then = {"at": "2030-07-16T18:00:00", "scale_load": {"area": "all", "factor": 0.5}}
    one, other = acted(b=[first], a=[then]), acted(a=[first, then])
    np.testing.assert_allclose(one.kw(), other.kw(), atol=1e-12)
    assert load_kw(one, BUS)[EVENING - 1] == pytest.approx(40.0)
    assert load_kw(one, BUS)[EVENING] == pytest.approx(20.0)
    shed = load_kw(one, BUS)[EVENING] - 40.0
    mine = [b == BUS for b in one.buses]
    assert one.components["a"].kw.values()[mine, EVENING].sum() == pytest.approx(shed), "to each layer what it did"


def test_a_load_is_set_and_keeps_its_power_factor() -> None:
    load = next(p for p in FEEDER.loads if p.bus == BUS)
    state = acted({"set_load": {"bus": BUS, "load": load.name.upper(), "kw": 12.0}})
    i = state.loads.index(load.name)
    kw = sum(c.kw.of(i) for c in state.components.values())
    kvar = sum(c.kvar.of(i) for c in state.components.values())
    np.testing.assert_allclose(kw, 12.0)
    base = BEFORE.base
    np.testing.assert_allclose(kvar / kw, base.kvar.of(i) / base.kw.of(i), rtol=1e-6)


def test_generator_and_device_act_in_the_power_flow() -> None:
    steps = [
        {"add_generator": {"bus": BUS, "kw": 50.0, "kvar": 10.0, "kv": 4.16, "vmin_pu": 0.9, "vmax_pu": 1.1}},
        {"at": "2030-07-16T18:00:00", "add_device": {"bus": BUS, "name": "EV_Charger_1", "kw": 7.2, "kvar": 1.4}},
        {"at": "2030-07-16T20:00:00", "disconnect_device": {"bus": BUS, "name": "ev_charger_1"}},
    ]
    state = acted(*steps)
    assert "transformer of its own" in " ".join(state.notes)
    generator, device = [p.part for p in state.plants]
    assert isinstance(generator, Generator) and isinstance(device, Load)
    assert (generator.kvar, generator.min_pu, generator.max_pu) == (10.0, 0.9, 1.1)
    feeder, demand = realise(state)
    year = Year(feeder, demand, controls_active=False)
    (block,) = year.blocks([EVENING - 1, EVENING, EVENING + 1, EVENING + 2])
    loads = [p.name for p in feeder.loads if p.enabled]
    taken = block.load_kva[loads.index(device.name)]
    np.testing.assert_allclose(taken, np.array([0, 7.2 + 1.4j, 7.2 + 1.4j, 0]), atol=1e-3)
    given = block.generator_kva[[p.name for p in feeder.generators if p.enabled].index(generator.name)]
    np.testing.assert_allclose(given, -50.0 - 10.0j, atol=1e-2)


@pytest.mark.parametrize("at", [None, "2030-07-16T18:00:00"])
def test_add_and_disconnect_is_the_identity(at: str | None) -> None:
    when = {"at": at} if at else {}
    state = acted({**when, "add_device": {"bus": BUS, "name": "car", "kw": 7.2}},
                  {**when, "disconnect_device": {"bus": BUS, "name": "car"}},
                  {**when, "add_generator": {"bus": BUS, "name": "sun", "kw": 7.2}},
                  {**when, "disconnect_device": {"bus": BUS, "name": "sun"}})  # fmt: skip
    (feeder, demand), (was, driven) = realise(state), realise(BEFORE)
    assert feeder.to_json() == was.to_json()
    assert demand.drives == driven.drives and demand.plants == driven.plants
    assert {n: p.tobytes() for n, p in demand.profiles.items()} == {n: p.tobytes() for n, p in driven.profiles.items()}


@pytest.mark.parametrize(("count", "nodes"), [("3", (1, 2, 3)), ("1", (1,)), ("BC", (2, 3))])
def test_phases_are_letters_or_a_number(count: str, nodes: tuple[int, ...]) -> None:
    head = FEEDER.sources[0].bus
    state = acted({"add_device": {"bus": head, "name": "car", "kw": 7.5, "phases": count}})
    assert state.plants[0].part.nodes == nodes


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"scale_load": {"bus": BUS + "x", "factor": 1.0}}, f"did you mean '{BUS}'"),
        ({"set_load": {"bus": BUS, "load": "nobody", "kw": 1.0}}, f"bus '{BUS}' has no load 'nobody'; there is"),
        ({"add_device": {"bus": "nowhere", "name": "car", "kw": 1.0}}, "has no bus 'nowhere'"),
        ({"disconnect_device": {"bus": BUS, "name": "car"}}, "has no device 'car'"),
        ({"subscribe": {"program": "shave", "bus": BUS + "x"}}, f"did you mean '{BUS}'"),
        ({"open": "no_switch"}, "has no switch 'no_switch'"),
    ],
)
def test_what_is_not_there_is_named(step: dict[str, Any], told: str) -> None:
    with pytest.raises(SolveError, match=told):
        acted(step)


def test_a_device_connected_twice_is_refused() -> None:
    twice = {"add_device": {"bus": BUS, "name": "car", "kw": 7.2}}
    with pytest.raises(SolveError, match="has a device 'car' at that time already"):
        acted(twice, twice)
