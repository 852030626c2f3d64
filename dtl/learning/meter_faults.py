"""Faults of a meter or feeder out of its readings alone: rules, what is usual, states, and an isolation forest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]

from dtl.learning import fault_states, meter_rules
from dtl.learning.insight import NotEnough
from dtl.learning.meter_rules import runs
from dtl.learning.usual import Array, Usual, median_of, usual
from dtl.plural import many

PASSES = 3
TREES, SAMPLE, POOL = 100, 512, 20_000
"""The forest's trees, the intervals that each sees, and those of all meters from which they are drawn."""
LEVELS = {"halved": 0.5, "doubled": 2.0}
LEVEL_APART, LEVEL_DAYS = 0.3, 3
"""How far, in logarithm, the ratio to the usual may be from the factor (twice that in a quarter of the day); and for
how many days at least a meter is wrong by a factor, since shorter changes are habits."""
LEAST_DAYS = 28
TRAIN = 0.9
"""Share of the forest's scores below which is the body, above the tail that a generalised Pareto fits."""
MERGE_H = 2.0


@dataclass(frozen=True)
class Event:
    """One alert: its kind, first interval, end (exclusive), confidence and what shows it."""

    kind: str
    first: int
    end: int
    confidence: float
    why: str


@dataclass(frozen=True)
class Faults:
    """What was found; arrays have one value per interval."""

    score: Array
    """0 to 1; above 0.5 the probability of a fault, below the rank of how unusual an interval is."""
    events: list[Event]
    usual: Array


@dataclass(frozen=True)
class Draft:
    """A meter before the forest: its intervals, what is usual, the states, and the features in their context."""

    x: Array
    steps: int
    usual: Array
    states: fault_states.States
    caught: NDArray[np.bool_]
    """Intervals without energy, and the reading after them in which it came."""
    trusted: NDArray[np.bool_]
    features: Array


def find(values: Array, kind: NDArray[np.int64], false_alarms: float = 1.0, seed: int = 0) -> Faults | NotEnough:
    """Find faults in whole days of readings of one meter, with a forest of its own.

    Parameters
    ----------
    values : shape (days, steps of a day); nan where missing.
    kind : kind of each day: 0 working day, 1 Saturday, 2 Sunday or holiday.
    false_alarms : alerts of the forest that are accepted per meter-month on sound readings.
    seed : of the forest.
    """
    found = draft(values, kind)
    return found if isinstance(found, NotEnough) else judged([found], false_alarms, seed)[0]


def draft(values: Array, kind: NDArray[np.int64]) -> Draft | NotEnough:
    """What rules and states say of one meter; parameters as of `find`."""
    values = np.asarray(values, float)
    why = _lacks(values)
    if why:
        return NotEnough(why)
    x = values.ravel()
    trusted = np.isfinite(values) & (values != 0) if np.nanmedian(np.abs(values)) > 0 else np.isfinite(values)
    for _ in range(PASSES):
        normal = usual(values, kind, trusted)
        free = _free(values, kind, trusted, normal)
        marks = meter_rules.marks(x, normal.median.ravel(), normal.spread.ravel(), 30 * values.shape[1])
        states = fault_states.states(values, normal, free, marks)
        trusted = (states.fault < 0.5).reshape(values.shape) & np.isfinite(values)
    steps = values.shape[1]
    caught, sure = np.zeros(len(x), bool), states.probability[:, states.names.index("catch_up")]
    for first, end in runs(marks.catch_up):
        caught[first:end] = sure[end - 1] >= 0.5
    seen = _features(x, normal, steps)
    return Draft(x, steps, normal.median.ravel(), states, caught, trusted.ravel(), seen)


def judged(drafts: list[Draft], false_alarms: float = 1.0, seed: int = 0) -> list[Faults]:
    """The faults of meters, what is odd in the eyes of one forest for all of them; parameters as of `find`."""
    every = np.concatenate([d.features[d.trusted] for d in drafts])
    if len(every) > POOL:
        every = every[np.sort(np.random.default_rng(seed).choice(len(every), POOL, replace=False))]
    forest = IsolationForest(n_estimators=TREES, max_samples=min(SAMPLE, len(every)), random_state=seed, n_jobs=1)
    scores = -forest.fit(every).score_samples(np.concatenate([d.features for d in drafts]))
    ends = np.cumsum([len(d.x) for d in drafts])[:-1]
    return [_judged(d, own, false_alarms) for d, own in zip(drafts, np.split(scores, ends), strict=True)]


