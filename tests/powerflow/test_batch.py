"""The batch engine: its answers are those of OpenDSS, whatever the loads; bad circuits are refused with a reason."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from power_cases import demand_of, own

from dtl.demand.demand import Demand
from dtl.errors import NotConverged, SolveError
from dtl.network.feeder import Feeder, Generator, Load
from dtl.powerflow import head, names
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.opendss import Block, Year

HOURS = np.array([0, 7, 18, 19, 4122, 4123, 8759])
SAME_PU = 1e-6
REFERENCE = 1e-8
"""Tolerance of OpenDSS; closer, it does not settle where a bus behind two deltas floats."""


def pair(feeder: Feeder, demand: Demand | None = None, hours: np.ndarray = HOURS) -> tuple[BatchYear, Block, Block]:
    """The batch year, its block and the one of OpenDSS, controls held."""
    demand = demand or demand_of(feeder)
    batch = BatchYear(feeder, demand)
    (mine,) = batch.blocks(hours.tolist())
    (theirs,) = Year(feeder, demand, controls_active=False, tolerance=REFERENCE).blocks(hours.tolist())
    return batch, mine, theirs


def assert_equal(feeder: Feeder, batch: BatchYear, mine: Block, theirs: Block) -> None:
    nominal = np.array([1.0] + [1e3 * kv for kv in kv_of(feeder, batch)])[:, None]
    gap = np.abs(mine.voltages - theirs.voltages) / nominal
    gap[[i for i, name in enumerate(batch.circuit.nodes) if i and not grounded(feeder, name)]] = 0.0
    assert gap.max() <= SAME_PU, batch.circuit.nodes[int(gap.max(axis=1).argmax())]
    largest = max(1.0, float(np.abs(theirs.load_kva).max(initial=0.0)))
    for name in ("load_kva", "generator_kva"):
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), atol=1e-5 * largest)
    np.testing.assert_allclose(mine.source_a, theirs.source_a, atol=1e-5 * float(np.abs(theirs.source_a).max()))


def kv_of(feeder: Feeder, batch: BatchYear) -> Iterator[float]:
    kv = {names.spelled(b.name): b.kv_ln for b in feeder.buses}
    return (kv[name.rpartition(".")[0]] for name in batch.circuit.nodes[1:])


def grounded(feeder: Feeder, name: str) -> bool:
    fixed = {f"{names.spelled(bus)}.{node}" for bus, node in head.view(feeder).grounded}
    return name in fixed


def test_voltages_powers_and_currents_equal_opendss(feeder: Feeder) -> None:
    fed, _ = head.served(feeder)
    assert_equal(fed, *pair(fed))


MODELS = {
    "power": {"model": 1},
    "impedance": {"model": 2},
    "cvr": {"model": 4, "cvr_watts": 0.8, "cvr_vars": 3.0},
    "linear": {"model": 4, "cvr_watts": 1.0, "cvr_vars": 2.0},
    "current": {"model": 5},
    "zip": {"model": 8, "zip": (0.3, 0.3, 0.4, 0.1, 0.5, 0.4, 0.0)},
    "zip drops out": {"model": 8, "zip": (0.2, 0.5, 0.3, 0.4, 0.4, 0.2, 0.9605)},
}
LIMITS = {"inside": (0.8, 1.2), "low": (1.15, 1.3), "very low": (1.3, 1.4), "high": (0.5, 0.9), "none": (0.0, 2.0)}


@pytest.mark.parametrize(("model", "limits"), list(product(MODELS, LIMITS)))
def test_every_load_model_in_every_zone_and_connection(mixed: Feeder, model: str, limits: str) -> None:
    """All loads get one model, and limits that put their voltage inside, below or above."""
    least, most = LIMITS[limits]
    change = {**MODELS[model], "min_pu": least, "max_pu": most}
    feeder = mixed.model_copy(update={"loads": tuple(p.model_copy(update=change) for p in connections(mixed))})
    assert_equal(feeder, *pair(feeder))


def connections(feeder: Feeder) -> tuple[Load, ...]:
    """The loads of the feeder and one of each further connection, sorted by name."""
    like = {"kw": 9.0, "kvar": 4.0, "min_pu": 0.8, "max_pu": 1.2}
    more = [
        Load(name="y1", bus="a", nodes=(2,), phases=1, kv=7.2, **like),
        Load(name="y3", bus="a", nodes=(1, 2, 3), phases=3, kv=12.47, **like),
        Load(name="y2", bus="c", nodes=(1, 2), phases=2, kv=12.47, **like),
        Load(name="d1", bus="a", nodes=(3, 1), phases=1, connection="delta", kv=12.47, **like),
        Load(name="d2", bus="a", nodes=(1, 2, 3), phases=2, connection="delta", kv=12.47, **like),
        Load(name="d3", bus="a", nodes=(1, 2, 3), phases=3, connection="delta", kv=12.47, **like),
    ]
    return tuple(sorted([*feeder.loads, *more], key=lambda p: p.name))


@pytest.mark.parametrize("limits", LIMITS)
def test_generators_in_every_zone_and_connection(mixed: Feeder, limits: str) -> None:
    least, most = LIMITS[limits]
    like = {"kw": 30.0, "kvar": -5.0, "kva": 50.0, "min_pu": least, "max_pu": most}
    generators = (
        Generator(name="d1", bus="a", nodes=(3, 1), phases=1, connection="delta", kv=12.47, **like),
        Generator(name="d3", bus="a", nodes=(1, 2, 3), phases=3, connection="delta", kv=12.47, **like),
        Generator(name="y1", bus="a", nodes=(2,), phases=1, kv=7.2, **like),
        Generator(name="y3", bus="a", nodes=(1, 2, 3), phases=3, kv=12.47, **like),
    )
    feeder = mixed.model_copy(update={"generators": generators})
    assert_equal(feeder, *pair(feeder))


def test_the_order_of_hours_and_what_else_is_solved_change_nothing_beyond_the_tolerance(mixed: Feeder) -> None:
    year = BatchYear(mixed, demand_of(mixed))
    order = np.random.default_rng(3).permutation(2000)
    straight = np.concatenate([b.voltages for b in year.blocks(range(2000))], axis=1)
    shuffled = np.concatenate([b.voltages for b in year.blocks(order.tolist())], axis=1)
    alone = np.concatenate([b.voltages for b in year.blocks(range(100))], axis=1)
    base = np.maximum(np.abs(straight), 1.0)
    assert (np.abs(straight[:, order] - shuffled) / base[:, order]).max() < SAME_PU
    assert (np.abs(straight[:, :100] - alone) / base[:, :100]).max() < SAME_PU


def test_what_has_power_in_other_columns_only_draws_nothing_and_reactive_power_alone_is_power(mixed: Feeder) -> None:
    """In some columns one owner alone has active power, in as many others reactive power, solved together and alone."""
    batch = BatchYear(mixed, demand_of(mixed)).batch
    count = len(batch.ports.owners)
    kw, kvar = (
        np.hstack([np.eye(count), np.zeros((count, count))]),
        np.hstack([np.zeros((count, count)), np.eye(count)]),
    )
    together = batch.solve(20.0 * kw, 20.0 * kvar)[0]
    idle = batch.solve(np.zeros((count, 1)), np.zeros((count, 1)))[0]
    alone = np.hstack([batch.solve(20.0 * kw[:, [j]], 20.0 * kvar[:, [j]])[0] for j in range(2 * count)])
    base = np.maximum(np.abs(idle), 1.0)
    assert (np.abs(together - alone) / base).max() < SAME_PU
    assert ((np.abs(together - idle) / base).max(axis=0) > 10.0 * SAME_PU).all()


def test_without_load_the_voltages_are_linear_in_the_head(mixed: Feeder) -> None:
    """Two heads of one angle, no load and no generation: voltages scale with the head's, but for rounding.

    The matrix of a circuit with jumpers and floating windings is stiff: 6e-9 differ on one processor, less on others.
    """
    empty = mixed.model_copy(update={"loads": (), "generators": (), "storages": ()})
    volts = []
    for pu in (1.0, 1.05):
        sources = tuple(s.model_copy(update={"pu": pu}) for s in empty.sources)
        fed = empty.model_copy(update={"sources": sources})
        (block,) = BatchYear(fed, demand_of(fed)).blocks([0, 5000])
        volts.append(block.voltages)
    np.testing.assert_allclose(volts[1], 1.05 * volts[0], rtol=1e-7, atol=1e-6)
    np.testing.assert_array_equal(volts[0][:, 0], volts[0][:, 1])


def test_closer_hours_replace_those_of_a_block(mixed: Feeder) -> None:
    demand = demand_of(mixed)
    loose = BatchYear(mixed, demand, tolerance=1e-2)
    (block,) = loose.blocks(HOURS.tolist())
    before = block.voltages.copy()
    loose.repeat(block, np.array([2, 5]))
    (exact,) = BatchYear(mixed, demand, tolerance=1e-9).blocks(HOURS.tolist())
    gap = np.abs(block.voltages - exact.voltages).max(axis=0)
    assert gap[[2, 5]].max() < 1e-4 < 1e-2 < gap[[0, 1, 3, 4, 6]].max()
    np.testing.assert_array_equal(block.voltages[:, [0, 1, 3, 4, 6]], before[:, [0, 1, 3, 4, 6]])
    assert loose.repeated_hours == 2


def test_hours_without_a_solution_are_named(mixed: Feeder) -> None:
    stubborn = tuple(p.model_copy(update={"min_pu": 0.0, "model": 1, "kw": 60 * p.kw}) for p in mixed.loads)
    feeder = mixed.model_copy(update={"loads": stubborn})
    with pytest.raises(NotConverged, match=r"did not converge .* in hour \d+"):
        list(BatchYear(feeder, demand_of(feeder)).blocks(range(40)))


def test_a_part_without_ground_or_source_is_refused(mixed: Feeder) -> None:
    """A delta winding without the engine's own shunt to ground floats."""
    bare = tuple(t.model_copy(update={"ppm_antifloat": 0.0}) for t in mixed.transformers)
    lines = tuple(p.model_copy(update={"enabled": p.name != "l3"}) for p in mixed.lines)
    feeder = mixed.model_copy(update={"transformers": bare, "lines": lines, "reactors": ()})
    feeder = feeder.model_copy(update={"loads": tuple(p for p in feeder.loads if p.bus == "mill")})
    with pytest.raises(SolveError, match=r"the part of the circuit around node mill\.\d has no path"):
        BatchYear(feeder, demand_of(feeder))


