"""Networks of ours as plain OpenDSS scripts: what the study's way gives (reader, model, writer, engines) is what the
engine gives for the script itself, hour by hour, and what the model cannot hold is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dss import DSS
from power_cases import solve_spec

from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand, Drive
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import dss, engine, results, solve
from dtl.powerflow.names import spelled
from dtl.powerflow.opendss import Year
from dtl.powerflow.reduce import Reduction
from dtl.sources import opendss
from dtl.sources.reading import Reading

FOLDER = Path(__file__).parents[1] / "cases" / "plain"
DAY = [
    0.5, 0.45, 0.42, 0.4, 0.42, 0.5, 0.7, 0.8, 0.75, 0.7, 0.68, 0.7,
    0.72, 0.7, 0.7, 0.75, 0.9, 1.0, 1.05, 1.0, 0.9, 0.8, 0.7, 0.6,
]  # fmt: skip
SAME_PU = 1e-6
SAME_KW = 1e-5
"""Of the largest power of the sources."""
SAME_PCT = 1e-3
CASE = {"scenario": "base", "year": 0, "case": "base"}


@cache
def given(path: Path) -> Reading:
    return opendss.read("model", {"kind": "opendss", "path": path.name}, {path.name: path})


def feeder_of(reading: Reading) -> Feeder:
    (name,) = reading.parts
    whole = json.dumps({"frequency_hz": reading.frequency_hz, "crs": ""})
    rows: list[dict[str, Any]] = [{"feeder": name, "kind": "feeder", "name": name, "body": whole}]
    rows += [
        {"feeder": name, "kind": kind, "name": part, "body": p.model_dump_json(exclude_defaults=True)}
        for (kind, part), p in reading.parts[name].items()
    ]
    return Feeder.from_parts(rows)


def day_of(feeder: Feeder) -> Demand:
    shape = np.zeros(HOURS, np.float32)
    shape[: len(DAY)] = DAY
    drives = {p.name: Drive(feeder.id, p.name, p.bus, "", 1, p.kw, p.kvar, "day", "day", "test") for p in feeder.loads}
    return Demand(drives, {"day": shape})


def plain(text: str, controls: str) -> dict[str, np.ndarray]:
    """What the engine itself makes of a script: voltages by node, powers and losses, currents of lines, by hour."""
    # What the engine keeps through `clear` of circuits that were solved before.
    DSS.YMatrix.SolverOptions = 0
    DSS.Text.Commands("clear\nset defaultbasefrequency=60\n" + text)
    DSS.Text.Command = f"new loadshape.day npts=24 interval=1 mult={DAY}"
    DSS.Text.Command = "batchedit load..* yearly=day"
    DSS.Text.Command = "set tolerance=1e-9 maxiterations=300 maxcontroliter=100"
    DSS.Text.Command = f"set mode=yearly stepsize=1h number=1 controlmode={controls}"
    circuit, rows = DSS.ActiveCircuit, []
    for _ in DAY:
        circuit.Solution.Solve()
        assert circuit.Solution.Converged
        values = {n.lower(): v for n, v in zip(circuit.AllNodeNames, circuit.AllBusVmag, strict=True)}
        values |= {"kw": -np.array(circuit.TotalPower)[0], "kvar": -np.array(circuit.TotalPower)[1]}
        # The engine leaves shunts out of its losses; a reactor to ground heats all the same.
        shunts = [circuit.ActiveCktElement.Losses[0] for p in circuit.PDElements if p.IsShunt]
        values |= {"loss_kw": (np.array(circuit.Losses)[0] + sum(shunts)) / 1e3}
        for line in circuit.Lines:
            amps = np.array(circuit.ActiveCktElement.CurrentsMagAng).reshape(2, -1, 2)[:, :, 0].max(axis=1)
            values |= {f"line {line.Name.lower()} {end}": a for end, a in enumerate(amps)}
        rows.append(values)
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.dss")), ids=lambda p: p.stem)
def test_a_script_and_its_study_have_the_same_day(path: Path) -> None:
    reading = given(path)
    assert [f.message for f in reading.findings] == []
    feeder = feeder_of(reading)
    theirs = plain(path.read_text(encoding="utf-8"), "static")
    (block,) = (year := Year(feeder, day_of(feeder), tolerance=1e-9)).blocks(range(24))
    assert_same_voltages(
        feeder, {n: np.abs(v) for n, v in zip(year.circuit.nodes, block.voltages, strict=True)}, theirs
    )
    solved = solve.run(feeder, day_of(feeder), Calendar(), solve_spec(engine="opendss", hours=list(range(24))))
    assert_same_day(solved.reduction, theirs)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.dss")), ids=lambda p: p.stem)
def test_an_accelerated_day_with_controls_held_is_the_same_or_refused(path: Path) -> None:
    feeder = feeder_of(given(path))
    spec = solve_spec(engine="batch", controls="frozen", hours=list(range(24)))
    if path.stem in ("low_voltage", "plants"):
        with pytest.raises(SolveError, match=r"has (load|generator) model"):
            solve.run(feeder, day_of(feeder), Calendar(), spec)
        return
    theirs = plain(path.read_text(encoding="utf-8"), "off")
    solved = solve.run(feeder, day_of(feeder), Calendar(), spec)
    assert solved.engine == "batch" and solved.audit is not None and solved.audit.passed
    volts = np.abs(solved.year.voltages(np.arange(24)))
    assert_same_voltages(feeder, dict(zip(solved.year.circuit.nodes, volts, strict=True)), theirs)
    assert_same_day(solved.reduction, theirs)


@pytest.mark.parametrize("name", ["capacitors", "chain", "reverse"])
def test_hours_that_are_solved_again_have_the_positions_they_had(name: str) -> None:
    feeder = feeder_of(given(FOLDER / f"{name}.dss"))
    year = Year(feeder, day_of(feeder))
    (once,) = year.blocks(range(24))
    again = replace(once, voltages=once.voltages.copy(), source_a=once.source_a.copy(), load_kva=once.load_kva.copy())
    year.repeat(again, np.arange(24))
    base = np.abs(once.voltages[1:, :1])
    assert (np.abs(again.voltages - once.voltages)[1:] / base).max() < 1e-5
    (after,) = year.blocks(range(24))
    (straight,) = (other := Year(feeder, day_of(feeder))).blocks(range(24))
    (second,) = other.blocks(range(24))
    assert (after.positions == second.positions).all() and (straight.positions == once.positions).all()


def test_a_circuit_is_solved_alike_whatever_was_solved_before() -> None:
    feeder = feeder_of(given(FOLDER / "reverse.dss"))
    Year(feeder, day_of(feeder))
    assert DSS.YMatrix.SolverOptions == 3
    engine.load(dss.write(feeder))
    assert DSS.YMatrix.SolverOptions == 0


def assert_same_voltages(feeder: Feeder, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    base = {spelled(b.name): 1e3 * b.kv_ln for b in feeder.buses}
    nodes = [n for n in theirs if n.rpartition(".")[0] in base]
    assert len(nodes) >= len(mine) - 1 - sum("__" in n or "%5f%5f" in n for n in mine)
    gap = {n: np.abs(mine[n] - theirs[n]).max() / base[n.rpartition(".")[0]] for n in nodes}
    assert max(gap.values()) <= SAME_PU, max(gap, key=lambda n: gap[n])


def assert_same_day(reduction: Reduction, theirs: Mapping[str, Any]) -> None:
    hourly = results.hourly(reduction, CASE)
    scale = np.abs(theirs["kw"] + 1j * theirs["kvar"]).max()
    for column, key in (("source_kw", "kw"), ("source_kvar", "kvar"), ("loss_kw", "loss_kw")):
        np.testing.assert_allclose(hourly[column].to_numpy(), theirs[key], atol=SAME_KW * scale)
    rows = [r for r in results.powerflow(reduction, CASE).to_pylist() if r["kind"] == "line" and r["rating"]]
    assert rows
    for row in (r for r in rows if not r["phase"]):
        ends = [100.0 * theirs[f"line {row['element']} {end}"].max() / row["rating"] for end in (0, 1)]
        assert min(abs(row["max_load_pct"] - pct) for pct in ends) < SAME_PCT, row["element"]


HEAD = "new circuit.c basekv=12.47\nnew line.l bus1=sourcebus bus2=b phases=3 length=1 units=km\n"
LOAD = "new load.a bus1=b kv=12.47 kw=100 kvar=10\n"


@pytest.mark.parametrize(
    ("text", "severity", "told"),
    [
        ("new capacitor.c bus1=b kv=12.47 kvar=100\n{solved}open capacitor.c 1 2\n", "error", "Capacitor.c"),
        ("{solved}open load.a 1 3\n", "error", "Load.a"),
        ("new transformer.t windings=2 buses=[b lv] kvs=[12.47 .48]\n{solved}open transformer.t 2\n", "error",
         "Transformer.t"),
        ("new storage.s bus1=b kv=12.47 kwrated=100 kwhrated=200\n", "warning", "Storage.s"),
        ("new generator.g bus1=b kv=12.47 kw=10 model=3\n", "error", "Generator.g"),
        ("new vsource.v bus1=b basekv=12.47 model=ideal\n", "error", "Vsource.v"),
        ("new vsource.v bus1=b basekv=12.47 sequence=zero\n", "error", "Vsource.v"),
        ("set frequency=50\n", "error", "Vsource.source"),
        ("new reactor.r bus1=b phases=3 r=1 x=2 rp=100\n", "error", "Reactor.r"),
        ("new pvsystem.p bus1=b kv=12.47 kva=10 pmpp=10\nnew invcontrol.i mode=voltvar\n", "error", "InvControl.i"),
        ("new capacitor.c bus1=b bus2=d kv=12.47 kvar=9000\nnew capcontrol.k capacitor=c element=line.l type=current "
         "onsetting=9 offsetting=1\n", "error", "CapControl.k"),
        ("{solved}open line.l 1\nnew swtcontrol.s switchedobj=line.l\nopen line.l 1\n", "warning", "SwtControl.s"),
        ("new fuse.f monitoredobj=line.l normal=[open closed closed]\n", "warning", "Fuse.f"),
        ("new linecode.k nphases=3 normamps=300 ratings=[300 350] seasons=2\nline.l.linecode=k\n", "warning",
         "LineCode.k"),
        ("new capacitor.c bus1=b kv=12.47 kvar=100\nnew capcontrol.k capacitor=c element=line.l type=pf "
         "onsetting=.9 offsetting=-.9 pctminkvar=80\n", "warning", "CapControl.k"),
    ],
)  # fmt: skip
def test_what_the_model_cannot_hold_is_said(tmp_path: Path, text: str, severity: str, told: str) -> None:
    script = tmp_path / "m.dss"
    script.write_text(HEAD + LOAD + text.format(solved="solve\n"))
    found = [f for f in given(script).findings if f.element == told]
    assert [f.severity for f in found] == [severity], [f.message for f in found]


def test_what_is_open_on_all_sides_is_out_of_service(tmp_path: Path) -> None:
    script = tmp_path / "m.dss"
    script.write_text(HEAD + LOAD + "new capacitor.c bus1=b kv=12.47 kvar=100\nsolve\nopen capacitor.c 1\n")
    reading = given(script)
    assert reading.findings == [] and feeder_of(reading).capacitors == ()
    (whole,) = [r for r in reading.conversion.values() if r["object"] == "Capacitor.c" and not r["property"]]
    assert whole["reason"] == "is open in the source"
