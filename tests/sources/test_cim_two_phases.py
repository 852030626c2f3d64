"""What stands on two phases of a bus, and shunt reactors, written as CIM and read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from models import only, read
from twins import volts

from dtl.errors import NetworkError
from dtl.sources.cim_write import write

HEAD = """clear
new circuit.c basekv=12.47 pu=1.02 bus1=a r1=0.4 x1=1.5 r0=0.6 x0=2.5
new linecode.c nphases=3 units=km r1=0.2 x1=0.4 r0=0.3 x0=1.2 c1=0 c0=0
new line.l bus1=a bus2=b linecode=c length=4 units=km
new load.whole bus1=b phases=3 kv=12.47 kw=300 kvar=90 vminpu=0.5 vmaxpu=1.5
{}
set voltagebases=[12.47]
calcv
"""
PARTS = [
    "new load.x bus1=b.1.2 phases=2 kv=12.47 kw=400 kvar=150 vminpu=0.5 vmaxpu=1.5",
    "new load.x bus1=b.3.1 phases=2 kv=12.6 kw=400 kvar=150 model=2 vminpu=0.5 vmaxpu=1.5",
    "new load.x bus1=b.2.3.0 phases=2 kv=12.1 kw=400 kvar=150 model=8 zipv=[.3 .3 .4 .2 .5 .3 0] vminpu=.5 vmaxpu=1.5",
    "new capacitor.x bus1=b.1.3 phases=2 kv=12.47 kvar=600",
    "new capacitor.x bus1=b.2.3 phases=2 kv=13.2 kvar=600 numsteps=3 states=[1 1 0]",
    "new generator.x bus1=b.1.2 phases=2 kv=12.47 kw=300 kvar=40 kva=400 model=1 vminpu=0.5 vmaxpu=1.5",
    "new reactor.x bus1=b phases=3 kv=12.47 kvar=900",
    "new reactor.x bus1=b phases=3 kv=12.47 kvar=900 conn=delta",
    "new reactor.x bus1=b.2 phases=1 kv=7.2 kvar=300",
    "new reactor.x bus1=b.1.3 phases=2 kv=12.47 kvar=500",
]


@pytest.mark.parametrize("part", PARTS)
def test_parts_have_the_same_voltages_after_cim(tmp_path: Path, part: str) -> None:
    (tmp_path / "master.dss").write_text(HEAD.format(part))
    plain = only(read("opendss", tmp_path, "master.dss"))
    (tmp_path / "cim").mkdir()
    (tmp_path / "cim" / "model.xml").write_bytes(write(plain))
    reading = read("cim", tmp_path / "cim", "model.xml")
    assert not [str(f) for f in reading.findings if f.severity == "error"]
    before, after = volts(plain), volts(only(reading))
    assert before == pytest.approx(after, abs=1e-7)
    (tmp_path / "master.dss").write_text(HEAD.format(""))
    without = volts(only(read("opendss", tmp_path, "master.dss")))
    assert max(abs(without[n] - before[n]) for n in before) > 1e-3


@pytest.mark.parametrize(
    "part", ["new reactor.x bus1=b phases=3 r=5 x=100", "new reactor.x bus1=b bus2=d phases=3 r=0 x=2"]
)
def test_reactors_that_cim_cannot_hold_are_refused(tmp_path: Path, part: str) -> None:
    (tmp_path / "master.dss").write_text(HEAD.format(part))
    with pytest.raises(NetworkError, match=r"reactor\.x: CIM100 has no reactor in series, nor one with a resistance"):
        write(only(read("opendss", tmp_path, "master.dss")))
