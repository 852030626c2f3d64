"""What layers need of years and of weather: a way from the measured year to a planned one, and temperatures."""

from __future__ import annotations

from collections.abc import Iterator

from dtl.spec.adoption import Adoption, Electrification, Growth, Solar, Weather
from dtl.spec.layer import LayerBase
from dtl.spec.measured import OpenMeteo, WeatherFile
from dtl.spec.study import Study

Found = Iterator[tuple[tuple[str | int, ...], str, str]]
"""Where, slug and message of each mistake."""
DEFAULT_YEAR = 2025
"""Year whose calendar holds when a study measures none."""
LEAST_YEARS = 5
"""Whole years of weather from which a return level may be estimated."""


def growth_has_years(study: Study) -> Found:
    """Growth by a share per year has a first and a last year."""
    for name, layer in study.layers.items():
        if isinstance(layer, Growth) and layer.per_year is not None:
            missing = "planned" if not study.years.planned else "measured" if study.years.measured is None else ""
            if missing:
                message = f"growth runs from years.measured to a planned year; years.{missing} is missing"
                yield ("layers", name), "needs-years", message


def adoptions_have_a_way(study: Study) -> Found:
    """The year in which a level is reached is not before the measured one, nor after it where no other is solved."""
    planned = study.years.planned
    first = study.years.measured or min([DEFAULT_YEAR, *planned])
    for name, layer in study.layers.items():
        if not isinstance(layer, Adoption) or layer.by is None:
            continue
        at = ("layers", name, "by")
        if layer.by < first:
            message = f"{layer.by} lies before the measured year {first}, from which an adoption begins; "
            yield at, "order", message + f"write {first}, if the level is reached already"
        elif layer.by > first and not planned and layer.follow is None:
            message = f"the level of {layer.by} is never reached: the study solves {first} alone, when nobody adopts; "
            yield at, "needs-years", message + f"write years.planned, as [{layer.by}], or leave 'by' out"


def weather_was_fetched(study: Study) -> Found:
    """The year of an event is one of those that are fetched, where all weather is."""
    if any(isinstance(s, WeatherFile) for s in study.sources.values()):
        return  # its years stand in the file
    fetched = {y for s in study.sources.values() if isinstance(s, OpenMeteo) for y in s.years}
    for name, layer in study.layers.items():
        if isinstance(layer, Weather) and layer.of is not None and fetched and layer.of not in fetched:
            message = f"no weather of {layer.of} is fetched, but of {listed(fetched, layer.of)}"
            yield ("layers", name, "of"), "unknown-year", message


def layers_have_weather(study: Study) -> Found:
    """Layers that scenarios stack and that follow the weather have some."""
    if any(isinstance(s, OpenMeteo | WeatherFile) for s in study.sources.values()):
        return
    stacked = {name for scenario in study.scenarios.values() for name in scenario.stack}
    for name, layer in study.layers.items():
        if name in stacked and (what := follows(layer)):
            remedy = "add a source of kind open_meteo, weather_file or epw"
            remedy += ", or give the layer a 'profile'" if isinstance(layer, Solar) else ""
            yield ("layers", name), "needs-weather", f"{what}, and the study has no weather; {remedy}"


def follows(layer: LayerBase) -> str:
    """What of a layer follows the weather of the measured year, in words; empty where nothing does."""
    if isinstance(layer, Solar) and layer.profile is None:
        return "its output follows the irradiance"
    if isinstance(layer, Weather):
        return "it changes the temperatures of the measured year"
    if isinstance(layer, Electrification) and _is_felt(layer):
        return "its load follows the temperature"
    return ""


def _is_felt(layer: Electrification) -> bool:
    if layer.end_use == "hot_water":
        return layer.technology != "resistance"
    return layer.end_use == "heating"


def listed(years: set[int], asked: int) -> str:
    """Years in words, and which of several is the nearest to one that is not among them."""
    known = sorted(years)
    shown = f"{known[0]} to {known[-1]}" if len(known) > 6 and known[-1] - known[0] == len(known) - 1 else ""
    text = shown or ", ".join(map(str, known))
    return text + (f"; the nearest is {min(known, key=lambda y: abs(y - asked))}" if len(known) > 1 else "")
