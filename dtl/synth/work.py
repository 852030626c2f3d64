"""One feeder from its stub to its files; what the files of the whole utility need is handed back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dtl.synth import (
    ami,
    bank,
    cyme,
    cyme_equipment,
    cyme_text,
    cyme_xml,
    faults,
    gis,
    opendss_files,
    registers,
    scada,
    truth,
)
from dtl.synth.build import build
from dtl.synth.clock import Clock, before, clock, heads, months
from dtl.synth.demand import Demand
from dtl.synth.engine import Circuit, Series, State
from dtl.synth.habits import Habits, habits
from dtl.synth.model import Feeder
from dtl.synth.outages import Exposure, Outage, hazards, outages
from dtl.synth.records import Planted, Records, keep_records
from dtl.synth.seeds import generator
from dtl.synth.settings import ERRORS, Settings
from dtl.synth.settle import settle
from dtl.synth.system import Stub, plan
from dtl.synth.weather import Weather, weather

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Outcome:
    """What the utility's common files take from one feeder."""

    id: str
    row: dict[str, Any]
    meters: pd.DataFrame
    transformers: pd.DataFrame
    planted: list[Planted]
    layers: gis.Layers = field(default_factory=dict)
    blocks: cyme_text.Blocks = field(default_factory=dict)
    equipment: cyme.Tables = field(default_factory=dict)
    outages: list[Outage] = field(default_factory=list)
    outage_rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    hazards: pd.DataFrame = field(default_factory=pd.DataFrame)
    generators: list[dict[str, Any]] = field(default_factory=list)
    tags: list[scada.TagRow] = field(default_factory=list)
    head: tuple[Floats, Floats] | None = None
    """Power into the feeder at every step [kW, kvar]."""


def make(job: tuple[Settings, int, Path]) -> Outcome:
    """Plan, solve and write one feeder; ``job`` is the settings, the feeder's number and the folder."""
    settings, number, folder = job
    substations, stubs = plan(settings)
    stub = stubs[number - 1]
    feeder = build(stub, stubs, settings)
    circuit, state = settle(feeder)
    records, habit = keep_records(feeder, settings), habits(feeder, settings)
    out = Outcome(
        feeder.id, {}, truth.meters(feeder, habit, records), truth.transformers(feeder, records), records.planted
    )
    _network_files(feeder, records, settings, folder, substations, out)
    if settings.wants("registers"):
        out.generators = registers.generators(feeder, habit, settings)
    rows = 0
    if settings.wants("oms", "scada", "ami_parquet", "ami_csv", "ami_wide"):
        sky = weather(settings.seed, feeder.substation, settings.years[0], settings.years[-1])
        exposure = Exposure(feeder, settings)
        out.outages = outages(feeder, sky, settings, exposure)
        out.outage_rows = pd.DataFrame(truth.outage_rows(out.outages, feeder.customers.id))
        out.hazards = pd.DataFrame(hazards(feeder, exposure))
        if settings.days and settings.wants("scada", "ami_parquet", "ami_csv", "ami_wide"):
            rows = Year(feeder, stub, habit, sky, circuit, settings, folder, out).run()
    out.row = truth.feeder_row(feeder, stub, state, rows)
    return out


def _network_files(
    feeder: Feeder, records: Records, settings: Settings, folder: Path, substations: Any, out: Outcome
) -> None:
    """GIS layers, CYME and OpenDSS."""
    if settings.wants("gdb", "shp", "geojson", "csv"):
        out.layers = gis.layers(feeder, records)
    if settings.wants("cyme_text", "cyme_xml"):
        tables = cyme.network(feeder, records, settings.start.year)
        out.equipment = cyme_equipment.feeder_equipment(feeder)
        foreign = cyme_text.foreign_nodes(feeder)
        if settings.wants("cyme_text"):
            out.blocks = cyme_text.render(tables)
            at = folder / "cyme" / feeder.id
            cyme_text.write(at / "network.txt", cyme_text.network_lines([out.blocks], settings.start, foreign))
            cyme_text.write(at / "load.txt", cyme_text.load_lines([out.blocks], settings.start))
        if settings.wants("cyme_xml"):
            own = [s for s in substations if s.id == feeder.substation]
            cyme_xml.write(
                folder / "cyme_xml" / f"{feeder.id}.sxst", tables, cyme_equipment.equipment(own, out.equipment), foreign
            )
    if settings.wants("opendss"):
        opendss_files.write(folder / "opendss" / feeder.id, feeder)


@dataclass(frozen=True, slots=True)
class Heads:
    """A head in the years before the meter data, each (T,): sum of the meters, and the head [kW, kW, kvar, kV]."""

    meter_kw: Floats
    kw: Floats
    kvar: Floats
    kv: Floats


