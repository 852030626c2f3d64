"""The radial sweep: closed form, the reference engine, what is no tree, and size."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtl.errors import NotConverged, SolveError
from dtl.powerflow import engine
from dtl.powerflow.radial import sweep, tree


def column(*values: float) -> np.ndarray:
    return np.array(values, float)[:, None]


def test_two_buses_of_the_closed_form() -> None:
    """0.1 + j0.05 ohm, 0.4 kV, 50 kW and 10 kvar: U = 0.3857221266 kV (methods: high root of the quadratic)."""
    (_, far) = np.abs(sweep(tree([0], [1], [0.1 + 0.05j]), column(0, 50), column(0, 10), 0.4, 1e-12))[:, 0]
    assert far == pytest.approx(0.3857221266, abs=4e-10)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 0.5), st.floats(0.0, 0.5), st.floats(-60.0, 60.0), st.floats(-40.0, 40.0), st.floats(0.38, 0.42))
def test_two_buses_by_the_quadratic(r: float, x: float, kw: float, kvar: float, kv: float) -> None:
    p, q = kw / 1e3, kvar / 1e3
    half = kv**2 / 2 - (r * p + x * q)
    inside = half**2 - (r**2 + x**2) * (p**2 + q**2)
    network = tree([0], [1], [complex(r, x)])
    if inside < 1e-4 * kv**4:  # at the nose and beyond
        return
    far = np.abs(sweep(network, column(0, kw), column(0, kvar), kv)[1, 0])
    assert far == pytest.approx(np.sqrt(half + np.sqrt(inside)), rel=1e-6)


def test_beyond_the_nose_the_column_and_the_part_that_holds_are_named() -> None:
    """At unity power factor over a resistance the nose lies at U**2 / 4R: 0.4**2 / 0.4 = 400 kW."""
    network = tree([0], [1], [0.1])
    with pytest.raises(NotConverged, match=r"in column 1; column 1 collapses above (\d+\.\d)% of it") as told:
        sweep(network, np.array([[0.0, 0.0], [300.0, 500.0]]), np.zeros((2, 2)), 0.4)
    assert float(str(told.value).split("above ")[1].split("%")[0]) == pytest.approx(80.0, abs=0.5)


def random_tree(rng: np.random.Generator, nodes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    to = np.arange(1, nodes)
    ends = np.stack([(rng.random(nodes - 1) ** 0.3 * to).astype(int), to])
    turned = np.where(rng.random(nodes - 1) < 0.5, ends, ends[::-1])
    mixed = rng.permutation(nodes - 1)
    z = rng.uniform(0.002, 0.01, nodes - 1) + 1j * rng.uniform(0.001, 0.006, nodes - 1)
    return turned[0][mixed], turned[1][mixed], z[mixed]


def test_a_hundred_nodes_equal_opendss() -> None:
    rng = np.random.default_rng(5)
    a, b, z = random_tree(rng, 100)
    kw, kvar = rng.uniform(0, 1.2, (100, 3)), rng.uniform(-0.2, 0.5, (100, 3))
    kw[0] = kvar[0] = 0.0
    ours = np.abs(sweep(tree(a, b, z), kw, kvar, 0.41))
    lines = [
        f"new line.l{i} bus1=n{f} bus2=n{t} r1={v.real} x1={v.imag} r0={v.real} x0={v.imag} c1=0 c0=0 length=1"
        for i, (f, t, v) in enumerate(zip(a, b, z, strict=True))
    ]
    for k in range(3):
        loads = [
            f"new load.d{n} bus1=n{n} kv=0.4 kw={kw[n, k]} kvar={kvar[n, k]} vminpu=0.5 vmaxpu=1.5"
            for n in range(1, 100)
        ]
        head = "new circuit.t bus1=n0 basekv=0.41 pu=1 r1=0 x1=1e-9 r0=0 x0=1e-9"
        engine.load("\n".join(["clear", head, *lines, *loads, "set tolerance=1e-10", "set maxiterations=200"]))
        engine.solve()
        assert engine.converged()
        volts = np.empty(301, np.complex128)
        engine.Voltages().read(volts)
        at = {name: i for i, name in enumerate(engine.node_names(), 1)}
        theirs = [abs(volts[at[f"n{n}.1"]]) * 3**0.5 / 1e3 for n in range(100)]
        np.testing.assert_allclose(ours[:, k], theirs, rtol=1e-7)


def test_shunts_carry_current() -> None:
    """A lossless capacitor behind a reactance: U = U0 / (1 - X B)."""
    network = tree([0], [1], [0.2j], shunt_s=[0.0, 0.1j])
    far = np.abs(sweep(network, np.zeros((2, 1)), np.zeros((2, 1)), 10.0))[1, 0]
    assert far == pytest.approx(10.0 / (1.0 - 0.2 * 0.1), rel=1e-9)


def test_loops_and_islands_are_named() -> None:
    with pytest.raises(SolveError, match=r"not radial; loops are closed by 2-3$"):
        tree([0, 1, 2, 3], [1, 2, 3, 1], np.ones(4))
    with pytest.raises(SolveError, match=r"loops are closed by 1-0$"):
        tree([0, 1], [1, 0], np.ones(2))
    with pytest.raises(SolveError, match="2 nodes have no path to node 0: 2, 3"):
        tree([0, 2], [1, 3], np.ones(2))


def test_columns_and_the_naming_of_nodes_change_nothing() -> None:
    rng = np.random.default_rng(7)
    a, b, z = random_tree(rng, 60)
    kw, kvar = rng.uniform(0, 1, (60, 70)), rng.uniform(0, 0.4, (60, 70))
    straight = sweep(tree(a, b, z), kw, kvar, 0.4)
    columns = rng.permutation(70)
    np.testing.assert_allclose(
        sweep(tree(a, b, z), kw[:, columns], kvar[:, columns], 0.4), straight[:, columns], rtol=1e-8
    )
    other = rng.permutation(60)
    back = np.argsort(other)
    renamed = tree(other[a], other[b], z, root=int(other[0]))
    np.testing.assert_allclose(sweep(renamed, kw[back], kvar[back], 0.4)[other], straight, rtol=1e-8)


def test_threads_share_a_tree() -> None:
    rng = np.random.default_rng(9)
    network = tree(*random_tree(rng, 80))
    loads = [rng.uniform(0, 1, (80, 40)) for _ in range(8)]
    alone = [sweep(network, kw, 0.3 * kw, 0.4) for kw in loads]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda kw: sweep(network, kw, 0.3 * kw, 0.4), loads))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_order_of_a_hundred_thousand_nodes_is_linear_in_time() -> None:
    """Ten times the nodes take at most thirty times as long: a quadratic order would take a hundred times."""
    spent = []
    for nodes in (10_000, 100_000):
        a, b, z = random_tree(np.random.default_rng(1), nodes)
        times = []
        for _ in range(3):
            start = time.process_time()
            network = tree(a, b, z * 1e-4)
            times.append(time.process_time() - start)
        spent.append(min(times))
    assert spent[1] < 30 * spent[0] + 0.1
    assert (network.parent[1:] < np.arange(1, 100_000)).all()
    volts = sweep(network, np.full((100_000, 1), 0.001), np.zeros((100_000, 1)), 0.4)
    assert 0.2 < np.abs(volts).min() < 0.4
