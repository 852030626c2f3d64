"""The equipment of the utility as CYME tables: lines, cables, transformers, regulators, capacitors, devices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from dtl.synth.catalog import (
    CABLES,
    CONDUCTORS,
    EMERGENCY,
    NEUTRAL,
    SPACINGS,
    SUMMER,
    WINTER,
    Cable,
    Conductor,
    spacing_name,
)
from dtl.synth.model import Capacitor, Feeder, Regulator, Transformer
from dtl.synth.system import Substation

Row = dict[str, Any]
Tables = dict[str, list[Row]]

FAULT_OHM = (0.050, 0.600)
"""Resistance and reactance of the bank and the grid above, which act in faults only [ohm]."""
DEVICE_AMPS = {"SWITCH": (400.0, 600.0), "BREAKER": (1200.0,), "RECLOSER": (560.0,),
               "FUSE": (15.0, 25.0, 40.0, 65.0, 100.0, 140.0, 200.0)}  # fmt: skip


def ratings(amps: float) -> Row:
    """Normal, summer, winter and emergency rating; the fifth column repeats the emergency one."""
    return {
        "Amps": amps, "Amps_1": round(amps * SUMMER, 1), "Amps_2": round(amps * WINTER, 1),
        "Amps_3": round(amps * EMERGENCY, 1), "Amps_4": round(amps * EMERGENCY, 1),
    }  # fmt: skip


def device_id(kind: str, amps: float) -> str:
    """Equipment of a switching device."""
    return f"{kind.upper()}_{amps:g}A"


def transformer_id(t: Transformer, kv: float) -> str:
    """Equipment of a service transformer."""
    return f"XF_{len(t.phases)}PH_{t.kva:g}KVA_{kv:g}_{t.kv_low * 1000:g}V"


def regulator_id(r: Regulator, kv: float) -> str:
    """Equipment of a regulator."""
    return f"REG_{kv:g}_{r.ct_primary_a:g}A"


def capacitor_id(c: Capacitor, kv: float) -> str:
    """Equipment of a capacitor bank."""
    return f"CAP_{c.kvar:g}KVAR_{kv:g}"


def low_kv_ll(t: Transformer) -> float:
    """Secondary voltage as CYME states it: line to line, also for a unit that stands between one phase and neutral."""
    return t.kv_low_ln * math.sqrt(3.0)


def _conductor(c: Conductor) -> Row:
    return {
        "ID": c.name, "Diameter": c.diameter_cm, "GMR": c.gmr_cm, "R25": c.r25_ohm_per_km, "R50": c.r50_ohm_per_km,
        **ratings(c.normal_a), "WithstandRating": 0.0, "CodeWord": c.code_word, "Size_mm2": c.size_mm2, "Comments": "",
    }  # fmt: skip


def _spacing(phases: int) -> Row:
    row: Row = {
        "ID": spacing_name(phases),
        "GMDPh-Ph": "",
        "GMDPh-N": "",
        "AvgPhCondHeight": "",
        "AvgNeutralHeight": "",
    }
    for k in range(3):
        x, y = SPACINGS[phases][k] if k < phases else ("", "")
        row |= {f"PosOfCond{k + 1}_X": x, f"PosOfCond{k + 1}_Y": y}
    return row | {
        "PosOfNeutralCond_X": NEUTRAL[0], "PosOfNeutralCond_Y": NEUTRAL[1], "PosOfNeutralCond_N2_X": "",
        "PosOfNeutralCond_N2_Y": "",
        "BundleDistance": 0.01, "NBPhasesPerCircuit": phases, "NBConductorsPerPhase": 1, "NBNeutrals": 1,
        "Comments": "",
    }  # fmt: skip


def _cable(c: Cable) -> Row:
    return {
        "ID": c.name, "R1": c.r1_ohm_per_km, "R0": c.r0_ohm_per_km, "X1": c.x1_ohm_per_km, "X0": c.x0_ohm_per_km,
        "B1": c.b1_us_per_km, "B0": c.b1_us_per_km, **ratings(c.normal_a), "RatedLevel": 25.0, "Comments": "",
    }  # fmt: skip


def _transformer(t: Transformer, kv: float) -> Row:
    conn = "D_Y" if t.delta_high else "Y_Y"
    return {
        "ID": transformer_id(t, kv), "Type": 1 if len(t.phases) == 1 else 3, "KVA": t.kva, "KVLLprim": kv,
        "KVLLsec": low_kv_ll(t),
        "Z1": t.z_pct, "Z0": t.z_pct, "XR": t.x_over_r, "XR0": t.x_over_r, "Conn": conn, "IsLTC": 0, "Taps": 0,
        "NoLoadLosses": t.no_load_kw, "Comments": "",
    }  # fmt: skip


def _unique(rows: Iterable[Row]) -> list[Row]:
    """Rows by ID, each once, in the order of their IDs."""
    found = {str(row["ID"]): row for row in rows}
    return [found[name] for name in sorted(found)]


def default_line() -> Row:
    """The line that stands where nobody chose one."""
    z = {"R1": 0.19, "R0": 0.48, "X1": 0.39, "X0": 1.2, "B1": 4.2, "B0": 1.9}
    row: Row = {"ID": "DEFAULT", "PhaseCondID": "DEFAULT", "NeutralCondID": "DEFAULT", "SpacingID": "DEFAULT"}
    return row | z | ratings(500.0) | {"LockImpedance": 1, "Comments": ""}


def feeder_equipment(feeder: Feeder) -> Tables:
    """The equipment that one feeder uses beyond the common catalogue."""
    kv = feeder.kv
    return {
        "TRANSFORMER": _unique(_transformer(t, kv) for t in feeder.transformers),
        "REGULATOR": _unique(
            {"ID": regulator_id(r, kv), "Type": 0, "KVA": r.kva, "KVLN": kv / 3.0**0.5, "MaxBuck": 10.0,
            "MaxBoost": 10.0, "Taps": 32,
             "Bandwidth": r.band_v, "CT": r.ct_primary_a, "PT": r.pt_ratio, "Reversible": 0, "Comments": ""}
            for r in feeder.regulators
        ),
        "SHUNT CAPACITOR": _unique(
            {"ID": capacitor_id(c, kv), "KVAR": c.kvar, "KV": kv / 3.0**0.5, "Type": 0,
            "Comments": ""} for c in feeder.capacitors
        ),
    }  # fmt: skip


def merge(parts: Iterable[Tables]) -> Tables:
    """The equipment of many feeders, each id once."""
    merged: Tables = {}
    for part in parts:
        for name, rows in part.items():
            merged[name] = _unique([*merged.get(name, []), *rows])
    return merged


def equipment(substations: Sequence[Substation], used: Tables) -> Tables:
    """The whole equipment file."""
    r, x = FAULT_OHM
    default = {"ID": "DEFAULT", "Diameter": 1.83, "GMR": 0.74, "R25": 0.173, "R50": 0.19} | ratings(500.0)
    tables: Tables = {
        "CONDUCTOR": [*map(_conductor, CONDUCTORS.values()), default | {"WithstandRating": 0.0, "CodeWord": "",
        "Size_mm2": 170.0, "Comments": ""}],
        "SPACING TABLE FOR LINE": [_spacing(n) for n in (1, 2, 3)],
        "LINE": [default_line()],
        "CONCENTRIC NEUTRAL CABLE": [_cable(c) for c in CABLES.values()],
        "SUBSTATION": [
            {"ID": s.id, "MVA": s.bank_mva, "KVLL": s.kv, "KVLLdesired": s.kv, "R1": r, "X1": x, "R0": r, "X0": x,
            "Conn": "YNG",
             "PhaseAngle": 0.0, "Comments": s.name}
            for s in substations
        ],
    }  # fmt: skip
    for kind, sizes in DEVICE_AMPS.items():
        tables[kind] = [{"ID": device_id(kind, a), **ratings(a), "KVLL": 27.0, "Comments": ""} for a in sizes]
    return tables | {name: rows for name, rows in used.items() if rows}
