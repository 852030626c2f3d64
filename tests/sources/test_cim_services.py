"""Split-phase services in CIM, in and out, and parts of one class and name that are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from cim_files import file, load, small
from models import only, read
from twins import volts

from dtl.sources.cim_write import write

SERVICE = """clear
new circuit.c basekv=12.47 pu=1.02 bus1=a r1=0.1 x1=0.5 r0=0.1 x0=0.5
new line.l bus1=a bus2=b linecode=c length=2 units=km
new transformer.t phases=1 windings=3 buses=[b.2 h.1.0 h.0.2] kvs=[7.2 0.12 0.12] kvas=[25 25 25]
~ xhl=2.04 xht=2.04 xlt=1.36 %rs=[0.6 1.2 1.2]
new load.across bus1=h.1.2 phases=1 kv=0.24 kw=6 kvar=2 vminpu=0.5 vmaxpu=1.5
new load.both bus1=h.1.2 phases=2 conn=wye kv=0.208 kw=4 kvar=1 vminpu=0.5 vmaxpu=1.5
new load.leg bus1=h.1 phases=1 kv=0.12 kw=2 kvar=0.5 model=2 vminpu=0.5 vmaxpu=1.5
new load.earth bus1=b.3.0 phases=1 conn=delta kv=7.2 kw=20 kvar=5 model=5 vminpu=0.5 vmaxpu=1.5
new generator.home bus1=b phases=3 kv=12.47 kw=30 kvar=5 kva=40 model=1
new storage.home bus1=b phases=3 kv=12.47 kwrated=20 kwhrated=40 state=idling %idlingkw=0 %idlingkvar=0
set voltagebases=[12.47 0.208]
calcv
solve
"""
CODE = "new linecode.c nphases=3 units=km r1=0.1 x1=0.4 r0=0.3 x0=1.2 c1=0 c0=0\n"


def test_a_service_has_the_same_voltages_after_cim(tmp_path: Path) -> None:
    """Across the legs, on both and on one; and a battery that is called like a plant, which took its place."""
    script = SERVICE.replace("new line.l", CODE + "new line.l")
    (tmp_path / "master.dss").write_text(script)
    plain = only(read("opendss", tmp_path, "master.dss"))
    (tmp_path / "model.xml").write_bytes(write(plain))
    again = only(read("cim", tmp_path, "model.xml"))
    assert [(g.name, g.kw) for g in again.generators] == [("home", 30.0)]
    assert [(s.name, s.kw, s.kwh) for s in again.storages] == [("home", 20.0, 40.0)]
    across = next(part for part in again.loads if part.name == "across")
    assert (across.phases, across.connection, sorted(across.nodes)) == (1, "delta", [1, 2])
    assert volts(plain) == pytest.approx(volts(again), abs=1e-6)


def test_a_load_in_delta_at_one_leg_is_an_error(tmp_path: Path) -> None:
    """One leg of a service is no side of a delta; two legs and one ended the reading with a traceback."""
    (tmp_path / "model.xml").write_text(file([*small(), load("ODD", "MID", 1000, 0, "s1", joined="D")]))
    reading = read("cim", tmp_path, "model.xml")
    told = [(f.check, f.element) for f in reading.findings if f.severity == "error"]
    assert told == [("cim.phase", "EnergyConsumer odd")]
