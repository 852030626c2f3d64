"""Answers computed again: the same in every byte, near on another machine, or different."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gitrepo import Repo

from dtl import cli
from dtl.workflow import again
from dtl.workflow.again import compared
from dtl.workflow.store import Answer, Question, Store


def shelved(root: Path, values: list[float], text: str = "main", series: float = 1.0) -> tuple[Store, Answer]:
    store = Store(root)
    table = pa.table({
        "element": [text] * len(values),
        "value": pa.array(values, pa.float32()),
        "values": pa.array([[series, 2.0]] * len(values), pa.list_(pa.float64())),
    })  # fmt: skip
    with store.scratch("test") as scratch:
        (scratch / "out").mkdir()
        pq.write_table(table, scratch / "out/table.parquet")
        return store, store.put(Question("solve", {}, {}, {}), scratch / "out", 1.0)


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ({"values": [1.0, 0.0, float("nan")]}, "same"),
        ({"values": [1.0 + 1e-6, 0.0, float("nan")]}, "near"),
        ({"values": [1.0, 0.0, float("nan")], "series": 1.0 + 1e-9}, "near"),
        ({"values": [1.001, 0.0, float("nan")]}, "different"),
        ({"values": [1.0, 1e-9, float("nan")]}, "different"),
        ({"values": [1.0, 0.0]}, "different"),
        ({"values": [1.0, 0.0, float("nan")], "text": "other"}, "different"),
        ({"values": [1.0, 0.0, float("nan")], "series": 1.1}, "different"),
    ],
)
def test_how_near_two_answers_are(tmp_path: Path, other: dict[str, object], verdict: str) -> None:
    one = shelved(tmp_path / "one", [1.0, 0.0, float("nan")])
    assert compared(*one, *shelved(tmp_path / "two", **other)) == verdict  # type: ignore[arg-type]


def test_what_comes_out_differently_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    repo = Repo(tmp_path)
    repo.ask("tiny", "split_feeders")
    assert cli.main(["store", "verify", "--sample", "100%"]) == 0
    assert "4 answers computed again, 0 differ" in capsys.readouterr().out
    samples = set()
    for seed in "abcdefghijkl":
        assert cli.main(["store", "verify", "--sample", "50%", "--seed", seed]) == 0
        samples.add(capsys.readouterr().out.splitlines()[-1])
    assert len(samples) > 1, "another seed, another sample"

    monkeypatch.setattr(again, "compared", lambda *words: "different")
    assert cli.main(["store", "verify", "--sample", "100%"]) == 1
    out = capsys.readouterr().out
    assert "merge_network: comes out differently now" in out and "4 answers computed again, 4 differ" in out
    monkeypatch.setattr(again, "compared", lambda *words: "near")
    assert cli.main(["store", "verify", "--sample", "100%"]) == 1, "computed here: every byte must be the same"
    monkeypatch.setattr(again, "processor", lambda: "another")
    monkeypatch.setattr(again, "_processor", lambda *words: "the one of the run")
    assert cli.main(["store", "verify", "--sample", "100%"]) == 0
    assert "0 differ, 4 within 1e-05 though not in every byte" in capsys.readouterr().out
