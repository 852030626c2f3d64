"""Small exports of meter readings in every layout, made from one table of true readings, and specs that read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ZONE = "America/Chicago"
START = datetime(2025, 11, 1, 5, tzinfo=UTC)
"""Local midnight, a day before clocks go back."""
DAYS, STEP = 3, 15
FOLD = 24 * 4 + 3
"""The first interval whose label (its end) occurs twice."""
METERS = ("m1", "m2", "m3")


def spec(**words: Any) -> dict[str, Any]:
    """The spec of a source, as the study gives it to the reader."""
    plain = {
        "kind": "ami", "path": "readings.csv", "columns": "usual", "interval_min": STEP, "stamp": "interval_end",
        "zone": "local", "timezone": ZONE, "time_format": None, "unit": "kWh", "multiplier": 1.0,
        "positive": "delivered", "reads": "interval", "register_digits": None, "quality": None, "repeated": "none",
        "header_row": 1, "decimal": ".",
    }  # fmt: skip
    return plain | words


def moments() -> list[datetime]:
    """UTC starts of all intervals: three local days, of which the second has 25 hours."""
    steps = (DAYS * 24 + 1) * 60 // STEP
    return [START + timedelta(minutes=STEP * k) for k in range(steps)]


def truth() -> dict[tuple[str, datetime], float]:
    """kWh by meter and start, all different."""
    return {(m, t): round(0.1 + i + k / 1000, 3) for i, m in enumerate(METERS) for k, t in enumerate(moments())}


def label(start: datetime) -> str:
    """The end of an interval on the local clock."""
    return (start + timedelta(minutes=STEP)).astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%d %H:%M")


def long_rows() -> Iterator[tuple[str, str, float]]:
    """Rows by meter, in order of time."""
    for (meter, start), kwh in truth().items():
        yield meter, label(start), kwh


def long_csv(path: Path, rows: list[tuple[str, str, float]]) -> Path:
    """A long CSV of rows."""
    path.write_text("METER_ID,READ_TIME,KWH\n" + "".join(f"{m},{t},{v}\n" for m, t, v in rows))
    return path


def wide_csv(path: Path, columns: int) -> Path:
    """A wide CSV with 96 columns by the clock, or 100 in order of time."""
    lines = ["METER_ID,DATE," + ",".join(f"INT{k + 1:03d}" for k in range(columns))]
    zone = ZoneInfo(ZONE)
    for meter in METERS:
        days: dict[str, dict[int, float]] = {}
        for (m, start), kwh in truth().items():
            if m != meter:
                continue
            local = start.astimezone(zone)
            cells = days.setdefault(f"{local:%Y-%m-%d}", {})
            clock = (local.hour * 60 + local.minute) // STEP
            cells.setdefault(clock if columns == 96 else len(cells), kwh)
        for day, cells in days.items():
            lines.append(f"{meter},{day}," + ",".join(str(cells.get(k, "")) for k in range(columns)))
    path.write_text("\n".join(lines) + "\n")
    return path


def espi(readings: list[tuple[int, int]], uom: int = 72, direction: int = 1, power: int = 0) -> str:
    """A Green Button feed of one meter: Unix seconds and values, 15 minutes each."""
    base = "/espi/1_1/resource/RetailCustomer/1/UsagePoint/UP9/MeterReading/01"
    rows = "".join(
        f"<IntervalReading><timePeriod><duration>900</duration><start>{t}</start></timePeriod>"
        f"<value>{v}</value></IntervalReading>\n" for t, v in readings
    )  # fmt: skip
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<entry><link rel="self" href="{base}/IntervalBlock/1"/><content><IntervalBlock xmlns="http://naesb.org/espi">
{rows}</IntervalBlock></content></entry>
<entry><link rel="self" href="{base}"/><link rel="related" href="/espi/1_1/resource/ReadingType/7"/>
<content><MeterReading xmlns="http://naesb.org/espi"/></content></entry>
<entry><link rel="self" href="/espi/1_1/resource/ReadingType/7"/><content><ReadingType xmlns="http://naesb.org/espi">
<accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity><flowDirection>{direction}</flowDirection>
<powerOfTenMultiplier>{power}</powerOfTenMultiplier><uom>{uom}</uom></ReadingType></content></entry>
</feed>
"""
