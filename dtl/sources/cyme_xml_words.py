"""The words of CYME's XML studies: which element is which neutral row, and which property which column.

The words are those of studies of version 9 and of independent readers. A property inside another element is named by
its way below the row's element, ``FORWARDSETTINGS/SETVOLTAGEA``. All is in SI units.
"""

from __future__ import annotations

from collections.abc import Mapping

from dtl.sources.cyme_codes import ORDERS
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


def _currents(word: str) -> dict[str, str]:
    """The columns of ratings of switches, by what a rated current is called."""
    return {"AMPS": word, **{f"AMPS_{i}": f"{nth}{word}" for i, nth in enumerate(_NTH, 1)}}


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
_SHARES = {
    f"{kind}{letter}{q}": f"{kind}{letter}_{q}"
    for kind, letter in (("CONSTANTIMPEDANCE", "Z"), ("CONSTANTCURRENT", "I"), ("CONSTANTPOWER", "P"))
    for q in "PQ"
} | {f"EXPONENTIALMODEL{q}": f"EXPONENTIALMODEL_{q}" for q in "PQ"}
_PLACES = {
    f"POSOF{ours}_{axis}": f"GEOMETRICALARRANGEMENT/POSITIONOFCONDUCTOR{theirs}/{axis}"
    for ours, theirs in (
        ("COND1", "1_C1"), ("COND2", "2_C1"), ("COND3", "3_C1"), ("NEUTRALCOND", "N1"), ("NEUTRALCOND_N2", "N2"),
    )
    for axis in "XY"
} | {
    "NBCONDUCTORSPERPHASE": "GEOMETRICALARRANGEMENT/NBCONDUCTORSPERPHASE",
    "GMDPH-PH": "AVERAGEGEOMETRICALARRANGEMENT/GMDPHASETOPHASE",
    "GMDPH-N": "AVERAGEGEOMETRICALARRANGEMENT/GMDPHASETONEUTRAL",
    "AVGPHCONDHEIGHT": "AVERAGEGEOMETRICALARRANGEMENT/AVERAGEPHASECONDUCTORHEIGHT",
    "AVGNEUTRALHEIGHT": "AVERAGEGEOMETRICALARRANGEMENT/AVERAGENEUTRALCONDUCTORHEIGHT",
}  # fmt: skip

STARS = {
    "Y_Y": "YNG_YNG", "D_Y": "D_YNG", "Y_D": "YNG_D", "Yg_Y": "YG_YNG", "Y_Yg": "YNG_YG",
    "EquipConnection": "EQUIP_CONNECTION",
}  # fmt: skip
"""Connections of transformers whose ``Y`` is the star without ground; the grounded one is ``Yg``."""

