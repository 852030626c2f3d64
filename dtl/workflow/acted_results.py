"""What the last run of a study says of the case with its actions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl import layout, tables
from dtl.spec.twins import reach, twins
from dtl.workflow import digests
from dtl.workflow.actions_file import ActionsFile

_BUS = ("min_pu", "max_pu", "mean_pu", "hours_low", "hours_high")


def results(file: ActionsFile) -> dict[str, Any]:
    """Convergence, total power and losses in the hour of the highest power, voltages over the hours, buses, executions.

    ``current`` says whether the run knew the actions as they are now.
    """
    study = file.study
    cases = [c for c in study.cases if c.scenario in file.stacked]
    if not cases:
        return {"converged": None, "why": "no scenario stacks the layer of actions"}
    case = max(cases, key=lambda c: (c.year, c.case))
    index = digests.read_json(Path(layout.FEEDERS.format(study=study.name)))
    if index is None:
        return {"converged": None, "why": f"nothing is computed; `dtl run {study.name}` or POST /run_simulation"}
    known = digests.read_json(Path(layout.SPEC.format(study=study.name)))
    found: dict[str, Any] = {"case": case.case, "current": known == study.canonical()}
    reached = reach(study)
    like = {g: twins(reached, about["feeders"]).get(case.case, case.case) for g, about in index["groups"].items()}
    told = {g: _manifest(study.name, g, like[g]) for g in sorted(index["groups"])}
    solved = [g for g, m in told.items() if m.get("status") == "ok"]
    failed = {g: m.get("reason", "not solved") for g, m in told.items() if g not in solved}
    found |= {"converged": bool(solved) and not failed, "failed": failed}
    if solved:
        asked = {g: like[g] for g in solved}
        found |= _power(study.name, asked) | _voltages(study.name, asked)
    found["executions"] = [row for g in solved for row in told[g].get("flexibility", [])]
    return found


def _manifest(study: str, group: str, case: str) -> dict[str, Any]:
    manifest = digests.read_json(Path(layout.MANIFEST.format(study=study, group=group))) or {"cases": {}}
    found: dict[str, Any] = manifest["cases"].get(case, {})
    return found


def _power(study: str, asked: Mapping[str, str]) -> dict[str, Any]:
    totals: dict[int, tuple[float, float, float]] = {}
    for group, case in asked.items():
        path = Path(layout.HOURLY.format(study=study, group=group))
        columns = ["hour", "source_kw", "source_kvar", "loss_kw", "case"]
        for row in tables.read("hourly", path, columns, case=case).to_pylist():
            before = totals.get(row["hour"], (0.0, 0.0, 0.0))
            more = (row["source_kw"], row["source_kvar"], row["loss_kw"])
            totals[row["hour"]] = (before[0] + more[0], before[1] + more[1], before[2] + more[2])
    if not totals:
        return {}
    hour = max(totals, key=lambda h: totals[h][0])
    kw, kvar, loss = totals[hour]
    return {"peak_hour": hour, "total_power_kw": kw, "total_power_kvar": kvar, "total_losses_kw": loss}


def _voltages(study: str, asked: Mapping[str, str]) -> dict[str, Any]:
    buses = []
    for group, case in asked.items():
        path = Path(layout.POWERFLOW.format(study=study, group=group))
        columns = ["feeder", "kind", "element", "phase", *_BUS]
        rows = tables.read("powerflow", path, [*columns, "case"], case=case, kind="bus").to_pylist()
        whole = [row for row in rows if row["phase"] == ""]
        buses += [{"bus": r["element"], "feeder": r["feeder"]} | {k: r[k] for k in _BUS} for r in whole]
    live = [b for b in buses if b["min_pu"] is not None and math.isfinite(b["min_pu"])]
    profile = {
        "min_pu": min((b["min_pu"] for b in live), default=None),
        "max_pu": max((b["max_pu"] for b in live), default=None),
        "mean_pu": sum(b["mean_pu"] for b in live) / len(live) if live else None,
    }
    return {"voltage_profile": profile, "buses": buses}
