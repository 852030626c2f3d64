"""The comparison with a reference, on numbers by hand."""

from __future__ import annotations

from typing import Any

import pytest

from dtl.powerflow.against import Gate, compare, summary, unmatched, worst_buses


def ref(kind: str, element: str, phase: str, quantity: str, value: float, section: str = "") -> dict[str, Any]:
    return {"source": "r", "feeder": "f", "kind": kind, "element": element, "section": section, "phase": phase,
            "quantity": quantity, "value": value, "file": "r.csv", "line": 2}  # fmt: skip


def ours(kind: str, element: str, phase: str, quantity: str, value: float) -> dict[str, Any]:
    return {"feeder": "f", "kind": kind, "element": element, "phase": phase, "quantity": quantity, "value": value}


STATE = [
    ours("bus", "b1", "A", "v_pu", 1.0),
    ours("bus", "b1", "B", "v_pu", 0.99),
    ours("bus", "b2", "A", "kv_ln", 2.40),
    ours("line", "l1__1", "A", "amps", 101.0),
    ours("switch", "s1", "A", "amps", 5.0),
    ours("transformer", "s1", "A", "load_pct", 50.0),
    ours("line", "sec9", "", "load_pct", 70.0),
    {**ours("bus", "b3", "A", "v_pu", 1.0), "feeder": "other"},
]


def test_rmse_mean_and_largest() -> None:
    volts = [ref("bus", "b1", "A", "v_pu", 0.997), ref("bus", "b1", "B", "v_pu", 0.994)]
    rows = compare([*volts, ref("bus", "b2", "A", "kv_ln", 2.4)], STATE, "f")
    found = summary(rows, Gate(), {"b2": 2.4})
    assert found.rmse["v_pu"] == pytest.approx(((0.003**2 + 0.004**2 + 0.0) / 3) ** 0.5)
    assert found.mean["v_pu"] == pytest.approx((0.003 - 0.004) / 3)
    assert found.worst["v_pu"]["deviation"] == pytest.approx(-0.004)
    assert found.broken == ()
    assert found.coverage == 1.0
    assert [(r["element"], r["phase"]) for r in worst_buses(rows, 5)] == [("b1", "B")]
    tight = summary(rows, Gate(rmse_pu=0.002, max_pu=0.0039, loading_pct=3), {"b2": 2.4})
    assert [b.split(" of ")[0] for b in tight.broken] == ["rmse", "largest difference"]


def test_a_branch_is_found_by_its_half_its_kind_and_its_section() -> None:
    rows = compare(
        [
            ref("branch", "l1", "A", "amps", 100.0),
            ref("branch", "s1", "A", "load_pct", 45.0),
            ref("branch", "s1", "A", "amps", 5.0),
            ref("branch", "unknown", "", "load_pct", 70.5, section="sec9"),
        ],
        STATE,
        "f",
    )
    assert [r["matched"] for r in rows] == ["line.l1__1", "transformer.s1", "switch.s1", "line.sec9"]
    assert [r["deviation"] for r in rows] == pytest.approx([1.0, 5.0, 0.0, -0.5])
    assert summary(rows, Gate()).broken == ("largest difference of loadings 5 %, 3 % is allowed",)


def test_what_is_not_there_is_listed_and_says_why() -> None:
    lost = [ref("bus", "b3", "A", "v_pu", 1.0), ref("bus", "b1", "C", "v_pu", 1.0), ref("head", "", "", "kw", 7.0)]
    rows = compare(lost, STATE, "f")
    assert unmatched(rows) == {"bus b3": 1, "head": 1}, "the bus of another feeder is not this one's"
    assert rows[1]["note"] == "bus.b1 has no v_pu on C; it has A B"
    found = summary(rows, Gate())
    assert (found.matched, found.unmatched, found.coverage) == (0, 3, 0.0)
    assert found.broken == ("nothing of the reference could be compared",)
