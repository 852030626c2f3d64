"""How the windings of a transformer are connected, so that its low side lags by the stated angle.

The model knows delta and star windings, and shifts of 30 degrees either way between them. A further 120 or 240 degrees
come from the order in which the conductors of a winding are joined to the phases. Zigzag windings and clock numbers
2, 6 and 10 have no counterpart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dtl.network.clock import LAGGING, OTHER, TURNED, Way, way_of
from dtl.network.feeder import Transformer
from dtl.sources.record import UnusableError

_GROUP = re.compile(r"(D|YN|Y|ZN|Z)(d|yn|y|zn|z)(\d{0,2})", re.IGNORECASE)
_USUAL = 5


@dataclass(frozen=True)
class Joined:
    """Connection of both windings, order of the nodes of the low side, and which side leads.

    ``earthed``: whether the star points are, by winding; ``assumed``: what the file does not state; ``odd``: why the
    vector group and the angle do not fit, if so.
    """

    connections: tuple[Literal["wye", "delta"], Literal["wye", "delta"]]
    earthed: tuple[bool, bool]
    nodes: tuple[int, int, int]
    lead_lag: Literal["lag", "lead"] = "lag"
    assumed: str = ""
    odd: str = ""


def clock(shift_deg: float, field: str) -> int:
    """The hour that the low side shows when the high side shows twelve.

    Raises
    ------
    UnusableError
        The angle is no multiple of 30 degrees.
    """
    hours = shift_deg / 30.0
    if abs(hours - round(hours)) > 1e-6:
        text = "the phase shift is no multiple of 30 degrees"
        raise UnusableError("source.phase-shift", text, field, f"{shift_deg:g}", "Correct the angle.")
    return round(hours) % 12


def joined(group: str, shift_deg: float) -> Joined:
    """The connections of a transformer by its vector group, or without one by its shift.

    Raises
    ------
    UnusableError
        The vector group is unreadable, or needs windings that the model does not have.
    """
    hour = clock(shift_deg, "shift_degree")
    if not group:
        words = "Dyn" if hour % 2 else "YNyn"
        return _made(words, hour, f"the file states no vector group: {words} of the phase shift was taken", "")
    match = _GROUP.fullmatch(group)
    if match is None:
        raise UnusableError("source.bad-value", "is no vector group", "vector_group", group, "Correct it, as Dyn5.")
    words = match[1].upper() + match[2].lower()
    unequal = (words[0] == "D") != (match[2][0].lower() == "d")
    if "z" in words.lower():
        unequal = True
    if unequal == bool(hour % 2):
        return _made(words, hour, "", "")
    meant = int(match[3]) % 12 if match[3] else (_USUAL if unequal else 0)
    odd = f"shift_degree {shift_deg:g} does not fit the vector group: the shift of {30 * meant} degrees was taken"
    return _made(words, meant, "", odd)


def _made(words: str, hour: int, assumed: str, odd: str) -> Joined:
    high, low = re.fullmatch(r"(D|YN|Y|ZN|Z)(d|yn|y|zn|z)", words).groups()  # type: ignore[union-attr]
    if "Z" in high:
        text = "has a zigzag winding on its high side, which the model does not have"
        raise UnusableError("source.vector-group", text, "vector_group", words, "Waive it, or replace it.")
    if "z" in low:
        assumed = "a zigzag winding was taken as a star that is fed from a delta"
        high, low = "D", low.replace("z", "y")
    earthed = (high == "YN", low == "yn")
    kinds: tuple[Literal["wye", "delta"], Literal["wye", "delta"]] = (
        "delta" if high == "D" else "wye",
        "delta" if low == "d" else "wye",
    )
    if kinds[0] != kinds[1] and hour in LAGGING:
        lead, thirds = LAGGING[hour]
        return Joined(kinds, earthed, TURNED[thirds], "lead" if lead == "lead" else "lag", assumed, odd)
    if kinds[0] == kinds[1] and hour in (0, 4, 8):
        return Joined(kinds, earthed, TURNED[hour // 4], "lag", assumed, odd)
    text = f"the model has no windings that turn {words} by {30 * hour} degrees"
    raise UnusableError("source.vector-group", text, "vector_group", words, "Correct the angle, or waive it.")


def turned(part: Transformer, way: Way) -> tuple[Transformer, tuple[int, ...]]:
    """A transformer whose windings lag or lead the first as stated, and the order in which its windings stand then."""
    order = tuple(range(len(part.windings)))
    if len(order) == 3 and way_of(part.windings, way) != way:
        kinds = [w.connection for w in part.windings]
        if kinds[0] == kinds[1] != kinds[2]:
            order = (0, 2, 1)
            windings = tuple(part.windings[i] for i in order)
            part = part.model_copy(update={"windings": windings, "xhl_pct": part.xht_pct, "xht_pct": part.xhl_pct})
    word = way if way_of(part.windings, way) == way else OTHER[way]
    return part.model_copy(update={"lead_lag": word}), order
