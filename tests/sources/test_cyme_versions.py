"""Text exports of older and newer versions: what they name or state in another way has the same value."""

from __future__ import annotations

from pathlib import Path

import pytest
from models import feeders, only, read

from dtl.sources.reading import Reading

CASE = Path(__file__).parents[1] / "cases" / "sources" / "cyme_sound"
LINES = "one,one,wire,1000,0\ntwo,two,wire,500,0"
OVERHEAD = (
    "[OVERHEADLINE SETTING]\nFORMAT_OVERHEADLINESETTING=SectionID,DeviceNumber,LineCableID,Length,ConnectionStatus\n"
)
FIRST = "one,one,wire,1000,0\n\n"
CONDUCTORS = (
    "\n[CONDUCTOR]\nFORMAT_CONDUCTOR=ID,Diameter,GMR,R25,R50,Amps\nacsr,1.8,0.7,0.3,0.35,400\nthin,0.8,0.3,1.1,1.2,150\n"
    "\n[SPACING TABLE FOR LINE]\nFORMAT_SPACINGTABLEFORLINE=ID,PosOfCond1_X,PosOfCond1_Y,PosOfCond2_X,PosOfCond2_Y,"
    "PosOfCond3_X,PosOfCond3_Y,PosOfNeutralCond_X,PosOfNeutralCond_Y,PosOfNeutralCond_N2_X,PosOfNeutralCond_N2_Y,"
    "NBConductorsPerPhase\npole,0,8.5,0.7,8.5,2.1,8.5,1.2,7.3,0.3,7.3,1\ntwin,0,8.5,0.7,8.5,2.1,8.5,1.2,7.3,,,2\n"
)
BY_PHASE = "CondID_A,CondID_B,CondID_C,CondID_N1,CondID_N2,SpacingID,Length,ConnectionStatus,ConductorPosition"
REGULATOR = (
    "\n[REGULATOR SETTING]\nFORMAT_REGULATORSETTING=SectionID,Location,EqID,DeviceNumber,PhaseON,MaxBuck,MaxBoost,"
    "VsetA,VsetB,VsetC,TapA,TapB,TapC\ntwo,S,step,reg,ABC,{},122,122,122,4,4,4\n"
)
Change = tuple[str, str, str]


def changed(folder: Path, *changes: Change) -> Reading:
    """The sound model with some words changed: file, old and new text; empty old text stands for the end."""
    for name in ("network", "load", "equipment"):
        text = (CASE / f"{name}.txt").read_text()
        for file, old, new in changes:
            if file == name:
                assert old in text
                text = text.replace(old, new, 1) if old else text + new
        (folder / f"{name}.txt").write_text(text)
    return read("cyme_text", folder, "*.txt")


def checks(reading: Reading) -> list[tuple[str, str, str]]:
    return [(f.check, f.severity, f.field) for f in reading.findings]


def codes(reading: Reading) -> dict[str, tuple[float, float]]:
    """Reactance and normal rating of the line code of each line."""
    feeder = only(reading)
    named = {c.name: c for c in feeder.line_codes}
    return {p.name: (named[p.line_code].x_ohm_per_km[0][0], named[p.line_code].normal_a) for p in feeder.lines}


def test_a_line_and_a_cable_of_one_name_keep_their_impedances(tmp_path: Path) -> None:
    cable = "[UNDERGROUNDLINE SETTING]\nFORMAT_UNDERGROUNDLINESETTING=SectionID,DeviceNumber,LineCableID,Length\n"
    reading = changed(
        tmp_path,
        ("network", LINES, f"one,one,wire,1000,0\n\n{cable}two,two,wire,500"),
        ("equipment", "", "\n[CABLE]\nFORMAT_CABLE=ID,R1,R0,X1,X0,B1,B0,Amps\nwire,0.2,0.5,0.1,0.4,60,60,300\n"),
    )
    assert checks(reading) == []
    assert codes(reading) == {
        "one": (pytest.approx((1.2 + 2 * 0.4) / 3), 400),
        "two": (pytest.approx((0.4 + 2 * 0.1) / 3), 300),
    }


def test_a_second_neutral_is_another_line(tmp_path: Path) -> None:
    rows = "one,acsr,acsr,acsr,thin,{},pole,1000,0,0\ntwo,acsr,acsr,acsr,thin,{},pole,500,0,0"
    old = (OVERHEAD + LINES, "[OVERHEAD BYPHASE SETTING]\nFORMAT_OVERHEADBYPHASESETTING=SectionID," + BY_PHASE + "\n")
    made = {}
    for first, second in (("NONE", "thin"), ("thin", "NONE"), ("NONE", "NONE")):
        text = old[1] + rows.format(first, second)
        reading = changed(tmp_path, ("network", old[0], text), ("equipment", "", CONDUCTORS))
        assert checks(reading) == []
        made[first, second] = codes(reading)
    alone = made["NONE", "NONE"]["one"]
    assert made["NONE", "thin"]["one"] == made["thin", "NONE"]["two"] == alone
    assert made["NONE", "thin"]["two"] == made["thin", "NONE"]["one"] != alone


