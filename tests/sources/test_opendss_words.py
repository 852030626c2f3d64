"""Scripts in the many ways in which people write them have the voltages of the engine alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from dss import DSS
from models import files_of, only, read
from twins import volts

FILES = {
    "master.dss": r"""// a comment
! another
/* a block
new line.no bus1=q bus2=r
*/
Clear
Set DefaultBaseFrequency=60
New Circuit.odd basekv=12.47 pu=1.02 bus1=src phases=3 MVAsc3=200 MVASC1=210
Redirect "sub\Codes.DSS"  ! windows slashes
New Line.L1 Bus1=src.1.2.3 Bus2=b1 LineCode=lc336 Length=(5280 3 *) units=ft
More Phases=3
New Line.L2 like=L1 bus1=b1 bus2=b2.2.1.3 length=0.7 units=km
New Line.lat Bus1=b2.2.1 Bus2=b3.2.1 phases=2 Geometry=g2 length=300 units=m
New Line.sw bus1=b2 bus2=b4 switch=y
new line.(one) bus1=b3.2 bus2=b5.2 phases=1 rmatrix=(0.5) xmatrix=(0.6) cmatrix=(0) length=1 units=mi
New Transformer.T1 phases=3 windings=2 xhl=(8 2 /) %loadloss=1
~ wdg=1 bus=b4 conn=delta kv=12.47 kva=500 tap=1.0125
~ wdg=2 bus=b6 conn=wye kv=0.48 kva=500
m %noloadloss=.2 %imag=.5
New Transformer.ct phases=1 windings=3 buses=[b5.2 h.1.0 h.0.2]
~ kvs=[7.2 .12 .12] kvas=[25 25 25] xhl=2.04 xht=2.04 xlt=1.36 %Rs=[0.6 1.2 1.2]
redirect sub/loads.dss
New Capacitor.c1 bus1=b2 kvar=[300] kv=12.47 numsteps=1
New Capacitor.c2 bus1=b6 kvar=60 kv=.48 conn=delta
New Reactor.shunt bus1=b4 kv=12.47 kvar=90
Batchedit Load..* vminpu=0.8
Load.a.kw=55
open line.lat 2 1
set voltagebases=[12.47 .48 .208]
Calcv
solve
""",
    "sub/Codes.DSS": r"""New LineCode.lc336 nphases=3 units=mi BaseFreq=60
~ rmatrix=[0.4576 | 0.1560 0.4666 | 0.1535 0.1580 0.4615]
~ xmatrix=[1.0780 |0.5017 1.0482 | 0.3849 0.4236 1.0651] // per mile
more cmatrix="15.06 | -4.8 15.6 | -1.8 -3.0 14.4" normamps=530
redirect deep/wires.dss
""",
    "sub/deep/wires.dss": r"""New wiredata.w1 gmrac=.0244 gmrunits=ft rac=.306 runits=mi
~ diam=.721 radunits=in normamps=530
New linegeometry.g2 nconds=3 nphases=2 cond=1 wire=w1 x=-1.2 h=9 units=m
~ cond=2 wire=w1 x=1.2 h=9 units=m
~ cond=3 wire=w1 x=0 h=7.5 units=m reduce=y
""",
    "sub/loads.dss": r"""New LoadShape.day npts=3 interval=1 mult=(file=day.csv, col=1, header=n)
