"""The surrogate: what it says of feeders it has not seen, what it refuses, and that the browser says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scripts
from grown_surrogate import grown
from hosting_cases import case_of
from power_cases import own, sampled, solve_spec

from dtl import tables
from dtl.analyses.hosting.formula_stage import answers, found
from dtl.analyses.hosting.iterative import iterative
from dtl.learning import capacity_model, surrogate
from dtl.network.feeder import Feeder

WORDS = {"max_optimistic_share": 0.05, "seed": 0}
STEP_KW = 0.5


def rows_of(name: str, feeder: Feeder, every: int) -> list[dict[str, Any]]:
    case = case_of(feeder, hours=[4146], spec=solve_spec(controls="active"))
    case.__dict__["places"] = case.places[::every]
    searched = iterative(case, {"tolerance_kw": STEP_KW, "distributed": False}, "generation")
    marked = found([{**r, "method": "iterative", "of": "generation"} for r in searched])
    same = {"feeder": name, "scenario": "base", "year": 2030, "case": "base@2030"}
    return [{**same, **row} for row in answers(case, "generation", marked)]


@pytest.fixture(scope="module")
def rows(samples: Path) -> list[dict[str, Any]]:
    """Real feeders with what the search finds on them."""
    return [
        *rows_of("ieee13", sampled(samples, "ieee13", "IEEE13Nodeckt.dss"), 1),
        *rows_of("ieee123", sampled(samples, "ieee123", "IEEE123Master.dss"), 3),
        *rows_of("mixed", own("mixed"), 1),
        *rows_of("p4u", sampled(samples, "smartds_p4u", "Master.dss"), 12),
    ]


def table(rows: list[dict[str, Any]]) -> dict[str, pa.Table]:
    return {"formula": tables.frame("formula", rows)}


def said(rows: list[dict[str, Any]], words: dict[str, Any] = WORDS) -> dict[str, Any]:
    result = surrogate.learn(words, table(rows))
    return {r.metric: r for r in result.rows if not r.feeder} | {"tables": result.tables}


def test_it_holds_on_feeders_that_were_left_out(rows: list[dict[str, Any]]) -> None:
    told = said(rows)
    assert told["mape_pct"].value < 8.0
    assert told["optimistic_bound_pct"].value <= 8.0
    answered = pd.DataFrame(told["tables"]["surrogate"].to_pylist())
    assert (answered["bound_kw"] <= answered["kw"] + 1e-9).all()
    assert set(answered["verdict"]) <= {"ok", "refused"}
    assert (answered["reason"] == "").eq(answered["verdict"] == "ok").all()


def test_nothing_is_scored_on_what_it_was_learned_from(rows: list[dict[str, Any]]) -> None:
    fit = surrogate.usable(pd.DataFrame(rows))
    at, truth = capacity_model.sites(fit), surrogate.true_kw(fit)
    out = at.feeder == "ieee123"
    honest = capacity_model.left_out(at, np.log(truth / at.formula_kw), 0.05, 0)
    lied = np.where(out, truth / 3.0, truth)
    told = capacity_model.left_out(at, np.log(lied / at.formula_kw), 0.05, 0)
    np.testing.assert_array_equal(told.kw[out], honest.kw[out])
    np.testing.assert_array_equal(told.bound_kw[out], honest.bound_kw[out])
    assert (told.bound_kw[~out] < honest.bound_kw[~out]).any(), "the others do learn from it"


def test_a_model_that_is_too_optimistic_answers_nothing(rows: list[dict[str, Any]]) -> None:
    # of a feeder whose truth is a third of what physics says, no other feeder can warn
    lied = [{**r, "hc_kw": r["hc_kw"] / 3.0} if r["feeder"] == "ieee123" else r for r in rows]
    told = said(lied)
    assert told["optimistic_bound_pct"].verdict == "refused"
    assert set(told["tables"]["surrogate"]["verdict"].to_pylist()) == {"refused"}
    assert told["tables"]["surrogate_model"]["verdict"].to_pylist() == ["refused"]


def test_an_answer_where_nothing_fits_counts_as_optimistic_though_nothing_is_learned_there(
    rows: list[dict[str, Any]],
) -> None:
    before = said(rows)
    full = [dict(r, hc_kw=0.0) if n % 3 == 0 and r["hc_kw"] else r for n, r in enumerate(rows)]
    told = said(full)
    assert told["optimistic_bound_pct"].value > before["optimistic_bound_pct"].value + 20.0
    assert told["optimistic_bound_pct"].verdict == "refused"
    assert told["mape_pct"].value == pytest.approx(before["mape_pct"].value, abs=2.0)


def test_a_site_unlike_all_others_is_refused_with_the_reason(rows: list[dict[str, Any]]) -> None:
    strange = {**rows[0], "bus": "far", "kv_ll": 400.0, "hc_kw": None}
    answered = {r["bus"]: r for r in said([*rows, strange])["tables"]["surrogate"].to_pylist()}
    assert answered["far"]["verdict"] == "refused"
    assert "log of nominal voltage" in answered["far"]["reason"]


@pytest.mark.parametrize("kept", [(), ("ieee13",), ("ieee13", "ieee123")])
def test_too_few_feeders_say_why(rows: list[dict[str, Any]], kept: tuple[str, ...]) -> None:
    few = [r if r["feeder"] in kept else {**r, "hc_kw": None, "step_kw": None} for r in rows]
    (row,) = surrogate.learn(WORDS, table(few)).rows
    assert row.verdict == "not_enough"
    assert f"{len(kept)} of 4 feeders" in row.text and "3 are needed" in row.text


def test_the_same_rows_give_the_same_model(rows: list[dict[str, Any]]) -> None:
    one, two = (said(r)["tables"]["surrogate_model"].to_pylist() for r in (rows, rows[::-1]))
    assert one == two


def test_the_browser_says_the_same(tmp_path: Path) -> None:
    model, frame = grown(400)
    kw, bound = model.predict(capacity_model.sites(frame))
    told = {"model": json.loads(json.dumps(model.exported())), "sites": frame.to_dict("records")}
    body = "return input.sites.map((s) => DTL.surrogate.answer(input.model, s));"
    shown = pd.DataFrame(scripts.run(["surrogate.js"], body, told, tmp_path))
    np.testing.assert_allclose(shown["kw"], np.minimum(kw, 5000.0), rtol=1e-5)
    np.testing.assert_allclose(shown["bound"], np.minimum(bound, 5000.0), rtol=1e-5)
    outside = model.outside(capacity_model.sites(frame.assign(kv_ll=110.0)).x)
    refused = scripts.run(
        ["surrogate.js"], body, told | {"sites": frame.assign(kv_ll=110.0).to_dict("records")}, tmp_path
    )
    assert (outside >= 0).all() and all("log of nominal voltage" in r["refused"] for r in refused)
