"""Fault currents and what plants add to them: by hand on two buses, by OpenDSS's own fault study on IEEE 13."""

from __future__ import annotations

import cmath
import math
from pathlib import Path

import numpy as np
import pytest
from dss import dss
from hosting_cases import case_of
from power_cases import sampled
from scipy import sparse

from dtl.analyses.hosting.iterative import iterative
from dtl.analyses.hosting.protection import protection
from dtl.analyses.hosting.sites import sites
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source
from dtl.powerflow import engine, head
from dtl.powerflow.dss import write
from dtl.powerflow.faults import FaultStudy

KV, SOURCE_OHM, LINE_OHM = 12.47, 2j, 1.5 + 3j


def line_of_three_buses() -> Feeder:
    """A source behind 2 ohm of reactance, and two equal lines in series; zero sequence three times the positive."""
    own, mutual = (LINE_OHM * (3 + 2)) / 3, (LINE_OHM * (3 - 1)) / 3
    matrix = [[own if i == k else mutual for k in range(3)] for i in range(3)]
    code = LineCode(
        name="c", r_ohm_per_km=tuple(tuple(z.real for z in row) for row in matrix),
        x_ohm_per_km=tuple(tuple(z.imag for z in row) for row in matrix), c_nf_per_km=((0,) * 3,) * 3, normal_a=1000.0,
    )  # fmt: skip
    nodes, x = (1, 2, 3), SOURCE_OHM.imag
    return Feeder(
        id="three", feeders=("three",),
        sources=(Source(name="s", bus="a", kv_ll=KV, r1_ohm=0.0, x1_ohm=x, r0_ohm=0.0, x0_ohm=x),),
        buses=tuple(Bus(name=n, nodes=nodes, kv_ln=KV / 3**0.5) for n in "abc"), line_codes=(code,),
        lines=tuple(
            Line(name=f"{a}{b}", from_bus=a, to_bus=b, from_nodes=nodes, to_nodes=nodes, length_km=1.0, line_code="c")
            for a, b in ("ab", "bc")
        ),
        loads=(Load(name="d", bus="c", nodes=nodes, phases=3, kv=KV, kw=100.0, kvar=0.0, min_pu=0.5, max_pu=1.5),),
    )  # fmt: skip


def test_by_hand() -> None:
    """Three phases: 1000 V0 / |Zs + 2 Zl|; one to ground: 3 V0 over the sum of the sequences. A plant in the middle."""
    feeder = line_of_three_buses()
    places, _ = sites(feeder, "buses")
    middle = [p.bus for p in places].index("b")
    asked = {"fault_current": {"at_most_pct": 10.0}, "protection": {"at_most_pct": 5.0}}
    rise, reach = protection(feeder, places, asked)
    volts, z1 = 1000.0 * KV / 3**0.5, SOURCE_OHM + 2 * LINE_OHM
    z0 = SOURCE_OHM + 6 * LINE_OHM
    plant_a = 1.2 / (3**0.5 * KV)
    at = rise.names.index("all phases of bus c, A")
    assert rise.limit[at] == pytest.approx(0.1 * volts / abs(z1), rel=1e-6)
    # the plant's current divides between the source and the fault, each behind one line
    to_fault = abs((SOURCE_OHM + LINE_OHM) / z1)
    assert rise.weight[at, middle] == pytest.approx(plant_a * to_fault, rel=1e-6)
    single = rise.names.index("phase B of bus c to ground")
    assert rise.limit[single] == pytest.approx(0.1 * 3 * volts / abs(2 * z1 + z0), rel=1e-6)
    at = reach.names.index("all phases of bus c")
    assert reach.limit[at] == pytest.approx(0.05 * volts / abs(z1), rel=1e-6)
    assert reach.weight[at, middle] == pytest.approx(plant_a * abs(LINE_OHM / z1), rel=1e-6)


