"""What a case knows of the weather is read when a layer asks, and is what the table says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtl import tables
from dtl.demand.weather import FIELDS, weather
from dtl.scenarios.context import read_context

ZONE = "America/Chicago"


@pytest.fixture
def asked(tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A slice with a layer, and the inputs of its stage: two years at one point and a gap, another point beside it."""
    rows = []
    for point, mean in (("north", 10.0), ("south", 20.0)):
        first = datetime(2023, 1, 1, 6, tzinfo=UTC)
        for hour in range(2 * 8760):
            row = dict.fromkeys(FIELDS)
            row |= {"source": "station", "point": point, "latitude_deg": 42.0, "longitude_deg": -88.0}
            row |= {"start": first + timedelta(hours=hour), "temp_c": mean + np.sin(hour / 24)}
            if hour not in range(4000, 4010):
                rows.append(row)
    tables.write("weather", tables.frame("weather", rows), tmp_path / "weather.parquet")
    point = {"source": "station", "point": "north"}
    facts = {"weather": point, "forecast": [], "register": [], "areas": {}}
    (tmp_path / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    spec = {"measured_year": 2024, "year": 2026, "timezone": ZONE, "step_min": 60, "layers": [{"kind": "growth"}]}
    return spec, {"facts": tmp_path / "facts.json", "weather": tmp_path / "weather.parquet", "raw": {}}


def test_the_years_of_a_point_are_those_of_its_table(asked: tuple[dict[str, Any], dict[str, Any]]) -> None:
    spec, inputs = asked
    known = read_context(spec, inputs).weather
    assert sorted(known) == [2023, 2024] and len(known) == 2 and 2022 not in known
    table = tables.read("weather", inputs["weather"])
    for year, one in known.items():
        said = weather(table, "station", "north", year, ZONE)
        assert said is not None and one.missing == said.missing and one.filled == said.filled
        for name in FIELDS:
            np.testing.assert_array_equal(one.fields[name], said.fields[name])
    lacking = known[2023].missing
    assert lacking["temp_c"] == tuple(range(4000, 4010)) and lacking["ghi_w_m2"] == tuple(range(8760))


def test_weather_that_no_layer_asks_for_is_not_read(asked: tuple[dict[str, Any], dict[str, Any]]) -> None:
    spec, inputs = asked
    Path(inputs["weather"]).unlink()
    known = read_context(spec, inputs).weather
    with pytest.raises(FileNotFoundError):
        known.get(2024)
