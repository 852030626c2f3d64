"""The module ``calibrate``: load scale and power factor with which a feeder follows the measurements at its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.optimize import least_squares

from dtl import tables as contracts
from dtl.demand.calendar import DEFAULT_YEAR, HOURS, Calendar
from dtl.learning import calibrate_model
from dtl.learning.expected import minimise
from dtl.learning.head_model import Head, head, measured
from dtl.learning.insight import OK, REFUSED, Cell, Insight, LearnResult, NotEnough, not_enough

MODULE = "calibrate"
Array = NDArray[np.float64]
BOUNDS = {"load_scale": (0.5, 2.0), "power_factor": (0.8, 0.999)}
PRIOR = {"load_scale": 0.25, "power_factor": 0.05}
"""Standard deviation of what was known before."""
METER_SHARE = 0.01
"""Standard deviation of a measured power, as a share of its 95th percentile."""
HUBER = 3.0
BUDGET = 30
LEAST_H, LEAST_WEEKS = 168, 3
"""Hours that are fitted and scored at least, and weeks of them from which an interval can be told."""


@dataclass(frozen=True)
class Fit:
    """Values by parameter with 95 % intervals, and whether least squares alone find the same.

    ``rmse_before`` and ``rmse_after``: root mean squares on the scored hours, of the load scale those of kW, of the
    power factor those of kvar.
    """

    value: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    before: Mapping[str, float]
    identified: Mapping[str, bool]
    at_bound: Mapping[str, bool]
    rmse_before: Mapping[str, float]
    rmse_after: Mapping[str, float]
    smooth: bool


@dataclass(frozen=True)
class Problem:
    """A head, what is measured at it, and the parameters that may change; the rest stays as it is."""

    head: Head
    kw: Array
    kvar: Array | None
    change: tuple[str, ...]

    @property
    def start(self) -> Array:
        """The values before."""
        own = {"load_scale": 1.0, "power_factor": float(np.clip(self.head.power_factor, *BOUNDS["power_factor"]))}
        return np.asarray([own[name] for name in self.change], np.float64)

    def power(self, x: Array) -> tuple[Array, Array]:
        """Power into the feeder [kW, kvar] at some values."""
        own = {"load_scale": 1.0, "power_factor": self.head.power_factor} | dict(
            zip(self.change, map(float, x), strict=True)
        )
        return self.head.power(own["load_scale"], own["power_factor"])

    def residuals(self, x: Array, hours: NDArray[np.bool_]) -> Array:
        """Differences over their standard deviations in the hours, and those from what was known before."""
        parts = []
        for simulated, told in zip(self.power(x), (self.kw, self.kvar), strict=True):
            if told is not None:
                some = hours & np.isfinite(told)
                sigma = METER_SHARE * max(float(np.quantile(np.abs(told[some]), 0.95)), 1e-9)
                parts.append((simulated[some] - told[some]) / sigma)
        prior = np.asarray([PRIOR[name] for name in self.change])
        return np.concatenate([*parts, (x - self.start) / prior])

    def cost(self, x: Array, hours: NDArray[np.bool_]) -> float:
        """Huber's loss of the residuals, the mean."""
        r = np.abs(self.residuals(x, hours))
        return float(np.where(r <= HUBER, r**2, 2 * HUBER * r - HUBER**2).mean())

    def rmse(self, x: Array, hours: NDArray[np.bool_]) -> dict[str, float]:
        """Root mean square of the differences of the quantity that tells each parameter [kW, kvar]."""
        found = {}
        for name, simulated, told in zip(
            ("load_scale", "power_factor"), self.power(x), (self.kw, self.kvar), strict=True
        ):
            apart = simulated[hours] - told[hours] if told is not None else np.full(1, np.nan)
            found[name] = float(np.sqrt(np.nanmean(apart**2))) if np.isfinite(apart).any() else float("nan")
        return found

    def polished(self, x: Array, hours: NDArray[np.bool_]) -> Array:
        """The minimum that least squares reach from `x`."""
        low, high = np.asarray([BOUNDS[name] for name in self.change]).T
        inside = np.clip(x, low + 1e-6, high - 1e-6)
        found = least_squares(
            lambda v: self.residuals(v, hours), inside, bounds=(low, high), loss="huber", f_scale=HUBER
        )
        return np.asarray(found.x, np.float64)


