"""A feeder as OpenDSS text: the same feeder gives the same text, and nothing is left to a default of the engine.

Load limits, status, taps, ratings, length units and voltage bases are all written out. Open switches and disabled parts
are not written at all, an open pole of a switch neither. There are no meters, no monitors and no solution settings:
tolerance and control limits belong to the solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dtl.errors import NoSource
from dtl.network.feeder import (
    Capacitor,
    CapacitorControl,
    Feeder,
    Generator,
    Line,
    LineCode,
    Load,
    Reactor,
    Regulator,
    Source,
    Storage,
    Switch,
    Transformer,
)
from dtl.powerflow import names

_OVER_NORMAL = 1.5
"""Emergency rating over the rated power of a transformer that states none; nothing is judged by it."""
LEAST_PU = 1e-9
"""Least impedance of a line [pu of 1 MVA and the voltage at its end]. A bar of a millimetre has less, and then what its
current drops is within the rounding of the voltages at its ends; 100 MVA through this one drop 1e-7 pu."""


def write(feeder: Feeder) -> str:
    """The feeder as a master file for OpenDSS.

    Raises
    ------
    NoSource
        The feeder has no source.
    """
    if not feeder.sources:
        raise NoSource(f"feeder {feeder.id} has no source: nothing feeds it")
    blocks = [
        ["clear", f"set defaultbasefrequency={_n(feeder.frequency_hz)}"],
        _sources(feeder),
        [_line_code(c, feeder.frequency_hz) for c in feeder.line_codes],
        [_line(p, feeder) for p in feeder.lines if p.enabled],
        [_switch(p) for p in feeder.switches if p.enabled and p.is_closed],
        [row for p in feeder.transformers if p.enabled for row in _transformer(p)],
        [row for p in feeder.capacitors if p.enabled for row in _capacitor(p, feeder)],
        [_reactor(p) for p in feeder.reactors if p.enabled],
        [_load(p) for p in feeder.loads if p.enabled],
        [_generator(p) for p in feeder.generators if p.enabled],
        [_storage(p) for p in feeder.storages if p.enabled],
        [_regulator(p, feeder) for p in feeder.regulators if _acts(p, feeder)],
        ["makebuslist"],
        [f"setkvbase bus={names.spelled(b)} kvln={_n(feeder.bus[b].kv_ln)}" for b in sorted(wired(feeder))],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def wired(feeder: Feeder) -> set[str]:
    """Names of the buses that some written part touches."""
    buses = {s.bus for s in feeder.sources}
    buses |= {b for p in feeder.lines if p.enabled for b in (p.from_bus, p.to_bus)}
    buses |= {b for p in feeder.switches if p.enabled and p.is_closed for b in (p.from_bus, p.to_bus)}
    buses |= {w.bus for p in feeder.transformers if p.enabled for w in p.windings}
    buses |= {p.to_bus for p in feeder.reactors if p.enabled and p.to_bus}
    shunts = (feeder.capacitors, feeder.reactors, feeder.loads, feeder.generators, feeder.storages)
    return buses | {p.bus for parts in shunts for p in parts if p.enabled}


def _n(value: float) -> str:
    return format(value + 0.0, ".12g")


def _at(bus: str, nodes: Iterable[int]) -> str:
    return ".".join([names.spelled(bus), *map(str, nodes)])


def _matrix(matrix: Sequence[Sequence[float]]) -> str:
    return "[" + "|".join(" ".join(map(_n, row)) for row in matrix) + "]"


def _array(values: Iterable[object]) -> str:
    return "[" + " ".join(v if isinstance(v, str) else _n(float(v)) for v in values) + "]"  # type: ignore[arg-type]


def _row(head: str, **fields: float | int | str | None) -> str:
    words = [f"{k}={v if isinstance(v, str) else _n(v)}" for k, v in fields.items() if v is not None]
    return " ".join([head, *words])


def _grounded(nodes: tuple[int, ...], phases: int, connection: str) -> tuple[int, ...]:
    return (*nodes, 0) if connection == "wye" and len(nodes) == phases else nodes


def _sources(feeder: Feeder) -> list[str]:
    rows = []
    for i, part in enumerate(feeder.sources):
        head = f"new circuit.{names.spelled(feeder.id)}" if i == 0 else f"new {names.source(i, part.name)}"
        rows.append(_source(head, part))
    return rows


def _source(head: str, part: Source) -> str:
    return _row(
        head,
        bus1=_at(part.bus, part.nodes),
        phases=part.phases,
        basekv=part.kv_ll,
        pu=part.pu,
        angle=part.angle_deg,
        r1=part.r1_ohm,
        x1=part.x1_ohm,
        r0=part.r0_ohm,
        x0=part.x0_ohm,
    )


def _line_code(part: LineCode, frequency_hz: float) -> str:
    return _row(
        f"new linecode.{names.spelled(part.name)}",
        nphases=len(part.r_ohm_per_km),
        basefreq=frequency_hz,
        units="km",
        rmatrix=_matrix(part.r_ohm_per_km),
        xmatrix=_matrix(part.x_ohm_per_km),
        cmatrix=_matrix(part.c_nf_per_km),
    )


def _line(part: Line, feeder: Feeder) -> str:
    code = feeder.line_code[part.line_code]
    return _row(
        f"new {names.element('line', part.name)}",
        bus1=_at(part.from_bus, part.from_nodes),
        bus2=_at(part.to_bus, part.to_nodes),
        phases=len(part.from_nodes),
        linecode=names.spelled(part.line_code),
        length=max(part.length_km, least_km(part, feeder)),
        units="km",
        normamps=_first(part.normal_a, code.normal_a, 0.0),
        emergamps=_first(part.emergency_a, code.emergency_a, 0.0),
    )


def least_km(part: Line, feeder: Feeder) -> float:
    """The length below which a line has less than the least impedance in one of its modes [km]; 0 where it has none."""
    code = feeder.line_code[part.line_code]
    ohm_per_km = np.asarray(code.r_ohm_per_km) + 1j * np.asarray(code.x_ohm_per_km)
    smallest = float(np.linalg.svd(ohm_per_km, compute_uv=False)[-1])
    return LEAST_PU * feeder.bus[part.from_bus].kv_ln ** 2 / smallest if smallest > 0.0 else 0.0


def _first(*values: float | None) -> float:
    return next(v for v in values if v is not None)


def _switch(part: Switch) -> str:
    closed = part.closed or (True,) * len(part.from_nodes)
    poles = [i for i, c in enumerate(closed) if c]
    n = len(poles)
    diagonal = [[float(i == j) for j in range(n)] for i in range(n)]
    return _row(
        f"new {names.element('switch', part.name)}",
        bus1=_at(part.from_bus, (part.from_nodes[i] for i in poles)),
        bus2=_at(part.to_bus, (part.to_nodes[i] for i in poles)),
        phases=n,
        rmatrix=_matrix([[part.r_ohm * v for v in row] for row in diagonal]),
        xmatrix=_matrix([[part.x_ohm * v for v in row] for row in diagonal]),
        cmatrix=_matrix([[0.0 * v for v in row] for row in diagonal]),
        length=1,
        units="none",
        normamps=_first(part.normal_a, 0.0),
        emergamps=_first(part.emergency_a, 0.0),
    )


def _transformer(part: Transformer) -> Iterator[str]:
    yield _row(
        f"new {names.element('transformer', part.name)}",
        phases=part.phases,
        windings=len(part.windings),
        xhl=part.xhl_pct,
        xht=part.xht_pct,
        xlt=part.xlt_pct,
        leadlag=part.lead_lag,
        ppm_antifloat=part.ppm_antifloat,
    )
    for i, w in enumerate(part.windings, 1):
        yield _row(
            f"~ wdg={i}",
            bus=_at(w.bus, _grounded(w.nodes, part.phases, w.connection)),
            conn=w.connection,
            kv=w.kv,
            kva=w.kva,
            **{"%r": w.r_pct},
            tap=w.tap_pu,
            mintap=w.min_tap_pu,
            maxtap=w.max_tap_pu,
            numtaps=w.taps,
            rneut=w.r_neutral_ohm,
            xneut=w.x_neutral_ohm,
        )
    rated = part.windings[0].kva
    if len({w.kva for w in part.windings}) > 1:
        # With two windings `kva` of one sets that of both; the array does not.
        yield _row("~", kvas=_array(_n(w.kva) for w in part.windings))
    yield _row(
        "~",
        **{"%noloadloss": part.no_load_loss_pct, "%imag": part.magnetizing_pct},
        normhkva=_first(part.normal_kva, rated),
        emerghkva=_first(part.emergency_kva, _OVER_NORMAL * rated),
    )


def _acts(part: Regulator, feeder: Feeder) -> bool:
    return part.enabled and any(t.name == part.transformer and t.enabled for t in feeder.transformers)


def _regulator(part: Regulator, feeder: Feeder) -> str:
    bus, _, node = part.monitored_bus.rpartition(".")
    if part.monitored_bus in feeder.bus:
        bus, node = part.monitored_bus, ""
    return _row(
        f"new {names.element('regulator', part.name)}",
        transformer=names.spelled(part.transformer),
        winding=part.winding,
        vreg=part.set_v,
        band=part.band_v,
        ptratio=part.pt_ratio,
        ctprim=part.ct_primary_a,
        r=part.r_v,
        x=part.x_v,
        delay=part.delay_s,
        tapdelay=part.tap_delay_s,
        bus=(names.spelled(bus) + (f".{node}" if node else "")) if part.monitored_bus else None,
        remoteptratio=part.remote_pt_ratio if part.monitored_bus else None,
        ptphase=part.pt_phase,
        maxtapchange=part.max_tap_change,
        reversible="yes" if part.reversible else "no",
        revvreg=part.reverse_set_v,
        revband=part.reverse_band_v,
        eventlog="yes",
    )


def _measures(part: CapacitorControl, feeder: Feeder) -> bool:
    """Whether what a control measures is in the circuit; the engine dies of a control that measures nothing."""
    found = feeder.part(part.element)
    return part.enabled and found is not None and getattr(found, "enabled", True) and getattr(found, "is_closed", True)


def _capacitor(part: Capacitor, feeder: Feeder) -> Iterator[str]:
    steps = len(part.kvar)
    on = part.steps_on or (True,) * steps
    yield _row(
        f"new {names.element('capacitor', part.name)}",
        **_two_ends(part),
        kv=part.kv,
        numsteps=steps,
        kvar=_array(part.kvar),
        states=_array("1" if s else "0" for s in on),
    )
    control = part.control
    if control is not None and _measures(control, feeder):
        kind, _, name = control.element.partition(".")
        yield _row(
            f"new capcontrol.{names.spelled(part.name)}",
            capacitor=names.spelled(part.name),
            type=control.type,
            element=names.element(kind, name),
            terminal=control.terminal,
            onsetting=control.on,
            offsetting=control.off,
            ptratio=control.pt_ratio,
            ctratio=control.ct_ratio,
            delay=control.delay_s,
            delayoff=control.delay_off_s,
            deadtime=control.dead_time_s,
            ptphase=control.pt_phase,
            ctphase=control.ct_phase,
            voltoverride="yes" if control.voltage_override else "no",
            vmin=control.min_v,
            vmax=control.max_v,
            eventlog="yes",
        )


def _two_ends(part: Capacitor | Reactor) -> dict[str, float | int | str | None]:
    """Buses, phases and connection; a part of one phase between two nodes has them as its two ends."""
    n = part.phases
    if part.connection == "delta" and n == 1:
        near, far = part.nodes
        return {"bus1": _at(part.bus, [near]), "bus2": _at(part.bus, [far]), "phases": 1, "conn": "wye"}
    if part.connection == "delta":
        return {"bus1": _at(part.bus, part.nodes), "phases": n, "conn": "delta"}
    neutral = part.nodes[n] if len(part.nodes) > n else 0
    ends = {"bus1": _at(part.bus, part.nodes[:n]), "bus2": _at(part.bus, [neutral] * n)}
    return {**ends, "phases": n, "conn": "wye"}


def _reactor(part: Reactor) -> str:
    ends = _two_ends(part)
    if part.to_bus:
        ends |= {"bus1": _at(part.bus, part.nodes), "bus2": _at(part.to_bus, part.to_nodes)}
    return _row(f"new {names.element('reactor', part.name)}", **ends, r=part.r_ohm, x=part.x_ohm)


def _load(part: Load) -> str:
    return _row(
        f"new {names.element('load', part.name)}",
        bus1=_at(part.bus, _grounded(part.nodes, part.phases, part.connection)),
        phases=part.phases,
        conn=part.connection,
        kv=part.kv,
        model=part.model,
        kw=part.kw,
        kvar=part.kvar,
        vminpu=part.min_pu,
        vmaxpu=part.max_pu,
        vlowpu=min(0.5, part.min_pu),
        zipv=_array(part.zip) if part.model == 8 else None,
        cvrwatts=part.cvr_watts if part.model == 4 else None,
        cvrvars=part.cvr_vars if part.model == 4 else None,
        status="variable",
    )


def _generator(part: Generator) -> str:
    return _row(
        f"new {names.element('generator', part.name)}",
        bus1=_at(part.bus, _grounded(part.nodes, part.phases, part.connection)),
        phases=part.phases,
        conn=part.connection,
        kv=part.kv,
        model=part.model,
        kw=part.kw,
        kvar=part.kvar,
        kva=part.kva,
        vminpu=part.min_pu,
        vmaxpu=part.max_pu,
        status="fixed",
    )


def _storage(part: Storage) -> str:
    return _row(
        f"new {names.element('storage', part.name)}",
        bus1=_at(part.bus, _grounded(part.nodes, part.phases, part.connection)),
        phases=part.phases,
        conn=part.connection,
        kv=part.kv,
        kwrated=part.kw,
        kva=part.kva,
        kwhrated=part.kwh,
        kwhstored=part.stored * part.kwh,
        **{"%reserve": 100.0 * part.reserve, "%idlingkw": 0.0, "%idlingkvar": 0.0},
        state="idling",
        dispmode="external",
    )
