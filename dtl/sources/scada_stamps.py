"""Stamps of long series as instants, each distinct stamp read once; the repeated hour is told apart by its order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dtl.sources.stamps import Clock, StampError

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Stamps:
    """The distinct stamps of a file.

    ``first`` and ``second`` are seconds since 1970 UTC, of the first and the second time that clocks showed the stamp;
    ``wrong`` says why a stamp is none; ``gap`` marks what no clock showed.
    """

    texts: list[str]
    first: Whole
    second: Whole
    gap: Flags
    wrong: dict[int, str]


def parse(known: list[object], clock: Clock) -> Stamps:
    """Read distinct cells; a cell that is neither text nor a point in time is read as text."""
    texts = [cell for cell in known if isinstance(cell, str)]
    return _texts(tuple(texts), clock) if len(texts) == len(known) else _cells(known, clock)


@lru_cache(maxsize=4)
def _texts(known: tuple[str, ...], clock: Clock) -> Stamps:
    """Files of one export have the same stamps, one file for each feeder."""
    return _cells(known, clock)


def _cells(known: Sequence[object], clock: Clock) -> Stamps:
    first, second = np.zeros(len(known), np.int64), np.zeros(len(known), np.int64)
    gap = np.zeros(len(known), bool)
    wrong: dict[int, str] = {}
    texts = [str(cell) for cell in known]
    for i, cell in enumerate(known):
        if isinstance(cell, date) and not isinstance(cell, datetime):
            cell = datetime.combine(cell, time())
        stamp = cell if hasattr(cell, "tzinfo") else texts[i]
        try:
            found = clock.instant(stamp)  # type: ignore[arg-type]
            again = clock.instant(stamp, found.utc + timedelta(seconds=1)) if found.twice else found  # type: ignore[arg-type]
        except (StampError, OverflowError, ValueError) as err:
            wrong[i] = str(err) if texts[i] else "there is no stamp"
            continue
        first[i], second[i], gap[i] = int(found.utc.timestamp()), int(again.utc.timestamp()), found.gap
    return Stamps(texts, first, second, gap, wrong)


def settle(stamps: Stamps, codes: NDArray[np.int32]) -> tuple[Whole, Flags]:
    """Seconds since 1970 UTC of the rows of one series, and which are ambiguous.

    A stamp that clocks showed twice means the first pass where it occurs first in the file, and the second from then
    on; this holds for rows in order of time and for rows sorted by their label. Rows whose newest stands first are
    taken from their end. Where a stamp occurs once, nothing tells the passes apart: it is taken for the first and
    marked.

    Parameters
    ----------
    codes
        (n,) the stamp of each row, in the order of the file.
    """
    t = stamps.first[codes]
    twice = stamps.second[codes] != t
    ambiguous = np.zeros(len(codes), bool)
    if twice.any():
        at = np.flatnonzero(twice)
        at = at[::-1] if _newest_first(t) else at
        order = at[np.argsort(codes[at], kind="stable")]
        new = np.concatenate([[True], codes[order][1:] != codes[order][:-1]])
        last = np.concatenate([new[1:], [True]])
        t[order[~new]] = stamps.second[codes[order[~new]]]
        ambiguous[order[new & last]] = True
    return t, ambiguous


def _newest_first(t: Whole) -> bool:
    """Whether most rows of a series lie before the one above them, as where a historian lists the newest first."""
    apart = np.diff(t)
    return bool(np.sum(apart < 0) > np.sum(apart > 0))