New "Load.a" bus1=b3.2 phases=1 kv=7.2 kw=50 pf=.95 model=1 daily=day
New load.b like=a bus1=b2.1 kw=30
New Load.c bus1=b6 phases=3 kv=.48 kw=120 kvar=(40 2 * sqr 6400 -) model=2
New load.d phases=1 bus1=b6.1.2 conn=delta kv=.48 kw=20 kvar=8 model=5
New load.e phases=1 bus1=h.1.2 kv=.24 kw=9 pf=-.98
New load.f bus1=b6 kv=.48 kw=10 model=8 zipv=(0.2 0.3 0.5 0.1 0.2 0.7 0.6) pf=.9
""",
    "day.csv": "0.5\n0.7\n1\n",
}
"""Continuations, `like`, RPN, redirects with either slash into folders, comments, matrices, orders of nodes."""


def test_an_odd_script_has_the_voltages_of_the_engine_alone(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "sub/day.csv").write_text(FILES["day.csv"], encoding="utf-8")
    reading = read("opendss", tmp_path, "master.dss")
    assert [str(f) for f in reading.findings] == []
    ours = volts(only(reading))
    try:
        DSS.Text.Command = f'compile "{tmp_path / "master.dss"}"'
        circuit = DSS.ActiveCircuit
        alone = {n.lower(): float(v) for n, v in zip(circuit.AllNodeNames, circuit.AllBusVmagPu, strict=True)}
    finally:
        DSS.Text.Command = "clear"
    fed = {n for n, v in alone.items() if v > 0.01}
    assert len(fed) == len(alone) - len(("b3.2", "b5.2", "h.1", "h.2")), "behind the open conductor nothing is fed"
    assert {n: float(ours[n]) for n in fed} == pytest.approx({n: alone[n] for n in fed}, abs=2e-5)
    assert len(files_of(tmp_path)) == len(FILES) + 1


def test_a_load_shape_without_values_does_not_end_the_reading(tmp_path: Path) -> None:
    """`mult=1` without `npts` has no values: the engine cannot tell its mean, and told nothing of any shape."""
    shapes = "new loadshape.blank mult=1\nnew loadshape.two npts=2 interval=1 mult=[1 0.5]\n"
    load = "new load.l bus1=sourcebus phases=3 kv=12.47 kw=10 yearly=blank\n"
    script = f"clear\nnew circuit.x basekv=12.47\n{shapes}{load}set voltagebases=[12.47]\ncalcv\nsolve\n"
    (tmp_path / "master.dss").write_text(script)
    reading = read("opendss", tmp_path, "master.dss")
    assert [f for f in reading.findings if f.severity == "error"] == []
    assert [part.kw for part in only(reading).loads] == [10]
    assert {thing for _, thing, _ in reading.conversion} >= {"LoadShape.blank", "LoadShape.two"}


BASE = """clear
new circuit.x basekv=12.47 pu=1.02 bus1=a
new linecode.m nphases=3 rmatrix=[.1|.01 .1|.01 .01 .1] xmatrix=[.2|.01 .2|.01 .01 .2] units=km
new line.l bus1=a bus2=b linecode=m length=3 units=km
{}
set voltagebases=[12.47]
calcv
solve
"""


@pytest.mark.parametrize(
    "lines",
    [
        "new generator.g bus1=b kv=12.47",
        "new generator.g bus1=b kv=12.47 kva=100",
        "new generator.g bus1=b kv=12.47 kw=100",
        "new generator.g bus1=b kv=12.47 pf=-.9",
        "new generator.g bus1=b kv=12.47 kvar=20 kw=400",
        "new generator.g bus1=b kv=12.47 pf=.9 kvar=20 kw=400",
        "new generator.g bus1=b kv=12.47 kw=400 kvar=20\ngenerator.g.kw=800",
        "new generator.g bus1=b.1 phases=1 kv=7.2 kw=100 pf=.95",
    ],
)
def test_generators_give_what_the_engine_makes_of_their_words(tmp_path: Path, lines: str) -> None:
    (tmp_path / "master.dss").write_text(BASE.format(lines))
    reading = read("opendss", tmp_path, "master.dss")
    assert [str(f) for f in reading.findings] == []
    _as_alone(tmp_path, volts(only(reading)))


@pytest.mark.parametrize(
    "words", ["linecode=m switch=y length=.001 units=km phases=3", "switch=y linecode=m", "linecode=m switch=yes"]
)
def test_a_switch_may_name_its_line_code_first(tmp_path: Path, words: str) -> None:
    """The engine then tells no symmetrical components, which are no lack: it tells the matrices."""
    load = "new load.l bus1=c kv=12.47 kw=3000"
    (tmp_path / "master.dss").write_text(BASE.format(f"new line.s bus1=b bus2=c {words}\n{load}"))
    reading = read("opendss", tmp_path, "master.dss")
    assert [str(f) for f in reading.findings] == []
    assert [(s.name, s.r_ohm, s.x_ohm) for s in only(reading).switches] == [("s", 0.001, 0.001)]
    _as_alone(tmp_path, volts(only(reading)))


@pytest.mark.parametrize("opened", ["1", "2", "1 2", "2 3", "1 1\nopen line.ring 2 3", "1\nopen line.ring 2"])
def test_an_open_line_is_charged_from_the_end_that_is_closed(tmp_path: Path, opened: str) -> None:
    ring = "new line.ring bus1=a.3.1.2 bus2=b.3.1.2 r1=.1 x1=.2 r0=.3 x0=.4 c1=900 c0=700 length=9 units=km"
    load = "new load.l bus1=b kv=12.47 kw=900"
    (tmp_path / "master.dss").write_text(BASE.format(f"{ring}\n{load}\nopen line.ring {opened}"))
    reading = read("opendss", tmp_path, "master.dss")
    assert [str(f) for f in reading.findings] == []
    _as_alone(tmp_path, volts(only(reading)))


@pytest.mark.parametrize("opened", ["1", "2", "1 2", "2 3", "1 1\nopen line.ring 2 3"])
def test_an_open_line_of_another_frequency_keeps_its_impedance(tmp_path: Path, opened: str) -> None:
    """The admittances that the engine converts have none while a conductor is open: reading ended with a traceback."""
    code = "new linecode.fifty nphases=3 basefreq=50 units=km r1=.1 x1=.2 r0=.3 x0=.4 c1=90 c0=70"
    ring = "new line.ring bus1=a.3.1.2 bus2=b.3.1.2 linecode=fifty length=9 units=km"
    load = "new load.l bus1=b kv=12.47 kw=900"
    (tmp_path / "master.dss").write_text(BASE.format(f"{code}\n{ring}\n{load}\nopen line.ring {opened}"))
    reading = read("opendss", tmp_path, "master.dss")
    assert [str(f) for f in reading.findings] == []
    _as_alone(tmp_path, volts(only(reading)))


def test_a_line_that_the_engine_gives_a_negative_resistance_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Its correction of the earth return takes lengths for thousands of feet, whatever the unit."""
    code = "new linecode.m nphases=3 basefreq=60 units=mm r1=1e-7 x1=2e-7 r0=3e-7 x0=4e-7"
    text = f"set defaultbasefrequency=50\n{BASE}".format(
        f"{code}\nnew line.x bus1=a bus2=x linecode=m length=9 units=m"
    )
    (tmp_path / "master.dss").write_text(text)
    (refused,) = (f for f in read("opendss", tmp_path, "master.dss").findings if f.severity == "error")
    assert (refused.element, refused.message) == ("Line.x", "r_ohm_per_km must not be negative on its diagonal")


