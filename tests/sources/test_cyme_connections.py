"""Connections of transformers by number and by word, their star points, and banks whose units differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from models import only, read
from test_cyme_writers import same

from dtl.network.clock import turn
from dtl.sources.reading import Reading

CASE = Path(__file__).parents[1] / "cases" / "sources" / "cyme_sound"
UNIT = (
    "\n[TRANSFORMER]\nFORMAT_TRANSFORMER=ID,Type,KVA,KVLLprim,KVLLsec,Z1,XR,Conn,PhaseShiftType,Rg_sec,Xg_sec\n"
    "u,2,500,12.47,0.48,3,2,{conn},0,0,0\nearthed,2,500,12.47,0.48,3,2,{conn},0,0.5,0.25\n"
)
SETTING = (
    "\n[TRANSFORMER SETTING]\nFORMAT_X=SectionID,Location,EqID,DeviceNumber,Conn,FromNodeID,PhaseShiftType{more}\n"
    "two,M,{unit},bank,{conn},mid,{shift}{values}\n"
)
X, R = 3 * 2 / 5**0.5, 3 / 5**0.5 / 2
DSS_UNIT = f"new transformer.t xhl={X} %rs=[{R} {R}] kvs=[12.47 .48] kvas=[500 500] "


def with_unit(
    folder: Path, setting: str, equipment: str = "0", load: str = "0", shift: str = "0", unit: str = "u",
    more: str = "", values: str = "", powers: str = "ABC,300,90",
) -> Reading:  # fmt: skip
    """The sound model with a transformer for its second line, and a load in wye (0) or delta (2)."""
    put = {"unit": unit, "conn": setting, "shift": shift, "more": more, "values": values}
    changes = {
        "network": ("two,two,wire,500,0\n", SETTING.format(**put)),
        "load": ("two,two,SPOT,0,1", f"two,two,SPOT,{load},1"),
        "equipment": ("", ""),
    }
    for name, (old, new) in changes.items():
        text = (CASE / f"{name}.txt").read_text()
        text = text.replace(old, new) if old else text + UNIT.format(conn=equipment)
        (folder / f"{name}.txt").write_text(text.replace("ABC,300,90", powers))
    return read("cyme_text", folder, "*.txt")


def told(reading: Reading) -> list[tuple[str, str, str]]:
    return [(f.check, f.severity, f.field) for f in reading.findings]


@pytest.mark.parametrize(
    ("code", "kinds", "floating"),
    [
        ("0", "wye wye", ""), ("1", "delta wye", ""), ("2", "delta delta", ""), ("3", "wye wye", "01"),
        ("6", "wye delta", ""), ("7", "delta wye", "1"), ("8", "wye delta", "0"), ("9", "wye wye", "1"),
        ("10", "wye wye", "0"), ("Y_Y", "wye wye", ""), ("Yg_D", "wye delta", ""), ("D_YNG", "delta wye", "1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["setting", "equipment", "99"])
def test_what_a_code_of_a_connection_means(tmp_path: Path, code: str, kinds: str, floating: str, where: str) -> None:
    by = {"setting": (code, "4"), "equipment": ("", code), "99": ("99", code)}[where]
    (bank,) = only(with_unit(tmp_path, *by)).transformers
    assert " ".join(w.connection for w in bank.windings) == kinds
    assert "".join(str(i) for i, w in enumerate(bank.windings) if w.nodes == (1, 2, 3, 4)) == floating


@pytest.mark.parametrize("code", ["11", "15", "20", "23", "77", "Yg_Zg"])
def test_a_connection_that_the_model_does_not_hold_is_refused(tmp_path: Path, code: str) -> None:
    assert told(with_unit(tmp_path, code)) == [("cyme.connection", "error", "Conn")]


def test_two_is_delta_to_delta(tmp_path: Path) -> None:
    same(
        with_unit(tmp_path, "2", load="2", powers="A,200,60"),
        DSS_UNIT + "conns=[delta delta] buses=[mid low]",
        "new load.l bus1=low.1.2 kv=0.48 kw=200 kvar=60 phases=1 conn=delta model=1 vminpu=.8 vmaxpu=1.2",
        "edit line.two enabled=no",
        nodes=("mid.1", "mid.2", "mid.3"),
    )


def test_six_is_grounded_wye_to_delta(tmp_path: Path) -> None:
    same(
        with_unit(tmp_path, "6", load="2", powers="A,200,60"),
        DSS_UNIT + "conns=[wye delta] buses=[mid low]",
        "new load.l bus1=low.1.2 kv=0.48 kw=200 kvar=60 phases=1 conn=delta model=1 vminpu=.8 vmaxpu=1.2",
        "edit line.two enabled=no",
        nodes=("mid.1", "mid.2", "mid.3"),
    )


def test_a_star_that_is_not_grounded_floats(tmp_path: Path) -> None:
    reading = with_unit(tmp_path, "8", load="2", powers="A,200,60")
    same(
        reading,
        DSS_UNIT + "conns=[wye delta] buses=[mid.1.2.3.4 low]",
        "new load.l bus1=low.1.2 kv=0.48 kw=200 kvar=60 phases=1 conn=delta model=1 vminpu=.8 vmaxpu=1.2",
        "edit line.two enabled=no",
        nodes=("mid.1", "mid.2", "mid.3"),
    )
    assert told(reading) == [("cyme.star-point", "info", "Conn")]


@pytest.mark.parametrize("code", ["7", "D_YNG", "3", "YNG_YNG"])
def test_a_low_side_without_ground_is_a_warning(tmp_path: Path, code: str) -> None:
    assert told(with_unit(tmp_path, code, powers="A,200,60")) == [("cyme.star-point", "warning", "Conn")]


@pytest.mark.parametrize(
    ("more", "values", "unit"), [(",RgSec,XgSec", ",0.5,0.25", "u"), ("", "", "earthed"), (",RgSec", ",", "earthed")]
)
def test_a_star_point_on_an_impedance(tmp_path: Path, more: str, values: str, unit: str) -> None:
    reading = with_unit(tmp_path, "1", more=more, values=values, unit=unit, powers="A,200,60")
    (bank,) = only(reading).transformers
    assert (bank.windings[1].r_neutral_ohm, bank.windings[1].x_neutral_ohm) == (0.5, 0.25)
    same(
        reading,
        DSS_UNIT + "conns=[delta wye] buses=[mid low.1.2.3.4]",
        "new reactor.g phases=1 bus1=low.4 r=0.5 x=0.25",
        "new load.l bus1=low.1 kv=0.2771281292 kw=200 kvar=60 phases=1 model=1 vminpu=.8 vmaxpu=1.2",
        "edit line.two enabled=no",
        nodes=("mid.1", "mid.2", "mid.3"),
    )


@pytest.mark.parametrize(
    ("code", "hours"), [("1", (1, 3, 5, 7, 9, 11)), ("6", (1, 3, 5, 7, 9, 11)), ("0", (0, 4, 8)), ("2", (0, 4, 8))]
)
def test_a_phase_shift_is_the_hour_of_the_clock(tmp_path: Path, code: str, hours: tuple[int, ...]) -> None:
    for hour in hours:
        reading = with_unit(tmp_path, code, shift=str(hour))
        (bank,) = only(reading).transformers
        assert turn(bank, 1) == hour
        assert told(reading) == []


def test_eleven_is_the_low_side_that_leads(tmp_path: Path) -> None:
    same(
        with_unit(tmp_path, "1", shift="11", powers="A,200,60"),
        DSS_UNIT + "conns=[delta wye] buses=[mid low] leadlag=lead",
        "new load.l bus1=low.1 kv=0.2771281292 kw=200 kvar=60 phases=1 model=1 vminpu=.8 vmaxpu=1.2",
        "edit line.two enabled=no",
        nodes=("mid.1", "mid.2", "mid.3"),
    )


@pytest.mark.parametrize(("code", "shift"), [("1", "2"), ("0", "6"), ("2", "1"), ("1", "x")])
def test_a_phase_shift_that_the_model_does_not_have_is_told(tmp_path: Path, code: str, shift: str) -> None:
    assert told(with_unit(tmp_path, code, shift=shift)) == [("cyme.phase-shift", "warning", "PhaseShiftType")]


BANK = (
    "\n[TRANSFORMER BYPHASE SETTING]\nFORMAT_X=SectionID,DeviceNumber,PhaseTransformerID1,PhaseTransformerID2,"
    "PhaseTransformerID3,TransformerConnection,FromNodeID,PrimaryTapSettingA,PrimaryTapSettingB,PrimaryTapSettingC,"
    "SecondaryTapSettingA,SecondaryTapSettingB,SecondaryTapSettingC\n"
    "two,bank,a,b,a,0,mid,102.5,100,97.5,100,101,100\n"
)
UNITS = (
    "\n[TRANSFORMER]\nFORMAT_TRANSFORMER=ID,Type,KVA,KVLLprim,KVLLsec,Z1,XR,Conn\n"
    "a,1,100,12.47,0.48,3,2,0\nb,1,50,12.0,0.47,3,2,0\n"
)


def bank(folder: Path, *changes: tuple[str, str]) -> Reading:
    setting = BANK
    for old, new in changes:
        assert old in setting
        setting = setting.replace(old, new)
    for name in ("network", "load", "equipment"):
        text = (CASE / f"{name}.txt").read_text().replace("two,two,wire,500,0\n", setting)
        (folder / f"{name}.txt").write_text(text + (UNITS if name == "equipment" else ""))
    return read("cyme_text", folder, "*.txt")


def test_units_of_a_bank_have_their_own_taps_and_voltages(tmp_path: Path) -> None:
    reading = bank(tmp_path)
    units = only(reading).transformers
    assert [(u.windings[0].tap_pu, u.windings[1].tap_pu) for u in units] == [(1.025, 1), (1, 1.01), (0.975, 1)]
    rated = [[round(w.kv * 3**0.5, 9) for w in u.windings] for u in units]
    assert rated == [[12.47, 0.48], [12.0, 0.47], [12.47, 0.48]]
    assert told(reading) == []


def test_a_bank_whose_star_floats_is_told(tmp_path: Path) -> None:
    assert told(bank(tmp_path, (",0,mid", ",3,mid"))) == [("cyme.star-point", "warning", "Conn")]


SHUNT = (
    "\n[SHUNT {0} SETTING]\nFORMAT_X=SectionID,DeviceNumber,Connection,KVARA,KVARB,KVARC,KV,Phase,Location\n"
    "two,k,{1},{2},7.2,{3},L\n"
)


def with_shunt(folder: Path, kind: str, connection: str, kvar: str, phases: str = "ABC") -> Reading:
    """The sound model with a capacitor or reactor at its end, and a load on one phase."""
    for name in ("network", "load", "equipment"):
        text = (CASE / f"{name}.txt").read_text().replace("ABC,300,90", "A,2000,900")
        (folder / f"{name}.txt").write_text(text + (SHUNT.format(kind, connection, kvar, phases) * (name == "network")))
    return read("cyme_text", folder, "*.txt")


LOAD = "new load.l bus1=end.1 kv=7.199557857 kw=2000 kvar=900 phases=1 model=1 vminpu=.8 vmaxpu=1.2"


@pytest.mark.parametrize("connection", ["1", "YNG"])
@pytest.mark.parametrize(
    ("kind", "kvar", "made"),
    [
        ("CAPACITOR", "400,400,400", ["new capacitor.k bus1=end.1.2.3 bus2=end.4.4.4 phases=3 kv={kv} kvar=1200"]),
        ("CAPACITOR", "400,300,0", ["new capacitor.a bus1=end.1 bus2=end.4 kv=7.2 phases=1 kvar=400",
                                    "new capacitor.b bus1=end.2 bus2=end.4 kv=7.2 phases=1 kvar=300"]),
        ("REACTOR", "400,300,200", [f"new reactor.r{n} bus1=end.{n} bus2=end.4 phases=1 r=0 x={7.2**2 / k * 1e3}"
                                    for n, k in ((1, 400), (2, 300), (3, 200))]),
    ],
    ids=["bank", "two", "reactor"],
)  # fmt: skip
def test_the_star_of_a_bank_without_ground_floats(
    tmp_path: Path, connection: str, kind: str, kvar: str, made: list[str]
) -> None:
    reading = with_shunt(tmp_path, kind, connection, kvar)
    same(reading, LOAD, *(m.format(kv=7.2 * 3**0.5) for m in made), nodes=tuple(f"end.{n}" for n in (1, 2, 3, 4)))
    assert told(reading) == [("cyme.star-point", "info", "Connection")]


def test_a_bank_of_one_phase_stands_on_the_ground(tmp_path: Path) -> None:
    reading = with_shunt(tmp_path, "CAPACITOR", "YNG", "400,0,0", "A")
    assert told(reading) == [("cyme.star-point", "warning", "Connection")]
    assert only(reading).capacitors[0].nodes == (1,)


REGULATED = (
    "\n[REGULATOR SETTING]\nFORMAT_X=SectionID,Location,EqID,DeviceNumber,PhaseON,FromNodeID,TapA,TapB,TapC,VsetA,"
    "VsetB,VsetC\ntwo,{place},step,reg,ABC,{feeds},4,4,4,121,121,121\n"
)
STEP = "\n[REGULATOR]\nFORMAT_REGULATOR=ID,Type,KVA,KVLN,Taps,MaxBuck,MaxBoost,PT\nstep,{type},45,7.2,32,10,10,60\n"


def turned(folder: Path, setting: str, equipment: str, line: bool = True) -> Reading:
    """The sound model with its second section written from its far end to its near one."""
    changes = {
        "network": [("two,mid,end,ABC", "two,end,mid,ABC"), *([] if line else [("two,two,wire,500,0\n", "")])],
        "load": [("two,two,SPOT,0,1", "two,two,SPOT,0,0")],
        "equipment": [],
    }
    for name, pairs in changes.items():
        text = (CASE / f"{name}.txt").read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        (folder / f"{name}.txt").write_text(text + {"network": setting, "equipment": equipment}.get(name, ""))
    return read("cyme_text", folder, "*.txt")


@pytest.mark.parametrize("type_", ["0", "1"])
@pytest.mark.parametrize(("place", "first", "second"), [("L", "mid", "two__1"), ("S", "two__1", "end")])
def test_a_regulator_holds_the_side_that_it_does_not_feed_from(
    tmp_path: Path, type_: str, place: str, first: str, second: str
) -> None:
    reading = turned(tmp_path, REGULATED.format(place=place, feeds="mid"), STEP.format(type=type_))
    assert [f for f in reading.findings if f.severity != "info"] == []
    for unit in only(reading).transformers:
        assert [(w.bus, w.tap_pu) for w in unit.windings] == [(first, 1.0), (second, 1.025)]


@pytest.mark.parametrize(("place", "high", "low"), [("L", "mid", "two__1"), ("S", "two__1", "end")])
def test_a_transformer_beside_a_line_has_its_primary_where_it_is_fed(
    tmp_path: Path, place: str, high: str, low: str
) -> None:
    setting = (
        f"\n[TRANSFORMER SETTING]\nFORMAT_X=SectionID,Location,EqID,DeviceNumber,FromNodeID\ntwo,{place},u,u,mid\n"
    )
    (bank,) = only(turned(tmp_path, setting, UNIT.format(conn="0"))).transformers
    assert [(w.bus, w.kv) for w in bank.windings] == [(high, 12.47), (low, 0.48)]
