"""The reduction of a solved year: every block goes in once and is forgotten; what is left fits the result tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Source
from dtl.powerflow import names
from dtl.powerflow.ageing import Life, loss_ratio
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.flows import FlowMeter, Flows
from dtl.powerflow.head import View
from dtl.powerflow.hour_means import HourMeans
from dtl.powerflow.kept import Kept, asked
from dtl.powerflow.limits import ratings, summer
from dtl.powerflow.loading import STILL_KW, Loading, Peak
from dtl.powerflow.opendss import Block, named
from dtl.powerflow.voltages import Voltages

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

BALANCE = 1e-6
"""Largest part of the power in the feeder that may be missing between source, loads and losses in an hour."""
_ROUNDED = 4
"""Terms of a sum by which its rounding is bounded; a row of the admittances has a few large ones."""
_DARK_KW = 1.0
"""Power to which what is missing is compared at least where a switch was opened, which may leave nothing [kW]."""


@dataclass(frozen=True)
class Owners:
    """Index of the feeder, in ``Feeder.feeders``, to which each thing of the circuit, and each bus by name, belongs."""

    elements: Ints
    loads: Ints
    generators: Ints
    sources: Ints
    regulators: Ints
    buses: dict[str, int]

    @classmethod
    def of(cls, feeder: Feeder, circuit: Circuit) -> Owners:
        """Owners by the bus a part hangs on, or the bus where an element begins."""
        index = {name: i for i, name in enumerate(feeder.feeders)}
        buses = {b.name: index.get(b.feeder, 0) for b in feeder.buses}
        begins = {key: buses_of[0] for key, buses_of in terminal_buses(feeder).items()}
        moved = {
            r.name: begins["transformer", r.transformer] for r in feeder.regulators if r.name in circuit.regulators
        }
        givers = [p.bus for parts in (feeder.generators, feeder.storages) for p in parts if p.enabled]
        return cls(
            elements=np.array([buses[begins[e]] for e in circuit.elements], np.int64),
            loads=np.array([buses[p.bus] for p in feeder.loads if p.enabled], np.int64),
            generators=np.array([buses[b] for b in givers], np.int64),
            sources=np.array([index.get(s.feeder, buses[s.bus]) for s in feeder.sources], np.int64),
            regulators=np.array([buses[moved[r]] for r in circuit.regulators], np.int64),
            buses=buses,
        )


def terminal_buses(feeder: Feeder) -> dict[tuple[str, str], tuple[str, ...]]:
    """Buses of the terminals of every element, by (kind, name)."""
    return {
        **{("line", p.name): (p.from_bus, p.to_bus) for p in feeder.lines},
        **{("switch", p.name): (p.from_bus, p.to_bus) for p in feeder.switches},
        **{("transformer", p.name): tuple(w.bus for w in p.windings) for p in feeder.transformers},
        **{("capacitor", p.name): (p.bus,) for p in feeder.capacitors},
        **{("reactor", p.name): (p.bus, *([p.to_bus] if p.to_bus else [])) for p in feeder.reactors},
    }


class Reduction:
    """Accumulates the blocks of a year of one case.

    ``hourly`` maps each column of the table ``hourly`` to the arrays of its blocks, shape (feeders, steps) each; its
    ``hour`` and all other hours of a reduction are numbers of steps of ``step_h``, which the result tables make hours.
    """

    def __init__(
        self, feeder: Feeder, circuit: Circuit, view: View, calendar: Calendar, spec: Mapping[str, Any], step_h: float
    ) -> None:
        self.feeder, self.circuit, self.view = feeder, circuit, view
        self.step_h, self.limits, self.calendar = step_h, spec["limits"], calendar
        self.owners = Owners.of(feeder, circuit)
        self.meter = FlowMeter(feeder, circuit, view)
        self.series = [circuit.elements[i] for i in self.meter.series]
        ends = terminal_buses(feeder)
        self.head_bus = {key: ends[key][view.head_end[key]] for key in self.series}
        self.ratings = ratings(feeder, self.series, self.limits, step_h)
        self.loading = Loading(self.ratings, step_h)
        self._summer = summer(calendar, np.arange(HOURS * calendar.per_hour), self.limits)
        self.voltages = Voltages(feeder, circuit, view, self.limits, spec["secondary"], step_h)
        self._bus_owners = np.array([self.owners.buses[b.name] for b in self.voltages.buses], np.int64)
        self.hourly: dict[str, list[NDArray[Any]]] = {}
        self.balance_max_rel, self.balance_hour = 0.0, 0
        self.load_kwh = np.zeros(len(self.owners.loads))
        self._rounded_kw: float | None = None
        self._kinds = [
            np.array([i for i, (k, _) in enumerate(circuit.elements) if k in kinds], np.int64)
            for kinds in (("line", "switch"), ("transformer",), ("capacitor", "reactor"))
        ]
        self._source_nodes = self._nodes_of_sources()
        self.source_peak_a, self.source_peak_kva = np.zeros(len(feeder.sources)), Peak(len(feeder.sources))
        self.source_kva: list[NDArray[np.complex128]] = []
        self.life: Life | None = None
        self.kept: Kept | None = None
        self.life_by_hour: Life | None = None
        self._hours = HourMeans(calendar.per_hour)

    def keep_series(self, words: Any) -> None:
        """Keep series of elements, if the words of ``powerflow.keep`` ask for any."""
        wanted, worst = asked(words)
        if not wanted:
            return
        names, of = self.feeder.feeders, self.owners.elements[self.meter.series]
        branches = [(str(names[o]), *key) for o, key in zip(of, self.series, strict=True)]
        buses = [(str(names[o]), "bus", b.name) for o, b in zip(self._bus_owners, self.voltages.buses, strict=True)]
        low, high = self.voltages.low_pu, self.voltages.high_pu
        self.kept = Kept(branches, buses, self.ratings.over_pct, low, high, worst)

    def follow_ageing(self, words: Mapping[str, Any], temp_c: Real) -> None:
        """Follow the ageing of all rated transformers too, in the air of each hour of the year [degree C].

        In shorter steps ``life_by_hour`` follows beside it what the mean loading of each whole hour would say.
        """
        units = {t.name: t for t in self.feeder.transformers if not t.is_regulator}
        rows = [i for i, (kind, name) in enumerate(self.series)
                if kind == "transformer" and name in units and np.isfinite(self.ratings.seasons[0, i])]  # fmt: skip
        ratio = np.array([loss_ratio(units[self.series[i][1]]) for i in rows], np.float64)
        at = np.array(rows, np.int64)
        self.life = Life(at, ratio, self.calendar.held(temp_c), words, self.step_h)
        if self.calendar.per_hour > 1:
            self.life_by_hour = Life(np.arange(len(at)), ratio, temp_c, words, 1.0)

    def add(self, block: Block, repeat: Callable[[Block, Ints], None]) -> None:
        """Take in a block; hours whose power does not add up to ``BALANCE`` are given to `repeat` first.

        Raises
        ------
        SolveError
            An hour's source power still differs from loads plus losses by more than ``BALANCE``.
        """
        flows, source = self.meter.flows(block), self.source_power(block)
        missing = self._missing(block, flows, source)
        if (missing > BALANCE).any():
            repeat(block, np.flatnonzero(missing > BALANCE))
            flows, source = self.meter.flows(block), self.source_power(block)
            missing = self._missing(block, flows, source, self._rounding_kw(block))
        self._judge_balance(block, flows, source, missing)
        in_summer = self._summer[block.hours]
        loss = flows.loss_kw[self.meter.series]
        pct = self.loading.add(block.hours, in_summer, flows.amps, flows.kw, flows.kvar, loss)
        if self.life is not None:
            self.life.add(block.hours, pct)
            if self.life_by_hour is not None:
                self.life_by_hour.add(*self._hours.add(block.hours, pct[self.life.rows]))
        low, high = self.voltages.add(block.hours, block.voltages, block.dead)
        if self.kept is not None:
            self.kept.add(pct, _known(low), high)
        self.load_kwh += block.load_kva.real.sum(axis=1) * self.step_h
        self.source_kva.append(source)
        self.source_peak_kva.add(np.abs(source), block.hours)
        lines, transformers, others = (self._by_feeder(flows.loss_kw, kind) for kind in self._kinds)
        no_load = self._sum(flows.no_load_kw, self.owners.elements[self.meter.no_load])
        power, load = self._sum(source, self.owners.sources), self._sum(block.load_kva, self.owners.loads)
        rows = {
            "hour": self._each(block.hours),
            "source_kw": power.real,
            "source_kvar": power.imag,
            "load_kw": load.real,
            "load_kvar": load.imag,
            "generation_kw": 0.0 - self._sum(block.generator_kva, self.owners.generators).real,
            "loss_kw": lines + transformers + others,
            "loss_line_kw": lines,
            "loss_transformer_kw": transformers - no_load,
            "loss_no_load_kw": no_load,
            "loss_other_kw": others,
            "min_pu": _known(-self._highest(-low, self._bus_owners)),
            "max_pu": self._highest(high, self._bus_owners),
            "max_load_pct": self._highest(pct, self.owners.elements[self.meter.series]),
            "tap_changes": self._sum(block.tap_steps, self.owners.regulators),
            "control_iterations": self._each(block.control_iterations),
        }
        for name, values in rows.items():
            self.hourly.setdefault(name, []).append(values)

    def _nodes_of_sources(self) -> list[Ints]:
        node = self.circuit.node
        return [
            np.array([node[f"{names.spelled(source.bus)}.{n}"] for n in source.nodes[: source.phases]], np.int64)
            for source in self.feeder.sources
        ]

    def source_power(self, block: Block) -> NDArray[np.complex128]:
        """Power that each source gives in a block, shape (sources, hours) [kVA]."""
        power = np.empty((len(self._source_nodes), len(block.hours)), np.complex128)
        start = 0
        for i, nodes in enumerate(self._source_nodes):
            current = block.source_a[start : start + len(nodes)]
            power[i] = -1e-3 * (block.voltages[nodes] * current.conj()).sum(axis=0)
            self.source_peak_a[i] = max(self.source_peak_a[i], float(np.abs(current).max()))
            start += len(nodes)
        return power

    def _missing(self, block: Block, flows: Flows, source: NDArray[np.complex128], rounding_kw: float = 0.0) -> Real:
        given = source.real
        taken = _taken_kw(block, flows)
        scale = np.maximum(np.abs(given).sum(axis=0), np.abs(block.load_kva.real).sum(axis=0))
        least = _DARK_KW if len(block.opened) else STILL_KW
        missing: Real = (np.abs(given.sum(axis=0) - taken) - rounding_kw) / np.maximum(scale, least)
        return np.maximum(missing, 0.0)

    def _rounding_kw(self, block: Block) -> float:
        """What rounding alone may leave of the balance [kW].

        The power of a row of admittances is a sum of products that nearly cancel where impedances are small and the
        voltage is high; each is rounded to the precision of a double (Higham, Accuracy and Stability of Numerical
        Algorithms, 2nd ed., section 3.1).
        """
        if self._rounded_kw is None:
            volts, rows = np.abs(block.voltages[:, 0]), self.circuit.admittance
            products = float(((abs(rows) @ volts) * volts[self.circuit.row_node[: rows.shape[0]]]).sum())
            products += sum(
                _admittance_sum(source) * float((volts[nodes] ** 2).sum())
                for source, nodes in zip(self.feeder.sources, self._source_nodes, strict=True)
            )
            self._rounded_kw = _ROUNDED * float(np.finfo(np.float64).eps) * 1e-3 * products
        return self._rounded_kw

    def _judge_balance(self, block: Block, flows: Flows, source: NDArray[np.complex128], missing: Real) -> None:
        worst = int(missing.argmax())
        if missing[worst] > self.balance_max_rel:
            self.balance_max_rel, self.balance_hour = float(missing[worst]), int(block.hours[worst])
        if not missing[worst] <= BALANCE:
            given = float(source.real[:, worst].sum())
            taken = float(_taken_kw(block, flows)[worst])
            stiffest = self._stiffest(np.abs(block.voltages[:, worst]))
            raise SolveError(
                f"{named(int(block.hours[worst]), self.calendar.step_min)}: the source gives {given:.6g} kW, loads, "
                f"generators and losses take {taken:.6g} kW; the {abs(given - taken):.3g} kW between them are "
                f"{missing[worst]:.1e} of the power in the feeder, and more than {BALANCE:g} is no solution; see that "
                f"the impedances and voltages of the model are as meant, first of its stiffest part, {stiffest}"
            )

    def _stiffest(self, volts: Real) -> str:
        """Kind and name of the element that carries the largest products of admittance and voltage."""
        rows, starts = self.circuit.admittance, self.circuit.element_start
        if not rows.shape[0]:
            return "a part that moves"
        products = abs(rows).max(axis=1).toarray().ravel() * volts[self.circuit.row_node[: rows.shape[0]]] ** 2
        largest = np.maximum.reduceat(products, starts[starts < rows.shape[0]])
        return " ".join(self.circuit.elements[int(largest.argmax())])

    def _by_feeder(self, values: Real, rows: Ints) -> Real:
        return self._sum(values[rows], self.owners.elements[rows])

    def _sum(self, values: NDArray[Any], owners: Ints) -> NDArray[Any]:
        if len(self.feeder.feeders) == 1:
            return np.asarray(values.sum(axis=0, keepdims=True))
        return np.stack([values[owners == i].sum(axis=0) for i in range(len(self.feeder.feeders))])

    def _highest(self, values: Real, owners: Ints) -> Real:
        if len(self.feeder.feeders) == 1:
            return np.asarray(values.max(axis=0, keepdims=True, initial=-np.inf))
        return np.stack([values[owners == i].max(axis=0, initial=-np.inf) for i in range(len(self.feeder.feeders))])

    def _each(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(values, (len(self.feeder.feeders), len(values)))


def _taken_kw(block: Block, flows: Flows) -> Real:
    """What loads, generators (negative) and losses take in each hour of a block [kW]."""
    taken: Real = block.load_kva.real.sum(axis=0) + block.generator_kva.real.sum(axis=0) + flows.loss_kw.sum(axis=0)
    return taken


def _admittance_sum(source: Source) -> float:
    """Magnitudes of a row of the admittances between a source's own voltages and its nodes [S]; 0 without impedance.

    The rows of the circuit do not hold them, while the current of a source is their product with what little its
    voltage drops: where they are large, as those of an ideal source, rounding there is most of what is missing.
    """
    one, zero = complex(source.r1_ohm, source.x1_ohm), complex(source.r0_ohm, source.x0_ohm)
    if not one or not zero:
        return 0.0
    own, other = (2 / one + 1 / zero) / 3, (1 / zero - 1 / one) / 3
    return abs(own) + (source.phases - 1) * abs(other)


def _known(pu: Real) -> Real:
    """Lowest voltages, unknown where nothing has supply."""
    return np.where(np.isinf(pu), np.nan, pu)
