"""Which rows of customers count: load models, years, devices without customers, and classes of older versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from models import only, read

from dtl.sources.reading import Reading

CASE = Path(__file__).parents[1] / "cases" / "sources" / "cyme_sound"
ROW = "two,{},SPOT,{},house,0,{},{},0,ABC,{},0,1\n"
NAMES = "\n[LOAD MODEL INFORMATION]\nFORMAT_LOADMODELINFORMATION=ID,Name\n{}\n"


def changed(folder: Path, *changes: tuple[str, str, str]) -> Reading:
    for name in ("network", "load", "equipment"):
        text = (CASE / f"{name}.txt").read_text()
        for file, old, new in changes:
            if file == name:
                assert old in text
                text = text.replace(old, new, 1) if old else text + new
        (folder / f"{name}.txt").write_text(text)
    return read("cyme_text", folder, "*.txt")


def told(reading: Reading) -> list[tuple[str, str, str]]:
    return [(f.check, f.severity, f.field) for f in reading.findings]


def models(folder: Path, rows: str, names: str = "") -> tuple[float, list[tuple[str, str, str]]]:
    """The sum of two devices whose customers stand in several load models and years."""
    header = "FORMAT_LOADS=SectionID,DeviceNumber,LoadType,Connection,Location\n"
    reading = changed(
        folder,
        ("load", f"{header}two,two,SPOT,0,1", f"{header}two,one,SPOT,0,1\ntwo,two,SPOT,0,1"),
        ("load", "two,two,SPOT,c1,house,0,2024,1,0,ABC,300,90,3", rows + NAMES.format(names) if names else rows),
    )
    return round(sum(p.kw for p in only(reading).loads), 6), told(reading)


LATER = [("cyme.load-models", "warning", "LoadModelID")]


def test_all_devices_have_the_same_load_model(tmp_path: Path) -> None:
    one = ROW.format("one", "c1", 2024, "2", 9) + ROW.format("one", "c1", 2024, "1", 100)
    two = ROW.format("two", "c2", 2024, "1", 200) + ROW.format("two", "c2", 2024, "2", 8)
    assert models(tmp_path, one + two) == (300, LATER)
    assert models(tmp_path, one + two, "1,LIGHT\n2,DEFAULT") == (17, LATER)


def test_the_default_model_counts_before_the_year(tmp_path: Path) -> None:
    rows = ROW.format("one", "c1", 2023, "1", 100) + ROW.format("one", "c1", 2022, "1", 70)
    rows += ROW.format("one", "c1", 2025, "2", 9) + ROW.format("two", "c2", 2021, "1", 40)
    assert models(tmp_path, rows, "1,DEFAULT\n2,LIGHT") == (140, LATER)


def test_one_load_model_is_not_told(tmp_path: Path) -> None:
    rows = ROW.format("one", "c1", 2023, "1", 100) + ROW.format("one", "c1", 2022, "1", 70)
    assert models(tmp_path, rows + ROW.format("two", "c2", 2024, "2", 0) + ROW.format("two", "c2", 2024, "1", 1)) == (
        101,
        [],
    )


def test_a_load_device_without_customers_is_told(tmp_path: Path) -> None:
    reading = changed(tmp_path, ("load", "two,two,SPOT,0,1", "two,two,SPOT,0,1\none,bare,SPOT,0,1"))
    assert told(reading) == [("cyme.no-customer", "warning", "DeviceNumber")]
    assert reading.findings[0].value == "bare"


CLASS = (
    "ConstantImpedanceZP,ConstantImpedanceZQ,ConstantCurrentIP,ConstantCurrentIQ,ConstantPowerPP,ConstantPowerPQ,",
    "house,0,0,0,0,100,100,80",
)


@pytest.mark.parametrize(("values", "model"), [("100,0,0", 2), ("0,100,0", 5), ("0,0,100", 1), ("50,0,50", 8)])
def test_a_class_of_an_older_version(tmp_path: Path, values: str, model: int) -> None:
    reading = changed(
        tmp_path,
        ("load", CLASS[0], "ConstantImpedance,ConstantCurrent,ConstantPower,"),
        ("load", CLASS[1], f"house,{values},80"),
    )
    assert told(reading) == []
    assert {p.model for p in only(reading).loads} == {model}


@pytest.mark.parametrize(("location", "kv"), [(0, 12.47), (1, 0.48)])
def test_a_load_in_amperes_has_the_voltage_of_its_side_of_a_transformer(
    tmp_path: Path, location: int, kv: float
) -> None:
    setting = "\n[TRANSFORMER SETTING]\nFORMAT_X=SectionID,Location,EqID,DeviceNumber,FromNodeID\ntwo,M,u,u,mid\n"
    equipment = "\n[TRANSFORMER]\nFORMAT_X=ID,Type,KVA,KVLLprim,KVLLsec,Z1,XR,Conn\nu,2,5000,12.47,0.48,3,2,0\n"
    reading = changed(
        tmp_path,
        ("network", "two,two,wire,500,0\n", setting),
        ("equipment", "", equipment),
        ("load", "two,two,SPOT,0,1", f"two,two,SPOT,0,{location}"),
        ("load", "2024,1,0,ABC,300,90", "2024,1,3,ABC,20,80"),
    )
    assert sum(p.kw for p in only(reading).loads) == pytest.approx(20 * kv * 3**0.5 * 0.8)
