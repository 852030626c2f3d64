"""Generation behind a meter: what of a net load is sun, given metered generation or irradiance nearby.

Net load y = L - S. The scale of S comes from low quantiles of y: a home's lowest loads depend little on the hour, so
where the sun pulls them down is generation [1]_. Level and context are then combined sample by sample as in
contextually supervised source separation [2]_: S is the posterior mean between what the sun suggests and what the
home's own distribution of load makes of the remainder. So no load becomes negative, and night stays zero.

References
----------
.. [1] R. Koenker, G. Bassett, Regression quantiles, Econometrica 46 (1978) 33-50.
.. [2] M. Wytock, J. Z. Kolter, Contextually supervised source separation, AAAI 2014; M. Tabone, S. Kiliccote,
   E. C. Kara, Disaggregating solar generation behind individual meters in real time, BuildSys 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog, nnls
from scipy.stats import spearmanr

from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]

TAUS = (0.1, 0.2, 0.3, 0.4, 0.5)
WINDOW_DAYS = 28
MOST_ROWS = 3000
"""Rows of a window's regression; a longer window is thinned evenly."""
LEAST_DAYS = 7
FLOOR = 0.05
"""Quantile that stands for the lowest loads."""
DROP = 0.5
"""Sun is seen where the floor of the brightest hours lies below this share of the night's."""
CHANCE, LOW = 0.005, 0.2
"""Chance at which the low loads (this quantile) of a day's bright hours would fall so well with its brightness."""
DARK = 0.005
"""Share of a column's highest value below which it is night."""
GRID = 101
LEAST_KW = 0.02
"""Smallest load in the home's distribution [kW]; distributions are smoothed on a logarithmic scale."""


@dataclass(frozen=True)
class Split:
    """Generation and load behind a meter; arrays have one value per interval [kW]."""

    solar_kw: Array
    low_kw: Array
    high_kw: Array
    """The 90 % interval of the generation."""
    load_kw: Array
    capacity_kw: float
    """Highest generation that the sun suggests; 0 without any."""
    since: int
    """First day (index) with generation; -1 without any."""
    exports: bool
    """Whether power flowed to the grid: certain proof of a source."""


def split(net_kw: Array, sun: Array, hour: Array, day: NDArray[np.int64]) -> Split | NotEnough:
    """Split a net load into load and solar generation; a home without any gets exactly zero.

    Parameters
    ----------
    net_kw : shape (n,); nan where missing.
    sun : shape (n, k), each column the generation of a metered plant nearby or irradiance on a plane, any unit;
        a column's day without any value above zero while others shine is an outage and is bridged by them.
    hour : local hour of the day, 0 to 24.
    day : number of the day, from 0.
    """
    net = np.asarray(net_kw, float)
    columns = bridged(np.maximum(np.asarray(sun, float), 0.0), day)
    use = np.isfinite(net) & np.isfinite(columns).all(1)
    why = _lacks(net, columns, use, day)
    if why:
        return NotEnough(why)
    columns = np.where(np.isfinite(columns), columns / np.nanmax(columns, axis=0), 0.0)
    bright = columns.max(1)
    since = _since(net, bright, use, day, hour)
    nothing = np.zeros(len(net))
    if since < 0:
        return Split(nothing, nothing, nothing, net, 0.0, -1, exports=False)
    rows = use & (day >= since)
    weights = _scale(net, columns, hour, day, rows)
    spread = _mismatch(columns[rows])
    low, solar, high = _posterior(net, columns @ weights, spread, hour, bright, rows)
    lit = rows & (bright > DARK)
    weights = nnls(columns[lit], solar[lit])[0]
    suggested = columns @ weights
    if not np.any(suggested[rows] > 0):
        return Split(nothing, nothing, nothing, net, 0.0, -1, exports=False)
    low, solar, high = _posterior(net, suggested, spread, hour, bright, rows)
    solar[~np.isfinite(columns).all(1) | (day < since)] = 0.0
    exports = bool(np.quantile(net[rows], 0.005) < 0)
    return Split(solar, low, high, net + solar, float(suggested[rows].max()), since, exports)


