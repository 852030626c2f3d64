"""What planning models leave to what surrounds the equipment: voltages of levels, connections of windings; reactors."""

from __future__ import annotations

from pathlib import Path

import pytest
from cim_files import base, equipment, line, load, matrix, phases, thing
from dss import DSS
from test_cim import HIGH, LOW, grid, make, only, solve, trafo

from dtl.sources.reading import Reading

BARE = {"ConductingEquipment__BaseVoltage": None}


def placed(folder: Path, *extra: str, **words: object) -> Reading:
    """A feeder whose load stands at a bus of which nothing but what contains it states the voltage."""
    switch = equipment("Breaker", "CB", "END", "LAST", Switch__normalOpen="false", Switch__open="false", **BARE)
    return make(folder, [
        *base(), matrix("Z", 3), line("ONE", "HEAD", "END", "A", "B", "C"), switch,
        thing("ConnectivityNode", "LAST", "last", **words),
        load("L", "LAST", 90000, 0, **BARE), *extra,
    ])  # fmt: skip


LEVEL = thing("VoltageLevel", "VL", "level", VoltageLevel__BaseVoltage="#V")


@pytest.mark.parametrize(
    ("extra", "word", "at"),
    [
        ([LEVEL], "ConnectivityNode__ConnectivityNodeContainer", "#VL"),
        ([LEVEL, thing("Bay", "BAY", "bay", Bay__VoltageLevel="#VL")], "ConnectivityNode__ConnectivityNodeContainer",
         "#BAY"),
        ([thing("TopologicalNode", "TN", "top", TopologicalNode__BaseVoltage="#V")],
         "ConnectivityNode__TopologicalNode", "#TN"),
    ],
    ids=["level", "bay", "topological"],
)  # fmt: skip
def test_a_bus_has_the_voltage_of_what_it_stands_in(tmp_path: Path, extra: list[str], word: str, at: str) -> None:
    reading = placed(tmp_path, *extra, **{word: at})
    assert [f.message for f in reading.findings if f.severity != "info"] == []
    feeder = only(reading)
    assert {b.name: b.kv_ln for b in feeder.buses}["last"] == pytest.approx(12.47 / 3**0.5)
    assert feeder.loads[0].kv == 12.47


def test_a_level_that_is_in_no_file_leaves_the_bus_without_a_voltage(tmp_path: Path) -> None:
    reading = placed(tmp_path, ConnectivityNode__ConnectivityNodeContainer="#VL")
    found = [f for f in reading.findings if f.severity == "error"]
    assert {f.check for f in found} == {"network.no-base"}
    assert {f.element for f in found} == {"bus.last", "EnergyConsumer l"}


@pytest.mark.parametrize(("clock", "kinds"), [(5, ["delta", "wye"]), (4, ["wye", "wye"]), (None, ["wye", "wye"])])
def test_windings_without_a_connection_fit_their_clock_and_are_told(
    tmp_path: Path, clock: int | None, kinds: list[str]
) -> None:
    open_ = {"PowerTransformerEnd__connectionKind": None, "TransformerEnd__grounded": "false"}
    low = LOW | open_ | ({} if clock is None else {"PowerTransformerEnd__phaseAngleClock": clock})
    reading = make(tmp_path, [*grid(), trafo("TR", HIGH | open_ | {"PowerTransformerEnd__x": 12.0}, low)])
    (told,) = [f for f in reading.findings if f.check == "cim.connection"]
    assert told.severity == "warning" and told.element == "PowerTransformer tr"
    assert sum(r["reason"] == "the source states no connection" for r in reading.conversion.values()) == 2
    feeder = only(reading)
    assert [f.message for f in reading.findings if f.severity == "error"] == []
    (unit,) = feeder.transformers
    assert [w.connection for w in unit.windings] == kinds
    assert {w.nodes for w in unit.windings if w.connection == "wye"} <= {(1, 2, 3), (2, 3, 1), (3, 1, 2)}, "earthed"
    volts = solve(feeder)
    angle = volts[unit.windings[1].bus, 1] / volts[unit.windings[0].bus, 1]
    turned = -30.0 * (clock or 0)
    assert abs(angle / abs(angle) - complex(0, 1) ** (turned / 90.0)) < 0.02


