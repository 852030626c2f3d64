"""The outages of a synthetic utility: each planted error is found, and the indices are those of the truth."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from dtl import tables
from dtl.analyses.reliability import reliability
from dtl.errors import Finding
from dtl.network.outages import Outages, link
from dtl.sources import cyme_text, oms
from dtl.sources.read import write as write_source
from dtl.synth.settings import Settings
from dtl.synth.utility import write

SPEC: dict[str, Any] = {
    "columns": "usual",
    "step_columns": "usual",
    "steps": "restoration_steps.csv",
    "timezone": "America/Chicago",
    "time_format": "%m/%d/%Y %H:%M",
    "causes": {"vegetation": ["VEG"], "weather": ["WX"], "lightning": [{"cause": ["WX"], "subcause": ["Lightning"]}],
               "equipment": ["EQ"], "wildlife": ["ANM"], "public": ["PUB"], "planned": ["PLN"], "unknown": ["UNK"]},
}  # fmt: skip


def made(folder: Path, errors: str) -> tuple[list[Finding], Outages, list[dict[str, str]], list[dict[str, str]]]:
    """Findings and tables of a utility's outages, its planted errors and its true outages."""
    settings = Settings(feeders=5, seed=4, start=date(2025, 11, 1), days=0, meters=(50, 80), errors=errors, oms_years=3,
                        formats=("cyme_text", "oms"))  # fmt: skip
    write(settings, folder)
    reading = oms.read("oms", SPEC, {p.name: p for p in (folder / "oms").iterdir()})
    files = {p.relative_to(folder).as_posix(): p for p in (folder / "cyme").rglob("*.txt")}
    spec = {"kind": "cyme_text", "path": "cyme/{feeder}/*.txt", "equipment": "cyme/equipment.txt"}
    write_source(cyme_text.read("cyme", spec, files), {}, folder / "model")
    write_source(reading, {}, folder / "outages")
    network = tables.read("network", folder / "model" / "network.parquet")
    linked = link({"oms": folder / "outages", "cyme": folder / "model"}, network, tables.concat("links", []))
    planted, truth = (
        list(csv.DictReader((folder / "truth" / f"{n}.csv").read_text().splitlines())) for n in ("planted", "outages")
    )
    wrong = [p for p in planted if p["source"] == "oms" and p["truth"] != p["recorded"]]
    return [*reading.findings, *linked.findings], linked, wrong, truth


def test_every_planted_error_is_found(tmp_path: Path) -> None:
    found, linked, planted, _ = made(tmp_path / "u", "many")
    by_element: dict[str, set[str]] = defaultdict(set)
    for finding in found:
        by_element[finding.element.removeprefix("outage ")].add(finding.check)
    expected = {"oms_cmi_wrong": "outage.minutes", "oms_ci_wrong": "outage.steps-differ",
                "oms_end_before_start": "outage.end-before-start", "oms_duplicate": "outage.duplicate"}  # fmt: skip
    kinds = Counter(p["kind"] for p in planted)
    assert set(expected) <= set(kinds), "the seed must plant each kind"
    for row in planted:
        if row["kind"] in expected:
            assert expected[row["kind"]] in by_element[row["element"]], row
        if row["kind"] == "oms_device_unknown":
            assert any(f.check == "outage.unknown-device" and f.value == row["recorded"] for f in found), row
    told = Counter(f.check for f in found)
    for kind, check in expected.items():
        assert told[check] == len({p["element"] for p in planted if p["kind"] == kind}), "and nothing else is"
    blank = [f for f in found if f.check == "outage.cause" and not f.value]
    missing = len({p["element"] for p in planted if p["kind"] == "oms_cause_missing"})
    assert sum(int(f.message.rsplit(": ", 1)[1]) for f in blank) == missing
    assert told["outage.step-orphan"] == 0, "steps of refused interruptions are no findings of their own"
    devices = [r for r in linked.rows["outages"] if r["device"]]
    assert sum(bool(r["element"]) for r in devices) / len(devices) > 0.9


def test_the_indices_are_those_of_the_truth(tmp_path: Path) -> None:
    found, linked, _, truth = made(tmp_path / "u", "none")
    assert {f.check for f in found} <= {"outage.links", "outage.overlap", "outage.time-twice"}
    frames = [tables.frame(n, linked.rows[n]) for n in ("outages", "steps", "served")]
    feeders = sorted({t["feeder"] for t in truth})
    made_rows = reliability({"momentaries": "listed"}, *frames, feeders)
    values = {(r["feeder"], r["year"], r["metric"]): r["value"] for r in made_rows if not r["kind"]}
    years = sorted({r["year"] for r in made_rows} - {0})
    served = {r["feeder"]: r["customers"] for r in linked.rows["served"]}
    minutes: Counter[str] = Counter()
    interrupted: Counter[str] = Counter()
    for step in truth:
        start, end = (datetime.fromisoformat(step[k].replace("Z", "+00:00")) for k in ("start_utc", "end_utc"))
        lasted = (end - start).total_seconds() / 60
        if lasted > 5:
            minutes[step["feeder"]] += int(step["customers"]) * lasted
            interrupted[step["feeder"]] += int(step["customers"])
    for feeder in feeders:
        assert values[feeder, 0, "saidi_min"] == pytest.approx(minutes[feeder] / served[feeder] / len(years), rel=1e-9)
        assert values[feeder, 0, "saifi"] == pytest.approx(interrupted[feeder] / served[feeder] / len(years), rel=1e-9)
    whole = sum(minutes.values()) / sum(served[f] for f in feeders) / len(years)
    assert values["", 0, "saidi_min"] == pytest.approx(whole, rel=1e-9)
