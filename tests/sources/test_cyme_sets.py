"""Exports of several feeders are read apart: their ids repeat, and shared equipment is counted once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from dtl.sources.cyme_blocks import read_tables
from dtl.sources.cyme_sets import apart, sets
from dtl.sources.cyme_text import read
from dtl.sources.reading import Reading

PATH = "data/cyme/{feeder}/*.txt"


def demo(root: Path) -> dict[str, Path]:
    folder = root / "studies/demo"
    return {p.relative_to(folder).as_posix(): p for p in sorted((folder / "data/cyme").rglob("*.txt"))}


def test_equipment_of_the_same_id_stays_with_its_feeder(root: Path) -> None:
    parts = read("cyme", {"path": PATH}, demo(root)).parts
    kva = {f: parts[f]["transformer", "xfm1"].windings[0].kva for f in parts}  # type: ignore[attr-defined]
    assert kva == {"ieee13": 500.0, "ieee123": 150.0}
    volts = {f: parts[f]["regulator", "reg1_a"].set_v for f in parts}  # type: ignore[attr-defined]
    assert volts == {"ieee13": 122.0, "ieee123": 120.0}


def test_shared_files_are_in_every_set_and_once_in_all_of_them(tmp_path: Path) -> None:
    files = {}
    for feeder in ("a", "b"):
        files[f"{feeder}/network.txt"] = tmp_path / f"{feeder}.txt"
        files[f"{feeder}/network.txt"].write_text(f"[SI]\n[NODE]\nFORMAT_NODE=NodeID\n{feeder}1\n")
    files["equipment.txt"] = tmp_path / "equipment.txt"
    files["equipment.txt"].write_text("[SI]\n[SWITCH]\nFORMAT_SWITCH=ID,Amps\nS,400\n")
    found = list(sets(Reading("cyme", "cyme_text"), files, "{feeder}/*.txt", partial(read_tables, units="as_marked")))
    assert [[r.text("NodeID") for r in t.rows("NODE")] for t in found] == [["a1"], ["b1"]]
    assert next(found[0].rows("SWITCH")) is next(found[1].rows("SWITCH"))
    each = apart(found)
    assert [len(t.blocks["SWITCH"]) for t in each if "SWITCH" in t.blocks] == [1]
    assert [r.text("NodeID") for t in each for r in t.blocks.get("NODE", ())] == ["a1", "b1"]


def test_a_set_in_foreign_units_does_not_stop_the_others(root: Path, tmp_path: Path) -> None:
    files = demo(root)
    for name in [n for n in files if "/ieee123/" in n]:
        copy = tmp_path / name.replace("/", "_")
        copy.write_text(files[name].read_text(encoding="utf-8").replace("[SI]", "[IMPERIAL]"), encoding="utf-8")
        files[name] = copy
    reading = read("cyme", {"path": PATH}, files)
    assert sorted(reading.parts) == ["ieee13"]
    assert {f.check for f in reading.findings if f.severity == "error"} == {"cyme.imperial"}


def test_a_file_that_ends_too_early_fails_the_feeder_of_its_set_alone(root: Path, tmp_path: Path) -> None:
    files = demo(root)
    name = "data/cyme/ieee13/network.txt"
    cut = tmp_path / "network.txt"
    cut.write_bytes(files[name].read_bytes()[:300])
    reading = read("cyme", {"path": PATH}, files | {name: cut})
    assert {f.feeder for f in reading.findings if f.severity == "error"} == {"ieee13"}
    assert "ieee123" in reading.parts


def test_a_regulator_set_for_a_distant_place_says_so(root: Path, tmp_path: Path) -> None:
    files = demo(root)
    name = "data/cyme/ieee13/network.txt"
    lines = files[name].read_text(encoding="utf-8").splitlines()
    start = lines.index("[REGULATOR SETTING]")
    column = lines[start + 1].split("=")[1].split(",").index("SettingOption")
    cells = lines[start + 2].split(",")
    assert cells[column] == "R"
    cells[column] = "L"
    lines[start + 2] = ",".join(cells)
    far = tmp_path / "network.txt"
    far.write_text("\n".join(lines), encoding="utf-8")
    told = [f for f in read("cyme", {"path": PATH}, files | {name: far}).findings if f.check == "cyme.setting-option"]
    assert [(f.feeder, f.value, f.line) for f in told] == [("ieee13", "L", start + 3)]


def test_a_regulator_with_fixed_taps_has_no_control(root: Path, tmp_path: Path) -> None:
    files = demo(root)
    name = "data/cyme/ieee13/network.txt"
    text = files[name].read_text(encoding="utf-8")
    assert text.count(",R,") == 1
    fixed = tmp_path / "network.txt"
    fixed.write_text(text.replace(",R,", ",F,"), encoding="utf-8")
    before, after = read("cyme", {"path": PATH}, files), read("cyme", {"path": PATH}, files | {name: fixed})

    def kinds(reading: Reading) -> dict[str, int]:
        return {k: sum(kind == k for kind, _ in reading.parts["ieee13"]) for k in ("regulator", "transformer")}

    assert kinds(before)["regulator"] > 0
    assert kinds(after) == {"regulator": 0, "transformer": kinds(before)["transformer"]}
    told = [f for f in after.findings if f.check == "cyme.fixed-taps"]
    assert [(f.feeder, f.value, f.severity) for f in told] == [("ieee13", "F", "info")]
