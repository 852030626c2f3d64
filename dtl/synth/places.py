"""Where the transformers of a feeder stand, on which phases, and who lives behind them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dtl.synth.model import PHASES
from dtl.synth.seeds import generator
from dtl.synth.settings import Settings
from dtl.synth.streets import Tree, Twig
from dtl.synth.system import Stub

MEDIAN_KW = {
    ("residential", "urban"): 2.0, ("residential", "suburban"): 2.9, ("residential", "rural"): 2.7,
    ("commercial", "urban"): 20.0, ("commercial", "suburban"): 17.0, ("commercial", "rural"): 10.0,
    ("industrial", "urban"): 210.0, ("industrial", "suburban"): 240.0, ("industrial", "rural"): 160.0,
    ("farm", "rural"): 5.5,
}  # fmt: skip
"""Median of the expected demand of a customer in the design hour [kW]."""
SIGMA = {"residential": 0.35, "commercial": 0.75, "industrial": 0.45, "farm": 0.6}
"""Spread of that demand: standard deviation of its logarithm."""
LARGEST_KW = {"residential": 9.0, "commercial": 120.0, "industrial": 700.0, "farm": 40.0}
POWER_FACTOR = {
    "residential": (0.94, 0.985),
    "commercial": (0.88, 0.96),
    "industrial": (0.85, 0.94),
    "farm": (0.87, 0.94),
}
"""Range of power factors, lagging."""


@dataclass(slots=True)
class Place:
    """A transformer to be: its node and its customers."""

    node: str
    twig: int
    """Index of its lateral, -1 on the trunk."""
    three_phase: bool
    kinds: list[str]
    kw: list[float] = field(default_factory=list)
    phases: str = ""

    @property
    def total_kw(self) -> float:
        """Expected demand of all customers in the design hour [kW]."""
        return sum(self.kw)


def _widths(tree: Tree, rng: np.random.Generator, rural: bool) -> list[int]:
    """Number of phases of each lateral."""
    shares = [0.76, 0.12, 0.12] if rural else [0.62, 0.13, 0.25]
    return [int(w) for w in rng.choice([1, 2, 3], size=len(tree.twigs), p=shares)]


def _kinds(three_phase: bool, setting: str, rng: np.random.Generator) -> list[str]:
    """Customers that every transformer of a three-phase place has."""
    if not three_phase:
        return []
    if rng.random() < 0.10:
        return ["industrial"]
    return ["commercial"] * int(rng.integers(1, 7 if setting != "rural" else 4))


def choose(stub: Stub, tree: Tree, settings: Settings) -> tuple[list[Place], list[int]]:
    """Places of transformers with their customers, and the number of phases of each lateral."""
    rng = generator(settings.seed, "places", stub.id)
    widths = _widths(tree, rng, stub.setting == "rural")
    wanted = int(rng.integers(settings.meters[0], settings.meters[1] + 1))
    spots = [(s.to_node, k) for k, twig in enumerate(tree.twigs) for s in twig.sections]
    spots += [(s.to_node, -1) for s in tree.trunk if s.role == "trunk" and rng.random() < 0.35]
    count = min(len(spots), max(4, min(100, int(wanted / rng.uniform(8.0, 11.0)))))
    chosen = sorted(int(k) for k in rng.choice(len(spots), size=count, replace=False))
    places = []
    for k in chosen:
        node, twig = spots[k]
        three = (twig < 0 or widths[twig] == 3) and rng.random() < 0.5
        places.append(Place(node, twig, three, _kinds(three, stub.setting, rng)))
    if all(p.three_phase for p in places):
        places[-1].three_phase, places[-1].kinds = False, []
    homes = [p for p in places if not p.three_phase]
    left = max(wanted - sum(len(p.kinds) for p in places), len(homes))
    weights = rng.gamma(4.0, size=len(homes))
    extra = rng.multinomial(left - len(homes), weights / weights.sum())
    for place, more in zip(homes, extra, strict=True):
        for _ in range(1 + int(more)):
            odd = "farm" if stub.setting == "rural" else "commercial"
            place.kinds.append(odd if rng.random() < (0.12 if odd == "farm" else 0.04) else "residential")
    _demands(places, stub, rng)
    return places, widths


def _demands(places: list[Place], stub: Stub, rng: np.random.Generator) -> None:
    """Draw the expected demand of every customer."""
    for place in places:
        for kind in place.kinds:
            median = MEDIAN_KW[kind, stub.setting]
            if kind == "commercial" and not place.three_phase:
                median *= 0.25
            drawn = float(median * np.exp(SIGMA[kind] * rng.normal()))
            place.kw.append(round(min(drawn, LARGEST_KW[kind]), 3))


def _lightest(load: dict[str, float], width: int, rng: np.random.Generator) -> str:
    """The least loaded phases, or, once in six, any."""
    names = list(PHASES)
    if rng.random() < 1 / 6:
        return "".join(sorted(str(p) for p in rng.choice(names, size=width, replace=False)))
    return "".join(sorted(sorted(names, key=lambda p: load[p])[:width]))


def share_phases(stub: Stub, tree: Tree, places: list[Place], widths: list[int], seed: int) -> None:
    """Give laterals and single-phase transformers their phases so that the feeder is balanced, but not perfectly."""
    rng = generator(seed, "phases", stub.id)
    load = dict.fromkeys(PHASES, 0.0)
    behind: list[list[Place]] = [[p for p in places if p.twig == k] for k in range(len(tree.twigs))]
    order = sorted(range(len(tree.twigs)), key=lambda k: (-sum(p.total_kw for p in behind[k]), k))
    for k in order:
        twig: Twig = tree.twigs[k]
        twig.phases = PHASES if widths[k] == 3 else _lightest(load, widths[k], rng)
        for place in behind[k]:
            _settle(place, twig.phases, load, rng)
    for place in places:
        if place.twig < 0:
            _settle(place, PHASES, load, rng)


def _settle(place: Place, allowed: str, load: dict[str, float], rng: np.random.Generator) -> None:
    """Give one transformer its phases and book its demand on them."""
    if place.three_phase:
        place.phases = PHASES
    elif rng.random() < 1 / 8:
        place.phases = str(rng.choice(list(allowed)))
    else:
        place.phases = min(allowed, key=lambda p: load[p])
    for p in place.phases:
        load[p] += place.total_kw / len(place.phases)
