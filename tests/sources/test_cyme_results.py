"""The source ``cyme_results``: layouts, units, phases, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dtl import tables
from dtl.sources.cyme_results import read

Key = tuple[str, str, str, str]


def given(folder: Path, text: str, **spec: Any) -> tuple[dict[Key, float], list[Any], Any]:
    """Values by kind, element, phase and quantity; the findings; and the reading."""
    (folder / "f1.csv").write_text(text, encoding="utf-8")
    reading = read("ref", {"path": "{feeder}.csv", "columns": "keywords", "heads": ["total"]} | spec,
                   {"f1.csv": folder / "f1.csv"})  # fmt: skip
    rows = reading.tables["reference"]
    tables.frame("reference", rows)
    assert {r["feeder"] for r in rows} <= {"f1"} or "feeder" in text
    return {(r["kind"], r["element"], r["phase"], r["quantity"]): r["value"] for r in rows}, reading.findings, reading


def test_keywords_of_cyme(tmp_path: Path) -> None:
    found, findings, _ = given(
        tmp_path,
        "NodeId,DevNumber,SectionId,VpuA,VpuB,IA,LOADINGA,KWTOT\nN 1,,,1.01,-,,,\n,L1,S1,,,120.5,40.2,\n,,S2,,,7,,3\n"
        "total,,,,,,,900\n",
    )
    assert found == {
        ("bus", "n_1", "A", "v_pu"): 1.01,
        ("branch", "l1", "A", "amps"): 120.5,
        ("branch", "l1", "A", "load_pct"): 40.2,
        ("branch", "s2", "A", "amps"): 7.0,
        ("branch", "s2", "", "kw"): 3.0,
        ("head", "", "", "kw"): 900.0,
    }
    assert not findings


@pytest.mark.parametrize(
    ("column", "quantity", "value"),
    [
        ({"a": "V", "unit": "V"}, "kv_ln", 2.4017),
        ({"a": "V", "unit": "kV", "between": "phases"}, "kv_ll", 2401.7),
        ({"ab": "V", "unit": "V"}, "kv_ll", 2.4017),
        ({"a": "V", "unit": "V_120"}, "v_pu", 2401.7 / 120),
    ],
)
def test_units_of_voltage(tmp_path: Path, column: dict[str, str], quantity: str, value: float) -> None:
    words = {"node": "Bus", "voltage": column}
    _, findings, reading = given(tmp_path, "Bus,V\nx,2401.7\n", columns=words)
    rows = reading.tables["reference"]
    if quantity == "v_pu":
        assert [f.check for f in findings] == ["cyme.result-unit"], "20 per unit is no voltage: another unit"
        assert rows == []
    else:
        assert [(r["quantity"], r["value"]) for r in rows] == [(quantity, pytest.approx(value))]


def test_one_value_per_row_and_a_column_of_phases(tmp_path: Path) -> None:
    found, _, _ = given(
        tmp_path,
        "feeder,node,device,phase,quantity,value,unit\nX,n1,,A,voltage,119.2,v-120\nX,,d1,,loading,0.5,share\n"
        "X,,d1,C,current,1.2,kA\n",
        columns="ours",
    )
    assert found[("bus", "n1", "A", "v_pu")] == pytest.approx(119.2 / 120)
    assert found[("branch", "d1", "", "load_pct")] == 50.0
    assert found[("branch", "d1", "C", "amps")] == 1200.0


def test_excel_with_a_title_above_and_a_footer_below(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Voltages"
    for row in (["Load flow"], ["Knoten", "Spannung"], [671, 0.99], ["Ende", None]):
        book.active.append(row)
    book.save(tmp_path / "r.xlsx")
    spec = {"path": "r.xlsx", "columns": {"node": "Knoten", "voltage": ["u", "Spannung"]}, "header_row": 2}
    reading = read("ref", spec | {"feeder": "F 1", "skip_footer": 1, "sheets": ["Voltages"]},
                   {"r.xlsx": tmp_path / "r.xlsx"})  # fmt: skip
    (row,) = reading.tables["reference"]
    assert (row["feeder"], row["element"], row["value"], row["line"]) == ("f_1", "671", 0.99, 3)


@pytest.mark.parametrize(
    ("text", "check", "line", "field"),
    [
        ('NodeId,VpuA\nn1,1.0\nn2,"1,02"\n', "given.number", 3, "voltage"),
        ("NodeId,VpuA\n,1.0\n", "given.empty", 2, "node"),
        ("DevNumber,VpuA\nd,1.0\n", "cyme.result-voltage", 2, "voltage"),
        ("NodeId,VpuA\nn1,1.0\nN1,0.9\n", "given.duplicate", 3, "v_pu"),
        ("Name,VpuA\nn1,1.0\n", "given.column", None, "node, device or section"),
        ("NodeId,Angle\nn1,1.0\n", "given.column", None, "voltage, current, loading, kw, kvar, loss_kw or tap"),
        ("\n", "given.file", None, ""),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, check: str, line: int | None, field: str) -> None:
    _, findings, _ = given(tmp_path, text)
    (finding,) = findings
    assert (finding.check, finding.file, finding.line, finding.field) == (check, "f1.csv", line, field)
    assert finding.remedy


def test_a_file_without_feeder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("NodeId,VpuA\nn1,1.0\n")
    reading = read("ref", {"path": "all.csv"}, {"all.csv": tmp_path / "all.csv"})
    assert [(f.check, f.field) for f in reading.findings] == [("given.column", "feeder")]
    assert reading.tables["reference"] == []
