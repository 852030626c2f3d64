"""Hidden values of IEEE 13 and 123, seen by noisy meters while regulators step, are found, or said to be unknown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from powerflow.power_cases import FEEDERS, demand_of

from dtl.demand.calendar import HOURS
from dtl.demand.calibrated import calibrated
from dtl.demand.demand import Demand
from dtl.learning.knobs import Knob, knobs, untold
from dtl.learning.posterior import Fit, Problem, fit
from dtl.learning.seen import Lane, buses
from dtl.learning.twin import Twin
from dtl.network.calibrated import changed
from dtl.network.feeder import Feeder
from dtl.powerflow import head, names
from dtl.powerflow.opendss import Year

pytestmark = pytest.mark.slow
DAYS, SNAPSHOTS, METERS = 40, 24, 12
VOLTS, POWER = 0.005, 0.01
Hidden = dict[tuple[str, str], float]
CHANGED = ("load_scale", "impedance", "regulator_set")


def seen(feeder: Feeder, demand: Demand, hidden: Hidden, seed: int, places: list[str]) -> tuple[list[Lane], np.ndarray]:
    """What meters of 0.5 and 1 % show of the feeder with its hidden values in some hours of forty days; the hours."""
    rng, own = np.random.default_rng(seed), feeder.feeders[0]
    is_so, loads = feeder, []
    for (parameter, element), value in hidden.items():
        if parameter == "load_scale":
            loads.append({"feeder": own, "parameter": parameter, "value": value})
        else:
            is_so, _ = changed(is_so, own, parameter, element, value)
    begin = 24 * int(rng.integers(0, 300))
    every = np.arange(begin, begin + 24 * DAYS)
    hours = np.sort(rng.choice(every[24:], SNAPSHOTS, replace=False))
    year = Year(is_so, calibrated(demand, loads))
    blocks = list(year.blocks(every.tolist()))
    there = np.isin(every, hours)
    volts = np.concatenate([b.voltages for b in blocks], axis=1)[:, there]
    amps = np.concatenate([b.source_a for b in blocks], axis=1)[:, there]
    node = year.circuit.node
    source = year.feeder.sources[0]
    at = [node[f"{names.spelled(source.bus)}.{n}"] for n in source.nodes[:3]]
    kva = -1e-3 * (volts[at] * amps[:3].conj()).sum(axis=0)

    def lane(values: np.ndarray) -> np.ndarray:
        whole = np.full(HOURS, np.nan)
        whole[hours] = values
        return whole

    lanes = []
    for group, exact in (("kw", kva.real), ("kvar", kva.imag)):
        sigma = POWER * float(np.quantile(np.abs(exact), 0.95))
        lanes.append(Lane(group, "head", lane(exact + sigma * rng.normal(size=SNAPSHOTS)), sigma))
    bus = {b.name: b for b in is_so.buses}
    for name in places:
        for believed, n in zip(feeder.bus[name].nodes, bus[name].nodes, strict=True):
            base = 1e3 * bus[name].kv_ln
            pu = np.abs(volts[node[f"{names.spelled(name)}.{n}"]]) / base + VOLTS * rng.normal(size=SNAPSHOTS)
            lanes.append(Lane("volts", f"{name}.{n}", lane(pu), VOLTS, ends=((name, believed, 0),), base_v=base))
    return lanes, hours


def chosen(feeder: Feeder, rng: np.random.Generator) -> list[str]:
    """Buses with meters."""
    there = [b.name for b in feeder.buses if not b.split_phase and max(b.nodes) <= 3]
    return sorted(rng.choice(there, METERS, replace=False).tolist())


def found(
    feeder: Feeder, hidden: Hidden, change: tuple[str, ...], places: list[str], seed: int, budget: int = 30
) -> dict[Knob, object]:
    """The fit of what is hidden."""
    demand = demand_of(feeder)
    lanes, hours = seen(feeder, demand, hidden, seed, places)
    twin = Twin(feeder, demand, True, lanes, hours, ())
    sought, _ = knobs(feeder, change, 0.9, controlled=True, head_stated=False)
    told, measured = twin.told(), buses(lanes)
    live = [k for k in sought if not untold(k, measured, set(told.group.tolist()), by_phase=False)]
    result: Fit = fit(Problem(live, twin.simulate, told, seed, twin.lag), budget)
    return {k: result.found.get(k) for k in sought}


def drawn(feeder: Feeder, seed: int) -> tuple[Hidden, list[str]]:
    """Hidden load scale, impedance and set points of a feeder, and the buses with meters."""
    rng = np.random.default_rng(100 + seed)
    hidden = {("load_scale", ""): rng.uniform(0.8, 1.2), ("impedance", ""): rng.uniform(0.8, 1.25)}
    hidden |= {("regulator_set", r.name): r.set_v + rng.uniform(-2, 3) for r in feeder.regulators}
    return hidden, chosen(feeder, rng)


def test_hidden_scale_impedance_and_set_points_of_ieee_13_are_found(samples: Path) -> None:
    feeder = head.served(FEEDERS["ieee13"](samples))[0]
    inside = 0
    for seed in range(4):
        hidden, places = drawn(feeder, seed)
        fitted = found(feeder, hidden, CHANGED, places, seed)
        for knob, value in fitted.items():
            true = hidden[knob.parameter, knob.element]
            inside += value.low <= true <= value.high
            assert not value.why, (seed, knob.name, value)
            limit = {"load_scale": 0.01 * true, "impedance": 0.1 * true, "regulator_set": 0.6}[knob.parameter]
            assert abs(value.value - true) <= limit, (seed, knob.name, true, value)
    assert inside >= 15, "of twenty intervals of 95 %"


def test_a_lateral_of_ieee_123_on_another_phase_is_found_with_the_scale(samples: Path) -> None:
    feeder = head.served(FEEDERS["ieee123"](samples))[0]
    laterals = [k for k in knobs(feeder, ("phase",), 0.9, controlled=True, head_stated=False)[0] if len(k.choices) == 3]
    moved = laterals[len(laterals) // 2]
    new = next(c for c in moved.choices if c != moved.before)
    hidden = {("load_scale", ""): 0.93, ("phase", moved.element): new}
    places = sorted({*chosen(feeder, np.random.default_rng(1)), *sorted(moved.buses)[:2]})
    fitted = found(feeder, hidden, ("load_scale", "phase"), places, 0)
    scale = next(v for k, v in fitted.items() if k.parameter == "load_scale")
    assert scale.value == pytest.approx(0.93, rel=0.01)
    assert fitted[moved].value == new and not fitted[moved].why
    others = [k for k, v in fitted.items() if v and k.choices and k != moved and not v.why and v.value != k.before]
    assert not others, "no other lateral moves"


def test_a_set_point_with_no_meter_behind_it_is_not_told(samples: Path) -> None:
    feeder = head.served(FEEDERS["ieee13"](samples))[0]
    hidden = {("load_scale", ""): 1.05, ("regulator_set", feeder.regulators[0].name): 124.0}
    fitted = found(feeder, hidden, ("load_scale", "regulator_set"), ["650"], 0)
    assert all(v is None for k, v in fitted.items() if k.parameter == "regulator_set")
    scale = next(v for k, v in fitted.items() if k.parameter == "load_scale")
    assert scale.value == pytest.approx(1.05, rel=0.01)
