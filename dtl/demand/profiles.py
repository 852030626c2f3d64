"""The origin ``profile``: loads that follow a file of profiles by load, transformer, feeder or class of customer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand, Drive
from dtl.errors import SolveError
from dtl.spec.load_profiles import KINDS, Profile, ProfilesError, profiles

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Followed:
    """What a file of profiles says of the loads of a group.

    Attributes
    ----------
    profiles
        The columns by kind and name.
    transformers
        The transformer of each load, in lower case; empty for a load without one.
    kw
        The model's kW of each load, by which loads share a profile in kW.
    shared
        The sum of these by kind and name of what shares one [kW].
    """

    profiles: Mapping[tuple[str, str], Profile]
    transformers: Mapping[str, str]
    kw: Mapping[str, float]
    shared: Mapping[tuple[str, str], float]

    def of(self, name: str, drive: Drive, calendar: Calendar) -> Reals | None:
        """kW of a load in every step, shape (steps,); None where no column is of it."""
        found = self.column(name, drive)
        if found is None:
            return None
        values = stepped(found, calendar.step_min)
        if not found.is_kw:
            return np.asarray(values * self.kw[name])
        if found.kind == "class":
            return np.asarray(values * drive.customers)
        total = self.shared.get((found.kind, found.name), 0.0)
        return np.asarray(values * (self.kw[name] / total)) if found.kind != "load" and total > 0 else values

    def column(self, name: str, drive: Drive) -> Profile | None:
        """The column of a load: the closest of those that are of it."""
        owners = (name, self.transformers.get(name, ""), drive.feeder, drive.customer_class, "")
        keys = zip(KINDS, owners, strict=True)
        return next((self.profiles[k] for k in ((kind, o.lower()) for kind, o in keys) if k in self.profiles), None)

    def loads(self, model: Demand) -> dict[str, int]:
        """How many loads each column is of, by the name of the column; 0 where it names nothing of the group."""
        taken = [self.column(name, drive) for name, drive in model.drives.items()]
        names = Counter((p.kind, p.name) for p in taken if p is not None)
        return {f"{kind}:{name}".rstrip(":"): names[kind, name] for kind, name in self.profiles}


def followed(path: Path, model: Demand, transformers: Mapping[str, str]) -> Followed:
    """A file of profiles, for the loads of `model` and the transformer of each of them.

    Raises
    ------
    SolveError
        The file is not as `dtl.spec.load_profiles` says.
    """
    try:
        found = {(p.kind, p.name): p for p in profiles(path)}
    except (ProfilesError, UnicodeDecodeError) as err:
        raise SolveError("\n".join(f"{path.name}{line}" for line in str(err).splitlines())) from err
    kw = {name: drive.kw for name, drive in model.drives.items()}
    shared: dict[tuple[str, str], float] = {}
    for name, drive in model.drives.items():
        for key in (("transformer", transformers.get(name, "").lower()), ("feeder", drive.feeder.lower())):
            shared[key] = shared.get(key, 0.0) + kw[name]
    return Followed(found, {n: t.lower() for n, t in transformers.items()}, kw, shared)


def stepped(profile: Profile, step_min: int = 60) -> Reals:
    """The values of a profile as means of the steps of a year, shape (steps,).

    Values of shorter time than a step are averaged and those of longer time are held, so that the energy of every time
    that both divide is the same.
    """
    values = np.asarray(profile.values, np.float64)
    own, wanted = len(values), HOURS * 60 // step_min // profile.per_year
    every = math.lcm(own, wanted)
    steps = np.repeat(values, every // own).reshape(wanted, -1).mean(axis=1)
    return np.asarray(np.tile(steps, profile.per_year))
