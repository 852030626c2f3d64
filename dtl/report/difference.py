"""Two cubes beside each other: what changed that matters, and which violations are new, cured, worse or better.

What matters is declared: for figures and values in the list of metrics (columns `material` and `share` of the page
*Metrics*); for hours over a limit by `HOURS_H` and `HOURS_SHARE`; for metrics without thresholds by `SHARE`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from dtl.analyses.metrics import DELTA, METRICS, Metric

HOURS_H, HOURS_SHARE = 1.0, 0.05
"""A violation is worse or better when its hours change by both of these."""
SHARE = 0.001
"""Share of the value before from which a metric without a threshold of its own counts as changed."""
ROUNDING = 1e-6
"""Change in the unit of a metric without a threshold in that unit below which it is rounding, as of a loss of zero."""
VOLTAGE_BAND_PU = 0.05
"""Voltage beyond a limit that weighs as much as a loading of twice the limit [pu]."""

KINDS = {
    "max_load_pct": ("overload", "hours_over_h"),
    "min_pu": ("low voltage", "hours_low_h"),
    "max_pu": ("high voltage", "hours_high_h"),
}
"""The metrics of elements that are violations: what they are called, and the metric of their hours."""
SILENT = {"worst_case", "rank", "headline", "answer", "engine", "first_violating_year", "hours_h", "balance_max_rel"}
"""Metrics that are no figures of the grid."""
OF_FEEDERS = ("solved", "violating", "min_pu", "max_pu", "max_line_load_pct", "max_transformer_load_pct")
"""The figures that are compared feeder by feeder, with those of hosting."""

STATES = ("new", "worse", "better", "cured")
Pair = tuple[str, str]
"""A case before and the one after that is compared with it."""
Values = dict[tuple[str, str, str, int], float]
"""case, feeder, metric, year -> value."""


@dataclass(frozen=True)
class Change:
    """A figure that changed: of the study where ``feeder`` is empty."""

    case: str
    feeder: str
    metric: str
    unit: str
    before: float
    after: float
    verdict: str


@dataclass(frozen=True)
class Violation:
    """An element over a limit before or after; what is within its limit is None, since the cube holds what is over.

    ``weight`` orders the list of assets: the change of what is beyond the limit, as a share of the limit or, of a
    voltage, of `VOLTAGE_BAND_PU`. ``cases`` counts the cases in which it has this state.
    """

    state: str
    case: str
    feeder: str
    kind: str
    element: str
    what: str
    unit: str
    before: float | None
    after: float | None
    limit: float | None
    hours_before: float
    hours_after: float
    weight: float
    cases: int = 1


@dataclass(frozen=True)
class Difference:
    """All that differs between two cubes."""

    figures: list[Change] = field(default_factory=list)
    feeders: list[Change] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    """Cases and feeders that only the second has."""
    went: list[str] = field(default_factory=list)
    """Cases and feeders that only the first has."""

    @property
    def material(self) -> bool:
        """Whether anything changed that matters."""
        return bool(self.figures or self.feeders or self.violations or self.came or self.went)

    @property
    def counts(self) -> dict[str, int]:
        """Number of violations by state, over elements, kinds of violation and cases."""
        return {state: sum(v.state == state for v in self.violations) for state in STATES}

    def top(self, n: int) -> list[Violation]:
        """The assets with the most change, each once for a kind of violation, with its heaviest case."""
        grouped: dict[tuple[str, ...], list[Violation]] = {}
        for v in self.violations:
            grouped.setdefault((v.feeder, v.kind, v.element, v.what, v.state), []).append(v)
        worst = [replace(max(vs, key=lambda v: (v.weight, v.case)), cases=len(vs)) for _, vs in sorted(grouped.items())]
        return sorted(worst, key=lambda v: (-v.weight, v.feeder, v.element, v.what))[:n]


def cases(table: pa.Table) -> list[str]:
    """The cases of a cube, by name."""
    return sorted(set(table["case"].to_pylist()) - {""})


def same_cases(before: pa.Table, after: pa.Table) -> list[Pair]:
    """Each case that both cubes have, with itself."""
    return [(c, c) for c in cases(before) if c in cases(after)]


def differ(before: pa.Table, after: pa.Table, pairs: Sequence[Pair], *, whole: bool = True) -> Difference:
    """What differs between pairs of cases of two cubes.

    ``whole`` says that the cubes as a whole are compared, with what holds for all cases, and with the cases and feeders
    that only one of them has.
    """
    olds, news = _values(before), _values(after)
    every = [*pairs, *([("", "")] if whole else [])]
    figures, feeders = [], []
    for pair in every:
        for change in _changes(olds, news, pair):
            if not change.feeder:
                figures.append(change)
            elif change.metric in OF_FEEDERS or METRICS[change.metric].analysis == "hosting":
                feeders.append(change)
    solved = {(c, f) for (c, f, m, _), v in news.items() if m == "solved" and v == 1}
    was = {(c, f) for (c, f, m, _), v in olds.items() if m == "solved" and v == 1}
    found = [v for pair in pairs for v in _violations(_over(before, pair[0]), _over(after, pair[1]), pair, was, solved)]
    came, went = _sets(before, after) if whole else ([], [])
    return Difference(sorted(figures, key=_rank), sorted(feeders, key=_rank), found, came, went)


def _rank(change: Change) -> tuple[bool, float, str, str, str]:
    """The order of changes: what failed or came over a limit first, then by how many thresholds it changed."""
    metric = METRICS[change.metric]
    step = max(metric.material, metric.share * abs(change.before), SHARE * abs(change.before)) or 1.0
    flips = metric.analysis == "status"
    return not flips, -abs(change.after - change.before) / step, change.feeder, change.case, change.metric


def _values(table: pa.Table) -> Values:
    names = ("level", "case", "feeder", "metric", "year", "value")
    rows = zip(*(table[n].to_pylist() for n in names), strict=True)
    return {
        (case, feeder, metric, 0 if case else year): value
        for level, case, feeder, metric, year, value in rows
        if level != "element" and value is not None and metric in METRICS and not metric.startswith(DELTA)
    }


def _changes(olds: Values, news: Values, pair: Pair) -> Iterator[Change]:
    wanted = sorted((k[1:] for k in news if k[0] == pair[1] and (pair[0], *k[1:]) in olds), key=lambda k: (k[0], k[1]))
    for feeder, name, year in wanted:
        metric = METRICS[name]
        if name in SILENT or (not metric.worse and not metric.rollup):
            continue
        then, now = olds[pair[0], feeder, name, year], news[pair[1], feeder, name, year]
        verdict = judged(metric, then, now)
        if verdict != "same":
            at = f"{label(pair)} {year or ''}".strip()
            yield Change(at, feeder, name, metric.unit, then, now, verdict)


def judged(metric: Metric, before: float, after: float) -> str:
    """The verdict by the metric's thresholds, or by `SHARE` where it has none."""
    share = metric.share if metric.material else metric.share or SHARE
    return replace(metric, material=metric.material or ROUNDING, share=share).verdict(before, after)