@pytest.mark.parametrize("old", [True, False])
def test_mutual_terms_of_a_matrix_by_one_value_or_by_pairs(tmp_path: Path, old: bool) -> None:
    pairs = [f"Mutual{q}{p}" for q in ("Resistance", "Reactance", "ShuntSusceptance") for p in ("AB", "BC", "CA")]
    mutual = "Rm,Xm,Bm" if old else ",".join(pairs)
    values = "0.1,0.3,-0.8" if old else "0.1,0.1,0.1,0.3,0.3,0.3,-0.8,-0.8,-0.8"
    setting = OVERHEAD.replace("OVERHEADLINE", "OVERHEADLINEUNBALANCED")
    reading = changed(
        tmp_path,
        ("network", OVERHEAD + LINES, OVERHEAD + FIRST + setting + "two,two,matrix,500,0"),
        ("equipment", "", f"\n[LINE UNBALANCED]\nFORMAT_LINEUNBALANCED=ID,Ra,Rb,Rc,Xa,Xb,Xc,Ba,Bb,Bc,{mutual},"
         f"AmpsA,AmpsB,AmpsC\nmatrix,0.2,0.2,0.2,0.6,0.6,0.6,4,4,4,{values},350,200,\n"),
    )  # fmt: skip
    assert checks(reading) == []
    (code,) = (c for c in only(reading).line_codes if c.name.startswith("matrix"))
    assert code.r_ohm_per_km == ((0.2, 0.1, 0.1), (0.1, 0.2, 0.1), (0.1, 0.1, 0.2))
    assert code.x_ohm_per_km[0] == (0.6, 0.3, 0.3)
    assert code.c_nf_per_km[0][1] == pytest.approx(-0.8e3 / (2 * 3.141592653589793 * 60))
    assert code.normal_a == 200


def test_a_matrix_without_mutual_terms_is_refused(tmp_path: Path) -> None:
    setting = OVERHEAD.replace("OVERHEADLINE", "OVERHEADLINEUNBALANCED")
    reading = changed(
        tmp_path,
        ("network", OVERHEAD + LINES, OVERHEAD + FIRST + setting + "two,two,matrix,500,0"),
        ("equipment", "", "\n[LINE UNBALANCED]\nFORMAT_LINEUNBALANCED=ID,Ra,Rb,Rc,Xa,Xb,Xc\n"
         "matrix,0.2,0.2,0.2,0.6,0.6,0.6\n"),
    )  # fmt: skip
    assert checks(reading) == [("cyme.bad-value", "error", "MutualReactanceAB")]


def test_a_line_configuration_by_conductors(tmp_path: Path) -> None:
    row = "two,two,acsr,acsr,acsr,thin,NONE,pole,500,0,0"
    made = []
    for block, columns in (("OVERHEAD BYPHASE SETTING", ""), ("LINE CONFIGURATION", "LineCableID,Length,Overhead")):
        first = f"FORMAT_X=SectionID,DeviceNumber,{columns}\none,one,wire,1000,1\n" if columns else ""
        text = f"\n[{block}]\n{first}FORMAT_X=SectionID,DeviceNumber,{BY_PHASE}\n{row}"
        kept = "" if columns else OVERHEAD + FIRST
        reading = changed(tmp_path, ("network", OVERHEAD + LINES, kept + text), ("equipment", "", CONDUCTORS))
        assert checks(reading) == []
        made.append(only(reading))
    assert made[0].lines == made[1].lines
    assert made[0].line_codes == made[1].line_codes


def test_a_general_network_is_a_network_of_its_own(tmp_path: Path) -> None:
    lines = OVERHEAD + LINES + "\nthree,three,wire,100,0"
    reading = changed(
        tmp_path,
        ("network", "two,mid,end,ABC", "two,mid,end,ABC\nGENERALNETWORK=grid,far,1\nthree,far,last,ABC"),
        ("network", "end,200,0,0", "end,200,0,0\nfar,0,9,0\nlast,9,9,0"),
        ("network", "head,north", "head,north\nfar,grid"),
        ("network", "head,12.47", "far,24.9,0,-120,120,0.1,0.6,0.1,0.6,14.4,14.4,14.4,100,0\nhead,12.47"),
        ("network", OVERHEAD + LINES, lines),
    )
    assert checks(reading) == []
    found = feeders(reading)
    assert {f: (sorted(p.name for p in m.lines), m.sources[0].kv_ll) for f, m in found.items()} == {
        "north": (["one", "two"], 12.47),
        "grid": (["three"], 24.9),
    }


