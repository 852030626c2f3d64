"""The series that a study keeps: those of the most strained elements, equal to what the summary says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from power_cases import demand_of, solve_spec

from dtl.demand.calendar import Calendar
from dtl.network.feeder import Feeder
from dtl.powerflow import kept, results
from dtl.powerflow.solve import run

CASE = {"scenario": "base", "year": 0, "case": "base"}
HOURS = list(range(0, 24 * 30, 5))


def solved(feeder: Feeder, words: Any) -> tuple[list[dict[str, Any]], list[str], dict[tuple[str, str], dict[str, Any]]]:
    found = run(feeder, demand_of(feeder), Calendar(), solve_spec(hours=HOURS, keep=words))
    table, told = results.kept(found.reduction, CASE)
    summary = results.powerflow(found.reduction, CASE).to_pylist()
    return table.to_pylist(), told, {(r["kind"], r["element"]): r for r in summary if r["phase"] == ""}


def test_the_worst_of_each_kind_are_kept_as_the_summary_has_them(mixed: Feeder) -> None:
    rows, told, summary = solved(mixed, {"all": "summary", "series_of_worst": 2})
    assert told == []
    loads = [r for r in rows if r["quantity"] == "load_pct"]
    rated = [s for (kind, _), s in summary.items() if kind not in ("bus", "head") and s["max_load_pct"]]
    ordered = sorted((s["max_load_pct"] for s in rated), reverse=True)
    assert len(loads) == min(2, len(rated)) and len({r["element"] for r in rows if r["kind"] == "bus"}) == 2
    for row in rows:
        values, same = np.array(row["values"]), summary[row["kind"], row["element"]]
        assert len(values) == len(HOURS)
        if row["quantity"] == "load_pct":
            assert values.max() == pytest.approx(same["max_load_pct"], rel=1e-6)
            assert row["kind"] == "transformer" or same["max_load_pct"] >= ordered[1] * 0.999
        else:
            extreme = values.min() if row["quantity"] == "min_pu" else values.max()
            assert extreme == pytest.approx(same[row["quantity"]], rel=1e-6)


def test_all_are_kept_where_the_study_says_series_and_none_without(mixed: Feeder) -> None:
    rows, _, summary = solved(mixed, "series")
    buses = {element for kind, element in summary if kind == "bus"}
    assert {r["element"] for r in rows if r["kind"] == "bus"} == buses
    assert sum(r["quantity"] == "min_pu" for r in rows) == sum(r["quantity"] == "max_pu" for r in rows) == len(buses)
    assert solved(mixed, "summary")[0] == []
    assert solved(mixed, {"all": "summary", "series_of_worst": None})[0] == []


def test_what_is_too_much_is_cut_with_a_warning(mixed: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_VALUES", 4 * len(HOURS))
    rows, told, _ = solved(mixed, "series")
    assert len(rows) == 4 and {r["quantity"] for r in rows} >= {"load_pct"}
    assert len(told) == 1 and "the 4 of the most strained elements stay" in told[0]
