"""Stage ``solve_feeder``: one case of one group, from base demand to result tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand
from dtl.errors import NotConverged, SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import engine, head, hunting, results
from dtl.powerflow.audit import Audit, audit
from dtl.powerflow.balanced_year import BalancedYear
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.choose import Accelerated, choose
from dtl.powerflow.flexible import respond
from dtl.powerflow.hours import resolved
from dtl.powerflow.opendss import MAX_CONTROL_ITERATIONS, TOLERANCE, Year
from dtl.powerflow.reduce import Reduction
from dtl.powerflow.snapshot import StateYear, at_states
from dtl.powerflow.strayed import strayed
from dtl.scenarios.compose import compose
from dtl.scenarios.composition import attribution, composition
from dtl.scenarios.context import Context, read_context
from dtl.scenarios.devices import devices
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

Real = NDArray[np.float64]


def solve_feeder(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Solve the hours of one case and write the tables of `dtl.tables.results`, ``composition`` and the manifest.

    Raises
    ------
    SolveError
        Physics failed: the feeder was not ready, an hour has no solution, or a balance does not hold.
    """
    context = read_context(spec, inputs)
    found = solved_case(spec, inputs, context)
    reduction, state = found.solved.reduction, found.state
    case = {"scenario": spec["scenario"], "year": spec["year"], "case": spec["case"]}
    tables.write("powerflow", results.powerflow(reduction, case), outputs["powerflow"])
    tables.write("hourly", results.hourly(reduction, case), outputs["hourly"])
    violations, cut = results.violations(reduction, case)
    kept, dropped = results.kept(reduction, case)
    tables.write("kept", kept, outputs["kept"])
    tables.write("violations", violations, outputs["violations"])
    tables.write("composition", composition(state, context, case), outputs["composition"])
    tables.write("devices", devices(state, case, context.step_min), outputs["devices"])
    manifest = _manifest(spec, found.solved, [*found.warnings, *cut, *dropped], found.driven)
    manifest["assumptions"] = list(state.assumptions)
    manifest["attribution"] = attribution(state, context)
    manifest["sought"] = list(state.sought)
    manifest["flexibility"] = found.answered
    text = json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False)
    outputs["manifest"].write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Solved:
    """A case that was solved: the reduction of its hours, the year as it was run, by what and why."""

    reduction: Reduction
    year: Year | BatchYear
    engine: str
    reason: str
    audit: Audit | None = None


@dataclass(frozen=True)
class SolvedCase:
    """A case from base demand to the solved year.

    ``spec`` is its slice with ``hours`` as a list, ``answered`` what programs did, ``driven`` the driven plants.
    """

    spec: Mapping[str, Any]
    state: State
    solved: Solved
    warnings: list[str]
    answered: Any
    driven: Collection[str]


def solved_case(spec: Mapping[str, Any], inputs: Mapping[str, Any], context: Context) -> SolvedCase:
    """Compose and solve one case of a group, by the slice and the inputs of `solve_feeder`; raises as it does."""
    ready = json.loads(Path(inputs["ready"]).read_text(encoding="utf-8"))
    if ready["status"] != "ok":
        raise SolveError(ready["reason"])
    feeder = Feeder.from_json(Path(inputs["feeder"]).read_text(encoding="utf-8"))
    demand = Demand.read(inputs["demand"], inputs["profiles"])
    spec = resolved(spec, demand, context.calendar)
    feeder, warnings = head.served(with_head_voltage(feeder, spec["head_voltage"]))
    model, base = feeder, demand
    state = compose(spec["layers"], feeder, demand, context)
    state, answered = respond(state, context, spec)
    feeder, demand = realise(state)
    feeder, lost = head.served(feeder)
    air, lacking = ambient(spec.get("ageing"), state, context)
    calendar = context.calendar
    if states := spec.get("states"):
        demand, calendar = at_states(states, model, base, (feeder, demand), calendar)
    solved = run(feeder, demand, calendar, spec, air)
    told = [*ready["demand"].get("warnings", ()), *warnings, *lost, *state.notes, *lacking, *_strayed(solved, demand)]
    return SolvedCase(spec, state, solved, told, answered, demand.plants)


def _strayed(solved: Solved, demand: Demand) -> list[str]:
    reduction = solved.reduction
    steps = np.unique(np.concatenate(reduction.hourly["hour"], axis=-1))
    return strayed(reduction.feeder, demand, steps.tolist(), reduction.step_h, reduction.load_kwh)


def ambient(words: Mapping[str, Any] | None, state: State, context: Context) -> tuple[Real | None, list[str]]:
    """The air of every hour that transformers age in [degree C], and what is assumed; None if nobody asks."""
    if words is None:
        return None, []
    if state.temp_c is not None:
        return np.asarray(state.temp_c, np.float64), []
    year = context.weather.get(context.measured_year)
    if year is not None and not year.missing.get("temp_c"):
        return np.asarray(year.needed("temp_c"), np.float64), []
    constant = float(words["ambient_c"])
    text = f"ageing: the feeder has no whole year of air temperature; {constant:g} degree C is assumed all year"
    return np.full(HOURS, constant), [text]


