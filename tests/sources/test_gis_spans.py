"""Devices that are drawn as lines, and ties between the last lines of two feeders."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from gis_utility import read
from test_gis_bad import put

HEAD = "id,level,feeder,WKT"
YARDS = ['F1,"POINT (499999 4000000)"', 'F2,"POINT (500401 4000000)"']


def line(name: str, *at: tuple[float, float], feeder: str = "F1") -> str:
    return f'{name},primary,{feeder},"LINESTRING ({", ".join(f"{500000 + x} {4000000 + y}" for x, y in at)})"'


def traced(
    folder: Path, lines: list[str], closed: str, shape: str, kind: str = "switch"
) -> tuple[pd.DataFrame, set[str]]:
    put(folder, "conductor.csv", HEAD, *lines)
    put(folder, "feeder.csv", "id,WKT", *YARDS)
    put(folder, f"{kind}.csv", "id,closed,WKT", f'd,{closed},"{shape}"')
    reading = read(folder, "gis", columns="ours")
    checks = {f.check for f in reading.findings} - {"gis.read", "gis.no-head"}
    return reading.tables["gis_edges"].to_pandas().set_index("asset"), checks


GAP = "LINESTRING (500100 4000000, 500103 4000000)"


@pytest.mark.parametrize("kind", ["switch", "fuse", "regulator"])
@pytest.mark.parametrize("shape", [GAP, f"MULTI{GAP.replace('(', '((').replace(')', '))')}"])
def test_a_device_drawn_in_a_gap_closes_it(tmp_path: Path, kind: str, shape: str) -> None:
    lines = [line("l1", (0, 0), (100, 0)), line("l2", (103, 0), (200, 0))]
    edges, checks = traced(tmp_path, lines, "yes", shape, kind)
    assert checks == set()
    assert edges["head"].to_dict() == {"l1": "F1", "l2": "F1", "d": "F1"}
    assert (edges.loc["d", "from_node"], edges.loc["d", "to_node"]) == (
        edges.loc["l1", "to_node"], edges.loc["l2", "from_node"])  # fmt: skip
    assert edges.loc["d", ["x1", "x2"]].tolist() == [500100, 500103]
    edges, checks = traced(tmp_path, lines, "no", shape, kind)
    assert checks == {"gis.island"} and edges.loc["l2", "head"] == ""


def test_a_device_drawn_over_its_line_divides_it(tmp_path: Path) -> None:
    """It is no second way beside the line."""
    edges, checks = traced(tmp_path, [line("l1", (0, 0), (200, 0))], "no", GAP)
    assert checks == {"gis.island"}
    assert edges.loc["l1", "length_m"].tolist() == [101.5, 98.5] and edges.loc["l1", "head"].tolist() == ["F1", ""]
    assert edges.loc["d", ["x1", "x2"]].tolist() == [500101.5, 500101.5]


def test_a_device_from_the_middle_of_a_line_to_a_lateral(tmp_path: Path) -> None:
    lines = [line("l1", (0, 0), (200, 0)), line("l2", (100, -2), (100, -50))]
    edges, checks = traced(tmp_path, lines, "yes", "LINESTRING (500100 4000000, 500100 3999998)")
    assert checks == set()
    assert set(edges["head"]) == {"F1"} and edges.loc["l1", "length_m"].tolist() == [100, 100]


def test_a_device_that_meets_nothing_is_told(tmp_path: Path) -> None:
    lines = [line("l1", (0, 0), (100, 0))]
    _, checks = traced(tmp_path, lines, "yes", "LINESTRING (500300 4000100, 500310 4000100)")
    assert checks == {"gis.off-line"}


@pytest.mark.parametrize("shape", ["POINT (500200 4000000)", "LINESTRING (500198 4000000, 500202 4000000)"])
def test_an_open_tie_between_two_feeders_contradicts_no_record(tmp_path: Path, shape: str) -> None:
    ends = (200, 200) if shape.startswith("POINT") else (198, 202)
    lines = [line("l1", (0, 0), (ends[0], 0)), line("l2", (ends[1], 0), (400, 0), feeder="F2")]
    edges, checks = traced(tmp_path, lines, "no", shape)
    assert checks == set()
    long = edges[edges["length_m"] > 0]
    assert long["head"].to_dict() == {"l1": "F1", "l2": "F2"}


@pytest.mark.parametrize(
    ("tapped", "phases", "lost"), [("end", "A", {"l3"}), ("middle", "A", {"l3"}), ("end", "ABC", None)]
)
def test_an_open_device_at_a_branch_parts_the_line_of_its_phases(
    tmp_path: Path, tapped: str, phases: str, lost: set[str] | None
) -> None:
    trunk = [line("l1", (0, 0), (50, 0), (100, 0))]
    if tapped == "end":
        trunk = [line("l1", (0, 0), (50, 0)), line("l2", (50, 0), (100, 0))]
    rows = [f"{row},ABC" for row in trunk] + [f"{line('l3', (50, 0), (50, 80))},A"]
    put(tmp_path, "conductor.csv", f"{HEAD},phases", *rows)
    put(tmp_path, "feeder.csv", "id,WKT", YARDS[0])
    put(tmp_path, "fuse.csv", "id,phases,closed,WKT", f"u1,{phases},no,POINT (500050 4000000)")
    reading = read(tmp_path, "gis", columns="ours")
    told = [(f.severity, f.value) for f in reading.findings if f.check == "gis.branching"]
    edges = reading.tables["gis_edges"].to_pandas()
    assert told == ([] if lost else [("warning", "u1")])
    if lost:
        assert set(edges[edges["head"] == ""]["asset"]) - {"u1"} == lost