def fit(
    problem: Problem, fitted: NDArray[np.bool_], scored: NDArray[np.bool_], week: NDArray[np.int64], seed: int
) -> Fit | NotEnough:
    """Values fitted on some hours and judged on others; intervals by leaving out one week after the other."""
    known = np.isfinite(problem.kw)
    weeks = np.unique(week[fitted & known])
    for hours, name in ((fitted & known, "fitted"), (scored & known, "scored")):
        if hours.sum() < LEAST_H:
            return NotEnough(f"{int(hours.sum())} measured hours are to be {name}, {LEAST_H} are needed")
    if len(weeks) < LEAST_WEEKS:
        return NotEnough(f"{len(weeks)} weeks are to be fitted, an interval needs {LEAST_WEEKS}")
    if np.ptp(problem.kw[known]) <= 1e-6 * max(float(np.abs(problem.kw[known]).max()), 1e-9):
        return NotEnough(f"the measured kW never changes: {problem.kw[known][0]:,.0f} in every hour")
    low, high = np.asarray([BOUNDS[name] for name in problem.change]).T
    searched = minimise(lambda x: problem.cost(x, fitted), low, high, BUDGET, seed)
    best = problem.polished(searched.x, fitted)
    direct = problem.polished(problem.start, fitted)
    left_out = np.array([problem.polished(best, fitted & (week != w)) for w in weeks])
    n = len(weeks)
    spread = 1.96 * np.sqrt((n - 1) / n * ((left_out - left_out.mean(0)) ** 2).sum(0))
    seen = [problem.kvar is not None or name != "power_factor" for name in problem.change]
    wide = 2 * spread >= 0.5 * (high - low)
    edge = (best - low < 1e-3 * (high - low)) | (high - best < 1e-3 * (high - low))
    rmse = [problem.rmse(x, scored) for x in (problem.start, best)]
    names = problem.change
    return Fit(
        dict(zip(names, best.tolist(), strict=True)),
        dict(zip(names, np.maximum(best - spread, low).tolist(), strict=True)),
        dict(zip(names, np.minimum(best + spread, high).tolist(), strict=True)),
        dict(zip(names, problem.start.tolist(), strict=True)),
        {name: bool(s and not w and not e) for name, s, w, e in zip(names, seen, wide, edge, strict=True)},
        dict(zip(names, edge.tolist(), strict=True)),
        rmse[0],
        rmse[1],
        bool(np.allclose(best, direct, atol=1e-3)),
    )


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights and the table ``calibration`` of a group; ``spec``: the words of `Calibrate`.

    Loads against the head need no further power flow; anything else is `dtl.learning.calibrate_model`.
    """
    kinds: Mapping[str, str] = spec.get("kinds") or {}
    year, zone = int(spec["measured_year"] or DEFAULT_YEAR), str(spec["timezone"])
    week = np.asarray([Calendar(year).start(24 * d).isocalendar().week for d in range(HOURS // 24)], np.int64).repeat(
        24
    )
    windows = [_window(spec[name], week, year) for name in ("fit_on", "score_on")]
    if {*spec["change"]} - BOUNDS.keys() or {*kinds.values()} - {"scada"}:
        return calibrate_model.learn(spec, tables, windows)
    told = measured(tables["scada"], spec["against"], year, zone) if "scada" in tables else {}
    if "kw" not in told:
        return LearnResult(
            [not_enough(MODULE, f"no kW is measured at the head by {', '.join(spec['against'])} in {year}")]
        )
    own = head(tables)
    if isinstance(own, NotEnough):
        return LearnResult([not_enough(MODULE, own.why)])
    kvar = told.get("kvar")
    if kvar is not None and min((np.isfinite(kvar) & window).sum() for window in windows) < LEAST_H:
        kvar = None
    problem = Problem(own, told["kw"], kvar, tuple(sorted(spec["change"])))
    found = fit(problem, windows[0], windows[1], week, int(spec.get("seed", 0)))
    if isinstance(found, NotEnough):
        return LearnResult([not_enough(MODULE, found.why)])
    feeder = str(tables["demand"]["feeder"][0].as_py())
    return _said(found, feeder, spec.get("calibrated") or ())


def _window(words: Any, week: NDArray[np.int64], year: int) -> NDArray[np.bool_]:
    """The hours of a window of the study's measured year."""
    if isinstance(words, Mapping):
        return np.full(HOURS, year in words["years"])
    return np.asarray(week % 2 == (1 if words == "odd_weeks" else 0), np.bool_)


def _said(found: Fit, feeder: str, stated: Sequence[Mapping[str, Any]] = ()) -> LearnResult:
    """The insights and the proposal; ``stated``: the values of ``network.calibrated``, which are in force."""
    in_force = [r for r in stated if r["feeder"].lower() == feeder.lower()]
    factor = float(next((r["value"] for r in in_force if r["parameter"] == "load_scale"), 1.0))
    rows, lines = [], []
    for name, value in found.value.items():
        table, column, unit = ("hourly", *(("source_kw", "kW") if name == "load_scale" else ("source_kvar", "kvar")))
        cells = [Cell("scada", feeder, "value"), Cell(table, feeder, column)]
        before, after = found.rmse_before[name], found.rmse_after[name]
        why = "" if found.identified[name] else "the data cannot tell it, it stays"
        if not why and not after < before:
            why = "no better on hours that were not fitted, it stays"
        how = "least squares find the same" if found.smooth else "only the search found it"
        span = f"95 % interval {found.low[name]:.3f} to {found.high[name]:.3f}"
        text = f"{name.replace('_', ' ')} {found.before[name]:.3f} -> {value:.3f}, {span}; {why or how}"
        judged = f"head on hours that were not fitted: {before:,.1f} {unit} before, {after:,.1f} {unit} after"
        rows += [
            Insight(
                MODULE, name, value, "1", f"{text}; {judged}", feeder, evidence=cells, verdict=REFUSED if why else OK
            ),
            Insight(
                MODULE,
                f"{name}_rmse_after",
                after,
                unit,
                f"{judged}{why and '; it stays as before'}",
                feeder,
                evidence=cells,
                verdict=REFUSED if why else OK,
            ),
        ]
        times = factor if name == "load_scale" else 1.0
        values = {"before": found.before[name], "fitted": value, "low": found.low[name], "high": found.high[name]}
        values["proposed"] = values["before"] if why else value
        line: dict[str, Any] = {"feeder": feeder, "parameter": name, "element": "", "unit": unit, "note": why}
        line |= {word: number * times for word, number in values.items()}
        line |= {"identified": found.identified[name], "at_bound": found.at_bound[name]}
        lines.append(line | {"rmse_before": _known(before), "rmse_after": _known(after)})
    lines += [calibrate_model.kept(r, feeder) for r in in_force if r["parameter"] not in found.value]
    return LearnResult(rows, {"calibration": contracts.frame("calibration", lines)})


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