def _judged(found: Draft, score: Array, false_alarms: float) -> Faults:
    rank, odd = _odd(found, score, false_alarms)
    fault = np.maximum(found.states.fault, ~np.isfinite(found.x) | found.caught)
    events = _events(found.x, found.states, found.caught, found.usual, odd & (fault < 0.5), found.steps)
    return Faults(np.where(fault >= 0.5, fault, np.maximum(fault, rank / 2)), events, found.usual)


def _lacks(values: Array) -> str:
    """Why faults cannot be told; empty if they can."""
    days = int(np.isfinite(values).any(1).sum())
    if days < LEAST_DAYS:
        return f"{days} days have readings, {LEAST_DAYS} are needed to know what is usual"
    share = float(np.isfinite(values).mean())
    if share < 0.5:
        return f"{100 * (1 - share):.0f} % of the readings are missing"
    known = values[np.isfinite(values)]
    if not known.any():
        return "all readings are zero"
    if np.ptp(known) == 0:
        return f"all readings are equal ({known[0]:g})"
    return ""


def _free(values: Array, kind: NDArray[np.int64], trusted: NDArray[np.bool_], normal: Usual) -> Usual:
    """What every day would be if it were free; the usual where no free days are known."""
    if (kind == 2).sum() < 3:
        return normal
    number = np.arange(len(values))
    seen = np.where(trusted, values, np.nan)
    median = normal.median.copy()
    for day in number:
        near = (kind == 2) & (np.abs(number - day) <= 35) & (number != day)
        enough = np.isfinite(seen[near]).sum(0) >= 3
        if enough.any():
            median[day, enough] = median_of(seen[near][:, enough])
    return Usual(median, normal.spread)


def _features(x: Array, normal: Usual, steps: int) -> Array:
    """What the forest sees of each interval: how far it is from the usual, alone, in its day and in its week."""
    r = pd.Series((x - normal.median.ravel()) / normal.spread.ravel()).clip(-20, 20)
    change = r.diff().abs()
    features = pd.DataFrame(
        {
            "residual": r,
            "change": change,
            "day": r.rolling(steps, min_periods=1, center=True).median(),
            "week": r.rolling(7 * steps, min_periods=1, center=True).median(),
            "spread": r.rolling(steps, min_periods=2, center=True).std(),
        }
    ).fillna(0.0)
    return np.asarray(features, np.float64)


def _odd(found: Draft, score: Array, per_month: float) -> tuple[Array, NDArray[np.bool_]]:
    """Rank of how unusual an interval is in its context (0 to 1), and those beyond the accepted rate of alarms."""
    own = np.sort(score[found.trusted])
    if not len(own):
        return np.zeros(len(score)), np.zeros(len(score), bool)
    rank = np.searchsorted(own, score) / len(own)
    body = float(np.quantile(own, TRAIN))
    tail = own[own > body] - body
    limit = np.inf
    if len(tail) >= 30 and np.ptp(tail) > 0:
        wanted = per_month / (30 * found.steps) / (1 - TRAIN)
        limit = body + _exceeded(np.sort(tail), min(wanted, 1.0))
    return rank, np.asarray(np.isfinite(found.x) & (score > limit))


def _exceeded(tail: Array, share: float) -> float:
    """What a share of values exceeds whose tail, sorted and above 0, is a generalised Pareto distribution.

    Fitted by J. Zhang, M. A. Stephens, Technometrics 51 (2009) 316-325: as good as by maximum likelihood, in one step.
    """
    many = 20 + int(np.sqrt(len(tail)))
    order = np.arange(1, many + 1) - 0.5
    theta = 1 / tail[-1] + (1 - np.sqrt(many / order)) / (3 * tail[int(len(tail) / 4 + 0.5) - 1])
    shape = np.log1p(-theta[:, None] * tail).mean(axis=1)
    profile = len(tail) * (np.log(-theta / shape) - shape - 1)
    weight = np.exp(profile - profile.max())
    best = float((theta * weight).sum() / weight.sum())
    bend = float(np.log1p(-best * tail).mean())
    scale = -bend / best
    return float(scale * (-np.log(share) if abs(bend) < 1e-9 else (share**-bend - 1) / bend))


