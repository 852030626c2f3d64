"""Links between meters and transformers judged by the voltages that the meters read, within one group of feeders.

Meters behind one transformer share the drop in it, so their voltages move together. Each meter's voltage is divided by
its median, freed of what all meters of the group have in common, and differenced; its correlation with the sum of the
other meters of each candidate then tells where it belongs (after Blakely and Reno, IEEE PECI 2021, who correlate pairs
of meters). A link is changed only for a clear gain of correlation, never against an override.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dtl import tables
from dtl.network.feeder import Feeder
from dtl.network.meters import BANDS
from dtl.network.service_transformers import serving

Reals = NDArray[np.float64]

LEAST_H = 24 * 7
"""Fewest hours of a meter's voltages that tell anything: a week, whatever the length of an interval."""
GAIN, LEAST = 0.4, 0.5
"""Least gain of correlation, and least correlation, for which a link is changed."""
MIDDLE, WIDTH = 0.2, 0.06
"""Gain at which record and voltage are equally likely, and by how much the odds change with it."""
SURE = 0.95
"""Highest confidence of a change."""
DARK_V = 30.0
"""Below this a meter is without supply [V]."""
STUCK_H = 24
"""A voltage that stays the same to the last digit for so many hours is not measured."""
SETTLED = 0.9
"""A transformer confirms a meter whose voltage moves with its others, where half of these are at least so sure."""
CLIP = 5.0
"""Largest step that counts, in standard deviations: taps and faults would drown the rest."""


def refine(meters: pa.Table, readings: Path, feeder: Feeder, words: Mapping[str, Any]) -> pa.Table:
    """The table ``meters`` of a group with links changed, and confidences set, by voltages.

    Parameters
    ----------
    meters, readings
        A table of the contract ``meters`` and a file of the contract ``readings``.
    feeder
        The model of the group, for the places of its transformers.
    words
        ``max_distance_m`` of the study's ``network.meters``: the farthest candidate, where both have a place.
    """
    volts = _volts(readings, meters["meter"].cast(tables.TEXT).to_pylist())
    if volts is None:
        return meters
    rows = meters.to_pylist()
    steps, told = volts
    places = serving(tables.frame("network", feeder.rows()))
    units = sorted({row["transformer"] for row in rows} - {""})
    number = {name: i for i, name in enumerate(units)}
    code = np.array([number.get(row["transformer"], -1) for row in rows], np.int64)
    score = _scores(steps, code, len(units))
    score[~told] = np.nan
    score[~_near(rows, places, units, code, float(words["max_distance_m"]))] = np.nan
    loads = dict(zip(places["transformer"], places["loads"], strict=True))
    settled = _settled(rows, code, len(units))
    for i, row in enumerate(rows):
        if row["basis"] != "override" and np.isfinite(score[i]).any():
            _judge(row, score[i], units, int(code[i]), loads, settled)
    return tables.frame("meters", rows)


def _volts(readings: Path, meters: list[str]) -> tuple[Reals, NDArray[np.bool_]] | None:
    """Steps of each meter's voltage, (steps, meters), of unit variance with gaps at 0; and who has enough of them."""
    if not meters or not _any_volts(readings):
        return None
    rows = tables.read("readings", readings, ["meter", "start", "interval_min", "volts", "flag"]).to_pandas()
    rows = rows[rows["volts"].notna() & (rows["volts"] >= DARK_V) & (rows["flag"] == "measured")]
    if rows.empty:
        return None
    rows = _alike(rows.astype({"meter": str}).drop_duplicates(["start", "meter"]))
    wide = rows.pivot(index="start", columns="meter", values="volts").reindex(columns=meters)
    values = wide.to_numpy(np.float64, copy=True)
    interval_h = rows["interval_min"].max() / 60.0
    values[_stuck(values, int(STUCK_H / interval_h))] = np.nan
    told = np.isfinite(values).sum(axis=0) * interval_h > LEAST_H
    if not told.any():
        return None
    values = values[np.isfinite(values[:, told]).any(axis=1)][:, told]
    values /= np.nanmedian(values, axis=0)
    values -= np.nanmedian(values, axis=1, keepdims=True)
    steps = np.diff(values, axis=0)
    spread = np.nanstd(steps, axis=0)
    steps = np.clip(steps / np.where(spread > 0, spread, np.inf), -CLIP, CLIP)
    every = np.zeros((len(steps), len(meters)))
    every[:, told] = np.nan_to_num(steps)
    told[told] = spread > 0
    return every, told


def _any_volts(readings: Path) -> bool:
    """Whether a reading has a voltage; most meters measure none, and what they read else need not be looked at."""
    column = pq.read_table(readings, columns=["volts"])["volts"]
    return int(column.null_count) < len(column)


