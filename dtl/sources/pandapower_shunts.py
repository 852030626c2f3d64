"""What hangs on the buses of a pandapower network: external grids, loads, generation, storage and shunts.

Loads keep their stated dependence on voltage from 0.5 to 1.5 per unit. External grids hold their voltage: their short-
circuit power acts in faults only, so that nearly no impedance is written out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from dtl.network.feeder import Capacitor, Generator, Load, Part, Reactor, Source, Storage
from dtl.sources.pandapower_grid import OUT, PHASES, SQRT3, Grid, named
from dtl.sources.pandapower_steps import at_step
from dtl.sources.pandapower_tables import Row
from dtl.sources.reading import plain
from dtl.sources.record import UNUSABLE, UnusableError, fault, refuse, tell

_STIFF_OHM = 1e-7
"""Reactance of an external grid, per kV squared [ohm]."""
_LIMITS = {"min_pu": 0.5, "max_pu": 1.5}
_GENERATORS = {"pv": "pv", "wp": "wind", "wind": "wind", "wt": "wind"}
_BETWEEN = {"a": (1, 2), "b": (2, 3), "c": (3, 1)}


def add_shunts(grid: Grid) -> None:
    """Add all sources and whatever hangs on one bus."""
    for table, make in _MAKERS.items():
        rows = grid.net.rows(table)
        names = named(rows)
        shared = {"load": "", "sgen": "", "ext_grid": ""}.get(table, f"{table}_")
        for row in rows:
            row.feeder = grid.feeder
            try:
                if grid.dead(row, "bus"):
                    continue
                bus, enabled = grid.bus(row, "bus"), row.flag("in_service", True)
                about = {"name": shared + names[row.index].removeprefix(shared), "bus": bus}
                for part in make(grid, row, about, enabled):
                    grid.add(row, part)
            except UNUSABLE as err:
                fault(grid.reading, row, err)


def _ext_grid(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    for column in ("s_sc_max_mva", "rx_max", "s_sc_min_mva", "rx_min", "slack_weight"):
        row.drop(column, "acts in faults, and on unbalance in `runpp_3ph`; the source holds its voltage")
    if not enabled:
        row.reason = OUT
        return
    kv = grid.kv_ll(about["bus"])
    ohm = _STIFF_OHM * kv * kv
    reason = "the file's sources hold their voltage; an impedance of nearly nothing was written out"
    thing, target = f"{row.thing} impedance", f"source.{about['name']}: r1, x1, r0, x0"
    grid.reading.defaulted(grid.feeder, thing, "", target, f"{ohm:g} ohm", reason)
    yield Source(
        **about,
        kv_ll=kv,
        pu=row.number("vm_pu", 1.0),
        angle_deg=row.number("va_degree", 0.0),
        r1_ohm=0.0,
        x1_ohm=ohm,
        r0_ohm=0.0,
        x0_ohm=ohm,
    )


def _gen(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    """A generator that holds its voltage: a source where it is the slack, else refused."""
    if row.flag("slack", False):
        yield from _ext_grid(grid, row, about, enabled)
    else:
        refuse(grid.reading, row, "holds its voltage, which the model's generators do not", harmless=not enabled)


def _load(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    kw, kvar = _power(row, "p_mw", "q_mvar")
    shares = [row.number(f"const_{k}_{q}_percent", 0.0) / 100.0 for q in "pq" for k in "zi"]
    zp, ip, zq, iq = shares
    if min(shares) < 0 or zp + ip > 1 + 1e-9 or zq + iq > 1 + 1e-9:
        text = "the shares of constant impedance and current do not lie between 0 and 100"
        raise UnusableError("source.bad-value", text, "const_z_p_percent", "", "Correct the shares.")
    words: dict[str, Any] = {"model": 1}
    if (zp, zq) == (1.0, 1.0):
        words = {"model": 2}
    elif any(shares):
        words = {"model": 8, "zip": (zp, ip, 1 - zp - ip, zq, iq, 1 - zq - iq, 0.0)}
    kind = row.text("type").lower()
    words["connection"] = "delta" if kind == "delta" else "wye"
    words["customer_class"] = "" if kind in ("wye", "delta") else plain(kind)
    yield Load(**_shunt(grid, about, enabled), **words, kw=kw, kvar=kvar, **_LIMITS)


def _motor(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    share = row.number("loading_percent", 100.0) / row.number("efficiency_percent", 100.0) * row.number("scaling", 1.0)
    cos_phi = row.number("cos_phi")
    if not 0 < cos_phi <= 1:
        raise UnusableError("source.bad-value", "is no power factor", "cos_phi", cos_phi, "Correct the value.")
    kw = _kilo(row.number("pn_mech_mw") * share)
    yield Load(**_shunt(grid, about, enabled), kw=kw, kvar=_kilo(kw * math.tan(math.acos(cos_phi)) / 1e3), **_LIMITS)


def _ward(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    """A ward is a load of constant power and one of constant impedance."""
    for model, p, q in ((1, "ps_mw", "qs_mvar"), (2, "pz_mw", "qz_mvar")):
        shunt = _shunt(grid, about | {"name": f"{about['name']}_{p[:2]}"}, enabled)
        yield Load(**shunt, model=model, kw=_kilo(row.number(p)), kvar=_kilo(row.number(q)), **_LIMITS)


def _by_phase(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    """A load or a static generator of three different phases: one part for each that is not zero."""
    delta = row.text("type").lower() == "delta"
    kv = grid.kv_ll(about["bus"])
    total = 0
    for phase, (node, other) in _BETWEEN.items():
        kw, kvar = _power(row, f"p_{phase}_mw", f"q_{phase}_mvar")
        if not (kw or kvar):
            continue
        total += 1
        words: dict[str, Any] = {"bus": about["bus"], "name": f"{about['name']}_{phase}", "phases": 1}
        words |= {"nodes": (node, other) if delta else (node,), "connection": "delta" if delta else "wye"}
        words |= {"kv": kv if delta else float(f"{kv / SQRT3:.12g}"), "enabled": enabled, "kw": kw, "kvar": kvar}
        if row.table == "asymmetric_load":
            yield Load(**words, **_LIMITS)
        else:
            yield Generator(**words, kva=_rating(row, kw, kvar) / 3.0, type=_kind(row), **_LIMITS)
    if not total:
        row.reason = "has no power in any phase"


def _sgen(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    sign = -1.0 if grid.net.version < (2, 0) else 1.0
    kw, kvar = (sign * v for v in _power(row, "p_mw", "q_mvar"))
    row.drop("current_source", "acts in faults only")
    shunt = _shunt(grid, about, enabled)
    yield Generator(**shunt, type=_kind(row), kw=kw, kvar=kvar, kva=_rating(row, kw, kvar), **_LIMITS)


def _kind(row: Row) -> Any:
    return _GENERATORS.get(row.text("type").lower(), "other")


def _rating(row: Row, kw: float, kvar: float) -> float:
    """Rated power [kVA]; where none is stated the power itself, or one kVA."""
    return _kilo(row.number("sn_mva", 0.0)) or math.hypot(kw, kvar) or 1.0


def _storage(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    """A storage; where the file states no energy, a load or a generator of constant power, as pandapower solves it."""
    kw, kvar = _power(row, "p_mw", "q_mvar")
    kva = _rating(row, kw, kvar)
    shunt = _shunt(grid, about, enabled)
    if row.ask("max_e_mwh") is None:
        text = "states no energy, so that it is read as constant power and not as a storage"
        tell(grid.reading, row, "source.missing-value", "warning", text, "max_e_mwh", "", "Add it to the source.")
        if kw < 0:
            yield Generator(**shunt, kw=-kw, kvar=-kvar, kva=kva, **_LIMITS)
        else:
            yield Load(**shunt, kw=kw, kvar=kvar, **_LIMITS)
        return
    if kw or kvar:
        reason = "charges or discharges in the file; the model's storage stands still unless the study moves it"
        row.drop("p_mw", reason)
        row.drop("q_mvar", reason)
        remedy = "Check whether the study depends on it."
        value = f"{kw:g} kW, {kvar:g} kvar"
        tell(grid.reading, row, "conversion.property-refused", "warning", reason, "p_mw", value, remedy)
    yield Storage(
        **shunt,
        kw=abs(kw) or kva,
        kva=kva,
        kwh=_kilo(row.number("max_e_mwh")),
        stored=row.number("soc_percent", 50.0) / 100.0,
    )


def _shunt_row(grid: Grid, row: Row, about: dict[str, Any], enabled: bool) -> Iterator[Part]:
    kw, kvar, steps = _kilo(row.number("p_mw", 0.0)), _kilo(row.number("q_mvar")), row.whole("step", 1)
    most = max(row.whole("max_step", 1), steps)
    if steps < 0 or most > 1000:
        raise UnusableError("source.bad-value", "is no number of steps", "step", steps, "Correct the steps.")
    shunt = _shunt(grid, about, enabled)
    shunt["kv"] = row.number("vn_kv", shunt["kv"])
    if row.flag("step_dependency_table", False):
        now = at_step(grid, row, "shunt_characteristic_table", "step")
        for column in ("p_mw", "q_mvar", "max_step"):
            row.drop(column, "the table of its characteristic states the power of the step")
        kw, kvar, steps, most = _kilo(now.number("p_mw", 0.0)), _kilo(now.number("q_mvar")), 1, 1
    if not kw and kvar < 0:
        on = () if steps == most else tuple(i < steps for i in range(most))
        yield Capacitor(**shunt, kvar=(-kvar,) * most, steps_on=on)
    elif steps and (kw or kvar):
        square = 1e3 * shunt["kv"] ** 2 / (kw * kw + kvar * kvar) / steps
        yield Reactor(**shunt, r_ohm=kw * square, x_ohm=kvar * square)
    else:
        row.reason = "has no power"


def _power(row: Row, p: str, q: str) -> tuple[float, float]:
    share = row.number("scaling", 1.0)
    return _kilo(row.number(p, 0.0) * share), _kilo(row.number(q, 0.0) * share)


def _kilo(value: float) -> float:
    return float(f"{1e3 * value + 0.0:.12g}")


def _shunt(grid: Grid, about: dict[str, Any], enabled: bool) -> dict[str, Any]:
    return about | {"nodes": PHASES, "phases": 3, "kv": grid.kv_ll(about["bus"]), "enabled": enabled}


_MAKERS: dict[str, Callable[[Grid, Row, dict[str, Any], bool], Iterator[Part]]] = {
    "ext_grid": _ext_grid,
    "gen": _gen,
    "load": _load,
    "motor": _motor,
    "ward": _ward,
    "asymmetric_load": _by_phase,
    "asymmetric_sgen": _by_phase,
    "sgen": _sgen,
    "storage": _storage,
    "shunt": _shunt_row,
}
"""What makes the parts of each table."""
