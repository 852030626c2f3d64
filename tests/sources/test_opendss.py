"""The source `opendss`: what the engine makes of a script, and the account of every object and property."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from dss import DSS
from models import files_of, only, read

from dtl.errors import SourceError
from dtl.network.checks import check
from dtl.powerflow import dss
from dtl.sources import opendss
from dtl.sources.opendss_engine import circuit_of
from dtl.sources.opendss_script import flatten

HEAD = "clear\nnew circuit.t basekv=12.47 bus1=head\n"


def make(tmp_path: Path, body: str, **spec: object):
    (tmp_path / "master.dss").write_text(HEAD + body)
    return read("opendss", tmp_path, "master.dss", **spec)


@pytest.mark.parametrize(
    ("sample", "master", "counts", "kw", "kvar"),
    [
        ("ieee13", "IEEE13Nodeckt.dss", {"bus": 16, "line": 11, "switch": 1, "transformer": 5, "load": 15}, 3466, 2102),
        ("smartds_p4u", "Master.dss", {"bus": 181, "line": 149, "transformer": 31, "load": 67}, 2081.73, 568.18),
    ],
)
def test_samples_come_whole(
    samples: Path, sample: str, master: str, counts: dict[str, int], kw: float, kvar: float
) -> None:
    reading = read("opendss", samples / "opendss" / sample, master)
    flags = [(f.check, f.value) for f in reading.findings]
    assert flags == ([("opendss.switch-flag", "53")] if sample == "smartds_p4u" else [])
    feeder = only(reading)
    kinds = Counter(kind for parts in reading.parts.values() for kind, _ in parts)
    assert counts.items() <= kinds.items()
    assert sum(load.kw for load in feeder.loads) == pytest.approx(kw, abs=0.01)
    assert sum(load.kvar for load in feeder.loads) == pytest.approx(kvar, abs=0.01)


def test_ieee13_loads_by_node(samples: Path) -> None:
    feeder = only(read("opendss", samples / "opendss" / "ieee13", "IEEE13Nodeckt.dss"))
    found = {(load.bus, load.nodes): (load.kw, load.kvar) for load in feeder.loads}
    assert found[("675", (2,))] == (68, 60)
    assert found[("692", (3, 1))] == (170, 151)
    assert found[("671", (1, 2, 3))] == (1155, 660)
    assert {load.min_pu for load in feeder.loads} == {0.95}


def test_every_object_and_property_has_one_verdict(samples: Path) -> None:
    folder = samples / "opendss" / "smartds_p4u"
    reading = read("opendss", folder, "Master.dss")
    script = flatten("Master.dss", files_of(folder))
    told = circuit_of([c.text for c in script.commands])
    rows: dict[str, list[str]] = {}
    for row in reading.conversion.values():
        rows.setdefault(row["object"], []).append(row["property"])
    for cls, items in told["classes"].items():
        for item in items:
            given = rows[f"{cls}.{item['name']}"]
            assert given.count("") == 1, item["name"]
            properties = [p for text in given for p in text.split()]
            assert sorted(properties) == sorted(item["full"]), item["name"]
    left = ("refused", "unused")
    refused = {r["object"]: r["reason"] for r in reading.conversion.values() if r["verdict"] in left}
    assert refused["EnergyMeter.m3"] == "measures, does not change the power flow"
    disabled = [r for r in refused.values() if r == "is disabled in the source"]
    assert len(disabled) == 10  # five lines and five fuses


def test_reading_twice_gives_the_same(samples: Path) -> None:
    a, b = (read("opendss", samples / "opendss" / "ieee13", "IEEE13Nodeckt.dss") for _ in range(2))
    assert a.conversion == b.conversion
    assert only(a).to_json() == only(b).to_json()


def test_taps_are_those_of_the_files(tmp_path: Path) -> None:
    feeder = only(
        make(
            tmp_path,
            "new transformer.reg phases=1 buses=[head.1 b.1] kvs=[7.2 7.2] kvas=[500 500] xhl=0.01 taps=[1 1.025]\n"
            "new regcontrol.reg transformer=reg winding=2 vreg=123 band=2 ptratio=60\n"
            "new load.a bus1=b.1 phases=1 kv=7.2 kw=400 kvar=100\nset voltagebases=[12.47]\ncalcv\nsolve\n",
        )
    )
    assert feeder.transformers[0].windings[1].tap_pu == 1.025
    assert feeder.transformers[0].is_regulator
    assert feeder.regulators[0].set_v == 123


def test_what_a_file_leaves_out_is_listed_as_defaulted(tmp_path: Path) -> None:
    reading = make(tmp_path, "new load.a bus1=head kv=12.47 kw=400 kvar=100 vminpu=0.8\n")
    row = next(r for r in reading.conversion.values() if "VMaxpu" in r["property"].split())
    assert row["verdict"] == "defaulted"
    assert "VMaxpu=1.05" in row["value"]
    assert next(r for r in reading.conversion.values() if "VMinpu" in r["property"].split())["verdict"] == "mapped"


def test_commands_that_write_are_not_run(tmp_path: Path) -> None:
    before = "new load.a bus1=head kv=12.47 kw=400 kvar=100\n"
    reading = make(
        tmp_path, before + "solve\nexport voltages here.csv\nsave circuit dir=there\nshow taps\nplot profile\n"
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["master.dss"]
    refused = [r for r in reading.conversion.values() if r["object"].startswith("command ")]
    assert [r["value"] for r in refused] == [
        "solve",
        "export voltages here.csv",
        "save circuit dir=there",
        "show taps",
        "plot profile",
    ]


def test_the_working_directory_stays(tmp_path: Path) -> None:
    here = Path.cwd()
    make(tmp_path, "new load.a bus1=head kv=12.47 kw=4 kvar=1\n")
    assert Path.cwd() == here


def test_open_conductors(tmp_path: Path) -> None:
    code = "new linecode.c nphases=3 r1=0.1 x1=0.3 r0=0.3 x0=0.9 units=km\n"
    feeder = only(
        make(
            tmp_path,
            code + "new line.plain bus1=head bus2=b linecode=c length=1 units=km\n"
            "new line.sw bus1=b bus2=c switch=y\nnew line.tie bus1=b bus2=d switch=y\n"
            "open line.plain 1 2\nopen line.sw 2 3\nopen line.tie 1\n"
            "new swtcontrol.s switchedobj=line.sw switchedterm=1\n",
        )
    )
    switches = {s.name: s for s in feeder.switches}
    assert switches["plain__open"].closed == (True, False, True)
    assert switches["plain__open"].to_bus == feeder.lines[0].from_bus == "head__plain"
    assert switches["sw"].closed == (True, True, False)
    assert not switches["tie"].is_closed


def test_units_of_length_and_codes(tmp_path: Path) -> None:
    feeder = only(
        make(
            tmp_path,
            "new linecode.c nphases=3 r1=0.3 x1=0.6 r0=0.9 x0=1.8 c1=10 c0=5 units=mi normamps=300\n"
            "new line.a bus1=head bus2=b linecode=c length=5280 units=ft\n"
            "new line.b bus1=b bus2=c linecode=c length=1.609344 units=km\n"
            "new line.c bus1=c bus2=d linecode=c length=1 units=mi normamps=250\n",
        )
    )
    assert [line.length_km for line in feeder.lines] == pytest.approx([1.609344] * 3)
    assert [line.line_code for line in feeder.lines] == ["c", "c", "c"]
    code = feeder.line_code["c"]
    assert code.r_ohm_per_km[0][0] == pytest.approx((0.9 + 2 * 0.3) / 3 / 1.609344)
    assert code.c_nf_per_km[0][1] == pytest.approx((5 - 10) / 3 / 1.609344)
    assert (code.normal_a, feeder.lines[0].normal_a, feeder.lines[2].normal_a) == (300, None, 250)


def test_a_rating_that_nobody_stated_is_none(tmp_path: Path) -> None:
    reading = make(tmp_path, "new line.a bus1=head bus2=b r1=0.1 x1=0.2 length=1 units=km\n")
    assert only(reading).lines[0].normal_a is None
    row = next(r for r in reading.conversion.values() if r["property"] == "NormAmps")
    assert (row["verdict"], row["value"]) == ("unused", "400")


@pytest.mark.parametrize(
    ("code", "line", "amps"),
    [
        ("", "normamps=333 emergamps=444", (333, 444)),
        ("", "normamps=333", (333, None)),
        ("", "", (None, None)),
        ("normamps=800", "", (800, None)),
        ("normamps=800", "normamps=500 emergamps=700", (500, 700)),
        ("emergamps=300", "", (None, 300)),
    ],
)
def test_a_line_has_the_ratings_of_its_own_and_then_of_its_code(
    tmp_path: Path, code: str, line: str, amps: tuple[float | None, float | None]
) -> None:
    body = f"new linecode.k nphases=3 r1=0.1 x1=0.3 units=km {code}\nnew line.a bus1=head bus2=b linecode=k {line}\n"
    feeder = only(make(tmp_path, body))
    (made,), (known,) = feeder.lines, feeder.line_codes
    assert (made.normal_a or known.normal_a, made.emergency_a or known.emergency_a) == amps


def test_a_line_without_a_rating_does_not_take_that_of_another_line(tmp_path: Path) -> None:
    body = "".join(
        f"new line.{name} bus1=head bus2=b{name} r1=0.1 x1=0.3 length=1 units=km geometry=g {amps}\n"
        for name, amps in (("a", "normamps=333 emergamps=444"), ("b", ""))
    )
    wire = "new wiredata.p gmrac=0.3 gmrunits=in rac=0.3 runits=mi diam=0.7 radunits=in\n"
    spots = " ".join(f"cond={i} wire=p x={i} h=9 units=m" for i in (1, 2, 3))
    feeder = only(make(tmp_path, f"{wire}new linegeometry.g nconds=3 nphases=3 {spots}\n{body}"))
    a, b = feeder.lines
    assert feeder.line_code[a.line_code].normal_a == 333
    assert (b.normal_a, feeder.line_code[b.line_code].normal_a) == (None, None)


def test_an_emergency_rating_of_wires_is_a_stated_one(tmp_path: Path) -> None:
    wire = "gmrac=0.3 gmrunits=in rac=0.3 runits=mi diam=0.7 radunits=in normamps=200"
    body = (
        f"new wiredata.p {wire}\nnew wiredata.q {wire} emergamps=300\n"
        "new linespacing.s nconds=3 nphases=3 units=m x=[-1 0 1] h=[9 9 9]\n"
        "new line.p bus1=head bus2=bp spacing=s wires=[p p p] length=1 units=km\n"
        "new line.q bus1=head bus2=bq spacing=s wires=[q q q] length=1 units=km\n"
    )
    feeder = only(make(tmp_path, body))
    codes = [feeder.line_code[p.line_code] for p in feeder.lines]
    rated = [
        (p.normal_a or c.normal_a, p.emergency_a or c.emergency_a) for p, c in zip(feeder.lines, codes, strict=True)
    ]
    assert rated == [(200, None), (200, 300)]


def test_a_transformer_has_the_rating_of_its_code(tmp_path: Path) -> None:
    code = "new xfmrcode.x phases=3 windings=2 kvs=[12.47 0.48] kvas=[300 300] normhkva=333\n"
    (made,) = only(make(tmp_path, code + "new transformer.t xfmrcode=x buses=[head lv]\n")).transformers
    assert (made.normal_kva, made.emergency_kva) == (333, None)


@pytest.mark.parametrize(
    ("device", "closed"),
    [
        ("new fuse.f monitoredobj=line.s state=[open closed closed]", (False, True, True)),
        ("new swtcontrol.f switchedobj=line.s switchedterm=1 action=open lock=yes", ()),
        ("new swtcontrol.f switchedobj=line.s switchedterm=1 action=open", (False, False, False)),
        ("new swtcontrol.f switchedobj=line.s normal=open", (False, False, False)),
        ("new recloser.f monitoredobj=line.s state=open", (False, False, False)),
    ],
)
def test_devices_open_the_conductors_that_the_engine_opens(
    tmp_path: Path, device: str, closed: tuple[bool, ...]
) -> None:
    made = only(make(tmp_path, f"new line.s bus1=head bus2=b switch=y\n{device}\n"))
    assert [s.closed for s in made.switches] == [closed]


def test_centre_taps_and_their_legs(tmp_path: Path) -> None:
    feeder = only(
        make(
            tmp_path,
            "new transformer.t phases=1 windings=3 buses=[head.2 low.1.0 low.0.2] kvs=[7.2 .12 .12] kvas=[25 25 25]"
            " %rs=[0.6 1.2 1.2] xhl=2 xht=2 xlt=1.4\n"
            "new line.drop phases=2 bus1=low.1.2 bus2=house.1.2 r1=0.3 x1=0.1 r0=.3 x0=.1 length=0.03 units=km\n"
            "new load.a phases=1 bus1=house.1.2 kv=0.24 kw=4 kvar=1 conn=delta\nset voltagebases=[12.47 .208]\ncalcv\n",
        )
    )
    assert feeder.bus["house"].split_phase
    assert feeder.bus["house"].kv_ln == 0.12
    assert feeder.bus["house"].kv_ll == 0.24
    assert not feeder.bus["head"].split_phase
    assert [w.nodes for w in feeder.transformers[0].windings] == [(2, 0), (1, 0), (0, 2)]


def test_controls_generation_and_shunts(tmp_path: Path) -> None:
    reading = make(
        tmp_path,
        "new line.a bus1=head bus2=b r1=0.1 x1=0.2 length=1 units=km\n"
        "new capacitor.c bus1=b kv=12.47 numsteps=2 kvar=[300 300] states=[1 0]\n"
        "new capcontrol.cc capacitor=c element=line.a terminal=1 type=kvar ctratio=1 ptratio=1\n"
        "~ onsetting=200 offsetting=-50\n"
        "new generator.g bus1=b kv=12.47 kw=100 pf=0.9\n"
        "new pvsystem.p bus1=b kv=12.47 pmpp=80 kva=60 irradiance=0.5 pf=1\n"
        "new storage.s bus1=b kv=12.47 kwrated=50 kwhrated=200 kva=55 %stored=40\n"
        "new reactor.r bus1=b kv=12.47 kvar=90 phases=3\n"
        "new load.l bus1=b kv=12.47 kw=10 pf=0.8 model=8 zipv=[.2 .3 .5 .1 .2 .7 0.6] yearly=default\n",
    )
    assert [f.field for f in reading.findings] == ["pctIdlingkW"]
    feeder = only(reading)
    bank = feeder.capacitors[0]
    assert (bank.kvar, bank.steps_on) == ((300, 300), (True, False))
    assert bank.control is not None
    assert (bank.control.type, bank.control.element, bank.control.on) == ("kvar", "line.a", 200)
    plant, roof = feeder.generators
    assert plant.kvar == pytest.approx(100 * (1 / 0.9**2 - 1) ** 0.5)
    assert (roof.type, roof.kw, roof.dc_kw, roof.kva) == ("pv", 40, 80, 60)
    assert (feeder.storages[0].stored, feeder.storages[0].kwh) == (0.4, 200)
    assert feeder.reactors[0].x_ohm == pytest.approx(12.47**2 / 0.09)
    assert feeder.loads[0].kvar == pytest.approx(7.5)
    assert feeder.loads[0].zip == (0.2, 0.3, 0.5, 0.1, 0.2, 0.7, 0.6)
    assert feeder.loads[0].shape == "default"


def test_allocated_loads_have_their_kilowatts(tmp_path: Path) -> None:
    feeder = only(make(tmp_path, "new load.a bus1=head kv=12.47 pf=0.95 xfkva=100 allocationfactor=0.6\n"))
    assert feeder.loads[0].kw == pytest.approx(57)


def test_bases_that_no_script_sets(tmp_path: Path) -> None:
    reading = make(
        tmp_path,
        "new transformer.t windings=2 buses=[head low] kvs=[12.47 .48] kvas=[100 100]\n"
        "new line.a bus1=low bus2=end r1=0.1 x1=0.2 length=1 units=km\n",
    )
    assert only(reading).bus["end"].kv_ln == pytest.approx(0.48 / 3**0.5)
    assert reading.conversion[("t", "Bus.end", "kVBase")]["verdict"] == "defaulted"


def test_coordinates_of_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "xy.csv").write_text("bus,x,y\nhead,3,4\nnonsense\n")
    reading = make(tmp_path, "new load.a bus1=head kv=12.47 kw=4 kvar=1\n", buscoords="xy.csv")
    assert (only(reading).bus["head"].x, only(reading).bus["head"].y) == (3, 4)
    assert [f.check for f in reading.findings] == ["source.bad-row"]


def test_a_master_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.dss"):
        opendss.read("m", {"path": "none.dss"}, files_of(tmp_path))


def test_a_death_of_the_engine_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import subprocess

    real = subprocess.run

    def dies(words: list[str], **options: object):
        Path(words[-1]).write_text("1")
        return real(["python3", "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"], **options)

    monkeypatch.setattr("dtl.sources.opendss_engine.subprocess.run", dies)
    reading = make(tmp_path, "new load.a bus1=head\n")
    found = [f for f in reading.findings if f.check == "opendss.engine-crash"]
    assert [(f.file, f.line) for f in found] == [("master.dss", 2)]


def test_complaints_before_a_death_of_the_engine_are_kept(tmp_path: Path) -> None:
    geometry = (
        "new linegeometry.g nconds=3 nphases=2 reduce=y conds=[1 2 3]\nnew line.l bus1=head.1.2 bus2=b.1.2 geometry=g\n"
    )
    reading = make(tmp_path, "new load.a bus1=head kv=12.47 wrong=1\n" + geometry)
    found = {f.line: f.check for f in reading.findings}
    assert found[3] == found[4] == "opendss.engine"
    assert [f.severity for f in reading.findings] == ["error"] * len(found)


def test_the_child_imports_no_tables() -> None:
    import subprocess
    import sys

    code = "import sys, dtl.sources.opendss_engine; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", "import json\n" + code], capture_output=True, text=True, check=True)
    assert {"pandas", "pyarrow", "pydantic"}.isdisjoint(json.loads(done.stdout))


LINE = "new circuit.c basekv=12.47\nnew line.l bus1=sourcebus bus2=b phases=3 length=1 units=km\n"


def master(folder: Path, text: str):
    (folder / "m.dss").write_text(text)
    return read("opendss", folder, "m.dss")


def test_warnings_of_one_property_are_one_finding(tmp_path: Path) -> None:
    loads = "".join(f"new load.l{i} bus1=b kv=12.47 kw=1 status=fixed\n" for i in range(30))
    reading = master(tmp_path, LINE + loads + "new load.v bus1=b kv=12.47 kw=1 status=variable\n")
    found = [f for f in reading.findings if f.check == "conversion.property-refused"]
    assert [(f.element, f.field, f.value.lower()) for f in found] == [("Load.l0", "Status", "fixed")]
    assert "30 objects of the class Load" in found[0].message
    verdicts = {r["object"]: r["verdict"] for r in reading.conversion.values() if "Status" in r["property"].split()}
    assert (verdicts["Load.l29"], verdicts["Load.v"]) == ("refused", "mapped")


def test_values_that_no_part_can_have_refuse_the_object(tmp_path: Path) -> None:
    winding = "new transformer.t windings=2 buses=(b, c) kvs=(12.47, 0.48) kvas=(100, 100) wdg=2 mintap=-1\n"
    reading = master(tmp_path, LINE + winding)
    (error,) = [f for f in reading.findings if f.severity == "error"]
    assert (error.check, error.element) == ("conversion.object-refused", "Transformer.t")
    assert "min_tap_pu is -1.0" in error.message


def test_a_negative_rating_is_none(tmp_path: Path) -> None:
    code = "new linecode.k nphases=3 normamps=400 emergamps=-1 units=km\n"
    reading = master(tmp_path, LINE + code + "edit line.l linecode=k\n")
    (made,) = only(reading).line_codes
    assert (made.normal_a, made.emergency_a) == (400, None)


@pytest.mark.parametrize(
    ("option", "severity"),
    [
        ("loadmult=0.1", "warning"),
        ("genmult=2", "warning"),
        ("cktmodel=positive", "error"),
        ("loadmult=1.0", None),
        ("year=5", "warning"),
        ("year=1", None),
        ("loadmodel=admittance", "warning"),
    ],
)
def test_options_that_change_all_elements_are_told(tmp_path: Path, option: str, severity: str | None) -> None:
    found = [f for f in master(tmp_path, f"{LINE}set {option}\n").findings if f.check == "opendss.option"]
    assert [f.severity for f in found] == ([severity] if severity else [])


def test_photovoltaics_of_constant_impedance_stay_so(tmp_path: Path) -> None:
    reading = master(tmp_path, LINE + "new pvsystem.p bus1=b kv=12.47 kva=100 pmpp=80 model=2\n")
    assert [p.model for p in only(reading).generators] == [2]


def test_a_generator_that_holds_its_voltage_is_refused(tmp_path: Path) -> None:
    reading = master(tmp_path, LINE + "new generator.g bus1=b kv=12.47 kw=100 model=3\n")
    assert [f.element for f in reading.findings if f.severity == "error"] == ["Generator.g"]


def test_a_capacitor_control_may_measure_a_switch(tmp_path: Path) -> None:
    body = (
        "new line.s bus1=head bus2=b switch=y\nnew capacitor.c bus1=b kv=12.47 kvar=300\n"
        "new load.l bus1=b kv=12.47 kw=10\n"
        "new capcontrol.cc capacitor=c element={} terminal=1 type=kvar onsetting=200 offsetting=-50\n"
    )
    feeder = only(make(tmp_path, body.format("line.s")))
    assert feeder.capacitors[0].control is not None
    assert feeder.capacitors[0].control.element == "switch.s"
    assert "element=line.sw:s" in dss.write(feeder)
    opened = feeder.model_copy(update={"switches": (feeder.switches[0].model_copy(update={"closed": (False,) * 3}),)})
    assert "capcontrol" not in dss.write(opened)  # the engine dies of a control whose element is not in the circuit
    assert not [f for f in check(opened) if f.check == "network.unknown-element"]
    bare = feeder.model_copy(update={"switches": ()})
    assert [f.value for f in check(bare) if f.check == "network.unknown-element"] == ["switch.s"]
    gone = make(tmp_path, body.format("line.s") + "disable line.s\n")
    assert "measures Line.s, which is no element of the model" in [f.message for f in gone.findings]


@pytest.mark.parametrize(
    "words",
    [
        "pmpp=120 irradiance=.9 pf=.98",
        "pmpp=120 irradiance=.9 pf=.98 wattpriority=yes",
        "pmpp=120 irradiance=.9 pf=-.98 pfpriority=yes",
        "pmpp=120 irradiance=.9 kvar=10",
        "pmpp=120 irradiance=.5 pf=.98 %pmpp=80",
        "pmpp=120 irradiance=.9 pf=.98 %pmpp=30",
        "pmpp=120 irradiance=.1 pf=1",
        "pmpp=120 irradiance=.9 pf=.98 kvarmax=15",
    ],
)
def test_photovoltaics_give_what_the_engine_gives(tmp_path: Path, words: str) -> None:
    text = f"new pvsystem.p bus1=head kv=12.47 kva=100 {words}\n"
    roof = only(make(tmp_path, text)).generators[0]
    for line in (HEAD + text + "solve\n").splitlines():
        DSS.Text.Command = line
    DSS.ActiveCircuit.SetActiveElement("pvsystem.p")
    powers = DSS.ActiveCircuit.ActiveCktElement.TotalPowers
    assert (roof.kw, roof.kvar) == pytest.approx((-powers[0], -powers[1]), abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "new transformer.t phases=3 windings=2 buses=[head b] kvs=[12.47 0.48] kvas=2000 xhl=6 %loadloss=2\n",
        "new transformer.t phases=3 windings=2 buses=[head b] kvs=[12.47 0.48] kvas=[2000 500] xhl=6 %rs=[1 2]\n",
        "new linegeometry.g nconds=3 nphases=3\n~ cond=1 wire=w x=-1 h=9 units=m\n~ cond=2 wire=w x=0 h=9 units=m\n"
        "~ cond=3 wire=w x=1 h=9 units=m\nnew line.l bus1=head bus2=b geometry=g length=9 units=km\n",
    ],
    ids=["one kva of two", "two kva", "geometry"],
)
def test_a_script_without_voltage_bases_gives_the_voltages_of_the_engine(tmp_path: Path, text: str) -> None:
    wire = "new wiredata.w rac=0.3 gmrac=0.007 radius=0.009 runits=km gmrunits=m radunits=m normamps=400\n"
    kv = 12.47 if "line.l" in text else 0.48
    body = wire + text + f"new load.a bus1=b kv={kv} kw=900 kvar=300 vminpu=0.5\n"
    feeder = only(make(tmp_path, body))
    assert volts(HEAD + body) == pytest.approx(volts(dss.write(feeder)), rel=1e-9)


def volts(script: str) -> list[float]:
    """Voltages at the bus ``b`` of a script after its solution [V]."""
    for line in [*script.splitlines(), "set tolerance=1e-10", "solve"]:
        if line:
            DSS.Text.Command = line
    found = dict(zip(DSS.ActiveCircuit.AllNodeNames, DSS.ActiveCircuit.AllBusVmag, strict=True))
    return [float(found[f"b.{n}"]) for n in (1, 2, 3)]


def test_a_second_circuit_is_told_and_not_mixed_with_the_first(tmp_path: Path) -> None:
    reading = make(tmp_path, "new line.l bus1=head bus2=b\nnew circuit.other bus1=x\nnew load.z bus1=x kv=12.47 kw=9\n")
    told = [(f.line, f.value) for f in reading.findings if f.severity == "error" and "second circuit" in f.message]
    assert told == [(4, "new circuit.other bus1=x")]
    assert not any(reading.parts.values())


def test_a_file_in_a_comment_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "day.csv").write_text("0.5\n0.7\n")
    body = "new loadshape.s npts=2 interval=1 mult=(file=day.csv) ! was file=old.csv\n"
    reading = make(tmp_path, body + "new line.l bus1=head bus2=b // see file=note.txt\n")
    assert [f.message for f in reading.findings] == []


def test_matrix_that_a_capacitor_does_not_state_is_not_read(tmp_path: Path) -> None:
    """A bank by kvar was refused, and its feeder with it, whenever that memory held what is no number."""
    told = circuit_of([*HEAD.splitlines(), "new capacitor.c bus1=head kv=12.47 kvar=600"])
    (item,) = told["classes"]["Capacitor"]
    assert item["full"]["CMatrix"] is None
    reading = make(tmp_path, "new capacitor.c bus1=head kv=12.47 kvar=600\nnew load.l bus1=head kv=12.47 kw=9\n")
    assert reading.findings == [] and only(reading).capacitors[0].kvar == (600,)


def test_matrices_that_a_reactor_does_not_state_are_not_read(tmp_path: Path) -> None:
    """The engine tells them from memory that nobody wrote: numbers, or none, from run to run."""
    told = circuit_of([*HEAD.splitlines(), "new reactor.s bus1=head kv=12.47 kvar=90"])
    (item,) = told["classes"]["Reactor"]
    assert (item["full"]["RMatrix"], item["full"]["XMatrix"]) == (None, None)
    reading = make(tmp_path, "new reactor.s bus1=head kv=12.47 kvar=90\nnew load.l bus1=head kv=12.47 kw=9\n")
    assert [f.check for f in reading.findings] == []
    assert only(reading).reactors[0].x_ohm == pytest.approx(12.47**2 / 0.09)


def test_a_line_whose_geometry_gives_no_impedance_is_refused(tmp_path: Path) -> None:
    """A misspelt word of a cable, behind which the engine reads nothing more of it."""
    (tmp_path / "m.dss").write_text(
        "clear\nnew circuit.c bus1=a basekv=12.47\n"
        "new wiredata.w gmr=0.00814 diam=0.563 radunits=in rac=0.592 runits=mi gmrunits=ft\n"
        "new tsdata.t gmrac=0.0111 diam=0.368 rac=0.97 epsr=2.3 inslayer=0.22 diains=0.82 diashield=0.88\n"
        "~ diacable=1.06 taplayer=0.005 gmrunits=ft radunits=in runits=mi\n"
        "new linegeometry.g nconds=2 nphases=1 units=ft reduce=yes\n"
        "~ cond=1 tscable=t x=0 h=-4\n~ cond=2 wire=w x=0.25 h=-4\n"
        "new line.l bus1=a.2 bus2=b.2 phases=1 geometry=g length=0.5 units=kft\n"
        "set voltagebases=[12.47]\ncalcvoltagebases\n"
    )
    reading = read("opendss", tmp_path, "m.dss")
    assert any("occupy the same space" in f.message for f in reading.findings)
    refused = [f for f in reading.findings if f.check == "conversion.object-refused"]
    assert [(f.element, f.severity) for f in refused] == [("Line.l", "error")]
    assert "geometry or spacing g" in refused[0].message
