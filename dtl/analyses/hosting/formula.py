"""What physics alone says of the capacity of a site: the linear network around the state without plants.

In a few extreme hours the network answers one kilowatt of each plant, the loads drawing what they draw without it.
Voltages and currents are straight lines in ``t``, the current of a plant over what one kilowatt draws at the voltage
without it, so that limits are roots of quadratics. A plant at unity power factor that keeps its power turns its current
with its own voltage, and draws less as that rises:

    |a + t u b| = limit,     u = v / |v|,     v = 1 + t u z,     P = t |v|,

where ``a`` is a voltage or current without the plant, ``b`` its change, and ``z`` the change of the plant's own voltage
over what it is without. ``u`` is found in a few rounds. On a line with one plant that is the exact P = V (V - V_0) / R.
No power flow with a plant is solved; what loads answer is left to be learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.engines import Columns
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.rule import Rule
from dtl.analyses.hosting.search import deciding_hours

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Complex = NDArray[np.complex128]

TERMS = ("voltage", "thermal", "other")
_SITES = 128
"""Sites whose responses are held at a time."""
_HOURS = 4
_NEAREST = 16
"""Elements of each criterion, the nearest to its limit, whose nearest hour is looked at: a plant that moves a voltage
elsewhere a little brings such an element over its limit, in an hour that may be no one else's worst."""
_ROUNDS = 3
"""Times that the network is asked near an answer."""
_TURNS = 8
"""Rounds in which the turn of a plant's current is found."""
_LEAST_KW = 1e-3


def capacities(grid: Grid, top_kw: float) -> list[dict[str, Any]]:
    """What the formula says of each site of a grid, up to a largest plant; nothing where the engine has no factors.

    ``formula_kw`` is the least of ``voltage_kw``, ``thermal_kw`` and ``other_kw``, ``formula_term`` which; ``base_pu``
    and ``limit_pu`` are of the voltage that its least comes from, ``rise_pu`` its change by 1 MW. ``own_r`` and
    ``own_x`` are the change of the plant's own voltage by 1 MW [-], ``drop_pu`` what loads take there, and
    ``load_kw`` is the power into the feeder, all in the hour of the least.
    """
    hours = _telling(grid)
    count = len(grid.places)
    if not all(isinstance(grid.standing(int(h))[0], Columns) for h in hours):
        return []
    found: list[dict[str, Any]] = []
    for first in range(0, count, _SITES):
        some = np.arange(first, min(first + _SITES, count))
        best = _Best(len(some), top_kw)
        for hour in hours.tolist():
            at = _Hour(grid, hour, some)
            for _ in range(_ROUNDS):
                guess = _Best(len(some), top_kw)
                guess.take(at)
                at.near(np.maximum(np.minimum(guess.kw, best.kw).min(axis=0), _LEAST_KW))
            best.take(at)
        best.linear(grid, some)
        found += best.rows()
    return found


def _telling(grid: Grid) -> Ints:
    """The hours that tell a capacity: those a search begins with, and where elements are nearest to their limits."""
    found = [deciding_hours(grid, _HOURS)]
    for rule in grid.rules:
        if len(rule.rows) and not rule.change:
            over = rule.excess(grid.base, grid.base, grid.pre_existing)
            nearest = np.argsort(-over.max(axis=1), kind="stable")[:_NEAREST]
            found.append(over[nearest].argmax(axis=1))
    return np.unique(np.concatenate(found))


class _Hour:
    """The responses of some sites in one hour: phasors of voltages and currents without plants, and their change."""

    def __init__(self, grid: Grid, hour: int, some: Ints) -> None:
        self.grid, self.number, self.hour, self._some = grid, hour, int(grid.hours[hour]), some
        self._solver, self._judge = grid.standing(hour)
        self.rated, self.owner = self._judge.rated_amps(self.hour)
        self.base = grid.base.of(np.array([hour]))
        self.load_kw = -float(self.base.back_kw[: len(grid.feeder.sources)].sum())
        self.near(None)

    def near(self, kw: Real | None) -> None:
        """Ask the network near some powers of the plants [kW], shape (some,), or for its first answer."""
        assert isinstance(self._solver, Columns)
        volts, change, self.own, self.drop = self._solver.response(self.hour, self._some, kw)
        self._turn = np.ones(len(self._some), np.complex128)
        power = np.zeros(len(self._some)) if kw is None else kw
        for _ in range(_TURNS):
            own = 1.0 + power / np.abs(1.0 + power * self._turn * self.own) * self._turn * self.own
            self._turn = own / np.abs(own)
        self.pu = self._judge.voltages.phasors(volts[:, None]), self._judge.voltages.phasors(change)
        self.amps = self._judge.phase_amps(volts[:, None]), self._judge.phase_amps(change)

    def least(self, base: Complex, change: Complex, limit: Real, rising: bool) -> tuple[Real, Ints]:
        """The first power of each plant at which a row meets its limit [kW], and the row; shape (some,) each."""
        t = _root(base, change * self._turn, limit, rising)
        row = t.argmin(axis=0)
        first = np.minimum(np.take_along_axis(t, row[None], axis=0)[0], _nose(self._turn * self.own))
        own = np.abs(1.0 + np.where(np.isfinite(first), first, 0.0) * self._turn * self.own)
        return np.where(np.isfinite(first), first * own, np.inf), row


