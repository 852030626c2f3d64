"""A circuit in many styles of writing: the model has the voltages that the engine has for the files themselves."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from dss import DSS
from models import only, read
from twins import volts

from dtl.sources.reading import Reading

FOLDER = Path(__file__).parents[1] / "cases" / "styles"


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read("opendss", FOLDER, "Master.dss")


def of_the_engine(folder: Path) -> dict[str, float]:
    """Voltages of the files themselves by node [kV], with names of files as this system wants them."""
    shutil.copytree(FOLDER, folder)
    (folder / "lib" / "Geometry.DSS").rename(folder / "lib" / "geometry.dss")
    master = (folder / "Master.dss").read_text().replace("lib\\Wires.dss", "lib/wires.dss")
    (folder / "Master.dss").write_text(master.replace("buscoords", "! buscoords"))
    engine = DSS.NewContext()
    engine.AllowChangeDir = False
    for command in (f'redirect "{folder}/Master.dss"', "set controlmode=off", "set tolerance=1e-11", "solve"):
        engine.Text.Command = command
    circuit = engine.ActiveCircuit
    assert circuit.Solution.Converged
    names = (n.lower() for n in circuit.AllNodeNames)
    return dict(zip(names, (v / 1e3 for v in circuit.AllBusVmag), strict=True))


def test_styles_of_writing_change_nothing(reading: Reading, tmp_path: Path) -> None:
    theirs = of_the_engine(tmp_path / "model")
    feeder = only(reading)
    ours = {node: pu * feeder.bus[node.rpartition(".")[0]].kv_ln for node, pu in volts(feeder).items()}
    assert len(theirs) == 32
    for node, kv in theirs.items():
        assert ours[node] == pytest.approx(kv, rel=1e-7), node


def test_all_of_it_is_there(reading: Reading) -> None:
    feeder = only(reading)
    counts = Counter(kind for kind, _ in reading.parts["styles"])
    expected = {"bus": 12, "line": 5, "switch": 2, "transformer": 3, "reactor": 2, "load": 9, "generator": 2}
    assert {kind: counts[kind] for kind in expected} == expected
    assert reading.findings == []
    loads = {p.name: p for p in feeder.loads}
    assert (loads["ct2"].kw, loads["ct2"].min_pu, loads["ct2"].shape) == (3, 0.85, "res")
    codes = {p.name: feeder.line_code[p.line_code] for p in feeder.lines}
    assert (codes["g1"].normal_a, codes["g1"].emergency_a, codes["cn1"].normal_a) == (400, 520, 260)
    assert codes["ts1"].normal_a is None
    assert (feeder.bus["n3"].x, feeder.bus["n3"].y) == (200, 10)


def test_the_account_says_refused_of_losses_only(reading: Reading) -> None:
    rows = list(reading.conversion.values())
    assert [(r["object"], r["property"]) for r in rows if r["verdict"] == "refused"] == []
    reasons = {r["reason"]: r["verdict"] for r in rows}
    assert reasons["is the engine's default, no rating of the source"] == "unused"
    assert reasons["taps and switches are those that the files state, before any solve"] == "unused"
    assert reasons["its state stands in the switch; devices do not trip in a study"] == "unused"


def test_a_battery_that_works_in_the_file_is_told(tmp_path: Path) -> None:
    text = "clear\nnew circuit.t basekv=12.47 bus1=head\nnew storage.s bus1=head kv=12.47 kwrated=50 kwhrated=100 "
    (tmp_path / "m.dss").write_text(text + "state=discharging %idlingkw=0\n")
    told = read("opendss", tmp_path, "m.dss").findings
    assert [(f.element, f.field, f.severity) for f in told] == [("Storage.s", "State", "warning")]


@pytest.mark.parametrize(
    ("words", "lost"),
    [("kvar=20", ["kvar"]), ("pf=.9", ["PF"]), ("pf=-.9 kvar=-20", ["kvar"]), ("pf=1", []), ("kvar=0", []), ("", [])],
)
def test_reactive_power_of_a_battery_is_told(tmp_path: Path, words: str, lost: list[str]) -> None:
    text = "clear\nnew circuit.t basekv=12.47 bus1=head\nnew storage.s bus1=head kv=12.47 kwrated=50 kwhrated=100 "
    (tmp_path / "m.dss").write_text(text + f"%idlingkw=0 {words}\n")
    reading = read("opendss", tmp_path, "m.dss")
    assert [(f.element, f.field, f.severity) for f in reading.findings] == [("Storage.s", p, "warning") for p in lost]
    refused = [r["property"] for r in reading.conversion.values() if r["verdict"] == "refused"]
    assert refused == lost


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("normal=closed state=open", ["closed"]),
        ("normal=open state=closed", ["open"]),
        ("normal=closed action=open", ["closed"]),
        ("normal=open", []),
        ("state=open", []),
        ("normal=open state=open", []),
        ("normal=closed state=open lock=yes", []),
        ("", []),
    ],
)
def test_a_switch_control_that_a_mode_would_move_is_told(tmp_path: Path, words: str, told: list[str]) -> None:
    text = "clear\nnew circuit.t basekv=12.47 bus1=head\nnew line.s bus1=head bus2=b switch=yes\n"
    (tmp_path / "m.dss").write_text(text + f"new swtcontrol.c switchedobj=line.s switchedterm=1 {words}\n")
    found = [f for f in read("opendss", tmp_path, "m.dss").findings if f.check == "opendss.device-state"]
    assert [(f.element, f.field, f.value) for f in found] == [("SwtControl.c", "Normal", v) for v in told]


@pytest.mark.parametrize("words", ["", "state=open", "normal=open"])
def test_a_switch_control_of_nothing_ends_no_reading(tmp_path: Path, words: str) -> None:
    text = "clear\nnew circuit.t basekv=12.47 bus1=head\nnew line.s bus1=head bus2=b switch=yes\n"
    (tmp_path / "m.dss").write_text(text + f"new swtcontrol.c switchedobj=line.nowhere switchedterm=1 {words}\n")
    told = read("opendss", tmp_path, "m.dss")
    assert {f.check for f in told.findings} == {"opendss.engine", "network.no-base"}
    assert {("switch", "s"), ("source", "source"), ("bus", "head"), ("bus", "b")} == set(told.parts["t"])


def test_a_length_without_a_unit_is_an_assumption(tmp_path: Path) -> None:
    (tmp_path / "m.dss").write_text(
        "clear\nnew circuit.t basekv=12.47 bus1=head\nnew line.l bus1=head bus2=b length=2\n"
    )
    rows = read("opendss", tmp_path, "m.dss").conversion.values()
    (unit,) = [r for r in rows if r["property"] == "Units"]
    assert (unit["verdict"], unit["value"]) == ("defaulted", "km")
