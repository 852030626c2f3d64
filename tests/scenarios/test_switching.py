"""Switches, regulators and capacitors in other positions: what is undone changes nothing, what loses supply is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from power_cases import demand_of, own

from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder, Line, Load, Source, Switch
from dtl.powerflow.choose import unsuited
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

CONTEXT = Context(2030, 2025, "America/Chicago")
MIXED = own("mixed")
ABC: dict[str, Any] = {"from_nodes": (1, 2, 3), "to_nodes": (1, 2, 3)}


def two_feeders() -> Feeder:
    """Two feeders of two sections each, with a switch in the middle of either and an open tie between their ends."""
    code = next(c for c in MIXED.line_codes if c.name == "abc")
    buses, lines, switches, loads, sources = [], [], [], [], []
    for f in ("F1", "F2"):
        names = [f"{f}_{i}".lower() for i in range(4)]
        buses += [Bus(name=n, nodes=(1, 2, 3), kv_ln=7.2, feeder=f) for n in names]
        lines += [Line(name=f"{a}-{b}", from_bus=a, to_bus=b, line_code="abc", length_km=2.0, **ABC)
                  for a, b in ((names[0], names[1]), (names[2], names[3]))]  # fmt: skip
        switches.append(Switch(name=f"{f}_mid".lower(), from_bus=names[1], to_bus=names[2], **ABC))
        loads += [Load(name=n, bus=n, nodes=(1, 2, 3), phases=3, kv=12.47, kw=400.0, kvar=100.0, min_pu=0.8, max_pu=1.2,
                       customers=10, customer_class="residential") for n in (names[1], names[3])]  # fmt: skip
        sources.append(Source(name=f.lower(), bus=names[0], kv_ll=12.47, r1_ohm=0.01, x1_ohm=0.1, r0_ohm=0.01,
                              x0_ohm=0.1, feeder=f))  # fmt: skip
    switches.append(Switch(name="tie", from_bus="f1_3", to_bus="f2_3", closed=(False,) * 3, **ABC))
    fields: dict[str, Any] = {"buses": buses, "lines": lines, "switches": switches, "loads": loads, "sources": sources}
    ordered = {k: tuple(sorted(v, key=lambda p: p.name)) for k, v in fields.items()}
    return Feeder(id="F1+F2", feeders=("F1", "F2"), line_codes=(code,), **ordered)


PAIR = two_feeders()
DEMAND = demand_of(PAIR)


def switched(*do: dict[str, str], feeder: Feeder = PAIR) -> State:
    return compose([{"name": "transfer", "kind": "switching", "do": list(do)}], feeder, DEMAND, CONTEXT)


def head_kw(state: State) -> dict[str, float]:
    """Power into the first line of either feeder at one hour."""
    year = Year(*realise(state), controls_active=False, tolerance=1e-9)
    (block,) = year.blocks([4100])
    v = {n: block.voltages[i][0] for i, n in enumerate(year.circuit.nodes)}
    z = np.array(PAIR.line_codes[0].r_ohm_per_km) + 1j * np.array(PAIR.line_codes[0].x_ohm_per_km)
    found = {}
    for f in ("f1", "f2"):
        here, there = (np.array([v[f"{f}_{i}.{n}"] for n in (1, 2, 3)]) for i in (0, 1))
        found[f] = float((here * np.conj(np.linalg.solve(2.0 * z, here - there))).sum().real) / 1e3
    return found


def test_a_transfer_moves_load_from_one_head_to_the_other() -> None:
    before = head_kw(switched({"close": "f1_mid"}))
    after = head_kw(switched({"open": "f1_mid"}, {"close": "tie"}))
    assert before["f1"] == pytest.approx(before["f2"], rel=1e-6)
    assert after["f1"] == pytest.approx(before["f1"] / 2, rel=0.03)
    assert after["f2"] == pytest.approx(before["f2"] * 1.5, rel=0.03)
    told = {r["field"]: r["value"] for r in switched({"open": "f1_mid"}, {"close": "tie"}).assumptions}
    assert told["customers moved to another source"] == 10 and told["tie"] == "closed"
    assert told["customers fed another way"] == 10 and told["load fed another way"] == 400.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["f1_mid", "f2_mid", "tie"]), st.booleans()), max_size=5))
def test_what_is_undone_changes_nothing(moves: list[tuple[str, bool]]) -> None:
    do = [{"close" if close else "open": name} for name, close in moves]
    undo = [{"close": "f1_mid"}, {"close": "f2_mid"}, {"open": "tie"}]
    state = switched(*do, *undo)
    assert state.feeder == PAIR and state.feeder.to_json() == PAIR.to_json()


def test_what_loses_its_supply_is_told_and_a_ring_is_noted() -> None:
    with pytest.raises(SolveError) as caught:
        switched({"open": "f1_mid"})
    assert "1 load with 10 customers and 400 kW: f1_3 (dead)" in str(caught.value)
    (note,) = switched({"close": "tie"}).notes
    assert "joins the sources at f1_0 and f2_0 through the switch tie" in note


def test_a_switch_that_is_not_there_is_named() -> None:
    with pytest.raises(SolveError, match="has no switch 'tye'; did you mean 'tie'"):
        switched({"close": "F1:tye"})
    (row,) = switched({"close": "tye"}).sought
    assert row["found"] is False and row["near"] == ["tie"]


def controlled(**words: Any) -> State:
    layer = {"name": "low", "kind": "controls", **words}
    return compose([layer], MIXED, demand_of(MIXED), CONTEXT)


def test_set_points_move_the_voltage_and_frozen_taps_stay() -> None:
    def volts(state: State) -> float:
        year = Year(*realise(state), controls_active=True)
        (block,) = year.blocks([4100])
        return float(np.abs(block.voltages[year.circuit.nodes.index("a.1")])[0])

    high, low = (volts(controlled(regulators={"set_volts": v, "frozen": False})) for v in (124.0, 117.0))
    assert high / low == pytest.approx(124.0 / 117.0, abs=0.015)
    frozen = controlled(regulators={"frozen": True}, capacitors="frozen")
    assert unsuited(MIXED, True) and not unsuited(realise(frozen)[0], True), "nothing is left that acts"
    taps = [w.tap_pu for t in frozen.feeder.transformers for w in t.windings]
    assert taps == [w.tap_pu for t in MIXED.transformers for w in t.windings]


def test_capacitors_can_be_off_and_one_regulator_can_be_named() -> None:
    off = controlled(capacitors="off")
    assert not any(p.enabled for p in off.feeder.capacitors)
    by_bus, by_name = (controlled(regulators={"bandwidth_volts": 4.0, "which": [w]}) for w in ("sub", "reg"))
    assert by_bus.feeder == by_name.feeder != MIXED
    assert by_name.feeder.regulators[0].band_v == 4.0 and by_name.feeder.regulators[0].set_v == 123.0
    assert controlled(regulators={"frozen": True, "which": ["regg"]}).sought[0]["near"] == ["reg"]
