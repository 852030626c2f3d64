"""Small CSVs beside a study: what is wrong with them is told at once, and nothing in them is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtl.spec import small_csv
from dtl.spec.secondary_file import secondary
from dtl.spec.small_csv import SmallCsvError
from dtl.spec.switch_file import positions


def test_an_unknown_column_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("switch,position,psition\ns,open,closed\n")
    with pytest.raises(SmallCsvError, match=r"^:1: there is no column 'psition'; did you mean 'position'"):
        positions(path)


@pytest.mark.parametrize("text", ["", "# a remark\n\n"])
def test_an_empty_file_says_its_columns(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(SmallCsvError, match=r"^:1: is empty; its columns are kva, r_ohm, x_ohm, and may be note"):
        secondary(path)


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("kva,r_ohm,x_ohm\n")
    with pytest.raises(SmallCsvError, match="has no row"):
        secondary(path)


def test_mistakes_of_cells_and_of_values_stand_in_the_order_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("switch,position\n,open\na,open,b\nc,opn\n")
    with pytest.raises(SmallCsvError) as told:
        positions(path)
    assert [line.split(":")[1] for line in str(told.value).splitlines()] == ["2", "3", "4"]


def test_columns_in_any_case_and_cells_without_spaces(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\ufeffSwitch, Position ,Note\n s1 , open ,x\n", encoding="utf-8")
    rows, wrong = small_csv.read(path, ("switch", "position"))
    assert rows == [(2, {"switch": "s1", "position": "open", "note": "x"})] and not wrong
