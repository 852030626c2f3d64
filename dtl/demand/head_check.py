"""The sum of all meters of a feeder against the measured power of its head: energy, peak, shape, and clocks.

What the meters measure and what is lost between them and the head make up the head. The ratio of both tells unmetered
or misplaced load, the shape tells wrong meters, and a lag of hours tells a wrong clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOSS_SHARE = (0.02, 0.06)
"""Usual losses of a feeder, as shares of the energy of its head."""
LEAST_H = 168
"""Fewest common hours that are judged: a week."""
MOST_LAG_H = 24
CLEAR = 0.01
"""By how much the correlation of changes has to rise for another lag to be believed."""
FITS = 0.6
"""And how high it has to be: other load is no wrong clock."""
OWN = 0.95
"""Least correlation at that lag of meters with the head that feeds them: a clock that is wrong changes no profile."""


@dataclass(frozen=True)
class HeadCheck:
    """What the comparison found; all but ``hours`` are NaN where fewer than 168 hours are common.

    ``energy_ratio`` is meters over head, ``energy_error`` that of meters plus their losses against the head, both as
    shares; ``peak_ratio`` is the meters' highest hour, with losses, over that of the head; ``shape_error`` the root
    mean square of the differences of both profiles, each divided by its mean; ``correlation`` that of hours; and
    ``lag_h`` by how many hours the meters are late against the head (negative: early), 0 unless another lag fits
    clearly better.
    """

    hours: int
    meters_kwh: float
    head_kwh: float
    energy_ratio: float
    energy_error: float
    peak_ratio: float
    shape_error: float
    correlation: float
    lag_h: float
    lag_correlation: float

    def verdict(self) -> tuple[str, str]:
        """What follows, as ``ok``, ``warning`` or ``not_enough``, and why."""
        if not np.isfinite(self.energy_ratio):
            return "not_enough", f"only {self.hours} common hours of at least {LEAST_H}, or no energy"
        found = []
        low, high = 1.0 - 2 * LOSS_SHARE[1], 1.0
        if not low <= self.energy_ratio <= high:
            what = "more than" if self.energy_ratio > high else "much less than"
            found.append(f"count {what} the head measures: {100 * self.energy_ratio:.1f} % of its energy")
        if self.lag_h:
            late = f"{abs(self.lag_h):g} h {'late' if self.lag_h > 0 else 'early'}"
            found.append(
                f"are {late}: a zone or the label of intervals is wrong"
                if self.lag_correlation >= OWN
                else f"fit the head best {late}, and not well (correlation {self.lag_correlation:.2f}): is it that of "
                "another feeder?"
            )
        if found:
            return "warning", "the meters " + "; they ".join(found)
        if self.correlation < 0.9:
            return "warning", f"the profiles differ: their correlation is {self.correlation:.2f}"
        return "ok", f"the meters count {100 * self.energy_ratio:.1f} % of the energy of the head"

    def rows(self, feeder: str) -> list[dict[str, Any]]:
        """The numbers as rows: feeder, metric, value, unit."""
        units = {"hours": "h", "meters_kwh": "kWh", "head_kwh": "kWh", "lag_h": "h"}
        return [{"feeder": feeder, "metric": f"head_{name}", "value": float(value), "unit": units.get(name, "")}
                for name, value in vars(self).items()]  # fmt: skip


def head_check(meters_kw: Floats, head_kw: Floats, loss_share: float = sum(LOSS_SHARE) / 2) -> HeadCheck:
    """Compare two profiles.

    Parameters
    ----------
    meters_kw
        (T,) sum of the meters, hourly means, NaN where it is not complete [kW].
    head_kw
        (T,) power out of the head in the same hours, NaN where it is not measured or not good [kW].
    loss_share
        Losses between both, as a share of the energy of the head.
    """
    common = np.isfinite(meters_kw) & np.isfinite(head_kw)
    hours = int(common.sum())
    meters, head = np.asarray(meters_kw, np.float64)[common], np.asarray(head_kw, np.float64)[common]
    sums = float(meters.sum()), float(head.sum())
    if hours < LEAST_H or sums[0] <= 0 or sums[1] <= 0:
        return HeadCheck(hours, *sums, *[float("nan")] * 7)
    with_losses = meters / (1.0 - loss_share)
    lag, best, straight = _lag(np.asarray(meters_kw, np.float64), np.asarray(head_kw, np.float64))
    shape = meters / meters.mean() - head / head.mean()
    return HeadCheck(
        hours=hours,
        meters_kwh=sums[0],
        head_kwh=sums[1],
        energy_ratio=sums[0] / sums[1],
        energy_error=float(with_losses.sum() / sums[1] - 1.0),
        peak_ratio=float(with_losses.max() / head.max()),
        shape_error=float(np.sqrt(np.mean(shape**2))),
        correlation=straight,
        lag_h=lag,
        lag_correlation=best,
    )


def _lag(meters: Floats, head: Floats) -> tuple[float, float, float]:
    """The lag that fits best [h], its correlation, and that of no lag; changes from hour to hour are compared.

    Days resemble each other, so a lag of a day fits nearly as well as none: changes tell lags apart better than
    levels, and no lag is given up only for a clear gain.
    """
    change = np.diff(meters), np.diff(head)
    found = {lag: _correlation(*_shifted(*change, lag)) for lag in range(-MOST_LAG_H, MOST_LAG_H + 1)}
    best = max(found, key=lambda lag: (found[lag], -abs(lag)))
    straight = _correlation(meters, head)
    if found[best] < max(found[0] + CLEAR, FITS):
        return 0.0, straight, straight
    return float(best), _correlation(*_shifted(meters, head, best)), straight


def _shifted(late: Floats, head: Floats, lag: int) -> tuple[Floats, Floats]:
    return (late[lag:], head[: len(head) - lag]) if lag >= 0 else (late[:lag], head[-lag:])


def _correlation(a: Floats, b: Floats) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < LEAST_H // 2 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return 0.0
    return float(np.corrcoef(a[both], b[both])[0, 1])
