"""What is checked of the actions of a study: their times, devices that were never added, programs without members."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dtl.spec.action_steps import Step
from dtl.spec.base import near
from dtl.spec.canonical import plain
from dtl.spec.edits import Actions, Flexibility
from dtl.spec.programs import ProgramError, done, of_layers
from dtl.spec.study import Study
from dtl.spec.year_checks import DEFAULT_YEAR

Found = Iterator[tuple[tuple[str | int, ...], str, str]]
"""Where, slug and message of each mistake."""


def times_are_solved(study: Study) -> Found:
    """Times that the clock does not show, on a day that is dropped, or after all years of the study."""
    last = max(study.years.planned, default=study.years.measured or DEFAULT_YEAR)
    for name, layer in study.layers.items():
        for i, step in enumerate(layer.do if isinstance(layer, Actions) else ()):
            for word in ("at", "until"):
                moment = getattr(step, word)
                if moment is not None and (wrong := _time(moment, study.timezone, last, word)):
                    yield ("layers", name, "do", i, word), *wrong


def _time(moment: datetime, timezone: str, last: int, word: str) -> tuple[str, str] | None:
    if (moment.month, moment.day) == (2, 29):
        return "not-a-date", "29 February is no day of a study year, which has 8,760 hours"
    if moment.year > last and word == "at":
        return "unknown-year", f"the last year that is solved is {last}: this action would never happen"
    zone = ZoneInfo(timezone)
    there = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if there != moment:
        return "not-a-date", f"{moment:%Y-%m-%d %H:%M} does not exist in {timezone}: the clock jumps over it"
    return None


def ordered(layers: dict[str, Actions]) -> list[tuple[str, int, Step]]:
    """The actions of several layers in time order: layer, place in its list, and action."""
    steps = [(name, i, step) for name, layer in layers.items() for i, step in enumerate(layer.do)]
    return sorted(steps, key=lambda s: (s[2].at.isoformat() if s[2].at else "", s[0], s[1]))


def devices_are_there(study: Study) -> Found:
    """Devices that no action before connects and one takes off, or that are added where they are, in any stack."""
    told = set()
    for scenario in study.scenarios.values():
        layers = {n: study.layers[n] for n in scenario.stack if n in study.layers}
        there: dict[str, list[str]] = {}
        until: dict[tuple[str, str], datetime | None] = {}
        for name, i, step in ordered({n: a for n, a in layers.items() if isinstance(a, Actions)}):
            if added := step.add_device or step.add_generator:
                known = there.setdefault(added.bus.lower(), [])
                known.append(added.name or f"gen_{added.bus}_{len(known) + 1}")
                key = (added.bus.lower(), known[-1].lower())
                if key in until and _stays(until[key], step.at) and (name, i) not in told:
                    told.add((name, i))
                    message = f"bus '{added.bus}' has a device '{known[-1]}' at that time already; name it otherwise"
                    yield ("layers", name, "do", i, step.verb, "name"), "twice", message
                until[key] = step.until
            if (off := step.disconnect_device) is None or (name, i) in told:
                continue
            until.pop((off.bus.lower(), off.name.lower()), None)
            here = there.get(off.bus.lower(), [])
            if off.name.lower() not in {n.lower() for n in here}:
                told.add((name, i))
                guess = near(off.name, here) or "; no action before this one adds any"
                message = f"nothing named '{off.name}' is connected to bus '{off.bus}'{guess}"
                yield ("layers", name, "do", i, "disconnect_device", "name"), "unknown-name", message


def _stays(until: datetime | None, at: datetime | None) -> bool:
    """Whether what ends at a time, or never, is there at another; none: from the beginning."""
    return until is None or at is None or until > at


def programs_hold(study: Study) -> Found:
    """Programs that are not there when an action names them, and such as are executed without members, in any stack."""
    told = set()
    for scenario, entry in study.scenarios.items():
        layers = {n: study.layers[n] for n in entry.stack if n in study.layers}
        try:
            programs = of_layers({n: plain(x) for n, x in layers.items() if isinstance(x, Flexibility)})
        except ProgramError as err:
            yield ("scenarios", scenario, "stack"), "conflict", str(err)
            continue
        for name, i, step in ordered({n: a for n, a in layers.items() if isinstance(a, Actions)}):
            said = plain(step)[step.verb.rstrip("_")]
            try:
                programs = done(programs, step.verb, said, name)
                if step.execute and not programs[step.execute].has_members:
                    raise ProgramError(f"the program '{step.execute}' has no members; subscribe a bus first")
            except ProgramError as err:
                stacked = step.programs()[:1] not in [[n] for n in study.layers if n not in layers]
                if (name, i) not in told and stacked:
                    told.add((name, i))
                    yield ("layers", name, "do", i, step.verb), "unknown-name", str(err)
