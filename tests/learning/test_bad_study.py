"""Bad input through ``dtl run``: each feeder has a fault of its own, and every module says why it cannot answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from dtl import tables
from dtl.synth.settings import Settings
from dtl.synth.utility import write

pytestmark = pytest.mark.slow
SETTINGS = Settings(
    feeders=5, seed=3, start=date(2025, 10, 15), days=9, step_min=60, meters=(12, 16), scada_years=1,
    formats=("gdb", "cyme_text", "ami_parquet", "scada", "oms", "weather", "registers"),
)  # fmt: skip
ANALYSES = """analyses:
  anomaly: {}
  calibrate: {against: [scada]}
  clusters: {}
  disaggregate: {}
  forecast: {}
  growth: {}
  outage_risk: {horizon_days: 365}
  recommend: {}
  spatial: {}

"""


def spoiled(data: Path) -> None:
    """F0001 is zero, F0002 has gaps over half, F0003 was never seen, F0004 stands still, F0005 has one temperature."""

    def head(feeder: str, rows: pd.DataFrame) -> None:
        rows.to_csv(data / "scada" / f"{feeder}.csv", index=False)

    given = {f: pd.read_csv(data / "scada" / f"{f}.csv", dtype=str) for f in ("F0001", "F0002", "F0003", "F0004")}
    head("F0001", given["F0001"].assign(VALUE="0"))
    hour = pd.to_datetime(given["F0002"]["TIME_UTC"]).dt.hour
    head("F0002", given["F0002"][hour % 5 < 2])
    head("F0003", given["F0003"].iloc[:0])
    head("F0004", given["F0004"].assign(VALUE="1.5"))
    path = data / "weather" / "SUB003.json"
    weather = json.loads(path.read_text(encoding="utf-8"))
    weather["hourly"]["temperature_2m"] = [15.0] * len(weather["hourly"]["time"])
    path.write_text(json.dumps(weather), encoding="utf-8")


@pytest.fixture(scope="module")
def run(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the utility study with spoiled data of nine days."""
    place = tmp_path_factory.mktemp("bad")
    study = place / "studies" / "bad"
    write(SETTINGS, study / "data")
    spoiled(study / "data")
    text = (root / "studies" / "utility" / "study.yaml").read_text(encoding="utf-8")
    text = text[: text.index("layers:")] + ANALYSES + text[text.index("report: {headline") :]
    (study / "study.yaml").write_text(text.replace("planned: [2026, 2035]", "planned: [2026]"), encoding="utf-8")
    known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")} | {"PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-m", "dtl.cli", "run", "bad"], cwd=place, env=known, check=True)
    return place / "results" / "bad"


EXPECTED = {
    ("forecast", "F0001"): "the load is zero in every hour",
    ("forecast", "F0002"): "missing in 60 % of the hours",
    ("forecast", "F0003"): "no SCADA series of kW of any feeder",
    ("forecast", "F0004"): "the load never changes",
    ("forecast", "F0005"): "the temperature varies by 0.0 degree C only",
    ("growth", "F0001"): "94 are needed to tell growth from season",
    ("growth", "F0003"): "no SCADA series of kW of any feeder",
    ("calibrate", "F0003"): "no kW is measured at the head",
    ("calibrate", "F0004"): "the measured kW never changes",
    ("anomaly", "F0001"): "all readings are zero",
    ("anomaly", "F0002"): "60 % of the readings are missing",
    ("anomaly", "F0004"): "all readings are equal",
    ("anomaly", "F0005"): "days have readings, 28 are needed",
    ("clusters", ""): "curves have a shape",
}


def test_every_fault_is_a_row_that_says_why_and_stands_on_the_page(run: Path) -> None:
    rows = tables.read("insights", run / "learning" / "insights.parquet").to_pylist()
    quiet = [r for r in rows if r["verdict"] == "not_enough"]
    assert all(r["value"] is None and r["text"].startswith("not enough: ") for r in quiet)
    said = {(r["module"], r["feeder"]): "" for r in quiet}
    for row in quiet:
        said[row["module"], row["feeder"]] += row["text"] + "\n"
    assert {key: why for key, why in EXPECTED.items() if why not in said.get(key, "")} == {}
    told = {(r["module"], r["feeder"]) for r in rows if r["verdict"] == "ok" and r["module"] in ("forecast", "growth")}
    assert told == set(), "nobody can tell a load ahead from these"
    page = (run / "www" / "downloads" / "insights.csv").read_text(encoding="utf-8")
    assert "the temperature varies by 0.0 degree C only" in page and "the measured kW never changes" in page
    assert json.loads((run / "feeders.json").read_text(encoding="utf-8"))["groups"].keys() >= {"F0001", "F0003"}