@pytest.mark.parametrize("cls", ["generator", "storage"])
def test_a_voltage_before_its_one_phase_is_told(tmp_path: Path, cls: str) -> None:
    """The engine gives 248 kW of a generator of 100: it took 7.2 kV for the voltage between three phases."""
    words = "kw=100 pf=1" if cls == "generator" else "kwrated=100 %idlingkw=0"
    orders = {
        "late": f"kv=7.2 phases=1 {words}",
        "again": f"kv=7.2 phases=1 {words} kv=7.2",
        "first": f"phases=1 kv=7.2 {words}",
    }
    lines = "\n".join(f"new {cls}.{name} bus1=b.1 {order}" for name, order in orders.items())
    (tmp_path / "master.dss").write_text(BASE.format(lines))
    found = read("opendss", tmp_path, "master.dss").findings
    assert [(f.check, f.element.lower(), f.field, f.value) for f in found] == [
        ("opendss.kv-before-phases", f"{cls}.late", "kV", "7.2")
    ]


def _as_alone(folder: Path, ours: dict[str, float]) -> None:
    try:
        DSS.Text.Command = f'compile "{folder / "master.dss"}"'
        circuit = DSS.ActiveCircuit
        alone = {n.lower(): float(v) for n, v in zip(circuit.AllNodeNames, circuit.AllBusVmagPu, strict=True)}
    finally:
        DSS.Text.Command = "clear"
    assert len(alone) >= 6
    assert {n: float(ours[n]) for n in alone} == pytest.approx(alone, abs=1e-6)
