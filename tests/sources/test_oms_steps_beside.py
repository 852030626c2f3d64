"""Restoration steps in columns of their interruption, and columns that the study names and the file does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_oms_layouts import counted, errors, read

from dtl.spec.oms import OutageColumns
from dtl.spec.sources import Oms

HEAD = "ID,START,END,CI,C1,T1,C2,T2\n"
DAY = "2025-03-04"
PAIRS = [{"end": "T1", "restored": "C1"}, {"end": "T2", "restored": "C2"}]
COLUMNS: dict[str, Any] = {"id": "ID", "start": "START", "end": "END", "customers": "CI", "steps": PAIRS}
START = f"{DAY} 10:00,{DAY} 12:00,100"


@pytest.mark.parametrize(
    ("cells", "minutes"),
    [
        (f"60,{DAY} 10:30,40,{DAY} 12:00", 60 * 30 + 40 * 120.0),
        (f"40,{DAY} 12:00,60,{DAY} 10:30", 60 * 30 + 40 * 120.0),
        (",,,", 12_000.0),
        (f"30,{DAY} 11:00,0,", 30 * 60 + 70 * 120.0),
        (f"30,{DAY} 11:00,,", 30 * 60 + 70 * 120.0),
    ],
)
def test_minutes_are_those_of_the_steps(tmp_path: Path, cells: str, minutes: float) -> None:
    found = read(tmp_path, f"{HEAD}a,{START},{cells}\n", columns=COLUMNS)
    assert counted(found) == {"a": (100, minutes)} and not errors(found)


def test_steps_tell_customers_and_end_where_nothing_else_does(tmp_path: Path) -> None:
    columns = {"id": "ID", "start": "START", "steps": PAIRS}
    found = read(tmp_path, f"{HEAD}a,{START.replace(',100', ',')},60,{DAY} 10:30,40,{DAY} 12:30\n", columns=columns)
    assert counted(found) == {"a": (100, 60 * 30 + 40 * 150.0)}
    assert f"{found.tables['outages'][0]['end']:%H:%M}" == "12:30"


def test_customers_still_out(tmp_path: Path) -> None:
    pairs = [{"end": "T1", "remaining": "C1"}, {"end": "T2", "remaining": "C2"}]
    found = read(tmp_path, f"{HEAD}a,{START},40,{DAY} 10:30,0,{DAY} 12:00\n", columns={**COLUMNS, "steps": pairs})
    assert counted(found) == {"a": (100, 60 * 30 + 40 * 120.0)} and not errors(found)


@pytest.mark.parametrize(("cells", "field"), [("30,,,", "end"), (f",{DAY} 11:00,,", "restored")])
def test_half_a_step_is_told_and_none_is_used(tmp_path: Path, cells: str, field: str) -> None:
    found = read(tmp_path, f"{HEAD}a,{START},{cells}\n", columns=COLUMNS)
    (told,) = errors(found)
    assert (told.line, told.field) == (2, field) and counted(found) == {"a": (100, 12_000.0)}


def test_steps_are_said_once() -> None:
    words: dict[str, Any] = {"kind": "oms", "path": "o.csv", "columns": COLUMNS}
    for more in ({"steps": "s.csv"}, {"each_row": "step"}):
        with pytest.raises(ValueError, match="say one of the two"):
            Oms(**words, **more)
    with pytest.raises(ValueError, match="end"):
        OutageColumns(id=["ID"], start=["START"])


def test_a_named_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    named = {**COLUMNS, "cause": ["CAUZE", "WHY"], "steps": [*PAIRS, {"end": "T3", "restored": "C3"}]}
    found = read(tmp_path, f"{HEAD}a,{START},,,,\n", columns=named)
    told = [f for f in found.findings if f.check == "outage.column"]
    assert {f.field for f in told} == {"cause", "step 3 end", "step 3 restored"}
    assert all(f.severity == "warning" and "CI" in f.message and f.remedy for f in told)
    assert counted(found) == {"a": (100, 12_000.0)}
