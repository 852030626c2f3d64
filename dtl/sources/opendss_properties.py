"""What becomes of every property of every OpenDSS class: the account of the conversion.

The engine lists the properties of a class and tells which of them a script has set. A property is mapped to a field, is
another form of a mapped one, has no effect on a power flow, or is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dtl.sources.opendss_faults import lost, shown_value
from dtl.sources.reading import Reading, shown


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FAULT = dict.fromkeys(_words("FaultRate pctPerm PctPerm Repair"), "serves reliability, which has its own inputs")
HARMONIC = dict.fromkeys(_words("Spectrum puXHarm XRHarm Harm"), "serves harmonics")
SHAPES = dict.fromkeys(_words("Daily Duty TDaily TDuty Growth"), "the study's demand decides how loads vary")
DYNAMIC = dict.fromkeys(
    _words(
        "UserModel UserData ShaftModel ShaftData DutyStart DebugTrace EventLog DynamicEq DynOut DynaDLL"
        " DynaData Xd Xdp Xdpp H D XRdp UseFuel FuelkWh pctFuel pctReserve Refuel kVDC Kp PITol"
        " SafeVoltage SafeMode ControlMode AmpLimit AmpLimitGain Reset"
    ),
    "serves dynamics or logs, not the steady state",
)
INVERTERS = {
    **dict.fromkeys(
        _words("DeltaQ_Factor DeltaP_Factor VoltageChangeTolerance VarChangeTolerance ActivePChangeTolerance"),
        "steers the engine's own search for what the model settles exactly",
    ),
    **dict.fromkeys(
        _words("AvgWindowLen DbVMin DbVMax ArGraLowV ArGraHiV DynReacAvgWindowLen LPFTau RiseFallLimit VSetPoint"
               " WattPF_Curve WattVar_Curve"),
        "serves modes of a control in which it is not",
    ),
}  # fmt: skip
IDLE = {
    **FAULT,
    **HARMONIC,
    **SHAPES,
    **DYNAMIC,
    "Like": "is resolved by the engine",
    "pctMean": "serves Monte Carlo modes",
    "pctStdDev": "serves Monte Carlo modes",
    "RelWeight": "serves reliability, which has its own inputs",
    "VMinNorm": "the limits of the study decide",
    "VMinEmerg": "the limits of the study decide",
    "Thermal": "serves ageing, which has its own inputs",
    "n": "serves ageing, which has its own inputs",
    "m": "serves ageing, which has its own inputs",
    "FLRise": "serves ageing, which has its own inputs",
    "HSRise": "serves ageing, which has its own inputs",
    "Core": "serves geomagnetic studies",
    "RDCOhms": "serves geomagnetic studies",
    "Sub": "names a substation, does not change the power flow",
    "SubName": "names a substation, does not change the power flow",
    "WdgCurrents": "is an answer of the engine",
    "XRConst": "serves harmonics",
    "Rg": "corrects impedances at other frequencies only",
    "Xg": "corrects impedances at other frequencies only",
    "Frequency": "is the frequency of the circuit",
    "ScanType": "serves harmonics",
    "Seasons": "counts the ratings",
    "Class": "is a number for reports",
    "AllocationFactor": "is in the kW that the engine tells",
    **INVERTERS,
}
"""Properties without effect on a power flow, of any class, and why."""

_BUS = {"Bus1": "bus, nodes", "Phases": "phases", "Conn": "connection", "kV": "kv", "Enabled": "enabled"}
_Z = "r1_ohm, x1_ohm, r0_ohm, x0_ohm"
_MATRIX = "line_code.r_ohm_per_km, x_ohm_per_km, c_nf_per_km"

MAPPED: Mapping[str, Mapping[str, str]] = {
    "Line": {
        **dict.fromkeys(
            _words("R1 X1 R0 X0 C1 C0 B1 B0 RMatrix XMatrix CMatrix rho Spacing Conductors EarthModel"),
            _MATRIX,
        ),
        "Bus1": "from_bus, from_nodes",
        "Bus2": "to_bus, to_nodes",
        "LineCode": "line_code",
        "Geometry": "line_code",
        "Length": "length_km",
        "Units": "length_km",
        "Phases": "from_nodes",
        "Switch": "class of the part",
        "NormAmps": "normal_a",
        "EmergAmps": "emergency_a",
        "Ratings": "normal_a",
        "LineType": "placement",
        "Enabled": "enabled",
    },
    "LineCode": {
        **dict.fromkeys(
            _words("R1 X1 R0 X0 C1 C0 B1 B0 RMatrix XMatrix CMatrix Units NPhases Kron Neutral rho"),
            _MATRIX,
        ),
        "NormAmps": "normal_a",
        "EmergAmps": "emergency_a",
        "Ratings": "normal_a",
        "LineType": "placement of its lines",
    },
    "Load": {
        **_BUS,
        "kW": "kw",
        "kvar": "kvar",
        "PF": "kvar",
        "kVA": "kw, kvar",
        "XfkVA": "kw, kvar",
        "kWh": "kw",
        "kWhDays": "kw",
        "CFactor": "kw",
        "Model": "model",
        "VMinpu": "min_pu",
        "VMaxpu": "max_pu",
        "CVRWatts": "cvr_watts",
        "CVRVars": "cvr_vars",
        "ZIPV": "zip",
        "NumCust": "customers",
        "Yearly": "shape",
        "Status": "kw, kvar (follow the study's demand)",
    },
    "Transformer": {
        **dict.fromkeys(["Bus", "Buses"], "windings.bus, nodes"),
        **dict.fromkeys(["Conn", "Conns"], "windings.connection"),
        **dict.fromkeys(["kV", "kVs"], "windings.kv"),
        **dict.fromkeys(["kVA", "kVAs"], "windings.kva"),
        **dict.fromkeys(["Tap", "Taps"], "windings.tap_pu"),
        **dict.fromkeys(["pctR", "pctRs", "pctLoadLoss"], "windings.r_pct"),
        **dict.fromkeys(_words("XHL X12 XHT X13 XLT X23 XSCArray"), "xhl_pct, xht_pct, xlt_pct"),
        "Phases": "phases",
        "Windings": "windings",
        "RNeut": "windings.r_neutral_ohm",
        "XNeut": "windings.x_neutral_ohm",
        "MaxTap": "windings.max_tap_pu",
        "MinTap": "windings.min_tap_pu",
        "NumTaps": "windings.taps",
        "pctNoLoadLoss": "no_load_loss_pct",
        "pctIMag": "magnetizing_pct",
        "ppm_Antifloat": "ppm_antifloat",
        "NormHkVA": "normal_kva",
        "Ratings": "normal_kva",
        "EmergHkVA": "emergency_kva",
        "Bank": "bank",
        "LeadLag": "lead_lag",
        "XfmrCode": "all fields of the transformer",
        "Enabled": "enabled",
    },
    "RegControl": {
        "Transformer": "transformer",
        "Winding": "winding",
        "TapWinding": "winding",
        "VReg": "set_v",
        "Band": "band_v",
        "PTRatio": "pt_ratio",
        "RemotePTRatio": "remote_pt_ratio",
        "CTPrim": "ct_primary_a",
        "R": "r_v",
        "X": "x_v",
        "Bus": "monitored_bus",
        "Delay": "delay_s",
        "TapDelay": "tap_delay_s",
        "MaxTapChange": "max_tap_change",
        "PTPhase": "pt_phase",
        "Reversible": "reversible",
        "RevVReg": "reverse_set_v",
        "RevBand": "reverse_band_v",
        "TapNum": "transformer.windings.tap_pu",
        "Enabled": "enabled",
    },
    "Capacitor": {
        **_BUS,
        "Bus2": "bus (a shunt goes to ground)",
        "kvar": "kvar",
        "NumSteps": "kvar",
        "Cuf": "kvar",
        "States": "steps_on",
    },
    "CapControl": {
        "Capacitor": "capacitor",
        "Element": "control.element",
        "Terminal": "control.terminal",
        "Type": "control.type",
        "PTRatio": "control.pt_ratio",
        "CTRatio": "control.ct_ratio",
        "OnSetting": "control.on",
        "OffSetting": "control.off",
        "Delay": "control.delay_s",
        "DelayOff": "control.delay_off_s",
        "DeadTime": "control.dead_time_s",
        "PTPhase": "control.pt_phase",
        "CTPhase": "control.ct_phase",
        "VoltOverride": "control.voltage_override",
        "VMin": "control.min_v",
        "VMax": "control.max_v",
        "Enabled": "control.enabled",
    },
    "Reactor": {
        **_BUS,
        "Bus2": "to_bus, to_nodes",
        **dict.fromkeys(_words("R X Z Z1 Z2 Z0 kvar LmH"), "r_ohm, x_ohm"),
    },
    "Vsource": {
        **dict.fromkeys(
            _words("MVASC3 MVASC1 X1R1 X0R0 Isc3 Isc1 R1 X1 R0 X0 Z1 Z0 Z2 puZ1 puZ0 puZ2 BaseMVA"),
            _Z,
        ),
        "Bus1": "bus, nodes",
        "Bus2": "bus (the source goes to ground)",
        "BasekV": "kv_ll",
        "pu": "pu",
        "Angle": "angle_deg",
        "Phases": "phases",
        "Sequence": "nodes",
        "Enabled": "enabled",
    },
    "Generator": {
        **_BUS,
        "kW": "kw",
        "kvar": "kvar",
        "PF": "kvar",
        "kVA": "kva",
        "MVA": "kva",
        "Model": "model",
        "VMinpu": "min_pu",
        "VMaxpu": "max_pu",
        "Yearly": "shape",
    },
    "PVSystem": {
        **_BUS,
        "kVA": "kva",
        "Pmpp": "dc_kw",
        **dict.fromkeys(_words("pctPmpp Irradiance pctCutIn pctCutOut WattPriority PFPriority"), "kw, kvar"),
        **dict.fromkeys(_words("kvarMax kvarMaxAbs VarFollowInverter"), "kvar"),
        "PF": "kvar",
        "kvar": "kvar",
        "Model": "model",
        "VMinpu": "min_pu",
        "VMaxpu": "max_pu",
        "Yearly": "shape",
    },
    "InvControl": {
        **dict.fromkeys(_words("DERList PVSystemList Mode CombiMode Enabled"), "which generators"),
        **dict.fromkeys(_words("VVC_Curve1 Hysteresis_Offset Voltage_CurveX_Ref MonVoltageCalc MonBus"), "volt_var"),
        **dict.fromkeys(_words("VoltWatt_Curve VoltWattYAxis VoltWattCH_Curve"), "volt_watt"),
        **dict.fromkeys(_words("RateOfChangeMode ControlModel"), "settles within the hour"),
        "RefReactivePower": "share_of",
    },
    "Storage": {
        **_BUS,
        **dict.fromkeys(("kW", "kvar", "PF", "State"), "kw (at rest at the start)"),
        "kWRated": "kw",
        "kVA": "kva",
        **dict.fromkeys(("pctIdlingkW", "pctIdlingkvar"), "nothing is drawn at rest"),
        "kWhRated": "kwh",
        "kWhStored": "stored",
        "pctStored": "stored",
        "pctReserve": "reserve",
        "pctEffCharge": "efficiency_charge",
        "pctEffDischarge": "efficiency_discharge",
    },
}
"""Where the properties of the classes that we keep go."""

CONDITIONAL = {("Load", "Status"): ("variable",), ("Storage", "State"): ("idling",)}
"""Properties that the model holds for these values only: a load that is ``fixed`` or ``exempt`` follows no demand, a
battery rests until the study dispatches it."""

FELT = {"pctIdlingkW", "pctIdlingkvar"}
"""Properties that act even where nobody wrote them; of others, a default that is not taken loses nothing."""
ASSUMED = {"Units": "km"}
"""What is taken for properties that are not taken as they stand."""

UNRATED = dict.fromkeys(("NormAmps", "EmergAmps", "Ratings"), "is the engine's default, no rating of the source")
"""Why a line or line code without a stated rating has none in the model."""

HARMLESS = {
    "Monitor": "measures, does not change the power flow",
    "EnergyMeter": "measures, does not change the power flow",
    "Sensor": "measures, does not change the power flow",
    "Spectrum": "serves harmonics",
    "TCC_Curve": "serves protection; devices do not trip in a study",
    "Fuse": "its state stands in the switch; devices do not trip in a study",
    "Relay": "its state stands in the switch; devices do not trip in a study",
    "Recloser": "its state stands in the switch; devices do not trip in a study",
    "SwtControl": "its state stands in the switch; the study decides who switches",
    "LoadShape": "the name stays with the loads; the study's demand decides how they vary",
    "GrowthShape": "the growth layer of the study decides",
    "TShape": "the weather of the study decides",
    "PriceShape": "the tariff layer of the study decides",
    "WireData": "is in the impedances of the lines that use it",
    "CNData": "is in the impedances of the lines that use it",
    "TSData": "is in the impedances of the lines that use it",
    "LineSpacing": "is in the impedances of the lines that use it",
    "LineGeometry": "is in the impedances of the lines that use it",
    "XfmrCode": "is in the values of the transformers that use it",
    "XYcurve": "its points stand in the controls that name it; what else names it is refused by itself",
    "DynamicExp": "serves dynamics",
}
"""Classes that are refused without harm to a power flow, and why."""

CARRIED = {"WireData", "CNData", "TSData", "LineSpacing", "LineGeometry", "XfmrCode"}
"""Catalog classes whose content the engine has worked into the elements: they count as mapped."""


def account(
    reading: Reading,
    feeder: str,
    cls: str,
    item: Mapping[str, Any],
    target: str,
    refused: Mapping[str, str] | None = None,
) -> None:
    """Give every property of a mapped object its verdict; `target` is the class and name of the part.

    `refused` holds the reasons of properties that were not taken although their class has a field for them.
    """
    dropped = refused or {}
    thing = f"{cls}.{item['name']}"
    full, given, table = item["full"], set(item["given"]), MAPPED[cls]
    reading.mapped(feeder, thing, "", target)
    mapped: list[tuple[str, str]] = []
    written: list[tuple[str, str]] = []
    idle: list[tuple[str, str]] = []
    silent: list[tuple[str, str]] = []
    for prop in sorted(full):
        stated = prop in given
        value = shown_value(full[prop])
        seasonal = prop == "Ratings" and stated and len(full[prop]) > 1
        unlike = (cls, prop) in CONDITIONAL and str(full[prop]).lower() not in CONDITIONAL[cls, prop]
        if seasonal or unlike:
            lost(reading, feeder, thing, prop, value)
        elif prop in ASSUMED and prop in dropped:
            reading.defaulted(feeder, thing, prop, target, ASSUMED[prop], dropped[prop])
        elif prop in dropped:
            lost_here = (stated or prop in FELT) and prop not in UNRATED
            told = reading.refused if lost_here else reading.unused
            told(feeder, thing, prop, value, dropped[prop])
        elif prop in table:
            (mapped if stated else written).append((prop, value))
        elif prop == "Name":
            mapped.append((prop, value))
        elif prop == "BaseFreq" or prop in IDLE or not stated:
            (idle if stated else silent).append((prop, value))
        else:
            lost(reading, feeder, thing, prop, value)
    if mapped:
        fields = sorted({table.get(p, "name") for p, _ in mapped})
        reading.mapped(feeder, thing, " ".join(p for p, _ in mapped), f"{target}: {'; '.join(fields)}", shown(mapped))
    if written:
        fields = sorted({table[p] for p, _ in written})
        names = " ".join(p for p, _ in written)
        kept = shown((p, v) for p, v in written if p not in _words("CMatrix RMatrix XMatrix Z1 Z2 Z0"))
        reason = "the source states none; the engine's effective value was written out"
        reading.defaulted(feeder, thing, names, f"{target}: {'; '.join(fields)}", kept, reason)
    for prop, value in idle:
        reading.unused(feeder, thing, prop, value, IDLE.get(prop, "is the frequency of the circuit"))
    if silent:
        names = " ".join(p for p, _ in silent)
        reading.defaulted(feeder, thing, names, "", "", "not stated, and at the engine's neutral default")
