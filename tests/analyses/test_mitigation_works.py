"""Mitigation on two feeders through its stages: known works, words of the study, and the proof by committing them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dtl import layout, tables
from dtl.analyses.mitigation.choose import FILE, choose_works
from dtl.analyses.mitigation.stage import mitigate_feeder
from dtl.powerflow.solve import solve_feeder
from dtl.spec.study import Study, load
from dtl.spec.upgrade_file import works
from dtl.workflow import expected, job
from dtl.workflow.questions import Job
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

ROOT = Path(__file__).resolve().parents[2]
GROUP = "f1+f2"
CASE = "moved@2030"
HOURS = list(range(24 * 171, 24 * 174))
"""20 to 22 June, with the peak of the year."""


@dataclass(frozen=True)
class Answer:
    """The tables of an answer, and the works that it proposes."""

    measures: list[dict[str, Any]]
    packages: list[dict[str, Any]]
    portfolio: list[dict[str, Any]]
    works: list[dict[str, Any]]

    def total(self) -> dict[str, Any]:
        return next(r for r in self.portfolio if r["what"] == "total")

    def notes(self) -> str:
        return "\n".join(r["text"] for r in self.portfolio if r["what"] == "note")


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    """The study `works` in three days of June, up to the feeder that is ready to be solved."""
    folder = tmp_path_factory.mktemp("mitigation")
    shutil.copytree(ROOT / "studies/works", folder / "studies/works")
    text = (folder / "studies/works/study.yaml").read_text(encoding="utf-8")
    (folder / "studies/works/study.yaml").write_text(f"{text}\npowerflow: {{hours: {HOURS}}}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        study = load(folder / "studies/works")
        slices, store = Slices(study), Store(folder / "store")
        for name in ("read_source", "merge_network", "split_readings", "split_feeders", "prepare_feeder"):
            of = {"source": slices.sources, "study": [""], "group": [GROUP]}[STAGES[name].per]
            for each in of:
                job.run(slices.job(name, each), store)
    return folder, study


@pytest.fixture
def ask(prepared: tuple[Path, Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks for mitigation with other words than the study's; None takes a word away."""
    folder, study = prepared
    monkeypatch.chdir(folder)
    asked = Slices(study).job("mitigate_feeder", GROUP)

    def answer(cases: tuple[str, ...] = (CASE,), states: list[dict[str, Any]] | None = None, **words: Any) -> Answer:
        own = {**asked.spec["analyses"]["mitigation"], **words}
        in_states = {"states": states, "hours": list(range(len(states)))} if states else {}
        spec = asked.spec | in_states | {"analyses": {"mitigation": {k: v for k, v in own.items() if v is not None}}}
        spec["cases"] = {c: Slices(study).job("solve_feeder", GROUP).spec["cases"][c] for c in cases}
        made = {name: tmp_path / f"{name}.parquet" for name in ("measures", "packages", "portfolio")}
        shutil.rmtree(tmp_path / "proposal", ignore_errors=True)
        mitigate_feeder(spec, asked.inputs(), {n: made[n] for n in ("measures", "packages")})
        found = {name: {GROUP: made[name]} for name in ("measures", "packages")} | {"costs": Path(costs())}
        chosen = Slices(study).job("choose_works").spec | {"analyses": spec["analyses"]}
        choose_works(chosen, found, {"portfolio": made["portfolio"], "proposal": tmp_path / "proposal"})
        rows = [tables.read(name, path).to_pylist() for name, path in made.items()]
        return Answer(*rows, works(tmp_path / "proposal" / FILE))

    return answer


def costs() -> str:
    return layout.COSTS.format(study="works")


