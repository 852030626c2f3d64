"""Layer ``solar``: roofs with photovoltaics, by the weather of the feeder's place or a profile of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS
from dtl.demand.weather import Weather
from dtl.errors import SolveError
from dtl.scenarios import connection_rules, series_file, solar_model
from dtl.scenarios.allocate import adopters, assumed
from dtl.scenarios.context import Context
from dtl.scenarios.power import Power
from dtl.scenarios.solar_model import Plane
from dtl.scenarios.state import Component, State, assumption

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = list[dict[str, Any]]

TILT_DEG = 25.0
MIX = ((180.0, 0.50), (225.0, 0.20), (135.0, 0.15), (270.0, 0.10), (90.0, 0.05))
"""Azimuth [degree] and share of the roofs where the study says none, north of the equator."""
PER_K = -0.0035
"""Change of the power of the modules with the temperature of their cells [1/K]."""
LOSS, DC_AC = 0.1408, 1.2
CALM_M_S = 1.0
"""Wind where none is known [m/s]."""


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the generation of the roofs, within the rules of connection that the stack has."""
    name = str(layer["name"])
    shape, rows = output(layer, state, context)
    wanted_kw, size_rows = _sizes(layer, state, float(shape.sum()) * context.step_min / 60.0)
    each = connection_rules.sized(wanted_kw, state)
    placed = adopters(layer, state, context, kw_each=_typical(layer, state, each))
    units = connection_rules.connected(placed, each, state)
    rated = units * each
    power, rule_rows = _given(rated, shape, units, state, context)
    if state.rules:
        refused = float((placed - units).sum())
        cut = float((placed * (wanted_kw - each)).sum())
        rule_rows += [assumption("systems refused", refused, "count", "connection rules"),
                      assumption("size cut", cut, "kW", "connection rules")]  # fmt: skip
        if refused:
            state = state.noting(f"layer '{name}': connection rules refuse {refused:.0f} of {placed.sum()} systems")
    kva = rated * float(layer.get("kva_per_kw", 1.0))
    rows += [*size_rows, assumption("installed", float(rated.sum()), "kW AC", "allocation"), *rule_rows]
    curves = {word: connection_rules.required(word, layer, state) for word in ("volt_var", "volt_watt")}
    for word, curve in curves.items():
        source = "connection rules" if curve and word not in layer else "study"
        rows.append(assumption(word, curve or "none", "", source, default=not curve))
    state = assumed(layer, state, context, units).assuming(name, *rows)
    component = Component(name, power.scaled(-1.0), power.scaled(0.0), "generation", kva, rated,
                          curves["volt_var"], curves["volt_watt"], "solar")  # fmt: skip
    return state.with_component(component)


