"""`dtl check`: what a study names must be in its network and its data; told with the place and the nearest name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dtl import cli
from dtl.spec.study import load
from dtl.workflow import inventory, named

ROOT = Path(__file__).resolve().parents[2]
FORECAST = "year,area,what,value,unit\n2025,f1,load,1.0,factor\n2030,f1,load,1.2,factor\n2025,f9,load,1.0,factor\n"


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped study of two feeders with a tie, in a folder of its own, with the model read once for all tests."""
    folder = tmp_path_factory.mktemp("named") / "studies" / "works"
    shutil.copytree(ROOT / "studies" / "works", folder)
    (folder / "sources.lock.yaml").unlink()
    (folder / "data" / "forecast.csv").write_text(FORECAST, encoding="utf-8")
    (folder / "data" / "moved.csv").write_text("switch,position\nf1_mit,open\n", encoding="utf-8")
    (folder / "data" / "works.csv").write_text("asset,change,to,year\nf2_9,add_capacitor,50,2030\n", encoding="utf-8")
    (folder / "data" / "chosen.csv").write_text("asset,change,to\nf1_t,replace_transformer,750\n", encoding="utf-8")
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    text = text.replace("sources:\n", "sources:\n  ahead: {kind: forecast, path: data/forecast.csv}\n")
    (folder / "original.yaml").write_text(text, encoding="utf-8")
    return folder


def checked(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], layer: str) -> str:
    """What `check` prints of the study with one layer, or one section, more."""
    text = (folder / "original.yaml").read_text(encoding="utf-8")
    section = "" if layer.startswith("  ") else layer + "\n"
    text = text.replace("layers:\n", f"{section}layers:\n" + (f"{layer}\n" if not section else ""))
    if section.startswith("network"):
        text = text.replace("network: {", f"{layer[:-1]}, ", 1).replace(section, "", 1)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder.parents[1])
    code = cli.main(["check", "works"])
    out = capsys.readouterr().out
    assert code == ("spec." in out)
    return out