class _Best:
    """The least capacity of each site so far, by term, and what it comes from."""

    def __init__(self, count: int, top_kw: float) -> None:
        self.kw = np.full((len(TERMS), count), top_kw)
        self.about = {
            k: np.zeros(count) for k in ("base_pu", "limit_pu", "rise_pu", "own_r", "own_x", "drop_pu", "load_kw")
        }
        self.hour = np.zeros(count, np.int64)

    def take(self, at: _Hour) -> None:
        """Take in the rules of an hour."""
        for rule in at.grid.rules:
            if not len(rule.rows):
                continue
            if rule.criterion == "thermal":
                self._keep(1, at, at.least(*at.amps, _thermal(rule, at), True)[0])
            elif rule.power == 1.0:
                self._keep(2, at, _reverse(rule, at))
            elif rule.criterion != "unbalance":
                base, change = (x[rule.rows] for x in at.pu)
                for limit, rising in _edges(rule, at):
                    kw, row = at.least(base, change, limit, rising)
                    here = np.flatnonzero(self._keep(0, at, kw))
                    size = np.abs(base[row[here], 0])
                    self.about["base_pu"][here], self.about["limit_pu"][here] = size, limit[row[here], 0]
                    slope = (base[row[here], 0].conj() * change[row[here], here]).real / size
                    self.about["rise_pu"][here] = 1e3 * slope

    def _keep(self, term: int, at: _Hour, kw: Real) -> NDArray[np.bool_]:
        """Take in the capacities by one term; where they are the least of the term so far."""
        lower = kw < self.kw[term]
        least = (kw < self.kw.min(axis=0)) | (self.about["own_r"] == 0)
        self.kw[term] = np.minimum(self.kw[term], kw)
        said = {"own_r": 1e3 * at.own.real, "own_x": 1e3 * at.own.imag, "drop_pu": at.drop}
        for name, values in (said | {"load_kw": np.full(len(kw), at.load_kw)}).items():
            self.about[name][least] = values[least]
        self.hour[least] = at.hour // at.grid.calendar.per_hour
        return np.asarray(lower)

    def linear(self, grid: Grid, some: Ints) -> None:
        """Take in the screens."""
        for linear in grid.linear:
            with np.errstate(divide="ignore", invalid="ignore"):
                kw = np.where(linear.weight > 0, linear.limit[:, None] / linear.weight, np.inf)[:, some]
            if len(kw):
                self.kw[2] = np.minimum(self.kw[2], np.maximum(kw.min(axis=0), 0.0))

    def rows(self) -> list[dict[str, Any]]:
        """A row for each site."""
        least = self.kw.argmin(axis=0)
        return [
            {"formula_kw": float(self.kw[least[i], i]), "formula_term": TERMS[least[i]],
             **{f"{t}_kw": float(self.kw[n, i]) for n, t in enumerate(TERMS)},
             **{k: float(v[i]) for k, v in self.about.items()}, "formula_hour": int(self.hour[i])}
            for i in range(self.kw.shape[1])
        ]  # fmt: skip


def _root(base: Complex, change: Complex, limit: Real, rising: bool) -> Real:
    """The first t >= 0 at which |base + t change| reaches a limit from below (``rising``) or from above."""
    a = np.abs(change) ** 2
    b = (base.conj() * change).real
    c = np.abs(base) ** 2 - np.maximum(limit, 0.0) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(b * b - a * c)
        t = (root - b) / a if rising else c / (root - b)
        t = np.where(c >= 0 if rising else c <= 0, 0.0, t)
    t = np.where(np.isfinite(limit) & np.isfinite(t) & (t >= 0), t, np.inf)
    return np.asarray(t)


def _nose(own: Complex) -> Real:
    """The first t from which t |1 + t own| falls: no plant takes more than there; infinite where it never does."""
    a, b = 2.0 * np.abs(own) ** 2, 3.0 * own.real
    with np.errstate(divide="ignore", invalid="ignore"):
        t = 2.0 / (np.sqrt(b * b - 4.0 * a) - b)
    return np.asarray(np.where(np.isfinite(t) & (t > 0), t, np.inf))


def _edges(rule: Rule, at: _Hour) -> Iterator[tuple[Real, bool]]:
    """The limits of a rule of voltages [pu], shape (rows, 1), and whether they are met from below."""
    before = np.asarray(rule.value(at.base)[rule.rows], np.float64)[:, :1]
    limit = np.asarray(rule.limit, np.float64)[:, None]
    if rule.change:
        yield before + limit, True
        yield np.maximum(before - limit, 0.0), False
        return
    over = rule.sign * before > limit
    yield rule.sign * _after(rule, at, rule.sign * before, limit, over), rule.sign > 0


def _after(rule: Rule, at: _Hour, value: Real, limit: Real, over: NDArray[np.bool_]) -> Real:
    """The limits with what the study says of violations that are there without the plant."""
    how = at.grid.pre_existing
    if how == "counts":
        return limit
    return np.where(over, np.inf if how == "ignored" else value + rule.worse, limit)


def _thermal(rule: Rule, at: _Hour) -> Real:
    """The limits of the phases [A], shape (phases, 1)."""
    pct = np.asarray(rule.value(at.base), np.float64)[:, :1]
    limit = np.asarray(rule.limit, np.float64)[:, None]
    allowed = np.full(len(at.rated), np.inf)
    allowed[rule.rows] = (_after(rule, at, pct[rule.rows], limit, pct[rule.rows] > limit))[:, 0]
    return np.asarray((1e-2 * allowed * at.rated)[at.owner][:, None])


def _reverse(rule: Rule, at: _Hour) -> Real:
    """Room of the sources before power flows back, which other elements are left out of."""
    count = at.amps[1].shape[1]
    sources = rule.rows < len(at.grid.feeder.sources)
    room = rule.limit[sources] - np.asarray(rule.value(at.base))[rule.rows[sources], 0]
    return np.full(count, max(0.0, float(room.min())) if sources.any() else np.inf)