def _lacks(net: Array, sun: Array, use: NDArray[np.bool_], day: NDArray[np.int64]) -> str:
    """Why a net load cannot be split; empty if it can."""
    days = len(np.unique(day[use]))
    if days < LEAST_DAYS:
        return f"{days} days have net load and sun, {LEAST_DAYS} are needed"
    if use.mean() < 0.5:
        return f"net load or sun is missing in {100 * (1 - use.mean()):.0f} % of the intervals"
    if not np.any(net[use]):
        return "the net load is zero in every interval"
    if (zeros := float((net[use] == 0.0).mean())) > 0.5:
        return f"the net load is zero in {100 * zeros:.0f} % of the intervals"
    if np.any(np.ptp(sun[use], axis=0) <= 0):
        return "the irradiance, or the plant that stands for the sun, never changes"
    if not np.any(sun[use].max(1) <= DARK * sun[use].max()):
        return "there is no night: all intervals have sun"
    return ""


def bridged(sun: Array, day: NDArray[np.int64]) -> Array:
    """The columns of the sun, days on which one is dead while others shine filled from these; alone it is missing."""
    filled, days = sun.copy(), day - day.min()
    energy = np.stack([np.bincount(days, np.nan_to_num(c)) for c in sun.T], axis=1)
    typical = np.median(energy, axis=0)
    dead = energy <= 0.01 * typical
    for j in range(sun.shape[1]):
        lost = dead[days, j] | ~np.isfinite(sun[:, j])
        others = [i for i in range(sun.shape[1]) if i != j]
        seen = np.isfinite(sun).all(1) & ~dead[days].any(1)
        if not lost.any() or not seen.any():
            continue
        filled[lost, j] = np.nan
        if others:
            x = np.nan_to_num(sun[:, others])
            known = lost & ~dead[days][:, others].any(1)
            filled[known, j] = x[known] @ nnls(x[seen], sun[seen, j])[0]
    return filled


def _since(net: Array, bright: Array, use: NDArray[np.bool_], day: NDArray[np.int64], hour: Array) -> int:
    """Day after which the floor of the sunny hours lies below that of the night; -1 if it never does.

    A floor that falls at noon on dim days as well is a habit, not the sun.
    """
    night = use & (bright <= DARK)
    sunny = use & (bright > np.quantile(bright[use & (bright > DARK)], 0.6))
    floor = np.quantile(net[night], FLOOR)
    limit = floor - (1 - DROP) * max(abs(floor), LEAST_KW)
    fallen = sunny & (net < limit)
    days = np.unique(day[sunny])
    share = np.asarray([fallen[sunny & (day == d)].mean() for d in days])
    seen = share >= FLOOR
    if seen.mean() < 0.1 or seen.sum() < 3:
        return -1
    exports = np.quantile(net[sunny], FLOOR) < -LEAST_KW
    dim = use & (bright > DARK) & (bright < 0.3) & np.isin(np.floor(hour), np.unique(np.floor(hour[sunny])))
    if not exports and dim.sum() >= 20 and np.quantile(net[dim], FLOOR) < limit:
        return -1
    first = int(np.argmax([seen[k:].mean() - seen[:k].mean() if k else seen.mean() for k in range(len(seen))]))
    before = seen[:first]
    installed = len(before) >= 5 and before.mean() < 0.1 and seen[first:].mean() > 0.6
    since = int(days[first - 1]) + 1 if installed else int(day.min())
    same = use & (bright > DARK) & (day >= since) & np.isin(np.floor(hour), np.unique(np.floor(hour[sunny])))
    return since if exports or _follows(net[same], bright[same], day[same]) else -1


def _follows(net: Array, bright: Array, day: NDArray[np.int64]) -> bool:
    """Whether the low loads of days are the lower the brighter the day, beyond chance (Spearman's rank correlation)."""
    days = [day == d for d in np.unique(day)]
    low, light = [np.quantile(net[own], LOW) for own in days], [bright[own].mean() for own in days]
    if len(days) < LEAST_DAYS or np.ptp(low) == 0 or np.ptp(light) == 0:
        return False
    return bool(spearmanr(light, low, alternative="less").pvalue < CHANCE)


