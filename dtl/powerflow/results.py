"""The result tables of one solved case, from its reduction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables
from dtl.network.feeder import Bus
from dtl.powerflow.loading import STILL_KW, Events
from dtl.powerflow.reduce import Reduction

MAX_VIOLATIONS = 1_000_000
"""Rows of the table ``violations`` of one case, about; above it every element keeps its worst hours only, and every
violating hour its worst element, so that counts of hours stay right."""

Case = Mapping[str, Any]


def powerflow(reduction: Reduction, case: Case) -> pa.Table:
    """Table ``powerflow``: buses per phase and as a whole, lines, switches, transformers, and one head per source."""
    rows = [*_buses(reduction), *_elements(reduction), *_heads(reduction)]
    names = [c.name for c in tables.TABLES["powerflow"].columns]
    columns: dict[str, Any] = {name: [row.get(name) for row in rows] for name in names if name not in case}
    per_hour = reduction.calendar.per_hour
    columns |= {name: [v if v is None else v // per_hour for v in columns[name]] for name in _AT}
    return tables.frame("powerflow", columns | {k: pa.repeat(case[k], len(rows)) for k in names if k in case})


_AT = ("max_load_hour", "min_hour", "max_hour", "hot_spot_hour")
"""What is the number of a step until it is written."""


def hourly(reduction: Reduction, case: Case) -> pa.Table:
    """Table ``hourly``: one row per feeder and hour; of shorter steps means, and what would be lost in them."""
    by_step = {name: np.concatenate(blocks, axis=1) for name, blocks in reduction.hourly.items()}
    whole = by_step if reduction.calendar.per_hour == 1 else _by_hour(by_step, reduction.calendar.per_hour)
    columns: dict[str, Any] = {name: values.ravel() for name, values in whole.items()}
    hours = len(columns["hour"]) // len(reduction.feeder.feeders)
    load = columns["max_load_pct"]
    columns["max_load_pct"] = pa.array(load, mask=load <= 0.0)
    columns |= {k: pa.repeat(v, len(columns["hour"])) for k, v in case.items()}
    columns["feeder"] = pa.concat_arrays([pa.repeat(f, hours) for f in reduction.feeder.feeders])
    return tables.frame("hourly", columns)


def _by_hour(steps: Mapping[str, NDArray[Any]], per_hour: int) -> dict[str, NDArray[Any]]:
    """The columns of the table ``hourly``, shape (feeders, hours), from those of its steps, which ascend."""
    hour = steps["hour"] // per_hour
    first = np.flatnonzero(np.diff(hour[0], prepend=-1))
    count = np.diff(np.append(first, hour.shape[1]))

    def total(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.add.reduceat(values, first, axis=1))

    def most(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.maximum.reduceat(values, first, axis=1))

    found = {name: total(values) / count for name, values in steps.items() if name.endswith(("_kw", "_kvar"))}
    found |= {name: most(steps[name]) for name in ("max_pu", "max_load_pct", "control_iterations")}
    kw, back = steps["source_kw"], np.where(steps["source_kw"] < -STILL_KW, -steps["source_kw"], 0.0)
    return found | {
        "hour": hour[:, first],
        "min_pu": np.fmin.reduceat(steps["min_pu"], first, axis=1),
        "tap_changes": total(steps["tap_changes"]),
        "solved_h": np.broadcast_to(count / per_hour, (len(hour), len(first))),
        "highest_kw": most(kw),
        "lowest_kw": -most(-kw),
        "highest_kvar": most(steps["source_kvar"]),
        "highest_loss_kw": most(steps["loss_kw"]),
        "reverse_h": total(back > 0.0) / per_hour,
        "reverse_kwh": total(back) / per_hour,
    }


def violations(reduction: Reduction, case: Case) -> tuple[pa.Table, list[str]]:
    """Table ``violations``, and a warning if it had to be cut to ``MAX_VIOLATIONS`` rows."""
    series = [(_feeder(reduction, int(e)), *reduction.circuit.elements[e]) for e in reduction.meter.series]
    buses = [(_owner(reduction, b), "bus", b.name) for b in reduction.voltages.buses]
    heads = [(_head_feeder(reduction, i), "head", s.name) for i, s in enumerate(reduction.feeder.sources)]
    kinds = (
        ("thermal", reduction.loading.thermal, series, 1.0),
        ("emergency", reduction.loading.emergency, series, 1.0),
        ("voltage_low", reduction.voltages.low, buses, -1.0),
        ("voltage_high", reduction.voltages.high, buses, 1.0),
        ("reverse", _reverse(reduction), heads, -1.0),
    )
    count = sum(len(v) for _, events, _, _ in kinds for v in events.element)
    share = MAX_VIOLATIONS / count if count > MAX_VIOLATIONS else 1.0
    step_min = reduction.calendar.step_min
    parts = [_events(word, *events.joined(), who, sign, share, case, step_min) for word, events, who, sign in kinds]
    parts = [p for p in parts if p.num_rows]
    unit = "hours" if step_min == 60 else "steps"
    cut = [f"{count} violating {unit}: the table keeps the worst {share:.1%} of every element's"] if share < 1.0 else []
    return tables.concat("violations", parts), cut


def kept(reduction: Reduction, case: Case) -> tuple[pa.Table, list[str]]:
    """Table ``kept``, empty where no series is asked for, and a warning if not all of them could be kept."""
    if reduction.kept is None:
        return tables.frame("kept", []), []
    return reduction.kept.table(case)


def _events(
    word: str,
    element: NDArray[np.int64],
    hour: NDArray[np.int64],
    value: NDArray[np.float64],
    limit: NDArray[np.float64],
    who: list[tuple[str, str, str]],
    sign: float,
    share: float,
    case: Case,
    step_min: int,
) -> pa.Table:
    if share < 1.0:
        keep = _worst(element, hour, sign * (value - limit), share)
        element, hour, value, limit = element[keep], hour[keep], value[keep], limit[keep]
    feeder, kind, name = (pa.array([w[i] for w in who], pa.string()).take(pa.array(element)) for i in range(3))
    same = {k: pa.repeat(v, len(hour)) for k, v in {**case, "phase": "", "violation": word}.items()}
    columns = {**same, "feeder": feeder, "kind": kind, "element": name, "value": value, "limit": limit}
    columns |= {"hour": hour * step_min // 60} | ({} if step_min == 60 else {"minute": hour * step_min % 60})
    return tables.frame("violations", columns)


def _worst(
    element: NDArray[np.int64], hour: NDArray[np.int64], excess: NDArray[np.float64], share: float
) -> NDArray[np.int64]:
    """Indices of the worst `share` of each element's rows, and of the worst row of every hour."""
    order = np.lexsort((hour, -excess, element))
    rank = np.arange(len(order)) - np.searchsorted(element[order], element[order])
    kept = order[rank < np.ceil(share * np.bincount(element)[element[order]])]
    by_hour = np.lexsort((element, -excess, hour))
    first = np.flatnonzero(np.diff(hour[by_hour], prepend=-1))
    return np.union1d(kept, by_hour[first])