class Year:
    """The time series of one feeder: demand, power flow, meters and SCADA."""

    def __init__(
        self,
        feeder: Feeder,
        stub: Stub,
        habit: Habits,
        sky: Weather,
        circuit: Circuit,
        settings: Settings,
        folder: Path,
        out: Outcome,
    ):
        self.feeder, self.circuit, self.settings, self.folder, self.out = feeder, circuit, settings, folder, out
        self.demand = Demand(feeder, habit, sky, stub.growth, settings.seed)
        self.whole, self.past = clock(settings), before(settings)
        self.bus = bank.bus(feeder.substation, feeder.source_pu, heads(settings), sky, settings.seed).pu
        self.earlier = Demand(feeder, habit, sky, stub.growth, settings.seed)
        self.faults = faults.draw(feeder, self.whole, settings)
        self.level = ERRORS[settings.errors]
        self.parts: list[Series] = []
        self.meter_kw: list[Floats] = []

    def run(self) -> int:
        """Make and write all months; returns the number of rows of meter data."""
        past = self._before() if self.past.steps else None
        writes = self.settings.wants("ami_parquet", "ami_csv", "ami_wide")
        writer = ami.Writer(self.feeder.id, self.feeder.customers.id, self.settings, self.folder) if writes else None
        for first, piece in months(self.whole):
            self._month(first, piece, writer)
        if writer is not None:
            writer.close()
            self.out.planted += faults.listed(self.faults, self.feeder, self.whole)
        self._scada(past)
        return writer.rows if writer else 0

    def _before(self) -> Heads:
        """The head in the years before the meter data: its power is estimated from that of the meters, not solved."""
        parts: list[Series] = []
        meter_kw = []
        for first, piece in months(self.past):
            power = self.earlier.power(piece, first - self.past.steps)
            lit = 1.0 - dark(self.out.outages, piece, len(self.feeder.customers))
            kw, kvar = (power.net_kw * lit).astype(np.float32), (power.kvar * lit).astype(np.float32)
            parts.append(estimate(self.circuit, kw, kvar, self.feeder.kv * self.bus[first : first + piece.steps]))
            meter_kw.append(kw.sum(axis=0, dtype=np.float64))
        head = [np.concatenate([getattr(p, n) for p in parts]) for n in ("head_kw", "head_kvar", "head_kv")]
        return Heads(np.concatenate(meter_kw), *head)

    def _month(self, first: int, piece: Clock, writer: ami.Writer | None) -> None:
        """One month: the truth, the solved state of each step, and the reads that arrive."""
        hours = piece.step_min / 60.0
        power = self.demand.power(piece, first)
        lit = 1.0 - dark(self.out.outages, piece, len(self.feeder.customers))
        wh = np.round(power.net_kw * lit * 1000.0 * hours).astype(np.float64)
        kw = (wh / 1000.0 / hours).astype(np.float32)
        kvar = (power.kvar * lit).astype(np.float32)
        bus_pu = self.bus[self.past.steps + first : self.past.steps + first + piece.steps]
        if self.settings.volts:
            series = self.circuit.series(kw, kvar, bus_pu, piece.step_min)
            volts = np.where(lit > 0.0, series.volts, 0.0).astype(np.float64)
        else:
            series = estimate(self.circuit, kw, kvar, self.feeder.kv * bus_pu)
            volts = np.full(wh.shape, np.nan)
        self.parts.append(series)
        self.meter_kw.append(kw.sum(axis=0, dtype=np.float64))
        if writer is not None:
            rng = generator(self.settings.seed, "reads", self.feeder.id, first)
            told = faults.measured(volts, self.feeder, self.settings, rng)
            reads = faults.spoil(wh, told, self.faults, first, piece.step_min, rng, self.level)
            writer.add(piece, reads)
            writer.add_truth(piece, wh, volts, power.pv_kw * lit * 1000.0, power.ev_kw * lit * 1000.0)

    def _scada(self, past: Heads | None) -> None:
        """The head of the feeder as SCADA stores it, and its truth."""

        def joined(name: str) -> Floats:
            return np.concatenate([getattr(p, name) for p in self.parts])

        kw, kvar, kv, amps, taps = (joined(n) for n in ("head_kw", "head_kvar", "head_kv", "head_a", "taps"))
        name = self.feeder.id
        values = {f"{name}_MW": kw / 1000.0, f"{name}_MVAR": kvar / 1000.0, f"{name}_KV": kv}
        units = [("active power", "MW"), ("reactive power", "Mvar"), ("voltage line to line", "kV")]
        for j, p in enumerate("ABC"):
            values[f"{name}_A_{p}"] = amps[:, j]
            units.append((f"current phase {p}", "A"))
        devices = ["BK" + self.feeder.sections[0].id[1:]] * len(values)
        for j, unit in enumerate(self.circuit.units):
            values[f"{name}_{unit}_TAP"] = taps[:, j]
            units.append((f"tap phase {unit[-1]}", "step"))
            devices.append(unit[:-1])
        self.out.head = (kw, kvar) if past is None else (np.append(past.kw, kw), np.append(past.kvar, kvar))
        truth.write_series(
            self.folder / "truth" / "scada" / f"{name}.parquet",
            {"t_utc": self.whole.utc.astype("M8[s]"), "meter_kw": np.concatenate(self.meter_kw), "head_kw": kw,
            "head_kvar": kvar,
             "head_kv": kv, **{f"head_a_{p}": amps[:, j] for j, p in enumerate("abc")},
             **{f"tap_{unit}": taps[:, j].astype(np.int32) for j, unit in enumerate(self.circuit.units)}},
        )  # fmt: skip
        if past is not None:
            truth.write_series(
                self.folder / "truth" / "scada_before" / f"{name}.parquet",
                {"t_utc": self.past.utc.astype("M8[s]"), "meter_kw": past.meter_kw, "head_kw": past.kw,
                 "head_kvar": past.kvar, "head_kv": past.kv},
            )  # fmt: skip
        if self.settings.wants("scada"):
            found = [scada.spoil(scada.Piece(self.whole, values), name, self.settings)]
            if past is not None:
                earlier = {f"{name}_MW": past.kw / 1000.0, f"{name}_MVAR": past.kvar / 1000.0, f"{name}_KV": past.kv}
                found.insert(0, scada.spoil(scada.Piece(self.past, earlier), name, self.settings, "scada before"))
            scada.write(self.folder / "scada" / f"{name}.csv", [piece for piece, _ in found])
            self.out.planted += [p for _, planted in found for p in planted]
            self.out.tags = [(tag, name, d, q, u) for tag, d, (q, u) in zip(values, devices, units, strict=True)]


