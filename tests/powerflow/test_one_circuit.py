"""The engine holds one circuit: what was read of an earlier one is refused, where it used to end the process."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from power_cases import demand_of, solve_spec

from dtl.demand.calendar import Calendar
from dtl.network.feeder import Feeder
from dtl.powerflow import dss, engine
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.opendss import Year
from dtl.powerflow.solve import run

LATER: dict[str, Callable[[Feeder], object]] = {
    "a batch year": lambda f: BatchYear(f, demand_of(f)),
    "another year": lambda f: Year(f, demand_of(f)),
    "a bare circuit": lambda f: engine.load(dss.write(f)),
}


@pytest.mark.parametrize("later", LATER)
def test_a_year_is_refused_once_another_circuit_is_loaded(mixed: Feeder, later: str) -> None:
    year = Year(mixed, demand_of(mixed))
    begun = year.blocks(range(2000))
    block = next(begun)
    kept = LATER[later](mixed)
    for use in (
        lambda: next(begun),
        lambda: next(year.blocks([5])),
        lambda: year.repeat(block, np.zeros(1, np.int64)),
        lambda: year._voltages.read(block.voltages[:, 0].copy()),
        lambda: year._loads.powers(),
        lambda: year._regulators.integers(b"TapNum"),
    ):
        with pytest.raises(engine.Replaced, match="another circuit"):
            use()
    del kept


def test_a_batch_year_needs_the_engine_no_more_once_it_is_made(mixed: Feeder) -> None:
    frozen = mixed.model_copy(update={"regulators": ()})
    ours = BatchYear(frozen, demand_of(frozen))
    before = next(ours.blocks(range(8))).voltages
    Year(mixed, demand_of(mixed))
    assert np.array_equal(next(ours.blocks(range(8))).voltages, before)


def test_an_audited_case_and_the_next_one_in_the_same_process(mixed: Feeder) -> None:
    demand = demand_of(mixed)
    for engine_word in ("batch", "opendss", "batch"):
        spec = solve_spec(hours="all" if engine_word == "batch" else [5, 6], controls="frozen", engine=engine_word)
        assert run(mixed, demand, Calendar(), spec).engine == engine_word
