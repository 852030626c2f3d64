"""What operated switches leave without supply, told in words: when, whom, and the energy that is not served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.operated import Operated
from dtl.plural import many
from dtl.scenarios.context import Context
from dtl.scenarios.operated import Found
from dtl.scenarios.state import State, assumption
from dtl.scenarios.stores import Interrupted

Real = NDArray[np.float64]
_MOST = 6
"""Stretches without supply that are told one by one."""


def told(
    found: Found, state: State, context: Context, unserved: Mapping[int, Real], batteries: Interrupted
) -> tuple[list[dict[str, Any]], list[str]]:
    """Assumptions and notes about the loads without supply; `unserved` is their power by load and step [kW]."""
    notes = list(found.notes)
    step_h = context.step_min / 60.0
    lost = [(i, kw, _lacking(found.operated, state, i)) for i, kw in unserved.items()]
    stretches = list(_stretches(found.operated, lost))
    for start, stop in stretches[:_MOST]:
        mine = [(i, kw) for i, kw, lacking in lost if lacking[start]]
        kwh = sum(float(kw[start:stop].sum()) for _, kw in mine) * step_h
        customers = many(sum(int(state.customers[i]) for i, _ in mine), "customers")
        notes.append(
            f"layer '{found.layer}': without supply {_moment(start, context, 'from')}{_moment(stop, context, 'to')}are "
            f"{many(len(mine), 'loads')} with {customers}, which would take {kwh:.6g} kWh"
        )
    if len(stretches) > _MOST:
        notes.append(f"layer '{found.layer}': without supply {len(stretches) - _MOST} times more")
    if batteries.count:
        notes.append(
            f"layer '{found.layer}': batteries of {batteries.count} loads or plants stand still without supply; "
            "afterwards they follow the plan of a year without it, as far as they hold the energy or have room for it"
        )
    customer_h = sum(int(state.customers[i]) * float(lacking.sum()) for i, _, lacking in lost) * step_h
    kwh = sum(float(kw.sum()) for kw in unserved.values()) * step_h
    rows = [
        assumption("switches operated at a time", " ".join(found.operated.switches), "", "study"),
        assumption("loads without supply at some time", len(lost), "count", "the network"),
        assumption("customer hours without supply", customer_h, "h", "the network"),
        assumption("energy not served", kwh, "kWh", "the demand"),
        *_of_devices(lost, state, step_h),
    ]
    if batteries.count:
        rows.append(
            assumption("held more by batteries at the end of the year", batteries.more_kwh, "kWh", "their plan")
        )
    return rows, notes


def _of_devices(
    lost: list[tuple[int, Real, NDArray[np.bool_]]], state: State, step_h: float
) -> Iterator[dict[str, Any]]:
    """What the cars, heat pumps and other loads that layers added would have taken meanwhile."""
    for name, component in state.components.items():
        kwh = sum(float(component.kw.of(i)[lacking].sum()) for i, _, lacking in lost) * step_h
        if component.carrier == "added" and kwh:
            yield assumption(f"of it by '{name}'", kwh, "kWh", "not made up for later")


def _lacking(operated: Operated, state: State, load: int) -> NDArray[np.bool_]:
    part = next(p for p in state.feeder.loads if p.name == state.loads[load])
    lacking = operated.lacking(part.bus, part.nodes)
    assert lacking is not None, "only loads without supply are told"
    return lacking


def _stretches(operated: Operated, lost: list[tuple[int, Real, NDArray[np.bool_]]]) -> Iterator[tuple[int, int]]:
    """First step, and the step after the last, of each stretch of one position in which a load lacks supply."""
    position = operated.position
    bounds = [0, *(np.flatnonzero(np.diff(position)) + 1).tolist(), len(position)]
    for start, stop in pairwise(bounds):
        if any(lacking[start] for _, _, lacking in lost):
            yield start, stop


def _moment(step: int, context: Context, word: str) -> str:
    """The civil time at which a step begins, in the year of the case; empty at the ends of the year."""
    if step in (0, context.steps):
        return ""
    hour, minute = divmod(step * context.step_min, 60)
    civil = context.calendar.civil(hour, context.timezone) + timedelta(minutes=minute)
    return f"{word} {context.year}-{civil:%m-%d %H:%M} "
