"""InvControl of OpenDSS: a day of a script by the engine's own control, and by both engines of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dss import DSS
from test_plain_scripts import DAY, feeder_of

from dtl.demand.calendar import HOURS
from dtl.demand.demand import Demand, Drive
from dtl.errors import NetworkError
from dtl.network.feeder import Feeder
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.names import spelled
from dtl.powerflow.opendss import Year
from dtl.sources import cim_write, opendss
from dtl.sources.opendss_engine import circuit_of
from dtl.sources.opendss_invcontrols import unrestrained
from dtl.sources.opendss_inverters import inverter_output
from dtl.sources.reading import Reading

SUN = [0.0] * 6 + [0.1, 0.3, 0.5, 0.7, 0.9, 1.0, 1.0, 0.95, 0.8, 0.6, 0.4, 0.2, 0.05] + [0.0] * 5
TIGHT = ("deltaq_factor=0.2 deltap_factor=0.2 varchangetolerance=1e-5 voltagechangetolerance=1e-6 "
         "activepchangetolerance=1e-5")  # fmt: skip
CIRCUIT = f"""new circuit.c basekv=12.47 pu=1.045 r1=0.8 x1=3 r0=1.5 x0=6
new loadshape.day npts=24 interval=1 mult={DAY}
new loadshape.sun npts=24 interval=1 mult={SUN}
new line.l1 bus1=sourcebus bus2=b length=4 units=km r1=0.4 x1=0.6 r0=0.9 x0=1.8
new line.l2 bus1=b.1 bus2=d.1 phases=1 length=2 units=km r1=0.5 x1=0.7 r0=0.5 x0=0.7
new transformer.t phases=3 windings=2 buses=[b e] conns=[delta wye] kvs=[12.47 .48] kvas=[1500 1500] xhl=6
new load.b bus1=b kv=12.47 kw=600 pf=.95 yearly=day vminpu=.5 vmaxpu=1.5
new load.d bus1=d.1 phases=1 kv=7.2 kw=150 pf=.95 yearly=day vminpu=.5 vmaxpu=1.5
new load.e bus1=e.2 phases=1 kv=.277 kw=90 pf=.9 yearly=day vminpu=.5 vmaxpu=1.5
new pvsystem.big bus1=e kv=.48 kva=1100 pmpp=1150 irradiance=1 yearly=sun vminpu=.5 vmaxpu=1.5 {{big}}
new pvsystem.small bus1=d.1 phases=1 kv=7.2 kva=180 pmpp=160 irradiance=1 yearly=sun vminpu=.5 vmaxpu=1.5 {{small}}
new xycurve.short npts=4 xarray=[.94 .98 1.02 1.05] yarray=[.6 0 0 -.5]
new xycurve.full npts=4 xarray=[.9 1 1.01 1.08] yarray=[1 .1 0 -1]
new xycurve.over npts=4 xarray=[.93 1 1.01 1.06] yarray=[2.5 0 0 -1.8]
new xycurve.level npts=2 xarray=[.9 1.1] yarray=[.3 .3]
new xycurve.drop npts=3 xarray=[1 1.03 1.09] yarray=[1 1 .2]
{{control}}
set voltagebases=[12.47 .48]
calcv
"""
LEFT = "pmpp=1000"
"""Panels that leave room for reactive power at any time: without any, the engine's own control does not settle."""
CASES: dict[str, dict[str, str]] = {
    "share of what is left": {"control": "new invcontrol.i mode=voltvar vvc_curve1=full", "big": LEFT},
    "share of the limits, beyond the ends": {
        "control": "new invcontrol.i mode=voltvar vvc_curve1=short refreactivepower=varmax",
        "big": "kvarmax=300 kvarmaxabs=500",
    },
    "share of what is left, within limits": {
        "control": "new invcontrol.i mode=voltvar vvc_curve1=full", "big": f"{LEFT} kvarmax=60 kvarmaxabs=100",
    },
    "resting at night": {
        "control": "new invcontrol.i mode=voltvar vvc_curve1=full refreactivepower=varmax",
        "big": "varfollowinverter=yes", "small": "varfollowinverter=yes",
    },
    "of the panels": {"control": "new invcontrol.i mode=voltwatt voltwatt_curve=drop"},
    "of the rating": {"control": "new invcontrol.i mode=voltwatt voltwatt_curve=drop voltwattyaxis=kvaratingpu"},
    "both": {"control": "new invcontrol.i combimode=vv_vw vvc_curve1=short voltwatt_curve=drop"},
    "both, of the limits": {
        "control": "new invcontrol.i combimode=vv_vw vvc_curve1=full voltwatt_curve=drop refreactivepower=varmax",
        "small": "kvarmax=80",
    },
    "one of two": {"control": "new invcontrol.i derlist=[pvsystem.small] mode=voltvar vvc_curve1=full",
                   "big": "pmpp=900 pf=.97"},
    "each its own": {
        "control": "new invcontrol.i derlist=[pvsystem.small] mode=voltvar vvc_curve1=short\n"
        "new invcontrol.j pvsystemlist=[big] mode=voltwatt voltwatt_curve=drop",
    },
    "more than all, of what is left": {"control": "new invcontrol.i mode=voltvar vvc_curve1=over", "big": LEFT},
    "more than all, of the limits": {
        "control": "new invcontrol.i mode=voltvar vvc_curve1=over refreactivepower=varmax",
        "big": "kvarmax=200 kvarmaxabs=250", "small": "kvarmaxabs=60",
    },
    "level": {"control": "new invcontrol.i mode=voltvar vvc_curve1=level refreactivepower=varmax"},
    "another voltage than its bus": {"control": "new invcontrol.i mode=voltvar vvc_curve1=full", "small": "kv=7",
                                     "big": LEFT},
}  # fmt: skip


