"""Regret of sets of measures against enumeration, beside the habit of the trade: best ratio of single effects first.

    python tests/bench/learning/mitigation.py
    python tests/bench/learning/mitigation.py STUDY GROUP CASE    # in a folder with the results of a run of the study

Without arguments: 40 made networks of ten measures, in which each cures some of twenty violations and what two cure
counts once. With arguments: the measures of a real group in one case, the eight that remove most, every set solved in
the hours of the sample. Regret at a budget is the share of what the best set within it removes that is lacking; the
mean is over twelve budgets from a tenth of all costs to all of them.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dtl.analyses.mitigation.measure import Measure, together
from dtl.analyses.mitigation.money import Work, greedy
from dtl.analyses.mitigation.prices import Prices
from dtl.analyses.mitigation.sets import Set, Tried, search
from dtl.analyses.mitigation.stage import Group
from dtl.analyses.mitigation.trial import cases
from dtl.spec.study import load
from dtl.workflow.slices import Slices

Value = Callable[[Set], float | None]
MOST = 8


def regrets(measures: list[Measure], costs: list[float], value: Value) -> tuple[list[float], list[float], int, int]:
    """Regret of ours and of the habit at each budget, and how many sets each way solved."""
    whole: dict[Set, float] = {}
    for count in range(len(measures) + 1):
        for some in itertools.combinations(range(len(measures)), count):
            if together(measures[i] for i in some) and (found := value(some)) is not None:
                whole[some] = found
    tried = Tried(measures, costs, value)
    sets = search(tried)
    works = [Work(m.place, str(i), costs[i], max(whole.get((i,), 0.0), 0.0)) for i, m in enumerate(measures)]
    ours, habit = [], []
    for budget in np.linspace(0.1 * sum(costs), sum(costs), 12).tolist():
        best = max(v for s, v in whole.items() if sum(costs[i] for i in s) <= budget)
        if best <= 0:
            continue
        ours.append(1.0 - max((tried.values[s] for s in sets if tried.cost(s) <= budget), default=0.0) / best)
        habit.append(1.0 - whole.get(greedy(works, budget).taken, 0.0) / best)
    return ours, habit, len(tried.values), len(whole)


def made(seed: int) -> tuple[list[Measure], list[float], Value]:
    """Ten measures that cure some of twenty violations each."""
    rng = np.random.default_rng(seed)
    cures, hours = rng.random((10, 20)) < 0.3, rng.integers(1, 100, 20)
    measures = [Measure("transformer", "F", f"transformer {i}", ({"replace_transformer": {"at": f"t{i}"}},))
                for i in range(10)]  # fmt: skip
    costs = rng.integers(5, 60, 10).astype(float).tolist()
    return measures, costs, lambda s: float(hours[cures[list(s)].any(axis=0)].sum()) if s else 0.0


def real(study: str, group: str, case: str) -> tuple[list[Measure], list[float], Value]:
    """The measures of a group that remove most in a case."""
    from dtl import layout, tables

    slices = Slices(load(Path("studies") / study))
    job = slices.job("mitigate_feeder", group)
    solve = slices.job("solve_feeder", group)
    words = job.spec["analyses"]["mitigation"]
    rows = tables.read("costs", Path(layout.COSTS.format(study=study))).to_pylist()
    prices = Prices(rows, words["costs"]) if words.get("costs") else None
    spec = job.spec | {"cases": {case: solve.spec["cases"][case]}}
    found = Group(group, cases(spec, job.inputs()), words, prices)
    single = {i: found._quickly([i]) or 0.0 for i in found.chosen}
    best = sorted(sorted(single, key=lambda i: -single[i])[:MOST])
    return (
        [found.measures[i] for i in best], [found._cost(i) for i in best],
        lambda s: found._quickly([best[i] for i in s]) if s else 0.0,
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:]:
        name, every = " ".join(sys.argv[1:4]), [regrets(*real(*sys.argv[1:4]))]
    else:
        name, every = "made", [regrets(*made(seed)) for seed in range(40)]
    ours, habit = (np.array([r for one in every for r in one[k]]) for k in (0, 1))
    solved, whole = (sum(one[k] for one in every) / len(every) for k in (2, 3))
    print(f"mitigation, {name}, mean (worst) regret: habit {habit.mean():.1%} ({habit.max():.1%}), "
          f"ours {ours.mean():.1%} ({ours.max():.1%}); sets solved {solved:.0f} of {whole:.0f}")  # fmt: skip