def _reverse(reduction: Reduction) -> Events:
    events = Events()
    hours = np.concatenate([b[0] for b in reduction.hourly["hour"]])
    kw = np.concatenate(reduction.source_kva, axis=1).real
    events.add(kw < -STILL_KW, hours, kw, np.zeros(len(kw)))
    return events


def _owner(reduction: Reduction, bus: Bus) -> str:
    return bus.feeder or reduction.feeder.feeders[0]


def _feeder(reduction: Reduction, element: int) -> str:
    return str(reduction.feeder.feeders[reduction.owners.elements[element]])


def _head_feeder(reduction: Reduction, source: int) -> str:
    return str(reduction.feeder.feeders[reduction.owners.sources[source]])


def _buses(reduction: Reduction) -> Iterator[dict[str, Any]]:
    v = reduction.voltages
    start, ends = v.bus_start.tolist(), [*v.bus_start[1:].tolist(), len(v.phases)]
    by_row = v.sum_pu / np.maximum(v.steps_alive, 1)
    mean, worst = by_row.tolist(), v.worst_pu.tolist()
    bus_mean = (np.add.reduceat(by_row, v.bus_start) / np.diff([*start, len(v.phases)])).tolist()
    lowest, low_hour = (-v.lowest.value).tolist(), v.lowest.hour.tolist()
    highest, high_hour = v.highest.value.tolist(), v.highest.hour.tolist()
    hours_low, hours_high = v.hours_low.tolist(), v.hours_high.tolist()
    for b, bus in enumerate(v.buses):
        rows = range(start[b], ends[b])
        common = {
            "feeder": _owner(reduction, bus),
            "kind": "bus",
            "element": bus.name,
            "kv_ll": bus.kv_ll,
            "rating_unit": "",
            "distance_km": reduction.view.distance_km[bus.name],
        }
        low, high = min(rows, key=lowest.__getitem__), max(rows, key=highest.__getitem__)
        every: list[Any] = [(v.phases[r], r, r, hours_low[r], hours_high[r], mean[r], worst[r]) for r in rows]
        whole = ("", low, high, v.bus_hours_low[b], v.bus_hours_high[b], bus_mean[b], min(worst[r] for r in rows))
        for phase, at_low, at_high, low_h, high_h, mean_pu, worst_pu in [*every, whole]:
            yield {
                **common,
                "phase": phase,
                "min_pu": _finite(lowest[at_low]),
                "min_hour": low_hour[at_low],
                "max_pu": highest[at_high],
                "max_hour": high_hour[at_high],
                "mean_pu": mean_pu,
                "hours_low": low_h,
                "hours_high": high_h,
                "worst_pu": _finite(worst_pu),
            }


