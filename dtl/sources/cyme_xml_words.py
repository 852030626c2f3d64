"""The words of CYME's XML studies: which element is which neutral row, and which property which column.

No public file exists; the structure is the one that independent readers describe. A property inside another element is
named by its way below the row's element, ``FORWARDSETTINGS/SETVOLTAGEA``. All is in SI units.
"""

from __future__ import annotations

from collections.abc import Mapping

from dtl.sources.cyme_tables import Dialect

_NTH = ("FIRST", "SECOND", "THIRD", "FOURTH")


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in text.split())


def _kind(
    block: str, *columns: Mapping[str, str], codes: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[str, Dialect]:
    words: dict[str, str] = {}
    for each in columns:
        words |= each
    return block, Dialect(words, codes or {})


_ID = {"ID": "EQUIPMENTID"}
_AMPS = {"AMPS": "NOMINALRATING", **{f"AMPS_{i}": f"{nth}RATING" for i, nth in enumerate(_NTH, 1)}}
_SEQUENCE = _pairs(
    "R1=POSITIVESEQUENCERESISTANCE X1=POSITIVESEQUENCEREACTANCE R0=ZEROSEQUENCERESISTANCE X0=ZEROSEQUENCEREACTANCE"
    " B1=POSITIVESEQUENCESHUNTSUSCEPTANCE B0=ZEROSEQUENCESHUNTSUSCEPTANCE"
)
_MATRIX = {
    f"{short}{p}": f"{long}{p}"
    for short, long in (("R", "SELFRESISTANCE"), ("X", "SELFREACTANCE"), ("B", "SHUNTSUSCEPTANCE"))
    for p in "ABC"
}
_AMPS_BY_PHASE = {f"AMPS{p}": f"NOMINALRATING{p}" for p in "ABC"}
_MACHINE = _pairs("KVA=RATEDKVA KVLL=RATEDKVLL PF=PFPERCENT")
_PLACES = {
    f"POSOF{ours}_{axis}": f"GEOMETRICALARRANGEMENT/POSITIONOFCONDUCTOR{theirs}/{axis}"
    for ours, theirs in (
        ("COND1", "1_C1"), ("COND2", "2_C1"), ("COND3", "3_C1"), ("NEUTRALCOND", "N1"), ("NEUTRALCOND_N2", "N2"),
    )
    for axis in "XY"
} | {
    "GMDPH-PH": "AVERAGEGEOMETRICALARRANGEMENT/GMDPHASETOPHASE",
    "GMDPH-N": "AVERAGEGEOMETRICALARRANGEMENT/GMDPHASETONEUTRAL",
    "AVGPHCONDHEIGHT": "AVERAGEGEOMETRICALARRANGEMENT/AVERAGEPHASECONDUCTORHEIGHT",
    "AVGNEUTRALHEIGHT": "AVERAGEGEOMETRICALARRANGEMENT/AVERAGENEUTRALCONDUCTORHEIGHT",
}  # fmt: skip

EQUIPMENT: dict[str, tuple[str, Dialect]] = {
    "ConductorDB": _kind(
        "CONDUCTOR", _ID, _AMPS, _pairs("DIAMETER=OUTSIDEDIAMETER R25=RESISTANCEAC1 R50=RESISTANCEAC2")
    ),
    "OverheadSpacingOfConductorDB": _kind("SPACING TABLE FOR LINE", _ID, _PLACES),
    "OverheadLineDB": _kind("LINE", _ID, _AMPS, _SEQUENCE),
    "OverheadLineUnbalancedDB": _kind("LINE UNBALANCED", _ID, _AMPS_BY_PHASE, _MATRIX),
    "CableDB": _kind("CABLE", _ID, _AMPS, _SEQUENCE),
    "TransformerDB": _kind(
        "TRANSFORMER",
        _ID,
        _pairs(
            "TYPE=TRANSFOTYPE KVA=NOMINALRATINGKVA KVLLPRIM=PRIMARYVOLTAGE KVLLSEC=SECONDARYVOLTAGE XR=XRRATIO"
            " Z1=POSITIVESEQUENCEIMPEDANCEPERCENT Z0=ZEROSEQUENCEIMPEDANCEPERCENT XR0=XR0RATIO"
            " CONN=TRANSFORMERCONNECTION NOLOADLOSSES=NOLOADLOSSESKW"
        ),
        codes={"TYPE": {"SinglePhase": "1", "ThreePhaseCore": "2", "ThreePhaseShell": "3"}},
    ),
    "RegulatorDB": _kind(
        "REGULATOR",
        _ID,
        _pairs(
            "TYPE=REGULATORTYPE KVA=RATEDKVA KVLN=RATEDKVLN MAXBOOST=MAXIMUMBOOST MAXBUCK=MAXIMUMBUCK TAPS=NUMBEROFTAPS"
            " CT=CTPRIMARYRATING PT=PTRATIO"
        ),
        codes={"TYPE": {"SinglePhase": "0", "ThreePhase": "1"}},
    ),
    "ShuntCapacitorDB": _kind("SHUNT CAPACITOR", _ID, _pairs("KVAR=RATEDKVAR KV=RATEDVOLTAGEKVLN")),
    "ShuntReactorDB": _kind("SHUNT REACTOR", _ID, _pairs("KVAR=RATEDKVAR KV=RATEDVOLTAGEKVLN")),
    "SynchronousGeneratorDB": _kind("SYNCHRONOUS GENERATOR", _ID, _MACHINE),
    "InductionGeneratorDB": _kind("INDUCTION GENERATOR", _ID, _MACHINE),
    "ElectronicConverterGeneratorDB": _kind("ELECTRONIC CONVERTER GENERATOR", _ID, _MACHINE),
    "PhotovoltaicDB": _kind("PHOTOVOLTAIC", _ID),
    "WECSDB": _kind("WECS", _ID),
    "MicroTurbineDB": _kind("MICRO TURBINE", _ID),
    "SOFCDB": _kind("SOFC", _ID),
    "BESSDB": _kind("BESS", _ID),
    "InductionMotorDB": _kind("INDUCTION MOTOR", _ID),
    "SynchronousMotorDB": _kind("SYNCHRONOUS MOTOR", _ID),
    "SeriesCapacitorDB": _kind("SERIE CAPACITOR", _ID, _pairs("REACTANCE=REACTANCEOHMS")),
    "SeriesReactorDB": _kind("SERIE REACTOR", _ID, _pairs("REACTANCE=REACTANCEOHMS")),
    "SubstationDB": _kind("SUBSTATION", _ID, _SEQUENCE, _pairs("KVLL=NOMINALKVLL")),
    "ConsumerClassDB": _kind("CUSTOMER CLASS", _ID),
    "CustomerTypeDB": _kind("CUSTOMER CLASS", _ID),
    **{
        f"{name}DB": _kind(name.upper(), _ID, _AMPS)
        for name in ("Switch", "Breaker", "LVCB", "Fuse", "Recloser", "Sectionalizer", "NetworkProtector")
    },
    "MiscellaneousDB": _kind("MISCELLANEOUS", _ID, _AMPS),
}
"""Elements below ``EquipmentDBs``, and how they name things."""

OLD_RESISTANCES = _pairs("RESISTANCEAC1=FIRSTRESISTANCE RESISTANCEAC2=SECONDRESISTANCE")
"""What conductors call their resistances up to version 7.1."""

_STATUS = {"Connected": "0", "Disconnected": "1", "Bypassed": "2"}
_LOCATION = {"From": "S", "Middle": "M", "To": "L"}
_CODES: dict[str, Mapping[str, str]] = {
    "CONNECTIONSTATUS": _STATUS,
    "LOCATION": _LOCATION,
    "CLOSEDPHASE": {"None": "NONE"},
}
_DEVICE = _pairs("EQID=DEVICEID FROMNODEID=NORMALFEEDINGNODEID NSTATUS=NORMALSTATUS")


def _device(block: str, columns: str = "") -> tuple[str, Dialect]:
    return block, Dialect(_DEVICE | _pairs(columns), _CODES)


_REGULATOR = " ".join(
    f"VSET{p}=FORWARDSETTINGS/SETVOLTAGE{p} BANDWIDTH{p}=FORWARDSETTINGS/BANDWIDTH{p}"
    f" RSET{p}=FORWARDSETTINGS/LINEDROPR{p} XSET{p}=FORWARDSETTINGS/LINEDROPX{p} TAP{p}=FORWARDSETTINGS/TAPPOSITION{p}"
    for p in "ABC"
)

_GENERATION = (
    "ACTIVEGENERATION=GENERATIONMODELS/DGGENERATIONMODEL/ACTIVEGENERATION CONVERTERRATING=CONVERTER/CONVERTERRATING"
    " POWERFACTOR=GENERATIONMODELS/DGGENERATIONMODEL/POWERFACTOR ACTIVEPOWERRATING=CONVERTER/ACTIVEPOWERRATING"
)

DEVICES: dict[str, tuple[str, Dialect]] = {
    "OverheadLine": _device("OVERHEADLINE SETTING", "LINECABLEID=LINEID"),
    "OverheadLineUnbalanced": _device("OVERHEADLINEUNBALANCED SETTING", "LINECABLEID=LINEID"),
    "OverheadByPhase": _device(
        "OVERHEAD BYPHASE SETTING",
        "CONDID_A=PHASECONDUCTORIDA CONDID_B=PHASECONDUCTORIDB CONDID_C=PHASECONDUCTORIDC CONDID_N=NEUTRALCONDUCTORID"
        " CONDID_N1=NEUTRALCONDUCTORID1 CONDID_N2=NEUTRALCONDUCTORID2 SPACINGID=CONDUCTORSPACINGID",
    ),
    "Underground": _device("UNDERGROUNDLINE SETTING", "LINECABLEID=CABLEID"),
    "Switch": _device("SWITCH SETTING"),
    "Breaker": _device("BREAKER SETTING"),
    "LVCB": _device("LVCB SETTING"),
    "Fuse": _device("FUSE SETTING"),
    "Recloser": _device("RECLOSER SETTING"),
    "Sectionalizer": _device("SECTIONALIZER SETTING"),
    "NetworkProtector": _device("NETWORKPROTECTOR SETTING"),
    "Miscellaneous": _device("MISCELLANEOUS SETTING"),
    "Transformer": _device(
        "TRANSFORMER SETTING",
        "CONN=TRANSFORMERCONNECTION PRIMTAP=PRIMARYTAPSETTINGPERCENT SECONDARYTAP=SECONDARYTAPSETTINGPERCENT",
    ),
    "TransformerByPhase": _device("TRANSFORMER BYPHASE SETTING"),
    "Regulator": _device(
        "REGULATOR SETTING",
        "PHASEON=CONTROLSTATUS MAXBOOST=BOOSTPERCENT MAXBUCK=BUCKPERCENT CT=CTPRIMARYRATING PT=PTRATIO"
        f" CONN=CONNECTIONCONFIGURATION {_REGULATOR}",
    ),
    "SeriesCapacitor": _device("SERIE CAPACITOR SETTING"),
    "SeriesReactor": _device("SERIE REACTOR SETTING"),
    "ShuntCapacitor": _device(
        "SHUNT CAPACITOR SETTING", "SHUNTCAPACITORID=DEVICEID CONNECTION=CONNECTIONCONFIGURATION KV=KVLN"
    ),
    "ShuntReactor": _device("SHUNT REACTOR SETTING", "CONNECTION=CONNECTIONCONFIGURATION KV=KVLN"),
    **{
        name: _device(f"{block} SETTING", _GENERATION)
        for name, block in (
            ("InductionMotor", "INDUCTION MOTOR"),
            ("SynchronousMotor", "SYNCHRONOUS MOTOR"),
            ("SynchronousGenerator", "SYNCHRONOUS GENERATOR"),
            ("InductionGenerator", "INDUCTION GENERATOR"),
            ("ElectronicConverterGenerator", "ELECTRONIC CONVERTER GENERATOR"),
            ("Photovoltaic", "PHOTOVOLTAIC"),
            ("WECS", "WECS"),
            ("MicroTurbine", "MICRO TURBINE"),
            ("SOFC", "SOFC"),
            ("BESS", "BESS"),
        )
    },
    "SpotLoad": _device("LOADS", "CONNECTION=CONNECTIONCONFIGURATION"),
    "DistributedLoad": _device("LOADS", "CONNECTION=CONNECTIONCONFIGURATION"),
}
"""Elements below ``Devices`` of a section, and how they name things."""

LOAD_TYPES = {"SpotLoad": "SPOT", "DistributedLoad": "DISTRIBUTED"}

CUSTOMER = Dialect(
    _pairs(
        "CUSTOMERTYPE=CUSTOMERTYPEID YEAR=MODEL/YEAR LOADMODELID=MODEL/LOADMODELID LOADPHASE=VALUE/PHASE"
        " VALUETYPE=VALUE/TYPE VALUE1=VALUE/ONE VALUE2=VALUE/TWO"
    ),
    {"CONNECTIONSTATUS": _STATUS},
)
"""A value of a customer's load: the customer's own properties, those of its ``MODEL``, and those of the ``VALUE``."""

VALUES = {
    "LoadValueKW_KVAR": (("KW_KVAR", "KW", "KVAR"),),
    "LoadValueKVA_PF": (("KVA_PF", "KVA", "PF"),),
    "LoadValueKW_PF": (("KW_PF", "KW", "PF"),),
    "LoadValueAMP_PF": (("AMP_PF", "AMP", "PF"), ("AMP_PF", "AMPS", "PF")),
}
"""Ways to state a load: our word, and the two properties; no source says what the one in amperes is called."""

NODE = Dialect(_pairs("COORDX=CONNECTORS/POINT/X COORDY=CONNECTORS/POINT/Y"))

SOURCE = Dialect(
    _pairs(
        "NODEID=SOURCENODEID HEADNODEID=SOURCENODEID SOURCEID=SOURCESETTINGS/SOURCEID"
        " DEVICENUMBER=SOURCESETTINGS/DEVICENUMBER"
        " DESIREDVOLTAGE=SOURCESETTINGS/DESIREDVOLTAGE"
    )
)

_EQUIVALENT = "EQUIVALENTSOURCEMODELS/EQUIVALENTSOURCEMODEL/EQUIVALENTSOURCE/"

EQUIVALENT = Dialect(
    {"NODEID": "SOURCENODEID", "VOLTAGE": f"{_EQUIVALENT}KVLL"}
    | {
        name: f"{_EQUIVALENT}{name}"
        for name in (
            "POSITIVESEQUENCERESISTANCE", "POSITIVESEQUENCEREACTANCE", "ZEROSEQUENCERESISTANCE",
            "ZEROSEQUENCEREACTANCE", "OPERATINGVOLTAGE1", "OPERATINGVOLTAGE2", "OPERATINGVOLTAGE3", "OPERATINGANGLE1",
            "OPERATINGANGLE2", "OPERATINGANGLE3", "IMPEDANCEUNIT", "BASEMVA",
        )
    },
    {"IMPEDANCEUNIT": {"Ohms": "0", "PU": "1"}},
)  # fmt: skip
"""The equivalent source below a source; the same element is read twice, as ``[SOURCE]`` and ``[SOURCE EQUIVALENT]``."""
