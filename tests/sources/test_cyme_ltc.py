"""Load tap changers of CYME: where the study says their unit they hold what those of a script by hand hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dss import DSS
from models import only, read

from dtl.network.feeder import Feeder
from dtl.powerflow import dss
from dtl.sources.reading import Reading

CASE = Path(__file__).parents[1] / "cases" / "sources" / "cyme_sound"
COLUMNS = "SectionID,Location,EqID,DeviceNumber,Conn,PrimTap,SecondaryTap,FromNodeID,SettingOption,SetPoint,"
COLUMNS += "LowerBandWidth,UpperBandWidth,Tap,MaxBuck,MaxBoost,CT,Rset,Xset"
SETTING = f"\n[TRANSFORMER SETTING]\nFORMAT_TRANSFORMERSETTING={COLUMNS}\ntwo,L,unit,unit,0,100,100,mid,"
EQUIPMENT = "\n[TRANSFORMER]\nFORMAT_TRANSFORMER=ID,Type,KVA,KVLLprim,KVLLsec,Z1,XR,Conn,IsLTC,Taps,LowerBandwidth,"
EQUIPMENT += "UpperBandwidth,MinReg_Range,MaxReg_Range\nunit,2,5000,12.47,4.16,8,12,0,1,32,{}\n"


def model(folder: Path, row: str, equipment: str = ",,,", **spec: Any) -> Reading:
    """A feeder of 3,000 kW at the secondary of a transformer of 5,000 kVA, whose row ends by `row`."""
    changes = {
        "network": [("two,two,wire,500,0\n", ""), ("", SETTING + row + "\n")],
        "load": [("ABC,300,90,3", "ABC,3000,1500,3")],
        "equipment": [("", EQUIPMENT.format(equipment))],
    }
    for name, pairs in changes.items():
        text = (CASE / f"{name}.txt").read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new) if old else text + new
        (folder / f"{name}.txt").write_text(text)
    return read("cyme_text", folder, "*.txt", **spec)


def held(*commands: str) -> dict[str, float]:
    """The same by hand [per unit]: impedances of 8 per cent with X/R of 12, 32 steps of 0.625 per cent."""
    engine = DSS.NewContext()
    z = 8.0 / (1 + 12**2) ** 0.5
    for command in (
        "clear",
        f"new circuit.c bus1=head basekv=12.47 pu={7.2 * 3**0.5 / 12.47} r1=0.1 x1=0.6 r0=0.1 x0=0.6",
        "new line.one bus1=head bus2=mid length=1 units=km r1=.3 x1=.4 r0=.6 x0=1.2 c1=10.61032954 c0=5.30516477",
        f"new transformer.unit buses=[mid end] kvs=[12.47 4.16] kvas=[5000 5000] %rs=[{z / 2} {z / 2}] xhl={12 * z}",
        "new load.l bus1=end kv=4.16 kw=3000 kvar=1500 model=1 vminpu=.8 vmaxpu=1.2",
        *commands,
        "set voltagebases=[12.47 4.16]",
        "calcvoltagebases",
        "set tolerance=1e-10 maxcontroliter=100",
        "solve",
    ):
        engine.Text.Command = command
    circuit = engine.ActiveCircuit
    assert circuit.Solution.Converged
    return dict(zip((n.lower() for n in circuit.AllNodeNames), circuit.AllBusVmagPu, strict=True))


def moved(feeder: Feeder) -> dict[str, float]:
    """Voltages of a feeder whose controls act [per unit]."""
    engine = DSS.NewContext()
    tail = ["set controlmode=static maxcontroliter=100", "set tolerance=1e-10", "set maxiterations=200", "solve"]
    for command in ("clear", *dss.write(feeder).splitlines(), *tail):
        engine.Text.Command = command
    circuit = engine.ActiveCircuit
    assert circuit.Solution.Converged
    return dict(zip((n.lower() for n in circuit.AllNodeNames), circuit.AllBusVmagPu, strict=True))


def control(words: str) -> str:
    return f"new regcontrol.unit transformer=unit winding=2 ptratio={4160 / 3**0.5 / 120} delay=15 {words}"


NODES = [f"{bus}.{phase}" for bus in ("mid", "end") for phase in (1, 2, 3)]


@pytest.mark.parametrize(
    ("unit", "row", "equipment", "words"),
    [
        ("percent", "T,103,1,1,0,10,10,0,0,0", ",,,", "vreg=123.6 band=2.4"),
        ("v_120", "T,124,1.5,1.5,0,10,10,0,0,0", ",,,", "vreg=124 band=3"),
        ("v_120", "T,124,123,125,0,10,10,0,0,0", ",,,", "vreg=124 band=2"),
        ("kv", "T,4.25,0.02,0.04,0,10,10,0,0,0", ",,,", f"vreg={4.26 / 4.16 * 120} band={0.06 / 4.16 * 120}"),
        ("percent", "T,103,,,0,,,0,0,0", "1,1,90,110", "vreg=123.6 band=2.4"),
        ("percent", "T,103,,,0,,,0,0,0", ",,-10,10", "vreg=123.6 band=2"),
        ("percent", ",100,1,1,0,10,10,500,3,6", ",,,", "vreg=120 band=2.4 ctprim=500 r=3 x=6"),
    ],
)
def test_a_declared_unit_makes_the_tap_changer_hold(
    tmp_path: Path, unit: str, row: str, equipment: str, words: str
) -> None:
    reading = model(tmp_path, row, equipment, tap_changers=unit)
    assert [f for f in reading.findings if f.severity != "info"] == []
    ours, theirs = moved(only(reading)), held(control(words))
    idle = held()
    assert max(abs(theirs[n] - idle[n]) for n in NODES) > 0.005, "the control moves its taps"
    for node in NODES:
        assert ours[node] == pytest.approx(theirs[node], abs=2e-7), node


def test_a_tap_that_is_fixed_moves_the_ratio_alone(tmp_path: Path) -> None:
    feeder = only(model(tmp_path, "F,103,1,1,5,10,10,0,0,0", tap_changers="percent"))
    assert feeder.regulators == ()
    ours, theirs = moved(feeder), held("transformer.unit.wdg=2 tap=1.03125")
    assert [ours[n] for n in NODES] == pytest.approx([theirs[n] for n in NODES], abs=2e-7)


@pytest.mark.parametrize(
    ("unit", "row", "field", "remedy"),
    [
        ("kv", "T,103,1,1,0,10,10,0,0,0", "SetPoint", "Say `tap_changers: percent`"),
        ("percent", "T,124,1,1,0,10,10,0,0,0", "SetPoint", "Say `tap_changers: v_120`"),
        ("percent", "T,4.2,1,1,0,10,10,0,0,0", "SetPoint", "Say `tap_changers: kv`"),
        ("percent", "T,50,1,1,0,10,10,0,0,0", "SetPoint", "Correct the set point"),
        ("percent", "T,103,8,8,0,10,10,0,0,0", "LowerBandWidth", "Correct the band"),
        ("percent", "T,103,-1,2,0,10,10,0,0,0", "LowerBandWidth", "Correct the band"),
        ("percent", "T,103,1,1,0,45,10,0,0,0", "MaxBuck", "Correct it"),
    ],
)
def test_what_does_not_fit_the_declared_unit_is_an_error(
    tmp_path: Path, unit: str, row: str, field: str, remedy: str
) -> None:
    (told,) = [f for f in model(tmp_path, row, tap_changers=unit).findings if f.severity == "error"]
    assert (told.check, told.field, told.element) == ("cyme.bad-value", field, "[TRANSFORMER SETTING] two")
    assert told.remedy.startswith(remedy)


def test_without_a_unit_it_is_told_with_the_words_that_would_say_it(tmp_path: Path) -> None:
    reading = model(tmp_path, "T,103,1,1,0,10,10,0,0,0")
    (told,) = [f for f in reading.findings if f.field == "SetPoint"]
    assert (told.severity, told.value) == ("warning", "SetPoint=103 Tap=0")
    assert "tap_changers: percent" in told.remedy
    assert only(reading).regulators == ()


def test_what_it_holds_is_listed(tmp_path: Path) -> None:
    reading = model(tmp_path, "T,103,,,0,,,0,0,0", tap_changers="percent")
    rows = {c["property"]: c for c in reading.conversion.values() if c["verdict"] == "defaulted"}
    assert rows["SetPoint"]["value"] == "123.6 V on 120" and "percent" in rows["SetPoint"]["reason"]
    assert rows["LowerBandWidth"]["value"] == "2 V"
