"""What plants may cause and must be able to do: rise of voltage by all, step by one, power factor, one-phase rating."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.compliance_bands import about, moment, unjudged, verdict
from dtl.analyses.compliance_codes import Clause
from dtl.analyses.compliance_grid import Grid, without
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Generator

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Row = dict[str, Any]

RISE, STEP = "voltage_rise_by_generation_pct", "voltage_step_by_switching_pct"
POWER_FACTOR, ONE_PHASE = "power_factor_at_rated_power", "one_phase_kva"
_TYPES = {"PV": "pv", "WKA": "wind", "WP": "wind", "CHP": "synchronous"}
"""Words of German registers and of pandapower for the types of the model."""
NO_PLANT = "there is no generation of this kind in the case"
NET = "; generation that meters count as less load cannot be taken out"


def chosen(feeder: Feeder, words: Mapping[str, Any] | None) -> list[Generator]:
    """The generators in service that the study judges."""
    words = words or {}
    types = None if words.get("type") is None else {_TYPES.get(t, t) for t in words["type"]}
    return [
        g
        for g in feeder.generators
        if g.enabled and (types is None or g.type in types) and (g.rated_kw or g.kva) >= words.get("min_kw", 0.0)
    ]


class Effects:
    """The plants of a case with controls held at the taps of the model, so that no regulator hides what they cause."""

    def __init__(
        self, feeder: Feeder, demand: Demand, calendar: Calendar, spec: Mapping[str, Any], plants: Sequence[Generator]
    ) -> None:
        self.plants, self.step_min = list(plants), calendar.step_min
        self._with = Grid(feeder, demand, calendar, spec)
        self._without = Grid(without(feeder, plants), demand, calendar, spec)
        self.grid = self._with

    def rise(self, hours: Ints) -> tuple[Real, Ints]:
        """Largest rise of each bus by all plants together [% of nominal], and its hour; fallen voltages count too."""
        rows = self._with.rows(self.plants)
        hours = hours[self._with.available(hours, rows).sum(axis=0) > 0]
        best = np.zeros(len(self._with.measured.buses))
        at = np.zeros(len(best), np.int64)
        for start in range(0, len(hours), self._with.size):
            some = hours[start : start + self._with.size]
            on, off = (g.solve(some, *g.powers(some)) for g in (self._with, self._without))
            change = self._by_bus(np.abs(on.pu - off.pu))
            top = change.argmax(axis=1)
            value = np.take_along_axis(change, top[:, None], axis=1)[:, 0]
            higher = value > best
            best[higher], at[higher] = value[higher], some[top[higher]]
        return 100.0 * best, at

    def steps(self, hours: Ints) -> tuple[Real, Ints, Ints]:
        """Of each plant the largest change of any bus when it trips at its highest power: per bus [%], and the hour.

        Shape (buses, plants); the others stay as they were, as in the first moment.
        """
        grid, rows = self._with, self._with.rows(self.plants)
        hour = hours[grid.available(hours, rows).argmax(axis=1)]
        change = np.zeros((len(grid.measured.buses), len(rows)))
        for start in range(0, len(rows), grid.size):
            part = slice(start, start + grid.size)
            kw, kvar = grid.powers(hour[part])
            before = grid.solve(hour[part], kw, kvar)
            columns = np.arange(kw.shape[1])
            kw[rows[part], columns], kvar[rows[part], columns] = 0.0, 0.0
            after = grid.solve(hour[part], kw, kvar)
            change[:, part] = self._by_bus(np.abs(after.pu - before.pu))
        return 100.0 * change, hour, rows

    def _by_bus(self, values: Real) -> Real:
        return np.asarray(np.maximum.reduceat(values, self._with.measured.voltages.bus_start, axis=0))


def rows(
    clauses: Sequence[Clause], feeder: Feeder, plants: Sequence[Generator], hours: Ints, make: Callable[[], Effects]
) -> Iterator[Row]:
    """The verdicts about plants; ``make`` builds the circuits, which is asked for only where something needs them."""
    for clause in clauses:
        if clause.what in (POWER_FACTOR, ONE_PHASE):
            yield from _of_each(clause, feeder, plants)
    asked = [c for c in clauses if c.what in (RISE, STEP)]
    if not asked:
        return
    judged = {c: [b for b in feeder.buses if c.holds(b.kv_ll)] for c in asked}
    why = "" if plants else NO_PLANT
    effects = None
    if not why and any(judged.values()):
        try:
            effects = make()
        except SolveError as err:
            why = str(err)
    for clause in asked:
        if effects is None or not judged[clause]:
            yield unjudged(clause, "feeder", "", why or "no bus of this voltage", "%")
        elif clause.what == RISE:
            yield from _rises(clause, effects, *effects.rise(hours))
        else:
            yield from _steps(clause, effects, *effects.steps(hours))


def _rises(clause: Clause, effects: Effects, rise: Real, hour: Ints) -> Iterator[Row]:
    text = f"all {len(effects.plants)} plants against none, taps held{NET}"
    for i, bus in enumerate(effects.grid.measured.buses):
        if clause.holds(bus.kv_ll):
            judged = verdict("%", float(rise[i]), clause.at_most)
            at = moment(int(hour[i]), effects.step_min)
            yield {**about(clause), "kind": "bus", "element": bus.name, **judged, **at, "text": text}


def _steps(clause: Clause, effects: Effects, change: Real, hour: Ints, _: Ints) -> Iterator[Row]:
    mine = np.array([clause.holds(b.kv_ll) for b in effects.grid.measured.buses])
    where = np.flatnonzero(mine)
    for j, plant in enumerate(effects.plants):
        at = where[change[where, j].argmax()]
        text = f"trips at its highest power; largest at bus {effects.grid.measured.buses[at].name}"
        judged = verdict("%", float(change[at, j]), clause.at_most)
        when = moment(int(hour[j]), effects.step_min)
        yield {**about(clause), "kind": "plant", "element": plant.name, **judged, **when, "text": text}


def _of_each(clause: Clause, feeder: Feeder, plants: Sequence[Generator]) -> Iterator[Row]:
    """What the rating of every plant says of it."""
    for plant in plants:
        if not clause.holds(feeder.bus[plant.bus].kv_ll) or not clause.kva[0] < plant.kva <= clause.kva[1]:
            continue
        if clause.what == ONE_PHASE:
            if plant.phases == 1:
                yield {**about(clause), "kind": "plant", "element": plant.name,
                       **verdict("kVA", plant.kva, clause.at_most)}  # fmt: skip
        elif plant.rated_kw is None:
            why = "the model states no active rating beside the apparent one"
            yield unjudged(clause, "plant", plant.name, why)
        else:
            text = f"{plant.rated_kw:g} kW of {plant.kva:g} kVA"
            judged = verdict("", plant.rated_kw / plant.kva, clause.at_most)
            yield {**about(clause), "kind": "plant", "element": plant.name, **judged, "text": text}
