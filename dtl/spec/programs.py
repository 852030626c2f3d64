"""Demand-flexibility programs as actions change them: one after the other, each a pure step from state to state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dtl.spec.base import near

VERBS = ("execute", "subscribe", "unsubscribe", "register_program", "update_program", "delete_program")
"""The words of actions that concern programs."""


@dataclass(frozen=True)
class Program:
    """A program at a moment.

    Attributes
    ----------
    name, number
        What it is called by.
    min_power_kw
        Relief that an execution must reach [kW].
    target_pf
        Power factor to which the members are corrected.
    areas, buses
        Its members.
    layer
        The layer that answers for it: its own, or that of the action that made it.
    words
        What else its layer says: ``when``, ``sheds``, ``share``, ``floor_kw``.
    """

    name: str
    number: int
    min_power_kw: float
    target_pf: float
    areas: tuple[str, ...]
    buses: tuple[str, ...]
    layer: str
    words: Mapping[str, Any]

    @property
    def has_members(self) -> bool:
        """Whether anybody takes part."""
        return bool(self.areas or self.buses)


class ProgramError(ValueError):
    """An action on programs that cannot be done; its text says why."""


def of_layers(layers: Mapping[str, Mapping[str, Any]]) -> dict[str, Program]:
    """The programs that layers of kind ``flexibility`` are, by name; who states no number gets the next free one."""
    programs: dict[str, Program] = {}
    stated = {int(w["number"]) for w in layers.values() if w.get("number") is not None}
    for name, words in sorted(layers.items()):
        number = words.get("number")
        given = int(number) if number is not None else _free(programs, stated)
        programs[name] = _made(programs, name, given, words, name)
    return programs


def done(programs: Mapping[str, Program], verb: str, words: Any, layer: str = "") -> dict[str, Program]:
    """The programs after an action; verbs that concern none change nothing.

    Raises
    ------
    ProgramError
        The program is not there, or its name or number is taken.
    """
    if verb == "register_program":
        number = words.get("number") or _free(programs, set())
        return {**programs, words["name"]: _made(programs, words["name"], int(number), words, layer)}
    if verb not in VERBS:
        return dict(programs)
    name = words if isinstance(words, str) else words.get("program") or words["name"]
    if name not in programs:
        raise ProgramError(f"there is no program '{name}'{near(name, programs) or '; none is registered'}")
    program, others = programs[name], {n: p for n, p in programs.items() if n != name}
    if verb == "delete_program":
        return others
    if verb == "subscribe" and words["bus"] not in program.buses:
        program = replace(program, buses=(*program.buses, words["bus"]))
    elif verb == "unsubscribe":
        if words["bus"] not in program.buses:
            there = near(words["bus"], program.buses) or "; it has no bus"
            raise ProgramError(f"bus '{words['bus']}' is not in the program '{name}'{there}")
        program = replace(program, buses=tuple(b for b in program.buses if b != words["bus"]))
    elif verb == "update_program":
        changed = {k: float(words[k]) for k in ("min_power_kw", "target_pf") if words.get(k) is not None}
        program = replace(program, **changed)  # type: ignore[arg-type]
    return {n: program if n == name else p for n, p in programs.items()}


def _made(
    programs: Mapping[str, Program], name: str, number: int, words: Mapping[str, Any], layer: str
) -> Program:  # fmt: skip
    if name in programs:
        raise ProgramError(f"there is a program '{name}' already; update it, or delete it first")
    if taken := next((p.name for p in programs.values() if p.number == number), ""):
        raise ProgramError(f"the number {number} is that of the program '{taken}'")
    areas, buses = (tuple(str(x) for x in words.get(k) or ()) for k in ("areas", "buses"))
    more = {k: words[k] for k in ("when", "sheds", "share", "floor_kw") if words.get(k) is not None}
    power, factor = float(words["min_power_kw"]), float(words["target_pf"])
    return Program(name, number, power, factor, areas, buses, layer, more)


def _free(programs: Mapping[str, Program], stated: set[int]) -> int:
    taken = stated | {p.number for p in programs.values()}
    return next(n for n in range(1, len(taken) + 2) if n not in taken)
