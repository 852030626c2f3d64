"""The audit ledger finds whatever is done to its entries, and a run that changes nothing appends nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dtl.errors import StoreError
from dtl.spec.study import Study, load
from dtl.workflow import audit

MODEL = Path(__file__).resolve().parents[2] / "dtl/spec/templates/minimal/data/feeder.dss"
STUDY = """\
dtl: 1
title: Inbox
timezone: Europe/Berlin
feeders: ["*"]
sources: {inbox: {kind: opendss, path: inbox/*.dss}}
network: {model: inbox}
powerflow: {hours: [0]}
analyses: {compliance: {codes: [vde-ar-n-4110@2018], audit: true}}
"""


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study with three delivered grids that are judged by their number of bytes."""
    folder = tmp_path / "studies" / "s"
    (folder / "inbox").mkdir(parents=True)
    for name in "abc":
        (folder / "inbox" / f"{name}.dss").write_bytes(MODEL.read_bytes())
    (folder / "study.yaml").write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    groups = {g: {"feeders": [g], "status": "ok", "reason": ""} for g in "abc"}
    results = tmp_path / "results" / "s"
    results.mkdir(parents=True)
    (results / "feeders.json").write_text(json.dumps({"groups": groups}))
    found = load(folder)
    assert len(audit.append(found)) == 3
    return found


def entries(study: Study) -> list[Path]:
    return sorted((study.folder / "audit").glob("0*.json"))


def test_a_ledger_as_written_is_unbroken_and_says_what_was_judged(judged: Study) -> None:
    assert audit.verify(judged.folder / "audit") == []
    told = [json.loads(p.read_text()) for p in entries(judged)]
    assert [e["grid"] for e in told] == ["a", "b", "c"]
    assert told[0]["previous"] == "" and told[1]["previous"] == told[0]["hash"]
    assert list(told[0]["files"]) == ["inbox/a.dss"] and len(told[0]["files"]["inbox/a.dss"]) == 64
    assert audit.verify(judged.folder / "audit", told[2]["hash"][:16]) == []


def test_the_same_judgement_is_appended_once_and_a_new_one_at_the_end(judged: Study) -> None:
    assert audit.append(judged) == []
    path = judged.folder / "inbox" / "b.dss"
    path.write_text(path.read_text() + "! delivered again\n")
    (name,) = audit.append(judged)
    assert name.startswith("000004-") and audit.verify(judged.folder / "audit") == []
    assert [line.split()[3] for line in audit.show(judged.folder / "audit")] == ["a", "b", "c", "b"]


def edited(paths: list[Path]) -> None:
    paths[1].write_text(paths[1].read_text().replace("not_assessed", "complies"))


def edited_with_its_hash(paths: list[Path]) -> None:
    entry: dict[str, Any] = json.loads(paths[1].read_text()) | {"verdict": "complies"}
    entry["hash"] = audit._hash(entry)
    paths[1].unlink()
    (paths[1].parent / f"000002-{entry['hash'][:12]}.json").write_text(json.dumps(entry))


def deleted(paths: list[Path]) -> None:
    paths[1].unlink()


def cut(paths: list[Path]) -> None:
    paths[2].unlink()


def emptied(paths: list[Path]) -> None:
    for path in paths:
        path.unlink()


def reordered(paths: list[Path]) -> None:
    first, second = (p.read_bytes() for p in paths[:2])
    paths[0].write_bytes(second)
    paths[1].write_bytes(first)


def renamed(paths: list[Path]) -> None:
    paths[0].rename(paths[0].parent / "000001-000000000000.json")


def added(paths: list[Path]) -> None:
    (paths[0].parent / "000004-aaaaaaaaaaaa.json").write_text(paths[2].read_text())


def garbled(paths: list[Path]) -> None:
    paths[0].write_text("{")


def said_twice(paths: list[Path]) -> None:
    """Two verdicts in one entry: readers that take the last see the hash confirmed, people see the first."""
    paths[1].write_text(paths[1].read_text().replace("{", '{"verdict": "complies",', 1))


def not_a_number(paths: list[Path]) -> None:
    paths[1].write_text(paths[1].read_text().replace('"entry": 2', '"entry": 2, "counts": NaN'))


def truncated(paths: list[Path]) -> None:
    paths[2].write_text(paths[2].read_text()[:-20])


def appended(paths: list[Path]) -> None:
    paths[2].write_text(paths[2].read_text() + " \n")


@pytest.mark.parametrize(
    "tamper",
    [
        edited, edited_with_its_hash, deleted, cut, emptied, reordered, renamed, added, garbled, said_twice,
        not_a_number, truncated, appended,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_what_was_touched_is_found_and_nothing_is_appended(
    judged: Study, tamper: Callable[[list[Path]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(entries(judged))
    assert audit.verify(judged.folder / "audit")
    assert audit.run("verify", "s", "") == 1
    said = capsys.readouterr().out
    assert said and all(line.split(":")[0].endswith(".json") for line in said.splitlines()), said
    (judged.folder / "inbox" / "a.dss").write_text("! new\n" + MODEL.read_text())
    with pytest.raises(StoreError, match="the ledger is broken"):
        audit.append(judged)


def test_a_ledger_written_anew_is_found_by_a_hash_kept_elsewhere(judged: Study) -> None:
    kept = json.loads(entries(judged)[2].read_text())["hash"]
    for path in (judged.folder / "audit").iterdir():
        path.unlink()
    path = judged.folder / "inbox" / "c.dss"
    path.write_text(path.read_text() + "! touched\n")
    audit.append(judged)
    assert audit.verify(judged.folder / "audit") == []
    assert audit.verify(judged.folder / "audit", kept)


def test_without_the_word_there_is_no_ledger(judged: Study) -> None:
    (judged.folder / "study.yaml").write_text(STUDY.replace(", audit: true", ""))
    assert audit.append(load(judged.folder)) == []
