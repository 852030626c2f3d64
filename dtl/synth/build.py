"""From a stub to the plan of a feeder: lines of the right size, devices, capacitors, regulators and ties."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dtl.synth.catalog import CONDUCTORS
from dtl.synth.lowvoltage import furnish
from dtl.synth.model import Capacitor, Device, Feeder, Regulator, Section, Tie
from dtl.synth.places import Place, choose, share_phases
from dtl.synth.seeds import generator
from dtl.synth.settings import Settings
from dtl.synth.streets import Tree, grow
from dtl.synth.system import TRUNK, Stub

FUSES_A = (15.0, 25.0, 40.0, 65.0, 100.0, 140.0, 200.0)
OVERLOAD = 1.55
"""What the demand of an overloaded feeder is multiplied with once everything has its size."""


def build(stub: Stub, stubs: Sequence[Stub], settings: Settings) -> Feeder:
    """The complete plan of one feeder.

    Parameters
    ----------
    stub : Stub
        What the plan of the system says of it.
    stubs : sequence of Stub
        All stubs, for the ties.
    settings : Settings
        The question.
    """
    seed = settings.seed
    tree = grow(stub, seed)
    places, widths = choose(stub, tree, settings)
    share_phases(stub, tree, places, widths, seed)
    feeder = _assemble(stub, tree)
    furnish(stub, feeder, places, seed)
    kw = _downstream(feeder, places)
    _lines(stub, feeder, kw, seed)
    _protect(stub, feeder, tree, kw, seed)
    _regulate(stub, feeder, sum(p.total_kw for p in places), seed)
    if stub.tie_to is not None:
        feeder.ties.append(_tie(stub, stubs[stub.tie_to - 1], feeder))
    if stub.recipe == "overloaded":
        feeder.customers.peak_kw *= OVERLOAD
    return feeder


def _assemble(stub: Stub, tree: Tree) -> Feeder:
    """Nodes and sections with the phases of their laterals."""
    sections = list(tree.trunk)
    for twig in tree.twigs:
        for section in twig.sections:
            section.phases = twig.phases
            tree.nodes[section.to_node].phases = twig.phases
        sections += twig.sections
    return Feeder(
        id=stub.id, number=stub.number, substation=stub.substation.id, area=stub.area, setting=stub.setting,
        recipe=stub.recipe, kv=stub.substation.kv, head=tree.trunk[0].from_node,
        source_pu=1.035 if stub.setting != "rural" else 1.03, nodes=tree.nodes, sections=sections,
    )  # fmt: skip


def _downstream(feeder: Feeder, places: list[Place]) -> dict[str, float]:
    """Expected demand in the design hour fed through each section [kW]."""
    at: dict[str, float] = {}
    for place in places:
        at[place.node] = at.get(place.node, 0.0) + place.total_kw
    through: dict[str, float] = {}
    for section in reversed(feeder.sections):
        kw = at.get(section.to_node, 0.0)
        through[section.id] = kw
        at[section.from_node] = at.get(section.from_node, 0.0) + kw
    return through


def _amps(kw: float, phases: int, kv: float) -> float:
    """Current of a demand at power factor 0.93 [A]."""
    return kw / 0.93 / (phases * kv / math.sqrt(3.0))


def _lines(stub: Stub, feeder: Feeder, kw: dict[str, float], seed: int) -> None:
    """Conductor, placement and age of every section; a conductor is never larger than the one that feeds it."""
    rng = generator(seed, "lines", stub.id)
    names = list(CONDUCTORS)
    buried_express = stub.setting == "urban" and rng.random() < 0.4
    buried_share = {"urban": 0.2, "suburban": 0.35, "rural": 0.02}[stub.setting]
    smallest = "4_ACSR" if stub.built < 1985 else "2_ACSR"
    rank: dict[str, int] = {}
    buried: set[str] = set()
    total = kw[feeder.sections[0].id]
    for section in feeder.sections:
        amps = _amps(kw[section.id], len(section.phases), feeder.kv)
        section.installed = int(np.clip(stub.built + rng.exponential(9.0) * (rng.random() < 0.5), 1955, 2024))
        if section.role != "lateral":
            wanted = 1.7 * _amps(total, 3, feeder.kv)
            best = next((n for n in reversed(names[:3]) if CONDUCTORS[n].normal_a >= wanted), names[0])
            if stub.recipe == "weak":
                best = names[min(names.index(best) + 2, 4)]
            section.conductor = best
            if buried_express and section.role == "express":
                section.conductor, section.overhead = "750_AL_XLPE", False
            rank[section.to_node] = names.index(best)
            continue
        upper = rank[section.from_node]
        first = upper if section.from_node in rank and section.role == "lateral" else 0
        fits = [n for n in names[first : names.index(smallest) + 1] if CONDUCTORS[n].normal_a >= 2.0 * amps]
        section.conductor = fits[-1] if fits else names[first]
        rank[section.to_node] = names.index(section.conductor)
        tap = feeder.nodes[section.from_node]
        if section.from_node in buried or (tap.phases == "ABC" and rng.random() < buried_share and amps < 90.0):
            section.conductor, section.overhead = "1/0_AL_XLPE", False
            buried.add(section.to_node)


def _protect(stub: Stub, feeder: Feeder, tree: Tree, kw: dict[str, float], seed: int) -> None:
    """Breaker, recloser and switches on the trunk, a fuse at every tap."""
    rng = generator(seed, "protect", stub.id)

    def device(section: Section, letters: str, kind: str, amps: float, remote: bool = False) -> None:
        year = int(np.clip(section.installed + rng.exponential(10.0), 1960, 2024))
        section.device = Device(f"{letters}{section.id[1:]}", kind, amps, True, remote, year)

    device(feeder.sections[0], "BK", "breaker", 1200.0, True)
    first = stub.express
    length = TRUNK[stub.setting]
    device(tree.trunk[first + length // 4], "SW", "switch", 600.0, bool(rng.random() < 0.3))
    device(tree.trunk[first + length // 2], "RC", "recloser", 560.0, True)
    device(tree.trunk[first + 3 * length // 4], "SW", "switch", 600.0, False)
    for twig in tree.twigs:
        section = twig.sections[0]
        amps = _amps(kw[section.id], len(section.phases), feeder.kv)
        if amps > 90.0:
            device(section, "SW", "switch", 400.0)
        else:
            device(section, "FU", "fuse", next((a for a in FUSES_A if a >= 2.2 * amps), FUSES_A[-1]))


def _regulate(stub: Stub, feeder: Feeder, total_kw: float, seed: int) -> None:
    """Regulators on long feeders, capacitors everywhere."""
    rng = generator(seed, "regulate", stub.id)
    trunk = [s for s in feeder.sections if s.role == "trunk"]
    spots = [1, 10] if stub.setting == "rural" and stub.express > 4 else [3] if stub.setting == "rural" else []
    for spot in spots:
        section = trunk[spot]
        if section.device is None:
            amps = 1.8 * _amps(total_kw, 3, feeder.kv)
            ct = next(a for a in (100.0, 200.0, 300.0, 400.0, 600.0, 2000.0) if a >= amps)
            feeder.regulators.append(
                Regulator(f"RG{section.id[1:]}", section.id, round(0.1 * feeder.kv / math.sqrt(3.0) * ct, 1), 123.5,
                2.0,
                          round(feeder.kv / math.sqrt(3.0) * 1000.0 / 120.0, 6), ct, 0.0, 0.0, int(rng.integers(1985,
                          2022)))
            )  # fmt: skip
    sizes = (150.0, 300.0, 450.0, 600.0, 900.0)
    wanted = 0.22 * total_kw
    for spot in (10, 16):
        kvar = max((k for k in sizes if k <= wanted / 2 * 1.2), default=150.0)
        feeder.capacitors.append(
            Capacitor(f"CP{trunk[spot].id[1:]}", trunk[spot].to_node, kvar, int(rng.integers(1975, 2020)))
        )


def _tie(stub: Stub, other: Stub, feeder: Feeder) -> Tie:
    """The open tie from this trunk end to the neighbour's."""
    end = feeder.nodes[stub.tip]
    x, y = (round(v, 2) for v in other.trunk_place(TRUNK[other.setting]))
    conductor = next(s.conductor for s in reversed(feeder.sections) if s.to_node == stub.tip)
    length = round(math.hypot(end.x - x, end.y - y) * 1.03, 2)
    number = stub.tip[1:]
    return Tie(
        f"TS{number}",
        f"L{number}T",
        stub.tip,
        other.tip,
        other.id,
        length,
        conductor,
        x,
        y,
        max(stub.built, other.built),
    )
