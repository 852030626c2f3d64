"""Loads and generators as *ports*: pairs of nodes whose current is a function of the voltage across them.

All load models of OpenDSS that are ported have one form. With ``u`` the magnitude of the voltage across the port over
its rated voltage ``b``, and ``P``, ``Q`` the power of the port at ``u = 1``, its current is

    I = (P g_p(u) - j Q g_q(u)) V / b**2,      g(u) = c0 + c1 / u + c2 / u**2,

with three coefficients for each of four zones of ``u``: up to ``low``, up to ``min_pu``, up to ``max_pu``, and above.
The zones and what holds in them are those of the engine's own ``Load`` and ``Generator`` (dss-extensions/dss_capi,
``Load.pas`` and ``generator.pas``): outside of ``min_pu`` to ``max_pu`` a port is an impedance, and between ``low`` and
``min_pu`` its current runs in a straight line. Exponents that are no polynomial (model 4) and the drop-out of ZIP loads
(model 8) are marked and computed apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Generator, Load, Storage
from dtl.powerflow import names

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Triple = tuple[float, float, float]

LOAD_MODELS = (1, 2, 4, 5, 8)
"""OpenDSS load models that are ported."""
GENERATOR_MODELS = (1,)

_CONSTANT_Z: Triple = (1.0, 0.0, 0.0)
_CONSTANT_I: Triple = (0.0, 1.0, 0.0)
_CONSTANT_P: Triple = (0.0, 0.0, 1.0)
_LOWEST_PU = 0.5
"""Voltage below which OpenDSS takes every load for an impedance; `dtl.powerflow.dss` writes it so."""


@dataclass(frozen=True)
class Ports:
    """The ports of a feeder: loads first, then generators and storages, each with its phases one after the other.

    Attributes
    ----------
    nodes
        The two nodes of each port, 0 for ground, shape (ports, 2).
    owner
        Load or generator of each port, counted through all of them, shape (ports,).
    share
        Part of its owner's power that a port takes, negative for generators, shape (ports,).
    base_v
        Rated voltage [V], shape (ports,).
    bounds
        ``low``, ``min_pu`` and ``max_pu``, shape (ports, 3).
    curves
        Coefficients of g_p and g_q by zone, shape (ports, 4, 6).
    exponents
        Exponents of P and Q over u of ports that need a power (model 4), else 0, shape (ports, 2).
    drop_out
        Voltage below which a ZIP load drops out [pu], 0 where it does not, shape (ports,).
    special
        Whether a port needs ``exponents`` or ``drop_out``.
    owners
        Kind and name of each owner; the first ``loads`` of them are loads.
    """

    nodes: Ints
    owner: Ints
    share: Real
    base_v: Real
    bounds: Real
    curves: Real
    exponents: Real
    drop_out: Real
    special: NDArray[np.bool_]
    owners: tuple[tuple[str, str], ...]
    loads: int


def unported(feeder: Feeder) -> str:
    """Why the loads and generators of a feeder cannot be ports; empty when they can."""
    for load in feeder.loads:
        if load.enabled and load.model not in LOAD_MODELS:
            return f"load {load.name} has load model {load.model}"
    for generator in feeder.generators:
        if generator.enabled and generator.model not in GENERATOR_MODELS:
            return f"generator {generator.name} has generator model {generator.model}"
    return ""


def ports(feeder: Feeder, node: Mapping[str, int]) -> Ports:
    """The ports of the loads, generators and idle storages of `feeder` in service.

    Parameters
    ----------
    node
        Index of each node ``bus.node`` by its name in the engine, as `dtl.powerflow.circuit.Circuit.node`.

    Raises
    ------
    SolveError
        A part hangs on a node that nothing else of the circuit touches.
    """
    parts: list[tuple[str, Load | Generator | Storage]] = [("load", p) for p in feeder.loads if p.enabled]
    loads = len(parts)
    parts += [("generator", p) for p in feeder.generators if p.enabled]
    parts += [("storage", p) for p in feeder.storages if p.enabled]
    pairs: list[tuple[int, int]] = []
    owner: list[int] = []
    rows: list[_Row] = []
    for i, (kind, part) in enumerate(parts):
        row = _load(part) if isinstance(part, Load) else _generator(part)
        for pair in _pairs(kind, part, node):
            pairs.append(pair)
            owner.append(i)
            rows.append(row)
    return Ports(
        nodes=np.array(pairs, np.int64).reshape(-1, 2),
        owner=np.array(owner, np.int64),
        share=np.array([r.share for r in rows]),
        base_v=np.array([r.base_v for r in rows]),
        bounds=np.array([r.bounds for r in rows]).reshape(-1, 3),
        curves=np.array([r.curves for r in rows]).reshape(-1, 4, 6),
        exponents=np.array([r.exponents for r in rows]).reshape(-1, 2),
        drop_out=np.array([r.drop_out for r in rows]),
        special=np.array([r.drop_out > 0 or any(r.exponents) for r in rows], np.bool_),
        owners=tuple((kind, part.name) for kind, part in parts),
        loads=loads,
    )


def pairs(of: Ports, place: Ints) -> tuple[Ints, Ints, Ints, Ints, Real]:
    """The ports in groups between the same two nodes, whose currents are computed as one.

    Returns
    -------
    tuple
        Positions of the two nodes by ``place``, shape (pairs, 2); where the ports of each pair begin in the array that
        follows, shape (pairs + 1,); the ports pair by pair; the kind of each pair, as `batch_kernels` knows them; and
        the squared voltages between which no port leaves its middle zone, and the largest 1 / base_v ** 2, shape
        (pairs, 3).
    """
    nodes, pair = np.unique(of.nodes, axis=0, return_inverse=True)
    pair = pair.ravel()
    order = np.argsort(pair, kind="stable")
    start = np.searchsorted(pair[order], np.arange(len(nodes) + 1))
    mixed = (of.curves[:, 2][:, [0, 1, 3, 4]] != 0).any(axis=1)
    kind = np.zeros(len(nodes), np.int64)
    np.maximum.at(kind, pair, np.where(of.special, 2, np.where(mixed, 1, 0)))
    band = np.tile([0.0, np.inf, 0.0], (len(nodes), 1))
    np.maximum.at(band[:, 0], pair, (of.bounds[:, 1] * of.base_v) ** 2)
    np.minimum.at(band[:, 1], pair, (of.bounds[:, 2] * of.base_v) ** 2)
    np.maximum.at(band[:, 2], pair, of.base_v**-2.0)
    return place[nodes], start.astype(np.int64), order.astype(np.int64), kind, band


@dataclass(frozen=True)
class _Row:
    share: float
    base_v: float
    bounds: Triple
    curves: tuple[tuple[float, ...], ...]
    exponents: tuple[float, float] = (0.0, 0.0)
    drop_out: float = 0.0


def _pairs(kind: str, part: Load | Generator | Storage, node: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    at = []
    for number in part.nodes:
        name = f"{names.spelled(part.bus)}.{number}"
        if number and name not in node:
            raise SolveError(
                f"{kind} {part.name} hangs on node {number} of bus {part.bus}, which is not in the circuit"
            )
        at.append(node[name] if number else 0)
    if part.connection == "wye":
        neutral = at[part.phases] if len(at) > part.phases else 0
        yield from ((a, neutral) for a in at[: part.phases])
    else:
        conductors = part.phases + 1 if part.phases < 3 else 3
        at += [0] * (conductors - len(at))
        yield from ((at[i], at[(i + 1) % conductors]) for i in range(part.phases))


def _base_v(part: Load | Generator | Storage) -> float:
    root = 3**0.5 if part.connection == "wye" and part.phases > 1 else 1.0
    return 1e3 * part.kv / root


def _load(part: Load) -> _Row:
    low = min(_LOWEST_PU, part.min_pu)
    bounds = (low, part.min_pu, part.max_pu)
    exponents, drop_out = (0.0, 0.0), 0.0
    if part.model == 8:
        z = part.zip
        p, q = (z[0], z[1], z[2]), (z[3], z[4], z[5])
        drop_out = max(z[6], 0.0)
    elif part.model == 4:
        p = {1.0: _CONSTANT_I, 2.0: _CONSTANT_Z}.get(part.cvr_watts, _CONSTANT_P)
        q = {2.0: _CONSTANT_Z}.get(part.cvr_vars, _CONSTANT_P)
        exponents = (part.cvr_watts if p == _CONSTANT_P else 0.0, part.cvr_vars if q == _CONSTANT_P else 0.0)
    else:
        p = q = {1: _CONSTANT_P, 2: _CONSTANT_Z, 5: _CONSTANT_I}[part.model]
    if part.model == 2:
        curves: tuple[tuple[float, ...], ...] = (p + q,) * 4
    elif part.model == 4:
        curves = _zones(_CONSTANT_P, bounds)[0], _zones(_CONSTANT_P, bounds)[1], p + q, _zones(_CONSTANT_P, bounds)[3]
    else:
        by_zone = zip(_zones(p, bounds), _zones(q, bounds), strict=True)
        curves = tuple(a[:3] + b[3:] for a, b in by_zone)
    return _Row(1.0 / part.phases, _base_v(part), bounds, curves, exponents, drop_out)


def _zones(mix: Triple, bounds: Triple) -> tuple[tuple[float, ...], ...]:
    """The zones of a mix of constant impedance, current and power, for P and Q alike."""
    low, least, most = bounds
    z, i, p = mix
    span = least - low
    rise_p = (1.0 / least - low) / span if span else 0.0
    rise_i = (1.0 - low) / span if span else 0.0
    below = (z + p * rise_p + i * rise_i, p * (low - rise_p * low) + i * (low - rise_i * low), 0.0)
    above = (z + i / most + p / most**2, 0.0, 0.0)
    return tuple(c + c for c in (_CONSTANT_Z, below, mix, above))


def _generator(part: Generator | Storage) -> _Row:
    least, most = (part.min_pu, part.max_pu) if isinstance(part, Generator) else (0.9, 1.1)
    third = 3.0 if part.connection == "delta" and part.phases == 1 else 1.0
    low = (1.0 / least**2 / third, 0.0, 0.0) if least else _CONSTANT_Z
    high = (1.0 / most**2 / third, 0.0, 0.0)
    curves = tuple(c + c for c in (low, low, _CONSTANT_P, high))
    return _Row(-1.0 / part.phases, _base_v(part), (least, least, most), curves)
