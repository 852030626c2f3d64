"""A text export of many feeders is read feeder by feeder, and what leaves the memory is what would have stayed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dtl import tables
from dtl.sources.cyme_text import read
from dtl.sources.read import read_source, write
from dtl.sources.shelf import Shelf
from dtl.tables import pieces

NETWORK = """[GENERAL]
CYME_VERSION=5.04
[SI]
[NODE]
FORMAT_NODE=NodeID,CoordX,CoordY
A0,0,1
B0,9,1
A1,1,1
TIE,5,1
B1,8,1
LONELY,3,3
[HEADNODES]
FORMAT_HEADNODES=NodeID,NetworkID
A0,FA
B0,FB
[SOURCE EQUIVALENT]
FORMAT_SOURCEEQUIVALENT=NodeID,Voltage,OperatingAngle1,PositiveSequenceReactance,OperatingVoltage1
A0,12.47,0,0.1,7.2
B0,12.47,0,0.1,7.2
[OVERHEADLINE SETTING]
FORMAT_OVERHEADLINESETTING=SectionID,DeviceNumber,LineCableID,Length
SA1,SA1,LINE,100
SB1,SB1,LINE,100
SB2,SB2,LINE,100
GONE,GONE,LINE,100
SAME,SAME,LINE,50
[SECTION]
FORMAT_SECTION=SectionID,FromNodeID,ToNodeID,Phase
FORMAT_FEEDER=NetworkID,HeadNodeID
FEEDER=FA,A0
SA1,A0,A1,ABC
SA2,A1,TIE,ABC
SAME,A1,XA,ABC
FEEDER=FB,B0
SB1,B0,B1,ABC
SB2,B1,TIE,ABC
SAME,B1,XB,ABC
[SWITCH SETTING]
FORMAT_SWITCHSETTING=SectionID,Location,EqID,DeviceNumber,ClosedPhase
SA2,M,SW,SA2,NONE
SB1,S,SW,SB1,ABC
[LINE]
FORMAT_LINE=ID,R1,X1,R0,X0,B1,B0,Amps
LINE,0.2,0.4,0.5,1.2,0,0,400
[LOADS]
FORMAT_LOADS=SectionID,DeviceNumber,LoadType,Connection,Location
SB2,LB,SPOT,0,1
SA1,LA,SPOT,0,1
SAME,LS,SPOT,0,1
[CUSTOMER LOADS]
FORMAT_CUSTOMERLOADS=SectionID,DeviceNumber,LoadType,CustomerNumber,CustomerType,Year,LoadModelID,ValueType,LoadPhase,Value1,Value2
SA1,LA,SPOT,CA,Other,2025,1,0,ABC,30,9
SB2,LB,SPOT,CB,Other,2025,1,0,ABC,60,9
SAME,LS,SPOT,CS,Other,2025,1,0,ABC,15,3
NONE,LN,SPOT,CN,Other,2025,1,0,ABC,15,3
[STRANGE]
FORMAT_STRANGE=What
that
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "all.txt"
    path.write_text(NETWORK, encoding="utf-8")
    return path


def test_feeders_leave_the_memory_when_they_are_done(file: Path) -> None:
    reading = read("c", {"path": "all.txt"}, {"all.txt": file}, Shelf())
    assert reading.parts == {"FA": {}, "FB": {}}
    assert not any(row["feeder"] in reading.parts for row in reading.conversion.values() if "SA1" in row["object"])


