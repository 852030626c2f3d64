"""A column that the study itself names and a table does not have is told: what it states would be lost in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dtl.errors import Finding
from dtl.sources import generators, scada, weather_file

NOT_THERE = "NOT THERE"
REGISTER = "PLANT,BUS,KW,KIND,STATE\np1,b1,5,pv,in_service\n"
VALUES = "T,TAG,V\n" + "".join(f"2025-06-01T{h:02d}:00,f1,1\n" for h in range(24))
WEATHER = "T,Temp\n" + "".join(f"2025-06-01T{h:02d}:00,20\n" for h in range(24))
CASES: list[tuple[Any, str, str, dict[str, Any]]] = [
    (generators, "generators", REGISTER, {"columns": {
        "id": ["PLANT"], "bus": ["BUS"], "kw": ["KW"], "type": ["KIND"], "status": ["STATE"]}}),
    (scada, "scada", VALUES, {"columns": {"time": ["T"], "tag": ["TAG"], "value": ["V"]}, "zone": "UTC",
                              "tags": {"f1": {"feeder": "F1", "unit": "MW"}}}),
    (weather_file, "weather_file", WEATHER, {"columns": {"time": ["T"], "temp_c": ["Temp"]}, "zone": "UTC",
                                             "points": {"t": {"latitude_deg": 36.0, "longitude_deg": -87.0}}}),
]  # fmt: skip
MORE = {"generators": "feeder", "scada": "quality", "weather_file": "wind_m_s"}


def read(folder: Path, case: tuple[Any, str, str, dict[str, Any]], more: dict[str, Any]) -> list[Finding]:
    reader, kind, text, spec = case
    (folder / "t.csv").write_text(text)
    spec = {"kind": kind, "path": "t.csv", "timezone": "UTC"} | spec
    found = reader.read("s", {**spec, "columns": spec["columns"] | more}, {"t.csv": folder / "t.csv"})
    return [f for f in found.findings if f.check == "given.column"]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[1])
def test_a_named_column_that_is_not_there_is_told(tmp_path: Path, case: tuple[Any, str, str, dict[str, Any]]) -> None:
    assert read(tmp_path, case, {}) == []
    (told,) = read(tmp_path, case, {MORE[case[1]]: [NOT_THERE, "NOR THIS"]})
    assert (told.severity, told.file, told.field) == ("warning", "t.csv", MORE[case[1]])
    assert "NOT THERE or NOR THIS" in told.message and told.remedy