def _finite(pu: float) -> float | None:
    """A lowest voltage; None of what had no supply."""
    return pu if isfinite(pu) else None


def _lives(reduction: Reduction) -> dict[int, dict[str, Any]]:
    """What is known of the ageing of transformers, by index of the element."""
    life = reduction.life
    if life is None:
        return {}
    by_hour = reduction.life_by_hour
    of_hours = by_hour.loss_pct.tolist() if by_hour is not None and by_hour.steps else [None] * len(life.rows)
    return {
        int(row): {
            "life_loss_hourly_pct": of_hours[i],
            "hot_spot_c": life.hot_spot_c[i],
            "hot_spot_hour": life.hot_spot_hour[i],
            "top_oil_c": life.top_oil_c[i],
            "ageing_factor": life.factor[i],
            "life_loss_pct": life.loss_pct[i],
            "hours_hot": life.hours_hot[i],
        }
        for i, row in enumerate(life.rows)
    }


def _elements(reduction: Reduction) -> Iterator[dict[str, Any]]:
    loading, rated = reduction.loading, reduction.ratings
    bus = reduction.feeder.bus
    summers = np.isin(reduction.calendar.month, reduction.limits["lines"].get("summer_months", ()))
    at_peak = reduction.calendar.hours_of(loading.peak.hour)
    in_force = rated.seasons[summers[at_peak].astype(int), np.arange(len(rated.over_pct))]
    life = _lives(reduction)
    for i, (kind, name) in enumerate(reduction.series):
        near = bus[reduction.head_bus[kind, name]]
        judged = bool(np.isfinite(in_force[i]))
        row = {
            "feeder": _feeder(reduction, int(reduction.meter.series[i])),
            "kind": kind,
            "element": name,
            "phase": "",
            "kv_ll": near.kv_ll,
            "rating_unit": ("kVA" if rated.is_kva[i] else "A") if judged else "",
            "max_a": loading.max_a[i],
            "max_kva": loading.max_kva[i],
            "kwh": loading.kwh[i],
            "reverse_hours": loading.reverse_hours[i],
            "reverse_kwh": loading.reverse_kwh[i],
            "loss_kwh": loading.loss_kwh[i],
            "distance_km": reduction.view.distance_km[near.name],
        }
        row |= life.get(i, {})
        if judged:
            row |= {
                "rating": in_force[i],
                "max_load_pct": loading.peak.value[i],
                "max_load_hour": loading.peak.hour[i],
                "hours_over": loading.hours_over[i],
                "kwh_over": loading.kwh_over[i],
                "window_h": rated.window_steps[i] * reduction.step_h,
                "window_hours_over": loading.window_hours_over[i],
            }
            if np.isfinite(loading.window_peak.value[i]):
                row["window_max_pct"] = loading.window_peak.value[i]
        if np.isfinite(rated.emergency[i]):
            row["hours_over_emergency"] = loading.hours_over_emergency[i]
        yield row


def _heads(reduction: Reduction) -> Iterator[dict[str, Any]]:
    power = np.concatenate(reduction.source_kva, axis=1)
    for i, source in enumerate(reduction.feeder.sources):
        kw = power[i].real
        back = kw < -STILL_KW
        yield {
            "feeder": _head_feeder(reduction, i),
            "kind": "head",
            "element": source.name,
            "phase": "",
            "kv_ll": reduction.feeder.bus[source.bus].kv_ll,
            "rating_unit": "",
            "max_a": reduction.source_peak_a[i],
            "max_kva": reduction.source_peak_kva.value[i],
            "kwh": kw.sum() * reduction.step_h,
            "reverse_hours": back.sum() * reduction.step_h,
            "reverse_kwh": np.abs(kw[back]).sum() * reduction.step_h,
            "distance_km": 0.0,
        }
