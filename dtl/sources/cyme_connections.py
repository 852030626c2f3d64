"""How the windings of a CYME transformer are connected, and what their star points stand on.

Versions that write numbers have one list for settings and equipment. It is that of a public reader of these versions,
and not the older one that other readers share, in which 2 is wye to delta: of the public 4, 13 and 123 nodes of IEEE,
0 is wye to wye, both grounded, 2 stands at a transformer that is delta to delta, and 6 at one whose load is in delta.
In the words of older text exports ``Y`` is the grounded star that newer ones call ``Yg``, and ``YNG`` the star without
ground: one model in both forms has ``Y_Y`` for 0 and ``YNG_YNG`` for 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dtl.network.clock import LAGGING, OTHER, TURNED, Way
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_section import Circuit
from dtl.sources.cyme_tables import Row
from dtl.sources.reading import plain

NUMBERS = (
    "YG_YG", "D_YG", "D_D", "YNG_YNG", "DO_DO", "YO_DO", "YG_D", "D_YNG", "YNG_D", "YG_YNG", "YNG_YG", "YG_ZG", "D_ZG",
    "ZG_YG", "ZG_D", "YG_CT", "D_CT", "YG_DCT", "D_DCT", "YNG_DCT", "DO_DOCT", "YO_DOCT", "DO_YO",
)  # fmt: skip
"""Connections by their number; a star without ground is ``YNG``."""

EQUIPMENT = {"", "99", "EQUIP_CONNECTION"}
"""Values of a setting that leave the connection to the equipment."""

OPEN = {"YO": "wye", "DO": "delta"}
"""Sides of open banks: two units where a closed bank has three."""

KINDS = {"Y": "wye", "YG": "wye", "YNG": "wye", "YN": "wye", "D": "delta"} | OPEN
FLOATING = "YNG"

EARTH = (
    (("RgPrim", "Rg_prim"), ("XgPrim", "Xg_prim")),
    (("RgSec", "Rg_sec"), ("XgSec", "Xg_sec")),
)
"""What a setting and an equipment call resistance and reactance of the star point of each side [ohm]."""


@dataclass(frozen=True)
class Connected:
    """The connection of both sides, and of each star point whether it floats, and its impedance to ground [ohm]."""

    kinds: tuple[str, str]
    is_open: bool
    floating: tuple[bool, bool]
    earth: tuple[tuple[float, float], tuple[float, float]]

    def star(self, circuit: Circuit, side: int, bus: str) -> tuple[tuple[int, ...], dict[str, Any]]:
        """The node of its own that the star point of a three-phase side stands on, and its impedance; often none."""
        r, x = self.earth[side]
        if self.kinds[side] != "wye" or not (self.floating[side] or r or x):
            return (), {}
        fields = {} if self.floating[side] else {"r_neutral_ohm": r, "x_neutral_ohm": x}
        return (circuit.neutral(bus),), fields


def connected(row: Row, unit: Row) -> Connected:
    """The connection of a transformer; the setting's wins over the equipment's, and so does its earthing.

    Raises
    ------
    UnusableError
        The model does not hold the connection, or nobody knows it.
    """
    text = row.text("Conn", "TransformerConnection").upper()
    text = unit.text("Conn").upper() if text in EQUIPMENT else text
    word = NUMBERS[int(text)] if text.isdigit() and int(text) < len(NUMBERS) else text
    sides = word.split("_")
    if len(sides) != 2 or not set(sides) <= set(KINDS) or len({s in OPEN for s in sides}) != 1:
        raise UnusableError(
            "cyme.connection", "the model does not hold this connection of a transformer", "Conn",
            text if text == word else f"{text} ({word})",
            "Waive the transformer, or give it a wye or delta connection.",
        )  # fmt: skip
    earth = [tuple(_ohm(row, unit, *names) for names in side) for side in EARTH]
    floating = [s == FLOATING for s in sides]
    return Connected(
        (KINDS[sides[0]], KINDS[sides[1]]), sides[0] in OPEN, (floating[0], floating[1]),
        ((earth[0][0], earth[0][1]), (earth[1][0], earth[1][1])),
    )  # fmt: skip


def fed_from_end(circuit: Circuit, row: Row, section: str) -> bool:
    """Whether a device says that it is fed from the To side of its section."""
    start, end, _ = circuit.ends[section]
    return start != end == plain(row.text("FromNodeID"))


def grounded(circuit: Circuit, row: Row, how: Connected) -> None:
    """Tell that the star points of single-phase units, which the model has grounded, are stated in another way."""
    if any(how.floating) or any(ohm for side in how.earth for ohm in side):
        circuit.reading.find(
            "cyme.star-point", "warning", "is made of single-phase units: the model has their star points grounded",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="Conn",
            value=row.text("Conn", "TransformerConnection"), remedy="Check whether the study depends on it.",
        )  # fmt: skip


def floats(circuit: Circuit, row: Row, how: Connected) -> None:
    """Tell that a star point of a three-phase transformer is not grounded, as the file states.

    A warning on the low side: what hangs there between a phase and ground has no ground to return to.
    """
    if any(how.floating):
        low, cure = how.floating[1], "Nothing, if that is how it is built."
        text = "has a star point that is not grounded, as its connection states"
        circuit.reading.find(
            "cyme.star-point", "warning" if low else "info", text + (", so nothing behind it is" if low else ""),
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="Conn",
            value=row.text("Conn", "TransformerConnection"),
            remedy="Write a grounded star as Yg; in text D_Y and Y_Y are grounded too, YNG is not." if low else cure,
        )  # fmt: skip


def _ohm(row: Row, unit: Row, own: str, of_unit: str) -> float:
    """An impedance of a star point: that of the setting where it states one, else that of the equipment."""
    return row.number(own) if row.text(own) else unit.number(of_unit)


def turned(
    circuit: Circuit, row: Row, unit: Row, how: Connected, kv: tuple[float, float]
) -> tuple[tuple[int, ...], Way]:
    """The nodes of the second side of three phases, and which way it turns, for the hour that the file states.

    PhaseShiftType is the number of the clock: 1 is 330 degrees and 11 is 30. With 0 or nothing the lower side lags.
    """
    alike = how.kinds[0] == how.kinds[1]
    hour = _hour(row, unit)
    if hour == 0 or (alike and hour in (4, 8)):
        return TURNED[hour // 4], "lag"
    if not alike and hour in LAGGING:
        word, thirds = LAGGING[hour]
        way: Way = "lag" if word == "lag" else "lead"
        return TURNED[thirds], way if kv[0] >= kv[1] else OTHER[way]
    _tell_turn(circuit, row, unit)
    return TURNED[0], "lag"


def unturned(circuit: Circuit, row: Row, unit: Row, how: Connected) -> None:
    """Tell an hour of units of one phase that the model does not turn."""
    if _hour(row, unit) not in ({0} if how.kinds[0] == how.kinds[1] else {0, 1}):
        _tell_turn(circuit, row, unit)


def _hour(row: Row, unit: Row) -> int:
    """The hour of the clock that a transformer states; -1 for what is none, 0 for nothing."""
    text = row.text("PhaseShiftType") or unit.text("PhaseShiftType") or "0"
    return int(text) if text.isdigit() else -1


def _tell_turn(circuit: Circuit, row: Row, unit: Row) -> None:
    circuit.reading.find(
        "cyme.phase-shift", "warning", "states a phase shift that the model does not have for its connection: the usual"
        " one is taken, by which the lower side of star and delta lags",
        feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="PhaseShiftType",
        value=row.text("PhaseShiftType") or unit.text("PhaseShiftType"),
        remedy="Check it where the feeder is tied to another behind it; magnitudes of voltage do not depend on it.",
    )  # fmt: skip
