"""Heads as measured: which device is the head, what gaps become, and what the power flow has at the source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from dtl import tables
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import HEAD, Demand, Drive
from dtl.demand.head_voltage import measured_heads, require_ltc
from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Regulator
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from tests.demand.test_base_demand import feeder

START = datetime(2025, 1, 1, 6, tzinfo=UTC)
"""Midnight of 1 January in local standard time."""


def scada(**series: Any) -> Any:
    """Hourly values of the first three days by ``device__quantity__phase``; nan is left out."""
    rows = []
    for name, values in series.items():
        device, quantity, phase = name.split("__")
        for h, value in enumerate(values):
            if not np.isnan(value):
                rows.append({"source": "s", "feeder": "f", "device": device, "quantity": quantity, "phases": phase,
                             "interval_min": 60, "start": START + timedelta(hours=h), "value": float(value),
                             "quality": "good"})  # fmt: skip
    return tables.frame("scada", rows)


def heads(table: Any) -> Any:
    return measured_heads(feeder(), table, "s", Calendar(2025), "America/Chicago")


def test_the_head_is_where_the_power_is_and_its_phases_are_averaged() -> None:
    day = np.tile(np.linspace(12.3, 12.6, 24), 3)
    table = scada(
        head__kv__A=day - 0.1, head__kv__B=day + 0.1, head__kw__=np.full(72, 5000.0), line__kv__=np.full(72, 13.0),
        line__kw__=np.full(72, 100.0),
    )  # fmt: skip
    found = heads(table)
    assert found.pu["source"][:72] == pytest.approx(day / 12.47)
    assert found.pu["source"][72:96] == pytest.approx(day[:24] / 12.47), "gaps take the mean of their hour of the day"
    assert f"f: {HOURS - 72} hours without a measured head voltage" in found.warnings[0]


def test_volts_to_ground_are_understood_and_other_levels_refused() -> None:
    assert heads(scada(head__kv_ln__=np.full(72, 7.2))).pu["source"] == pytest.approx(
        np.full(HOURS, 7.2 * 3**0.5 / 12.47)
    )
    with pytest.raises(SolveError, match=r"measured 69 kV on average for f.*12.47 kV; is the device on the other side"):
        heads(scada(head__kv__=np.full(72, 69.0)))
    with pytest.raises(SolveError, match="has no good voltage"):
        heads(scada(head__kw__=np.full(72, 69.0)))


def test_the_power_flow_stands_at_the_measured_voltage_hour_by_hour() -> None:
    drives = {f"l{i}": Drive("f", f"l{i}", f"s{i}", "", 1, 10.0, 0.0, "flat", "flat", "model_loads") for i in (1, 2)}
    pu = np.linspace(0.95, 1.05, HOURS).astype(np.float32)
    demand = Demand(drives, {"flat": np.ones(HOURS, np.float32), HEAD + "source": pu})
    case, driven = realise(compose([], feeder(), demand, Context(2025, 2025, "UTC")))
    assert driven.heads.keys() == {"source"}, "what layers make keeps it"
    year = Year(case, driven)
    hours = [0, 4000, HOURS - 1]
    block = next(iter(year.blocks(hours)))
    volts = np.abs(block.voltages[[year.circuit.node[f"head.{n}"] for n in (1, 2, 3)]])
    assert volts == pytest.approx(np.tile(pu[hours], (3, 1)) * 12470.0 / 3**0.5, rel=1e-5)
    angle = np.angle(block.voltages[year.circuit.node["head.1"]], deg=True)
    assert angle == pytest.approx(0.0, abs=1e-3), "no hour turns the source"
    with pytest.raises(SolveError, match="follows a measurement"):
        BatchYear(case, driven)


def test_a_tap_changer_must_stand_between_the_source_and_all_loads() -> None:
    plain = feeder()
    with pytest.raises(SolveError, match="no load tap changer between its source and its loads"):
        require_ltc(plain)
    held = tuple(Regulator(name=t.name, transformer=t.name, winding=2, set_v=120.0, band_v=2.0, pt_ratio=2.0)
                 for t in plain.transformers)  # fmt: skip
    require_ltc(Feeder.model_validate(plain.model_dump() | {"regulators": [r.model_dump() for r in held]}))
