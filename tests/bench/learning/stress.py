"""Score of `dtl.learning.stress_rates` on a real utility's days, and of `dtl.learning.stress` on synthetic truth.

Real: rates fitted on 2000 to 2008, asked of the stressed days of 2009 to 2011. Synthetic: outages of a small utility
(`dtl.synth`, whose rates follow other formulas) by seed, the change of SAIFI and SAIDI between its years against
the expectation of the generator.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bench.learning import outage_risk

from dtl.learning import stress, stress_rates
from dtl.learning.daily_weather import of_year
from dtl.learning.outage_days import aligned
from dtl.synth.build import build
from dtl.synth.outages import Exposure, days, outages
from dtl.synth.settings import Settings
from dtl.synth.system import plan
from dtl.synth.weather import weather


def real(folder: Path) -> dict[str, float]:
    """Observed over expected on stressed days of later years, whose level is their own; and by a flat rate."""
    given, _ = outage_risk.days(folder)
    given = given.assign(gust_max=aligned(given["gust_max"], given["wind_max"])[0])
    causes = pd.read_csv(folder / "outage_days_2000_2011.csv").set_index(given.index)
    late = np.asarray(pd.DatetimeIndex(given.index).year >= 2009)
    found: dict[str, float] = {}
    groups = {"weather": ("Trees", "Lightning"), "equipment": ("Equipment",), "other": ("Animals",)}
    rule = stress_rates.scale(given[~late])
    known = rule.known(given)
    given, causes, late = given[known], causes[known], late[known]
    total, came = np.zeros(late.sum()), np.zeros(late.sum())
    for group, names in groups.items():
        counts = causes[list(names)].fillna(0.0).sum(axis=1).to_numpy(float)
        b = stress_rates.weights(rule.columns(given[~late]), counts[~late], rule.stresses)
        rate = np.exp(rule.columns(given[late]) @ b)
        total += rate * counts[late].sum() / rate.sum()
        came += counts[late]
        share = stress_rates.explained(given[~late], pd.Series(counts, given.index)[~late])
        found[f"{group}, deviance explained"] = float("nan") if share is None else share
    for column, name in (("wind_max", "windiest"), ("temp_max", "hottest"), ("rain", "wettest")):
        hard = (given[column][late] >= given[column][late].quantile(0.95)).to_numpy()
        found[f"{name} days, told over came"] = float(total[hard].sum() / came[hard].sum())
        found[f"{name} days, flat rate over came"] = float(came.mean() * hard.sum() / came[hard].sum())
    return found


def made(seed: int = 3, feeders: int = 6) -> tuple[list[Any], Any, Settings]:
    """Feeders with their exposure, the weather of their substations, and the settings of a small utility."""
    settings = Settings(feeders=feeders, seed=seed, meters=(100, 160))
    _, stubs = plan(settings)
    grown = [build(stub, stubs, settings) for stub in stubs]
    skies = {f.substation: weather(seed, f.substation, settings.years[0], settings.years[-1]) for f in grown}
    return [(f, Exposure(f, settings)) for f in grown], skies, settings


def interrupted(utility: tuple[list[Any], Any, Settings], seed: int) -> pd.DataFrame:
    """Sustained unplanned interruptions of the utility under another seed, in the columns of `stress.events`."""
    feeders, skies, settings = utility
    rows = []
    for feeder, exposure in feeders:
        for o in outages(feeder, skies[feeder.substation], replace(settings, seed=seed), exposure):
            if o.customers and o.cause != "planned":
                group = stress.GROUPS.get({"wind": "weather"}.get(o.cause, o.cause.split("_")[0]), "other")
                row = (pd.Timestamp(str(o.start)[:10]), group, float(o.customers), float(o.customer_minutes))
                rows.append((*row, feeder.id, o.cause, o.asset))
    return pd.DataFrame(rows, columns=["day", "group", "customers", "minutes", "feeder", "cause", "asset"])


def truth(utility: tuple[list[Any], Any, Settings], found: pd.DataFrame, draws: int) -> pd.DataFrame:
    """Customers and minutes of a year that the generator expects: its rates and weather, means of many draws."""
    feeders, skies, settings = utility
    years = {year: np.zeros(2) for year in settings.years}
    for feeder, exposure in feeders:
        sky = days(skies[feeder.substation])
        year = (sky.first + np.arange(len(sky.gust))).astype("M8[Y]").astype(int) + 1970
        for cause, factor in sky.factors.items():
            own = found[(found["feeder"] == feeder.id) & (found["cause"] == cause)]
            rate = exposure.rate(cause) / 365.25
            if own.empty or not rate:
                continue
            slow = np.where((sky.gust > 85) & np.isin(cause, ("vegetation", "wind", "lightning")), 1.9, 1.0)
            weight = np.stack([factor, factor * slow])
            inside = np.isin(year, settings.years)
            each = own[["customers", "minutes"]].sum().to_numpy() / draws / weight[:, inside].sum(axis=1)
            for y in years:
                years[y] += weight[:, year == y].sum(axis=1) * each
    return pd.DataFrame(years, ["customers", "minutes"]).T


def synthetic(draws: int = 100, records: int = 16, seed: int = 3) -> dict[str, float]:
    """Share of 90 % intervals of the change from the last year to each earlier one that hold the generator's own."""
    utility = made(seed)
    feeders, skies, settings = utility
    customers = float(sum(len(f.customers) for f, _ in feeders))
    every = [interrupted(utility, 1000 + k) for k in range(draws)]
    right = truth(utility, pd.concat(every), draws) / customers
    weathers = pd.concat([by_day(sky) for sky in skies.values()]).groupby(level=0).mean()
    last = settings.years[-1]
    asked = {str(y): stress.Ask(of_year(weathers, y)) for y in settings.years[:-1]}
    held: dict[str, list[bool]] = {"saifi": [], "saidi": []}
    ratio = []
    for found in every[:records]:
        told = stress.record(found, weathers, (weathers.index[0], weathers.index[-1]), customers)
        for case, change in told.changes(of_year(weathers, last), asked).items():
            for word, column in (("saifi", "customers"), ("saidi", "minutes")):
                came = right[column][int(case)] - right[column][last]
                held[word].append(bool(change[word].low <= came <= change[word].high))
                if word == "saifi":
                    ratio.append((change[word].change, came))
    slope = float(np.polyfit([r for _, r in ratio], [c for c, _ in ratio], 1)[0])
    found = {f"{word}, true change within the interval": float(np.mean(h)) for word, h in held.items()}
    return found | {"saifi, change told over true change (slope)": slope}


def by_day(sky: Any) -> pd.DataFrame:
    """Weather of the generator by day of standard time, in the columns of `daily`."""
    hours = pd.DataFrame({"gust": sky.gust_kmh / 3.6, "temp": sky.temperature_c, "rain": sky.precipitation_mm},
                         pd.DatetimeIndex(sky.utc) - pd.Timedelta(hours=6))  # fmt: skip
    day = hours.resample("D")
    return pd.DataFrame({"gust_max": day["gust"].max(), "temp_max": day["temp"].max(), "temp_min": day["temp"].min(),
                         "rain": day["rain"].sum()}).iloc[1:-1]  # fmt: skip


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/samples/ml/outage-days-seattle")
    for name, value in real(folder).items():
        print(f"stress | days of a real utility, 2009-2011 | {name} | {value:.2f}")
    for name, value in synthetic().items():
        print(f"stress | synthetic utility, 16 records of five years | {name} | {value:.2f}")
