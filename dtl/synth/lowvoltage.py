"""The low-voltage side: transformers of the right size, secondary spans, service drops and meters."""

from __future__ import annotations

import math

import numpy as np

from dtl.synth.catalog import secondary_for, transformer_for
from dtl.synth.model import Feeder, Meters, Span, Transformer
from dtl.synth.places import POWER_FACTOR, Place
from dtl.synth.seeds import generator
from dtl.synth.system import Stub

SPAN_M = {"urban": 28.0, "suburban": 36.0, "rural": 45.0}


def _transformer(stub: Stub, k: int, place: Place, feeder: Feeder, rng: np.random.Generator) -> Transformer:
    """A transformer of the next size for the diversified demand of its customers."""
    kva = place.total_kw / 0.95 * (1.0 + 1.4 / math.sqrt(len(place.kw)))
    if place.three_phase:
        kva = place.total_kw / 0.90 * 1.15
    kind = transformer_for(len(place.phases), kva * float(rng.uniform(0.78, 1.25)))
    low = 0.24 if kind.phases == 1 else (0.48 if kind.kva >= 300.0 else 0.208)
    node = feeder.nodes[place.node]
    installed = int(np.clip(stub.built + rng.exponential(14.0) * (1 if rng.random() < 0.8 else 2), 1955, 2024))
    return Transformer(
        id=f"TX{stub.number:04d}{k:04d}", node=place.node,
        x=node.x, y=node.y,
        phases=place.phases, kva=kind.kva, kv_low=low, delta_high=low == 0.48,
        z_pct=kind.z_pct, x_over_r=kind.x_over_r, no_load_kw=kind.no_load_kw, installed=installed,
        pole=f"P{place.node[1:]}",
    )  # fmt: skip


def _spans(k: int, t: Transformer, place: Place, setting: str, rng: np.random.Generator) -> list[Span]:
    """Secondary spans in two directions for a single-phase transformer with more customers than its pole can serve."""
    count = 0 if len(t.phases) == 3 or len(place.kw) <= 3 else min(4, 1 + (len(place.kw) - 4) // 3)
    angle = float(rng.choice([0.0, 0.5])) * math.pi
    spans: list[Span] = []
    ends = {1: (t.bus, t.x, t.y), -1: (t.bus, t.x, t.y)}
    for j in range(count):
        way = 1 if j % 2 == 0 else -1
        length = SPAN_M[setting] * float(rng.uniform(0.75, 1.15))
        bus, x, y = ends[way]
        x2, y2 = round(x + way * length * math.cos(angle), 2), round(y + way * length * math.sin(angle), 2)
        here = f"{t.bus}_{j + 1}"
        spans.append(Span(f"S{t.id[2:]}{j + 1}", k, bus, here, round(length, 2), "", x, y, x2, y2))
        ends[way] = (here, x2, y2)
    return spans


def _size(spans: list[Span], t: Transformer, place: Place, seats: list[int]) -> None:
    """Choose the conductor of each span by the customers behind it, in the order of its direction."""
    for j in range(len(spans)):
        behind = [place.kw[m] for m, seat in enumerate(seats) if seat >= j + 1 and (seat - 1) % 2 == j % 2]
        amps = sum(behind) * (1.0 + 1.2 / math.sqrt(max(len(behind), 1))) / t.kv_low
        larger = secondary_for(1.5 * amps)
        spans[j].conductor = larger if larger in ("350_AL", "4/0_AL") else "2/0_AL"


def furnish(stub: Stub, feeder: Feeder, places: list[Place], seed: int) -> None:
    """Add transformers, spans and meters to the feeder."""
    rng = generator(seed, "lowvoltage", stub.id)
    columns: dict[str, list[object]] = {
        name: [] for name in ("t", "bus", "x", "y", "drop_m", "drop", "kind", "kw", "pf")
    }
    for k, place in enumerate(places):
        t = _transformer(stub, k + 1, place, feeder, rng)
        spans = _spans(k, t, place, stub.setting, rng)
        poles = [(t.bus, t.x, t.y)] + [(s.to_bus, s.x2, s.y2) for s in spans]
        seats = [int(s) for s in rng.integers(0, len(poles), size=len(place.kw))]
        _size(spans, t, place, seats)
        feeder.transformers.append(t)
        feeder.spans += spans
        for seat, kind, kw in zip(seats, place.kinds, place.kw, strict=True):
            big = len(t.phases) == 3
            reach = float(rng.uniform(6, 12) if kw > 60 else rng.uniform(10, 28 if not big else 20))
            angle = float(rng.uniform(0, 2 * math.pi))
            amps = kw * 2.2 / t.kv_low if not big else kw * 1.3 / (3**0.5 * t.kv_low * 0.9)
            low, high = POWER_FACTOR[kind]
            for name, value in zip(
                columns,
                (k, poles[seat][0], round(poles[seat][1] + reach * math.cos(angle), 2),
                 round(poles[seat][2] + reach * math.sin(angle), 2), round(reach * 1.15, 2), secondary_for(amps),
                 kind, kw,
                 round(float(rng.uniform(low, high)), 4)),
                strict=True,
            ):  # fmt: skip
                columns[name].append(value)
    feeder.meters = _meters(stub, columns, rng)


def _meters(stub: Stub, columns: dict[str, list[object]], rng: np.random.Generator) -> Meters:
    """The columns as meters; meter numbers do not follow the street."""
    n = len(columns["t"])
    numbers = rng.permutation(n) + 1
    return Meters(
        id=[f"M{stub.number:04d}{int(m):05d}" for m in numbers],
        customer=[f"C{stub.number:04d}{int(m):05d}" for m in rng.permutation(n) + 1],
        transformer=np.array(columns["t"], dtype=np.int64),
        from_bus=[str(b) for b in columns["bus"]],
        x=np.array(columns["x"], dtype=np.float64), y=np.array(columns["y"], dtype=np.float64),
        drop_m=np.array(columns["drop_m"], dtype=np.float64), drop=[str(d) for d in columns["drop"]],
        kind=[str(k) for k in columns["kind"]],
        peak_kw=np.array(columns["kw"], dtype=np.float64), power_factor=np.array(columns["pf"], dtype=np.float64),
    )  # fmt: skip
