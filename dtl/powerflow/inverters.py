"""Inverters that respond to voltage, settled with the power flow by a fixed point.

Reactive power by voltage or by power and active power by voltage follow `dtl.powerflow.voltvar`. The voltage of an
inverter is the mean over its phases, per unit of its rated voltage (IEEE 1547-2018, clause 4.3: the applicable voltages
averaged). An inverter responds while it has power to give, and rests at night unless its source says otherwise.
Reactive power has priority, so active power gives way within the rating.

The fixed point ``x <- x + d (f(V(x)) - x)`` uses Anderson's acceleration of depth one (Anderson 1965, Journal of the
ACM 12(4)), column by column, and halves ``d`` where the distance grows. What does not settle is told, as of controls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS
from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder, Generator, Points
from dtl.powerflow import engine, names, voltvar
from dtl.powerflow.batch_ports import ports
from dtl.powerflow.fuzzy import FUZZY, Fuzzy
from dtl.powerflow.voltvar import Base, Curve

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Complex = NDArray[np.complex128]
Answering = TypeVar("Answering", Curve, Curve | Fuzzy)

MAX_STEPS = 60
"""Steps after which an inverter that still moves is said to hunt."""
PLANT = "generator."
"""Before the names of inverters among the devices that hunt."""
SETTLED = 10.0
"""Distance from the characteristic at which an inverter has settled, part of its kVA, per tolerance of the voltage."""
FLOAT32_PU = 2e-8
"""Least tolerance of voltages at which inverters settle whose powers OpenDSS reads in single precision [pu]."""
_LEAST_DAMPING = 1.0 / 64.0
_ROUNDING = 1e-9
"""Part of its kVA below which an inverter is not said to be cut."""


def responsive(feeder: Feeder) -> tuple[Generator, ...]:
    """The generators in service that respond to voltage, or to their own power."""
    return tuple(g for g in feeder.generators if g.enabled and (g.volt_var or g.volt_watt or g.control))


@dataclass(frozen=True)
class Inverters:
    """The inverters of a feeder that respond.

    Attributes
    ----------
    names
        Their names.
    row
        Place of each among all generators in service, shape (inverters,).
    rated_kw, kva
        Their ratings, shape (inverters,).
    least_kvar, most_kvar
        Limits of reactive power that their sources state, shape (inverters,).
    at_night
        Which respond without active power, shape (inverters,).
    reactive
        Curves of reactive power, and which inverters follow each.
    watt
        Curves of active power, and which inverters follow each.
    nodes, mean
        Nodes between which voltage is measured, shape (ports, 2), and the matrix that gives of the magnitudes there the
        voltage of each inverter [pu], shape (inverters, ports).
    """

    names: tuple[str, ...]
    row: Ints
    rated_kw: Real
    kva: Real
    least_kvar: Real
    most_kvar: Real
    at_night: NDArray[np.bool_]
    reactive: tuple[tuple[Curve | Fuzzy, Ints], ...]
    watt: tuple[tuple[Curve, Ints], ...]
    nodes: Ints
    mean: Real

    def pu(self, volts: Complex) -> Real:
        """Voltage of each inverter, shape (inverters, columns) [pu], from those of the nodes [V], ground first."""
        return np.asarray(self.mean @ np.abs(volts[self.nodes[:, 0]] - volts[self.nodes[:, 1]]), np.float64)

    def respond(self, pu: Real, available_kw: Real) -> tuple[Real, Real]:
        """Active [kW] and reactive power [kvar] that the characteristics ask for, shape (inverters, columns) each."""
        kw = available_kw.copy()
        kvar = np.zeros_like(kw)
        for watt, mine in self.watt:
            kw[mine] = voltvar.active_kw(watt, pu[mine], kw[mine], self.rated_kw[mine, None])
        for curve, mine in self.reactive:
            rated_kw, kva = self.rated_kw[mine, None], self.kva[mine, None]
            if isinstance(curve, Fuzzy):
                kvar[mine] = curve.kvar(pu[mine], kw[mine], rated_kw)
            elif curve.base == "power_factor":
                kvar[mine] = voltvar.reactive_by_power_kvar(curve, kw[mine], rated_kw)
            elif curve.base in ("limits", "headroom"):
                limits = self.least_kvar[mine, None], self.most_kvar[mine, None]
                kvar[mine] = voltvar.reactive_of_room_kvar(curve, pu[mine], kw[mine], kva, *limits)
            else:
                kvar[mine] = voltvar.reactive_kvar(curve, pu[mine], rated_kw, kva)
        kvar[(available_kw <= 0.0) & ~self.at_night[:, None]] = 0.0
        return voltvar.within_rating(kw, kvar, self.kva[:, None])


def inverters(feeder: Feeder, node: dict[str, int]) -> Inverters | None:
    """The inverters of a feeder, with the index of each node by its name in the engine; None where none responds."""
    mine = responsive(feeder)
    if not mine:
        return None
    at = ports(feeder.model_copy(update={"loads": (), "generators": mine, "storages": ()}), node)
    mean = np.zeros((len(mine), len(at.nodes)))
    mean[at.owner, np.arange(len(at.owner))] = 1.0 / at.base_v
    mean /= np.bincount(at.owner, minlength=len(mine))[:, None]
    place = {g.name: i for i, g in enumerate(g for g in feeder.generators if g.enabled)}
    rated = [g.kva if g.rated_kw is None else g.rated_kw for g in mine]
    curves: dict[str, Curve | Fuzzy] = {**voltvar.VOLT_VAR, **voltvar.COS_PHI_P, **FUZZY}
    of = [voltvar.name_of(g.volt_var, g.kva / g.systems, curves) if g.volt_var else "" for g in mine]
    own = [g.control for g in mine]
    return Inverters(
        tuple(g.name for g in mine),
        np.array([place[g.name] for g in mine], np.int64),
        np.array(rated, np.float64),
        np.array([g.kva for g in mine], np.float64),
        np.array([c.least_kvar if c else 0.0 for c in own]),
        np.array([c.most_kvar if c else 0.0 for c in own]),
        np.array([c is not None and c.at_night for c in own], np.bool_),
        (*_grouped(of, curves), *_stated([(c.volt_var, c.share_of) if c else None for c in own])),
        (*_grouped([g.volt_watt for g in mine], voltvar.VOLT_WATT),
         *_stated([(c.volt_watt, "rated_kva") if c else None for c in own])),
        at.nodes,
        mean,
    )  # fmt: skip


def _grouped(words: list[str], curves: Mapping[str, Answering]) -> tuple[tuple[Answering, Ints], ...]:
    used = np.array(words)
    return tuple((curves[w], np.flatnonzero(used == w)) for w in sorted(set(words) - {""}))


def _stated(own: list[tuple[Points, Base] | None]) -> tuple[tuple[Curve, Ints], ...]:
    """The curves that sources state, and which inverters follow each; an empty one is none."""
    known = dict.fromkeys(key for key in own if key and key[0])
    return tuple(
        (Curve(points, base, "stated by the source", "", 0.0), np.flatnonzero([key == (points, base) for key in own]))
        for points, base in known
    )


class Relaxation:
    """The fixed point of many columns.

    ``x`` is active and reactive power over the rating, shape (2 inverters, columns). ``step`` takes what the
    characteristics ask for at the voltages that ``x`` gives, and moves ``x``.
    """

    def __init__(self, x: Real) -> None:
        self.x = x
        self.distance = np.full(x.shape[1], np.inf)
        self._damping = np.ones(x.shape[1])
        self._before: tuple[Real, Real] | None = None

    def step(self, target: Real) -> None:
        """Move towards `target`, shape as ``x``."""
        gap = target - self.x
        distance = np.abs(gap).max(axis=0, initial=0.0)
        worse = distance > self.distance
        self._damping = np.where(worse, np.maximum(0.5 * self._damping, _LEAST_DAMPING), self._damping)
        move = self._damping * gap
        if self._before is not None:
            x, old = self._before
            change = gap - old
            square = (change**2).sum(axis=0)
            theta = np.divide((change * gap).sum(axis=0), square, out=np.zeros_like(square), where=square > 0.0)
            theta = np.where(worse, 0.0, np.clip(theta, -1.0, 1.0))
            move = move - theta * ((self.x - x) + self._damping * change)
        self._before = (self.x, gap)
        self.x = self.x + move
        self.distance = distance

    @property
    def gap(self) -> Real:
        """Distance of each from what was asked for last, of the shape of ``x``."""
        assert self._before is not None, "a step was made"
        return np.abs(self._before[1])

    def kept(self, columns: NDArray[np.bool_]) -> None:
        """Go on with some of the columns."""
        self.x, self.distance, self._damping = self.x[:, columns], self.distance[columns], self._damping[columns]
        if self._before is not None:
            self._before = (self._before[0][:, columns], self._before[1][:, columns])


@dataclass(frozen=True)
class Response:
    """What inverters do in some columns: powers, shape (inverters, columns), and which have not settled."""

    kw: Real
    kvar: Real
    hunting: NDArray[np.bool_]


def settle(
    of: Inverters, available_kw: Real, volts_at: Callable[[Real, Real, Ints], Complex], tolerance: float,
    begin: Real | None = None,
) -> Response:  # fmt: skip
    """The equilibrium of inverters and power flow in many columns.

    Parameters
    ----------
    available_kw
        Active power that is there, shape (inverters, columns) [kW].
    volts_at
        Node voltages [V], shape (nodes, some columns), of active and reactive powers in some columns.
    tolerance
        Tolerance of the voltages [pu].
    begin
        Voltages to begin with, shape (inverters, columns) [pu]; 1 if not given.
    """
    count, columns = available_kw.shape
    kva = of.kva[:, None]
    kw, kvar = of.respond(np.ones_like(available_kw) if begin is None else begin, available_kw)
    todo = np.arange(columns)
    running = Relaxation(np.concatenate([kw, kvar]) / np.concatenate([kva, kva]))
    for _ in range(MAX_STEPS):
        pu = of.pu(volts_at(kw[:, todo], kvar[:, todo], todo))
        running.step(np.concatenate(of.respond(pu, available_kw[:, todo])) / np.concatenate([kva, kva]))
        moving = running.distance > SETTLED * tolerance
        if not moving.any():
            return Response(kw, kvar, np.zeros((count, columns), np.bool_))
        todo = todo[moving]
        running.kept(moving)
        kw[:, todo], kvar[:, todo] = running.x[:count] * kva, running.x[count:] * kva
    hunting = np.zeros((count, columns), np.bool_)
    hunting[:, todo] = np.maximum(running.gap[:count], running.gap[count:]) > SETTLED * tolerance
    return Response(kw, kvar, hunting)


class Tally:
    """What the inverters of a feeder did in the steps that were solved; a step solved again counts once."""

    def __init__(self) -> None:
        self.hunting: dict[int, tuple[str, ...]] = {}
        self._cut, self._given, self._absorbed = (np.zeros(HOURS) for _ in range(3))

    def add(self, hours: Ints, of: Inverters, available_kw: Real, found: Response) -> None:
        """Count what was found in some hours, with the power that was available, shape (inverters, hours) [kW]."""
        if (lack := int(hours.max(initial=0)) + 1 - len(self._cut)) > 0:
            self._cut, self._given, self._absorbed = (
                np.append(values, np.zeros(lack)) for values in (self._cut, self._given, self._absorbed)
            )
        cut = available_kw - found.kw
        self._cut[hours] = np.where(cut > _ROUNDING * of.kva[:, None], cut, 0.0).sum(axis=0)
        self._given[hours] = np.maximum(found.kvar, 0.0).sum(axis=0)
        self._absorbed[hours] = np.maximum(-found.kvar, 0.0).sum(axis=0)
        for i, hour in enumerate(hours.tolist()):
            self.hunting.pop(hour, None)
            if found.hunting[:, i].any():
                self.hunting[hour] = tuple(PLANT + of.names[k] for k in np.flatnonzero(found.hunting[:, i]))

    def manifest(self, of: Inverters, step_h: float) -> dict[str, float]:
        """The numbers for the manifest of a case."""
        given = {
            "cut_kwh": self._cut.sum() * step_h,
            "given_kvarh": self._given.sum() * step_h,
            "absorbed_kvarh": self._absorbed.sum() * step_h,
            "most_cut_kw": self._cut.max(),
        }
        return {"inverters": len(of.names), **{key: float(f"{value:.9g}") for key, value in given.items()}}


class Engine:
    """The inverters of a circuit that OpenDSS holds; their shapes are memory of ours that is written while it solves.

    ``feeder`` is driven (`dtl.powerflow.opendss.driven`), and `follow` was called. ``seen`` is the voltage of each
    inverter when it settled last, shape (inverters, 1) [pu].
    """

    def __init__(self, feeder: Feeder, demand: Demand, of: Inverters) -> None:
        self.of = of
        self.seen: Real | None = None
        self._step_min = demand.step_min
        self._shapes = np.zeros((2, len(of.names), demand.steps), np.float32)
        self._available = np.zeros((len(of.names), demand.steps), np.float32)
        parts = {g.name: g for g in feeder.generators}
        for i, (name, kva) in enumerate(zip(of.names, of.kva.tolist(), strict=True)):
            drive = demand.plants.get(name)
            self._available[i] = parts[name].kw * (1.0 if drive is None else demand.profiles[drive.kw_profile])
            engine.share_shape(f"inverter{i}", self._shapes[0, i], self._shapes[1, i], self._step_min)
            engine.command(f"edit {names.element('generator', name)} kw={kva:.12g} kvar={kva:.12g} kva={kva:.12g} "
                           f"yearly=inverter{i} status=variable")  # fmt: skip

    def settle(
        self, hour: int, read: engine.Voltages, tolerance: float, begin: Real | None = None
    ) -> tuple[Response, int]:
        """The equilibrium in an hour as the engine stands, as `settle`, and the number of the engine's last message."""
        volts = np.empty((read.size, 1), np.complex128)
        message = 0

        def volts_at(kw: Real, kvar: Real, _: Ints) -> Complex:
            nonlocal message
            self._shapes[0, :, hour] = kw[:, 0] / self.of.kva
            self._shapes[1, :, hour] = kvar[:, 0] / self.of.kva
            engine.set_step(hour, self._step_min)
            message = engine.solve()
            read.read(volts[:, 0])
            return volts

        found = settle(self.of, self.available_kw(hour), volts_at, max(tolerance, FLOAT32_PU), begin)
        self.seen = self.of.pu(volts)
        return found, message

    def available_kw(self, hour: int) -> Real:
        """Power that is there in an hour, shape (inverters, 1) [kW]."""
        return np.asarray(self._available[:, hour : hour + 1], np.float64)
