"""Text exports in imperial units: the factors to SI, and the magnitudes that a file must have before they hold.

No public file proves which lengths ``[IMPERIAL]`` means, and writers differ (feet or miles, per mile or per thousand
feet, radii in inches or feet). So each quantity is tested against physics; one that does not fit refuses the file.
Figures of conductors: W. H. Kersting, Distribution System Modeling and Analysis, appendix A.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from dtl.sources.cyme_tables import Dialect, Row, Tables
from dtl.sources.reading import Reading

FOOT_M = 0.3048
INCH_CM = 2.54
HORSEPOWER_KW = 0.745699872
PER_MILE = 1.0 / 1.609344

_SEQUENCE = dict.fromkeys(("R1", "R0", "X1", "X0", "B1", "B0"), PER_MILE)
_MATRIX = dict.fromkeys(
    (
        *(f"{q}{p}" for q in "RXB" for p in "ABCM"),
        *(f"MUTUAL{q}{p}" for q in ("RESISTANCE", "REACTANCE", "SHUNTSUSCEPTANCE") for p in ("AB", "BC", "CA")),
    ),
    PER_MILE,
)
_PLACES = [f"POSOF{c}_{axis}" for c in ("COND1", "COND2", "COND3", "NEUTRALCOND", "NEUTRALCOND_N2") for axis in "XY"]
_LENGTH = Dialect(factors={"LENGTH": FOOT_M})

LINES = (
    "OVERHEADLINE SETTING",
    "OVERHEADLINEUNBALANCED SETTING",
    "OVERHEAD BYPHASE SETTING",
    "UNDERGROUNDLINE SETTING",
    "LINE CONFIGURATION",
)

IMPERIAL: dict[str, Dialect] = {
    **dict.fromkeys(LINES, _LENGTH),
    **dict.fromkeys(("LINE", "CABLE", "CONCENTRIC NEUTRAL CABLE"), Dialect(factors=_SEQUENCE)),
    "LINE UNBALANCED": Dialect(factors=_MATRIX),
    **dict.fromkeys(("INDUCTION MOTOR", "SYNCHRONOUS MOTOR"), Dialect(factors={"RATEDPOWER": HORSEPOWER_KW})),
    "CONDUCTOR": Dialect(factors={"DIAMETER": INCH_CM, "GMR": INCH_CM, "R25": PER_MILE, "R50": PER_MILE}),
    "SPACING TABLE FOR LINE": Dialect(
        factors=dict.fromkeys(
            (*_PLACES, "GMDPH-PH", "GMDPH-N", "AVGPHCONDHEIGHT", "AVGNEUTRALHEIGHT", "BUNDLEDISTANCE"), FOOT_M
        )
    ),
}
"""The blocks whose numbers are not in SI in an imperial file: feet, inches, per mile."""

ACSR_OHM_PER_MILE = {
    0.250: 2.57, 0.316: 1.69, 0.355: 1.38, 0.398: 1.12, 0.447: 0.895, 0.502: 0.723, 0.563: 0.592, 0.642: 0.385,
    0.721: 0.306, 0.858: 0.216, 0.927: 0.1859,
}  # fmt: skip
"""Resistance at 50 degrees of ACSR by its diameter in inches."""


Stated = tuple[str, int | None, str, float]
"""A number: its file, line and block, and its value in SI units."""


@dataclass(frozen=True)
class Check:
    """One quantity: what it is called, which rows state it, what must lie between `low` and `high`, in SI."""

    what: str
    unit: str
    low: float
    high: float
    values: Callable[[Tables, set[str]], Iterator[Stated]]


def implausible(reading: Reading, tables: Tables, files: set[str]) -> set[str]:
    """The imperial files whose numbers do not fit the units that are assumed; each is a finding.

    The median of each quantity must lie in its range; a quantity that the files do not state decides nothing.
    """
    wrong: set[str] = set()
    for check in CHECKS:
        first: dict[str, tuple[int | None, str]] = {}
        by_file: dict[str, list[float]] = {}
        for file, line, block, value in check.values(tables, files):
            first.setdefault(file, (line, block))
            by_file.setdefault(file, []).append(value)
        for file, found in sorted(by_file.items()):
            middle = median(found)
            if not check.low <= middle <= check.high:
                wrong.add(file)
                text = (
                    f"is imperial, and {check.what} is not in {check.unit}: its median in SI would be {middle:.3g}, "
                    f"and must lie between {check.low:g} and {check.high:g}"
                )
                reading.find(
                    "cyme.imperial", "error", text, file=file, line=first[file][0], element=f"[{first[file][1]}]",
                    value=f"{len(found)} rows", remedy="Export the study with the unit system SI.",
                )  # fmt: skip
    return wrong


def _stated(row: Row, value: float) -> Stated:
    return row.file, row.line, row.block, value


def _each(tables: Tables, files: set[str], *blocks: str, column: str) -> Iterator[tuple[Row, float]]:
    """The rows in some files that state a positive number, and that number in SI units."""
    for row in tables.passing(*blocks):
        if row.file in files and (value := _si(row, column)) > 0:
            yield row, value


def _positive(*blocks: str, column: str) -> Callable[[Tables, set[str]], Iterator[Stated]]:
    def values(tables: Tables, files: set[str]) -> Iterator[Stated]:
        return (_stated(row, value) for row, value in _each(tables, files, *blocks, column=column))

    return values


def _si(row: Row, column: str) -> float:
    """A number of a row in SI units without counting as asked for; not a number where there is none."""
    try:
        return float(row.peek(column)) * row.dialect.factors.get(column.upper(), 1.0)
    except ValueError:
        return math.nan


def _resistivity(tables: Tables, files: set[str]) -> Iterator[Stated]:
    """Resistance times the area of the circle around a conductor [1e-8 ohm m]: 2 to 7 for aluminium and copper."""
    for row, r in _each(tables, files, "CONDUCTOR", column="R50"):
        radius_cm = _si(row, "Diameter") / 2.0
        if radius_cm > 0:
            yield _stated(row, r / 1e3 * math.pi * (radius_cm / 100.0) ** 2 * 1e8)


def _named(tables: Tables, files: set[str]) -> Iterator[Stated]:
    """Resistance of conductors that are called ACSR, over that of the ACSR of the same diameter."""
    for row, r in _each(tables, files, "CONDUCTOR", column="R50"):
        inch = _si(row, "Diameter") / INCH_CM
        if "ACSR" in row.peek("ID").upper() and math.isfinite(inch):
            near = min(ACSR_OHM_PER_MILE, key=lambda d: abs(d - inch))
            if abs(near - inch) < 0.01 * inch:
                yield _stated(row, r / PER_MILE / ACSR_OHM_PER_MILE[near])


def _gmr(tables: Tables, files: set[str]) -> Iterator[Stated]:
    """Geometric mean radius over radius: 0.78 for a solid wire, 0.3 to 0.85 for all conductors."""
    for row, gmr in _each(tables, files, "CONDUCTOR", column="GMR"):
        radius = _si(row, "Diameter") / 2.0
        if radius > 0:
            yield _stated(row, gmr / radius)


def _against_places(tables: Tables, files: set[str]) -> Iterator[Stated]:
    """Length over the distance of the ends, where that is a plan to scale in feet or metres at all.

    A drawing that is not to scale, or in degrees, has other ratios from line to line, and then decides nothing.
    """
    ends = {r.peek("SectionID"): (r.peek("FromNodeID"), r.peek("ToNodeID")) for r in tables.passing("SECTION")}
    place = {r.peek("NodeID"): (_si(r, "CoordX"), _si(r, "CoordY")) for r in tables.passing("NODE")}
    found = []
    for row, length in _each(tables, files, *LINES, column="Length"):
        a, b = ends.get(row.peek("SectionID"), ("", ""))
        if a in place and b in place and (far := math.dist(place[a], place[b])) > 0:
            found.append(_stated(row, length / far))
    if len(found) >= _ENOUGH:
        middle = median(f[-1] for f in found)
        if sum(0.8 * middle <= f[-1] <= 1.25 * middle for f in found) >= 0.8 * len(found):
            yield from found


_ENOUGH = 10

CHECKS = (
    Check("the length of lines", "feet", 2.0, 3000.0, _positive(*LINES, column="Length")),
    Check("the length of lines, against the distance of their ends", "feet", 0.25, 1.5, _against_places),
    Check("the diameter of conductors", "inches", 0.1, 6.0, _positive("CONDUCTOR", column="Diameter")),
    Check("the radius GMR, over the radius of the conductor", "inches", 0.2, 1.1, _gmr),
    Check("the resistance of conductors, times their area", "ohm per mile", 1.3, 12.0, _resistivity),
    Check("the resistance of ACSR, over that of the table", "ohm per mile", 0.7, 1.35, _named),
    Check("the reactance of lines", "ohm per mile", 0.15, 1.2, _positive("LINE", column="X1")),
    Check("the reactance of lines by matrix", "ohm per mile", 0.15, 1.5, _positive("LINE UNBALANCED", column="Xa")),
    Check(
        "the reactance of cables",
        "ohm per mile",
        0.04,
        1.2,
        _positive("CABLE", "CONCENTRIC NEUTRAL CABLE", column="X1"),
    ),
    Check("the height of conductors", "feet", 4.0, 60.0, _positive("SPACING TABLE FOR LINE", column="PosOfCond1_Y")),
)
"""What is tested; the ranges are wide where nature is, and narrower than the factors that would be wrong."""
