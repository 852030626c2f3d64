"""Texts of durations and of times of day, as people and spreadsheets write them."""

from __future__ import annotations

import re

CLOCK = re.compile(
    r"((?P<d>\d{1,4}) ?d(ays?)?,? )?(?P<h>\d{1,4}):(?P<m>[0-5]\d)(:(?P<s>[0-5]\d(\.\d+)?))?( ?(?P<half>[ap])\.?m\.?)?",
    re.IGNORECASE,
)
"""Hours and minutes, after days or before the half of the day."""
ISO = re.compile(r"P(?=[\dT])(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", re.IGNORECASE)
PIECE = re.compile(r"(\d+(?:[.,]\d+)?) ?([a-z]+)\.?(?:,? (?:and )?)?", re.IGNORECASE)
"""A number and its unit."""
UNITS = {
    **dict.fromkeys(("d", "day", "days"), 1440.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std"), 60.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 1.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1 / 60.0),
}
"""Words for units and their minutes."""


def lasted(text: str) -> float | None:
    """The minutes of a duration that states its own units, as ``1:30``, ``2 hrs 15 mins`` or ``PT2H15M``.

    None for any other text.
    """
    text = " ".join(text.split())
    if (clock := CLOCK.fullmatch(text)) and not clock["half"]:
        return 1440.0 * int(clock["d"] or 0) + 60.0 * int(clock["h"]) + int(clock["m"]) + float(clock["s"] or 0) / 60
    if ISO.fullmatch(text):
        text = re.sub("[PpTt]", "", text)
    pieces, end = [], 0
    while end < len(text) and (piece := PIECE.match(text, end)):
        pieces.append((float(piece[1].replace(",", ".")), UNITS.get(piece[2].casefold(), 0.0)))
        end = piece.end()
    told = [minutes for _, minutes in pieces]
    if end < len(text) or not pieces or 0.0 in told or told != sorted(set(told), reverse=True):
        return None
    return sum(number * minutes for number, minutes in pieces)


def time_of_day(text: str) -> float | None:
    """Seconds since midnight of a time as ``17:48``, ``5:48 PM`` or the fraction of a day of Excel; None for others."""
    if re.fullmatch(r"0?\.\d+|0", text):
        return float(round(float(text) * 86_400))
    clock = CLOCK.fullmatch(" ".join(text.split()))
    if not clock or clock["d"]:
        return None
    hour = int(clock["h"])
    if clock["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (clock["half"].casefold() == "p")
    return hour * 3600.0 + 60 * int(clock["m"]) + float(clock["s"] or 0) if hour <= 24 else None
