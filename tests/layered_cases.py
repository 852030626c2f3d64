"""Small feeders, demands and contexts for the tests of layers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand, Drive
from dtl.demand.shapes import names, shape
from dtl.demand.weather import Weather
from dtl.network.feeder import Bus, Capacitor, Feeder, Line, LineCode, Load, Source, Switch
from dtl.scenarios.context import Context

TIMEZONE = "America/Chicago"
CONTEXT = Context(2030, 2025, TIMEZONE)


def feeder_of(loads: Sequence[tuple[str, str, int, float]], name: str = "f") -> Feeder:
    """A feeder of loads (name, class, customers, kw), without a network."""
    parts = [
        Load(name=n, bus=f"b_{n}", nodes=(1, 2, 3), phases=3, kv=0.4, kw=kw, kvar=0.2 * kw, min_pu=0.8, max_pu=1.2,
             customer_class=word, customers=count)
        for n, word, count, kw in sorted(loads)
    ]  # fmt: skip
    buses = tuple(Bus(name=p.bus, kv_ln=0.231, nodes=(1, 2, 3), feeder=name) for p in parts)
    return Feeder(id=name, feeders=(name,), loads=tuple(parts), buses=buses)


def networked(feeder: Feeder) -> Feeder:
    """The feeder with a source, a line to each bus in a chain, a spare switch beside the first line, a capacitor."""
    head = Bus(name="head", kv_ln=0.231, nodes=(1, 2, 3))
    code = LineCode(
        name="code", r_ohm_per_km=((0.1, 0.0, 0.0), (0.0, 0.1, 0.0), (0.0, 0.0, 0.1)),
        x_ohm_per_km=((0.1, 0.0, 0.0), (0.0, 0.1, 0.0), (0.0, 0.0, 0.1)),
        c_nf_per_km=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), normal_a=400.0,
    )  # fmt: skip
    chain = ["head", *(b.name for b in feeder.buses)]
    ends = {"from_nodes": (1, 2, 3), "to_nodes": (1, 2, 3)}
    lines = tuple(
        Line(name=f"l{i:03d}", from_bus=a, to_bus=b, line_code="code", length_km=0.01, **ends)
        for i, (a, b) in enumerate(pairwise(chain))
    )
    spare = Switch(name="spare", from_bus=chain[0], to_bus=chain[1], closed=(False,) * 3, **ends)
    bank = Capacitor(name="bank", bus=chain[2], nodes=(1, 2, 3), phases=3, kv=0.4, kvar=(10.0,))
    source = Source(name="s", bus="head", kv_ll=0.4, r1_ohm=1e-4, x1_ohm=1e-4, r0_ohm=1e-4, x0_ohm=1e-4)
    buses = tuple(sorted((*feeder.buses, head), key=lambda b: b.name))
    fields = {"buses": buses, "lines": lines, "line_codes": (code,), "switches": (spare,), "capacitors": (bank,)}
    return Feeder(id=feeder.id, feeders=feeder.feeders, loads=feeder.loads, sources=(source,), **fields)


def demand_of(feeder: Feeder, order: Sequence[str] = ()) -> Demand:
    """The demand of such a feeder by the shapes of its classes, in this order of the loads."""
    parts = {p.name: p for p in feeder.loads}
    drives = {}
    for load in order or parts:
        p = parts[load]
        word = p.customer_class
        drives[load] = Drive(feeder.id, load, p.bus, word, p.customers, p.kw, p.kvar, word, word, "model_loads")
    used = sorted({d.kw_profile for d in drives.values()})
    assert set(used) <= set(names())
    return Demand(drives, {n: np.asarray(shape(n, Calendar(2025), TIMEZONE), np.float32) for n in used})


def street(homes: int = 20, shops: int = 5) -> list[tuple[str, str, int, float]]:
    """Loads of transformers with a few customers each."""
    rows = [(f"t{i:03d}", "residential", 3 + i % 7, 8.0 + 1.5 * (i % 5)) for i in range(homes)]
    return rows + [(f"u{i:03d}", "commercial", 1 + i % 3, 30.0 + 5.0 * i) for i in range(shops)]


def made_weather(year: int, mean_c: float = 13.0, noise: int = 0) -> Weather:
    """A year of temperatures and irradiance: a season, a day, and slow weather that differs by year."""
    rng = np.random.default_rng(year + noise)
    slow = np.zeros(365)
    for day in range(1, 365):
        slow[day] = 0.8 * slow[day - 1] + rng.normal(0.0, 2.2)
    season = -11.0 * np.cos(2 * np.pi * (np.arange(365) - 20) / 365)
    hour = 5.0 * np.cos(2 * np.pi * (np.arange(24) - 15) / 24)
    temp_c = (mean_c + season + slow)[:, None] + hour[None, :]
    sun = np.maximum(np.cos(2 * np.pi * (np.arange(24) + 0.5 - 12) / 24), 0.0)
    bright = 450.0 - 250.0 * np.cos(2 * np.pi * (np.arange(365) + 10) / 365) - 12.0 * np.abs(slow)
    ghi = (np.maximum(bright, 50.0)[:, None] * sun[None, :]).ravel()
    fields = {"temp_c": temp_c.ravel().astype(np.float32), "ghi_w_m2": ghi.astype(np.float32)}
    return Weather("made", "here", 40.0, -95.0, year, "year", fields, {}, {})
