"""What the tests of hosting share: cases of small feeders, and a loop over OpenDSS that knows nothing of our search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dss as engine_package
import numpy as np
from power_cases import demand_of, solve_spec

from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.sites import Of, Site, name_of, with_plants
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.powerflow import dss, engine, head, limits, names
from dtl.powerflow.opendss import driven

WORDS: dict[str, Any] = {
    "pre_existing": "only_if_worse", "worse_by_pct": 0.1, "worse_by_kw": 1.0, "criteria": None,
    "operational_flexibility": "without",
    "at": "buses", "up_to_kw": 5000.0, "hours": "extremes_48", "of": ["generation"], "methods": {},
}  # fmt: skip
WORSE_PU, WORSE_PCT = 0.001, 0.1


def case_of(
    feeder: Feeder, demand: Demand | None = None, *, hours: Sequence[int] | None = None,
    spec: Mapping[str, Any] | None = None, sun: Any = None, **words: Any,
) -> Case:  # fmt: skip
    """A case with frozen controls, judged in some hours."""
    fed, _ = head.served(feeder)
    found = Case(
        "study", fed, demand or demand_of(fed), Calendar(), spec or solve_spec(controls="frozen"), WORDS | words, sun
    )
    if hours is not None:
        found.hours = np.array(hours)
    return found


class Loop:
    """Voltages and loadings of one plant size after the other, by OpenDSS and its own read-out, element by element."""

    def __init__(self, case: Case, places: Sequence[Site], of: Of) -> None:
        self.case, self.of = case, of
        held = case.points[0].feeder
        self.feeder = driven(with_plants(held, places, of), case.demand)
        self.limits = case.spec["limits"]
        self.judged = head.view(held)
        engine.load(dss.write(self.feeder))
        engine.load_settings(mode="snapshot", controlmode="off", tolerance=1e-8, maxiterations=200)
        self.base = {int(h): self.state(int(h), {}) for h in case.hours}

    def state(self, hour: int, kw: Mapping[int, float]) -> tuple[dict[str, float], dict[str, float]] | None:
        """Voltage of every judged phase and loading of every rated element; None without a solution."""
        word = "generator" if self.of == "generation" else "load"
        for name, drive in self.case.demand.drives.items():
            profile = self.case.demand.profiles
            p, q = drive.kw * profile[drive.kw_profile][hour], drive.kvar * profile[drive.kvar_profile][hour]
            engine.command(f"edit {names.element('load', name)} kw={float(p)!r} kvar={float(q)!r}")
        for i in range(sum(1 for _ in getattr(self.feeder, f"{word}s") if _.name.startswith("hosting:"))):
            engine.command(f"edit {names.element(word, name_of(i))} kw={kw.get(i, 0.0)!r} kvar=0")
        engine.solve()
        return (self._volts(), self._loadings()) if engine.converged() else None

    def _volts(self) -> dict[str, float]:
        circuit = engine_package.DSS.ActiveCircuit
        found = {}
        for bus in self.feeder.buses:
            if circuit.SetActiveBus(names.spelled(bus.name)) < 0:
                continue  # behind an open switch, so that nothing of the circuit is connected there
            at = dict(zip(circuit.ActiveBus.Nodes, np.asarray(circuit.ActiveBus.Voltages).view(complex), strict=True))
            for phase, node, other in self.judged.judged(bus):
                if node in at:
                    volts = abs(at[node] - (at[other] if other else 0.0))
                    found[f"{bus.name}.{phase}"] = volts / (1e3 * (bus.kv_ll if other else bus.kv_ln))
        return found

    def _loadings(self) -> dict[str, float]:
        keys = [(k, p.name) for k, parts in (("line", self.feeder.lines), ("switch", self.feeder.switches),
                ("transformer", self.feeder.transformers)) for p in parts
                if p.enabled and getattr(p, "is_closed", True)]  # fmt: skip
        rated = limits.ratings(self.feeder, keys, self.limits, 1.0)
        circuit, found = engine_package.DSS.ActiveCircuit, {}
        for i, (kind, name) in enumerate(keys):
            circuit.SetActiveElement(names.element(kind, name))
            element = circuit.ActiveCktElement
            amps = np.abs(np.asarray(element.Currents).view(complex))[: element.NumPhases].max()
            found[f"{kind} {name}"] = 100.0 * amps / (rated.seasons[0, i] * rated.amps_per_unit[i])
        return found

    def margin(self, kw: Mapping[int, float]) -> tuple[float, float]:
        """Largest excess of a voltage [pu] and of a loading [%] over what the study allows, in any hour."""
        worst_pu, worst_pct = -np.inf, -np.inf
        over = {k: self.limits["transformers" if k == "transformer" else "lines"]["over_pct"]
                for k in ("line", "switch", "transformer")}  # fmt: skip
        buses = self.feeder.bus
        for hour in self.case.hours:
            now, before = self.state(int(hour), kw), self.base[int(hour)]
            assert before is not None
            if now is None:
                return np.inf, np.inf
            for name, pu in now[0].items():
                band = limits.band(buses[name.rpartition(".")[0]], self.limits, self.case.spec["secondary"])
                base = before[0][name]
                high = base + WORSE_PU if base > band.high_pu else band.high_pu
                low = base - WORSE_PU if base < band.low_pu else band.low_pu
                worst_pu = max(worst_pu, pu - high, low - pu)
            for name, pct in now[1].items():
                most, base = over[name.partition(" ")[0]], before[1][name]
                worst_pct = max(worst_pct, pct - (base + WORSE_PCT if base > most else most))
        return worst_pu, worst_pct

    def judge(self, kw: Mapping[int, float]) -> tuple[bool, bool]:
        """Whether plants fail, and whether that hangs on less than 1e-5 pu or 0.01 %."""
        pu, pct = self.margin(kw)
        fails = pu > 0 or pct > 0
        close = (pu < 1e-5 and pct < 1e-2) if fails else (pu > -1e-5 or pct > -1e-2)
        return fails, close
