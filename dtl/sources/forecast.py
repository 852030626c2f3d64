"""The source ``forecast``: adoption and growth by year and area, from a CSV or Excel."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from dtl.sources.listing import CellError, Field, Row, folded, kept, meaning, refuse, rows
from dtl.sources.reading import Reading

WIDE = (Field("area"), Field("what", needed=True), Field("unit"))
FIELDS = (
    Field("year", "whole", needed=True, low=1990), Field("value", "number", needed=True, low=-1e12, per_cent=0.01),
    *WIDE
)  # fmt: skip

TO = {"pct": ("share", 0.01), "mw": ("kw", 1000.0), "mwh": ("kwh", 1000.0)}
"""Units that are turned into ours."""
SHARES = ("share", "pct", "per_year", "factor")
"""Units of a number that may have a per cent sign."""

Key = tuple[str, str, int]


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read the forecast into the table ``forecast``; ``*`` is the area of rows that name none."""
    reading = Reading(name, "forecast")
    found: dict[Key, tuple[Row, dict[str, Any]]] = {}
    wide = spec.get("layout") == "wide"
    for row in rows(reading, spec, files, "forecast", WIDE if wide else FIELDS):
        try:
            read_now = {(k["what"], k["area"], k["year"]): k for k in (_row(name, r) for r in _by_year(row, wide))}
            again = next((key for key in read_now if key in found), None)
            if again:
                first = found[again][0]
                raise CellError("given.duplicate", "year", str(again[2]), f"{again[0]} of this area and year "
                                f"stands at {first.file}:{first.line} already; the first counts",
                                "Keep one row for each year, area and what.")  # fmt: skip
            if not read_now:
                raise CellError("given.empty", "value", "", "no year has a value", "Fill it in, or leave the row out.")
        except CellError as err:
            refuse(reading, row.file, row.line, err)
            continue
        kept(reading, row, "forecast", " ".join(".".join(map(str, key)) for key in read_now))
        found |= {key: (row, known) for key, known in read_now.items()}
    _judge(reading, found)
    reading.tables["forecast"] = [known for _, known in found.values()]
    return reading


def _by_year(row: Row, wide: bool) -> list[Row]:
    """A row for each year: itself, or one for each column of a year that holds a value."""
    if not wide:
        return [row]
    rest = {f.name: row[f.name] for f in WIDE}
    years = {int(y): v for y, v in row.values.items() if y not in rest and v is not None}
    signed = {y: frozenset({"value"} if str(y) in row.signed else ()) for y in years}
    return [Row(row.file, row.line, {**rest, "year": y, "value": v}, signed[y]) for y, v in years.items()]


def _row(name: str, row: Row) -> dict[str, Any]:
    if not 1990 <= row["year"] <= 2100:
        raise CellError("given.number", "year", str(row["year"]), "is not between 1990 and 2100", "Correct the year.")
    unit = meaning("unit", row["unit"] or "share")
    if unit is None:
        raise CellError("given.word", "unit", row["unit"], "is no unit of a forecast",
                        "Write share, %, per_year, factor, kw, kwh or count.")  # fmt: skip
    per_cent = "value" in row.signed
    if per_cent and unit not in SHARES:
        raise CellError("given.number", "value", f"{100 * row['value']:g}%", f"is per cent, and its unit is {unit}",
                        "Correct one of the two.")  # fmt: skip
    unit, scale = ("share", 1.0) if per_cent and unit == "pct" else TO.get(unit, (unit, 1.0))
    what = meaning("what", row["what"]) or "_".join(folded(row["what"]).split())
    return {"source": name, "year": row["year"], "area": row["area"] or "*", "what": what, "unit": unit,
            "value": row["value"] * scale}  # fmt: skip


def _judge(reading: Reading, found: Mapping[Key, tuple[Row, dict[str, Any]]]) -> None:
    """Findings about whole paths: units that change, years that lack, levels that fall, shares beyond one."""
    paths: dict[tuple[str, str], list[Key]] = {}
    for key in sorted(found):
        paths.setdefault(key[:2], []).append(key)
    for (what, area), keys in paths.items():
        series = [found[k][1] for k in keys]
        last = found[keys[-1]][0]

        def note(
            check: str, text: str, field: str, value: str, remedy: str, at: Row = last, of: str = f"{what} of {area}"
        ) -> None:
            reading.find(check, "warning", text, file=at.file, line=at.line, element=of, field=field, value=value,
                         remedy=remedy)  # fmt: skip

        units = sorted({s["unit"] for s in series})
        if len(units) > 1:
            note("forecast.unit", "has several units", "unit", ", ".join(units), "Give one path in one unit.")
            continue
        steps = {b["year"] - a["year"] for a, b in pairwise(series)}
        if len(steps) > 1:
            years = ", ".join(str(s["year"]) for s in series)
            note("forecast.years", "its years are not evenly spaced; values between are interpolated", "year", years,
                 "Add the years that lack, if they are known.")  # fmt: skip
        fall = next((b for a, b in pairwise(series) if b["value"] < a["value"]), None)
        if fall is not None and units[0] != "per_year":
            note("forecast.falls", "falls, as a level of adoption or load seldom does", "value",
                 f"{fall['value']:g} in {fall['year']}", "Check it, or give growth as per_year.")  # fmt: skip
        high = next((s for s in series if units[0] == "share" and not 0 <= s["value"] <= 1), None)
        if high is not None:
            note("forecast.share", "is no share from 0 to 1", "value", f"{high['value']:g} in {high['year']}",
                 "Write the unit: %, count or factor.")  # fmt: skip
        if units[0] == "per_year" and any(abs(s["value"]) > 0.5 for s in series):
            note("forecast.share", "grows by more than half each year", "value",
                 f"{max(series, key=lambda s: abs(s['value']))['value']:g}", "Write 0.02 for 2 %.")  # fmt: skip
