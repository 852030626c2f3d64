"""The point of the weather that stands for a feeder, and feeders that none is near."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from dtl import tables
from dtl.network.stations import distant, nearest, points

CHICAGO = {"source": "w", "point": "ohare", "latitude_deg": 41.98, "longitude_deg": -87.90}


def weather(*places: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of a table that has two hours of each."""
    columns = tables.TABLES["weather"].columns
    rows = [
        {c.name: None for c in columns} | dict(p) | {"start": datetime(2025, 1, 1, hour, tzinfo=UTC)}
        for p in places for hour in range(2)
    ]  # fmt: skip
    return points(tables.frame("weather", rows))


def network(crs: str, x: float, y: float) -> pa.Table:
    bodies = [("feeder", "f1", f'{{"crs":"{crs}"}}'), ("bus", "a", '{"name":"a"}')]
    bodies += [("bus", "b", f'{{"name":"b","x":{x},"y":{y}}}')]
    return tables.frame("network", [{"feeder": "f1", "kind": k, "name": n, "body": b} for k, n, b in bodies])


@pytest.mark.parametrize(
    ("crs", "km"),
    [("EPSG:26916", None), ("EPSG:26915", 497), ("EPSG:32716", 10_090), ("", None)],
    ids=["right", "next zone", "southern", "no system"],
)
def test_a_wrong_coordinate_system_is_told_by_the_weather(crs: str, km: float | None) -> None:
    """Joliet, Illinois: 50 km from the point in zone 16, in Iowa in zone 15, beyond the equator in the south's."""
    found = distant(network(crs, 405_000.0, 4_598_000.0), weather(CHICAGO))
    assert len(found) == (km is not None)
    if km is not None:
        assert float(found[0].value.split()[0]) == pytest.approx(km, rel=0.1)
        assert found[0].check == "weather.distant" and "ohare" in found[0].message


def test_a_wrong_sign_of_the_weather_and_no_weather_at_all() -> None:
    there = network("EPSG:4326", -88.1, 41.5)
    assert distant(there, weather(CHICAGO)) == []
    assert distant(there, weather(CHICAGO | {"longitude_deg": 87.90}))
    assert distant(there, weather(CHICAGO | {"longitude_deg": 87.90}, CHICAGO | {"point": "near"})) == []
    assert distant(there, weather()) == []


def test_the_point_of_a_feeder_is_its_own_else_the_nearest() -> None:
    far = CHICAGO | {"point": "F1", "latitude_deg": 45.0}
    assert nearest([CHICAGO, far], ["f1"], (-88.1, 41.5), "EPSG:4326")["basis"] == "name"
    assert nearest([CHICAGO, far], ["f2"], (-88.1, 41.5), "EPSG:4326")["point"] == "ohare"
    assert nearest([CHICAGO, far], ["f2"], None, "EPSG:4326")["basis"] == "none"
