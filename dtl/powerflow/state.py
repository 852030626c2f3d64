"""One state of a feeder: its loads as the model has them, solved once, as values by bus, branch and head.

This is the state of a study of the program that the model comes from, so that its results can be compared with ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Winding
from dtl.powerflow import circuit as circuits
from dtl.powerflow import dss, engine, head, names
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.flows import SERIES
from dtl.powerflow.limits import ratings
from dtl.powerflow.opendss import MAX_CONTROL_ITERATIONS, MAX_ITERATIONS

TOLERANCE = 1e-9
"""Largest change of a node's voltage in the last iteration [pu]; one state costs little."""
NORMAL: dict[str, Any] = {
    "lines": {"otherwise": "normal", "summer": "normal", "emergency": "emergency", "over_pct": 100.0, "window_h": 1.0},
    "transformers": {"over_pct": 100.0, "window_h": 1.0},
}
"""Loading is a share of the ratings for normal operation."""

Row = dict[str, Any]


def with_taps(feeder: Feeder, taps: Mapping[str, float]) -> Feeder:
    """The feeder with the taps of some transformers moved to steps from neutral, on the winding of their regulator."""
    windings = {r.transformer: r.winding - 1 for r in feeder.regulators}
    parts = list(feeder.transformers)
    for i, part in enumerate(parts):
        if part.name in taps:
            at = windings.get(part.name, 1)
            moved = tuple(_moved(w, taps[part.name]) if n == at else w for n, w in enumerate(part.windings))
            parts[i] = part.model_copy(update={"windings": moved})
    return feeder.model_copy(update={"transformers": tuple(parts)})


def _moved(winding: Winding, steps: float) -> Winding:
    return winding.model_copy(update={"tap_pu": float(f"{1.0 + steps * _step(winding):.12g}")})


def _step(winding: Winding) -> float:
    return (winding.max_tap_pu - winding.min_tap_pu) / (winding.taps or 32)


def solve_state(feeder: Feeder, *, controlled: bool) -> list[Row]:
    """The rows of the table ``state``; controls act only if `controlled`.

    Raises
    ------
    SolveError
        There is no solution.
    """
    fed, _ = head.served(feeder)
    engine.load(dss.write(fed))
    engine.load_settings(
        mode="snapshot",
        controlmode="static" if controlled else "off",
        tolerance=TOLERANCE,
        maxiterations=MAX_ITERATIONS,
        maxcontroliter=MAX_CONTROL_ITERATIONS,
    )
    number = engine.solve()
    if number not in (0, engine.CONTROL_LIMIT):
        raise SolveError(f"OpenDSS: {engine.message()} (#{number})")
    if not engine.converged():
        raise SolveError(f"the power flow did not converge within {MAX_ITERATIONS} iterations")
    return list(_State(fed).rows())


class _State:
    """The solution that the engine holds."""

    def __init__(self, feeder: Feeder):
        self.feeder, self.view = feeder, head.view(feeder)
        self.volts = np.empty(len(engine.node_names()) + 1, np.complex128)
        engine.Voltages().read(self.volts)
        self.circuit: Circuit = circuits.read(feeder, controls_active=False)
        self.amps = self.circuit.admittance @ self.volts
        self.kva = self.volts[self.circuit.row_node] * np.conj(self.amps) / 1e3
        only = feeder.feeders[0]
        self.owner = {b.name: b.feeder or only for b in feeder.buses}
        self.ends: dict[tuple[str, str], tuple[str, ...]]
        self.ends = {("line", p.name): (p.from_bus, p.to_bus) for p in feeder.lines}
        self.ends |= {("switch", p.name): (p.from_bus, p.to_bus) for p in feeder.switches}
        self.ends |= {("transformer", p.name): tuple(w.bus for w in p.windings) for p in feeder.transformers}
        self.banks = {("transformer", p.name): p.bank for p in feeder.transformers if p.bank}

    def rows(self) -> Iterator[Row]:
        """All values."""
        for name, owner in self.owner.items():
            yield from _placed(owner, "bus", name, _bus(self, name))
        loss: dict[str, float] = dict.fromkeys(self.feeder.feeders, 0.0)
        banks: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
        for key, bus, values, lost in _branches(self):
            loss[self.owner[bus]] += lost
            yield from _placed(self.owner[bus], *key, values)
            if key in self.banks:
                _join(banks.setdefault((self.owner[bus], self.banks[key]), {}), values)
        self._taps(banks)
        for (owner, name), values in banks.items():
            yield from _placed(owner, "transformer", name, values)
        power = engine.Batch("vsource").powers().reshape(len(self.feeder.sources), -1)
        for feeder in self.feeder.feeders:
            mine = [i for i, s in enumerate(self.feeder.sources) if self.owner[s.bus] == feeder]
            out = -power[mine, 0].sum() if mine else complex(0.0)
            values = {("", "kw"): out.real, ("", "kvar"): out.imag, ("", "loss_kw"): loss[feeder]}
            yield from _placed(feeder, "head", "", values)

    def _taps(self, into: dict[tuple[str, str], dict[tuple[str, str], float]]) -> None:
        """Taps of regulators in steps from neutral: of each unit, and by phase of the bank that units form."""
        parts = {t.name: t for t in self.feeder.transformers}
        for regulator in self.feeder.regulators:
            part = parts.get(regulator.transformer)
            if part is None or not part.enabled:
                continue
            at = regulator.winding - 1
            winding = part.windings[at]
            taps = engine.taps(names.spelled(part.name))
            steps = round((taps[at] - 1.0) / _step(winding), 6)
            owner = self.owner[winding.bus]
            on = ["ABC"[n - 1] for n in winding.nodes if 0 < n < 4]
            into.setdefault((owner, part.name), {}).update({(p, "tap"): steps for p in ("", *on)})
            if part.bank and len(on) == 1:
                into.setdefault((owner, part.bank), {})[on[0], "tap"] = steps


