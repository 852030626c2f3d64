"""Registers that planners keep: generators in service and queued, adoption forecasts, unit costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dtl.synth.habits import Habits
from dtl.synth.model import Feeder
from dtl.synth.seeds import generator
from dtl.synth.settings import Settings
from dtl.synth.system import Stub

Row = dict[str, Any]

COSTS: list[Row] = [
    {"item": "reconductor_overhead", "unit": "km", "usd": 145_000}, {"item": "reconductor_underground", "unit": "km",
    "usd": 520_000},
    {"item": "transformer_1ph_25_kva", "unit": "each", "usd": 4_800}, {"item": "transformer_1ph_50_kva",
    "unit": "each", "usd": 6_100},
    {"item": "transformer_1ph_100_kva", "unit": "each", "usd": 9_300}, {"item": "transformer_3ph_150_kva",
    "unit": "each", "usd": 24_000},
    {"item": "transformer_3ph_500_kva", "unit": "each", "usd": 46_000}, {"item": "regulator_3ph", "unit": "each",
    "usd": 165_000},
    {"item": "capacitor_600_kvar", "unit": "each", "usd": 21_000}, {"item": "recloser", "unit": "each", "usd": 78_000},
    {"item": "tie_switch", "unit": "each", "usd": 42_000}, {"item": "load_transfer", "unit": "each", "usd": 15_000},
    {"item": "battery", "unit": "kWh", "usd": 620},
]  # fmt: skip
"""Unit costs of our own choice."""


def generators(feeder: Feeder, habits: Habits, settings: Settings) -> list[Row]:
    """Roofs that were registered, and applications that wait; the rest of the roofs is behind the meter and unknown."""
    m = feeder.customers
    rng = generator(settings.seed, "queue", feeder.id)
    rows: list[Row] = []
    for k in np.flatnonzero(habits.pv_registered):
        t = feeder.transformers[m.transformer[k]]
        rows.append({
            "generator_id": f"G{m.id[k][1:]}", "feeder": feeder.id, "bus": t.node, "transformer": t.id,
            "meter": m.id[k], "type": "pv",
            "kw": float(habits.pv_ac_kw[k]), "kva": round(float(habits.pv_ac_kw[k]) * 1.05, 2),
            "dc_kw": float(habits.pv_kw[k]),
            "phases": t.phases, "status": "in_service", "date": str(habits.pv_from[k]),
        })  # fmt: skip
    for j in range(int(rng.poisson(5))):
        at = int(rng.integers(0, len(m)))
        t = feeder.transformers[m.transformer[at]]
        big = len(t.phases) == 3 and rng.random() < 0.4
        kw = round(float(rng.uniform(50, 400) if big else rng.uniform(4, 12)), 1)
        day = np.datetime64(settings.end, "D") + int(rng.integers(30, 700))
        rows.append({
            "generator_id": f"Q{feeder.number:04d}{j:03d}", "feeder": feeder.id, "bus": t.node, "transformer": t.id,
            "meter": m.id[at],
            "type": "pv" if rng.random() < 0.8 else "battery", "kw": kw, "kva": round(kw * 1.1, 1),
            "dc_kw": round(kw * 1.2, 1),
            "phases": t.phases, "status": str(rng.choice(["approved", "study", "withdrawn"], p=[0.5, 0.4, 0.1])),
            "date": str(day),
        })  # fmt: skip
    return rows


def forecast(stubs: Sequence[Stub], first_year: int) -> list[Row]:
    """Adoption and growth by area for fifteen years: growth is the area's true one."""
    areas = sorted({(s.area, s.growth) for s in stubs})
    rows: list[Row] = []
    for area, growth in areas:
        for year in range(first_year, first_year + 16):
            n = year - first_year
            s_curve = 1.0 / (1.0 + np.exp(-(n - 8) / 2.2))
            rows += [
                {"year": year, "area": area, "what": "load", "value": round((1.0 + growth) ** n, 5), "unit": "factor"},
                {
                    "year": year,
                    "area": area,
                    "what": "ev",
                    "value": round(0.07 + 0.45 * float(s_curve), 4),
                    "unit": "share of customers",
                },
                {
                    "year": year,
                    "area": area,
                    "what": "pv",
                    "value": round(0.09 + 0.25 * float(s_curve), 4),
                    "unit": "share of customers",
                },
            ]
    return rows
