"""Existing roofs taken out of the measured load: the sum stays, the load is gross, nothing counts twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from layered_cases import made_weather
from power_cases import demand_of, own

from dtl.errors import SolveError
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

FEEDER = own("mixed")
LOAD = next(p for p in FEEDER.loads if p.enabled and p.bus == "lv")
PLAIN = demand_of(FEEDER)
METERED = replace(PLAIN, drives={n: replace(d, basis="meters" if n == LOAD.name else "model_loads")
                                 for n, d in PLAIN.drives.items()})  # fmt: skip
OTHER = next(n for n in PLAIN.drives if n != LOAD.name)
LAYER = {"name": "demand.existing_pv", "kind": "queue", "separated": True, "net": False}


def roof(name: str, **words: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "source": "reg", "id": name, "feeder": "mixed", "bus": "", "meter": "m", "load": LOAD.name, "type": "pv",
        "kw": 6.0, "kva": None, "kwh": None, "phases": "", "status": "in_service", "day": "2020-05-01", "setting": "",
    }  # fmt: skip
    return row | words


def context(*rows: dict[str, Any]) -> Context:
    base = made_weather(2025)
    light = np.maximum(np.sin((np.arange(8760) % 24 - 6) * np.pi / 12), 0.0) * 800.0
    weather = replace(base, fields={**base.fields, "ghi_w_m2": light.astype(np.float32)})
    return Context(2030, 2025, "America/Chicago", register=rows, weather={2025: weather})


ROWS = (
    roof("R1"), roof("R2", kw=4.0), roof("later", day="2027-01-01"), roof("queued", status="queued"),
    roof("battery", type="battery"), roof("unmetered", load=OTHER),
)  # fmt: skip


def composed(*layers: dict[str, Any], rows: tuple[dict[str, Any], ...] = ROWS) -> State:
    return compose(list(layers), FEEDER, METERED, context(*rows))


def test_the_load_is_gross_and_the_sum_is_what_was_measured() -> None:
    before, after = composed(), composed(LAYER)
    assert [p.part.name for p in after.plants] == ["demand.existing_pv:r1", "demand.existing_pv:r2"]
    i = after.loads.index(LOAD.name)
    given = sum(-p.kw for p in after.plants)
    assert given.max() > 4.0, "ten kW of roofs"
    assert after.base.kw.of(i) - given == pytest.approx(before.base.kw.of(i), abs=1e-4)
    for j in set(range(len(after.loads))) - {i}:
        assert np.array_equal(after.base.kw.of(j), before.base.kw.of(j))


def test_the_power_flow_at_noon_has_load_and_plant_where_there_was_their_difference() -> None:
    whole, net = realise(composed(LAYER)), realise(composed())
    heads = []
    for feeder, demand in (whole, net):
        year = Year(feeder, demand)
        block = next(iter(year.blocks([24 * 180 + 12])))
        heads.append(block.load_kva.real.sum() + block.generator_kva.real.sum())
    assert heads[0] == pytest.approx(heads[1], abs=1.5), (
        "of 7 kW; a lamp of constant impedance draws what its volts say"
    )


def test_growth_grows_what_customers_draw_and_not_what_roofs_leave() -> None:
    growth = {"name": "g", "kind": "growth", "per_year": 0.1, "to": "all"}
    i = composed().loads.index(LOAD.name)
    net, gross = (composed(*layers, growth).components["g"].kw.sums()[i] for layers in ((), (LAYER,)))
    base = composed(LAYER).base.kw.sums()[i] / composed().base.kw.sums()[i]
    assert gross / net == pytest.approx(base, rel=1e-6) and base > 1.0


def test_the_register_connects_none_of_them_again_and_all_of_the_others() -> None:
    every = {"name": "network.generators", "kind": "queue", "from": "reg", "status": ["in_service"], "whole": True}
    state = composed(LAYER, every)
    named = sorted(p.part.name for p in state.plants)
    assert named == ["demand.existing_pv:r1", "demand.existing_pv:r2", "network.generators:later",
                     "network.generators:unmetered"]  # fmt: skip


def test_a_corrected_load_has_all_roofs_inside_and_one_that_gives_back_is_told() -> None:
    state = composed(LAYER | {"net": True})
    assert "demand.existing_pv:unmetered" in {p.part.name for p in state.plants}
    drives = {n: replace(d, kw=-5.0 if n == LOAD.name else d.kw) for n, d in METERED.drives.items()}
    back = compose([LAYER], FEEDER, replace(METERED, drives=drives), context(*ROWS))
    assert any("1 load still gives back" in n and LOAD.name in n for n in back.notes)


def test_without_irradiance_the_case_fails_and_without_roofs_nothing_changes() -> None:
    with pytest.raises(SolveError):
        compose([LAYER], FEEDER, METERED, replace(context(*ROWS), weather={}))
    none = compose([LAYER], FEEDER, METERED, replace(context(), weather={}))
    assert not none.plants and any(a["field"] == "plants" and a["value"] == 0 for a in none.assumptions)
