"""What is left to a default of OpenDSS: nothing but what is listed here, with why no answer hangs on it."""

from __future__ import annotations

import pytest
from power_cases import own

from dtl.powerflow import dss, engine
from dtl.sources.opendss_engine import _loads

_SAME_AGAIN = {
    "Vsource": "BaseMVA Isc1 Isc3 MVASC1 MVASC3 R0 R1 X0 X1 X0R0 X1R1 Z0 Z1 Z2 puZ0 puZ1 puZ2 puZIdeal",
    "LineCode": "R0 R1 X0 X1 C0 C1 B0 B1 NormAmps EmergAmps Ratings",
    "Line": "R0 R1 X0 X1 C0 C1 B0 B1 RMatrix XMatrix CMatrix Ratings LineCode",
    "Transformer": "Buses Conns kVs kVAs Taps pctRs pctLoadLoss X12 X13 X23 XHL XHT XLT XSCArray Ratings",
    "Capacitor": "CMatrix Cuf kvar kV NormAmps EmergAmps",
    "Reactor": "LmH kV kvar Z Z0 Z1 Z2 RMatrix XMatrix R X NormAmps EmergAmps",
    "Load": "PF kVA",
    "Generator": "PF MVA",
    "Storage": "PF kW kvar pctStored kvarMax kvarMaxAbs State",
}
"""Another spelling of what is written, or what the engine makes of it."""
_ELSEWHERE = {
    "": "BaseFreq Enabled Like Spectrum FaultRate pctPerm PctPerm Repair Daily Duty Yearly Growth Class DebugTrace",
    "Vsource": "Bus2 Frequency Model ScanType Sequence",
    "LineCode": "Kron Neutral Rg Xg rho LineType",
    "Line": "EarthModel Geometry Spacing Conductors Wires Rg Xg rho Switch LineType",
    "Transformer": "Bank Core FLRise HSRise RDCOhms Sub SubName Thermal WdgCurrents XRConst XfmrCode m n",
    "Capacitor": "Harm R XL",
    "Reactor": "LCurve RCurve Parallel Rp",
    "Load": "AllocationFactor CFactor CVRCurve CVRVars CVRWatts NumCust RNeut XNeut RelWeight VMinEmerg VMinNorm "
    "XRHarm XfkVA ZIPV kWh kWhDays pctMean pctSeriesRL pctStdDev puXHarm",
    "Generator": "Balanced D DispMode DispValue DutyStart DynOut DynamicEq ForceOn FuelkWh H Maxkvar Minkvar PVFactor "
    "Refuel ShaftData ShaftModel UseFuel UserData UserModel Vpu XRdp Xd Xdp Xdpp pctFuel pctReserve",
    "Storage": "AmpLimit AmpLimitGain Balanced ChargeTrigger ControlMode DischargeTrigger DispMode DynOut DynaDLL "
    "DynaData DynamicEq EffCurve Kp LimitCurrent Model PFPriority PITol SafeMode SafeVoltage TimeChargeTrig UserData "
    "UserModel VMaxpu VMinpu VarFollowInverter WattPriority kVDC pctCharge pctCutIn pctCutOut pctDischarge "
    "pctEffCharge pctEffDischarge pctPMinNoVars pctPMinkvarMax pctR pctX pctkWRated",
    "RegControl": "Bus Cogen InverseTime LDC_Z RemotePTRatio Reset RevBand RevDelay RevNeutral RevR RevThreshold "
    "RevVReg RevX Rev_Z TapNum TapWinding VLimit",
    "CapControl": "ControlSignal Reset UserData UserModel VBus pctMinkvar",
}
"""What counts in other modes (harmonics, dynamics, reliability, allocation), under words that we write otherwise
(reverse power of a regulator that is not reversible, voltages of a storage that idles), or is given node by
node (neutrals)."""


def left(feeder_name: str) -> dict[str, set[str]]:
    """By class the properties that the engine has and our text does not give."""
    from dss import dss as native
    from dss.enums import DSSJSONFlags

    engine.load(dss.write(own(feeder_name)))
    circuit, found = native.ActiveCircuit, dict[str, set[str]]()
    for name in (*_ELSEWHERE,):
        if not name:
            continue
        circuit.SetActiveClass(name)
        full = _loads(circuit.ActiveClass.ToJSON(int(DSSJSONFlags.Full)))
        circuit.SetActiveClass(name)
        given = _loads(circuit.ActiveClass.ToJSON(0))
        for one, stated in zip(full, given, strict=True):
            found.setdefault(name, set()).update(set(one) - set(stated) - {"Name"})
    return found


@pytest.mark.parametrize("feeder", ["mixed", "split_phase"])
def test_what_is_left_to_the_engine_is_declared_here(feeder: str) -> None:
    found = left(feeder)
    assert {"Line", "Transformer", "Load"} <= set(found)
    for name, properties in found.items():
        declared = " ".join([_ELSEWHERE[""], _ELSEWHERE[name], _SAME_AGAIN.get(name, "")]).split()
        assert properties - set(declared) == set(), f"{name}: write these, or say here why nothing hangs on them"


@pytest.mark.parametrize(
    ("word", "value"),
    [("algorithm", "normal"), ("loadmodel", "powerflow"), ("loadmult", "1"), ("genmult", "1"), ("neglectloady", "no"),
     ("year", "0"), ("cktmodel", "multiphase"), ("miniterations", "2"), ("zonelock", "no")],
)  # fmt: skip
def test_settings_of_the_solution_that_nobody_gives_are_neutral(word: str, value: str) -> None:
    engine.load(dss.write(own("mixed")))
    assert engine.command(f"get {word}").lower() == value
