"""`dtl act` and `dtl call`: every documented body, in all its variants, has its effect in the power flow."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtl import cli
from dtl.demand.calendar import Calendar
from dtl.demand.model_loads import model_loads
from dtl.network.feeder import Feeder
from dtl.powerflow.flexible import respond
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.sources import opendss
from dtl.spec.stacked import words
from dtl.spec.study import load

CASE = Path(__file__).resolve().parents[1] / "cases" / "workflow" / "pilot"
HOUR = 4098
CAR = {"bus_name": "1", "device_name": "EV_Charger_1"}
SHAVE = {"name": "peak_shaving", "min_power_kw": 100.0, "target_pf": 0.95}
Answer = dict[str, Any]


@pytest.fixture
def pilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of one feeder, which reads its file of actions; it stands in the current folder."""
    folder = tmp_path / "studies" / "pilot"
    shutil.copytree(CASE, folder)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def call(pilot: Path, capfd: pytest.CaptureFixture[str]) -> Any:
    def asked(method: str, path: str, body: Answer | None = None, code: int = 0) -> Any:
        data = [] if body is None else ["-d", json.dumps(body)]
        assert cli.main(["call", method, f"/{path}", *data]) == code
        said = capfd.readouterr()
        return said.err if code else json.loads(said.out)

    return asked


def solved(folder: Path) -> dict[str, Any]:
    """The study's case with its actions in one hour: what loads and generators take [kVA], and the executions."""
    study = load(folder)
    reading = opendss.read(
        "model", {"kind": "opendss", "path": "master.dss"}, {"master.dss": folder / "data/master.dss"}
    )
    ((name, parts),) = reading.parts.items()
    rows = [{"feeder": name, "kind": k, "name": n, "body": p.model_dump_json(exclude_defaults=True)}
            for (k, n), p in parts.items()]  # fmt: skip
    feeder = Feeder.from_parts(rows)
    demand = model_loads(feeder, {"shape": "residential"}, Calendar(2026), study.timezone, None)
    areas = {n: {"buses": a.buses, "transformer": a.transformer} for n, a in study.areas.items()}  # type: ignore[union-attr]
    context = Context(2026, 2026, study.timezone, areas=areas)
    limits = study.resolved_limits
    spec = {"hours": [HOUR], "controls": "active", "engine": "auto", "step_min": 60, "limits": limits,
            "secondary": {"drop_pct": 0.0}}  # fmt: skip
    layers = [{"name": n, **words(study, layer)} for n, layer in study.layers.items()]
    state, executions = respond(compose(layers, feeder, demand, context), context, spec)
    whole, driven = realise(state)
    (block,) = Year(whole, driven).blocks([HOUR])
    found = {p.name: complex(block.load_kva[i, 0]) for i, p in enumerate(p for p in whole.loads if p.enabled)}
    machines = [p for p in whole.generators if p.enabled]
    found |= {p.name: complex(block.generator_kva[i, 0]) for i, p in enumerate(machines)}
    return {"kva": found, "executions": executions, "feeder": whole,
            "volts": np.abs(block.voltages[:, 0]).tobytes()}  # fmt: skip


def test_an_area_is_scaled(pilot: Path, call: Any) -> None:
    call("GET", "get_state")
    before = solved(pilot)["kva"]
    answer = call("POST", "modify_load_neighbourhood", {"neighbourhood": 1, "factor": 0.8})
    assert answer["status"] == "ok" and answer["done"] == {"scale_load": {"area": "1", "factor": 0.8}}
    after = solved(pilot)["kva"]
    for name, part in (("load_1", 0.8), ("load_2", 0.8), ("load_3", 0.8), ("load_24", 1.0)):
        assert after[name].real == pytest.approx(part * before[name].real, rel=1e-4)


@pytest.mark.parametrize("body", [{"load_name": "Load_1", "new_kw": 5.0, "new_kvar": 1.0}, {"factor": 0.9}])
def test_a_household_is_set_in_both_variants(pilot: Path, call: Any, body: Answer) -> None:
    call("GET", "get_state")
    before = solved(pilot)["kva"]
    call("POST", "modify_load_household", {"bus_name": "1", **body})
    after = solved(pilot)["kva"]
    if "factor" in body:
        assert after["load_1"].real == pytest.approx(0.9 * before["load_1"].real, rel=1e-4)
        assert after["load_2"].real == pytest.approx(0.9 * before["load_2"].real, rel=1e-4)
    else:
        assert after["load_1"] == pytest.approx(5.0 + 1.0j, rel=1e-3)
        assert after["load_2"].real == pytest.approx(before["load_2"].real, rel=1e-3)
    assert after["load_3"].real == pytest.approx(before["load_3"].real, rel=1e-3)


