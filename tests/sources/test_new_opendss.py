"""``dtl new --from opendss``: the parts of the study follow what the engine itself makes of the script in a year."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pytest
from dss import DSS

from dtl.sources import new_opendss, opendss
from dtl.spec import new
from dtl.spec.study import load
from dtl.workflow import named

MAKERS = {"opendss": new_opendss.make}
YEAR = [round(0.5 + 0.4 * math.sin(0.7 * h) + 0.1 * math.cos(h * h), 4) for h in range(8760)]
DAY = [0, 0, 0, 0, 0, 0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1, 0.95, 0.8, 0.6, 0.4, 0.2, 0.05, 0, 0, 0, 0, 0]
BOUNDS = "vminpu=.5 vmaxpu=1.5"
MASTER = f"""clear
new circuit.town basekv=12.47
new loadshape.Own npts=8760 interval=1 pmult=(file=../shapes/p.csv) qmult=(file=..\\shapes\\q.csv)
new loadshape.kw npts=8760 interval=1 mult=(file=../shapes/kw.csv) useactual=yes
new loadshape.week npts=168 interval=1 mult=[{" ".join(map(str, YEAR[:168]))}]
new loadshape.sun npts=24 interval=1 mult=[{" ".join(map(str, DAY))}]
new loadshape.when npts=2 interval=0 hour=[1 9] mult=[.2 1]
redirect ../parts/loads.dss
set voltagebases=[12.47]
calcv
"""
LOADS = f"""new load.a bus1=sourcebus kv=12.47 kw=300 kvar=100 yearly=Own daily=week {BOUNDS}
new load.b bus1=sourcebus kv=12.47 kw=80 kvar=20 yearly=kw {BOUNDS}
new load.c bus1=sourcebus kv=12.47 kw=30 pf=.95 daily=week {BOUNDS}
new load.d bus1=sourcebus kv=12.47 kw=20 pf=.95 yearly=week status=fixed {BOUNDS}
new load.e bus1=sourcebus kv=12.47 kw=10 pf=.95 {BOUNDS}
new load.f bus1=sourcebus kv=12.47 kw=10 pf=.95 yearly=week status=exempt {BOUNDS}
new generator.g bus1=sourcebus kv=12.47 kw=50 pf=.98 yearly=week {BOUNDS}
new generator.day bus1=sourcebus kv=12.47 kw=50 pf=.98 daily=week {BOUNDS}
new pvsystem.roof bus1=sourcebus kv=12.47 kva=60 pmpp=90 irradiance=.95 daily=sun {BOUNDS}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "scripts/model/Master.dss": MASTER,
        "scripts/parts/loads.dss": LOADS,
        "scripts/shapes/p.csv": "\n".join(map(str, YEAR)),
        "scripts/shapes/q.csv": "\n".join(map(str, YEAR[::-1])),
        "scripts/shapes/kw.csv": "\n".join(str(60 * v) for v in YEAR),
        "scripts/model/not_used.csv": "1",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def make(master: str = "scripts/model/Master.dss") -> int:
    return new.run("town", origin=("opendss", master), makers=MAKERS)


def test_every_part_follows_what_the_engine_takes_in_a_year(place: Path) -> None:
    assert make() == 0
    data = place / "studies/town/data"
    assert sorted(p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file()) == [
        "follows.csv", "model/model/Master.dss", "model/parts/loads.dss", "model/shapes/kw.csv", "model/shapes/p.csv",
        "model/shapes/q.csv", "profiles.csv",
    ]  # fmt: skip
    study = load(place / "studies/town")
    mistakes, _ = named.check(study)
    assert not mistakes
    source = study.sources["circuit"]
    files = {p.relative_to(study.folder).as_posix(): p for p in source.files(study.folder)}
    reading = opendss.read("circuit", {"path": "data/model/model/Master.dss"}, files)
    assert {f.field for f in reading.findings} == {"Status"}, "exempt and fixed are said of what scales all loads"
    series = _series(data, {(kind, p.name): p for (kind, _), p in reading.parts["town"].items()})
    try:
        DSS.Text.Command = f'redirect "{data / "model/model/Master.dss"}"'
        DSS.Text.Command = "set mode=yearly stepsize=1h number=1"
        for hour in range(8760):
            DSS.ActiveCircuit.Solution.Solve()
            if hour % 97 == 0 or hour in (12, 8759):
                assert {name: _power(name) for name in series} == {
                    name: pytest.approx(values[hour % len(values)], abs=2e-4) for name, values in series.items()
                }, hour
    finally:
        DSS.Text.Command = "clear"