@pytest.mark.parametrize(
    ("said", "place", "message"),
    [
        ("  x: {kind: actions, do: [{add_device: {bus: f1_55, name: car, kw: 7}}]}", "layers.x.do[0].add_device.bus",
         "no feeder of the study has a bus 'f1_55'; did you mean 'f1_5'"),
        ('  x: {kind: actions, do: [{set_load: {bus: "f2:f2_1", load: f2_7, kw: 7}}]}', "layers.x.do[0].set_load.load",
         "bus 'f2:f2_1' has no load 'f2_7'; did you mean 'f2_1'?"),
        ("  x: {kind: actions, do: [{open: tye}]}", "layers.x.do[0].open",
         "has a switch 'tye'; did you mean 'tie'?"),
        ("areas: {north: {buses: [f1_1, g1_3]}}", "areas.north.buses[1]", "has a bus 'g1_3'; did you mean 'f1_3'?"),
        ("  x: {kind: flexibility, min_power_kw: 1, target_pf: 0.9, buses: [f1_2, f3_2]}", "layers.x.buses[1]",
         "no feeder of the study has a bus 'f3_2'; did you mean"),
        ('  x: {kind: project, at: "f1:f2_1", type: pv, kw: 4, phases: A}', "layers.x.at",
         "feeder 'f1' has no bus 'f2_1'; "),
        ("  x: {kind: controls, regulators: {set_volts: 120, which: [f1_rag]}}", "layers.x.regulators.which[0]",
         "has a regulator 'f1_rag'; did you mean 'f1_reg'"),
        ("  x: {kind: switching, do: [{close: ty}]}", "layers.x.do[0].close",
         "has a switch 'ty'; there is 'f1_mid', 'f2_mid', 'tie'"),
        ("  x: {kind: upgrades, do: [{rebuild_line: {line: f1_11}}]}", "layers.x.do[0].rebuild_line.line",
         "has a line 'f1_11'; did you mean 'f1_1'"),
        ("  x: {kind: upgrades, do: [{replace_transformer: {at: f1_tt, kva: 9}}]}",
         "layers.x.do[0].replace_transformer.at", "has a transformer 'f1_tt'; did you mean 'f1_t'"),
        ("  x: {kind: upgrades, from: data/works.csv}", "layers.x.from",
         "'data/works.csv': add_capacitor: no feeder of the study has a bus 'f2_9'; did you mean"),
        ("  x: {kind: growth, per_year: 0.1, to: industrial}", "layers.x.to",
         "no customer of the study is of class 'industrial'; there is 'all', 'residential'"),
        ("  x: {kind: ev, penetration: 0.1, to: residental}", "layers.x.to",
         "no customer of the study is of class 'residental'; did you mean 'residential'?"),
        ("  x: {kind: growth, forecast: ahead, what: lode}", "layers.x.what",
         "the forecast 'ahead' has no 'lode'; did you mean 'load'?"),
        ("network: {switches: data/moved.csv}", "network.switches",
         "'data/moved.csv': no feeder of the study has a switch 'f1_mit'; did you mean 'f1_mid'"),
    ],
)  # fmt: skip
def test_a_name_that_nobody_has_is_told_at_its_place(
    said: str,
    place: str,
    message: str,
    works: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = checked(works, monkeypatch, capsys, said)
    assert f"  {place}" in out and message in out, out


def test_a_forecast_of_other_areas_is_a_mistake_and_of_some_is_said(
    works: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = "  x: {kind: growth, forecast: ahead, what: load}"
    out = checked(works, monkeypatch, capsys, layer)
    assert "good" in out and "has 'load' for 'f9', no area of the study; there is 'f1', 'f2'" in out
    (works / "data" / "forecast.csv").write_text(FORECAST.replace(",f1,", ",f11,"), encoding="utf-8")
    out = checked(works, monkeypatch, capsys, layer)
    assert "layers.x.what" in out and "for 'f11', 'f9': none is a feeder or area of the study; did you mean 'f1'" in out


def test_a_register_at_other_buses_is_a_mistake_and_at_some_is_said(
    works: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = works / "data" / "register.csv"
    rows = path.read_text(encoding="utf-8")
    path.write_text(rows.replace("f2,f2_2", "f2,f2_22"), encoding="utf-8")
    said = checked(works, monkeypatch, capsys, "")
    path.write_text(rows.replace("f2,f2_", "f2,g2_"), encoding="utf-8")
    refused = checked(works, monkeypatch, capsys, "")
    path.write_text(rows, encoding="utf-8")
    assert "good" in said and "layer 'queued': 1 of 2" in said and "at 'f2_22'; did you mean 'f2_2'" in said
    assert "layers.queued.from" in refused and "did you mean 'f" in refused


def test_a_regulator_that_the_study_may_add_is_no_mistake(
    works: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layer = "  x: {kind: upgrades, do: [{add_regulator: {at: f1_5}}, {set_regulator: {at: f1_5, volts: 120}}]}"
    out = checked(works, monkeypatch, capsys, layer)
    assert "good" in out and "not sure: no feeder of the study has a regulator 'f1_5'" in out


@pytest.fixture(scope="module")
def heatwave(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped study with weather of 2023 and 2025 in a file."""
    folder = tmp_path_factory.mktemp("years") / "studies" / "heatwave"
    shutil.copytree(ROOT / "studies" / "heatwave", folder)
    (folder / "sources.lock.yaml").unlink()
    return folder


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("of: 2023", "of: 2019", "layers.heat_2023.of",
         "the weather of 'town' (weather) has no hour of 2019, but 2023, 2025; the nearest is 2023"),
        ("of: 2023", "return_years: 20", "layers.heat_2023.return_years",
         "whole years of weather, at least 5; there are 2 (2023, 2025)"),
        ("measured: 2025", "measured: 2026", "layers.roof_20",
         "its output follows the irradiance, and the weather of 'town' (weather) has no hour of 2026, but 2023, 2025; "
         "the nearest is 2025"),
        ("seed: 4", "seed: 4, by: 2024", "layers.level_2.by", "write 2025, if the level is reached already"),
    ],
)  # fmt: skip
def test_a_year_that_no_weather_has_is_told_with_the_nearest(
    old: str, new: str, place: str, message: str, heatwave: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    text = (ROOT / "studies" / "heatwave" / "study.yaml").read_text(encoding="utf-8")
    monkeypatch.chdir(heatwave.parents[1])
    (heatwave / "study.yaml").write_text(text, encoding="utf-8")
    assert cli.main(["check", "heatwave"]) == 0
    (heatwave / "study.yaml").write_text(text.replace(old, new), encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["check", "heatwave"]) == 1
    out = capsys.readouterr().out
    assert f"  {place}" in out and message in out, out


def test_hours_that_lack_in_the_year_of_an_event_are_told(
    heatwave: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = heatwave / "data" / "weather" / "town.csv"
    rows = file.read_text(encoding="utf-8").splitlines()
    try:
        file.write_text("\n".join([*rows[:100], *rows[110:]]), encoding="utf-8")
        (heatwave / "study.yaml").write_bytes((ROOT / "studies" / "heatwave" / "study.yaml").read_bytes())
        monkeypatch.chdir(heatwave.parents[1])
        assert cli.main(["check", "heatwave"]) == 1
    finally:
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    out = capsys.readouterr().out
    assert "layers.heat_2023.of" in out and "lacks 10 hours of temperature in 2023" in out


def test_nothing_is_read_where_it_would_take_long_and_the_check_says_so(
    works: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DTL_STORE", str(tmp_path / "empty"))
    monkeypatch.setattr(inventory, "LARGEST_BYTES", 10)
    monkeypatch.setattr(inventory.job, "answer_anew", lambda *a: pytest.fail("a large source was read"))
    out = checked(works, monkeypatch, capsys, "  x: {kind: project, at: nowhere, type: pv, kw: 4, phases: A}")
    assert "good" in out and "not checked yet: " in out and "`dtl run` reads it and checks them" in out


def test_where_nothing_can_be_written_the_check_says_what_it_leaves_out(
    works: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("DTL_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(inventory.job, "answer_anew", refused)
    out = checked(works, monkeypatch, capsys, "  x: {kind: project, at: nowhere, type: pv, kw: 4, phases: A}")
    assert "good" in out and "not checked yet: " in out


def test_what_is_known_is_asked_of_the_store_whatever_its_size(
    works: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(works, monkeypatch, capsys, "")
    monkeypatch.setattr(inventory, "LARGEST_BYTES", 10)
    monkeypatch.setattr(inventory.job, "answer_anew", lambda *a: pytest.fail("what was read was read again"))
    out = checked(works, monkeypatch, capsys, "  x: {kind: project, at: nowhere, type: pv, kw: 4, phases: A}")
    assert "no feeder of the study has a bus 'nowhere'" in out


def test_a_study_that_names_nothing_reads_nothing(
    works: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (works / "original.yaml").read_text(encoding="utf-8")
    head, _, tail = text.partition("layers:\n")
    plain = head + "scenarios: {base: {title: as it is, stack: []}}\n\nreport: {headline: thermal}\n"
    (works / "study.yaml").write_text(plain, encoding="utf-8")
    monkeypatch.chdir(works.parents[1])
    monkeypatch.setattr(named, "inventory", lambda *a: pytest.fail("the model was read for nothing"))
    assert named.check(load(Path("studies/works"))) == ([], []) and tail
    assert cli.main(["check", "works"]) == 0
    assert "not checked" not in capsys.readouterr().out


def test_a_run_refuses_before_anything_is_solved(works: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (works / "original.yaml").read_text(encoding="utf-8")
    (works / "study.yaml").write_text(text.replace("{close: tie}", "{close: tye}"), encoding="utf-8")
    monkeypatch.chdir(works.parents[1])
    assert cli.main(["run", "works"]) == 1
    assert not Path("results").exists()
