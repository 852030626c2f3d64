"""The verbs of the language: check, check --lock, new, schema."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dtl.errors import SpecError
from dtl.spec import check, lock, new, schema
from dtl.spec.study import load


@pytest.fixture
def place(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, in which the test stands."""
    (tmp_path / "studies").mkdir()
    shutil.copytree(root / "studies" / "demo", tmp_path / "studies" / "demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("template", new.templates())
def test_a_new_study_is_good(template: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new.run("north-2", template) == 0
    said = capsys.readouterr().out
    assert [line.split("  ")[1] for line in said.splitlines() if line.startswith("  dtl ")] == [
        "dtl check north-2",
        "dtl plan north-2",
        "dtl run north-2",
    ]
    text = (place / "studies/north-2/study.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../study.schema.json\n")
    assert json.loads((place / "studies/study.schema.json").read_text()) == schema.schema()
    assert check.run(["north-2"], False) == 0
    assert "good; 1 source, 2 scenarios (base, growth), 4 cases" in capsys.readouterr().out


def test_in_the_repository_of_dtl_a_study_takes_its_schema(place: Path) -> None:
    (place / "site/docs/schema").mkdir(parents=True)
    (place / "site/docs/schema/study.json").write_text("{}")
    assert new.run("south") == 0
    first = (place / "studies/south/study.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first.endswith("$schema=../../site/docs/schema/study.json")
    assert not (place / "studies/study.schema.json").exists()


def test_new_overwrites_nothing_and_takes_good_names_only(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {p: p.read_bytes() for p in (place / "studies").rglob("*") if p.is_file()}
    for name, template in [
        ("demo", "minimal"),
        ("../x", "minimal"),
        ("Über", "minimal"),
        ("x", "maximal"),
        ("", "minimal"),
    ]:
        assert new.run(name, template) == 1
        assert capsys.readouterr().out.count("\n") == 1
    assert {p: p.read_bytes() for p in (place / "studies").rglob("*") if p.is_file()} == before


def test_check_finds_studies_by_name_folder_and_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["demo"], ["studies/demo"], ["studies/demo/study.yaml"], []):
        assert check.run(words, False) == 0
    assert check.run(["demmo"], False) == 1
    said = capsys.readouterr().out
    assert "studies/demmo/study.yaml:1:1" in said and "spec.missing-study" in said


def test_check_tells_all_mistakes_and_how_many(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = place / "studies/demo/study.yaml"
    study.write_text(study.read_text().replace("model: cyme", "model: cime").replace("0.02}", "2 %}"))
    new.run("good")
    capsys.readouterr()
    assert check.run([], False) == 1
    said = capsys.readouterr().out
    assert "studies/demo: 2 mistakes" in said and "studies/good: good" in said
    assert said.count("did you mean 'cyme'?") == 1


def test_the_lock_sees_every_change_of_a_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run(["demo"], True) == 0
    first = (place / "studies/demo/sources.lock.yaml").read_bytes()
    assert check.run(["demo"], True) == 0
    assert (place / "studies/demo/sources.lock.yaml").read_bytes() == first, "no clock in the lock"
    assert check.run(["demo"], False) == 0

    data = place / "studies/demo/data/cyme/ieee13"
    old = (data / "load.txt").read_bytes()
    (data / "load.txt").write_bytes(old[:-1] + b" ")
    (data / "new.txt").write_text("")
    (data / "equipment.txt").unlink()
    capsys.readouterr()
    assert check.run(["demo"], False) == 1
    said = capsys.readouterr().out
    assert said.count("spec.lock") == 3
    assert f"({len(old)} bytes)" in said and "has changed: locked" in said
    assert "'data/cyme/ieee13/new.txt' is not in the lock" in said
    assert "'data/cyme/ieee13/equipment.txt' is locked and not there any more" in said


def test_a_broken_lock_is_told_like_a_broken_study(place: Path) -> None:
    study = load(Path("studies/demo"))
    (place / "studies/demo/sources.lock.yaml").write_text("cyme: {data/x: {bytes: 1\nold: {}\n")
    assert [m.slug for m in lock.check(study, "studies/demo")] == ["spec.syntax"]
    (place / "studies/demo/sources.lock.yaml").write_text("old: {}\n")
    told = lock.check(study, "studies/demo")
    assert {m.slug for m in told} == {"spec.lock"}
    assert any("no source 'old' any more" in m.message for m in told)


def test_schema_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.run() == 0
    assert json.loads(capsys.readouterr().out) == schema.schema()


def test_files_of_a_source_leave_out_what_is_hidden_or_ours(tmp_path: Path) -> None:
    (tmp_path / "sub/.git").mkdir(parents=True)
    for name in ("m.dss", "sub/lines.dss", "sub/.git/x", ".hidden", "study.yaml"):
        (tmp_path / name).touch()
    head = "dtl: 1\ntitle: t\ntimezone: UTC\nfeeders: [a]\n"
    text = head + "sources: {c: {kind: opendss, path: m.dss}}\nnetwork: {model: c}\n"
    (tmp_path / "study.yaml").write_text(text)
    study = load(tmp_path)
    names = [p.relative_to(tmp_path).as_posix() for p in study.sources["c"].files(study.folder)]
    assert names == ["m.dss", "sub/lines.dss"]
    assert study.name == tmp_path.name


def test_messages_name_files_as_the_reader_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/study.yaml").write_text("dtl: 2\n")
    monkeypatch.chdir(tmp_path)
    for given in (Path("a"), Path("a/study.yaml"), tmp_path / "a", Path("./b/../a")):
        with pytest.raises(SpecError, match=r"^a/study.yaml:1:1"):
            load(given)
