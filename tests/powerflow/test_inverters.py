"""Inverters that respond to voltage: a closed form, OpenDSS's own control, and both engines with each other."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from power_cases import demand_of, own, sampled, solve_spec

from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand, Drive
from dtl.network.feeder import Bus, Feeder, Generator, Line, LineCode, Source
from dtl.powerflow import dss, engine
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.hunting import told
from dtl.powerflow.inverters import MAX_STEPS, settle
from dtl.powerflow.opendss import Year
from dtl.powerflow.solve import run, with_head_voltage
from dtl.powerflow.voltvar import VOLT_VAR

R_OHM, X_OHM, KV = 0.3, 0.2, 0.4


def two_buses(kw: float, kva: float, *, r_ohm: float = R_OHM, x_ohm: float = X_OHM, **words: Any) -> Feeder:
    """A stiff source of 1 pu, a line, and a balanced inverter at its end."""
    code = LineCode(name="c", r_ohm_per_km=((r_ohm, 0, 0), (0, r_ohm, 0), (0, 0, r_ohm)),
                    x_ohm_per_km=((x_ohm, 0, 0), (0, x_ohm, 0), (0, 0, x_ohm)),
                    c_nf_per_km=((0, 0, 0),) * 3, normal_a=1e4)  # fmt: skip
    plant = Generator(name="roof", bus="b", nodes=(1, 2, 3), phases=3, kv=KV, kw=kw, kva=kva, min_pu=0.5, max_pu=1.5,
                      **words)  # fmt: skip
    buses = tuple(Bus(name=n, kv_ln=KV / math.sqrt(3), nodes=(1, 2, 3), feeder="f") for n in "ab")
    source = Source(name="s", bus="a", kv_ll=KV, r1_ohm=1e-9, x1_ohm=1e-9, r0_ohm=1e-9, x0_ohm=1e-9)
    line = Line(name="l", from_bus="a", to_bus="b", from_nodes=(1, 2, 3), to_nodes=(1, 2, 3), line_code="c",
                length_km=1.0)  # fmt: skip
    return Feeder(id="f", feeders=("f",), sources=(source,), buses=buses, line_codes=(code,), lines=(line,),
                  generators=(plant,))  # fmt: skip


def steady(feeder: Feeder) -> Demand:
    """Full output in all hours but the first."""
    shape = np.ones(8760, np.float32)
    shape[0] = 0.0
    plants = {g.name: Drive("f", g.name, g.bus, "", 0, g.kw, 0.0, "sun", "sun", "") for g in feeder.generators}
    return Demand({}, {"sun": shape}, plants)


def closed_form(kw: float, kvar: float, r_ohm: float = R_OHM, x_ohm: float = X_OHM) -> float:
    """Voltage at the end of the line [pu] by the quartic of two buses, for an injection."""
    r, x, p, q = r_ohm / KV**2, x_ohm / KV**2, -kw / 1e3, -kvar / 1e3
    half = (1.0 - 2.0 * (r * p + x * q)) / 2.0
    return math.sqrt(half + math.sqrt(half**2 - (r * r + x * x) * (p * p + q * q)))


def on_the_curve(kw: float, kva: float, word: str, **line: float) -> tuple[float, float]:
    """Where the closed form and the characteristic meet, by halving: voltage [pu] and kvar."""
    low, high = -kva, kva
    for _ in range(200):
        kvar = 0.5 * (low + high)
        asked = float(VOLT_VAR[word].at(closed_form(min(kw, math.sqrt(kva**2 - kvar**2)), kvar, **line))) * kva
        low, high = (kvar, high) if asked > kvar else (low, kvar)
    return closed_form(min(kw, math.sqrt(kva**2 - kvar**2)), kvar, **line), kvar


@pytest.mark.parametrize("word", ["ieee_1547_a", "ieee_1547_b"])
@pytest.mark.parametrize(("kw", "kva"), [(40.0, 44.0), (40.0, 40.0)])
def test_two_buses_meet_the_closed_form_in_both_engines(word: str, kw: float, kva: float) -> None:
    feeder = two_buses(kw, kva, volt_var=word)
    volts, kvar = on_the_curve(kw, kva, word)
    assert abs(kvar) > 1.0
    years = (BatchYear(feeder, steady(feeder), tolerance=1e-10),
             Year(feeder, steady(feeder), controls_active=False, tolerance=1e-10))  # fmt: skip
    for year in years:
        (block,) = year.blocks([0, 1])
        at = [year.circuit.node[f"b.{n}"] for n in (1, 2, 3)]
        pu = np.abs(block.voltages[at]) / (1e3 * KV / math.sqrt(3))
        assert pu[:, 0] == pytest.approx(1.0, abs=1e-6)  # at night it rests
        assert pu[:, 1] == pytest.approx(volts, abs=1e-7)
        assert -block.generator_kva[0, 1].imag == pytest.approx(kvar, abs=1e-4)
        assert abs(block.generator_kva[0, 1]) <= kva * (1 + 1e-6)
        assert not year.control_limit_hits


def test_a_steep_line_still_settles_where_the_plain_iteration_does_not() -> None:
    """A reactance at which each kvar moves the voltage so much that the undamped fixed point swings for ever."""
    line = {"r_ohm": 0.1, "x_ohm": 1.6}
    feeder = two_buses(20.0, 40.0, volt_var="ieee_1547_b", **line)
    volts, kvar = on_the_curve(20.0, 40.0, "ieee_1547_b", **line)
    slope = (closed_form(20.0, kvar + 0.01, **line) - closed_form(20.0, kvar - 0.01, **line)) / 0.02
    assert 0.44 / 0.06 * 40.0 * slope > 2.0
    year = BatchYear(feeder, steady(feeder), tolerance=1e-9)
    (block,) = year.blocks([1])
    pu = np.abs(block.voltages[year.circuit.node["b.1"], 0]) / (1e3 * KV / math.sqrt(3))
    assert pu == pytest.approx(volts, abs=1e-6)
    assert not year.control_limit_hits


def test_volt_watt_cuts_to_its_curve_and_the_tally_says_how_much() -> None:
    feeder = two_buses(60.0, 60.0, volt_watt="ieee_1547")
    year = BatchYear(feeder, steady(feeder), tolerance=1e-9)
    (block,) = year.blocks([1, 2])
    kw = -block.generator_kva[0, 0].real
    pu = abs(block.voltages[year.circuit.node["b.1"], 0]) / (1e3 * KV / math.sqrt(3))
    assert kw < 55.0
    assert pu == pytest.approx(closed_form(kw, 0.0), abs=1e-7)
    assert kw == pytest.approx(60.0 * (1.0 - 0.8 * (pu - 1.06) / 0.04), abs=1e-4)
    assert year.inverters is not None
    assert year.tally.manifest(year.inverters, 1.0)["cut_kwh"] == pytest.approx(2 * (60.0 - kw), abs=1e-3)


def test_what_does_not_settle_is_told() -> None:
    feeder = two_buses(40.0, 40.0, volt_var="ieee_1547_b")
    year = BatchYear(feeder, steady(feeder))
    assert year.inverters is not None
    calls = []

    def swings(kw: np.ndarray, kvar: np.ndarray, columns: np.ndarray) -> np.ndarray:
        calls.append(columns)
        volts = np.full((len(year.circuit.nodes), len(columns)), 0j)
        at = [year.circuit.node[f"b.{n}"] for n in (1, 2, 3)]
        turn = np.array([0, 2, 4]) * np.pi / 3
        volts[at] = (230.94 * (1.2 if len(calls) % 2 else 0.8) * np.exp(-1j * turn))[:, None]
        return volts

    found = settle(year.inverters, np.full((1, 3), 40.0), swings, 1e-6)
    assert found.hunting.all()
    assert len(calls) == MAX_STEPS


@pytest.mark.parametrize("taps_too", [False, True])
def test_an_inverter_that_hunts_is_told_with_its_hours_and_what_was_tried(
    monkeypatch: pytest.MonkeyPatch, taps_too: bool
) -> None:
    """A characteristic that jumps at a voltage between those of its two sides has no equilibrium in any power flow."""
    jump = replace(VOLT_VAR["ieee_1547_b"], points=((1.0, 0.44), (1.07, 0.44), (1.07, -0.44), (1.1, -0.44)))
    monkeypatch.setitem(VOLT_VAR, "ieee_1547_b", jump)
    feeder = two_buses(40.0, 44.0, volt_var="ieee_1547_b")
    assert (
        closed_form(40.0, -0.44 * 44.0) < 1.07 < closed_form(min(40.0, math.sqrt(44**2 * (1 - 0.44**2))), 0.44 * 44.0)
    )
    for year in (BatchYear(feeder, steady(feeder)), Year(feeder, steady(feeder), controls_active=taps_too)):
        list(year.blocks([0, 1, 2, 5]))
        hits = list(year.control_limit_hits)
        assert {hour for hour, _ in hits} == {1, 2, 5}
        said = told(hits, 60)
        assert said.startswith("controls hunt in 3 hours (hour 1")
        assert "generator.roof in 3. Up to 60 steps between power flow and characteristic were tried" in said
        assert "control iterations" not in said


def with_roofs(feeder: Feeder, kva_per_kw: float = 1.2, share: float = 1.2) -> tuple[Feeder, Demand]:
    """A feeder whose loads have inverters of a share of their power, with volt-var, and the sun over the year.

    Loads of one phase between two lines have none: there InvControl takes the voltage to ground over that between the
    lines, and injects in full at 1 pu.
    """
    demand = demand_of(feeder)
    sun = np.maximum(np.sin((np.arange(8760) % 24 - 6) * np.pi / 12), 0.0).astype(np.float32)
    roofs = [
        Generator(name=f"{p.name}:roof", bus=p.bus, nodes=p.nodes, phases=p.phases, connection=p.connection, kv=p.kv,
                  type="pv", kw=share * p.kw, kva=kva_per_kw * share * p.kw, rated_kw=share * p.kw, min_pu=0.8,
                  max_pu=1.2, volt_var="ieee_1547_b")
        for p in feeder.loads if p.kw > 0 and (p.phases > 1 or p.connection == "wye")
    ]  # fmt: skip
    plants = {g.name: Drive("f", g.name, g.bus, "", 0, g.kw, 0.0, "sun", "sun", "") for g in roofs}
    generators = tuple(sorted([*feeder.generators, *roofs], key=lambda g: g.name))
    return feeder.model_copy(update={"generators": generators}), replace(
        demand, profiles={**demand.profiles, "sun": sun}, plants={**demand.plants, **plants}
    )


def test_both_engines_agree_and_the_audit_passes() -> None:
    feeder, demand = with_roofs(own("mixed"))
    solved = run(
        feeder, demand, Calendar(), solve_spec(engine="batch", controls="frozen", hours=list(range(4000, 4048)))
    )
    assert solved.engine == "batch"
    assert solved.audit is not None and solved.audit.max_dv_pu < 5e-6
    assert solved.year.inverters is not None
    assert solved.year.tally.manifest(solved.year.inverters, 1.0)["absorbed_kvarh"] > 1.0


@pytest.mark.parametrize("active", [False, True])
def test_ieee13_as_the_control_of_opendss(samples: Path, active: bool) -> None:
    """PVSystems with InvControl and a volt-var curve, at noon of a day, with taps held and free."""
    feeder, demand = with_roofs(sampled(samples, "ieee13", "IEEE13Nodeckt.dss"), share=0.6)
    feeder = with_head_voltage(feeder, {"pu": 1.06})
    hour = 24 * 150 + 12
    ours = Year(feeder, demand, controls_active=active, tolerance=1e-8)
    (block,) = ours.blocks([hour])
    names = dict(zip(ours.circuit.nodes, np.abs(block.voltages[:, 0]), strict=True))
    taps = block.taps[:, 0].tolist()
    kvar = {g.name: -block.generator_kva[i, 0].imag for i, g in enumerate(g for g in feeder.generators if g.enabled)}
    theirs, q = by_inv_control(feeder, demand, hour, active)
    gap = max(abs(names[n] / theirs[n][0] - theirs[n][1] / theirs[n][0]) for n in theirs)
    print(f"largest difference {gap:.2e} pu, kvar {sum(kvar.values()):.2f} and {sum(q.values()):.2f}, taps {taps}")
    assert gap < 2e-4
    assert sum(map(abs, q.values())) > 40.0
    for name, value in q.items():
        assert kvar[f"{name}"] == pytest.approx(value, abs=0.01 * max(map(abs, q.values())) + 0.1)


def by_inv_control(feeder: Feeder, demand: Demand, hour: int, active: bool) -> tuple[dict[str, Any], dict[str, float]]:
    """The same circuit with PVSystems under InvControl: base and voltage of each node [V], and kvar by inverter."""
    from dss import dss as door

    from dtl.powerflow.opendss import driven, follow

    roofs = [g for g in feeder.generators if g.volt_var]
    rest = driven(
        feeder.model_copy(update={"generators": tuple(g for g in feeder.generators if not g.volt_var)}), demand
    )
    engine.load(dss.write(rest))
    follow(rest, demand)
    points = [(0.5, 0.44), *VOLT_VAR["ieee_1547_b"].points, (1.5, -0.44)]
    engine.command(f"new xycurve.vv npts={len(points)} xarray=[{' '.join(str(v) for v, _ in points)}] "
                   f"yarray=[{' '.join(str(q / 0.44) for _, q in points)}]")  # fmt: skip
    sun = float(demand.profiles["sun"][hour])
    for i, g in enumerate(roofs):
        at = ".".join(map(str, (*g.nodes, 0) if g.connection == "wye" and len(g.nodes) == g.phases else g.nodes))
        engine.command(f"new pvsystem.p{i} bus1={g.bus}.{at} phases={g.phases} conn={g.connection} kv={g.kv} "
                       f"kva={g.kva} pmpp={g.kw} irradiance={sun} %cutin=0 %cutout=0 vminpu=0.5 vmaxpu=1.5 "
                       f"wattpriority=no kvarmax={0.44 * g.kva} kvarmaxabs={0.44 * g.kva}")  # fmt: skip
    engine.command("new invcontrol.all mode=voltvar vvc_curve1=vv voltage_curvex_ref=rated refreactivepower=varmax "
                   "deltaq_factor=0.3 varchangetolerance=0.0001 voltagechangetolerance=0.00001")  # fmt: skip
    engine.load_settings(mode="yearly", stepsize="1h", number=1, controlmode="static", maxcontroliter=2000,
                         tolerance=1e-8, maxiterations=200)  # fmt: skip
    if not active:
        for part in rest.regulators:
            engine.command(f"edit regcontrol.{part.name} enabled=no")
    engine.set_step(hour)
    assert engine.solve() == 0 and engine.converged()
    circuit = door.ActiveCircuit
    volts = np.abs(np.array(circuit.AllBusVolts).view(complex))
    base = {}
    for name, value in zip(circuit.AllNodeNames, volts.tolist(), strict=True):
        circuit.SetActiveBus(name.partition(".")[0])
        base[name.lower()] = (circuit.ActiveBus.kVBase * 1e3, value)
    found = {}
    for i, g in enumerate(roofs):
        circuit.SetActiveElement(f"pvsystem.p{i}")
        found[g.name] = -float(np.sum(np.array(circuit.ActiveCktElement.TotalPowers)[1:2]))
    return base, found
