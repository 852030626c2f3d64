"""The estimate against the exact search at a step that is fine beside every capacity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hosting_cases import case_of
from power_cases import own, sampled

from dtl.analyses.hosting.drive import drive
from dtl.analyses.hosting.iterative import iterative
from dtl.analyses.hosting.sites import Of


def assert_close(samples: Path, name: str, master: str, of: Of) -> None:
    case = case_of(sampled(samples, name, master))
    exact = {(r["bus"], r["criterion"]): r["hc_kw"] for r in
             iterative(case, {"tolerance_kw": 0.02, "distributed": False}, of)}  # fmt: skip
    rows = drive(case, {}, of)
    assert {r["criterion"] for r in rows} == {criterion for _, criterion in exact}
    for criterion in sorted({r["criterion"] for r in rows}):
        quick = {r["bus"]: r["hc_kw"] for r in rows if r["criterion"] == criterion}
        truth = np.array([exact[bus, criterion] for bus in quick])
        error = np.array(list(quick.values())) - truth
        share = np.abs(error) / np.maximum(truth, 0.02)
        assert np.median(share) <= 0.05, criterion
        assert np.percentile(share, 95) <= (0.15 if criterion == "all" else 0.25), criterion
        assert (error > 0.02).mean() <= (0.05 if criterion == "all" else 0.3), criterion


def test_no_criterion_alone_stops_a_plant_before_all_do_and_the_deciding_one_does_there() -> None:
    rows = drive(case_of(own("mixed")), {}, "generation")
    whole = {r["bus"]: r for r in rows if r["criterion"] == "all"}
    alone = [r for r in rows if r["criterion"] != "all"]
    assert alone and all(r["hc_kw"] >= whole[r["bus"]]["hc_kw"] - 1e-9 for r in alone)
    for bus, row in whole.items():
        if row["limiting_factor"] not in ("", "no_solution"):
            (own_row,) = [r for r in alone if r["bus"] == bus and r["criterion"] == row["limiting_factor"]]
            assert own_row["hc_kw"] == row["hc_kw"] and own_row["limiting_element"] == row["limiting_element"]


@pytest.mark.parametrize("of", ["generation", "load"])
def test_drive_is_near_and_seldom_above_the_exact_capacity(samples: Path, of: Of) -> None:
    assert_close(samples, "ieee13", "IEEE13Nodeckt.dss", of)


@pytest.mark.parametrize("of", ["generation", "load"])
def test_drive_on_ieee123(samples: Path, of: Of) -> None:
    assert_close(samples, "ieee123", "IEEE123Master.dss", of)


def test_flexibility_that_is_only_listed_does_not_limit_the_estimate() -> None:
    limited = {
        word: {
            r["limiting_factor"]
            for r in drive(case_of(own("mixed"), operational_flexibility=word), {}, "generation")
            if r["criterion"] == "all"
        }
        for word in ("with", "both")
    }
    assert "operational_flexibility" in limited["with"]
    assert "operational_flexibility" not in limited["both"]


def test_where_voltages_leave_the_band_of_solutions_without_a_plant_nothing_fits() -> None:
    """As the exact search says; a quadratic through two plants would answer with some thousand kW."""
    feeder = own("mixed")
    low = tuple(s.model_copy(update={"pu": 0.78}) for s in feeder.sources)
    case = case_of(feeder.model_copy(update={"sources": low}))
    assert (case.grid("generation").base.pu.min() < 0.8).any()
    exact = [r for r in iterative(case, {"tolerance_kw": 1.0, "distributed": False}, "generation") if r["bus"]]
    rows = drive(case, {}, "generation")
    assert {r["hc_kw"] for r in exact} == {r["hc_kw"] for r in rows} == {0.0}
    assert {r["limiting_factor"] for r in rows if r["criterion"] == "all"} == {"no_solution"}
