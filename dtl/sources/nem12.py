"""Interval readings as providers of the Australian market write them (NEM12): a record of a day in each row.

Record 200 says the point, the stream, its unit and the length of its intervals; 300 holds a day of it in the order of
time, 400 the quality of ranges of that day. Days are those of the market's clock, which knows no daylight saving.
Facts: AEMO, Meter Data File Format Specification NEM12 & NEM13.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SourceError
from dtl.sources.ami_clock import FIRST, LAST, Zone, zone_of
from dtl.sources.ami_loose import (
    CONFLICT,
    DELIVERED,
    ESTIMATED,
    MEASURED,
    NONE,
    REACTIVE,
    RECEIVED,
    REJECTED,
    UNLISTED,
    VOLTS,
    Loose,
    Meters,
    joined,
)  # fmt: skip
from dtl.sources.ami_tally import Tally, Trouble

MARKET = "Etc/GMT-10"
"""The clock of the market: UTC+10 all year."""
DAY = 1440
SCALES = {"WH": (1e-3, 0), "KWH": (1.0, 0), "MWH": (1e3, 0), "W": (1e-3, 1), "KW": (1.0, 1), "MW": (1e3, 1)}
"""Units of energy and power, those of reactive ones with VAR: what turns them into k.., and whether it is power."""
VOLTAGES = {"V": 1.0, "KV": 1e3}
STREAMS = {"E": (DELIVERED, 1.0), "B": (RECEIVED, 1.0), "Q": (REACTIVE, 1.0), "K": (REACTIVE, -1.0)}
"""First letter of a stream: to the customer, from the customer, and reactive the same; and its sign."""
QUALITY = {"A": "measured", "E": "estimated", "F": "estimated", "S": "estimated", "N": "missing"}
"""Flags: actual, forward estimate, final and other substitute, null. V is varied, by records 400."""
WORTH = {"measured": MEASURED, "estimated": ESTIMATED, "rejected": REJECTED, "missing": UNLISTED}
LENGTHS = (5, 10, 15, 30, 60)
LARGEST, RATIO = 512 * 1024**2, 400
"""Most bytes of a file, unpacked, and most that a packed byte of a large one may become."""
RECORD = "ami.record"


class Day(NamedTuple):
    """A record 300: its line, values in kWh, kvarh or V, flags (positions in `FLAGS`), and when it was updated."""

    line: int
    value: NDArray[np.float64]
    flag: NDArray[np.uint8]
    updated: str


@dataclass
class Stream:
    """One stream of one point: what it measures, in which length, what its unit is worth, and its days since 1970."""

    meter: str
    suffix: str
    part: int
    scale: float
    length: int
    days: dict[int, Day] = field(default_factory=dict)

    def keep(self, day: int, made: Day) -> str:
        """Keep a day; of two the later update counts, of two of one time where they are alike."""
        old = self.days.get(day)
        if old is None or made.updated > old.updated:
            self.days[day] = made
        elif made.updated == old.updated:
            old.flag[~((old.value == made.value) | (np.isnan(old.value) & np.isnan(made.value)))] = CONFLICT
        return f"{self.meter} {self.suffix}, stated in line {old.line} already; the later update counts" if old else ""


class _File:
    """One file: its streams, and what is wrong with its records."""

    def __init__(self, file: str, path: Path, tally: Tally, quality: Mapping[str, str]):
        self.file, self.tally, self.quality = file, tally, QUALITY | {k.upper(): v for k, v in quality.items()}
        self.streams: dict[tuple[str, str, int, float], Stream] = {}
        self.now: Stream | str = "a record 300 before any 200"
        self.day: Day | None = None
        self.varied = (0, np.zeros(0, np.bool_))
        """Line of the last day of quality V, and which of its intervals no record 400 has told."""
        self.rows = 0
        last, end = 0, False
        for line, cells in _records(file, path):
            end, last = cells[0] == "900", line
            self._take(line, cells)
        self._settle()
        tally.rows[file] = self.rows
        if not end:
            self._tell(RECORD, "900", 1, last, "the file ends without it", refuses=False)

    def _tell(self, check: str, what: str, number: int, line: int, value: str, *, refuses: bool = True) -> None:
        self.tally.add(self.file, Trouble(check, what, number, line, value), refuses)

    def _take(self, line: int, cells: list[str]) -> None:
        kind = cells[0]
        if kind != "400":
            self._settle()
        if kind == "200":
            self.day = None
            self.now = self._stream(cells)
        elif kind == "300":
            self._day(line, cells)
        elif kind == "400":
            self._range(line, cells)
        elif kind not in ("100", "500", "900"):
            self._tell(RECORD, "record", 1, line, kind)

    def _settle(self) -> None:
        """Tell the intervals of a day of quality V that no range gives another; they stay without one."""
        line, rest = self.varied
        if rest.any():
            self._tell("ami.code", "quality", int(rest.sum()), line, "V and no record 400", refuses=False)
        self.varied = (0, np.zeros(0, np.bool_))

    def _stream(self, cells: list[str]) -> Stream | str:
        """The stream of a record 200, or why its days are not read."""
        cells = cells + [""] * (9 - len(cells))
        meter, suffix, unit, length = cells[1], cells[4].upper(), cells[7].upper(), cells[8]
        known = STREAMS.get(suffix[:1])
        if not meter or not length.isdecimal() or int(length) not in LENGTHS:
            return f"record 200 of point {meter!r} with intervals of {length!r} minutes"
        if unit in VOLTAGES:
            part, scale = VOLTS, VOLTAGES[unit]
        elif known is None or unit.replace("VAR", "W") not in SCALES or ("VAR" in unit) != (known[0] == REACTIVE):
            return f"stream {suffix} in {cells[7]}"
        else:
            factor, power = SCALES[unit.replace("VAR", "W")]
            part, scale = known[0], known[1] * factor * (int(length) / 60.0 if power else 1.0)
        minutes = int(length)
        return self.streams.setdefault((meter, suffix, minutes, scale), Stream(meter, suffix, part, scale, minutes))

    def _day(self, line: int, cells: list[str]) -> None:
        self.day, now = None, self.now
        count = DAY // now.length if isinstance(now, Stream) else max(len(cells) - 7, 1)
        self.rows += count
        if not isinstance(now, Stream):
            self._tell("ami.series", "record 200", count, line, now)
            return
        code = cells[2 + count] if len(cells) > count + 2 else ""
        day = _since_1970(cells[1]) if code[:1].isalpha() else None
        if day is None:
            told = f"{cells[1] if len(cells) > 1 else ''}, {len(cells)} cells"
            self._tell(RECORD, "300", count, line, told)
            return
        value = _numbers(cells[2 : 2 + count])
        flag = np.full(count, self._worth(line, code, count), np.uint8)
        word = self._word(code)
        missing = word == "missing"
        self.varied = (line, np.full(count, not word and code[:1].upper() == "V", np.bool_))
        odd = ~np.isfinite(value)
        blank = np.array([not cells[2 + i] for i in np.flatnonzero(odd)], np.bool_)
        if len(blank) and not blank.all():
            first = int(np.flatnonzero(odd)[int(np.argmin(blank))])
            self._tell("ami.number", "300", int((~blank).sum()), line, cells[2 + first])
        self.tally.empty(self.file, count if missing else int(blank.sum()))
        value[missing | odd] = np.nan
        made = self.day = Day(line, value * now.scale, flag, cells[5 + count] if len(cells) > 5 + count else "")
        if told := now.keep(day, made):
            self._tell(RECORD, "300", count, line, told)

    def _range(self, line: int, cells: list[str]) -> None:
        """Give a range of intervals of the day before its quality."""
        if self.day is None:
            return
        count = len(self.day.value)
        first, last = (int(c) if c.isdecimal() else 0 for c in (cells + ["", "", ""])[1:3])
        if not 1 <= first <= last <= count or len(cells) < 4:
            self._tell(RECORD, "400", 1, line, ",".join(cells[:4]), refuses=False)
            return
        here = slice(first - 1, last)
        self.varied[1][here] = False
        self.day.flag[here] = self._worth(line, cells[3], last - first + 1)
        if self._word(cells[3]) == "missing":
            self.tally.empty(self.file, int((~np.isnan(self.day.value[here])).sum()))
            self.day.value[here] = np.nan

    def _word(self, code: str) -> str:
        return self.quality.get(code.upper(), self.quality.get(code[:1].upper(), ""))

    def _worth(self, line: int, code: str, count: int) -> int:
        word = self._word(code)
        if not word and code[:1].upper() != "V":
            self._tell("ami.code", "quality", count, line, code, refuses=False)
        return WORTH.get(word, UNLISTED)


def loose(file: str, path: Path, meters: Meters, tally: Tally, spec: Mapping[str, Any]) -> Loose:
    """The readings of a file; registers of one point and direction are added, what one of them lacks is none.

    A point whose streams have several lengths, as after an exchange, has the longest of them.

    Raises
    ------
    SourceError
        It is no NEM12 file.
    """
    found = _File(file, path, tally, spec.get("quality") or {})
    points: dict[str, list[Stream]] = {}
    for stream in found.streams.values():
        if stream.days:
            points.setdefault(stream.meter, []).append(stream)
    zone = zone_of(MARKET if spec["zone"] == "local" else spec["zone"], spec["timezone"])
    parts = [NONE]
    for meter, streams in points.items():
        code = meters.code(meter, max(s.length for s in streams))
        own = _of_length(file, streams, meters.interval_min[code], tally)
        for part in sorted({s.part for s in own}):
            alike = [s for s in own if s.part == part]
            for odd in alike[1:] if part == VOLTS else []:
                _left(file, odd, tally)
            alike = alike[: 1 if part == VOLTS else None]
            parts.append(_loose(file, alike, code, zone, tally))
    return joined(parts)


def _of_length(file: str, streams: list[Stream], length: int, tally: Tally) -> list[Stream]:
    """The streams of a point in intervals of one length [min], each suffix once; those that do not fit are told."""
    made: dict[str, Stream] = {}
    for stream in streams:
        if length % stream.length:
            _left(file, stream, tally)
            continue
        own = made.setdefault(stream.suffix, Stream(stream.meter, stream.suffix, stream.part, 1.0, length))
        many = length // stream.length
        for day, one in stream.days.items():
            value, flag = one.value.reshape(-1, many), one.flag.reshape(-1, many).max(axis=1)
            whole = value.mean(axis=1) if stream.part == VOLTS else value.sum(axis=1)
            if told := own.keep(day, Day(one.line, whole, flag, one.updated)):
                tally.add(file, Trouble(RECORD, "300", len(one.value), one.line, told))
    return list(made.values())


def _left(file: str, stream: Stream, tally: Tally) -> None:
    """Tell a stream that does not count beside the others of its point."""
    line, count = next(iter(stream.days.values())).line, len(stream.days) * DAY // stream.length
    told = f"stream {stream.suffix} of {stream.length} min beside another"
    tally.add(file, Trouble("ami.series", "record 200", count, line, told))


def _loose(file: str, streams: list[Stream], code: int, zone: Zone, tally: Tally) -> Loose:
    """The readings of the streams of one quantity of a point, which are added."""
    part, length = streams[0].part, streams[0].length
    days = sorted({d for s in streams for d in s.days})
    total, flags = _added(streams, days, DAY // length)
    if part in (DELIVERED, RECEIVED) and (below := total < 0).any():
        row = int(np.argmax(below.any(axis=1)))
        line = next(s.days[days[row]].line for s in streams if days[row] in s.days)
        first = f"{np.nanmin(total[row]):g}"
        tally.add(file, Trouble("ami.sign", streams[0].suffix, int(below.sum()), line, first), refuses=False)
        total, flags = np.where(below, np.nan, total), np.where(below, np.uint8(REJECTED), flags)
    value, flag = total.ravel(), flags.ravel()
    civil = np.array(days, np.int64)[:, None] * DAY + np.arange(DAY // length) * length
    at = zone.moments(civil.ravel(), False)
    good = (~np.isnan(value) | (flag == REJECTED)) & ~at.gap
    none = np.full(len(value), np.nan)
    return Loose(
        np.full(len(value), code, np.int32), at.minute.astype(np.int32), at.later,
        np.full(len(value), part, np.uint8),
        none if part in (REACTIVE, VOLTS) else -value if part == RECEIVED else value,
        value if part == REACTIVE else none, value if part == VOLTS else none, flag,
    ).take(good)  # fmt: skip


def _added(streams: list[Stream], days: list[int], count: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """The sums of streams by day and interval [kWh, kvarh or V] and the worst of their flags, shape (days, count).

    What one of the streams lacks between its first and last day is nan.
    """
    total, worst = np.zeros((len(days), count)), np.zeros((len(days), count), np.uint8)
    for stream in streams:
        first, last = min(stream.days), max(stream.days)
        for row, day in enumerate(days):
            own = stream.days.get(day)
            if own is not None:
                total[row] += own.value
                np.maximum(worst[row], own.flag, out=worst[row])
            elif first <= day <= last:
                total[row] = np.nan
    return total, worst


def _records(file: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The records of a file with their lines; raises SourceError where it is no NEM12 file."""
    try:
        rows = csv.reader(io.StringIO(_data(file, path).decode("utf-8-sig"), newline=""))
        for row in rows:
            cells = [c.strip() for c in row]
            if not any(cells):
                continue
            if rows.line_num == 1 and cells[:2] != ["100", "NEM12"]:
                raise SourceError(f"{file}: {_other(cells)}")
            yield rows.line_num, cells
    except (csv.Error, OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as err:
        raise SourceError(f"{file}: cannot be read: {err}") from err


def _data(file: str, path: Path) -> bytes:
    """A file, unpacked; an archive holds one file."""
    if file.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            inside = [i for i in archive.infolist() if not i.is_dir()]
            if len(inside) != 1:
                raise SourceError(f"{file}: an archive of NEM12 holds one file; this one holds {len(inside)}")
            with archive.open(inside[0]) as stream:
                data = stream.read(LARGEST + 1)
    else:
        with gzip.open(path, "rb") if file.lower().endswith(".gz") else path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    if len(data) > LARGEST or (len(data) > 1 << 24 and len(data) > RATIO * path.stat().st_size):
        raise SourceError(f"{file}: unpacks to more than a NEM12 file is")
    return data


def _other(cells: list[str]) -> str:
    if cells[:2] == ["100", "NEM13"]:
        return "holds reads of registers (NEM13) and no intervals; export NEM12"
    return f"does not begin with 100,NEM12 but with {','.join(cells)[:60]!r}"


def _since_1970(text: str) -> int | None:
    try:
        day = datetime.strptime(text, "%Y%m%d").date() if len(text) == 8 else None
    except ValueError:
        return None
    return (day - date(1970, 1, 1)).days if day is not None and FIRST <= day.year <= LAST else None


def _numbers(cells: list[str]) -> NDArray[np.float64]:
    """Numbers of cells, nan where one is none."""
    try:
        return np.array([float(c) for c in cells])
    except ValueError:
        return np.array([_number(c) for c in cells])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