@pytest.mark.parametrize(
    ("body", "kva"),
    [
        ({"kv": 0.48, "kw": 50.0, "kvar": 10.0, "model": 1, "vmin_pu": 0.9, "vmax_pu": 1.1}, -50.0 - 10.0j),
        ({"kw": 100, "phases": 3}, -100.0 + 0.0j),
    ],
)
def test_a_generator_is_added_in_both_variants(pilot: Path, call: Any, body: Answer, kva: complex) -> None:
    state = call("POST", "add_generator", {"bus_name": "1", **body})["state"]
    assert [g["name"] for g in state["generators"]] == ["gen_1_1"]
    after = solved(pilot)
    assert after["kva"]["actions:1:gen_1_1"] == pytest.approx(kva, abs=1e-2)
    (part,) = [g for g in after["feeder"].generators if g.name == "actions:1:gen_1_1"]
    assert part.phases == 3 and (part.min_pu, part.max_pu) == ((0.9, 1.1) if "vmin_pu" in body else (0.8, 1.2))


@pytest.mark.parametrize(
    ("body", "kva", "phases"),
    [({"kw": 7.2, "kvar": 1.4, "pf": 0.98}, 7.2 + 1.4j, 3), ({"kw": 7.5, "phases": 1}, 7.5 + 0.0j, 1)],
)
def test_a_device_is_added_and_taken_off_in_both_variants(
    pilot: Path, call: Any, body: Answer, kva: complex, phases: int
) -> None:
    call("GET", "get_state")
    before = solved(pilot)
    call("POST", "add_device", {**CAR, **body})
    with_it = solved(pilot)
    name = "actions:1:ev_charger_1"
    assert with_it["kva"][name] == pytest.approx(kva, abs=1e-2)
    assert next(p.phases for p in with_it["feeder"].loads if p.name == name) == phases
    state = call("POST", "disconnect_device", CAR)["state"]
    assert state["devices"] == [] and len(state["actions"]) == 2
    after = solved(pilot)
    assert after["volts"] == before["volts"] and after["kva"] == before["kva"], "add and disconnect is the identity"


def test_a_program_lives_its_whole_life(pilot: Path, call: Any) -> None:
    (program,) = call("POST", "register_dfp", SHAVE)["state"]["programs"]
    assert program == {**SHAVE, "number": 1, "buses": [], "areas": []}
    assert "no members" in call("POST", "execute_dfp", {"dfp_name": "peak_shaving"}, code=1)
    (program,) = call("PUT", "update_dfp", {"name": "peak_shaving", "min_power_kw": 120.0, "target_pf": 0.98})["state"][
        "programs"
    ]
    assert (program["min_power_kw"], program["target_pf"]) == (120.0, 0.98)
    member = {"bus_name": "1", "dfp_number": 1}
    call("POST", "subscribe_dfp", member)
    call("POST", "subscribe_dfp", {"bus_name": "3", "dfp_number": 1})
    call("POST", "execute_dfp", {"dfp_name": "peak_shaving"})
    (row,) = solved(pilot)["executions"]
    assert row["element"] == "transformer t1" and row["reached"]
    assert row["delivered_kw"] == pytest.approx(120.0, rel=2e-3) and row["after_pf"] == pytest.approx(0.98)
    call("POST", "unsubscribe_dfp", {"bus_name": "3", "dfp_number": 1})
    (row,) = solved(pilot)["executions"]
    assert not row["reached"] and row["shed_kw"] == pytest.approx(row["pool_kw"], rel=1e-3), "one bus is not enough"
    log = [row["action"] for row in call("GET", "dfps_logs")["dfps_logs"]]
    assert log == ["register_program", "update_program", "subscribe", "subscribe", "execute", "unsubscribe"]
    assert call("DELETE", "delete_dfp", {"name": "peak_shaving"})["state"]["programs"] == []
    assert "there is no program with the number 1" in call("POST", "subscribe_dfp", member, code=1)


