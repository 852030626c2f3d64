"""Generation, batteries, capacitors and reactors of CYME: the power that stands there, and the voltages of OpenDSS."""

from __future__ import annotations

from pathlib import Path

import pytest
from access_file import write
from dss import DSS
from models import feeders, files_of, only, read
from twin_database import contents, kind
from twin_study import study
from twins import volts

from dtl.network.feeder import Feeder
from dtl.sources import access_engines as engines
from dtl.sources import cyme_mdb, cyme_xml
from dtl.sources.reading import Reading

CASE = Path(__file__).parents[1] / "cases" / "sources" / "cyme_sound"

LIBRARY = """
[SYNCHRONOUS GENERATOR]
FORMAT_SYNCHRONOUSGENERATOR=ID,KVA,KVLL,ActiveGeneration,PF
diesel,500,12.47,400,90

[INDUCTION GENERATOR]
FORMAT_INDUCTIONGENERATOR=ID,KVA,KVLL,ActiveGeneration,PF
mill,150,12.47,100,-85

[ELECTRONIC CONVERTER GENERATOR]
FORMAT_ELECTRONICCONVERTERGENERATOR=ID,KVA,KVLL,ActiveGeneration,PF
inverter,200,12.47,100,100

[PHOTOVOLTAIC]
FORMAT_PHOTOVOLTAIC=ID,MPPCurrent,MPPVoltage
panel,5,40

[WECS]
FORMAT_WECS=ID,GeneratorRatedCapacity_KVA,GeneratorRatedVoltage_KV,GeneratorRatedPower_KW,GeneratorPowerFactor_Percent
turbine,600,12.47,500,-95

[MICRO TURBINE]
FORMAT_MICROTURBINE=ID,RatedCapacity,RatedVoltage,RatedPower
micro,130,12.47,100

[BESS]
FORMAT_BESS=ID,RatedStorageEnergy,MaxChargingPower,MaxDischargingPower,ChargeEfficiency,DischargeEfficiency
pack,800,150,200,96,94

[SHUNT REACTOR]
FORMAT_SHUNTREACTOR=ID,KVAR,KV
coil,100,7.2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("network.txt", "load.txt", "equipment.txt"):
        (tmp_path / name).write_bytes((CASE / name).read_bytes())
    return tmp_path


def put(folder: Path, *blocks: tuple[str, str, str]) -> Reading:
    """The model with further blocks: name, columns, rows."""
    network = folder / "network.txt"
    text = "".join(f"\n[{name}]\nFORMAT_{name.replace(' ', '')}={columns}\n{rows}\n" for name, columns, rows in blocks)
    network.write_text(network.read_text() + text)
    (folder / "equipment.txt").write_text((folder / "equipment.txt").read_text() + LIBRARY)
    return read("cyme_text", folder, "*.txt")


def solved(*more: str) -> dict[str, float]:
    """Voltages at the ends by a script that knows nothing of our reader [per unit]."""
    engine = DSS.NewContext()
    script = [
        "clear",
        f"new circuit.c bus1=head basekv=12.47 pu={7.2 * 3**0.5 / 12.47} r1=0.1 x1=0.6 r0=0.1 x0=0.6",
        "new line.one bus1=head bus2=mid length=1 units=km r1=.3 x1=.4 r0=.6 x0=1.2 c1=10.61032954 c0=5.30516477",
        "new line.two bus1=mid bus2=end length=.5 units=km r1=.3 x1=.4 r0=.6 x0=1.2 c1=10.61032954 c0=5.30516477",
        *(
            f"new load.l{p} bus1=end.{p} phases=1 kv=7.199557857 kw=100 kvar=30 model=1 vminpu=.8 vmaxpu=1.2"
            for p in (1, 2, 3)
        ),
        *more,
        "set voltagebases=[12.47]",
        "calcvoltagebases",
        "set tolerance=1e-10",
        "solve",
    ]
    for line in script:
        engine.Text.Command = line
    circuit = engine.ActiveCircuit
    assert circuit.Solution.Converged
    return dict(zip((n.lower() for n in circuit.AllNodeNames), circuit.AllBusVmagPu, strict=True))


def same(feeder: Feeder, *more: str) -> None:
    ours, theirs = volts(feeder), solved(*more)
    for node in [f"{bus}.{n}" for bus in ("head", "mid", "end") for n in (1, 2, 3)]:
        assert ours[node] == pytest.approx(theirs[node], abs=2e-7)


GENERATOR = "new generator.g bus1={bus} phases={n} kv={kv} kw={kw} kvar={kvar} model=1 vminpu=.8 vmaxpu=1.2"
THREE = {"n": 3, "kv": 12.47}
COMMON = "SectionID,Location,DeviceNumber,EquipmentID,ConnectionStatus,ConnectionConfiguration,Phase"


@pytest.mark.parametrize(
    ("block", "columns", "row", "type", "bus", "kw", "kvar", "kva"),
    [
        ("SYNCHRONOUS GENERATOR SETTING", ",ActiveGeneration,PowerFactor", "L,g,diesel,0,0,ABC,300,80",
         "synchronous", "end", 300, 225, 500),
        ("INDUCTION GENERATOR SETTING", ",KWSet,PowerFactor", "1,g,mill,0,2,ABC,120,-80",
         "other", "end", 120, -90, 150),
        ("ELECTRONIC CONVERTER GENERATOR SETTING", "", "0,g,inverter,0,0,ABC", "other", "mid", 100, 0, 200),
        ("PHOTOVOLTAIC SETTINGS", ",NS,NP,ConstantInsolation", "L,g,panel,0,0,ABC,50,20,800", "pv", "end", 160, 0, 200),
        ("PHOTOVOLTAIC SETTING", ",NS,NP,ActiveGeneration,PowerFactor", "S,g,panel,0,0,7,50,20,1.5E2,0.6",
         "pv", "mid", 150, 200, 250),
        ("WECS SETTINGS", "", "M,g,turbine,0,0,ABC", "wind", "two__mid", 500, -164.342052, 600),
        ("MICROTURBINE SETTING", ",ActiveGeneration", "L,g,micro,0,0,ABC,80", "other", "end", 80, 0, 130),
    ],
)  # fmt: skip
def test_generation_gives_what_stands_there(
    folder: Path, block: str, columns: str, row: str, type: str, bus: str, kw: float, kvar: float, kva: float
) -> None:
    reading = put(folder, (block, COMMON + columns, f"two,{row}"))
    feeder = only(reading)
    (made,) = feeder.generators
    assert (made.type, made.bus, made.kw, made.phases) == (type, bus, pytest.approx(kw), 3)
    assert (made.kvar, made.kva) == (pytest.approx(kvar), pytest.approx(max(kva, (kw * kw + kvar * kvar) ** 0.5)))
    assert not [f for f in reading.findings if f.severity == "error"]
    if bus in ("mid", "end"):  # the other script has no bus in the middle of the line
        same(feeder, GENERATOR.format(bus=bus, kw=kw, kvar=kvar, **THREE))


def test_one_phase_two_phases_and_delta(folder: Path) -> None:
    rows = "two,L,a,inverter,0,0,B,30,100\ntwo,L,b,inverter,0,0,AC,40,100\ntwo,L,c,inverter,0,2,AC,50,100"
    block = "ELECTRONIC CONVERTER GENERATOR SETTING"
    feeder = only(put(folder, (block, COMMON + ",ActiveGeneration,PowerFactor", rows)))
    assert {g.name: (g.nodes, g.kw, g.connection) for g in feeder.generators} == {
        "a": ((2,), 30, "wye"), "b_a": ((1,), 20, "wye"), "b_c": ((3,), 20, "wye"), "c": ((1, 3), 50, "delta"),
    }  # fmt: skip
    one = "new generator.{0} bus1=end.{1} phases=1 kv={2} kw={3} kvar=0 model=1 vminpu=.8 vmaxpu=1.2"
    same(feeder, one.format("a", "2", 7.19955786, 30), one.format("b", "1", 7.19955786, 20),
         one.format("c", "3", 7.19955786, 20), one.format("d", "1.3 conn=delta", 12.47, 50))  # fmt: skip


def test_a_load_model_and_an_inverter_of_their_own_tables(folder: Path) -> None:
    reading = put(
        folder,
        ("PHOTOVOLTAIC SETTINGS", COMMON + ",NS,NP", "two,L,roof,panel,0,0,ABC,50,20"),
        ("DGGENERATIONMODEL", "DeviceNumber,DeviceType,LoadModelName,ActiveGeneration,PowerFactor",
         "roof,45,night,0,100\nroof,45,DEFAULT,120,-95\nroof,37,DEFAULT,7,100"),
        ("CONVERTER", "DeviceNumber,DeviceType,ConverterRating,ActivePowerRating,ReactivePowerRating",
         "roof,45,180,170,90"),
        ("CONVERTER CONTROL SETTING", "DeviceNumber,DeviceType,ControlIndex,ControlType", "roof,45,0,1"),
        ("LONG TERM DYNAMICS CURVE EXT", "DeviceNumber,DeviceType,AdjustmentSettings", "roof,45,0"),
    )  # fmt: skip
    (roof,) = only(reading).generators
    assert (roof.kw, roof.kvar, roof.kva) == (120, pytest.approx(-39.44210), 180)
    assert (roof.dc_kw, roof.rated_kw) == (200, 170)
    found = [(f.check, f.severity, f.field, f.value) for f in reading.findings]
    assert ("cyme.generation-control", "warning", "ControlType", "1") in found
    verdicts = {(r["object"], r["verdict"]) for r in reading.conversion.values() if not r["property"]}
    assert ("[DGGENERATIONMODEL] roof", "unused") in verdicts  # night
    assert ("[DGGENERATIONMODEL] roof (2)", "mapped") in verdicts
    assert ("[DGGENERATIONMODEL] roof (3)", "refused") in verdicts  # a device of another type that is nowhere
    assert ("[CONVERTER] roof", "mapped") in verdicts


def test_a_battery_rests(folder: Path) -> None:
    columns = COMMON + ",MaximumSOC,MinimumSOC,InitialSOC,GridOutput"
    reading = put(folder, ("BESS SETTINGS", columns, "two,L,box,pack,0,0,ABC,100,10,60,50"))
    feeder = only(reading)
    (box,) = feeder.storages
    assert (box.kw, box.kva, box.kwh, box.stored, box.reserve) == (200, 200, 800, 0.6, 0.1)
    assert (box.efficiency_charge, box.efficiency_discharge) == (0.96, 0.94)
    assert [(f.check, f.field) for f in reading.findings] == [("cyme.generation-control", "GridOutput")]
    refused = [r["property"] for r in reading.conversion.values() if r["verdict"] == "refused"]
    assert refused == ["MaxChargingPower"]
    same(feeder)


def test_machines_that_hold_a_voltage_and_many_units_are_told(folder: Path) -> None:
    columns = COMMON + ",ActiveGeneration,PowerFactor,KVSet,NumberOfGenerators"
    reading = put(folder, ("SYNCHRONOUS GENERATOR SETTING", columns, "two,L,g,diesel,0,0,ABC,300,100,12.6,2"))
    (made,) = only(reading).generators
    assert (made.kw, made.kva, made.systems) == (300, 1000, 2)
    told = {(f.check, f.field, f.value) for f in reading.findings}
    assert told == {
        ("cyme.generation-control", "KVSet", "12.6"),
        ("cyme.generators-together", "NumberOfGenerators", "2"),
    }


@pytest.mark.parametrize(
    ("row", "check", "field"),
    [
        ("two,L,g,unknown,0,0,ABC,,", "cyme.unknown-equipment", "EquipmentID"),
        ("two,L,g,inverter,0,0,ABC,50,0", "cyme.bad-value", "PowerFactor"),
        ("two,L,g,inverter,0,6,ABC,50,100", "cyme.connection", "ConnectionConfiguration"),
        ("two,L,g,inverter,0,0,ABC,many,100", "cyme.bad-value", "ActiveGeneration"),
    ],
)
def test_generation_that_cannot_be_made_is_an_error(folder: Path, row: str, check: str, field: str) -> None:
    columns = COMMON + ",ActiveGeneration,PowerFactor"
    reading = put(folder, ("ELECTRONIC CONVERTER GENERATOR SETTING", columns, row))
    errors = [(f.check, f.field, f.feeder) for f in reading.findings if f.severity == "error"]
    assert errors == [(check, field, "north")]


def test_a_plant_on_a_phase_that_its_section_lacks(folder: Path) -> None:
    network = folder / "network.txt"
    network.write_text(network.read_text().replace("two,mid,end,ABC", "two,mid,end,AB"))
    reading = put(folder, ("WECS SETTINGS", COMMON, "two,L,g,turbine,0,0,C"))
    assert ("cyme.phase-lost", "C") in {(f.check, f.value) for f in reading.findings if f.severity == "error"}


def test_disconnected_plants_are_not_there(folder: Path) -> None:
    reading = put(folder, ("WECS SETTINGS", COMMON, "two,L,g,turbine,1,0,ABC"))
    assert only(reading).generators == ()
    told = [r for r in reading.conversion.values() if r["object"] == "[WECS SETTINGS] two" and not r["property"]]
    assert [(r["verdict"], r["reason"]) for r in told] == [("unused", "the plant is disconnected")]


def test_a_rating_or_a_voltage_that_does_not_fit_is_told(folder: Path) -> None:
    (folder / "equipment.txt").write_text(
        (folder / "equipment.txt").read_text()
        + "\n[ELECTRONIC CONVERTER GENERATOR]\nFORMAT_ELECTRONICCONVERTERGENERATOR=ID,KVA,KVLL,PF\nlv,50,0.48,100\n"
    )
    reading = put(
        folder,
        ("ELECTRONIC CONVERTER GENERATOR SETTING", COMMON + ",ActiveGeneration", "two,L,g,lv,0,0,ABC,80"),
    )
    (made,) = only(reading).generators
    assert (made.kw, made.kva, made.kv) == (80, 80, 12.47)
    assert {f.check for f in reading.findings} == {"cyme.generation-rating", "cyme.generation-voltage"}


@pytest.mark.parametrize(
    ("connection", "script"),
    [
        ("Y", "new reactor.{p} bus1=end.{p} phases=1 kv=7.2 r={r} x={x}"),
        ("D", "new reactor.{p} bus1=end.{p} bus2=end.{q} phases=1 r={r} x={x}"),
    ],
)
def test_shunt_reactors_take_their_power_and_losses(folder: Path, connection: str, script: str) -> None:
    columns = "SectionID,DeviceNumber,Location,Connection,Phase,KVAR,ThreePhaseKVAR,Losses,KV,ShuntReactorID"
    reading = put(folder, ("SHUNT REACTOR SETTING", columns, f"two,r,L,{connection},ABC,80,0,4,,coil"))
    feeder = only(reading)
    kv = 7.2 * (3**0.5 if connection == "D" else 1)
    r, x = (1000 * kv * kv * v / (80**2 + 4**2) for v in (4, 80))
    same(feeder, *(script.format(p=p, q=p % 3 + 1, r=r, x=x) for p in (1, 2, 3)))
    assert reading.findings == []


@pytest.mark.parametrize(
    ("version", "columns", "row", "script"),
    [
        ("5", "SectionID,DeviceNumber,Location,Connection,Phase,KVAR,KVLN,ShuntCapacitorID", "two,k,L,Y,AC,50,7.0,",
         [f"new capacitor.{p} bus1=end.{p} phases=1 kv=7.0 kvar=50" for p in (1, 3)]),
        ("5", "SectionID,DeviceNumber,Location,Connection,Phase,ThreePhaseKVAR,KV", "two,k,L,D,ABC,240,7.2",
         ["new capacitor.k bus1=end phases=3 conn=delta kv=12.47076581 kvar=240"]),
        ("9", "SectionID,DeviceNumber,Location,Connection,FixedKVARA,FixedKVARB,FixedKVARC,SwitchedKVARA,SwitchedKVARB,"
              "SwitchedKVARC,InitiallyClosedPhase,KV", "two,k,2,Y,30,30,30,60,60,60,NONE,7.2",
         ["new capacitor.k bus1=mid phases=3 kv=12.47076581 kvar=0.0001"]),
    ],
)  # fmt: skip
def test_capacitors_of_the_versions(folder: Path, version: str, columns: str, row: str, script: list[str]) -> None:
    reading = put(folder, ("SHUNT CAPACITOR SETTING", columns, row))
    feeder = only(reading)
    if version == "9":  # in the middle of the line, which the other script does not have
        assert [(c.bus, c.kvar) for c in feeder.capacitors] == [("two__mid", (90,))]
    else:
        same(feeder, *script)


MOTORS = """
[INDUCTION MOTOR]
FORMAT_INDUCTIONMOTOR=ID,RatedPower,RatedVoltageKVLL,Efficiency,FullLoadPF
pump,90,12.47,90,80

