"""From the mapping in the documentation to the cube: a study with outages, through its real stages one by one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from dtl import tables
from dtl.report import facts
from dtl.spec.study import load
from dtl.workflow import job
from dtl.workflow.questions import solvable
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

ROOT = Path(__file__).resolve().parents[2]
STUDY = {
    "dtl": 1, "title": "Outages", "timezone": "America/Chicago", "feeders": ["*"], "network": {"model": "circuit"},
    "powerflow": {"hours": [0, 4000]}, "analyses": {"reliability": {"years": [2024, 2025]}},
}  # fmt: skip
OUTAGES = """\
OUTAGE_ID,FEEDER,DEVICE_ID,START_DT,RESTORED_DT,PRIMARY_CAUSE,SECONDARY_CAUSE,CI,CMI,MAJOR_EVENT,CREW_ID,EQUIP_FAILED
OUT-22,CKT-feeder_1,trunk,10/31/2025 20:48,10/31/2025 22:18,WX,Wind,100,5400,N,CR1,
OUT-23,CKT-feeder_1,XF-illage,11/01/2025 20:00,11/01/2025 19:00,EQ,,10,600,N,CR1,
OUT-24,CKT-feeder_1,gone,11/02/2025 20:00,11/02/2025 20:03,EQ,,10,30,N,CR1,
"""
STEPS = """\
OUTAGE_ID,STEP_NO,RESTORED_DT,CUSTOMERS_RESTORED
OUT-22,1,10/31/2025 21:18,60
OUT-22,2,10/31/2025 22:18,40
"""


def mapping() -> dict[str, object]:
    """The source of the worked mapping, for a feeder that we ship."""
    page = (ROOT / "site" / "docs" / "sources" / "oms.md").read_text(encoding="utf-8")
    block, *_ = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    source: dict[str, object] = yaml.safe_load(block)["sources"]["outages"]
    return source | {"customers_served": {"CKT-feeder_1": 2000}}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "studies" / "s"
    (folder / "data").mkdir(parents=True)
    model = ROOT / "dtl" / "spec" / "templates" / "minimal" / "data" / "feeder.dss"
    (folder / "data" / "feeder_1.dss").write_bytes(model.read_bytes())
    (folder / "data" / "oms.csv").write_text(OUTAGES)
    (folder / "data" / "oms_steps.csv").write_text(STEPS)
    words = STUDY | {"sources": {"circuit": {"kind": "opendss", "path": "data/feeder_1.dss"}, "outages": mapping()}}
    (folder / "study.yaml").write_text(yaml.safe_dump(words))
    monkeypatch.chdir(tmp_path)
    return folder


def run(folder: Path) -> facts.Facts:
    slices, store = Slices(load(folder)), Store(Path.cwd() / "store")
    for name in (
        "read_source",
        "merge_network",
        "split_readings",
        "split_feeders",
        "prepare_feeder",
        "solve_feeder",
        "assess_feeder",
        "gather",
    ):
        stage = STAGES[name]
        of = {"source": slices.sources, "study": [""], "group": []}[stage.per]
        for each in of or solvable(Path("results/s/feeders.json")):
            job.run(slices.job(name, each), store)
    return facts.load(Path("results/s/cube.parquet"))


def test_a_study_with_outages_reaches_the_cube(study: Path) -> None:
    known = run(study)
    (feeder,) = known.feeders
    case = known.cases[0].case
    assert known.value("solved", feeder, case) == 1, "an outage that cannot be used fails no feeder"
    for scope in (None, feeder):
        assert known.value("customer_interruption_min", scope, year=2025) == 5400
        assert known.value("saidi_min", scope, year=2025) == pytest.approx(2.7)
        assert known.value("saifi", scope, year=2025) == pytest.approx(0.05)
        assert known.value("maifi", scope, year=2025) == pytest.approx(0.005)
        assert known.value("saidi_min", scope, year=2024) is None and known.value("saidi_min", scope) is not None
    assert known.fact("saidi_min", year=2024) is not None and "2024" in known.fact("saidi_min", year=2024).text  # type: ignore[union-attr]
    assert known.value("devices_linked_pct") == 50 and known.value("outages_refused") == 0
    assert known.text("customers_served", feeder) == "stated in the study"
    own = [r for r in known.table.to_pylist() if (r["level"], r["feeder"], r["year"]) == ("element", feeder, 0)]
    minutes = {(r["kind"], r["element"]): r["value"] for r in own if r["metric"] == "customer_interruption_min"}
    assert minutes == {
        ("cause", "weather"): 5400,
        ("cause", "equipment"): 0,
        ("line", "trunk"): 5400,
        ("device", "gone"): 0,
    }
    assert not [r for r in known.elements(feeder) if r["analysis"] == "reliability"], "they are nothing over a limit"
    found = tables.read("findings", Path("results/s/system/findings.parquet")).to_pylist()
    told = {(r["check"], r["line"], r["value"]) for r in found if r["source"] == "outages" and r["severity"] != "info"}
    assert told == {
        ("outage.end-before-start", 3, "11/01/2025 20:00 to 11/01/2025 19:00"),
        ("outage.unknown-device", None, "gone"),
    }


def test_a_file_that_cannot_be_read_leaves_the_power_flow_alone(study: Path) -> None:
    (study / "data" / "oms.csv").write_bytes(b"\0\1\2")
    known = run(study)
    (feeder,) = known.feeders
    assert known.value("solved", feeder, known.cases[0].case) == 1
    assert known.value("saidi_min") is None and "no source" in known.text("saidi_min")
