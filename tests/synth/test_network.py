"""The plan of feeders: radial, consistent in phases, sized as a planner would."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import numpy as np
import pytest

from dtl.synth.build import build
from dtl.synth.model import Feeder
from dtl.synth.reach import Reach
from dtl.synth.records import points
from dtl.synth.settings import Settings
from dtl.synth.system import plan


@pytest.fixture(scope="module")
def feeders() -> list[Feeder]:
    """Nine feeders of full size."""
    settings = Settings(feeders=9, seed=3)
    _, stubs = plan(settings)
    return [build(stub, stubs, settings) for stub in stubs]


def test_every_feeder_is_a_tree_from_its_head(feeders: list[Feeder]) -> None:
    for f in feeders:
        graph = nx.DiGraph((s.from_node, s.to_node) for s in f.sections)
        assert nx.is_arborescence(graph)
        assert next(n for n, d in graph.in_degree() if d == 0) == f.head
        assert set(graph) == set(f.nodes)


def test_sections_are_ordered_from_the_head_and_phases_only_get_fewer(feeders: list[Feeder]) -> None:
    for f in feeders:
        phases = {f.head: "ABC"}
        for s in f.sections:
            assert set(s.phases) <= set(phases[s.from_node])
            phases[s.to_node] = s.phases
        for t in f.transformers:
            assert set(t.phases) <= set(phases[t.node])


def test_sizes_are_those_of_a_utility(feeders: list[Feeder]) -> None:
    for f in feeders:
        assert 150 <= len(f.nodes) <= 400
        assert 45 <= len(f.transformers) <= 100
        assert 500 <= len(f.customers) <= 1000
        widths = Counter(len(s.phases) for s in f.sections)
        assert widths[1] > widths[2] > 0
        assert widths[3] > 20


def test_phases_are_balanced_but_not_perfectly(feeders: list[Feeder]) -> None:
    worst = []
    for f in feeders:
        load = dict.fromkeys("ABC", 0.0)
        for k, t in enumerate(f.transformers):
            kw = f.customers.peak_kw[f.customers.transformer == k].sum()
            for p in t.phases:
                load[p] += kw / len(t.phases)
        worst.append(max(load.values()) / (sum(load.values()) / 3) - 1)
    assert max(worst) < 0.25
    assert np.mean(worst) > 0.005


def test_ids_are_unique_in_the_utility(feeders: list[Feeder]) -> None:
    names = [
        n
        for f in feeders
        for n in (*f.nodes, *(s.id for s in f.sections), *(t.id for t in f.transformers), *f.customers.id)
    ]
    names += [d.id for f in feeders for _, d in f.devices()]
    assert max(Counter(names).values()) == 1


def test_ties_end_at_the_trunk_end_of_the_neighbour(feeders: list[Feeder]) -> None:
    by_id = {f.id: f for f in feeders}
    ties = [(f, t) for f in feeders for t in f.ties]
    assert len(ties) >= 4
    for f, tie in ties:
        far = by_id[tie.to_feeder].nodes[tie.to_node]
        assert (far.x, far.y) == (tie.to_x, tie.to_y)
        assert f.kv == by_id[tie.to_feeder].kv


def test_a_device_stands_on_a_vertex_of_its_section(feeders: list[Feeder]) -> None:
    for s, _ in feeders[0].devices():
        line = points(feeders[0], s)
        assert len(line) == 3 + (s.bend is not None) - 0 if s.bend else len(line) == 3
        assert np.hypot(*(line[1] - line[0])) == pytest.approx(3.0, abs=0.02)


def test_meters_behind_devices_add_up(feeders: list[Feeder]) -> None:
    f = feeders[1]
    reach = Reach(f)
    breaker = next(d.id for _, d in f.devices() if d.kind == "breaker")
    assert reach.behind(breaker).all()
    recloser = next(d.id for _, d in f.devices() if d.kind == "recloser")
    behind = reach.behind(recloser)
    assert 0 < behind.sum() < len(f.customers)
    tree = nx.DiGraph((s.from_node, s.to_node) for s in f.sections)
    section = next(s for s, d in f.devices() if d.id == recloser)
    below = nx.descendants(tree, section.to_node) | {section.to_node}
    expected = [f.transformers[t].node in below for t in f.customers.transformer]
    assert behind.tolist() == expected


def test_switching_restores_without_what_lies_in_the_faulted_zone(feeders: list[Feeder]) -> None:
    f = next(f for f in feeders if f.ties)
    reach = Reach(f)
    trunk = [k for k, s in enumerate(f.sections) if s.role == "trunk"]
    restored = 0
    for k in trunk:
        device = reach.guard[k]
        own = {d for d in reach.above if d == reach.zone[k]}
        for step in reach.restored_early(k, device):
            restored += int(step.sum())
            assert not (step & ~reach.behind(device)).any()
            nested = [d for d in reach.above if own & set(reach.above[d]) and reach.kinds[d] != "fuse" and d not in own]
            zone_only = reach.behind(reach.zone[k]).copy()
            for d in nested:
                zone_only &= ~reach.behind(d)
            assert not (step & zone_only).any()
    assert restored > 0
