"""Charging by sessions: vehicles arrive, charge at a charger's power, and leave; load and coincidence follow.

What a session takes is its power until the energy is in, falling linearly in time to a fifth over the last part of it
(the taper), and nothing after the vehicle left. What it could not get is told.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.scenarios import draw
from dtl.scenarios.ev_pool import Pool

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

TAPER_TO = 0.2
"""Part of a session's power that is left at the end of its taper."""
_MOST_PER_DAY = 96
_LOADS_AT_A_TIME = 128
_NUMBERS = 4
"""Random numbers of a session: whether, which, how strong, whether managed."""


@dataclass(frozen=True)
class Habit:
    """How the units of a profile (vehicles, or chargers in public) use their chargers.

    Attributes
    ----------
    weekday, weekend
        The pools of sessions.
    weekday_sessions, weekend_sessions
        Mean sessions of a unit on such a day.
    lowest_kw, charger_kw
        Power of a session: even between the two.
    season
        Energy by month relative to the mean of the year, shape (12,).
    taper_share
        Part of a session's energy that is taken with falling power.
    is_charger
        Whether units are chargers that many vehicles use, and not vehicles.
    regular
        Whether the same vehicles come day by day, so that days differ less than those of passers-by.
    unevenness
        Coefficient of variation of the use of units.
    vehicles_per_charger
        Units that share a charger at their load.
    managed, managed_from, managed_spread_h
        Share of sessions that are shifted; the hour on the clock from which (None: evenly over the stay), and the time
        over which their starts are spread [h].
    """

    weekday: Pool
    weekend: Pool
    weekday_sessions: float
    weekend_sessions: float
    lowest_kw: float
    charger_kw: float
    season: Real
    taper_share: float = 0.0
    is_charger: bool = False
    regular: bool = True
    unevenness: float = 0.0
    vehicles_per_charger: float = 1.0
    managed: float = 0.0
    managed_from: float | None = None
    managed_spread_h: float = 1.0


@dataclass(frozen=True)
class Sessions:
    """Sessions in the order of their arrival: the unit of each, times from the start of the year [h], kWh and kW."""

    unit: Ints
    arrival_h: Real
    start_h: Real
    departure_h: Real
    kwh: Real
    kw: Real

    def taken(self, order: NDArray[np.int64] | NDArray[np.bool_]) -> Sessions:
        """Some of the sessions."""
        return Sessions(self.unit[order], self.arrival_h[order], self.start_h[order], self.departure_h[order],
                        self.kwh[order], self.kw[order])  # fmt: skip


def sessions(habit: Habit, units: draw.Keys, site: Ints, calendar: Calendar, timezone: str) -> Sessions:
    """The sessions of a year.

    Parameters
    ----------
    units
        Key of each unit, from which alone its sessions follow.
    site
        Where each unit is, shape (units,): units of a site share its chargers.
    calendar, timezone
        Days, and the clock on which vehicles arrive.
    """
    found = _drawn(habit, units, calendar, timezone)
    found = _plugged(habit, found, site)
    if habit.managed <= 0.0:
        return found
    return _managed(habit, found, units, calendar, timezone)


def _drawn(habit: Habit, units: draw.Keys, calendar: Calendar, timezone: str) -> Sessions:
    weekend = calendar.weekday[::24] >= 5
    shift = (calendar.clock_hour(timezone)[12::24] - 12.0) % 24.0
    month = calendar.month[::24] - 1
    use = _use(habit, units)
    mean = np.where(weekend, habit.weekend_sessions, habit.weekday_sessions)
    most = float(mean.max() * use.max()) if len(use) else 0.0
    extra = 0 if habit.regular else int(np.ceil(most)) + 4
    slots = min(_MOST_PER_DAY, int(np.ceil(most)) + extra)
    own = np.clip(np.ceil(use * mean.max()) + extra, 1, max(slots, 1))[:, None]
    place = np.arange(365 * slots, dtype=np.int64)
    day = place // max(slots, 1)
    happens = draw.uniform(units[:, None], _NUMBERS * place) < use[:, None] * mean[day] / own
    happens &= place % max(slots, 1) < own
    unit, which = np.nonzero(happens)
    of, at = units[unit], _NUMBERS * which
    share, power = draw.uniform(of, at + 1), draw.uniform(of, at + 2)
    day = day[which]
    pools = habit.weekday.drawn(share), habit.weekend.drawn(share)
    pick = [np.where(weekend[day], b, a) for a, b in zip(_parts(pools[0]), _parts(pools[1]), strict=True)]
    arrival = 24.0 * day + pick[0] - shift[day]
    kw = habit.lowest_kw + (habit.charger_kw - habit.lowest_kw) * power
    made = Sessions(unit, arrival, arrival, arrival + pick[2], pick[1] * habit.season[month[day]], kw)
    return made.taken(np.lexsort((made.unit, made.arrival_h)))