def _scale(net: Array, sun: Array, hour: Array, day: NDArray[np.int64], rows: NDArray[np.bool_]) -> Array:
    """Weight of each column, the median over windows of the mean over quantiles; shape (k,), never negative."""
    window = (day - day[rows].min()) // WINDOW_DAYS
    if window.max() and (window == window.max()).sum() < (window == 0).sum() / 2:
        window = np.minimum(window, window.max() - 1)
    angle = 2 * np.pi * hour / 24
    context = np.column_stack([np.ones(len(net)), np.sin(angle), np.cos(angle)])
    found = []
    for w in np.unique(window[rows]):
        own = np.flatnonzero(rows & (window == w))
        own = own[:: max(1, -(-len(own) // MOST_ROWS))]
        parts = [_quantile_weights(net[own], sun[own], context[own], tau) for tau in TAUS]
        found.append(np.mean(parts, axis=0))
    return np.asarray(np.median(found, axis=0))


def _quantile_weights(net: Array, sun: Array, context: Array, tau: float) -> Array:
    """Weights of the sun in the tau-quantile of the net load: y ~ context - sun w, w >= 0.

    The dual of the linear programme of Koenker and Bassett (1978) has a row per column and not per reading, which is
    solved several times as fast; the weights are what its rows are worth.
    """
    rows = {"A_ub": -sun.T, "b_ub": np.zeros(sun.shape[1]), "A_eq": context.T, "b_eq": np.zeros(context.shape[1])}
    found = linprog(-net, **rows, bounds=(tau - 1, tau), method="highs")
    return -np.asarray(found.ineqlin.marginals, np.float64)


def _mismatch(sun: Array) -> float:
    """Relative error of generation suggested by others, half as much again as of one column by the rest."""
    if sun.shape[1] < 2:
        return 0.25
    errors = []
    for j in range(sun.shape[1]):
        rest = np.delete(sun, j, axis=1)
        said = rest @ nnls(rest, sun[:, j])[0]
        errors.append(np.sqrt(((sun[:, j] - said) ** 2).sum() / max((said**2).sum(), 1e-12)))
    return float(np.clip(1.5 * np.mean(errors), 0.15, 0.40))


def _posterior(
    net: Array, suggested: Array, spread: float, hour: Array, bright: Array, rows: NDArray[np.bool_]
) -> tuple[Array, Array, Array]:
    """5 % quantile, mean and 95 % quantile of the generation, given the suggestion and the home's loads.

    The density of loads is estimated from the split itself, twice: first with the suggestion, then with the result.
    """
    lit = np.flatnonzero(rows & (bright > DARK))
    sigma = spread * suggested[lit] + 0.03 * suggested[rows].max()
    grid = np.maximum(suggested[lit, None] + sigma[:, None] * np.linspace(-3.5, 3.5, GRID), 0.0)
    prior = np.exp(-0.5 * ((grid - suggested[lit, None]) / np.maximum(sigma, 1e-9)[:, None]) ** 2)
    load = net[lit, None] + grid
    solar, low, high = suggested * (rows & (bright > DARK)), np.zeros(len(net)), np.zeros(len(net))
    for _ in range(2):
        centres, density = _densities((net + solar)[rows], hour[rows])
        likely = np.zeros_like(load)
        clock = np.floor(hour[lit]).astype(int)
        logs = np.log(np.maximum(load, LEAST_KW))
        for h in np.unique(clock):
            own = clock == h
            likely[own] = np.interp(logs[own], centres, density[h])
        likely = np.where(load > LEAST_KW, likely / np.maximum(load, LEAST_KW), 0.0) * prior
        total = likely.sum(1)
        known = total > 0
        share = np.cumsum(likely, axis=1) / np.where(known, total, 1.0)[:, None]
        least = np.maximum(-net[lit], 0.0)
        mean = (likely * grid).sum(1) / np.where(known, total, 1.0)
        solar[lit] = np.maximum(np.where(known, mean, least), least)
        for out, q in ((low, 0.05), (high, 0.95)):
            at = np.minimum((share < q).sum(1), GRID - 1)
            out[lit] = np.maximum(np.where(known, grid[np.arange(len(lit)), at], least), least)
    return low, solar, high


def _densities(load: Array, hour: Array) -> tuple[Array, Array]:
    """Density of the logarithm of the load at each hour of the day, smoothed over hours and loads; shape (24, bins)."""
    logs = np.log(np.maximum(load, LEAST_KW))
    edges = np.linspace(np.log(LEAST_KW), logs.max() + 0.5, 121)
    centres = (edges[1:] + edges[:-1]) / 2
    kernel = np.exp(-0.5 * ((centres[:, None] - centres) / 0.25) ** 2)
    kernel /= kernel.sum(0)
    counts = np.stack([np.histogram(logs[np.floor(hour) == h], edges)[0] for h in range(24)]).astype(float)
    apart = np.abs(np.arange(24)[:, None] - np.arange(24))
    near = np.exp(-0.5 * (np.minimum(apart, 24 - apart) / 6.0) ** 2)
    local = near @ counts
    local /= np.maximum(local.sum(1, keepdims=True), 1e-12)
    shares = (0.8 * local + 0.2 * counts.sum(0) / counts.sum()) @ kernel.T
    return centres, shares / (edges[1] - edges[0]) + 1e-6
