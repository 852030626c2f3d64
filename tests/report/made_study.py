"""A small study with answers made up by formula, for the pages: three feeders and one that failed, two scenarios.

The network is real model objects, the tables keep their contracts, and `assess_feeder` and `gather` are the real ones;
only the power flow is made up, so every number is known here.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import made_hosting
import made_insights
import made_layers
import numpy as np
import pyarrow as pa

from dtl import tables
from dtl.analyses.assess import assess_feeder
from dtl.learning.insight import identity
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source, Switch, Transformer, Winding
from dtl.network.topology import trace
from dtl.report import facts

ODD = "Ost & <b>Süd\"-'7"
"""A name that breaks whatever does not escape."""
LOST = "lost-9"
CASES = ("base@2026", "growth@2026", "base@2035", "growth@2035")
GROWTH = {"base@2026": 1.0, "growth@2026": 1.02, "base@2035": 1.0, "growth@2035": 1.22}
LIMITS: dict[str, Any] = {
    "lines": {
        "summer": "summer",
        "otherwise": "normal",
        "emergency": "emergency",
        "over_pct": 100.0,
        "summer_months": [6, 7, 8, 9],
        "window_h": 1.0,
    },
    "transformers": {"over_pct": 120.0, "window_h": 2.0, "emergency_pct": None},
    "voltage": [
        {
            "kv": [0, 1000],
            "phases": None,
            "low_pu": 0.95,
            "high_pu": 1.05,
            "at": "service",
            "rule": "made-up@1",
            "range": "A",
            "clause": "table 1",
            "source": "tests",
            "confirmed_by": "none",
        }
    ],
}
IMPEDANCE = ((0.3, 0.1, 0.1), (0.1, 0.3, 0.1), (0.1, 0.1, 0.3))


def feeder(name: str, spine: int, *, placed: bool, at: tuple[float, float] = (0.0, 0.0)) -> Feeder:
    """A spine of buses, a lateral and a transformer at every second one, and an open switch from end to end."""
    buses, lines, transformers, loads = [], [], [], []

    def bus(label: str, x: float, y: float, kv: float = 12.47) -> str:
        where = {"x": at[0] + x, "y": at[1] + y} if placed else {}
        buses.append(Bus(name=label, nodes=(1, 2, 3), kv_ln=kv / math.sqrt(3), **where))
        return label

    def line(label: str, a: str, b: str, km: float) -> None:
        ends = {"from_bus": a, "to_bus": b, "from_nodes": (1, 2, 3), "to_nodes": (1, 2, 3)}
        lines.append(Line(name=label, length_km=km, line_code="acsr", **ends))

    before = bus("n00", 0, 0)
    for i in range(1, spine + 1):
        here = bus(f"n{i:02}", 300.0 * i, 40.0 * math.sin(i))
        line(f"l{i:02}", before, here, 0.3)
        if i % 2 == 0:
            side = bus(f"s{i:02}", 300.0 * i, 200.0 * (-1) ** (i // 2))
            line(f"k{i:02}", here, side, 0.2)
            low = bus(f"v{i:02}", 300.0 * i + 5, 200.0 * (-1) ** (i // 2), kv=0.48)
            windings = tuple(
                Winding(bus=b, nodes=(1, 2, 3), connection="wye", kv=kv, kva=75, r_pct=0.5)
                for b, kv in ((side, 12.47), (low, 0.48))
            )
            transformers.append(Transformer(name=f"t{i:02}", phases=3, windings=windings, xhl_pct=2))
            loads.append(
                Load(
                    name=f"d{i:02}",
                    bus=low,
                    nodes=(1, 2, 3),
                    phases=3,
                    kv=0.48,
                    kw=60,
                    kvar=20,
                    min_pu=0.8,
                    max_pu=1.2,
                    customers=5,
                )
            )
        before = here
    ends = {"from_bus": "n00", "to_bus": before, "from_nodes": (1, 2, 3), "to_nodes": (1, 2, 3)}
    switch = Switch(name="tie", closed=(False, False, False), **ends)
    code = LineCode(
        name="acsr",
        r_ohm_per_km=IMPEDANCE,
        x_ohm_per_km=IMPEDANCE,
        c_nf_per_km=IMPEDANCE,
        normal_a=200,
        summer_a=180,
        emergency_a=250,
    )
    by_name = {"key": lambda p: p.name}
    return Feeder(
        id=name,
        feeders=(name,),
        sources=(
            Source(name="head", bus="n00", kv_ll=12.47, r1_ohm=0, x1_ohm=0.01, r0_ohm=0, x0_ohm=0.01, feeder=name),
        ),
        buses=tuple(sorted(buses, **by_name)),
        lines=tuple(sorted(lines, **by_name)),
        line_codes=(code,),
        switches=(switch,),
        transformers=tuple(sorted(transformers, **by_name)),
        loads=tuple(sorted(loads, **by_name)),
    )


MODELS = {
    "north": feeder("north", 12, placed=True),
    "south-2": feeder("south-2", 6, placed=True, at=(900.0, -1500.0)),
    ODD: feeder(ODD, 4, placed=False),
}
STRESS = {"north": 1.0, "south-2": 0.55, ODD: 0.2}
FAILS = ("south-2", "growth@2035")
"""This feeder fails in this case."""
REASON = "no solution in hour 5,123: the <iteration> limit was reached"


def shape() -> np.ndarray:
    """Load over the year, between 0.25 and 1, highest on one hour in July."""
    hour = np.arange(8760)
    day = 0.6 + 0.25 * np.cos(2 * np.pi * (hour / 24 - 195) / 365)
    clock = 0.72 + 0.28 * np.cos(2 * np.pi * (hour % 24 - 18) / 24)
    found = day * clock
    return found / found.max()


def solve(name: str, case: str) -> dict[str, pa.Table]:
    """The tables of a case: loading and voltage drop in proportion to load, growth and distance."""
    model, level = MODELS[name], STRESS[name] * GROWTH[case]
    scenario, year = case.split("@")
    place = {"feeder": name, "scenario": scenario, "year": int(year), "case": case}
    tree, load = trace(model), shape()
    longest = max(tree.distance_km.values())
    peak = int(load.argmax())
    flow: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []

    def pct(kind: str, element: str, full: float) -> None:
        series = full * level * load
        limit = LIMITS["lines" if kind == "line" else "transformers"]["over_pct"]
        over = np.flatnonzero(series > limit)
        rating, unit = (180.0, "A") if kind == "line" else (75.0, "kVA")
        flow.append(
            place
            | {"kind": kind, "element": element, "phase": "", "kv_ll": 12.47, "rating": rating, "rating_unit": unit}
            | {"max_load_pct": series.max(), "max_load_hour": peak, "max_a": rating * series.max() / 100}
            | {"hours_over": len(over), "hours_over_emergency": int((series > 138).sum()), "kwh_over": float(len(over))}
            | {"window_h": 1.0, "window_max_pct": series.max(), "window_hours_over": len(over), "loss_kwh": 10.0}
        )
        row = place | {"kind": kind, "element": element, "phase": "", "violation": "thermal", "limit": limit}
        bad.extend(row | {"hour": int(h), "value": series[h]} for h in over)

    for part in model.lines:
        pct("line", part.name, 122.0 * (1 - 0.8 * tree.distance_km[part.from_bus] / longest))
    for n, part in enumerate(model.transformers):
        pct("transformer", part.name, 70.0 + 12.0 * n)
    for bus in model.buses:
        drops = [0.062, 0.075, 0.05]
        series = [1.03 - d * level * load * tree.distance_km[bus.name] / longest for d in drops]
        for phase, values in [*zip("ABC", series, strict=True), ("", min(series, key=lambda s: s.min()))]:
            low = np.flatnonzero(values < 0.95)
            flow.append(
                place
                | {"kind": "bus", "element": bus.name, "phase": phase, "kv_ll": bus.kv_ll, "rating_unit": ""}
                | {"min_pu": values.min(), "min_hour": peak, "max_pu": values.max(), "max_hour": int(values.argmax())}
                | {"mean_pu": values.mean(), "hours_low": len(low), "hours_high": 0, "worst_pu": values[peak]}
                | {"distance_km": tree.distance_km[bus.name]}
            )
            row = place | {"kind": "bus", "element": bus.name, "phase": "", "violation": "voltage_low", "limit": 0.95}
            bad.extend(row | {"hour": int(h), "value": values[h]} for h in low if phase == "")
    power = 2200.0 * level * load
    zero = np.zeros(8760)
    hourly = {k: [v] * 8760 for k, v in place.items()} | {
        "hour": np.arange(8760),
        "source_kw": power * 1.03,
        "source_kvar": power * 0.3,
        "load_kw": power,
        "load_kvar": power * 0.28,
        "generation_kw": zero,
        "loss_kw": power * 0.03,
        "loss_line_kw": power * 0.02,
        "loss_transformer_kw": power * 0.006,
        "loss_no_load_kw": power * 0.004,
        "loss_other_kw": zero,
        "min_pu": 1.03 - 0.075 * level * load,
        "max_pu": np.full(8760, 1.03),
        "max_load_pct": 122.0 * level * load,
        "tap_changes": np.zeros(8760, int),
        "control_iterations": np.ones(8760, int),
    }
    return {
        "powerflow": tables.frame("powerflow", flow),
        "hourly": tables.frame("hourly", hourly),
        "violations": tables.frame("violations", bad),
    }


def manifest(status: str = "ok", reason: str = "") -> dict[str, Any]:
    if status != "ok":
        return {"status": status, "reason": reason}
    peak = int(shape().argmax())
    return {
        "status": "ok",
        "reason": "",
        "engine": "made-up",
        "engine_version": "1.0",
        "engine_reason": "a formula",
        "tolerance": 1e-6,
        "hours": 8760,
        "controls": {"mode": "static", "regulators": 0},
        "secondary": {"drop_pct": 0.0},
        "warnings": [],
        "worst_hour": peak,
        "balance_max_rel": 1e-9,
        "balance_hour": 0,
        "control_limit_hits": [],
    }


def spec() -> dict[str, Any]:
    scenarios = {"base": {"title": "As today", "stack": []}, "growth": {"title": "2 % more a year", "stack": ["more"]}}
    layers = {"more": {"kind": "growth", "per_year": 0.02}}
    whole = {
        "dtl": 1,
        "title": "Made <up> & tested",
        "timezone": "America/Chicago",
        "feeders": ["*"],
        "layers": layers,
        "scenarios": scenarios,
        "demand": {"from": ["model_loads"], "shape": "residential"},
        "network": {"model": "made", "secondary": {"drop_pct": 0.0}},
        "powerflow": {"step_min": 60, "engine": "auto"},
        "years": {"measured": 2025, "planned": [2026, 2035]},
        "sources": {"made": {"kind": "opendss", "path": "made.dss"}},
        "analyses": {
            "compare": {"baseline": "base"},
            "hosting": {"of": ["generation"], "methods": {"iterative": {}}},
            "outage_risk": {"horizon_days": 730},
        },
    }
    return {
        "study": "made",
        "title": "Made <up> & tested",
        "question": "Which feeders need work?",
        "timezone": "America/Chicago",
        "currency": None,
        "cases": [{"case": c, "scenario": c.split("@")[0], "year": int(c.split("@")[1])} for c in sorted(CASES)],
        "scenarios": scenarios,
        "layers": layers,
        "limits": LIMITS,
        "report": {"headline": "thermal", "units": "si"},
        "points": [],
        "decisions": {
            identity(made_insights.REJECTED.row()): {
                "decision": "reject",
                "who": "A. <b>",
                "why": "The house <is> empty",
                "on": "2026-03-01",
            }
        },
        "definitions": {},
        "spec_text": json.dumps(whole, sort_keys=True, indent=1),
        "digests": {"spec": "5" * 64, "code": {"read_source": "c" * 64}},
        "headline": "thermal",
        "baseline": "base",
        "analyses": {"thermal": {}, "voltage": {}, "losses": {}, "compare": {"baseline": "base"}, "hosting": {}},
    }


UNASKED = (
    "compliance", "lights", "curtailment", "swept", "hosted", "deviations", "measures", "packages", "portfolio",
    "proposal",
)  # fmt: skip
"""Inputs of analyses that this study does not ask for."""


def make(folder: Path) -> dict[str, Any]:
    """Write all inputs of the stage ``write_site`` and return them by name."""
    inputs: dict[str, Any] = {
        k: {} for k in ("feeder", "powerflow", "hourly", "manifest", "hosting", "devices", "kept", *UNASKED)
    }
    groups: dict[str, Any] = {}
    assess: dict[str, Path] = {}
    for n, (name, model) in enumerate(MODELS.items()):
        here = folder / f"g{n}"
        here.mkdir(parents=True)
        solved = {c: solve(name, c) for c in CASES if (name, c) != FAILS}
        for table in ("powerflow", "hourly"):
            inputs[table][name] = here / f"{table}.parquet"
            tables.write(table, tables.concat(table, [t[table] for t in solved.values()]), inputs[table][name])
        inputs["feeder"][name] = here / "feeder.json"
        inputs["feeder"][name].write_text(model.to_json(), encoding="utf-8")
        told = {c: manifest() if c in solved else manifest("failed", REASON) for c in CASES}
        inputs["manifest"][name] = here / "manifest.json"
        inputs["manifest"][name].write_text(json.dumps({"cases": told}), encoding="utf-8")
        inputs["devices"][name] = here / "devices.parquet"
        placed = made_layers.devices(name, [b.name for b in model.buses], CASES)
        tables.write("devices", tables.frame("devices", placed), inputs["devices"][name])
        if name != "south-2":
            inputs["hosting"][name] = here / "hosting.parquet"
            found = made_hosting.rows(name, [b.name for b in model.buses])
            tables.write("hosting", tables.frame("hosting", found), inputs["hosting"][name])
        assess[name] = _assess(here, name, solved, told)
        groups[name] = {
            "feeders": [name],
            "status": "ok",
            "reason": "",
            "digest": "d" * 64,
            "customers": model.customers,
            "kv_ll": 12.47,
            "loads": len(model.loads),
            "kw": 60.0 * len(model.loads),
            "buses": len(model.buses),
            "length_km": sum(p.length_km for p in model.lines),
        }
    groups[LOST] = {"feeders": [LOST], "status": "failed", "reason": "no source has a feeder of this name"}
    inputs["index"] = folder / "feeders.json"
    inputs["index"].write_text(json.dumps({"groups": groups}), encoding="utf-8")
    _system(folder, inputs)
    gathered = {"assess": assess} | {name: inputs[name] for name in ("index", "manifest", "hosting")}
    facts.gather(spec(), gathered, {"cube": folder / "cube.parquet"})
    inputs["cube"] = folder / "cube.parquet"
    inputs["assess"] = assess
    return inputs


def _assess(here: Path, name: str, solved: dict[str, dict[str, pa.Table]], told: dict[str, Any]) -> Path:
    parts = []
    for case in CASES:
        scenario, year = case.split("@")
        asked = {"case": case, "scenario": scenario, "year": int(year), "limits": LIMITS}
        asked |= {
            "analyses": {"thermal": {}, "voltage": {}, "losses": {}},
            "group": name,
            "secondary": {"drop_pct": 0.0},
        }
        files = {k: here / f"one_{k}.parquet" for k in ("powerflow", "hourly", "violations")}
        for table, path in files.items():
            tables.write(
                table, solved[case][table] if case in solved else tables.TABLES[table].schema.empty_table(), path
            )
        (here / "one.json").write_text(json.dumps(told[case]), encoding="utf-8")
        out = {"assess": here / "one_assess.parquet"}
        assess_feeder(asked, {**files, "manifest": here / "one.json", "feeder": here / "feeder.json"}, out)
        parts.append(tables.read("assess", out["assess"]))
    tables.write("assess", tables.concat("assess", parts), here / "assess.parquet")
    return here / "assess.parquet"


def _system(folder: Path, inputs: dict[str, Any]) -> None:
    finding = dict.fromkeys(("source", "feeder", "file", "element", "field", "value", "message", "remedy"), "")
    rows = [
        finding | {"check": "source.file", "severity": "info", "source": "made", "file": "made.dss", "value": "a" * 64},
        finding
        | {"check": "line.short", "severity": "warning", "source": "made", "feeder": "north", "element": "line <l03>"}
        | {
            "message": "the line is shorter than 1 m",
            "value": "0.0003",
            "remedy": "Look at its length.",
            "file": "made.dss",
            "line": 12,
        },
    ]
    inputs["findings"] = folder / "findings.parquet"
    tables.write("findings", tables.frame("findings", rows), inputs["findings"])
    object_row = {"source": "made", "feeder": "north", "target": "", "value": "", "reason": ""}
    conversion = [
        object_row | {"object": f"Line l{i:02}", "property": p, "verdict": "mapped", "target": "line"}
        for i in range(1, 9)
        for p in ("", "length")
    ]
    conversion.append(
        object_row | {"object": "Fuse f1", "property": "", "verdict": "refused", "reason": "fuses are not <known>"}
    )
    conversion.append(
        object_row
        | {
            "object": "Line l01",
            "property": "rmatrix",
            "verdict": "defaulted",
            "value": "1",
            "reason": "no matrix given",
        }
    )
    inputs["conversion"] = folder / "conversion.parquet"
    tables.write("conversion", tables.frame("conversion", conversion), inputs["conversion"])
    given = {"meters": _meters(), "series": _series(), "links": made_layers.links()}
    given |= {"outages": made_layers.outages(), "assets": made_layers.assets()}
    for name, found in given.items():
        inputs[name] = folder / f"{name}.parquet"
        tables.write(name, tables.frame(name, found), inputs[name])
    inputs["meters"] = {"north": inputs["meters"]}
    inputs["learning"] = made_insights.write(folder / "learning")


def _meters() -> list[dict[str, Any]]:
    """A meter that is sure, one with a hostile name that is not, and one that nothing places."""
    empty = {"load": "", "phases": "A", "customer_class": "", "recorded_feeder": "north", "candidates": ""}
    told = [
        ("m1", "north", "t1", "t1", 0.99, "high", "record"),
        ("<b>m2</b>", "north", "t1", "t2", 0.41, "low", "nearest"),
        ("m3", "", "", "", 0.0, "none", "none"),
    ]
    names = ("meter", "feeder", "transformer", "recorded_transformer", "confidence", "band", "basis")
    return [empty | dict(zip(names, row, strict=True)) | {"candidates": "t9=0.59" * (row[0] != "m1")} for row in told]


def _series() -> list[dict[str, Any]]:
    """Two meters of one source, of which one misses a quarter of its readings."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    counts = {"duplicate": 0, "conflict": 0, "unused": 0, "ambiguous": 1, "estimated": 2, "has_volts": True}
    about = {"source": "ami", "interval_min": 60, "first": start, "last": start + timedelta(hours=99)} | counts
    return [
        about | {"meter": "m1", "intervals": 100, "missing": 0},
        about | {"meter": "m2", "intervals": 75, "missing": 25},
    ]
