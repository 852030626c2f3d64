"""Cables of CIM by their make: the capacitance of the insulation, and mean radii that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cim_files import base, equipment, file, load, thing
from models import only, read

from dtl.sources.reading import Reading

CABLE = {
    "WireInfo__rAC25": 7.5e-5, "WireInfo__gmr": 0.0143, "WireInfo__radius": 0.0143,
    "WireInfo__insulationThickness": 0.00635, "CableInfo__diameterOverInsulation": 0.04166,
    "WireInfo__insulationMaterial": ":WireInsulationKind.ethylenePropyleneRubber",
    **{f"ConcentricNeutralCableInfo__{k}": v for k, v in {
        "diameterOverNeutral": 0.0528, "neutralStrandRadius": 0.00163, "neutralStrandGmr": 0.00127,
        "neutralStrandRDC20": 1.124e-4, "neutralStrandCount": 21}.items()},
}  # fmt: skip


def made(folder: Path, **words: object) -> Reading:
    info = thing("ConcentricNeutralCableInfo", "W", "wire", **{**CABLE, **words})
    spacing = thing("WireSpacingInfo", "S", "spacing") + "".join(
        thing("WirePosition", f"P{i}", None, WirePosition__WireSpacingInfo="#S", WirePosition__sequenceNumber=i,
              WirePosition__xCoord=0.1 * i, WirePosition__yCoord=-1.0) for i in (1, 2, 3))  # fmt: skip
    row = equipment("ACLineSegment", "ONE", "HEAD", "MID", Conductor__length=800, ACLineSegment__WireSpacingInfo="#S")
    row += "".join(
        thing("ACLineSegmentPhase", f"ONE-{a}", None, ACLineSegmentPhase__ACLineSegment="#ONE",
              ACLineSegmentPhase__phase=f":SinglePhaseKind.{a}", ACLineSegmentPhase__WireInfo="#W")
        for a in "ABC")  # fmt: skip
    (folder / "model.xml").write_text(file([*base(), info, spacing, row, load("L", "MID", 1000, 0)]))
    return read("cim", folder, "*.xml")


def test_the_insulation_of_a_cable_makes_its_capacitance(tmp_path: Path) -> None:
    """By hand: 2 pi 8.854e-12 x 3.0 over ln(20.83 mm / 14.48 mm) is 458.9 nF/km."""
    reading = made(tmp_path)
    assert not reading.findings
    assert np.diag(only(reading).line_codes[0].c_nf_per_km) == pytest.approx(458.9, rel=1e-3)
    told = [row for (_, what, _), row in reading.conversion.items() if what.endswith("permittivity")]
    assert [(row["verdict"], row["value"]) for row in told] == [("defaulted", "3")]


def test_a_mean_radius_that_does_not_fit_its_radius_is_told_once(tmp_path: Path) -> None:
    reading = made(tmp_path, ConcentricNeutralCableInfo__neutralStrandGmr=0.000106)
    assert [(f.check, f.severity, f.field) for f in reading.findings] == [
        ("cim.gmr", "warning", "ConcentricNeutralCableInfo.neutralStrandGmr")
    ]
