"""A feeder as OpenDSS script; regulators stand at the posted taps, their controls are active."""

from __future__ import annotations

import math
from collections.abc import Iterator

from writer.constants import per_km
from writer.facts import FREQUENCY_HZ, M_PER_FT, Facts, Matrix, Row

NODE = {"A": 1, "B": 2, "C": 3}
LOAD_MODEL = {"power": 1, "impedance": 2, "current": 5}
NF_PER_US = 1e3 / (2.0 * math.pi * FREQUENCY_HZ)
SQRT3 = math.sqrt(3.0)
REGULATOR_PCT = 0.001
"""Series resistance and reactance of a regulator [per cent]: practically none, as in the published solutions."""
SWITCH_OHM = 1e-4
"""Resistance and reactance of a closed switch per conductor [ohm]."""


def files(f: Facts) -> Iterator[tuple[str, str]]:
    """The files of the feeder: name and text."""
    yield "master.dss", "\n".join(master(f)) + "\n"
    yield "buses.csv", "".join(f"{b['bus']},{b['x_m']},{b['y_m']}\n" for b in f.buses)


def master(f: Facts) -> Iterator[str]:
    """The lines of the master file."""
    s = f.source
    yield from (f"! {f.title}, written by write_models.py from its tables", "clear", "set defaultbasefrequency=60")
    yield (
        f"new circuit.{f.feeder} bus1={s['bus']} basekv={s['kv_ll']} pu={s['pu']} angle=0 phases=3"
        f" r1={s['r1_ohm']} x1={s['x1_ohm']} r0={s['r0_ohm']} x0={s['x0_ohm']}"
    )
    yield from codes(f)
    yield from lines(f)
    yield from transformers(f)
    yield from (line for bank in f.regulators.values() for row in bank for line in regulator(f, row))
    yield from shunts(f)
    bases = sorted({float(b["kv_ll"]) for b in f.buses}, reverse=True)
    yield from (f"set voltagebases=[{' '.join(f'{v:g}' for v in bases)}]", "calcvoltagebases", "buscoords buses.csv")


def at(bus: str, phases: str) -> str:
    """A bus with its nodes."""
    return ".".join([bus, *(str(NODE[p]) for p in phases)])


def ends(row: Row, phases: str) -> str:
    """The two ends of a branch."""
    return f"phases={len(phases)} bus1={at(row['from_bus'], phases)} bus2={at(row['to_bus'], phases)}"


def triangle(m: Matrix, factor: float = 1.0) -> str:
    """A symmetrical matrix as its lower triangle."""
    return "[" + " | ".join(" ".join(f"{v * factor:.9g}" for v in row[: i + 1]) for i, row in enumerate(m)) + "]"


def codes(f: Facts) -> Iterator[str]:
    """The line codes."""
    for name, row in f.configurations.items():
        r, x, b = per_km(f, row)
        normal, _, emergency = f.ratings_a(row)
        yield f"new linecode.{name} nphases={len(r)} basefreq=60 units=km"
        yield f"~ rmatrix={triangle(r)}"
        yield f"~ xmatrix={triangle(x)}"
        yield f"~ cmatrix={triangle(b, NF_PER_US)}"
        yield f"~ normamps={normal:g} emergamps={emergency:g}"


def lines(f: Facts) -> Iterator[str]:
    """Lines and switches."""
    for row in f.lines:
        length_km = float(row["length_ft"]) * M_PER_FT / 1000.0
        code = row["configuration"]
        yield f"new line.{row['line']} {ends(row, row['phases'])} linecode={code} length={length_km:.9g} units=km"
    for row in f.switches:
        ohm = " ".join(f"{z}={SWITCH_OHM:g}" for z in ("r1", "x1", "r0", "x0"))
        yield (
            f"new line.{row['switch']} {ends(row, row['phases'])} switch=yes {ohm} c1=0 c0=0 length=1 units=none"
            f" normamps={row['normal_a']} emergamps={row['normal_a']}"
        )
        if row["state"] == "open":
            yield f"open line.{row['switch']} 1"


def transformers(f: Facts) -> Iterator[str]:
    """Transformers."""
    word = {"Y": "wye", "YNG": "wye", "D": "delta"}
    for row in f.transformers:
        conns = " ".join(word[c] for c in row["connection"].split("_"))
        half = float(row["r_pct"]) / 2.0
        yield (
            f"new transformer.{row['transformer']} phases=3 windings=2 buses=[{row['from_bus']} {row['to_bus']}]"
            f" conns=[{conns}] kvs=[{row['primary_kv']} {row['secondary_kv']}] kvas=[{row['kva']} {row['kva']}]"
            f" %rs=[{half:g} {half:g}] xhl={row['x_pct']} %noloadloss=0 %imag=0"
        )


def regulator(f: Facts, row: Row) -> Iterator[str]:
    """The tap changer of one phase with its control."""
    own = f"{row['regulator']}_{row['phase'].lower()}"
    kv = f"{f.kv_ln(row['from_bus']):.9g}"
    half = REGULATOR_PCT / 2.0
    tap = 1.0 + 0.00625 * int(row["posted_tap"])
    yield (
        f"new transformer.{own} phases=1 windings=2 bank={row['regulator']}"
        f" buses=[{at(row['from_bus'], row['phase'])} {at(row['to_bus'], row['phase'])}] conns=[wye wye]"
        f" kvs=[{kv} {kv}] kvas=[{row['kva']} {row['kva']}]"
        f" %rs=[{half:g} {half:g}] xhl={REGULATOR_PCT:g} %noloadloss=0 %imag=0 ppm=0"
        f" wdg=2 tap={tap:g} numtaps=32 maxtap=1.1 mintap=0.9"
    )
    yield (
        f"new regcontrol.{own} transformer={own} winding=2 vreg={row['set_v']} band={row['band_v']}"
        f" ptratio={row['pt_ratio']} ctprim={row['ct_primary_a']} r={row['r_v']} x={row['x_v']} delay={row['delay_s']}"
    )


def shunts(f: Facts) -> Iterator[str]:
    """Capacitors, and loads, which below 0.8 and above 1.2 pu would turn into impedances."""
    for row in f.capacitors:
        n = len(row["phases"])
        kv = float(row["kv_ln"]) * (SQRT3 if n > 1 else 1.0)
        place = at(row["bus"], row["phases"])
        yield f"new capacitor.{row['capacitor']} bus1={place} phases={n} conn=wye kvar={row['kvar']} kv={kv:.9g}"
    for row in f.loads:
        kv = f.kv_ln(row["bus"]) * (SQRT3 if row["connection"] == "delta" else 1.0)
        yield (
            f"new load.{row['load']} bus1={at(row['bus'], row['phases'])} phases=1 conn={row['connection']}"
            f" model={LOAD_MODEL[row['model']]} kv={kv:.9g} kw={row['kw']} kvar={row['kvar']}"
            f" vminpu=0.8 vmaxpu=1.2 status=variable numcust={row['customers']}"
        )
