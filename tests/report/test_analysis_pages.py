"""The pages of compliance, substations and reliability, and the gate: a real study through its real stages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from dtl import layout, tables
from dtl.report import facts, pages
from dtl.spec.study import load
from dtl.workflow import gate, job
from dtl.workflow.questions import solvable
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

ROOT = Path(__file__).resolve().parents[2]
PROJECT = {"kind": "project", "at": "feeder_1:village", "type": "pv", "kw": 2500, "kva": 2600, "phases": "ABC"}
STUDY = {
    "dtl": 1, "title": "Pages", "timezone": "Europe/Berlin", "feeders": ["*"], "network": {"model": "circuit"},
    "years": {"measured": 2025},
    "sources": {
        "circuit": {"kind": "opendss", "path": "data/feeder_1.dss"},
        "outages": {"kind": "oms", "path": "data/oms.csv", "customers_served": {"feeder_1": 100}},
        "scada": {"kind": "scada", "path": "data/scada.csv", "tags": "data/tags.csv", "columns": "usual",
                  "tag_columns": "usual", "zone": "UTC"},
    },
    "powerflow": {"hours": list(range(24 * 8))},
    "limits": {"voltage": [{"where": {"kv": [0, 1]}, "rule": "vde-ar-n-4105@2018"}, {"low_pu": 0.9, "high_pu": 1.1}]},
    "layers": {"roof": PROJECT},
    "scenarios": {"sun": {"title": "A roof", "stack": ["roof"]}},
    "analyses": {
        "reliability": {"years": [2024, 2025]},
        "substations": {"banks": {"T1": {"feeders": ["*"], "mva": 0.8, "units": 2}}},
        "compliance": {"codes": ["vde-ar-n-4105@2018", "en-50160@2010"], "redispatch": True},
    },
    "report": {"headline": "compliance"},
    "expect": {"violations": {"at_most": 0}, "head_energy_error": {"against": "scada", "at_most": 0.05}},
}  # fmt: skip
SNAPSHOT = {
    "dtl": 1, "title": "A snapshot", "timezone": "Europe/Berlin", "feeders": ["*"], "network": {"model": "circuit"},
    "sources": {
        "circuit": {"kind": "opendss", "path": "data/feeder_1.dss"},
        "reference": {"kind": "cyme_results", "path": "data/reference.csv"},
    },
    "powerflow": {"mode": "snapshot", "states": {"published": {}, "peak": {"of": "peak_load", "load": 1.6}}},
    "limits": {"lines": {"over_pct": 60}, "voltage": [{"low_pu": 0.97, "high_pu": 1.03}]},
    "analyses": {
        "mitigation": {"for": ["base"], "options": ["transformer", "capacitor", "tap"]},
        "validate": {"against": "reference"},
    },
    "report": {"headline": "mitigation"},
}  # fmt: skip
"""A study of states in place of a year, with works, and against the results of another program."""
REFERENCE = "feeder,NodeId,VpuA,VpuB,VpuC\nfeeder_1,corner,1.0,1.0,1.0\nfeeder_1,village,0.98,0.98,0.98\n"
OUTAGES = "outage,feeder,start,end,customers,cause\n1,feeder_1,2025-01-01 10:00,2025-01-01 11:30,50,wind\n"


@dataclass
class Made:
    """The folder of the run, its facts, and the lines of its gate."""

    folder: Path
    known: facts.Facts
    gate: list[str]

    def page(self, name: str) -> str:
        text = (self.folder / "results/s/site/docs" / f"{name}.md").read_text(encoding="utf-8")
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return run(tmp_path_factory.mktemp("pages"))


def run(folder: Path, content: dict[str, Any] = STUDY) -> Made:
    """Run a study in a folder, all stages but that which builds the site."""
    data = folder / "studies/s/data"
    data.mkdir(parents=True)
    model = ROOT / "dtl/spec/templates/minimal/data/feeder.dss"
    (data / "feeder_1.dss").write_bytes(model.read_bytes())
    (data / "oms.csv").write_text(OUTAGES)
    (data / "reference.csv").write_text(REFERENCE)
    hours = [f"H1,2025-01-{1 + h // 24:02}T{h % 24:02}:00:00Z,{1000 + 10 * (h % 7)},good" for h in range(24 * 8)]
    (data / "scada.csv").write_text("tag,timestamp,value,quality\n" + "\n".join(hours) + "\n")
    (data / "tags.csv").write_text("tag,feeder,device,quantity,unit,interval_min\nH1,feeder_1,head,kw,kW,60\n")
    (folder / "studies/s/study.yaml").write_text(yaml.safe_dump(content))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        study = load(folder / "studies/s")
        slices, store = Slices(study), Store(folder / "store")
        for stage in STAGES.values():
            if stage.name == "build_site" or not slices.asked(stage.name):
                continue
            of = {"source": slices.sources, "study": [""], "group": []}[stage.per]
            for each in of or solvable(Path("results/s/feeders.json")):
                job.run(slices.job(stage.name, each), store)
        return Made(folder, facts.load(Path(layout.CUBE.format(study="s"))), gate.judge(study))


def test_compliance_is_on_its_page(made: Made) -> None:
    page = made.page("compliance")
    broken, judged = (int(made.known.value(f"compliance_{w}", "feeder_1", "sun") or 0) for w in ("violated", "judged"))
    assert broken > 0 and f"of {judged} limits judged" in page
    rows = tables.read("compliance", made.folder / "results/s/f/feeder_1/compliance.parquet").to_pylist()
    mine = [r for r in rows if r["case"] == "sun" and r["code"] != "study" and r["verdict"] == "violates"]
    assert len(mine) == broken and all(r["clause"] and r["confirmed_by"] for r in mine)
    assert "voltage rise by generation" in page and "5.3, slow voltage change" in page
    assert (made.folder / "results/s/site/docs/downloads/compliance.csv").is_file()
    assert made.known.value("curtail_left_h", "feeder_1", "sun") is not None


def test_the_headline_opens_the_answer(made: Made) -> None:
    told = r"[\d,]+ of [\d,]+ limits of grid codes are broken, on feeder_1; [\d.,]+ [kMG]Wh would be curtailed in sun\."
    assert re.match(told, made.known.answer()), made.known.answer()


def test_substations_are_on_their_page(made: Made) -> None:
    first = (made.folder / "results/s/site/docs/index.md").read_text(encoding="utf-8")
    assert 'id="banks"' in first, "the overview says what they carry, though the headline is another analysis"
    page = made.page("substations")
    rows = {(r["metric"], r["case"]): r for r in made.known.parts("substations") if not r["feeder"]}
    assert rows["bank_load_pct", "base"]["value"] > 100 and "1 of 1 banks exceed their rating: T1" in page
    assert rows["station_firm_mva", "base"]["value"] == pytest.approx(0.4)


def test_reliability_is_on_its_page(made: Made) -> None:
    page = made.page("reliability")
    assert "A customer was without supply for 45.0 min a year (SAIDI) in 0.500 interruptions (SAIFI)" in page
    assert re.search(r"2025 45\.0 0\.500 90\.0 0\.99991\d", page)
    assert "2024 –" in page, "a year without data is not 0"


def test_the_gate_names_what_is_expected(made: Made) -> None:
    broken = int(made.known.value("compliance_violated", "feeder_1", "sun") or 0)
    broken += int(made.known.value("compliance_violated", "feeder_1", "base") or 0)
    over = {(r["kind"], r["element"]) for r in made.known.elements("feeder_1")}
    (violations,) = [line for line in made.gate if line.startswith("expect.violations")]
    assert f": {broken + len(over)} violations" in violations
    energy = made.known.fact("head_energy_error")
    hourly = tables.read(
        "hourly", made.folder / "results/s/f/feeder_1/hourly.parquet", ["source_kw", "hour"], case="base"
    )
    rows = zip(hourly["source_kw"].to_pylist(), hourly["hour"].to_pylist(), strict=True)
    both = [(kw, 1000 + 10 * ((h - 1) % 7)) for kw, h in rows if h >= 1]
    ratio = sum(kw for kw, _ in both) / sum(measured for _, measured in both)
    assert energy is not None and energy.value == pytest.approx(abs(ratio - 1))
    assert any(line.startswith("expect.head_energy_error: the energy differs by") for line in made.gate)


def test_a_reason_that_holds_for_every_substation_stands_once() -> None:
    why = "not available: the number of units is not stated"
    station = dict.fromkeys(("peak", "firm", "pct", "hours", "short", "energy"), "–") | {"units": why, "trouble": False}
    rows = [station | {"name": n, "case": {"case": c, "label": c}} for c in ("base", "growth") for n in ("A", "B")]
    page = {"lead": "No bank.", "banks": [], "scale": 100.0, "stations": rows, "unplaced": []}
    said = pages.render("substations.md.j2", page)
    assert said.count(why) == 1 and f"A, B: {why}." in said and 'id="stations"' not in said
    rows[0] = rows[0] | {"pct": "80.0 %", "units": "2 units"}
    some = pages.render("substations.md.j2", page)
    assert some.count("<tr data-station=") == 4 and some.count(why) == 3
