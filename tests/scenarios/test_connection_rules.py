"""What may be connected and exported, against counts and powers worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from layered_cases import CONTEXT, demand_of, feeder_of, made_weather, street
from power_cases import own

from dtl.network.feeder import Feeder
from dtl.scenarios.compose import compose
from dtl.scenarios.connection_rules import transformers
from dtl.scenarios.state import State

FEEDER = feeder_of(street(6, 2))
ROOFS = {"name": "roofs", "kind": "solar", "penetration": 1.0, "kw_each": 6.0}
RULES = {"name": "rules", "kind": "connection_rules"}


def composed(feeder: Feeder, *layers: dict[str, Any]) -> State:
    return compose(layers, feeder, demand_of(feeder), replace(CONTEXT, weather={2025: made_weather(2025)}))


def told(state: State, field: str) -> float:
    return next(float(r["value"]) for r in state.assumptions if r["layer"] == "roofs" and r["field"] == field)


def test_a_system_is_no_larger_than_its_cap() -> None:
    state = composed(FEEDER, ROOFS, RULES | {"max_kw_per_customer": 4.0})
    kva = state.components["roofs"].kva
    assert kva is not None
    np.testing.assert_allclose(kva, 4.0 * state.customers)
    assert told(state, "size cut") == pytest.approx(2.0 * state.customers.sum())


def test_what_is_exported_is_limited_and_what_is_cut_is_told() -> None:
    free, bound = composed(FEEDER, ROOFS), composed(FEEDER, ROOFS, RULES | {"export_limit": 0.3})
    installed = 6.0 * free.customers[:, None]
    assert (-free.kw()).max() > 0.31 * installed.min()
    assert (-bound.kw() <= 0.3 * installed + 1e-4).all()
    cut = bound.kw().sum() - free.kw().sum()
    assert cut > 100.0 and told(bound, "export cut") == pytest.approx(cut, rel=1e-5)


def test_behind_a_transformer_no_more_than_its_rating_allows() -> None:
    """Every bank of the feeder: the systems are the most that its rating lets in, whole, and refused ones are told."""
    from power_cases import demand_of as power_demand

    feeder = own("mixed")
    context = replace(CONTEXT, weather={2025: made_weather(2025)})
    roofs = ROOFS | {"of": "peak_kw", "kw_each": 3.0}

    def systems(*layers: dict[str, Any]) -> State:
        return compose(layers, feeder, power_demand(feeder), context)

    behind = transformers(feeder)
    rule = RULES | {"max_kw_per_transformer_kva": 0.1}
    free, bound = systems(roofs), systems(roofs, rule)
    below = [i for i, bus in enumerate(free.buses) if bus in behind]
    banks = {behind[free.buses[i]] for i in below}
    assert banks
    refused = 0.0
    for bank in banks:
        mine = [i for i in below if behind[free.buses[i]] == bank]
        before = sum(g.kw for g in feeder.generators if g.enabled and behind.get(g.bus) == bank)
        room = max(0.1 * bank[1] - before, 0.0)
        wanted = free.units["roofs"][mine].sum()
        assert bound.units["roofs"][mine].sum() == min(wanted, room // 3.0)
        refused += wanted - bound.units["roofs"][mine].sum()
    others = [i for i in range(len(free.buses)) if i not in below]
    np.testing.assert_array_equal(bound.units["roofs"][others], free.units["roofs"][others])
    assert refused > 0 and told(bound, "systems refused") == refused
    assert any("refuse" in note for note in bound.notes)
    bus, bank = next((b, k) for b, k in behind.items() if bound.units["roofs"][[x == b for x in free.buses]].any())
    letter = "ABC"[next(p.nodes[0] for p in feeder.loads if p.bus == bus) - 1]
    big = {"name": "big", "kind": "project", "at": bus, "type": "synchronous", "kw": bank[1], "phases": letter}
    full = systems(roofs, rule, big)
    mine = [i for i, b in enumerate(full.buses) if behind.get(b) == bank]
    assert not full.units["roofs"][mine].any(), "a plant of an earlier layer takes all the room"
