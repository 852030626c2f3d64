"""Networks that pandapower makes and solves, against the same ones read and solved here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from models import feeders, read
from test_pandapower import solve


def test_networks_of_pandapower_give_its_voltages(tmp_path: Path, peers: Path) -> None:
    """Every bus of networks that the installed pandapower makes and solves; ``pytest -s`` prints the differences."""
    subprocess.run([peers, Path(__file__).with_name("peers_networks.py"), tmp_path], check=True, capture_output=True)
    reading = read("pandapower", tmp_path, "*.json", each_file="grid")
    assert not [f for f in reading.findings if f.severity == "error"]
    assert len(feeders(reading)) == 6
    for name, feeder in feeders(reading).items():
        body = json.loads((tmp_path / f"{name}.json").read_text())["_object"]
        buses, told = (json.loads(body[table]["_object"]) for table in ("bus", "res_bus"))
        rows = [r for r in reading.conversion.values() if r["feeder"] == name and not r["property"]]
        called = {r["object"]: r["target"] for r in rows}
        volts = solve(feeder)
        pu = {i: row[told["columns"].index("vm_pu")] for i, row in zip(told["index"], told["data"], strict=True)}
        off = [abs(abs(volts[called[f"bus {i}"].removeprefix("bus.")]) - pu[i]) for i in buses["index"]]
        print(f"\n{name}: {len(off)} buses, max |dV| {max(off):.1e} pu")
        assert max(off) < 1e-4


def test_random_networks_of_pandapower_give_its_voltages(tmp_path: Path, peers: Path) -> None:
    program = Path(__file__).with_name("peers_random.py")
    subprocess.run([peers, program, tmp_path, "150"], check=True, capture_output=True)
    reading = read("pandapower", tmp_path, "*.json", each_file="grid")
    assert not [str(f) for f in reading.findings if f.severity == "error"]
    found = feeders(reading)
    assert len(found) > 140
    apart = {}
    for name, feeder in found.items():
        body = json.loads((tmp_path / f"{name}.json").read_text())["_object"]
        told = json.loads(body["res_bus"]["_object"])
        rows = [r for r in reading.conversion.values() if r["feeder"] == name and not r["property"]]
        called = {r["object"]: r["target"].removeprefix("bus.") for r in rows}
        volts = solve(feeder)
        for i, row in zip(told["index"], told["data"], strict=True):
            pu = row[told["columns"].index("vm_pu")]
            if pu is not None and abs(abs(volts.get(called[f"bus {i}"], 0.0)) - pu) > 5e-6:
                apart[f"{name} bus {i}"] = (abs(volts.get(called[f"bus {i}"], 0.0)), pu)
    assert not apart
