"""Real solved hours of a small feeder: what must hold between its metrics, whatever the numbers are."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import solved_cases as made

from dtl.analyses.assess import assess
from dtl.demand.calendar import Calendar
from dtl.demand.model_loads import model_loads
from dtl.network.feeder import Feeder
from dtl.powerflow import results
from dtl.powerflow.solve import run

FEEDER = Path(__file__).parents[1] / "cases" / "dss" / "mixed" / "feeder.json"


@cache
def tables_of(over_pct: float, low_pu: float) -> dict[str, pa.Table]:
    """The tables of 72 hours of the feeder, judged by one thermal limit and one lowest voltage."""
    feeder = Feeder.from_json(FEEDER.read_text(encoding="utf-8"))
    demand = model_loads(feeder, {"shape": "residential"}, Calendar(), "America/Chicago", None)
    spec = spec_of(over_pct, low_pu) | {
        "hours": list(range(72)), "controls": "active", "step_min": 60, "engine": "auto",
    }  # fmt: skip
    reduction = run(feeder, demand, Calendar(), spec).reduction
    case = {"scenario": "base", "year": 0, "case": "base"}
    violations, cut = results.violations(reduction, case)
    assert not cut
    return {
        "powerflow": results.powerflow(reduction, case),
        "hourly": results.hourly(reduction, case),
        "violations": violations,
    }


def spec_of(over_pct: float, low_pu: float) -> dict[str, Any]:
    band = made.LIMITS["voltage"][1] | {"kv": [0, 1000], "low_pu": low_pu}
    lines = made.LIMITS["lines"] | {"over_pct": over_pct}
    transformers = made.LIMITS["transformers"] | {"over_pct": over_pct}
    limits = {"lines": lines, "transformers": transformers, "voltage": [band]}
    return made.spec() | {"limits": limits}


def metrics(over_pct: float = 100.0, low_pu: float = 0.95) -> dict[str, dict[str, Any]]:
    return made.by_metric(assess(spec_of(over_pct, low_pu), tables_of(over_pct, low_pu)))


def test_a_wider_thermal_limit_never_finds_more() -> None:
    limits = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0)
    found = [metrics(over_pct=limit) for limit in limits]
    for name in (
        "line_hours_over_h",
        "transformer_hours_over_h",
        "overload_hours_h",
        "lines_over",
        "kwh_over",
        "violating_hours_h",
    ):
        values = [f[name]["value"] for f in found]
        assert all(a >= b for a, b in pairwise(values)), (name, values)
    assert found[0]["overload_hours_h"]["value"] > found[-1]["overload_hours_h"]["value"], (
        "the limits cut into the data"
    )
    peaks = {f["max_line_load_pct"]["value"] for f in found}
    assert len(peaks) == 1, "the limit changes what is over, not what is loaded"


def test_a_lower_voltage_limit_never_finds_more() -> None:
    found = [metrics(low_pu=limit) for limit in (1.04, 1.02, 1.0, 0.98, 0.9)]
    for name in ("violation_hours_low_h", "buses_low", "max_shortfall_pu"):
        values = [f[name]["value"] for f in found]
        assert all(a >= b for a, b in pairwise(values)), (name, values)
    assert found[0]["buses_low"]["value"] > 0 == found[-1]["buses_low"]["value"]


def test_hours_in_which_anything_is_over_lie_between_the_worst_element_and_their_sum() -> None:
    rows = assess(spec_of(5.0, 1.0), tables_of(5.0, 1.0))
    of = made.by_metric(rows)
    each = [r["value"] for r in rows if r["element"] and r["metric"] == "hours_over_h"]
    union = of["overload_hours_h"]["value"]
    assert max(each) <= union <= min(72, sum(each))
    assert sum(each) == pytest.approx(of["line_hours_over_h"]["value"] + of["transformer_hours_over_h"]["value"])
    assert of["violation_hours_h"]["value"] <= of["violating_hours_h"]["value"]
    assert of["violating_hours_h"]["value"] <= union + of["violation_hours_h"]["value"]


def test_losses_add_up_and_are_what_the_loads_did_not_get() -> None:
    of = metrics()
    parts = sum(of[f"loss_{part}_kwh"]["value"] for part in ("line", "transformer", "no_load", "other"))
    assert parts == pytest.approx(of["loss_kwh"]["value"], rel=1e-5)
    hourly = tables_of(100.0, 0.95)["hourly"]
    taken = sum(hourly["load_kw"].to_pylist()) - sum(hourly["generation_kw"].to_pylist())
    assert of["energy_kwh"]["value"] - taken == pytest.approx(of["loss_kwh"]["value"], rel=1e-3)


def test_the_feeders_extremes_are_those_of_its_hours() -> None:
    of, hourly = metrics(), tables_of(100.0, 0.95)["hourly"]
    low = np.array(hourly["min_pu"].to_pylist())
    assert of["min_pu"]["value"] == pytest.approx(low.min(), abs=1e-6) and of["min_pu"]["hour"] == low.argmin()
    assert "." in of["min_pu"]["text"], "the worst phase is named"
    load = np.array(hourly["max_load_pct"].to_pylist(), float)
    highest = max(of[m]["value"] or 0 for m in ("max_line_load_pct", "max_transformer_load_pct"))
    assert highest == pytest.approx(load.max(), rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_permuting_rows_changes_nothing(seed: int) -> None:
    found = tables_of(5.0, 1.0)
    order = np.random.default_rng(seed)
    mixed = {name: table.take(pa.array(order.permutation(table.num_rows))) for name, table in found.items()}
    assert assess(spec_of(5.0, 1.0), mixed) == assess(spec_of(5.0, 1.0), found)
