"""What a PVSystem of OpenDSS gives at the irradiance of the file, within the limits of its inverter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def kvar_of(kw: float, pf: float) -> float:
    """Reactive power of an active power and a power factor, whose sign it has."""
    reactive = abs(kw) * math.sqrt(1.0 / min(abs(pf), 1.0) ** 2 - 1.0) if pf else 0.0
    return reactive if pf >= 0 else -reactive


def inverter_output(full: Mapping[str, Any], *, fixed_kvar: bool) -> tuple[float, float]:
    """Active and reactive power of a PVSystem [kW, kvar].

    ``%Pmpp`` is a ceiling of the power, in percent of ``Pmpp``, and no factor. Reactive power is limited to ``kvarMax``
    and ``kvarMaxAbs``. Where both together exceed ``kVA``, the active power yields, or the reactive power with
    ``WattPriority``, or both with ``PFPriority``. Efficiency and temperature are not taken.

    Parameters
    ----------
    full
        All properties of the PVSystem, as the engine tells them.
    fixed_kvar
        Whether ``kvar`` is stated; otherwise it follows from ``PF``.
    """
    kva = float(full["kVA"])
    kw = full["Pmpp"] * full["Irradiance"]
    if kw < full["pctCutOut"] / 100.0 * kva:
        kw = 0.0
    kw = min(kw, full["Pmpp"] * full["pctPmpp"] / 100.0)
    asked = float(full["kvar"]) if fixed_kvar else kvar_of(kw, full["PF"])
    most = float(full["kvarMax"] if asked >= 0.0 else full["kvarMaxAbs"])
    kvar = math.copysign(min(abs(asked), abs(most)), asked)
    if math.hypot(kw, kvar) <= kva:
        return kw, kvar
    if full["PFPriority"] and not fixed_kvar:
        pf = min(abs(full["PF"]), 1.0)
        return kva * pf, math.copysign(kva * math.sqrt(1.0 - pf * pf), kvar)
    if full["WattPriority"]:
        kw = min(kw, kva)
        return kw, math.copysign(math.sqrt(kva * kva - kw * kw), kvar)
    kvar = math.copysign(min(abs(kvar), kva), kvar)
    return math.sqrt(kva * kva - kvar * kvar), kvar
