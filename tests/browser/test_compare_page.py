"""The page that compares two cases: its numbers are those of the cube and of the tables."""

from __future__ import annotations

import urllib.parse
from itertools import pairwise
from typing import Any

import made_study
import payload_reader
import pytest

from dtl import tables
from dtl.analyses.metrics import METRICS
from dtl.report import facts
from dtl.report.figures import change, text

pytestmark = pytest.mark.browser
A, B = "base@2035", "growth@2035"


def address(a: str, b: str) -> str:
    return f"compare.html#{urllib.parse.urlencode({'a': a, 'b': b})}"


@pytest.fixture(scope="session")
def cube(made: Any) -> facts.Facts:
    return facts.load(made.inputs["cube"])


def solved_in_both(cube: facts.Facts, a: str, b: str) -> set[str]:
    return {f for f in cube.feeders if cube.value("solved", f, a) == cube.value("solved", f, b) == 1}


def broken(cube: facts.Facts, case: str, feeders: set[str]) -> dict[tuple[str, ...], float]:
    rows = [r for r in cube.violations() if r["case"] == case and r["feeder"] in feeders and r["limit"] is not None]
    names = ("max_load_pct", "min_pu", "max_pu")
    return {(r["feeder"], r["kind"], r["element"], r["metric"]): r["value"] for r in rows if r["metric"] in names}


def fate_of(metric: str, before: float, after: float) -> str:
    """What became of a violation: less than a percentage point, or than 0.002 pu, is no change."""
    worse = before - after if metric == "min_pu" else after - before
    material = 1.0 if metric == "max_load_pct" else 0.002
    return "worse" if worse >= material else "better" if worse <= -material else "same"


@pytest.mark.parametrize(("a", "b"), [(A, B), (B, A), ("base@2026", "growth@2026")])
def test_new_cured_and_worse_are_those_of_the_cube(watched: Any, cube: facts.Facts, a: str, b: str) -> None:
    page = watched.go(address(a, b))
    both = solved_in_both(cube, a, b)
    before, after = broken(cube, a, both), broken(cube, b, both)
    shown = {n.get_attribute("data-fate"): int(n.inner_text()) for n in page.locator("[data-fate]").all()}
    assert shown["new"] == len(set(after) - set(before))
    assert shown["cured"] == len(set(before) - set(after))
    for fate in ("worse", "better", "same"):
        assert shown[fate] == [fate_of(key[3], before[key], after[key]) for key in set(before) & set(after)].count(fate)
    assert (shown["new"] if (a, b) == (A, B) else 1) > 0


@pytest.mark.parametrize("b", [B, "growth@2026"])
def test_answer_names_what_is_furthest_beyond_its_limit(watched: Any, cube: facts.Facts, b: str) -> None:
    both = solved_in_both(cube, "base@2026", b)
    found = [r for r in cube.violations() if r["case"] == b and r["feeder"] in both and r["limit"] is not None]
    far = {abs(r["value"] / r["limit"] - 1): r for r in found if r["metric"] in ("max_load_pct", "min_pu", "max_pu")}
    top = far[max(far)]
    said = watched.go(address("base@2026", b)).locator("#answer").inner_text()
    assert f"furthest beyond its limit is {top['kind']} {top['element']} of {top['feeder']}: " in said
    value = text(top["value"], "%" if top["metric"] == "max_load_pct" else "pu", top["limit"])
    assert f": {value} (limit " in said and len(far) > 1


def test_changes_against_the_baseline_equal_the_cubes(watched: Any, cube: facts.Facts) -> None:
    page = watched.go(address(A, B))
    assert page.locator("#dtl-compare .dtl-callout").inner_text().startswith("2 of 4 feeders")
    for metric in ("max_line_load_pct", "overload_hours_h", "min_pu", "energy_kwh", "loss_kwh", "transformers_over"):
        delta = cube.delta(metric, case=B)
        assert delta is not None and delta.value is not None
        shown = page.locator(f"span[data-metric={metric}]")
        assert shown.inner_text() == change(delta.value, METRICS[metric].unit), metric
        assert shown.get_attribute("class") == f"dtl-{delta.text}"


