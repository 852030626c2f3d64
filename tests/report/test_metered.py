"""What the page of data quality shows of meters."""

from __future__ import annotations

from dtl import tables
from dtl.report.metered import context


def test_who_is_worth_a_look() -> None:
    """Little sure, moved, or recorded and doubted; a record that nothing speaks against is not."""
    empty = {c.name: "" for c in tables.TABLES["meters"].columns if not c.null}
    rows = [
        empty | {"meter": m, "transformer": "t1", "recorded_transformer": r, "basis": b, "confidence": c, "band": d}
        for m, r, b, c, d in (
            ("sure", "t1", "record", 0.95, "high"),
            ("doubted", "t1", "record", 0.7, "medium"),
            ("moved", "t2", "voltage", 0.95, "high"),
            ("weak", "", "nearest", 0.4, "low"),
            ("near", "", "nearest", 0.8, "medium"),
        )
    ]
    found = context(tables.frame("meters", rows), tables.concat("series", []))
    assert [r["meter"] for r in found["review"]] == ["weak", "doubted", "moved"] and found["reviewed"] == 3
