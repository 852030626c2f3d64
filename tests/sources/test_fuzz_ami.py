"""Damaged files of meter readings: each is read or refused within two seconds, and no row is lost without a word."""

from __future__ import annotations

import random
import re
from pathlib import Path

import ami_exports as ex
import pyarrow as pa
import pytest
from mutations import damage, survive

from dtl.sources.ami import read

CELL = re.compile(r"(?<=[,\n])[^,\n]+")
TEXT = re.compile(r"(?<=>)[^<>\n]+(?=<)|(?<=MeterReading/)\d+")
NUMBERS = [70, pytest.param(700, marks=pytest.mark.slow)]
"""Files of each of the three forms: together the 200 (slow: 2,000) of a reader."""
FEED = ex.espi([(1330578000 + 900 * k, 100 + k) for k in range(40)])
GREEN = {"columns": "green_button", "interval_min": None, "stamp": None}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("form", ["long", "wide", "espi"])
def test_damaged_readings(form: str, number: int, tmp_path: Path) -> None:
    rng = random.Random(number)
    (tmp_path / "files").mkdir()
    if form == "espi":
        text, name, value, spec = FEED, "f{:04d}.xml", TEXT, ex.spec(**GREEN)
    else:
        source = tmp_path / "r.csv"
        rows = list(ex.long_rows())[:150]
        path = ex.long_csv(source, rows) if form == "long" else ex.wide_csv(source, 96)
        text, name, value = path.read_text(), "r{:04d}.csv", CELL
        spec = ex.spec(columns="usual" if form == "long" else "wide")
    for i in range(number):
        (tmp_path / "files" / name.format(i)).write_text(damage(text, rng, value), encoding="utf-8", errors="replace")
    spec = {k: v for k, v in spec.items() if k not in ("kind", "path")}
    assert survive("ami", tmp_path / "files", spec) == []


def test_every_row_of_a_damaged_file_is_read_or_accounted_for(tmp_path: Path) -> None:
    rng = random.Random(11)
    rows = [f"{m},{t},{v},A" for m, t, v in ex.long_rows()][:120]
    text = "METER_ID,READ_TIME,KWH,QUALITY\n" + "\n".join(rows) + "\n"
    path = tmp_path / "r.csv"
    for _ in range(100):
        wounded = damage(text, rng, CELL)
        path.write_text(wounded, encoding="utf-8", errors="replace")
        reading = read("meters", ex.spec(), {"r.csv": path})
        if any(f.check == "ami.file" for f in reading.findings):
            continue
        series = reading.tables["series"]
        assert isinstance(series, pa.Table)
        known = {c: sum(series[c].to_pylist()) for c in ("intervals", "duplicate", "conflict")}
        account = reading.conversion.values()
        lost = sum(int(r["value"].split()[0]) for r in account if r["verdict"] == "refused" and "[rows]" in r["object"])
        there = len(re.split(r"\n", path.read_bytes().decode().rstrip("\n"))) - 1
        told = known["intervals"] + known["duplicate"] + lost
        assert told <= there <= told + 20 * known["conflict"], wounded
