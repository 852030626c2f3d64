"""Banks by hand: three feeders whose peaks do not coincide, two units side by side, and what a GIS says of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dtl import tables
from dtl.analyses.station_banks import banks
from dtl.analyses.substations import substations

CASES = [
    {"case": "base@2026", "scenario": "base", "year": 2026},
    {"case": "base@2030", "scenario": "base", "year": 2030},
]
KW = {"a": [900.0, 100.0, 500.0], "b": [100.0, 900.0, 500.0], "c": [300.0, -400.0, 0.0]}
KVAR = {"a": [0.0, 0.0, 1200.0], "b": [0.0, 0.0, 0.0], "c": [0.0, 0.0, 0.0]}


def hourly(feeders: str = "abc") -> pa.Table:
    rows = {
        "feeder": [f for _ in CASES for f in feeders for _ in range(3)],
        "case": [c["case"] for c in CASES for _ in feeders for _ in range(3)],
        "hour": [h for _ in CASES for _ in feeders for h in (17, 18, 4000)],
        "source_kw": [v * (1 + (c["year"] == 2030)) for c in CASES for f in feeders for v in KW[f]],
        "source_kvar": [v * (1 + (c["year"] == 2030)) for c in CASES for f in feeders for v in KVAR[f]],
    }
    return pa.table(rows)


def gis(**stations: Any) -> pa.Table:
    rows = []
    for name, (mva, feeders) in stations.items():
        said = {} if mva is None else {"mva": mva}
        rows.append({"source": "gis", "asset": name, "kind": "substation", "feeder": "", "name": name,
                     "attributes": json.dumps(said)})  # fmt: skip
        rows += [{"source": "gis", "asset": f.upper(), "kind": "feeder", "feeder": f, "name": f,
                  "attributes": json.dumps({"substation": name})} for f in feeders]  # fmt: skip
    return tables.frame("assets", rows)


def asked(words: dict[str, Any], assets: pa.Table, table: pa.Table | None = None) -> dict[tuple[str, str, str], Any]:
    given = {"banks": {}, "over_pct": 100.0} | words
    rows = substations(given, CASES, hourly() if table is None else table, assets, ["a", "b", "c"])
    tables.frame("cube", rows)
    return {(r["metric"], r["element"], r["case"]): r for r in rows if not r["feeder"]}


def test_the_peak_of_a_bank_is_that_of_its_hour() -> None:
    """By hand: sums 1000, 1000 and 1000 + j1200; sizes 1000, 1000, 1562.05; own peaks 1300 and 900."""
    found = asked({"for": ["base@2026"], "banks": {"t1": {"feeders": ["A", "b"], "mva": 1.5, "units": 1}}}, gis())
    peak = found["bank_peak_kva", "t1", "base@2026"]
    assert peak["value"] == pytest.approx(np.hypot(1000, 1200))
    assert peak["hour"] == 4000
    assert found["bank_coincidence", "t1", "base@2026"]["value"] == pytest.approx(np.hypot(1000, 1200) / 2200)
    assert found["bank_load_pct", "t1", "base@2026"]["value"] == pytest.approx(np.hypot(1000, 1200) / 15)
    assert found["bank_hours_over_h", "t1", "base@2026"]["value"] == 1
    assert found["feeders_without_bank", "", "base@2026"]["text"] == "c"
    assert ("banks", "", "base@2030") not in found


def test_without_cases_named_the_last_year_is_judged() -> None:
    found = asked({"banks": {"t1": {"feeders": ["a", "b"], "mva": 1.5, "units": 1}}}, gis())
    assert {case for _, _, case in found} == {"base@2030"}
    assert found["bank_hours_over_h", "t1", "base@2030"]["value"] == 3


def test_the_units_left_carry_all_or_are_short() -> None:
    """Units of 0.9, 0.9 and 0.6 MVA in an emergency: 1.5 MVA are left; hours of 1300, 600 and 1562 kVA."""
    two = {
        "t1": {"substation": "s", "feeders": ["a", "b"], "mva": 1.5, "emergency_mva": 1.8, "units": 2},
        "t2": {"substation": "s", "feeders": ["c"], "mva": 0.5, "emergency_mva": 0.6, "units": 1},
    }
    found = asked({"for": ["base@2026"], "banks": two}, gis())
    assert found["station_firm_mva", "s", "base@2026"]["value"] == pytest.approx(1.5)
    assert found["station_n_1_hours_over_h", "s", "base@2026"]["value"] == 1
    short = np.hypot(1000, 1200) - 1500
    assert found["station_n_1_short_kva", "s", "base@2026"]["value"] == pytest.approx(short)
    assert found["station_n_1_short_kvah", "s", "base@2026"]["value"] == pytest.approx(short)
    assert found["stations_over_n_1", "", "base@2026"]["value"] == 1


def test_a_gis_gives_feeders_and_rating_and_no_units() -> None:
    found = asked({"for": ["base@2026"]}, gis(north=(2.0, "ab"), south=(None, "c")))
    assert found["bank_load_pct", "north", "base@2026"]["value"] == pytest.approx(np.hypot(1000, 1200) / 20)
    assert found["bank_load_pct", "south", "base@2026"]["value"] is None
    assert found["station_n_1_pct", "north", "base@2026"]["text"].startswith("not available")
    assert found["stations_over_n_1", "", "base@2026"]["value"] is None
    assert found["bank_min_kw", "south", "base@2026"]["value"] == -400
    assert found["bank_reverse_hours_h", "south", "base@2026"]["value"] == 1
    told, _ = banks({"north": {"units": 2}}, gis(north=(2.0, "ab"), south=(None, "c")), ["a", "b", "c"])
    assert [(b.name, b.feeders, b.mva, b.units) for b in told] == [
        ("north", ("a", "b"), 2.0, 2), ("south", ("c",), None, None)]  # fmt: skip


def test_who_had_no_answer_is_said() -> None:
    bank = {"t1": {"feeders": ["a", "b"], "mva": 1.5, "units": 1}}
    found = asked({"for": ["base@2026"], "banks": bank}, gis(), hourly("ac"))
    assert "without b" in found["bank_peak_kva", "t1", "base@2026"]["text"]
    assert found["bank_peak_kva", "t1", "base@2026"]["value"] == pytest.approx(1300)


def test_the_units_left_say_whose_load_is_missing() -> None:
    two = {"t1": {"feeders": ["a", "b"], "mva": 1.5, "units": 2}}
    found = asked({"for": ["base@2026"], "banks": two}, gis(), hourly("ac"))
    assert "without b, which had no answer" in found["station_n_1_pct", "t1", "base@2026"]["text"]


def test_feeders_solved_in_different_hours_have_no_sum() -> None:
    """As days chosen by each feeder's own load: the hours that both have miss the peak of a, by half here."""
    both = hourly("ab")
    uneven = both.filter([not (f == "b" and h == 17) for f, h in zip(*(both[c].to_pylist() for c in ("feeder", "hour")),
                                                                    strict=True)])  # fmt: skip
    bank = {"t1": {"feeders": ["a", "b"], "mva": 1.5, "units": 2}, "t2": {"feeders": ["a"], "mva": 2.0, "units": 1}}
    found = asked({"for": ["base@2026"], "banks": bank}, gis(), uneven)
    for metric in ("bank_peak_kva", "station_peak_kva", "station_n_1_pct"):
        row = found[metric, "t1", "base@2026"]
        assert row["value"] is None and "different hours" in row["text"], metric
    assert not any(metric in ("bank_load_pct", "station_n_1_short_kva") and of == "t1" for metric, of, _ in found)
    assert found["bank_peak_kva", "t2", "base@2026"]["value"] == pytest.approx(1300)


def test_nothing_known_is_said_and_not_0() -> None:
    found = asked({"for": ["base@2026"]}, gis())
    assert found["banks_over", "", "base@2026"]["value"] is None
    assert found["banks_over", "", "base@2026"]["text"].startswith("not available")
