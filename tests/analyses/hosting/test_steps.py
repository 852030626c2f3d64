"""Hosting capacity in steps shorter than an hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hosting_cases import WORDS
from power_cases import demand_of, solve_spec

from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.iterative import iterative
from dtl.analyses.hosting.prove import prove
from dtl.analyses.hosting.stage import METHODS
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.powerflow import head

HOURS = [30, 2777, 4146, 5344]
ASKED = {
    "drive": {},
    "iterative": {"tolerance_kw": 20.0, "distributed": True},
    "qsts": {"tolerance_kw": 20.0, "hours_allowed_h": 1.0},
    "stochastic": {"placements": 20, "kw_each": (5.0, 50.0), "seed": 3},
}


def in_steps(feeder: Feeder, demand: Demand, step_min: int) -> Case:
    fed, _ = head.served(feeder)
    spec = solve_spec(controls="frozen", step_min=step_min)
    return Case("study", fed, demand, Calendar(2025, step_min), spec, WORDS | {"hours": HOURS})


@pytest.mark.parametrize("method", sorted(ASKED))
def test_quarters_that_are_alike_are_their_hour(mixed: Feeder, method: str) -> None:
    demand = demand_of(mixed)
    held = replace(demand, profiles={n: np.repeat(p, 4) for n, p in demand.profiles.items()})
    hours, quarters = in_steps(mixed, demand, 60), in_steps(mixed, held, 15)
    assert len(quarters.hours) == 4 * len(hours.hours) == 16
    coarse, fine = (METHODS[method](case, ASKED[method], "generation") for case in (hours, quarters))  # type: ignore[operator]
    assert len(coarse) == len(fine) > 0
    for one, other in zip(coarse, fine, strict=True):
        for word in ("bus", "criterion", "limiting_factor", "limiting_element", "limiting_hour", "hours", "at_least"):
            assert one.get(word) == other.get(word), word
        assert other["hc_kw"] == pytest.approx(one["hc_kw"], rel=1e-6)
        assert other.get("hours_violated") == one.get("hours_violated")


def test_the_worst_quarter_of_an_hour_decides(mixed: Feeder) -> None:
    demand = demand_of(mixed)
    shape = {n: np.repeat(p, 4) for n, p in demand.profiles.items()}
    for values in shape.values():
        values[4 * 5344 + 2] *= 0.2  # least load in one quarter: what a plant lifts is highest there
    quarters = in_steps(mixed, replace(demand, profiles=shape), 15)
    step = {"tolerance_kw": 20.0, "distributed": False}
    plain = {r["bus"]: r for r in iterative(in_steps(mixed, demand, 60), step, "generation") if r["criterion"] == "all"}
    found = {r["bus"]: r for r in iterative(quarters, step, "generation") if r["criterion"] == "all"}
    assert all(found[b]["hc_kw"] <= plain[b]["hc_kw"] for b in plain)
    lower = [b for b in plain if found[b]["hc_kw"] < plain[b]["hc_kw"]]
    assert lower and all(found[b]["limiting_hour"] == 5344 for b in lower)
    place = next(p for p in quarters.places if p.bus == lower[0])
    proof = prove(quarters, place, "generation", found[lower[0]]["hc_kw"], 20.0)
    assert proof.stands and proof.passes and "hour 5344" in proof.why, "by OpenDSS alone, step by step"
