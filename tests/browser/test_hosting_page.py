"""Hosting capacity in a browser: the page, the map coloured by it, and the part of the feeder page."""

from __future__ import annotations

from typing import Any

import made_study
import pytest

from dtl import tables

pytestmark = pytest.mark.browser


def at_buses(made: Any, feeder: str, case: str) -> dict[str, float]:
    rows = tables.read("hosting", made.inputs["hosting"][feeder]).to_pylist()
    return {r["bus"]: r["hc_kw"] for r in rows if r["case"] == case and r["method"] == "iterative"}


def classes(made: Any, case: str) -> list[int]:
    found = [v for feeder in made.inputs["hosting"] for v in at_buses(made, feeder, case).values()]
    return [sum(a < v <= b for v in found) for a, b in ((-1, 0), (0, 25), (25, 100), (100, 500), (500, 1e9))]


def test_page_counts_buses_by_class_and_follows_the_case(watched: Any, made: Any) -> None:
    page = watched.go("hosting-capacity.html")
    for case in ("base@2035", "growth@2035"):
        at = sorted(made_study.CASES).index(case)
        page.locator(f"input[name=dtl-case][value='{at}']").check(force=True)
        page.wait_for_selector(f"#dtl-hosting[data-ready='{case}']")
        shown = page.locator("#dtl-hosting .dtl-hc-map + .dtl-keys b").all_inner_texts()
        assert [int(n) for n in shown] == classes(made, case)
    assert page.locator("#dtl-hosting svg.dtl-violins path").count() == 2


def test_map_opens_on_what_is_out_of_limits_else_on_what_fits(watched: Any) -> None:
    page = watched.go("map.html")
    opening = """(trouble) => { const data = Object.create(DTL.map.data);
        data.counts = (by) => DTL.scaleOf(by).trouble.map((bad) => Number(bad === (by === trouble)));
        return data.study.cases.map((c, at) => [c.case, data.opening(at)]); }"""
    judged = {"base@2035", "growth@2035"}
    calm = dict(page.evaluate(opening, "none"))
    assert {case for case, by in calm.items() if by == "fit_generation"} == judged
    assert {by for case, by in calm.items() if case not in judged} == {"load"}
    assert set(dict(page.evaluate(opening, "volt")).values()) == {"volt"}
    assert page.evaluate("DTL.map.view.by") == "load", "lines of the worst case are overloaded"


def test_map_coloured_by_hosting_capacity(watched: Any, made: Any) -> None:
    page = watched.go("map.html#by=fit_generation&s=base%402035&f=north")
    assert [int(b) for b in page.locator("#dtl-legend b").all_inner_texts()[:5]] == classes(made, "base@2035")