def _parts(pool: Pool) -> tuple[Real, Real, Real]:
    return pool.arrival_h, pool.kwh, pool.stay_h


def _use(habit: Habit, units: draw.Keys) -> Real:
    """Use of each unit relative to the mean: log-normal, of mean 1 over many."""
    if habit.unevenness <= 0.0:
        return np.ones(len(units))
    sigma = float(np.sqrt(np.log1p(habit.unevenness**2)))
    return np.exp(sigma * draw.normal(units, -1 - np.arange(1)) - sigma**2 / 2.0)


def _plugged(habit: Habit, found: Sessions, site: Ints) -> Sessions:
    """The sessions as chargers become free; a vehicle comes again only after it left."""
    if not len(found.unit):
        return found
    if not habit.is_charger and habit.vehicles_per_charger <= 1.0:
        order = np.lexsort((found.arrival_h, found.unit))
        own = found.taken(order)
        first = np.flatnonzero(np.append(True, own.unit[1:] != own.unit[:-1]))
        again = np.append(own.arrival_h[1:], np.inf)
        again[np.append(first[1:], len(own.unit)) - 1] = own.arrival_h[first] + HOURS  # the year begins anew
        return replace(own, departure_h=np.minimum(own.departure_h, again))
    chargers = np.ceil(np.bincount(site) / habit.vehicles_per_charger).astype(int)
    start, leave, at = _queued(found, site, chargers, patient=habit.is_charger and not habit.regular)
    leave = np.clip(leave, start, np.maximum(start, HOURS))
    return replace(found, start_h=start, departure_h=leave, unit=at if habit.is_charger else found.unit)


def _queued(found: Sessions, site: Ints, chargers: Ints, *, patient: bool) -> tuple[Real, Real, Ints]:
    """When each session gets a charger of its site, first come first served, when it leaves, and whose charger it is.

    Who is patient waits no longer than it would stay, then stays as long as it would have; others leave when they must.
    """
    first = np.concatenate([[0], np.cumsum(np.bincount(site))])
    busy: list[set[int]] = [set() for _ in chargers]
    leaving: list[list[tuple[float, int]]] = [[] for _ in chargers]
    start, leave = found.arrival_h.copy(), found.departure_h.copy()
    at = found.unit.copy()
    told = zip(found.unit.tolist(), found.arrival_h.tolist(), found.departure_h.tolist(), strict=True)
    for i, (unit, arrival, departure) in enumerate(told):
        here = int(site[unit])
        taken, queue, count = busy[here], leaving[here], int(chargers[here])
        while queue and queue[0][0] <= arrival:
            taken.discard(heapq.heappop(queue)[1])
        begin, charger = arrival, (unit - int(first[here])) % count
        if len(taken) >= count:
            begin, charger = queue[0]
            if begin >= departure:
                start[i] = leave[i] = arrival
                continue
            heapq.heappop(queue)
            departure += begin - arrival if patient else 0.0
        elif charger in taken:
            charger = next(c for c in range(count) if c not in taken)
        taken.add(charger)
        heapq.heappush(queue, (departure, charger))
        start[i], leave[i], at[i] = begin, departure, first[here] + charger
    return start, leave, at