def test_capacity_by_hand() -> None:
    """Where 10 % of 1000 V0 / |Z| is all that a plant may add at the end, it is S = 0.1 * 3 V0**2 / |Z| / 1.2."""
    feeder = line_of_three_buses()
    case = case_of(feeder, hours=[0], up_to_kw=5000.0, criteria={"fault_current": {"at_most_pct": 10.0}})
    rows = iterative(case, {"tolerance_kw": 0.01, "distributed": False}, "generation")
    found = next(r for r in rows if r["bus"] == "c" and r["criterion"] == "all")
    # a fault of one phase is smaller, and takes as much less of a balanced plant: both allow the same
    allowed = 0.1 * (1e3 * KV) ** 2 / abs(SOURCE_OHM + 2 * LINE_OHM) / 1.2 / 1e3
    assert found["limiting_factor"] == "fault_current"
    assert found["hc_kw"] == pytest.approx(allowed, rel=1e-4)


@pytest.fixture
def ieee13(samples: Path) -> Feeder:
    feeder, _ = head.served(sampled(samples, "ieee13", "IEEE13Nodeckt.dss"))
    return feeder


def test_opendss_faults_on_ieee13(ieee13: Feeder) -> None:
    """A fault object on every primary bus and a current source at another bus, loads out of service."""
    study = FaultStudy(ieee13)
    bus, other = "680", "671"
    nodes = [study.node[f"{bus}.{n}"] for n in (1, 2, 3)]
    at = [study.node[f"{other}.{n}"] for n in (1, 2, 3)]
    amps, angle = 500.0, 40.0
    turned = [amps * cmath.exp(1j * math.radians(angle - 120.0 * k)) for k in range(3)]
    study.plants(sparse.csc_array((turned, (at, [0, 0, 0])), shape=(len(study.no_load_v), 1)))
    bare = ieee13.model_copy(update={"loads": (), "generators": (), "regulators": ()})
    for phases in ((1, 2, 3), (1,), (3,)):
        mine = study.fault([nodes[n - 1] for n in phases])
        for plant in (0.0, amps):
            engine.load(write(bare))
            text = ".".join(map(str, phases))
            engine.command(f"new fault.f bus1={bus}.{text} bus2={bus}.{'.'.join('0' for _ in phases)} "
                           f"phases={len(phases)} r=1e-7")  # fmt: skip
            engine.command(f"new isource.p bus1={other} phases=3 amps={plant} angle={angle}")
            engine.load_settings(mode="snapshot", controlmode="off", tolerance=1e-10, maxiterations=200)
            engine.solve()
            dss.ActiveCircuit.SetActiveElement("fault.f")
            found = np.array(dss.ActiveCircuit.ActiveCktElement.Currents).view(complex)[: len(phases)]
            wanted = mine.fault_a + (mine.added_a[:, 0] if plant else 0.0)
            assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()
            dss.ActiveCircuit.SetActiveElement(f"vsource.{dss.ActiveCircuit.Vsources.AllNames[0]}")
            source = -np.array(dss.ActiveCircuit.ActiveCktElement.Currents).view(complex)[:3]
            wanted = mine.head_a + (mine.relieved_a[:, 0] if plant else 0.0)
            assert np.abs(source - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_the_engines_own_fault_study(ieee13: Feeder) -> None:
    study = FaultStudy(ieee13)
    bare = ieee13.model_copy(update={"loads": (), "generators": (), "regulators": ()})
    engine.load(write(bare))
    engine.command("solve mode=snapshot controlmode=off")
    engine.command("solve mode=faultstudy")
    compared = 0
    for name in ("632", "671", "680", "675", "652"):
        dss.ActiveCircuit.SetActiveBus(name)
        bus = dss.ActiveCircuit.ActiveBus
        theirs = np.array(bus.Isc).view(complex)
        mine = study.fault([study.node[f"{name}.{n}"] for n in bus.Nodes]).fault_a
        assert np.abs(np.abs(theirs) - np.abs(mine)).max() < 1e-4 * np.abs(mine).max()
        compared += len(theirs)
    assert compared == 13
