"""The sources ``weather_file`` and ``epw``: weather from EPW, TMY3, NSRDB, PVGIS, CSV, or answers of Open-Meteo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dtl.errors import SourceError
from dtl.sources import daylight, weather
from dtl.sources.columnar import numbers, opened, stamp_cells, texts
from dtl.sources.listing import named, shipped
from dtl.sources.oms_words import places
from dtl.sources.open_meteo_answer import AnswerError
from dtl.sources.open_meteo_answer import read as read_answer
from dtl.sources.pvgis import is_pvgis, read_pvgis
from dtl.sources.reading import Reading
from dtl.sources.scada_stamps import parse, settle
from dtl.sources.sheets import tell_absent
from dtl.sources.stamps import Clock
from dtl.sources.typical_year import is_nsrdb, is_tmy3, read_nsrdb, read_typical

YEAR, LEAP = 8760, 8784
YEARS = (YEAR, LEAP)


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read every file; the name of a file without its ending is that of its point."""
    reading = Reading(name, str(spec["kind"]))
    pieces = []
    if not files:
        reading.find("source.file-missing", "error", "no file is there", file=str(spec.get("path")),
                     remedy="Correct the path.")  # fmt: skip
    for file, path in sorted(files.items()):
        try:
            if not path.is_file():
                raise SourceError("the file does not exist")
            piece = _file(reading, spec, file, path)
        except (SourceError, AnswerError) as err:
            text = str(err).removeprefix(f"{file}: ")
            reading.find("given.file", "error", text, file=file, remedy="Correct the file, or what the study says.")
            reading.refused("", f"[file] {file}", "", "", text)
            continue
        if piece is not None:
            pieces.append(piece)
            reading.mapped("", f"[file] {file}", "", f"weather.{piece.point}")
    points = weather.settled(reading, pieces)
    for hours in points:
        weather.judge(reading, hours)
        daylight.judge(reading, hours)
    reading.tables["weather"] = weather.write(reading, points)
    return reading


def _file(reading: Reading, spec: Mapping[str, Any], file: str, path: Path) -> weather.Hours | None:
    point = Path(file).stem
    others = list[str]()
    pvgis = not isinstance(spec.get("columns"), Mapping) and is_pvgis(path)
    nsrdb = not pvgis and is_nsrdb(path)
    if pvgis or nsrdb or spec["kind"] == "epw" or path.suffix.lower() == ".epw" or is_tmy3(path):
        if pvgis or nsrdb:
            hours, again, others = (read_pvgis if pvgis else read_nsrdb)(file, path, point)
        else:
            hours, again = read_typical(file, path, point)
        for other in others:
            reading.unused("", f"[file] {file}", other, "", "no field of weather")
        if again:
            _repeated(reading, file, point, again)
        if len(hours.start) not in YEARS:
            reading.find("weather.year", "warning", f"has {len(hours.start)} hours; a year has {YEAR}", file=file,
                         element=f"point {point}", value=str(len(hours.start)), remedy="Get all of it.")  # fmt: skip
        return hours
    if path.suffix.lower() == ".json":
        return _answer(reading, file, path, point)
    place = (spec.get("points") or {}).get(point)
    if place is None:
        reading.find("weather.place", "error", "nothing says where its point is", file=file, element=f"point {point}",
                     remedy=f"Write `points: {{{point}: {{latitude_deg: ..., longitude_deg: ...}}}}`.")  # fmt: skip
        reading.refused("", f"[file] {file}", "", "", "nothing says where its point is")
        return None
    return _csv(reading, spec, file, path, (float(place["latitude_deg"]), float(place["longitude_deg"])))


def _answer(reading: Reading, file: str, path: Path, point: str) -> weather.Hours:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as err:
        raise SourceError(f"is no JSON: {str(err)[:200]}") from err
    if isinstance(stored, list) and len(stored) == 1:
        stored = stored[0]
    if isinstance(stored, list):
        raise SourceError(f"holds the answers for {len(stored)} places; write one file for each")
    answer = stored["answer"] if isinstance(stored, Mapping) and "answer" in stored else stored
    hours, others = read_answer(answer, point, file)
    for other in others:
        reading.unused("", f"[file] {file}", other, "", "no field of weather")
    return hours