def solved(at: Job, case: str, layers: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The hours of a case with other layers, as `solve_feeder` gives them."""
    shared = {k: v for k, v in at.spec.items() if k != "cases"}
    spec = {**shared, "case": case, **at.spec["cases"][case], "layers": layers}
    names = ("powerflow", "hourly", "violations", "composition", "devices", "kept", "manifest")
    made = {n: folder / f"{n}.{'json' if n == 'manifest' else 'parquet'}" for n in names}
    solve_feeder(spec, at.inputs(), made)
    return [
        *tables.read("violations", made["violations"]).to_pylist(),
        *tables.read("hourly", made["hourly"]).to_pylist(),
    ]


def test_the_line_that_the_study_rebuilds_is_found_and_cures(
    ask: Ask, prepared: tuple[Path, Study], tmp_path: Path
) -> None:
    found = ask()
    assert found.works == [{"rebuild_line": {"line": "f2:f2_1", "conductor": "4/0_acsr"}, "cost": 180_000.0}]
    assert found.total()["verdict"] == "solves" and found.total()["left_h"] == 0.0 < found.total()["removed_h"]
    assert "(cost 180,000 USD); all violations are gone, solved together" in found.total()["text"]
    at = Slices(prepared[1]).job("solve_feeder", GROUP)
    layers = at.spec["cases"][CASE]["layers"]
    before = solved(at, CASE, layers, tmp_path)
    after = solved(at, CASE, [*layers, {"name": "chosen", "kind": "upgrades", "do": found.works}], tmp_path)
    hours = [sum(r["violation"] == "thermal" for r in rows if "violation" in r) for rows in (before, after)]
    assert hours == [found.total()["removed_h"], 0]
    (stated,) = [p for p in found.packages if p["package"] != "P00" and p["feeder"] == "f2"]
    lost = sum(r["loss_kw"] for r in after if r["feeder"] == "f2" and "loss_kw" in r)
    assert stated["loss_kwh_after"] == pytest.approx(lost, rel=1e-12)


def test_no_set_is_said_to_solve_that_leaves_a_violation(ask: Ask) -> None:
    found = ask(budget=None, options=["battery", "phase_balance"])
    assert found.packages
    for row in found.packages:
        assert (row["verdict"] == "still_violates") == (row["element_h_after"] > 0)
        assert (row["left"] != "") == (row["element_h_after"] > 0)


def test_a_budget_too_small_or_nothing_chooses_nothing_and_says_so(ask: Ask) -> None:
    for budget in (0, 1000):
        found = ask(budget=budget)
        assert found.works == [] and found.total()["left_h"] > 0
        assert "nothing is chosen" in found.total()["text"]
        (group,) = [r for r in found.portfolio if r["what"] == "group"]
        assert group["verdict"] == "still_violates" and "line f2_1 thermal" in group["text"]
    assert "The budget is 0" in ask(budget=0).notes()


def test_without_violations_there_is_nothing_to_do(ask: Ask) -> None:
    found = ask(cases=("base@2026",))
    assert found.works == [] and "No element violates its limit" in found.total()["text"]
    assert {p["verdict"] for p in found.packages} == {"no_violation"}


def test_without_costs_every_measure_counts_as_one(ask: Ask) -> None:
    found = ask(costs=None, budget=None)
    assert "every measure counts as one" in found.notes()
    assert found.total()["cost"] == 1.0 and found.total()["verdict"] == "solves"
    assert all(m["cost"] is None for m in found.measures)


def test_what_has_no_price_is_not_chosen_and_the_best_of_it_is_named(ask: Ask) -> None:
    found = ask(options=["battery", "phase_balance", "tap"], budget=10_000_000)
    priced = {m["measure"]: m["cost"] is not None for m in found.measures if m["offered"]}
    assert {True, False} <= set(priced.values())
    chosen = {name for p in found.packages for name in json.loads(p["measures"])}
    assert all(priced[name] for name in chosen)
    assert "no price" in found.notes() and "recloser" in found.notes()


def test_what_is_left_alone_is_refused_with_the_reason(ask: Ask) -> None:
    found = ask(exclude=["F2:F2_1"], options=["reconductor"])
    assert found.works == [] and not any(m["offered"] for m in found.measures)
    (refused,) = [m for m in found.measures if m["place"] == "line f2_1"]
    assert "exclude" in refused["reason"]
    assert "no measure could be made for them" in found.notes()


def test_what_must_be_included_is_taken_though_nothing_of_it_is_broken(ask: Ask) -> None:
    found = ask(must_include=["f1:f1_t", "nowhere"], budget=None)
    changes = {next(k for k in w if k not in ("year", "cost")) for w in found.works}
    assert changes == {"replace_transformer", "rebuild_line"}
    assert all(p["measures"] == "[]" or len(json.loads(p["measures"])) >= 1 for p in found.packages)
    assert "must_include names 'nowhere'" in found.notes()
    poor = ask(must_include=["f1:f1_t"], budget=10)
    assert poor.works == [] and "must have a work, and each costs more than the budget" in poor.notes()


def test_money_decides_where_the_study_says_what_evils_are_worth(ask: Ask) -> None:
    words = {"violation_hour": 0.0, "loss_kwh": 0.0}
    cheap = ask(value=words, discount_rate=0.07, horizon_years=30.0)
    assert cheap.works == [], "what is worth nothing is not built"
    dear = ask(value=words | {"violation_hour": 10_000.0}, discount_rate=0.07, horizon_years=30.0)
    assert dear.works and dear.total()["npv"] > 0


def test_options_that_cannot_be_offered_say_why(ask: Ask) -> None:
    found = ask(options=["transfer", "curtailment", "volt_var", "managed_charging", "capacitor"])
    reasons = {m["option"]: m["reason"] for m in found.measures}
    assert set(reasons) == {"transfer", "curtailment", "volt_var", "managed_charging", "capacitor"}
    assert "kind switching" in reasons["transfer"] and "redispatch" in reasons["curtailment"]
    assert found.total()["verdict"] == "still_violates"


def test_a_group_that_was_not_ready_says_why(prepared: tuple[Path, Study], tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(prepared[0])
    asked = Slices(prepared[1]).job("mitigate_feeder", GROUP)
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps({"status": "failed", "reason": "no load has a series"}))
    made = {name: tmp_path / f"{name}.parquet" for name in ("measures", "packages")}
    mitigate_feeder(asked.spec, asked.inputs() | {"ready": ready}, made)
    rows = tables.read("packages", made["packages"]).to_pylist()
    assert {(r["feeder"], r["verdict"], r["left"]) for r in rows} == {
        (f, "not_solved", "no load has a series") for f in ("f1", "f2")
    }


def test_the_expectation_is_judged(
    prepared: tuple[Path, Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(layout.CUBE.format(study="works"))
    path.parent.mkdir(parents=True)
    empty = {"level": "study", "feeder": "", "scenario": "", "year": 0, "case": "", "analysis": "mitigation",
             "kind": "", "element": "", "text": "2 measures", "hour": None, "limit": None, "rule": ""}  # fmt: skip
    for value, lines in ((0.25, 1), (0.0, 0)):
        row = {**empty, "metric": "portfolio_still_violating", "value": value}
        tables.write("cube", tables.frame("cube", [row]), path)
        told = list(expected.broken(prepared[1]))
        assert len(told) == lines and all("25.0 % of the element-hours" in t for t in told)


def test_a_snapshot_is_screened_in_its_states_and_offers_no_battery(ask: Ask) -> None:
    """Three states are all in the sample, so that a measure alone does there what the set of it does in the study."""
    lowest, highest = ({"name": w, "of": w, "load": 1.0, "generation": 1.0} for w in ("minimum_load", "peak_load"))
    found = ask(states=[lowest, highest, {**highest, "name": "more", "load": 1.05}], budget=None, costs=None)
    bare = {r["feeder"]: r for r in found.packages if r["package"] == "P00"}
    told = {f: r["element_h_after"] for f, r in bare.items()}
    assert told == {"f1": 1.0, "f2": 3.0}, "f2_t, behind the tie where the model of f1 ends, counts for f2"
    alone = {r["measure"]: r for r in found.measures if r["offered"]}
    checked = 0
    for row in found.packages:
        names = json.loads(row["measures"])
        if len(names) == 1 and alone[names[0]]["feeder"] == row["feeder"]:
            for word in ("element_h_after", "worst_pct_after", "min_pu_after", "loss_kwh_after"):
                assert alone[names[0]][word] == pytest.approx(row[word], rel=1e-9), word
            checked += 1
    assert checked
    assert found.total()["verdict"] == "solves" and "a year" not in found.total()["text"]
    assert any(r["option"] == "battery" and "snapshot" in r["reason"] for r in found.measures if not r["offered"])
