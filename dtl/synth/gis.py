"""The GIS of one feeder as feature classes with ArcFM names.

``PHASEDESIGNATION`` is the bit mask A=4, B=2, C=1, ``MEASUREDLENGTH`` is in feet, ``NORMALPOSITION`` 1 is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from dtl.synth.model import Feeder, Section
from dtl.synth.records import Records, points
from dtl.synth.system import Substation

FOOT_M = 0.3048
BIT = {"A": 4, "B": 2, "C": 1}
TABLES = ("CircuitSource",)
Layers = dict[str, pd.DataFrame]


def bits(phases: str | None) -> int | None:
    """Phase letters as the bit mask of the GIS."""
    return None if phases is None else sum(BIT[p] for p in phases)


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a table; whole numbers that may be missing keep that."""
    table = pd.DataFrame(rows)
    for name in ("PHASEDESIGNATION", "SUBTYPECD", "NORMALPOSITION", "POLEHEIGHT"):
        if name in table:
            table[name] = table[name].astype("Int32")
    if "FEEDERID2" in table:
        table["FEEDERID2"] = table["FEEDERID2"].astype("str").where(table["FEEDERID2"].notna(), None)
    if "INSTALLATIONDATE" in table:
        table["INSTALLATIONDATE"] = pd.to_datetime(table["INSTALLATIONDATE"]).astype("datetime64[ms]")
    return table


def _day(year: int, name: str) -> str:
    """A day of the year of installation that depends on the name alone."""
    number = int(name[-3:]) if name[-3:].isdigit() else 100
    return f"{year}-{1 + number % 12:02d}-{1 + number % 28:02d}"


def _voltage(kv: float) -> str:
    """Text of the voltage domain."""
    return f"{kv:g} kV" if kv >= 1 else f"{kv * 1000:g} V"


def _conductors(feeder: Feeder, records: Records) -> pd.DataFrame:
    """Primary conductors with ties."""
    rows = []
    for s in feeder.sections:
        said = str(records.text("gis", s.id, "conductor", s.conductor))
        size, material = said.rsplit("_", 1) if s.overhead else said.split("_", 1)
        length = records.number("gis", s.id, "length_ft", round(s.length_m / FOOT_M, 1))
        rows.append(
            _conductor(s.id, records.text("gis", s.id, "feeder", feeder.id), None, records.text("gis", s.id, "phases",
            s.phases),
                       len(s.phases), s.overhead, feeder.kv, length, size, material, s.installed, s.from_node,
                       s.to_node)
            | {"geometry": shapely.linestrings(points(feeder, s))}
        )  # fmt: skip
    for tie in feeder.ties:
        at = feeder.nodes[tie.from_node]
        overhead = "ACSR" in tie.conductor
        size, material = tie.conductor.rsplit("_", 1) if overhead else tie.conductor.split("_", 1)
        way = np.array(
            [(at.x, at.y), (round((at.x + tie.to_x) / 2, 2), round((at.y + tie.to_y) / 2, 2)), (tie.to_x, tie.to_y)]
        )
        rows.append(
            _conductor(tie.section, feeder.id, tie.to_feeder, "ABC", 3, overhead, feeder.kv,
            round(tie.length_m / FOOT_M, 1), size,
                       material, tie.installed, tie.from_node, tie.to_node) | {"geometry": shapely.linestrings(way)}
        )  # fmt: skip
    return _frame(rows)


def _conductor(
    name: str, feeder: str | None, other: str | None, phases: str | None, count: int, overhead: bool, kv: float,
    length_ft: float,
    size: str, material: str, installed: int, from_node: str, to_node: str,
) -> dict[str, Any]:  # fmt: skip
    """One row of the primary conductors."""
    return {
        "FACILITYID": name, "FEEDERID": feeder, "FEEDERID2": other, "SUBTYPECD": count + (0 if overhead else 3),
        "PHASEDESIGNATION": bits(phases), "OPERATINGVOLTAGE": _voltage(kv), "MEASUREDLENGTH": length_ft,
        "CONDUCTORSIZE": size.replace("_", " "), "CONDUCTORMATERIAL": material.replace("_", " "), "STATUS": "INS",
        "INSTALLATIONDATE": _day(installed, name), "FROMNODE": from_node, "TONODE": to_node,
    }  # fmt: skip


