"""The relations that are published: their columns with units, as Arrow schemas, and what each is about.

A row belongs to a *part* (a feeder group, or the study as a whole), which is replaced as one. ``geom`` is text, WKT in
longitude and latitude, with its reference before it (``SRID=4326;``), where the coordinate system of a feeder is known,
in its own coordinates and without reference otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

TEXT, INT, REAL, FLAG = pa.string(), pa.int32(), pa.float64(), pa.bool_()
DAY, TIME, SHAPE = pa.date32(), pa.timestamp("s", tz="UTC"), pa.list_(pa.float64())
WGS84 = 4326
"""Spatial reference of longitude and latitude."""
FORM = "2"
"""Raised when rows come out otherwise from the same files: it is in the digest of every part, which is sent again."""


@dataclass(frozen=True)
class Relation:
    """One relation; ``index`` names the columns that queries look for, ``time`` that by which rows are partitioned."""

    name: str
    about: str
    schema: pa.Schema
    index: tuple[str, ...]
    time: str = ""


def _of(name: str, about: str, index: str, time: str = "", /, **columns: pa.DataType) -> Relation:
    schema = pa.schema([("part", TEXT), *columns.items()], {"form": FORM})
    return Relation(name, about, schema, tuple(index.split()), time)


_RELATIONS = (
    _of("substations", "Where feeders begin.", "id", id=TEXT, name=TEXT, voltage_kv=REAL, geom=TEXT),
    _of("feeders", "Feeders and whether they were solved.", "id", id=TEXT, substation_id=TEXT, name=TEXT,
        head_device=TEXT, kv_ll=REAL, length_km=REAL, customers=INT, status=TEXT, reason=TEXT, geom=TEXT),
    _of("segments", "Lines.", "feeder_id id", feeder_id=TEXT, id=TEXT, from_node=TEXT, to_node=TEXT, phase=TEXT,
        conductor_type=TEXT, length_km=REAL, rating_a=REAL, geom=TEXT),
    _of("transformers", "Transformers, without regulators.", "feeder_id id", feeder_id=TEXT, id=TEXT, xfmr_type=TEXT,
        kva_rating=REAL, phase=TEXT, kv_high=REAL, kv_low=REAL, impedance_pct=REAL, install_date=DAY, geom=TEXT),
    _of("capacitors", "Capacitors.", "feeder_id id", feeder_id=TEXT, id=TEXT, kvar=REAL, phase=TEXT,
        control_type=TEXT, geom=TEXT),
    _of("regulators", "Regulators and load tap changers.", "feeder_id id", feeder_id=TEXT, id=TEXT,
        bandwidth_v=REAL, pt_ratio=REAL, reg_setting_v=REAL, r_v=REAL, x_v=REAL, geom=TEXT),
    _of("meters", "Meters and the transformer that serves each.", "feeder_id id xfmr_id", feeder_id=TEXT, id=TEXT,
        xfmr_id=TEXT, customer_type=TEXT, mapping_confidence=REAL, mapping_band=TEXT, mapping_basis=TEXT, geom=TEXT),
    _of("conductor_catalog", "Kinds of lines in use.", "id", id=TEXT, phases=INT, r1_ohm_per_km=REAL,
        x1_ohm_per_km=REAL, r0_ohm_per_km=REAL, x0_ohm_per_km=REAL, ampacity_a=REAL, origin=TEXT),
    _of("transformer_catalog", "Kinds of transformers in use.", "id", id=TEXT, phases=INT, kva=REAL, kv_high=REAL,
        kv_low=REAL, impedance_pct=REAL, r_pct=REAL, x_pct=REAL, no_load_loss_pct=REAL, min_tap_pu=REAL,
        max_tap_pu=REAL, connection=TEXT, units=INT),
    _of("ev_charging_profiles", "Charging profiles that the studies may name.", "id", id=TEXT, about=TEXT,
        hourly_shape=SHAPE, weekend_shape=SHAPE),
    _of("ami_readings", "Meter readings; power is the mean of the interval.", "meter_id time", "time",
        meter_id=TEXT, time=TIME, interval_min=INT, kw=REAL, kvar=REAL, voltage_v=REAL, flag=TEXT),
    _of("scada_readings", "SCADA series.", "device_id time", "time", device_id=TEXT, feeder_id=TEXT, time=TIME,
        quantity=TEXT, phases=TEXT, value=REAL, quality=TEXT),
    _of("weather_data", "Weather by point and hour.", "station_id time", "time", station_id=TEXT, time=TIME,
        temp_c=REAL, humidity_pct=REAL, wind_m_s=REAL, solar_ghi_w_m2=REAL),
    _of("oms_events", "Interruptions.", "feeder_id start_time", id=TEXT, feeder_id=TEXT, device_id=TEXT,
        element_id=TEXT, start_time=TIME, end_time=TIME, primary_cause=TEXT, stated_cause=TEXT,
        customers_interrupted=INT, cmi_min=REAL, recovery_steps=TEXT, refused=TEXT),
    _of("scenarios", "Cases: a scenario in a year.", "id", id=TEXT, name=TEXT, year=INT, title=TEXT, config_json=TEXT,
        status=TEXT),
    _of("simulation_results", "What each case gives: worst of the year by element, and every violating hour.",
        "scenario_id feeder_id metric_type asset_id", scenario_id=TEXT, feeder_id=TEXT, hour=INT, asset_id=TEXT,
        metric_type=TEXT, value=REAL, limit_value=REAL, violation_flag=FLAG),
    _of("head_hourly", "Power at the feeder heads, hour by hour.", "scenario_id feeder_id hour", scenario_id=TEXT,
        feeder_id=TEXT, hour=INT, source_kw=REAL, source_kvar=REAL, load_kw=REAL, generation_kw=REAL, loss_kw=REAL,
        min_pu=REAL, max_pu=REAL),
    _of("hosting_capacity", "Hosting capacity by bus and method.", "scenario_id feeder_id bus_id",
        scenario_id=TEXT, feeder_id=TEXT, bus_id=TEXT, method=TEXT, of=TEXT, mode=TEXT, criterion=TEXT, hc_kw=REAL,
        hc_kw_mean=REAL, hc_kw_p5=REAL, hc_kw_p50=REAL, hc_kw_p95=REAL, limiting_factor=TEXT,
        limiting_element=TEXT, limiting_hour=INT, mc_iterations=INT, verdict=TEXT),
    _of("cyme_validation", "The model against results of another program.", "feeder_id bus_id", feeder_id=TEXT,
        bus_id=TEXT, kind=TEXT, phase=TEXT, quantity=TEXT, reference=REAL, ours=REAL, deviation=REAL, source=TEXT),
    _of("cube", "Every figure of the report, one per row.", "case feeder metric", feeder=TEXT, case=TEXT,
        scenario=TEXT, year=INT, metric=TEXT, kind=TEXT, element=TEXT, value=REAL, unit=TEXT),
)  # fmt: skip

RELATIONS = {r.name: r for r in _RELATIONS}
"""The relations by name, in the order in which they are written."""