def test_what_left_the_memory_is_what_would_have_stayed(file: Path, tmp_path: Path) -> None:
    kept = read("c", {"path": "all.txt"}, {"all.txt": file})
    assert {f: sorted(n for k, n in g if k == "load") for f, g in kept.parts.items()} == {
        "FA": ["la_a", "la_b", "la_c", "ls_a", "ls_b", "ls_c"],
        "FB": ["lb_a", "lb_b", "lb_c", "ls_a", "ls_b", "ls_c"],
    }
    assert kept.parts["FA"]["bus", "tie"].x == kept.parts["FB"]["bus", "tie"].x == 5.0  # type: ignore[attr-defined]
    write(kept, {"all.txt": file}, tmp_path / "kept")
    read_source({"source": "c", "spec": {"kind": "cyme_text", "path": "all.txt"}}, {"raw": {"all.txt": file}},
                {"source": tmp_path / "left"})  # fmt: skip
    for name in ("network.parquet", "conversion.parquet", "findings.parquet", "places.json"):
        assert (tmp_path / "left" / name).read_bytes() == (tmp_path / "kept" / name).read_bytes(), name
    told = tables.read("conversion", tmp_path / "left/conversion.parquet").to_pylist()
    things = [row["object"] for row in told if not row["property"]]
    lines = [line for line in NETWORK.splitlines() if "," in line and "=" not in line]
    assert len([t for t in things if t.startswith("[")]) >= len(lines) + len(("FEEDER", "FEEDER", "STRANGE"))
    assert {"[NODE] LONELY", "[OVERHEADLINE SETTING] GONE", "[STRANGE] that", "[FEEDER] FB"} <= set(things)


@pytest.mark.parametrize(("section", "feeders"), [("SB2", ["FB"]), ("SAME", ["FA", "FB"]), ("NONE", ["FA", "FB"])])
@pytest.mark.parametrize("before", [True, False])
def test_a_device_without_a_reader_fails_the_feeder_of_its_section(
    file: Path, section: str, feeders: list[str], before: bool
) -> None:
    block = f"[THREE WINDING TRANSFORMER SETTING]\nFORMAT_X=SectionID,DeviceNumber\n{section},t3\n"
    text = NETWORK.replace("[SECTION]\n", f"{block}[SECTION]\n") if before else NETWORK + block
    file.write_text(text, encoding="utf-8")
    for shelf in (None, Shelf()):
        found = read("c", {"path": "all.txt"}, {"all.txt": file}, *([shelf] if shelf else [])).findings
        mine = [f.feeder for f in found if f.element.startswith("[THREE WINDING") and f.severity == "error"]
        assert sorted(mine) == feeders


def test_pieces_are_the_bytes_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"feeder": f"f{i // 700:02d}", "kind": "bus", "name": f"{i:05d}", "body": str(i % 97)} for i in range(7000)]
    whole = tables.frame("network", rows)
    tables.write("network", whole, tmp_path / "whole")

    def some(size: int) -> list[pa.Table]:
        return [whole.slice(i, size) for i in range(0, 7000, size)]

    pieces.write("network", lambda: some(700), tmp_path / "pieces")
    assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()
    monkeypatch.setattr(pieces, "GROUP_ROWS", 1000)
    pieces.write("network", lambda: some(700), tmp_path / "groups")
    assert pq.ParquetFile(tmp_path / "groups").num_row_groups == 7
    assert tables.read("network", tmp_path / "groups").equals(whole)
    pieces.write("network", list, tmp_path / "none")
    assert tables.read("network", tmp_path / "none").num_rows == 0


def test_files_one_after_the_other_are_the_bytes_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "BATCH_ROWS", 7)
    row = dict.fromkeys(("feeder", "property", "verdict", "target", "value", "reason"), "x")
    every = [
        tables.frame("conversion", [row | {"source": s, "object": f"{i:02d}", "verdict": v} for i in range(20)])
        for s, v in (("a", "unused"), ("b", "mapped"))
    ]
    for i, table in enumerate(every):
        tables.write("conversion", table, tmp_path / str(i))
    tables.write("conversion", tables.concat("conversion", every), tmp_path / "whole")
    pieces.write("conversion", lambda: pieces.of([tmp_path / "0", tmp_path / "1"]), tmp_path / "pieces")
    assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()


def test_packing_keeps_a_table() -> None:
    table = tables.frame("network", [{"feeder": "f", "kind": "bus", "name": "b", "body": "{}"}])
    assert pieces.unpacked(pieces.packed(table)).equals(table)
