"""The rise of the voltage by generation, against OpenDSS: the estimate, and what a rule of it lets in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layered_cases import CONTEXT, made_weather
from power_cases import FEEDERS, demand_of

from dtl.network.feeder import Feeder, Generator, Load
from dtl.powerflow import dss, engine, names
from dtl.scenarios.compose import compose
from dtl.scenarios.rise import Rise
from dtl.scenarios.state import State
from dtl.sources import opendss

DEMO = Path(__file__).parents[2] / "studies" / "demo" / "data" / "opendss" / "ieee123"
LIMIT = 0.012
Volts = dict[str, float]


def feeder_of(name: str, root: Path) -> Feeder:
    """A feeder without what else lifts its voltage: generators, capacitors, and taps that move."""
    if name == "ieee123":
        files = {p.relative_to(DEMO).as_posix(): p for p in DEMO.rglob("*") if p.is_file()}
        reading = opendss.read("model", {"kind": "opendss", "path": "master.dss"}, files)
        ((feeder, parts),) = reading.parts.items()
        rows = [{"feeder": feeder, "kind": k, "name": n, "body": p.model_dump_json(exclude_defaults=True)}
                for (k, n), p in parts.items()]  # fmt: skip
        found = Feeder.from_parts(rows)
    else:
        found = FEEDERS[name](root)
    return found.model_copy(update={"generators": (), "capacitors": ()})


def unloaded(feeder: Feeder, *plants: Generator) -> Volts:
    """Voltage of each node with these plants and without load, by OpenDSS [V]."""
    engine.load(dss.write(feeder.model_copy(update={"generators": tuple(sorted(plants, key=lambda g: g.name))})))
    engine.load_settings(mode="snapshot", controlmode="off", loadmult=0, maxiterations=100, tolerance=1e-9)
    assert not engine.solve()
    values = np.empty(len(engine.node_names()) + 1, complex)
    engine.Voltages().read(values)
    return dict(zip(engine.node_names(), np.abs(values[1:]).tolist(), strict=True))


def plant(load: Load, kw: float) -> Generator:
    return Generator(name=f"g:{load.name}", bus=load.bus, nodes=load.nodes, phases=load.phases, kv=load.kv, kw=kw,
                     kva=kw * 1.01, connection=load.connection, min_pu=0.5, max_pu=1.5)  # fmt: skip


def rises(feeder: Feeder, places: list[tuple[str, int]], before: Volts, after: Volts) -> Any:
    nodes = [f"{names.spelled(bus)}.{node}" for bus, node in places]
    return np.array(
        [(after[n] - before[n]) / (1e3 * feeder.bus[b].kv_ln) for n, (b, _) in zip(nodes, places, strict=True)]
    )


@pytest.mark.parametrize("name", ["mixed", "split_phase", "ieee123"])
def test_the_rise_of_a_plant_is_that_of_the_engine(name: str, tmp_path: Path) -> None:
    """Within 4 % of the highest rise, or 3e-4 pu, at every load: wye, delta, split phase, behind regulators."""
    feeder = feeder_of(name, tmp_path)
    loads = [p for p in feeder.loads if p.enabled]
    rise = Rise(feeder, sorted({(p.bus, n) for p in loads for n in p.nodes if 1 <= n <= 3}))
    before = unloaded(feeder)
    for load in loads[:: max(1, len(loads) // 6)]:
        kw = 0.5 * max(load.kw, 1.0)
        true = rises(feeder, rise.places, before, unloaded(feeder, plant(load, kw)))
        estimate = rise.by(load.bus, load.nodes, between=load.connection == "delta") * kw
        assert true.max() > 1e-4
        np.testing.assert_allclose(estimate, true, rtol=0, atol=max(0.04 * true.max(), 4.5e-4), err_msg=load.name)


@pytest.fixture(scope="module")
def bound() -> tuple[Feeder, State, State]:
    """The 123-node feeder with roofs on every load: as many as asked for, and as many as a rise of 1.2 % allows."""
    feeder = feeder_of("ieee123", Path())
    roofs = {"name": "roofs", "kind": "solar", "penetration": 1.0, "kw_each": 5.0, "of": "peak_kw"}
    rules = {"name": "rules", "kind": "connection_rules", "max_rise_pu": LIMIT}
    context = replace(CONTEXT, weather={2025: made_weather(2025)})
    free, held = (compose(stack, feeder, demand_of(feeder), context) for stack in ([roofs], [roofs, rules]))
    return feeder, free, held


def plants_of(feeder: Feeder, state: State) -> list[Generator]:
    loads = {p.name: p for p in feeder.loads}
    return [plant(loads[n], 5.0 * units) for n, units in zip(state.loads, state.units["roofs"], strict=True) if units]


def test_what_a_rule_lets_in_lifts_no_voltage_beyond_it(bound: tuple[Feeder, State, State]) -> None:
    """Solved again with all systems that the rule connects: no load rises by more, and without the rule many do."""
    feeder, free, held = bound
    places = sorted({(p.bus, n) for p in feeder.loads for n in p.nodes if 1 <= n <= 3})
    before = unloaded(feeder)
    with_rule, without = (rises(feeder, places, before, unloaded(feeder, *plants_of(feeder, s))) for s in (held, free))
    assert without.max() > 1.5 * LIMIT
    assert 0.93 * LIMIT < with_rule.max() <= 1.01 * LIMIT
    assert (held.units["roofs"] <= free.units["roofs"]).all()
    refused = next(r["value"] for r in held.assumptions if r["layer"] == "roofs" and r["field"] == "systems refused")
    assert refused == (free.units["roofs"] - held.units["roofs"]).sum() > 0


def test_one_more_of_the_refused_would_break_the_rule(bound: tuple[Feeder, State, State]) -> None:
    feeder, free, held = bound
    loads = {p.name: p for p in feeder.loads}
    rise = Rise(feeder, sorted({(p.bus, n) for p in feeder.loads for n in p.nodes if 1 <= n <= 3}))
    lifted = {n: 5.0 * rise.by(p.bus, p.nodes, between=p.connection == "delta") for n, p in loads.items()}
    now = sum(units * lifted[n] for n, units in zip(held.loads, held.units["roofs"], strict=True))
    short = [n for n, f, h in zip(free.loads, free.units["roofs"], held.units["roofs"], strict=True) if h < f]
    assert short and all((now + lifted[n]).max() > LIMIT for n in short)


def test_generation_that_is_there_already_takes_its_part(bound: tuple[Feeder, State, State]) -> None:
    feeder, _, held = bound
    far = next(p for p in feeder.loads if p.bus == "66")
    crowded = feeder.model_copy(update={"generators": (plant(far, 80.0),)})
    roofs = {"name": "roofs", "kind": "solar", "penetration": 1.0, "kw_each": 5.0, "of": "peak_kw"}
    rules = {"name": "rules", "kind": "connection_rules", "max_rise_pu": LIMIT, "volt_var": "ieee_1547_b"}
    context = replace(CONTEXT, weather={2025: made_weather(2025)})
    state = compose([roofs, rules], crowded, demand_of(crowded), context)
    assert state.units["roofs"].sum() < held.units["roofs"].sum()
    assert state.components["roofs"].volt_var == "ieee_1547_b" and held.components["roofs"].volt_var == ""
    own = compose([{**roofs, "volt_var": "vde_4105_q_u"}, rules], crowded, demand_of(crowded), context)
    assert own.components["roofs"].volt_var == "vde_4105_q_u", "what the layer says itself counts"
