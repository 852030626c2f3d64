"""The words of CYME's database: which table and column is which neutral one, and its codes, which differ from text.

Known from schema 5.04; a column that a later schema renames is found under the neutral name where it took that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dtl.sources.cyme_tables import Dialect


@dataclass(frozen=True)
class Table:
    """One table of the database: its block, its dialect, the key that names its rows, and its type if it is devices."""

    block: str
    dialect: Dialect = field(default_factory=Dialect)
    key: str = "DEVICENUMBER"
    device: str = ""


def _pairs(text: str) -> dict[str, str]:
    """``NEUTRAL=OWN`` pairs."""
    return dict(pair.split("=") for pair in text.split())


_NTH = ("FIRST", "SECOND", "THIRD", "FOURTH")
_PLACED = _pairs("COORDX=X COORDY=Y")
_DEVICE = _PLACED | _pairs("EQID=EQUIPMENTID CONNECTIONSTATUS=STATUS FROMNODEID=NORMALFEEDINGNODEID")
_SWITCH = _DEVICE | _pairs("NSTATUS=NORMALSTATUS RC=REMOTECONTROLLED")
_SEQUENCE = _pairs(
    "R1=POSITIVESEQUENCERESISTANCE X1=POSITIVESEQUENCEREACTANCE R0=ZEROSEQUENCERESISTANCE X0=ZEROSEQUENCEREACTANCE"
)
_SHUNT = _pairs("B1=POSSEQSHUNTSUSCEPTANCE B0=ZEROSEQUENCESHUNTSUSCEPTANCE")
_BASE = _pairs("PRIMARYBASEVOLTAGE=SYSTEMBASEVOLTAGE_PRIMARY SECONDARYBASEVOLTAGE=SYSTEMBASEVOLTAGE_SECONDARY")


_MACHINE = _pairs("KVA=RATEDKVA KVLL=RATEDKVLL ACTIVEGENERATION=ACTIVEGENERATIONKW PF=PFPERCENT")


def _amps(word: str, suffix: str = "") -> dict[str, str]:
    """The columns of ratings: the nominal one, and the first to fourth."""
    named = {f"AMPS{suffix}_{i}": f"{nth}{word}{suffix}" for i, nth in enumerate(_NTH, 1)}
    return {f"AMPS{suffix}": f"{'NOMINAL' if word == 'RATING' else ''}{word}{suffix}"} | named


def _equipment(block: str, *columns: Mapping[str, str], codes: Mapping[str, Mapping[str, str]] | None = None) -> Table:
    words = {"ID": "EQUIPMENTID"}
    for each in columns:
        words |= each
    return Table(block, Dialect(words, codes or {}), "EQUIPMENTID")


def _device(block: str, type: int, *columns: Mapping[str, str]) -> Table:
    words: dict[str, str] = {}
    for each in columns or (_DEVICE,):
        words |= each
    return Table(block, Dialect(words), "DEVICENUMBER", str(type))


_UNBALANCED = {
    k: v
    for p in "ABC"
    for k, v in (
        (f"R{p}", f"SELFRESISTANCE{p}"), (f"X{p}", f"SELFREACTANCE{p}"), (f"B{p}", f"SHUNTSUSCEPTANCE{p}"),
        *_amps("RATING", p).items(),
    )
}  # fmt: skip

_ZIP = {
    f"{long}{short}{q}": f"{long}{short}_{q}"
    for long, short in (("CONSTANTIMPEDANCE", "Z"), ("CONSTANTCURRENT", "I"), ("CONSTANTPOWER", "P"))
    for q in "PQ"
} | {f"EXPONENTIALMODEL{q}": f"EXPONENTIALMODEL_{q}" for q in "PQ"}

_LOAD_TYPES = {"20": "SPOT", "21": "DISTRIBUTED"}

EQUIPMENT: dict[str, Table] = {
    "CYMEQCONDUCTOR": _equipment("CONDUCTOR", _amps("RATING")),
    "CYMEQOVERHEADSPACINGOFCOND": _equipment("SPACING TABLE FOR LINE"),
    "CYMEQOVERHEADLINE": _equipment("LINE", _amps("RATING"), _SEQUENCE, _SHUNT),
    "CYMEQOVERHEADLINEUNBALANCED": _equipment("LINE UNBALANCED", _UNBALANCED),
    "CYMEQCABLE": _equipment("CABLE", _amps("RATING"), _SEQUENCE, _SHUNT),
    "CYMEQTRANSFORMER": _equipment(
        "TRANSFORMER",
        _pairs(
            "TYPE=PHASETYPE KVA=NOMINALRATINGKVA KVLLPRIM=PRIMARYVOLTAGEKVLL KVLLSEC=SECONDARYVOLTAGEKVLL"
            " Z1=POSSEQIMPEDANCEPERCENT Z0=ZEROSEQIMPEDANCEPERCENT XR=XRRATIO XR0=XR0RATIO"
            " CONN=TRANSFORMERCONNECTION NOLOADLOSSES=NOLOADLOSSESKW PHASESHIFTTYPE=PHASESHIFT"
            " RG_PRIM=PRIMGROUNDINGRESISTANCEOHMS XG_PRIM=PRIMGROUNDINGREACTANCEOHMS"
            " RG_SEC=SECGROUNDINGRESISTANCEOHMS XG_SEC=SECGROUNDINGREACTANCEOHMS"
        ),
    ),
    "CYMEQREGULATOR": _equipment(
        "REGULATOR",
        _pairs(
            "TYPE=PHASETYPE KVA=RATEDKVA KVLN=RATEDKVLN MAXBOOST=MAXIMUMBOOST MAXBUCK=MAXIMUMBUCK TAPS=NUMBEROFTAPS"
            " CT=CTPRIMARYRATING PT=PTRATIO"
        ),
        codes={"TYPE": {"1": "0", "2": "1", "3": "1"}},
    ),
    "CYMEQSHUNTCAPACITOR": _equipment("SHUNT CAPACITOR", _pairs("KVAR=RATEDKVAR KV=RATEDVOLTAGEKVLL")),
    "CYMEQSHUNTREACTOR": _equipment("SHUNT REACTOR", _pairs("KVAR=RATEDKVAR KV=RATEDVOLTAGEKVLL")),
    "CYMEQSYNCHRONOUSGENERATOR": _equipment("SYNCHRONOUS GENERATOR", _MACHINE),
    "CYMEQINDUCTIONGENERATOR": _equipment("INDUCTION GENERATOR", _MACHINE),
    "CYMEQELECCONVERTERGENERATOR": _equipment(
        "ELECTRONIC CONVERTER GENERATOR", _pairs("KVA=RATEDKVA KVLL=RATEDKVLL PF=PFPERCENT")
    ),
    **{
        f"CYMEQ{name.replace(' ', '')}": _equipment(name)
        for name in ("PHOTOVOLTAIC", "WECS", "MICRO TURBINE", "SOFC", "BESS")
    },
    "CYMEQINDUCTIONMOTOR": _equipment("INDUCTION MOTOR"),
    "CYMEQSYNCHRONOUSMOTOR": _equipment("SYNCHRONOUS MOTOR"),
    "CYMEQSERIESCAPACITOR": _equipment("SERIE CAPACITOR", _amps("RATEDCURRENT"), {"REACTANCE": "REACTANCEOHMS"}),
    "CYMEQSERIESREACTOR": _equipment("SERIE REACTOR", _amps("RATEDCURRENT"), {"REACTANCE": "REACTANCEOHMS"}),
    "CYMEQSOURCE": _equipment(
        "SUBSTATION", _SEQUENCE, _pairs("KVLL=NOMINALKVLL KVLLDESIRED=DESIREDKVLL PHASEANGLE=VOLTAGEPHASEANGLE")
    ),
    "CYMEQMISCELLANEOUS": _equipment("MISCELLANEOUS", _amps("RATEDAMPS")),
    **{
        f"CYMEQ{name}": _equipment(name, _amps("RATEDCURRENT"))
        for name in ("SWITCH", "BREAKER", "LVCB", "FUSE", "RECLOSER", "SECTIONALIZER", "NETWORKPROTECTOR")
    },
    "CYMCONSUMERCLASS": Table(
        "CUSTOMER CLASS",
        Dialect(
            {"ID": "CONSUMERCLASSID", "LOADFLOWVOLTAGEPERCENTOFNOMINAL": "LOADFLOWVOLTPERCENTOFNOMINAL"} | _ZIP,
        ),
        "CONSUMERCLASSID",
    ),
}
"""Tables of equipment and classes of customers."""

DEVICES: dict[str, Table] = {
    "CYMUNDERGROUNDLINE": _device("UNDERGROUNDLINE SETTING", 1, _DEVICE, {"LINECABLEID": "CABLEID"}),
    "CYMOVERHEADLINE": _device("OVERHEADLINE SETTING", 2, _DEVICE, {"LINECABLEID": "LINEID"}),
    "CYMOVERHEADBYPHASE": _device(
        "OVERHEAD BYPHASE SETTING",
        3,
        _DEVICE,
        {f"CONDID_{p}": f"PHASECONDUCTORID{p}" for p in "ABC"},
        _pairs(
            "CONDID_N=NEUTRALCONDUCTORID CONDID_N1=NEUTRALCONDUCTORID1 CONDID_N2=NEUTRALCONDUCTORID2"
            " SPACINGID=CONDUCTORSPACINGID"
        ),
    ),
    "CYMREGULATOR": Table(
        "REGULATOR SETTING",
        Dialect(
            _DEVICE
            | {f"TAP{p}": f"TAPPOSITION{p}" for p in "ABC"}
            | _pairs(
                "PHASEON=CONTROLSTATUS MAXBOOST=BOOSTPERCENT MAXBUCK=BUCKPERCENT CT=CTPRIMARYRATING PT=PTRATIO"
                " CONN=CONNECTIONCONFIGURATION"
            ),
            {"SETTINGOPTION": {"2": "F"}},
        ),
        device="4",
    ),
    "CYMTRANSFORMER": _device(
        "TRANSFORMER SETTING",
        5,
        _DEVICE,
        _BASE,
        _pairs("CONN=TRANSFORMERCONNECTION PRIMTAP=PRIMARYTAPSETTINGPERCENT SECONDARYTAP=SECONDARYTAPSETTINGPERCENT"),
        _pairs("PHASESHIFTTYPE=PHASESHIFT RGPRIM=PRIMARYGROUNDINGRESISTANCE XGPRIM=PRIMARYGROUNDINGREACTANCE"),
        _pairs("RGSEC=SECONDARYGROUNDINGRESISTANCE XGSEC=SECONDARYGROUNDINGREACTANCE"),
    ),
    "CYMBREAKER": _device("BREAKER SETTING", 8, _SWITCH),
    "CYMLVCB": _device("LVCB SETTING", 9, _SWITCH),
    "CYMRECLOSER": _device("RECLOSER SETTING", 10, _SWITCH),
    "CYMSECTIONALIZER": _device("SECTIONALIZER SETTING", 12, _SWITCH),
    "CYMSWITCH": _device("SWITCH SETTING", 13, _SWITCH),
    "CYMFUSE": _device("FUSE SETTING", 14, _SWITCH),
    "CYMSERIESCAPACITOR": _device("SERIE CAPACITOR SETTING", 15),
    "CYMSERIESREACTOR": _device("SERIE REACTOR SETTING", 16),
    "CYMSHUNTCAPACITOR": _device(
        "SHUNT CAPACITOR SETTING",
        17,
        _DEVICE,
        _pairs(
            "SHUNTCAPACITORID=EQUIPMENTID CONNECTION=CONNECTIONCONFIGURATION KV=KVLN THREEPHASEKVAR=KVARABC"
            " CONTROL=CAPACITORCONTROLTYPE"
        ),
    ),
    "CYMSHUNTREACTOR": _device(
        "SHUNT REACTOR SETTING",
        18,
        _DEVICE,
        _pairs("CONNECTION=CONNECTIONCONFIGURATION KV=KVLN THREEPHASEKVAR=KVARABC"),
    ),
    **{
        f"CYM{table}": _device(f"{block} SETTING", type, _PLACED, _pairs("CONNECTIONSTATUS=STATUS"))
        for table, block, type in (
            ("INDUCTIONMOTOR", "INDUCTION MOTOR", 33),
            ("SYNCHRONOUSMOTOR", "SYNCHRONOUS MOTOR", 34),
            ("INDUCTIONGENERATOR", "INDUCTION GENERATOR", 35),
            ("SYNCHRONOUSGENERATOR", "SYNCHRONOUS GENERATOR", 36),
            ("ELECCONVERTERGENERATOR", "ELECTRONIC CONVERTER GENERATOR", 37),
        )
    },
    "CYMWECS": _device(
        "WECS SETTING",
        41,
        _PLACED,
        _pairs("CONNECTIONSTATUS=STATUS ACTIVEGENERATION=ACTIVEGENERATION_KW POWERFACTOR=POWERFACTOR_PERCENT"),
    ),
    **{
        f"CYM{block}": _device(f"{block} SETTING", type, _PLACED)
        for block, type in (("MICROTURBINE", 43), ("SOFC", 44), ("PHOTOVOLTAIC", 45), ("BESS", 80))
    },
    "CYMLOAD": Table(
        "LOADS", Dialect(_pairs("LOADTYPE=DEVICETYPE CONNECTION=CONNECTIONCONFIGURATION"), {"LOADTYPE": _LOAD_TYPES})
    ),
    "CYMMISCELLANEOUS": _device("MISCELLANEOUS SETTING", 22),
    "CYMOVERHEADLINEUNBALANCED": _device("OVERHEADLINEUNBALANCED SETTING", 23, _DEVICE, {"LINECABLEID": "LINEID"}),
    "CYMTRANSFORMERBYPHASE": _device(
        "TRANSFORMER BYPHASE SETTING", 38, _PLACED, _BASE, _pairs("CONNECTIONSTATUS=STATUS FROMNODEID=FEEDINGNODE")
    ),
    "CYMNETWORKPROTECTOR": _device("NETWORKPROTECTOR SETTING", 0, _SWITCH),
}
"""Tables of devices; their section stands in CYMSECTIONDEVICE, by type and number of the device."""

PLACES: dict[str, Table] = {
    "CYMNETWORK": Table("FEEDER", key="NETWORKID"),
    "CYMHEADNODE": Table("HEADNODES", key="NODEID"),
    "CYMNODE": Table("NODE", Dialect(_PLACED), "NODEID"),
    "CYMSECTION": Table("SECTION", key="SECTIONID"),
    "CYMINTERMEDIATEPOINT": Table(
        "INTERMEDIATE NODES", Dialect(_PLACED | {"SEQNUMBER": "POINTINDEX"}), "SECTIONID"
    ),
    "CYMSOURCE": Table("SOURCE", Dialect({"SOURCEID": "EQUIPMENTID"})),
    "CYMEQUIVALENTSOURCE": Table("SOURCE EQUIVALENT", Dialect({"VOLTAGE": "KVLL"}), "NODEID"),
    "CYMAUTOTAPCHANGINGEXTST": Table(
        "AUTO TAP CHANGING EXTENSION", Dialect({"ACTIVATIONDELAYFIRSTTAP": "ACTIVATIONDELAYFIRSTTAP_S"})
    ),
    "CYMCUSTOMERLOAD": Table(
        "CUSTOMER LOADS",
        Dialect(
            _pairs(
                "LOADTYPE=DEVICETYPE CUSTOMERTYPE=CONSUMERCLASSID CONNECTIONSTATUS=STATUS YEAR=LOADYEAR"
                " VALUETYPE=LOADVALUETYPE LOADPHASE=PHASE VALUE1=LOADVALUE1 VALUE2=LOADVALUE2 KWH=KWHUSAGE"
            ),
            {"LOADTYPE": _LOAD_TYPES},
        ),
    ),
    "CYMDGGENERATIONMODEL": Table("DGGENERATIONMODEL"),
    "CYMCONVERTER": Table("CONVERTER"),
    "CYMCONVERTERCONTROLSETTING": Table("CONVERTER CONTROL SETTING"),
    "CYMSECTIONDEVICE": Table("SECTION DEVICE", Dialect(codes={"LOCATION": {"0": "M", "1": "S", "2": "L"}})),
    "CYMLDCSETTINGS": Table(
        "REGULATOR COMPENSATION", Dialect({f"VSET{p}": f"SETVOLTAGE{p}" for p in "ABC"})
    ),
    "CYMLOADTAPCHANGER": Table("LOAD TAP CHANGER"),
    "CYMBUSDISPLAY": Table(
        "BUS BAR", Dialect({f"COORD{c}": c for c in ("X1", "Y1", "X2", "Y2")}), "NODEID"
    ),
    "CYMEQGEOMETRICALARRANGEMENT": Table(
        "PLACES OF CONDUCTORS",
        Dialect(
            {
                f"POSOF{neutral}_{axis}": f"{own}_{word}"
                for neutral, own in (
                    *((f"COND{i}", f"CONDUCTOR{p}") for i, p in enumerate("ABC", 1)),
                    ("NEUTRALCOND", "NEUTRALCONDUCTOR"),
                )
                for axis, word in (("X", "HORIZONTAL"), ("Y", "VERTICAL"))
            }
            | _pairs("POSOFNEUTRALCOND_N2_X=CONDUCTOR_N2_X POSOFNEUTRALCOND_N2_Y=CONDUCTOR_N2_Y")
        ),
        "EQUIPMENTID",
    ),
    "CYMEQAVERAGEGEOARRANGEMENT": Table(
        "MEAN DISTANCES",
        Dialect(
            _pairs(
                "GMDPH-PH=GMDPHASETOPHASE GMDPH-N=GMDPHASETONEUTRAL AVGPHCONDHEIGHT=AVERAGEPHASECONDUCTORHEIGHT"
                " AVGNEUTRALHEIGHT=AVERAGENEUTRALCONDUCTORHEIGHT"
            )
        ),
        "EQUIPMENTID",
    ),
}  # fmt: skip
"""Tables of the network itself, and those that say more about a row of another one."""

TABLES: dict[str, Table] = {**EQUIPMENT, **DEVICES, **PLACES}

IDLE: dict[str, str] = {
    "CYMSCHEMAVERSION": "names the version of the schema",
    "CYMSCHEMATABLE": "names the versions of the tables",
    "CYMDBPARAMETERS": "holds settings of the program",
    "CYMNETWORKLOCK": "says who has the network open",
    "CYMLOADMODEL": "names the load models; the first of the latest year is taken",
    "CYMEQUIVALENTLOAD": "lumps the feeder at its head for studies above it",
    "CYMMETER": "serves load allocation, which the study's demand replaces",
    "CYMEQRELIABILITYEXTENSION": "serves reliability, which has its own inputs",
    "CYMNODECONNECTOR": "places a section on a bus bar in the drawing",
    "CYMSECTIONNODE": "serves the drawing",
    "CYMZONE": "names an area",
    "CYMGRAPHICALELEMENT": "is part of the drawing",
    "CYMGRAPHICALIMAGE": "is part of the drawing",
    "CYMBACKGROUNDMAP": "is part of the drawing",
    **dict.fromkeys(
        ("CYMDEVICETAG", "CYMSOURCETAG", "CYMNODETAG", "CYMNETWORKTAG", "CYMLOADTAG", "CYMSTRUCTURETAG", "CYMTCCTAG"),
        "is text in the drawing",
    ),
}
"""Tables that no feeder is made of, and why leaving them out is harmless."""
