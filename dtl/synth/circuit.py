"""A feeder as OpenDSS commands: what the engine solves and what the OpenDSS files say, one text for both."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from dtl.synth import carson
from dtl.synth.catalog import CABLES, CONDUCTORS, EMERGENCY, SECONDARIES
from dtl.synth.model import PHASES, Feeder, Section, nodes_of

SOURCE_OHM = (0.0, 1e-4)
"""Resistance and reactance of the source: the tap changer of the bank holds the head, whatever the load [ohm]."""
DEVICE_OHM = 1e-4
"""Resistance and reactance of a closed switching device [ohm]."""
LOAD_LIMITS = (0.8, 1.2)
"""Voltages between which a load draws constant power [pu]."""


def code_name(conductor: str, phases: int, overhead: bool) -> str:
    """Name of a line code."""
    plain = conductor.replace(".", "p").replace("/", "_")
    return f"{'OH' if overhead else 'UG'}_{plain}_{phases}"


def inner_bus(feeder: Feeder, section: Section) -> str:
    """The bus at which the line of a section begins: its from node, or a bus behind the device on the section."""
    held = section.device is not None or any(r.section == section.id for r in feeder.regulators)
    return f"{section.id}__1" if held else section.from_node


def _dots(phases: str) -> str:
    """Phases as node numbers of a bus."""
    return "".join(f".{n}" for n in nodes_of(phases))


def _lower(matrix: npt.NDArray[np.float64]) -> str:
    """A symmetric matrix as its lower triangle."""
    return "(" + " | ".join(" ".join(f"{v:.7g}" for v in row[: i + 1]) for i, row in enumerate(matrix)) + ")"


def line_codes(sections: Iterable[tuple[str, int, bool]]) -> list[str]:
    """Line codes of the conductors in use, each named once, and of all low-voltage conductors."""
    out = []
    for conductor, phases, overhead in sorted(set(sections)):
        z, c = (carson.overhead if overhead else carson.underground)(conductor, phases)
        amps = (CONDUCTORS[conductor] if overhead else CABLES[conductor]).normal_a
        out.append(
            f"New LineCode.{code_name(conductor, phases, overhead)} nphases={phases} basefreq=60 units=km"
            f" rmatrix={_lower(z.real)} xmatrix={_lower(z.imag)} cmatrix={_lower(c)}"
            f" normamps={amps:g} emergamps={amps * EMERGENCY:g}"
        )
    for name, cable in SECONDARIES.items():
        plain = name.replace("/", "_")
        out.append(
            f"New LineCode.LV_{plain}_1 nphases=1 basefreq=60 units=km rmatrix=({2 * cable.r1_ohm_per_km:.7g})"
            f" xmatrix=({2 * cable.x1_ohm_per_km:.7g}) cmatrix=(0)"
            f" normamps={cable.normal_a:g} emergamps={cable.normal_a * EMERGENCY:g}"
        )
        out.append(
            f"New LineCode.LV_{plain}_3 nphases=3 basefreq=60 units=km"
            f" r1={cable.r1_ohm_per_km:.7g} x1={cable.x1_ohm_per_km:.7g}"
            f" r0={cable.r0_ohm_per_km:.7g} x0={cable.x0_ohm_per_km:.7g} c1=0 c0=0"
            f" normamps={cable.normal_a:g} emergamps={cable.normal_a * EMERGENCY:g}"
        )
    return out


def conductors_in_use(feeder: Feeder) -> set[tuple[str, int, bool]]:
    """Conductor, number of phases and placement of every medium-voltage section."""
    return {(s.conductor, len(s.phases), s.overhead) for s in feeder.sections}


def source(feeder: Feeder) -> list[str]:
    """The source of the circuit."""
    r, x = SOURCE_OHM
    return [
        f"New Circuit.{feeder.id} basekv={feeder.kv:g} pu={feeder.source_pu:g} phases=3 bus1={feeder.head}"
        f" R1={r:g} X1={x:g} R0={r:g} X0={x:g} baseMVA=100 basefreq=60"
    ]


def lines(feeder: Feeder) -> list[str]:
    """Medium-voltage lines with their devices, secondary spans and service drops."""
    out = []
    for s in feeder.sections:
        dots, start = _dots(s.phases), inner_bus(feeder, s)
        if s.device is not None:
            o = DEVICE_OHM
            out.append(
                f"New Line.{s.device.id} phases={len(s.phases)} bus1={s.from_node}{dots} bus2={start}{dots} switch=y"
                f" r1={o:g} x1={o:g} r0={o:g} x0={o:g} c1=0 c0=0 length=1 units=none normamps={s.device.amps:g}"
            )
        out.append(
            f"New Line.{s.id} phases={len(s.phases)} bus1={start}{dots} bus2={s.to_node}{dots}"
            f" linecode={code_name(s.conductor, len(s.phases), s.overhead)} length={s.length_m / 1000:.7g} units=km"
        )
    meters = feeder.customers
    out += [
        _low(s.id, s.from_bus, s.to_bus, s.conductor, s.length_m, feeder.transformers[s.transformer].phases)
        for s in feeder.spans
    ]
    for k, meter in enumerate(meters.id):
        phases = feeder.transformers[meters.transformer[k]].phases
        out.append(_low(f"D{meter[1:]}", meters.from_bus[k], meter, meters.drop[k], float(meters.drop_m[k]), phases))
    return out


def _low(name: str, from_bus: str, to_bus: str, conductor: str, length_m: float, phases: str) -> str:
    """A low-voltage line."""
    dots = _dots(phases)
    return (
        f"New Line.{name} phases={len(phases)} bus1={from_bus}{dots} bus2={to_bus}{dots}"
        f" linecode=LV_{conductor.replace('/', '_')}_{len(phases)} length={length_m / 1000:.7g} units=km"
    )


def transformers(feeder: Feeder) -> list[str]:
    """Service transformers."""
    out = []
    for t in feeder.transformers:
        dots, n = _dots(t.phases), len(t.phases)
        r_pct = t.z_pct / math.hypot(1.0, t.x_over_r)
        high = feeder.kv if n > 1 else feeder.kv / math.sqrt(3.0)
        conns = "(delta wye)" if t.delta_high else "(wye wye)"
        out.append(
            f"New Transformer.{t.id} phases={n} windings=2 buses=({t.node}{dots} {t.bus}{dots}) conns={conns}"
            f" kvs=({high:.7g} {t.kv_low:.7g}) kvas=({t.kva:g} {t.kva:g}) %Rs=({r_pct / 2:.7g} {r_pct / 2:.7g})"
            f" xhl={r_pct * t.x_over_r:.7g} %noloadloss={100 * t.no_load_kw / t.kva:.7g} %imag=0"
        )
    return out


def regulators(feeder: Feeder) -> list[str]:
    """Step-voltage regulators, one unit per phase, with their controls."""
    out = []
    at = {s.id: s for s in feeder.sections}
    kv = feeder.kv / math.sqrt(3.0)
    for r in feeder.regulators:
        section = at[r.section]
        for n, letter in enumerate(PHASES, 1):
            name = f"{r.id}{letter}"
            out.append(
                f"New Transformer.{name} phases=1 windings=2 bank={r.id}"
                f" buses=({section.from_node}.{n} {section.id}__1.{n})"
                f" conns=(wye wye) kvs=({kv:.7g} {kv:.7g}) kvas=({10 * r.kva:g} {10 * r.kva:g})"
                f" xhl=0.01 %Rs=(0.005 0.005)"
            )
            out.append(
                f"New RegControl.{name} transformer={name} winding=2 vreg={r.set_v:g} band={r.band_v:g}"
                f" ptratio={r.pt_ratio:.7g} ctprim={r.ct_primary_a:g} R={r.r_v:g} X={r.x_v:g} delay=30 maxtapchange=16"
            )
    return out


def capacitors(feeder: Feeder) -> list[str]:
    """Capacitor banks."""
    return [
        f"New Capacitor.{c.id} phases=3 bus1={c.node}.1.2.3 kv={feeder.kv:g} kvar={c.kvar:g}" for c in feeder.capacitors
    ]


def loads(feeder: Feeder) -> list[str]:
    """One load per meter with its expected demand in the design hour."""
    out = []
    m = feeder.customers
    low, high = LOAD_LIMITS
    for k, meter in enumerate(m.id):
        t = feeder.transformers[m.transformer[k]]
        kvar = float(m.peak_kw[k]) * math.tan(math.acos(float(m.power_factor[k])))
        out.append(
            f"New Load.{meter} phases={len(t.phases)} bus1={meter}{_dots(t.phases)} conn=wye kv={t.kv_low:.7g}"
            f" kw={m.peak_kw[k]:.7g} kvar={kvar:.7g} model=1 vminpu={low:g} vmaxpu={high:g} status=variable"
        )
    return out


def bus_coordinates(feeder: Feeder) -> list[str]:
    """Bus, x and y of every bus."""
    m = feeder.customers
    rows = [f"{n.id},{n.x:.2f},{n.y:.2f}" for n in feeder.nodes.values()]
    at = feeder.nodes
    rows += [
        f"{s.id}__1,{at[s.from_node].x:.2f},{at[s.from_node].y:.2f}"
        for s in feeder.sections
        if inner_bus(feeder, s) != s.from_node
    ]
    rows += [f"{t.bus},{t.x:.2f},{t.y:.2f}" for t in feeder.transformers]
    rows += [f"{s.to_bus},{s.x2:.2f},{s.y2:.2f}" for s in feeder.spans]
    return rows + [f"{meter},{x:.2f},{y:.2f}" for meter, x, y in zip(m.id, m.x, m.y, strict=True)]


def commands(feeder: Feeder) -> list[str]:
    """The whole circuit, ready to be solved."""
    kv_low = sorted({math.sqrt(3.0) * t.kv_low_ln for t in feeder.transformers})
    bases = " ".join(f"{kv:.7g}" for kv in [feeder.kv, *kv_low])
    return [
        "Clear", "Set DefaultBaseFrequency=60", *source(feeder), *line_codes(conductors_in_use(feeder)), *lines(feeder),
        *transformers(feeder), *regulators(feeder), *capacitors(feeder), *loads(feeder),
        f"Set VoltageBases=[{bases}]", "CalcVoltageBases",
    ]  # fmt: skip
