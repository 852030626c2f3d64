from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from dss import dss as engine_api
from power_cases import CASES

from dtl.errors import NoSource, SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import dss, engine, names


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir()))
def test_a_feeder_gives_its_golden_text(case: str) -> None:
    feeder = Feeder.from_json((CASES / case / "feeder.json").read_text(encoding="utf-8"))
    assert dss.write(feeder) == (CASES / case / "expected.dss").read_text(encoding="utf-8")


def test_the_engine_takes_every_part_and_every_base(feeder: Feeder) -> None:
    engine.load(dss.write(feeder))
    circuit = engine_api.ActiveCircuit
    counts = {
        "lines": circuit.Lines.Count,
        "transformers": circuit.Transformers.Count,
        "capacitors": circuit.Capacitors.Count,
        "loads": circuit.Loads.Count,
        "regulators": circuit.RegControls.Count,
        "meters": circuit.Meters.Count + circuit.Monitors.Count,
    }
    closed = sum(1 for s in feeder.switches if s.enabled and s.is_closed)
    assert counts == {
        "lines": sum(p.enabled for p in feeder.lines) + closed,
        "transformers": sum(p.enabled for p in feeder.transformers),
        "capacitors": sum(p.enabled for p in feeder.capacitors),
        "loads": sum(p.enabled for p in feeder.loads),
        "regulators": sum(p.enabled for p in feeder.regulators),
        "meters": 0,
    }
    engine.solve()
    for bus in feeder.buses:
        if bus.name in dss.wired(feeder):
            assert circuit.Buses(names.spelled(bus.name)).kVBase == pytest.approx(bus.kv_ln, rel=1e-9)


def test_what_the_text_says_is_what_the_engine_holds(mixed: Feeder) -> None:
    engine.load(dss.write(mixed))
    circuit = engine_api.ActiveCircuit
    circuit.Loads.Name = "shop"
    circuit.Lines.Name = "l2"
    circuit.Transformers.Name = "t2"
    circuit.Transformers.Wdg = 1
    read = [circuit.Loads.kW, circuit.Loads.Vminpu, circuit.Loads.Vmaxpu, circuit.Loads.CVRwatts]
    assert read == [180.0, 0.8, 1.2, 0.8]
    assert [circuit.Lines.Length, circuit.Lines.NormAmps, circuit.Lines.EmergAmps] == [1.25, 60.0, 150.0]
    assert engine.command("? transformer.t2.normhkva") == "200"
    assert engine.command("? transformer.t2.%noloadloss") == "0.3"


def test_single_quirks_of_names_survive() -> None:
    words = ["a.b", "a b", "a%2eb", "a/b", "ä", "x'y", "(1)", "sw:1", "plain_1-2"]
    spelled = [names.spelled(w) for w in words]
    assert len(set(spelled)) == len(words)
    assert names.spelled("plain_1-2") == "plain_1-2"
    safe = set("abcdefghijklmnopqrstuvwxyz0123456789_-%")
    assert all(set(s) <= safe for s in spelled)
    pairs = {names.element(kind, w) for kind, w in product(("line", "switch"), words)}
    assert len(pairs) == 2 * len(words)


def test_an_open_switch_and_a_disabled_part_carry_nothing(mixed: Feeder) -> None:
    text = dss.write(mixed)
    assert "sw:tie" not in text
    assert "bus=dead" not in text
    off = mixed.model_copy(
        update={"loads": tuple(p.model_copy(update={"enabled": p.name != "zip"}) for p in mixed.loads)}
    )
    assert "load.zip" in text
    assert "load.zip" not in dss.write(off)


def test_a_feeder_without_source_is_named(mixed: Feeder) -> None:
    with pytest.raises(NoSource, match="feeder mixed has no source"):
        dss.write(mixed.model_copy(update={"sources": ()}))


def test_the_engines_refusal_becomes_a_solve_error() -> None:
    with pytest.raises(SolveError, match="OpenDSS refuses the circuit"):
        engine.load("clear\nnew circuit.c bus1=a\nnew line.x bus1=a bus2=b linecode=nowhere\n")


def test_json_and_text_there_and_back_give_the_same_voltages(feeder: Feeder, tmp_path: Path) -> None:
    solved = []
    for version in (feeder, Feeder.from_json(feeder.to_json())):
        engine.load(dss.write(version))
        engine.load_settings(mode="snapshot", controlmode="static", tolerance=1e-9, maxcontroliter=100)
        engine.solve()
        volts = np.empty(len(engine.node_names()) + 1, np.complex128)
        engine.Voltages().read(volts)
        solved.append((engine.node_names(), volts))
    assert solved[0][0] == solved[1][0]
    np.testing.assert_array_equal(solved[0][1], solved[1][1])


@pytest.mark.parametrize("name", ["ieee13", "ieee123", "p4u"])
def test_our_text_of_a_sample_solves_like_the_sample(name: str, samples: Path, tmp_path: Path) -> None:
    import shutil

    from power_cases import FEEDERS

    feeder = FEEDERS[name](samples)
    folder, master = {
        "ieee13": ("ieee13", "IEEE13Nodeckt.dss"),
        "ieee123": ("ieee123", "IEEE123Master.dss"),
        "p4u": ("smartds_p4u", "Master.dss"),
    }[name]
    shutil.copytree(samples / "opendss" / folder, tmp_path / "m")
    settings = {"controlmode": "off", "tolerance": 1e-9, "maxiterations": 200}
    theirs = _solved(f'redirect "{tmp_path / "m" / master}"', settings)
    ours = _solved(dss.write(feeder), settings)
    assert len(ours) == len(theirs)
    worst = max(abs(ours[_ours(node)] / volt - 1.0) for node, volt in theirs.items())
    assert worst < 1e-5


def _ours(node: str) -> str:
    bus, _, number = node.rpartition(".")
    return f"{names.spelled(bus)}.{number}"


def _solved(text: str, settings: dict[str, float | str]) -> dict[str, float]:
    engine.load(f"clear\n{text}")
    for transformer in _tapped():
        engine.command(f"edit transformer.{transformer} wdg=2 tap=1")
    engine.load_settings(**settings)
    engine.solve()
    circuit = engine_api.ActiveCircuit
    return dict(zip([n.lower() for n in circuit.AllNodeNames], circuit.AllBusVmag, strict=True))


def _tapped() -> list[str]:
    circuit = engine_api.ActiveCircuit
    return [str(r.Transformer) for r in circuit.RegControls]
