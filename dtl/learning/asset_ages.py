"""What the register and the record say of assets by age: their years, what failed, and what will."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dtl.learning import asset_hazard
from dtl.learning.asset_hazard import Hazard
from dtl.learning.insight import Cell, Insight, NotEnough, not_enough

Array = NDArray[np.float64]
MODULE, KIND = "outage_risk", "age"
LISTED = 10
"""Assets that are named, the first to fail."""
SCORE = "health_score"
"""The attribute of an asset that states its condition, on the scale of CNAIM from 0.5 to 10."""
YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Ages:
    """The assets that may fail, the hazard that was fitted to them, and what cannot be told."""

    assets: pd.DataFrame
    """``asset``, ``kind``, ``feeder``, ``built`` (day), ``exposure`` (km of a conductor, else 1), ``events``, score."""
    hazard: Hazard
    end: pd.Timestamp

    def expected(self, years: float, shape: float | None = None) -> Array:
        """Failures of each asset in the year that begins so many years after the record, none replaced."""
        age = (self.end - self.assets["built"]).dt.days.to_numpy(float) / YEAR_DAYS + years + 0.5
        hazard = self.hazard if shape is None else Hazard(self.hazard.rate, shape, 0.0, 0)
        return hazard.of(self.assets["kind"], age, self.assets["exposure"].to_numpy(float))

    def factor(self, years: float) -> tuple[float, float]:
        """Failures after some years over those of today, and the standard deviation of the logarithm of it."""
        if years <= 0:
            return 1.0, 0.0
        step = 0.05
        ratios = [
            float(self.expected(years, s).sum() / self.expected(0.0, s).sum())
            for s in (self.hazard.shape, self.hazard.shape + step)
        ]
        return ratios[0], abs(float(np.log(ratios[1] / ratios[0]))) / step * self.hazard.sd


def ages(tables: Mapping[str, pa.Table]) -> Ages | NotEnough:
    """The hazard of the assets of the register by what failed in the record."""
    if "assets" not in tables or not tables["assets"].num_rows:
        return NotEnough("no register of assets is given")
    assets = _assets(tables)
    if assets.empty:
        return NotEnough("no asset of the register has a day of installation")
    failed, first, last = _failed(tables, assets)
    spans = pd.concat([_year(assets, failed, y, first, last) for y in range(first.year, last.year + 1)])
    found = asset_hazard.fit(spans)
    if isinstance(found, NotEnough):
        return found
    seen = set(spans.loc[spans["events"] > 0, "kind"])
    kept = assets[assets["kind"].isin(seen)].reset_index(drop=True)
    counts = failed.groupby("asset").size()
    return Ages(kept.assign(events=kept["asset"].map(counts).fillna(0.0)), found, last)


def _assets(tables: Mapping[str, pa.Table]) -> pd.DataFrame:
    rows = tables["assets"].select(["asset", "kind", "feeder", "installed", "attributes"]).to_pandas()
    rows = rows[rows["installed"].notna() & ~rows["kind"].astype(str).isin(("substation", "feeder", "pole"))]
    rows = rows.drop_duplicates(["kind", "asset"])
    told = [json.loads(text) if text else {} for text in rows["attributes"]]
    length = np.array([float(t.get("length_m") or 0.0) for t in told]) / 1000.0
    line = (rows["kind"].astype(str) == "conductor").to_numpy()
    links = tables["links"].select(["asset", "feeder"]).to_pandas() if "links" in tables else pd.DataFrame()
    ours = {} if links.empty else dict(zip(links["asset"].astype(str), links["feeder"].astype(str), strict=True))
    names = rows["asset"].astype(str)
    return pd.DataFrame(
        {
            "asset": names.to_numpy(),
            "kind": rows["kind"].astype(str).to_numpy(),
            "feeder": [ours.get(a) or f for a, f in zip(names, rows["feeder"].astype(str), strict=True)],
            "built": pd.to_datetime(rows["installed"]).to_numpy(),
            "exposure": np.where(line, length, 1.0),
            "score": [float(t[SCORE]) if str(t.get(SCORE, "")).strip() else np.nan for t in told],
        }
    )


def _failed(tables: Mapping[str, pa.Table], assets: pd.DataFrame) -> tuple[pd.DataFrame, pd.Timestamp, pd.Timestamp]:
    """Failures by ``asset`` (named, else the transformer that opened) and ``day``; first and last day of the record.

    An id that assets of two kinds share, as numbers of rows are, names nothing.
    """
    rows = tables["outages"].select(
        ["failed", "cause", "kind", "element", "feeder", "day", "planned", "refused"]
    ).to_pandas()  # fmt: skip
    day = pd.to_datetime(rows["day"])
    rows = rows.assign(day=day)
    own = rows[(rows["cause"].astype(str) == "equipment") & (rows["refused"] == "") & (rows["planned"] != True)]  # noqa: E712
    links: dict[tuple[str, str, str], str] = {}
    if "links" in tables:
        table = tables["links"].select(["feeder", "kind", "element", "asset"]).to_pandas().astype(str)
        links = {(f, k, e): a for f, k, e, a in table.itertuples(index=False) if e and a}
    number = assets["asset"].value_counts()
    known = set(number.index[number == 1])
    found = []
    for row in own.itertuples(index=False):
        opened = links.get((str(row.feeder), str(row.kind), str(row.element)), "") if row.kind == "transformer" else ""
        asset = next((a for a in (str(row.failed), opened) if a in known), "")
        if asset:
            found.append((asset, row.day))
    return pd.DataFrame(found, columns=["asset", "day"]), day.min(), day.max()


def _year(
    assets: pd.DataFrame, failed: pd.DataFrame, year: int, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    """Assets of one calendar year of the record: age at its middle, exposure in km or units times years, failures."""
    start, end = max(first, pd.Timestamp(year, 1, 1)), min(last, pd.Timestamp(year, 12, 31)) + pd.Timedelta(days=1)
    begun = assets["built"].clip(lower=start)
    there = (end - begun).dt.days.clip(lower=0).to_numpy(float) / YEAR_DAYS
    middle = begun + (end - begun) / 2
    events = failed[(failed["day"] >= start) & (failed["day"] < end)].groupby("asset").size()
    rows = assets.assign(age=(middle - assets["built"]).dt.days / YEAR_DAYS, exposure=assets["exposure"] * there,
                         events=assets["asset"].map(events).fillna(0.0))  # fmt: skip
    return rows[rows["exposure"] > 0]


def told(found: Ages | NotEnough, horizon_days: int) -> list[Insight]:
    """The insights of ages: how failures rise with it, and the assets that are expected to fail first."""
    if isinstance(found, NotEnough):
        return [not_enough(MODULE, found.why, kind=KIND)]
    hazard, years = found.hazard, horizon_days / YEAR_DAYS
    cells = [Cell("assets", "", "installed"), Cell("outages", "", "failed")]
    word = ("failures rise with age" if hazard.low > 1 else "failures fall with age" if hazard.high < 1
            else "age makes no difference beyond chance")  # fmt: skip
    text = (
        f"{word}: Weibull shape {hazard.shape:.2f}, 90 % interval {hazard.low:.2f} to {hazard.high:.2f}, from "
        f"{hazard.events} failures of {len(found.assets)} assets whose age is known"
    )
    rows = [Insight(MODULE, "wear_shape", hazard.shape, "1", text, kind=KIND, evidence=cells)]
    ahead = found.expected(0.0) * years
    scores = found.assets["score"].to_numpy(float)
    if np.isfinite(scores).any():
        ahead = _by_score(found, ahead, scores)
    age = (found.end - found.assets["built"]).dt.days.to_numpy(float) / YEAR_DAYS
    for i in np.argsort(-ahead, kind="stable")[:LISTED]:
        one: Any = found.assets.iloc[int(i)]
        scored = f", health score {one['score']:.1f}" if np.isfinite(one["score"]) else ""
        text = (
            f"{100 * (1 - np.exp(-ahead[i])):.1f} % chance of a failure in {horizon_days} days; {age[i]:.0f} years "
            f"old{scored}, {one['events']:.0f} failures on record"
        )
        rows.append(Insight(MODULE, "failures_ahead", float(ahead[i]), "1", text, str(one["feeder"]), "",
                            str(one["kind"]), str(one["asset"]), None, cells))  # fmt: skip
    return rows


def _by_score(found: Ages, ahead: Array, scores: Array) -> Array:
    """Failures where a condition is stated: by the score's chance (CNAIM), at the level of the same assets by age."""
    out = ahead.copy()
    for kind in sorted(set(found.assets["kind"])):
        own = (found.assets["kind"] == kind).to_numpy() & np.isfinite(scores)
        if own.any():
            weight = asset_hazard.chance(np.clip(scores[own], asset_hazard.NEW, asset_hazard.WORST))
            weight = weight * found.assets["exposure"].to_numpy(float)[own]
            out[own] = ahead[own].sum() * weight / weight.sum()
    return out
