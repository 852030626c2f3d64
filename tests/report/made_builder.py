"""A study with a source of every kind that layers name, for the page that builds scenarios; nothing of it is solved."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dtl.analyses.ranking import Asset, Ranked
from dtl.report import builder
from dtl.spec.study import Study, load

STUDY = """\
dtl: 1
title: "Everything: a layer of every kind & <more>"
timezone: America/Chicago
feeders: [f1, "g*"]
years: {measured: 2025, planned: [2026, 2035]}
sources:
  grid: {kind: opendss, path: grid.dss}
  register: {kind: generators, path: register.csv}
  path_of_growth: {kind: forecast, path: forecast.csv}
  weather: {kind: weather_file, path: weather.json}
network: {model: grid}
areas:
  west: {feeders: [f1]}
profiles:
  ours: {like: level2_residential, charger_kw: 11}
layers:
  roofs: {kind: solar, penetration: 0.3, kw_each: 5}
  heaters: {kind: custom, penetration: 0.1, profile: year.csv, kw_each: 2}
  cut: {kind: flexibility, min_power_kw: 0, target_pf: 0.9, areas: [west]}
scenarios:
  sunny: {title: "Many roofs, 30 %", stack: [roofs]}
"""
PARTS = {"buses": ["f1:b1", "b 2"], "switches": ["sw1"]}


def write(folder: Path) -> Path:
    """Write the study and its files; returns the path of the study."""
    folder.mkdir(parents=True)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    for name in ("grid.dss", "register.csv", "forecast.csv", "weather.json"):
        (folder / name).write_text("", encoding="utf-8")
    (folder / "year.csv").write_text("kw\n" + "1\n" * 8760, encoding="utf-8")
    return folder / "study.yaml"


def payload(study: Study) -> dict[str, Any]:
    """The payload of the page for a study."""
    spec = {"study": "everything", "spec_text": json.dumps(study.canonical())}
    assets = [Ranked(Asset("f1", kind, name, {})) for kind, name in (("transformer", "t1"), ("line", "l1"))]
    made: dict[str, Any] = builder.payload(spec, SimpleNamespace(feeders=["f1", "g1"]), assets, PARTS)
    return made


def rich(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The study, written, and the payload of its page."""
    path = write(folder)
    return path, payload(load(path))
