"""Regulators and transformers of CYME by phase: ganged units, phases that pass, open banks, phases that are lost."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from dss import DSS
from models import feeders, only, read
from twins import volts

from dtl.powerflow import dss

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


BY_PHASE = (
    "\n[REGULATOR BYPHASE SETTING]\nFORMAT_REGULATORBYPHASESETTING=SectionID,Location,DeviceNumber,{ids},"
    "MaxBoostA,MaxBoostB,MaxBoostC,MaxBuckA,MaxBuckB,MaxBuckC,BandWidthA,BandWidthB,BandWidthC,CTA,CTB,CTC,PTA,PTB,PTC,"
    "VsetA,VsetB,VsetC,RsetA,RsetB,RsetC,XsetA,XsetB,XsetC,TapA,TapB,TapC\n"
    "two,S,reg,{units},10,5,10,10,5,10,2,3,1.5,150,150,100,60,60,62,122,123,120,3,0,2,1,0,4,1,0,-2\n"
)
EACH = (
    "\n[REGULATOR]\nFORMAT_REGULATOR=ID,Type,KVA,KVLN,Taps\n"
    "a,0,45,7.2,32\nb,0,30,7.2,16\nc,0,45,7.2,32\nall,1,90,7.2,32\n"
)
HEAVY = "".join(
    f"two,two,SPOT,c{p},house,0,2024,1,0,{p},{kw},{kw / 3:g},3\n" for p, kw in (("A", 900), ("B", 1200), ("C", 300))
)


def by_phase(folder: Path, ids: str = "EqIDA,EqIDB,EqIDC", units: str = "a,b,c"):
    add(folder, BY_PHASE.format(ids=ids, units=units), EACH)
    load = (folder / "load.txt").read_text()
    (folder / "load.txt").write_text(load[: load.index("two,two,SPOT,c1")] + HEAVY)
    return read("cyme_text", folder, "*.txt")


def controlled(*lines: str) -> tuple[dict[str, float], dict[str, float]]:
    """Voltages [per unit of 7.2 kV] and taps of a circuit whose controls have acted."""
    DSS.AllowForms = False
    DSS.Text.Commands(
        ["clear", *lines, "set tolerance=1e-9", "set maxiterations=200", "set maxcontroliter=200", "solve"]
    )
    circuit = DSS.ActiveCircuit
    assert circuit.Solution.Converged
    pu = dict(zip((n.lower() for n in circuit.AllNodeNames), (v / 7200 for v in circuit.AllBusVmag), strict=True))
    taps = {}
    for name in circuit.Transformers.AllNames:
        circuit.Transformers.Name, circuit.Transformers.Wdg = name, 2
        taps[name.lower()] = circuit.Transformers.Tap
    return pu, taps


def test_units_with_an_equipment_each_are_those_of_opendss(folder: Path) -> None:
    reading = by_phase(folder)
    assert reading.findings == []
    ours, moved = controlled(*dss.write(only(reading)).splitlines())
    units = {  # kVA of the throughput, taps, range, tap, volts, band, PT, CT, R, X
        "a": (450, 32, 0.1, 1 / 160, 122, 2, 60, 150, 3, 1),
        "b": (600, 16, 0.05, 0.0, 123, 3, 60, 150, 0, 0),
        "c": (450, 32, 0.1, -2 / 160, 120, 1.5, 62, 100, 2, 4),
    }
    lines = [
        f"new circuit.x bus1=head basekv=12.47 pu={7.2 * math.sqrt(3) / 12.47:.12g} r1=0.1 x1=0.6 r0=0.1 x0=0.6",
        "new linecode.wire nphases=3 units=km basefreq=60 r1=0.3 x1=0.4 r0=0.6 x0=1.2 "
        f"c1={4e3 / (120 * math.pi):.12g} c0={2e3 / (120 * math.pi):.12g}",
        "new line.one bus1=head bus2=mid linecode=wire length=1 units=km",
        "new line.two bus1=two__1 bus2=end linecode=wire length=0.5 units=km",
    ]
    for node, (p, kw) in enumerate((("a", 900), ("b", 1200), ("c", 300)), 1):
        kva, taps, share, tap, v, band, pt, ct, r, x = units[p]
        lines += [
            f"new transformer.reg_{p} phases=1 windings=2 buses=[mid.{node} two__1.{node}] kvs=[7.2 7.2] "
            f"kvas=[{kva} {kva}] %rs=[0.0005 0.0005] xhl=0.001 ppm_antifloat=0",
            f"edit transformer.reg_{p} wdg=2 maxtap={1 + share} mintap={1 - share} numtaps={taps} tap={1 + tap}",
            f"new regcontrol.reg_{p} transformer=reg_{p} winding=2 vreg={v} band={band} ptratio={pt} ctprim={ct} "
            f"r={r} x={x} delay=15 maxtapchange=16",
            f"new load.{p} bus1=end.{node} phases=1 kv=7.2 kw={kw} kvar={kw / 3:.12g} model=1 vminpu=0.8 vmaxpu=1.2",
        ]
    theirs, stepped = controlled(*lines)
    assert moved == pytest.approx(stepped, abs=1e-9)
    assert len({round(t, 6) for t in stepped.values()} | {1.0}) == 4, "each has moved, and otherwise than the others"
    assert ours.keys() == theirs.keys()
    assert max(abs(ours[n] - theirs[n]) for n in ours) < 1e-5


@pytest.mark.parametrize("ids", ["EqID_A,EqID_B,EqID_C", "PhaseRegulatorID1,PhaseRegulatorID2,PhaseRegulatorID3"])
def test_phases_without_an_equipment_pass_through(folder: Path, ids: str) -> None:
    reading = by_phase(folder, ids, "a,NONE,c")
    feeder = only(reading)
    assert [(f.check, f.value) for f in reading.findings] == [("cyme.phases-pass", "B")]
    assert {r.name: (r.set_v, r.band_v, r.pt_ratio, r.ct_primary_a) for r in feeder.regulators} == {
        "reg_a": (122, 2, 60, 150), "reg_c": (120, 1.5, 62, 100),
    }  # fmt: skip
    assert [(s.from_nodes, s.type) for s in feeder.switches] == [((2,), "jumper")]


@pytest.mark.parametrize(
    ("ids", "units", "check", "field"),
    [
        ("UnitOne,UnitTwo,UnitThree", "a,b,c", "cyme.unknown-equipment", "EqIDA"),
        ("EqIDA,EqIDB,EqIDC", "a,nobody,c", "cyme.unknown-equipment", "EqIDB"),
        ("EqIDA,EqIDB,EqIDC", "a,b,all", "cyme.connection", "EqIDC"),
        ("PhaseON,EqIDA,EqIDB", "ABC,a,b", "cyme.unknown-equipment", "EqIDA"),
    ],
)
def test_a_regulator_by_phase_that_cannot_be_read_is_refused(
    folder: Path, ids: str, units: str, check: str, field: str
) -> None:
    (told,) = [f for f in by_phase(folder, ids, units).findings if f.check.startswith("cyme.")]
    assert (told.check, told.severity, told.field, told.feeder) == (check, "error", field, "north")


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
@pytest.mark.parametrize(("conn", "primary"), [("5", "wye"), ("YO_DO", "wye"), ("4", "delta")])
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
    reading = banked(folder, unit, "5", open_phases)
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