def script(case: dict[str, str]) -> str:
    return CIRCUIT.format(**{"big": "", "small": "", "control": "", **case})


def read(folder: Path, text: str) -> Reading:
    path = folder / "m.dss"
    path.write_text(text, encoding="utf-8")
    return opendss.read("model", {"kind": "opendss", "path": path.name}, {path.name: path})


def demand(feeder: Feeder, roofs: dict[str, dict[str, Any]]) -> Demand:
    """Loads by their shape, and roofs by what their panels and inverters give of the sun."""
    shapes = {"day": np.zeros(HOURS, np.float32)}
    shapes["day"][:24] = DAY
    for g in feeder.generators:
        full = unrestrained(roofs[g.name]) if g.control else roofs[g.name]
        shapes[g.name] = np.zeros(HOURS, np.float32)
        shapes[g.name][:24] = [inverter_output({**full, "Irradiance": sun}, fixed_kvar=False)[0] / g.kw for sun in SUN]
    loads = {p.name: Drive("f", p.name, p.bus, "", 1, p.kw, p.kvar, "day", "day", "") for p in feeder.loads}
    plants = {p.name: Drive("f", p.name, p.bus, "", 0, p.kw, p.kvar, p.name, p.name, "") for p in feeder.generators}
    return Demand(loads, shapes, plants)


def stated(text: str) -> dict[str, dict[str, Any]]:
    """The properties of the roofs, as the engine tells them."""
    told = circuit_of(["clear", *text.splitlines()])
    return {item["name"]: item["full"] for item in told["classes"]["PVSystem"]}


def theirs(text: str) -> dict[str, Any]:
    """Voltages [V] and powers of roofs [kW, kvar] by hour, as the engine's own control settles."""
    DSS.YMatrix.SolverOptions = 0  # the engine keeps it through `clear`
    DSS.Text.Commands("clear\nset defaultbasefrequency=60\n" + text)
    if "invcontrol" in text:
        DSS.Text.Command = f"batchedit invcontrol..* {TIGHT}"
    DSS.Text.Command = "set mode=yearly stepsize=1h number=1 controlmode=static maxcontroliter=5000"
    DSS.Text.Command = "set tolerance=1e-10 maxiterations=300"
    circuit, rows = DSS.ActiveCircuit, []
    for _ in DAY:
        circuit.Solution.Solve()
        assert circuit.Solution.Converged
        row = {n.lower(): v for n, v in zip(circuit.AllNodeNames, circuit.AllBusVmag, strict=True)}
        for name in ("big", "small"):
            circuit.SetActiveElement(f"pvsystem.{name}")
            powers = circuit.ActiveCktElement.Powers
            row |= {f"{name} kw": -sum(powers[::2]), f"{name} kvar": -sum(powers[1::2])}
        rows.append(row)
    DSS.Text.Command = "clear"
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_day_is_that_of_the_engines_own_control(tmp_path: Path, case: str) -> None:
    text = script(CASES[case])
    reading = read(tmp_path, text)
    assert [f.message for f in reading.findings] == []
    feeder = feeder_of(reading)
    asked = demand(feeder, stated(text))
    wanted, free = theirs(text), theirs(script({**CASES[case], "control": ""}))
    base = {spelled(b.name): 1e3 * b.kv_ln for b in feeder.buses}
    moved = max(np.abs(wanted[n] - free[n]).max() / base[n.rpartition(".")[0]] for n in wanted if "." in n)
    assert moved > 2e-3, "the control does something"
    for make in (Year, BatchYear):
        year = make(feeder, asked, tolerance=1e-9)
        (block,) = year.blocks(range(24))
        found = dict(zip(year.circuit.nodes, np.abs(block.voltages), strict=True))
        gap = max(np.abs(found[n] - wanted[n]).max() / base[n.rpartition(".")[0]] for n in wanted if "." in n)
        power = {g.name: -block.generator_kva[i] for i, g in enumerate(g for g in feeder.generators if g.enabled)}
        off = max(np.abs(power[n] - (wanted[f"{n} kw"] + 1j * wanted[f"{n} kvar"])).max() for n in ("big", "small"))
        print(f"{case}: {type(year).__name__} {gap:.1e} pu, {off:.2e} kVA; the control moves {moved:.4f} pu")
        assert gap < 2e-6 and off < 0.02


