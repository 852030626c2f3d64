"""Machines, injections and the network beyond in CIM: the power or voltage that stands there, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from cim_files import base, equipment, file, line, load, matrix, phases, small, thing
from models import only, read
from twins import volts

from dtl.sources.reading import Reading


def make(folder: Path, parts: list[str]) -> Reading:
    (folder / "model.xml").write_text(file(parts))
    return read("cim", folder, "*.xml")


def beyond(key: str = "NET", node: str = "HEAD", **words: object) -> str:
    return equipment("ExternalNetworkInjection", key, node, **words)


def control(key: str, value: float, multiplier: str = "none") -> str:
    return thing("RegulatingControl", key, None, RegulatingControl__mode=":RegulatingControlModeKind.voltage",
                 RegulatingControl__targetValue=value,
                 RegulatingControl__targetValueUnitMultiplier=f":UnitMultiplier.{multiplier}")  # fmt: skip


def without_source() -> list[str]:
    (source,) = [part for part in base() if "<cim:EnergySource " in part]
    return [part for part in small() if part != source]


@pytest.mark.parametrize(
    ("cls", "words", "kw", "kvar"),
    [
        ("AsynchronousMachine", {"RotatingMachine__p": 90000, "RotatingMachine__q": 40000}, 90, 40),
        ("AsynchronousMachine", {"AsynchronousMachine__ratedMechanicalPower": 90000,
                                 "AsynchronousMachine__efficiency": 90, "RotatingMachine__ratedPowerFactor": 0.8},
         100, 75),
        ("EquivalentInjection", {"EquivalentInjection__p": 90000, "EquivalentInjection__q": -40000}, 90, -40),
        ("ExternalNetworkInjection", {"ExternalNetworkInjection__p": 90000, "ExternalNetworkInjection__q": 4000},
         90, 4),
    ],
)  # fmt: skip
def test_what_takes_power_is_a_load(tmp_path: Path, cls: str, words: dict[str, object], kw: float, kvar: float) -> None:
    reading = make(tmp_path, [*small(), equipment(cls, "M", "MID", **words)])
    (load,) = [p for p in only(reading).loads if p.name == "m"]
    assert (load.kw, load.kvar, load.phases, load.customers) == (pytest.approx(kw), pytest.approx(kvar), 3, 0)
    assert reading.findings == []


def test_what_gives_power_is_a_generator(tmp_path: Path) -> None:
    words = {"EquivalentInjection__p": -50000, "EquivalentInjection__q": -10000}
    (made,) = only(make(tmp_path, [*small(), equipment("EquivalentInjection", "M", "MID", **words)])).generators
    assert (made.kw, made.kvar) == (50, 10)


@pytest.mark.parametrize(
    ("parts", "element"),
    [
        ([equipment("EquivalentInjection", "M", "MID", EquivalentInjection__regulationStatus="true")],
         "EquivalentInjection m"),
        ([control("C", 12500), equipment("SynchronousMachine", "M", "MID", RegulatingCondEq__RegulatingControl="#C")],
         "SynchronousMachine m"),
        ([control("C", 12500), beyond("M", "MID", RegulatingCondEq__RegulatingControl="#C")],
         "ExternalNetworkInjection m"),
        ([equipment("AsynchronousMachine", "M", "MID")], "AsynchronousMachine m"),
    ],
)  # fmt: skip
def test_what_holds_a_voltage_or_states_nothing_is_an_error(tmp_path: Path, parts: list[str], element: str) -> None:
    reading = make(tmp_path, [*small(), *parts])
    assert [f.element for f in reading.findings if f.severity == "error"] == [element]


def test_a_machine_whose_control_is_disabled_gives_its_power(tmp_path: Path) -> None:
    words = {"RegulatingCondEq__RegulatingControl": "#C", "RegulatingCondEq__controlEnabled": "false"}
    machine = equipment("SynchronousMachine", "M", "MID", RotatingMachine__p=-70000, **words)
    reading = make(tmp_path, [*small(), control("C", 12500), machine])
    assert [(g.name, g.kw) for g in only(reading).generators] == [("m", 70)] and reading.findings == []


@pytest.mark.parametrize(
    ("mode", "power"),
    [
        ({}, (70, 20)),
        ({"SynchronousMachine__operatingMode": ":SynchronousMachineOperatingMode.motor"}, (-70, -20)),
        ({"SynchronousMachine__type": ":SynchronousMachineKind.generatorOrMotor"}, (-70, -20)),
    ],
)
def test_a_machine_of_positive_power_generates_unless_its_mode_is_stated(
    tmp_path: Path, mode: dict[str, object], power: tuple[float, float]
) -> None:
    """GridAPPS-D writes what a synchronous machine generates as positive, without a mode; CGMES always states one."""
    machine = equipment("SynchronousMachine", "M", "MID", RotatingMachine__p=70000, RotatingMachine__q=20000, **mode)
    reading = make(tmp_path, [*small(), machine])
    (made,) = only(reading).generators
    assert (made.kw, made.kvar) == power
    told = [(f.check, f.severity, f.element) for f in reading.findings]
    assert told == ([] if mode else [("cim.sign", "warning", "SynchronousMachine m")])


@pytest.mark.parametrize("total", [{}, {"RotatingMachine__p": 90000, "RotatingMachine__q": 30000}])
@pytest.mark.parametrize(
    ("mode", "sign"), [({}, 1), ({"SynchronousMachine__operatingMode": ":SynchronousMachineOperatingMode.motor"}, -1)]
)
def test_a_machine_of_phases_stands_on_these(
    tmp_path: Path, total: dict[str, object], mode: dict[str, object], sign: int
) -> None:
    """Its phases were passed over, and its power spread over all three."""
    word = "SynchronousMachinePhase"
    rows = [
        phases(word, f"{word}__SynchronousMachine", f"{word}__phase", "M", letter, **{f"{word}__p": p, f"{word}__q": q})
        for letter, p, q in (("A", 60000, 20000), ("C", 30000, 10000))
    ]
    machine = equipment("SynchronousMachine", "M", "MID", RotatingMachine__ratedS=120000, **total, **mode)
    reading = make(tmp_path, [*small(), machine, *rows])
    made = {g.name: (g.nodes, sign * g.kw, sign * g.kvar, g.kva) for g in only(reading).generators}
    assert made == {"m_a": ((1,), 60, 20, 60), "m_c": ((3,), 30, 10, 60)}
    told = [f.check for f in reading.findings]
    assert told == ([] if mode else ["cim.sign"])


@pytest.mark.parametrize(("value", "multiplier"), [(12719.4, "none"), (12.7194, "k")])
def test_the_network_beyond_is_the_source_where_there_is_no_other(
    tmp_path: Path, value: float, multiplier: str
) -> None:
    held = [control("C", value, multiplier), beyond(RegulatingCondEq__RegulatingControl="#C")]
    (source,) = [part for part in base() if "<cim:EnergySource " in part]
    stiff = source.replace(">0.02<", ">0<").replace(">0.01<", ">0<").replace(">0.1<", ">0.0001<")
    stiff = stiff.replace(">0.2<", ">0.0001<")
    reading = make(tmp_path, [*without_source(), *held])
    ours = volts(only(reading))
    theirs = volts(only(make(tmp_path, [*without_source(), stiff])))
    assert ours == pytest.approx(theirs, abs=1e-9) and reading.findings == []


def test_of_several_networks_beyond_the_one_of_reference_is_the_source(tmp_path: Path) -> None:
    words = {"ExternalNetworkInjection__p": -80000, "ExternalNetworkInjection__q": 0}
    feeder = only(make(tmp_path, [
        *without_source(), beyond(ExternalNetworkInjection__referencePriority=1),
        beyond("OTHER", "MID", ExternalNetworkInjection__referencePriority=0, **words),
    ]))  # fmt: skip
    assert [s.name for s in feeder.sources] == ["net"]
    assert [(g.name, g.kw) for g in feeder.generators] == [("other", 80)]


def energy(key: str, node: str, **words: object) -> str:
    return equipment("EnergySource", key, node, **{f"EnergySource__{w}": v for w, v in words.items()})


POWER = {"activePower": -60000, "reactivePower": -20000}
HELD = {"nominalVoltage": 12470, "voltageMagnitude": 12470, "r": 0.01, "x": 0.1}


@pytest.mark.parametrize("words", [POWER, {**POWER, **HELD}], ids=["power", "power and voltage"])
def test_an_energy_source_that_states_its_power_generates_it_beside_another(
    tmp_path: Path, words: dict[str, float]
) -> None:
    """In planning models it is a generator; it was a source of the nominal voltage without impedance."""
    parts = [*base(), matrix("Z", 3), line("ONE", "HEAD", "END", "A", "B", "C"), load("L", "END", 90000, 30000)]
    feeder = only(make(tmp_path, [*parts, energy("SGEN", "END", **words)]))
    assert [s.name for s in feeder.sources] == ["source"]
    (plant,) = feeder.generators
    assert (plant.name, plant.bus, plant.kw, plant.kvar) == ("sgen", "end", 60.0, 20.0)


def test_an_energy_source_alone_is_the_source_whatever_power_it_states(tmp_path: Path) -> None:
    nodes = [thing("Feeder", "F", "north"), thing("BaseVoltage", "V", None, BaseVoltage__nominalVoltage=12470),
             thing("ConnectivityNode", "HEAD", "head"), thing("ConnectivityNode", "END", "end")]  # fmt: skip
    parts = [*nodes, matrix("Z", 3), line("ONE", "HEAD", "END", "A", "B", "C"), load("L", "END", 90000, 30000)]
    reading = make(tmp_path, [*parts, energy("HEADS", "HEAD", **POWER, **HELD)])
    feeder = only(reading)
    assert [s.name for s in feeder.sources] == ["heads"] and not feeder.generators
    listed = {r["property"]: r["reason"] for r in reading.conversion.values() if "EnergySource heads" in r["object"]}
    assert "an answer of the power flow" in listed["EnergySource.activePower"]
