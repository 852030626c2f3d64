"""What an inverter does by grid code: reactive power by voltage or by power, and active power by voltage.

Q > 0 injects (over-excited). Voltages are per unit of the agreed voltage. Every setting carries its code, edition and
clause; all are from professional knowledge, to be confirmed by a licensed reader of the code.

- IEEE 1547-2018, clause 5.3.3, table 8: reactive power by voltage, category A and B, as share of the rated kVA.
- IEEE 1547-2018, clause 5.4.2, table 10: active power by voltage, as share of the rated kW.
- VDE-AR-N 4105:2018-11, clause 5.7.2: Q(U) as share of the rated kW, and cos phi(P).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.float64]
Base = Literal["rated_kva", "rated_kw", "limits", "headroom", "power_factor"]

COS_PHI_SMALL, COS_PHI_LARGE = 0.95, 0.90
"""Least power factor by VDE-AR-N 4105:2018-11, clause 5.7.2: up to 4.6 kVA, and above."""
SMALL_KVA = 4.6
"""Rated power up to which an inverter is small by VDE-AR-N 4105 [kVA]."""
_Q_SMALL = float(np.tan(np.arccos(COS_PHI_SMALL)))
_Q_LARGE = float(np.sin(np.arccos(COS_PHI_LARGE)))


@dataclass(frozen=True)
class Curve:
    """A piecewise linear characteristic, level beyond its first and last point.

    Attributes
    ----------
    points
        (x, y): x is the voltage or the active power [pu], rising; y a share of the base.
    base
        What y is a share of: the rated apparent or active power, the limits of reactive power, what active power leaves
        of the rated apparent power, or a power factor (under-excited).
    code, clause
        Where it stands: the code with its edition, and the clause.
    response_s
        Time to 90 % of the step response, or three time constants of a first-order lag [s].
    """

    points: tuple[tuple[float, float], ...]
    base: Base
    code: str
    clause: str
    response_s: float
    confirmed_by: str = "none"

    def __post_init__(self) -> None:
        if len(self.points) < 2 or any(b[0] < a[0] for a, b in pairwise(self.points)):
            raise ValueError(f"the points of a curve rise, and are two or more: {self.points}")

    def at(self, x: ArrayLike) -> Real:
        """The values at `x`, of its shape."""
        at, value = zip(*self.points, strict=True)
        return np.asarray(np.interp(np.asarray(x, np.float64), at, value), np.float64)


def _1547(*points: tuple[float, float]) -> Curve:
    return Curve(points, "rated_kva", "IEEE 1547-2018", "5.3.3, table 8", 5.0)


def _watt(least: float) -> Curve:
    return Curve(((1.06, 1.0), (1.10, least)), "rated_kw", "IEEE 1547-2018", "5.4.2, table 10", 10.0)


def _4105(most: float) -> Curve:
    points = ((0.93, most), (0.97, 0.0), (1.03, 0.0), (1.07, -most))
    return Curve(points, "rated_kw", "VDE-AR-N 4105:2018-11", "5.7.2", 10.0)


def _by_power(least: float) -> Curve:
    return Curve(((0.5, 1.0), (1.0, least)), "power_factor", "VDE-AR-N 4105:2018-11", "5.7.2", 10.0)


VOLT_VAR = {
    "ieee_1547_a": _1547((0.90, 0.25), (1.00, 0.0), (1.00, 0.0), (1.10, -0.25)),
    "ieee_1547_b": _1547((0.92, 0.44), (0.98, 0.0), (1.02, 0.0), (1.08, -0.44)),
    "vde_4105_q_u": _4105(_Q_LARGE),
    "vde_4105_q_u_small": _4105(_Q_SMALL),
}
"""Reactive power by voltage; ``small`` up to 4.6 kVA."""
VOLT_WATT = {"ieee_1547": _watt(0.2), "ieee_1547_to_zero": _watt(0.0)}
"""Highest active power by voltage; to zero for what may also absorb."""
COS_PHI_P = {
    "vde_4105_cos_phi_p": _by_power(COS_PHI_LARGE),
    "vde_4105_cos_phi_p_small": _by_power(COS_PHI_SMALL),
}
"""Power factor by active power, under-excited."""


def name_of(word: str, rated_kva: float, known: Container[str]) -> str:
    """The name among those known that a word has for an inverter of that size."""
    small = f"{word}_small"
    return small if rated_kva <= SMALL_KVA and small in known else word


def reactive_kvar(curve: Curve, volts_pu: ArrayLike, rated_kw: ArrayLike, rated_kva: ArrayLike) -> Real:
    """Reactive power by voltage [kvar], not yet within the inverter's rating; arguments broadcast."""
    base = rated_kva if curve.base == "rated_kva" else rated_kw
    return np.asarray(curve.at(volts_pu) * np.asarray(base, np.float64))


def reactive_of_room_kvar(
    curve: Curve, volts_pu: ArrayLike, kw: ArrayLike, rated_kva: ArrayLike, least_kvar: ArrayLike, most_kvar: ArrayLike
) -> Real:
    """Reactive power by voltage as share of its limits, or of what active power leaves, within them [kvar].

    These are `VARMAX` and `VARAVAL` of OpenDSS's InvControl (`RefReactivePower`); arguments broadcast.
    """
    share = curve.at(volts_pu)
    least, most, kva = (np.asarray(a, np.float64) for a in (least_kvar, most_kvar, rated_kva))
    if curve.base == "limits":
        return np.asarray(np.where(share < 0.0, -share * least, share * most), np.float64)
    room = np.sqrt(np.maximum(kva**2 - np.asarray(kw, np.float64) ** 2, 0.0))
    return np.asarray(np.clip(share * room, least, most), np.float64)


def reactive_by_power_kvar(curve: Curve, kw: ArrayLike, rated_kw: ArrayLike) -> Real:
    """Reactive power by active power [kvar], never positive; arguments broadcast."""
    power = np.asarray(kw, np.float64)
    share = np.divide(
        power, rated_kw, out=np.zeros(np.broadcast(power, rated_kw).shape), where=np.asarray(rated_kw) > 0
    )
    return np.asarray(-np.maximum(power, 0.0) * np.tan(np.arccos(curve.at(share))))


def active_kw(curve: Curve, volts_pu: ArrayLike, available_kw: ArrayLike, rated_kw: ArrayLike) -> Real:
    """Active power that voltage allows [kW]: what is available, up to the curve's share of the rated power."""
    return np.asarray(np.minimum(available_kw, curve.at(volts_pu) * np.asarray(rated_kw, np.float64)), np.float64)


def within_rating(
    kw: ArrayLike, kvar: ArrayLike, rated_kva: ArrayLike, first: Literal["active", "reactive"] = "reactive"
) -> tuple[Real, Real]:
    """Active and reactive power within the circle of the rated apparent power; `first` keeps its value.

    IEEE 1547-2018, clause 4.6.2 and 5.3.3, gives way in active power, therefore the default.
    """
    p, q, s = (np.asarray(a, np.float64) for a in (kw, kvar, rated_kva))
    if first == "reactive":
        q = np.clip(q, -s, s)
        room = np.sqrt(np.maximum(s**2 - q**2, 0.0))
        return np.clip(p, -room, room), q
    p = np.clip(p, -s, s)
    room = np.sqrt(np.maximum(s**2 - p**2, 0.0))
    return p, np.clip(q, -room, room)
