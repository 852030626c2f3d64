"""Which engine is chosen and why, and what the audit does to an answer that is not exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from power_cases import demand_of, solve_spec

from dtl.demand.calendar import HOURS, Calendar
from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Switch
from dtl.powerflow import audit as audits
from dtl.powerflow import batch, engine, head
from dtl.powerflow.balanced import NotBalanced, balanced
from dtl.powerflow.choose import FEW_HOURS, choose
from dtl.powerflow.opendss import Block, Year
from dtl.powerflow.reduce import Reduction
from dtl.powerflow.solve import Solved, _reduced, run
from dtl.sources import opendss as source

DEMO = Path(__file__).parents[2] / "studies" / "demo" / "data" / "opendss"
MANY = list(range(0, HOURS, 20))


def solved(feeder: Feeder, **changes: Any) -> Solved:
    return run(feeder, demand_of(feeder), Calendar(), solve_spec(hours=MANY, **changes))


def demo(name: str) -> Feeder:
    """A feeder of the demo, written by us."""
    files = {p.name: p for p in (DEMO / name).iterdir()}
    ((feeder, parts),) = source.read("m", {"kind": "opendss", "path": "master.dss"}, files).parts.items()
    rows = [
        {"feeder": feeder, "kind": k, "name": n, "body": p.model_dump_json(exclude_defaults=True)}
        for (k, n), p in parts.items()
    ]
    return head.served(Feeder.from_parts(rows))[0]


@pytest.mark.parametrize(
    ("asked", "controls", "hours", "engine", "reason"),
    [
        ("auto", "frozen", 8760, "batch", "auto: controls are frozen, and all loads are of ported models"),
        ("auto", "active", 8760, "opendss", "auto: transformer reg is controlled, and 1 more"),
        ("auto", "frozen", FEW_HOURS - 1, "opendss", "auto: 319 hours are too few to be worth an audit"),
        ("opendss", "frozen", 8760, "opendss", "opendss: the study says so"),
        ("batch", "frozen", 3, "batch", "batch: the study says so"),
    ],
)
def test_the_choice_and_its_reason(
    mixed: Feeder, asked: str, controls: str, hours: int, engine: str, reason: str
) -> None:
    assert choose(mixed, hours, solve_spec(engine=asked, controls=controls)) == (engine, reason)


def test_a_model_that_is_not_ported_goes_to_opendss_or_is_refused(mixed: Feeder) -> None:
    motors = tuple(p.model_copy(update={"model": 3}) for p in mixed.loads)
    feeder = mixed.model_copy(update={"loads": motors})
    engine, reason = choose(feeder, 8760, solve_spec(controls="frozen"))
    assert (engine, reason) == ("opendss", f"auto: load {motors[0].name} has load model 3")
    with pytest.raises(SolveError, match=r"engine batch cannot solve this feeder: load \w+ has load model 3"):
        choose(feeder, 8760, solve_spec(engine="batch", controls="frozen"))
    with pytest.raises(SolveError, match="transformer reg is controlled"):
        choose(mixed, 8760, solve_spec(engine="batch"))


def test_an_audit_compiles_its_circuit_anew_unless_the_engine_still_holds_it_untouched(mixed: Feeder) -> None:
    spec, demand = solve_spec(hours=MANY, controls="frozen"), demand_of(mixed)
    year = batch.BatchYear(mixed, demand)
    reduction = _reduced(year, mixed, Calendar(), spec, MANY, None)
    circuit = engine.held()
    first = audits.audit(mixed, demand, year, reduction)
    assert first.passed and engine.held() == circuit
    second = audits.audit(mixed, demand, year, reduction)
    assert engine.held() != circuit
    assert replace(second, max_dv_pu=0.0, source_rel=0.0) == replace(first, max_dv_pu=0.0, source_rel=0.0)
    assert second.max_dv_pu == pytest.approx(first.max_dv_pu, abs=1e-12)
    assert second.source_rel == pytest.approx(first.source_rel, abs=1e-12)


def test_an_accelerated_year_is_audited_and_equal_to_the_one_of_opendss(mixed: Feeder) -> None:
    fast, slow = (solved(mixed, controls="frozen", engine=e) for e in ("auto", "opendss"))
    assert (fast.engine, slow.engine) == ("batch", "opendss")
    assert fast.audit is not None and slow.audit is None
    assert 24 <= len(fast.audit.hours) <= 48
    assert fast.reduction.voltages.worst_hour in fast.audit.hours
    assert fast.audit.max_dv_pu <= 1e-6 and fast.audit.source_rel <= 1e-5
    assert "hours solved again by OpenDSS at" in fast.reason
    for column, rows in slow.reduction.hourly.items():
        theirs, mine = (np.concatenate(r, axis=1) for r in (rows, fast.reduction.hourly[column]))
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=1e-4, err_msg=column)
    for name in ("kwh", "loss_kwh", "max_a", "hours_over", "reverse_hours"):
        theirs, mine = (getattr(s.reduction.loading, name) for s in (slow, fast))
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=1e-4, err_msg=name)


def test_a_wrong_answer_fails_its_audit_and_is_replaced(mixed: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is made wrong by a hundredth of a per cent of the load."""
    right = solved(mixed, controls="frozen", engine="opendss")
    real = batch.Powers.at

    def off(self: batch.Powers, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kw, kvar = real(self, hours)
        return 1.005 * kw, kvar

    monkeypatch.setattr(batch.Powers, "at", off)
    for asked in ("auto", "batch"):
        found = solved(mixed, controls="frozen", engine=asked)
        assert found.engine == "opendss" and found.audit is None
        assert f"{asked}: batch was tried: the audit failed: " in found.reason
        for column, rows in right.reduction.hourly.items():
            np.testing.assert_array_equal(np.concatenate(rows), np.concatenate(found.reduction.hourly[column]))


def test_wrong_powers_at_right_voltages_fail_the_audit(mixed: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The balance of every hour is one of active power, and voltages say nothing of what was added up."""
    right = batch.BatchYear.blocks

    def off(self: batch.BatchYear, hours: list[int]) -> Iterator[Block]:
        for block in right(self, hours):
            yield replace(block, load_kva=block.load_kva.real + 1.001j * block.load_kva.imag)

    monkeypatch.setattr(batch.BatchYear, "blocks", off)
    found = solved(mixed, controls="frozen", engine="auto")
    assert found.engine == "opendss" and ", powers by 0.0" in found.reason, found.reason


@pytest.mark.parametrize("name", ["ieee13", "ieee123"])
def test_the_feeders_of_the_demo_with_frozen_controls(name: str) -> None:
    found = solved(demo(name), controls="frozen")
    assert found.engine == "batch", found.reason
    assert found.audit is not None
    assert found.audit.tolerance == 1e-9
    assert found.audit.max_dv_pu <= 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ieee13", "ieee123"])
def test_all_hours_equal_opendss(name: str) -> None:
    feeder = demo(name)
    demand = demand_of(feeder)
    mine = batch.BatchYear(feeder, demand)
    theirs = Year(feeder, demand, controls_active=False, tolerance=1e-9)
    reduction = Reduction(theirs.feeder, theirs.circuit, head.view(feeder), Calendar(), solve_spec(), 1.0)
    size, worst = 0, 0.0
    for block in theirs.blocks(range(HOURS)):
        ours = reduction.voltages.per_unit(mine.voltages(block.hours))[0]
        worst = max(worst, float(np.abs(ours - reduction.voltages.per_unit(block.voltages)[0]).max()))
        size += len(block.hours)
    assert size == HOURS
    assert worst <= 1e-6


def test_audited_hours_hold_the_extremes(mixed: Feeder) -> None:
    found = solved(mixed, controls="frozen")
    hours = audits.chosen(found.reduction)
    hourly = {k: np.concatenate(v, axis=1)[0] for k, v in found.reduction.hourly.items()}
    at = {int(h): i for i, h in enumerate(hourly["hour"])}
    for column, best in (("min_pu", np.min), ("max_pu", np.max), ("source_kw", np.max), ("max_load_pct", np.max)):
        assert best(hourly[column]) in hourly[column][[at[int(h)] for h in hours]], column


def balanced_feeder(mixed: Feeder) -> Feeder:
    """A head, two lines, a switch and three loads of three phases, all balanced."""
    square = [[0.3, 0.1, 0.1], [0.1, 0.3, 0.1], [0.1, 0.1, 0.3]]
    charging = [[40.0 * v for v in row] for row in square]
    code = LineCode(name="abc", r_ohm_per_km=square, x_ohm_per_km=square, c_nf_per_km=charging)
    common = {"from_nodes": (1, 2, 3), "to_nodes": (1, 2, 3)}
    lines = [Line(name=n, from_bus=a, to_bus=b, length_km=2.0, line_code="abc", **common) for n, a, b in LINES]
    loads = [
        Load(name=f"at {b}", bus=b, nodes=(1, 2, 3), phases=3, kv=12.47, kw=900, kvar=300, min_pu=0.8, max_pu=1.2)
        for b in ("a", "c", "d")
    ]
    return Feeder(
        id="even",
        feeders=("even",),
        sources=mixed.sources,
        buses=tuple(Bus(name=b, nodes=(1, 2, 3), kv_ln=12.47 / 3**0.5) for b in ("a", "b", "c", "d", "sub")),
        line_codes=(code,),
        lines=tuple(lines),
        switches=(Switch(name="s", from_bus="c", to_bus="d", **common),),
        loads=tuple(loads),
    )


LINES = (("l1", "sub", "a"), ("l2", "a", "b"), ("l3", "b", "c"))


def test_a_balanced_tree_has_a_second_opinion(mixed: Feeder) -> None:
    feeder = balanced_feeder(mixed)
    found = solved(feeder)
    assert found.engine == "batch" and found.audit is not None
    assert found.audit.radial_dv_pu is not None and found.audit.radial_dv_pu < 1e-6
    assert "the radial sweep by" in found.reason
    assert solved(mixed, controls="frozen").audit.manifest()["radial_dv_pu"] is None  # type: ignore[union-attr]
    one = feeder.loads[0].model_copy(update={"nodes": (1,), "phases": 1, "kv": 7.2})
    with pytest.raises(NotBalanced, match=f"load {one.name} has not three phases"):
        balanced(feeder.model_copy(update={"loads": (one, *feeder.loads[1:])}))
    ring = feeder.lines[0].model_copy(update={"name": "l4", "to_bus": "c"})
    assert balanced(feeder).loop() == ""
    assert balanced(feeder.model_copy(update={"lines": (*feeder.lines, ring)})).loop() in {"line l4", "switch s"}


def test_a_second_opinion_that_differs_fails_the_audit(mixed: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "second_opinion", lambda *_: 2e-5)
    found = solved(balanced_feeder(mixed))
    assert found.engine == "opendss" and "the audit failed" in found.reason
