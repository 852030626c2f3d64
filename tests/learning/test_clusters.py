"""Archetypes: known groups come back, shifts need warping, sizes weigh up to the population, bad data are answered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from learning.made_tables import readings
from sklearn.metrics import adjusted_rand_score

from dtl import tables
from dtl.learning import clusters
from dtl.learning import families as levels
from dtl.learning.archetypes import Groups, group
from dtl.learning.families import families
from dtl.learning.insight import NOT_ENOUGH, NotEnough

HOURS = np.arange(72) % 24
KINDS = np.stack(
    [
        np.exp(-0.5 * ((HOURS - 19) / 2.0) ** 2) + 0.4 * np.exp(-0.5 * ((HOURS - 7) / 1.5) ** 2),
        ((HOURS >= 8) & (HOURS < 18) & (np.arange(72) < 48)) * 1.0,
        (HOURS < 6) * 1.0 + (HOURS == 23),
        1.0 - 0.8 * np.exp(-0.5 * ((HOURS - 12) / 2.5) ** 2),
    ]
)


def population(each: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy customers of four kinds at very different scales."""
    rng = np.random.default_rng(5)
    truth = np.repeat(np.arange(len(KINDS)), each)
    scale = rng.lognormal(0, 1.5, len(truth))[:, None]
    return scale * (0.3 + KINDS[truth] + rng.normal(0, 0.12, (len(truth), 72))), truth


def made(curves: np.ndarray, number: int | None = None) -> Groups:
    found = group(curves, number)
    assert isinstance(found, Groups)
    return found


def test_kinds_come_back_without_their_number() -> None:
    curves, truth = population(40)
    found = made(curves)
    assert adjusted_rand_score(truth, found.label) > 0.9
    assert found.stability > 0.8


@pytest.mark.slow
def test_a_shift_of_an_hour_is_no_other_kind() -> None:
    rng = np.random.default_rng(1)
    sharp = np.stack([(HOURS == 7) + 0.7 * (HOURS == 18), (HOURS == 11) + 0.7 * (HOURS == 15)]).astype(float)
    truth = np.repeat([0, 1], 30)
    curves = np.stack([np.roll(sharp[t], rng.integers(-1, 2)) for t in truth]) + rng.normal(0, 0.01, (60, 72))
    assert adjusted_rand_score(truth, made(curves, 2).label) == 1.0


def test_order_and_scale_of_customers_do_not_matter() -> None:
    curves, _ = population(40)
    order = np.random.default_rng(0).permutation(len(curves))
    first, second = made(curves), made(1000 * curves[order])
    assert adjusted_rand_score(first.label[order], second.label) == 1.0
    assert (np.diff(np.bincount(first.label)) <= 0).all(), "groups are numbered by falling size"


def test_curves_of_groups_weigh_up_to_the_population() -> None:
    curves, _ = population(40)
    found = made(curves)
    sizes = np.bincount(found.label)
    means = np.stack([curves[found.label == g].mean(0) for g in range(len(sizes))])
    assert (sizes @ means / sizes.sum()) == pytest.approx(curves.mean(0), abs=1e-9)


