"""Counts of one are in the singular, with their verb."""

from __future__ import annotations

import pytest

from dtl.plural import many


@pytest.mark.parametrize(
    ("what", "one"),
    [
        ("readings are marked as estimated", "1 reading is marked as estimated"),
        ("unplanned interruptions", "1 unplanned interruption"),
        ("readings of 3 meters are above it", "1 reading of 3 meters is above it"),
        ("intervals have different readings", "1 interval has different readings"),
        ("meters belong to no transformer; their readings count for none", "1 meter belongs to no transformer; their "
         "readings count for none"),
        ("readings hold a gap and are not taken: they are filled", "1 reading holds a gap and is not taken: they are "
         "filled"),
        ("stamps cannot be read: rows refused", "1 stamp cannot be read: rows refused"),
        ("less", "1 less"),
    ],
)  # fmt: skip
def test_one_is_singular(what: str, one: str) -> None:
    assert many(1, what) == one
    assert (many(0, what), many(2, what)) == (f"0 {what}", f"2 {what}")
