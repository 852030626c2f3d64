"""Whether the weather that layers follow is there: of the measured year, of an event, of years for a return level."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from dtl.spec.adoption import Weather
from dtl.spec.layer import LayerBase
from dtl.spec.measured import OpenMeteo, WeatherFile
from dtl.spec.study import Study
from dtl.spec.year_checks import DEFAULT_YEAR, LEAST_YEARS, follows, listed
from dtl.workflow.inventory import Unread, folder_of
from dtl.workflow.named_data import LATER, Found, Told
from dtl.workflow.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

MOST = 12
"""Places of a source whose years are judged."""
Point = tuple[str, str]
"""Source and name of a place of weather."""


def asked(study: Study) -> dict[str, LayerBase]:
    """The layers of the study's scenarios that follow weather which the study has."""
    if not any(isinstance(s, OpenMeteo | WeatherFile) for s in study.sources.values()):
        return {}
    stacked = {name for scenario in study.scenarios.values() for name in scenario.stack}
    return {n: layer for n, layer in study.layers.items() if n in stacked and follows(layer)}


def judged(study: Study, store: Store) -> Iterator[Found | Told]:
    """What is wrong with the years of the weather, and what is not known yet."""
    if not (layers := asked(study)):
        return
    points = dict[Point, "_Years"]()
    for name, source in study.sources.items():
        if not isinstance(source, OpenMeteo | WeatherFile):
            continue
        folder = folder_of(study, name, store)
        if isinstance(folder, Unread):
            yield f"{LATER}years of the weather '{name}', which was not read yet"
            return
        points |= _points(folder / "weather.parquet", name, study)
    if not points:
        return  # the reader says why no file could be read
    for name, layer in layers.items():
        yield from _layer(name, layer, points, study.years.measured or DEFAULT_YEAR)


class _Years:
    """The years of which a place has weather: how many hours lack a temperature, and whether it is a typical year."""

    def __init__(self, table: pa.Table, point: Point, measured: int, timezone: str):
        reader = import_module("dtl.demand.weather")
        self.lacking, self.whole = dict[int, int](), set[int]()
        for year in {measured, *reader.years(table, *point, timezone)}:
            if (found := reader.weather(table, *point, year, timezone)) is not None:
                self.lacking[year] = len(found.missing["temp_c"])
                if found.basis == "year" and not self.lacking[year]:
                    self.whole.add(year)


def _points(path: Path, source: str, study: Study) -> dict[Point, _Years]:
    """The years of the first places of a source: those of one source have the same, and there may be a thousand."""
    from dtl import tables

    names = tables.read("weather", path, ["point"])["point"].unique().to_pylist()[:MOST]
    measured = study.years.measured or DEFAULT_YEAR
    return {
        (source, n): _Years(tables.read("weather", path, point=n), (source, n), measured, study.timezone) for n in names
    }


def _layer(name: str, layer: LayerBase, points: dict[Point, _Years], measured: int) -> Iterator[Found | Told]:
    yield from _year(("layers", name), f"{follows(layer)}, and ", measured, points)
    if not isinstance(layer, Weather) or layer.event is None:
        return
    if layer.of is not None and layer.of != measured:
        yield from _year(("layers", name, "of"), "", layer.of, points)
    elif layer.return_years is not None:
        whole = max((years.whole for years in points.values()), key=len)
        if len(whole) < LEAST_YEARS:
            there = f"{len(whole)} ({', '.join(map(str, sorted(whole)))})" if whole else "none"
            message = f"a return level needs whole years of weather, at least {LEAST_YEARS}; there are {there}"
            yield ("layers", name, "return_years"), "unknown-year", message


def _year(at: tuple[str | int, ...], why: str, year: int, points: dict[Point, _Years]) -> Iterator[Found | Told]:
    """A year without weather at any place is a mistake; at some, which may be those of no feeder, it is told."""
    wrong = {point: found for point in points if (found := _lack(points[point], year))}
    if not wrong:
        return
    (source, point), what = next(iter(wrong.items()))
    message = f"{why}the weather of '{point}' ({source}) {what}"
    if len(wrong) == len(points):
        yield at, "unknown-year", message
    else:
        yield f"layer '{at[1]}': {message}; so {len(wrong)} of {len(points)} places"


def _lack(there: _Years, year: int) -> str:
    if year not in there.lacking:
        known = set(there.lacking)
        return f"has no hour of {year}" + (f", but {listed(known, year)}" if known else "")
    return f"lacks {there.lacking[year]} hours of temperature in {year}" if there.lacking[year] else ""
