"""Cases beside one another: what the study shows of its feeders' values, and the differences to a baseline case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from dtl.analyses.metrics import DELTA, METRICS, Metric

Values = Mapping[str, Mapping[str, Mapping[str, float]]]
"""case -> metric -> feeder -> value."""


@dataclass(frozen=True, order=True)
class Case:
    """One case of the study."""

    case: str
    scenario: str
    year: int


@dataclass(frozen=True)
class Delta:
    """The difference of a metric between a case and its baseline; ``feeder`` is empty for the study."""

    feeder: str
    case: Case
    metric: Metric
    value: float
    verdict: str

    @property
    def name(self) -> str:
        """Name of the fact."""
        return DELTA + self.metric.name


def compare(values: Values, cases: Collection[Case], baseline: str) -> list[Delta]:
    """The differences of every case to its baseline: of each feeder, and of the study.

    ``baseline`` is a case, or a scenario, which stands for its case of the same year. The study's differences are taken
    over the feeders solved in both cases, so that a failed feeder does not look like a cure.
    """
    found = []
    for case in sorted(cases):
        base = baseline_of(case, cases, baseline)
        if base is None or base == case:
            continue
        after, before = values.get(case.case, {}), values.get(base.case, {})
        for name in sorted(set(after) & set(before) & set(METRICS)):
            metric = METRICS[name]
            if not metric.worse and not metric.rollup:
                continue
            both = sorted(set(after[name]) & set(before[name]))
            found += [_delta(feeder, case, metric, before[name][feeder], after[name][feeder]) for feeder in both]
            if metric.rollup:
                then, now = roll(metric, before, both), roll(metric, after, both)
                if then is not None and now is not None:
                    found.append(_delta("", case, metric, then, now))
    return found


def baseline_of(case: Case, cases: Iterable[Case], baseline: str) -> Case | None:
    """The case that another is compared with; None when there is none."""
    known = list(cases)
    named = [c for c in known if c.case == baseline and "@" in baseline]
    same_year = [c for c in known if c.scenario == baseline and c.year == case.year]
    return next(iter(named + same_year), None)


def roll(metric: Metric, values: Mapping[str, Mapping[str, float]], feeders: Collection[str]) -> float | None:
    """What the study shows of a metric: the sum, highest, lowest or weighted mean over some feeders.

    None when no feeder has the metric, when the weights add up to nothing, or when the metric is not rolled up.
    """
    own = values.get(metric.name, {})
    known = [f for f in sorted(feeders) if f in own]
    if not known or not metric.rollup:
        return None
    numbers = [own[f] for f in known]
    if metric.rollup == "sum":
        return sum(numbers)
    if metric.rollup == "max":
        return max(numbers)
    if metric.rollup == "min":
        return min(numbers)
    weights = [values.get(metric.weight, {}).get(f, 0.0) for f in known]
    whole = sum(weights)
    return sum(n * w for n, w in zip(numbers, weights, strict=True)) / whole if whole else None


def _delta(feeder: str, case: Case, metric: Metric, before: float, after: float) -> Delta:
    return Delta(feeder, case, metric, after - before, metric.verdict(before, after))
