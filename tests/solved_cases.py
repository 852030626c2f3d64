"""Small solved cases, written row by row in tests: tables from short tuples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.analyses.assess import assess_feeder
from dtl.report.facts import gather

LIMITS: dict[str, Any] = {
    "lines": {
        "summer": "normal",
        "otherwise": "normal",
        "emergency": "emergency",
        "over_pct": 100.0,
        "summer_months": [],
        "window_h": 1.0,
    },
    "transformers": {"over_pct": 120.0, "window_h": 2.0, "emergency_pct": None},
    "voltage": [
        {"kv": [0, 1], "phases": None, "low_pu": 0.95, "high_pu": 1.05, "at": "service", "rule": "lv@1", "range": "",
         "clause": "c1", "source": "s", "confirmed_by": "none"},
        {"kv": [1, 35], "phases": None, "low_pu": 0.975, "high_pu": 1.05, "at": "service", "rule": "mv@1", "range": "A",
         "clause": "c2", "source": "s", "confirmed_by": "none"},
    ],
}  # fmt: skip


def spec(case: str = "base", scenario: str = "base", year: int = 0, group: str = "f1") -> dict[str, Any]:
    analyses: dict[str, Any] = {"thermal": {}, "voltage": {}, "losses": {}}
    return {
        "group": group,
        "case": case,
        "scenario": scenario,
        "year": year,
        "limits": LIMITS,
        "secondary": "modelled",
        "analyses": analyses,
    }


def place(of: dict[str, Any], feeder: str) -> dict[str, Any]:
    return {"feeder": feeder, "scenario": of["scenario"], "year": of["year"], "case": of["case"]}


def flow_table(of: dict[str, Any], rows: Sequence[dict[str, Any]], feeder: str = "f1") -> pa.Table:
    """Rows of ``powerflow``; kind and element are asked for, the rest has defaults."""
    base = place(of, feeder) | {"phase": "", "kv_ll": 4.16, "rating_unit": "A"}
    return tables.frame("powerflow", [base | row for row in rows])


def hourly_table(of: dict[str, Any], rows: Sequence[dict[str, Any]], feeder: str = "f1") -> pa.Table:
    """Rows of ``hourly``, numbered from hour 0 unless they say so; what a row does not name is 0, voltages 1."""
    numbers = [c.name for c in tables.TABLES["hourly"].columns if not c.null][5:]
    base = place(of, feeder) | dict.fromkeys(numbers, 0) | {"min_pu": 1.0, "max_pu": 1.0}
    return tables.frame("hourly", [base | {"hour": i} | row for i, row in enumerate(rows)])


def violation_table(of: dict[str, Any], rows: Sequence[Sequence[Any]], feeder: str = "f1") -> pa.Table:
    """Rows of ``violations``: violation, kind, element, phase, hour, value, limit."""
    names = ("violation", "kind", "element", "phase", "hour", "value", "limit")
    return tables.frame("violations", [place(of, feeder) | dict(zip(names, row, strict=True)) for row in rows])


def by_metric(rows: Sequence[dict[str, Any]], element: str = "") -> dict[str, dict[str, Any]]:
    return {row["metric"]: row for row in rows if row["element"] == element}


def study_tables(of: dict[str, Any], feeder: str, told: dict[str, Any]) -> dict[str, pa.Table]:
    """The three tables of one solved case from a short account of it.

    ``lines``, ``transformers``: name -> {pct, at, over: [hours]}; ``buses``: name -> {low, at, below: [hours], high,
    high_at, above: [hours]}, all at 4.16 kV; ``kw``, ``loss``: one number per hour.
    """
    flow: list[dict[str, Any]] = []
    violations: list[tuple[Any, ...]] = []
    for kind, limit in (("line", 100.0), ("transformer", 120.0)):
        for name, e in told.get(f"{kind}s", {}).items():
            over = e.get("over", [])
            flow.append(
                {"kind": kind, "element": name, "max_load_pct": e["pct"], "max_load_hour": e["at"], "rating": 100,
                 "hours_over": len(over), "window_hours_over": 0, "window_max_pct": e["pct"], "kwh_over": 3 * len(over)}
            )  # fmt: skip
            violations += [("thermal", kind, name, "", hour, e["pct"], limit) for hour in over]
    for name, b in told.get("buses", {}).items():
        below, above = b.get("below", []), b.get("above", [])
        row = {"kind": "bus", "element": name, "min_pu": b["low"], "min_hour": b["at"], "max_pu": b.get("high", 1.0),
               "max_hour": b.get("high_at", 0), "hours_low": len(below), "hours_high": len(above)}  # fmt: skip
        flow += [row, row | {"phase": "A"}]
        violations += [("voltage_low", "bus", name, "", hour, b["low"], 0.975) for hour in below]
        violations += [("voltage_high", "bus", name, "", hour, b["high"], 1.05) for hour in above]
    kw = told.get("kw", [100.0])
    loss = told.get("loss", [0.0] * len(kw))
    hours = [{"source_kw": p, "loss_kw": q, "loss_line_kw": q} for p, q in zip(kw, loss, strict=True)]
    return {
        "powerflow": flow_table(of, flow, feeder),
        "hourly": hourly_table(of, hours, feeder),
        "violations": violation_table(of, violations, feeder),
    }


def run_study(folder: Path, study: dict[str, Any]) -> Path:
    """Assess every case of every feeder, join as the job does, gather; returns the path of the cube.

    ``study`` holds ``cases`` [[case, scenario, year], ...], ``feeders``: id -> case -> account (see `study_tables`) or
    ``failed: reason``; a feeder that is a text failed before the power flow, for that reason. ``definitions``, if
    there, tell of each scenario its stack and what its layers say.
    """
    cases = [dict(zip(("case", "scenario", "year"), case, strict=True)) for case in study["cases"]]
    index: dict[str, Any] = {"groups": {}}
    inputs: dict[str, dict[str, Path]] = {"assess": {}, "manifest": {}}
    for feeder, accounts in study["feeders"].items():
        failed = accounts if isinstance(accounts, str) else ""
        index["groups"][feeder] = {"feeders": [feeder], "status": "failed" if failed else "ok", "reason": failed} | (
            {} if failed else {"customers": 10, "kv_ll": 4.16, "loads": 3, "kw": 90.0, "buses": 4, "length_km": 2.5}
        )
        if failed:
            continue
        manifests: dict[str, Any] = {}
        asked = [spec(**case, group=feeder) for case in cases]
        parts = [_assess(folder, feeder, of, accounts[of["case"]], manifests) for of in asked]
        inputs["assess"][feeder] = folder / f"{feeder}.parquet"
        tables.write("assess", tables.concat("assess", parts), inputs["assess"][feeder])
        inputs["manifest"][feeder] = folder / f"{feeder}.json"
        inputs["manifest"][feeder].write_text(json.dumps({"cases": manifests}))
    (folder / "feeders.json").write_text(json.dumps(index))
    words = {"study": "s", "cases": cases, "analyses": {}, "limits": LIMITS}
    words["definitions"] = study.get("definitions", {})
    words |= {"headline": study.get("headline", "thermal"), "baseline": study.get("baseline", "base")}
    gather(words, {"index": folder / "feeders.json", **inputs}, {"cube": folder / "cube.parquet"})
    return folder / "cube.parquet"


def _assess(
    folder: Path, feeder: str, of: dict[str, Any], account: dict[str, Any], manifests: dict[str, Any]
) -> pa.Table:
    (folder / "feeder.json").write_text(json.dumps({"id": feeder, "feeders": [feeder]}))
    manifest = {"status": "failed", "reason": account["failed"]} if "failed" in account else {
        "status": "ok", "reason": "", "engine": "opendss", "engine_version": "9", "engine_reason": "why",
        "warnings": [], "balance_max_rel": 1e-9}  # fmt: skip
    manifests[of["case"]] = manifest
    inputs = {"feeder": folder / "feeder.json", "manifest": folder / "manifest.json"}
    inputs["manifest"].write_text(json.dumps(manifest))
    found = study_tables(of, feeder, account) if manifest["status"] == "ok" else {}
    for name in ("powerflow", "hourly", "violations"):
        inputs[name] = folder / f"{name}.parquet"
        tables.write(name, found.get(name, tables.TABLES[name].schema.empty_table()), inputs[name])
    assess_feeder(of, inputs, {"assess": folder / "assess.parquet"})
    return tables.read("assess", folder / "assess.parquet")
