"""A study of IEEE 13 whose measurements come from the same feeder with other values, which the study does not know."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sources.models import feeders, read

from dtl.demand.calendar import HOURS
from dtl.demand.calibrated import calibrated
from dtl.demand.demand import Demand, Drive
from dtl.network.calibrated import changed, with_loads
from dtl.network.feeder import Feeder
from dtl.powerflow import names
from dtl.powerflow.opendss import Year
from dtl.powerflow.state import solve_state

DEMO = Path(__file__).parents[2] / "studies" / "demo" / "data" / "cyme" / "ieee13"
FIRST, DAYS = datetime(2025, 6, 2, tzinfo=UTC), 56
PLACES = (("632", 1), ("632", 2), ("632", 3), ("671", 1), ("671", 2), ("671", 3), ("675", 1), ("675", 2), ("675", 3),
          ("611", 3), ("652", 1), ("646", 2), ("646", 3))  # fmt: skip
"""Buses and nodes whose voltage SCADA has."""
STUDY = """\
dtl: 1
title: A feeder that is not as its model
timezone: Etc/UTC
feeders: [ieee13]
years: {{measured: 2025}}
sources:
  cyme: {{kind: cyme_text, path: "data/cyme/*.txt"}}
{sources}
network: {{model: cyme{calibrated}}}
demand: {{from: profile, path: data/profile.csv}}
analyses:
  calibrate: {{against: [{against}], change: [{change}], fit_on: odd_weeks, score_on: even_weeks}}
"""
SCADA = """\
  scada:
    kind: scada
    path: data/scada.csv
    columns: {{time: time, tag: tag, value: value}}
    zone: UTC
    interval_min: 60
    tags:
{tags}"""
REFERENCE = '  cyme_study: {kind: cyme_results, path: "data/results/{feeder}.csv"}'


def model() -> Feeder:
    """The feeder as the study reads it."""
    (found,) = feeders(read("cyme_text", DEMO, "*.txt")).values()
    return found


def share() -> np.ndarray:
    """The load of every hour over its peak."""
    hour = np.arange(HOURS)
    day = 0.55 + 0.2 * np.exp(-((hour % 24 - 8) ** 2) / 8) + 0.4 * np.exp(-((hour % 24 - 18) ** 2) / 14)
    return np.asarray(day * (0.9 + 0.1 * np.sin(hour / 397.0)), np.float32)


def hidden(feeder: Feeder, values: dict[tuple[str, str], float]) -> tuple[Feeder, list[dict[str, object]]]:
    """The feeder as it is, and what its loads are."""
    own = feeder.feeders[0]
    rows = []
    for (parameter, element), value in values.items():
        if parameter in ("load_scale", "power_factor"):
            rows.append({"feeder": own, "parameter": parameter, "value": value})
        else:
            feeder, _ = changed(feeder, own, parameter, element, value)
    return feeder, rows


def write_scada(folder: Path, values: dict[tuple[str, str], float], seed: int, noise: tuple[float, float]) -> str:
    """Write eight weeks of the head and of voltages, by regulators that step; returns the tags as YAML."""
    feeder, rows = hidden(model(), values)
    drives = {p.name: Drive("ieee13", p.name, p.bus, "", 1, p.kw, p.kvar, "all", "all", "x") for p in feeder.loads}
    begin = 24 * (FIRST.timetuple().tm_yday - 1)
    year = Year(feeder, calibrated(Demand(drives, {"all": share()}), rows))
    series: dict[str, list[float]] = {}
    for block in year.blocks(range(begin, begin + 24 * DAYS)):
        node, start, power = year.circuit.node, 0, 0
        for source in year.feeder.sources:
            for n in source.nodes[: source.phases]:
                at = node[f"{names.spelled(source.bus)}.{n}"]
                power = power - 1e-3 * block.voltages[at] * block.source_a[start].conj()
                start += 1
        series.setdefault("HEAD.kw", []).extend(np.real(power).tolist())
        series.setdefault("HEAD.kvar", []).extend(np.imag(power).tolist())
        for bus, n in PLACES:
            volts = np.abs(block.voltages[node[f"{bus}.{n}"]]) / 1e3
            series.setdefault(f"B{bus}.kv_{'abc'[n - 1]}", []).extend(volts.tolist())
    rng, lines = np.random.default_rng(seed), ["time,tag,value"]
    tags = []
    for tag, told in series.items():
        exact = np.array(told)
        spread = noise[1] * np.quantile(np.abs(exact), 0.95) if tag.startswith("HEAD") else noise[0] * exact
        for hour, value in enumerate(exact + spread * rng.normal(size=len(exact))):
            lines.append(f"{FIRST + timedelta(hours=hour):%Y-%m-%dT%H:%M},{tag},{value:.5f}")
        device, word = tag.split(".")
        if device == "HEAD":
            tags.append(
                f"      {tag}: {{feeder: ieee13, device: HEAD, quantity: {word}, unit: {word.replace('w', 'W')}}}"
            )
        else:
            tags.append(f"      {tag}: {{feeder: ieee13, device: '{device[1:]}', quantity: kv_ln, unit: kV, "
                        f"phases: {word[-1].upper()}}}")  # fmt: skip
    (folder / "data" / "scada.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return SCADA.format(tags="\n".join(tags))


def write_results(folder: Path, values: dict[tuple[str, str], float]) -> str:
    """Write voltages and power of the feeder as it is, at the load of its model, as another program states them."""
    feeder, rows = hidden(model(), values)
    state = solve_state(with_loads(feeder, rows), controlled=True)  # type: ignore[arg-type]
    by_bus: dict[str, dict[str, float]] = {}
    for row in state:
        if row["kind"] == "bus" and row["quantity"] == "v_pu" and row["phase"] in tuple("ABC"):
            by_bus.setdefault(row["element"], {})[row["phase"]] = row["value"]
    lines = ["NodeId,VpuA,VpuB,VpuC,KWTOT"]
    lines += [
        ",".join([bus, *(f"{v[p]:.6f}" if p in v else "" for p in "ABC"), ""]) for bus, v in sorted(by_bus.items())
    ]
    total = next(r["value"] for r in state if r["kind"] == "head" and r["quantity"] == "kw" and not r["phase"])
    (folder / "data" / "results").mkdir()
    (folder / "data" / "results" / "ieee13.csv").write_text(
        "\n".join([*lines, f"TOTAL,,,,{total:.3f}"]) + "\n", encoding="utf-8"
    )
    return REFERENCE


def write(folder: Path, values: dict[tuple[str, str], float], change: str, *, reference: bool = False,
          noise: tuple[float, float] = (0.005, 0.01), seed: int = 1) -> None:  # fmt: skip
    """Write the study with its data."""
    (folder / "data" / "cyme").mkdir(parents=True)
    for path in DEMO.glob("*.txt"):
        shutil.copy(path, folder / "data" / "cyme" / path.name)
    text = "\n".join(["all", *(f"{v:.6f}" for v in share())])
    (folder / "data" / "profile.csv").write_text(text + "\n", encoding="utf-8")
    sources = write_results(folder, values) if reference else write_scada(folder, values, seed, noise)
    (folder / "words.txt").write_text(f"{sources}\n---\n{change}\n---\n{'cyme_study' if reference else 'scada'}")
    state(folder)


def state(folder: Path, calibrated_by: str = "") -> None:
    """Write ``study.yaml``, with a file of calibrated values if one is named."""
    sources, change, against = (folder / "words.txt").read_text().split("\n---\n")
    stated = f", calibrated: {calibrated_by}" if calibrated_by else ""
    text = STUDY.format(sources=sources, change=change, against=against, calibrated=stated)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
