"""The codes of CYME's text export: phases, connections, positions of conductors."""

from __future__ import annotations

LETTERS = "ABC"
PHASES = {"0": "", "1": "A", "2": "B", "3": "C", "4": "AB", "5": "AC", "6": "BC", "7": "ABC", "NONE": ""}
"""Phases by number: an enumeration, not a bit mask."""

ORDERS = ("A", "B", "C", "AB", "AC", "BA", "BC", "CA", "CB", "ABC", "ACB", "BAC", "BCA", "CAB", "CBA")
"""Which phase hangs at which place of a spacing, by the number in ConductorPosition."""

LOAD_CONNECTIONS = {"0": "wye", "1": "wye", "2": "delta", "3": "delta", "4": "delta", "5": "wye", "7": "delta"} | {
    "YG": "wye", "Y": "wye", "D": "delta", "DG": "delta"
}  # fmt: skip
"""Connection of loads and generators: 0 Yg, 1 Y, 2 D, 3 open D, 4 closed D, 5 Zg, 7 Dg; 6 (centre tap) is not held."""

CAPACITOR_CONNECTIONS = {"0": "wye", "1": "floating", "2": "delta", "": "wye"} | {
    "Y": "wye", "YG": "wye", "YNG": "floating", "D": "delta"
}  # fmt: skip
"""Connection of capacitors and reactors; YNG is a star that is not grounded, as in transformers."""

VALUE_TYPES = {"0": "KW_KVAR", "1": "KVA_PF", "2": "KW_PF", "3": "AMP_PF"}
"""What Value1 and Value2 of a load are."""


PLACES = {"S": 0, "0": 0, "FROM": 0, "M": 1, "2": 1, "MIDDLE": 1, "L": 2, "1": 2, "TO": 2}
"""Place on a section by the code of Location: 0 at the From side, 1 in the middle, 2 at the To side."""
SIDES = ("the From side", "the middle", "the To side")

YES = {"1", "-1", "TRUE", "YES"}
"""How the forms write that something holds."""

STATES = {"": "connected", "0": "connected", "1": "disconnected", "2": "bypassed"}
"""What ConnectionStatus says by number; other exports write the words."""


def state_of(text: str) -> str:
    """Whether a device is ``connected``, ``disconnected`` or ``bypassed``.

    Raises
    ------
    ValueError
        It is neither a known number nor a known word.
    """
    word = text.strip().lower()
    found = STATES.get(word, word)
    if found not in STATES.values():
        raise ValueError(f"ConnectionStatus={text}")
    return found


def phases_of(text: str) -> str:
    """The letters of a phase field, from letters or a number.

    Raises
    ------
    ValueError
        It is neither.
    """
    word = text.strip().upper()
    if word in PHASES:
        return PHASES[word]
    if word and set(word) <= set(LETTERS) and len(set(word)) == len(word):
        return "".join(sorted(word))
    raise ValueError(f"phase={text}")


def nodes_of(letters: str) -> tuple[int, ...]:
    """Node numbers of phase letters."""
    return tuple(LETTERS.index(p) + 1 for p in letters)