def _events(
    x: Array, states: fault_states.States, caught: NDArray[np.bool_], median: Array, odd: NDArray[np.bool_], steps: int
) -> list[Event]:
    """Alerts: neighbouring intervals of one kind, joined over less than two hours."""
    bridge = max(1, round(MERGE_H * steps / 24))
    kinds = np.asarray([n.split("_")[0] if n.startswith("shift") else n for n in states.names])
    events = []
    groups = {k: np.flatnonzero(kinds == k) for k in sorted(set(kinds)) if not k.startswith("normal")}
    each = {k: states.probability[:, columns].sum(1) for k, columns in groups.items()}
    best = np.argmax(np.stack(list(each.values())), axis=0)
    for i, kind in enumerate(each):
        own = caught if kind == "catch_up" else (states.fault >= 0.5) & (best == i) & ~caught
        for first, end in _joined(own, bridge if kind not in ("spike", "catch_up") else 0):
            lag = ""
            if kind == "shift":
                column = groups[kind][int(states.probability[first:end, groups[kind]].sum(0).argmax())]
                lag = states.names[column].split("_")[1]
            told = _why(kind, x[first:end], median[first:end], lag, steps)
            sound = kind not in LEVELS or _by_a_factor(x, median, first, end, steps, LEVELS[kind])
            sure = float(each[kind][first:end].mean()) if sound else 0.5
            words = told if sound else f"{told}; not by one factor of {LEVELS[kind]:g}, as a meter that is wrong by it"
            events.append(Event(kind if sound else "unusual", first, end, sure, words))
    events += [
        Event("gap", a, b, 1.0, f"{many(b - a, 'intervals')} without a reading")
        for a, b in runs(~np.isfinite(x) & ~caught)
    ]
    for first, end in _joined(odd, bridge):
        told = f"{np.nanmean(x[first:end]):.3g} where {median[first:end].mean():.3g} is usual; no known kind of fault"
        events.append(Event("unusual", first, end, 0.5, told))
    return sorted(events, key=lambda e: (e.first, e.kind))


def _by_a_factor(x: Array, median: Array, first: int, end: int, steps: int, factor: float) -> bool:
    """Whether readings are the usual times a factor, for days, over all and in each quarter of the day.

    A transformer or constant that is wrong multiplies every reading; people who are away leave the refrigerator on.
    """
    at = np.arange(first, end)[np.isfinite(x[first:end])]
    quarters = [at[at % steps * 4 // steps == q] for q in range(4)]
    if len(at) < LEVEL_DAYS * steps or not all(len(q) for q in quarters):
        return False
    sums = [(float(x[own].sum()), float(median[own].sum())) for own in (at, *quarters)]
    if any(taken <= 0 or usual <= 0 for taken, usual in sums):
        return False
    off = [abs(np.log(taken / usual / factor)) for taken, usual in sums]
    return bool(off[0] <= LEVEL_APART and max(off[1:]) <= 2 * LEVEL_APART)


def _joined(mask: NDArray[np.bool_], bridge: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, end in runs(mask):
        if found and first - found[-1][1] < bridge:
            found[-1] = (found[-1][0], end)
        else:
            found.append((first, end))
    return found


def _why(kind: str, x: Array, median: Array, lag: str, steps: int) -> str:
    """What shows a fault, in numbers."""
    n = len(x)
    if kind == "stuck":
        return f"{n} equal readings of {x[-1]:.4g}"
    if kind == "zero":
        return f"{n} zeros where {median.mean():.3g} is usual"
    if kind == "catch_up":
        return f"{many(n - 1, 'intervals')} without energy, then {x[-1]:.3g}, the sum of them"
    if kind == "shift":
        return f"fits the usual day {abs(int(lag)) * 24 / steps:g} h {'late' if int(lag) > 0 else 'early'}"
    ratio = np.nansum(x) / median.sum() if median.sum() else np.nan
    return f"{ratio:.3g} times the usual over {many(n, 'intervals')}"
