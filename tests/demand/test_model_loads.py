from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.demand.model_loads import model_loads, read_classes
from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder, Load, Source


def feeder() -> Feeder:
    loads = (
        Load(name="a", bus="n", nodes=(1,), phases=1, kv=2.4, kw=40, kvar=20, min_pu=0.8, max_pu=1.2),
        Load(name="b", bus="n", nodes=(2,), phases=1, kv=2.4, kw=10, kvar=-5, min_pu=0.8, max_pu=1.2,
             customer_class="industrial", customers=7),
        Load(name="c", bus="n", nodes=(3,), phases=1, kv=2.4, kw=0, kvar=30, min_pu=0.8, max_pu=1.2, enabled=False),
    )  # fmt: skip
    source = Source(name="s", bus="n", kv_ll=4.16, r1_ohm=0, x1_ohm=0.01, r0_ohm=0, x0_ohm=0.01)
    bus = Bus(name="n", nodes=(1, 2, 3), kv_ln=2.4)
    return Feeder(id="f", feeders=("f",), sources=(source,), buses=(bus,), loads=loads)


def table(folder: Path, text: str) -> Path:
    path = folder / "classes.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_peak_of_a_load_is_the_models(tmp_path: Path) -> None:
    demand = model_loads(feeder(), {"shape": "residential"}, Calendar(), "UTC", None)
    assert sorted(demand.drives) == ["a", "b"]
    assert demand.kw("a").max() == 40.0
    assert demand.drives["a"].kvar == 20.0
    assert demand.drives["a"].kw_profile == "residential"
    assert demand.drives["b"].kw_profile == "industrial"  # the model's own class
    assert demand.drives["b"].customers == 7


def test_the_classes_table_wins(tmp_path: Path) -> None:
    path = table(tmp_path, "# ours\nfeeder,load,class,customers\nf,b,commercial,3\ng,a,industrial,1\n")
    demand = model_loads(feeder(), {"shape": "flat"}, Calendar(), "UTC", path)
    assert [demand.drives["b"].customer_class, demand.drives["b"].customers] == ["commercial", 3]
    assert demand.drives["a"].kw_profile == "flat"  # the row is of another feeder


def test_the_power_factor_of_a_class_sets_kvar() -> None:
    spec = {"shape": "residential", "power_factor": {"residential": 0.9}}
    drives = model_loads(feeder(), spec, Calendar(), "UTC", None).drives
    assert drives["a"].kw / math.hypot(drives["a"].kw, drives["a"].kvar) == pytest.approx(0.9)
    assert drives["b"].kvar == -5.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("load,clas\na,flat\n", "has no column class"),
        ("feeder,load,class\nf,zz,flat\n", "classes.csv:2: feeder f has no load 'zz'"),
        ("load,class\na,flat\nA,flat\n", "classes.csv:3: load 'a' occurs twice"),
        ("load,class\n\n# note\na,summer\n", "classes.csv:4: class 'summer' has no shape"),
        ("load,class,customers\na,flat,many\n", "classes.csv:2: customers is 'many'"),
    ],
)
def test_a_wrong_table_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SolveError, match=message):
        read_classes(table(tmp_path, text), feeder())


def test_demand_survives_its_files(tmp_path: Path) -> None:
    demand = model_loads(feeder(), {"shape": "residential"}, Calendar(), "UTC", None)
    demand.write(tmp_path / "d.parquet", tmp_path / "p.parquet")
    back = Demand.read(tmp_path / "d.parquet", tmp_path / "p.parquet")
    assert back.drives == demand.drives
    assert set(back.profiles) == {"residential", "industrial"}
    for name, values in back.profiles.items():
        np.testing.assert_array_equal(values, demand.profiles[name])
