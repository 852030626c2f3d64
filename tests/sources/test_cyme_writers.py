"""Text exports of other writers and versions: what they leave out, double, turn or state in another way is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dss import DSS
from models import only, read
from twins import volts

from dtl.sources.reading import Reading

CASE = Path(__file__).parents[1] / "cases" / "sources" / "cyme_sound"

UNIT = (
    "\n[TRANSFORMER]\nFORMAT_TRANSFORMER=ID,Type,KVA,KVLLprim,KVLLsec,Z1,XR,Conn\n"
    "u,1,100,12.47,0.48,3,2,0\nbare,1,100,12.47,0.48,3,,0\n"
)
BETWEEN = (
    "\n[TRANSFORMER SETTING]\nFORMAT_TRANSFORMERSETTING=SectionID,Location,EqID,DeviceNumber,Conn,FromNodeID\n"
    "two,M,{},bank,{},mid\n"
)
REGULATOR = (
    "\n[REGULATOR SETTING]\nFORMAT_REGULATORSETTING=SectionID,Location,EqID,DeviceNumber,PhaseON,VsetA,VsetB,VsetC,"
    "Conn,Reversible\ntwo,S,step,reg,ABC,121,121,121,{},{}\n"
)
STEP = "\n[REGULATOR]\nFORMAT_REGULATOR=ID,Type,KVA,KVLN,Taps\nstep,0,45,7.2,32\n"
SOURCE = (
    "[SOURCE EQUIVALENT]",
    "[SOURCE]\nFORMAT_SOURCE=SourceID,DeviceNumber,NodeID,NetworkID,{}\nsub,sub,head,north,{}\n\n[HELD]",
)
Change = tuple[str, str, str]


def changed(folder: Path, *changes: Change, coded: str = "utf-8") -> Reading:
    """The sound model with some words changed: file, old and new text; empty old text stands for the end."""
    for name in ("network", "load", "equipment"):
        text = (CASE / f"{name}.txt").read_text()
        for file, old, new in changes:
            if file == name:
                assert old in text
                text = text.replace(old, new, 1) if old else text + new
        (folder / f"{name}.txt").write_bytes(text.encode(coded))
    return read("cyme_text", folder, "*.txt")


def told(reading: Reading) -> list[tuple[str, str]]:
    return [(f.check, f.severity) for f in reading.findings]


@pytest.mark.parametrize("without", ["CUSTOMER LOADS", "LOADS", "both"])
def test_loads_without_their_type(tmp_path: Path, without: str) -> None:
    of_customer = [("load", "two,two,SPOT,c1", "two,two,c1"), ("load", "LoadType,CustomerNumber", "CustomerNumber")]
    of_device = [("load", "two,two,SPOT,0", "two,two,0"), ("load", "LoadType,Connection", "Connection")]
    changes = {"CUSTOMER LOADS": of_customer, "LOADS": of_device, "both": of_customer + of_device}[without]
    reading = changed(tmp_path, *changes)
    assert (sum(p.kw for p in only(reading).loads), told(reading)) == (pytest.approx(300), [])


def test_customers_of_no_device_are_an_error(tmp_path: Path) -> None:
    reading = changed(tmp_path, ("load", "two,two,SPOT,0,1", ""))
    assert told(reading) == [("cyme.customers-lost", "error")]
    assert (reading.findings[0].feeder, reading.findings[0].value) == ("north", "1")


def test_two_devices_of_one_number_have_their_own_customers(tmp_path: Path) -> None:
    reading = changed(
        tmp_path,
        ("load", "two,two,SPOT,0,1", "two,same,SPOT,0,1\none,same,SPOT,0,1"),
        ("load", "two,two,SPOT,c1", "one,same,SPOT,c2,house,0,2024,1,0,A,50,10,1\ntwo,same,SPOT,c1"),
    )
    kw: dict[str, float] = {}
    for load in only(reading).loads:
        kw[load.bus] = kw.get(load.bus, 0.0) + load.kw
    assert kw == {"mid": 50, "end": pytest.approx(300)}


@pytest.mark.parametrize(
    "change",
    [
        ("load", "two,two,SPOT,0,1", "two,two,SPOT,0,1\ntwo,two,SPOT,0,1"),
        ("network", "two,two,wire,500,0", "two,two,wire,500,0\ntwo,two,wire,500,0"),
        ("network", "two,two,wire,500,0", "two,two,wire,500,0\ntwo,again,wire,400,0"),
        ("network", "", "\n[SHUNT CAPACITOR SETTING]\nFORMAT_SHUNTCAPACITORSETTING=SectionID,DeviceNumber,KVAR,KV,Phase"
                        "\ntwo,k,50,7.2,ABC\ntwo,k,50,7.2,ABC\n"),
        ("network", "", "\n[SWITCH SETTING]\nFORMAT_SWITCHSETTING=SectionID,Location,EqID,DeviceNumber,ClosedPhase\n"
                        "two,S,sw,k,ABC\ntwo,S,sw,k,ABC\n"),
    ],
)  # fmt: skip
def test_what_stands_twice_is_an_error_and_counts_once(tmp_path: Path, change: Change) -> None:
    reading = changed(tmp_path, change)
    assert told(reading) == [("network.duplicate", "error")]
    feeder = only(reading)
    assert sum(p.kw for p in feeder.loads) == pytest.approx(300)
    assert [p.length_km for p in feeder.lines] == [1, 0.5]
    assert len(feeder.capacitors) + len(feeder.switches) <= 1


def test_customers_that_are_off_are_told(tmp_path: Path) -> None:
    reading = changed(tmp_path, ("load", "c1,house,0", "c1,house,1"))
    assert (only(reading).loads, told(reading)) == ((), [("cyme.customers-off", "warning")])


@pytest.mark.parametrize(("kva", "kwh", "found"), [("50", "0", True), ("0", "1200", True), ("0", "0", False)])
def test_customers_before_an_allocation_are_told(tmp_path: Path, kva: str, kwh: str, found: bool) -> None:
    reading = changed(
        tmp_path,
        ("load", "Value2,NumberOfCustomer", "Value2,ConnectedKVA,KWH,NumberOfCustomer"),
        ("load", "ABC,300,90,3", f"ABC,0,0,{kva},{kwh},3"),
    )
    assert (only(reading).loads, told(reading)) == ((), [("cyme.unallocated", "warning")] if found else [])


@pytest.mark.parametrize(
    ("p", "q", "model"),
    [("0", "0", "model=1"), ("2", "2", "model=2"), ("1.3", "2.4", "model=4 cvrwatts=1.3 cvrvars=2.4")],
)
def test_classes_with_exponents(tmp_path: Path, p: str, q: str, model: str) -> None:
    reading = changed(
        tmp_path,
        ("load", "CUSTOMERCLASS=ID,", "CUSTOMERCLASS=ID,IsExponentialModel,ExponentialModelP,ExponentialModelQ,"),
        ("load", "house,0,0", f"house,1,{p},{q},0,0"),
        ("load", "ABC,300,90", "ABC,3000,900"),
    )
    loads = [f"new load.l{n} bus1=end.{n} kv=7.199557857 kw=1000 kvar=300 phases=1 {model}" for n in (1, 2, 3)]
    same(reading, *loads)


@pytest.mark.parametrize(("letters", "nodes"), [("AB", "1.2"), ("BC", "2.3"), ("AC", "1.3")])
def test_a_load_between_two_phases(tmp_path: Path, letters: str, nodes: str) -> None:
    reading = changed(tmp_path, ("load", "SPOT,0,1", "SPOT,2,1"), ("load", "ABC,300,90", f"{letters},300,90"))
    same(reading, f"new load.l bus1=end.{nodes} kv=12.47 kw=300 kvar=90 phases=1 conn=delta model=1")


def test_amperes_between_two_phases(tmp_path: Path) -> None:
    load = ("load", "1,0,ABC,300,90", "1,3,AB,20,80")
    reading = changed(tmp_path, ("load", "SPOT,0,1", "SPOT,2,1"), load)
    (part,) = only(reading).loads
    assert (part.kw, part.kvar) == (pytest.approx(20 * 12.47 * 0.8), pytest.approx(20 * 12.47 * 0.6))


def test_a_unit_between_two_phases(tmp_path: Path) -> None:
    changes = (
        ("network", "two,mid,end,ABC", "two,mid,end,AC"),
        ("network", "two,two,wire,500,0\n", BETWEEN.format("u", "2")),
        ("load", "SPOT,0,1", "SPOT,2,1"),
        ("load", "ABC,300,90", "AC,60,20"),
    )
    reading = changed(tmp_path, *changes, ("equipment", "", UNIT))
    (unit,) = only(reading).transformers
    assert [(w.nodes, w.kv, w.kva) for w in unit.windings] == [((1, 3), 12.47, 100), ((1, 3), 0.48, 100)]
    x = 3 * 2 / 5**0.5
    same(
        reading,
        f"new transformer.t phases=1 windings=2 xhl={x} %rs=[{x / 4} {x / 4}] buses=[mid.1.3 low.1.3] kvs=[12.47 .48]"
        " kvas=[100 100]",
        "new load.l bus1=low.1.3 kv=0.48 kw=60 kvar=20 phases=1 conn=delta model=1 vminpu=.8 vmaxpu=1.2",
        "edit line.two enabled=no",
        nodes=("head.1", "head.2", "head.3", "mid.1", "mid.2", "mid.3"),
    )
    (tmp_path / "network.txt").unlink()
    reading = changed(tmp_path, *changes[:1], (*changes[1][:2], BETWEEN.format("u", "1")), ("equipment", "", UNIT))
    assert [f.field for f in reading.findings if f.check == "cyme.connection"] == ["Conn"]


def test_a_transformer_without_its_ratio_is_a_reactance(tmp_path: Path) -> None:
    reading = changed(
        tmp_path, ("network", "two,two,wire,500,0\n", BETWEEN.format("bare", "0")), ("equipment", "", UNIT)
    )
    units = only(reading).transformers
    assert {(t.xhl_pct, t.windings[0].r_pct) for t in units} == {(3, 0)}
    assert {("cyme.no-xr", "warning")} <= set(told(reading))


def test_regulators_without_a_ratio_in_delta_and_for_both_directions(tmp_path: Path) -> None:
    reading = changed(tmp_path, ("network", "", REGULATOR.format("0", "1")), ("equipment", "", STEP))
    ratios = {c.pt_ratio for c in only(reading).regulators}
    assert list(ratios) == [pytest.approx(12470 / 3**0.5 / 120)]
    assert told(reading) == [("cyme.reversible", "info")]
    assert [r["property"] for r in reading.conversion.values() if "PT A" in r["object"]] == ["PT"]
    (tmp_path / "network.txt").unlink()
    reading = changed(tmp_path, ("network", "", REGULATOR.format("2", "0")), ("equipment", "", STEP))
    assert [(f.check, f.field, f.value) for f in reading.findings if f.severity == "error"] == [
        ("cyme.connection", "Conn", "2")
    ]


@pytest.mark.parametrize(
    ("columns", "values", "check", "kv", "pu"),
    [
        ("DesiredVoltage", "12.6", "cyme.source-equipment", 12.6, 1.0),
        ("OperatingVoltageA,OperatingVoltageB,OperatingVoltageC", "7.2,7.2,7.2", "cyme.source-equipment",
         7.2 * 3**0.5, 1.0),
        ("OperatingVoltageA,OperatingVoltageB,OperatingVoltageC", "7.2,7.3,7.1", "cyme.source-unbalanced",
         7.2 * 3**0.5, 1.0),
    ],
)  # fmt: skip
def test_a_source_whose_equipment_is_missing(
    tmp_path: Path, columns: str, values: str, check: str, kv: float, pu: float
) -> None:
    reading = changed(tmp_path, ("network", SOURCE[0], SOURCE[1].format(columns, values)))
    (source,) = only(reading).sources
    assert (source.kv_ll, source.pu) == (pytest.approx(kv), pytest.approx(pu))
    assert (check, "warning") in told(reading)


def test_a_substation_holds_its_desired_voltage(tmp_path: Path) -> None:
    substation = "\n[SUBSTATION]\nFORMAT_SUBSTATION=ID,MVA,KVLL,KVLLdesired,R1,X1,R0,X0\nsub,10,12.47,12.8,0,1,0,1\n"
    source = SOURCE[1].format("DesiredVoltage", "")
    (made,) = only(changed(tmp_path, ("network", SOURCE[0], source), ("equipment", "", substation))).sources
    assert (made.kv_ll, made.pu) == (12.47, pytest.approx(12.8 / 12.47))


@pytest.mark.parametrize(
    "voltages", ["0,-120,120,0.1,0.6,0.1,0.6,7.2,7.25,7.2", "0,120,-120,0.1,0.6,0.1,0.6,7.2,7.2,7.2"]
)
def test_an_equivalent_that_is_not_balanced_is_told(tmp_path: Path, voltages: str) -> None:
    reading = changed(tmp_path, ("network", "0,-120,120,0.1,0.6,0.1,0.6,7.2,7.2,7.2", voltages))
    assert told(reading) == [("cyme.source-unbalanced", "warning")]


@pytest.mark.parametrize(("factor", "amps"), [("0.8", 320), ("80", 320), ("1", None), ("0", None), ("100", None)])
def test_derated_lines(tmp_path: Path, factor: str, amps: float | None) -> None:
    lines = ("network", "Length,ConnectionStatus\none,one,wire,1000,0\ntwo,two,wire,500,0",
             f"Length,AmpacityDeratingFactor\none,one,wire,1000,\ntwo,two,wire,500,{factor}")  # fmt: skip
    feeder = only(changed(tmp_path, lines))
    assert [p.normal_a for p in feeder.lines] == [None, amps]
    assert feeder.line_codes[0].normal_a == 400


def test_wide_characters(tmp_path: Path) -> None:
    reading = changed(tmp_path, ("load", "house,0,0", "häuser,0,0"), ("load", "c1,house", "c1,häuser"), coded="utf-16")
    assert {p.customer_class for p in only(reading).loads} == {"häuser"}


@pytest.mark.parametrize("coded", ["utf-16-le", "utf-16-be"])
def test_wide_characters_without_a_mark_of_order(tmp_path: Path, coded: str) -> None:
    reading = changed(tmp_path, coded=coded)
    (tmp_path / "plain").mkdir()
    assert told(reading) == [("cyme.encoding", "info")] * 3
    assert only(reading).to_json() == only(changed(tmp_path / "plain")).to_json()


def test_quotes_around_values_are_no_part_of_them(tmp_path: Path) -> None:
    def quoted(line: str) -> str:
        head, equals, rest = line.rpartition("=")
        return head + equals + ",".join(f'"{cell}"' for cell in rest.split(","))

    for name in ("network", "load", "equipment"):
        lines = (CASE / f"{name}.txt").read_text().splitlines()
        block, made = "", []
        for line in lines:
            block = line if line.startswith("[") else block
            made.append(line if not line or line == block or block == "[GENERAL]" else quoted(line))
        (tmp_path / f"{name}.txt").write_text("\n".join(made))
    (tmp_path / "plain").mkdir()
    reading = read("cyme_text", tmp_path, "*.txt")
    assert told(reading) == []
    assert only(reading).to_json() == only(changed(tmp_path / "plain")).to_json()


@pytest.mark.parametrize("comment", ['"beside, the lake"', '"a, b, c"', 'pipe of 12" and 6"', 'one " mark'])
def test_a_comma_within_quotes_separates_nothing(tmp_path: Path, comment: str) -> None:
    reading = changed(
        tmp_path, ("network", "FORMAT_NODE=NodeID,", "FORMAT_NODE=NodeID,Comment,"),
        ("network", "head,0.5", f"head,{comment},0.5"),
        ("network", "mid,100", "mid,,100"), ("network", "end,200", "end,,200"),
    )  # fmt: skip
    (tmp_path / "plain").mkdir()
    assert told(reading) == []
    assert only(reading).to_json() == only(changed(tmp_path / "plain")).to_json()


def test_tabs_are_refused_by_name(tmp_path: Path) -> None:
    reading = changed(
        tmp_path, ("load", "SectionID,DeviceNumber,LoadType,Connection,Location", "SectionID\tDeviceNumber")
    )
    assert ("cyme.separator", "error") in told(reading)


def test_semicolons_are_refused_by_name(tmp_path: Path) -> None:
    reading = changed(
        tmp_path, ("load", "SectionID,DeviceNumber,LoadType,Connection,Location", "SectionID;DeviceNumber")
    )
    assert ("cyme.separator", "error") in told(reading)


def decimal(text: str) -> str:
    """The rows of an export with the decimal sign of another country; names of columns stay."""
    heads = ("[", "FORMAT_", "CYME_")
    return "\n".join(r if r.startswith(heads) else re.sub(r"(\d)\.(\d)", r"\1,\2", r) for r in text.split("\n"))


def test_decimal_commas_are_refused_by_one_error(tmp_path: Path) -> None:
    rows = (CASE / "network.txt").read_text().partition("[NODE]")[2]
    text = "[SI]\n\n[NODE]" + re.sub(r"(?<=,)(\d+)(?=[,\n])", r"\1.25", rows)
    (tmp_path / "network.txt").write_text(decimal(text))
    (told,) = read("cyme_text", tmp_path, "*.txt").findings
    assert (told.check, told.severity, told.line) == ("cyme.separator", "error", 5)
    assert "decimal comma" in told.message


def test_decimal_commas_of_a_real_export(tmp_path: Path, samples: Path) -> None:
    names = [p.name for p in sorted((samples / "cyme" / "ieee13_txt").glob("*.txt"))]
    for name in names:
        text = (samples / "cyme" / "ieee13_txt" / name).read_text(encoding="latin-1")
        (tmp_path / name).write_text(decimal(text), encoding="latin-1")
    found = read("cyme_text", tmp_path, "*.txt").findings
    assert [(f.check, f.file, f.severity) for f in found] == [("cyme.separator", name, "error") for name in names]
    assert all("decimal comma" in f.message for f in found)


def same(reading: Reading, *more: str, nodes: tuple[str, ...] = ("mid.1", "mid.2", "end.1", "end.2", "end.3")) -> None:
    """Our voltages are those of a script that knows nothing of our reader [per unit]."""
    ours = volts(only(reading))
    engine = DSS.NewContext()
    line = "units=km r1=.3 x1=.4 r0=.6 x0=1.2 c1=10.61032954 c0=5.30516477"
    for command in (
        "clear",
        f"new circuit.c bus1=head basekv=12.47 pu={7.2 * 3**0.5 / 12.47} r1=0.1 x1=0.6 r0=0.1 x0=0.6",
        f"new line.one bus1=head bus2=mid length=1 {line}",
        f"new line.two bus1=mid bus2=end length=.5 {line}",
        *more,
        "set voltagebases=[12.47 0.48]",
        "calcvoltagebases",
        "set tolerance=1e-10",
        "solve",
    ):
        engine.Text.Command = command
    circuit = engine.ActiveCircuit
    assert circuit.Solution.Converged
    theirs = dict(zip((n.lower() for n in circuit.AllNodeNames), circuit.AllBusVmagPu, strict=True))
    for node in nodes:
        assert ours[node] == pytest.approx(theirs[node], abs=2e-7), node
    assert [f for f in reading.findings if f.severity == "error"] == []
