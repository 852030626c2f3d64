"""Layer ``flexibility``: a demand-flexibility program; here it enters the case, the power flow executes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.network.topology import Topology, trace
from dtl.scenarios import edited
from dtl.scenarios.areas import buses_of, matches, of_area
from dtl.scenarios.context import Context
from dtl.scenarios.state import State, assumption
from dtl.spec.base import near
from dtl.spec.programs import VERBS, Program, ProgramError, done, of_layers

HEAD = ("head", "")
"""What stands for the head of the feeder where no element feeds all members."""


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the program, whose members are looked for.

    Raises
    ------
    SolveError
        A member is not there and must be.
    """
    name = str(layer["name"])
    _, state = buses_of(layer, state, [str(b) for b in layer.get("buses") or ()])
    for area in layer.get("areas") or ():
        _, state = of_area(layer, state, context, str(area))
    rows = [
        assumption("min_power_kw", float(layer["min_power_kw"]), "kW", "study"),
        assumption("target_pf", float(layer["target_pf"]), "", "study"),
        assumption("sheds", str(layer.get("sheds", "load")), "", "study", default="sheds" not in layer),
        assumption("share", str(layer.get("share", "optimal")), "", "study", default="share" not in layer),
    ]
    return replace(state, programs={**state.programs, name: layer}).assuming(name, *rows)


@dataclass(frozen=True)
class Execution:
    """A program over some steps in which nothing about it changes.

    ``forced`` is an execution by an action; else it runs where its condition holds.
    """

    program: Program
    steps: NDArray[np.int64]
    forced: bool


def executions(state: State, steps: int) -> list[Execution]:
    """The executions of all programs in the order of their numbers, then of time.

    Raises
    ------
    SolveError
        An action names a program that is not there at that time.
    """
    acted = [a for a in (state.acted.actions if state.acted else ()) if a.verb in VERBS]
    marks = sorted({0, steps} | {t for a in acted for t in (a.start, a.stop)})
    found = []
    for first, last in pairwise(marks):
        programs = _given(state)
        forced = set()
        for action in [a for a in acted if a.start <= first < a.stop]:
            try:
                programs = done(programs, action.verb, action.words, action.layer)
            except ProgramError as err:
                text = f"layer '{action.layer}', action {action.number + 1} ({action.verb}): {err}"
                raise SolveError(text) from err
            forced |= {str(action.words)} if action.verb == "execute" else set()
        runs = [p for p in programs.values() if p.name in forced or p.words.get("when")]
        found += [Execution(p, np.arange(first, last), p.name in forced) for p in runs]
    return sorted(found, key=lambda e: (e.program.number, int(e.steps[0])))


def _given(state: State) -> dict[str, Program]:
    try:
        return of_layers(state.programs)
    except ProgramError as err:
        raise SolveError(f"programs of the stack: {err}") from err


def members(program: Program, state: State, context: Context) -> set[str]:
    """The buses of this feeder that take part; SolveError where an area or a bus is nobody's."""
    found = set()
    for bus in program.buses:
        part = edited.found(state.feeder, "bus", bus)
        found |= {part.name} if part is not None else set()
    for area in program.areas:
        words = context.areas.get(area, {})
        buses, _ = buses_of({"name": program.layer}, state, [str(b) for b in words.get("buses") or ()])
        found |= buses
        if words.get("feeders"):
            own = {f for f in state.feeder.feeders if matches(f, words["feeders"])}
            found |= {b.name for b in state.feeder.buses if state.owner(b.name) in own}
    return found


def watched(program: Program, buses: set[str], state: State, context: Context) -> tuple[str, str]:
    """Kind and name of the element whose loading and relief count.

    It is the transformer that the members' area names (or the one that feeds the bus it names), else the nearest
    transformer that feeds all members, else the nearest element that does; `HEAD` where there is none.
    """
    topology = trace(state.feeder)
    named = [context.areas[a].get("transformer") for a in program.areas if a in context.areas]
    if len(named) == 1 and named[0]:
        unit = edited.found(state.feeder, "transformer", str(named[0]))
        if unit is not None:
            return "transformer", unit.name
        bus = edited.found(state.feeder, "bus", str(named[0]))
        if bus is None:
            names = [t.name for t in state.feeder.transformers]
            raise SolveError(f"program '{program.name}': area '{program.areas[0]}' has the transformer '{named[0]}', "
                             f"which is no transformer or bus of the feeder{near(str(named[0]), names)}")  # fmt: skip
        buses = {bus.name}
    paths = [_path(topology, bus) for bus in sorted(buses)]
    common = [edge for edge in paths[0] if all(edge in path for path in paths[1:])]
    units = {("transformer", t.name) for t in state.feeder.transformers if not t.is_regulator}
    return next((e for e in common if e in units), common[0] if common else HEAD)


def sections(buses: set[str], element: tuple[str, str], state: State) -> dict[str, tuple[tuple[str, str], bool]]:
    """Of each bus the nearest transformer above it, and whether the element feeds it."""
    topology = trace(state.feeder)
    found = {}
    for bus in sorted(buses):
        path = _path(topology, bus)
        found[bus] = (next((e for e in path if e[0] == "transformer"), HEAD), element in path)
    return found


def _path(topology: Topology, bus: str) -> list[tuple[str, str]]:
    """The elements between a bus and its head, nearest to the bus first."""
    found = []
    while bus in topology.parent:
        bus, edge = topology.parent[bus]
        found.append(edge)
    return found
