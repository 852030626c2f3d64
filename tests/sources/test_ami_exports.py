"""Exports as utilities write them by hand of their systems: a right number, or words that it is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ami_exports as ex
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dtl.sources.ami import read
from dtl.sources.reading import Reading


def told(folder: Path, text: str, **words: Any) -> tuple[Reading, dict[str, str]]:
    """What a file tells, and its findings that are no mere information, with their severity."""
    path = folder / "r.csv"
    path.write_text(text, encoding="utf-8")
    reading = read("meters", ex.spec(path="r.csv", zone="UTC", **words), {"r.csv": path})
    return reading, {f.check: f.severity for f in reading.findings if f.severity != "info"}


def energy(reading: Reading) -> float:
    table = reading.tables["series"]
    assert isinstance(table, pa.Table)
    return float(table["kwh"].to_pylist()[0])


def counts(*values: float) -> str:
    return "meter,time,kwh\n" + "".join(
        f"m,2025-06-01T{k // 4:02d}:{15 * (k % 4):02d},{v}\n" for k, v in enumerate(values)
    )


@pytest.mark.parametrize(("column", "values", "found"), [
    ("unit", ("Wh", "kWh"), {"ami.unit", "ami.unmapped"}),
    ("UOM", ("KWH", "kWh"), set()),
    ("uom", ("Wh", "Wh"), {"ami.unit"}),
    ("uom", ("kWh", "V"), {"ami.unmapped"}),
    ("Unit", ("12", "14"), set()),
    ("direction", ("delivered", "received"), {"ami.unmapped"}),
    ("direction", ("delivered", "delivered"), set()),
    ("flow", ("1", "19"), {"ami.unmapped"}),
    ("flow", ("", "19"), set()),
])  # fmt: skip
def test_a_column_that_tells_rows_apart_is_not_passed_over(
    column: str, values: tuple[str, str], found: set[str], tmp_path: Path
) -> None:
    first, second = values
    text = f"meter,time,kwh,{column}\nm,2025-06-01T00:15,1500,{first}\nm,2025-06-01T00:30,1.5,{second}\n"
    checks = told(tmp_path, text)[1]
    assert checks == dict.fromkeys(found, "error")
    table = pa.table({"meter": ["m"] * 2, "time": ["2025-06-01T00:15", "2025-06-01T00:30"], "kwh": [1500.0, 1.5]})
    pq.write_table(table.append_column(column, pa.array(values)), tmp_path / "r.parquet")
    spec = ex.spec(path="r.parquet", zone="UTC")
    same = read("meters", spec, {"r.parquet": tmp_path / "r.parquet"})
    assert {f.check for f in same.findings if f.severity == "error"} == found


def test_a_direction_that_is_mapped_tells_the_net(tmp_path: Path) -> None:
    rows = "".join(f"m,2025-06-01T00:{t},{d},{v}\n" for t, d, v in (("15", "D", 2), ("15", "R", 0.5), ("30", "D", 1)))
    columns = {"meter": ["meter"], "time": ["time"], "channel": ["direction"], "value": ["kwh"],
               "channels": {"D": "delivered", "R": "received"}}  # fmt: skip
    reading, checks = told(tmp_path, "meter,time,direction,kwh\n" + rows, columns=columns)
    assert checks == {} and energy(reading) == pytest.approx(2.5)


@pytest.mark.parametrize(("unit", "multiplier"), [("kWh", 40.0), ("Wh", 1.0), ("MWh", 1.0), ("kWh", 1.0)])
def test_a_register_begins_again_after_its_own_digits_whatever_its_unit(
    unit: str, multiplier: float, tmp_path: Path
) -> None:
    scale = multiplier * {"kWh": 1.0, "Wh": 1e-3, "MWh": 1e3}[unit]
    text = counts(99998, 99999, 1, 3).replace("kwh", "reading")
    columns = {"meter": ["meter"], "time": ["time"], "delivered": ["reading"]}
    words = {"reads": "register", "register_digits": 5, "unit": unit, "multiplier": multiplier, "columns": columns}
    reading, checks = told(tmp_path, text, **words)
    assert not checks and energy(reading) == pytest.approx(5 * scale)


def test_an_exchanged_register_of_a_multiplied_meter_does_not_begin_again(tmp_path: Path) -> None:
    text = counts(2400, 2401, 10, 11)
    reading, checks = told(tmp_path, text, reads="register", register_digits=5, multiplier=40.0)
    assert checks == {"ami.reset": "warning"} and energy(reading) == pytest.approx(80)


def test_a_rejected_count_leaves_a_difference_over_two_intervals(tmp_path: Path) -> None:
    lines = counts(10, 9999, 12, 13).replace("kwh\n", "kwh,quality\n").splitlines()
    text = "\n".join([lines[0], *(line + (",R" if ",9999" in line else ",A") for line in lines[1:])]) + "\n"
    reading, _ = told(tmp_path, text, reads="register")
    assert energy(reading) == pytest.approx(1)
    assert [f.value for f in reading.findings if f.check == "ami.register-gap"] == ["1"]


@pytest.mark.parametrize(("jump", "checks"), [(3000.0, {"ami.jump": "warning"}), (4.0, {})])
def test_a_meter_exchanged_for_one_that_stands_higher_is_told(
    jump: float, checks: dict[str, str], tmp_path: Path
) -> None:
    old = [100 + 0.25 * k for k in range(20)]
    new = [old[-1] + jump + 0.5 * k for k in range(20)]
    reading, found = told(tmp_path, counts(*old, *new), reads="register")
    assert found == checks
    assert energy(reading) == pytest.approx(new[-1] - old[0])


@pytest.mark.parametrize(("giving", "checks"), [(1, {}), (2, {"ami.giving": "warning"})])
def test_most_meters_that_give_more_than_they_take_are_told(
    giving: int, checks: dict[str, str], tmp_path: Path
) -> None:
    """Three customers, of whom one has a large roof; then two of them, as where both directions are swapped."""
    rows = [(f"m{i}", k, (0.2, 1.5) if i < giving else (0.9, 0.1)) for i in range(3) for k in range(4)]
    text = "meter,time,delivered,received\n" + "".join(f"{m},2025-06-01T0{k}:00,{a},{b}\n" for m, k, (a, b) in rows)
    columns = {"meter": ["meter"], "time": ["time"], "delivered": ["delivered"], "received": ["received"]}
    reading, found = told(tmp_path, text, columns=columns, interval_min=60)
    assert found == checks
    assert [f.value for f in reading.findings if f.check == "ami.giving"] == ["2"] * bool(checks)
