"""Names of the parts of a feeder as OpenDSS can spell them, and back.

The engine gives a meaning to blanks, quotes, brackets, dots and more, and keeps lines and switches in one class. A name
therefore keeps letters, digits, ``-`` and ``_``; every other character becomes ``%`` and the two hexadecimal digits of
each of its UTF-8 bytes. A switch is the line ``sw:<name>``. Both maps are injective.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^a-z0-9_-]")

_CLASS = {
    "line": "line.",
    "switch": "line.sw:",
    "transformer": "transformer.",
    "capacitor": "capacitor.",
    "reactor": "reactor.",
    "load": "load.",
    "generator": "generator.",
    "storage": "storage.",
    "regulator": "regcontrol.",
}


def spelled(name: str) -> str:
    """The name of a part or bus with every character that OpenDSS might interpret replaced."""
    return _UNSAFE.sub(lambda m: "".join(f"%{b:02x}" for b in m.group().encode()), name.lower())


def element(kind: str, name: str) -> str:
    """Full name ``class.name`` in the engine of the part `name` of the class `kind` (a key of ``PARTS``)."""
    return _CLASS[kind] + spelled(name)


def source(index: int, name: str) -> str:
    """Full name of a source; the engine calls the first one, which makes the circuit, ``source``."""
    return "vsource.source" if index == 0 else f"vsource.src:{spelled(name)}"