def _secondaries(feeder: Feeder) -> pd.DataFrame:
    """Secondary spans and service drops."""
    rows = []
    m = feeder.customers
    places = {t.bus: (t.x, t.y) for t in feeder.transformers} | {s.to_bus: (s.x2, s.y2) for s in feeder.spans}
    lines = [
        (s.id, 1, s.transformer, s.length_m, s.conductor, s.from_bus, s.to_bus, (s.x1, s.y1), (s.x2, s.y2))
        for s in feeder.spans
    ]
    lines += [
        (f"D{meter[1:]}", 2, int(m.transformer[k]), float(m.drop_m[k]), m.drop[k], m.from_bus[k], meter,
        places[m.from_bus[k]],
         (float(m.x[k]), float(m.y[k])))
        for k, meter in enumerate(m.id)
    ]  # fmt: skip
    for name, kind, t, length, conductor, start, end, a, b in lines:
        unit = feeder.transformers[t]
        rows.append({
            "FACILITYID": name, "FEEDERID": feeder.id, "SUBTYPECD": kind, "PHASEDESIGNATION": bits(unit.phases),
            "OPERATINGVOLTAGE": _voltage(unit.kv_low), "MEASUREDLENGTH": round(length / FOOT_M, 1),
            "CONDUCTORSIZE": conductor,
            "STATUS": "INS", "FROMNODE": start, "TONODE": end, "geometry": shapely.linestrings([a, b]),
        })  # fmt: skip
    return _frame(rows)


def _transformers(feeder: Feeder, records: Records) -> pd.DataFrame:
    """Service transformers."""
    return _frame([
        {
            "FACILITYID": t.id, "FEEDERID": feeder.id, "SUBTYPECD": 1 if len(t.phases) == 1 else 3,
            "PHASEDESIGNATION": bits(records.text("gis", t.id, "phases", t.phases)),
            "RATEDKVA": records.number("gis", t.id, "kva", t.kva), "OPERATINGVOLTAGE": _voltage(feeder.kv),
            "RATEDSECONDARYVOLTAGE": _voltage(t.kv_low),
            "HIGHSIDECONFIG": "D" if t.delta_high else ("Y" if len(t.phases) == 3 else "LG"),
            "LOWSIDECONFIG": "Y" if len(t.phases) == 3 else "SP", "STATUS": "INS", "POLEID": t.pole, "NODEID": t.node,
            "INSTALLATIONDATE": _day(t.installed, t.id), "geometry": shapely.points(t.x, t.y),
        }
        for t in feeder.transformers
    ])  # fmt: skip


def _device(feeder: Feeder, s: Section, name: str, installed: int, **more: Any) -> dict[str, Any]:
    """What every device has; it stands on the second vertex of its section."""
    x, y = points(feeder, s)[1]
    return {
        "FACILITYID": name, "FEEDERID": feeder.id, "PHASEDESIGNATION": bits(s.phases),
        "OPERATINGVOLTAGE": _voltage(feeder.kv),
        **more, "STATUS": "INS", "CONDUCTORID": s.id, "INSTALLATIONDATE": _day(installed, name),
        "geometry": shapely.points(x, y),
    }  # fmt: skip


def _devices(feeder: Feeder) -> Layers:
    """Switches with ties, fuses, breakers and reclosers, regulators."""
    rows: dict[str, list[dict[str, Any]]] = {
        "Switch": [],
        "Fuse": [],
        "DynamicProtectiveDevice": [],
        "VoltageRegulator": [],
    }
    for s, d in feeder.devices():
        layer = {"switch": "Switch", "fuse": "Fuse"}.get(d.kind, "DynamicProtectiveDevice")
        kind = {"switch": 1, "fuse": 1, "breaker": 1, "recloser": 2}[d.kind]
        rows[layer].append(
            _device(feeder, s, d.id, d.installed, SUBTYPECD=kind, FEEDERID2=None, RATEDAMPS=d.amps,
            NORMALPOSITION=int(d.closed),
                    SCADACONTROLLED="Y" if d.remote else "N")
        )  # fmt: skip
    for tie in feeder.ties:
        at = feeder.nodes[tie.from_node]
        middle = shapely.points(round((at.x + tie.to_x) / 2, 2), round((at.y + tie.to_y) / 2, 2))
        rows["Switch"].append({
            "FACILITYID": tie.id, "FEEDERID": feeder.id, "FEEDERID2": tie.to_feeder, "SUBTYPECD": 2,
            "PHASEDESIGNATION": 7,
            "OPERATINGVOLTAGE": _voltage(feeder.kv), "RATEDAMPS": 600.0, "NORMALPOSITION": 0, "SCADACONTROLLED": "N",
            "STATUS": "INS",
            "CONDUCTORID": tie.section, "INSTALLATIONDATE": _day(tie.installed, tie.id), "geometry": middle,
        })  # fmt: skip
    at_section = {s.id: s for s in feeder.sections}
    for r in feeder.regulators:
        rows["VoltageRegulator"].append(
            _device(feeder, at_section[r.section], r.id, r.installed, RATEDKVA=r.kva, SETVOLTS=r.set_v,
            BANDWIDTH=r.band_v,
                    PTRATIO=r.pt_ratio, CTPRIMARY=r.ct_primary_a)
        )  # fmt: skip
    return {layer: _frame(found) for layer, found in rows.items() if found}


