"""Topology on random and on small feeders."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtl.network.checks import check
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source, Switch, Transformer, Winding
from dtl.network.topology import trace

ZERO = ((0.0,) * 3,) * 3
CODE = LineCode(
    name="c",
    r_ohm_per_km=((0.1, 0.0, 0.0), (0.0, 0.1, 0.0), (0.0, 0.0, 0.1)),
    x_ohm_per_km=((0.3, 0.0, 0.0), (0.0, 0.3, 0.0), (0.0, 0.0, 0.3)),
    c_nf_per_km=ZERO,
    normal_a=300,
)
SINGLE = LineCode(name="one", r_ohm_per_km=((0.1,),), x_ohm_per_km=((0.3,),), c_nf_per_km=((0.0,),), normal_a=300)
HEAD = Source(name="s", bus="b0", kv_ll=12.47, r1_ohm=0, x1_ohm=0.1, r0_ohm=0, x0_ohm=0.1)


def line(name: str, a: str, b: str, length_km: float = 1.0, nodes: tuple[int, ...] = (1, 2, 3)) -> Line:
    code = {1: "one", 3: "c"}[len(nodes)]
    return Line(name=name, from_bus=a, to_bus=b, from_nodes=nodes, to_nodes=nodes, length_km=length_km, line_code=code)


def switch(name: str, a: str, b: str, closed: tuple[bool, ...] = ()) -> Switch:
    return Switch(name=name, from_bus=a, to_bus=b, from_nodes=(1, 2, 3), to_nodes=(1, 2, 3), closed=closed)


def build(lines: list[Line], switches: list[Switch] = [], **more: object) -> Feeder:  # noqa: B006 - never changed
    names = {b for p in (*lines, *switches) for b in (p.from_bus, p.to_bus)} | {"b0"}
    names |= {w.bus for t in more.get("transformers", ()) for w in t.windings}  # type: ignore[attr-defined]
    return Feeder(
        id="f",
        feeders=("f",),
        sources=(HEAD,),
        buses=tuple(Bus(name=n, nodes=(1, 2, 3), kv_ln=7.2) for n in sorted(names)),
        line_codes=(CODE, SINGLE),
        lines=tuple(sorted(lines, key=lambda x: x.name)),
        switches=tuple(sorted(switches, key=lambda x: x.name)),
        **more,
    )


@st.composite
def trees(draw: st.DrawFn) -> Feeder:
    n = draw(st.integers(1, 40))
    lines = []
    for i in range(1, n + 1):
        parent = draw(st.integers(0, i - 1))
        ends = [f"b{parent}", f"b{i}"]
        if draw(st.booleans()):
            ends.reverse()
        lines.append(line(f"l{i}", *ends, draw(st.floats(0.001, 9))))
    return build(lines)


@settings(max_examples=60, deadline=None)
@given(trees())
def test_distances_and_order_of_radial_feeders(feeder: Feeder) -> None:
    found = trace(feeder)
    graph = nx.Graph()
    graph.add_node("b0")
    for p in feeder.lines:
        graph.add_edge(p.from_bus, p.to_bus, weight=p.length_km)
    expected = nx.single_source_dijkstra_path_length(graph, "b0")
    assert not found.loops
    assert not found.islands
    assert found.distance_km == pytest.approx(expected)
    seen = {"b0"}
    for bus in found.order[1:]:
        assert found.parent[bus][0] in seen
        seen.add(bus)
    assert seen == set(feeder.bus)


@settings(max_examples=60, deadline=None)
@given(trees())
def test_json_round_trip_is_byte_equal(feeder: Feeder) -> None:
    text = feeder.to_json()
    assert Feeder.from_json(text).to_json() == text
    assert Feeder.from_parts(feeder.rows()).to_json() == text


@settings(max_examples=40, deadline=None)
@given(trees(), st.data())
def test_one_more_edge_is_one_loop(feeder: Feeder, data: st.DataObject) -> None:
    names = sorted(feeder.bus)
    a, b = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
    meshed = feeder.model_copy(update={"switches": (switch("tie", a, b),)})
    if a == b:
        return
    loops = trace(meshed).loops
    assert [loop.closing for loop in loops] == [("switch", "tie")]
    path = nx.shortest_path(nx.Graph([(p.from_bus, p.to_bus) for p in feeder.lines]), a, b)
    assert len(loops[0].parts) == len(path)
    opened = feeder.model_copy(update={"switches": (switch("tie", a, b, (False,) * 3),)})
    assert trace(opened).ties == ["tie"]
    assert not trace(opened).loops


def test_a_ring_of_different_phases_is_no_loop() -> None:
    feeder = build(
        [line("x", "b0", "b1", nodes=(1,)), line("y", "b0", "b2", nodes=(2,)), line("z", "b2", "b1", nodes=(2,))]
    )
    assert not trace(feeder).loops


def test_the_units_of_a_bank_are_no_loop() -> None:
    units = tuple(
        Transformer(
            name=f"t{n}",
            phases=1,
            xhl_pct=1,
            windings=tuple(
                Winding(bus=b, nodes=(n, 0), connection="wye", kv=7.2, kva=100, r_pct=1) for b in ("b0", "b1")
            ),
        )
        for n in (1, 2, 3)
    )
    feeder = build([line("l", "b1", "b2")], transformers=units)
    found = trace(feeder)
    assert not found.loops
    assert not found.unfed


def test_a_phase_that_appears_and_one_that_an_open_pole_cuts() -> None:
    feeder = build(
        [line("a", "b0", "b1", nodes=(1,)), line("b", "b1", "b2", nodes=(2,)), line("c", "b2", "b3", nodes=(2,))],
        [switch("s", "b0", "b9", (True, False, True))],
        loads=(Load(name="l", bus="b9", nodes=(2,), phases=1, kv=7.2, kw=1, kvar=0, min_pu=0.8, max_pu=1.2),),
    )
    found = trace(feeder)
    assert found.unfed == [(("line", "b"), (2,))]
    assert found.dead == {"b9": {2}}
    assert [(f.check, f.severity) for f in check(feeder) if f.severity != "info"] == [
        ("network.phase-missing", "error"),
        ("network.phase-open", "warning"),
    ]


def test_an_open_pole_is_dead_under_the_node_that_its_conductor_has_beyond() -> None:
    crossed = line("x", "b9", "b10").model_copy(update={"to_nodes": (2, 3, 1)})
    feeder = build([crossed, line("y", "b10", "b11", nodes=(3,))], [switch("s", "b0", "b9", (True, False, True))])
    found = trace(feeder)
    assert found.dead == {"b9": {2}, "b10": {3}, "b11": {3}} and not found.unfed


def test_islands_and_voltage_jumps() -> None:
    feeder = build([line("a", "b0", "b1"), line("b", "b2", "b3")])
    assert trace(feeder).islands == [["b2", "b3"]]
    buses = tuple(b.model_copy(update={"kv_ln": 2.4}) if b.name == "b1" else b for b in feeder.buses)
    found = {f.check: f.element for f in check(feeder.model_copy(update={"buses": buses}))}
    assert found["network.base-jump"] == "line.a"
    assert found["network.island"] == "bus.b2"


def test_work_grows_with_the_number_of_buses() -> None:
    """Counted, not timed: calls of functions for 2,000 and 20,000 buses in a long chain with side branches."""
    import sys

    def calls(n: int) -> int:
        lines = [line(f"l{i:06}", f"b{max(0, i - 1 - i % 3)}", f"b{i}") for i in range(1, n)]
        feeder, count = build(lines), 0

        def profile(frame: object, event: str, arg: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(profile)
        trace(feeder)
        sys.setprofile(None)
        return count

    assert calls(20_000) < 11 * calls(2_000)


@pytest.mark.parametrize(("r0", "x0", "told"), [(-0.43, -1.29, True), (0.1, -50.0, False), (0.1, 0.3, False)])
def test_a_negative_zero_sequence_resistance_of_a_source_is_told(r0: float, x0: float, told: bool) -> None:
    head = HEAD.model_copy(update={"r0_ohm": r0, "x0_ohm": x0})
    feeder = build([line("l", "b0", "b1")]).model_copy(update={"sources": (head,)})
    found = [f for f in check(feeder) if f.check == "network.negative-zero-sequence"]
    assert [(f.severity, f.element) for f in found] == [("warning", "source.s")] * told
