"""Every criterion can be the one that stops a plant; its element, hour and value are what OpenDSS alone reads there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dss as engine_package
import numpy as np
import pytest
from hosting_cases import Loop, case_of

from dtl.analyses.hosting.iterative import iterative
from dtl.analyses.hosting.prove import prove
from dtl.analyses.hosting.sites import Of
from dtl.network.feeder import Feeder
from dtl.powerflow import names

HOURS = [30, 2777, 4146, 5344]
STEP = 5.0


def limited(feeder: Feeder, bus: str, of: Of, **words: Any) -> tuple[Any, dict[str, Any]]:
    """The case, and the row of all criteria of one bus."""
    case = case_of(feeder, hours=HOURS, **words)
    rows = iterative(case, {"tolerance_kw": STEP, "distributed": False}, of)
    return case, next(r for r in rows if r["bus"] == bus and r["criterion"] == "all")


def voltage(loop: Loop, row: dict[str, Any]) -> float:
    return loop._volts()[row["limiting_element"].removeprefix("bus ")]


def rise(loop: Loop, row: dict[str, Any]) -> float:
    base = loop.base[row["limiting_hour"]]
    assert base is not None
    return abs(voltage(loop, row) - base[0][row["limiting_element"].removeprefix("bus ")])


def loading(loop: Loop, row: dict[str, Any]) -> float:
    return loop._loadings()[row["limiting_element"]]


def back(loop: Loop, row: dict[str, Any]) -> float:
    """Power towards the source [kW]: of the whole circuit, or out of the first end of a switch."""
    circuit = engine_package.DSS.ActiveCircuit
    if row["limiting_element"].startswith("head"):
        return float(circuit.TotalPower[0])
    kind, _, name = row["limiting_element"].partition(" ")
    circuit.SetActiveElement(names.element(kind, name))
    element = circuit.ActiveCktElement
    return -float(np.asarray(element.Powers)[: 2 * element.NumConductors : 2].sum())


def unbalance(loop: Loop, row: dict[str, Any]) -> float:
    circuit = engine_package.DSS.ActiveCircuit
    circuit.SetActiveBus(names.spelled(row["limiting_element"].removeprefix("bus ")))
    _, positive, negative = circuit.ActiveBus.SeqVoltages
    return 100.0 * float(negative / positive)


@pytest.mark.parametrize(
    ("words", "of", "bus", "factor", "read"),
    [
        ({"overvoltage": {}}, "generation", "c", "overvoltage_primary", voltage),
        ({"overvoltage": {}}, "generation", "lv", "overvoltage_secondary", voltage),
        ({"undervoltage": {}}, "load", "c", "undervoltage_primary", voltage),
        ({"undervoltage": {}}, "load", "mill", "undervoltage_secondary", voltage),
        ({"voltage_deviation": {"at_most_pct": 1.0}}, "generation", "c", "voltage_deviation_primary", rise),
        ({"voltage_deviation": {"at_most_pct": 1.0}}, "generation", "mill", "voltage_deviation_secondary", rise),
        ({"regulator_deviation": {"at_most_pct": 2.0}}, "generation", "a", "regulator_deviation", rise),
        ({"thermal": {}}, "generation", "b.1 street", "thermal", loading),
        ({"thermal": {}}, "load", "lv", "thermal", loading),
        ({"reverse_flow": {"at": "head", "over_kw": 0.0}}, "generation", "a", "reverse_flow", back),
        ({"reverse_flow": {"at": "scada_switches", "over_kw": 20.0}}, "generation", "d", "reverse_flow", back),
        ({"unbalance": {"at_most_pct": 1.0}}, "generation", "c", "unbalance", unbalance),
    ],
)
def test_what_stops_a_plant_is_read_by_opendss_at_that_element_and_hour(
    mixed: Feeder, words: dict[str, Any], of: Of, bus: str, factor: str, read: Callable[[Loop, dict[str, Any]], float]
) -> None:
    case, row = limited(mixed, bus, of, criteria=words)
    assert row["limiting_factor"] == factor and row["hc_kw"] > 0, row["verdict"]
    place = next(p for p in case.places if p.bus == bus)
    loop = Loop(case, [place], of)
    found = []
    for kw in (row["hc_kw"], row["hc_kw"] + STEP):
        assert loop.state(row["limiting_hour"], {0: kw}) is not None
        found.append(read(loop, row))
    sign = -1.0 if factor.startswith("under") else 1.0
    assert sign * found[0] <= sign * row["limiting_limit"] < sign * found[1]
    assert found[1] == pytest.approx(row["limiting_value"], rel=2e-6, abs=2e-3 if read is back else 2e-6)


@pytest.mark.parametrize(("of", "bus", "kw"), [("load", "c", 4310.0), ("generation", "a", 3175.0)])
def test_a_proof_does_not_take_rounding_for_no_solution(mixed: Feeder, of: Of, bus: str, kw: float) -> None:
    """At 1e-9 OpenDSS does not come to rest beside these plants, whose voltages agree to 1e-12 at all tolerances."""
    case = case_of(mixed, hours=HOURS, criteria={"undervoltage": {}, "regulator_deviation": {"at_most_pct": 2.0}})
    place = next(p for p in case.places if p.bus == bus)
    proof = prove(case, place, of, kw, STEP)
    assert "no solution" not in proof.why and proof.below < 0.01


def test_flexibility_is_stopped_at_a_switch(mixed: Feeder) -> None:
    case, row = limited(mixed, "d", "generation", criteria={"overvoltage": {}}, operational_flexibility="with")
    assert (row["limiting_factor"], row["limiting_element"]) == ("operational_flexibility", "switch l1")
    loop = Loop(case, [next(p for p in case.places if p.bus == "d")], "generation")
    flows = []
    for kw in (row["hc_kw"], row["hc_kw"] + STEP):
        loop.state(row["limiting_hour"], {0: kw})
        flows.append(back(loop, row))
    assert flows[0] <= 0.0 < flows[1]


@pytest.mark.parametrize(
    ("words", "share"),
    [({"islanding": {"at_most_pct": 50.0}}, 0.5), ({"ground_fault_overvoltage": {"at_most_pct": 125.0}}, 1.25)],
)
def test_screens_of_islands_compare_with_the_least_load_behind(
    mixed: Feeder, words: dict[str, Any], share: float
) -> None:
    case, row = limited(mixed, "a", "generation", criteria=words)
    drives, profiles = case.demand.drives, case.demand.profiles
    least = min(sum(d.kw * profiles[d.kw_profile][h] for d in drives.values()) for h in HOURS)
    assert row["limiting_factor"] == next(iter(words)) and row["limiting_element"] == "head"
    assert row["hc_kw"] == STEP * (share * least // STEP)


def test_screens_of_currents(mixed: Feeder) -> None:
    """A plant of three phases at 12.47 kV, all phases added; and what the head no longer sees of a fault."""
    _, row = limited(mixed, "d", "generation", criteria={"sympathetic_tripping": {"pickup_a": 60.0}})
    assert row["hc_kw"] == STEP * (60.0 * 12.47 * 3**0.5 / 3 / 1.2 // STEP)
    assert (row["limiting_factor"], row["limiting_element"]) == ("sympathetic_tripping", "head")
    _, row = limited(mixed, "a", "generation", criteria={"protection": {"at_most_pct": 2.0}})
    assert row["limiting_factor"] == "protection" and row["limiting_element"].startswith("phase")
    _, row = limited(mixed, "a", "generation", criteria={"fault_current": {"at_most_pct": 2.0}})
    assert row["limiting_factor"] == "fault_current" and row["limiting_value"] > row["limiting_limit"]
