"""Small OpenDSS feeders, each with one fault that no program of a planner may answer with a number."""

from __future__ import annotations

from pathlib import Path

from dtl.network.feeder import Feeder
from dtl.sources import opendss as source

_ENDS = "buses=[b 480]"
_RATED = "kvs=[12.47 0.48] kvas=[500 500]"
_LINE = "new line.l1 bus1=a bus2=b length=1 units=km r1=0.3 x1=0.4 r0=0.6 x0=1.2 c1=10 c0=5"
_WYE = f"new transformer.t1 phases=3 windings=2 xhl=4 %loadloss=1 {_ENDS} conns=[wye wye] {_RATED}"
_LOAD = "new load.h1 bus1=480 phases=3 kv=0.48 kw=200 kvar=60"
_PLANT = "kv=12.47 kw=500 kvar=0 kva=600 model=1"
_SINGLE = (
    "new load.h1 bus1=480.1{n} phases=1 kv=0.277 kw=60 kvar=6\nnew load.h2 bus1=480.2{n} phases=1 kv=0.277 kw=20 kvar=6"
)
_STRIP = "units=km r1={r} x1={x} r0={r} x0={x} c1=0 c0=0\nnew load.h2 bus1=c phases=3 kv=12.47 kw=100 kvar=10"
_HUNTS = (
    "new capacitor.c1 bus1=b phases=3 kv=12.47 kvar=900\n"
    "new capcontrol.cc element=line.l1 terminal=1 capacitor=c1 type=voltage"
)


def _text(name: str, more: str = "", *, line: str = _LINE, bank: str = _WYE, loads: str = _LOAD) -> str:
    head = f"clear\nnew circuit.{name} basekv=12.47 pu=1.02 bus1=a phases=3 mvasc3=200 mvasc1=150"
    tail = "set voltagebases=[12.47 0.48]\ncalcvoltagebases\nsolve\n"
    return "\n".join([head, line, bank, loads, more, tail])


BAD = {
    "sound": _text("sound"),
    "no_convergence": _text(
        "no_convergence", loads="new load.h1 bus1=480 phases=3 kv=0.48 kw=20000 kvar=9000 vminpu=0.01"
    ),
    "zero_impedance": _text(
        "zero_impedance", "new line.l2 bus1=b bus2=c length=1 " + _STRIP.format(r=0, x=0)
    ),
    "makes_power": _text("makes_power", line=_LINE.replace("r1=0.3", "r1=-0.3")),
    "floating_delta": _text(
        "floating_delta",
        _WYE.replace("t1", "t2").replace("wye wye", "wye delta").replace("b 480", "b 481") + " ppm_antifloat=0",
    ),
    "no_ground": _text("no_ground", bank=_WYE.replace("wye wye", "wye delta"), loads=_SINGLE.format(n="")),
    "no_neutral": _text(
        "no_neutral", bank=_WYE.replace("[b 480]", "[b.1.2.3.4 480.1.2.3.4]"), loads=_SINGLE.format(n=".4")
    ),
    "zero_load": _text("zero_load", loads="new load.h1 bus1=480 phases=3 kv=0.48 kw=0 kvar=0"),
    "no_load": _text("no_load", loads=""),
    "missing_phase": _text(
        "missing_phase",
        "new line.l2 bus1=b.1 bus2=c.1 phases=1 length=1 units=km r1=0.3 x1=0.4 r0=0.3 x0=0.4 c1=0 c0=0\n"
        "new load.h2 bus1=c.2 phases=1 kv=7.2 kw=50 kvar=5",
    ),
    "big_plant": _text("big_plant", "new generator.big bus1=480 phases=3 kv=0.48 kw=2500 kvar=0 kva=2600 model=1"),
    "island_of_a_plant": _text(
        "island_of_a_plant",
        f"new line.s1 bus1=b bus2=i switch=yes\nopen line.s1 1\nnew generator.lone bus1=i phases=3 {_PLANT}",
    ),
    "island_with_load": _text(
        "island_with_load",
        f"new line.s1 bus1=b bus2=i switch=yes\nopen line.s1 1\nnew generator.lone bus1=i phases=3 {_PLANT}\n"
        "new load.h2 bus1=i phases=3 kv=12.47 kw=100 kvar=10",
    ),
    "hunting": _text("hunting", f"{_HUNTS} on=130 off=110 ptratio=60"),
}  # fmt: skip
"""The text of each by its name, which is that of its feeder, too."""

STUDY = """dtl: 1
title: Feeders with one fault each
timezone: America/Chicago
feeders: ["*"]
sources: {model: {kind: opendss, path: "data/*.dss"}}
network: {model: model}
demand: {from: model_loads}
limits:
  voltage: [{where: {kv: [0, 35]}, low_pu: 0.95, high_pu: 1.05}]
powerflow: {hours: [12, 4000, 4001, 8000]}
analyses:
  hosting:
    of: [generation, load]
    hours: extremes_48
    methods:
      iterative: {tolerance_kw: 50}
      drive: {}
      stochastic: {placements: 10, kw_each: [5, 50], seed: 1}
      qsts: {tolerance_kw: 50}
  compliance: {codes: [en-50160@2010, ieee-1547@2018], redispatch: true}
"""


def write(folder: Path, study: str = STUDY) -> None:
    """The study of all of them in a folder."""
    (folder / "data").mkdir(parents=True)
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    for name, text in BAD.items():
        (folder / "data" / f"{name}.dss").write_text(text, encoding="utf-8")


def read(name: str, folder: Path) -> tuple[Feeder, list[str]]:
    """One of them as the source reads it, and the errors that it finds."""
    path = folder / f"{name}.dss"
    path.write_text(BAD[name], encoding="utf-8")
    reading = source.read("model", {"kind": "opendss", "path": path.name}, {path.name: path})
    (feeder,) = reading.parts
    rows = [
        {"feeder": feeder, "kind": kind, "name": part, "body": body.model_dump_json(exclude_defaults=True)}
        for (kind, part), body in reading.parts[feeder].items()
    ]
    return Feeder.from_parts(rows), [str(f.message) for f in reading.findings if f.severity == "error"]
