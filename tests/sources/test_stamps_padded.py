"""Formats whose numbers stand side by side: a number that lacks a digit does not take one from its neighbour."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtl.sources.stamps import civil, padded


@pytest.mark.parametrize(
    ("text", "form", "found"),
    [
        ("202511011200", "%Y%m%d%H%M", "2025-11-01 12:00"),
        ("2025110112", "%Y%m%d%H%M", ""),
        ("20250701030", "%Y%m%d%H%M", ""),
        ("202511012400", "%Y%m%d%H%M", "2025-11-02 00:00"),
        ("2025110107", "%Y%m%d%H", "2025-11-01 07:00"),
        ("20251101 7", "%Y%m%d %H", "2025-11-01 07:00"),
        ("2025-11-01 930", "%Y-%m-%d %H%M", "2025-11-01 09:30"),
        ("2025-11-01 30", "%Y-%m-%d %H%M", ""),
        ("2025-11-01 2400", "%Y-%m-%d %H%M", "2025-11-02 00:00"),
        ("10/11/2025 930 PM", "%m/%d/%Y %I%M %p", "2025-10-11 21:30"),
        ("10/11/2025 30 PM", "%m/%d/%Y %I%M %p", ""),
        ("1012025 0130", "%m%d%Y %H%M", "2025-01-01 01:30"),
        ("20250701:0100", "%Y%m%d:%H%M", "2025-07-01 01:00"),
        ("1/2/2025 9:30", "%m/%d/%Y %H:%M", "2025-01-02 09:30"),
        ("01NOV2025:01:02", "%d%b%Y:%H:%M", "2025-11-01 01:02"),
        ("1Nov25 0102", "%d%b%y %H%M", "2025-11-01 01:02"),
        ("2025305 0102", "%Y%j %H%M", "2025-11-01 01:02"),
        ("20251101T0102.1234567", "%Y%m%dT%H%M.%f", "2025-11-01 01:02"),
    ],
)
def test_digits_of_a_run(text: str, form: str, found: str) -> None:
    if not found:
        with pytest.raises(ValueError):
            civil(text, form)
    else:
        assert f"{civil(text, form):%Y-%m-%d %H:%M}" == found


@given(
    st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2099, 12, 31)).map(
        lambda t: t.replace(second=0, microsecond=0)
    ),
    st.sampled_from(["%Y%m%d%H%M", "%d%m%Y%H%M", "%m%d%Y %H%M", "%Y%m%dT%H%M", "%Y-%m-%d %H%M", "%d.%m.%Y %H:%M",
                     "%Y%j%H%M", "%m/%d/%Y %I:%M %p", "%I%M %p %d%b%Y"]),
    st.booleans(),
)  # fmt: skip
def test_what_a_format_writes_is_read_again(when: datetime, form: str, bare: bool) -> None:
    """Also without the zero in front, as spreadsheets leave it out of 0930 and of 01012025."""
    text = when.strftime(form)
    if bare and not form.startswith("%Y"):
        text = text.removeprefix("0")
    assert civil(text, form) == when
    assert civil(padded(text, form), form) - when == timedelta()
