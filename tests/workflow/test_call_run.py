"""The documented bodies of the simulator's requests, word for word, and one simulation from request to result files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dtl import cli

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "tests" / "cases" / "workflow" / "pilot"
SEED = ROOT.parent / "shared" / "seeds"
Request = tuple[str, str, dict[str, Any] | None]

CAR: Request = ("POST", "add_device", {"bus_name": "1", "device_name": "EV_Charger_1", "kw": 7.2})
PROGRAM: Request = ("POST", "register_dfp", {"name": "peak_shaving", "min_power_kw": 100.0, "target_pf": 0.95})
MEMBER: Request = ("POST", "subscribe_dfp", {"bus_name": "1", "dfp_number": 1})
BEFORE: dict[str, list[Request]] = {
    "disconnect_device": [CAR],
    "update_dfp": [PROGRAM],
    "delete_dfp": [PROGRAM],
    "subscribe_dfp": [PROGRAM],
    "unsubscribe_dfp": [PROGRAM, MEMBER],
    "execute_dfp": [PROGRAM, MEMBER],
}
"""What must have been asked before a request can be."""
PATHS = (*BEFORE, "modify_load_neighbourhood", "modify_load_household", "add_generator", "add_device", "register_dfp")


def documented() -> list[Request]:
    """Every request of the seed that has a body, in its order, both variants among them."""
    files = sorted(SEED.glob("001_*.txt"))
    if not files:
        return []
    text = files[0].read_text(encoding="utf-8")
    found: list[Request] = []
    for part in re.split(r"\*\*Endpoint\*\*: ", text)[1:]:
        method, path = re.match(r"`(\w+) /(\w+)`", part).groups()  # type: ignore[union-attr]
        body = re.search(r"\*\*Request Body\*\*:\s*```json\s*(\{.*?\})\s*```", part, re.DOTALL)
        if body:
            found.append((method, path, json.loads(body.group(1))))
    shell = re.findall(r"curl -X (\w+)[^`]*?-d '(\{.*?\})'[^`]*?localhost:5000/(\w+)", text, re.DOTALL)
    return found + [(method, path, json.loads(body)) for method, body, path in shell]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(CASE, tmp_path / "studies" / "pilot")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_body_of_the_seed_is_answered(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    requests = documented()
    if not requests:
        pytest.skip("the seeds (shared/seeds beside the project) are not on this machine")
    assert {path for _, path, _ in requests} == set(PATHS) and len(requests) == 30, "20 in blocks, 10 in the shell"
    for method, path, body in requests:
        (place / "studies/pilot/overrides/actions.yaml").unlink(missing_ok=True)
        for earlier in (*BEFORE.get(path, ()), (method, path, body)):
            assert cli.main(["call", earlier[0], f"/{earlier[1]}", "-d", json.dumps(earlier[2])]) == 0, (path, body)
        answer = json.loads("{" + capfd.readouterr().out.rpartition("\n{")[2].removeprefix("{"))
        assert answer["status"] == "ok" and answer["done"], (path, body)
        assert answer["state"]["actions"], path


def asked(place: Path, *words: str) -> tuple[int, Any]:
    known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "dtl.cli", "call", *words],
        cwd=place,
        env=known,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_a_simulation_from_request_to_result_files(place: Path) -> None:
    code, first = asked(place, "POST", "/run_simulation")
    assert (code, first["status"], first["results"]["current"]) == (0, "ok", True)
    for method, path, body in (
        ("POST", "modify_load_neighbourhood", {"neighbourhood": 1, "factor": 0.8}),
        ("POST", "add_generator", {"bus_name": "24", "kw": 100, "phases": 3}),
        ("POST", "add_device", {"bus_name": "1", "device_name": "EV_Charger_1", "kw": 7.5, "phases": 1}),
        PROGRAM,
        MEMBER,
        ("POST", "execute_dfp", {"dfp_name": "peak_shaving"}),
    ):
        assert asked(place, method, f"/{path}", "-d", json.dumps(body))[0] == 0
    assert asked(place, "GET", "/get_state")[1]["results"]["current"] is False, "the run knew nothing of them"
    code, state = asked(place, "POST", "/run_simulation")
    found = state["results"]
    assert (code, found["converged"], found["current"], found["case"]) == (0, True, True, "managed")
    assert found["total_power_kw"] < first["results"]["total_power_kw"] - 100.0
    assert (
        found["total_losses_kw"] > 0.0 and 0.9 < found["voltage_profile"]["min_pu"] < found["voltage_profile"]["max_pu"]
    )
    assert {b["bus"] for b in found["buses"]} >= {"1", "3", "24"}
    assert [d["name"] for d in state["devices"]] == ["EV_Charger_1"] and len(state["generators"]) == 1
    (execution,) = found["executions"]
    assert execution["program"] == "peak_shaving" and execution["shed_kwh"] > 0.0
    assert asked(place, "GET", "/get_state")[1]["results"] == found

    views = {p.name: p.read_text(encoding="utf-8") for p in (place / "results/pilot/views").glob("*.txt")}
    assert set(views) == {"latest_api_results.txt", "management_log.txt", "dfp_registry.txt", "dfps_logs.txt"}
    told = json.loads(
        (place / "results/pilot/views/latest_api_results.jsonl").read_text(encoding="utf-8").splitlines()[0]
    )
    assert told["converged"] is True
    for word in ("scale_load", "add_generator", "EV_Charger_1"):
        assert word in views["management_log.txt"]
    assert "peak_shaving" in views["dfp_registry.txt"] and "100" in views["dfp_registry.txt"]
    assert "execute" in views["dfps_logs.txt"]