@pytest.mark.parametrize(("second", "ohm"), [("0", (0.1, 0.6, 0.3, 1.8)), ("1", (0.2, 0.7, 0.4, 1.9))])
def test_an_equivalent_with_two_levels_of_impedance(tmp_path: Path, second: str, ohm: tuple[float, ...]) -> None:
    levels = ",".join(f"{n}Level{z}" for n in ("First", "Second") for z in ("R1", "X1", "R0", "X0"))
    text = (CASE / "network.txt").read_text()
    start = text.index("FORMAT_SOURCEEQUIVALENT")
    old = text[start : text.index("\n\n", start)]
    new = (
        f"FORMAT_SOURCEEQUIVALENT=NodeID,Voltage,PhaseAngle,KVLLdesired,UseSecondLevelImpedance,{levels},BaseMVA,"
        f"ImpedanceUnit\nhead,12.47,-30,12.6,{second},0.1,0.6,0.3,1.8,0.2,0.7,0.4,1.9,0,0"
    )
    reading = changed(tmp_path, ("network", old, new))
    assert checks(reading) == []
    (source,) = only(reading).sources
    assert (source.r1_ohm, source.x1_ohm, source.r0_ohm, source.x0_ohm) == ohm
    assert (source.angle_deg, source.pu) == (-30, pytest.approx(12.6 / 12.47))


def test_an_impedance_per_unit_of_no_base_is_refused(tmp_path: Path) -> None:
    reading = changed(tmp_path, ("network", "7.2,7.2,7.2,100,0", "7.2,7.2,7.2,0,1"))
    assert checks(reading) == [("cyme.bad-value", "error", "BaseMVA")]


@pytest.mark.parametrize(
    ("limits", "ends", "steps"),
    [("10,10", (0.9, 1.1), 32), ("5,10", (0.95, 1.1), 24), ("5,6.25", (0.95, 1.0625), 18), ("15,15", (0.9, 1.1), 32)],
)
def test_a_limited_regulator_keeps_the_step_of_its_equipment(
    tmp_path: Path, limits: str, ends: tuple[float, float], steps: int
) -> None:
    unit = "\n[REGULATOR]\nFORMAT_REGULATOR=ID,Type,KVA,KVLN,MaxBuck,MaxBoost,Taps,PT\nstep,0,45,7.2,10,10,32,60\n"
    reading = changed(tmp_path, ("network", "", REGULATOR.format(limits)), ("equipment", "", unit))
    assert checks(reading) == []
    for bank in only(reading).transformers:
        (first, second) = bank.windings
        assert (second.tap_pu, second.taps, first.kva) == (1.025, steps, 450)
        assert (second.min_tap_pu, second.max_tap_pu) == pytest.approx(ends)


@pytest.mark.parametrize(("unit", "found"), [("0", []), ("1", [("cyme.bad-value", "error", "VoltageUnit")])])
def test_voltages_of_an_unknown_unit_are_refused(tmp_path: Path, unit: str, found: list[object]) -> None:
    setting = "\n[TRANSFORMER SETTING]\nFORMAT_X=SectionID,Location,EqID,DeviceNumber,Conn,FromNodeID\n"
    equipment = "\n[TRANSFORMER]\nFORMAT_TRANSFORMER=ID,Type,KVA,VoltageUnit,KVLLprim,KVLLsec,Z1,XR,Conn\n"
    reading = changed(
        tmp_path,
        ("network", "", f"{setting}two,L,unit,unit,0,mid\n"),
        ("equipment", "", f"{equipment}unit,2,500,{unit},12.47,0.48,3,2,0\n"),
    )
    assert checks(reading) == found


def test_bundles_are_refused(tmp_path: Path) -> None:
    setting = "[OVERHEAD BYPHASE SETTING]\nFORMAT_X=SectionID,DeviceNumber," + BY_PHASE
    row = "\ntwo,two,acsr,acsr,acsr,thin,NONE,twin,500,0,0"
    reading = changed(
        tmp_path, ("network", OVERHEAD + LINES, OVERHEAD + FIRST + setting + row), ("equipment", "", CONDUCTORS)
    )
    assert checks(reading) == [("cyme.spacing", "error", "NBConductorsPerPhase")]


