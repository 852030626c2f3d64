"""When works are built, where the study says what may be spent in which year."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dtl.analyses.mitigation.plans import Plan, Plans


def budget(words: Mapping[str, Any]) -> float:
    """What may be spent in all: the budget, and no more than the years allow together; infinite without either."""
    whole = words.get("budget")
    spend = words.get("spend") or {}
    limit = math.inf if whole is None else float(whole)
    return min(limit, sum(float(v) for v in spend.values())) if spend else limit


def years(taken: Sequence[Plan], plans: Plans, words: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """The year of each chosen measure by group and id: what removes most per cost first, as money comes.

    What a year does not spend is there in the next one. Without ``spend`` no measure has a year.
    """
    spend = {int(year): float(v) for year, v in (words.get("spend") or {}).items()}
    if not spend:
        return {}
    waiting = [(p.group, m) for p in taken for m in plans.measures_of(p)]
    waiting.sort(key=lambda x: (-x[1]["removed_h"] / max(float(x[1]["cost"] or 0.0), 1e-9), x[0], x[1]["measure"]))
    found: dict[tuple[str, str], int] = {}
    purse = 0.0
    for year in sorted(spend):
        purse += spend[year]
        for group, one in waiting:
            cost = float(one["cost"] or 0.0)
            if (group, one["measure"]) not in found and cost <= purse * (1 + 1e-9):
                found[group, one["measure"]] = year
                purse -= cost
    return found
