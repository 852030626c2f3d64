"""The base demand of a group of feeders: each load takes its series from the first origin that covers it.

Origins are ``meters`` (readings summed by transformer), ``class_shapes`` (energy of the metered customers of a class,
in the yearly shape of that class), ``profile`` (a file of profiles) and ``model_loads`` (the model's own load in the
shape of its class), in the order that the study states. Where an origin covers a part of the year, the next one covers
the rest, scaled so that both have the same energy in the hours that the first one covers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand import shapes
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand, Drive
from dtl.demand.meter_loads import Metered
from dtl.demand.profiles import Followed

Reals = NDArray[np.float64]

LEAST_H = 24 * 14
"""Fewest hours by which another origin is scaled: two weeks, so that weekdays and weekends are in them."""


@dataclass
class Told:
    """What the assumptions of a group are told: how much energy is from which origin, and what was assumed."""

    kwh: dict[str, float] = field(default_factory=dict)
    loads: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def base(
    model: Demand,
    metered: Metered | None,
    words: Mapping[str, Any],
    calendar: Calendar,
    timezone: str,
    profile: Followed | None = None,
) -> tuple[Demand, Told]:
    """The demand of all loads, by step, from the origins that `words` (the study's section ``demand``) lists.

    Parameters
    ----------
    model
        The demand by ``model_loads``, which knows every load with its class and customers.
    metered
        What the meters say of the loads; None where the study does not ask for them.
    profile
        The file of profiles; None where the study names none.
    """
    told = Told()
    drives: dict[str, Drive] = {}
    profiles: dict[str, NDArray[np.float32]] = {}
    origins = _origins(model, metered, words, calendar, timezone, profile)
    for name, drive in sorted(model.drives.items()):
        if metered is not None and name in metered.classes:
            drive = metered.described(drive)
        kw, used = _series(name, drive, origins, calendar)
        for origin, hours in used.items():
            told.kwh[origin] = told.kwh.get(origin, 0.0) + float(kw[hours].sum()) / calendar.per_hour
            told.loads[origin] = told.loads.get(origin, 0) + 1
        if set(used) == {"model_loads"}:
            drives[name] = drive
            profiles |= {p: model.profiles[p] for p in (drive.kw_profile, drive.kvar_profile)}
            continue
        kvar = metered.kvar(name) if metered is not None else None
        ratio = _ratio(drive, words)
        reactive = kw * ratio if kvar is None else np.where(np.isnan(kvar), kw * ratio, kvar)
        if profile is not None and "profile" in used:
            followed = profile.kvar(name, drive, model.drives[name].kvar, calendar)
            if followed is not None:
                reactive[used["profile"]] = followed[used["profile"]]
        drives[name], own = _drive(drive, kw, reactive, "+".join(used))
        profiles |= own
    return Demand(drives, profiles), told


Origin = Callable[[str, Drive], Reals | None]


def _origins(
    model: Demand, metered: Metered | None, words: Mapping[str, Any], calendar: Calendar, timezone: str,
    profile: Followed | None,
) -> dict[str, Origin]:  # fmt: skip
    """What each origin says of a load: kW by step, nan where it says nothing; None where it knows nothing of it."""
    energy = metered.kwh_per_customer() if metered is not None else {}

    def by_class(name: str, drive: Drive) -> Reals | None:
        per_year = energy.get(drive.customer_class)
        customers = metered.customers.get(name, drive.customers) if metered is not None else drive.customers
        if per_year is None or not customers or drive.customer_class not in shapes.names():
            return None
        shape = shapes.shape(drive.customer_class, calendar, timezone).astype(np.float64)
        return calendar.held(np.asarray(shape * (per_year * customers / shape.sum())))

    known: dict[str, Origin] = {"class_shapes": by_class, "model_loads": lambda name, _: model.kw(name)}
    if profile is not None:
        known["profile"] = lambda name, drive: profile.of(name, drive, calendar)
    found: dict[str, Origin] = {}
    for word in words["from"]:
        if word in known:
            found[word] = known[word]
        elif metered is not None:
            found["meters"] = lambda name, _: metered.kw(name)
    return found


def _series(
    name: str, drive: Drive, origins: Mapping[str, Origin], calendar: Calendar
) -> tuple[Reals, dict[str, NDArray[np.bool_]]]:
    """The series of a load, and the steps that each origin gave; what no origin covers is 0 and of ``none``."""
    kw = np.full(HOURS * calendar.per_hour, np.nan)
    used: dict[str, NDArray[np.bool_]] = {}
    for origin, of in origins.items():
        gap = np.isnan(kw)
        if not gap.any():
            break
        said = of(name, drive)
        if said is None:
            continue
        common = ~gap & ~np.isnan(said)
        if common.sum() >= LEAST_H * calendar.per_hour and said[common].sum() > 0 and kw[common].sum() > 0:
            said = said * (kw[common].sum() / said[common].sum())
        fill = gap & ~np.isnan(said)
        if fill.any():
            kw[fill] = said[fill]
            used[origin] = fill
    gap = np.isnan(kw)
    if gap.any():
        used["none"] = gap
    return np.nan_to_num(kw), used


def _ratio(drive: Drive, words: Mapping[str, Any]) -> float:
    """kvar by kW of a load: by the power factor of its class, else as the model has it."""
    factor = (words.get("power_factor") or {}).get(drive.customer_class)
    if factor is not None:
        return float(np.tan(np.arccos(factor)))
    return drive.kvar / drive.kw if drive.kw > 0 else 0.0


def _drive(drive: Drive, kw: Reals, kvar: Reals, basis: str) -> tuple[Drive, dict[str, NDArray[np.float32]]]:
    """The load driven by series of its own, per unit of their largest magnitude."""
    own: dict[str, NDArray[np.float32]] = {}
    peaks = []
    for word, values in (("kw", kw), ("kvar", kvar)):
        peak = float(np.abs(values).max()) or 1.0
        own[f"{drive.load}:{word}"] = (values / peak).astype(np.float32)
        peaks.append(peak if np.any(values) else 0.0)
    return (
        Drive(
            drive.feeder,
            drive.load,
            drive.bus,
            drive.customer_class,
            drive.customers,
            peaks[0],
            peaks[1],
            f"{drive.load}:kw",
            f"{drive.load}:kvar",
            basis,
        ),
        own,
    )
