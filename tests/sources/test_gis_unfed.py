"""Low-voltage lines that no transformer feeds are told."""

from __future__ import annotations

from pathlib import Path

from gis_utility import read
from test_gis_bad import put

HEAD = "id,level,feeder,WKT"
MAIN = 'l1,primary,F1,"LINESTRING (500000 4000000, 500100 4000000)"'
FED = 's1,secondary,F1,"LINESTRING (500100 4000000, 500100 4000050)"'
AWAY = 's2,secondary,F1,"LINESTRING (500100 4000052, 500100 4000090)"'
NEXT = 's2,secondary,F1,"LINESTRING (500100 4000050, 500100 4000090)"'
SERVICE = 's3,service,F1,"LINESTRING (500100 4000090, 500110 4000090)"'


def unfed(folder: Path) -> list[tuple[str, str]]:
    found = [f for f in read(folder, "gis", columns="ours").findings if f.check == "gis.unfed"]
    assert all(f.severity == "warning" and f.remedy for f in found)
    return [(f.feeder, f.value) for f in found]


def test_lines_apart_from_every_transformer(tmp_path: Path) -> None:
    put(tmp_path, "transformer.csv", "id,WKT", "t1,POINT (500100 4000000)")
    put(tmp_path, "conductor.csv", HEAD, MAIN, FED, NEXT, SERVICE)
    assert unfed(tmp_path) == []
    put(tmp_path, "conductor.csv", HEAD, MAIN, FED, AWAY, SERVICE)
    assert unfed(tmp_path) == [("F1", "s2, s3")]
    put(tmp_path, "transformer.csv", "id,WKT")
    assert unfed(tmp_path) == [], "a GIS without transformers says nothing of what feeds its lines"
