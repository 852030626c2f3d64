"""Plants of a register: by status and day, at their meter or bus, and never twice where the load has them inside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from layered_cases import made_weather
from power_cases import demand_of, own

from dtl.demand.demand import Demand
from dtl.errors import SolveError
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

FEEDER = own("mixed")
DEMAND = demand_of(FEEDER)
LOAD = next(p for p in FEEDER.loads if p.enabled and p.bus == "lv")


def entry(name: str, **words: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "source": "reg", "id": name, "feeder": "mixed", "bus": "lv", "meter": "", "type": "hydro", "kw": 20.0,
        "kva": None, "kwh": None, "phases": "ABC", "status": "approved", "day": "2028-05-01", "setting": "",
    }  # fmt: skip
    return row | words


REGISTER = (
    entry("A1"),
    entry("A2", day=None, kw=5.0),
    entry("A3", day="2031-01-01"),
    entry("A4", source="other"),
    entry("B1", status="in_service", day="2020-01-01", kw=7.0),
    entry("B2", status="in_service", day="2026-01-01", kw=3.0, bus="", meter="m1", load=LOAD.name),
    entry("Q1", status="queued", bus="lvv", kw=11.0),
    entry("Q2", status="queued", bus="", meter="m9", kw=1.0),
    entry("Q3", status="queued", type="battery", kw=50.0),
    entry("Q4", status="queued", bus="c", phases="C", kw=2.0),
)
CONTEXT = Context(2030, 2025, "America/Chicago", register=REGISTER)


def composed(context: Context = CONTEXT, demand: Demand = DEMAND, **words: Any) -> State:
    layer = {"name": "queued", "kind": "queue", "from": "reg", "status": ["approved"], **words}
    return compose([layer], FEEDER, demand, context)


def names(state: State) -> list[str]:
    return [p.part.name for p in state.plants]


@pytest.mark.parametrize(
    ("context", "words", "expected"),
    [
        (CONTEXT, {}, ["queued:a1", "queued:a2"]),
        (replace(CONTEXT, year=2031), {}, ["queued:a1", "queued:a2", "queued:a3"]),
        (replace(CONTEXT, year=2027), {}, ["queued:a2"]),
        (replace(CONTEXT, planned=False), {}, ["queued:a1", "queued:a2", "queued:a3"]),
        (replace(CONTEXT, planned=False), {"until": "2028-04-30"}, ["queued:a2"]),
        (CONTEXT, {"status": ["in_service"]}, ["queued:b1", "queued:b2"]),
        (CONTEXT, {"status": ["in_service"], "net": True}, ["queued:b2"]),
        (CONTEXT, {"from": "other"}, ["queued:a4"]),
    ],
)
def test_status_and_day_choose(context: Context, words: dict[str, Any], expected: list[str]) -> None:
    assert names(composed(context, **words)) == expected


def test_both_engines_see_what_is_connected() -> None:
    whole, demand = realise(composed(status=["approved", "in_service"]))
    year = Year(whole, demand, controls_active=False)
    (block,) = year.blocks([4100])
    plants = [p.name for p in whole.generators if p.enabled]
    for name, kw in (("queued:a1", 20.0), ("queued:b2", 3.0)):
        assert block.generator_kva[plants.index(name)].real == pytest.approx(-kw, abs=1e-3)
    (roof,) = [p for p in whole.generators if p.name == "queued:b2"]
    assert (roof.bus, roof.nodes, roof.kv) == (LOAD.bus, LOAD.nodes, LOAD.kv), "behind its meter"


def test_what_measured_loads_have_inside_is_not_connected_again() -> None:
    drives = {n: replace(d, basis="meters") if n == LOAD.name else d for n, d in DEMAND.drives.items()}
    old = tuple(r | {"day": "2024-01-01"} if r["id"] == "B2" else r for r in REGISTER)
    state = composed(replace(CONTEXT, register=old), replace(DEMAND, drives=drives), status=["in_service"])
    assert names(state) == ["queued:b1"]
    told = {r["field"]: r["value"] for r in state.assumptions}
    assert told["in the measured load already"] == "1 with 3 kW"


def test_what_has_no_place_is_noted_and_a_battery_is_idle() -> None:
    state = composed(status=["queued"])
    assert not state.plants
    (note,) = state.notes
    assert "cannot connect 3 plants" in note and "Q1 (11 kW): there is no bus 'lvv'; did you mean 'lv'" in note
    assert "its meter 'm9' is at no load" in note and "bus 'c' has phases AB and no C" in note
    assert {r["field"]: r["value"] for r in state.assumptions}[
        "batteries left idle: no schedule is known"
    ] == "1 with 50 kW"


def test_a_register_that_is_whole_stands_in_place_of_the_generators_of_the_model() -> None:
    own_one = composed().plants[0].part.model_copy(update={"name": "chp"})
    feeder = FEEDER.model_copy(update={"generators": (own_one,)})
    layer = {"name": "queued", "kind": "queue", "from": "reg", "status": ["in_service"]}
    for whole, expected in ((True, ["queued:b1", "queued:b2"]), (False, ["chp", "queued:b1", "queued:b2"])):
        state = compose([layer | {"whole": whole}], feeder, DEMAND, CONTEXT)
        assert [p.name for p in realise(state)[0].generators] == expected


def test_sun_follows_the_weather_and_needs_it() -> None:
    sunny = tuple(r | {"type": "pv"} for r in REGISTER)
    with pytest.raises(SolveError, match=r"layer 'queued' needs the weather of 2025 .* with irradiance"):
        composed(replace(CONTEXT, register=sunny))
    base = made_weather(2025)
    light = np.maximum(np.sin((np.arange(8760) % 24 - 6) * np.pi / 12), 0.0) * 800.0
    weather = replace(base, fields={**base.fields, "ghi_w_m2": light.astype(np.float32)})
    state = composed(replace(CONTEXT, register=sunny, weather={2025: weather}))
    shape = state.plants[0].shape
    assert shape[np.arange(8760) % 24 == 0].max() == 0.0 and 0.5 < shape.max() <= 1.0
    assert state.plants[1].shape is shape, "plants of one kind share the series"
