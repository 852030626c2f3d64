"""What a source tells about each meter: how many readings, what is absent, repeated or estimated, energy and peak."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables
from dtl.sources.ami_loose import AMBIGUOUS, ESTIMATED, USED, Meters
from dtl.sources.ami_settle import Settled
from dtl.sources.ami_stream import Readings

COUNTS = (
    "intervals", "duplicate", "conflict", "ambiguous", "estimated", "unused", "volts", "zero", "negative", "rises",
    "falls", "half", "register-lost",
)  # fmt: skip
COUNTING, LEAST_COUNT = 24, 100.0
"""Fewest rises without a fall that are the counts of a register, and what it has counted by then [kWh]."""
MOST_KW = 50_000.0
"""No service of a distribution feeder carries more [kW]."""
SOME = 4
"""Fewest readings of a meter that tell how far they are apart."""
LATE, EARLY = np.iinfo(np.int32).max, np.iinfo(np.int32).min


def _numbers(which: NDArray[np.bool_], begin: NDArray[np.int64]) -> NDArray[np.int32]:
    """How many are true in each run of rows, without a copy in 64 bits."""
    found: NDArray[np.int32] = np.add.reduceat(which.view(np.uint8), begin, dtype=np.int32)
    return found


class Series:
    """The sums of all meters of a source, by code; pieces are added in any order."""

    def __init__(self, readings: Readings):
        self._readings = readings
        self.count = {name: np.zeros(0, np.int64) for name in COUNTS}
        self.kwh, self.peak = np.zeros(0), np.zeros(0)
        self.first, self.last = np.zeros(0, np.int32), np.zeros(0, np.int32)
        self.nearest = np.zeros(0, np.int32)
        """Least time between two readings of a meter [min]."""
        self.resets = self.rollovers = self.spans = 0
        self.alike: set[int] = set()
        """Codes of meters with registers that are equal wherever both are."""
        self.jumps: set[int] = set()
        """Codes of meters whose register rises once far beyond all other times."""

    @property
    def meters(self) -> Meters:
        """The meters that the readings have told so far."""
        return self._readings.meters

    def _grow(self) -> None:
        more = len(self.meters.names) - len(self.kwh)
        if more > 0:
            self.count = {n: np.concatenate([c, np.zeros(more, np.int64)]) for n, c in self.count.items()}
            self.kwh = np.concatenate([self.kwh, np.zeros(more)])
            self.peak = np.concatenate([self.peak, np.full(more, -np.inf)])
            self.first = np.concatenate([self.first, np.full(more, LATE, np.int32)])
            self.last = np.concatenate([self.last, np.full(more, EARLY, np.int32)])
            self.nearest = np.concatenate([self.nearest, np.full(more, LATE, np.int32)])

    def add(self, piece: Settled) -> None:
        """Add a piece of the readings."""
        self._grow()
        rows = piece.rows
        told = {
            "duplicate": piece.copies, "conflict": piece.conflicts, "half": piece.halves, "register-lost": piece.lacks,
        }  # fmt: skip
        for name, codes in told.items():
            np.add.at(self.count[name], codes, 1)
        self.resets += len(piece.resets)
        self.rollovers += len(piece.rollovers)
        self.spans += len(piece.spans)
        self.jumps.update(piece.jumps.tolist())
        self.alike.update(piece.alike.tolist())
        if not len(rows.code):
            return
        begin = np.concatenate([[0], np.flatnonzero(np.diff(rows.code)) + 1])
        code = rows.code[begin]
        end = np.append(begin[1:], len(rows.code))
        self._number("intervals", code, end - begin)
        known = ~np.isnan(rows.kwh)
        rises, falls = np.zeros((2, len(known)), np.bool_)
        np.greater(rows.kwh[1:], rows.kwh[:-1], out=rises[1:])
        np.less(rows.kwh[1:], rows.kwh[:-1], out=falls[1:])
        rises[begin] = falls[begin] = False
        found = {
            "volts": ~np.isnan(rows.volts),
            "zero": rows.kwh == 0,
            "negative": rows.kwh < 0,
            "rises": rises,
            "falls": falls,
        }
        for name, which in found.items():
            self._number(name, code, _numbers(which, begin))
        if rows.flag.any():
            flag = rows.flag
            worth = {"ambiguous": flag == AMBIGUOUS, "estimated": flag == ESTIMATED, "unused": flag > USED}
            for name, which in worth.items():
                self._number(name, code, _numbers(which, begin))
        np.add.at(self.kwh, code, np.add.reduceat(np.where(known, rows.kwh, 0.0), begin))
        peak = np.fmax.reduceat(rows.kwh, begin)
        np.fmax.at(self.peak, code, np.where(np.isnan(peak), -np.inf, peak))
        np.minimum.at(self.first, code, rows.start[begin])
        np.maximum.at(self.last, code, rows.start[end - 1])
        apart = np.empty(len(known), np.int32)
        np.subtract(rows.start[1:], rows.start[:-1], out=apart[1:])
        apart[begin] = LATE
        np.minimum.at(self.nearest, code, np.minimum.reduceat(apart, begin))

    def _number(self, name: str, code: NDArray[np.int32], number: NDArray[Any]) -> None:
        np.add.at(self.count[name], code, number)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which meters have a reading."""
        self._grow()
        return np.asarray(self.count["intervals"] > 0)

    @property
    def sparse(self) -> NDArray[np.bool_]:
        """Which meters never have readings of two intervals in a row: theirs is longer than the one declared."""
        step = np.array(self.meters.interval_min, np.int64)
        return np.asarray(self.seen & (self.count["intervals"] >= SOME) & (self.nearest > step))

    @property
    def counting(self) -> NDArray[np.bool_]:
        """Which meters' readings only ever rise, as the counts of a register."""
        rising = (self.count["falls"] == 0) & (self.count["rises"] >= COUNTING)
        return np.asarray(self.seen & rising & (self.peak >= LEAST_COUNT))

    @property
    def giving(self) -> NDArray[np.bool_]:
        """Which meters give more energy than they take, over all their readings."""
        return np.asarray(self.seen & (self.kwh < 0))

    @property
    def peak_kw(self) -> NDArray[np.float64]:
        """Highest mean power of an interval of each meter; -inf where none is known."""
        self._grow()
        return np.asarray(self.peak * 60.0 / np.array(self.meters.interval_min, np.float64))

    @property
    def missing(self) -> NDArray[np.int64]:
        """Intervals between first and last of each meter that are absent."""
        step = np.array(self.meters.interval_min, np.int64)
        span = (self.last.astype(np.int64) - self.first) // step + 1
        return np.where(self.seen, span - self.count["intervals"], 0)

    def table(self, source: str) -> pa.Table:
        """The table `series` of the meters that have readings."""
        seen = np.flatnonzero(self.seen)
        step = np.array(self.meters.interval_min, np.int64)[seen]
        peak = np.where(np.isfinite(self.peak[seen]), self.peak_kw[seen], np.nan)
        number = {
            n: self.count[n][seen] for n in ("intervals", "duplicate", "conflict", "ambiguous", "estimated", "unused")
        }
        moments = {n: v[seen].astype("M8[m]").astype("M8[s]") for n, v in (("first", self.first), ("last", self.last))}
        columns = {
            "source": [source] * len(seen), "meter": [self.meters.names[i] for i in seen], "interval_min": step,
            "missing": self.missing[seen], **number,
            **{n: pa.array(v).cast(tables.MOMENT) for n, v in moments.items()},
            "kwh": pa.array(self.kwh[seen], mask=~np.isfinite(peak)), "peak_kw": pa.array(peak, mask=np.isnan(peak)),
            "has_volts": self.count["volts"][seen] > 0,
        }  # fmt: skip
        return tables.frame("series", columns)
