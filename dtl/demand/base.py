"""The base demand of a group as the study asks for it: origins, correction to SCADA, and what is told of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dtl import tables
from dtl.demand import origins, scale
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import GENERATOR, Demand
from dtl.demand.meter_loads import Metered, metered
from dtl.demand.model_loads import model_loads
from dtl.demand.profiles import Followed, followed, stepped
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.network.service_transformers import serving

BUILT_IN = ("model_loads", "class_shapes", "profile")
"""Origins that are no source of readings."""
SHOWN = 5
"""Transformers that a warning names."""
PRESENT = 0.95
"""Share of a feeder's metered energy from which on an hour is compared with its head."""


@dataclass(frozen=True)
class Given:
    """The table ``meters`` of a group, and the files that its demand may rest on."""

    meters: pa.Table
    readings: Path
    scada: Path
    profile: Path | None = None
    followers: Path | None = None


def base_demand(
    feeder: Feeder,
    words: Mapping[str, Any],
    calendar: Calendar,
    timezone: str,
    classes: Path | None,
    given: Given,
    loss_share: float,
) -> tuple[Demand, dict[str, Any]]:
    """The base demand of a group, and what its assumptions tell.

    ``words`` is the section ``demand`` of the study; ``loss_share`` what the group loses between its loads and its
    heads, of the power of the heads.

    Raises
    ------
    SolveError
        The classes table is not as it must be, readings are longer than an hour, or no load has any demand.
    """
    model = model_loads(feeder, words, calendar, timezone, classes)
    plain = list(words["from"]) == ["model_loads"]
    kva, near = _loads(feeder) if not plain else ({}, {})
    rated = kva if words.get("implausible", "left_out") == "left_out" else None
    found = _metered(feeder, near, words, calendar, timezone, given, rated)
    places = {name: transformer for transformer, names in near.items() for name in names}
    profile = followed(given.profile, model, places, given.followers) if given.profile is not None else None
    demand, told = (model, origins.Told()) if plain else origins.base(model, found, words, calendar, timezone, profile)
    source, by = scale.context(words)
    heads = scale.heads(tables.read("scada", given.scada), source, calendar, timezone)
    corrected = scale.scaled(demand, by, heads, loss_share, _sums(found, feeder))
    facts = {
        "kwh": {k: round(v, 3) for k, v in sorted(told.kwh.items())},
        "loads": dict(sorted(told.loads.items())),
        "meters": found.facts if found is not None else {},
        "profile": profile.counts(demand, feeder) if profile is not None else {},
        "scale": {"by": by or "", "loss_share": round(loss_share, 6), "factors": corrected.factors},
        "head_check": corrected.checks,
        "warnings": [
            *told.warnings,
            *_lacking(told, words["from"]),
            *(found.warnings if found is not None else []),
            *_held(found, profile, given, calendar),
            *corrected.warnings,
            *_beyond(corrected.demand, near, kva),
        ],
    }
    return _with_generators(corrected.demand, profile, feeder, calendar), facts


def _with_generators(demand: Demand, profile: Followed | None, feeder: Feeder, calendar: Calendar) -> Demand:
    columns = profile.generators(feeder) if profile is not None else {}
    series = {GENERATOR + n: stepped(c, calendar.step_min).astype(np.float32) for n, c in columns.items()}
    return replace(demand, profiles={**demand.profiles, **series})


def _loads(feeder: Feeder) -> tuple[dict[str, float], dict[str, list[str]]]:
    """The loads by the transformer, or the bus, that they hang on; and the rating of each, 0 for a bus [kVA]."""
    near = serving(tables.frame("network", feeder.rows()))
    kva = {str(t): float(v) for t, v in zip(near["transformer"], near["kva"], strict=True)}
    return kva, {str(t): list(names) for t, names in zip(near["transformer"], near["loads"], strict=True) if names}


def _beyond(demand: Demand, near: Mapping[str, list[str]], kva: Mapping[str, float]) -> list[str]:
    """Transformers whose load is above their rating in the mean of the year: no transformer lives so."""
    found = []
    for transformer, names in near.items():
        mean = sum(float(np.mean(demand.kw(n))) for n in names if n in demand.drives)
        if 0 < kva[transformer] < mean:
            found.append((mean / kva[transformer], f"{transformer} {mean:,.0f} kW of {kva[transformer]:,.0f} kVA"))
    if not found:
        return []
    shown = ", ".join(text for _, text in sorted(found, reverse=True)[:SHOWN])
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return [
        f"{len(found)} transformers carry more than their rating in the mean of the year, which none outlives: "
        f"{shown}{more}; is a rating wrong, or a meter's transformer?"
    ]


def _metered(
    feeder: Feeder, near: Mapping[str, list[str]], words: Mapping[str, Any], calendar: Calendar, timezone: str,
    given: Given, rated_kva: Mapping[str, float] | None,
) -> Metered | None:  # fmt: skip
    """What the meters say, where the study asks a source of readings and there are any."""
    asked = [w for w in words["from"] if w not in BUILT_IN]
    if not asked or not pq.read_metadata(given.readings).num_rows:
        return None
    kw = {load.name: load.kw for load in feeder.loads if load.enabled}
    loads = {t: [(n, kw[n]) for n in names] for t, names in near.items()}
    return metered(given.readings, given.meters, loads, calendar, timezone, rated_kva)


def _sums(found: Metered | None, feeder: Feeder) -> dict[str, NDArray[np.float64]]:
    """By feeder the sum of all meters, nan in hours in which not all of their energy is there; of one feeder alone."""
    if found is None or len(feeder.feeders) != 1:
        return {}
    whole = found.cleaned.aggregate
    there = np.asarray(whole.share, np.float64)
    weight = whole.kwh.clip(min=0).sum(axis=1)
    share = (there * weight[:, None]).sum(axis=0) / max(float(weight.sum()), 1e-9)
    total = found.cleaned.kw
    sums = np.where(share >= PRESENT, np.nansum(total, axis=0), np.nan)
    return {feeder.feeders[0]: np.asarray(sums.reshape(HOURS, -1).mean(axis=1))}


def _held(found: Metered | None, profile: Followed | None, given: Given, calendar: Calendar) -> list[str]:
    """What is known by longer intervals than the study's steps."""
    longest: dict[str, int] = {}
    if found is not None:
        longest["readings"] = int(
            pc.max(pq.read_table(given.readings, columns=["interval_min"])["interval_min"]).as_py()
        )
    if profile is not None:
        longest["profiles"] = max(24 * 60 * 365 // (len(p.values) * p.per_year) for p in profile.profiles.values())
    return [
        f"{what} of {minutes} min are held through steps of {calendar.step_min} min"
        for what, minutes in longest.items()
        if minutes > calendar.step_min
    ]


def _lacking(told: origins.Told, asked: Sequence[str]) -> list[str]:
    if "none" not in told.loads:
        return []
    if len(told.loads) == 1:
        raise SolveError(
            f"no load has any demand: of demand.from ({', '.join(asked)}) nothing covers one in any hour; look at the "
            "meters' transformers and at the findings of their sources, or add model_loads"
        )
    return [
        f"{told.loads['none']} loads have hours that no origin of demand covers; they count as 0 kW: add model_loads"
    ]
