"""Units of CIM files: CGMES states kilovolts, megawatts and kilometres where CDPSM and CIM100 state plain SI units.

The data types of the CGMES profiles carry the multiplier: Voltage k, ActivePower, ReactivePower and ApparentPower M,
Length k; resistances, reactances, susceptances and currents have none [1]_.

References
----------
.. [1] IEC 61970-600-2, Common Grid Model Exchange Specification: vocabulary of the profiles EQ, SC and SSH.
"""

from __future__ import annotations

import re

from dtl.sources.cim_objects import Store
from dtl.sources.reading import Reading

_CGMES = re.compile(r"entsoe\.eu/cim/|61970-600|/ns/cim/\w+-eu/", re.IGNORECASE)
"""What the profiles of CGMES 2.4.15 and 3 are called."""

_KILO, _MEGA = 3, 6
_EXPONENTS = {
    "BaseVoltage.nominalVoltage": _KILO, "EnergySource.nominalVoltage": _KILO, "EnergySource.voltageMagnitude": _KILO,
    "PowerTransformerEnd.ratedU": _KILO, "PowerTransformerEnd.ratedS": _MEGA, "ShuntCompensator.nomU": _KILO,
    "Conductor.length": _KILO, "EnergyConsumer.p": _MEGA, "EnergyConsumer.q": _MEGA, "EnergyConsumer.pfixed": _MEGA,
    "EnergyConsumer.qfixed": _MEGA, "EnergyConsumerPhase.p": _MEGA, "EnergyConsumerPhase.q": _MEGA,
    "RotatingMachine.p": _MEGA, "RotatingMachine.q": _MEGA, "RotatingMachine.ratedS": _MEGA,
    "RotatingMachine.ratedU": _KILO, "PowerElectronicsConnection.p": _MEGA, "PowerElectronicsConnection.q": _MEGA,
    "PowerElectronicsConnection.ratedS": _MEGA, "PowerElectronicsConnection.ratedU": _KILO,
    "PowerElectronicsUnit.maxP": _MEGA, "PowerElectronicsUnit.minP": _MEGA, "BatteryUnit.ratedE": _MEGA,
    "BatteryUnit.storedE": _MEGA, "EquivalentInjection.p": _MEGA, "EquivalentInjection.q": _MEGA,
    "EnergySource.activePower": _MEGA, "EnergySource.reactivePower": _MEGA,
    "ExternalNetworkInjection.p": _MEGA, "ExternalNetworkInjection.q": _MEGA,
    "AsynchronousMachine.ratedMechanicalPower": _MEGA,
}  # fmt: skip
"""Powers of ten from the unit of CGMES to the one without a multiplier."""
LEAST_V = 100.0
"""No network has a nominal voltage below this one alone."""


def to_plain(reading: Reading, store: Store) -> None:
    """Turn what a model of CGMES profiles states into V, W, VA, Wh and m; a finding says so.

    A model that names no profile and has nominal voltages of a few volts only is an error: its unit is not known.
    """
    profile = next((p for p in sorted(store.profiles) if _CGMES.search(p)), "")
    if not profile:
        volts = [_number(t.values.get("BaseVoltage.nominalVoltage")) for t in store.of("BaseVoltage")]
        if volts and 0 < max(volts) < LEAST_V:
            text = "all nominal voltages are a few volts: they are kilovolts, and the files do not say so"
            reading.find("cim.units", "error", text, field="BaseVoltage.nominalVoltage", value=f"{max(volts):g}",
                         remedy="Export the header md:FullModel with its profile, or plain SI units.")  # fmt: skip
        return
    for thing in store.things.values():
        for word in thing.values.keys() & _EXPONENTS.keys():
            thing.values[word] = _moved(str(thing.values[word]), _EXPONENTS[word])
    text = "is CGMES: its kV, MW, MVA and km became V, W, VA and m"
    reading.find("cim.units", "info", text, field="Model.profile", value=profile, remedy="Nothing to do.")


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def _moved(text: str, digits: int) -> str:
    """A decimal number times a power of ten, without a rounding; what is no number stays for the reader to refuse."""
    try:
        float(text)
    except ValueError:
        return text
    number, _, exponent = text.lower().partition("e")
    return f"{number}e{int(exponent or 0) + digits}" if number.strip("+-.0123456789") == "" else text
