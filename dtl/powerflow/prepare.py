"""Stage ``prepare_feeder``: base demand, and the smoke power flow that decides whether the feeder was converted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dtl import tables
from dtl.demand.base import Given, base_demand
from dtl.demand.calendar import DEFAULT_YEAR, Calendar
from dtl.demand.calibrated import calibrated
from dtl.demand.demand import HEAD, Demand
from dtl.demand.head_voltage import measured_heads, require_ltc
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.network.refine import refine
from dtl.powerflow import dss, engine, head, names
from dtl.powerflow.grounding import HIGHEST_PU, LOWEST_PU, adrift, floating
from dtl.powerflow.opendss import MAX_CONTROL_ITERATIONS, MAX_ITERATIONS, TOLERANCE

_NAMED = 10

_FILES = (("classes", "the classes table"), ("path", "the file of profiles"), ("follows", "the file of followers"))
"""Words of the section ``demand`` that name a file."""

BALANCE = 1e-4
"""Largest part of the source's power that may be missing in the smoke power flow."""


def prepare_feeder(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the base demand of a group and ``ready.json``; a feeder that fails is an answer, not an error."""
    feeder = Feeder.from_json(Path(inputs["feeder"]).read_text(encoding="utf-8"))
    demand, result, told = Demand({}, {}), dict[str, float](), dict[str, Any]()
    meters = refine(tables.read("meters", inputs["meters"]), inputs["readings"], feeder, spec["meters"])
    status, reason, step = "ok", "", "conversion"
    try:
        result = smoke(feeder)
        step = "demand"
        demand, told = _demand(feeder, spec, inputs, result, meters)
        demand = calibrated(demand, spec.get("calibrated") or ())
        step = "network"
        demand, told["warnings"] = _heads(feeder, spec, inputs, demand, [*told["warnings"], *_stiff(feeder)])
    except SolveError as err:
        status, reason = "failed", f"{step}: {err}"
    demand.write(outputs["demand"], outputs["profiles"])
    tables.write("meters", meters, outputs["linked"])
    answer = {"status": status, "reason": reason, "smoke": result, "demand": told}
    text = json.dumps(answer, sort_keys=True, indent=1, ensure_ascii=False)
    outputs["ready"].write_text(text + "\n", encoding="utf-8")


def _stiff(feeder: Feeder) -> list[str]:
    """A warning that names lines with so little impedance that they are solved with the least that rounding allows."""
    found = [p.name for p in feeder.lines if p.enabled and p.length_km < dss.least_km(p, feeder)]
    if not found:
        return []
    what, has, is_ = ("line", "has", "is") if len(found) == 1 else (f"{len(found)} lines:", "have", "are")
    some = ", ".join(found[:_NAMED]) + (", ..." if len(found) > _NAMED else "")
    return [f"{what} {some} {has} less impedance than {dss.LEAST_PU:g} pu of 1 MVA, and {is_} solved with that"]


def _demand(
    feeder: Feeder, spec: Mapping[str, Any], inputs: Mapping[str, Any], result: Mapping[str, float], meters: pa.Table
) -> tuple[Demand, dict[str, Any]]:
    raw: Mapping[str, Path] = inputs.get("raw") or {}
    calendar = _calendar(spec)
    classes, profile, followers = (_named(spec["demand"].get(word), what, raw) for word, what in _FILES)
    given = Given(meters, inputs["readings"], inputs["scada"], profile, followers)
    lost = max(result["loss_kw"], 0.0) / max(result["source_kw"] + result["generation_kw"], 1e-9)
    return base_demand(feeder, spec["demand"], calendar, spec["timezone"], classes, given, min(lost, 0.5))


def _heads(
    feeder: Feeder, spec: Mapping[str, Any], inputs: Mapping[str, Any], demand: Demand, warnings: list[str]
) -> tuple[Demand, list[str]]:
    """The demand with the voltages of the heads, where the study takes them from a measurement."""
    asked = spec.get("head_voltage") or {}
    if "ltc" in asked:
        require_ltc(feeder)
    if "from" not in asked:
        return demand, warnings
    calendar = _calendar(spec)
    found = measured_heads(feeder, tables.read("scada", inputs["scada"]), asked["from"], calendar, spec["timezone"])
    series = {HEAD + name: calendar.held(pu).astype(np.float32) for name, pu in found.pu.items()}
    return replace(demand, profiles={**demand.profiles, **series}), [*warnings, *found.warnings]


def _calendar(spec: Mapping[str, Any]) -> Calendar:
    return Calendar(spec["measured_year"] or DEFAULT_YEAR, spec["step_min"])


def _named(name: str | None, what: str, raw: Mapping[str, Path]) -> Path | None:
    if name and name not in raw:
        raise SolveError(f"{what} {name} of the study is not there")
    return Path(raw[name]) if name else None


def smoke(feeder: Feeder) -> dict[str, float]:
    """One power flow at the model's load, judged.

    Returns
    -------
    dict
        ``source_kw``, ``load_kw``, ``load_kw_expected``, ``loss_kw``, ``min_pu``, ``max_pu``, ``iterations``.

    Raises
    ------
    SolveError
        No solution, a load without supply or missing in the engine, power that does not add up, or voltages
        outside of 0.8 to 1.2 pu.
    """
    view = head.view(feeder)
    if lost := [
        p.name for p in feeder.loads if p.enabled and not {(p.bus, n) for n in p.nodes if 0 < n <= 3} <= view.fed
    ]:
        more = ", ..." if len(lost) > _NAMED else ""
        raise SolveError(
            f"{len(lost)} loads have a phase that no source reaches: {', '.join(lost[:_NAMED])}{more}; "
            "close the switch before them, or correct their phases"
        )
    fed, _ = head.served(feeder, view)
    view = view if fed is feeder else head.view(fed)
    engine.load(dss.write(fed))
    engine.load_settings(
        mode="snapshot",
        controlmode="static",
        tolerance=TOLERANCE,
        maxiterations=MAX_ITERATIONS,
        maxcontroliter=MAX_CONTROL_ITERATIONS,
    )
    number = engine.solve()
    if number not in (0, engine.CONTROL_LIMIT):
        raise SolveError(f"OpenDSS: {engine.message()} (#{number})")
    if not engine.converged():
        raise SolveError(
            f"the power flow at the model's load did not converge within {MAX_ITERATIONS} iterations: more load than "
            f"the network can carry, or impedances that are wrong{floating(fed, view)}"
        )
    if lost_ground := adrift(fed, view):
        raise SolveError(lost_ground)
    voltages = _per_unit(fed, view)
    result = _readings(fed, voltages)
    _judge(voltages, result)
    return {key: float(f"{value:.9g}") for key, value in result.items()}


def _readings(feeder: Feeder, voltages: Mapping[str, float]) -> dict[str, float]:
    loads = engine.Batch("load")
    wanted = sum(1 for p in feeder.loads if p.enabled)
    if loads.size != wanted:
        raise SolveError(f"{wanted} loads were written and {loads.size} are in the engine")
    given = sum(engine.Batch(word).powers().real.sum() for word in ("generator", "storage"))
    return {
        "source_kw": engine.source_kw(),
        "load_kw": float(loads.powers().real.sum()),
        "load_kw_expected": sum(p.kw for p in feeder.loads if p.enabled),
        "generation_kw": 0.0 - float(given),
        "loss_kw": engine.losses_kw(),
        "min_pu": min(voltages.values()),
        "max_pu": max(voltages.values()),
        "iterations": float(engine.iterations()),
    }


def _per_unit(feeder: Feeder, view: head.View) -> dict[str, float]:
    volts = np.empty(len(engine.node_names()) + 1, np.complex128)
    engine.Voltages().read(volts)
    index = {name: i for i, name in enumerate(engine.node_names(), 1)}
    found = {}
    for bus in feeder.buses:
        spelled = names.spelled(bus.name)
        for phase, node, other in view.judged(bus):
            if f"{spelled}.{node}" in index:
                base = 1e3 * (bus.kv_ll if other else bus.kv_ln)
                back = volts[index[f"{spelled}.{other}"]] if other else 0.0
                found[f"{bus.name}.{phase}"] = float(abs(volts[index[f"{spelled}.{node}"]] - back)) / base
    return found


def _judge(voltages: Mapping[str, float], result: Mapping[str, float]) -> None:
    outside = {n: v for n, v in voltages.items() if not LOWEST_PU <= v <= HIGHEST_PU}
    if outside:
        name, value = max(outside.items(), key=lambda item: abs(item[1] - 1.0))
        raise SolveError(
            f"{len(outside)} of {len(voltages)} voltages lie outside of {LOWEST_PU} to {HIGHEST_PU} pu at the model's "
            f"load, the farthest at {name} with {value:.3f} pu: check base voltages, transformers and lengths"
        )
    missing = result["source_kw"] + result["generation_kw"] - result["load_kw"] - result["loss_kw"]
    if abs(missing) > BALANCE * max(abs(result["source_kw"]), 1.0):
        raise SolveError(f"power does not add up: {missing:.3f} kW of {result['source_kw']:.3f} kW are missing")