[SYNCHRONOUS MOTOR]
FORMAT_SYNCHRONOUSMOTOR=ID,RatedPower,RatedVoltageKVLL,Efficiency,FullLoadPF
mill,95,12.47,95,-80

[SERIE CAPACITOR]
FORMAT_SERIECAPACITOR=ID,Amps,Reactance
bank,100,2

[SERIE REACTOR]
FORMAT_SERIEREACTOR=ID,Amps,Reactance
choke,100,2
"""


@pytest.mark.parametrize(
    ("block", "row", "kw", "kvar"),
    [
        ("INDUCTION MOTOR SETTING", "two,L,m,pump,0,ABC,,,", 100, 75),
        ("INDUCTION MOTOR SETTING", "two,L,m,pump,0,ABC,1,50,60", 50, 50 * 4 / 3),
        ("INDUCTION MOTOR SETTINGS", "two,L,m,pump,0,ABC,0,50,60", 100, 75),
        ("SYNCHRONOUS MOTOR SETTING", "two,L,m,mill,0,ABC,,,", 100, -75),
    ],
)
def test_a_motor_is_a_load_of_its_power(folder: Path, block: str, row: str, kw: float, kvar: float) -> None:
    (folder / "equipment.txt").write_text((folder / "equipment.txt").read_text() + MOTORS)
    columns = "SectionID,Location,DeviceNumber,EqID,Status,Phase,EnableLoadFactor,LoadFactor,LoadPowerFactor"
    reading = put(folder, (block, columns, row))
    script = f"new load.m bus1=end phases=3 kv=12.47 kw={kw} kvar={kvar} model=1 vminpu=.8 vmaxpu=1.2"
    same(only(reading), script)
    assert [(f.check, f.severity) for f in reading.findings] == [("cyme.motor", "warning")]


def test_a_motor_without_efficiency_is_an_error(folder: Path) -> None:
    (folder / "equipment.txt").write_text(
        (folder / "equipment.txt").read_text() + MOTORS.replace("12.47,90,", "12.47,,")
    )
    reading = put(folder, ("INDUCTION MOTOR SETTING", "SectionID,DeviceNumber,EqID,Phase", "two,m,pump,ABC"))
    assert [(f.check, f.field) for f in reading.findings if f.severity == "error"] == [("cyme.bad-value", "Efficiency")]


@pytest.mark.parametrize(("block", "unit", "x"), [("CAPACITOR", "bank", -2), ("REACTOR", "choke", 2)])
def test_capacitors_and_reactors_in_series(folder: Path, block: str, unit: str, x: float) -> None:
    (folder / "equipment.txt").write_text((folder / "equipment.txt").read_text() + MOTORS)
    network = folder / "network.txt"
    text = network.read_text().replace("end,200,0,0", "end,200,0,0\nfar,300,0,0")
    network.write_text(text.replace("two,mid,end,ABC", "two,mid,end,ABC\nthree,end,far,ABC"))
    columns = "SectionID,Location,DeviceNumber,EqID,ConnectionStatus"
    reading = put(
        folder,
        (f"SERIE {block} SETTING", columns, f"three,M,s,{unit},0"),
        ("SYNCHRONOUS MOTOR SETTING", columns, "three,L,m,mill,0"),
    )
    same(
        only(reading),
        f"new reactor.s bus1=end bus2=far phases=3 r=0 x={x}",
        "new load.m bus1=far phases=3 kv=12.47 kw=100 kvar=-75 model=1 vminpu=.8 vmaxpu=1.2",
    )


@pytest.mark.parametrize("block", ["WECS SETTINGS", "SHUNT CAPACITOR SETTING", "SWITCH SETTING", "LOADS"])
def test_an_unknown_place_on_a_section_is_told(folder: Path, block: str) -> None:
    if block == "LOADS":
        load = folder / "load.txt"
        load.write_text(load.read_text().replace("two,two,SPOT,0,1", "two,two,SPOT,0,X"))
        reading = put(folder)
    elif block == "SWITCH SETTING":
        reading = put(folder, (block, "SectionID,Location,EqID,DeviceNumber,ClosedPhase", "two,X,sw,k,ABC"))
    else:
        columns = "SectionID,Location,DeviceNumber,EquipmentID,ShuntCapacitorID,KVAR,KV,Phase"
        reading = put(folder, (block, columns, "two,X,k,turbine,,50,7.2,ABC"))
    assert [(f.check, f.severity, f.field, f.value) for f in reading.findings] == [
        ("cyme.location", "warning", "Location", "X")
    ]


DATABASE: dict[str, list[dict[str, object]]] = {
    "CYMEQELECCONVERTERGENERATOR": [
        {"EquipmentId": "unit", "RatedKVA": 400.0, "RatedKVLL": 4.16, "ActiveGeneration": 90.0, "PFPercent": -80.0}
    ],
    "CYMEQSHUNTREACTOR": [{"EquipmentId": "coil", "RatedKVAR": 100.0, "RatedVoltageKVLL": 2.4}],
    "CYMELECCONVERTERGENERATOR": [
        {"DeviceNumber": "g", "EquipmentId": "unit", "Phase": 5, "KWSet": 60.0, "PowerFactor": -80.0, "Status": 0}
    ],
    "CYMSHUNTREACTOR": [
        {"DeviceNumber": "r", "EquipmentId": "coil", "Phase": 7, "ConnectionConfiguration": 0, "Status": 0,
         "KVARA": 50.0, "KVARB": 50.0, "KVARC": 50.0, "KVLN": 2.4}
    ],
    "CYMEQINDUCTIONMOTOR": [
        {"EquipmentId": "pump", "RatedPower": 90.0, "RatedVoltageKVLL": 4.16, "EfficiencyPercent": 90.0,
         "FullLoadPF": 80.0}
    ],
    "CYMINDUCTIONMOTOR": [
        {"DeviceNumber": "m", "EquipmentId": "pump", "Phase": 7, "Status": 0, "EnableLoadFactor": 1,
         "LoadFactor": 50.0, "LoadPowerFactor": 60.0}
    ],
    "CYMSECTIONDEVICE": [
        {"DeviceNumber": "m", "DeviceType": 33, "SectionId": "671-680", "Location": 2},
        {"DeviceNumber": "g", "DeviceType": 37, "SectionId": "671-680", "Location": 2},
        {"DeviceNumber": "r", "DeviceType": 18, "SectionId": "671-680", "Location": 1},
    ],
}  # fmt: skip


def plants(feeder: Feeder) -> set[tuple[str, str, tuple[int, ...], float, float, float]]:
    return {(g.name, g.bus, g.nodes, g.kw, round(g.kvar, 6), g.kva) for g in feeder.generators}


def test_the_database_says_it_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(path: str) -> engines.Content:
        raise engines.AbsentError("no driver")

    monkeypatch.setitem(engines.ENGINES, "odbc", absent)
    made = contents()
    for name, rows in DATABASE.items():
        made[name] = made.get(name, []) + rows
    write(tmp_path / "m.mdb", {name: ([(c, kind(c)) for c in rows[0]], rows) for name, rows in made.items()})
    reading = cyme_mdb.read("model", {"kind": "cyme_mdb", "path": "*.mdb"}, files_of(tmp_path))
    assert [f for f in reading.findings if f.severity == "error"] == []
    feeder = only(reading)
    assert plants(feeder) == {("g_a", "680", (1,), 30, -22.5, 200), ("g_c", "680", (3,), 30, -22.5, 200)}
    assert {(r.name, r.bus, round(r.x_ohm, 4)) for r in feeder.reactors} == {(f"r_{p}", "671", 115.2) for p in "abc"}
    (motor,) = [p for p in feeder.loads if p.name == "m"]
    assert (motor.bus, motor.nodes, motor.kw, motor.kvar) == ("680", (1, 2, 3), 50, pytest.approx(200 / 3))


def test_a_study_says_it_in_its_own_words(tmp_path: Path) -> None:
    text = study().replace(
        "</EquipmentDBs>",
        "<PhotovoltaicDB><EquipmentID>panel</EquipmentID><MPPCurrent>5</MPPCurrent><MPPVoltage>40</MPPVoltage>"
        "</PhotovoltaicDB></EquipmentDBs>",
        1,
    )
    device = (
        "<Devices><Photovoltaic><DeviceNumber>roof</DeviceNumber><DeviceID>panel</DeviceID><Location>To</Location>"
        "<ConnectionStatus>Connected</ConnectionStatus><Ns>50</Ns><Np>20</Np><Phase>ABC</Phase><GenerationModels>"
        "<DGGenerationModel><ActiveGeneration>150</ActiveGeneration><PowerFactor>60</PowerFactor></DGGenerationModel>"
        "</GenerationModels><Converter><ConverterRating>260</ConverterRating></Converter></Photovoltaic>"
    )
    at = text.index("<Devices>", text.index("<SectionID>671-680</SectionID>"))
    (tmp_path / "m.sxst").write_text(text[:at] + device + text[at + len("<Devices>") :], encoding="utf-8")
    reading = cyme_xml.read("model", {"kind": "cyme_xml", "path": "*.sxst"}, files_of(tmp_path))
    assert [f for f in reading.findings if f.severity == "error"] == []
    assert plants(only(reading)) == {("roof", "680", (1, 2, 3), 150, 200, 260)}


def test_plants_of_a_whole_utility_are_with_their_feeders(tmp_path: Path) -> None:
    for name in ("network", "load", "equipment"):
        text = (CASE / f"{name}.txt").read_text()
        if name == "network":
            text = text.replace(
                "two,mid,end,ABC\n", "two,mid,end,ABC\nFEEDER=south,foot,1\nthree,foot,toe,ABC\n"
            ).replace("head,north\n", "head,north\nfoot,south\n")
            equivalent = next(line for line in text.splitlines() if line.startswith("head,12.47"))
            text = text.replace(equivalent, f"{equivalent}\n{equivalent.replace('head', 'foot')}")
            text += f"\n[WECS SETTINGS]\nFORMAT_WECSSETTING={COMMON}\n"
            text += "two,L,n,turbine,0,0,ABC\nthree,L,s,turbine,0,0,A\n"
            text += (
                "\n[DGGENERATIONMODEL]\nFORMAT_DGGENERATIONMODEL=DeviceNumber,DeviceType,ActiveGeneration,PowerFactor\n"
            )
            text += "n,41,70,100\ns,41,80,100\n"
        (tmp_path / f"{name}.txt").write_text(text + (LIBRARY if name == "equipment" else ""))
    reading = read("cyme_text", tmp_path, "*.txt")
    found = {feeder: [(g.name, g.kw) for g in made.generators] for feeder, made in feeders(reading).items()}
    assert found == {"north": [("n", 70)], "south": [("s", 80)]}
    rows = [
        r for r in reading.conversion.values() if r["object"].startswith("[DGGENERATIONMODEL]") and not r["property"]
    ]
    assert sorted((r["feeder"], r["verdict"]) for r in rows) == [("north", "mapped"), ("south", "mapped")]
