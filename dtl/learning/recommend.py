"""The module ``recommend``: which scenarios to run next, each as text for the study, by what they would tell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables as contracts
from dtl.learning.insight import Cell, Insight, LearnResult, not_enough

MODULE = "recommend"
EFFECTS = {"growth": (0.0, 0.0), "ev": (0.15, 0.10), "electrification": (0.20, 0.12), "weather": (0.10, 0.06)}
"""Relative change of the peak by a layer of each kind, and its standard deviation; growth goes by its own rate.

They are assumptions that put runs in an order, not results: the run itself gives the effect.
"""
NEW = {"ev": {"kind": "ev", "penetration": 0.3}, "electrification": {"kind": "electrification", "penetration": 0.2}}
"""The layer that is suggested where no scenario has one of its kind."""
KNOWN = 0.5
"""The share of its uncertainty that a kind keeps once a scenario with it was run."""
SETTLED = 2.0
"""Loading over its limit from which a feeder needs work whatever is added: more of it tells nothing new."""
GROWTH_SD = 0.5
"""Standard deviation of growth to the last planned year, as a share of it."""
LOADED = ("max_line_load_pct", "max_transformer_load_pct")


@dataclass(frozen=True)
class Standing:
    """How near a feeder stands to its limit: loading over its limit [-], growth per year [-], and the cells of both."""

    feeder: str
    ratio: float
    growth: float = 0.0
    cells: Sequence[Cell] = ()


@dataclass(frozen=True)
class Known:
    """What a study has: stacks that were run by scenario, their layers, years ahead, and the hottest year of weather.

    ``hottest`` is None where the study has no weather.
    """

    stacks: Mapping[str, Sequence[str]]
    layers: Mapping[str, Mapping[str, Any]]
    years_ahead: int = 0
    hottest: int | None = None


@dataclass(frozen=True)
class Advice:
    """A scenario to run: its layers (``new`` ones with their words), score, and the feeder that it tells most of."""

    stack: tuple[str, ...]
    kinds: tuple[str, ...]
    score: float
    feeder: Standing
    expected: float
    new: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def snippet(self) -> dict[str, Any]:
        """The sections ``layers`` (if any is new) and ``scenarios``, to be added to the study."""
        name = "next_" + "_".join(self.kinds)
        told = {"scenarios": {name: {"stack": list(self.stack)}}}
        return {"layers": {n: dict(words) for n, words in self.new.items()}, **told} if self.new else told


def advise(feeders: Sequence[Standing], known: Known, top: int) -> list[Advice]:
    """The scenarios that were not run, those first that are expected to show most beyond what the base shows.

    The score of a scenario is the sum over feeders of the expected loading beyond the limit, less what the base is
    beyond it already, times its standard deviation; loading is taken as normal, and counts up to `SETTLED` times the
    limit. A scenario has up to two kinds besides
    growth, which stands in each where years lie ahead and some feeder grows.
    """
    layers = _layers(feeders, known)
    run = {frozenset(stack) for stack in known.stacks.values()}
    seen = {known.layers[n]["kind"] for stack in known.stacks.values() for n in stack}
    others = [kind for kind in layers if kind != "growth"]
    always = [kind for kind in layers if kind == "growth"]
    sets = [(*always, *some) for n in (0, 1, 2) for some in combinations(others, n)]
    found = []
    for kinds in sets:
        stack = tuple(layers[k][0] for k in kinds)
        clash = {"weather", "electrification"} <= set(kinds)  # a heatwave and heating do not meet
        if not kinds or clash or frozenset(stack) in run:
            continue
        scored = [(_score(f, kinds, known.years_ahead, seen), f) for f in feeders]
        (gain, expected), first = max(scored, key=lambda s: (s[0][0], s[1].feeder))
        total = sum(s[0][0] for s in scored)
        if gain > 0:
            new = {layers[k][0]: words for k in kinds if (words := layers[k][1])}
            found.append(Advice(stack, kinds, total, first, expected, new))
    return sorted(found, key=lambda a: (-a.score, a.stack))[:top]


def _layers(feeders: Sequence[Standing], known: Known) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """By kind the layer that stands for it: one that the study has, else a new one with its words."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for name, words in sorted(known.layers.items()):
        if words["kind"] in EFFECTS:
            found.setdefault(words["kind"], (name, {}))
    new: dict[str, Mapping[str, Any]] = {"ev": NEW["ev"]}
    if known.hottest is not None:
        words = {"kind": "weather", "event": "hottest_week", "of": known.hottest, "onto": "peak_week"}
        new |= {"weather": words, "electrification": NEW["electrification"]}
    fastest = max((f.growth for f in feeders), default=0.0)
    if known.years_ahead > 0 and fastest >= 0.001:
        new["growth"] = {"kind": "growth", "per_year": round(min(fastest, 1.0), 3)}
    else:
        found.pop("growth", None)
    for kind, words in new.items():
        name = f"next_{kind}"
        while name in known.layers:
            name += "_2"
        found.setdefault(kind, (name, words))
    return {kind: found[kind] for kind in EFFECTS if kind in found}


