"""Positions of switches as they were operated on a day, from the states that SCADA recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables

CLOSED = 0.5
"""A state above this is closed."""


def operated(
    scada: pa.Table, day: str, timezone: str, switches: Mapping[str, list[str]]
) -> tuple[dict[str, bool], list[str]]:
    """Whether each switch with a recorded state is closed, as ``FEEDER:name``, and the devices that are no switch.

    Parameters
    ----------
    scada
        The table ``scada``; of each device the last good value of quantity ``status`` counts.
    day
        The day at whose end, in local time, the positions hold; empty: after all that was recorded.
    switches
        Names of the switches of the model, by feeder.
    """
    rows = scada.filter(pc.equal(scada["quantity"].cast(tables.TEXT), "status"))
    rows = rows.filter(pc.and_(pc.equal(rows["quality"].cast(tables.TEXT), "good"), pc.is_valid(rows["value"])))
    if day:
        rows = rows.filter(pc.less(rows["start"].cast(pa.int64()), _end(day, timezone)))
    rows = rows.take(pc.sort_indices(rows["start"]))
    last: dict[tuple[str, str], float] = {}
    for row in rows.select(["feeder", "device", "value"]).to_pylist():
        last[row["feeder"], row["device"]] = row["value"]
    found: dict[str, bool] = {}
    strange: list[str] = []
    for (feeder, device), value in sorted(last.items()):
        owners = [feeder] if feeder in switches else sorted(switches)
        names = [f"{f}:{n}" for f in owners for n in _same(device, switches[f])]
        if len(names) == 1:
            found[names[0]] = value > CLOSED
        else:
            strange.append(f"{feeder}:{device}" if feeder else device)
    return found, strange


def _same(device: str, names: list[str]) -> list[str]:
    """The switches that a device may be: of its name; else of the same letters and digits, whatever stands between."""
    exact = [n for n in names if n.lower() == device.lower().strip()]
    return exact or [n for n in names if _bare(n) == _bare(device)]


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _end(day: str, timezone: str) -> int:
    """The instant at which a day ends in local time [s since 1970 UTC]."""
    midnight = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), ZoneInfo(timezone))
    return int(midnight.astimezone(UTC).timestamp())


def switches_of(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """Names of the switches by feeder, from the rows of the table ``network``."""
    return {feeder: [r["name"] for r in parts if r["kind"] == "switch"] for feeder, parts in rows.items()}
