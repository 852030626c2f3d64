"""Money of works and the choice under a budget: known answers M1 to M3, what of M4 needs no power flow, enumeration."""

import itertools
import math

import numpy as np
import pytest

from dtl.analyses.mitigation.money import (
    ChoiceError,
    Work,
    choose,
    fronts,
    greedy,
    present,
    recovery,
    regret,
)

P01 = (165, "23 31 29 44 53 38 63 85 89 82", "92 57 49 68 60 43 67 84 87 72")
P07 = (
    750,
    "70 73 77 80 82 87 90 94 98 106 110 113 115 118 120",
    "135 139 149 150 156 163 173 184 192 201 210 214 221 229 240",
)


def works(costs: str, values: str) -> list[Work]:
    pairs = zip(costs.split(), values.split(), strict=True)
    return [Work(f"p{i}", "transformer", float(c), float(v)) for i, (c, v) in enumerate(pairs, 1)]


def test_money_known_answers() -> None:
    assert recovery(0.07, 30) == pytest.approx(0.0805864, abs=5e-8)
    assert 100_000 * recovery(0.07, 30) == pytest.approx(8058.64, abs=0.005)
    assert present(1000, 0.08, 10) == pytest.approx(6710.08, abs=0.005)


def test_money_without_interest_and_year_by_year() -> None:
    assert recovery(0.0, 20) == 0.05
    assert recovery(1e-9, 20) == pytest.approx(0.05, rel=1e-7)
    by_hand = sum(50 / 1.05**k for k in range(1, 9))
    assert present(50, 0.05, 8) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(("case", "value"), [(P01, 309.0), (P07, 1458.0)])
def test_knapsack_instances(case: tuple[int, str, str], value: float) -> None:
    budget, costs, values = case
    found = choose(works(costs, values), budget)
    assert found.value == value
    assert found.cost <= budget
    if case is P01:
        assert found.taken == (0, 1, 2, 3, 5)


def test_greedy_trap() -> None:
    trap = works("6 5 5", "7 5 5")
    assert greedy(trap, 10).value == 7
    assert choose(trap, 10).value == 10
    assert regret(np.array([[greedy(trap, 10).value], [choose(trap, 10).value]])).tolist() == [3.0, 0.0]


def test_the_habit_goes_on_from_a_work_to_a_larger_one_at_its_place() -> None:
    """One feeder whose sets grow: the cheap one has the best ratio, and it is not the end while money is left."""
    sets = [Work("lane", name, cost, value) for name, cost, value in (("P1", 2, 9), ("P2", 10, 20), ("P3", 30, 25))]
    left = [greedy(sets, budget).taken for budget in (1, 2, 9, 10, 29, 30)]
    assert left == [(), (0,), (0,), (1,), (1,), (2,)]
    assert greedy([Work("lane", f"P{v}", 0, v) for v in (1, 2, 3)], 0).value == 3, "what costs nothing is taken"
    other = [*sets, Work("mill", "P1", 4, 3)]
    assert greedy(other, 14).taken == (1, 3)
    assert greedy(other, 10).taken == (1,), "8 more for 11 is better than 4 for 3"


def enumerated(some: list[Work], budget: float, must: set[str], never: set[str]) -> tuple[float, float] | None:
    """Highest value and the lowest cost of it, by trying every set."""
    best = None
    for size in range(len(some) + 1):
        for taken in itertools.combinations(some, size):
            places = [w.place for w in taken]
            cost = math.fsum(w.cost for w in taken)
            if len(set(places)) < size or not must <= set(places) or never & set(places) or cost > budget:
                continue
            key = (-math.fsum(w.value for w in taken), cost)
            best = key if best is None else min(best, key)
    return None if best is None else (-best[0], best[1])


def test_choice_equals_enumeration() -> None:
    rng = np.random.default_rng(5)
    for _ in range(25):
        some = [
            Work(f"p{rng.integers(5)}", "line", float(rng.integers(0, 30)), float(rng.integers(-3, 12)))
            for _ in range(9)
        ]
        budget = float(rng.integers(0, 80))
        must, never = {some[0].place}, {f"p{rng.integers(5)}"} - {some[0].place}
        expected = enumerated(some, budget, must, never)
        if expected is None:
            with pytest.raises(ChoiceError, match="more than the budget"):
                choose(some, budget, must, never)
            continue
        found = choose(some, budget, must, never)
        assert (found.value, found.cost) == pytest.approx(expected)
        assert greedy(some, budget).cost <= budget


def test_useless_and_repeated_works_change_nothing() -> None:
    budget, costs, values = P01
    some = works(costs, values)
    plain = choose(some, budget)
    assert choose([*some, Work("p99", "tap", 0.0, 0.0), Work("p98", "tap", 1.0, -4.0)], budget) == plain
    assert choose([*some, *some], 2000).value == choose(some, 2000).value == math.fsum(w.value for w in some)
    assert choose([], 100).taken == ()


def test_of_equal_value_the_cheapest() -> None:
    assert choose([Work("a", "line", 9, 5), Work("a", "tap", 2, 5), Work("b", "line", 8, 5)], 9).taken == (1,)


def test_the_budget_is_not_stretched_by_tolerance() -> None:
    assert choose([Work("a", "line", 1_000_000.4, 5.0), Work("b", "line", 900_000, 3.0)], 1_000_000).taken == (1,)


def test_small_values_count_beside_large_ones_and_dear_works_beside_cheap_ones() -> None:
    some = [
        Work("a", "line", 5, 8_760_000),
        Work("b", "line", 3, 1),
        Work("c", "tap", 3, 2),
        Work("d", "line", 1e13, 9),
    ]
    assert choose(some, 8).taken == (0, 2)


@pytest.mark.parametrize(
    ("some", "budget", "must", "never", "text"),
    [
        ("1", 5.0, {"q"}, set(), "q must have a work, and there is none"),
        ("1", 5.0, {"p1"}, {"p1"}, "is to be left alone"),
        ("1", float("nan"), set(), set(), "budget of nan"),
        ("nan", 5.0, set(), set(), "p1: transformer has cost nan"),
        ("-1", 5.0, set(), set(), "has cost -1"),
    ],
)
def test_what_cannot_be_chosen(some: str, budget: float, must: set[str], never: set[str], text: str) -> None:
    with pytest.raises(ChoiceError, match=text):
        choose(works(some, "1"), budget, must, never)


def test_fronts_never_put_a_dominated_point_first() -> None:
    points = np.array([[1, 9], [2, 5], [3, 6], [2, 5], [9, 1], [9, 9]], dtype=float)
    assert fronts(points).tolist() == [0, 0, 1, 0, 0, 2]
    rng = np.random.default_rng(7)
    many = rng.integers(0, 6, (60, 3)).astype(float)
    ranks = fronts(many)
    for i, j in itertools.permutations(range(60), 2):
        if (many[i] <= many[j]).all() and (many[i] < many[j]).any():
            assert ranks[i] < ranks[j]
    assert len(fronts(np.zeros((0, 2)))) == 0
