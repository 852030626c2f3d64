"""Hours of the year in words: day and month of an hour from 0 to 8759, 29 February left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def when(hour: int | None, states: Sequence[str] = ()) -> str:
    """The words for when something is, with the preposition: an hour of the year, or a state of a snapshot."""
    if hour is None:
        return ""
    return f"in state {states[hour]}" if states else f"on {stamp(hour)}"


_ANY_YEAR_OF_365_DAYS = datetime(2025, 1, 1)


def stamp(hour: int) -> str:
    """The beginning of an hour in local standard time, e.g. ``12 July at 17:00``.

    Raises
    ------
    ValueError
        The hour is not between 0 and 8759.
    """
    if not 0 <= hour < 8760:
        raise ValueError(f"a year has the hours 0 to 8759, not {hour}")
    at = _ANY_YEAR_OF_365_DAYS + timedelta(hours=hour)
    return f"{at.day} {MONTHS[at.month - 1]} at {at.hour:02}:00"
