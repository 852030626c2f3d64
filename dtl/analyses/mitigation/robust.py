"""How far a choice depends on what nobody knows: costs that are off by a third, and which future comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from dtl.analyses.mitigation.money import Choice, choose, regret
from dtl.analyses.mitigation.plans import Plans

DRAWS, SPREAD, SEED = 50, 0.3, 20260
"""Draws of the costs, how far each cost may be off, and the seed."""


def stable(plans: Plans, chosen: Choice, budget: float) -> float | None:
    """Share of draws of the costs, each off by up to 30 %, in which the same sets are chosen; None without a choice."""
    works = plans.works()
    if not chosen.taken:
        return None
    rng = np.random.default_rng(SEED)
    same = 0
    for _ in range(DRAWS):
        factor = rng.uniform(1.0 - SPREAD, 1.0 + SPREAD, len(works))
        drawn = [replace(w, cost=w.cost * f, value=w.value - (w.cost * (f - 1.0) if plans.by_money else 0.0))
                 for w, f in zip(works, factor.tolist(), strict=True)]  # fmt: skip
        limit = min(budget, sum(w.cost for w in drawn))
        same += choose(drawn, limit).taken == chosen.taken
    return same / DRAWS


def futures(plans: Plans, chosen: Choice) -> Iterator[dict[str, Any]]:
    """What the choice lacks in each case to the choice that is best for that case alone, at the same cost."""
    cases = sorted({c for p in plans.plans for c in p.by_case})
    if len(cases) < 2 or not plans.plans:
        return
    works = plans.works()
    choices = [chosen.taken]
    for case in cases:
        alone = [replace(w, value=p.by_case[case]) for w, p in zip(works, plans.plans, strict=True)]
        choices.append(choose(alone, chosen.cost).taken)
    worth = np.array([[sum(plans.plans[i].by_case[c] for i in taken) for c in cases] for taken in choices])
    lost = worth.max(axis=0) - worth[0]
    for case, value, best, lack in zip(cases, worth[0], worth.max(axis=0), lost, strict=True):
        text = f"{value:,.0f} of {best:,.0f} that the best choice for this case alone would reach at the same cost"
        yield {"what": "future", "place": case, "worth": float(value), "regret": float(lack), "text": text}
    yield {"what": "future", "place": "largest regret", "regret": float(regret(worth)[0]),
           "text": "the most that the choice falls short in any of the cases"}  # fmt: skip
