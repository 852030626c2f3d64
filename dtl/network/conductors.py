"""Overhead conductors by name, and the line codes that they make on a pole of common spacing.

Resistance at 50 degrees C, geometric mean radius, diameter and ampacity of ACSR as in the conductor tables of
Kersting [1]_ and the data of the IEEE test feeders; the pole is spacing 500 (three phases), 505 (two) or 510 (one) of
those feeders.

References
----------
.. [1] W. H. Kersting, Distribution System Modeling and Analysis, appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass

from dtl.network.branches import LineCode
from dtl.network.catalog import Place, Wire, overhead

_FT_M, _MI_KM = 0.3048, 1.609344


@dataclass(frozen=True)
class Conductor:
    """A conductor: resistance [ohm/mi], geometric mean radius [ft], diameter [in], ampacity [A], and its neutral."""

    ohm_per_mile: float
    gmr_ft: float
    diameter_in: float
    rating_a: float
    neutral: str = ""

    @property
    def wire(self) -> Wire:
        """The conductor in the units of `dtl.network.catalog`."""
        return Wire(self.ohm_per_mile / _MI_KM, self.gmr_ft * _FT_M, 0.5 * self.diameter_in * 0.0254)


CONDUCTORS = {
    "2_acsr": Conductor(1.69, 0.00418, 0.316, 180.0),
    "1/0_acsr": Conductor(1.12, 0.00446, 0.398, 230.0),
    "4/0_acsr": Conductor(0.592, 0.00814, 0.563, 340.0),
    "336_acsr": Conductor(0.306, 0.0244, 0.721, 530.0, "4/0_acsr"),
    "556_acsr": Conductor(0.1859, 0.0313, 0.927, 730.0, "4/0_acsr"),
}
"""The conductors by the name that a study writes; the neutral is of the same conductor unless another is named."""

_POLE_FT: dict[int, tuple[tuple[Place, ...], Place]] = {
    3: (((0.0, 29.0), (2.5, 29.0), (7.0, 29.0)), (4.0, 25.0)),
    2: (((0.0, 29.0), (7.0, 29.0)), (4.0, 25.0)),
    1: (((0.5, 29.0),), (0.5, 24.0)),
}
"""Places of the phases and of the neutral on the pole: across, above ground [ft]."""


def line_code(name: str, phases: int, frequency_hz: float) -> LineCode:
    """The line code of a conductor of `CONDUCTORS` for one, two or three phases; its name ends with their number."""
    one = CONDUCTORS[name]
    places, neutral = _POLE_FT[phases]
    wires = [one.wire] * phases + [CONDUCTORS[one.neutral or name].wire]
    found = overhead(wires, [(x * _FT_M, y * _FT_M) for x, y in (*places, neutral)], phases, frequency_hz)
    return LineCode(
        name=f"{name}:{phases}",
        r_ohm_per_km=found.r_ohm_per_km,
        x_ohm_per_km=found.x_ohm_per_km,
        c_nf_per_km=found.c_nf_per_km,
        normal_a=one.rating_a,
        origin="conductors on a pole of the IEEE test feeders",
    )
