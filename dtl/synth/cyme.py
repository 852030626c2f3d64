"""One feeder as CYME tables: what the text and the XML say, with the columns of the text.

Lines overhead are by phase (conductors and spacing), cables by sequence values. Transformers and their summed load are
modelled, low-voltage lines are not. Codes: cyme.md, section 1.4.
"""

from __future__ import annotations

import math
from typing import Any

from dtl.synth import cyme_equipment as eq
from dtl.synth.catalog import neutral_of, spacing_name
from dtl.synth.model import PHASES, Feeder, Section, Tie, Transformer
from dtl.synth.records import Records, cyme_name

Row = dict[str, Any]
Tables = dict[str, list[Row]]

POSITION = {"A": 0, "B": 1, "C": 2, "AB": 3, "AC": 4, "BC": 6, "ABC": 9}
"""Order of the phases on the pole, left to right, numbered by the alphabet of all orders."""
SETTING = {
    "switch": "SWITCH SETTING",
    "breaker": "BREAKER SETTING",
    "fuse": "FUSE SETTING",
    "recloser": "RECLOSER SETTING",
}


def branch_of(t: Transformer) -> str:
    """The section that holds a transformer."""
    return f"X{t.id[2:]}"


def _overhead(name: str, conductor: str, phases: str, length_m: float) -> Row:
    """A line by phase."""
    wires = {f"CondID_{p}": conductor if p in phases else "NONE" for p in PHASES}
    neutral = neutral_of(conductor.removesuffix("_OLD"))
    return {
        "SectionID": name, "DeviceNumber": name, **wires, "CondID_N": neutral, "SpacingID": spacing_name(len(phases)),
        "Length": length_m, "ConnectionStatus": 0, "ConductorPosition": POSITION[phases], "EarthResistivity": 100.0,
    }  # fmt: skip


def _switching(section: str, at: str, name: str, kind: str, amps: float, closed: str, number: Row) -> Row:
    """A switching device at the from side of a section."""
    return {
        "SectionID": section, "Location": "S", "EqID": eq.device_id(kind, amps), "DeviceNumber": name, "CoordX": "",
        "CoordY": "",
        "ClosedPhase": closed, "Locked": 0, "RC": number["RC"], "NStatus": 0, "FromNodeID": at, "ConnectionStatus": 0,
    }  # fmt: skip


def _line(tables: Tables, s: Section, records: Records) -> None:
    """The line device of a section."""
    length = records.number("cyme", s.id, "length_m", s.length_m)
    conductor = str(records.text("cyme", s.id, "conductor", s.conductor))
    if not s.overhead:
        tables["UNDERGROUNDLINE SETTING"].append({
            "SectionID": s.id, "DeviceNumber": s.id, "LineCableID": conductor, "Length": length,
            "NumberOfCableInParallel": 1,
            "ConnectionStatus": 0, "EarthResistivity": 100.0,
        })  # fmt: skip
    elif conductor == "DEFAULT":
        tables["OVERHEADLINE SETTING"].append(
            {"SectionID": s.id, "DeviceNumber": s.id, "LineCableID": "DEFAULT", "Length": length, "ConnectionStatus": 0}
        )
    else:
        tables["OVERHEAD BYPHASE SETTING"].append(_overhead(s.id, conductor, s.phases, length))


def _sections(tables: Tables, feeder: Feeder, records: Records) -> None:
    """Sections with lines, switching devices and vertices."""
    for s in feeder.sections:
        tables["SECTION"].append(
            {"SectionID": s.id, "FromNodeID": s.from_node, "ToNodeID": s.to_node, "Phase": s.phases}
        )
        _line(tables, s, records)
        if s.device is not None:
            tables[SETTING[s.device.kind]].append(
                _switching(s.id, s.from_node, s.device.id, s.device.kind, s.device.amps,
                s.phases if s.device.closed else "NONE",
                           {"RC": int(s.device.remote)})
            )  # fmt: skip
        if s.bend is not None:
            tables["INTERMEDIATE NODES"].append(
                {"SectionID": s.id, "SeqNumber": 1, "CoordX": s.bend[0], "CoordY": s.bend[1]}
            )
    for tie in feeder.ties:
        _tie(tables, tie)