def _stuck(values: Reals, most: int) -> NDArray[np.bool_]:
    """Where a column repeats one value for more than `most` readings; gaps are passed over."""
    held = pd.DataFrame(values).ffill().to_numpy()
    new = np.vstack([np.ones((1, held.shape[1]), bool), held[1:] != held[:-1]]).ravel("F")
    run = np.cumsum(new) - 1
    length = np.bincount(run, np.isfinite(values).ravel("F"))
    return np.asarray((length[run] > most).reshape(values.shape, order="F"))


def _settled(rows: Sequence[Mapping[str, Any]], code: NDArray[np.int64], units: int) -> NDArray[np.bool_]:
    """Whether at least half of the meters of each unit are sure of it before voltages speak."""
    sure = np.array([row["confidence"] is not None and row["confidence"] >= SETTLED for row in rows])
    placed = code >= 0
    count = np.bincount(code[placed], minlength=units)
    return np.asarray(np.bincount(code[placed & sure], minlength=units) * 2 >= count)


def _alike(rows: pd.DataFrame) -> pd.DataFrame:
    """Readings of the longest interval there is, means of those that are shorter: steps compare nothing else."""
    longest = rows["interval_min"].max()
    if rows["interval_min"].min() == longest:
        return rows
    keys = [rows["start"].dt.floor(f"{longest}min"), rows["meter"]]
    found: pd.DataFrame = rows.groupby(keys).agg({"volts": "mean", "interval_min": "sum"}).reset_index()
    return found


def _scores(steps: Reals, code: NDArray[np.int64], units: int) -> Reals:
    """Correlation of each meter with the sum of the other meters of each unit, nan where there are none."""
    count = steps.shape[1]
    common = steps.T @ steps / len(steps)
    member = np.zeros((count, units))
    placed = code >= 0
    member[np.flatnonzero(placed), code[placed]] = 1.0
    with_unit = common @ member
    own = member * np.diag(common)[:, None]
    inside = (member * with_unit).sum(axis=0)
    rest = inside[None, :] - 2 * member * with_unit + own
    others = member.sum(axis=0)[None, :] - member
    usable = (others > 0) & (rest > 1e-9)
    return np.where(usable, (with_unit - own) / np.sqrt(np.where(usable, rest, 1.0)), np.nan)


def _near(
    rows: Sequence[Mapping[str, Any]], places: pd.DataFrame, units: list[str], code: NDArray[np.int64], most_m: float
) -> NDArray[np.bool_]:
    """Whether a unit may be the meter's: its own, or within reach, or one of either has no place."""
    known = dict(zip(places["transformer"], places[["x", "y"]].to_numpy(float), strict=True))
    there = np.array([known.get(u, (np.nan, np.nan)) for u in units], np.float64).reshape(-1, 2)
    at = np.array([[np.nan if row[c] is None else row[c] for c in ("x", "y")] for row in rows], np.float64)
    far = np.hypot(at[:, None, 0] - there[None, :, 0], at[:, None, 1] - there[None, :, 1]) > most_m
    placed = code >= 0
    far[np.flatnonzero(placed), code[placed]] = False
    return np.asarray(~far)


def _judge(
    row: dict[str, Any],
    score: Reals,
    units: Sequence[str],
    own: int,
    loads: Mapping[str, Sequence[str]],
    settled: NDArray[np.bool_],
) -> None:
    """Set link, confidence, band and candidates of one meter from its correlations.

    Voltages tell whose meters belong together, not where: units whose meters are mostly in doubt confirm none.
    """
    best = int(np.nanargmax(score))
    mine = score[own] if own >= 0 and np.isfinite(score[own]) else 0.0
    gain = float(score[best] - mine)
    keep = 1.0 / (1.0 + float(np.exp((gain - MIDDLE) / WIDTH)))
    if best != own and gain >= GAIN and score[best] >= LEAST:
        row["candidates"] = f"{row['transformer']}={keep:.2f}" if row["transformer"] else ""
        row |= {"transformer": units[best], "load": next(iter(loads.get(units[best], ())), ""), "basis": "voltage"}
        row["confidence"] = SURE * (1.0 - keep)
    elif best != own:
        row["confidence"] = min(1.0 if row["confidence"] is None else row["confidence"], max(keep, 0.02))
        row["candidates"] = f"{units[best]}={1.0 - keep:.2f}"
    elif score[own] >= LEAST and settled[own]:
        row["confidence"] = 0.99
    row["band"] = next(band for low, band in BANDS if (row["confidence"] or 0.0) >= low)
