"""Calibration of a whole model: set points, taps, phases, impedances and head voltage, with the loads.

The feeder is solved with other values at hours of the year that SCADA or meters measured, and in the state of its own
loads that another program solved (`dtl.learning.twin`); what follows best, and what is not told, says
`dtl.learning.posterior`. What was not fitted judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl import tables as contracts
from dtl.demand.calendar import HOURS
from dtl.demand.calibrated import power_factor
from dtl.demand.demand import Demand, Drive
from dtl.errors import SolveError
from dtl.learning import seen
from dtl.learning.insight import OK, REFUSED, Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.learning.knobs import Knob, Unsought, knobs, untold
from dtl.learning.posterior import Found, Problem, fit
from dtl.learning.twin import LOADS, Told, Twin, by_hour, fed
from dtl.network.calibrated import with_loads
from dtl.network.feeder import Feeder
from dtl.powerflow.against import compare
from dtl.powerflow.solve import with_head_voltage
from dtl.powerflow.state import solve_state
from dtl.scenarios.compose import compose
from dtl.scenarios.context import read_context
from dtl.scenarios.realise import realise
from dtl.spec.calibration_file import PARAMETERS

MODULE = "calibrate"
Windows = Sequence[NDArray[np.bool_]]
LEAST_H, LEAST_VALUES = 12, 8
"""Hours, or values of another program, that are fitted and scored at least."""
MOST_H, NODE_HOURS = 96, 24_000
"""Hours of each window that are solved at most, fewer where the feeder has many buses."""
UNITS = {"kw": "kW", "kvar": "kvar", "volts": "pu", "loading": "% or A", "tap": "steps", "loss_kw": "kW"}
NAMED = 10
VALUE_UNITS = {"head_voltage": "pu", "regulator_set": "V", "tap": "steps"}
TABLE = {"scada": ("scada", "value"), "ami": ("readings", "volts"), "cyme_results": ("reference", "value")}


@dataclass(frozen=True)
class Scores:
    """Root mean squares by group on what was not fitted, before and after."""

    before: Mapping[str, float]
    after: Mapping[str, float]


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table], windows: Windows) -> LearnResult:
    """Insights and the table ``calibration`` of a group; ``windows``: the hours to fit and those to score."""
    feeder = Feeder.from_json(Path(spec["model"]).read_text(encoding="utf-8"))
    if len(feeder.feeders) > 1:
        why = f"{', '.join(feeder.feeders)} are solved together and have several heads; calibrate them apart"
        return LearnResult([not_enough(MODULE, why)])
    try:
        twins = _twins(spec, tables, feeder, windows)
        if isinstance(twins, NotEnough):
            return LearnResult([not_enough(MODULE, twins.why)])
        return _calibrated(spec, *twins)
    except SolveError as err:
        return LearnResult([not_enough(MODULE, f"the model cannot be solved: {err}")])


def _twins(
    spec: Mapping[str, Any], tables: Mapping[str, pa.Table], feeder: Feeder, windows: Windows
) -> tuple[Twin, Twin] | NotEnough:
    """The model with what is fitted, and with what is scored."""
    demand = Demand({r["load"]: Drive(**r) for r in tables["demand"].to_pylist()}, _profiles(tables["profiles"]))
    feeder, demand = _in_service(spec, with_head_voltage(feeder, spec["powerflow"]["head_voltage"]), by_hour(demand))
    feeder = fed(with_loads(feeder, [r for r in spec.get("calibrated") or () if r["parameter"] in LOADS]))
    lanes = _lanes(spec, tables, feeder, demand, windows[0])
    own, rows = feeder.feeders[0], _rows(spec, tables, feeder)
    total = np.sum([demand.kw(n) for n in demand.drives], axis=0) if demand.drives else np.zeros(HOURS)
    most = int(np.clip(NODE_HOURS // max(len(feeder.buses), 1), 2 * LEAST_H, MOST_H))
    hours = [seen.sampled(lanes, total, window, most) for window in windows]
    if min(len(h) for h in hours) < LEAST_H:
        lanes, hours = [], [np.zeros(0, np.int64)] * 2
    halves = _halves(rows, feeder, spec["change"])
    if not lanes and min(len(h) for h in halves) < LEAST_VALUES:
        against = ", ".join(spec["against"])
        return NotEnough(f"{against} measures fewer than {LEAST_H} hours of {own} to fit and to score, and states "
                         f"{len(rows)} values of its parts; {2 * LEAST_VALUES} are needed")  # fmt: skip
    controlled = spec["powerflow"]["controls"] == "active"
    fitted, scored = (Twin(feeder, demand, controlled, lanes, h, r) for h, r in zip(hours, halves, strict=True))
    return fitted, scored


def _profiles(table: pa.Table) -> dict[str, NDArray[np.float32]]:
    return {
        str(name): np.ascontiguousarray(series, dtype=np.float32)
        for name, series in zip(table["profile"].to_pylist(), table["values"].to_pylist(), strict=True)
    }


def _in_service(spec: Mapping[str, Any], feeder: Feeder, demand: Demand) -> tuple[Feeder, Demand]:
    """The feeder with the generators that are in service in all cases."""
    if not spec["generators"]:
        return feeder, demand
    shared = {"layers": spec["generators"], "year": 0, "step_min": 60, "timezone": spec["timezone"]}
    context = read_context({**shared, "measured_year": spec["measured_year"]}, spec["inputs"] | {"raw": {}})
    return realise(compose(spec["generators"], feeder, demand, context))


def _lanes(
    spec: Mapping[str, Any], tables: Mapping[str, pa.Table], feeder: Feeder, demand: Demand, fitted: NDArray[np.bool_]
) -> list[seen.Lane]:
    year, zone, kinds = int(spec["measured_year"] or 0), str(spec["timezone"]), spec["kinds"]
    lanes: list[seen.Lane] = []
    asked = [name for name in spec["against"] if kinds[name] == "scada"]
    if year and asked and "scada" in tables:
        lanes += seen.scada_lanes(feeder, tables["scada"], asked, year, zone, fitted)
    if year and "ami" in kinds.values():
        words = spec["powerflow"]["secondary"]
        drop = float(words.get("drop_pct") or 0.0) / 100.0 if isinstance(words, Mapping) else 0.0
        readings = spec["inputs"]["readings"]
        lanes += seen.meter_lanes(feeder, demand, tables["meters"], readings, year, zone, drop or seen.DROP)
    return lanes


def _rows(spec: Mapping[str, Any], tables: Mapping[str, pa.Table], feeder: Feeder) -> list[dict[str, Any]]:
    """The rows of another program's results that the model has a place for, or would have on another phase."""
    asked = [name for name in spec["against"] if spec["kinds"][name] == "cyme_results"]
    if not asked or "reference" not in tables:
        return []
    table = tables["reference"]
    mine = table.filter(pc.is_in(table["source"].cast(contracts.TEXT), pa.array(asked, contracts.TEXT)))
    own = feeder.feeders[0]
    rows = [r for r in mine.to_pylist() if r["feeder"].lower() == own.lower() and float(r["value"]) != 0.0
            and r["quantity"] != "loss_kw"]  # fmt: skip
    if not rows:
        return []
    moves = "phase" in spec["change"]
    state = solve_state(feeder, controlled=spec["powerflow"]["controls"] == "active")
    return [row for row, d in zip(rows, compare(rows, state, own), strict=True)
            if d["ours"] is not None or (moves and d["matched"] and row["kind"] == "bus")]  # fmt: skip


