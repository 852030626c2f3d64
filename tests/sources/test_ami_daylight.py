"""The hour that occurs twice, where a column says whether the clock of a row has daylight saving."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ami_exports as ex
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dtl.sources.ami import read
from dtl.sources.ami_split import split

ZONE = ZoneInfo(ex.ZONE)
STEP = timedelta(minutes=ex.STEP)


def local(moment: datetime) -> tuple[str, bool]:
    there = moment.astimezone(ZONE)
    return there.strftime("%Y-%m-%d %H:%M"), bool(there.dst())


def rows(ends: bool, by_interval: bool) -> list[tuple[str, str, float, bool]]:
    """Meter, label, kWh, and whether its clock has daylight saving: that of the stamp, or that of the interval."""
    told = []
    for (meter, start), kwh in ex.truth().items():
        stamp = start + STEP if ends else start
        told.append((meter, local(stamp)[0], kwh, local(start if by_interval else stamp)[1]))
    return told


def kwh_of(path: Path, folder: Path, **words: Any) -> tuple[dict[Any, float], dict[str, str]]:
    spec = ex.spec(path=path.name, **words)
    reading = read("meters", spec, {path.name: path})
    split({"meters": spec}, {path.name: path}, dict.fromkeys(ex.METERS, "g"), ["g"], folder)
    found = pq.read_table(folder / "g.parquet").to_pylist()
    return (
        {(r["meter"], r["start"]): r["kwh"] for r in found if r["kwh"] is not None},
        {f.check: f.value for f in reading.findings if f.severity != "info"},
    )


def written(path: Path, found: list[tuple[str, str, float, bool]], words: tuple[str, str] = ("N", "Y")) -> Path:
    lines = "".join(f"{m},{t},{v},{words[s]}\n" for m, t, v, s in found)
    path.write_text("METER_ID,READ_TIME,KWH,DST\n" + lines, encoding="utf-8")
    return path


@pytest.mark.parametrize("order", ["shuffled", "standard first", "time"])
@pytest.mark.parametrize(("ends", "by_interval"), [(True, False), (True, True), (False, True)])
def test_the_column_tells_each_pass_whatever_the_order(
    ends: bool, by_interval: bool, order: str, tmp_path: Path
) -> None:
    found = rows(ends, by_interval)
    if order == "shuffled":
        found = [found[i] for i in np.random.default_rng(5).permutation(len(found))]
    elif order == "standard first":
        found = sorted(found, key=lambda r: (r[0], r[1], r[3]))
    stamp = "interval_end" if ends else "interval_start"
    kwh, told = kwh_of(written(tmp_path / "r.csv", found), tmp_path / "out", stamp=stamp)
    truth = ex.truth()
    if by_interval and ends and order != "time":
        doubtful = {(m, t) for m in ex.METERS for t in ex.moments()[ex.FOLD : ex.FOLD + 5 : 4]}
        assert {k for k in truth if k not in kwh or abs(kwh[k] - truth[k]) > 1e-6} <= doubtful
    else:
        assert kwh == pytest.approx(truth) and not told


@pytest.mark.parametrize("words", [("0", "1"), ("False", "True"), ("STD", "DST"), ("standard", "summer")])
def test_words_and_true_or_false_of_a_table_say_the_same(words: tuple[str, str], tmp_path: Path) -> None:
    found = sorted(rows(True, False), key=lambda r: (r[0], r[1], r[3]))
    assert kwh_of(written(tmp_path / "r.csv", found, words), tmp_path / "a") == (pytest.approx(ex.truth()), {})
    meters, labels, values, summer = zip(*found, strict=True)
    columns = {"meter_id": meters, "read_time": labels, "kwh": values, "is_dst": summer}
    pq.write_table(pa.table({n: list(v) for n, v in columns.items()}), tmp_path / "r.parquet")
    assert kwh_of(tmp_path / "r.parquet", tmp_path / "b") == (pytest.approx(ex.truth()), {})


def test_a_word_without_meaning_is_told_and_the_order_decides(tmp_path: Path) -> None:
    kwh, told = kwh_of(written(tmp_path / "r.csv", rows(True, False), ("old", "new")), tmp_path / "out")
    assert kwh == pytest.approx(ex.truth())
    assert told == {"ami.daylight": "new"}
