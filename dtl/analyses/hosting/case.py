"""A case of a study that is asked for its hosting capacity: its network, demand, sites and grids, made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.grid import Grid, Linear
from dtl.analyses.hosting.held import Held, held
from dtl.analyses.hosting.screens import linear
from dtl.analyses.hosting.sites import Of, Site, customers, sites
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import hours
from dtl.powerflow.opendss import Year
from dtl.powerflow.snapshot import StateYear

Real = NDArray[np.float64]


class Case:
    """A realised case; ``spec`` is the slice of the solve, ``words`` those of the study's ``hosting``.

    ``sun`` makes what a kW of a roof gives in every step of the year, shape (steps,); it may raise SolveError. Hours
    are judged in all of their steps: ``hours`` are numbers of steps. A case in states of a snapshot is judged in them.
    """

    def __init__(
        self, study: str, feeder: Feeder, demand: Demand, calendar: Calendar, spec: Mapping[str, Any],
        words: Mapping[str, Any], sun: Callable[[], Real] | None = None,
    ) -> None:  # fmt: skip
        self.study, self.feeder, self.demand, self.calendar = study, feeder, demand, calendar
        self.spec, self.words = spec, words
        states = spec.get("states") or ()
        self.hours = np.arange(len(states)) if states else hours.steps(words["hours"], demand, calendar)
        self._sun = sun
        self._grids: dict[tuple[str, bool], Grid] = {}

    @cached_property
    def points(self) -> list[Held]:
        """The held circuits of the judged hours."""
        active = self.spec["controls"] == "active"
        kind = StateYear if self.spec.get("states") else Year
        return held(self.feeder, self.demand, self.hours, controls_active=active, year=kind)

    @property
    def restless(self) -> str:
        """What verdicts add where controls of the case do not come to rest."""
        hunting = self.points[0].hunting if len(self.points) else ""
        return f"; {hunting}, where the last position counts" if hunting else ""

    @cached_property
    def places(self) -> list[Site]:
        """The sites of single plants; SolveError where there is none."""
        found, refused = sites(self.feeder, self.words["at"])
        if not found:
            why = f": {next(iter(refused.values()))}" if refused else ""
            raise SolveError(f"no bus of {self.feeder.id} can take a plant{why}")
        return found

    @cached_property
    def customers(self) -> list[Site]:
        """The sites of many plants: one at each load."""
        return customers(self.feeder)

    def grid(self, of: Of) -> Grid:
        """The grid with single plants."""
        return self._grid(of, False)

    def customer_grid(self, of: Of) -> Grid:
        """The grid with plants at customers."""
        return self._grid(of, True)

    def _grid(self, of: Of, many: bool) -> Grid:
        key = (of, many)
        if key not in self._grids:
            places = self.customers if many else self.places
            self._grids[key] = Grid(
                self.feeder, self.demand, self.hours, self.calendar, self.spec, self.words, places, of,
                self.linear(places, of), self.points, sun=self.sun(of),
            )  # fmt: skip
        return self._grids[key]

    def linear(self, places: Sequence[Site], of: Of) -> list[Linear]:
        """The criteria of the study that need no power flow, for some sites."""
        return linear(self.feeder, self.demand, self.hours, places, of, self.words)

    def sun(self, of: Of) -> Real | None:
        """What a kW of a plant gives in each judged hour, where plants follow the sun; SolveError without weather."""
        if of != "pv":
            return None
        if self._sun is None:
            raise SolveError("plants that follow the sun need a case with weather")
        return np.asarray(self._sun()[self.hours])

    def energy_share(self) -> Real:
        """Part of each customer of the energy of all; equal parts where nobody takes any."""
        drives = self.demand.drives
        kwh = np.array([
            max(0.0, drives[p.name].kw * float(self.demand.profiles[drives[p.name].kw_profile].sum()))
            if p.name in drives else max(0.0, p.kw)
            for p in self.feeder.loads if p.enabled
        ])  # fmt: skip
        return np.asarray(kwh / kwh.sum() if kwh.sum() > 0 else np.full(len(kwh), 1.0 / len(kwh)))
