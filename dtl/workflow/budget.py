"""The guard of `budget: {cpu_minutes}`: what a plan will cost by what earlier answers took, before anything starts."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from dtl.errors import StoreError
from dtl.spec.study import Study
from dtl.workflow.plan import Plan
from dtl.workflow.store import Store


@dataclass(frozen=True)
class Estimate:
    """What a plan costs at most: ``minutes`` of one core for the answers whose stages were timed before.

    ``untimed`` are the stages that never ran here, and ``open`` says that not all feeders are known yet: then it may
    be more.
    """

    study: str
    minutes: float
    limit: float | None
    untimed: tuple[str, ...]
    open: bool

    @property
    def over(self) -> bool:
        """Whether the budget is exceeded."""
        return self.limit is not None and self.minutes > self.limit

    def __str__(self) -> str:
        also = f"; never timed: {', '.join(self.untimed)}" if self.untimed else ""
        also += "; not all feeders are known yet (`dtl plan --resolve`)" if self.open else ""
        said = f"{self.study}: about {self.minutes:.2g} CPU minutes for a budget of {self.limit:g}{also}"
        if not self.over:
            return said
        return f"{said}; more than `budget.cpu_minutes`. Raise it in the study, or ask for less: fewer cases, `for:`"


def check(study: Study, plan: Plan, store: Store) -> Estimate:
    """The estimate of a plan: all that is to be computed, and all that may change."""
    limit = study.budget.cpu_minutes if study.budget else None
    lines = [*plan.compute, *plan.may_change]
    if limit is None or not lines:
        return Estimate(plan.study, 0.0, limit, (), open=False)
    stages = {line.stage for line in lines}
    known = _timed(store, stages - set(plan.seconds)) | plan.seconds
    seconds = sum(known.get(line.stage, 0.0) for line in lines)
    untimed = tuple(sorted(stages - set(known)))
    return Estimate(plan.study, seconds / 60, limit, untimed, open=not plan.sure)


def _timed(store: Store, stages: set[str]) -> dict[str, float]:
    """The median time of the answers of some stages that the store has, of whatever study [s]."""
    times: dict[str, list[float]] = {}
    for key in store.known() if stages else []:
        answer = store.answer(key)
        if answer is not None and answer.question.stage in stages:
            times.setdefault(answer.question.stage, []).append(answer.seconds)
    return {stage: statistics.median(values) for stage, values in times.items()}


def tell(found: list[Estimate]) -> None:
    """Print the estimates of studies that have a budget and something to compute."""
    for estimate in found:
        if estimate.limit is not None and (estimate.minutes or estimate.untimed):
            print(estimate)


def refuse(study: Study, plan: Plan, store: Store) -> None:
    """Raises StoreError where the plan costs more than the budget."""
    estimate = check(study, plan, store)
    if estimate.over:
        raise StoreError(str(estimate))
    tell([estimate])