def _halves(rows: Sequence[dict[str, Any]], feeder: Feeder, change: Sequence[str]) -> list[list[dict[str, Any]]]:
    """Every other element is fitted, the others are scored.

    The head, of which there is one, is fitted, and so are the buses of laterals whose phase is sought: each may have
    but one, which alone can tell it.
    """
    asked = [word for word in change if word == "phase"]
    laterals, _ = knobs(feeder, asked, 1.0, controlled=False, head_stated=True)
    alone = {bus for knob in laterals for bus in knob.buses}
    elements = sorted({(r["kind"], r["element"]) for r in rows if r["kind"] != "head" and r["element"] not in alone})
    scored = set(elements[1::2])
    return [[r for r in rows if ((r["kind"], r["element"]) in scored) == second] for second in (False, True)]


def _calibrated(spec: Mapping[str, Any], fitted: Twin, scored: Twin) -> LearnResult:
    feeder, demand = fitted.feeder, fitted.demand
    model_only = not fitted.lanes
    kw, kvar = (sum(getattr(p, w) for p in feeder.loads if p.enabled) for w in ("kw", "kvar"))
    factor = float(np.cos(np.arctan2(kvar, kw))) if model_only else power_factor(demand, list(demand.drives.values()))
    stated = spec["powerflow"]["head_voltage"] is not None
    places = seen.buses(fitted.lanes) | seen.stated(fitted.rows)
    found, unsought = knobs(
        feeder, spec["change"], factor, controlled=fitted.controlled, head_stated=stated, seen=places
    )
    told = fitted.told()
    groups = set(told.group[np.isfinite(told.value)].tolist())
    by_phase = any(x.phase for x in fitted.lanes)
    why = {k: untold(k, places, groups, by_phase=by_phase) for k in found}
    unsought += [Unsought(k.parameter, k.element, k.before, w) for k, w in why.items() if w]
    live = [k for k in found if not why[k]]
    if not live:
        return _said(spec, feeder, {}, Scores({}, {}), unsought, "")
    problem = Problem(live, fitted.simulate, told, int(spec.get("seed", 0)), fitted.lag)
    result = fit(problem, min(20 + 5 * len(live), 60))
    values, scores = _accepted(result.found, scored)
    same = "least squares from the model's values find the same" if result.smooth else "only the search found it"
    lost = f", {result.failed} without a solution" if result.failed else ""
    how = f"{same}; {result.solved} models solved{lost}"
    return _said(spec, feeder, values, scores, unsought, how)


