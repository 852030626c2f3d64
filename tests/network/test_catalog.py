"""Line constants against the published configurations of the IEEE 13-node feeder, and against OpenDSS."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dtl.network.catalog import ConcentricCable, TapeCable, Wire, averaged, concentric, overhead, sequence, taped

FT, INCH, MI = 0.3048, 0.0254, 1.609344


def wire(r_ohm_per_mile: float, gmr_ft: float, diameter_in: float) -> Wire:
    return Wire(r_ohm_per_mile / MI, gmr_ft * FT, diameter_in * INCH / 2)


ACSR_556 = wire(0.1859, 0.0313, 0.927)
ACSR_4_0 = wire(0.592, 0.00814, 0.563)
ACSR_1_0 = wire(1.12, 0.00446, 0.398)
FLAT = {"1": (0.0, 28.0), "2": (2.5, 28.0), "3": (7.0, 28.0), "n": (4.0, 24.0)}


def at(*names: str) -> list[tuple[float, float]]:
    return [(FLAT[n][0] * FT, FLAT[n][1] * FT) for n in names]


# configuration: conductors and places of A, B, C (those it has) and of the neutral; published r, x [ohm/mi], b [uS/mi]
OVERHEAD = {
    "601": (
        [ACSR_556] * 3 + [ACSR_4_0],
        at("2", "1", "3", "n"),
        [[0.3465, 0.1560, 0.1580], [0.1560, 0.3375, 0.1535], [0.1580, 0.1535, 0.3414]],
        [[1.0179, 0.5017, 0.4236], [0.5017, 1.0478, 0.3849], [0.4236, 0.3849, 1.0348]],
        [[6.2998, -1.9958, -1.2595], [-1.9958, 5.9597, -0.7417], [-1.2595, -0.7417, 5.6386]],
    ),
    "602": (
        [ACSR_4_0] * 4,
        at("2", "3", "1", "n"),
        [[0.7526, 0.1580, 0.1560], [0.1580, 0.7475, 0.1535], [0.1560, 0.1535, 0.7436]],
        [[1.1814, 0.4236, 0.5017], [0.4236, 1.1983, 0.3849], [0.5017, 0.3849, 1.2112]],
        [[5.6990, -1.0817, -1.6905], [-1.0817, 5.1795, -0.6588], [-1.6905, -0.6588, 5.4246]],
    ),
    "603": (
        [ACSR_1_0] * 3,
        at("3", "1", "n"),
        [[1.3294, 0.2066], [0.2066, 1.3238]],
        [[1.3471, 0.4591], [0.4591, 1.3569]],
        [[4.7097, -0.8999], [-0.8999, 4.6658]],
    ),
    "604": (
        [ACSR_1_0] * 3,
        at("1", "3", "n"),
        [[1.3238, 0.2066], [0.2066, 1.3294]],
        [[1.3569, 0.4591], [0.4591, 1.3471]],
        [[4.6658, -0.8999], [-0.8999, 4.7097]],
    ),
    "605": (
        [ACSR_1_0] * 2,
        [(0.0, 29.0 * FT), (0.5 * FT, 24.0 * FT)],
        [[1.3292]],
        [[1.3475]],
        [[4.5193]],
    ),
}


def per_mile(rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    return np.array(rows) * MI


def susceptance(rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    return np.array(rows) * MI * 2 * math.pi * 60 * 1e-3


@pytest.mark.anchor
@pytest.mark.parametrize("name", sorted(OVERHEAD))
def test_published_overhead_configurations(name: str) -> None:
    wires, places, r, x, b = OVERHEAD[name]
    made = overhead(wires, places, len(r))
    assert np.abs(per_mile(made.r_ohm_per_km) - r).max() < 1.1e-4
    assert np.abs(per_mile(made.x_ohm_per_km) - x).max() < 1.5e-4
    assert np.abs(susceptance(made.c_nf_per_km) / b - 1).max() < 1e-3  # the sheet rounds the electric constant


@pytest.mark.anchor
def test_published_concentric_cable_606() -> None:
    core = wire(0.4100, 0.0171, 0.567)
    strand = wire(14.8722, 0.00208, 0.0641)
    cable = ConcentricCable(core, strand, 13, (1.29 - 0.0641) / 2 * INCH)
    made = concentric([cable] * 3, [(x * FT, -4 * FT) for x in (0.0, 0.5, 1.0)])
    r = [[0.7982, 0.3192, 0.2849], [0.3192, 0.7891, 0.3192], [0.2849, 0.3192, 0.7982]]
    x = [[0.4463, 0.0328, -0.0143], [0.0328, 0.4041, 0.0328], [-0.0143, 0.0328, 0.4463]]
    assert np.abs(per_mile(made.r_ohm_per_km) - r).max() < 3e-4
    assert np.abs(per_mile(made.x_ohm_per_km) - x).max() < 3e-4
    assert np.abs(susceptance(made.c_nf_per_km) - np.eye(3) * 96.8897).max() < 0.1


@pytest.mark.anchor
def test_published_tape_cable_607() -> None:
    core = wire(0.97, 0.0111, 0.368)
    shield_ohm_per_mile = 18.826 / (0.88 * 5)  # copper at 50 degrees, diameter in inches and thickness in mils
    cable = TapeCable(core, (0.88 - 0.005) / 2 * INCH, shield_ohm_per_mile / MI)
    made = taped([cable], [(0.0, 0.0)], [wire(0.607, 0.01113, 0.368)], [(1 / 12 * FT, 0.0)])
    assert per_mile(made.r_ohm_per_km)[0, 0] == pytest.approx(1.3425, abs=2e-3)
    assert per_mile(made.x_ohm_per_km)[0, 0] == pytest.approx(0.5124, abs=2e-3)
    assert susceptance(made.c_nf_per_km)[0, 0] == pytest.approx(88.9912, rel=0.01)


def test_opendss_line_geometry_agrees() -> None:
    from dss import DSS

    text = DSS.Text
    text.Command = "clear"
    text.Command = "set defaultbasefrequency=60"  # the engine keeps that of the last test
    text.Command = "new circuit.x"
    text.Command = "set earthmodel=carson"
    for name, w in (("p", ACSR_556), ("n", ACSR_4_0)):
        text.Command = (
            f"new wiredata.{name} rac={w.r_ohm_per_km} runits=km gmrac={w.gmr_m} gmrunits=m "
            f"radius={w.radius_m} radunits=m normamps=400"
        )
    places = at("2", "1", "3", "n")
    conds = " ".join(f"cond={i + 1} wire={'pppn'[i]} x={x} h={h} units=m" for i, (x, h) in enumerate(places))
    text.Command = f"new linegeometry.g nconds=4 nphases=3 reduce=yes {conds}"
    text.Command = "new line.l bus1=sourcebus bus2=b geometry=g length=1 units=km rho=250 earthmodel=carson"
    text.Command = "solve"
    lines = DSS.ActiveCircuit.Lines
    lines.Name = "l"
    made = overhead([ACSR_556] * 3 + [ACSR_4_0], places, 3, earth_ohm_m=250.0)
    assert np.abs(np.array(lines.Rmatrix).reshape(3, 3) - made.r_ohm_per_km).max() < 2e-4
    assert np.abs(np.array(lines.Xmatrix).reshape(3, 3) - made.x_ohm_per_km).max() < 1e-3
    assert np.abs(np.array(lines.Cmatrix).reshape(3, 3) - made.c_nf_per_km).max() < 1e-3
    text.Command = "clear"


def test_sequence_values_come_back() -> None:
    made = sequence(0.1, 0.3, 0.4, 1.2, 10.0, 6.0)
    a = np.exp(2j * math.pi / 3)
    t = np.array([[1, 1, 1], [1, a * a, a], [1, a, a * a]])
    z = np.array(made.r_ohm_per_km) + 1j * np.array(made.x_ohm_per_km)
    s = np.linalg.inv(t) @ z @ t
    assert s.diagonal() == pytest.approx([0.4 + 1.2j, 0.1 + 0.3j, 0.1 + 0.3j])
    assert abs(s - np.diag(s.diagonal())).max() < 1e-12
    c = np.linalg.inv(t) @ np.array(made.c_nf_per_km) @ t
    assert c.diagonal().real == pytest.approx([6.0, 10.0, 10.0])
    assert sequence(0.1, 0.3, 0.4, 1.2, phases=1).r_ohm_per_km == ((pytest.approx(0.2),),)


def test_mean_distances_of_an_equilateral_line_are_exact() -> None:
    side = 1.2
    places = [(0.0, 9.0), (side, 9.0)]
    exact = overhead([ACSR_1_0] * 2, places, 2)
    mean = averaged(ACSR_1_0, None, 2, side, 0.0, 9.0, 0.0)
    assert np.abs(np.array(mean.x_ohm_per_km) - exact.x_ohm_per_km).max() < 1e-9
    assert np.abs(np.array(mean.c_nf_per_km) - exact.c_nf_per_km).max() < 1e-9


@pytest.mark.parametrize("shape", ["concentric", "taped"])
def test_the_insulation_of_a_cable_makes_its_capacitance_as_in_opendss(shape: str) -> None:
    """The engine takes the layer of insulation; the circle of the neutral is beyond a screen and a jacket."""
    from dss import DSS

    text = DSS.Text
    common = (
        "runits=km gmrunits=m radunits=m rac=0.0754 gmrac=0.0143 diam=0.0286 inslayer=0.00635 diains=0.04166 epsr=3"
    )
    cases = {
        "concentric": ("cndata", "k=21 gmrstrand=0.00127 rstrand=0.1124 diastrand=0.00326 diacable=0.0528", "cncables"),
        "taped": ("tsdata", "diashield=0.0463 tapelayer=0.0002 tapelap=20", "tscables"),
    }
    kind, words, listed = cases[shape]
    for line in ("clear", "set defaultbasefrequency=50", "new circuit.x", f"new {kind}.c {common} {words}",
                 "new linespacing.s nconds=3 nphases=3 units=m x=[0 0.1 0.2] h=[-1 -1 -1]",
                 f"new linegeometry.g nconds=3 nphases=3 spacing=s {listed}=[c c c]",
                 "new line.l bus1=sourcebus bus2=b geometry=g length=1 units=km", "solve"):  # fmt: skip
        text.Command = line
    DSS.ActiveCircuit.Lines.Name = "l"
    theirs = np.reshape(DSS.ActiveCircuit.Lines.Cmatrix, (3, 3))
    core, places, insulation = Wire(0.0754, 0.0143, 0.0143), [(x, -1.0) for x in (0.0, 0.1, 0.2)], (0.01448, 0.02083)
    if shape == "concentric":
        strand = Wire(0.1124, 0.00127, 0.00163)
        made = concentric([ConcentricCable(core, strand, 21, 0.02477, 3.0, insulation)] * 3, places, frequency_hz=50)
    else:
        made = taped([TapeCable(core, 0.02305, 0.5, 3.0, insulation)] * 3, places, frequency_hz=50)
    assert np.array(made.c_nf_per_km) == pytest.approx(theirs, rel=1e-3, abs=1e-9)
