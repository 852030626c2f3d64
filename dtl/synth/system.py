"""The plan of the whole utility: substations, their territories and the stubs of their feeders.

A substation stands in the middle of its territory. Its feeders are stacked in rows, one to the west and one to the east
of each: an express section runs from the substation to the row, the trunk follows the row outward.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from dtl.synth.seeds import generator
from dtl.synth.settings import Settings

EPSG = 26916
"""Working coordinate system: NAD83, UTM zone 16 north [m]."""
ORIGIN = (392_000.0, 4_612_000.0)
TIMEZONE_OFFSET_H = -6
SPACING_M = {"urban": 95.0, "suburban": 130.0, "rural": 260.0}
"""Distance between neighbouring nodes by kind of territory."""
KV = {"urban": 12.47, "suburban": 12.47, "rural": 24.94}
TRUNK = {"urban": 22, "suburban": 23, "rural": 22}
"""Nodes along the trunk of a row."""
LATERAL = {"urban": 8, "suburban": 9, "rural": 7}
"""Longest lateral, in nodes."""
FIRST = (
    "Mill", "Oak", "North", "River", "Stone", "Cedar", "West", "Lake", "Elm", "South", "Fox", "Prairie", "East",
    "Maple", "Iron",
)  # fmt: skip
SECOND = ("Road", "Grove", "side", "Bend", "Quarry", "Hill", "field", "Shore", "Park", "gate", "Valley", "Crossing")
GROWTH = (0.0, 0.0, 0.01, 0.03, 0.05)
"""Yearly growth of areas, as a share; drawn with equal chances."""


@dataclass(frozen=True, slots=True)
class Substation:
    """A substation: its bank, its place and its kind of territory."""

    id: str
    name: str
    x: float
    y: float
    setting: str
    kv: float
    bank_mva: float
    installed: int


@dataclass(frozen=True, slots=True)
class Stub:
    """What is known of a feeder before it is planned."""

    id: str
    number: int
    substation: Substation
    area: str
    growth: float
    """Growth of the area per year, as a share."""
    side: int
    """-1 west, +1 east."""
    row_m: float
    """Northing of the trunk relative to the substation [m]."""
    tie_to: int | None
    """Number of the neighbour that the trunk end can be tied to."""
    recipe: str
    built: int
    """Year in which most of it was built."""

    @property
    def setting(self) -> str:
        """Kind of territory."""
        return self.substation.setting

    @property
    def express(self) -> int:
        """Nodes between the head and the trunk."""
        return max(1, round(abs(self.row_m) / (2.5 * SPACING_M[self.setting])))

    @property
    def tip(self) -> str:
        """Node at the end of the trunk."""
        return node_id(self.number, self.express + TRUNK[self.setting])

    def trunk_place(self, step: int) -> tuple[float, float]:
        """Coordinates of trunk node ``step``; 0 is the corner where express and trunk meet."""
        s = SPACING_M[self.setting]
        wave = 0.12 * s * math.sin(0.9 * step + self.number)
        return self.substation.x + self.side * (step + 0.35) * s, self.substation.y + self.row_m + wave


def node_id(feeder: int, index: int) -> str:
    """Id of a node, unique in the utility."""
    return f"N{feeder:04d}{index:04d}"


def feeder_id(number: int) -> str:
    """Id of a feeder."""
    return f"F{number:04d}"


def _settings_of(seed: int, count: int) -> list[str]:
    """Kinds of territory: the first three substations are one of each."""
    rng = generator(seed, "settings")
    drawn = [str(rng.choice(["urban", "suburban", "rural"], p=[0.3, 0.5, 0.2])) for _ in range(count)]
    return (["suburban", "urban", "rural", *drawn])[:count]


def _sizes(settings: Settings) -> list[int]:
    """Feeders of each substation: eight to twelve, the last takes what is left; up to three in small utilities."""
    if settings.feeders <= 9:
        count = min(3, math.ceil(settings.feeders / 2))
        return [settings.feeders // count + (1 if k < settings.feeders % count else 0) for k in range(count)]
    rng = generator(settings.seed, "sizes")
    sizes: list[int] = []
    while (left := settings.feeders - sum(sizes)) > 0:
        sizes.append(min(int(rng.integers(8, 13)), left))
    return sizes


def _substations(settings: Settings, sizes: list[int]) -> list[Substation]:
    """Substations on a coarse grid of territories."""
    kinds = _settings_of(settings.seed, len(sizes))
    columns = max(1, math.ceil(math.sqrt(len(sizes))))
    made = []
    for k, (kind, size) in enumerate(zip(kinds, sizes, strict=True)):
        rng = generator(settings.seed, "substation", k)
        name = f"{FIRST[k % len(FIRST)]} {SECOND[(k // len(FIRST) + k % len(FIRST)) % len(SECOND)]}".replace(
            " side", "side"
        )
        name = name.replace(" field", "field").replace(" gate", "gate")
        if k >= len(FIRST) * len(SECOND):
            name += f" {k // (len(FIRST) * len(SECOND)) + 1}"
        made.append(
            Substation(
                id=f"SUB{k + 1:03d}", name=name,
                x=ORIGIN[0] + (k % columns) * 15_000.0 + float(rng.uniform(-400, 400)),
                y=ORIGIN[1] + (k // columns) * 32_000.0 + float(rng.uniform(-400, 400)),
                setting=kind, kv=KV[kind], bank_mva=float(28 if size <= 5 else 2 * 28),
                installed=int(rng.integers(1962, 2012)),
            )
        )  # fmt: skip
    return made


@lru_cache(maxsize=2)
def plan(settings: Settings) -> tuple[tuple[Substation, ...], tuple[Stub, ...]]:
    """All substations and the stubs of all feeders, in the order of their numbers."""
    sizes = _sizes(settings)
    substations = _substations(settings, sizes)
    stubs: list[Stub] = []
    number = 1
    for substation, size in zip(substations, sizes, strict=True):
        spacing = SPACING_M[substation.setting]
        height = (2 * LATERAL[substation.setting] + 1) * spacing
        small = size <= 3
        step = 1 if small else 2
        rows = size if small else math.ceil(size / 2)
        growths = {q: float(generator(settings.seed, "area", substation.id, q).choice(GROWTH)) for q in "AB"}
        for j in range(size):
            row = j if small else j // 2
            rng = generator(settings.seed, "stub", number)
            quarter = "A" if row < rows / 2 else "B"
            recipe = str(rng.choice(["normal", "overloaded", "weak"], p=[0.92, 0.05, 0.03]))
            stubs.append(
                Stub(
                    id=feeder_id(number), number=number, substation=substation, area=f"{substation.id}-{quarter}",
                    growth=growths[quarter], side=1 if small or j % 2 else -1,
                    row_m=(row - (rows - 1) / 2 + 0.12) * height, tie_to=number + step if j + step < size else None,
                    recipe=recipe, built=int(rng.integers(1958, 2016)),
                )
            )  # fmt: skip
            number += 1
    return tuple(substations), tuple(stubs)