@pytest.mark.parametrize(
    ("block", "column", "own", "amps"),
    [
        ("OVERHEADLINE", "NominalRating", "380", 380),
        ("OVERHEADLINE", "NominalRatingA,NominalRatingC", "370,390", 370),
        ("OVERHEADLINE", "Amps", "400", 400),
        ("OVERHEADLINE", "Amps", "0", 400),
        ("UNDERGROUNDLINE", "Amps,NumberOfCableInParallel", "200,2", 400),
        ("UNDERGROUNDLINE", "Amps,NumberOfCableInParallel", "310,2", 620),
        ("UNDERGROUNDLINE", "Amps,AmpacityDeratingFactor", "200,90", 180),
    ],
)
def test_a_line_with_a_rating_of_its_own(tmp_path: Path, block: str, column: str, own: str, amps: float) -> None:
    setting = f"[{block} SETTING]\nFORMAT_X=SectionID,DeviceNumber,LineCableID,Length,{column}\ntwo,two,{{}},500,{own}"
    name = "wire" if block == "OVERHEADLINE" else "cable"
    reading = changed(
        tmp_path,
        ("network", OVERHEAD + LINES, OVERHEAD + FIRST + setting.format(name)),
        ("equipment", "", "\n[CABLE]\nFORMAT_CABLE=ID,R1,R0,X1,X0,B1,B0,Amps\ncable,0.2,0.5,0.1,0.4,60,60,310\n"),
    )
    feeder = only(reading)
    (line,) = (p for p in feeder.lines if p.name == "two")
    (code,) = (c for c in feeder.line_codes if c.name == line.line_code)
    assert (line.normal_a or code.normal_a) == amps
    other = own.split(",")[0] not in ("0", "310" if name == "cable" else "400")
    assert checks(reading) == ([("cyme.own-rating", "info", "Amps")] if other else [])


def test_each_head_node_has_a_source(tmp_path: Path) -> None:
    reading = changed(
        tmp_path,
        ("network", "head,north", "head,north\nend,north"),
        ("network", "head,12.47", "end,12.47,0,-120,120,0.2,0.8,0.2,0.8,7.1,7.1,7.1,100,0\nhead,12.47"),
    )
    assert checks(reading) == []
    found = {s.bus: (s.x1_ohm, round(s.pu, 3)) for s in only(reading).sources}
    assert found == {"head": (0.6, 1.0), "end": (0.8, 0.986)}


@pytest.mark.parametrize("row", ["head,north", "head,north\nend,north"])
def test_each_source_of_a_network_stands_at_its_node(tmp_path: Path, row: str) -> None:
    text = "[SOURCE]\nFORMAT_SOURCE=SourceID,DeviceNumber,NodeID,NetworkID,DesiredVoltage\n"
    reading = changed(
        tmp_path,
        ("network", "head,north", row),
        ("network", "[SOURCE EQUIVALENT]", f"{text}sub,b,end,north,12.4\nsub,a,head,north,12.6\n\n[HELD]"),
        ("equipment", "", "\n[SUBSTATION]\nFORMAT_SUBSTATION=ID,MVA,KVLL,R1,X1,R0,X0\nsub,10,12.47,0,1,0,1\n"),
    )
    found = {s.bus: round(s.pu * s.kv_ll, 6) for s in only(reading).sources}
    assert found == {"head": 12.6, "end": 12.4}


def test_a_tap_changer_is_told_with_its_tap(tmp_path: Path) -> None:
    setting = "\n[TRANSFORMER SETTING]\nFORMAT_X=SectionID,Location,EqID,DeviceNumber,Conn,FromNodeID,SetPoint,Tap\n"
    equipment = (
        "\n[TRANSFORMER]\nFORMAT_TRANSFORMER=ID,Type,KVA,KVLLprim,KVLLsec,Z1,XR,Conn\nunit,2,500,12.47,0.48,3,2,0\n"
    )
    for tail, value in ((",5", "SetPoint= Tap=5"), ("102,0", "SetPoint=102 Tap=0"), (",", "")):
        reading = changed(
            tmp_path, ("network", "", f"{setting}two,L,unit,unit,0,mid,{tail}\n"), ("equipment", "", equipment)
        )
        assert [f.value for f in reading.findings if f.field == "SetPoint"] == ([value] if value else [])


def test_a_switch_without_phases_says_what_else_it_states(tmp_path: Path) -> None:
    text = "\n[SWITCH SETTING]\nFORMAT_SWITCHSETTING=SectionID,EqID,EqNumber,EqPhase,Location,Status,Locked,EqState\n"
    reading = changed(tmp_path, ("network", "", f"{text}two,sw,2,ABC,S,1,0,0\n"))
    assert [(f.check, f.value) for f in reading.findings] == [("cyme.switch-state", "EqState=0 Status=1")]