def test_equal_text_is_equal_state(pilot: Path, call: Any, capfd: pytest.CaptureFixture[str]) -> None:
    call("POST", "add_device", {**CAR, "kw": 7.2, "kvar": 1.4, "pf": 0.98})
    called = call("POST", "modify_load_neighbourhood", {"neighbourhood": 1, "factor": 0.8})["state"]
    text = (pilot / "overrides/actions.yaml").read_text()
    (pilot / "overrides/actions.yaml").unlink()
    device = ["--bus", "1", "--name", "EV_Charger_1", "--kw", "7.2", "--kvar=1.4"]
    assert cli.main(["act", "pilot", "add-device", *device]) == 0
    assert cli.main(["act", "pilot", "scale-load", "--area", "1", "--factor", "0.8"]) == 0
    capfd.readouterr()
    assert (pilot / "overrides/actions.yaml").read_text() == text
    assert cli.main(["act", "pilot"]) == 0
    assert json.loads(capfd.readouterr().out) == called


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "add_devic", {}, "did you mean 'add_device'"),
        ("GET", "add_device", None, "it is POST /add_device"),
        ("POST", "add_device", {**CAR, "kW": 1.0}, "did you mean 'kw'"),
        ("POST", "add_device", CAR, "needs 'kw'"),
        ("POST", "add_device", {**CAR, "kw": 7.2, "kvar": 7.2, "pf": 0.98}, "power factor of 0.707, not 0.98"),
        ("POST", "add_generator", {"bus_name": "1", "kw": 1.0, "model": 3}, "model 3 is not available"),
        ("POST", "modify_load_neighbourhood", {"neighbourhood": 12, "factor": 0.8}, "no area named '12'"),
        ("POST", "modify_load_household", {"bus_name": "1"}, "'new_kw' or 'factor'"),
        ("POST", "disconnect_device", CAR, "nothing named 'EV_Charger_1' is connected"),
        ("POST", "subscribe_dfp", {"bus_name": "1", "dfp_number": 3}, "no program with the number 3"),
        ("POST", "register_dfp", {**SHAVE, "target_pf": 1.2}, "spec.out-of-range"),
    ],
)
def test_what_is_wrong_changes_nothing(pilot: Path, call: Any, method: str, path: str, body: Answer, told: str) -> None:
    call("GET", "get_state")
    before = (pilot / "overrides/actions.yaml").read_bytes()
    assert told in call(method, path, body, code=1)
    assert (pilot / "overrides/actions.yaml").read_bytes() == before


def test_a_bus_that_the_read_network_lacks_is_named(pilot: Path, call: Any) -> None:
    folder = pilot.parents[1] / "results/pilot"
    (folder / "feeders").mkdir(parents=True)
    (folder / "feeders.json").write_text('{"groups": {"pilot": {"status": "ok"}}}')
    parts = {"buses": [{"name": "bus_1"}, {"name": "mill"}], "loads": [{"name": "load_1", "bus": "bus_1"}]}
    (folder / "feeders/pilot.json").write_text(json.dumps(parts))
    assert "did you mean 'bus_1'" in call("POST", "add_device", {**CAR, "bus_name": "bus_2", "kw": 1.0}, code=1)
    wrong = {"bus_name": "bus_1", "load_name": "load_2", "new_kw": 1.0}
    assert "did you mean 'load_1'" in call("POST", "modify_load_household", wrong, code=1)


def test_a_study_that_does_not_read_the_file_is_told_how(pilot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = pilot / "study.yaml"
    study.write_text(study.read_text().replace("layers: overrides/actions.yaml\n", "").replace("[actions]", "[]"))
    assert cli.main(["act", "pilot", "execute", "shave"]) == 1
    assert "layers: [overrides/actions.yaml" in capsys.readouterr().err
    assert cli.main(["act", "pilott"]) == 1
    assert "did you mean 'pilot'" in capsys.readouterr().err


def test_the_four_files_are_views_of_the_actions(pilot: Path, call: Any) -> None:
    """Written where the study has results, as text and as JSON lines, without a clock: equal actions, equal bytes."""
    results = pilot.parents[1] / "results/pilot"
    results.mkdir(parents=True)
    (results / "study.json").write_text("{}", encoding="utf-8")
    call("POST", "register_dfp", SHAVE)
    call("POST", "subscribe_dfp", {"bus_name": "1", "dfp_number": 1})
    call("POST", "add_device", {**CAR, "kw": 7.2, "at": "2026-07-16 18:00"})
    names = ("dfp_registry", "dfps_logs", "latest_api_results", "management_log")
    files = sorted((results / "views").iterdir())
    assert [p.name for p in files] == sorted(f"{n}.{kind}" for n in names for kind in ("jsonl", "txt"))
    lines = {n: [json.loads(x) for x in (results / f"views/{n}.jsonl").read_text().splitlines()] for n in names}
    assert [(row["number"], row["action"]) for row in lines["management_log"]] == [
        (1, "register_program"), (2, "subscribe"), (3, "add_device")
    ]  # fmt: skip
    assert (
        lines["management_log"][2]["at"] == "2026-07-16T18:00:00" and lines["management_log"][0]["at"] == "whole study"
    )
    assert lines["dfp_registry"] == [{**SHAVE, "number": 1, "buses": ["1"], "areas": [], "registered_by_action": 1}]
    assert [row["action"] for row in lines["dfps_logs"]] == ["register_program", "subscribe"]
    assert lines["latest_api_results"][0]["converged"] is None and "run pilot" in lines["latest_api_results"][0]["why"]
    before = {p.name: p.read_bytes() for p in files}
    call("GET", "get_state")
    assert cli.main(["act", "pilot"]) == 0
    assert {p.name: p.read_bytes() for p in files} == before
