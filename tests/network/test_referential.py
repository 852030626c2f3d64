"""Names of measurements and registers that the model does not have are findings with their number."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dtl import tables
from dtl.network.referential import check

MODEL = [
    {"feeder": "F1", "kind": "bus", "name": "n1", "body": "{}"},
    {"feeder": "F1", "kind": "switch", "name": "cb1", "body": "{}"},
]


def test_names_against_the_model(tmp_path: Path) -> None:
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    scada = [
        {"source": "s", "feeder": f, "device": d, "quantity": "kw", "phases": "", "interval_min": 15, "start": moment,
         "value": 1.0, "quality": "good"} for f, d in (("F1", "CB1"), ("F1", "relay 7"), ("f1", ""), ("SUB", "T1"))
    ]  # fmt: skip
    register = [
        {"source": "r", "id": i, "feeder": "F1", "bus": b, "meter": "", "type": "pv", "kw": 1.0, "phases": "",
         "status": "queued", "setting": ""} for i, b in (("1", "N1"), ("2", "F1:n1"), ("3", "n9"), ("4", ""))
    ]  # fmt: skip
    for name, table, rows in (("s", "scada", scada), ("r", "register", register)):
        tables.write(table, tables.frame(table, rows), tmp_path / name / f"{table}.parquet")
    (tmp_path / "circuit").mkdir()
    folders = {n: tmp_path / n for n in ("s", "r", "circuit")}
    found = [(f.check, f.source, f.severity, f.value) for f in check(folders, tables.frame("network", MODEL))]
    assert found == [
        ("given.bus", "r", "warning", "n9"),
        ("given.feeder", "s", "warning", "f1"),
        ("given.feeder", "s", "warning", "SUB"),
        ("given.device", "s", "info", "relay 7"),
    ]