def dark(events: list[Outage], piece: Clock, count: int) -> npt.NDArray[np.float32]:
    """(M, T) share of each step during which a meter has no supply."""
    out = np.zeros((count, piece.steps), dtype=np.float32)
    step = np.timedelta64(piece.step_min, "m")
    begin, end = piece.utc[0], piece.utc[-1] + step
    for event in events:
        for when, members in event.steps:
            if when <= begin or event.start >= end:
                continue
            a, b = (float((t - begin) / step) for t in (event.start, when))
            edges = np.arange(max(int(a), 0), min(int(np.ceil(b)), piece.steps))
            share = np.clip(np.minimum(edges + 1, b) - np.maximum(edges, a), 0.0, 1.0).astype(np.float32)
            out[np.ix_(members, edges)] = np.maximum(out[np.ix_(members, edges)], share)
    return out


def estimate(circuit: Circuit, kw: npt.NDArray[np.float32], kvar: npt.NDArray[np.float32], head_kv: Floats) -> Series:
    """The head from the sum of the meters and losses that grow with the square of the load, by two solved states."""
    full, part = circuit.solve(), circuit.solve(0.4)
    p, q = kw.sum(axis=0, dtype=np.float64), kvar.sum(axis=0, dtype=np.float64)
    square = (part.load_kw**2, full.load_kw**2)
    slope = (full.loss_kw - part.loss_kw) / (square[1] - square[0])
    offset = part.loss_kw - slope * square[0]
    ratio = full_kvar(circuit, full) / full.load_kw
    q_slope = ((full.head_kvar - ratio * full.load_kw) - (part.head_kvar - ratio * part.load_kw)) / (
        square[1] - square[0]
    )
    q_offset = part.head_kvar - ratio * part.load_kw - q_slope * square[0]
    head_kw, head_kvar = p + offset + slope * p**2, q + q_offset + q_slope * p**2
    amps = np.hypot(head_kw, head_kvar) / (3.0**0.5 * head_kv)
    return Series(head_kw, head_kvar, head_kv, np.repeat(amps[:, None], 3, axis=1), np.zeros((len(p),
    len(circuit.units))),
                  np.zeros((0, len(p)), dtype=np.float32))  # fmt: skip


def full_kvar(circuit: Circuit, state: State) -> float:
    """Reactive demand of all meters in the design hour [kvar]."""
    m = circuit.feeder.customers
    return float((m.peak_kw * np.tan(np.arccos(m.power_factor))).sum()) * state.load_kw / float(m.peak_kw.sum())
