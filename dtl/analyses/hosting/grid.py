"""A case ready for plants: its held circuits in all judged hours, what they are without plants, and every criterion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.criteria import NO_SOLUTION, Judge
from dtl.analyses.hosting.engines import Solver, solver
from dtl.analyses.hosting.held import Held, held
from dtl.analyses.hosting.judged import asked_of
from dtl.analyses.hosting.placements import Placements
from dtl.analyses.hosting.rule import Values
from dtl.analyses.hosting.sites import Of, Site
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.errors import NotConverged
from dtl.network.feeder import Feeder
from dtl.powerflow import head
from dtl.powerflow.grounding import HIGHEST_PU, LOWEST_PU
from dtl.powerflow.opendss import MAX_ITERATIONS, no_solution

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

_BLOCK_VALUES = 60_000
"""Complex voltages of one block: enough that the calls of a block cost little beside its loops, and near to what the
processor's cache holds."""
_FINE = 5_000_000
"""Values of the state without plants above which they are kept in single precision."""
_ONCE = 40_000
"""Columns that are judged before their hours are reduced."""


@dataclass(frozen=True)
class Linear:
    """A criterion that no power flow is needed for: a weighted sum of the plants against a limit, row by row.

    ``weight`` has the shape (rows, sites), in the unit of ``limit`` per kW; ``names`` name the rows.
    """

    criterion: str
    weight: Real
    limit: Real
    names: tuple[str, ...]

    def excess(self, kw: Real) -> tuple[Real, Ints]:
        """Largest excess and its row, each of shape (columns,), of the powers of the plants (sites, columns)."""
        if not len(self.limit):
            return np.full(kw.shape[1], -np.inf), np.zeros(kw.shape[1], np.int64)
        over = self.weight @ kw - self.limit[:, None]
        at = over.argmax(axis=0)
        return np.take_along_axis(over, at[None], axis=0)[0], at


@dataclass(frozen=True)
class Worst:
    """The worst hour of some pairs of placement and level, by criterion: excess, hour, row and criterion itself.

    All of shape (criteria, pairs).
    """

    excess: Real
    hour: Ints
    row: Ints
    criterion: Ints

    @classmethod
    def of_runs(cls, excess: Real, row: Ints, hour: Ints, starts: Ints) -> Worst:
        """The worst of runs of columns that begin at ``starts``; the columns have their hours."""
        ends = [*starts[1:].tolist(), excess.shape[1]]
        at = np.stack([a + excess[:, a:b].argmax(axis=1) for a, b in zip(starts.tolist(), ends, strict=True)], axis=1)
        criterion = np.broadcast_to(np.arange(len(excess))[:, None], at.shape)
        return cls(np.take_along_axis(excess, at, axis=1), hour[at], np.take_along_axis(row, at, axis=1), criterion)

    def together(self, counted: NDArray[np.bool_]) -> Worst:
        """One row for all counted criteria: the first that fails, else the one nearest to it by its own unit."""
        excess = np.where(counted[:, None], self.excess, -np.inf)
        fails = excess > 0.0
        first = np.where(fails.any(axis=0), fails.argmax(axis=0), excess.argmax(axis=0))[None]
        return Worst(
            np.take_along_axis(excess, first, axis=0),
            np.take_along_axis(self.hour, first, axis=0),
            np.take_along_axis(self.row, first, axis=0),
            first,
        )


