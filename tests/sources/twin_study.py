"""The demo's CYME text as a self-contained study in XML: the words of the format, written down a second time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from xml.sax.saxutils import escape

from twins import tables

PLAIN = '<?xml version="1.0" encoding="UTF-8"?>\n'

Names = Mapping[str, str]

_PER_KM = {"R1": "PositiveSequenceResistance", "X1": "PositiveSequenceReactance", "R0": "ZeroSequenceResistance",
           "X0": "ZeroSequenceReactance"}  # fmt: skip
_RATINGS = {"Amps": "NominalRating", "Amps_1": "FirstRating", "Amps_2": "SecondRating", "Amps_3": "ThirdRating"}

EQUIPMENT: dict[str, tuple[str, Names]] = {
    "CONDUCTOR": ("ConductorDB", {"Diameter": "OutsideDiameter", "GMR": "GMR", "R25": "ResistanceAC1",
                                  "R50": "ResistanceAC2"} | _RATINGS),
    "LINE UNBALANCED": ("OverheadLineUnbalancedDB",
                        {f"{s}{p}": f"{w}{p.upper()}" for p in "abc" for s, w in
                         (("R", "SelfResistance"), ("X", "SelfReactance"), ("B", "ShuntSusceptance"))}
                        | {f"Amps{p}": f"NominalRating{p}" for p in "ABC"}
                        | {f"Mutual{q}{x}": f"Mutual{q}{x}" for q in ("Resistance", "Reactance", "ShuntSusceptance")
                           for x in ("AB", "BC", "CA")}),
    "SWITCH": ("SwitchDB", _RATINGS),
    "REGULATOR": ("RegulatorDB", {"KVA": "RatedKVA", "KVLN": "RatedKVLN", "Taps": "NumberOfTaps"}),
    "TRANSFORMER": ("TransformerDB", {"KVA": "NominalRatingKVA", "KVLLprim": "PrimaryVoltage",
                                      "KVLLsec": "SecondaryVoltage", "Z1": "PositiveSequenceImpedancePercent",
                                      "Z0": "ZeroSequenceImpedancePercent", "XR": "XRRatio",
                                      "NoLoadLosses": "NoLoadLossesKW", "Conn": "TransformerConnection"}),
    "SHUNT CAPACITOR": ("ShuntCapacitorDB", {"KVAR": "RatedKVAR", "KV": "RatedVoltageKVLN"}),
    "CUSTOMER CLASS": ("ConsumerClassDB", {n: n for n in (
        "LoadFlowVoltagePercentOfNominal",
        *(f"Constant{a}{q}" for a in ("ImpedanceZ", "CurrentI", "PowerP") for q in "PQ"),
    )}),
}  # fmt: skip

_COMMON = {"EqID": "DeviceID", "FromNodeID": "NormalFeedingNodeID", "Length": "Length"}

DEVICES: dict[str, tuple[str, Names]] = {
    "OVERHEAD BYPHASE SETTING": ("OverheadByPhase",
                                 {f"CondID_{p}": f"PhaseConductorID{p}" for p in "ABC"}
                                 | {"CondID_N": "NeutralConductorID1", "SpacingID": "ConductorSpacingID",
                                    "ConductorPosition": "ConductorPosition", "EarthResistivity": "EarthResistivity"}),
    "OVERHEADLINEUNBALANCED SETTING": ("OverheadLineUnbalanced", {"LineCableID": "LineID"}),
    "SWITCH SETTING": ("Switch", {"RC": "RC"}),
    "TRANSFORMER SETTING": ("Transformer", {"Conn": "TransformerConnection", "PrimTap": "PrimaryTapSettingPercent",
                                            "SecondaryTap": "SecondaryTapSettingPercent",
                                            "PrimaryBaseVoltage": "PrimaryBaseVoltage",
                                            "SecondaryBaseVoltage": "SecondaryBaseVoltage"}),
    "REGULATOR SETTING": ("Regulator", {"PhaseON": "ControlStatus", "MaxBuck": "BuckPercent",
                                        "MaxBoost": "BoostPercent", "CT": "CTPrimaryRating", "PT": "PTRatio"}),
    "SHUNT CAPACITOR SETTING": ("ShuntCapacitor", {"ShuntCapacitorID": "DeviceID", "KV": "KVLN"}),
    "LOADS": ("SpotLoad", {}),
}  # fmt: skip

PLACE = {"S": "From", "M": "Middle", "L": "To", "0": "From", "1": "To", "2": "Middle"}
FORWARD = {"Vset": "SetVoltage", "Rset": "LineDropR", "Xset": "LineDropX", "Tap": "TapPosition"}
SOURCE = {"Voltage": "KVLL", **{n: n for n in ("OperatingAngle1", "OperatingVoltage1", *_PER_KM.values())}}


def tag(name: str, *inside: str) -> str:
    return f"<{name}>{''.join(inside)}</{name}>\n"


def leaf(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"


def leaves(row: Names, names: Names) -> str:
    return "".join(leaf(theirs, _word(ours, row[ours])) for ours, theirs in names.items() if row.get(ours))


def _word(name: str, value: str) -> str:
    """The words for a connection, in which the grounded star is Yg."""
    return "_".join({"Y": "Yg", "YNG": "Y"}.get(side, side) for side in value.split("_")) if name == "Conn" else value


@cache
def study() -> str:
    """The whole study as text."""
    blocks = tables()
    network = blocks["FEEDER"][0]["NetworkID"]
    sections = [_section(row, blocks, network) for row in blocks["SECTION"]]
    parts = [leaf("NetworkID", network), tag("Nodes", *map(_node, blocks["NODE"])), tag("Sections", *sections)]
    return PLAIN + tag(
        "CymeStudy",
        leaf("Version", "8.0"),
        tag("Equipments", tag("Equipments", tag("EquipmentDBs", *_equipment(blocks)))),
        tag("Networks", tag("Network", *parts, tag("Topos", tag("Topo", tag("Sources", _source(blocks)))))),
    )


def _equipment(blocks) -> list[str]:
    made = []
    for block, (name, names) in EQUIPMENT.items():
        for row in blocks.get(block, []):
            more = (
                leaf("TransfoType", "SinglePhase" if row["Type"] == "1" else "ThreePhaseCore")
                if block == "TRANSFORMER"
                else ""
            )
            made.append(tag(name, leaf("EquipmentID", row["ID"]), leaves(row, names), more))
    for row in blocks["SPACING TABLE FOR LINE"]:
        places = [("Cond1", "1_C1"), ("Cond2", "2_C1"), ("Cond3", "3_C1"), ("NeutralCond", "N1")]
        shape = "".join(
            tag(f"PositionOfConductor{theirs}", leaves(row, {f"PosOf{ours}_X": "X", f"PosOf{ours}_Y": "Y"}))
            for ours, theirs in places
        )
        made.append(
            tag("OverheadSpacingOfConductorDB", leaf("EquipmentID", row["ID"]), tag("GeometricalArrangement", shape))
        )
    return made


def _node(row: Names) -> str:
    x, y = row.get("CoordX"), row.get("CoordY")
    if x is None:
        x, y = (f"{(float(row[f'Coord{a}1']) + float(row[f'Coord{a}2'])) / 2:g}" for a in "XY")
    return tag("Node", leaf("NodeID", row["NodeID"]), tag("Connectors", tag("Point", leaf("X", x), leaf("Y", y or ""))))


def _section(row: Names, blocks, network: str) -> str:
    devices = [
        _device(block, name, names, device, blocks)
        for block, (name, names) in DEVICES.items()
        for device in blocks.get(block, [])
        if device["SectionID"] == row["SectionID"]
    ]
    points = [
        tag("Point", leaf("X", p["CoordX"]), leaf("Y", p["CoordY"]))
        for p in blocks.get("INTERMEDIATE NODES", [])
        if p["SectionID"] == row["SectionID"]
    ]
    own = {"SectionID": "SectionID", "FromNodeID": "FromNodeID", "ToNodeID": "ToNodeID", "Phase": "Phase"}
    path = tag("IntermediatePoints", *points) if points else ""
    return tag("Section", leaves(row, own), leaf("OwnerID", network), path, tag("Devices", *devices))


def _device(block: str, name: str, names: Names, row: Names, blocks) -> str:
    made = [leaf("DeviceNumber", row["DeviceNumber"]), leaf("ConnectionStatus", "Connected"), leaves(row, _COMMON)]
    made += [leaf("Location", PLACE[row.get("Location", "M")]), leaves(row, names)]
    if "ClosedPhase" in row:
        made.append(leaf("ClosedPhase", "None" if row["ClosedPhase"] == "NONE" else row["ClosedPhase"]))
    if name == "Regulator":
        settings = [leaves(row, {f"{o}{p}": f"{t}{p}" for o, t in FORWARD.items()}) for p in "ABC"]
        settings += [leaf(f"Bandwidth{p}", row["BandWidth"]) for p in "ABC"]
        made.append(tag("ForwardSettings", *settings))
    if name == "ShuntCapacitor":
        made.append(leaf("ConnectionConfiguration", "Yg"))
        made += [leaf(f"FixedKVAR{p}", row["KVAR"] if p in row["Phase"] else "0") for p in "ABC"]
    if name == "SpotLoad":
        made.append(leaf("ConnectionConfiguration", {"0": "Yg", "2": "D"}[row["Connection"]]))
        mine = [c for c in blocks["CUSTOMER LOADS"] if c["DeviceNumber"] == row["DeviceNumber"]]
        made.append(tag("CustomerLoads", *map(_customer, mine)))
    return tag(name, *made)


def _customer(row: Names) -> str:
    power = f'<LoadValue Type="LoadValueKW_KVAR">{leaf("KW", row["Value1"])}{leaf("KVAR", row["Value2"])}</LoadValue>'
    value = tag("CustomerLoadValue", leaf("Phase", row["LoadPhase"]), power)
    model = tag("CustomerLoadModel", leaves(row, {"LoadModelID": "LoadModelID", "Year": "Year"}),
                tag("CustomerLoadValues", value))  # fmt: skip
    own = {"CustomerNumber": "CustomerNumber", "CustomerType": "CustomerTypeID", "NumberOfCustomer": "NumberOfCustomer"}
    return tag(
        "CustomerLoad", leaves(row, own), leaf("ConnectionStatus", "Connected"), tag("CustomerLoadModels", model)
    )


def _source(blocks) -> str:
    source, equivalent = blocks["SOURCE"][0], blocks["SOURCE EQUIVALENT"][0]
    settings = {"SourceID": "SourceID", "DeviceNumber": "DeviceNumber", "DesiredVoltage": "DesiredVoltage"}
    inner = tag("EquivalentSource", leaves(equivalent, SOURCE), leaf("ImpedanceUnit", "Ohms"))
    return tag("Source", leaf("SourceNodeID", source["NodeID"]), tag("SourceSettings", leaves(source, settings)),
               tag("EquivalentSourceModels", tag("EquivalentSourceModel", inner)))  # fmt: skip
