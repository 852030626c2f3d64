"""The source ``ami``: meter readings of any layout, gone through once for what they tell about each meter.

The readings themselves stay in their files: `split` writes those of each group of feeders. Nothing is filled in here:
what is absent, ambiguous, in conflict or rejected is counted and told.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import Severity
from dtl.plural import many
from dtl.sources.ami_registers import role_of
from dtl.sources.ami_series import MOST_KW, Series
from dtl.sources.ami_stream import Readings
from dtl.sources.reading import Reading

TARGETS = {
    "meter": "meter", "time": "start", "day": "start", "daylight": "start", "delivered": "kwh", "received": "kwh",
    "reactive": "kvarh", "volts": "volts", "quality": "flag", "channel": "kwh kvarh volts", "value": "kwh kvarh volts",
    "intervals": "kwh kvarh volts", "meters": "kwh", "multiplier": "kwh kvarh",
}  # fmt: skip
REASONS = {
    "empty": "states no value", "ami.ragged": "has another number of cells than the header",
    "ami.stamp": "its stamp cannot be read", "ami.gap": "its stamp names an hour that clocks skipped",
    "ami.grid": "its stamp lies between two intervals", "ami.meter": "names no meter",
    "ami.channel": "its channel has no meaning", "ami.number": "its numbers cannot be read",
    "ami.thousands": "its numbers have separators of thousands",
    "ami.series": "its series cannot count", "ami.record": "its record is not as NEM12 has it",
}  # fmt: skip

Said = tuple[Severity, str, str]
"""Severity, message and remedy of a finding."""
SAID: dict[str, Said] = {
    "ami.absent": (
        "warning",
        "intervals are absent between the first and the last reading of their meters",
        "They are not filled in here; the demand of the study says how it covers them.",
    ),
    "ami.ambiguous": (
        "warning",
        "readings are of the hour that occurs twice, and nothing tells of which pass",
        "Export in UTC, or with both passes; their energy is not used.",
    ),
    "ami.duplicate": ("info", "readings repeat another one of the same interval, alike", "One of each counts."),
    "ami.conflict": (
        "warning",
        "intervals have different readings",
        "Say in `repeated` which one counts; without it none does.",
    ),
    "ami.half": (
        "warning",
        "intervals have energy from the customer and none to it, so their net is unknown",
        "Export both directions over the same time, zeros included.",
    ),
    "ami.register-lost": (
        "warning",
        "intervals lack one of the registers that their meter has side by side, so their sum is unknown",
        "Export all registers over the same time.",
    ),
    "ami.estimated": ("info", "readings are marked as estimated", "Their energy is used, their voltage is not."),
    "ami.negative": ("info", "readings are below zero: energy from the customer", ""),
}
REGISTER: dict[str, Said] = {
    "ami.reset": (
        "warning",
        "falls of a register: the energy of that interval is unknown",
        "Declare register_digits.",
    ),
    "ami.rollover": ("info", "registers began again at zero and were continued", ""),
    "ami.register-gap": ("info", "differences of a register span more than one interval, which tells none", ""),
}


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """What the readings of a source tell: the table ``series``, findings, and an account by file and column."""
    reading = Reading(name, "ami")
    readings = Readings(spec, files)
    with tempfile.TemporaryDirectory(prefix="readings-") as scratch:
        series = readings.fold(lambda: Series(readings), Series.add, Path(scratch))
    for file, text in readings.broken:
        cure = "Correct the file, or what the study says."
        reading.find("ami.file", "error", text.removeprefix(f"{file}: "), file=file, remedy=cure)
    readings.tally.tell(reading)
    _account(reading, readings)
    _tell(reading, series)
    _sizes(reading, series, int(series.seen.sum()), spec["reads"] == "register")
    _directions(reading, series, int(series.seen.sum()))
    if not series.seen.any():
        reading.find("ami.nothing", "error", "holds no reading that can be used", remedy="See the other findings.")
    reading.tables["series"] = series.table(name)
    return reading


def _lengths(reading: Reading, series: Series, meters: int) -> None:
    """Meters whose readings are further apart than their interval is long: their energy is not of such an interval."""
    sparse = np.flatnonzero(series.sparse)
    if not len(sparse):
        return
    apart, step = int(series.nearest[sparse[0]]), series.meters.interval_min[sparse[0]]
    text = (
        f"{len(sparse)} of {meters} meters never have two readings {step} min apart, but {apart} min and more:"
        f" {_some(series, sparse)}"
    )
    cure = f"Set interval_min to {apart}."
    if len(sparse) < meters:
        cure = f"Put the readings of these meters into a source of their own, with interval_min: {apart}."
    reading.find("ami.interval", "error", text, field="interval_min", value=str(step), remedy=cure)


def _sizes(reading: Reading, series: Series, meters: int, register: bool) -> None:
    """Meters whose readings are the counts of a register, or more than any service carries."""
    counting = np.flatnonzero(series.counting) if not register else np.zeros(0, np.int64)
    if len(counting):
        text = f"readings of {len(counting)} of {many(meters, 'meters')} only ever rise: {_some(series, counting)}"
        cure = "Set reads: register." if len(counting) == meters else "Put them into a source with reads: register."
        reading.find("ami.counting", "error", text, field="reads", value="interval", remedy=cure)
    if series.jumps:
        which = np.array(sorted(series.jumps), np.int64)
        text = f"{many(len(which), 'registers')} once rise far beyond all other times: {_some(series, which)}"
        cure = "Where a meter was exchanged, leave out the interval, or make it two meters."
        reading.find("ami.jump", "warning", text, remedy=cure)
    if series.alike:
        which = np.array(sorted(series.alike), np.int64)
        text = f"{many(len(which), 'meters')} have registers that are equal wherever both are, and are added: "
        cure = "Where they are one under two names, map one of them as `ignored`, or leave it out."
        reading.find("ami.registers-alike", "warning", text + _some(series, which), remedy=cure)
    high = np.setdiff1d(np.flatnonzero(series.peak_kw > MOST_KW), counting)
    if len(high):
        most = float(series.peak_kw[high].max())
        text = f"{len(high)} of {many(meters, 'meters')} read up to {most:,.0f} kW, more than any service carries: "
        reading.find("ami.high", "warning", text + _some(series, high), field="unit", value=f"{most:.0f}",
                     remedy="Put meters of another unit into a source of their own, or correct them.")  # fmt: skip


def _directions(reading: Reading, series: Series, meters: int) -> None:
    """Most meters give more than they take: both directions are probably swapped."""
    giving = np.flatnonzero(series.giving)
    if 2 * len(giving) <= meters:
        return
    text = f"{len(giving)} of {many(meters, 'meters')} give more energy than they take: {_some(series, giving)}"
    cure = "Swap delivered and received in `columns`, or set `positive: received`; nothing, if these are plants."
    reading.find("ami.giving", "warning", text, field="positive", value=str(len(giving)), remedy=cure)


def _some(series: Series, which: NDArray[np.int64]) -> str:
    names = [series.meters.names[i] for i in which[:5]]
    return ", ".join(names) + (", ..." if len(which) > len(names) else "")


def _account(reading: Reading, readings: Readings) -> None:
    broken = dict(readings.broken)
    for file in readings.files:
        if file in broken:
            reading.refused("", file, "", "", broken[file])
            continue
        reading.mapped("", file, "", "series", many(readings.tally.rows.get(file, 0), "rows"))
        for column, role in readings.used.get(file, {}).items():
            if role_of(role) in TARGETS:
                reading.mapped("", file, column or "(without a name)", TARGETS[role_of(role)], role_of(role))
            else:
                reading.unused("", file, column or "(without a name)", "", "the column map does not name it")
    for (file, check), count in sorted(readings.tally.refused.items()):
        reading.refused("", f"{file} [rows]", "", many(count, "rows"), REASONS[check])


def _tell(reading: Reading, series: Series) -> None:
    seen = series.seen
    count, meters = {n: c[seen] for n, c in series.count.items()}, int(seen.sum())
    if not meters:
        return
    missing = series.missing[seen]
    number = {"absent": missing, **count}
    for name, (severity, message, remedy) in SAID.items():
        found = number[name.removeprefix("ami.")]
        if total := int(found.sum()):
            own = int((found > 0).sum())
            text = f"{many(total, message)}; {own} of {many(meters, 'meters')}"
            reading.find(name, severity, text, value=str(total), remedy=remedy)
    _lengths(reading, series, meters)
    silent = int((count["zero"] == count["intervals"]).sum())
    if silent:
        text = f"{silent} of {many(meters, 'meters')} read zero all the time"
        reading.find("ami.zero", "warning", text, value=str(silent), remedy="See whether they are in service.")
    first, last = series.first[seen], series.last[seen]
    if short := int(((first > first.min()) | (last < last.max())).sum()):
        text = f"{short} of {meters} meters begin after the others, or end before them"
        reading.find("ami.span", "info", text, value=str(short))
    totals = (series.resets, series.rollovers, series.spans)
    for name, total in zip(REGISTER, totals, strict=True):
        if total:
            severity, message, remedy = REGISTER[name]
            reading.find(name, severity, many(total, message), value=str(total), remedy=remedy)
