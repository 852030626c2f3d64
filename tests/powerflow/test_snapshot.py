"""The states of a snapshot: which powers they have, that none knows another, and the published sheet of IEEE 13."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from power_cases import solve_spec
from test_audit import demo

from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand, Drive
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow.snapshot import NO_MONTH, at_states
from dtl.powerflow.solve import Solved, run

SHEET = Path(__file__).parents[1] / "cases/anchors/ieee13_sheet/expected.csv"


def state(**said: Any) -> dict[str, Any]:
    return {"name": "a", "of": "model", "load": 1.0, "generation": 1.0} | said


def solved(feeder: Feeder, *states: dict[str, Any]) -> Solved:
    demand = Demand({}, {})
    made, calendar = at_states(states, feeder, demand, (feeder, demand), Calendar())
    return run(feeder, made, calendar, solve_spec(hours=list(range(len(states))), states=list(states)))


def hourly(found: Solved, column: str) -> list[float]:
    return [float(v) for v in np.concatenate(found.reduction.hourly[column], axis=1)[0]]


def test_the_model_of_ieee_13_has_the_published_voltages() -> None:
    found = solved(demo("ieee13"), state())
    voltages = found.reduction.voltages
    ours = {
        (voltages.buses[b].name, {"A": "1", "B": "2", "C": "3"}[p]): -float(v)
        for b, p, v in zip(voltages.bus_of_row, voltages.phases, voltages.lowest.value, strict=True)
        if p in ("A", "B", "C")
    }
    with SHEET.open(encoding="utf-8") as file:
        sheet = {(r["bus"], r["node"]): float(r["pu"]) for r in csv.DictReader(file)}
    common = sheet.keys() & ours.keys()
    assert common == sheet.keys()
    assert max(abs(ours[k] - sheet[k]) for k in common) < 3e-4
    assert hourly(found, "source_kw")[0] == pytest.approx(3577.19, abs=0.1)


def test_no_state_knows_another() -> None:
    feeder = demo("ieee13")
    states = [state(), state(load=0.3), state(load=1.1), state()]
    together = hourly(solved(feeder, *states), "source_kw")
    alone = [hourly(solved(feeder, s), "source_kw")[0] for s in states]
    assert together == pytest.approx(alone, rel=1e-6)
    assert together[0] == pytest.approx(together[3], rel=1e-6)


def test_a_state_of_an_hour_has_its_loads_plants_and_season(mixed: Feeder) -> None:
    rng = np.random.default_rng(7)
    shape = rng.uniform(0.2, 0.8, HOURS).astype(np.float32)
    shape[4000], shape[100] = 1.0, 0.1
    sun = np.zeros(HOURS, np.float32)
    sun[5000] = 1.0

    def drives(parts: Any, profile: str) -> dict[str, Drive]:
        return {p.name: Drive("f", p.name, p.bus, "", 1, p.kw, p.kvar, profile, profile, "x") for p in parts}

    demand = Demand(drives(mixed.loads, "s"), {"s": shape, "sun": sun}, drives(mixed.generators[:1], "sun"))
    asked = [
        state(of="peak_load", load=2.0),
        state(of="minimum_load"),
        state(of="most_generation"),
        state(generation=0),
    ]
    if not mixed.generators:
        asked[2] = state(of="peak_load")
    made, calendar = at_states(asked, mixed, demand, (mixed, demand), Calendar())
    name, part = mixed.loads[0].name, mixed.loads[0]
    hour = 5000 if mixed.generators else 4000
    assert made.kw(name)[:4] == pytest.approx([2.0 * part.kw, 0.1 * part.kw, shape[hour] * part.kw, part.kw], rel=1e-5)
    assert calendar.month[:4].tolist() == [6, 1, 7 if mixed.generators else 6, NO_MONTH]
    if mixed.generators:
        plant = made.plants[mixed.generators[0].name]
        values = plant.kw * made.profiles[plant.kw_profile][:4]
        assert values == pytest.approx([0.0, 0.0, mixed.generators[0].kw, 0.0], abs=1e-6)


def test_no_plant_no_state_of_most_generation() -> None:
    feeder = demo("ieee13")
    with pytest.raises(SolveError, match="no plant has a profile"):
        solved(feeder, state(of="most_generation"))
