"""One SCADA tag: its rows become a series on an even grid, or the moments at which a state changed, with grades.

Nothing is filled. What is refused or doubted is counted, and told with the first line on which it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.sources.reading import Reading
from dtl.sources.scada_judge import spikes, stuck
from dtl.sources.scada_tags import STATES, Tag

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

GOOD, SUSPECT, BAD, MISSING = range(4)
GRADES = ("good", "suspect", "bad", "missing")
STEPS_MIN = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
"""Lengths that an interval may have [min]."""
OFF_GRID = 0.1
"""Share of the interval by which a stamp may miss the grid and still mean it."""
LEAST_COARSE = 12
"""Fewest values by which a tag may show that its interval is longer than that of the table."""
MOST_LOST = 0.5
"""Share of stamps off the grid beyond which there is none."""


@dataclass
class Points:
    """Rows of one tag: seconds since 1970 UTC, values (NaN: none), grades, and where they stand."""

    t: Whole
    value: Floats
    grade: NDArray[np.int8]
    line: Whole
    file: str = ""

    def at(self, chosen: Flags | Whole) -> Points:
        """Some of the rows."""
        return Points(self.t[chosen], self.value[chosen], self.grade[chosen], self.line[chosen], self.file)


@dataclass(frozen=True)
class Series:
    """What became of a tag; ``step_min`` is 0 for events."""

    tag: Tag
    points: Points
    step_min: int


Note = Callable[[str, str, str, int, int, str], None]
"""Notes a doubt about a tag: check, message, remedy, how many rows, the first line, the value that stood there."""


def noting(reading: Reading, tag: Tag, file: str) -> Note:
    """Findings about a tag, one for each doubt, with their number of rows."""

    def note(check: str, message: str, remedy: str, rows: int, line: int, value: str) -> None:
        severity = "info" if check in ("scada.duplicate", "scada.off-grid") else "warning"
        reading.find(check, severity, f"{message}; rows: {rows}", file=file, line=line, feeder=tag.feeder,  # type: ignore[arg-type]
                     element=f"tag {tag.name}", field=tag.quantity, value=value, remedy=remedy)  # fmt: skip

    return note


def events(tag: Tag, rows: Points, note: Note) -> Series:
    """A tag that is written when it changes: rows by time, without repetitions of the same moment."""
    return Series(tag, _distinct(rows, note), 0)


def intervals(tag: Tag, rows: Points, step_min: int | None, ends: bool, note: Note) -> Series | None:
    """A tag of even intervals; None, and a finding, where its stamps stand on no grid.

    Parameters
    ----------
    step_min
        Length of an interval as declared [min]; None: the most frequent distance of stamps.
    ends
        Whether stamps name the end of the interval.
    """
    step = step_min or _usual_step(np.unique(rows.t))
    if step and not step_min and (coarse := _coarser(rows, step)):
        step, between = coarse, (rows.grade == MISSING) & (rows.t % (60 * coarse) != _known(rows)[0] % (60 * coarse))
        note("scada.off-grid", f"without a value between those of a grid of {step} min, which is its own", "",
             int(between.sum()), _first(rows.at(between)), "")  # fmt: skip
        rows = rows.at(~between)
    if step is None:
        note("scada.grid", "its stamps stand on no grid of equal intervals, so it is not read",
             "Say `record: event`, or declare interval_min.", len(rows.t), _first(rows), "")  # fmt: skip
        return None
    seconds = 60 * step
    phase, counts = np.unique(rows.t % seconds, return_counts=True)
    offset = int(phase[np.argmax(counts)])
    grid = np.round((rows.t - offset) / seconds).astype(np.int64) * seconds + offset
    off = np.abs(rows.t - grid)
    lost = off > OFF_GRID * seconds
    if lost.sum() > MOST_LOST * len(lost):
        note("scada.grid", f"most of its stamps stand off the grid of {step} min, so it is not read",
             "Say `record: event` where values are written as they change, or declare interval_min.", int(lost.sum()),
             _first(rows.at(lost)), _stamp(rows.at(lost).t[0]))  # fmt: skip
        return None
    if lost.any():
        at = rows.at(lost)
        note("scada.grid", f"stamps off the grid of {step} min, which are not read", "Correct them, or declare "
             "interval_min.", int(lost.sum()), _first(at), _stamp(at.t[0]))  # fmt: skip
    if (moved := (off > 0) & ~lost).any():
        at = rows.at(moved)
        note("scada.off-grid", f"stamps within a tenth of the grid of {step} min, which are moved onto it",
             "", int(moved.sum()), _first(at), _stamp(at.t[0]))  # fmt: skip
    rows.t = grid - (seconds if ends else 0)
    kept = _distinct(rows.at(~lost), note)
    if not len(kept.t):
        return None
    _gaps(kept, seconds, note)
    if tag.quantity not in STATES:
        _doubt(kept, step, note)
    return Series(tag, kept, step)


def _usual_step(t: Whole) -> int | None:
    """The most frequent distance of stamps [min], where half of them have it and nearly all are multiples of it."""
    if len(t) < 3:
        return None
    apart, counts = np.unique(np.diff(t), return_counts=True)
    likely = int(apart[np.argmax(counts)])
    near = [m for m in STEPS_MIN if abs(likely - 60 * m) <= 2 * OFF_GRID * 60 * m]
    if not near:
        return None
    step = min(near, key=lambda m: abs(likely - 60 * m))
    steps = apart / (60 * step)
    even = np.abs(steps - np.round(steps)) <= 2 * OFF_GRID
    once = even & (np.round(steps) == 1)
    return step if counts[even].sum() >= 0.9 * counts.sum() and counts[once].sum() >= 0.5 * counts.sum() else None


def _known(rows: Points) -> Whole:
    known: Whole = rows.t[rows.grade != MISSING]
    return known


def _coarser(rows: Points, step: int) -> int | None:
    """The interval of a tag that has values in every so many rows alone, as hours in a table of quarters [min]."""
    known = np.unique(_known(rows))
    if len(known) == len(rows.t) or len(known) < LEAST_COARSE:
        return None
    found = _usual_step(known) or 0
    whole = found > step and found % step == 0 and np.all((known - known[0]) % (60 * found) == 0)
    return found if whole else None


def _distinct(rows: Points, note: Note) -> Points:
    """Rows by time, one for each; of several the first counts, and is doubted where they differ."""
    order = np.argsort(rows.t, kind="stable")
    rows = rows.at(order)
    if not len(rows.t):
        return rows
    new = np.concatenate([[True], rows.t[1:] != rows.t[:-1]])
    owner = np.flatnonzero(new)[np.cumsum(new) - 1]
    other = ~new & ~((rows.value == rows.value[owner]) | (np.isnan(rows.value) & np.isnan(rows.value[owner])))
    same = ~new & ~other
    if same.any():
        note("scada.duplicate", "given again with the same value; one counts", "", int(same.sum()),
             _first(rows.at(same)), _stamp(rows.t[same][0]))  # fmt: skip
    if other.any():
        grade = rows.grade[owner[other]]
        rows.grade[owner[other]] = np.maximum(grade, SUSPECT)
        note("scada.contradiction", "given again with another value; the first is kept and doubted",
             "Export each value once.", int(other.sum()), _first(rows.at(other)), _stamp(rows.t[other][0]))  # fmt: skip
    return rows.at(new)


def _gaps(rows: Points, seconds: int, note: Note) -> None:
    apart = np.diff(rows.t)
    lacking = apart // seconds - 1
    if not lacking.any():
        return
    at = int(np.argmax(lacking))
    longest = f"{_stamp(rows.t[at] + seconds)} to {_stamp(rows.t[at + 1])}"
    note("scada.gap", f"intervals lack in {int((lacking > 0).sum())} gaps, of {int(lacking.sum()) + len(rows.t)}; the "
         f"longest is {longest}; nothing is filled", "Export them, if they were stored.", int(lacking.sum()),
         int(rows.line[at + 1]), longest)  # fmt: skip


def _doubt(rows: Points, step: int, note: Note) -> None:
    """Grade what is stuck or spikes; both are judged on good values in their place on the grid."""
    seconds = 60 * step
    place = (rows.t - rows.t[0]) // seconds
    if place[-1] > 60 * 8784 * 10:
        return
    even = np.full(int(place[-1]) + 1, np.nan)
    good = rows.grade == GOOD
    even[place[good]] = rows.value[good]
    for check, flags, text, remedy in (
        ("scada.stuck", stuck(even, step), "repeats one value for hours, as stuck telemetry does", "Leave these out."),
        ("scada.spike", spikes(even), "leaves both its neighbours far", "Check the telemetry."),
    ):
        found = flags[place] & good
        if found.any():
            rows.grade[found] = SUSPECT
            at = rows.at(found)
            note(check, f"{text}; these are doubted", remedy, int(found.sum()), _first(at), f"{at.value[0]:g}")


def _first(rows: Points) -> int:
    return int(rows.line.min()) if len(rows.line) else 0


def _stamp(t: np.int64) -> str:
    return f"{np.datetime64(int(t), 's')}Z"
