"""Conductors, cables and transformers that the synthetic utility buys.

The numbers of the bare conductors are the published facts of standard ACSR (Kersting, Distribution System Modeling and
Analysis, appendix A: GMR, resistance at 50 degrees, diameter, ampacity), converted to SI. Cables and transformers are
typical values of our own choice.
"""

from __future__ import annotations

from dataclasses import dataclass

MILE_KM = 1.609344
FOOT_CM = 30.48
INCH_CM = 2.54
SUMMER, WINTER, EMERGENCY = 0.93, 1.12, 1.20
"""Seasonal and emergency ratings over the normal one."""


@dataclass(frozen=True, slots=True)
class Conductor:
    """A bare overhead conductor."""

    name: str
    code_word: str
    size: str
    r25_ohm_per_km: float
    r50_ohm_per_km: float
    gmr_cm: float
    diameter_cm: float
    normal_a: float
    size_mm2: float


def _acsr(size: str, word: str, r_mile: float, gmr_ft: float, dia_in: float, amps: float, mm2: float) -> Conductor:
    r50 = round(r_mile / MILE_KM, 6)
    name = f"{size.replace(' ', '_')}_ACSR"
    return Conductor(name, word, size, round(r50 / 1.1, 6), r50, round(gmr_ft * FOOT_CM, 6),
                     round(dia_in * INCH_CM, 5), amps, mm2)  # fmt: skip


CONDUCTORS = {
    c.name: c
    for c in (
        _acsr("556.5", "DOVE", 0.1859, 0.0313, 0.927, 730.0, 281.98),
        _acsr("477", "HAWK", 0.216, 0.0290, 0.858, 670.0, 241.70),
        _acsr("336.4", "LINNET", 0.306, 0.0244, 0.721, 530.0, 170.45),
        _acsr("4/0", "PENGUIN", 0.592, 0.00814, 0.563, 340.0, 107.22),
        _acsr("2/0", "QUAIL", 0.895, 0.00510, 0.447, 270.0, 67.43),
        _acsr("1/0", "RAVEN", 1.12, 0.00446, 0.398, 230.0, 53.49),
        _acsr("2", "SPARROW", 1.69, 0.00418, 0.316, 180.0, 33.63),
        _acsr("4", "SWAN", 2.57, 0.00437, 0.257, 140.0, 21.15),
    )
}
"""Overhead conductors by name, the largest first."""


@dataclass(frozen=True, slots=True)
class Cable:
    """An underground cable, by sequence values per phase."""

    name: str
    r1_ohm_per_km: float
    x1_ohm_per_km: float
    r0_ohm_per_km: float
    x0_ohm_per_km: float
    b1_us_per_km: float
    normal_a: float


CABLES = {
    c.name: c
    for c in (
        Cable("750_AL_XLPE", 0.0980, 0.1250, 0.3600, 0.1500, 148.0, 480.0),
        Cable("350_AL_XLPE", 0.2050, 0.1400, 0.6200, 0.2600, 119.0, 330.0),
        Cable("1/0_AL_XLPE", 0.6890, 0.1710, 1.3100, 0.5200, 79.0, 180.0),
    )
}
"""Medium-voltage cables by name."""

SECONDARIES = {
    "4X500_AL": Cable("4X500_AL", 0.0340, 0.0500, 0.0340, 0.0500, 0.0, 1640.0),
    "350_AL": Cable("350_AL", 0.1850, 0.0900, 0.1850, 0.0900, 0.0, 400.0),
    "4/0_AL": Cable("4/0_AL", 0.3060, 0.0950, 0.3060, 0.0950, 0.0, 290.0),
    "2/0_AL": Cable("2/0_AL", 0.4860, 0.0980, 0.4860, 0.0980, 0.0, 215.0),
    "2_AL": Cable("2_AL", 0.9700, 0.1020, 0.9700, 0.1020, 0.0, 135.0),
}
"""Low-voltage conductors by name, the largest first; values of one conductor, a single-phase circuit has two."""


@dataclass(frozen=True, slots=True)
class TransformerKind:
    """A service transformer as the manufacturer states it."""

    phases: int
    kva: float
    z_pct: float
    x_over_r: float
    no_load_kw: float

    @property
    def r_pct(self) -> float:
        """Resistance, both windings together [per cent]."""
        return self.z_pct / float((1.0 + self.x_over_r**2) ** 0.5)


TRANSFORMERS = tuple(
    TransformerKind(phases, kva, z, xr, nll)
    for phases, kva, z, xr, nll in (
        (1, 10.0, 1.9, 0.9, 0.036), (1, 15.0, 1.9, 1.0, 0.050), (1, 25.0, 2.0, 1.2, 0.073), (1, 37.5, 2.1, 1.4, 0.100),
        (1, 50.0, 2.1, 1.6, 0.125), (1, 75.0, 2.2, 1.9, 0.170), (1, 100.0, 2.3, 2.1, 0.210), (1, 167.0, 2.4, 2.4,
        0.310),
        (3, 45.0, 3.0, 1.6, 0.150), (3, 75.0, 3.2, 1.9, 0.210), (3, 112.5, 3.5, 2.1, 0.290), (3, 150.0, 3.7, 2.4,
        0.360),
        (3, 300.0, 4.5, 3.4, 0.600), (3, 500.0, 4.9, 4.2, 0.900), (3, 750.0, 5.3, 5.0, 1.250), (3, 1000.0, 5.75, 5.6,
        1.600),
        (3, 1500.0, 5.75, 6.5, 2.200), (3, 2500.0, 5.75, 7.5, 3.300),
    )
)  # fmt: skip
"""Service transformers, ascending within each number of phases."""


def transformer_for(phases: int, demand_kva: float) -> TransformerKind:
    """The smallest transformer whose rating is at least the demand, or the largest that there is."""
    kinds = [t for t in TRANSFORMERS if t.phases == phases]
    return next((t for t in kinds if t.kva >= demand_kva), kinds[-1])


SPACINGS = {
    1: ((0.0, 9.10),),
    2: ((-0.60, 8.80), (0.60, 8.80)),
    3: ((-1.12, 8.80), (-0.30, 8.80), (1.12, 8.80)),
}
"""Places of the phase conductors on the pole: across and above ground [m], by number of phases."""

NEUTRAL = (0.20, 7.50)
"""Place of the neutral conductor [m]."""


def spacing_name(phases: int) -> str:
    """Name of the spacing for a number of phases."""
    return f"POLE_{phases}PH"


def neutral_of(conductor: str) -> str:
    """The neutral conductor that is strung with a phase conductor."""
    return {"556.5_ACSR": "4/0_ACSR", "477_ACSR": "4/0_ACSR", "336.4_ACSR": "4/0_ACSR", "4/0_ACSR": "2/0_ACSR",
            "2/0_ACSR": "1/0_ACSR"}.get(conductor, conductor)  # fmt: skip


def secondary_for(amps: float) -> str:
    """The smallest low-voltage conductor that carries a current, or the largest."""
    fits = [c for c in SECONDARIES.values() if c.normal_a >= amps]
    return (fits[-1] if fits else next(iter(SECONDARIES.values()))).name