class Grid:
    """A case with sites for plants; hours are indices into ``hours``.

    ``sun`` is what a kW of a plant gives in each of the hours, where plants follow the sun.
    ``criteria`` names the rows of every answer: those of the power flow, the linear ones, and last that there is no
    solution. With ``reference`` OpenDSS alone solves, at that tolerance. ``solves`` counts the columns solved so far.
    """

    def __init__(
        self, feeder: Feeder, demand: Demand, hours: Ints, calendar: Calendar, spec: Mapping[str, Any],
        words: Mapping[str, Any], places: Sequence[Site], of: Of, linear: Sequence[Linear] = (),
        points: Sequence[Held] = (), reference: float | None = None, sun: Real | None = None,
    ) -> None:  # fmt: skip
        self.feeder, self.demand, self.hours, self.places, self.of = feeder, demand, hours, list(places), of
        self.pre_existing = str(words["pre_existing"])
        self.solves = 0
        self.calendar = calendar
        self.sun = np.ones(len(hours)) if sun is None else sun
        self.points = list(points) or held(feeder, demand, hours, controls_active=spec["controls"] == "active")
        self._solvers: list[Solver] = [solver(p, demand, self.places, of, reference) for p in self.points]
        view = head.view(feeder)
        self._judges = [
            Judge(p.feeder, s.circuit, view, calendar, spec, asked_of(words, of), feeder, hours)
            for p, s in zip(self.points, self._solvers, strict=True)
        ]
        self.linear = tuple(linear)
        self.rules = self._judges[0].rules
        self.criteria = (*(r.criterion for r in self.rules), *(x.criterion for x in self.linear), NO_SOLUTION)
        self._point = np.empty(len(hours), np.int64)
        for i, point in enumerate(self.points):
            self._point[np.searchsorted(hours, point.hours)] = i
        self.base = self._without_plants()

    @property
    def engine(self) -> str:
        """Name of the engine that solves."""
        return self._solvers[0].name

    @property
    def size(self) -> int:
        """Columns that are solved together."""
        return max(32, min(512, _BLOCK_VALUES // len(self._solvers[0].circuit.nodes)) // 32 * 32)

    def standing(self, hour: int) -> tuple[Solver, Judge]:
        """The circuit as its controls stand in an hour, and what judges it."""
        point = int(self._point[hour])
        return self._solvers[point], self._judges[point]

    def name_of(self, criterion: int, row: int) -> str:
        """Kind and name of the element in a row of a criterion."""
        if criterion < len(self.rules):
            return self.rules[criterion].names[row]
        if criterion < len(self.rules) + len(self.linear):
            return self.linear[criterion - len(self.rules)].names[row]
        return ""

    def hour_of(self, criterion: int, hour: int) -> int | None:
        """The hour of the year in which a criterion fails; None for one that is of no hour."""
        return None if self.screened(criterion) else int(self.hours[hour]) // self.calendar.per_hour

    @property
    def judged_h(self) -> int:
        """Number of hours of the year that are judged, each in all of its steps."""
        return len(self.hours) // self.calendar.per_hour

    def limit_of(self, criterion: int, row: int) -> float | None:
        """The limit in a row of a criterion, None for that there is no solution."""
        if criterion < len(self.rules):
            rule = self.rules[criterion]
            return float(rule.limit[row] * rule.sign)
        if criterion < len(self.rules) + len(self.linear):
            return float(self.linear[criterion - len(self.rules)].limit[row])
        return None

    def existing(self) -> NDArray[np.bool_]:
        """Which criteria fail without plants, shape (criteria,)."""
        return self._existing

    @cached_property
    def _existing(self) -> NDArray[np.bool_]:
        found = self._judges[0].existing(self.base)
        none = [bool((x.limit < 0).any()) for x in self.linear]
        return np.array([*found, *none, False], np.bool_)

    def judge(self, placements: Placements, placement: Ints, level: Ints, hour: Ints) -> tuple[Real, Ints]:
        """Excess and row of every criterion in some columns, shape (criteria, columns)."""
        columns = len(placement)
        excess = np.full((len(self.criteria), columns), -np.inf)
        row = np.zeros((len(self.criteria), columns), np.int64)
        flows = np.array([i for i in range(len(self.criteria)) if not self.screened(i)], np.int64)
        for point, at, kw, now, good in self._blocks(placements, placement, level, hour):
            good &= (now.pu.min(axis=0, initial=1.0) >= LOWEST_PU) & (now.pu.max(axis=0, initial=1.0) <= HIGHEST_PU)
            found = self._judges[point].judge(now, self.base, hour[at], good)
            excess[np.ix_(flows, at)], row[np.ix_(flows, at)] = found
            for i, linear in enumerate(self.linear, len(self.rules)):
                excess[i, at], row[i, at] = linear.excess(kw)
        return excess, row

    def screened(self, criterion: int) -> bool:
        """Whether a criterion needs no power flow with the plant, and so has no hour."""
        return len(self.rules) <= criterion < len(self.rules) + len(self.linear)

    def worst(self, placements: Placements, placement: Ints, level: Ints, hours: Ints) -> Worst:
        """The worst of some hours, for pairs of placement and level."""
        pairs, count = len(placement), len(hours)
        if not count:
            none = np.zeros((len(self.criteria), pairs), np.int64)
            return Worst(np.full(none.shape, -np.inf), none, none, none)
        parts = []
        step = max(1, _ONCE // count)
        for first in range(0, pairs, step):
            p, n = (np.repeat(x[first : first + step], count) for x in (placement, level))
            hour = np.tile(hours, len(p) // count)
            parts.append(Worst.of_runs(*self.judge(placements, p, n, hour), hour, np.arange(0, len(p), count)))
        return Worst(*(np.concatenate([getattr(x, name) for x in parts], axis=1) for name in
                       ("excess", "hour", "row", "criterion")))  # fmt: skip

    def values(
        self, placements: Placements, placement: Ints, level: Ints, hour: Ints, iterations: int = MAX_ITERATIONS
    ) -> Iterator[tuple[Ints, Values, NDArray[np.bool_]]]:
        """What criteria judge of some columns, in parts: their numbers, the values and which have a solution.

        What needs more iterations of the power flow has none.
        """
        for _, at, _, now, good in self._blocks(placements, placement, level, hour, iterations):
            yield at, now, good

    def _blocks(
        self, placements: Placements, placement: Ints, level: Ints, hour: Ints, iterations: int = MAX_ITERATIONS
    ) -> Iterator[tuple[int, Ints, Real, Values, NDArray[np.bool_]]]:
        """Columns solved block by block: the held circuit, their numbers, plants, values and which have a solution."""
        order = np.argsort(self._point[hour], kind="stable")
        ends = np.searchsorted(self._point[hour[order]], np.arange(len(self.points) + 1))
        for point, (start, end) in enumerate(pairwise(ends.tolist())):
            for first in range(start, end, self.size):
                at = order[first : min(first + self.size, end)]
                kw = placements.kw(placement[at], level[at])
                yield point, at, kw, *self._values(point, hour[at], kw, iterations)

    def _values(
        self, point: int, hours: Ints, kw: Real, iterations: int = MAX_ITERATIONS
    ) -> tuple[Values, NDArray[np.bool_]]:
        block, good = self._solvers[point].solve(self.hours[hours], kw * self.sun[hours], iterations)
        self.solves += len(hours)
        return self._judges[point].values(block), good

    def _without_plants(self) -> Values:
        parts: list[tuple[Ints, Values]] = []
        for i, point in enumerate(self.points):
            for first in range(0, len(point.hours), self.size):
                hours = np.searchsorted(self.hours, point.hours[first : first + self.size])
                values, good = self._values(i, hours, np.zeros((len(self.places), len(hours))))
                if not good.all():
                    raise NotConverged(no_solution(self.hours[hours[~good]].tolist()))
                parts.append((hours, values))
        order = np.argsort(np.concatenate([h for h, _ in parts]))

        def joined(name: str) -> Real:
            whole = np.concatenate([getattr(v, name) for _, v in parts], axis=1)[:, order]
            return np.ascontiguousarray(whole, np.float64 if whole.size <= _FINE else np.float32)

        return Values(joined("pu"), joined("pct"), joined("back_kw"), joined("vuf_pct"))
