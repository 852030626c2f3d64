"""Each wrong unit in a script is told by the part whose figure is furthest out; right figures are not told."""

from __future__ import annotations

from pathlib import Path

import pytest
from models import only, read

from dtl.network.checks import check
from dtl.network.feeder import Feeder

SCRIPT = """clear
set defaultbasefrequency=60
new circuit.c basekv=12.47 bus1=src mvasc3=150 mvasc1=120
new linecode.oh nphases=3 units=mi r1=0.306 x1=0.627 r0=0.6 x0=1.9 c1=16 c0=8 normamps=530
new linecode.service nphases=1 units=km rmatrix=[1.2] xmatrix=[0.3] cmatrix=[0] normamps=90
new line.one bus1=src bus2=a linecode=oh length=1.2 units=km
new line.two bus1=a bus2=b linecode=oh length=0.8 units=km
new line.three bus1=b bus2=d linecode=oh length=900 units=m
new line.four bus1=d bus2=e linecode=oh length=0.5 units=mi
new line.five bus1=e bus2=f linecode=oh length=2000 units=ft
new line.jumper bus1=b bus2=g r1=1e-4 x1=1e-4 r0=1e-4 x0=1e-4 c1=0 c0=0 length=1 units=m
new transformer.t phases=3 windings=2 buses=[b low] conns=[delta wye] kvs=[12.47 0.48] kvas=[500 500]
~ xhl=4.5 %rs=[.6 .6] %noloadloss=.2
new line.drop bus1=low.1 bus2=home.1 phases=1 linecode=service length=200 units=m
new load.home bus1=home.1 phases=1 kv=0.277 kw=40 kvar=10
new load.big bus1=e kv=12.47 kw=400 kvar=100
new capacitor.bank bus1=f kv=12.47 kvar=600
new generator.plant bus1=f kv=12.47 kw=200 kva=250
set voltagebases=[12.47 0.48]
calcv
buscoords places.csv
"""
PLACES = "src,0,0\na,1150,0\nb,1900,100\nd,1900,980\ne,1900,1750\nf,2400,2000\n"
WRONG = {
    "ohms of the mile per foot": ("oh nphases=3 units=mi", "oh nphases=3 units=ft", "line_code.oh", "r_ohm_per_km"),
    "ohms of the foot per mile": (
        "r1=0.306 x1=0.627 r0=0.6",
        "r1=0.000306 x1=0.627 r0=0.0006",
        "line_code.oh",
        "r_ohm_per_km",
    ),
    "reactance in milliohms": ("xmatrix=[0.3]", "xmatrix=[300]", "line_code.service", "x_ohm_per_km"),
    "capacitance in microfarads": ("c1=16 c0=8", "c1=0.016 c0=0.008", "line_code.oh", "c_nf_per_km"),
    "kiloamperes": ("normamps=530", "normamps=0.53", "line.five", "normal_a"),
    "impedance per unit": ("xhl=4.5 %rs=[.6 .6]", "xhl=.045 %rs=[.006 .006]", "transformer.t", "xhl_pct"),
    "losses in watts": ("%noloadloss=.2", "%noloadloss=200", "transformer.t", "no_load_loss_pct"),
    "MVA": ("kvas=[500 500]", "kvas=[.5 .5]", "transformer.t", "kva"),
    "VA": ("kvas=[500 500]", "kvas=[500000 500000]", "transformer.t", "kva"),
    "watts": ("kw=40 kvar=10", "kw=40000 kvar=10000", "load.home", "kw"),
    "var": ("kvar=600", "kvar=600000", "capacitor.bank", "kvar"),
    "short-circuit power in kVA": ("mvasc3=150 mvasc1=120", "mvasc3=.15 mvasc1=.12", "source.source", "x1_ohm"),
}


def feeder(folder: Path, script: str = SCRIPT, places: str = PLACES, crs: str = "EPSG:26910") -> Feeder:
    (folder / "master.dss").write_text(script)
    (folder / "places.csv").write_text(places)
    return only(read("opendss", folder, "master.dss")).model_copy(update={"crs": crs})


def told(model: Feeder) -> list[tuple[str, str]]:
    return [(f.element, f.field) for f in check(model) if f.check == "network.implausible"]


def test_right_figures_are_not_told(tmp_path: Path) -> None:
    assert told(feeder(tmp_path)) == []


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_wrong_unit_is_told_by_its_part(tmp_path: Path, case: str) -> None:
    right, wrong, element, field = WRONG[case]
    assert SCRIPT.count(right) == 1
    assert (element, field) in told(feeder(tmp_path, SCRIPT.replace(right, wrong)))


@pytest.mark.parametrize(
    ("crs", "scale"),
    [("EPSG:26910", 0.3048), ("EPSG:26910", 1000.0), ("EPSG:2227", 1.0), ("EPSG:4326", 1.0)],
)
def test_lengths_are_held_against_the_map(tmp_path: Path, crs: str, scale: float) -> None:
    """Metres in a system of metres agree; in one of feet, or of degrees, or in another unit, they do not."""
    rows = [line.split(",") for line in PLACES.split()]
    places = "".join(f"{n},{float(x) * scale},{float(y) * scale}\n" for n, x, y in rows)
    (found,) = told(feeder(tmp_path, places=places, crs=crs))
    assert found[1] == "length_km"


def test_lengths_agree_with_degrees_and_feet(tmp_path: Path) -> None:
    for crs, east, north in (("EPSG:4326", 111195.0 * 0.7071, 111195.0), ("EPSG:2227", 0.3048006, 0.3048006)):
        rows = [line.split(",") for line in PLACES.split()]
        places = "".join(
            f"{n},{float(x) / east},{float(y) / north + (45.0 if crs == 'EPSG:4326' else 0.0)}\n" for n, x, y in rows
        )
        assert told(feeder(tmp_path, places=places, crs=crs)) == []


def test_the_finding_counts_and_names_the_furthest(tmp_path: Path) -> None:
    model = feeder(tmp_path, SCRIPT.replace("normamps=530", "normamps=2").replace("normamps=90", "normamps=.9"))
    (found,) = [f for f in check(model) if f.check == "network.implausible"]
    assert (found.severity, found.element, found.value) == ("warning", "line.drop", "0.9")
    assert "3 to 6000 A; 6 of 6 such values are not" in found.message and "kA" in found.remedy
