"""Elements of an OpenDSS circuit that state their impedances at another frequency than the circuit runs at.

The engine converts them when it solves; the model has one frequency and holds what holds at it. Lines convert by the
engine's own rule, which corrects the earth return, so their matrices are taken from the admittances it built.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrices = dict[str, list[list[float]]]

_REACTANCE: Mapping[str, tuple[str, ...]] = {
    "Transformer": ("XHL", "XHT", "XLT", "XSCArray"),
    "Reactor": ("X",),
    "Capacitor": ("kvar",),
}
"""What grows with the frequency, by class; pairs of resistance and reactance besides: ``_PAIRS``."""
_PAIRS = ("Z1", "Z0", "Z2")
_FALLS = "pctIMag"
"""What falls as the frequency grows: the magnetising current."""


def differs(full: Mapping[str, Any], hz: float) -> bool:
    """Whether an element states its impedances at another frequency than that of the circuit."""
    return abs(float(full.get("BaseFreq") or hz) - hz) > 1e-9


def line_matrices(yprim: NDArray[np.complex128], length: float, hz: float) -> Matrices:
    """Matrices of a line per unit of its length, from its primitive admittances at the frequency of the circuit.

    Parameters
    ----------
    yprim
        Primitive admittances of both terminals, shape (2 n, 2 n) [S].
    """
    n = len(yprim) // 2
    z = np.linalg.inv(-yprim[:n, n:]) / length
    c = 2.0 * (yprim[:n, :n] + yprim[:n, n:]).imag / (2.0 * math.pi * hz) / length * 1e9
    return {"RMatrix": z.real.tolist(), "XMatrix": z.imag.tolist(), "CMatrix": c.tolist()}


def at_frequency(classes: Mapping[str, list[dict[str, Any]]], hz: float) -> dict[str, list[dict[str, Any]]]:
    """The elements with their reactances and reactive powers at the frequency of the circuit; lines have theirs."""
    return {
        cls: [_at(item, words, hz) if differs(item["full"], hz) else item for item in items]
        if (words := _REACTANCE.get(cls, () if cls == "Vsource" else None)) is not None
        else items
        for cls, items in classes.items()
    }


def _at(item: Mapping[str, Any], words: Sequence[str], hz: float) -> dict[str, Any]:
    full = dict(item["full"])
    ratio = hz / float(full["BaseFreq"])
    for word in words:
        full[word] = [v * ratio for v in full[word]] if isinstance(full[word], list) else full[word] * ratio
    if _FALLS in full:
        full[_FALLS] /= ratio
    for word in _PAIRS:
        if word in full:
            full[word] = [full[word][0], full[word][1] * ratio]
    return {**item, "full": full}
