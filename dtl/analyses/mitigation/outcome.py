"""What a solved case says of one feeder, in the numbers by which measures are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS
from dtl.powerflow.reduce import Reduction

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Broken = tuple[str, str, str]
"""Violation, kind of the element and its name."""


@dataclass(frozen=True)
class Outcome:
    """Violations and losses of one feeder in one case.

    An *element-hour* is an hour in which one line, switch or transformer is over its limit, or one bus is outside of
    its band; it adds up over elements, which hours with any violation do not.

    Attributes
    ----------
    thermal_h, low_h, high_h
        Element-hours by violation.
    violating_h
        Hours with any violation.
    elements
        Elements with a violation.
    over_kva, over_kvah
        Highest apparent power of an element above its limit [kVA], and its sum over hours and elements [kVAh].
    worst_pct
        Highest loading [% of the rating].
    min_pu, max_pu
        Lowest and highest voltage of a bus [pu].
    loss_kwh
        Losses [kWh].
    left
        Hours of each violation that there is.
    """

    thermal_h: float = 0.0
    low_h: float = 0.0
    high_h: float = 0.0
    violating_h: float = 0.0
    elements: float = 0.0
    over_kva: float = 0.0
    over_kvah: float = 0.0
    worst_pct: float = 0.0
    min_pu: float = np.inf
    max_pu: float = 0.0
    loss_kwh: float = 0.0
    left: Mapping[Broken, float] = field(default_factory=dict)

    @property
    def element_h(self) -> float:
        """Element-hours of all violations."""
        return self.thermal_h + self.low_h + self.high_h


NUMBERS = ("element_h", *(f.name for f in fields(Outcome) if f.name != "left"))
"""The numbers of an outcome, in the order of the tables."""


@dataclass(frozen=True)
class Sample:
    """Steps that stand for a year; they are hours unless the study says otherwise.

    Attributes
    ----------
    hours
        The steps, ascending.
    weights
        By step of the year, how many steps each stands for; 0 for steps that are not in the sample.
    broken
        Of each violation that there is without measures, its steps of the sample and how many each stands for.
    """

    hours: list[int]
    weights: Real
    broken: Mapping[Broken, tuple[Ints, float]]

    def share(self, name: Broken, hour: Ints) -> Real:
        """How many steps some steps of a violation stand for: known ones by their own ratio, new ones by the load."""
        known, factor = self.broken.get(name, (np.zeros(0, np.int64), 0.0))
        return np.where(np.isin(hour, known), factor, self.weights[hour])


def outcomes(reduction: Reduction, sample: Sample | None = None) -> dict[str, Outcome]:
    """The outcome of each feeder of a solved case, whose hours are those of a sample or the study's own."""
    weight = np.ones(HOURS * reduction.calendar.per_hour) if sample is None else sample.weights
    step, owners = reduction.step_h, reduction.owners
    of_series = owners.elements[reduction.meter.series]
    of_bus = np.array([owners.buses[b.name] for b in reduction.voltages.buses], np.int64)
    found: dict[str, Outcome] = {}
    for index, feeder in enumerate(reduction.feeder.feeders):
        sums: dict[str, float] = {"thermal": 0.0, "low": 0.0, "high": 0.0}
        left: dict[Broken, float] = {}
        hours = set[int]()
        over = (0.0, 0.0)
        for word, at, hour, value, limit in _events(reduction):
            mine = (of_series if word == "thermal" else of_bus)[at] == index
            at, hour = at[mine], hour[mine]
            hours |= set(hour.tolist())
            share = np.zeros(len(at))
            for i, name in _named(reduction, word, at):
                share[at == i] = step * (1.0 if sample is None else sample.share(name, hour[at == i]))
                left[name] = float(share[at == i].sum())
            sums[word] += float(share.sum())
            if word == "thermal" and len(at):
                kva = (value[mine] - limit[mine]) / 100.0 * _rated_kva(reduction)[at]
                over = (float(kva.max()), float((kva * share).sum()))
        pct = reduction.loading.peak.value[of_series == index]
        blocks = reduction.hourly
        seen = np.concatenate([b[index] for b in blocks["hour"]])
        loss = np.concatenate([b[index] for b in blocks["loss_kw"]])
        found[feeder] = Outcome(
            thermal_h=sums["thermal"], low_h=sums["low"], high_h=sums["high"],
            violating_h=float(weight[np.array(sorted(hours), np.int64)].sum() * step),
            elements=float(len({name[1:] for name in left})), over_kva=over[0], over_kvah=over[1],
            worst_pct=float(pct[np.isfinite(pct)].max(initial=0.0)),
            min_pu=float(np.concatenate([b[index] for b in blocks["min_pu"]]).min()),
            max_pu=float(np.concatenate([b[index] for b in blocks["max_pu"]]).max()),
            loss_kwh=float((loss * weight[seen]).sum() * step), left=left,
        )  # fmt: skip
    return found


def _events(reduction: Reduction) -> Iterator[tuple[str, Ints, Ints, Real, Real]]:
    yield ("thermal", *reduction.loading.thermal.joined())
    yield ("low", *reduction.voltages.low.joined())
    yield ("high", *reduction.voltages.high.joined())


def broken(reduction: Reduction) -> Iterator[tuple[Broken, Ints, Real]]:
    """Each violation with its hours, and how far beyond the limit each is [share of the limit]."""
    for word, at, hour, value, limit in _events(reduction):
        beyond = np.abs(value - limit) / np.maximum(np.abs(limit), 1e-9)
        for i, name in _named(reduction, word, at):
            yield name, hour[at == i], beyond[at == i]


def _named(reduction: Reduction, word: str, at: Ints) -> Iterator[tuple[int, Broken]]:
    for i in np.unique(at).tolist():
        name = reduction.series[i] if word == "thermal" else ("bus", reduction.voltages.buses[i].name)
        yield i, (word, *name)


def _rated_kva(reduction: Reduction) -> Real:
    """Rating of each series element in its lower season [kVA]; 0 without a rating."""
    rated = reduction.ratings.seasons.min(axis=0)
    feeder = reduction.feeder
    phases = {("line", p.name): len(p.from_nodes) for p in feeder.lines}
    phases |= {("switch", p.name): len(p.from_nodes) for p in feeder.switches}
    per_unit = [
        1.0 if key[0] == "transformer" else feeder.bus[reduction.head_bus[key]].kv_ln * phases[key]
        for key in reduction.series
    ]
    return np.where(np.isfinite(rated), rated * np.array(per_unit, np.float64), 0.0)