ONE = "new invcontrol.i mode=voltvar vvc_curve1=full "
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "another mode": ({"control": "new invcontrol.i mode=dynamicreaccurr"}, "of the mode DYNAMICREACCURR"),
    "a curve that is not there": ({"control": "new invcontrol.i mode=voltvar"}, "names the curve of nothing"),
    "hysteresis": ({"control": ONE + "hysteresis_offset=-0.02"}, "Hysteresis_Offset=-0.02"),
    "mean voltages of the past": ({"control": ONE + "voltage_curvex_ref=avg avgwindowlen=60s"}, "CurveX_Ref=Avg"),
    "a ramp": ({"control": ONE + "rateofchangemode=lpf lpftau=10"}, "RateOfChangeMode=LPF"),
    "the highest phase": ({"control": ONE + "monvoltagecalc=max"}, "the max of the phases"),
    "a roof between phases": ({"control": ONE, "big": "conn=delta"}, "between phases"),
    "active power first": ({"control": ONE + "refreactivepower=varmax", "big": "wattpriority=yes"}, "WattPriority"),
    "a least power": ({"control": ONE, "big": "%pminnovars=10"}, "least active power"),
    "the panels' present power": (
        {"control": "new invcontrol.i mode=voltwatt voltwatt_curve=drop voltwattyaxis=pavailablepu"}, "PAvailablePU",
    ),
    "a reactive power of its own": (
        {"control": "new invcontrol.i mode=voltwatt voltwatt_curve=drop", "big": "kvar=50"}, "power of its own",
    ),
    "a curve that falls back": (
        {"control": "new xycurve.back npts=3 xarray=[1 .9 1.1] yarray=[0 1 -1]\n"
         "new invcontrol.i mode=voltvar vvc_curve1=back"}, "do not rise",
    ),
    "a shifted curve": (
        {"control": "new xycurve.off npts=2 xarray=[.9 1.1] yarray=[1 -1] xshift=.01\n"
         "new invcontrol.i mode=voltvar vvc_curve1=off"}, "shifted or scaled",
    ),
    "a battery": (
        {"control": "new storage.s bus1=b kv=12.47 kwrated=10 kwhrated=20\n" + ONE}, "drives the battery s",
    ),
    "two of one roof": ({"control": ONE + "\nnew invcontrol.j derlist=[pvsystem.big] mode=voltvar vvc_curve1=short"},
                        "drives big, which another one does already"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_control_that_the_model_has_not_is_refused_whole_with_its_reason(tmp_path: Path, case: str) -> None:
    words, reason = REFUSED[case]
    reading = read(tmp_path, script(words))
    errors = [f for f in reading.findings if f.severity == "error"]
    which = "InvControl.j" if case == "two of one roof" else "InvControl.i"
    assert [(f.check, f.element) for f in errors] == [("conversion.object-refused", which)]
    assert reason in errors[0].message and "volt_var" in errors[0].remedy
    driven = [g.name for g in feeder_of(reading).generators if g.control is not None]
    assert driven == (["big", "small"] if which == "InvControl.j" else [])


def test_a_control_that_is_off_or_drives_other_roofs_changes_nothing(tmp_path: Path) -> None:
    other = "new invcontrol.j derlist=[PVSystem.Small] mode=voltvar vvc_curve1=short"
    reading = read(tmp_path, script({"control": f"{ONE} enabled=no\n{other}", "big": "pf=.97 pmpp=900"}))
    big, small = feeder_of(reading).generators
    assert not reading.findings and big.control is None and big.kvar > 100.0
    assert small.control is not None and small.kvar == 0.0 and small.kw == 160.0
    told = {r["object"]: r["verdict"] for r in reading.conversion.values() if not r["property"]}
    assert told["InvControl.i"] == "unused" and told["InvControl.j"] == "mapped"


@pytest.mark.parametrize(
    ("words", "told"),
    [("kvar=100", True), ("kvar=100 varfollowinverter=yes", True), ("kvar=0", False), ("pf=.95", True),
     ("pf=.95 pmpp=1000", False), ("pf=1", False)],
)  # fmt: skip
def test_reactive_power_that_does_not_follow_the_sun_is_told(tmp_path: Path, words: str, told: bool) -> None:
    reading = read(tmp_path, script({"big": words}))
    assert [(f.check, f.severity) for f in reading.findings] == [("opendss.kvar-of-sun", "warning")] * told


def test_such_a_feeder_is_not_written_as_cim_without_its_curves(tmp_path: Path) -> None:
    with pytest.raises(NetworkError) as refused:
        cim_write.write(feeder_of(read(tmp_path, script({"control": ONE, "big": LEFT}))))
    assert {f.element for f in refused.value.findings} == {"generator.big", "generator.small"}
