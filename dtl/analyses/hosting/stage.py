"""The stage ``host_feeder``: the hosting capacity of one case of one group."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl import tables
from dtl.analyses.hosting.answers import ALL, Row
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.drive import drive
from dtl.analyses.hosting.iterative import iterative
from dtl.analyses.hosting.qsts import qsts
from dtl.analyses.hosting.stochastic import stochastic
from dtl.demand.demand import Demand
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import head
from dtl.powerflow.flexible import respond
from dtl.powerflow.hours import resolved
from dtl.powerflow.snapshot import at_states
from dtl.powerflow.solve import with_head_voltage
from dtl.scenarios import solar
from dtl.scenarios.compose import compose
from dtl.scenarios.context import read_context
from dtl.scenarios.realise import realise

METHODS = {"drive": drive, "iterative": iterative, "qsts": qsts, "stochastic": stochastic}


def host_feeder(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the table ``hosting`` of one case."""
    tables.write("hosting", tables.frame("hosting", hosted(spec, inputs)), outputs["hosting"])


def hosted(spec: dict[str, Any], inputs: Mapping[str, Any]) -> list[Row]:
    """The rows of ``hosting`` of one case; a case that cannot be solved gets one row with the reason."""
    words = spec["analyses"]["hosting"]
    feeder = Feeder.from_json(Path(inputs["feeder"]).read_text(encoding="utf-8"))
    try:
        found = list(answers(read_case(spec, inputs, feeder), words))
    except SolveError as err:
        found = [_failed(method, of, str(err)) for method in _methods(words) for of in words["of"]]
    owner = {b.name: b.feeder or feeder.feeders[0] for b in feeder.buses}
    same = {"scenario": spec["scenario"], "year": spec["year"], "case": spec["case"]}
    return [{**same, "feeder": owner.get(row["bus"], feeder.feeders[0]), **row} for row in found]


def read_case(spec: Mapping[str, Any], inputs: Mapping[str, Any], feeder: Feeder) -> Case:
    """The case of a slice as it is solved, with its layers applied and its programs executed.

    What programs give way by without any plant stays as it is, whatever the plant does. SolveError where the feeder was
    not ready.
    """
    ready = json.loads(Path(inputs["ready"]).read_text(encoding="utf-8"))
    if ready["status"] != "ok":
        raise SolveError(ready["reason"])
    demand = Demand.read(inputs["demand"], inputs["profiles"])
    context = read_context(spec, inputs)
    fed, _ = head.served(with_head_voltage(feeder, spec["head_voltage"]))
    spec = resolved(spec, demand, context.calendar)
    state, _ = respond(compose(spec["layers"], fed, demand, context), context, spec)
    model, base = fed, demand
    fed, demand = realise(state)
    fed, _ = head.served(fed)
    calendar = context.calendar
    if states := spec.get("states"):
        demand, calendar = at_states(states, model, base, (fed, demand), calendar)

    def sun() -> NDArray[np.float64]:
        return np.asarray(solar.output({"name": "analyses.hosting of pv"}, state, context)[0], np.float64)

    return Case(spec["study"], fed, demand, calendar, spec, spec["analyses"]["hosting"], sun)


def answers(case: Case, words: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of all methods and kinds of plants that a study asks for; without weather only the sun has none."""
    lacks = ""
    if "pv" in words["of"]:
        try:
            case.sun("pv")
        except SolveError as err:
            lacks = str(err)
    for method, own in _methods(words).items():
        for of in words["of"]:
            if of == "pv" and lacks:
                yield _failed(method, of, lacks)
                continue
            for row in METHODS[method](case, own, of):
                yield {"method": method, "of": of, **row, "verdict": row["verdict"] + case.restless}


def _methods(words: Mapping[str, Any]) -> dict[str, Any]:
    return {name: own for name, own in sorted(words["methods"].items()) if own is not None}


def _failed(method: str, of: str, reason: str) -> Row:
    return {
        "method": method, "of": of, "mode": "single", "bus": "", "criterion": ALL, "phases": "", "at_least": False,
        "limiting_factor": "no_solution", "limiting_element": "", "pre_existing": False, "mc_iterations": 0,
        "hours": 0, "solves": 0, "engine": "", "verdict": f"no answer: {reason}",
    }  # fmt: skip
