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
    exact = {r["bus"]: r["hc_kw"] for r in iterative(case, {"tolerance_kw": 0.02, "distributed": False}, of)
             if r["criterion"] == "all"}  # fmt: skip
    quick = {r["bus"]: r["hc_kw"] for r in drive(case, {}, of)}
    truth = np.array([exact[bus] for bus in quick])
    error = np.array(list(quick.values())) - truth
    share = np.abs(error) / np.maximum(truth, 0.02)
    assert np.median(share) <= 0.05
    assert np.percentile(share, 95) <= 0.15
    assert (error > 0.02).mean() <= 0.05


@pytest.mark.parametrize("of", ["generation", "load"])
def test_drive_is_near_and_seldom_above_the_exact_capacity(samples: Path, of: Of) -> None:
    assert_close(samples, "ieee13", "IEEE13Nodeckt.dss", of)


@pytest.mark.slow
@pytest.mark.parametrize("of", ["generation", "load"])
def test_drive_on_ieee123(samples: Path, of: Of) -> None:
    assert_close(samples, "ieee123", "IEEE123Master.dss", of)


def test_flexibility_that_is_only_listed_does_not_limit_the_estimate() -> None:
    limited = {
        word: {
            r["limiting_factor"] for r in drive(case_of(own("mixed"), operational_flexibility=word), {}, "generation")
        }
        for word in ("with", "both")
    }
    assert "operational_flexibility" in limited["with"]
    assert "operational_flexibility" not in limited["both"]
