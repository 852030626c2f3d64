"""What stands on two phases of a bus, and shunt reactors, written as CIM and read again."""

from __future__ import annotations

from pathlib import Path

import pytest
from cim_files import equipment, file, phases, small
from dss import DSS
from models import only, read
from twins import volts

from dtl.errors import NetworkError
from dtl.sources.cim_write import write

HEAD = """clear
new circuit.c basekv=12.47 pu=1.02 bus1=a r1=0.4 x1=1.5 r0=0.6 x0=2.5
new linecode.c nphases=3 units=km r1=0.2 x1=0.4 r0=0.3 x0=1.2 c1=0 c0=0
new line.l bus1=a bus2=b linecode=c length=4 units=km
new load.whole bus1=b phases=3 kv=12.47 kw=300 kvar=90 vminpu=0.5 vmaxpu=1.5
new transformer.t phases=1 windings=3 buses=[b.2 h.1.0 h.0.2] kvs=[7.2 0.12 0.12] kvas=[250 250 250] %rs=[.6 1.2 1.2]
~ xhl=2.04 xht=2.04 xlt=1.36
{}
set voltagebases=[12.47 .208]
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
    "new load.x bus1=h.1.2 phases=1 kv=.24 kw=60 kvar=20 vminpu=0.5 vmaxpu=1.5",
    "new capacitor.x bus1=h.1.2 phases=1 conn=delta kv=.24 kvar=60",
    "new capacitor.x bus1=h.1.2 phases=2 kv=.208 kvar=60",
    "new reactor.x bus1=h.1.2 phases=1 conn=delta kv=.24 kvar=60",
    "new reactor.x bus1=h.1.2 phases=2 kv=.208 kvar=60",
    "new capacitor.x bus1=b.1.3 phases=1 conn=delta kv=12.47 kvar=600",
    "new reactor.x bus1=b.3.1 phases=1 conn=delta kv=12.47 kvar=600",
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


@pytest.mark.parametrize(
    "part",
    [
        "new load.x bus1=h.1.2 phases=1 kv=.24 kw=60 kvar=20 vminpu=0.5 vmaxpu=1.5",
        "new pvsystem.x bus1=h.1.2 phases=1 kv=.24 kva=60 pmpp=50 irradiance=1 pf=1 vminpu=0.5 vmaxpu=1.5",
        "new generator.x bus1=b.3 phases=1 kv=7.2 kw=300 kvar=40 kva=400 model=1 vminpu=0.5 vmaxpu=1.5",
        "new generator.x bus1=b.1.2 phases=2 kv=12.47 kw=300 kvar=40 kva=400 model=1 vminpu=0.5 vmaxpu=1.5",
        "new load.x bus1=b.1.2 phases=2 kv=12.47 kw=400 kvar=150 vminpu=0.5 vmaxpu=1.5",
    ],
)
def test_what_the_engine_exports_has_its_voltages(tmp_path: Path, part: str) -> None:
    (tmp_path / "master.dss").write_text(HEAD.format(part) + "solve\n")
    engine = DSS.NewContext()
    engine.AllowForms, engine.AllowChangeDir = False, False
    (tmp_path / "cim").mkdir()
    for command in (f'redirect "{tmp_path}/master.dss"', f'export cim100 file="{tmp_path}/cim/model.xml"'):
        engine.Text.Command = command
    reading = read("cim", tmp_path / "cim", "model.xml")
    assert not [str(f) for f in reading.findings if f.severity == "error"]
    after = {node.lower(): pu for node, pu in volts(only(reading)).items()}
    assert volts(only(read("opendss", tmp_path, "master.dss"))) == pytest.approx(after, abs=1e-6)


@pytest.mark.parametrize("letters", [("s12", "s1"), ("s12", "A"), ("A", "A")])
def test_phases_that_stand_beside_each_other_in_no_way_are_told(tmp_path: Path, letters: tuple[str, ...]) -> None:
    rows = [
        phases("EnergyConsumerPhase", "EnergyConsumerPhase__EnergyConsumer", "EnergyConsumerPhase__phase", "X", letter)
        for letter in letters
    ]
    rows[1] = rows[1].replace(f"X-{letters[1]}", "X-second")
    consumer = equipment("EnergyConsumer", "X", "MID", EnergyConsumer__p=1000, EnergyConsumer__q=0)
    (tmp_path / "model.xml").write_text(file([*small(), consumer, *rows]))
    told = [(f.check, f.element) for f in read("cim", tmp_path, "model.xml").findings if f.severity == "error"]
    assert told == [("cim.phase", "EnergyConsumer x")]
