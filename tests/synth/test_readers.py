"""The CYME text of a clean feeder, read by our own reader and solved, gives the voltages of the truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from dss import DSS

from dtl.network.feeder import Feeder
from dtl.powerflow import dss
from dtl.sources.cyme_text import read
from dtl.synth import circuit
from dtl.synth.build import build
from dtl.synth.cyme import demand_of
from dtl.synth.settings import Settings
from dtl.synth.settle import settle
from dtl.synth.system import plan
from dtl.synth.utility import write

PLURAL = {"bus": "buses", "switch": "switches"}


def volts(commands: list[str]) -> dict[str, float]:
    DSS.AllowForms = False
    DSS.AllowChangeDir = False
    DSS.Text.Commands([*commands, "Set Tolerance=1e-8", "Solve"])
    solved = DSS.ActiveCircuit
    return {name.lower(): v for name, v in zip(solved.AllNodeNames, solved.AllBusVmag, strict=True)}


def dots(phases: str) -> str:
    return "".join(f".{'ABC'.index(p) + 1}" for p in phases)


def truth_at_transformers(number: int, settings: Settings) -> dict[str, float]:
    """Voltages of the truth with its demand moved to the low-voltage side of the transformers, where CYME has it."""
    _, stubs = plan(settings)
    feeder = build(stubs[number - 1], stubs, settings)
    settle(feeder)
    kw, kvar, _, _ = demand_of(feeder)
    lines = [c for c in circuit.commands(feeder) if not c.startswith(("New Load.", "New Line.D", "New Line.S0"))]
    loads = [
        f"New Load.{t.id} phases={len(t.phases)} bus1={t.bus}{dots(t.phases)} conn=wye"
        f" kv={t.kv_low} kw={kw[k]} kvar={kvar[k]} model=1 vminpu=0.8 vmaxpu=1.2"
        for k, t in enumerate(feeder.transformers)
    ]
    return volts([*lines[:-2], *loads, *lines[-2:]])


def test_voltages_through_cyme_text_are_those_of_the_truth(settings: Settings, tmp_path: Path) -> None:
    clean = replace(settings, errors="none", days=0, formats=("cyme_text",))
    write(clean, tmp_path / "u")
    files = {str(f.relative_to(tmp_path / "u")): f for f in (tmp_path / "u/cyme").rglob("*.txt")}
    spec = {"kind": "cyme_text", "path": "cyme/{feeder}/*.txt", "equipment": "cyme/equipment.txt"}
    reading = read("cyme", spec, files)
    assert [str(f) for f in reading.findings if f.severity == "error"] == []
    for number in (1, 5):
        name = f"F{number:04d}"
        parts = defaultdict(list)
        for (kind, _), part in sorted(reading.parts[name].items()):
            parts[PLURAL.get(kind, f"{kind}s")].append(part)
        ordered = {field: tuple(sorted(found, key=lambda p: p.name)) for field, found in parts.items()}
        ours = volts(dss.write(Feeder(id=name, feeders=(name,), **ordered)).splitlines())
        theirs = truth_at_transformers(number, clean)
        assert len(theirs) > 200
        assert set(theirs) <= set(ours)
        assert max(abs(ours[n] / theirs[n] - 1) for n in theirs if theirs[n] > 1) < (1e-4 if number == 5 else 1e-5)
