"""Layer ``electrification``: rooms, hot water and cooking that become electric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand import heat
from dtl.demand.calendar import HOURS
from dtl.errors import SolveError
from dtl.scenarios.allocate import adopters, assumed
from dtl.scenarios.context import Context
from dtl.scenarios.power import Power
from dtl.scenarios.state import Component, State, assumption

Real = NDArray[np.float64]

KWH = {"heating": 12_000.0, "hot_water": 2_500.0, "cooking": 450.0}
"""Useful energy of a home in a year where the study says none [kWh]."""
COVERED = 0.97
"""Share of the year's hours that a heat pump with a resistance heater beside it covers alone."""
_HUMPS = {"hot_water": (0.25, ((7.0, 1.4, 1.0), (19.5, 2.4, 0.8))), "cooking": (0.02, ((7.5, 0.8, 0.35),
          (12.3, 0.9, 0.6), (18.4, 1.2, 1.0)))}  # fmt: skip
"""Base, and hour, width and height of the humps of the day; our own, illustrative."""


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the load of what became electric; a fleet's mean load for each adopter, constant power."""
    name = str(layer["name"])
    one, rows = load(layer, context, state.temp_c)
    units = adopters(layer, state, context, kw_each=float(one.max()))
    state = assumed(layer, state, context, units).assuming(name, *rows)
    power = Power.shared(units.astype(np.float64), np.repeat(one, context.steps // HOURS).astype(np.float32))
    return state.with_component(Component(name, power, power.scaled(0.0), "added", kind="electrification"))


def load(
    layer: Mapping[str, Any], context: Context, changed_c: Real | None = None
) -> tuple[Real, list[dict[str, Any]]]:
    """Electric load of one adopter in each hour [kW], shape (8760,), and what was assumed.

    ``changed_c`` are temperatures in place of those measured; a colder year needs more heat.

    Raises
    ------
    SolveError
        The study has no weather, and the end use or the heat pump depends on it.
    """
    use, technology = str(layer.get("end_use", "heating")), str(layer.get("technology", "air_heat_pump"))
    given = layer.get("kwh_per_year")
    kwh = float(given) if given is not None else KWH[use]
    clock = context.calendar.clock_hour(context.timezone)
    rows = [assumption("kwh_per_year", kwh, "kWh useful", "study" if given is not None else "ours",
                       default=given is None), assumption("technology", technology, "", "study")]  # fmt: skip
    if use == "cooking":
        return kwh * _day(use, clock), [rows[0]]
    if use == "hot_water":
        shape = kwh * _day(use, clock)
        if technology == "resistance":
            return shape, rows
        return shape / heat.cop(technology, _temp_c(layer, context, changed_c), sink_c=heat.HOT_WATER_C), rows
    temp_c = _temp_c(layer, context, changed_c)
    need = kwh * heat.heating(temp_c, clock, normal_c=_temp_c(layer, context, None))
    return _rooms(need, technology, temp_c, float(layer.get("backup_kw", 0.0)), rows)


def _rooms(
    need: Real, technology: str, temp_c: Real, backup_kw: float, rows: list[dict[str, Any]]
) -> tuple[Real, list[dict[str, Any]]]:
    """Electric load for some heat [kW]; with a resistance heater the pump is smaller, and the heater helps it."""
    factor = heat.cop(technology, temp_c)
    rows.append(assumption("mean COP", float(need.sum() / (need / factor).sum()), "-", "When2Heat"))
    if technology == "resistance" or backup_kw <= 0.0:
        return need / factor, rows
    largest = float(np.quantile(need / factor, COVERED))
    pump = np.minimum(need / factor, largest)
    beside = np.minimum(need - pump * factor, backup_kw)
    lacking = float((need - pump * factor - beside).sum())
    rows += [assumption("heat pump", largest, "kW electric", "ours", default=True),
             assumption("heat not covered", lacking, "kWh", "ours")]  # fmt: skip
    return pump + beside, rows


def _day(use: str, clock: Real) -> Real:
    """Shares of the year in each hour of an end use that is alike on all days."""
    base, humps = _HUMPS[use]
    shape = np.full(len(clock), base)
    for at, width, high in humps:
        away = (clock + 0.5 - at + 12.0) % 24.0 - 12.0
        shape += high * np.exp(-0.5 * (away / width) ** 2)
    return np.asarray(shape / shape.sum(), np.float64)


def _temp_c(layer: Mapping[str, Any], context: Context, changed_c: Real | None) -> Real:
    return temp_c(str(layer["name"]), context) if changed_c is None else changed_c


def temp_c(layer: str, context: Context) -> Real:
    """Air temperature of the measured year, shape (8760,) [degree C]; SolveError where the study has no weather."""
    if context.measured_year not in context.weather:
        raise SolveError(f"layer '{layer}' needs the weather of {context.measured_year} at this feeder; add a source "
                         "of kind open_meteo, weather_file or epw")  # fmt: skip
    return np.asarray(context.weather[context.measured_year].needed("temp_c"), np.float64)
