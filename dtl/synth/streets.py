"""The tree of a feeder on its street grid: express section, trunk, laterals and side streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dtl.synth.model import Node, Section
from dtl.synth.seeds import generator
from dtl.synth.system import LATERAL, SPACING_M, TRUNK, Stub, node_id

Place = tuple[int, int]


@dataclass(slots=True)
class Twig:
    """A lateral: the sections of one tap off the trunk, from the trunk outward."""

    tap: str
    sections: list[Section]
    phases: str = "ABC"


@dataclass(slots=True)
class Tree:
    """Nodes and sections of a feeder before phases, conductors and devices are decided."""

    nodes: dict[str, Node]
    trunk: list[Section]
    twigs: list[Twig]


class Grower:
    """Adds nodes and sections with running numbers."""

    def __init__(self, stub: Stub, seed: int):
        self.stub = stub
        self.rng = generator(seed, "streets", stub.id)
        self.nodes: dict[str, Node] = {}
        self.free = stub.express + TRUNK[stub.setting] + 1
        self.used: set[Place] = set()

    def add_node(self, index: int, x: float, y: float) -> str:
        """Place a node and return its id."""
        name = node_id(self.stub.number, index)
        self.nodes[name] = Node(name, round(x, 2), round(y, 2), "ABC")
        return name

    def add_section(self, from_node: str, to_node: str, role: str) -> Section:
        """Join two nodes; a section is named after the node that it feeds."""
        a, b = self.nodes[from_node], self.nodes[to_node]
        straight = float(np.hypot(a.x - b.x, a.y - b.y))
        bend = None
        if role != "express" and self.rng.random() < 0.15:
            aside = float(self.rng.uniform(-0.12, 0.12)) * straight
            dx, dy = (b.x - a.x) / straight, (b.y - a.y) / straight
            bend = (round((a.x + b.x) / 2 - dy * aside, 2), round((a.y + b.y) / 2 + dx * aside, 2))
        via = [bend] if bend else []
        points = np.array([(a.x, a.y), *via, (b.x, b.y)])
        length = float(np.hypot(*np.diff(points, axis=0).T).sum()) * float(self.rng.uniform(1.0, 1.04))
        return Section(f"L{to_node[1:]}", from_node, to_node, "ABC", round(length, 2), "", True, 0, role, bend)

    def trunk(self) -> list[Section]:
        """The express section along the substation's street and the trunk along the row."""
        stub, sections = self.stub, []
        corner = stub.trunk_place(0)
        head = self.add_node(0, stub.substation.x + stub.side * (4.0 + 0.6 * stub.number % 7), stub.substation.y)
        last = head
        for k in range(1, stub.express + 1):
            share = k / stub.express
            here = self.add_node(k, corner[0], stub.substation.y + share * (corner[1] - stub.substation.y))
            sections.append(self.add_section(last, here, "express"))
            last = here
        for k in range(1, TRUNK[stub.setting] + 1):
            here = self.add_node(stub.express + k, *stub.trunk_place(k))
            sections.append(self.add_section(last, here, "trunk"))
            self.used.add((k, 0))
            last = here
        return sections

    def place(self, at: Place) -> tuple[float, float]:
        """Coordinates of a crossing of the street grid, with jitter."""
        s = SPACING_M[self.stub.setting]
        x, y = self.stub.trunk_place(at[0])
        return x + float(self.rng.normal(0, 0.05 * s)), y + at[1] * s + float(self.rng.normal(0, 0.05 * s))

    def street(self, start: Place, step: Place, count: int, last: str) -> list[tuple[Place, Section]]:
        """A run of sections from a crossing, as long as the crossings are free."""
        run: list[tuple[Place, Section]] = []
        i, j = start
        for _ in range(count):
            i, j = i + step[0], j + step[1]
            if (i, j) in self.used or not 1 <= i <= TRUNK[self.stub.setting] or abs(j) > LATERAL[self.stub.setting]:
                break
            self.used.add((i, j))
            here = self.add_node(self.free, *self.place((i, j)))
            self.free += 1
            run.append(((i, j), self.add_section(last, here, "lateral")))
            last = here
        return run

    def twig(self, step: int, up: int) -> Twig | None:
        """A lateral up or down from a trunk node, with side streets."""
        stub = self.stub
        tap = node_id(stub.number, stub.express + step)
        longest = LATERAL[stub.setting]
        run = self.street((step, 0), (0, up), int(self.rng.integers(3, longest + 1)), tap)
        sections = [section for _, section in run]
        for at, section in run:
            if self.rng.random() < 0.5:
                along = -1 if self.rng.random() < 0.5 else 1
                side = self.street(at, (along, 0), int(self.rng.integers(1, 5)), section.to_node)
                sections += [s for _, s in side]
        return Twig(tap, sections) if sections else None


def grow(stub: Stub, seed: int) -> Tree:
    """The tree of a feeder; its sections are ordered from the head."""
    grower = Grower(stub, seed)
    trunk = grower.trunk()
    taps = [(step, up) for step in range(1, TRUNK[stub.setting] + 1) for up in (1, -1)]
    grown = [grower.twig(step, up) for step, up in taps if grower.rng.random() < 0.92]
    twigs = [twig for twig in grown if twig is not None]
    return Tree(grower.nodes, trunk, twigs)
