"""Equal settings give equal bytes, in any number of processes."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from dtl.errors import DtlError
from dtl.synth import add_parser, run
from dtl.synth.settings import FORMATS, Settings
from dtl.synth.utility import write


def digests(folder: Path) -> dict[str, str]:
    files = (f for f in sorted(folder.rglob("*")) if f.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_same_settings_same_bytes_in_two_processes(utility: Path, settings: Settings, tmp_path: Path) -> None:
    write(settings, tmp_path / "again", jobs=2)
    first, second = digests(utility), digests(tmp_path / "again")
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_a_feeder_does_not_depend_on_how_many_formats_are_written(
    utility: Path, settings: Settings, tmp_path: Path
) -> None:
    write(replace(settings, formats=("opendss", "scada")), tmp_path / "few")
    for name in ("opendss/F0003/Lines.dss", "scada/F0003.csv", "truth/meters.csv"):
        assert (utility / name).read_bytes() == (tmp_path / "few" / name).read_bytes(), name
    assert not (tmp_path / "few" / "cyme").exists()


def test_another_seed_gives_another_utility(clean: Path, settings: Settings, tmp_path: Path) -> None:
    other = replace(settings, feeders=1, errors="none", seed=8, days=0, formats=("opendss",))
    write(other, tmp_path / "other")
    assert (clean / "opendss/F0001/Lines.dss").read_bytes() != (
        tmp_path / "other" / "opendss/F0001/Lines.dss"
    ).read_bytes()


def test_no_file_tells_the_machine(utility: Path) -> None:
    texts = {".txt", ".csv", ".json", ".md", ".dss", ".sxst", ".geojson"}
    files = [file for file in utility.rglob("*") if file.is_file() and file.suffix in texts]
    assert {file.suffix for file in files} >= {".txt", ".csv", ".dss"}
    for file in files:
        assert str(utility).encode() not in file.read_bytes(), file


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "x").write_text("x")
    with pytest.raises(DtlError, match="not empty"):
        write(settings, tmp_path)


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["utility", "--formats", "gdb,access", "--out", str(tmp_path / "u")]) == 1
    assert "unknown format access" in capsys.readouterr().err
    assert run(["utility", "--zone", "Mars/Olympus", "--out", str(tmp_path / "u")]) == 1
    assert "Mars/Olympus" in capsys.readouterr().err
    assert run(["utility", "--feeders", "0", "--out", str(tmp_path / "u")]) == 1
    assert not (tmp_path / "u").exists()


def test_the_command_writes_networks_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["utility", "--feeders", "1", "--days", "0", "--meters", "20-30", "--formats", "cyme_text,csv", "--out"]
    assert run([*words, str(tmp_path / "u")]) == 0
    assert "1 feeders" in capsys.readouterr().out
    assert (tmp_path / "u/cyme/F0001/network.txt").exists()
    assert not (tmp_path / "u/truth/ami").exists()
    assert set(FORMATS) >= {"cyme_text", "csv"}


def test_the_verb_can_be_hung_into_a_program(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    args = parser.parse_args(["synth", "lv", "--feeders", "1", "--out", str(tmp_path / "lv")])
    assert args.run(args) == 0
    assert (tmp_path / "lv/networks/feeder_00.json").exists()