def _accepted(found: Mapping[Knob, Found], scored: Twin) -> tuple[dict[Knob, Found], Scores]:
    """What is told and better on what was not fitted; and the root mean squares with that."""
    told, values = scored.told(), dict(found)
    before = _rmse(scored, told, {})
    while True:
        after = _rmse(scored, told, {k: f.value for k, f in values.items() if not f.why})
        worse = {g for g in after if not after[g] < before[g]}
        lost = [k for k, f in values.items() if not f.why and f.value != k.before and _group(k, after) in worse]
        if not lost:
            return values, Scores(before, after)
        for knob in lost:
            f = values[knob]
            values[knob] = Found(f.value, f.low, f.high, "no better on what was not fitted", f.at_bound)


def _group(knob: Knob, groups: Mapping[str, float]) -> str:
    return next((g for g in (knob.tells, "loading" * (knob.tells == "kw"), "volts") if g in groups), knob.tells)


def _rmse(twin: Twin, told: Told, values: Mapping[Knob, float]) -> dict[str, float]:
    simulated = twin.simulate(values)
    if simulated is None:
        return {str(g): float("inf") for g in np.unique(told.group)}
    apart = simulated - told.value
    return {
        str(g): float(np.sqrt(np.nanmean(apart[told.group == g] ** 2)))
        for g in np.unique(told.group)
        if np.isfinite(apart[told.group == g]).any()
    }


def _said(
    spec: Mapping[str, Any], feeder: Feeder, found: Mapping[Knob, Found], scores: Scores,
    unsought: Sequence[Unsought], how: str,
) -> LearnResult:  # fmt: skip
    """The insights and the proposal."""
    own = feeder.feeders[0]
    rows = [r for r in spec.get("calibrated") or () if r["feeder"].lower() == own.lower()]
    factor = {r["parameter"]: float(r["value"]) for r in rows if r["parameter"] in ("load_scale", "impedance")}
    cells = [Cell(*(t, own, c)) for t, c in (TABLE[spec["kinds"][name]] for name in spec["against"])]
    said = [_insight(k, f, factor.get(k.parameter, 1.0), own, cells, how) for k, f in found.items()
            if not (k.choices and f.value == k.before)]  # fmt: skip
    said += _held(found, own, cells)
    said += [Insight(MODULE, f"{g}_rmse_after", after, UNITS.get(g, g), _judged(g, scores), own, evidence=cells)
             for g, after in sorted(scores.after.items())]  # fmt: skip
    said += _not_sought(unsought, own, cells)
    lines = [_line(k, f, factor.get(k.parameter, 1.0), own, scores) for k, f in found.items()]
    known = {(r["parameter"], r["element"]) for r in lines}
    lines += [kept(r, own) for r in rows if (r["parameter"], r["element"]) not in known]
    return LearnResult(said, {"calibration": contracts.frame("calibration", lines)})