def output(layer: Mapping[str, Any], state: State, context: Context) -> tuple[Real, Rows]:
    """AC power of a kW of inverters in each step, shape (steps,) [-], and what was assumed.

    Raises
    ------
    SolveError
        The study gives neither a profile nor weather with irradiance at this feeder.
    """
    if layer.get("profile"):
        path = str(layer["profile"])
        shape = series_file.year(path, context.files, context.steps)
        return shape, [assumption("profile", path, "", "study"), _yield(shape, context)]
    name = str(layer["name"])
    weather = _weather(name, context)
    at = solar_model.sun(context.measured_year, context.timezone, weather.latitude_deg, weather.longitude_deg)
    light = solar_model.sky(at, *_irradiance(name, weather))
    air = state.temp_c if state.temp_c is not None else np.asarray(weather.needed("temp_c"), np.float64)
    wind, ratio = _whole(weather, "wind_m_s"), float(layer.get("dc_ac_ratio", DC_AC))
    loss = float(layer.get("loss_share", LOSS))
    mix = planes(layer, weather.latitude_deg)
    shape = solar_model.per_kw(
        at, light, air, np.full(HOURS, CALM_M_S) if wind is None else wind, mix,
        dc_ac_ratio=ratio, per_k=PER_K, loss_share=loss,
    )  # fmt: skip
    said = "; ".join(f"{100 * p.share:.0f} % to {p.azimuth_deg:g} tilted {p.tilt_deg:g}" for p in mix)
    basis = f"{weather.source} {weather.point}, {weather.basis}"
    rows = [
        assumption("irradiance", light.basis, "W/m2", basis),
        assumption("wind", CALM_M_S if wind is None else "hourly", "m/s", "ours" if wind is None else basis,
                   default=wind is None),
        assumption("orientations", said, "degree", "study" if layer.get("orientations") else "ours",
                   default=not layer.get("orientations")),
        assumption("dc_ac_ratio", ratio, "-", "study", default=ratio == DC_AC),
        assumption("loss_share", loss, "share", "PVWatts v5" if loss == LOSS else "study", default=loss == LOSS),
        assumption("change with temperature", PER_K, "1/K", "ours", default=True),
        _yield(shape, context),
    ]  # fmt: skip
    return np.repeat(shape, context.steps // HOURS), rows


def planes(layer: Mapping[str, Any], latitude_deg: float) -> list[Plane]:
    """The mix of orientations of a layer; south of the equator our own looks to the north."""
    if given := layer.get("orientations"):
        return [Plane(float(o["azimuth_deg"]), float(o["tilt_deg"]), float(o["share"])) for o in given]
    north = latitude_deg >= 0.0
    return [Plane(azimuth if north else (180.0 - azimuth) % 360.0, TILT_DEG, share) for azimuth, share in MIX]


def _yield(shape: Real, context: Context) -> dict[str, Any]:
    kwh = float(shape.sum()) * HOURS / len(shape)
    return assumption("yield", kwh, "kWh/kW AC", f"hours of {context.measured_year}")


def _weather(layer: str, context: Context) -> Weather:
    found = context.weather.get(context.measured_year)
    if found is None:
        raise SolveError(
            f"layer '{layer}' needs the weather of {context.measured_year} at this feeder, with irradiance; add a "
            "source of kind open_meteo, weather_file or epw, or give it a 'profile'"
        )
    return found


def _irradiance(layer: str, weather: Weather) -> tuple[Real | None, Real | None, Real | None]:
    ghi, dni, dhi = (_whole(weather, f"{word}_w_m2") for word in ("ghi", "dni", "dhi"))
    if ghi is None and (dni is None or dhi is None):
        try:
            weather.needed("ghi_w_m2")
        except SolveError as err:
            raise SolveError(f"layer '{layer}' needs irradiance: {err}; give the column ghi_w_m2, or dni_w_m2 and "
                             "dhi_w_m2, or give the layer a 'profile'") from err  # fmt: skip
    return ghi, dni, dhi


def _whole(weather: Weather, name: str) -> Real | None:
    if name not in weather.fields or weather.missing.get(name):
        return None
    return np.asarray(weather.fields[name], np.float64)


def _sizes(layer: Mapping[str, Any], state: State, kwh_per_kw: float) -> tuple[Real, Rows]:
    """AC power of one system at each load [kW], and what was assumed."""
    if layer.get("kw_each") is not None:
        each = float(layer["kw_each"])
        return np.full(len(state.loads), each), [assumption("kw_each", each, "kW AC", "study")]
    share = float(layer.get("energy_share") or 1.0)
    if kwh_per_kw <= 0.0:
        raise SolveError(f"layer '{layer['name']}': its output in a year is 0, which sizes no system; give kw_each")
    kwh = np.maximum(state.base.kw.sums(), 0.0) * HOURS / state.base.kw.steps / np.maximum(state.customers, 1)
    each_kw = np.asarray(share * kwh / kwh_per_kw, np.float64)
    row = assumption("energy_share", share, "share of a customer's year", "study", default="energy_share" not in layer)
    return each_kw, [row, assumption("mean size", float(each_kw.mean()) if len(each_kw) else 0.0, "kW AC", "its year")]


def _typical(layer: Mapping[str, Any], state: State, each: Real) -> float:
    """Mean power of the systems of the class [kW], for levels in kW."""
    mine = state.of_class(layer)
    return max(float(np.sort(each[mine]).mean()), 1e-6) if mine.any() else 1e-6


def own_share(units: Ints, state: State) -> Real:
    """Share of a load's power that is that of those who have a device, shape (loads,)."""
    customers = state.customers
    share = np.divide(units, customers, out=np.ones(len(units)), where=customers > 0)
    return np.asarray(np.where(units > 0, np.minimum(share, 1.0), 0.0), np.float64)


def _given(rated: Real, shape: Real, units: Ints, state: State, context: Context) -> tuple[Power, Rows]:
    """What the roofs give, after the limit of export."""
    power = Power.shared(rated, shape.astype(np.float32))
    if connection_rules.strictest("export_limit", state) is None:
        return power, []
    before = power.values()
    own = state.kw(carriers=("load", "added")) * own_share(units, state)[:, None]
    after = connection_rules.exported(before, own, rated, state)
    lost = float((before - after).sum()) * context.step_min / 60.0
    if not lost:
        return power, []
    return Power.each(after.astype(np.float32)), [assumption("export cut", lost, "kWh", "connection rules")]
