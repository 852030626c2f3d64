"""What is measured of a feeder, as lanes: a quantity at a place, with a value and an uncertainty for every hour."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.calendar import HOURS
from dtl.demand.demand import Demand
from dtl.demand.measured import head_of, hourly, powers, series
from dtl.learning.head_model import hour_of_year
from dtl.network.feeder import Bus, Feeder, Load
from dtl.network.topology import trace
from dtl.powerflow import head

Array = NDArray[np.float64]
SIGMA_V, SIGMA_P = 0.005, 0.01
"""Standard deviation of a measured voltage [pu], and of a power as a share of its 95th percentile."""
DROP, DROP_SIGMA = 0.005, 0.02
"""Drop between the modelled bus and the meter at the largest load of the year [pu], and what is not known of it."""
MOST_LOADS = 40
"""Loads whose meters' voltages are followed at most, evenly over the distance from the head."""
NOMINAL_V = (120.0, 127.0, 208.0, 220.0, 230.0, 240.0, 277.0, 347.0, 380.0, 400.0, 415.0, 480.0, 600.0)
NEAR = 0.2
"""Farthest mean of a voltage from its nominal [pu]."""
ROOT3 = 3**0.5
Ends = tuple[tuple[str, int, int], ...]
"""Voltages whose mean is meant: bus, node, and other node or 0 for ground."""


@dataclass(frozen=True)
class Lane:
    """One series: ``group`` is kw, kvar or volts; ``phase`` a node of the head, 0 for all, of powers.

    ``share`` is the load behind a meter as a share of its largest, by which the drop between the modelled bus and the
    meter grows: ``drop`` at the largest load [pu]. ``phased``: the source states the phase of a voltage, which does not
    move with a lateral of the model. Values are kW, kvar or pu, shape (8760,), nan where not measured.
    """

    group: str
    name: str
    values: Array
    sigma: float
    phase: int = 0
    ends: Ends = ()
    base_v: float = 1.0
    share: Array | None = None
    drop: float = 0.0
    phased: bool = False


def scada_lanes(
    feeder: Feeder,
    rows: pa.Table,
    sources: Collection[str],
    year: int,
    zone: str,
    fitted: NDArray[np.bool_] | None = None,
) -> list[Lane]:
    """Powers of the head, and voltages at the head and at devices that are parts of the model by name.

    ``fitted``: whether each hour is fitted, shape (8760,); a power's uncertainty is then that of these hours alone.
    """
    rows = rows.filter(pc.is_in(rows["source"].cast(tables.TEXT), pa.array(sorted(sources), tables.TEXT)))
    found: dict[tuple[str, str, str], Array] = {}
    for device, quantity, phases, own in series(rows):
        if quantity in ("kw", "kvar", "kv", "kv_ln"):
            values = hourly(own, year, zone)
            if np.isfinite(values).any():
                found[device, quantity, phases] = values
    at_head = head_of(powers(rows, "kw", lambda own: hourly(own, year, zone)))
    lanes = []
    for (device, quantity, phases), values in found.items():
        if quantity in ("kw", "kvar"):
            if device == at_head and phases in ("", "A", "B", "C"):
                size = np.abs(values[np.isfinite(values) & (fitted if fitted is not None else True)])
                sigma = SIGMA_P * max(float(np.quantile(size, 0.95)) if len(size) else 0.0, 1e-9)
                lanes.append(Lane(quantity, device, values, sigma, " ABC".index(phases or " ")))
        elif (lane := _voltage(feeder, device, quantity, phases, values, head_of=device == at_head)) is not None:
            lanes.append(lane)
    return [x for x in lanes if x.group == "volts" or bool(x.phase) == _all_phases(lanes, x.group)]


def _all_phases(lanes: Sequence[Lane], group: str) -> bool:
    """Whether a power is measured on each of the three phases, which then tell more than their sum."""
    return {x.phase for x in lanes if x.group == group} >= {1, 2, 3}


def _voltage(feeder: Feeder, device: str, quantity: str, phases: str, values: Array, *, head_of: bool) -> Lane | None:
    """The lane of a voltage at a device; None where the model has no such place, or none of this voltage."""
    mean = float(np.nanmean(values)) * (ROOT3 if quantity == "kv_ln" else 1.0)
    for bus in _places(feeder, device, at_head=head_of):
        if abs(mean / bus.kv_ll - 1.0) > NEAR or bus.split_phase:
            continue
        nodes = [n for n in bus.nodes if n <= 3 and (not phases or "ABC"[n - 1] in phases)]
        between = quantity == "kv" and len(phases) != 1
        ends = [(bus.name, n, 0) for n in nodes]
        if between:
            ends = [(bus.name, a, b) for a, b in ((1, 2), (2, 3), (3, 1)) if a in nodes and b in nodes]
        if ends:
            base = bus.kv_ll if quantity == "kv" else bus.kv_ln
            volts = 1e3 * (bus.kv_ll if between else bus.kv_ln)
            return Lane("volts", device, values / base, SIGMA_V, ends=tuple(ends), base_v=volts, phased=bool(phases))
    return None