def _series(data: Path, parts: dict[tuple[str, str], Any]) -> dict[str, list[complex]]:
    """kW + j kvar of every part in every row of the profiles, as `dtl.demand` takes them from the two files."""
    with (data / "profiles.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (data / "follows.csv").open() as file:
        whose = {(r["kind"], r["name"]): r for r in csv.DictReader(file)}
    ones = [1.0] * len(rows)
    found = {}
    for (kind, name), part in parts.items():
        if kind not in ("load", "generator"):
            continue
        row = whose.get((kind, name))
        kw = [float(r[f"profile:{row['kw_profile']}"]) for r in rows] if row else ones
        kvar = [float(r[f"profile:{row['kvar_profile']}"]) for r in rows] if row and row["kvar_profile"] else kw
        cls = "pvsystem" if name == "roof" else kind
        sign = 1 if kind == "load" else -1
        found[f"{cls}.{name}"] = [
            complex(sign * part.kw * a, sign * part.kvar * b) for a, b in zip(kw, kvar, strict=True)
        ]
    assert len(found) == 9
    return found


def _power(name: str) -> complex:
    circuit = DSS.ActiveCircuit
    assert circuit.SetActiveElement(name) >= 0
    powers = circuit.ActiveCktElement.Powers
    return complex(sum(powers[::2]), sum(powers[1::2]))


def test_it_says_who_follows_nothing_and_why(place: Path) -> None:
    odd = "new load.odd bus1=sourcebus kv=12.47 kw=10 yearly=when\n"
    (place / "scripts/parts/loads.dss").write_text(LOADS + odd)
    assert make() == 0
    text = (place / "studies/town/study.yaml").read_text()
    assert "# 4 loads and 2 plants follow " in text
    assert "# load odd: the shape when has no values at equal intervals of whole hours or parts of an hour." in text
    assert "# generator day: states the shape week for a day, which the engine does not take in a year." in text


@pytest.mark.parametrize(
    ("interval", "values", "per_hour", "first"),
    [(1.0, 8784, 1, 0.0), (24.0, 366, 1, 0.0), (0.25, 96, 4, 0.0), (1 / 60, 1440, 12, 2.0), (0.3333333, 3, 12, 0.0),
     (0.4, 60, 0, None), (0.0, 3, 0, None)],
)  # fmt: skip
def test_intervals_become_steps_of_a_file_of_profiles(
    interval: float, values: int, per_hour: int, first: float | None
) -> None:
    found, number = new_opendss._regular([float(v) for v in range(values)], interval)
    assert number == per_hour
    assert (found[0] if found else None) == first
    if interval >= 1.0:
        year = new_opendss._without_leap_day(found, number)
        assert len(year) == 8760
        assert year[59 * 24] == found[60 * 24], "29 February is left out"


def test_days_stay_days_and_the_finest_step_holds_for_all() -> None:
    found = new_opendss.Profiles({})
    found.columns.update({"a": ([1.0, 2.0], 1), "b": ([float(v) for v in range(96)], 4)})
    rows = list(found.table())
    assert len(rows) == 96
    assert rows[5] == [2.0, 5.0]
    assert rows[8] == [1.0, 8.0]
    found.columns["week"] = ([float(v) for v in range(168)], 1)
    assert len(list(found.table())) == 8760 * 4


def test_what_cannot_be_made_leaves_nothing_behind(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "half.dss").write_text("new line.x bus1=a bus2=b\n")
    assert make("half.dss") == 1
    assert "makes no circuit" in capsys.readouterr().out
    assert make("there.dss") == 1
    assert "is no file" in capsys.readouterr().out
    assert not (place / "studies").exists()


def test_a_script_without_shapes_has_constant_loads(place: Path) -> None:
    (place / "plain.dss").write_text("clear\nnew circuit.c basekv=12.47\nnew load.l bus1=sourcebus kv=12.47 kw=5\n")
    assert make("plain.dss") == 0
    assert "demand: {from: model_loads}" in (place / "studies/town/study.yaml").read_text()
    mistakes, _ = named.check(load(place / "studies/town"))
    assert not mistakes
