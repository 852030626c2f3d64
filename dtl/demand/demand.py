"""The demand of a feeder: what drives each load through the year, and the tables that hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.calendar import HOURS
from dtl.demand.operated import Operated

Profile = NDArray[np.float32]
HEAD = "head:"
"""What the id of a profile begins with that is the voltage of a source."""
GENERATOR = "generator:"
"""What the id of a profile begins with that a generator of the model follows."""


@dataclass(frozen=True)
class Drive:
    """What drives one load: its powers at factor 1 and the ids of the profiles by which they are multiplied."""

    feeder: str
    load: str
    bus: str
    customer_class: str
    customers: int
    kw: float
    """Active power at factor 1 [kW]."""
    kvar: float
    """Reactive power at factor 1 [kvar]."""
    kw_profile: str
    kvar_profile: str
    basis: str
    """Where it comes from, e.g. ``model_loads``."""


@dataclass(frozen=True)
class Demand:
    """The drives of all loads by name, and the profiles by id: a value per unit for each step of the year.

    ``plants`` drives generators in the same way, power given being positive; a generator that it does not name has a
    constant output. It holds what layers add, so the tables know nothing of it, nor of the switches that are
    ``operated`` during the year.
    """

    drives: Mapping[str, Drive]
    profiles: Mapping[str, Profile]
    plants: Mapping[str, Drive] = field(default_factory=dict)
    operated: Operated | None = None

    @property
    def steps(self) -> int:
        """Steps of the year, all profiles have as many; 8,760 where there is none."""
        return next(iter(map(len, self.profiles.values())), HOURS)

    @property
    def step_min(self) -> int:
        """Length of a step [min]; that of an hour where the profiles are no whole year."""
        return 60 * HOURS // self.steps if self.steps and self.steps % HOURS == 0 else 60

    @property
    def heads(self) -> dict[str, Profile]:
        """Voltage of sources of the model that follow a measurement, by name of the source [pu], shape (steps,)."""
        return {name.removeprefix(HEAD): p for name, p in self.profiles.items() if name.startswith(HEAD)}

    @property
    def generators(self) -> dict[str, Profile]:
        """What generators of the model give in every step, of what it states, by their names; shape (steps,)."""
        return {name.removeprefix(GENERATOR): p for name, p in self.profiles.items() if name.startswith(GENERATOR)}

    @classmethod
    def read(cls, demand: Path, profiles: Path) -> Demand:
        """The demand in the tables ``demand`` and ``profiles``."""
        rows = tables.read("demand", demand).to_pylist()
        table = tables.read("profiles", profiles)
        values = {
            name.as_py(): np.ascontiguousarray(series.values.to_numpy(), dtype=np.float32)
            for name, series in zip(table["profile"], table["values"], strict=True)
        }
        return cls({r["load"]: Drive(**r) for r in rows}, values)

    def write(self, demand: Path, profiles: Path) -> None:
        """Write the tables ``demand`` and ``profiles``; profiles that nothing follows are left out."""
        tables.write("demand", tables.frame("demand", [asdict(d) for d in self.drives.values()]), demand)
        used = sorted(
            {name for name in self.profiles if name.startswith((HEAD, GENERATOR))}
            | {p for d in self.drives.values() for p in (d.kw_profile, d.kvar_profile)}
        )
        flat = np.concatenate([self.profiles[p] for p in used]) if used else np.zeros(0, np.float32)
        offsets = np.cumsum([0, *(len(self.profiles[p]) for p in used)]).astype(np.int32)
        series = pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat, pa.float32()))
        tables.write("profiles", tables.frame("profiles", {"profile": used, "values": series}), profiles)

    def kw(self, load: str) -> NDArray[np.float64]:
        """Active power of a load at nominal voltage in every step [kW]."""
        drive = self.drives[load]
        return drive.kw * self.profiles[drive.kw_profile].astype(np.float64)
