"""Reviewed values of a calibration in place of those of the model: the file, and what it does to a feeder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dtl.demand.calendar import HOURS
from dtl.demand.calibrated import calibrated as with_demand
from dtl.demand.calibrated import power_factor
from dtl.demand.demand import Demand, Drive
from dtl.network.calibrated import UnknownElement, calibrated, with_loads
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Regulator, Source, Transformer, Winding
from dtl.spec.calibration_file import calibration
from dtl.spec.small_csv import SmallCsvError

HEADER = "feeder,parameter,element,before,proposed,note"


def feeder() -> Feeder:
    """A regulator of one phase at the head, three phases behind it, and a lateral on A with one load."""
    three = tuple(tuple(0.3 if i == j else 0.1 for j in range(3)) for i in range(3))
    zero = tuple((0.0,) * 3 for _ in range(3))
    codes = (LineCode(name="one", r_ohm_per_km=((0.5,),), x_ohm_per_km=((0.4,),), c_nf_per_km=((9.0,),)),
             LineCode(name="three", r_ohm_per_km=three, x_ohm_per_km=three, c_nf_per_km=zero))  # fmt: skip
    same = {"nodes": (1, 0), "connection": "wye", "kv": 2.4, "kva": 500.0, "r_pct": 0.1}
    unit = Transformer(name="unit", phases=1, xhl_pct=0.1, is_regulator=True,
                       windings=(Winding(bus="head", **same), Winding(bus="reg", **same)))  # fmt: skip
    kva = {"connection": "wye", "kv": 2.4, "phases": 1, "min_pu": 0.8, "max_pu": 1.2}
    return Feeder(
        id="F1", feeders=("F1",), line_codes=codes,
        buses=(Bus(name="end", nodes=(1,), kv_ln=2.4), Bus(name="head", nodes=(1, 2, 3), kv_ln=2.4),
               Bus(name="mid", nodes=(1, 2, 3), kv_ln=2.4), Bus(name="reg", nodes=(1,), kv_ln=2.4)),
        lines=(Line(name="lat", from_bus="mid", to_bus="end", from_nodes=(1,), to_nodes=(1,), length_km=2.0,
                    line_code="one"),
               Line(name="main", from_bus="head", to_bus="mid", from_nodes=(1, 2, 3), to_nodes=(1, 2, 3),
                    length_km=1.0, line_code="three")),
        transformers=(unit,),
        regulators=(Regulator(name="reg-1", transformer="unit", winding=2, set_v=122.0, band_v=2.0, pt_ratio=20.0),),
        loads=(Load(name="x", bus="end", nodes=(1,), kw=100.0, kvar=50.0, **kva),
               Load(name="y", bus="mid", nodes=(2,), kw=100.0, kvar=30.0, **kva)),
        sources=(Source(name="s", bus="head", kv_ll=4.16, r1_ohm=0.0, x1_ohm=0.1, r0_ohm=0.0, x0_ohm=0.1),),
    )  # fmt: skip


def read(folder: Path, *rows: str, header: str = HEADER) -> list[dict[str, object]]:
    path = folder / "calibration.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return calibration(path)


def test_each_parameter_changes_what_it_names_and_tells_what_was(tmp_path: Path) -> None:
    rows = read(tmp_path, "F1,regulator_set,REG-1,122,124.5,", "F1,tap,unit,0,-3,", "F1,phase,lat,1,B,moved",
                "F1,impedance,,1,1.2,", "F1,head_voltage,,1,1.03,",
                "other,impedance,,1,2,", "F1,load_scale,,1,1.1,")  # fmt: skip
    after, told = calibrated(feeder(), rows)
    assert after.regulators[0].set_v == 124.5
    assert after.transformers[0].windings[1].tap_pu == pytest.approx(1 - 3 * 0.00625)
    assert after.bus["end"].nodes == (2,) and after.loads[0].nodes == (2,), "the lateral moves with its load"
    assert after.line_code["one"].r_ohm_per_km == ((0.6,),) and after.line_code["one"].c_nf_per_km == ((9.0,),)
    assert after.sources[0].pu == 1.03
    was = {t["parameter"]: t["was"] for t in told}
    assert was == {"regulator_set": 122.0, "tap": 0.0, "phase": 1.0, "impedance": 1.0, "head_voltage": 1.0,
                   "load_scale": None}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("F1,regulator_set,reg-2,,120,", "line 2: regulator_set F1:reg-2: feeder F1 has no regulator 'reg-2'; did you"),
        ("F1,tap,unit,,17,", "its taps go from -16 to 16"),
        ("F1,phase,main,,A,", "has phases ABC; only a line of one phase is moved"),
    ],
)
def test_what_the_model_has_not_is_an_error_with_the_nearest_name(tmp_path: Path, row: str, why: str) -> None:
    with pytest.raises(UnknownElement) as told:
        calibrated(feeder(), read(tmp_path, row))
    assert why in str(told.value)


def test_every_mistake_in_the_file_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SmallCsvError) as told:
        read(tmp_path, "F1,load_scal,,,1,", "F1,tap,,,1.5,", "F1,impedance,main,,1,", "F1,power_factor,,,1.4,",
             "F1,load_scale,,,,", ",phase,lat,,D,")  # fmt: skip
    lines = str(told.value).splitlines()
    assert [line[:3] for line in lines] == [":2:", ":3:", ":3:", ":4:", ":5:", ":6:", ":7:", ":7:"]
    assert "did you mean 'load_scale'" in lines[0] and "delete the row" in lines[5]
    with pytest.raises(SmallCsvError, match="has no column proposed"):
        read(tmp_path, header="feeder,parameter,element")


def test_loads_and_demand_follow_scale_and_power_factor(tmp_path: Path) -> None:
    rows = read(tmp_path, "f1,load_scale,,1,1.5,", "F1,power_factor,,0.9,0.8,")
    loads = with_loads(feeder(), rows).loads
    assert sum(p.kw for p in loads) == pytest.approx(300.0)
    assert sum(p.kvar for p in loads) == pytest.approx(300.0 * 0.75)
    flat = np.ones(HOURS, np.float32)
    drives = {p.name: Drive("F1", p.name, p.bus, "", 1, p.kw, p.kvar, "flat", "half", "model") for p in feeder().loads}
    after = with_demand(Demand(drives, {"flat": flat, "half": 0.5 * flat}), rows)
    assert power_factor(after, list(after.drives.values())) == pytest.approx(0.8)
    assert after.drives["x"].kw == pytest.approx(150.0)
    assert after.drives["x"].kvar / after.drives["y"].kvar == pytest.approx(5.0 / 3.0), "shared as they share it"