def _names(spec: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """The names of each column, with the unit of each; an empty unit is that of the field."""
    word = spec.get("columns") or "ours"
    return named(word if isinstance(word, Mapping) else shipped(f"weather_{word}"))


def _csv(
    reading: Reading, spec: Mapping[str, Any], file: str, path: Path, place: tuple[float, float]
) -> weather.Hours | None:
    (table,), known = opened(reading, spec, file, path), _names(spec)
    wanted = {field: [n for n, _ in names] for field, names in known.items()}
    at = places(table.header, wanted)
    if "time" not in at or not at.keys() - {"day", "time"}:
        there = ", ".join(n for n in table.header if n)
        raise SourceError(f"needs a column of time and one of weather; there are {there}")
    for field, i in at.items():
        if (twins := table.twins(i)) and f"#{i + 1}" not in (n for n, _ in known[field]):
            which = ", ".join(f"#{k + 1}" for k in (i, *twins))
            raise SourceError(f"several columns with different content are called {table.header[i]!r}: write one of "
                              f"{which} for {field} in `columns`")  # fmt: skip
    tell_absent(reading, file, spec.get("columns"), wanted, at, table.header)
    if table.ragged:
        reading.find("given.ragged", "error", f"not as many cells as columns; rows: {len(table.ragged)}", file=file,
                     line=table.ragged[0], remedy="Write one cell for each column.")  # fmt: skip
    codes, cells = texts(stamp_cells(table, at))
    stamps = parse(
        cells, Clock(spec.get("timezone") or "UTC", spec.get("zone") or "standard", spec.get("time_format") or "")
    )
    bad = np.isin(codes, list(stamps.wrong)) | stamps.gap[codes]
    if bad.any():
        first = int(np.argmax(bad))
        why = stamps.wrong.get(int(codes[first]), "no clock showed this time")
        reading.find("weather.time", "error", f"{why}; rows that are not read: {int(bad.sum())}", file=file,
                     line=int(table.lines[first]), field="time", value=stamps.texts[int(codes[first])],
                     remedy="Correct the stamps, or declare zone and time_format.")  # fmt: skip
    label, _ = settle(stamps, codes[~bad])
    fields = dict[str, weather.Floats]()
    for field, i in at.items():
        if field not in ("day", "time"):
            fields[field] = _column(reading, spec, file, field, table.columns[i], known, table.header[i], table.lines)[
                ~bad
            ]
    for i, column in enumerate(table.header):
        if column and i not in at.values():
            reading.unused("", f"[file] {file}", column, "", "no field of weather")
    return _hours(reading, str(spec.get("stamp") or "interval_start"), Path(file).stem, file, place, label, fields)


def _column(
    reading: Reading, spec: Mapping[str, Any], file: str, field: str, column: Any,
    known: Mapping[str, list[tuple[str, str]]], name: str, lines: weather.Whole,
) -> weather.Floats:  # fmt: skip
    values, wrong = numbers(column, str(spec.get("decimal") or "."), spec.get("nothing") or ())
    if wrong.any():
        first = int(np.argmax(wrong))
        reading.find("given.number", "error", f"is no number; rows without this value: {int(wrong.sum())}", file=file,
                     line=int(lines[first]), field=field, value=str(column[first].as_py()),
                     remedy="Write digits without groups or units, and nothing where nothing is known.")  # fmt: skip
        values = np.where(wrong, np.nan, values)
    folded = " ".join(name.split()).casefold()
    unit = next((u for n, u in known[field] if " ".join(n.split()).casefold() == folded), "")
    if not unit and (said := weather.named_unit(field, name)):
        reading.find("weather.unit", "warning", f"is read in the unit of {field}, and its name says {said}", file=file,
                     field=field, value=name, remedy=f"Write `{field}: {{column: {name}, unit: {said}}}` in `columns`, "
                     "or rename it.")  # fmt: skip
    turn = weather.to_ours(field, unit) if unit else (1.0, 0.0)
    if turn is None:
        raise SourceError(f"{unit} is no unit of {field}")
    return np.asarray(values * turn[0] + turn[1], np.float64)


def _repeated(reading: Reading, file: str, point: str, count: int) -> None:
    text = f"hours given again: {count}; the first counts"
    reading.find("weather.duplicate", "warning", text, file=file, element=f"point {point}",
                 remedy="Keep one for each hour.")  # fmt: skip


def _hours(
    reading: Reading, stamp: str, point: str, file: str, place: tuple[float, float], label: weather.Whole,
    fields: dict[str, weather.Floats],
) -> weather.Hours | None:  # fmt: skip
    """The hours of labels; of two rows of one hour the first counts.

    Hours begin at the minute that most labels have; those at others, as special reports of a station, are a finding.
    """
    if not len(label):
        raise SourceError("has no rows that can be read")
    minute, counts = np.unique(label % weather.HOUR, return_counts=True)
    uneven = label % weather.HOUR != minute[np.argmax(counts)]
    if uneven.any():
        shown = f"{np.datetime64(int(label[np.argmax(uneven)]), 's')}Z"
        reading.find("weather.hourly", "error", f"is not hourly; rows that are not read: {int(uneven.sum())}",
                     file=file, element=f"point {point}", field="time", value=shown,
                     remedy="Give hourly values.")  # fmt: skip
    hour, first = np.unique(label[~uneven], return_index=True)
    if len(hour) < int((~uneven).sum()):
        _repeated(reading, file, point, int((~uneven).sum()) - len(hour))
    kept = {f: v[~uneven][first] for f, v in fields.items()}
    if stamp == "preceding_hour":
        hour, kept = weather.starting(hour, kept)
    return weather.Hours(point, *place, hour - weather.HOUR * (stamp == "interval_end"), kept, file)
