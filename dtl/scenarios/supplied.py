"""What has no supply while a switch is open takes and gives nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand, Drive, Profile
from dtl.demand.operated import Operated
from dtl.network.feeder import Feeder, Generator, Load


def supplied(feeder: Feeder, demand: Demand, operated: Operated | None) -> Demand:
    """The demand in which nothing takes or gives power while it has no supply."""
    if operated is None:
        return demand
    profiles = dict(demand.profiles)
    drives, plants = dict(demand.drives), dict(demand.plants)
    kinds: dict[bytes, int] = {}
    parts: tuple[Load | Generator, ...] = (*feeder.loads, *feeder.generators)
    for part in parts:
        lacking = operated.lacking(part.bus, part.nodes) if part.enabled else None
        if lacking is None:
            continue
        of = drives if isinstance(part, Load) else plants
        number = kinds.setdefault(lacking.tobytes(), len(kinds))
        drive = of.get(part.name) or _constant(part, profiles, len(lacking))
        kw, kvar = (_masked(profiles, p, lacking, number) for p in (drive.kw_profile, drive.kvar_profile))
        of[part.name] = replace(drive, kw_profile=kw, kvar_profile=kvar)
    return Demand(drives, profiles, plants, operated)


def _masked(profiles: dict[str, Profile], name: str, lacking: NDArray[np.bool_], number: int) -> str:
    """The name of a profile that is 0 in some steps, entered among `profiles`."""
    made = f"{name}:supplied:{number}"
    if made not in profiles:
        profiles[made] = np.where(lacking, np.float32(0.0), profiles[name]).astype(np.float32)
    return made


def _constant(part: Load | Generator, profiles: dict[str, Profile], steps: int) -> Drive:
    """A drive of constant power for a part that has none."""
    profiles.setdefault("constant", np.ones(steps, np.float32))
    return Drive("", part.name, part.bus, "", 0, part.kw, part.kvar, "constant", "constant", "model_loads")
