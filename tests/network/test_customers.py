"""Customers of the loads of a transformer are its meters, wherever customers are counted."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layered_cases import feeder_of

from dtl import tables
from dtl.network.customers import apportioned, metered, moved, shares, with_meters
from dtl.network.served import counted
from dtl.network.service_transformers import serving


def part(kind: str, name: str, **body: object) -> dict[str, str]:
    return {"feeder": "f1", "kind": kind, "name": name, "body": json.dumps({"name": name, **body})}


def unit(name: str, high: str, low: str) -> dict[str, str]:
    ends = [{"bus": high, "nodes": [1], "kv": 7.2, "kva": 50}, {"bus": low, "nodes": [1], "kv": 0.24, "kva": 50}]
    return part("transformer", name, phases=1, windings=ends)


def network() -> pa.Table:
    """Transformer t1 with a load for each leg, t2 and t3 with one load; t2 has a load that is out of service."""
    return tables.frame("network", [
        part("feeder", "f1", crs=""), *(part("bus", b, x=0, y=0) for b in ("m", "s1", "s2", "s3")),
        unit("t1", "m", "s1"), unit("t2", "m", "s2"), unit("t3", "m", "s3"),
        part("load", "a", bus="s1", kw=2.0, customers=4), part("load", "b", bus="s1", kw=1.0, customers=0),
        part("load", "c", bus="s2", kw=1.0), part("load", "off", bus="s2", kw=1.0, customers=7, enabled=False),
        part("load", "d", bus="s3", kw=5.0, customers=9),
    ])  # fmt: skip


def links(basis: str = "record", **count: int) -> pa.Table:
    text = {"load": "", "phases": "", "customer_class": "", "recorded_feeder": "", "recorded_transformer": ""}
    more = {"x": None, "y": None, "distance_m": None, "confidence": 1.0, "band": "high", "basis": basis}
    names = [(f"{t}-{i}", t) for t, n in count.items() for i in range(n)] + [("lost", "")]
    rows = [
        {"feeder": "f1" if t else "", "meter": m, "transformer": t, "candidates": "", **text, **more} for m, t in names
    ]
    return tables.frame("meters", rows)


def of(table: pa.Table) -> dict[str, int]:
    bodies = [
        json.loads(b) for k, b in zip(table["kind"].to_pylist(), table["body"].to_pylist(), strict=True) if k == "load"
    ]
    return {b["name"]: b.get("customers", 1) for b in bodies}


def test_meters_count_where_they_are_linked_and_the_model_elsewhere() -> None:
    before, meters = network(), links(t1=8, t2=1)
    after, findings = with_meters(before, meters, serving(before))
    assert of(after) == {"a": 5, "b": 3, "c": 1, "off": 7, "d": 9}
    assert after.drop_columns(["body"]).equals(before.drop_columns(["body"]))
    assert [r["customers"] for r in counted(after, metered(meters))] == [5 + 3 + 1 + 9]
    assert [r["basis"] for r in counted(after, metered(meters))] == ["meters linked to transformers"]
    assert [r["basis"] for r in counted(before)] == ["customers of the model"]
    (told,) = findings
    assert (told.check, told.severity, told.feeder, told.value) == ("meters.customers", "warning", "f1", "t1 4 -> 8")
    assert told.message == (
        "1 transformer has another number of meters than of customers in the model; the meters count: "
        "9 at 2 transformers with meters, 5 before"
    )


def test_where_model_and_meters_agree_or_none_is_linked_nothing_is_told() -> None:
    before = network()
    for meters in (links(t1=4, t3=9), links()):
        after, findings = with_meters(before, meters, serving(before))
        assert not findings and sum(of(after).values()) == sum(of(before).values())
    assert after.equals(before) and metered(links()) == set()


def test_what_voltages_move_is_counted_anew_as_if_it_had_been_linked_so() -> None:
    """Three loads on buses of their own, of which the last has no meter."""
    feeder = feeder_of([("a", "", 4, 1.0), ("b", "", 1, 1.0), ("c", "", 9, 1.0)], "f1")
    first, last = links(b_a=6, b_b=1), links("voltage", b_a=2, b_b=5)
    assert moved(feeder, first) is feeder
    table = tables.frame("network", feeder.rows())
    linked, _ = with_meters(table, last, serving(table))
    assert {p.name: p.customers for p in moved(feeder, last).loads} == of(linked) == {"a": 2, "b": 5, "c": 9}


@given(st.lists(st.floats(-1.0, 50.0), min_size=1, max_size=9), st.integers(0, 200))
def test_shares_are_whole_numbers_with_the_sum_and_nearer_than_one(kw: list[float], count: int) -> None:
    of = shares(dict(enumerate(kw)))
    assert sum(of.values()) == pytest.approx(1.0)
    exact = {load: count * share for load, share in of.items()}
    whole = apportioned(exact)
    assert sum(whole.values()) == count and all(abs(whole[load] - exact[load]) <= 1.0 for load in exact)
