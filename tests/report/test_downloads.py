"""The files to take away: every cell of every CSV is that of the Parquet table of the stages, and names survive."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dtl import tables
from dtl.learning.insight import identity
from dtl.report import downloads
from dtl.report.facts import BREAKS

COMPUTED = {"ranking.csv", "solved.csv", "study.json"}
"""What is no table of a stage: tested against the page of assets, the manifests and the text of the study."""
HOSTILE = ('a "quoted" name', "comma, and\nline", "<b>Süd</b>", "東/西", " ends with blanks ", "=1+1", "NaN", "null")


def rows_of(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return head, rows


def same(cell: str, value: Any) -> bool:
    """Whether a cell says a value with all its digits; an empty one says that there is none."""
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, int | float):
        return cell != "" and (float(cell) == float(value) or (cell == "nan" and value != value))
    if isinstance(value, datetime):
        return datetime.fromisoformat(cell).replace(tzinfo=UTC) == value.replace(tzinfo=UTC)
    if isinstance(value, list):
        return len(cell.split(" ") if cell else []) == len(value) and all(map(same, cell.split(" "), value))
    return cell == str(value)


def differences(path: Path, table: pa.Table) -> Iterator[str]:
    head, rows = rows_of(path)
    if head != table.column_names or len(rows) != table.num_rows:
        yield f"{path.name}: {len(rows)} rows of {head}, {table.num_rows} of {table.column_names}"
        return
    for i, name in enumerate(head):
        for n, (row, value) in enumerate(zip(rows, table[name].to_pylist(), strict=True)):
            kept = float(np.float32(row[i])) if pa.types.is_float32(table[name].type) and row[i] else row[i]
            if not same(str(kept), value):
                yield f"{path.name}:{n + 2} {name}: {row[i]!r}, the table has {value!r}"


def table_of(made: Any, name: str) -> pa.Table:
    """The table of the stages behind a file."""
    if name == "violations":
        cube = tables.read("cube", made.inputs["cube"])
        single = pc.equal(cube["level"].cast(tables.TEXT), "element")
        return cube.filter(pc.and_(single, pc.is_in(cube["analysis"].cast(tables.TEXT), pa.array(list(BREAKS)))))
    learned = Path(made.inputs["learning"]) / f"{name}.parquet"
    if learned.is_file():
        return tables.read(name, learned)
    found = made.inputs[name]
    paths = [path for _, path in sorted(found.items())] if isinstance(found, dict) else [found]
    return tables.concat(name, [tables.read(name, Path(p)) for p in paths])


def test_every_file_is_the_table_that_the_stages_made(made: Any) -> None:
    names = {p.name for p in (made.www / "downloads").iterdir()} - COMPUTED - {"insights.csv"}
    assert {"cube.csv", "violations.csv", "hosting.csv", "meters.csv", "findings.csv", "alerts.csv"} <= names
    for name in sorted(names):
        wrong = list(differences(made.www / "downloads" / name, table_of(made, Path(name).stem)))
        assert not wrong, wrong[:5]


def test_insights_are_those_of_the_modules_and_have_ids(made: Any) -> None:
    """The file has more of them: what the cube says stands below what was learned."""
    head, rows = rows_of(made.www / "downloads" / "insights.csv")
    learned = table_of(made, "insights")
    assert head == ["id", *learned.column_names] and len(rows) >= learned.num_rows > 0
    known = {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
    for own in learned.to_pylist():
        assert all(same(known[identity(own)][name], value) for name, value in own.items()), own


def test_page_counts_the_rows_of_the_files(made: Any) -> None:
    page = (made.www / "downloads.html").read_text(encoding="utf-8")
    files = sorted((made.www / "downloads").glob("*.csv"))
    assert files
    for path in files:
        told = page.split(f'href="downloads/{path.name}"')[1].split('dtl-num">')[1].split("<")[0]
        assert int(told.replace(",", "")) == len(rows_of(path)[1]), path.name


def test_values_survive_as_they_are(tmp_path: Path) -> None:
    """Numbers to their last digit, and names that a spreadsheet, a shell or a browser might take for something else."""
    numbers = [0.1 + 0.2, -0.0, 1e-300, 1.7976931348623157e308, 123_456_789.123_456_78, None, float("nan"), 2.0**-1074]
    table = pa.table({
        "name": pa.array(HOSTILE).dictionary_encode(),
        "value": pa.array(numbers, pa.float64()),
        "single": pa.array([0.1, 1.05, 3.4e38, None, 0.0, 1e-40, 16_777_217.0, 0.95], pa.float32()),
        "count": pa.array([0, -1, 2**53, None, 2**62, 5, 6, 7], pa.int64()),
        "is_so": pa.array([True, False, None, True, False, True, False, True]),
        "parts": pa.array([["a", "b"], [], ["c"], None, ["d"], ["e"], ["f"], ["g"]]),
        "at": pa.array([datetime(2025, 3, 30, 1, 59, 59)] * 8, pa.timestamp("s")),
    })  # fmt: skip
    empty = tables.TABLES["cube"].schema.empty_table()
    none = {name: tables.TABLES[name].schema.empty_table() for name in ("findings", "conversion")}
    downloads.write(tmp_path / "out", empty, none | {"links": table}, "{}")
    assert list(differences(tmp_path / "out" / "links.csv", table)) == []
    assert sorted(p.name for p in (tmp_path / "out").glob("*.csv")) == [
        "conversion.csv", "cube.csv", "findings.csv", "links.csv", "violations.csv",
    ]  # fmt: skip


def test_a_large_file_is_compressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "LARGE", 1000)
    empty = tables.TABLES["cube"].schema.empty_table()
    none = {name: tables.TABLES[name].schema.empty_table() for name in ("findings", "conversion")}
    table = pa.table({"name": [f"pole {k}" for k in range(500)]})
    told = {}
    for folder in ("one", "two"):
        rows = downloads.write(tmp_path / folder, empty, none | {"links": table, "ranking": table.slice(0, 1)}, "{}")
        told[folder] = {r["name"]: r["rows"] for r in rows}
    assert told["one"]["links.csv.gz"] == "500" and told["one"]["ranking.csv"] == "1"
    assert not (tmp_path / "one" / "links.csv").exists()
    assert (tmp_path / "one/links.csv.gz").read_bytes() == (tmp_path / "two/links.csv.gz").read_bytes()
    plain = tmp_path / "links.csv"
    plain.write_bytes(gzip.decompress((tmp_path / "one/links.csv.gz").read_bytes()))
    assert list(differences(plain, table)) == []


@pytest.mark.parametrize("wrong", ["0.3000000000000001", "", "0.3"])
def test_a_digit_too_few_is_seen(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "x.csv").write_text(f"value\n{wrong},\n" if wrong == "" else f"value\n{wrong}\n")
    assert list(differences(tmp_path / "x.csv", pa.table({"value": [0.1 + 0.2]})))