def test_feeders_are_ranked_by_what_changes(watched: Any, cube: facts.Facts) -> None:
    page = watched.go(address("base@2026", "growth@2026"))
    first = page.locator("#dtl-compare table:has(caption:text('Feeders by change')) tbody tr").first
    assert first.locator("th").inner_text() == "north"
    value = cube.value("max_line_load_pct", "north", "growth@2026")
    assert first.locator("td").nth(1).inner_text().startswith(text(value, "%")[:-2])


def test_pair_is_in_the_address_and_can_be_swapped(watched: Any) -> None:
    page = watched.go(address(A, B))
    page.locator("button", has_text="Swap").click()
    page.wait_for_selector(f"#dtl-compare[data-ready='{B} {A}']")
    assert urllib.parse.quote(B) in page.url.split("a=")[1].split("&")[0]
    page = watched.go("compare.html#a=nobody&b=%3Cb%3E")
    assert page.locator("#dtl-compare select").count() == 2
    page = watched.go(address(A, A))
    assert page.locator("main h1").inner_text() == "Case base 2035"
    assert page.locator("#dtl-compare .dtl-chips").count() == 0, "nothing is new or cured where nothing is compared"


def test_a_worst_case_that_is_a_baseline_is_compared_with_what_builds_on_it(watched: Any) -> None:
    page = watched.go("compare.html")
    pair = page.evaluate("""() => {
        const names = ["base@2026", "base@2030", "works@2026", "works@2030"];
        const cases = names.map((name) => ({ case: name, baseline: name.replace("works", "base") }));
        const none = { meta: { metrics: [] }, feeders: { get: () => [] } };
        return new DTL.ComparePage(null, { cases, worst_case: "base@2030" }, none).pair;
    }""")
    assert pair == [1, 3]


def test_legend_of_the_map_counts_what_is_drawn(watched: Any, made: Any) -> None:
    a, b = "base@2026", "growth@2035"
    loads: dict[str, dict[tuple[str, str, str], float]] = {a: {}, b: {}}
    for feeder, path in made.inputs["powerflow"].items():
        for row in tables.read("powerflow", path).to_pylist():
            if row["case"] in loads and row["max_load_pct"] is not None and not row["phase"]:
                limit = 1.2 if row["kind"] == "transformer" else 1.0
                loads[row["case"]][feeder, row["kind"], row["element"]] = row["max_load_pct"] / limit
    changes = [loads[b][part] - loads[a][part] for part in loads[a].keys() & loads[b].keys()]
    expected = [sum(low < c <= high for c in changes) for low, high in pairwise([-1e9, -10, -1, 1, 10, 1e9])]
    page = watched.go(address(a, b))
    page.wait_for_selector(".dtl-keys b")
    shown = {int(n.get_attribute("data-class")): int(n.inner_text()) for n in page.locator(".dtl-keys b").all()}
    assert [shown[k] for k in range(5)] == expected and len([e for e in expected if e]) >= 2 and shown[5] > 0
    page.evaluate("DTL.MOST_PARTS = 0")  # as in a study of many feeders, which is drawn by the ways of its overview
    page.locator("button", has_text="Swap").click()
    page.wait_for_selector(".dtl-keys:has-text('one class higher') b")
    paths = payload_reader.read(made.www / "data" / "ov.js")[1]["paths"]
    before, after = (paths[f"load@{made_study.CASES.index(c)}"] for c in (b, a))
    steps = [None if None in p else min(4, max(0, 2 + p[1] - p[0])) for p in zip(before, after, strict=True)]
    shown = {int(n.get_attribute("data-class")): int(n.inner_text()) for n in page.locator(".dtl-keys b").all()}
    assert shown == {k: steps.count(k) for k in range(5)} | {5: steps.count(None)} and shown[5] > 0 < shown[2]
    page = watched.go(address(A, A))
    page.wait_for_selector(".dtl-keys b")
    own = page.locator(".dtl-keys b").all_inner_texts()
    assert (
        own
        == watched.go(f"map.html#{urllib.parse.urlencode({'by': 'load', 's': A})}")
        .locator("#dtl-legend b")
        .all_inner_texts()
    )


def test_hostile_names_stay_text(watched: Any) -> None:
    page = watched.go(address("base@2026", "growth@2026"))
    cell = page.locator("#dtl-compare th a", has_text="Ost").first
    assert cell.inner_text() == made_study.ODD and page.locator("#dtl-compare th a b").count() == 0