SHIFTS = {f"{-30 * hour % 360}deg": str(hour) for hour in range(12)}
"""Shifts of phase as hours of the clock: 330 degrees are one hour."""

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
            "TYPE=TRANSFOTYPE VOLTAGEUNIT=TRANSFOVOLTAGEUNIT KVA=NOMINALRATINGKVA XR=XRRATIO"
            " KVLLPRIM=PRIMARYVOLTAGE KVLLSEC=SECONDARYVOLTAGE"
            " Z1=POSITIVESEQUENCEIMPEDANCEPERCENT Z0=ZEROSEQUENCEIMPEDANCEPERCENT XR0=XR0RATIO"
            " CONN=TRANSFORMERCONNECTION NOLOADLOSSES=NOLOADLOSSESKW PHASESHIFTTYPE=PHASESHIFT"
            " RG_PRIM=PRIMARYGROUNDINGRESISTANCEOHMS XG_PRIM=PRIMARYGROUNDINGREACTANCEOHMS"
            " RG_SEC=SECONDARYGROUNDINGRESISTANCEOHMS XG_SEC=SECONDARYGROUNDINGREACTANCEOHMS"
        ),
        codes={
            "TYPE": {"SinglePhase": "1", "ThreePhase": "2", "ThreePhaseCore": "2", "ThreePhaseShell": "3"},
            "VOLTAGEUNIT": {"E_TransformerVoltageUnit_KVLL": "KVLL", "E_TransformerVoltageUnit_KV": "KV"},
            "CONN": STARS,
            "PHASESHIFTTYPE": SHIFTS,
        },
    ),
    "RegulatorDB": _kind(
        "REGULATOR",
        _ID,
        _pairs(
            "KVA=RATEDKVA KVLN=RATEDKVLN MAXBOOST=MAXIMUMBOOST MAXBUCK=MAXIMUMBUCK TAPS=NUMBEROFTAPS"
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
    "WECSDB": _kind(
        "WECS",
        _ID,
        _pairs(
            "GENERATORRATEDCAPACITY_KVA=GENERATORRATEDCAPACITYKVA GENERATORRATEDPOWER_KW=GENERATORRATEDPOWERKW"
            " GENERATORPOWERFACTOR_PERCENT=GENERATORPOWERFACTORPERCENT"
            " GENERATORRATEDVOLTAGE_KV=GENERATORRATEDVOLTAGEKV"
        ),
    ),
    "MicroTurbineDB": _kind("MICRO TURBINE", _ID),
    "SOFCDB": _kind("SOFC", _ID),
    "BESSDB": _kind("BESS", _ID),
    "InductionMotorDB": _kind("INDUCTION MOTOR", _ID),
    "SynchronousMotorDB": _kind("SYNCHRONOUS MOTOR", _ID),
    "SeriesCapacitorDB": _kind("SERIE CAPACITOR", _ID, _pairs("REACTANCE=REACTANCEOHMS")),
    "SeriesReactorDB": _kind("SERIE REACTOR", _ID, _pairs("REACTANCE=REACTANCEOHMS")),
    "SubstationDB": _kind(
        "SUBSTATION", _ID, _SEQUENCE, _pairs("KVLL=NOMINALKVLL KVLLDESIRED=DESIREDKVLL PHASEANGLE=SOURCEPHASEANGLE")
    ),
    "ConsumerClassDB": _kind("CUSTOMER CLASS", _ID),
    "ConsumerClass": _kind("CUSTOMER CLASS", {"ID": "NAME"}, _SHARES),
    "LoadModelInformation": _kind("LOAD MODEL INFORMATION"),
    "CustomerTypeDB": _kind("CUSTOMER CLASS", _ID),
    **{
        f"{name}DB": _kind(name.upper(), _ID, _currents("RATEDCURRENT"))
        for name in ("Switch", "Breaker", "LVCB", "Fuse", "Recloser", "Sectionalizer", "NetworkProtector")
    },
    "MiscellaneousDB": _kind("MISCELLANEOUS", _ID, _currents("RATEDAMPS")),
}
"""Elements below ``EquipmentDBs``, and those that list classes and load models, and how they name things."""

LISTS = {"ConsumerClasses": "ConsumerClass", "LoadModelInformations": "LoadModelInformation"}
"""Elements of the study that hold rows of equipment, and what these are called."""

ALSO: dict[str, tuple[str, ...]] = {
    "RESISTANCEAC1": ("FIRSTRESISTANCE",),
    "RESISTANCEAC2": ("SECONDRESISTANCE",),
    "TYPE": ("REGULATORTYPE",),
    "CUSTOMERTYPE": ("CUSTOMERTYPEID",),
    "MODEL/YEAR": ("YEAR",),
    "VALUE/CONNECTEDKVA": ("CONNECTEDKVA",),
    "VALUE/KWH": ("KWH",),
    "SYSTEMBASEVOLTAGE/PRIMARY": ("PRIMARYBASEVOLTAGE",),
    "SYSTEMBASEVOLTAGE/SECONDARY": ("SECONDARYBASEVOLTAGE",),
    **{f"TAPPOSITION{p}": (f"FORWARDSETTINGS/TAPPOSITION{p}",) for p in "ABC"},
    **{f"FORWARDSETTINGS/{q}SET{p}": (f"FORWARDSETTINGS/LINEDROP{q}{p}",) for q in "RX" for p in "ABC"},
    "CAPACITORCONTROL/INITIALLYCLOSEDPHASE": ("INITIALLYCLOSEDPHASE",),
    **{
        current: (f"{current.removesuffix(word)}{'' if current.startswith(_NTH) else 'NOMINAL'}RATING",)
        for word in ("RATEDCURRENT", "RATEDAMPS")
        for current in _currents(word).values()
    },
    **{
        f"GENERATIONMODELS/DGGENERATIONMODEL/{q}": tuple(
            f"{many}GENERATIONMODELS/{one}GENERATIONMODEL/{q}"
            for many in ("", "DG", "BASE")
            for one in ("DG", "SYNCHRONOUS", "BASE")
            if (many, one) != ("", "DG")
        )
        for q in ("ACTIVEGENERATION", "POWERFACTOR")
    },
}
"""What other versions and readers call a property where the first name is not there; resistances up to version 7.1."""


def spoken(dialect: Dialect, values: Mapping[str, str]) -> Dialect:
    """The dialect of a row, with the other names of properties that it has under those."""
    there = {
        key: other
        for key, own in dialect.columns.items()
        if own not in values and (other := next((o for o in ALSO.get(own, ()) if o in values), ""))
    }
    return Dialect({**dialect.columns, **there}, dialect.codes) if there else dialect


_STATUS = {"Connected": "0", "Disconnected": "1", "Bypassed": "2"}
_LOCATION = {"From": "S", "Middle": "M", "To": "L"}
_CODES: dict[str, Mapping[str, str]] = {
    "CONNECTIONSTATUS": _STATUS,
    "LOCATION": _LOCATION,
    "CLOSEDPHASE": {"None": "NONE"},
    "INITIALLYCLOSEDPHASE": {"None": "NONE"},
    "CENTERTAPPHASE": {"None": "NONE"},
    "CONDUCTORPOSITION": {f"Position{order}": str(i) for i, order in enumerate(ORDERS)},
    "CONN": STARS,
    "PHASESHIFTTYPE": SHIFTS,
    "ODPRIMPH": {"None": ""},
    "SETTINGOPTION": {"FixedTap": "F", "FixedTapPrimary": "F", "LoadCenter": "L", "RXSettings": "R", "Terminal": "T"}
    | {"ZSettings": "Z"},
}
_DEVICE = _pairs("EQID=DEVICEID FROMNODEID=NORMALFEEDINGNODEID NSTATUS=NORMALSTATUS")


def _device(block: str, columns: str = "", codes: Mapping[str, Mapping[str, str]] | None = None) -> tuple[str, Dialect]:
    return block, Dialect(_DEVICE | _pairs(columns), {**_CODES, **(codes or {})})


_REGULATOR = " ".join(
    f"VSET{p}=FORWARDSETTINGS/SETVOLTAGE{p} BANDWIDTH{p}=FORWARDSETTINGS/BANDWIDTH{p}"
    f" RSET{p}=FORWARDSETTINGS/RSET{p} XSET{p}=FORWARDSETTINGS/XSET{p} TAP{p}=TAPPOSITION{p}"
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
        "CONN=TRANSFORMERCONNECTION PRIMTAP=PRIMARYTAPSETTINGPERCENT SECONDARYTAP=SECONDARYTAPSETTINGPERCENT"
        " PRIMARYBASEVOLTAGE=SYSTEMBASEVOLTAGE/PRIMARY SECONDARYBASEVOLTAGE=SYSTEMBASEVOLTAGE/SECONDARY"
        " RGPRIM=PRIMARYGROUNDINGRESISTANCE XGPRIM=PRIMARYGROUNDINGREACTANCE PHASESHIFTTYPE=PHASESHIFT"
        " RGSEC=SECONDARYGROUNDINGRESISTANCE XGSEC=SECONDARYGROUNDINGREACTANCE ODPRIMPH=OPENYDCONFIGURATION"
        " SETPOINT=LTCSETTINGS/SETPOINT TAP=LTCSETTINGS/TAPSETTING SETTINGOPTION=LTCSETTINGS/SETTINGOPTION",
    ),
    "TransformerByPhase": _device(
        "TRANSFORMER BYPHASE SETTING",
        "CONN=TRANSFORMERCONNECTION PHASESHIFTTYPE=PHASESHIFT"
        " PRIMARYBASEVOLTAGE=SYSTEMBASEVOLTAGE/PRIMARY SECONDARYBASEVOLTAGE=SYSTEMBASEVOLTAGE/SECONDARY",
    ),
    "Regulator": _device(
        "REGULATOR SETTING",
        "PHASEON=CONTROLSTATUS MAXBOOST=BOOSTPERCENT MAXBUCK=BUCKPERCENT CT=CTPRIMARYRATING PT=PTRATIO"
        " CONN=CONNECTIONCONFIGURATION ACTIVATIONDELAYFIRSTTAP=AUTOTAPCHANGINGEXT/ACTIVATIONDELAYFIRSTTAP"
        f" {_REGULATOR}",
    ),
    "SeriesCapacitor": _device("SERIE CAPACITOR SETTING"),
    "SeriesReactor": _device("SERIE REACTOR SETTING"),
    "ShuntCapacitor": _device(
        "SHUNT CAPACITOR SETTING",
        "SHUNTCAPACITORID=DEVICEID CONNECTION=CONNECTIONCONFIGURATION KV=KVLN THREEPHASEKVAR=KVARABC"
        " CONTROL=CAPACITORCONTROL/TYPE INITIALLYCLOSEDPHASE=CAPACITORCONTROL/INITIALLYCLOSEDPHASE",
        {"CONNECTION": {"Y": "YNG"}},
    ),
    "ShuntReactor": _device(
        "SHUNT REACTOR SETTING", "CONNECTION=CONNECTIONCONFIGURATION KV=KVLN", {"CONNECTION": {"Y": "YNG"}}
    ),
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

IDLE = {
    "DeviceStages": "they name project stages",
    "ExtensionMask": "it names the modules of the program",
    "Revision": "it is part of the version of the program",
    "Structures": "they group the drawing",
    "SimplifiedNetwork": "it is part of the drawing",
    "StubNetworks": "they name networks that are not in the file",
    "Studies": "they are settings of the program's own studies; its scaling of loads and generation is not applied",
    "Tag": "it is text in the drawing",
    "TopoConfigurations": "they say how kinds of networks are drawn and joined",
}
"""Elements beside the network that no feeder is made of, and why."""

LOAD_TYPES = {"SpotLoad": "SPOT", "DistributedLoad": "DISTRIBUTED"}

CUSTOMER = Dialect(
    _pairs(
        "CUSTOMERTYPE=CUSTOMERTYPE YEAR=MODEL/YEAR LOADMODELID=MODEL/LOADMODELID LOADPHASE=VALUE/PHASE"
        " CONNECTEDKVA=VALUE/CONNECTEDKVA KWH=VALUE/KWH"
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
        " DESIREDVOLTAGE=SOURCESETTINGS/DESIREDVOLTAGE OPERATINGVOLTAGEA=SOURCESETTINGS/OPERATINGVOLTAGEA"
        " OPERATINGVOLTAGEB=SOURCESETTINGS/OPERATINGVOLTAGEB OPERATINGVOLTAGEC=SOURCESETTINGS/OPERATINGVOLTAGEC"
        " USESECONDLEVELIMPEDANCE=SOURCESETTINGS/USESECONDLEVELIMPEDANCE"
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
            "OPERATINGANGLE2", "OPERATINGANGLE3", "IMPEDANCEUNIT", "BASEMVA", "USESECONDLEVELIMPEDANCE",
            *(f"{nth}LEVEL{z}" for nth in ("FIRST", "SECOND") for z in ("R1", "X1", "R0", "X0")),
        )
    },
    {"IMPEDANCEUNIT": {"Ohms": "0", "PU": "1"}},
)  # fmt: skip
"""The equivalent source below a source; the same element is read twice, as ``[SOURCE]`` and ``[SOURCE EQUIVALENT]``."""
