"""CYME tables as a self-contained study (``.sxst``): equipment, network and loads of one feeder in one XML file, in SI.

The structure is the one that readers describe, with the words for connections of version 9.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree

from dtl.synth.catalog import EMERGENCY, SUMMER, WINTER
from dtl.synth.cyme import Row, Tables
from dtl.synth.model import PHASES

Element = Any

EQUIPMENT: dict[str, tuple[str, dict[str, str]]] = {
    "CONDUCTOR": ("ConductorDB", {"Diameter": "OutsideDiameter", "GMR": "GMR", "R25": "ResistanceAC1",
    "R50": "ResistanceAC2", "Amps": "NominalRating"}),
    "CONCENTRIC NEUTRAL CABLE": ("CableDB", {
        "R1": "PositiveSequenceResistance", "X1": "PositiveSequenceReactance", "R0": "ZeroSequenceResistance",
        "X0": "ZeroSequenceReactance",
        "B1": "PositiveSequenceShuntSusceptance", "B0": "ZeroSequenceShuntSusceptance", "Amps": "NominalRating"}),
    "LINE": ("OverheadLineDB", {
        "R1": "PositiveSequenceResistance", "X1": "PositiveSequenceReactance", "R0": "ZeroSequenceResistance",
        "X0": "ZeroSequenceReactance",
        "B1": "PositiveSequenceShuntSusceptance", "B0": "ZeroSequenceShuntSusceptance", "Amps": "NominalRating"}),
    "TRANSFORMER": ("TransformerDB", {
        "KVA": "NominalRatingKVA", "KVLLprim": "PrimaryVoltage", "KVLLsec": "SecondaryVoltage",
        "Z1": "PositiveSequenceImpedancePercent",
        "Z0": "ZeroSequenceImpedancePercent", "XR": "XRRatio", "XR0": "XR0Ratio", "NoLoadLosses": "NoLoadLossesKW",
        "Conn": "TransformerConnection"}),
    "REGULATOR": ("RegulatorDB", {
        "KVA": "RatedKVA", "KVLN": "RatedKVLN", "MaxBoost": "MaximumBoost", "MaxBuck": "MaximumBuck",
        "Bandwidth": "BandWidth",
        "CT": "CTPrimaryRating", "PT": "PTRatio", "Taps": "NumberOfTaps"}),
    "SHUNT CAPACITOR": ("ShuntCapacitorDB", {"KVAR": "RatedKVAR", "KV": "RatedVoltageKVLN"}),
    "SWITCH": ("SwitchDB", {"Amps": "NominalRating", "KVLL": "RatedVoltage"}),
    "BREAKER": ("BreakerDB", {"Amps": "NominalRating", "KVLL": "RatedVoltage"}),
    "FUSE": ("FuseDB", {"Amps": "NominalRating", "KVLL": "RatedVoltage"}),
    "RECLOSER": ("RecloserDB", {"Amps": "NominalRating", "KVLL": "RatedVoltage"}),
}  # fmt: skip
"""Element and properties of each equipment table."""
DEVICES = {
    "SWITCH SETTING": "Switch",
    "BREAKER SETTING": "Breaker",
    "FUSE SETTING": "Fuse",
    "RECLOSER SETTING": "Recloser",
}
STARS = {"D_Y": "D_Yg", "Y_Y": "Yg_Yg", "Y": "Yg"}
"""Connections of the text as the studies word them, where Y is the star without ground."""
PLACE = {"S": "From", "M": "Middle", "L": "To"}


def _add(parent: Element, name: str, value: object = None) -> Element:
    """A child element, with text when a value is given."""
    child = etree.SubElement(parent, name)
    if value is not None:
        child.text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return child


def _many(parent: Element, **values: object) -> None:
    """Several children with text."""
    for name, value in values.items():
        _add(parent, name, value)


def _ratings(parent: Element, amps: float) -> None:
    """Ratings beyond the nominal one, in the order summer, winter, emergency."""
    for name, share in (("First", SUMMER), ("Second", WINTER), ("Third", EMERGENCY), ("Fourth", EMERGENCY)):
        _add(parent, f"{name}Rating", round(amps * share, 1))


def _equipment(root: Element, tables: Tables) -> None:
    """``Equipments/Equipments/EquipmentDBs`` with one element per row."""
    top = _add(_add(_add(root, "Equipments"), "Equipments"), "EquipmentDBs")
    for name, (element, properties) in EQUIPMENT.items():
        for row in tables.get(name, []):
            made = _add(top, element)
            _add(made, "EquipmentID", row["ID"])
            for column, target in properties.items():
                _add(made, target, STARS[row[column]] if column == "Conn" else row[column])
            if name == "TRANSFORMER":
                _add(made, "TransfoType", "SinglePhase" if row["Type"] == 1 else "ThreePhaseCore")
            if "Amps" in properties:
                _ratings(made, float(row["Amps"]))
    for row in tables.get("SPACING TABLE FOR LINE", []):
        made = _add(top, "OverheadSpacingOfConductorDB")
        _add(made, "EquipmentID", row["ID"])
        shape = _add(made, "GeometricalArrangement")
        _many(shape, NbPhasesPerCircuit=row["NBPhasesPerCircuit"], NbConductorsPerPhase=1, NbNeutrals=row["NBNeutrals"])
        for k in range(1, int(row["NBPhasesPerCircuit"]) + 1):
            _many(_add(shape, f"PositionOfConductor{k}_C1"), X=row[f"PosOfCond{k}_X"], Y=row[f"PosOfCond{k}_Y"])
        _many(_add(shape, "PositionOfConductorN1"), X=row["PosOfNeutralCond_X"], Y=row["PosOfNeutralCond_Y"])


def _common(devices: Element, element: str, row: Row, place: str) -> Element:
    """A device with what all devices have."""
    device = _add(devices, element)
    _many(device, DeviceNumber=row["DeviceNumber"], ConnectionStatus="Connected", Location=place)
    return device


def _lines(devices: dict[str, Element], tables: Tables) -> None:
    """Lines by phase, by sequence values and underground."""
    for row in tables["OVERHEAD BYPHASE SETTING"]:
        device = _common(devices[row["SectionID"]], "OverheadByPhase", row, "Middle")
        for p in PHASES:
            _add(device, f"PhaseConductorID{p}", row[f"CondID_{p}"])
        _many(device, NeutralConductorID1=row["CondID_N"], NeutralConductorID2="NONE",
        ConductorSpacingID=row["SpacingID"],
              ConductorPosition=row["ConductorPosition"], Length=row["Length"],
              EarthResistivity=row["EarthResistivity"])  # fmt: skip
    for row in tables["OVERHEADLINE SETTING"]:
        _many(
            _common(devices[row["SectionID"]], "OverheadLine", row, "Middle"),
            LineID=row["LineCableID"],
            Length=row["Length"],
        )
    for row in tables["UNDERGROUNDLINE SETTING"]:
        device = _common(devices[row["SectionID"]], "Underground", row, "Middle")
        _many(device, CableID=row["LineCableID"], Length=row["Length"], NumberOfCableInParallel=1)


def _devices(devices: dict[str, Element], tables: Tables) -> None:
    """Everything that is no line and no load."""
    for name, element in DEVICES.items():
        for row in tables[name]:
            device = _common(devices[row["SectionID"]], element, row, PLACE[row["Location"]])
            closed = "None" if row["ClosedPhase"] == "NONE" else row["ClosedPhase"]
            _many(
                device, DeviceID=row["EqID"], ClosedPhase=closed, NormalStatus="Open" if closed == "None" else "Closed"
            )
    for row in tables["TRANSFORMER SETTING"]:
        device = _common(devices[row["SectionID"]], "Transformer", row, "Middle")
        _many(device, DeviceID=row["EqID"], TransformerConnection=STARS[row["Conn"]],
              PrimaryTapSettingPercent=row["PrimTap"],
              SecondaryTapSettingPercent=row["SecondaryTap"], PrimaryBaseVoltage=row["PrimaryBaseVoltage"],
              SecondaryBaseVoltage=row["SecondaryBaseVoltage"], NormalFeedingNodeID=row["FromNodeID"])  # fmt: skip
    for row in tables["REGULATOR SETTING"]:
        device = _common(devices[row["SectionID"]], "Regulator", row, PLACE[row["Location"]])
        _many(device, DeviceID=row["EqID"], PTRatio=row["PT"], CTPrimaryRating=row["CT"], ControlStatus=row["PhaseON"],
              BoostPercent=row["MaxBoost"], BuckPercent=row["MaxBuck"],
              NormalFeedingNodeID=row["FromNodeID"])  # fmt: skip
        settings = _add(device, "ForwardSettings")
        for p in PHASES:
            _many(settings, **{f"SetVoltage{p}": row[f"Vset{p}"], f"Bandwidth{p}": row["BandWidth"],
            f"LineDropR{p}": row[f"Rset{p}"],
                               f"LineDropX{p}": row[f"Xset{p}"], f"TapPosition{p}": row[f"Tap{p}"]})  # fmt: skip
    for row in tables["SHUNT CAPACITOR SETTING"]:
        device = _common(devices[row["SectionID"]], "ShuntCapacitor", row, "To")
        _many(
            device,
            DeviceID=row["ShuntCapacitorID"],
            ConnectionConfiguration=STARS[row["Connection"]],
            KVLN=row["KV"],
        )
        for p in PHASES:
            _many(device, **{f"FixedKVAR{p}": row["KVAR"], f"SwitchedKVAR{p}": 0.0})


def _loads(devices: dict[str, Element], tables: Tables) -> None:
    """Spot loads with one customer each."""
    customers = {row["DeviceNumber"]: row for row in tables["CUSTOMER LOADS"]}
    for row in tables["LOADS"]:
        device = _common(devices[row["SectionID"]], "SpotLoad", row, "To")
        _add(device, "ConnectionConfiguration", "Yg")
        said = customers[row["DeviceNumber"]]
        customer = _add(_add(device, "CustomerLoads"), "CustomerLoad")
        _many(customer, CustomerNumber=said["CustomerNumber"], CustomerTypeID=said["CustomerType"],
        ConnectionStatus="Connected",
              NumberOfCustomer=said["NumberOfCustomer"], ConnectedKVA=said["ConnectedKVA"])  # fmt: skip
        model = _add(_add(customer, "CustomerLoadModels"), "CustomerLoadModel")
        _many(model, LoadModelID=said["LoadModelID"], Year=said["Year"])
        value = _add(_add(model, "CustomerLoadValues"), "CustomerLoadValue")
        _add(value, "Phase", said["LoadPhase"])
        load = _add(value, "LoadValue")
        load.set("Type", "LoadValueKW_KVAR")
        _many(load, KW=said["Value1"], KVAR=said["Value2"])


def _source(parent: Element, tables: Tables) -> None:
    """``Topos/Topo/Sources/Source`` with the equivalent source."""
    said, row = tables["SOURCE"][0], tables["SOURCE EQUIVALENT"][0]
    source = _add(_add(_add(_add(parent, "Topos"), "Topo"), "Sources"), "Source")
    _add(source, "SourceNodeID", said["NodeID"])
    _many(
        _add(source, "SourceSettings"),
        SourceID=said["SourceID"],
        DeviceNumber=said["DeviceNumber"],
        DesiredVoltage=said["DesiredVoltage"],
    )
    made = _add(_add(_add(source, "EquivalentSourceModels"), "EquivalentSourceModel"), "EquivalentSource")
    _add(made, "KVLL", row["Voltage"])
    for name in ("OperatingVoltage1", "OperatingVoltage2", "OperatingVoltage3", "OperatingAngle1", "OperatingAngle2",
    "OperatingAngle3",
                 "PositiveSequenceResistance", "PositiveSequenceReactance", "ZeroSequenceResistance",
                 "ZeroSequenceReactance"):  # fmt: skip
        _add(made, name, row[name])
    _add(made, "ImpedanceUnit", "Ohms")


def write(path: Path, tables: Tables, equipment: Tables, foreign: list[Row]) -> None:
    """Write one feeder as a self-contained study."""
    root = etree.Element("CymeStudy")
    _add(root, "Version", "8.0")
    _equipment(root, equipment)
    network = _add(_add(root, "Networks"), "Network")
    marker = tables["FEEDER"][0]
    _many(network, NetworkID=marker["NetworkID"], NetworkType="Feeder", Group1=marker["Group1"])
    nodes = _add(network, "Nodes")
    for row in [*tables["NODE"], *foreign]:
        node = _add(nodes, "Node")
        _add(node, "NodeID", row["NodeID"])
        _many(_add(_add(node, "Connectors"), "Point"), X=row["CoordX"], Y=row["CoordY"])
    vertices = {row["SectionID"]: row for row in tables["INTERMEDIATE NODES"]}
    sections, devices = _add(network, "Sections"), {}
    for row in tables["SECTION"]:
        section = _add(sections, "Section")
        _many(section, SectionID=row["SectionID"], OwnerID=marker["NetworkID"], FromNodeID=row["FromNodeID"],
        ToNodeID=row["ToNodeID"],
              Phase=row["Phase"])  # fmt: skip
        if bend := vertices.get(row["SectionID"]):
            _many(_add(_add(section, "IntermediatePoints"), "Point"), X=bend["CoordX"], Y=bend["CoordY"])
        devices[row["SectionID"]] = _add(section, "Devices")
    _lines(devices, tables)
    _devices(devices, tables)
    _loads(devices, tables)
    _source(network, tables)
    path.parent.mkdir(parents=True, exist_ok=True)
    etree.indent(root, space=" ")
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n")
