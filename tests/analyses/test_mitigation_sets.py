"""Sets of measures, prices and schedules, without a power flow: what excludes itself, what adds up, what it costs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from dtl.analyses.mitigation import schedule
from dtl.analyses.mitigation.measure import Measure, together, with_measures
from dtl.analyses.mitigation.plans import read
from dtl.analyses.mitigation.prices import Price, Prices
from dtl.analyses.mitigation.sets import FEW, Set, Tried, search, undominated


def transformer(name: str, kva: float = 75.0) -> Measure:
    step = {"replace_transformer": {"at": f"F1:{name}", "kva": kva}}
    return Measure("transformer", "F1", f"transformer {name}", (step,), size=f"{kva:g} kVA", amount=kva, phases=1)


def coverage(seed: int, count: int) -> tuple[list[Measure], list[float], Any]:
    """Measures that each cure some of twenty violations: what two cure both counts once, as in a network."""
    rng = np.random.default_rng(seed)
    cures = rng.random((count, 20)) < 0.3
    hours = rng.integers(1, 100, 20)
    costs = rng.integers(5, 60, count).astype(float).tolist()
    measures = [transformer(f"t{i}") for i in range(count)]
    return measures, costs, lambda s: float(hours[cures[list(s)].any(axis=0)].sum()) if s else 0.0


def best(costs: list[float], value: Any, budget: float) -> float:
    """The most that any set within a budget removes, by enumeration."""
    every = (s for n in range(len(costs) + 1) for s in itertools.combinations(range(len(costs)), n))
    return float(max(value(s) for s in every if sum(costs[i] for i in s) <= budget))


def reached(tried: Tried, sets: list[Set], budget: float) -> float:
    return max((tried.values[s] for s in sets if tried.cost(s) <= budget), default=0.0)


@pytest.mark.parametrize("seed", range(4))
def test_few_measures_have_no_regret(seed: int) -> None:
    measures, costs, value = coverage(seed, FEW)
    tried = Tried(measures, costs, value)
    sets = search(tried)
    for budget in (0.0, 20.0, 40.0, 80.0, 1e9):
        assert reached(tried, sets, budget) == best(costs, value, budget)


@pytest.mark.parametrize("seed", range(6))
def test_many_measures_have_a_regret_of_a_tenth_at_most_in_the_mean(seed: int) -> None:
    measures, costs, value = coverage(seed + 100, 10)
    tried = Tried(measures, costs, value)
    sets = search(tried)
    regret = [1.0 - reached(tried, sets, b) / best(costs, value, b) for b in np.linspace(40.0, sum(costs), 8).tolist()]
    assert np.mean(regret) <= 0.10
    assert reached(tried, sets, sum(costs)) == best(costs, value, sum(costs)), "all money removes all that can be"
    assert len(tried.values) < 2**10 / 4, "by far not every set was solved"


def test_no_set_stands_before_one_that_beats_it() -> None:
    measures, costs, value = coverage(3, 9)
    tried = Tried(measures, costs, value)
    sets = search(tried)
    assert len(sets) > 1
    for one, other in itertools.permutations(sets, 2):
        assert tried.cost(one) > tried.cost(other) or tried.values[one] < tried.values[other] or one == other


def test_a_useless_measure_changes_nothing() -> None:
    measures, costs, value = coverage(5, 4)
    before = {(Tried(measures, costs, value).cost(s), value(s)) for s in search(Tried(measures, costs, value))}
    more = [*measures, transformer("idle")]
    tried = Tried(more, [*costs, 0.5], lambda s: value(tuple(i for i in s if i < 4)))
    assert {(tried.cost(s), tried.values[s]) for s in search(tried)} == before


def test_the_same_edit_twice_is_not_counted_twice() -> None:
    two = [transformer("t1", 75.0), transformer("t1", 100.0)]
    assert not together(two)
    tried = Tried(two, [10.0, 12.0], lambda s: 7.0 * len(s))
    assert all(len(s) <= 1 for s in search(tried))
    assert tried.of((0, 1)) is None


def test_measures_that_must_be_there_are_in_every_set() -> None:
    measures, costs, value = coverage(7, 8)
    tried = Tried(measures, costs, value)
    assert all(2 in s for s in search(tried, (2,)))


def test_a_measure_without_solution_is_in_no_set() -> None:
    measures, costs, value = coverage(8, 4)
    tried = Tried(measures, costs, lambda s: None if 1 in s else value(s))
    assert all(1 not in s for s in search(tried))


def test_of_equal_sets_the_one_of_fewest_measures_stays() -> None:
    tried = Tried([transformer("a"), transformer("b")], [5.0, 0.0], lambda s: 3.0 if 0 in s else 0.0)
    tried.of((0, 1)), tried.of((0,))
    assert undominated(tried, list(tried.values)) == [(), (0,)]


def test_words_of_layers_and_works_go_where_they_belong() -> None:
    layers = [{"name": "roofs", "kind": "solar"}, {"name": "cars", "kind": "ev", "charging": {"like": "home"}}]
    some = [Measure("volt_var", "F1", "inverters", words={"roofs": {"volt_var": "ieee_1547_b"}}), transformer("t1")]
    found = {layer["name"]: layer for layer in with_measures(layers, some)}
    assert found["roofs"]["volt_var"] == "ieee_1547_b" and found["cars"] == layers[1]
    assert found["mitigation"]["do"] == [{"replace_transformer": {"at": "F1:t1", "kva": 75.0}}]


def cost(option: str, cost: float, size: str = "", unit: str = "each") -> dict[str, Any]:
    return {
        "source": "c",
        "option": option,
        "size": size,
        "unit": unit,
        "cost": cost,
        "life_years": None,
        "om_pct": None,
    }


@pytest.mark.parametrize(
    ("rows", "measure", "expected"),
    [
        ([cost("transformer_1ph_75_kva", 9.0), cost("transformer_1ph_100_kva", 11.0)], transformer("t"), 9.0),
        ([cost("transformer", 11.0, "100 kVA"), cost("transformer", 20.0, "250 kVA")], transformer("t"), 11.0),
        ([cost("transformer_3ph_100_kva", 11.0)], transformer("t"), "no row of the costs for transformer fits"),
        ([cost("transformer", 2.0, unit="kva")], transformer("t"), 150.0),
        ([cost("transformer", 2.0, unit="km")], transformer("t"), "is per km, of which transformer has no number"),
        ([cost("capacitor", 2.0)], transformer("t"), "the costs have no row for transformer"),
    ],
)
def test_a_price_is_that_of_the_row_that_fits(rows: list[Any], measure: Measure, expected: float | str) -> None:
    found = Prices(rows, "c").of(measure)
    if isinstance(expected, float):
        assert isinstance(found, Price) and found.cost == expected
    else:
        assert isinstance(found, str) and expected in found


def test_lines_are_priced_by_placement_conductor_and_length() -> None:
    rows = [cost("reconductor_overhead", 100.0, unit="km"), cost("reconductor_underground", 500.0, unit="km"),
            cost("reconductor", 90.0, "4/0_acsr", "km"), cost("recloser", 5.0)]  # fmt: skip
    prices = Prices(rows, "c")

    def priced(placement: str, conductor: str) -> float:
        found = prices.of(Measure("reconductor", "F1", "line a", amount=2.0, placement=placement, conductor=conductor))
        assert isinstance(found, Price)
        return found.cost

    assert priced("underground", "cable_1") == 1000.0
    assert priced("overhead", "336_acsr") == 200.0
    assert priced("overhead", "4/0_acsr") == 180.0
    assert prices.unknown == ["recloser"]


def package(
    name: str, group: str, measures: str, cost: float, after: float | None, case: str = "high"
) -> dict[str, Any]:
    return {
        "feeder": group, "case": case, "group": group, "package": name, "measures": measures, "cost": cost,
        "worth": 0.0,
        "verdict": "not_solved" if after is None else "still_violates" if after else "solves", "left": "",
        "element_h_before": 100.0, "element_h_after": after, "loss_kwh_before": 10.0,
        "loss_kwh_after": None if after is None else 10.0,
    }  # fmt: skip


def measure(group: str, name: str, cost: float) -> dict[str, Any]:
    return {"group": group, "measure": name, "feeder": group, "cost": cost, "life_years": 20.0, "om_pct": 2.0,
            "element_h_before": 100.0, "element_h_after": 40.0, "steps": "[]", "words": "{}",
            "place": f"line {name}"}  # fmt: skip


def test_a_set_that_still_violates_in_one_case_does_not_solve() -> None:
    rows = [package("P00", "A", "[]", 0, 100.0), package("P00", "A", "[]", 0, 100.0, "base"),
            package("P01", "A", '["M01"]', 5, 0.0), package("P01", "A", '["M01"]', 5, 3.0, "base")]  # fmt: skip
    plans = read([measure("A", "M01", 5.0)], rows, {})
    assert plans.plans[0].verdict == "still_violates" and plans.verdict((0,)) == "still_violates"
    assert plans.left_h((0,)) == 1.5 and plans.before_h == 100.0


def test_money_counts_renewal_and_operation() -> None:
    words = {"value": {"violation_hour": 1.0, "loss_kwh": 0.0}, "discount_rate": 0.07, "horizon_years": 20.0}
    rows = [package("P00", "A", "[]", 0, 100.0), package("P01", "A", '["M01"]', 500.0, 0.0)]
    (plan,) = read([measure("A", "M01", 500.0)], rows, words).plans
    factor = (1.0 - 1.07**-20) / 0.07
    assert plan.npv == pytest.approx(100.0 * factor - 500.0 - 0.02 * 500.0 * factor)


def test_works_wait_for_the_money_of_their_year() -> None:
    measures = [
        {**measure("A", "M01", 60.0), "element_h_after": 10.0},
        measure("A", "M02", 50.0),
        measure("A", "M03", 30.0),
    ]
    rows = [package("P00", "A", "[]", 0, 100.0), package("P01", "A", '["M01", "M02", "M03"]', 140.0, 0.0)]
    plans = read(measures, rows, {})
    words = {"spend": {2027: 40.0, 2028: 60.0, 2029: 50.0}, "budget": 200.0}
    assert schedule.budget(words) == 150.0
    assert schedule.years(plans.plans, plans, words) == {("A", "M03"): 2027, ("A", "M01"): 2028, ("A", "M02"): 2029}
