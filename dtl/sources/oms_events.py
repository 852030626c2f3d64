"""One interruption of an outage system, as it is read row by row; and how its restoration steps are understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from dtl.errors import Severity

SUSTAINED_S = 300
"""An interruption is sustained when it lasts longer than this [s]; IEEE 1366."""


@dataclass
class Step:
    """Customers that were back at one instant."""

    end: datetime
    customers: int
    customer: str = ""


@dataclass
class Event:
    """One interruption. ``customers`` and ``end`` may be unknown until its steps are understood."""

    id: str
    file: str
    line: int
    start: datetime
    day: date
    end: datetime | None = None
    customers: int | None = None
    stated_minutes: float | None = None
    kva: float | None = None
    feeder: str = ""
    feeder_alias: str = ""
    device: str = ""
    device_alias: str = ""
    failed: str = ""
    cause: str = "unknown"
    cause_stated: str = ""
    planned: bool | None = None
    major: bool | None = None
    steps: list[Step] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """The feeder by the alias rule."""
        return self.feeder_alias or self.feeder

    def minutes(self, *, sustained: bool = False) -> float:
        """Customer minutes over all steps, or over those that lasted longer than five minutes [min]."""
        lasted = [(s.customers, (s.end - self.start).total_seconds()) for s in self.steps]
        return sum(n * seconds / 60 for n, seconds in lasted if seconds > SUSTAINED_S or not sustained)


def gathered(first: Event | None, row: Event) -> str:
    """Add a row that is one step to the interruption of its id; what is odd about it, or nothing.

    The customers of the rows are different ones, and so are their stated minutes. The earliest start counts for all.
    """
    if row.customers is None or row.end is None:
        return ""
    row.steps = [Step(row.end, row.customers)]
    if first is None:
        return ""
    first.steps += row.steps
    first.end = max(first.end or row.end, row.end)
    first.customers = (first.customers or 0) + row.customers
    if row.stated_minutes is not None:
        first.stated_minutes = (first.stated_minutes or 0.0) + row.stated_minutes
    odd = first.start != row.start
    first.start, first.day = min((first.start, first.day), (row.start, row.day))
    return "its steps begin at different times; the earliest counts for all" if odd else ""


Note = Callable[[str, Severity, str, str, str, str], None]
"""Notes a finding about an interruption: check, severity, message, field, value, remedy."""


def settle(event: Event, steps: Sequence[Step], refused: int, note: Note) -> str:
    """Give an event the steps that count; the reason why it cannot be counted, or nothing.

    With steps, what they restore counts. Customers that they do not mention are back at the end of the event, if the
    last step lies before it. Without steps (or with one that was `refused`) all customers are back at the end.
    """
    usable = [] if refused else sorted(steps, key=lambda s: (s.end, s.customer))
    if refused:
        note("outage.steps", "warning", f"{refused} of its restoration steps cannot be used, so none is", "steps", "",
             "Correct the steps; until then all customers count to the end.")  # fmt: skip
    if not usable:
        lasted = (event.end - event.start).total_seconds() / 60 if event.end else 0.0
        if event.customers is None and event.stated_minutes and lasted > 0:
            event.customers = round(event.stated_minutes / lasted)
            text, value = "are its customer minutes over its duration", f"{event.stated_minutes:g} / {lasted:g} min"
            note("outage.derived-customers", "warning", f"states no customers; {event.customers} {text}", "customers",
                 value, "State the customers.")  # fmt: skip
        if event.customers is None:
            return "neither customers nor restoration steps are known"
        if event.end is None:
            return "it has no end"
        event.steps = [Step(event.end, event.customers)]
        return ""
    last, total = usable[-1].end, sum(s.customers for s in usable)
    if event.end is not None and last > event.end:
        note("outage.steps-end", "warning", "the last restoration step lies after the end; the step counts", "end",
             f"{event.end:%Y-%m-%d %H:%M} < {last:%Y-%m-%d %H:%M} UTC", "Correct the end or the step.")  # fmt: skip
    end = max(last, event.end or last)
    rest = (event.customers or 0) - total
    if rest > 0 and last < end:
        usable.append(Step(end, rest))
    elif event.customers is not None and rest:
        text = "the steps restore another number of customers than were interrupted; the steps count"
        value = f"{event.customers}, steps {total}"
        note("outage.steps-differ", "warning", text, "customers", value, "Correct one of the two.")
    event.steps, event.end, event.customers = usable, end, sum(s.customers for s in usable)
    return ""


def check_minutes(event: Event, note: Note) -> str:
    """Compare the stated customer minutes with those of the steps; ``hours`` or ``ok``, or nothing where they differ.

    Statements that leave out the steps of five minutes and less are right as well.
    """
    stated = event.stated_minutes
    if stated is None:
        return "ok"
    customers = event.customers or 0
    own = (event.minutes(), event.minutes(sustained=True))
    if any(abs(stated - m) <= max(0.01 * m, customers) for m in own):
        return "ok"
    longest = max((s.end - event.start).total_seconds() / 60 for s in event.steps)
    shown = f"{stated:g}, computed {own[0]:g}"
    if own[0] >= 60 and abs(stated * 60 - own[0]) <= max(0.01 * own[0], 30):
        return "hours"
    beyond = stated > customers * longest
    text = "are more than customers x duration" if beyond else "differ from those of the restoration steps"
    note("outage.minutes", "warning", f"the stated customer minutes {text}; the computed ones count",
         "customer_minutes", shown, "Correct the number, the times or the customers.")  # fmt: skip
    return ""
