"""Can this plant be connected here? The answer of the verb ``connect``, from the state of a study's last run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dtl.analyses.hosting.answers import counted, rows
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Shared
from dtl.analyses.hosting.prove import Proof, prove
from dtl.analyses.hosting.search import search
from dtl.analyses.hosting.sites import Of, site
from dtl.analyses.hosting.stage import read_case
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import head
from dtl.spec.base import near

TYPES: Mapping[str, Of] = {"ev": "load", "load": "load", "pv": "generation", "generation": "generation"}
"""What a plant is to the power flow, by the word of the command line."""


@dataclass(frozen=True)
class Answer:
    """The answer: whether it fits, the capacity, what limits it, and how many power flows that took."""

    fits: bool
    kw: float
    capacity_kw: float
    step_kw: float
    at_least: bool
    verdict: str
    solves: int
    where: str
    proof: Proof | None

    @property
    def lines(self) -> list[str]:
        """The answer in words."""
        word = "yes" if self.fits else "no"
        margin = self.capacity_kw - self.kw
        bound = "at least " if self.at_least else ""
        said = [
            f"{word}: {self.kw:g} kW at {self.where}",
            f"margin: {bound}{margin:g} kW (hosting capacity {self.verdict})",
            f"power flows: {self.solves}",
        ]
        if self.proof is not None:
            p = self.proof
            stands = "stands" if p.stands else "DOES NOT STAND"
            shown = f"passes at {self.capacity_kw:g} kW" if p.passes else f"fails at {self.capacity_kw:g} kW"
            if self.step_kw:
                shown += f", {'fails' if p.fails else 'passes'} at {self.capacity_kw + self.step_kw:g} kW"
            said.append(f"proof by OpenDSS at 1e-9: {stands}: {shown} ({p.why}); power flows: {p.solves}")
        return said


def connect(
    spec: Mapping[str, Any], inputs: Mapping[str, Any], bus: str, kw: float, kind: str, phases: str, proved: bool
) -> Answer:
    """The answer for one plant at a bus, by the slice and the inputs of a case.

    Raises
    ------
    SolveError
        The bus is not in the feeder or lacks the phases, or the case has no solution.
    """
    feeder = Feeder.from_json(Path(inputs["feeder"]).read_text(encoding="utf-8"))
    if bus not in feeder.bus:
        raise SolveError(f"there is no bus '{bus}' in {feeder.id}{near(bus, feeder.bus)}")
    case = read_case(spec, inputs, feeder)
    place = site(case.feeder.bus[bus], head.view(case.feeder), phases)
    if isinstance(place, str):
        raise SolveError(place)
    of = TYPES[kind]
    step = float(case.words["methods"]["iterative"]["tolerance_kw"])
    grid = Grid(
        case.feeder, case.demand, case.hours, case.calendar, spec, case.words, [place], of, case.linear([place], of),
        case.points,
    )  # fmt: skip
    asked = Shared(np.ones(1), kw, np.ones(1, np.int64))
    one = np.ones(1, np.int64)
    worst = grid.worst(asked, 0 * one, one, np.arange(len(grid.hours))).together(counted(grid, case.words))
    placements = Shared(np.ones(1), step, np.array([int(case.words["up_to_kw"] // step)], np.int64))
    found = search(grid, placements)
    row = rows(grid, placements, found, 0, case.words, {})[0]
    proof = prove(case, place, of, row["hc_kw"], row["step_kw"]) if proved else None
    return Answer(
        bool(worst.excess[0, 0] <= 0.0), kw, row["hc_kw"], row["step_kw"], row["at_least"], row["verdict"],
        grid.solves, f"bus {bus} (phases {place.label}, {place.kv_ll:.4g} kV), {spec['case']}", proof,
    )  # fmt: skip
