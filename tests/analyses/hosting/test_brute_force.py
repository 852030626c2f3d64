"""Capacities equal those of a plain loop over OpenDSS that tries one step after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hosting_cases import Loop, case_of
from power_cases import sampled

from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.iterative import iterative
from dtl.analyses.hosting.placements import deployments
from dtl.analyses.hosting.prove import prove
from dtl.analyses.hosting.search import search
from dtl.analyses.hosting.sites import Of

HOURS = [500, 2777, 4146, 5344, 8000]
FEW = ["634", "645", "652", "671", "675", "680"]
SOME = ["7", "16", "33", "47", "65", "83", "95", "114", "250", "610"]


def assert_same_as_loop(case, buses: list[str], of: Of, step: float) -> None:  # type: ignore[no-untyped-def]
    rows = {r["bus"]: r for r in iterative(case, {"tolerance_kw": step, "distributed": False}, of)
            if r["criterion"] == "all"}  # fmt: skip
    places = [p for p in case.places if p.bus in buses]
    loop = Loop(case, places, of)
    close = []
    for i, place in enumerate(places):
        level, said = 0, (True, False)
        while level < case.words["up_to_kw"] // step and not (said := loop.judge({i: (level + 1) * step}))[0]:
            level += 1
        if rows[place.bus]["hc_kw"] != level * step:
            near = said[1] or loop.judge({i: level * step})[1]
            assert near, (place.bus, rows[place.bus]["verdict"], level * step)
            close.append(place.bus)
    assert len(places) == len(buses)
    assert len(close) <= 1, f"too many answers hang on rounding: {close}"


@pytest.mark.parametrize(("of", "step"), [("generation", 80.0), ("load", 15.0)])
def test_iterative_equals_the_loop(samples: Path, of: Of, step: float) -> None:
    assert_same_as_loop(case_of(sampled(samples, "ieee13", "IEEE13Nodeckt.dss"), hours=HOURS[1:4]), FEW, of, step)


@pytest.mark.slow
@pytest.mark.parametrize(("of", "step"), [("generation", 50.0), ("load", 25.0)])
def test_iterative_equals_the_loop_on_ieee123(samples: Path, of: Of, step: float) -> None:
    assert_same_as_loop(case_of(sampled(samples, "ieee123", "IEEE123Master.dss"), hours=HOURS), SOME, of, step)


def assert_deployments_equal(case, count: int, kw_each: list[float]) -> None:  # type: ignore[no-untyped-def]
    grid = case.customer_grid("generation")
    placements = deployments(len(case.customers), count, kw_each, ["study", "seed", 5])
    found = search(grid, placements, np.ones(len(grid.criteria), bool))
    loop = Loop(case, case.customers, "generation")
    for i in range(count):
        level = 0
        while level < placements.most[i]:
            kw = placements.kw(np.array([i]), np.array([level + 1]))[:, 0]
            fails, near = loop.judge({k: float(x) for k, x in enumerate(kw) if x})
            if fails:
                break
            level += 1
        assert found.level[0, i] == level or near, (i, found.level[0, i], level)


def test_deployments_equal_the_loop(samples: Path) -> None:
    feeder = sampled(samples, "ieee13", "IEEE13Nodeckt.dss")
    assert_deployments_equal(case_of(feeder, hours=HOURS[:2]), 6, [50.0, 600.0])


@pytest.mark.slow
def test_deployments_equal_the_loop_on_ieee123(samples: Path) -> None:
    feeder = sampled(samples, "ieee123", "IEEE123Master.dss")
    assert_deployments_equal(case_of(feeder, hours=HOURS[:2]), 6, [50.0, 150.0])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "master"), [("ieee13", "IEEE13Nodeckt.dss"), ("ieee123", "IEEE123Master.dss")])
@pytest.mark.parametrize("of", ["generation", "load"])
def test_every_capacity_is_proved_by_opendss_with_regulators_where_the_case_puts_them(
    samples: Path, name: str, master: str, of: Of
) -> None:
    from power_cases import solve_spec

    case = case_of(sampled(samples, name, master), spec=solve_spec(controls="active"))
    rows = iterative(case, {"tolerance_kw": 10.0, "distributed": False}, of)
    places = {p.bus: p for p in case.places}
    proofs = [
        (
            row["bus"],
            row["criterion"],
            prove(case, places[row["bus"]], of, row["hc_kw"], row["step_kw"], row["criterion"]),
        )
        for row in rows[:: max(1, len(rows) // 20)]
    ]
    assert [p for p in proofs if not p[2].stands] == []
    assert sum(p[2].close for p in proofs) <= 2


def test_proof_contradicts_a_capacity_that_is_wrong(samples: Path) -> None:
    case = case_of(sampled(samples, "ieee13", "IEEE13Nodeckt.dss"), hours=HOURS[1:3])
    row = next(r for r in iterative(case, {"tolerance_kw": 10.0, "distributed": False}, "generation")
               if r["bus"] == "675" and r["criterion"] == "all")  # fmt: skip
    place = next(p for p in case.places if p.bus == "675")
    assert prove(case, place, "generation", row["hc_kw"], row["step_kw"]).stands
    too_much = prove(case, place, "generation", row["hc_kw"] + 100.0, row["step_kw"])
    assert not too_much.passes and not too_much.stands
    too_little = prove(case, place, "generation", row["hc_kw"] - 100.0, row["step_kw"])
    assert too_little.passes and not too_little.fails and not too_little.stands


def test_opendss_loop_engine_answers_as_the_batch_engine(samples: Path) -> None:
    case = case_of(sampled(samples, "ieee13", "IEEE13Nodeckt.dss"), hours=HOURS[:3])
    same = {"linear": [], "points": case.points}
    every = (case.feeder, case.demand, case.hours, case.calendar, case.spec, case.words, case.places, "generation")
    from dtl.analyses.hosting.placements import Single

    one = Single(np.arange(len(case.places)), len(case.places), 100.0, np.full(len(case.places), 20))
    mine, theirs = Grid(*every, **same), Grid(*every, **same, reference=1e-8)
    assert (mine.engine, theirs.engine) == ("batch", "opendss")
    np.testing.assert_array_equal(search(mine, one).level, search(theirs, one).level)
