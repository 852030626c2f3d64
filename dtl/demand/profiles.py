"""The origin ``profile``: parts that follow a file of profiles, by load, transformer, feeder, class or by name."""

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
from dtl.network.feeder import Feeder
from dtl.spec.follows_file import Follows, follows
from dtl.spec.load_profiles import KINDS, NAMED, Profile, ProfilesError, profiles
from dtl.spec.small_csv import SmallCsvError

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Followed:
    """What a file of profiles says of the loads of a group.

    Attributes
    ----------
    profiles
        The columns by kind and name.
    followers
        The rows of ``demand.follows`` by kind and name of the part.
    transformers
        The transformer of each load, in lower case; empty for a load without one.
    kw
        The model's kW of each load, by which loads share a profile in kW.
    shared
        The sum of these by kind and name of what shares one [kW].
    """

    profiles: Mapping[tuple[str, str], Profile]
    followers: Mapping[tuple[str, str], Follows]
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

    def kvar(self, name: str, drive: Drive, model_kvar: float, calendar: Calendar) -> Reals | None:
        """kvar of a load in every step, shape (steps,); None where it follows no column of reactive power."""
        row = self._row("load", name, drive.feeder)
        if row is None or not row.kvar:
            return None
        return np.asarray(stepped(self.profiles[NAMED, row.kvar], calendar.step_min) * model_kvar)

    def generators(self, feeder: Feeder) -> dict[str, Profile]:
        """The columns of multiples that generators of the model follow, by their names."""
        first = feeder.feeders[0]
        rows = {p.name: self._row("generator", p.name, feeder.bus[p.bus].feeder or first) for p in feeder.generators}
        return {name: self.profiles[NAMED, row.kw] for name, row in rows.items() if row is not None}

    def _row(self, kind: str, name: str, feeder: str) -> Follows | None:
        own = name.lower()
        return self.followers.get((kind, own)) or self.followers.get((kind, f"{feeder.lower()}:{own}"))

    def column(self, name: str, drive: Drive) -> Profile | None:
        """The column of a load: the one that it is said to follow, else the closest of those that are of it."""
        if (row := self._row("load", name, drive.feeder)) is not None:
            return self.profiles[NAMED, row.kw]
        owners = (name, self.transformers.get(name, ""), drive.feeder, drive.customer_class, "")
        keys = zip(KINDS, owners, strict=True)
        return next((self.profiles[k] for k in ((kind, o.lower()) for kind, o in keys) if k in self.profiles), None)

    def counts(self, model: Demand, feeder: Feeder) -> dict[str, int]:
        """How many parts follow each column, by the name of the column; 0 where it names nothing of the group."""
        taken = [self.column(name, drive) for name, drive in model.drives.items()]
        taken += self.generators(feeder).values()
        names = Counter((p.kind, p.name) for p in taken if p is not None)
        rows = [self._row("load", name, drive.feeder) for name, drive in model.drives.items()]
        names.update((NAMED, row.kvar) for row in rows if row is not None and row.kvar)
        return {f"{kind}:{name}".rstrip(":"): names[kind, name] for kind, name in self.profiles}


def followed(path: Path, model: Demand, transformers: Mapping[str, str], followers: Path | None = None) -> Followed:
    """A file of profiles, for the loads of `model` and the transformer of each of them, and who is said to follow it.

    Raises
    ------
    SolveError
        A file is not as `dtl.spec.load_profiles` or `dtl.spec.follows_file` say.
    """
    try:
        found = {(p.kind, p.name): p for p in profiles(path)}
    except (ProfilesError, UnicodeDecodeError) as err:
        raise SolveError("\n".join(f"{path.name}{line}" for line in str(err).splitlines())) from err
    rows = _rows(followers, {name for kind, name in found if kind == NAMED}) if followers is not None else {}
    kw = {name: drive.kw for name, drive in model.drives.items()}
    shared: dict[tuple[str, str], float] = {}
    for name, drive in model.drives.items():
        for key in (("transformer", transformers.get(name, "").lower()), ("feeder", drive.feeder.lower())):
            shared[key] = shared.get(key, 0.0) + kw[name]
    return Followed(found, rows, {n: t.lower() for n, t in transformers.items()}, kw, shared)


def _rows(path: Path, known: set[str]) -> dict[tuple[str, str], Follows]:
    try:
        return {(row.kind, row.name): row for row in follows(path, known)}
    except (SmallCsvError, UnicodeDecodeError) as err:
        raise SolveError("\n".join(f"{path.name}{line}" for line in str(err).splitlines())) from err


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
