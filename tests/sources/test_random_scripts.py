"""Random valid scripts: the model of one has the voltages that the engine has for the script itself."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from dss import DSS
from models import read
from random_scripts import Script

from dtl.network.feeder import Feeder
from dtl.network.join import pruned
from dtl.powerflow import dss
from dtl.sources.reading import Reading

EXACT = "set controlmode=off\nset tolerance=1e-10\nset maxiterations=500\nsolve"
SAME = 1e-6
"""Of the rated voltage of a bus; of ideal switches the model leaves the line charging out."""


def feeder_of(reading: Reading) -> Feeder:
    (name,) = reading.parts
    rows = [
        {"feeder": name, "kind": "feeder", "name": name, "body": json.dumps({"frequency_hz": reading.frequency_hz})}
    ]
    rows += [
        {"feeder": name, "kind": kind, "name": part, "body": p.model_dump_json(exclude_defaults=True)}
        for (kind, part), p in reading.parts[name].items()
    ]
    return Feeder.from_parts(rows)


def solved(script: str) -> dict[str, float] | None:
    """Voltages by node [V]; none where the engine finds none: too much load, or an inverter that nothing feeds."""
    DSS.AllowForms = False
    DSS.Text.Commands(["clear", *script.splitlines(), *EXACT.splitlines()])
    circuit = DSS.ActiveCircuit
    volts = dict(zip((n.lower() for n in circuit.AllNodeNames), map(float, circuit.AllBusVmag), strict=True))
    return volts if circuit.Solution.Converged and not any(map(math.isnan, volts.values())) else None


def compared(seeds: range, folder: Path) -> int:
    """How many scripts could be compared; fails with the nodes that differ."""
    count, apart = 0, {}
    for seed in seeds:
        text = Script(seed).text
        if (theirs := solved(text)) is None:
            continue
        (folder / "m.dss").write_text(text)
        reading = read("opendss", folder, "m.dss")
        assert not reading.findings, (seed, [str(f) for f in reading.findings])
        feeder = feeder_of(reading)
        ours = solved(dss.write(pruned(feeder)))
        assert ours is not None, seed
        for node, volts in theirs.items():
            base = 1e3 * feeder.bus[node.rpartition(".")[0]].kv_ln
            if abs(ours.get(node, 0.0) - volts) > SAME * base:
                apart[seed] = f"{node}: {ours.get(node)} for {volts}"
        count += 1
    assert not apart, f"of {count}: {apart}"
    return count


def test_random_scripts_have_the_voltages_of_the_engine(tmp_path: Path) -> None:
    assert compared(range(40), tmp_path) > 30


@pytest.mark.slow
def test_many_random_scripts_have_the_voltages_of_the_engine(tmp_path: Path) -> None:
    assert compared(range(40, 1500), tmp_path) > 1100