def _score(feeder: Standing, kinds: Sequence[str], years: int, seen: set[str]) -> tuple[float, float]:
    """The gain of knowing a feeder under a stack, and its expected loading over the limit [-]."""
    mean, variance = feeder.ratio, 0.0
    for kind in kinds:
        by, spread = EFFECTS[kind]
        if kind == "growth":
            by = (1 + feeder.growth) ** years - 1
            spread = GROWTH_SD * abs(by)
        mean *= 1 + by
        variance += (spread * feeder.ratio * (KNOWN if kind in seen else 1.0)) ** 2
    spread = math.sqrt(variance)
    if spread == 0:
        return 0.0, mean
    beyond = _beyond(mean, spread, 1.0) - _beyond(mean, spread, SETTLED)
    known = min(max(0.0, feeder.ratio - 1.0), SETTLED - 1.0)
    return max(0.0, beyond - known) * spread, mean


def _beyond(mean: float, spread: float, level: float) -> float:
    """The expectation of what a normal variable lies above a level, and of nothing where it lies below."""
    z = (mean - level) / spread
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return spread * density + (mean - level) * 0.5 * math.erfc(-z / math.sqrt(2))


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights from ``assess``, ``weather`` and, if asked, those of growth; ``spec``: ``top``, ``definitions``."""
    feeders = list(_standings(spec, tables))
    if not feeders:
        return LearnResult([not_enough(MODULE, "no loading of any feeder in a case of scenario base")])
    stacks = {name: d["stack"] for name, d in spec["definitions"].items()}
    layers = {n: words for d in spec["definitions"].values() for n, words in d["layers"].items()}
    planned = spec["years"]
    ahead = max(0, planned[-1] - int(spec["measured_year"])) if planned else 0
    found = advise(feeders, Known(stacks, layers, ahead, _hottest(tables.get("weather"))), int(spec["top"]))
    if not found:
        return LearnResult([not_enough(MODULE, "every scenario that the rules know was run, or shows nothing new")])
    return LearnResult([_said(rank, advice) for rank, advice in enumerate(found, 1)])


def _said(rank: int, advice: Advice) -> Insight:
    at = advice.feeder
    grows = f" and grows by {100 * at.growth:.1f} % a year" if at.growth else ""
    text = (
        f"{rank}. Run {' + '.join(advice.kinds)}: {at.feeder} stands at {100 * at.ratio:.0f} % of its limit{grows}; "
        f"assumed effects bring it to {100 * advice.expected:.0f} %. No scenario has this stack. Add to the study: "
        f"{json.dumps(advice.snippet(), sort_keys=True)}"
    )
    name = " ".join(advice.stack)
    return Insight(MODULE, "expected_gain", advice.score, "1", text, at.feeder, kind="scenario", element=name,
                   evidence=at.cells)  # fmt: skip


def _standings(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> Iterator[Standing]:
    """The feeders by their highest loading over its limit in the first case of ``base``."""
    base = next((c["case"] for c in spec["cases"] if c["scenario"] == "base"), None)
    assess = tables["assess"]
    whole = pc.and_(pc.equal(assess["case"].cast(contracts.TEXT), base or ""), pc.equal(assess["element"], ""))
    growth = _growth(tables.get("insights"))
    best: dict[str, tuple[float, Cell]] = {}
    for row in assess.filter(whole).to_pylist():
        if row["metric"] in LOADED and row["value"] is not None and row["limit"]:
            ratio = row["value"] / row["limit"]
            if ratio > best.get(row["feeder"], (0.0,))[0]:
                best[row["feeder"]] = ratio, Cell("assess", f"{row['feeder']} {base} {row['metric']}", "value")
    for feeder, (ratio, cell) in sorted(best.items()):
        rate, cells = growth.get(feeder, (0.0, ()))
        yield Standing(feeder, ratio, rate, (cell, *cells))


def _growth(insights: pa.Table | None) -> dict[str, tuple[float, tuple[Cell, ...]]]:
    """Growth of each feeder whose band lies above zero, with its cell."""
    own = [r for r in insights.to_pylist() if r["module"] == "growth" and r["value"] is not None] if insights else []
    sure = {r["feeder"] for r in own if r["metric"] == "warning" and r["value"] > 0}
    return {
        r["feeder"]: (r["value"] / 100, (Cell("insights", f"growth {r['feeder']} {r['metric']}", "value"),))
        for r in own
        if r["metric"] == "growth_pct_per_year" and r["feeder"] in sure
    }


def _hottest(weather: pa.Table | None) -> int | None:
    """The year of the highest temperature; None without weather."""
    if weather is None or not weather.num_rows or (top := pc.max(weather["temp_c"]).as_py()) is None:
        return None
    starts = weather.filter(pc.equal(weather["temp_c"], top))["start"]
    return int(pc.year(pc.min(starts)).as_py())
