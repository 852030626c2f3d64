"""Who adopts: exact, nested, and of nothing but its own feeder."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from layered_cases import CONTEXT, demand_of, feeder_of, street

from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.scenarios.allocate import adopters
from dtl.scenarios.context import Context
from dtl.scenarios.state import State, state_of

ROWS = street(40, 10)
FEEDER = feeder_of(ROWS)
PLACES: tuple[Any, ...] = ("uniform", "clustered", {"weight": "income"})
AREAS = {
    "east": {"buses": [f"b_t{i:03d}" for i in range(20)], "columns": {"income": 4.0}},
    "west": {"feeders": ["f*"], "columns": {"income": 1.0}},
}
WITH_AREAS = replace(CONTEXT, areas=AREAS)


def state(feeder: Feeder = FEEDER, order: tuple[str, ...] = ()) -> State:
    return state_of(feeder, demand_of(feeder, order), CONTEXT)


def layer(**changes: Any) -> dict[str, Any]:
    return {"name": "cars", "kind": "ev", "penetration": 0.3, "by": 2030, "to": "residential"} | changes


def placed(on: State | None = None, context: Context = WITH_AREAS, *, kw_each: float = 7.2, **changes: Any) -> Any:
    return adopters(layer(**changes), on or state(), context, kw_each=kw_each)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_the_number_is_exact_and_adopters_stay(place: Any) -> None:
    homes = sum(count for _, word, count, _ in ROWS if word == "residential")
    before = np.zeros(len(ROWS), np.int64)
    for share in (0.0, 0.01, 0.1, 0.15, 0.3, 0.77, 1.0):
        now = placed(penetration=share, place=place)
        assert now.sum() == int(share * homes + 0.5)
        assert (now >= before).all() and (now <= state().customers).all()
        assert not now[np.array(state().classes) != "residential"].any()
        before = now


def test_years_lie_on_a_straight_line_and_nest() -> None:
    by_year = [placed(context=replace(WITH_AREAS, year=y), penetration=1.0, by=2035) for y in range(2025, 2038)]
    homes = by_year[-1].sum()
    assert [int(n.sum()) for n in by_year] == [min(int(homes * k / 10 + 0.5), homes) for k in range(13)]
    assert all((a <= b).all() for a, b in pairwise(by_year))


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_the_order_of_loads_and_other_feeders_mean_nothing(place: Any) -> None:
    one = state()
    other = state(order=tuple(reversed([n for n, *_ in ROWS])))
    found = dict(zip(one.loads, placed(one, place=place), strict=True))
    assert found == dict(zip(other.loads, placed(other, place=place), strict=True))
    assert (placed(one, place=place, seed=1) != placed(one, place=place)).any()


def test_clustered_adopters_are_neighbours() -> None:
    rows = [(f"t{i:03d}", "residential", 4, 8.0) for i in range(200)]
    feeder = feeder_of(rows)
    at = {f"b_t{i:03d}": (float(i % 20), float(i // 20)) for i in range(200)}
    buses = tuple(b.model_copy(update={"x": at[b.name][0], "y": at[b.name][1]}) for b in feeder.buses)
    on = state(feeder.model_copy(update={"buses": buses}))

    def likeness(place: str) -> float:
        found = []
        for seed in range(6):
            grid = placed(on, place=place, seed=seed).reshape(10, 20).astype(float)
            found.append(np.corrcoef(grid[:, :-1].ravel(), grid[:, 1:].ravel())[0, 1])
        return float(np.mean(found))

    assert likeness("clustered") > 0.5
    assert abs(likeness("uniform")) < 0.15


def test_weights_of_areas_draw_adopters() -> None:
    found = placed(penetration=0.2, place={"weight": "income"})
    homes = state().customers
    east = np.array([b in AREAS["east"]["buses"] for b in state().buses])
    west = ~east & (np.array(state().classes) == "residential")
    rate = [found[part].sum() / homes[part].sum() for part in (east, west)]
    assert rate[0] > 2.0 * rate[1]
    with pytest.raises(SolveError, match="no area of this feeder has a column 'incom'; did you mean 'income'"):
        placed(place={"weight": "incom"})


def test_what_the_level_is_a_share_of() -> None:
    on = state()
    homes = np.array(on.classes) == "residential"
    assert placed(of="units", penetration=0.5).sum() == 20
    peak = on.base.kw.highest()[homes].sum()
    assert placed(of="peak_kw", penetration=0.4).sum() == int(0.4 * peak / 7.2 + 0.5)


def test_what_is_in_service_counts_or_does_not() -> None:
    rows = [{"type": "ev", "status": "in_service", "bus": "f:b_t003"}] * 2
    rows += [{"type": "ev", "status": "queued", "bus": "b_t004"}, {"type": "pv", "status": "in_service", "bus": "b_t5"}]
    context = replace(WITH_AREAS, register=tuple(rows))
    without, counted = placed(), placed(context=context)
    assert counted.sum() == without.sum() - 2
    assert (placed(context=context, counts="new") == without).all()


def forecast(*rows: tuple[int, str, float], unit: str = "share") -> Context:
    told = [{"source": "f", "what": "ev", "year": y, "area": a, "value": v, "unit": unit} for y, a, v in rows]
    return replace(WITH_AREAS, forecast=tuple(told))


def test_a_forecast_gives_path_and_areas() -> None:
    follow = {"forecast": "f", "what": "ev"}
    east = np.array([b in AREAS["east"]["buses"] for b in state().buses])
    both = forecast((2025, "east", 0.0), (2035, "east", 0.6), (2030, "*", 0.1))
    found = placed(context=both, penetration=None, follow=follow)
    assert found[east].sum() == int(0.3 * state().customers[east].sum() + 0.5)
    path = forecast((2025, "*", 0.0), (2030, "*", 0.05), (2035, "*", 0.5))
    homes = sum(count for _, word, count, _ in ROWS if word == "residential")
    assert placed(context=path, by=2035, penetration=0.8, follow=follow).sum() == int(0.08 * homes + 0.5)
    assert placed(context=forecast((2030, "f", 37.0), unit="count"), penetration=None, follow=follow).sum() == 37
    assert placed(context=forecast((2030, "f", 72.0), unit="kw"), penetration=None, follow=follow).sum() == 10
    with pytest.raises(SolveError, match="an adoption needs share, count or kw"):
        placed(context=forecast((2030, "*", 0.02), unit="per_year"), penetration=None, follow=follow)
    with pytest.raises(SolveError, match="the forecast 'f' has no 'evs' for this feeder; did you mean 'ev'"):
        placed(context=path, follow={"forecast": "f", "what": "evs"})


def test_a_class_needs_customers() -> None:
    bare = state(feeder_of([(n, w, 0, kw) for n, w, _, kw in ROWS]))
    with pytest.raises(SolveError, match="no load of class 'residential' has a customer"):
        placed(bare)
    with pytest.raises(SolveError, match="is of class 'industrial'; there is 'commercial', 'residential'"):
        placed(to="industrial", only_feeder=True)