def label(pair: Pair) -> str:
    """A pair of cases as lists show it."""
    return pair[1] if pair[0] == pair[1] else f"{pair[0]} -> {pair[1]}"


Over = Mapping[tuple[str, str, str, str], Mapping[str, Any]]
"""feeder, kind, element and metric -> row of the cube."""


def _over(table: pa.Table, case: str) -> Over:
    """The rows of elements over a limit in a case."""
    names = ("feeder", "kind", "element", "metric", "case", "level", "value", "limit")
    rows = zip(*(table[n].to_pylist() for n in names), strict=True)
    return {row[:4]: {"value": row[6], "limit": row[7]} for row in rows if row[5] == "element" and row[4] == case}


def _violations(
    olds: Over, news: Over, pair: Pair, was: set[tuple[str, str]], solved: set[tuple[str, str]]
) -> Iterator[Violation]:
    """Those that changed, of the feeders that are solved before and after; a failed one is no cure."""
    for key in sorted(k for k in {*olds, *news} if k[3] in KINDS):
        feeder, kind, element, name = key
        if (pair[0], feeder) not in was or (pair[1], feeder) not in solved:
            continue
        what, hours_name = KINDS[name]
        old, new = olds.get(key), news.get(key)
        hours = (feeder, kind, element, hours_name)
        then, now = (float(rows.get(hours, {}).get("value") or 0.0) for rows in (olds, news))
        before, after = (row["value"] if row else None for row in (old, new))
        state = _state(METRICS[name], before, after, then, now)
        if state:
            limit = (new or old or {}).get("limit")
            weight = abs(_beyond(name, new) - _beyond(name, old))
            unit = METRICS[name].unit
            yield Violation(
                state, label(pair), feeder, kind, element, what, unit, before, after, limit, then, now, weight
            )


def _state(metric: Metric, before: float | None, after: float | None, then: float, now: float) -> str:
    if before is None or after is None:
        return "new" if before is None else "cured"
    verdict = metric.verdict(before, after)
    if verdict == "same" and abs(now - then) >= max(HOURS_H, HOURS_SHARE * then):
        verdict = "worse" if now > then else "better"
    return "" if verdict == "same" else verdict


def _beyond(name: str, row: Mapping[str, Any] | None) -> float:
    """How far a value is beyond its limit, as a share."""
    if row is None or row["limit"] is None:
        return 0.0
    past = abs(row["value"] - row["limit"])
    return float(past / VOLTAGE_BAND_PU if METRICS[name].unit == "pu" else past / row["limit"])


def _sets(before: pa.Table, after: pa.Table) -> tuple[list[str], list[str]]:
    """The cases and feeders that only the second cube has, and those that only the first has."""
    old, new = (
        {f"case {c}" for c in cases(t)} | {f"feeder {f}" for f in set(t["feeder"].to_pylist()) - {""}}
        for t in (before, after)
    )
    return sorted(new - old), sorted(old - new)
