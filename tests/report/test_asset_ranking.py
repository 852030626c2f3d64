"""Assets across dimensions: standings by hand, customers behind a part, and the page against the tables."""

from __future__ import annotations

import re
from typing import Any

import made_study
import pytest
from pyarrow import csv

from dtl import tables
from dtl.analyses.ranking import Asset, ranked
from dtl.network.topology import trace
from dtl.report.asset_ranking import behind, context, far_buses


def test_standings_are_shares_of_lower_values_of_the_same_kind() -> None:
    """By hand: of 10, 20, 20 and 40 the shares of lower ones are 0, 1.5, 1.5 and 3 of 3; nothing stands at 0."""
    loads = {"a": 10.0, "b": 20.0, "c": 20.0, "d": 40.0}
    assets = [Asset("f", "transformer", name, {"load_pct": v, "customer_min": 0.0}) for name, v in loads.items()]
    assets.append(Asset("f", "line", "only", {"load_pct": 5.0}))
    found = {r.asset.element: r for r in ranked(assets)}
    assert [found[n].standing["load_pct"] for n in "abcd"] == [0.0, 50.0, 50.0, 100.0]
    assert {r.standing.get("customer_min", 0.0) for r in found.values()} == {0.0}
    assert (found["only"].score, found["d"].score) == (100.0, 50.0)
    assert [r.asset.element for r in ranked(assets)] == ["only", "d", "b", "c", "a"]
    assets.append(Asset("f", "transformer", "over", {"load_pct": 100.5, "customers": 0.0}))
    assert ranked(assets)[0].asset.element == "over" and ranked(assets)[0].score < found["only"].score


def test_the_answer_names_who_stands_first_and_by_what() -> None:
    loads = {"a": (10.0, 5.0), "b": (130.0, 7.0)}
    assets = [Asset("f", "transformer", n, {"load_pct": v, "customers": c}, "base@2030") for n, (v, c) in loads.items()]
    said = context(ranked(assets), {"base@2030": "base 2030"})
    assert said is not None and said["lead"] == (
        "1 of 2 assets is beyond a limit. Transformer b of f stands first, in base 2030: loading 130 % of its limit, "
        "7 customers behind."
    )


def test_the_answer_names_the_limit_that_is_broken_before_what_is_only_high() -> None:
    high = {"load_pct": 96.0, "voltage_pct": 117.0, "loss_kwh": 9.0, "customers": 20.0}
    low = {"load_pct": 60.0, "voltage_pct": 178.0, "loss_kwh": 1.0, "customers": 1.0}
    said = context(ranked([Asset("f", "line", n, v, "c") for n, v in (("a", high), ("b", low))]), {"c": "base"})
    assert said is not None and said["lead"].endswith(
        "Line a of f stands first, in base: voltage behind it 117 % of its limit, loading 96.0 % of its limit, "
        "losses 9.00 kWh."
    )


def test_losses_have_one_unit_in_the_whole_column() -> None:
    """By the middle one, 1,500 kWh."""
    losses = {"a": 800.0, "b": 1500.0, "c": 40_000.0, "d": None}
    assets = [Asset("f", "line", n, {"load_pct": 9.0} | ({"loss_kwh": v} if v else {})) for n, v in losses.items()]
    said = context(ranked(assets), {})
    assert said is not None and [(h["title"], h["unit"]) for h in said["heads"]][-1] == ("Losses", "MWh")
    assert {r["element"]: r["cells"][-1]["text"] for r in said["rows"]} == {
        "a": "0.800", "b": "1.50", "c": "40.0", "d": "–",
    }  # fmt: skip


def test_a_missing_age_neither_helps_nor_harms() -> None:
    same = {"load_pct": 80.0}
    old, young = (
        Asset("f", "line", "old", {**same, "age_years": 40.0}),
        Asset("f", "line", "new", {**same, "age_years": 1.0}),
    )
    unknown = Asset("f", "line", "x", same)
    assert [r.asset.element for r in ranked([young, unknown, old])] == ["old", "x", "new"]


def test_customers_behind_a_part() -> None:
    """Each transformer of the made feeder serves five customers; the first section of the spine feeds them all."""
    model = made_study.MODELS["north"]
    seen = trace(model)
    found = behind(model, seen, far_buses(model, seen))
    ends = [name for kind, name in found if kind == "transformer"]
    assert ends and {found["transformer", name] for name in ends} == {5}
    assert found["line", "l01"] == 5 * len(ends) == model.customers
    assert found["line", "l03"] == 5 * (len(ends) - 1)


def test_the_page_and_the_file_say_what_the_tables_say(made: Any) -> None:
    docs = made.site / "docs"
    text = re.sub(r"<[^>]+>", " ", (docs / "assets.md").read_text(encoding="utf-8"))
    rows = csv.read_csv(docs / "downloads" / "ranking.csv").to_pylist()
    assert rows and [r["place"] for r in rows] == list(range(1, len(rows) + 1))
    beyond = [r for r in rows if r["load_pct"] > 100 or (r["voltage_pct"] or 0) > 100]
    assert beyond and rows[: len(beyond)] == beyond, "those beyond a limit stand first"
    for part in (beyond, rows[len(beyond) :]):
        assert [r["score_pct"] for r in part] == sorted((r["score_pct"] for r in part), reverse=True)
    flow = tables.read("powerflow", made.inputs["powerflow"]["north"]).to_pylist()
    mine = next(r for r in rows if r["feeder"] == "north" and r["kind"] == "transformer")
    own = [r for r in flow if (r["kind"], r["element"], r["phase"]) == ("transformer", mine["element"], "")]
    limit = made_study.LIMITS["transformers"]["over_pct"]
    assert mine["load_pct"] == pytest.approx(max(100 * r["max_load_pct"] / limit for r in own))
    assert mine["element"] in text