def _not_sought(unsought: Sequence[Unsought], own: str, cells: Sequence[Cell]) -> list[Insight]:
    """One insight for all that are not sought of a parameter for one reason."""
    together: dict[tuple[str, str], list[str]] = {}
    for one in unsought:
        together.setdefault((one.parameter, one.why), []).append(one.element)
    said = []
    for number, ((parameter, why), elements) in enumerate(sorted(together.items())):
        names = ", ".join(sorted(elements)[:NAMED]) + f" and {len(elements) - NAMED} more" * (len(elements) > NAMED)
        text = f"{parameter.replace('_', ' ')} {names}".rstrip() + f": {why}"
        said.append(Insight(MODULE, f"not_sought_{number}", None, "1", text, own, evidence=cells, verdict=REFUSED))
    return said


def _judged(group: str, scores: Scores) -> str:
    unit = UNITS.get(group, group)
    return f"{group} on what was not fitted: {scores.before[group]:.4g} {unit} before, {scores.after[group]:.4g} after"


def _insight(knob: Knob, found: Found, factor: float, own: str, cells: Sequence[Cell], how: str) -> Insight:
    def shown(value: float) -> str:
        return "ABC"[int(value) - 1] if knob.choices else f"{value * factor:.4g}"

    span = "" if knob.choices else f", 95 % interval {shown(found.low)} to {shown(found.high)}"
    tail = f"{found.why}, it stays" if found.why else how
    text = f"{knob.name} {shown(knob.before)} -> {shown(found.value)}{span}; {tail}"
    return Insight(MODULE, knob.parameter, found.value * factor, VALUE_UNITS.get(knob.parameter, "1"), text, own,
                   kind=PARAMETERS[knob.parameter].of, element=knob.element, evidence=cells,
                   verdict=REFUSED if found.why else OK)  # fmt: skip


def _held(found: Mapping[Knob, Found], own: str, cells: Sequence[Cell]) -> list[Insight]:
    """One insight for all laterals that keep their phase."""
    kept = {k: f for k, f in found.items() if k.choices and f.value == k.before}
    if not kept:
        return []
    lost = sorted(k.element for k, f in kept.items() if f.why)
    text = f"{len(kept) - len(lost)} laterals: what is measured confirms their phase"
    text += f"; of {len(lost)} it cannot tell: {', '.join(lost[:10])}{', ...' * (len(lost) > 10)}" if lost else ""
    return [Insight(MODULE, "phases_confirmed", len(kept) - len(lost), "count", text, own, evidence=cells)]


def _line(knob: Knob, found: Found, factor: float, own: str, scores: Scores) -> dict[str, Any]:
    group = _group(knob, scores.after)
    values = {"before": knob.before, "proposed": knob.before if found.why else found.value, "fitted": found.value,
              "low": found.low, "high": found.high}  # fmt: skip
    line: dict[str, Any] = {"feeder": own, "parameter": knob.parameter, "element": knob.element}
    line |= {word: float(f"{value * factor:.6g}") for word, value in values.items()}
    line |= {"identified": not found.why, "at_bound": found.at_bound, "unit": UNITS[group], "note": found.why}
    return line | {"rmse_before": _known(scores.before, group), "rmse_after": _known(scores.after, group)}


def _known(rmse: Mapping[str, float], group: str) -> float | None:
    value = rmse.get(group)
    return value if value is not None and np.isfinite(value) else None


def kept(row: Mapping[str, Any], own: str) -> dict[str, Any]:
    """A value of the file that is in force, which was not sought: it stays, so that the new file can replace it."""
    line: dict[str, Any] = {"feeder": own, "parameter": row["parameter"], "element": row["element"]}
    line |= dict.fromkeys(("before", "proposed", "fitted", "low", "high"), row["value"])
    line |= {"identified": False, "at_bound": False, "unit": "", "rmse_before": None, "rmse_after": None}
    return line | {"note": "not sought; as network.calibrated has it"}