def _places(feeder: Feeder, device: str, *, at_head: bool) -> Iterable[Bus]:
    """Buses that a device may measure: by its name, behind the part of its name; of the head, from the source on."""
    name = device.lower()
    if (bus := feeder.bus.get(name)) is not None:
        yield bus
    ends = {t: u.windings[-1].bus for u in feeder.transformers for t in (u.name, u.bank) if t}
    ends |= {r.name: ends[r.transformer] for r in feeder.regulators if r.transformer in ends}
    ends |= {p.name: p.to_bus for p in (*feeder.lines, *feeder.switches)}
    if name in ends:
        yield feeder.bus[ends[name]]
    if at_head:
        yield from (feeder.bus[b] for b in trace(feeder).order)


def meter_lanes(
    feeder: Feeder, demand: Demand, meters: pa.Table, readings: Path, year: int, zone: str, drop: float
) -> list[Lane]:
    """Voltages of the meters, one lane for each load that has any; ``drop`` is that of loads at the primary [pu]."""
    if "volts" not in pq.read_schema(readings).names:
        return []
    load_of = {m: n for m, n in zip(meters["meter"].to_pylist(), meters["load"].to_pylist(), strict=True) if n}
    table = pq.read_table(readings, columns=["meter", "start", "volts"], filters=pc.is_valid(pc.field("volts")))
    frame = table.to_pandas().astype({"meter": str})
    frame["load"] = frame["meter"].map(load_of)
    loads = {p.name: p for p in feeder.loads if p.enabled}
    frame = frame[frame["load"].isin(loads)]
    there, hour = hour_of_year(frame["start"], year, zone)
    frame = frame[there].assign(hour=hour)
    far = head.view(feeder).distance_km
    known = sorted(frame["load"].unique(), key=lambda n: (far.get(loads[n].bus, 0.0), n))
    chosen = known if len(known) <= MOST_LOADS else [known[i] for i in _even(len(known))]
    frame = frame[frame["load"].isin(chosen)]
    level = frame.groupby("meter")["volts"].transform("median")
    nominal = np.asarray(NOMINAL_V)
    frame["pu"] = frame["volts"] / nominal[np.abs(np.log(level.to_numpy()[:, None] / nominal)).argmin(1)]
    lanes = []
    for name in chosen:
        own = frame[frame["load"] == name].groupby("hour")["pu"].mean()
        values = np.asarray(own.reindex(range(HOURS)), np.float64)
        lane = _metered(feeder, loads[name], values, demand, drop)
        if lane is not None:
            lanes.append(lane)
    return lanes


def _even(count: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, count - 1, MOST_LOADS)})


def _metered(feeder: Feeder, load: Load, values: Array, demand: Demand, drop: float) -> Lane | None:
    """The lane of the meters of a load; the drop to the meters follows the power of the load."""
    bus = feeder.bus[load.bus]
    nodes = [n for n in load.nodes if 0 < n <= 3]
    if not nodes or not np.isfinite(values).any():
        return None
    pairs = [(bus.name, n, 0) for n in nodes]
    base = 1e3 * bus.kv_ln
    if load.connection == "delta" or (bus.split_phase and len(nodes) > 1):
        pairs = [(bus.name, a, b) for a, b in pairwise(nodes)]
        base = 1e3 * bus.kv_ll
    kw = np.abs(demand.kw(load.name)) if load.name in demand.drives else np.ones(HOURS)
    at_primary = bus.kv_ll > 1.0
    return Lane("volts", load.name, values, SIGMA_V, ends=tuple(pairs), base_v=base,
                share=kw / max(float(kw.max()), 1e-9), drop=drop if at_primary else DROP)  # fmt: skip


def sampled(lanes: Sequence[Lane], demand_kw: Array, window: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """Hours of a window, ascending: evenly over the load, of those in which most lanes are measured."""
    count = np.sum([np.isfinite(x.values) for x in lanes], axis=0) if lanes else np.zeros(HOURS)
    there = np.flatnonzero(window & (count > 0) & (count >= 0.5 * count.max(initial=0)))
    if len(there) <= most:
        return there
    by_load = there[np.argsort(demand_kw[there], kind="stable")]
    return np.sort(by_load[np.unique(np.linspace(0, len(by_load) - 1, most).astype(np.int64))])


def buses(lanes: Iterable[Lane]) -> set[str]:
    """Buses whose voltage some lane measures."""
    return {bus for lane in lanes for bus, _, _ in lane.ends}


def stated(rows: Sequence[Mapping[str, object]]) -> set[str]:
    """Buses whose voltage rows of a reference state."""
    return {str(r["element"]) for r in rows if r["kind"] == "bus" and r["quantity"] in ("v_pu", "kv_ln", "kv_ll")}
