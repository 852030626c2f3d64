"""Readings of meters summed by transformer and class of customer on the calendar of the study, with their coverage.

Energy is added, never interpolated: intervals of 15 or 30 minutes make an hour; where the study's steps are shorter
than an interval, its power is held through them (`dtl.demand.pieces`). Only energy that may be used counts
(`dtl.sources.ami_loose.USED`), and none that is of a gap before it (`dtl.demand.caught_up`) or that no service carries
(`dtl.demand.implausible`); a step with less than all its meters has a coverage below one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.batches import Batch, Left, batches, fitting, marked, mean_kw, with_energy
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.caught_up import CatchUp, catch_ups
from dtl.demand.implausible import Implausible, implausible
from dtl.errors import SolveError
from dtl.sources.ami_loose import USED
from dtl.sources.ami_settle import Settled
from dtl.sources.ami_stream import Readings

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
RUN = 64
"""Values in a row from which on, in the mean, runs are added instead of values."""


@dataclass(frozen=True)
class Steps:
    """The steps of a study's year: ``place[k]`` is the step of the k-th interval of ``step_min`` since ``first``.

    ``first`` is in UTC minutes since 1970; 29 February is no step (-1).
    """

    step_min: int
    first: int
    place: NDArray[np.int32]
    count: int

    @classmethod
    def of(cls, calendar: Calendar, timezone: str, step_min: int) -> Steps:
        """The steps of a calendar in local standard time."""
        per_day = 24 * 60 // step_min
        first = int(calendar.civil(0, timezone).astimezone(UTC).timestamp()) // 60
        place = np.arange(365 * per_day, dtype=np.int32)
        if calendar.is_leap:
            place = np.insert(place, 59 * per_day, np.full(per_day, -1, np.int32))
        return cls(step_min, first, place, HOURS * 60 // step_min)

    def at(self, start: NDArray[np.int32]) -> NDArray[np.int32]:
        """The step that holds each UTC minute; -1 outside of the year."""
        slot = (start - np.int32(self.first)) // np.int32(self.step_min)
        if len(slot) and slot.min() >= 0 and slot.max() < len(self.place):
            return np.asarray(self.place[slot])
        inside = (slot >= 0) & (slot < len(self.place))
        return np.where(inside, self.place[np.where(inside, slot, 0)], np.int32(-1))


class Sums:
    """Sums of energy by key and step, growing while readings are added; keys and meters are positions.

    ``kwh``, ``kvarh`` and ``minutes`` (of present readings) have the shape (keys + 1, steps); the last row is of meters
    without a key. Without ``coverage`` the minutes are not counted.
    """

    def __init__(self, keys: int, steps: Steps, *, coverage: bool = True):
        self.steps, self.keys, self.coverage = steps, keys, coverage
        shape = (keys + 1) * steps.count
        self.kwh, self.kvarh, self.minutes = np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int32)
        self.metered_kwh = 0.0
        """Energy of all readings that were added, in the year or not."""
        self.outside_kwh = 0.0
        """Energy outside of the year, or on 29 February."""
        self.unused = 0
        """Readings whose energy is not used."""

    def add(
        self,
        key: NDArray[np.int32],
        start: NDArray[np.int32],
        kwh: Reals,
        kvarh: Reals | None,
        flag: NDArray[np.uint8],
        interval_min: NDArray[np.int32] | int,
    ) -> None:
        """Add readings: the position of each one's key (-1: none), its start in UTC minutes, energy, flag and length.

        Raises
        ------
        SolveError
            An interval is longer than a step: it tells nothing about how its energy was spread.
        """
        if np.max(interval_min, initial=0) > self.steps.step_min:
            raise SolveError(
                f"readings of {np.max(interval_min)} min cannot drive steps of {self.steps.step_min} min: "
                "they say nothing of how their energy was spread"
            )
        total = kwh.sum()
        if np.isnan(total) or flag.any():
            used = ~np.isnan(kwh) & (flag <= USED)
            total = kwh[used].sum()
            self.unused += int((~used).sum())
            key, start, kwh = key[used], start[used], kwh[used]
            kvarh = None if kvarh is None else kvarh[used]
            interval_min = interval_min if isinstance(interval_min, int) else interval_min[used]
        self.metered_kwh += float(total)
        step = self.steps.at(start)
        if len(step) and step.min() < 0:
            inside = step >= 0
            self.outside_kwh += float(kwh[~inside].sum())
            key, step, kwh = key[inside], step[inside], kwh[inside]
            kvarh = None if kvarh is None else kvarh[inside]
            interval_min = interval_min if isinstance(interval_min, int) else interval_min[inside]
        if not len(step):
            return
        change = (key[1:] != key[:-1]) | (step[1:] != step[:-1])
        begin = np.concatenate([[0], np.flatnonzero(change) + 1])
        key, step = np.where(key[begin] < 0, self.keys, key[begin]), step[begin]
        places = _places_of(key, step, self.steps.count)
        _add(self.kwh, places, np.add.reduceat(kwh, begin))
        if self.coverage:
            if isinstance(interval_min, int):
                length = np.diff(np.append(begin, len(kwh))) * interval_min
            else:
                length = np.add.reduceat(interval_min, begin)
            _add(self.minutes, places, length.astype(np.int32))
        if kvarh is not None:
            _add(self.kvarh, places, np.add.reduceat(np.nan_to_num(kvarh), begin))

    @property
    def error(self) -> float:
        """How far keys, meters without a key and what lies outside differ from all meters, per unit of their energy."""
        told = float(self.kwh.sum()) + self.outside_kwh
        return abs(told - self.metered_kwh) / max(abs(self.metered_kwh), 1.0)


Places = Ints | list[tuple[slice, slice]]
"""Positions in sums, one for each value, or runs of positions for runs of values."""


def _places_of(key: NDArray[np.int32], step: NDArray[np.int32], steps: int) -> Places:
    """Where values belong: as runs where meters tell one step after the other, which are added much faster."""
    place = key.astype(np.int64) * steps + step
    edge = np.flatnonzero(np.diff(place) != 1) + 1
    if len(edge) > len(place) // RUN:
        return place
    first, last = np.concatenate([[0], edge]), np.append(edge, len(place))
    begin = place[first]
    return [
        (slice(at, at + b - a), slice(a, b))
        for at, a, b in zip(begin.tolist(), first.tolist(), last.tolist(), strict=True)
    ]


def _add(sums: NDArray[Any], places: Places, values: NDArray[Any]) -> None:
    if isinstance(places, list):
        for there, here in places:
            sums[there] += values[here]
    else:
        np.add.at(sums, places, values)


@dataclass(frozen=True)
class Aggregate:
    """Energy by transformer and class of customer; arrays have the shape (keys, steps).

    ``coverage`` is the share of meter hours that are present, ``share`` the same with each meter weighed by its mean
    power: the share of the energy that is there. Both are 0 for a key none of whose meters has a reading.
    """

    keys: tuple[tuple[str, str], ...]
    """Transformer and class of customer, sorted."""
    meters: NDArray[np.int32]
    """Meters of each key, with readings or not."""
    kwh: Reals
    kvarh: Reals
    coverage: NDArray[np.float32]
    share: NDArray[np.float32]
    unplaced_kwh: Reals
    """Energy of meters that no transformer has, shape (steps,)."""
    metered_kwh: float
    outside_kwh: float
    error: float
    """Of the sum identity, per unit."""
    step_min: int
    caught_up: tuple[CatchUp, ...] = ()
    """Readings that are left out because they hold the energy of a gap."""
    implausible: tuple[Implausible, ...] = ()
    """Readings that are left out because no service carries them."""

    def transformers(self) -> Aggregate:
        """The same by transformer, all classes together (class ``""``)."""
        names = sorted({t for t, _ in self.keys})
        of = np.array([names.index(t) for t, _ in self.keys], np.int64)

        def added(values: NDArray[Any], weight: Reals | None = None) -> Reals:
            total = np.zeros((len(names), values.shape[1]))
            for row, one in zip(of.tolist(), values if weight is None else values * weight[:, None], strict=True):
                total[row] += one
            return total

        meters = np.bincount(of, self.meters, len(names))
        energy = self.kwh.clip(min=0).sum(axis=1)
        mean = np.divide(energy, self.share.sum(axis=1), out=np.zeros_like(energy), where=self.share.any(axis=1))
        weight = np.bincount(of, mean, len(names))
        share = added(self.share, mean) / np.where(weight > 0, weight, 1.0)[:, None]
        return Aggregate(
            tuple((n, "") for n in names),
            meters.astype(np.int32),
            added(self.kwh),
            added(self.kvarh),
            (added(self.coverage, self.meters.astype(np.float64)) / np.maximum(meters, 1)[:, None]).astype(np.float32),
            share.astype(np.float32),
            self.unplaced_kwh,
            self.metered_kwh,
            self.outside_kwh,
            self.error,
            self.step_min,
            self.caught_up,
            self.implausible,
        )


def aggregate(
    readings: Path,
    meters: pa.Table,
    calendar: Calendar,
    timezone: str,
    step_min: int,
    rated_kva: Mapping[str, float] | None = None,
) -> Aggregate:
    """Sum the readings of a group by the transformer and class of its meters.

    ``readings`` is a file by the contract of that name; those longer than a step, an hour at most, are held through
    their steps, those left out that the service cannot carry by `rated_kva`, the ratings of the transformers. A placed
    meter without readings lowers the coverage of its transformer; it weighs as much as the mean of those beside it.

    Raises
    ------
    SolveError
        Readings are longer than an hour.
    """
    places = _places(meters)
    keys = sorted(set(places.values()))
    number = {key: k for k, key in enumerate(keys)}
    steps = Steps.of(calendar, timezone, step_min)
    sums = Sums(len(keys), steps)
    read = batches(readings)
    late, odd, left = _left_out(read, places, rated_kva or {})
    weights = mean_kw(read, left)
    shares = np.zeros((len(keys) + 1) * steps.count)
    for names, code, start, minutes, kwh, kvarh, flag in (fitting(b, step_min) for b in marked(read, left)):
        of = np.array([number[places[n]] if n in places else -1 for n in names], np.int32)[code]
        sums.add(of, start, kwh, kvarh, flag, minutes)
        weight = np.array([weights.get(n, 0.0) for n in names])[code] * minutes
        step = steps.at(start)
        good = (of >= 0) & (step >= 0) & (flag <= USED) & ~np.isnan(kwh)
        np.add.at(shares, of[good].astype(np.int64) * steps.count + step[good], weight[good])
    count = np.bincount([number[k] for k in places.values()] or [0], minlength=len(keys))[: len(keys)].astype(np.int32)
    whole = _whole(places, number, weights) * step_min
    shape = (len(keys) + 1, steps.count)
    kwh, kvarh = sums.kwh.reshape(shape), sums.kvarh.reshape(shape)
    present = sums.minutes.reshape(shape)[:-1] / (np.maximum(count, 1)[:, None] * step_min)
    share = shares.reshape(shape)[:-1] / np.where(whole > 0, whole, 1.0)[:, None]
    idle = (whole == 0)[:, None]
    return Aggregate(
        tuple(keys),
        count,
        kwh[:-1],
        kvarh[:-1],
        present.astype(np.float32),
        np.where(idle, present, share).astype(np.float32),
        kwh[-1],
        sums.metered_kwh,
        sums.outside_kwh,
        sums.error,
        step_min,
        tuple(late),
        tuple(odd),
    )


def _left_out(
    readings: Iterable[Batch], places: Mapping[str, tuple[str, str]], rated_kva: Mapping[str, float]
) -> tuple[list[CatchUp], list[Implausible], list[Left]]:
    """Readings that hold the energy of a gap, those that no service carries, and where both are."""
    late = catch_ups(with_energy(readings))
    left = [(one.meter, one.start, one.start + 1) for one in late]
    most = {meter: kva for meter, (transformer, _) in places.items() if (kva := rated_kva.get(transformer, 0.0)) > 0}
    odd = implausible(with_energy(readings, left), most) if most else []
    return late, odd, left + [(one.meter, one.start, one.end) for one in odd]


def _whole(
    places: Mapping[str, tuple[str, str]], number: Mapping[tuple[str, str], int], weights: Mapping[str, float]
) -> Reals:
    """The sum of the mean powers of all meters of each key."""
    known, seen, every = np.zeros(len(number)), np.zeros(len(number)), np.zeros(len(number))
    for name, key in places.items():
        known[number[key]] += weights.get(name, 0.0)
        seen[number[key]] += name in weights
        every[number[key]] += 1
    return known * every / np.maximum(seen, 1)


def _places(meters: pa.Table) -> dict[str, tuple[str, str]]:
    columns = [meters[c].cast(tables.TEXT).to_pylist() for c in ("meter", "transformer", "customer_class")]
    return {meter: (transformer, of) for meter, transformer, of in zip(*columns, strict=True) if transformer}


def of_source(
    spec: Mapping[str, Any],
    files: Mapping[str, Path],
    owner: Mapping[str, str],
    keys: Sequence[str],
    steps: Steps,
    scratch: Path,
) -> Sums:
    """Sum the readings of a source straight from its files, without a table of readings in between.

    ``owner`` is the key of each meter, as its transformer or feeder; ``keys`` gives the order of the sums. Memory is
    bounded by the sums; ``scratch`` is a folder for files that are not in order of time.
    """
    number = {key: k for k, key in enumerate(keys)}
    readings = Readings(spec, files)
    known = np.zeros(0, np.int32)

    def add(sums: Sums, piece: Settled) -> None:
        nonlocal known
        names = readings.meters.names
        if len(known) < len(names):
            more = [number.get(owner.get(n, ""), -1) for n in names[len(known) :]]
            known = np.concatenate([known, np.array(more, np.int32)])
        rows = piece.rows
        step = np.array(readings.meters.interval_min, np.int32)
        length = int(step[0]) if len(step) and (step == step[0]).all() else step[rows.code]
        kvarh = rows.kvarh if rows.kvarh.strides[0] else None
        sums.add(known[rows.code], rows.start, rows.kwh, kvarh, rows.flag, length)

    def new() -> Sums:
        nonlocal known
        known = np.zeros(0, np.int32)
        return Sums(len(keys), steps, coverage=False)

    return readings.fold(new, add, scratch)
