"""The proof of a hosting capacity: solved again by OpenDSS alone, it passes, and one step above it fails.

Nothing of the batch engine takes part: the state without plants, the plants and every judged hour are solved by
OpenDSS at ``TOLERANCE``, one after the other. The criteria and their limits are those of the study.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dtl.analyses.hosting.answers import counted, place_and_hour
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Shared
from dtl.analyses.hosting.sites import Of, Site

TOLERANCE = 1e-9
"""Tolerance of OpenDSS [pu]."""
CLOSE = {"pu": 1e-5, "%": 1e-2}
"""Excess below which a difference is no contradiction: 1e-5 pu of a voltage, 0.01 % of a rating."""


@dataclass(frozen=True)
class Proof:
    """What OpenDSS says of a capacity.

    Attributes
    ----------
    passes, fails
        Whether the capacity passes in every hour, and whether one step more fails in some; ``fails`` is also true where
        no step is claimed.
    below, above
        Largest excess at the capacity and one step above, in the unit of its criterion; negative when it passes.
    close
        Whether what contradicts is nearer to its limit than `CLOSE`.
    why
        Criterion, element and hour of the step above, or of the contradiction.
    solves
        Power flows that it took.
    """

    passes: bool
    fails: bool
    below: float
    above: float
    close: bool
    why: str
    solves: int

    @property
    def stands(self) -> bool:
        """Whether the capacity is proved, or contradicted by less than rounding."""
        return (self.passes and self.fails) or self.close


def prove(case: Case, place: Site, of: Of, kw: float, step_kw: float, criterion: str = "all") -> Proof:
    """The proof of the capacity `kw` of a plant at a place; ``step_kw`` 0 claims nothing about more."""
    grid = Grid(
        case.feeder, case.demand, case.hours, case.calendar, case.spec, case.words, [place], of,
        case.linear([place], of), case.points, reference=TOLERANCE, sun=case.sun(of),
    )  # fmt: skip
    which = counted(grid, case.words) if criterion == "all" else np.array([c == criterion for c in grid.criteria])
    which[-1] = True
    passes, below, said, close = _at(grid, kw, which)
    if not step_kw:
        return Proof(passes, True, below, below, not passes and close, said, grid.solves)
    good, above, more, near = _at(grid, kw + step_kw, which)
    contradicted_closely = not (passes and not good) and (passes or close) and (not good or near)
    why = more if passes else said
    return Proof(passes, not good, below, above, contradicted_closely, why, grid.solves)


def _at(grid: Grid, kw: float, which: np.ndarray) -> tuple[bool, float, str, bool]:
    """Whether a plant passes, its largest excess, where, and whether that is close to the limit."""
    one = np.ones(1, np.int64)
    worst = grid.worst(Shared(np.ones(1), kw, one), 0 * one, one, np.arange(len(grid.hours))).together(which)
    excess, criterion = float(worst.excess[0, 0]), int(worst.criterion[0, 0])
    element = grid.name_of(criterion, int(worst.row[0, 0]))
    name = grid.criteria[criterion]
    said = name.replace("_", " ") + place_and_hour(element, grid.hour_of(criterion, int(worst.hour[0, 0])))
    unit = "pu" if "voltage" in name or name == "regulator_deviation" else "%"
    return excess <= 0.0, excess, said, abs(excess) < CLOSE[unit]
