"""The demo's CYME text as an Access database: the words and codes of the database, written down a second time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from access_file import write
from twins import Table, tables

PHASES = {"NONE": 0, "A": 1, "B": 2, "C": 3, "AB": 4, "AC": 5, "BC": 6, "ABC": 7}
SIDES = {"M": 0, "2": 0, "S": 1, "0": 1, "L": 2, "1": 2}
RATINGS = {"Amps": "NominalRating", "Amps_1": "FirstRating", "Amps_2": "SecondRating", "Amps_3": "ThirdRating"}
CURRENTS = {k: v.replace("NominalRating", "RatedCurrent").replace("Rating", "RatedCurrent") for k, v in RATINGS.items()}
PER_KM = {
    "R1": "PositiveSequenceResistance", "X1": "PositiveSequenceReactance", "R0": "ZeroSequenceResistance",
    "X0": "ZeroSequenceReactance", "B1": "PosSeqShuntSusceptance", "B0": "ZeroSequenceShuntSusceptance",
}  # fmt: skip
MATRIX = {
    f"{short}{p}": f"{long}{p.upper()}"
    for short, long in (("R", "SelfResistance"), ("X", "SelfReactance"), ("B", "ShuntSusceptance"))
    for p in "abc"
} | {f"Amps{p}{n}": f"{w}Rating{p}" for p in "ABC" for n, w in (("", "Nominal"), ("_1", "First"), ("_3", "Third"))}
SWITCH = {"EqID": "EquipmentId", "ClosedPhase": "ClosedPhase", "RC": "RemoteControlled", "ConnectionStatus": "Status"}
PLACES = {
    f"PosOf{ours}_{a}": f"{theirs}_{w}"
    for ours, theirs in (("Cond1", "ConductorA"), ("Cond2", "ConductorB"), ("Cond3", "ConductorC"),
                         ("NeutralCond", "NeutralConductor"))
    for a, w in (("X", "Horizontal"), ("Y", "Vertical"))
}  # fmt: skip

Names = Mapping[str, str]

TABLES: dict[str, tuple[str, Names]] = {
    "CYMNETWORK": ("FEEDER", {"NetworkID": "NetworkId", "Description": "Description"}),
    "CYMHEADNODE": ("HEADNODES", {"NodeID": "NodeId", "NetworkID": "NetworkId"}),
    "CYMNODE": ("NODE", {"NodeID": "NodeId", "CoordX": "X", "CoordY": "Y",
                         "UserDefinedBaseVoltage": "UserDefinedBaseVoltage"}),
    "CYMBUSDISPLAY": ("NODE", {"NodeID": "NodeId", "CoordX1": "X1", "CoordY1": "Y1", "CoordX2": "X2", "CoordY2": "Y2"}),
    "CYMSECTION": ("SECTION", {"SectionID": "SectionId", "NetworkID": "NetworkId", "FromNodeID": "FromNodeId",
                               "ToNodeID": "ToNodeId", "Phase": "Phase"}),
    "CYMINTERMEDIATEPOINT": ("INTERMEDIATE NODES", {"SectionID": "SectionId", "SeqNumber": "PointIndex",
                                                    "CoordX": "X", "CoordY": "Y"}),
    "CYMSOURCE": ("SOURCE", {"SourceID": "EquipmentId", "DeviceNumber": "DeviceNumber", "NodeID": "NodeId",
                             "NetworkID": "NetworkId", "DesiredVoltage": "DesiredVoltage"}),
    "CYMEQUIVALENTSOURCE": ("SOURCE EQUIVALENT",
                            {"NodeID": "NodeId", "Voltage": "KVLL", "ImpedanceUnit": "ImpedanceUnit"}
                            | {n: n for n in ("OperatingAngle1", "OperatingVoltage1", *list(PER_KM.values())[:4])}),
    "CYMOVERHEADBYPHASE": ("OVERHEAD BYPHASE SETTING",
                           {f"CondID_{p}": f"PhaseConductorId{p}" for p in "ABC"}
                           | {"CondID_N": "NeutralConductorId", "SpacingID": "ConductorSpacingId", "Length": "Length",
                              "ConnectionStatus": "Status", "ConductorPosition": "ConductorPosition",
                              "EarthResistivity": "EarthResistivity"}),
    "CYMOVERHEADLINEUNBALANCED": ("OVERHEADLINEUNBALANCED SETTING",
                                  {"LineCableID": "LineId", "Length": "Length", "ConnectionStatus": "Status"}),
    "CYMSWITCH": ("SWITCH SETTING", SWITCH),
    "CYMTRANSFORMER": ("TRANSFORMER SETTING",
                       {"EqID": "EquipmentId", "Conn": "TransformerConnection", "PrimTap": "PrimaryTapSettingPercent",
                        "SecondaryTap": "SecondaryTapSettingPercent", "FromNodeID": "NormalFeedingNodeId",
                        "PrimaryBaseVoltage": "SystemBaseVoltage_Primary",
                        "SecondaryBaseVoltage": "SystemBaseVoltage_Secondary"}),
    "CYMREGULATOR": ("REGULATOR SETTING",
                     {"EqID": "EquipmentId", "PhaseON": "ControlStatus", "MaxBuck": "BuckPercent",
                      "MaxBoost": "BoostPercent", "BandWidth": "BandWidth", "CT": "CTPrimaryRating", "PT": "PTRatio",
                      "ConnectionStatus": "Status"} | {f"Tap{p}": f"TapPosition{p}" for p in "ABC"}),
    "CYMLDCSETTINGS": ("REGULATOR SETTING", {f"{o}{p}": f"{t}{p}" for p in "ABC" for o, t in
                                             (("Vset", "SetVoltage"), ("Rset", "Rset"), ("Xset", "Xset"))}),
    "CYMSHUNTCAPACITOR": ("SHUNT CAPACITOR SETTING",
                          {"ShuntCapacitorID": "EquipmentId", "Phase": "Phase", "KV": "KVLN", "KVAR": "KVAR",
                           "Control": "CapacitorControlType", "ConnectionStatus": "Status"}),
    "CYMLOAD": ("LOADS", {"Connection": "ConnectionConfiguration"}),
    "CYMCUSTOMERLOAD": ("CUSTOMER LOADS",
                        {"CustomerNumber": "CustomerNumber", "CustomerType": "ConsumerClassId", "Year": "LoadYear",
                         "ConnectionStatus": "Status", "LoadModelID": "LoadModelId", "ValueType": "LoadValueType",
                         "LoadPhase": "Phase", "Value1": "LoadValue1", "Value2": "LoadValue2",
                         "NumberOfCustomer": "NumberOfCustomer"}),
    "CYMEQCONDUCTOR": ("CONDUCTOR", {"ID": "EquipmentId", "Diameter": "Diameter", "GMR": "GMR", "R25": "R25",
                                     "R50": "R50"} | RATINGS),
    "CYMEQOVERHEADSPACINGOFCOND": ("SPACING TABLE FOR LINE", {"ID": "EquipmentId"}),
    "CYMEQGEOMETRICALARRANGEMENT": ("SPACING TABLE FOR LINE", {"ID": "EquipmentId"} | PLACES),
    "CYMEQOVERHEADLINEUNBALANCED": ("LINE UNBALANCED", {"ID": "EquipmentId"} | MATRIX | {
        f"Mutual{q}{pair}": f"Mutual{q}{pair}" for q in ("Resistance", "Reactance", "ShuntSusceptance")
        for pair in ("AB", "BC", "CA")}),
    "CYMEQREGULATOR": ("REGULATOR", {"ID": "EquipmentId", "Type": "PhaseType", "KVA": "RatedKVA", "KVLN": "RatedKVLN",
                                     "Taps": "NumberOfTaps"}),
    "CYMEQSWITCH": ("SWITCH", {"ID": "EquipmentId", "KVLL": "RatedVoltage"} | CURRENTS),
    "CYMEQSOURCE": ("SUBSTATION", {"ID": "EquipmentId", "KVLL": "NominalKVLL"}),
    "CYMEQTRANSFORMER": ("TRANSFORMER",
                         {"ID": "EquipmentId", "Type": "PhaseType", "KVA": "NominalRatingKVA",
                          "KVLLprim": "PrimaryVoltageKVLL", "KVLLsec": "SecondaryVoltageKVLL",
                          "Z1": "PosSeqImpedancePercent", "Z0": "ZeroSeqImpedancePercent", "XR": "XRRatio",
                          "Conn": "TransformerConnection", "NoLoadLosses": "NoLoadLossesKW"}),
    "CYMEQSHUNTCAPACITOR": ("SHUNT CAPACITOR", {"ID": "EquipmentId", "KVAR": "RatedKVAR", "KV": "RatedVoltageKVLL"}),
    "CYMCONSUMERCLASS": ("CUSTOMER CLASS",
                         {"ID": "ConsumerClassId", "LoadFlowVoltagePercentOfNominal": "LoadFlowVoltPercentOfNominal"}
                         | {f"{a}{b}{q}": f"{a}{b}_{q}" for a, b in (("ConstantImpedance", "Z"),
                            ("ConstantCurrent", "I"), ("ConstantPower", "P")) for q in "PQ"}),
}  # fmt: skip
"""Table of the database: the block of the text, and the name of each of its columns."""

TYPES = {
    "OVERHEAD BYPHASE SETTING": 3, "REGULATOR SETTING": 4, "TRANSFORMER SETTING": 5, "SWITCH SETTING": 13,
    "SHUNT CAPACITOR SETTING": 17, "OVERHEADLINEUNBALANCED SETTING": 23,
}  # fmt: skip
CONNECTIONS = {
    "Y_Y": 0, "D_Y": 1, "D_D": 2, "YNG_YNG": 3, "Y_D": 6, "D_YNG": 7, "YNG_D": 8, "Y_YNG": 9, "YNG_Y": 10,
}  # fmt: skip
TEXTS = ("Id", "Number", "Description", "NodeId", "IdA", "IdB", "IdC")
WHOLE = ("Phase", "ClosedPhase", "DeviceType", "Location", "ControlStatus", "TransformerConnection", "Status",
         "Forward",
         "ConductorPosition", "PhaseType", "PointIndex", "LoadYear", "EquipmentType", "RemoteControlled")  # fmt: skip


def database(path: Path, only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Path:
    """Write the demo's feeder as a database; ``only`` and ``without`` choose tables by their beginnings."""
    made = contents()
    chosen = {
        n: t for n, t in made.items() if (not only or n.startswith(only)) and not (without and n.startswith(without))
    }
    write(path, {name: ([(c, kind(c)) for c in rows[0]], rows) for name, rows in chosen.items()})
    return path