def _structures(feeder: Feeder) -> pd.DataFrame:
    """Poles under overhead nodes and secondary spans."""
    into = feeder.section_into()
    places = [
        (f"P{n.id[1:]}", n.x, n.y, into[n.id].installed)
        for n in feeder.nodes.values()
        if n.id in into and into[n.id].overhead
    ]
    places += [(f"P{s.to_bus[1:]}", s.x2, s.y2, feeder.transformers[s.transformer].installed) for s in feeder.spans]
    return _frame([
        {"FACILITYID": name, "FEEDERID": feeder.id, "SUBTYPECD": 1, "POLEHEIGHT": 40 if "_" not in name else 30,
        "STATUS": "INS",
         "INSTALLATIONDATE": _day(year, name), "geometry": shapely.points(x, y)}
        for name, x, y, year in places
    ])  # fmt: skip


def _services(feeder: Feeder, records: Records) -> pd.DataFrame:
    """Service points with the recorded link to their transformer."""
    m = feeder.customers
    codes = {"residential": "R1", "commercial": "C2", "industrial": "I3", "farm": "F4"}
    rows = []
    for k, meter in enumerate(m.id):
        t = feeder.transformers[m.transformer[k]]
        lost = ("gis", meter, "place") in records.said
        rows.append({
            "FACILITYID": f"SP{meter[1:]}", "METERID": meter, "ACCOUNTNUMBER": m.customer[k], "FEEDERID": feeder.id,
            "SUBTYPECD": 1 if m.kind[k] == "residential" else 2, "RATECODE": codes[m.kind[k]],
            "PHASEDESIGNATION": bits(records.text("gis", meter, "phases", t.phases)),
            "TRANSFORMERID": records.text("gis", meter, "transformer", t.id), "STATUS": "INS",
            "geometry": shapely.points(0.0, 0.0) if lost else shapely.points(m.x[k], m.y[k]),
        })  # fmt: skip
    return _frame(rows)


def layers(feeder: Feeder, records: Records) -> Layers:
    """All feature classes of one feeder."""
    made = {
        "PrimaryConductor": _conductors(feeder, records), "SecondaryConductor": _secondaries(feeder),
        "Transformer": _transformers(feeder, records), **_devices(feeder), "SupportStructure": _structures(feeder),
        "ServicePoint": _services(feeder, records),
    }  # fmt: skip
    made["CapacitorBank"] = _frame([
        {"FACILITYID": c.id, "FEEDERID": feeder.id, "SUBTYPECD": 1, "PHASEDESIGNATION": 7,
        "OPERATINGVOLTAGE": _voltage(feeder.kv),
         "TOTALKVAR": c.kvar, "STATUS": "INS", "NODEID": c.node, "INSTALLATIONDATE": _day(c.installed, c.id),
         "geometry": shapely.points(feeder.nodes[c.node].x, feeder.nodes[c.node].y)}
        for c in feeder.capacitors
    ])  # fmt: skip
    made["CircuitSource"] = pd.DataFrame([
        {"FEEDERID": feeder.id, "FEEDERNAME": f"{feeder.setting} {feeder.number}", "SUBSTATIONID": feeder.substation,
        "AREAID": feeder.area,
         "NOMINALVOLTAGE": feeder.kv, "HEADNODE": feeder.head}
    ])  # fmt: skip
    return made


def substations(units: Sequence[Substation]) -> pd.DataFrame:
    """The feature class of substations."""
    return _frame([
        {"FACILITYID": s.id, "SUBSTATIONNAME": s.name, "SUBTYPECD": 1, "BANKMVA": s.bank_mva, "NOMINALVOLTAGE": s.kv,
        "STATUS": "INS",
         "INSTALLATIONDATE": _day(s.installed, s.id), "geometry": shapely.points(round(s.x, 2), round(s.y, 2))}
        for s in units
    ])  # fmt: skip