def test_a_load_on_a_phase_that_nothing_brings_is_refused(mixed: Feeder) -> None:
    lost = mixed.loads[0].model_copy(update={"bus": "c", "nodes": (3,), "phases": 1, "connection": "wye", "kv": 7.2})
    feeder = mixed.model_copy(update={"loads": (lost, *mixed.loads[1:])})
    with pytest.raises(SolveError, match=r"node c\.3 carries a load and is joined to nothing"):
        BatchYear(feeder, demand_of(feeder))


@pytest.mark.slow
def test_a_process_that_imported_the_kernels_compiles_nothing(tmp_path: Path) -> None:
    """The second process finds the machine code of the first, though bytecode is not to be written."""
    code = (
        "from dtl.powerflow import batch_kernels as k, flow_kernels as f\n"
        "stats = [x.stats for x in (k.fixed_point, f.flows)]\n"
        "print(sum(sum(s.cache_misses.values()) for s in stats), sum(sum(s.cache_hits.values()) for s in stats))\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    runs = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert [run.split() for run in runs] == [["2", "0"], ["0", "2"]]


def test_one_feeder_of_ours_has_a_split_phase(split_phase: Feeder) -> None:
    """What the comparison above rests on: centre-tapped transformers, a generator and a battery."""
    assert any(b.split_phase for b in split_phase.buses) and split_phase.generators and split_phase.storages
    assert own("mixed").loads