def contents() -> dict[str, list[dict[str, object]]]:
    """The tables of the database."""
    blocks = tables()
    made: dict[str, list[dict[str, object]]] = {}
    for name, (block, columns) in TABLES.items():
        rows = [_row(name, block, columns, row) for row in blocks.get(block, []) if _belongs(name, row)]
        if rows:
            made[name] = rows
    made["CYMSECTIONDEVICE"] = _section_devices(blocks)
    made["CYMSCHEMAVERSION"] = [{"ID": 0, "Version": 50401}]
    return made


def kind(column: str) -> str:
    if column in WHOLE:
        return "long"
    return "text" if column.endswith(TEXTS) else "double"


def _belongs(name: str, row: Mapping[str, str]) -> bool:
    return name != "CYMBUSDISPLAY" or bool(row.get("CoordX1"))


def _row(name: str, block: str, columns: Names, row: Mapping[str, str]) -> dict[str, object]:
    made = {theirs: _value(theirs, row.get(ours, "")) for ours, theirs in columns.items()}
    if "DeviceNumber" in row:
        made["DeviceNumber"] = row["DeviceNumber"]
    if block in ("LOADS", "CUSTOMER LOADS"):
        made["DeviceType"] = 20
    if name == "CYMLDCSETTINGS":
        made |= {"DeviceType": 4, "Forward": 1}
    if name == "CYMSHUNTCAPACITOR":
        each = made.pop("KVAR")
        made |= {f"KVAR{p}": each if p in row["Phase"] else 0.0 for p in "ABC"} | {"ConnectionConfiguration": 0}
    if name == "CYMEQGEOMETRICALARRANGEMENT":
        made = {k: 0.0 if v is None else v for k, v in made.items()} | {"EquipmentType": 32}
    if name == "CYMEQOVERHEADSPACINGOFCOND":
        made |= {"HasGeometricalArrangement": 1, "HasAverageGeoArrangement": 0}
    if name == "CYMEQREGULATOR":
        made["PhaseType"] = {"0": 1, "1": 2}[row["Type"]]
    return made


def _value(column: str, text: str) -> object:
    if column in ("Phase", "ClosedPhase", "ControlStatus"):
        return PHASES[text]
    if column == "TransformerConnection":
        return CONNECTIONS[text]
    if kind(column) == "text":
        return text
    return None if text == "" else int(text) if kind(column) == "long" else float(text)


def _section_devices(blocks: Mapping[str, Table]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for block, number in (*TYPES.items(), ("LOADS", 20)):
        for row in blocks.get(block, []):
            side = SIDES[row.get("Location", "M")]
            rows.append(
                {
                    "DeviceNumber": row["DeviceNumber"],
                    "DeviceType": number,
                    "SectionId": row["SectionID"],
                    "Location": side,
                }
            )
    return rows
