"""What the page of data quality shows of meters: how they were placed, and what their readings are worth."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables

ROWS = 200
"""Most meters in a list of the page; the files for download hold all."""

BANDS = ("high", "medium", "low", "none")
_SHOWN = ("meter", "feeder", "transformer", "recorded_transformer", "basis", "band", "confidence", "distance_m",
          "candidates")  # fmt: skip


def context(meters: pa.Table, series: pa.Table) -> dict[str, Any]:
    """The context of the page's part about meters, from the tables ``meters`` and ``series``."""
    rows = meters.select(list(_SHOWN)).to_pylist()
    ways = Counter((r["basis"], r["band"]) for r in rows)
    review = [
        r
        for r in rows
        if r["band"] in ("low", "none")
        or r["recorded_transformer"] not in ("", r["transformer"])
        or (r["basis"] == "record" and r["band"] != "high")
    ]
    review.sort(key=lambda r: (r["confidence"] or 0.0, r["meter"]))
    return {
        "meters": len(rows),
        "bands": BANDS,
        "ways": [
            {"basis": basis, "counts": {band: ways[basis, band] for band in BANDS}}
            for basis in sorted({basis for basis, _ in ways})
        ],
        "review": review[:ROWS],
        "reviewed": len(review),
        "readings": [
            _readings(name, series) for name in sorted(pc.unique(series["source"].cast(tables.TEXT)).to_pylist())
        ],
        "gaps": _gaps(series),
    }


def _readings(source: str, series: pa.Table) -> dict[str, Any]:
    """What one source of readings holds."""
    own = series.filter(pc.equal(series["source"].cast(tables.TEXT), source))
    present, missing = (pc.sum(own[name]).as_py() or 0 for name in ("intervals", "missing"))
    days = [pc.min(own["first"]).as_py(), pc.max(own["last"]).as_py()]
    return {
        "source": source,
        "meters": own.num_rows,
        "interval_min": ", ".join(str(m) for m in sorted(pc.unique(own["interval_min"]).to_pylist())),
        "first": days[0],
        "last": days[1],
        "intervals": present,
        "missing_pct": 100.0 * missing / max(present + missing, 1),
        "volts_pct": 100.0 * (pc.sum(own["has_volts"]).as_py() or 0) / max(own.num_rows, 1),
        **{name: pc.sum(own[name]).as_py() or 0 for name in ("missing", "duplicate", "ambiguous", "estimated")},
    }


def _gaps(series: pa.Table) -> list[dict[str, Any]]:
    """The meters that miss most."""
    rows = series.select(["meter", "source", "intervals", "missing", "ambiguous", "estimated"]).to_pylist()
    worst = sorted((r for r in rows if r["missing"]), key=lambda r: (-r["missing"], r["meter"]))
    return worst[:20]