def nested(each: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customers of two families, day and night; each has three kinds, an hour apart from the next."""
    rng = np.random.default_rng(7)
    kind = np.repeat(np.arange(6), each)
    starts = np.array([8, 9, 10, 21, 22, 23])[kind]
    high = (HOURS[None, :] - starts[:, None]) % 24 < 6
    scale = rng.lognormal(0, 1.0, len(kind))[:, None]
    return scale * (0.3 + high + rng.normal(0, 0.1, high.shape)), kind, kind // 3


def test_families_put_together_what_archetypes_tell_apart() -> None:
    curves, kind, truth = nested(30)
    found = made(curves)
    assert adjusted_rand_score(kind, found.label) > 0.9
    family = families(curves, found.label)
    assert len(family) == found.label.max() + 1
    assert adjusted_rand_score(truth, family[found.label]) == 1.0


def test_families_are_numbered_by_size_whatever_the_order_of_customers() -> None:
    curves, kind, truth = nested(30)
    curves, kind, truth = curves[20:], kind[20:], truth[20:]
    found = made(curves)
    family = families(curves, found.label)[found.label]
    assert np.bincount(family).tolist() == [90, 70]
    order = np.random.default_rng(0).permutation(len(curves))
    again = made(1000 * curves[order])
    assert (families(1000 * curves[order], again.label)[again.label] == family[order]).all()


def test_an_archetype_is_in_one_family_though_curves_disagree() -> None:
    curves, kind, _ = nested(30)
    mixed = np.where(np.arange(len(kind)) % 10 == 0, (kind + 3) % 6, kind)
    assert families(curves, mixed, 2).tolist() == [0, 0, 0, 1, 1, 1]


def test_families_of_a_sample_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    curves, kind, _ = nested(30)
    full = families(curves, kind)
    monkeypatch.setattr(levels, "MOST_CURVES", 60)
    assert (families(curves, kind) == full).all()


def test_a_curve_in_no_group_is_in_no_family() -> None:
    curves, kind, _ = nested(30)
    curves[5], kind[5] = np.nan, -1
    assert families(curves, kind).tolist() == [1, 1, 1, 0, 0, 0], "by day one customer less"


def test_one_archetype_is_one_family() -> None:
    curves, _, _ = nested(2)
    assert families(curves, np.zeros(len(curves), int)).tolist() == [0]


BAD = {
    "few": (np.random.default_rng(0).normal(1, 0.1, (3, 72)), "3 curves"),
    "zero": (np.zeros((50, 72)), "0 curves have a shape"),
    "missing": (np.full((50, 72), np.nan), "0 curves have a shape"),
    "same": (np.tile(KINDS[0], (50, 1)), "the same shape"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_too_little_is_said(case: str) -> None:
    curves, why = BAD[case]
    found = group(curves)
    assert isinstance(found, NotEnough)
    assert why in found.why


def test_a_customer_without_shape_is_in_no_group() -> None:
    curves, _ = population(40)
    curves[7] = 0.0
    assert made(curves).label[7] == -1


def test_from_readings_to_archetypes() -> None:
    index = pd.date_range("2024-01-01", periods=24 * 28, freq="h")
    rng = np.random.default_rng(3)
    place = 24 * np.maximum(index.day_of_week.to_numpy() - 4, 0) + index.hour.to_numpy()
    kwh = {
        f"M{k:02d}": pd.Series((1 + k) * (0.2 + KINDS[k % 2][place] + rng.uniform(0, 0.1, 672)), index)
        for k in range(12)
    }
    kwh["HOLES"] = kwh["M00"].where(np.arange(672) % 5 > 2)
    words = {"of": "customers", "number": 2}
    found = clusters.learn(words, clusters.curves(words, {"readings": readings(kwh)}).tables)
    names = {r["element"]: r["name"] for r in found.tables["archetypes"].to_pylist()}
    assert names["M00"] == "evening peak"
    assert names["M01"] == "daytime peak, closed on Sundays"
    assert "HOLES" not in names
    rows = found.tables["archetypes"].to_pylist()
    assert {(r["archetype"], r["family"]) for r in rows} == {(0, 0), (1, 1)}
    assert all(r["family_name"] == r["name"] for r in rows), "each family is one group here"
    cards = {(i.kind, i.element): i.text for i in found.rows}
    assert "2 groups by shape in 2 families" in cards["", ""]
    assert cards["family", "00"] == "family 1, daytime peak, closed on Sundays: 6 meters in 1 group, e.g. M01, M03, M05"
    assert cards["archetype", "01"] == "evening peak, in family 2: 6 meters, e.g. M00, M02, M04"
    named = {(i.kind, i.metric) for i in found.rows if i.kind}
    assert named == {("family", "members_of_a_family"), ("archetype", "members")}, "a metric counts no meter twice"


def test_curves_of_quarters_of_an_hour_are_in_kw() -> None:
    """A load of 2 kW is 2 kW whatever interval its energy was read in."""
    given = {}
    for step, kwh in (("15min", 0.5), ("30min", 1.0), ("h", 2.0)):
        index = pd.date_range("2024-01-01", "2024-01-28 23:59", freq=step)
        given[step] = pd.Series(kwh, index)
    parts = [readings({name: series}) for name, series in given.items()]
    rows = clusters.curves({"of": "customers"}, {"readings": tables.concat("readings", parts)}).tables["curves"]
    assert np.allclose(rows["kw"].to_pylist(), 2.0)


def test_a_net_load_near_zero_does_not_name_its_group() -> None:
    """Over its mean of a thousandth, one customer with a roof would outweigh all others of his kind."""
    rng = np.random.default_rng(2)
    shapes = np.repeat(KINDS[:2], 8, axis=0) + rng.normal(0, 0.05, (16, 72)) + 0.3
    shapes[0] -= shapes[0].mean() - 0.001
    rows = [{"kind": "meter", "element": f"M{i:02d}", "kw": kw.tolist()} for i, kw in enumerate(shapes)]
    found = clusters.learn({"of": "customers", "number": 2}, {"curves": tables.frame("curves", rows)})
    names = {r["element"]: r["name"] for r in found.tables["archetypes"].to_pylist()}
    assert names["M00"] == names["M01"] == "evening peak"


def test_nothing_given_is_said() -> None:
    assert clusters.learn({}, {}).rows[0].verdict == NOT_ENOUGH
