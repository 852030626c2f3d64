"""Fetching weather, which `dtl check STUDY --lock` does and no run ever: what lacks is asked for and pinned.

A pin holds what was asked and the answer as it was served, as canonical JSON; the lock holds its digest.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from dtl.errors import SourceError, SpecError
from dtl.sources.open_meteo import HOURLY
from dtl.sources.open_meteo_places import of_last_run
from dtl.spec import check, pins
from dtl.spec.measured import OpenMeteo
from dtl.spec.study import Study, load

PLACES_AT_ONCE = 10
SECONDS = 60.0

Wanted = tuple[str, tuple[float, float]]
"""The file of a pin and its place."""


def run(names: list[str]) -> int:
    """Fetch what the studies lack and say so; 1 if something could not be fetched."""
    folders = [check.find(n) for n in names] or sorted(f.parent for f in check.STUDIES.glob("*/study.yaml"))
    failed = 0
    for folder in folders:
        try:
            study = load(folder)
        except SpecError:
            continue
        if not any(isinstance(s, OpenMeteo) for s in study.sources.values()):
            continue
        try:
            fetch(study, date.today())
        except SourceError as err:
            print(f"{folder}: {err}", file=sys.stderr)
            failed = 1
    return failed


def fetch(study: Study, today: date, transport: Any = None, sleep: Any = time.sleep) -> list[str]:
    """Pin what the sources of a study lack; the names of the pins that were written.

    Raises
    ------
    SourceError
        The places are not known, a year has not begun, or the service did not answer.
    """
    written: list[str] = []
    for name, source in sorted(study.sources.items()):
        if isinstance(source, OpenMeteo):
            _settle_places(study, name, source)
            questions = list(_questions(source, study.folder, today))
            if questions:
                written += _ask(study.folder, name, questions, transport, sleep)
    return written


def _ask(folder: Path, name: str, questions: list[Any], transport: Any, sleep: Any) -> list[str]:
    import httpx

    from dtl.sources.open_meteo_service import KEY, Service

    print(f"{name}: fetching weather of Open-Meteo.com (CC BY 4.0); free use is not commercial, other use needs "
          f"a key in {KEY}")  # fmt: skip
    written: list[str] = []
    with httpx.Client(transport=transport, timeout=SECONDS) as client:
        service = Service(client, sleep, print)
        for what, question, wanted in questions:
            for (file, place), answer in zip(wanted, service.ask(what, question), strict=True):
                asked = {**question, "latitude": place[0], "longitude": place[1]}
                path = folder / pins.PINS / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(canonical({"answer": answer, "asked": asked, "service": what}), encoding="utf-8")
                print(f"  {pins.PINS}/{file}: written")
                written.append(file)
    return written


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys and numbers as they were served; the same content is the same bytes."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def _settle_places(study: Study, name: str, source: OpenMeteo) -> None:
    """Write the places of substations or feeders beside the pins, from the results of the last run."""
    if not isinstance(source.points, str):
        return
    places = of_last_run(study, source.points)
    path = study.folder / pins.PINS / f"{source.points}.json"
    if not places:
        if pins.found(path):
            return
        raise SourceError(f"source {name}: no results say where the {source.points} are. Run the study once, then "
                          "fetch; or write a map of points, or latitude_deg and longitude_deg")  # fmt: skip
    told = {n: {"latitude_deg": p[0], "longitude_deg": p[1]} for n, p in sorted(places.items())}
    text = json.dumps({"from": "coordinates of the last run", "places": told}, sort_keys=True, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def _questions(source: OpenMeteo, folder: Path, today: date) -> Iterator[tuple[str, dict[str, str], list[Wanted]]]:
    """What is asked of which service for which pins: a year at a time, and at most ten places."""
    places = sorted(set(pins.places(source, folder).values()))
    common = {"hourly": ",".join(HOURLY), "timezone": "GMT", "wind_speed_unit": "ms"}
    for year in source.years:
        if date(year, 1, 1) >= today:
            raise SourceError(f"the year {year} has not begun; its weather is not known")
        until = min(date(year + 1, 1, 2), today)
        span = {"start_date": f"{date(year, 1, 1) - timedelta(days=1)}", "end_date": f"{until}"}
        wanted = [(pins.name(p, year, source.model), p) for p in places]
        lacking = [(f, p) for f, p in wanted if not _complete(folder / pins.PINS / f, span)]
        model = {} if source.model == "best_match" else {"models": source.model}
        for i in range(0, len(lacking), PLACES_AT_ONCE):
            some = lacking[i : i + PLACES_AT_ONCE]
            yield "archive", {**common, **span, **model, **_where(some)}, some
    if source.forecast_days:
        some = [(pins.name(p, "forecast", source.model), p) for p in places]
        for i in range(0, len(some), PLACES_AT_ONCE):
            days = {"forecast_days": str(source.forecast_days)}
            yield "forecast", {**common, **days, **_where(some[i : i + PLACES_AT_ONCE])}, some[i : i + PLACES_AT_ONCE]


def _where(wanted: list[Wanted]) -> dict[str, str]:
    return {"latitude": ",".join(f"{p[0]:.4f}" for _, p in wanted),
            "longitude": ",".join(f"{p[1]:.4f}" for _, p in wanted)}  # fmt: skip


def _complete(path: Path, span: Mapping[str, str]) -> bool:
    """Whether a pin covers the span and its end is known; an archive lags behind by some days."""
    try:
        pinned = json.loads(path.read_text(encoding="utf-8"))
        covers = all(pinned["asked"][k] == v for k, v in span.items()) and pinned["asked"]["hourly"] == ",".join(HOURLY)
        return bool(covers and pinned["answer"]["hourly"]["temperature_2m"][-1] is not None)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return False
