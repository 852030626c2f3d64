"""Insights of two modules about the made-up study, with names that break whatever does not escape."""

from __future__ import annotations

from pathlib import Path

from dtl import tables
from dtl.learning.insight import Cell, Insight, LearnResult, not_enough

WARNED = Insight("growth", "growth_pct_per_year", 4.2, "%", "grows; 95 % band +3.1 to +5.3 %", "north", confidence=0.97,
                 evidence=[Cell("scada", "north", "value")])  # fmt: skip
REJECTED = Insight("anomaly", "stuck", 13.0, "h", "M<1>: 13 equal readings", "south-2", kind="alert", element="M<1> a",
                   confidence=0.4, evidence=[Cell("alerts", "M<1>", "fault")])  # fmt: skip
GAPS = [
    Insight("anomaly", "gap", float(n % 7), "h", f"M{n} has a gap", "north", kind="alert", element=f"M{n}")
    for n in range(40)
]
RISKS = [
    Insight("outage_risk", "interruptions_ahead", expected, "1", f"{expected} expected in 730 days", feeder)
    for feeder, expected in (("north", 14.0), ("south-2", 1.5))
]
"""What is expected in two years: 7 and 0.75 in one."""
SILENT = [not_enough("growth", "5 weeks of load, 94 are needed", feeder=f) for f in ("south-2", "lost-9")]


def write(folder: Path) -> Path:
    """The folder that the stage ``learn`` would write."""
    folder.mkdir()
    result = LearnResult([WARNED, REJECTED, *GAPS, *RISKS, *SILENT])
    tables.write("insights", result.insights(), folder / "insights.parquet")
    alert = {"feeder": "south-2", "kind": "meter", "element": "M<1>", "fault": "stuck", "start": 0, "end": 3600,
             "confidence": 0.4, "text": "equal", "repair": "none"}  # fmt: skip
    tables.write("alerts", tables.frame("alerts", [alert]), folder / "alerts.parquet")
    return folder