def _join(bank: dict[tuple[str, str], float], unit: Values) -> None:
    """Add one unit to the values of its bank: powers add up, the highest current and loading count."""
    for key, value in unit.items():
        before = bank.get(key, 0.0)
        bank[key] = before + value if key[1] in ("kw", "kvar") else max(before, value)


Values = Mapping[tuple[str, str], float]
"""By phase and quantity."""


def _placed(feeder: str, kind: str, element: str, values: Values) -> Iterator[Row]:
    for (phase, quantity), value in values.items():
        yield {"feeder": feeder, "kind": kind, "element": element, "phase": phase, "quantity": quantity,
               "value": float(value)}  # fmt: skip


def _bus(state: _State, name: str) -> Values:
    bus, spelled, node = state.feeder.bus[name], names.spelled(name), state.circuit.node
    at = {n: state.volts[node[f"{spelled}.{n}"]] / 1e3 for n in bus.nodes if 0 < n < 4 and f"{spelled}.{n}" in node}
    letters = {n: str(n) if bus.split_phase else "ABC"[n - 1] for n in at}
    found: dict[tuple[str, str], float] = {}
    if all((name, n) in state.view.grounded for n in at):
        for n, v in at.items():
            found[letters[n], "kv_ln"] = abs(v)
            found[letters[n], "v_pu"] = abs(v) / bus.kv_ln
    for a, b in ((1, 2), (2, 3), (3, 1)):
        if a in at and b in at and not bus.split_phase:
            found[letters[a] + letters[b], "kv_ll"] = abs(at[a] - at[b])
            found[letters[a] + letters[b], "v_pu"] = abs(at[a] - at[b]) / bus.kv_ll
    for quantity, length in (("kv_ln", 1), ("kv_ll", 2), ("v_pu", 1), ("v_pu", 2)):
        of = [v for (p, q), v in found.items() if q == quantity and len(p) == length]
        if of:
            found.setdefault(("", quantity), float(np.mean(of)))
    for phase, between in (("A", "AB"), ("B", "BC"), ("C", "CA")):
        if (between, "kv_ll") in found:
            found[phase, "kv_ll"] = found[between, "kv_ll"]
    return found


def _branches(state: _State) -> Iterator[tuple[tuple[str, str], str, Values, float]]:
    """Of each branch: kind and name, the bus at its head, its values at that end, and its losses [kW]."""
    circuit, view = state.circuit, state.view
    series = [(e, k) for e, k in enumerate(circuit.elements) if k[0] in SERIES]
    rated = ratings(state.feeder, [k for _, k in series], NORMAL, 1.0)
    begin, end = circuit.terminal_start, np.append(circuit.terminal_start[1:], len(circuit.row_node))
    at = {(int(e), int(n)): i for i, (e, n) in enumerate(zip(circuit.terminal_element, circuit.terminal_number,
                                                            strict=True))}  # fmt: skip
    stop = np.append(circuit.element_start[1:], len(circuit.row_node))
    for i, (element, key) in enumerate(series):
        lost = float(state.kva[circuit.element_start[element] : stop[element]].real.sum())
        terminal = at[element, view.head_end[key]]
        rows = np.arange(begin[terminal], end[terminal])
        bus = state.ends[key][view.head_end[key]]
        per_amp = 100.0 / (rated.seasons[0, i] * rated.amps_per_unit[i])
        yield key, bus, _flows(state, rows, per_amp), lost


def _flows(state: _State, rows: NDArray[np.int64], per_amp: float) -> Values:
    found: dict[tuple[str, str], float] = {}
    sum_kva = state.kva[rows].sum()
    found["", "kw"], found["", "kvar"] = sum_kva.real, sum_kva.imag
    highest = 0.0
    for row in rows:
        _, _, number = state.circuit.nodes[state.circuit.row_node[row]].rpartition(".")
        amps = abs(state.amps[row])
        if number in ("1", "2", "3"):
            highest = max(highest, amps)
            letter = "ABC"[int(number) - 1]
            values = {"amps": amps, "kw": state.kva[row].real, "kvar": state.kva[row].imag}
            if per_amp > 0.0:
                values["load_pct"] = amps * per_amp
            found |= {(letter, quantity): value for quantity, value in values.items()}
    found["", "amps"] = highest
    if per_amp > 0.0:
        found["", "load_pct"] = highest * per_amp
    return found
