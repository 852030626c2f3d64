"""Measures tried in the power flow: quickly in chosen hours, and as a study that commits them would solve them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.mitigation.measure import LAYER, Measure, with_measures
from dtl.analyses.mitigation.outcome import Broken, Outcome, Sample, broken, outcomes
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import head
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.choose import choose
from dtl.powerflow.flexible import respond
from dtl.powerflow.opendss import Year
from dtl.powerflow.reduce import Reduction
from dtl.powerflow.snapshot import StateYear, at_states
from dtl.powerflow.solve import solved_case, with_head_voltage
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context, read_context
from dtl.scenarios.edited import supplied
from dtl.scenarios.edited_work import Work
from dtl.scenarios.edited_works import WORKS
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

Ints = NDArray[np.int64]
Outcomes = dict[str, Outcome]
"""The outcome of each feeder of a group."""

EACH, QUIET = 8, 48
"""Steps of each violation, and of the whole year from lowest to highest load, in which measures are compared."""
_OUTSIDE = ("add_battery",)
"""Works whose effect is known only once all layers are composed."""


class Case:
    """One case of a group, solved without measures; tries measures on it.

    Raises
    ------
    SolveError
        The case has no solution, or its feeder was not ready.
    """

    def __init__(self, spec: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        self._inputs, self._hours = inputs, spec["hours"]
        self.name = str(spec["case"])
        self._context = read_context(dict(spec), inputs)
        found = solved_case(spec, inputs, self._context)
        self.spec = found.spec
        self.reduction = found.solved.reduction
        self.before: Outcomes = outcomes(self.reduction)

    @cached_property
    def _made(self) -> tuple[Feeder, Demand]:
        return self._realised(())

    def _realised(self, measures: Sequence[Measure]) -> tuple[Feeder, Demand]:
        """Feeder and demand of the case with measures among its layers; the demand of a snapshot in its states."""
        composed = self._with(measures)
        state: State = respond(compose(*composed), self._context, self.spec)[0]
        feeder, demand = realise(state)
        if states := self.spec.get("states"):
            demand, _ = at_states(states, composed[1], composed[2], (feeder, demand), self._context.calendar)
        return feeder, demand

    @property
    def feeder(self) -> Feeder:
        """The feeder of the case with all its layers."""
        return self._made[0]

    @property
    def demand(self) -> Demand:
        """The demand of the case with all its layers."""
        return self._made[1]

    @cached_property
    def sample(self) -> Sample:
        """The steps in which measures are compared."""
        return sample(self.reduction)

    @cached_property
    def sampled(self) -> Outcomes:
        """The outcome without measures in the hours of the sample."""
        return self._quick(self.feeder)

    def quick(self, measures: Sequence[Measure]) -> Outcomes:
        """The outcome with measures, in the hours of the sample; raises SolveError where they cannot be done."""
        if not measures:
            return self.sampled
        steps = [step for one in measures for step in one.steps]
        if any(one.words for one in measures) or any(word in step for step in steps for word in _OUTSIDE):
            return self._quick(*self._realised(measures))
        feeder = self.feeder
        for step in steps:
            word = next(w for w in WORKS if w in step)
            done = WORKS[word](Work(LAYER, feeder, step[word]))
            if done.feeder is None:
                names = ", ".join(f"{what} '{name}'" for what, name, _ in done.sought)
                raise SolveError(f"{self.name} has no {names}")
            feeder = done.feeder
        supplied(LAYER, self.feeder, feeder)
        return self._quick(feeder)

    def year(self, measures: Sequence[Measure]) -> Outcomes:
        """The outcome of the hours of the study as it is once the measures are committed as layers."""
        if not measures:
            return self.before
        spec = {**self.spec, "hours": self._hours, "layers": with_measures(self.spec["layers"], measures)}
        return outcomes(solved_case(spec, self._inputs, self._context).solved.reduction)

    def _with(self, measures: Sequence[Measure]) -> tuple[list[dict[str, Any]], Feeder, Demand, Context]:
        feeder = Feeder.from_json(Path(self._inputs["feeder"]).read_text(encoding="utf-8"))
        demand = Demand.read(self._inputs["demand"], self._inputs["profiles"])
        feeder, _ = head.served(with_head_voltage(feeder, self.spec["head_voltage"]))
        return with_measures(self.spec["layers"], measures), feeder, demand, self._context

    def _quick(self, feeder: Feeder, demand: Demand | None = None) -> Outcomes:
        feeder, _ = head.served(feeder)
        spec, hours = self.spec, self.sample.hours
        demand = self.demand if demand is None else demand
        year: Year | BatchYear
        if choose(feeder, self._context.steps, spec, operated=demand.operated is not None)[0] == "batch":
            year = BatchYear(feeder, demand)
        else:
            kind = StateYear if spec.get("states") else Year
            year = kind(feeder, demand, controls_active=spec["controls"] == "active")
        view = head.view(feeder, year.feeder)
        calendar: Calendar = self.reduction.calendar
        found = Reduction(year.feeder, year.circuit, view, calendar, spec, spec["step_min"] / 60.0)
        for block in year.blocks(hours):
            found.add(block, year.repeat)
        found.loading.finish()
        return outcomes(found, self.sample)


def sample(reduction: Reduction) -> Sample:
    """Hours of each violation from worst to least, and hours at even steps of the load, which stand for their like."""
    blocks = reduction.hourly
    seen = np.concatenate([b[0] for b in blocks["hour"]]).astype(np.int64)
    load = np.concatenate([b.sum(axis=0) for b in blocks["source_kw"]])
    ranked = seen[np.argsort(load, kind="stable")]
    chosen = set(_even(ranked, QUIET).tolist())
    known: dict[Broken, tuple[Ints, float]] = {}
    for name, hours, beyond in broken(reduction):
        some = _even(hours[np.lexsort((hours, -beyond))], EACH)
        known[name] = some, 0.0
        chosen |= set(some.tolist())
    for name, hours, _ in broken(reduction):
        mine = hours[np.isin(hours, list(chosen))]
        known[name] = mine, len(hours) / len(mine)
    inside = np.flatnonzero(np.isin(ranked, list(chosen)))
    nearest = inside[np.abs(np.arange(len(ranked))[:, None] - inside[None, :]).argmin(axis=1)]
    weights = np.zeros(HOURS * reduction.calendar.per_hour)
    np.add.at(weights, ranked[nearest], 1.0)
    return Sample(sorted(chosen), weights, known)


def _even(hours: Ints, count: int) -> Ints:
    return hours[np.unique(np.linspace(0, len(hours) - 1, min(count, len(hours))).round().astype(np.int64))]


def cases(spec: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[Case]:
    """The cases of a slice, each solved."""
    shared = {k: v for k, v in spec.items() if k != "cases"}
    return [Case({**shared, "case": name, **own}, inputs) for name, own in sorted(spec["cases"].items())]


def ready(inputs: Mapping[str, Any]) -> str:
    """Why the group cannot be solved; empty where it can."""
    found = json.loads(Path(inputs["ready"]).read_text(encoding="utf-8"))
    return "" if found["status"] == "ok" else str(found["reason"])
