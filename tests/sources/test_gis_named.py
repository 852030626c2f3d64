"""Columns that a study names and no layer has are told: a slip would lose a field, or keep what is retired."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gis_utility import read
from test_gis_bad import GOOD, HEAD, put

LINES = {"conductor": "conductor", "conductor2": "conductor"}
OWN = {"every": {"id": "id", "feeder": "feeder"}, "conductor": {"level": "level", "length": "length_m"}}


def told(folder: Path, **spec: Any) -> list[tuple[str, str, str]]:
    found = [f for f in read(folder, "gis", length_unit="m", **spec).findings if f.check == "gis.no-column"]
    assert all(f.severity == "warning" and f.remedy and "level" in f.message for f in found)
    return [(f.element, f.field, f.value) for f in found]


@pytest.mark.parametrize(
    ("columns", "more", "wanted"),
    [
        ({}, {}, []),
        ({"every": {"id": "id", "feeder": "FEEDERID"}}, {}, [("every", "feeder", "FEEDERID")]),
        ({"conductor": {"phases": ["PHASE", "phases"]}}, {}, []),
        ({"conductor": {"phases": ["PHASE", "PH"]}}, {}, [("conductor", "phases", "PHASE, PH")]),
        ({"conductor": {"conductor": {"join": ["level", "SIZE"]}}}, {}, [("conductor", "conductor", "SIZE")]),
        ({"switch": {"closed": "POSITION"}}, {}, []),
        ({}, {"keep": {"STATUS": ["INS"]}}, [("every", "keep STATUS", "STATUS")]),
        ({}, {"layers": {"cond*": {"class": "conductor", "columns": {"kv": "VOLT"}}}}, [("layer cond*", "kv", "VOLT")]),
        ({}, {"layers": {"conductor": [{"class": "conductor", "where": {"GROUP": ["1"]}}]}},
         [("layer conductor", "where GROUP", "GROUP")]),
    ],
)  # fmt: skip
def test_a_named_column_that_is_nowhere(
    tmp_path: Path, columns: dict[str, Any], more: dict[str, Any], wanted: list[tuple[str, str, str]]
) -> None:
    put(tmp_path, "conductor.csv", HEAD, *GOOD)
    assert told(tmp_path, columns={**OWN, **columns}, **more) == wanted


def test_a_column_of_one_layer_of_a_class_is_there(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", HEAD, GOOD[0])
    put(tmp_path, "conductor2.csv", HEAD.replace("phases", "PHASE"), GOOD[1])
    assert told(tmp_path, layers=LINES, columns={**OWN, "conductor": {"phases": "PHASE"}}) == []


def test_maps_that_are_shipped_name_more_than_one_utility_has(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", HEAD, *GOOD)
    assert not [f for f in read(tmp_path, "gis", columns="ours").findings if f.check == "gis.no-column"]