def test_one_winding_without_a_connection_is_an_error(tmp_path: Path) -> None:
    low = LOW | {"PowerTransformerEnd__connectionKind": None}
    reading = make(tmp_path, [*grid(), trafo("TR", HIGH | {"PowerTransformerEnd__x": 12.0}, low)])
    (told,) = [f for f in reading.findings if f.check == "cim.connection"]
    assert told.severity == "error" and "states no connection" in told.message


@pytest.mark.parametrize("joined", ["Yn", "D"])
def test_a_bank_of_negative_susceptance_is_a_reactor(tmp_path: Path, joined: str) -> None:
    mvar = 1.2
    bank = equipment("LinearShuntCompensator", "SR", "END", ShuntCompensator__nomU=12470,
                     LinearShuntCompensator__bPerSection=-mvar * 1e6 / 2 / 12470**2,
                     ShuntCompensator__maximumSections=3, ShuntCompensator__sections=2,
                     ShuntCompensator__phaseConnection=f":PhaseShuntConnectionKind.{joined}")  # fmt: skip
    reading = make(tmp_path, [*base(), matrix("Z", 3, own=1e-9 + 1e-9j, mutual=0j),
                              line("ONE", "HEAD", "END", "A", "B", "C"), bank])  # fmt: skip
    assert [f.message for f in reading.findings if f.severity != "info"] == []
    feeder = only(reading)
    assert not feeder.capacitors
    (reactor,) = feeder.reactors
    per_phase = 3.0 if joined == "D" else 1.0
    assert reactor.x_ohm == pytest.approx(per_phase * 12.47**2 / mvar)
    solve(feeder)
    drawn = -DSS.ActiveCircuit.TotalPower[1]
    assert drawn == pytest.approx(1e3 * mvar * feeder.sources[0].pu ** 2, rel=3e-3)


def banked(folder: Path, *letters: str, **words: object) -> Reading:
    bank = equipment("LinearShuntCompensator", "SC", "END", ShuntCompensator__nomU=12470,
                     LinearShuntCompensator__bPerSection=2e-3, ShuntCompensator__maximumSections=1,
                     ShuntCompensator__phaseConnection=":PhaseShuntConnectionKind.Y", **words)  # fmt: skip
    back, word = "ShuntCompensatorPhase__ShuntCompensator", "ShuntCompensatorPhase__phase"
    share = {"LinearShuntCompensatorPhase__bPerSection": 2e-3}
    rows = phases("LinearShuntCompensatorPhase", back, word, "SC", *letters, **share)
    loaded = load("L", "END", 900000, 300000, "A")
    return make(folder, [*base(), matrix("Z", 3), line("ONE", "HEAD", "END", "A", "B", "C"), loaded, bank, rows])


def test_a_bank_that_is_not_grounded_has_no_current_to_ground(tmp_path: Path) -> None:
    for name, grounded in (("free", "false"), ("earthed", "true")):
        (tmp_path / name).mkdir()
        reading = banked(tmp_path / name, ShuntCompensator__grounded=grounded)
        assert [f.message for f in reading.findings if f.severity != "info"] == []
        feeder = only(reading)
        assert feeder.capacitors[0].nodes == ((1, 2, 3, 4) if name == "free" else (1, 2, 3))
        volts = solve(feeder)
        star = sum(volts["end", n] for n in (1, 2, 3)) / 3.0
        if name == "free":
            assert abs(volts["end", 4] - star) < 1e-9 and abs(star) > 1e-3


def test_of_a_bank_that_is_not_grounded_one_phase_has_no_star_point(tmp_path: Path) -> None:
    two = only(banked(tmp_path, "A", "B", ShuntCompensator__grounded="false"))
    assert sorted(c.nodes for c in two.capacitors) == [(1, 4), (2, 4)]
    one = only(banked(tmp_path, "A", ShuntCompensator__grounded="false"))
    assert [c.nodes for c in one.capacitors] == [(1,)]
