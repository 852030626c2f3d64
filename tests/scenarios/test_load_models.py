"""Load models by class: what the power flow draws at a low voltage follows the word, in both engines."""

from __future__ import annotations

import numpy as np
import pytest

from dtl.demand.calendar import HOURS
from dtl.demand.demand import Demand, Drive
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Load, Source
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise

LOW = 0.95


def case(words: dict[str, str], customer_class: str = "residential") -> tuple[Feeder, Demand]:
    """One load of 100 kW and 50 kvar behind next to no impedance, at 0.95 pu; the model says constant power."""
    buses = tuple(Bus(name=n, nodes=(1, 2, 3), kv_ln=7.2) for n in ("end", "head"))
    zero = tuple(tuple(1e-4 if i == j else 0.0 for j in range(3)) for i in range(3))
    code = LineCode(name="c", r_ohm_per_km=zero, x_ohm_per_km=zero, c_nf_per_km=tuple((0.0,) * 3 for _ in range(3)))
    line = Line(name="l", from_bus="head", to_bus="end", from_nodes=(1, 2, 3), to_nodes=(1, 2, 3), length_km=0.1,
                line_code="c")  # fmt: skip
    load = Load(name="x", bus="end", nodes=(1, 2, 3), phases=3, kv=12.4708, kw=100.0, kvar=50.0, min_pu=0.8, max_pu=1.2)
    source = Source(name="source", bus="head", kv_ll=12.4708, pu=LOW, r1_ohm=0.0, x1_ohm=1e-4, r0_ohm=0.0, x0_ohm=1e-4)
    feeder = Feeder(id="f", feeders=("f",), buses=buses, line_codes=(code,), lines=(line,), loads=(load,),
                    sources=(source,))  # fmt: skip
    drive = Drive("f", "x", "end", customer_class, 1, 100.0, 50.0, "flat", "flat", "model_loads")
    demand = Demand({"x": drive}, {"flat": np.ones(HOURS, np.float32)})
    context = Context(2025, 2025, "UTC", load_model=words)
    return realise(compose([], feeder, demand, context))


WANTED = {
    "constant_power": (1.0, 1.0),
    "constant_current": (LOW, LOW),
    "constant_impedance": (LOW**2, LOW**2),
    "zip": (0.25 * LOW**2 + 0.25 * LOW + 0.5, LOW**2),
}


@pytest.mark.parametrize("word", sorted(WANTED))
def test_a_word_sets_what_a_load_draws_at_a_low_voltage(word: str) -> None:
    feeder, demand = case({"residential": word})
    p, q = WANTED[word]
    for engine in (Year, BatchYear):
        kva = next(iter(engine(feeder, demand).blocks([0]))).load_kva[0, 0]
        assert kva.real == pytest.approx(100.0 * p, rel=1e-3), engine.__name__
        assert kva.imag == pytest.approx(50.0 * q, rel=1e-3), engine.__name__


def test_a_class_that_is_not_named_keeps_the_model_unless_all_is() -> None:
    assert case({"commercial": "zip"})[0].loads[0].model == 1
    assert case({"commercial": "constant_power", "all": "zip"})[0].loads[0].model == 8
