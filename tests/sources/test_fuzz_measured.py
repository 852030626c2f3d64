"""Damaged files of measurements and registers: each becomes rows or findings, within two seconds, never a traceback."""

from __future__ import annotations

import io
import json
import random
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mutations import JSON, damage, survive
from outage_exports import as_excel, damaged
from typical_files import epw, nsrdb, tmy3

NUMBER = pytest.mark.parametrize("number", [200, pytest.param(2000, marks=pytest.mark.slow)])
CELL = re.compile(r"(?<=[,\n])[^,\n]+")

SCADA = "time,tag,value,quality\n" + "".join(
    f"2025-11-02 {h:02d}:{m:02d},F1_{t},{h + m / 60},GOOD\n"
    for t in ("KW", "A")
    for h in range(6)
    for m in (0, 15, 30, 45)
)
TAGS = {"F1_KW": {"feeder": "F1", "unit": "kW"}, "F1_A": {"feeder": "F1", "unit": "A", "record": "event"}}
CSV = "time,temp_c,ghi_w_m2\n" + "".join(f"2025-06-01 {h:02d}:00,{h},{10 * h}\n" for h in range(24))
REGISTERS = {
    "generators": "id,feeder,bus,type,kw,kva,status,day\ng1,F1,n1,pv,5,6,in service,2021-01-01\n"
    "g2,F1,n2,battery,5,6,queued,2027-01-01\n",
    "forecast": "year,area,what,value,unit\n2026,A,ev,0.1,share\n2030,A,ev,30,%\n2026,B,load,0.02,per_year\n",
    "costs": "option,size,unit,cost,life_years,om_pct\nreconductor,,km,145000,40,1\ncapacitor,600,each,21000,20,2\n",
}


def answer() -> str:
    hours = [f"2025-06-01T{h:02d}:00" for h in range(24)]
    told: dict[str, Any] = {
        "latitude": 41.9,
        "longitude": -87.6,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "hourly_units": {"time": "iso8601", "temperature_2m": "°C", "precipitation": "mm"},
        "hourly": {"time": hours, "temperature_2m": [1.5] * 24, "precipitation": [0.0] * 24},
    }
    return json.dumps(told, indent=1, ensure_ascii=False)


@NUMBER
def test_damaged_scada(tmp_path: Path, number: int) -> None:
    """Three of four files are CSV, one is Parquet."""
    rng = random.Random(number)
    sound = parquet()
    for i in range(number):
        if i % 4:
            (tmp_path / f"s{i:04d}.csv").write_text(damage(SCADA, rng, CELL), encoding="utf-8", errors="replace")
            continue
        data = bytearray(sound)
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        end = rng.choice((len(data), len(data), rng.randrange(len(data))))
        (tmp_path / f"s{i:04d}.parquet").write_bytes(data[:end])
    spec = {"tags": TAGS, "zone": "local", "timezone": "America/Chicago"}
    assert survive("scada", tmp_path, spec) == []


@NUMBER
def test_damaged_scada_in_pairs(tmp_path: Path, number: int) -> None:
    """Half of the files are CSV, half Excel: two columns of stamps, which go apart in the repeated hour."""
    rng = random.Random(number)
    first = datetime(2025, 11, 2)
    body = [[first + timedelta(minutes=15 * i), i / 4, "", first + timedelta(hours=i), "No Data"] for i in range(24)]
    head = ["time", "F1_KW", "", "time", "F1_A"]
    text = "".join(",".join(map(str, row)) + "\n" for row in [head, *body])
    sound = as_excel(head, body)
    for i in range(number):
        if i % 2:
            (tmp_path / f"s{i:04d}.csv").write_text(damage(text, rng, CELL), encoding="utf-8", errors="replace")
        else:
            (tmp_path / f"s{i:04d}.xlsx").write_bytes(damaged(sound, rng))
    spec = {"tags": TAGS, "zone": "local", "timezone": "America/Chicago", "layout": "pairs"}
    assert survive("scada", tmp_path, spec) == []


def parquet() -> bytes:
    """The values as Parquet, not packed, so that damage reaches them."""
    lines = [line.split(",") for line in SCADA.splitlines()]
    sink = io.BytesIO()
    columns = {name: [row[i] for row in lines[1:]] for i, name in enumerate(lines[0])}
    pq.write_table(pa.table(columns), sink, compression="none")
    return sink.getvalue()


@pytest.mark.parametrize("kind", sorted(REGISTERS))
@NUMBER
def test_damaged_register(tmp_path: Path, kind: str, number: int) -> None:
    rng = random.Random(number)
    for i in range(number):
        (tmp_path / f"r{i:04d}.csv").write_text(damage(REGISTERS[kind], rng, CELL), encoding="utf-8", errors="replace")
    assert survive(kind, tmp_path, {}) == []


@NUMBER
def test_damaged_weather(tmp_path: Path, number: int) -> None:
    rng = random.Random(number)
    sound = {
        "csv": (CSV, CELL),
        "json": (answer(), JSON),
        "epw": (epw(48), CELL),
        "tm3": (tmy3(48), CELL),
        "nsrdb": (nsrdb(48), CELL),
    }
    points = {}
    for i in range(number):
        ending = rng.choice(sorted(sound))
        points[f"w{i:04d}"] = {"latitude_deg": 41.9, "longitude_deg": -87.6}
        text = damage(*sound[ending][:1], rng, sound[ending][1])
        (tmp_path / f"w{i:04d}.{ending}").write_text(text, encoding="utf-8", errors="replace")
    spec = {"timezone": "America/Chicago", "points": points}
    assert survive("weather_file", tmp_path, spec) == []


@NUMBER
def test_damaged_pins(tmp_path: Path, number: int) -> None:
    from dtl.sources.open_meteo import read
    from dtl.spec import pins

    rng = random.Random(number)
    spec = {"latitude_deg": 41.9, "longitude_deg": -87.6, "years": [2025]}
    file = f"{pins.PINS}/{pins.name((41.9, -87.6), 2025, 'best_match')}"
    sound = f'{{"answer": {answer()}, "asked": {{}}}}'
    for _ in range(number):
        path = tmp_path / "pin.json"
        path.write_text(damage(sound, rng, JSON), encoding="utf-8", errors="replace")
        reading = read("s", spec, {file: path})
        assert reading.findings or reading.tables["weather"].num_rows
