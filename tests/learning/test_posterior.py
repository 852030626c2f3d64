"""What measurements tell of values: two that act alike, one at its edge, laterals, what is hidden; no network."""

from __future__ import annotations

import numpy as np
import pytest

from dtl.learning.knobs import Knob
from dtl.learning.posterior import Problem, fit, huber
from dtl.learning.twin import Told

RNG = np.random.default_rng(3)
N = 96
LOAD = RNG.uniform(0.3, 1.0, N)


def knob(name: str, before: float = 1.0, choices: tuple[float, ...] = ()) -> Knob:
    low, high = (1.0, 3.0) if choices else (0.5, 2.0)
    return Knob(name, "", before, low, high, 0.5, "volts", choices=choices)


def told(value: np.ndarray, sigma: float = 0.005, zone: np.ndarray | None = None) -> Told:
    n = len(value)
    none = np.zeros(n)
    return Told(value, np.full(n, sigma), np.full(n, "volts"), np.arange(n) % 4, np.arange(n) // 12, none, none,
                np.full(n, -1) if zone is None else zone, np.full(n, 0.01))  # fmt: skip


def test_what_acts_alone_is_found_with_an_interval_that_holds_it() -> None:
    a, b = knob("a"), knob("b")
    true = 1.3 * LOAD + 0.8
    found = fit(Problem([a, b], lambda v: v[a] * LOAD + v[b], told(true + 0.005 * RNG.normal(size=N))), 24).found
    assert found[a].value == pytest.approx(1.3, abs=0.01) and found[b].value == pytest.approx(0.8, abs=0.01)
    assert found[a].low <= 1.3 <= found[a].high and found[a].high - found[a].low < 0.05
    assert not found[a].why and not found[b].why


def test_values_that_act_alike_are_not_told_apart_and_stay() -> None:
    a, b, c = knob("a"), knob("b"), knob("c")
    seen = 2.3 * LOAD + 0.7 + 0.005 * RNG.normal(size=N)
    found = fit(Problem([a, b, c], lambda v: (v[a] + v[b]) * LOAD + v[c], told(seen)), 24).found
    assert found[a].why == "the data cannot tell it apart from b"
    assert found[b].why.startswith("the data cannot tell it")
    assert not found[c].why, "what is told alone is not lost with them"


def test_what_changes_nothing_is_not_told() -> None:
    a, b = knob("a"), knob("b")
    found = fit(Problem([a, b], lambda v: v[a] * LOAD, told(1.2 * LOAD + 0.005 * RNG.normal(size=N))), 16).found
    assert found[b].why == "the data cannot tell it" and (found[b].low, found[b].high) == (0.5, 2.0)
    assert not found[a].why


def test_a_value_at_the_edge_is_flagged_and_not_taken() -> None:
    a = knob("a")
    found = fit(Problem([a], lambda v: v[a] * LOAD, told(2.6 * LOAD)), 12).found[a]
    assert found.at_bound and found.why == "it lies at the edge of the allowed range, 0.5 to 2"


def test_a_phase_is_moved_where_another_follows_and_doubted_where_two_are_alike() -> None:
    by_phase = {1.0: LOAD, 2.0: LOAD**2, 3.0: LOAD[::-1]}
    seen = by_phase[3.0] + 0.005 * RNG.normal(size=N)
    moved, alike = knob("phase", 1.0, (1.0, 2.0, 3.0)), Knob("phase", "x", 1.0, 1.0, 3.0, 1.0, "volts",
                                                            choices=(1.0, 2.0))  # fmt: skip
    found = fit(Problem([moved, alike], lambda v: by_phase[v[moved]], told(seen)), 12).found
    assert found[moved].value == 3.0 and not found[moved].why
    assert found[alike].value == 1.0 and found[alike].why == "the data cannot tell it from phase B"


def test_where_a_regulator_stands_in_its_band_widens_what_is_told_of_its_set_point() -> None:
    """An offset that all lanes of an hour share is no news of each lane: four lanes do not halve the interval."""
    hour = np.arange(N) // 4
    offset = np.repeat(0.01 * RNG.normal(size=N // 4), 4)
    seen = 1.1 + offset + 0.001 * RNG.normal(size=N)
    a = knob("a")
    alone = fit(Problem([a], lambda v: np.full(N, v[a]), told(seen, 0.001, hour)), 12).found[a]
    assert alone.low <= 1.1 <= alone.high
    assert alone.high - alone.low > 2 * 1.96 * 0.01 / np.sqrt(N // 4) * 0.8


def test_a_model_without_a_solution_costs_and_is_counted() -> None:
    a = knob("a")
    problem = Problem([a], lambda v: None if v[a] > 1.5 else v[a] * LOAD, told(1.2 * LOAD))
    assert problem.cost({a: 1.6}) > 10 * problem.cost({a: 1.4})
    assert problem.failed == 1
    assert fit(problem, 16).found[a].value == pytest.approx(1.2, abs=0.01)


def test_huber_is_half_the_square_and_then_a_line() -> None:
    assert huber(np.array([1.0, -2.0])) == 2.5
    assert huber(np.array([10.0])) == 0.5 * (2 * 3 * 10 - 9)