def _tie(tables: Tables, tie: Tie) -> None:
    """An open switch and the line to a node that belongs to the neighbour."""
    tables["SECTION"].append(
        {"SectionID": tie.section, "FromNodeID": tie.from_node, "ToNodeID": tie.to_node, "Phase": "ABC"}
    )
    if "ACSR" in tie.conductor:
        tables["OVERHEAD BYPHASE SETTING"].append(_overhead(tie.section, tie.conductor, "ABC", tie.length_m))
    else:
        tables["UNDERGROUNDLINE SETTING"].append({
            "SectionID": tie.section, "DeviceNumber": tie.section, "LineCableID": tie.conductor, "Length": tie.length_m,
            "NumberOfCableInParallel": 1, "ConnectionStatus": 0, "EarthResistivity": 100.0,
        })  # fmt: skip
    tables["SWITCH SETTING"].append(_switching(tie.section, tie.from_node, tie.id, "switch", 600.0, "NONE", {"RC": 0}))


def _head(tables: Tables, feeder: Feeder) -> None:
    """Head node, source and its equivalent."""
    r, x = eq.FAULT_OHM
    kv = feeder.kv * feeder.source_pu
    angles = {f"OperatingAngle{k}": a for k, a in ((1, 0.0), (2, -120.0), (3, 120.0))}
    tables["HEADNODES"].append({"NodeID": feeder.head, "NetworkID": feeder.id})
    tables["SOURCE"].append(
        {
            "SourceID": feeder.substation,
            "DeviceNumber": f"SRC-{feeder.id}",
            "NodeID": feeder.head,
            "NetworkID": feeder.id,
            "DesiredVoltage": kv,
        }
    )
    tables["SOURCE EQUIVALENT"].append(
        {"NodeID": feeder.head, "Voltage": feeder.kv, **angles, "PositiveSequenceResistance": r,
        "PositiveSequenceReactance": x,
         "ZeroSequenceResistance": r, "ZeroSequenceReactance": x, "Configuration": 0,
         **{f"OperatingVoltage{k}": kv / math.sqrt(3.0) for k in (1, 2, 3)}, "ImpedanceUnit": 0}
    )  # fmt: skip


def _shunts(tables: Tables, feeder: Feeder) -> None:
    """Capacitors at the to side of the section that feeds their node, regulators at the from side of theirs."""
    into = feeder.section_into()
    for c in feeder.capacitors:
        tables["SHUNT CAPACITOR SETTING"].append({
            "SectionID": into[c.node].id, "DeviceNumber": c.id, "Location": "L", "Connection": "Y", "Phase": "ABC",
            "KVAR": c.kvar / 3.0,
            "ThreePhaseKVAR": c.kvar, "Losses": 0.0, "ThreePhaseLosses": 0.0, "KV": feeder.kv / math.sqrt(3.0),
            "Control": 0,
            "ShuntCapacitorID": eq.capacitor_id(c, feeder.kv), "ConnectionStatus": 0,
        })  # fmt: skip
    by_id = {s.id: s for s in feeder.sections}
    for r in feeder.regulators:
        settings = {
            f"{name}{p}": v
            for name, v in (("Vset", r.set_v), ("Rset", r.r_v), ("Xset", r.x_v), ("Tap", 0.0))
            for p in PHASES
        }
        tables["REGULATOR SETTING"].append({
            "SectionID": r.section, "Location": "S", "EqID": eq.regulator_id(r, feeder.kv), "DeviceNumber": r.id,
            "CoordX": "", "CoordY": "",
            "PhaseON": "ABC", "MaxBuck": 10.0, "MaxBoost": 10.0, "BandWidth": r.band_v, "CT": r.ct_primary_a,
            "PT": r.pt_ratio,
            "SettingOption": "T", **settings, "Conn": 0, "FromNodeID": by_id[r.section].from_node, "RevMode": 0,
            "ConnectionStatus": 0,
        })  # fmt: skip


def demand_of(feeder: Feeder) -> tuple[list[float], list[float], list[int], list[str]]:
    """Design-hour demand [kW, kvar], customers and the main class behind each transformer."""
    m = feeder.customers
    kw, kvar = [0.0] * len(feeder.transformers), [0.0] * len(feeder.transformers)
    count = [0] * len(feeder.transformers)
    by_class: list[dict[str, float]] = [{} for _ in feeder.transformers]
    for k, t in enumerate(m.transformer.tolist()):
        p = float(m.peak_kw[k])
        kw[t] += p
        kvar[t] += p * math.tan(math.acos(float(m.power_factor[k])))
        count[t] += 1
        by_class[t][m.kind[k]] = by_class[t].get(m.kind[k], 0.0) + p
    return kw, kvar, count, [max(sorted(c), key=lambda name: c[name]) for c in by_class]


