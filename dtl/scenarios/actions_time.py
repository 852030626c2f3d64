"""The actions of a case in time order: which steps of the year each one holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dtl.errors import SolveError
from dtl.scenarios.context import Context
from dtl.spec.action_steps import Step


@dataclass(frozen=True)
class Timed:
    """One action of a layer.

    Attributes
    ----------
    layer, number
        Name of its layer, and its place in the layer's list, from 0.
    verb, words
        Its word, as ``add_device``, and what it says.
    moment
        When it happens, as text that sorts by time; empty for the whole study.
    start, stop
        The steps of the year from which on and before which it holds; start is not below stop where it holds none.
    """

    layer: str
    number: int
    verb: str
    words: Any
    moment: str
    start: int
    stop: int

    @property
    def told(self) -> str:
        """The action in words, for messages and pages."""
        said = (
            self.words if isinstance(self.words, str) else ", ".join(f"{k} {_word(v)}" for k, v in self.words.items())
        )
        return f"{self.verb} {said}"


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def timed(layer: Mapping[str, Any], context: Context) -> list[Timed]:
    """The actions of a layer with the steps that they hold.

    An action holds every step that it touches: from the one that its ``at`` lies in to the one that its ``until`` lies
    in. In years before that of ``at`` it does not hold, in later ones from the first step on.

    Raises
    ------
    SolveError
        A time is no hour of the study year.
    """
    found = []
    for number, step in enumerate(layer["do"]):
        verb = next(v.rstrip("_") for v in Step.VERBS if v.rstrip("_") in step)
        start = _step(layer, number, step["at"], context, late=False) if "at" in step else 0
        stop = _step(layer, number, step["until"], context, late=True) if "until" in step else context.steps
        found.append(Timed(str(layer["name"]), number, verb, step[verb], str(step.get("at", "")), start, stop))
    return found


def in_order(actions: Iterable[Timed]) -> tuple[Timed, ...]:
    """Actions of several layers by time; at one time by layer and place in its list."""
    return tuple(sorted(actions, key=lambda a: (a.moment, a.layer, a.number)))


def _step(layer: Mapping[str, Any], number: int, text: str, context: Context, *, late: bool) -> int:
    """The step that a civil time lies in; `late` counts a step that has begun as over."""
    moment = datetime.fromisoformat(text)
    if moment.year != context.year:
        return 0 if moment.year < context.year else context.steps
    try:
        standard = context.calendar.standard(moment.replace(year=context.measured_year), context.timezone)
        minutes = 60 * context.calendar.index(standard) + standard.minute
    except ValueError as err:
        raise SolveError(f"layer '{layer['name']}', action {number + 1}: {err}") from err
    return -(-minutes // context.step_min) if late else minutes // context.step_min
