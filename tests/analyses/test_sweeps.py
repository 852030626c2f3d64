"""A sweep solves what a scenario with the same numbers solves; its points are those of a grid or of a hypercube."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dtl import tables
from dtl.report import hosting_swept, sweeps
from dtl.spec.scenarios import Sweep
from dtl.spec.study import Study, load
from dtl.workflow import digests, job
from dtl.workflow.questions import solvable
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    "dtl": 1, "title": "t", "timezone": "UTC", "feeders": ["*"], "network": {"model": "m"},
    "years": {"measured": 2025, "planned": [2026, 2035]}, "powerflow": {"hours": [100, 4000, 8000]},
    "sources": {"m": {"kind": "opendss", "path": "data/feeder_1.dss"}},
    "layers": {"more": {"kind": "growth", "per_year": 0.02}, "ten": {"kind": "growth", "per_year": 0.1}},
    "scenarios": {"high": {"stack": ["more"]}, "twin": {"stack": ["ten"]}},
    "analyses": {"hosting": {"of": ["load"], "hours": "extremes_48", "up_to_kw": 2000,
                             "methods": {"drive": {}, "sweep": {"of": "much"}}}},
    "sweeps": {"much": {"of": "high", "vary": {"more.per_year": {"from": 0.0, "to": 0.1, "step": 0.05}}}},
}  # fmt: skip


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    folder = tmp_path / "studies" / "s"
    (folder / "data").mkdir(parents=True)
    model = ROOT / "dtl/spec/templates/minimal/data/feeder.dss"
    (folder / "data/feeder_1.dss").write_bytes(model.read_bytes())
    (folder / "study.yaml").write_text(yaml.safe_dump(WORDS))
    monkeypatch.chdir(tmp_path)
    return load(folder)


def test_a_point_is_the_scenario_with_its_numbers(study: Study) -> None:
    slices, store = Slices(study), Store(Path.cwd() / "store")
    for name, stage in STAGES.items():
        if name in ("write_site", "build_site") or not slices.asked(name):
            continue
        of = {"source": slices.sources, "study": [""], "group": []}[stage.per]
        for each in of or solvable(Path("results/s/feeders.json")):
            job.run(slices.job(name, each), store)
    (group,) = solvable(Path("results/s/feeders.json"))
    swept = tables.read("assess", Path(f"results/s/f/{group}/swept.parquet")).to_pylist()
    solved = tables.read("assess", Path(f"results/s/f/{group}/assess.parquet")).to_pylist()
    points = {c: {r["metric"]: r["value"] for r in swept if r["case"] == c} for c in sorted({r["case"] for r in swept})}
    assert list(points) == ["much#0001@2035", "much#0002@2035", "much#0003@2035"]

    def of(case: str) -> dict[str, float]:
        return {r["metric"]: r["value"] for r in solved if r["case"] == case and not r["kind"]}

    assert points["much#0001@2035"] == of("base@2035"), "no growth is the base"
    assert points["much#0003@2035"] == of("twin@2035"), "ten per cent is the scenario that says so"
    assert (
        points["much#0001@2035"]["peak_kw"] < points["much#0002@2035"]["peak_kw"] < points["much#0003@2035"]["peak_kw"]
    )
    spec = slices.job("write_site").spec
    index = digests.read_json(Path("results/s/feeders.json"))
    inputs = {"swept": {group: f"results/s/f/{group}/swept.parquet"}}
    (told,) = sweeps.context(spec, inputs, index)["sweeps"]  # type: ignore[index]
    told_at = [["0"], ["0.05"], ["0.1"]]
    assert [r["at"] for r in told["rows"]] == told_at and told["charts"]
    inputs["hosted"] = {group: f"results/s/f/{group}/hosted.parquet"}
    hosted = hosting_swept.table(inputs)
    said = hosting_swept.context(spec, inputs, index, hosted)
    assert said is not None and said["axes"] == ["more.per_year"] and [r["at"] for r in said["rows"]] == told_at
    kw = [s["chart"]["dots"] for s in said["series"]]
    assert len(kw) == 1 and len(kw[0]) == 3, "one method, three points"
    by_case = {c: [r["hc_kw"] for r in hosted.to_pylist() if r["case"] == c] for c in points}
    alone = tables.read("hosting", Path(f"results/s/f/{group}/hosting.parquet")).to_pylist()
    for point, scenario in (("much#0001@2035", "base@2035"), ("much#0003@2035", "twin@2035")):
        assert by_case[point] == [r["hc_kw"] for r in alone if r["case"] == scenario], "as the scenario that says so"
    assert by_case["much#0001@2035"] != by_case["much#0003@2035"]
    assert [points[c]["violating"] for c in points] == [0.0, 1.0, 1.0]
    assert [r["text"] for r in said["read"]] == ["more.per_year 0; the first violation at 0.05"]
    rows = sweeps.table(spec, inputs, index).to_pylist()
    loss = [r["value"] for r in rows if r["metric"] == "loss_kwh" and not r["feeder"]]
    assert loss == sorted(loss) and len(loss) == 3


def test_a_changed_value_computes_itself_alone(study: Study) -> None:
    before = Slices(study).job("sweep_feeder", "g").spec["cases"]
    words = yaml.safe_load((study.folder / "study.yaml").read_text())
    words["sweeps"]["much"]["vary"]["more.per_year"] = [0.0, 0.06, 0.1]
    (study.folder / "study.yaml").write_text(yaml.safe_dump(words))
    after = Slices(load(study.folder)).job("sweep_feeder", "g").spec["cases"]
    assert [c for c in before if before[c] != after[c]] == ["much#0002@2035"]
    assert Slices(study).job("solve_feeder", "g").spec == Slices(load(study.folder)).job("solve_feeder", "g").spec


def test_points_of_a_grid_and_of_a_hypercube() -> None:
    axes = {"a.x": [1, 2], "b.y": {"from": 0.0, "to": 1.0, "step": 0.5}}
    grid = Sweep.model_validate({"of": "base", "vary": axes}).points()
    assert len(grid) == 6 and grid[0] == {"a.x": 1, "b.y": 0.0} and grid[-1] == {"a.x": 2, "b.y": 1.0}
    drawn = Sweep.model_validate({"of": "base", "vary": axes, "sample": {"size": 20, "seed": 3}})
    points = drawn.points()
    assert points == drawn.points(), "the same seed draws the same points"
    for name, (low, high) in {"a.x": (1.0, 2.0), "b.y": (0.0, 1.0)}.items():
        strata = sorted(int((p[name] - low) / (high - low) * 20) for p in points)
        assert strata == list(range(20)), "each stratum of each axis is met once"


def test_the_page_of_ten_to_fifty_per_cent_is_one_line() -> None:
    page = (ROOT / "site/docs/scenarios/sweeps.md").read_text()
    words = yaml.safe_load(page.split("```yaml")[1].split("```")[0])["sweeps"]["how_many_cars"]
    assert [p["level_2.penetration"] for p in Sweep.model_validate(words).points()] == pytest.approx(
        [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
    )
