"""Numbers of measurements as text: groups of digits are taken for what they are only where they can be nothing else."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dtl.sources import scada, weather_file
from dtl.sources.columnar import numbers


@pytest.mark.parametrize(
    ("decimal", "text", "value"),
    [
        (".", "1,234.5", 1234.5),
        (".", "-12,345,678", -12345678.0),
        (".", "1 234", 1234.0),
        (".", "1\u00a0234.5", 1234.5),
        (".", "1'234'567.25", 1234567.25),
        (".", "1,234", None),
        (".", "1,23.5", None),
        (".", "12,34,567.0", None),
        (".", "1.234,5", None),
        (".", "1,234 567", None),
        (",", "1.234,5", 1234.5),
        (",", "12.345.678", 12345678.0),
        (",", "1\u202f234,5", 1234.5),
        (",", "3,5", 3.5),
        (",", "1.234", None),
        (",", "1,234.5", None),
        (",", "3.5", None),
        (".", "5,", None),
        (".", "7 ,5", None),
    ],
)
def test_groups_of_digits(decimal: str, text: str, value: float | None) -> None:
    found, wrong = numbers(pa.array([text, "1", "", None]), decimal)
    assert wrong.tolist() == [value is None, False, False, False]
    assert found[0] == value if value is not None else np.isnan(found[0])
    assert found[1] == 1.0
    assert np.isnan(found[2:]).all()


START = [datetime(2025, 6, 1, h) for h in range(6)]


@pytest.mark.parametrize(
    "values",
    [[{"v": 1}] * 6, [[1]] * 6, [b"\xff\xfe"] * 6, [time(1)] * 6, [timedelta(1)] * 6, [{"k": [1]}, None] * 3],
    ids=["struct", "list", "bytes", "time", "duration", "nested"],
)
@pytest.mark.parametrize("place", ["value", "beside", "tag", "time"])
def test_a_parquet_file_with_columns_of_other_types(tmp_path: Path, values: list[Any], place: str) -> None:
    columns: dict[str, Any] = {"time": pa.array(START, pa.timestamp("us")), "tag": ["T"] * 6, "value": [1.0] * 6}
    pq.write_table(pa.table(columns | {place: values}), tmp_path / "s.parquet")
    spec = {"kind": "scada", "path": "s.parquet", "zone": "UTC", "timezone": "UTC",
            "tags": {"T": {"feeder": "F1", "unit": "kW"}}}  # fmt: skip
    reading = scada.read("s", spec, {"s.parquet": tmp_path / "s.parquet"})
    table = reading.tables["scada"]
    assert isinstance(table, pa.Table)
    good = [r for r in table.to_pylist() if r["quality"] == "good"]
    assert len(good) == (6 if place == "beside" else 0)
    told = {f.check for f in reading.findings}
    assert told == {"value": {"scada.value", "scada.bad"}, "beside": set(), "tag": {"scada.tag", "scada.silent"},
                    "time": {"scada.time", "scada.silent"}}[place] | told & {"scada.missing"}  # fmt: skip


def test_texts_that_a_parquet_file_holds_as_bytes(tmp_path: Path) -> None:
    columns = {"time": [f"{t:%Y-%m-%d %H:%M}".encode() for t in START], "tag": [b"T"] * 6, "value": [b"1.5"] * 6}
    pq.write_table(pa.table(columns), tmp_path / "s.parquet")
    spec = {"kind": "scada", "path": "s.parquet", "zone": "UTC", "timezone": "UTC",
            "tags": {"T": {"feeder": "F1", "unit": "kW"}}}  # fmt: skip
    reading = scada.read("s", spec, {"s.parquet": tmp_path / "s.parquet"})
    assert reading.findings == []
    table = reading.tables["scada"]
    assert isinstance(table, pa.Table)
    assert table["value"].to_pylist() == [1.5] * 6


def wide(folder: Path, text: str) -> tuple[list[float], list[tuple[str, int | None]]]:
    (folder / "s.csv").write_bytes(text.encode())
    spec = {"kind": "scada", "path": "s.csv", "zone": "UTC", "timezone": "UTC", "layout": "wide",
            "tags": {"F1": {"feeder": "F1", "unit": "kW"}}}  # fmt: skip
    reading = scada.read("s", spec, {"s.csv": folder / "s.csv"})
    table = reading.tables["scada"]
    assert isinstance(table, pa.Table)
    return table["value"].to_pylist(), [(f.check, f.line) for f in reading.findings if f.severity == "error"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("last", ["", ",", ", "])
def test_ends_of_lines_and_a_delimiter_behind_each_row(tmp_path: Path, end: str, last: str) -> None:
    body = [f"2025-06-01 {h:02d}:00,{h}{last}" for h in range(4)]
    assert wide(tmp_path, end.join(["time,F1", *body, ""])) == ([0.0, 1.0, 2.0, 3.0], [])


def test_a_further_cell_in_each_row_is_told(tmp_path: Path) -> None:
    body = [f"2025-06-01 {h:02d}:00,{h},{'x' if h == 2 else ''}" for h in range(4)]
    assert wide(tmp_path, "\n".join(["time,F1", *body])) == ([], [("given.ragged", 2)])


def test_weather_in_a_parquet_file_with_a_list(tmp_path: Path) -> None:
    columns = {"time": pa.array(START, pa.timestamp("us")), "temp_c": [[1.0]] * 6, "wind_m_s": [2.0] * 6}
    pq.write_table(pa.table(columns), tmp_path / "w.parquet")
    spec = {"kind": "weather_file", "path": "w.parquet", "timezone": "UTC",
            "points": {"w": {"latitude_deg": 1.0, "longitude_deg": 2.0}}}  # fmt: skip
    reading = weather_file.read("s", spec, {"w.parquet": tmp_path / "w.parquet"})
    assert [f.field for f in reading.findings if f.check == "given.number"] == ["temp_c"]