def _managed(habit: Habit, found: Sessions, units: draw.Keys, calendar: Calendar, timezone: str) -> Sessions:
    stay = np.maximum(found.departure_h - found.start_h, 1e-9)
    number = np.round(found.arrival_h * 3600.0).astype(np.int64)
    of = units[found.unit] ^ np.uint64(0xA5A5A5A5A5A5A5A5)
    chosen = draw.uniform(of, number) < habit.managed
    if habit.managed_from is None:
        slow = np.minimum(found.kw, found.kwh / stay)
        return replace(found, kw=np.where(chosen & (slow > 0.0), slow, found.kw))
    shift = (calendar.clock_hour(timezone)[12::24] - 12.0) % 24.0
    day = np.clip(found.start_h // 24.0, 0, 364).astype(np.int64)
    clock = found.start_h + shift[day]
    wait = (habit.managed_from - clock) % 24.0 + habit.managed_spread_h * draw.uniform(of, number + 1)
    latest = np.maximum(stay - needed_h(found.kwh, found.kw, habit.taper_share), 0.0)
    return replace(found, start_h=found.start_h + np.where(chosen, np.minimum(wait, latest), 0.0))


def needed_h(kwh: Real, kw: Real, taper_share: float) -> Real:
    """Time that sessions need for their energy [h]."""
    return np.asarray(kwh / kw * (1.0 - taper_share + 2.0 * taper_share / (1.0 + TAPER_TO)), np.float64)


def charge(
    found: Sessions, row: Ints, rows: int, taper_share: float, steps: int, hours: float = HOURS
) -> tuple[NDArray[np.float32], Real]:
    """Power of sessions in steps of a year that repeats itself.

    Parameters
    ----------
    row, rows
        Row of each session in the answer, and the number of rows.
    taper_share
        Part of the energy that is taken with falling power.
    steps, hours
        Steps of the year, and its length [h].

    Returns
    -------
    tuple
        Mean power [kW], shape (rows, steps), and the energy that each session was given [kWh].
    """
    step_h = hours / steps
    stay = np.maximum(found.departure_h - found.start_h, 0.0)
    lasts = np.minimum(stay, needed_h(found.kwh, found.kw, taper_share))
    given = _energy(lasts, found.kwh, found.kw, taper_share)
    power = np.zeros((rows, steps), np.float32)
    order = np.argsort(row, kind="stable")
    cuts = np.searchsorted(row[order], np.arange(0, rows + _LOADS_AT_A_TIME, _LOADS_AT_A_TIME))
    for block, (start, end) in enumerate(pairwise(cuts.tolist())):
        low = block * _LOADS_AT_A_TIME
        size = min(_LOADS_AT_A_TIME, rows - low)
        if size > 0 and end > start:
            mine = order[start:end]
            own = found.taken(mine)
            power[low : low + size] = _steps(own, row[mine] - low, size, lasts[mine], taper_share, steps, step_h)
    return power, given


def _steps(own: Sessions, row: Ints, rows: int, lasts: Real, taper_share: float, steps: int, step_h: float) -> Real:
    first = np.floor(own.start_h / step_h).astype(np.int64)
    last = np.maximum(np.ceil((own.start_h + lasts) / step_h).astype(np.int64), first + 1)
    count = last - first
    who = np.repeat(np.arange(len(first)), count)
    step = first[who] + np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
    since = [np.clip(edge * step_h - own.start_h[who], 0.0, lasts[who]) for edge in (step, step + 1)]
    kwh = [_energy(t, own.kwh[who], own.kw[who], taper_share) for t in since]
    place = row[who] * steps + step % steps
    total = np.bincount(place, weights=kwh[1] - kwh[0], minlength=rows * steps)
    return np.asarray(total.reshape(rows, steps) / step_h, np.float64)


def _energy(time_h: Real, kwh: Real, kw: Real, taper_share: float) -> Real:
    """Energy that was taken after some time [kWh]."""
    if taper_share <= 0.0:
        return np.asarray(np.minimum(kw * time_h, kwh), np.float64)
    flat = kwh * (1.0 - taper_share) / kw
    falls = 2.0 * kwh * taper_share / (kw * (1.0 + TAPER_TO))
    into = np.clip(time_h - flat, 0.0, falls)
    fallen = kw * (into - (1.0 - TAPER_TO) * into**2 / (2.0 * np.maximum(falls, 1e-12)))
    return np.asarray(kw * np.minimum(time_h, flat) + fallen, np.float64)


def coincidence(power: Real, charger_kw: float, counts: Sequence[int], draws: int, seed: int) -> list[float]:
    """Highest power of N chargers over N times the charger's, mean over random choices of N, for each N in `counts`.

    ``power`` has the shape (chargers, steps) [kW].
    """
    chosen = np.random.default_rng(seed)
    found = []
    for count in counts:
        tops = [power[chosen.permutation(len(power))[:count]].sum(axis=0).max() for _ in range(draws)]
        found.append(float(np.mean(tops)) / (count * charger_kw))
    return found
