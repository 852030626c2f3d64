"""Codes of a GIS as what they mean: by the study, else by the domain in the file, else by the column map; and phases.

A code of a field that is a number, a voltage or a phase says nothing as it stands: what its domain says of it must be
such a value too, or the cell cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dtl.sources.gis_text import whole
from dtl.sources.gis_words import DAYS, FLAGS, KEYS, LENGTHS, NUMBERS, PHASES, VOLTAGES

Codes = Mapping[str, str]

VOLTAGE = r"^(?P<value>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>[kK]?[vV])?(?P<rest>(?:[^0-9,.].*)?)$"
YES = ("1", "y", "yes", "true", "t", "closed", "c", "normally closed", "nc", "n.c.", "n/c")
NO = ("0", "n", "no", "false", "f", "open", "o", "normally open", "n.o.", "n/o")

ALPHABETS = ("ABC", "RST", "UVW", "RYB", "123")
"""Letters of the three phases, in their order; those by which most words of a column can be read are taken."""
_DIGITS = re.compile(r"(L?[123])([ ,/&-]*L?[123])+|L[123]", re.IGNORECASE).fullmatch
"""Phases by their numbers, which no bit mask can be."""
_PHASE = re.compile(r"[\s-]*\bphases?\b[\s-]*", re.IGNORECASE)
_AMOUNT = re.compile(r"([+-]?\d+(?:\.\d+)?) ?([A-Za-z%]*)").fullmatch
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?").fullmatch
_UNITS = {"a": ("a", "amp", "amps"), "v": ("v", "volt", "volts"), "pct": ("%", "pct")}
"""Units as they are written behind a number, by the end of a field's name; otherwise that end itself."""


def meant(plain: pa.Array, said: pa.Array, name: str, codes: Codes, stated: bool, numeric: bool) -> pa.Array:
    """Codes as what they mean, where the file has a domain for the column.

    Parameters
    ----------
    plain, said
        The codes, and what their domain says; null where it does not know them.
    name, codes, stated
        The field, its table of codes, and whether the study states this table, which then counts alone.
    numeric
        Whether the file holds numbers in the column, which of themselves say nothing.

    Returns
    -------
    pa.Array
        Values of the field as text; null where the meaning of a code is no such value.
    """
    pairs = pa.StructArray.from_arrays([plain, said], ["code", "said"])
    known: dict[tuple[str, str], str | None] = {}
    found: list[str | None] = []
    for pair in pairs.to_pylist():
        code, meaning = pair["code"], pair["said"]
        if code is None:
            found.append(None)
            continue
        key = (code, meaning or "")
        if key not in known:
            known[key] = _one(code, meaning or "", name, codes, stated, numeric)
        found.append(known[key])
    return pa.array(found, pa.string())


def _one(code: str, meaning: str, name: str, codes: Codes, stated: bool, numeric: bool) -> str | None:
    """The value of one code."""
    table = codes.get(code.casefold())
    if stated or name in KEYS:
        return table or _plain(name, code, codes) if codes else code
    if name in NUMBERS | LENGTHS | VOLTAGES | PHASES | FLAGS | DAYS:
        own = None if numeric else readable(name, code)
        return readable(name, meaning) or codes.get(meaning.casefold()) or own
    if numeric and meaning:
        return table if table and table.casefold() in meaning.casefold() else meaning
    return table or code


def _plain(name: str, word: str, codes: Codes) -> str | None:
    """A word that needs no code: phases in letters, ``11 kV``, ``Closed``; a number where no code is one."""
    if name not in PHASES | FLAGS | VOLTAGES | NUMBERS:
        return None
    bare = _NUMBER(word) is not None
    return None if bare and (name in PHASES or any(map(_NUMBER, codes))) else readable(name, word)


def amounts(plain: pa.Array, name: str) -> pa.Array:
    """Numbers without the unit behind them where it is the field's own, as in ``500 kVA``."""
    words = plain.dictionary_encode()
    bare = [(_AMOUNT(w) and readable(name, w)) or w for w in words.dictionary.to_pylist()]
    return pa.array(bare, pa.string()).take(words.indices)


def readable(name: str, word: str) -> str | None:
    """A word as value of a field, without a unit that is the field's own; None where it is none."""
    if name in PHASES:
        bare = _PHASE.sub("", word)
        return bare if any(letters(bare, a) for a in ALPHABETS) else None
    if name in FLAGS:
        return word if word.casefold() in YES + NO else None
    if name in VOLTAGES:
        return word if re.match(VOLTAGE, word) else None
    amount = _AMOUNT(word)
    if name in DAYS or name not in NUMBERS | LENGTHS or amount is None:
        return None
    unit = name.rpartition("_")[2]
    return amount[1] if amount[2].casefold() in ("", *_UNITS.get(unit, (unit,))) else None


def decoded(plain: pa.Array, codes: Codes, name: str) -> pa.Array:
    """Codes as what they mean by a table; null where it does not know them, but for words that need none."""
    at = pc.index_in(pc.utf8_lower(whole(plain)), pa.array(list(codes), pa.string()))
    found = pa.array(list(codes.values()), pa.string()).take(at)
    words = plain.dictionary_encode()
    bare = [_plain(name, w, codes) for w in words.dictionary.to_pylist()]
    return pc.coalesce(found, pa.array(bare, pa.string()).take(words.indices))


def numbered(plain: pa.Array) -> bool:
    """Whether phases are told by their numbers: 12, 1-2-3 or L1, none of which is a bit mask."""
    return any(_DIGITS(w) for w in pc.unique(plain).to_pylist() if w)


def phases(plain: pa.Array) -> tuple[pa.Array, str]:
    """Phases as letters in the order A, B, C, null where a word is none, and the alphabet in which they are written.

    A neutral (N) is left out.
    """
    words = plain.dictionary_encode()
    known = words.dictionary.to_pylist()
    usable = ALPHABETS if numbered(plain) else ALPHABETS[:-1]
    best = max(usable, key=lambda a: (_count(known, a), -ALPHABETS.index(a)))
    return pa.array([letters(w, best) for w in known], pa.string()).take(words.indices), best


def _count(words: Sequence[str], alphabet: str) -> int:
    return sum(letters(w, alphabet) is not None for w in words)


def letters(word: str, alphabet: str) -> str | None:
    """The phases of a word in an alphabet as letters A, B, C, empty for a neutral alone; None if it is no phase."""
    folded = re.sub(r"[ ,/&-]", "", word.upper())
    if alphabet == "123":
        folded = re.sub(r"L(?=[123])", "", folded)
    if not folded or set(folded) - set(alphabet + "N") or len(set(folded)) < len(folded):
        return None
    return "".join(p for p, own in zip("ABC", alphabet, strict=True) if own in folded)
