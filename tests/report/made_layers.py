"""Made-up devices, outages, assets and their links of the made-up study, for the layers of the map."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

HOSTILE = 'fuse "A"; <i>1</i>'
"""A cause as a source could write it."""


def devices(feeder: str, buses: Sequence[str], cases: Sequence[str]) -> list[dict[str, Any]]:
    """Cars at every low-voltage bus of the scenario growth: 10 kW at the first, 20 kW at the second, and so on."""
    low = [b for b in buses if b.startswith("v")]
    made = []
    for case in cases:
        scenario, year = case.split("@")
        place = {"feeder": feeder, "scenario": scenario, "year": int(year), "case": case, "layer": "more", "kind": "ev"}
        if scenario == "growth":
            made += [
                place | {"bus": b, "units": 2.0, "peak_kw": 10.0 * (i + 1), "kwh": 900.0} for i, b in enumerate(low)
            ]
    return made


def outages() -> list[dict[str, Any]]:
    """Three interruptions of line l04 and one of transformer t12, one that is refused, and one that nothing places."""
    start = datetime(2024, 3, 1, 12, tzinfo=UTC)
    texts = ("feeder_alias", "device", "device_alias", "failed", "cause_stated", "refused")
    made = []
    for n, (kind, element, refused) in enumerate(
        [("line", "l04", ""), ("line", "l04", ""), ("line", "l04", ""), ("transformer", "t12", ""),
         ("line", "l02", "no end"), ("", "", "")]
    ):  # fmt: skip
        made.append(
            dict.fromkeys(texts, "")
            | {"source": "oms", "outage": f"o{n}", "feeder": "north", "feeder_link": "exact", "kind": kind}
            | {"element": element, "device_link": "exact" if kind else "none", "day": date(2024, 3, 1 + n)}
            | {"start": start + timedelta(days=n), "end": start + timedelta(days=n, minutes=60 + n), "customers": 20}
            | {"customer_minutes": 20.0 * (60 + n), "cause": "equipment" if n else HOSTILE, "planned": False}
            | {"major": False, "file": "oms.csv", "line": n + 2, "refused": refused}
        )
    return made


def assets() -> list[dict[str, Any]]:
    """An asset for line l04, 24 years old at the end of 2025, and one without a date."""
    same = {"source": "gis", "kind": "conductor", "feeder": "north", "name": "", "attributes": "{}"}
    return [same | {"asset": "c4", "installed": date(2002, 1, 1)}, same | {"asset": "c5", "installed": None}]


def links() -> list[dict[str, Any]]:
    """Which asset is which line."""
    same = {"feeder": "north", "kind": "line", "confidence": 0.9, "basis": "name", "distance_m": 1.0, "differs": ""}
    return [same | {"element": "l04", "asset": "c4"}, same | {"element": "l05", "asset": "c5"}]
