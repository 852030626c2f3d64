"""``dtl connect --fast``: an estimate that says it is one, its exit codes, and every reason to have it solved."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from dtl import cli, layout, tables
from dtl.workflow import connect

STUDIES = Path(__file__).resolve().parents[2] / "studies"
ROW = {
    "feeder": "f1", "scenario": "base", "year": 2030, "case": "base@2030", "of": "generation", "bus": "f1_5",
    "phases": "ABC", "kw": 120.0, "bound_kw": 100.0, "at_least": False, "limiting_term": "voltage", "hc_kw": 118.0,
    "verdict": "ok", "reason": "",
}  # fmt: skip
MODEL = {"target": "hosting_kw", "verdict": "ok", "digest": "0123456789ab", "mape_pct": 1.5, "p90_error_pct": 3.0,
         "optimistic_pct": 2.0, "feeders": 6, "rows": 410, "model": "{}"}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    shutil.copytree(STUDIES / "works", tmp_path / "studies/works")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(connect, "place", lambda study, bus: ("f1", bus.rpartition(":")[2].lower()))

    def asked(*words: str, rows: list[dict[str, Any]] | None = None) -> tuple[int, str]:
        folder = Path(layout.LEARNING.format(study="works"))
        if rows is not None:
            folder.mkdir(parents=True, exist_ok=True)
            tables.write("surrogate", tables.frame("surrogate", rows), folder / "surrogate.parquet")
            tables.write(
                "surrogate_model", tables.frame("surrogate_model", [MODEL]), folder / "surrogate_model.parquet"
            )
        code = cli.main(["connect", "works", "--fast", *words])
        return code, capsys.readouterr().out

    return asked


@pytest.mark.parametrize(("kw", "word", "code"), [("80", "yes", 0), ("110", "not sure", 1), ("130", "no", 2)])
def test_it_is_told_from_bound_and_estimate(run: Any, kw: str, word: str, code: int) -> None:
    got, said = run("--bus", "f1_5", "--kw", kw, "--type", "pv", rows=[ROW])
    assert got == code
    assert said.startswith(f"estimate: {word}: {kw} kW at bus f1_5")
    assert "about 120 kW, lower bound 100 kW, limited by voltage" in said
    assert "no power flow was solved" in said and "mean error is 1.5 %" in said
    assert "own search found 118 kW" in said
    assert f"to have it solved: dtl connect works --bus f1_5 --kw {kw} --type pv" in said


@pytest.mark.parametrize(
    ("words", "rows", "why"),
    [
        ((), [ROW | {"verdict": "refused", "reason": "too far"}], "out of its domain: too far"),
        (("--phases", "A"), [ROW], "all phases of a bus, here ABC"),
        (("--case", "moved@2030"), [ROW], "nothing of generation at bus f1_5 in moved@2030"),
        ((), [ROW | {"of": "load"}], "nothing of generation at bus f1_5"),
        ((), None, "analyses.surrogate"),
    ],
)
def test_it_refuses_with_the_reason_and_offers_the_solve(run: Any, words: Any, rows: Any, why: str) -> None:
    code, said = run("--bus", "f1:f1_5", "--kw", "10", "--type", "pv", *words, rows=rows)
    assert code == 1
    assert said.startswith("no answer by ") and why in said
    assert (
        "to have it solved: dtl connect works --bus f1:f1_5 --kw 10 --type pv" + "".join(f" {w}" for w in words) in said
    )


def test_it_cannot_be_proved_at_the_same_time(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--bus", "f1_5", "--kw", "10", "--prove")
    assert "not allowed with argument" in capsys.readouterr().err