def run(feeder: Feeder, demand: Demand, calendar: Calendar, spec: Mapping[str, Any], air: Real | None = None) -> Solved:
    """Solve and reduce all steps that `spec` asks for, by the engine it asks for; `air` is by hour of the year.

    An accelerated answer is audited; one that fails its audit, or is none, is replaced by that of OpenDSS.

    `spec` needs ``hours`` (``all`` or numbers of steps), ``controls``, ``engine``, ``step_min``, ``limits`` and
    ``secondary``.
    """
    every = range(HOURS * calendar.per_hour)
    hours = every if spec["hours"] == "all" else sorted(set(spec["hours"]))
    name, reason = choose(feeder, len(hours), spec, operated=demand.operated is not None)
    if name != "opendss":
        try:
            return _accelerated(feeder, demand, calendar, spec, hours, name, reason, air)
        except (NotConverged, _AuditFailed) as err:
            reason = f"{spec['engine']}: {name} was tried: {err}"
        except SolveError as err:
            if spec["engine"] == name:
                raise
            reason = f"auto: {name} was tried: {err}"
    kind = StateYear if spec.get("states") else Year
    year = kind(feeder, demand, controls_active=spec["controls"] == "active")
    return Solved(_reduced(year, feeder, calendar, spec, hours, air), year, "opendss", reason)


class _AuditFailed(Exception):
    """The audit of an accelerated answer failed."""


def _accelerated(
    feeder: Feeder, demand: Demand, calendar: Calendar, spec: Mapping[str, Any], hours: Sequence[int],
    name: Accelerated, reason: str, air: Real | None,
) -> Solved:  # fmt: skip
    year = BatchYear(feeder, demand) if name == "batch" else BalancedYear(feeder, demand, name)
    reduction = _reduced(year, feeder, calendar, spec, hours, air)
    found = audit(feeder, demand, year, reduction)
    if not found.passed:
        raise _AuditFailed(f"the audit failed: {found}")
    return Solved(reduction, year, name, f"{reason}; {found}", found)


def _reduced(
    year: Year | BatchYear, feeder: Feeder, calendar: Calendar, spec: Mapping[str, Any], hours: Sequence[int],
    air: Real | None,
) -> Reduction:  # fmt: skip
    view = head.view(feeder, year.feeder)
    reduction = Reduction(year.feeder, year.circuit, view, calendar, spec, spec["step_min"] / 60.0)
    reduction.keep_series(spec.get("keep", "summary"))
    if air is not None:
        reduction.follow_ageing(spec["ageing"], air)
    for block in year.blocks(hours):
        reduction.add(block, year.repeat)
    reduction.loading.finish()
    return reduction


def with_head_voltage(feeder: Feeder, setting: Mapping[str, float] | None) -> Feeder:
    """The feeder with the fixed voltage at its heads that the study sets; the model's own without one."""
    if setting is None or "pu" not in setting:
        return feeder
    sources = tuple(s.model_copy(update={"pu": float(setting["pu"])}) for s in feeder.sources)
    return feeder.model_copy(update={"sources": sources})


def _manifest(spec: Mapping[str, Any], solved: Solved, warnings: list[str], driven: Collection[str]) -> dict[str, Any]:
    reduction, year = solved.reduction, solved.year
    per_hour = reduction.calendar.per_hour
    hits = [{"hour": step // per_hour, "devices": list(devices)} for step, devices in year.control_limit_hits]
    feeder = reduction.feeder
    if text := hunting.told(year.control_limit_hits, spec["step_min"]):
        warnings = [*warnings, text]
    if constant := [p.name for p in (*feeder.generators, *feeder.storages) if p.enabled and p.name not in driven]:
        warnings = [*warnings, f"generators at constant output, storage idle: {', '.join(constant)}"]
    return {
        "status": "ok",
        "reason": "",
        "engine": solved.engine,
        "engine_reason": solved.reason,
        "engine_version": engine.version() if solved.engine == "opendss" else f"on OpenDSS {engine.version()}",
        "audit": solved.audit.manifest(per_hour) if solved.audit else None,
        "tolerance": TOLERANCE,
        "hours": reduction.voltages.steps if per_hour == 1 else reduction.voltages.steps / per_hour,
        "step_min": spec["step_min"],
        **({"states": [state["name"] for state in spec["states"]]} if spec.get("states") else {}),
        "controls": {
            "mode": "static" if year.controls_active else "frozen",
            "regulators": len(reduction.circuit.regulators),
            "capacitors": sum(1 for c in feeder.capacitors if c.control is not None and c.control.enabled),
            "max_iterations": MAX_CONTROL_ITERATIONS,
        },
        "secondary": spec["secondary"],
        "warnings": warnings,
        "worst_hour": reduction.voltages.worst_hour // per_hour,
        "balance_max_rel": float(f"{reduction.balance_max_rel:.3g}"),
        "repeated_hours": year.repeated_hours,
        "balance_hour": reduction.balance_hour // per_hour,
        "control_limit_hits": hits,
        "inverters": year.tally.manifest(year.inverters, spec["step_min"] / 60.0) if year.inverters else None,
    }
