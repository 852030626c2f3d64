"""The loading states of a snapshot: each stands where an hour of the year stands elsewhere, the first in hour 0.

A state takes the loads as the model's files state them, or those of one hour of the demand, and multiplies them; plants
likewise. All engines, tables and analyses then see as many hours as there are states, and no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import HEAD, Demand, Drive
from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Generator, Load
from dtl.powerflow import engine
from dtl.powerflow.opendss import Block, Year

Real = NDArray[np.float64]

NO_MONTH = 0
"""Month of a state without hour: no season but the one that holds otherwise."""


@dataclass(frozen=True)
class StateCalendar(Calendar):
    """A calendar whose first hours are states: each has the month of the hour that its loads are of."""

    months: tuple[int, ...] = ()

    @cached_property
    def month(self) -> NDArray[np.int64]:
        """Month, 1 to 12; `NO_MONTH` for states without hour, and for all hours that are no state."""
        found = np.full(HOURS, NO_MONTH, np.int64)
        found[: len(self.months)] = self.months
        return found


class StateYear(Year):
    """A feeder in states that know nothing of one another: taps and steps begin in each where the model has them."""

    def blocks(self, hours: Sequence[int]) -> Iterator[Block]:
        """Solve the states one by one; raises as `Year.blocks`."""
        taps = self._taps()
        places = self._see(taps)
        for hour in hours:
            engine.set_taps(taps.astype(np.int64))
            for mover, place in zip(self.circuit.movers, places, strict=True):
                if not len(mover.regulators):
                    engine.set_steps_on(mover.full_name.partition(".")[2], list(mover.position)[place])
            yield from super().blocks([hour])


def at_states(
    states: Sequence[Mapping[str, Any]],
    model: Feeder,
    base: Demand,
    realised: tuple[Feeder, Demand],
    calendar: Calendar,
) -> tuple[Demand, StateCalendar]:
    """The demand of a composed case in some states, and their calendar.

    Parameters
    ----------
    states
        The words of each state: ``load``, ``generation`` and ``of``.
    model, base
        The feeder as its files state it, and the demand before layers: it chooses the hours, for all cases alike.
    realised
        Feeder and demand with what layers change.

    Raises
    ------
    SolveError
        A state is of an hour that the demand does not have.
    """
    feeder, demand = realised
    hours = [_hour(state["of"], base, demand) for state in states]
    profiles: dict[str, NDArray[np.float32]] = {}
    drives = {p.name: _drive(p, "load", states, hours, model, demand.drives, demand, profiles) for p in feeder.loads}
    plants = {
        p.name: _drive(p, "generation", states, hours, model, demand.plants, demand, profiles)
        for p in feeder.generators
    }
    for name, pu in demand.heads.items():
        if any(hour is None for hour in hours):
            raise SolveError(
                "a state of the model has no hour at which the head voltage is measured; say of: peak_load"
            )
        profiles[HEAD + name] = _series([float(pu[hour]) for hour in hours if hour is not None])
    months = tuple(NO_MONTH if h is None else int(calendar.month[h]) for h in hours)
    made = replace(demand, drives=drives, plants=plants, profiles=profiles)
    return made, StateCalendar(calendar.year, 60, months)


def _hour(word: str, base: Demand, demand: Demand) -> int | None:
    """The hour of the year that a state is of; None for one of the model."""
    if word == "model":
        return None
    if word == "most_generation":
        if not demand.plants:
            raise SolveError("no plant has a profile, so that no hour has the most generation; say of: peak_load")
        return int(_total(demand, demand.plants).argmax())
    total = _total(base, base.drives)
    return int(total.argmax() if word == "peak_load" else total.argmin())


def _total(demand: Demand, drives: Mapping[str, Drive]) -> Real:
    total = np.zeros(HOURS)
    for drive in drives.values():
        total += drive.kw * demand.profiles[drive.kw_profile]
    return total


def _drive(
    part: Load | Generator, word: str, states: Sequence[Mapping[str, Any]], hours: Sequence[int | None], model: Feeder,
    drives: Mapping[str, Drive], demand: Demand, profiles: dict[str, NDArray[np.float32]],
) -> Drive:  # fmt: skip
    """What drives a part through the states; its profiles are put into `profiles`."""
    own = {p.name: p for p in (model.loads if word == "load" else model.generators)}.get(part.name, part)
    drive = drives.get(part.name)
    rated = []
    for side, profile in (("kw", "kw_profile"), ("kvar", "kvar_profile")):
        values = [
            float(state[word])
            * (
                float(getattr(own, side)) if hour is None or drive is None
                else getattr(drive, side) * float(demand.profiles[getattr(drive, profile)][hour])
            )
            for state, hour in zip(states, hours, strict=True)
        ]  # fmt: skip
        scale = max(values, key=abs)
        rated.append(scale)
        profiles[f"{word}:{part.name}:{side}"] = _series([v / scale if scale else 1.0 for v in values])
    known = drive or Drive("", part.name, part.bus, "", 0, 0.0, 0.0, "", "", "states")
    return replace(
        known, kw=rated[0], kvar=rated[1], kw_profile=f"{word}:{part.name}:kw", kvar_profile=f"{word}:{part.name}:kvar"
    )


def _series(values: Sequence[float]) -> NDArray[np.float32]:
    """Values of the states as a profile of the year, the last one held."""
    found = np.full(HOURS, values[-1], np.float32)
    found[: len(values)] = values
    return found
