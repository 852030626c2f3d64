"""Regulators and transformers of CYME by phase: ganged units, phases that pass, open banks, phases that are lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from models import feeders, only, read
from twins import volts

CASE = Path(__file__).parents[1] / "cases" / "sources" / "cyme_sound"

REGULATOR = (
    "\n[REGULATOR SETTING]\nFORMAT_REGULATORSETTING=SectionID,Location,EqID,DeviceNumber,PhaseON,MaxBuck,MaxBoost,"
    "BandWidthA,BandWidthB,BandWidthC,CT,PT,VsetA,VsetB,VsetC,TapA,TapB,TapC,ConnectionStatus\n"
    "two,S,{unit},reg,{phases},10,10,2,3,4,300,60,121,122,123,{taps},0\n"
)
UNITS = "\n[REGULATOR]\nFORMAT_REGULATOR=ID,Type,KVA,KVLN,Taps\nsingle,0,45,7.2,32\nganged,1,135,7.2,32\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("network.txt", "load.txt", "equipment.txt"):
        (tmp_path / name).write_bytes((CASE / name).read_bytes())
    return tmp_path


def add(folder: Path, network: str, equipment: str = "", change: tuple[str, str] = ("", "")) -> None:
    text = (folder / "network.txt").read_text()
    assert change[0] in text
    (folder / "network.txt").write_text(text.replace(*change) + network)
    (folder / "equipment.txt").write_text((folder / "equipment.txt").read_text() + equipment)


def regulated(folder: Path, unit: str, phases: str, taps: str):
    add(folder, REGULATOR.format(unit=unit, phases=phases, taps=taps), UNITS)
    return read("cyme_text", folder, "*.txt")


def test_a_three_phase_unit_regulates_all_phases_and_measures_one(folder: Path) -> None:
    reading = regulated(folder, "ganged", "B", "4,4,4")
    feeder = only(reading)
    (unit,), (control,) = feeder.transformers, feeder.regulators
    assert (unit.phases, unit.windings[1].nodes, unit.windings[1].tap_pu) == (3, (1, 2, 3), 1.025)
    assert unit.windings[0].kva == 1350
    assert (control.pt_phase, control.set_v, control.band_v, control.transformer) == (2, 122, 3, unit.name)
    assert [f.check for f in reading.findings] == []
    pu = volts(feeder)
    assert min(pu[f"end.{n}"] for n in (1, 2, 3)) > 0.97
    assert max(pu[f"end.{n}"] for n in (1, 2, 3)) - min(pu[f"end.{n}"] for n in (1, 2, 3)) < 1e-6


def test_a_three_phase_unit_with_three_taps_says_which_it_takes(folder: Path) -> None:
    reading = regulated(folder, "ganged", "C", "1,2,3")
    assert only(reading).transformers[0].windings[1].tap_pu == 1.01875
    assert [(f.check, f.value) for f in reading.findings] == [("cyme.ganged-taps", "1 2 3")]


def test_phases_without_a_unit_pass_through(folder: Path) -> None:
    reading = regulated(folder, "single", "AC", "2,0,-2")
    feeder = only(reading)
    assert {t.name: t.windings[1].tap_pu for t in feeder.transformers} == {"reg_a": 1.0125, "reg_c": 0.9875}
    (through,) = feeder.switches
    assert (through.from_nodes, through.type, through.is_closed) == ((2,), "jumper", True)
    assert [(f.check, f.severity, f.value) for f in reading.findings] == [("cyme.phases-pass", "info", "B")]
    pu = volts(feeder)
    assert pu["end.1"] > pu["end.2"] > pu["end.3"] > 0.95


def test_a_phase_that_no_device_carries_is_an_error(folder: Path) -> None:
    spacing = "\n[SPACING TABLE FOR LINE]\nFORMAT_SPACINGTABLEFORLINE=ID,GMDPh-Ph,GMDPh-N,AvgPhCondHeight,"
    spacing += "AvgNeutralHeight\ns,1,1,9,8\n"
    wire = "\n[CONDUCTOR]\nFORMAT_CONDUCTOR=ID,Diameter,GMR,R25,R50,Amps\nw,1.4,0.5,0.3,0.3,300\n"
    line = (
        "\n[OVERHEAD BYPHASE SETTING]\nFORMAT_OVERHEADBYPHASESETTING=SectionID,DeviceNumber,CondID_A,CondID_B,CondID_C,"
        "CondID_N,SpacingID,Length\ntwo,two,w,NONE,w,NONE,s,500\n"
    )
    add(folder, line, spacing + wire, ("two,two,wire,500,0\n", ""))
    lost = [f for f in read("cyme_text", folder, "*.txt").findings if f.check == "cyme.phase-lost"]
    assert [(f.severity, f.value, f.feeder, f.element) for f in lost] == [
        ("error", "B", "north", "[OVERHEAD BYPHASE SETTING] two")
    ]


BANK = (
    "\n[TRANSFORMER]\nFORMAT_TRANSFORMER=ID,Type,KVA,KVLLprim,KVLLsec,Z1,XR,Conn\n"
    "u,1,100,12.47,0.48,3,2,0\nthree,2,300,12.47,0.48,3,2,0\n"
)
SETTING = (
    "\n[TRANSFORMER SETTING]\nFORMAT_TRANSFORMERSETTING=SectionID,Location,EqID,DeviceNumber,Conn,ODPrimPh,FromNodeID\n"
    "two,M,{unit},bank,{conn},{open},mid\n"
)


def banked(folder: Path, unit: str, conn: str, open_phases: str):
    add(folder, SETTING.format(unit=unit, conn=conn, open=open_phases), BANK, ("two,two,wire,500,0\n", ""))
    loads = (
        (folder / "load.txt").read_text().replace("two,two,SPOT,0,1", "two,two,SPOT,2,1").replace("300,90", "120,40")
    )
    (folder / "load.txt").write_text(loads)
    return read("cyme_text", folder, "*.txt")


@pytest.mark.parametrize(
    ("open_phases", "nodes"),
    [("AB", [(1, 2), (2, 3)]), ("AC", [(1, 2), (3, 1)]), ("BC", [(2, 3), (3, 1)])],
)
@pytest.mark.parametrize(("conn", "primary"), [("6", "wye"), ("YO_DO", "wye"), ("5", "delta")])
def test_an_open_bank_feeds_three_phases_from_two_units(
    folder: Path, open_phases: str, nodes: list[tuple[int, int]], conn: str, primary: str
) -> None:
    reading = banked(folder, "u", conn, open_phases)
    feeder = only(reading)
    assert [t.windings[1].nodes for t in feeder.transformers] == nodes
    grounded = [(n, 0) for n, _ in nodes]
    assert [t.windings[0].nodes for t in feeder.transformers] == (grounded if primary == "wye" else nodes)
    assert {(t.bank, t.windings[0].kva, t.windings[1].kv) for t in feeder.transformers} == {("bank", 100, 0.48)}
    assert not [f for f in reading.findings if f.severity == "error"]
    pu = volts(feeder)
    sides = [pu[f"end.{n}"] for n in (1, 2, 3)]
    assert len(sides) == 3
    assert feeder.bus["end"].nodes == (1, 2, 3)


def test_an_open_bank_by_phase(folder: Path) -> None:
    network = (
        "\n[TRANSFORMER BYPHASE SETTING]\nFORMAT_TRANSFORMERBYPHASESETTING=SectionID,DeviceNumber,PhaseTransformerID1,"
        "PhaseTransformerID2,PhaseTransformerID3,TransformerConnection,FromNodeID\ntwo,bank,NONE,u,u,YO_DO,mid\n"
    )
    add(folder, network, BANK, ("two,two,wire,500,0\n", ""))
    feeder = only(read("cyme_text", folder, "*.txt"))
    ends = [(t.name, t.windings[0].nodes, t.windings[1].nodes) for t in feeder.transformers]
    assert ends == [("bank_b", (2, 0), (2, 3)), ("bank_c", (3, 0), (3, 1))]


@pytest.mark.parametrize(
    ("unit", "open_phases", "field"), [("u", "NONE", "ODPrimPh"), ("u", "A", "ODPrimPh"), ("three", "AB", "EqID")]
)
def test_an_open_bank_that_the_file_does_not_describe_is_refused(
    folder: Path, unit: str, open_phases: str, field: str
) -> None:
    reading = banked(folder, unit, "6", open_phases)
    assert [(f.check, f.field) for f in reading.findings if f.element.startswith("[TRANSFORMER SETTING]")] == [
        ("cyme.connection", field)
    ]
    assert not feeders(reading)["north"].transformers


def test_mutual_resistances_that_repeat_the_reactances_are_told(folder: Path) -> None:
    matrix = (
        "\n[LINE UNBALANCED]\nFORMAT_LINEUNBALANCED=ID,Ra,Rb,Rc,Xa,Xb,Xc,MutualResistanceAB,MutualResistanceBC,"
        "MutualResistanceCA,MutualReactanceAB,MutualReactanceBC,MutualReactanceCA\n"
        "m,.3,.3,.3,.6,.6,.6,{0},{0},{0},.2,.2,.2\n"
    )
    line = "\n[OVERHEADLINEUNBALANCED SETTING]\nFORMAT_X=SectionID,DeviceNumber,LineCableID,Length\ntwo,two,m,500\n"
    add(folder, line, matrix.format(0.2), ("two,two,wire,500,0\n", ""))
    assert [f.check for f in read("cyme_text", folder, "*.txt").findings] == ["cyme.mutual-copied"]
    text = (folder / "equipment.txt").read_text()
    (folder / "equipment.txt").write_text(text.replace("0.2,0.2,0.2,.2", "0.1,0.1,0.1,.2"))
    assert read("cyme_text", folder, "*.txt").findings == []