def _transformers(tables: Tables, feeder: Feeder, records: Records, year: int) -> None:
    """Transformers on sections of their own, with one spot load each at their low-voltage node."""
    kw, kvar, count, kind = demand_of(feeder)
    for k, t in enumerate(feeder.transformers):
        name, section = str(records.text("cyme", t.id, "name", cyme_name(t.id))), branch_of(t)
        tables["SECTION"].append({"SectionID": section, "FromNodeID": t.node, "ToNodeID": t.bus, "Phase": t.phases})
        tables["TRANSFORMER SETTING"].append({
            "SectionID": section, "Location": "M", "EqID": eq.transformer_id(t, feeder.kv), "DeviceNumber": name,
            "CoordX": "", "CoordY": "",
            "Conn": "D_Y" if t.delta_high else "Y_Y", "PrimTap": 100.0, "SecondaryTap": 100.0, "RgPrim": 0.0,
            "XgPrim": 0.0,
            "RgSec": 0.0, "XgSec": 0.0, "ODPrimPh": "NONE", "PrimaryBaseVoltage": feeder.kv,
            "SecondaryBaseVoltage": eq.low_kv_ll(t),
            "FromNodeID": t.node, "PhaseON": t.phases, "ConnectionStatus": 0,
        })  # fmt: skip
        tables["LOADS"].append(
            {"SectionID": section, "DeviceNumber": name, "LoadType": "SPOT", "Connection": 0, "Location": 1}
        )
        tables["CUSTOMER LOADS"].append({
            "SectionID": section, "DeviceNumber": name, "LoadType": "SPOT", "CustomerNumber": t.id,
            "CustomerType": kind[k].upper(),
            "ConnectionStatus": 0, "LockDuringLoadAllocation": 0, "Year": year, "LoadModelID": 1, "NormalPriority": 0,
            "EmergencyPriority": 0, "ValueType": 0, "LoadPhase": t.phases, "Value1": round(kw[k], 4),
            "Value2": round(kvar[k], 4),
            "ConnectedKVA": t.kva, "KWH": round(kw[k] * 310.0), "NumberOfCustomer": count[k], "CenterTapPercent": 0.0,
        })  # fmt: skip


def network(feeder: Feeder, records: Records, year: int) -> Tables:
    """All tables of network and load of one feeder; ``FEEDER`` is its marker line."""
    tables: Tables = {name: [] for name in (
        "NODE", "HEADNODES", "SOURCE", "SOURCE EQUIVALENT", "OVERHEADLINE SETTING", "OVERHEAD BYPHASE SETTING",
        "UNDERGROUNDLINE SETTING", "FEEDER", "SECTION", "REGULATOR SETTING", "TRANSFORMER SETTING", "SWITCH SETTING",
        "BREAKER SETTING", "FUSE SETTING", "RECLOSER SETTING", "SHUNT CAPACITOR SETTING", "INTERMEDIATE NODES", "LOADS",
        "CUSTOMER LOADS",
    )}  # fmt: skip
    for node in feeder.nodes.values():
        ragged = ("cyme", node.id, "row") in records.said
        tables["NODE"].append(
            {"NodeID": node.id, "CoordX": node.x, "CoordY": node.y} | ({"ragged": True} if ragged else {})
        )
    tables["NODE"] += [{"NodeID": t.bus, "CoordX": t.x, "CoordY": t.y} for t in feeder.transformers]
    tables["FEEDER"].append(
        {"NetworkID": feeder.id, "HeadNodeID": feeder.head, "CoordSet": 1, "Year": year,
        "Description": feeder.setting, "Color": 0,
         "LoadFactor": 1.0, "Group1": feeder.substation, "Group2": feeder.area, "Group3": ""}
    )  # fmt: skip
    _head(tables, feeder)
    _sections(tables, feeder, records)
    _shunts(tables, feeder)
    _transformers(tables, feeder, records, year)
    return tables


CLASSES = [
    {"ID": name, "Description": name.lower(), "PowerFactor": pf, "LoadFactor": lf, "UtilizationFactor": 100.0,
    "IsExponentialModel": 0,
     "ConstantImpedanceZP": 0.0, "ConstantImpedanceZQ": 0.0, "ConstantCurrentIP": 0.0, "ConstantCurrentIQ": 0.0,
     "ConstantPowerPP": 100.0, "ConstantPowerPQ": 100.0}
    for name, pf, lf in (("RESIDENTIAL", 96.0, 40.0), ("COMMERCIAL", 92.0, 50.0), ("INDUSTRIAL", 90.0, 70.0), ("FARM",
    90.0, 45.0))
]  # fmt: skip
"""Customer classes: constant power, as the truth."""
