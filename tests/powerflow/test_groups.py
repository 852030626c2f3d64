"""Several feeders solved as one circuit: each has its own rows, and the group balances as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from power_cases import LIMITS, demand_of, own, solve_spec

from dtl.demand.calendar import Calendar
from dtl.network.feeder import Bus, Feeder, Line, Load, Source, Switch
from dtl.powerflow import results, solve

CASE = {"scenario": "base", "year": 0, "case": "base"}


def parts(name: str, kw: float) -> dict[str, Any]:
    nodes = {"from_nodes": (1, 2, 3), "to_nodes": (1, 2, 3)}
    return {
        "sources": Source(name=f"head_{name}", bus=f"sub_{name}", kv_ll=12.47, r1_ohm=0.1, x1_ohm=0.5, r0_ohm=0.1,
                          x0_ohm=0.5, feeder=name),
        "buses": [Bus(name=f"{b}_{name}", nodes=(1, 2, 3), kv_ln=7.2, feeder=name) for b in ("end", "sub")],
        "lines": Line(name=f"line_{name}", from_bus=f"sub_{name}", to_bus=f"end_{name}", length_km=4.0,
                      line_code="abc", **nodes),
        "loads": Load(name=f"load_{name}", bus=f"end_{name}", nodes=(1, 2, 3), phases=3, kv=12.47, kw=kw, kvar=kw / 3,
                      min_pu=0.8, max_pu=1.2),
    }  # fmt: skip


def group(*names: str, tie: bool = False) -> Feeder:
    each = [parts(n, 300.0 if n == "a" else 900.0) for n in names]
    code = own("mixed").line_code["abc"]
    switch = Switch(name="tie", from_bus="end_a", to_bus="end_b", from_nodes=(1, 2, 3), to_nodes=(1, 2, 3))
    return Feeder(
        id="+".join(names),
        feeders=names,
        sources=tuple(p["sources"] for p in each),
        buses=tuple(sorted((b for p in each for b in p["buses"]), key=lambda b: b.name)),
        line_codes=(code,),
        lines=tuple(p["lines"] for p in each),
        switches=(switch,) if tie else (),
        loads=tuple(p["loads"] for p in each),
    )


def solved(feeder: Feeder) -> tuple[pa.Table, pa.Table]:
    spec = solve_spec(limits=LIMITS)
    reduction = solve.run(feeder, demand_of(feeder), Calendar(), spec).reduction
    assert reduction.balance_max_rel <= 1e-6
    return results.hourly(reduction, CASE), results.powerflow(reduction, CASE)


def test_feeders_apart_are_what_they_are_alone() -> None:
    together, flows = (t.to_pandas() for t in solved(group("a", "b")))
    for name in ("a", "b"):
        alone = solved(group(name))[0].to_pandas()
        mine = together[together["feeder"] == name]
        assert len(mine) == len(alone) == 48
        for column in ("source_kw", "load_kw", "loss_kw", "loss_line_kw"):
            np.testing.assert_allclose(mine[column], alone[column], rtol=1e-5)
        heads = flows[(flows["feeder"] == name) & (flows["kind"] == "head")]
        assert heads["kwh"].tolist() == pytest.approx([mine["source_kw"].sum()], rel=1e-6)


def test_a_closed_tie_lets_one_head_feed_the_other() -> None:
    together = solved(group("a", "b", tie=True))[0].to_pandas()
    sums = together.groupby("feeder", observed=True)[["source_kw", "load_kw", "loss_kw"]].sum()
    given = sums["source_kw"] - sums["load_kw"] - sums["loss_kw"]
    assert given["a"] > 1000.0
    assert given.sum() == pytest.approx(0.0, abs=1e-6 * sums["source_kw"].sum())


def test_extremes_of_an_hour_are_the_feeders_own() -> None:
    together = solved(group("a", "b"))[0].to_pandas().set_index(["feeder", "hour"])
    for name in ("a", "b"):
        alone = solved(group(name))[0].to_pandas().set_index("hour")
        for column in ("min_pu", "max_pu", "max_load_pct"):
            np.testing.assert_allclose(together.loc[name][column], alone[column], rtol=1e-5)
    assert (together.loc["a"]["max_load_pct"] < together.loc["b"]["max_load_pct"]).all()
