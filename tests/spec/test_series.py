"""Files of numbers as planners export them: headings, separators, decimal commas, and what they may be mistaken for."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtl.spec.series import SeriesError, day_values, year_values

HOURS = range(24)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{h / 24:.3f}\n" for h in HOURS),
        "Load [pu]\n" + "".join(f"{h / 24:.3f}\n" for h in HOURS),
        "\ufeffHour (local) ; Load [pu]\r\n" + "".join(f"{h:02}:00;{h / 24:.3f}\r\n".replace(".", ",") for h in HOURS),
        "hour\tkw\n" + "".join(f"{h}\t{h / 24:.3f}\n".replace(".", ",") for h in HOURS),
        "# made by hand; see the notes, page 3\nhour,kw\n" + "".join(f"{h},{h / 24:.3f}\n" for h in HOURS),
        "day,hour,kw\n" + "".join(f"1 July,{h:02}:00,{h / 24:.3f}\n\n" for h in HOURS),
    ],
    ids=["bare", "heading", "semicolons", "tabs", "notes", "blank lines"],
)
def test_a_day_is_read_however_it_is_exported(text: str, tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(text.encode())
    assert day_values(path) == [round(h / 24, 3) for h in HOURS]


def test_a_decimal_comma_is_not_taken_for_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text("kw\n" + "".join(f"0,{h}\n" for h in HOURS))
    with pytest.raises(SeriesError, match=r"write 0\.5 for 0,5"):
        day_values(path)
    path.write_text("hour,on\n" + "".join(f"{h},{h % 2}\n" for h in HOURS))
    assert day_values(path) == [float(h % 2) for h in HOURS], "a column that counts the lines"


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [(["1"] * 8759, "8759 values"), ([*["1"] * 4999, "n/a", *["1"] * 3760], ":5000: 'n/a'"), (["1"] * 8761, "8761")],
)
def test_a_year_of_other_length_or_with_words_is_refused(rows: list[str], wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "year.csv"
    path.write_text("\n".join(rows))
    with pytest.raises(SeriesError, match=wrong):
        year_values(path)


def test_of_a_leap_year_its_extra_day_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "year.csv"
    path.write_text("\n".join(str(1 + i // 96) for i in range(366 * 96)))
    values = year_values(path)
    assert len(values) == 35040 and 60.0 not in values and values[59 * 96] == 61.0
