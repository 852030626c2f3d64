"""Steps shorter than an hour: what OpenDSS itself finds with them, and same answers where nothing varies in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from dss import dss
from power_cases import FEEDERS, LIMITS, demand_of, solve_spec

from dtl.analyses.assess import assess
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand, Drive
from dtl.network.feeder import Feeder
from dtl.powerflow import engine, head, results
from dtl.powerflow.hour_means import HourMeans
from dtl.powerflow.opendss import TOLERANCE, Year
from dtl.powerflow.reduce import Reduction
from dtl.powerflow.solve import run

HOURLY, QUARTERS = Calendar(2025), Calendar(2025, 15)
TIGHT = {**LIMITS, "voltage": [{**LIMITS["voltage"][0], "low_pu": 0.99, "high_pu": 1.01, "rule": "", "range": "",
                                "clause": ""}]}  # fmt: skip
"""Limits that the feeders of these tests break in some hours."""
CASE = {"scenario": "base", "year": 0, "case": "base"}
STEPS = 192


def rough(feeder: Feeder) -> Demand:
    """Every load follows one series of quarter hours, in which those of an hour differ."""
    rng = np.random.default_rng(7)
    day = 0.6 + 0.3 * np.sin(np.arange(96) / 96 * 2 * np.pi - 2)
    shape = (np.tile(day, 365) + rng.uniform(-0.15, 0.15, 4 * HOURS)).astype(np.float32)
    drives = {
        p.name: Drive(feeder.feeders[0], p.name, p.bus, "", 1, p.kw, p.kvar, "rough", "rough", "")
        for p in feeder.loads
        if p.enabled
    }
    return Demand(drives, {"rough": shape})


def native(master: Path, feeder: Feeder, shape: np.ndarray, folder: Path, mode: str) -> tuple[np.ndarray, float, float]:
    """Voltages by step and node [V], and energy at the head and losses [kWh], of OpenDSS on the original file alone."""
    lines = master.read_text(encoding="utf-8").splitlines()
    (folder / "plain.dss").write_text("\n".join(x for x in lines if not x.lower().startswith("buscoords")))
    for codes in master.parent.glob("*LineCodes*"):
        (folder / codes.name).write_bytes(codes.read_bytes())
    (folder / "shape.csv").write_text("\n".join(f"{v:.9g}" for v in shape))
    engine.load(f"redirect [{folder / 'plain.dss'}]")
    windings = {t.name: t.windings for t in feeder.transformers if t.is_regulator}
    for name, parts in windings.items():
        engine.command(f"transformer.{name}.taps=[{' '.join(f'{w.tap_pu:.9g}' for w in parts)}]")
    engine.command(f"new loadshape.rough npts={len(shape)} minterval=15 mult=(file=[{folder / 'shape.csv'}])")
    engine.command("batchedit load..* yearly=rough status=variable")
    engine.command("new energymeter.head element=transformer.sub terminal=1")
    engine.command("set maxiterations=100 maxcontroliter=100")
    engine.command(f"set mode=yearly stepsize=15m number=1 hour=0 sec=0 controlmode={mode} tolerance={TOLERANCE}")
    volts = []
    for _ in range(STEPS):
        dss.ActiveCircuit.Solution.Solve()
        volts.append(np.asarray(dss.ActiveCircuit.AllBusVolts).view(complex))
    meter = dss.ActiveCircuit.Meters
    meter.Name = "head"
    registers = dict(zip(meter.RegisterNames, meter.RegisterValues, strict=True))
    return np.array(volts), float(registers["kWh"]), float(registers["Zone Losses kWh"])


def tables_of(reduction: Reduction) -> dict[str, pa.Table]:
    return {
        "powerflow": results.powerflow(reduction, CASE),
        "hourly": results.hourly(reduction, CASE),
        "violations": results.violations(reduction, CASE)[0],
    }


def metrics(found: dict[str, pa.Table], **words: Any) -> dict[str, float]:
    """What is said of the feeder as a whole."""
    analyses = {"thermal": {}, "voltage": {}, "losses": {}}
    rows = assess(solve_spec(analyses=analyses, limits=TIGHT, **words), found)
    return {r["metric"]: r["value"] for r in rows if not r["element"] and r["value"] is not None}


@pytest.mark.parametrize("controls", ["active", "frozen"])
def test_quarter_hours_are_those_of_opendss_alone(samples: Path, tmp_path: Path, controls: str) -> None:
    feeder, _ = head.served(FEEDERS["ieee13"](samples))
    demand, master = rough(feeder), samples / "opendss" / "ieee13" / "IEEE13Nodeckt.dss"
    mode = "static" if controls == "active" else "off"
    theirs, kwh, lost = native(master, feeder, demand.profiles["rough"], tmp_path, mode)
    order = [n.lower() for n in dss.ActiveCircuit.AllNodeNames]
    year = Year(feeder, demand, controls_active=controls == "active")
    ours = np.concatenate([b.voltages for b in year.blocks(range(STEPS))], axis=1)
    ours = ours[[year.circuit.node[n] for n in order]].T
    assert (np.abs(ours - theirs) / np.abs(theirs)).max() < 1e-6
    spec = solve_spec(step_min=15, hours=list(range(STEPS)), controls=controls, engine="opendss")
    flow = results.powerflow(run(feeder, demand, QUARTERS, spec).reduction, CASE)
    assert pc.sum(flow.filter(pc.equal(flow["kind"], "head"))["kwh"]).as_py() == pytest.approx(kwh, rel=1e-6)
    assert pc.sum(flow["loss_kwh"]).as_py() == pytest.approx(lost, rel=1e-6)


@pytest.mark.parametrize("engine_word", ["opendss", "batch"])
def test_quarters_that_are_alike_are_their_hour(mixed: Feeder, engine_word: str) -> None:
    demand = demand_of(mixed)
    held = replace(demand, profiles={n: np.repeat(p, 4) for n, p in demand.profiles.items()})
    hours = np.arange(4800, 4824)
    words = {"controls": "frozen", "engine": engine_word, "limits": TIGHT}
    by_hour = run(mixed, demand, HOURLY, solve_spec(hours=hours.tolist(), **words))
    by_quarter = run(mixed, held, QUARTERS, solve_spec(step_min=15, hours=QUARTERS.steps_of(hours).tolist(), **words))
    assert by_hour.engine == by_quarter.engine == engine_word
    coarse, fine = tables_of(by_hour.reduction), tables_of(by_quarter.reduction)
    assert fine["powerflow"].num_rows == coarse["powerflow"].num_rows
    for name in coarse["powerflow"].column_names:
        one, other = (t["powerflow"][name].to_pylist() for t in (coarse, fine))
        if "float" in str(coarse["powerflow"].schema.field(name).type):
            np.testing.assert_allclose(np.array(other, float), np.array(one, float), rtol=1e-6, atol=1e-9, err_msg=name)
        elif name not in ("min_hour", "max_hour", "max_load_hour"):
            assert one == other, name
    assert fine["violations"].num_rows == 4 * coarse["violations"].num_rows > 0
    told, within = metrics(coarse), metrics(fine, step_min=15)
    assert told.keys() == within.keys()
    for name, value in told.items():
        assert within[name] == pytest.approx(value, rel=1e-7, abs=1e-7), name


def test_an_hour_holds_the_means_and_the_extremes_of_its_quarters(mixed: Feeder) -> None:
    demand = rough(mixed)
    spec = solve_spec(step_min=15, hours=list(range(12, 36)), engine="batch", controls="frozen", limits=TIGHT)
    found = run(mixed, demand, QUARTERS, spec)
    step = {name: np.concatenate(blocks, axis=1)[0] for name, blocks in found.reduction.hourly.items()}
    rows = tables_of(found.reduction)["hourly"].to_pydict()
    assert rows["hour"] == list(range(3, 9)) and rows["solved_h"] == [1.0] * 6
    quarters = {name: values.reshape(6, 4) for name, values in step.items()}
    np.testing.assert_allclose(rows["source_kw"], quarters["source_kw"].mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(rows["highest_kw"], quarters["source_kw"].max(axis=1), rtol=1e-12)
    np.testing.assert_allclose(rows["highest_loss_kw"], quarters["loss_kw"].max(axis=1), rtol=1e-12)
    assert np.ptp(quarters["source_kw"], axis=1).min() > 1.0
    (of_head,) = [r for r in results.powerflow(found.reduction, CASE).to_pylist() if r["kind"] == "head"]
    told = metrics(tables_of(found.reduction), step_min=15)
    assert told["energy_kwh"] == pytest.approx(of_head["kwh"], rel=1e-6)
    assert told["energy_kwh"] == pytest.approx(step["source_kw"].sum() / 4, rel=1e-9)
    assert told["peak_kw"] == step["source_kw"].max() > max(rows["source_kw"]) and told["hours_h"] == 6.0


def test_single_steps_count_for_their_own_length(mixed: Feeder) -> None:
    chosen = [96 * d + s for d in (0, 180) for s in (4, 28, 74)]
    spec = solve_spec(step_min=15, hours=chosen, engine="batch", controls="frozen", limits=TIGHT)
    found = run(mixed, rough(mixed), QUARTERS, spec)
    all_tables = tables_of(found.reduction)
    assert all_tables["hourly"]["hour"].to_pylist() == [s // 4 for s in chosen]
    told = metrics(all_tables, step_min=15)
    kw = np.concatenate([b[0] for b in found.reduction.hourly["source_kw"]])
    assert told["hours_h"] == 1.5 and told["energy_kwh"] == pytest.approx(kw.sum() / 4, rel=1e-9)
    assert 0.0 < told["violating_hours_h"] <= 1.5


AGEING = {"standard": "ieee-c57.91", "winding_rise_k": 65, "top_oil_rise_k": 50.0, "oil_time_constant_h": 3.0,
          "normal_life_h": 180_000.0, "ambient_c": 30.0}  # fmt: skip


@pytest.mark.parametrize("size", [1, 5, 96])
def test_means_are_those_of_whole_hours_however_blocks_are_cut(size: int) -> None:
    steps = np.delete(np.arange(40, 136), [5, 50])
    values = np.random.default_rng(2).uniform(0.0, 100.0, (3, len(steps)))
    made = HourMeans(4)
    found = [made.add(steps[k : k + size], values[:, k : k + size]) for k in range(0, len(steps), size)]
    hours = np.concatenate([h for h, _ in found])
    means = np.concatenate([m for _, m in found], axis=1)
    whole = [h for h in range(10, 34) if np.isin(np.arange(4 * h, 4 * h + 4), steps).all()]
    assert hours.tolist() == whole and len(whole) == 22
    for k, hour in enumerate(whole):
        np.testing.assert_allclose(means[:, k], values[:, steps // 4 == hour].mean(axis=1), rtol=1e-12)


def test_the_loss_of_life_that_hourly_means_hide_is_told(mixed: Feeder) -> None:
    spec = solve_spec(
        step_min=15, hours=list(range(96)), engine="batch", controls="frozen", limits=TIGHT, ageing=AGEING
    )
    air = np.linspace(20.0, 35.0, HOURS)
    flat = rough(mixed)
    held = replace(flat, profiles={"rough": np.repeat(flat.profiles["rough"].reshape(-1, 4).mean(axis=1), 4)})
    for demand, hidden in ((flat, True), (held, False)):
        found = run(mixed, demand, QUARTERS, spec, air)
        rows = [r for r in results.powerflow(found.reduction, CASE).to_pylist() if r["life_loss_pct"] is not None]
        assert rows
        for row in rows:
            if hidden:
                assert row["life_loss_pct"] > row["life_loss_hourly_pct"] > 0.0
            else:
                assert row["life_loss_pct"] == pytest.approx(row["life_loss_hourly_pct"], rel=1e-6)
    coarse = Demand(flat.drives, {"rough": held.profiles["rough"][::4].copy()})
    hours = run(mixed, coarse, HOURLY, {**spec, "step_min": 60, "hours": list(range(24))}, air)
    for row, other in zip(results.powerflow(hours.reduction, CASE).to_pylist(),
                          results.powerflow(found.reduction, CASE).to_pylist(), strict=True):  # fmt: skip
        assert row["life_loss_hourly_pct"] is None
        if row["life_loss_pct"] is not None:
            assert row["life_loss_pct"] == pytest.approx(other["life_loss_hourly_pct"], rel=1e-6)
