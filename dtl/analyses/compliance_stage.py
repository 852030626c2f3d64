"""The stage ``comply_feeder``: one case of one group against grid codes, lights, and the curtailment that complies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl import tables
from dtl.analyses import compliance_plants
from dtl.analyses.compliance_bands import Bands, about, moment, unjudged, verdict
from dtl.analyses.compliance_codes import Clause, clauses, unassessed
from dtl.analyses.compliance_grid import Grid, Measured
from dtl.analyses.curtail import Curtailment, curtail
from dtl.analyses.hosting.engines import solver
from dtl.analyses.hosting.held import Held, held, without_controls
from dtl.analyses.hosting.sites import Site, site
from dtl.analyses.traffic import Lights
from dtl.demand.calendar import HOURS
from dtl.demand.demand import Demand
from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import head
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.choose import choose
from dtl.powerflow.hours import resolved
from dtl.powerflow.opendss import Year
from dtl.powerflow.snapshot import StateYear, at_states
from dtl.powerflow.solve import with_head_voltage
from dtl.powerflow.voltages import Voltages
from dtl.scenarios.compose import compose
from dtl.scenarios.context import read_context
from dtl.scenarios.realise import realise

Ints = NDArray[np.int64]
Row = dict[str, Any]

STUDY = "study"
"""The code of what the study declares itself."""
LIGHT, LEFT, TAKEN = "traffic_light_red_h", "violations_after_curtailment_h", "curtailed_kwh"
UNSOLVED = "not solved: "
"""What the text of every verdict begins with where the case could not be solved."""
_SOURCE = "BDEW, traffic-light paper of 2015: three phases; the thresholds are the study's"


def comply_feeder(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the tables ``compliance``, ``lights`` and ``curtailment`` of one case.

    A case that cannot be solved gets one row of ``compliance`` per code, not assessed, with the reason.
    """
    words = spec["analyses"]["compliance"]
    feeder = Feeder.from_json(Path(inputs["feeder"]).read_text(encoding="utf-8"))
    owner = {b.name: b.feeder or feeder.feeders[0] for b in feeder.buses}
    try:
        case = _Case(spec, inputs, feeder, words)
        verdicts, lights, curtailed = case.verdicts(), case.lights(), case.curtailed()
        verdicts += case.told
        owner |= case.owners
    except SolveError as err:
        every = {c.code: c for c in reversed(clauses(words["codes"]))}
        verdicts = [unjudged(c, "feeder", "", f"{UNSOLVED}{err}") for c in every.values()]
        lights, curtailed = [], []
    same = {"scenario": spec["scenario"], "year": spec["year"], "case": spec["case"]}
    found = {"compliance": (verdicts, "element"), "lights": (lights, "segment"), "curtailment": (curtailed, "plant")}
    for name, (rows, by) in found.items():
        placed = [{**same, "feeder": owner.get(row[by], feeder.feeders[0]), **row} for row in rows]
        tables.write(name, tables.frame(name, placed), outputs[name])


class _Case:
    """A realised case, solved once through its hours, with what was seen on the way."""

    def __init__(
        self, spec: Mapping[str, Any], inputs: Mapping[str, Any], feeder: Feeder, words: Mapping[str, Any]
    ) -> None:
        ready = json.loads(Path(inputs["ready"]).read_text(encoding="utf-8"))
        if ready["status"] != "ok":
            raise SolveError(ready["reason"])
        context = read_context(spec, inputs)
        base = Demand.read(inputs["demand"], inputs["profiles"])
        spec = resolved(spec, base, context.calendar)
        model, _ = head.served(with_head_voltage(feeder, spec["head_voltage"]))
        fed, demand = realise(compose(spec["layers"], model, base, context))
        self.demand = replace(demand, operated=None)  # an interruption is no matter of voltage quality
        self.feeder, _ = head.served(fed)
        self.spec, self.words, self.calendar = spec, words, context.calendar
        if states := spec.get("states"):
            self.demand, self.calendar = at_states(states, model, base, (self.feeder, self.demand), context.calendar)
        self.step_h = spec["step_min"] / 60.0
        every = HOURS * self.calendar.per_hour
        self.hours = np.arange(every) if spec["hours"] == "all" else np.array(sorted(set(spec["hours"])), np.int64)
        self.plants = compliance_plants.chosen(self.feeder, words.get("plants"))
        self.owners = {p.name: self.feeder.bus[p.bus].feeder or feeder.feeders[0] for p in self.feeder.generators}
        self.clauses = clauses(words["codes"])
        self.told: list[Row] = []
        self._solve()

    def _solve(self) -> None:
        """Once through the steps, by the engine that the study's case is solved with."""
        spec, active = self.spec, self.spec["controls"] == "active"
        name, _ = choose(self.feeder, len(self.hours), spec)
        year: Year | BatchYear
        year = BatchYear(self.feeder, self.demand) if name == "batch" else (
            self._year(self.feeder, self.demand, controls_active=active)
        )  # fmt: skip
        measured = Measured(year.feeder, year.circuit, self.calendar, spec)
        drop = 0.0 if isinstance(spec["secondary"], str) else float(spec["secondary"].get("drop_pct", 0.0))
        agreed = np.array([_agreed(b.kv_ll, self.words.get("u_c_kv")) for b in measured.buses])
        step_min = 0 if spec.get("states") else int(spec["step_min"])
        self._bands = Bands(self.clauses, measured.buses, agreed, drop, step_min, measured.voltages.bus_start)
        self._lights = Lights(self.feeder, measured, self.words["traffic_light"], int(spec["step_min"]))
        over: list[Ints] = []
        for block in year.blocks([int(h) for h in self.hours]):
            state = measured.of(block)
            self._bands.add(state)
            self._lights.add(state)
            voltages = measured.voltages
            bad = (state.bus_high > voltages.high_pu[:, None]).any(axis=0)
            bad |= (state.bus_low < voltages.low_pu[:, None]).any(axis=0)
            bad |= (state.load_pct > measured.over_pct[:, None]).any(axis=0)
            over.append(state.hours[bad])
        self.violating = np.concatenate(over) if over else np.zeros(0, np.int64)

    @property
    def _year(self) -> type[Year]:
        return StateYear if self.spec.get("states") else Year

    @property
    def _means(self) -> str:
        step_min = self.spec["step_min"]
        return "states" if self.spec.get("states") else "hourly means" if step_min == 60 else f"{step_min}-minute means"

    def verdicts(self) -> list[Row]:
        """All verdicts of the codes, and what they ask for beyond a power flow."""
        found = list(self._bands.rows())
        spoken = {(r["code"], r["range"]) for r in found}
        for clause in self.clauses:
            if clause.what == "voltage_band" and (clause.code, clause.range) not in spoken:
                found.append(
                    unjudged(clause, "feeder", "", "the feeder has no bus of a voltage that the code speaks of")
                )
                spoken.add((clause.code, clause.range))
        found += _distinct(compliance_plants.rows(self.clauses, self.feeder, self.plants, self.hours, self._effects))
        for code in sorted(self.words["codes"]):
            for what in unassessed(code):
                clause = Clause(code, what, "", (0.0, 0.0), "", "")
                found.append(unjudged(clause, "feeder", "", f"a power flow of {self._means} cannot judge it"))
        return found

    def _effects(self) -> compliance_plants.Effects:
        fixed = without_controls(self.feeder)
        return compliance_plants.Effects(fixed, self.demand, self.calendar, self.spec, self.plants)

    def lights(self) -> list[Row]:
        """Steps that are not green; the time of each segment goes to the verdicts."""
        for i, name in enumerate(self._lights.names):
            red, yellow = (float(n) for n in self._lights.hours[:, i])
            green = len(self.hours) * self.step_h - red - yellow
            text = f"{red:g} h red, {yellow:g} h yellow, {green:.10g} h green"
            clause = Clause(STUDY, LIGHT, "", (0.0, 0.0), _SOURCE, "")
            judged = verdict("h", red, 0.0)
            self.told.append({**about(clause), "kind": "segment", "element": name, **judged, "text": text})
        self.owners |= {name: self.feeder.bus[name].feeder or self.feeder.feeders[0] for name in self._lights.names}
        return list(self._lights.rows(self._gain()))

    def _gain(self) -> Callable[[str, int], float | None]:
        """Rise per kW at the buses that are yellow or red, in the step in which each is furthest."""
        worst = self._lights.worst()
        seen = head.view(self.feeder)
        made = {bus: site(self.feeder.bus[bus], seen) for bus in worst}
        places = {bus: s for bus, s in made.items() if isinstance(s, Site)}
        if not places:
            return lambda bus, hour: None
        names, at = list(places), np.array([worst[b] for b in places], np.int64)
        step = np.array([100.0 if places[b].kv_ll > 1.0 else 1.0 for b in names])
        fixed = without_controls(self.feeder)
        grid = solver(Held(fixed, self.hours), self.demand, [places[b] for b in names], "generation")
        voltages = Voltages(fixed, grid.circuit, head.view(fixed), self.spec["limits"], self.spec["secondary"], 1.0)
        row = {b.name: i for i, b in enumerate(voltages.buses)}
        gain: dict[str, float | None] = {}
        for start in range(0, len(names), 256):
            part = slice(start, start + 256)
            some = np.tile(at[part], 2)
            count = len(at[part])
            kw = np.zeros((len(names), 2 * count))
            kw[np.arange(start, start + count), np.arange(count)] = step[part]
            block, good = grid.solve(some, kw)
            _, low, high = voltages.per_unit(block.voltages)
            mean = (low + high) / 2.0
            for k, bus in enumerate(names[part]):
                rise = float(mean[row[bus], k] - mean[row[bus], count + k]) / float(step[start + k])
                gain[bus] = rise if good[k] and good[count + k] and rise > 0 else None
        return lambda bus, hour: gain.get(bus)

    def curtailed(self) -> list[Row]:
        """What is not taken of each plant; its sums go to the verdicts."""
        clause = Clause(STUDY, LEFT, "", (0.0, 0.0), "least cost by linear programming, solved again", "")
        if not self.words["redispatch"]:
            return []
        if not self.plants or not len(self.violating):
            why = compliance_plants.NO_PLANT if not self.plants else ""
            count = verdict("h", len(self.violating) * self.step_h, 0.0)
            text = why or "no hour has a violation, so nothing is curtailed"
            self.told.append({**about(clause), "kind": "feeder", "element": "", **count, "text": text})
            return []
        prices = self.words.get("curtail_cost") or {}
        cost = np.array([float(prices.get(p.type, 1.0)) for p in self.plants])
        rows: list[Row] = []
        done = []
        active = self.spec["controls"] == "active"
        for point in held(self.feeder, self.demand, self.violating, controls_active=active, year=self._year):
            grid = Grid(point.feeder, self.demand, self.calendar, self.spec)
            done.append(curtail(grid, point.hours, self.plants, cost))
            rows += self._taken(done[-1], cost)
        self._sum_up(clause, done, rows)
        return rows

    def _taken(self, found: Curtailment, cost: Any) -> list[Row]:
        at = np.argwhere(found.kw > 1e-6)
        return [
            {
                **moment(int(found.hours[j]), self.spec["step_min"]),
                "plant": self.plants[i].name, "bus": self.plants[i].bus,
                "available_kw": float(found.available_kw[i, j]), "curtailed_kw": float(found.kw[i, j]),
                "cost": float(found.kw[i, j] * cost[i]) * self.step_h, "why": found.why[j],
            }
            for i, j in at.tolist()
        ]  # fmt: skip

    def _sum_up(self, clause: Clause, done: list[Curtailment], rows: list[Row]) -> None:
        broken = len(self.violating) * self.step_h
        cured = sum(int((d.cured & (d.least <= 1e-6)).sum()) for d in done) * self.step_h
        others = sum(int((d.least > 1e-6).sum()) for d in done) * self.step_h
        text = f"{broken:g} h with a violation, {cured:g} h without one after curtailment, solved again"
        if others:
            text += f"; in {others:g} h something stays beyond its limit with all plants off"
        self.told.append(
            {**about(clause), "kind": "feeder", "element": "", **verdict("h", broken - cured, 0.0), "text": text}
        )
        for plant in self.plants:
            own = [r for r in rows if r["plant"] == plant.name]
            if own:
                kwh = sum(r["curtailed_kw"] for r in own) * self.step_h
                said = about(Clause(STUDY, TAKEN, "", (0.0, 0.0), clause.clause, ""))
                told = {"unit": "kWh", "value": kwh, "limit": None, "margin": None, "verdict": "not_assessed"}
                self.told.append(
                    {
                        **said,
                        **told,
                        "kind": "plant",
                        "element": plant.name,
                        "text": f"in {len(own) * self.step_h:g} h; a volume, no verdict",
                    }
                )


def _agreed(kv_ll: float, u_c_kv: float | None) -> float:
    """Factor from per nominal to per agreed voltage: where the agreed one is within 15 % of the nominal one."""
    if u_c_kv is None or abs(kv_ll / u_c_kv - 1.0) > 0.15:
        return 1.0
    return kv_ll / u_c_kv


def _distinct(rows: Any) -> list[Row]:
    """Rows of one key once, the first counts: several clauses may hold where two voltages meet."""
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        found.setdefault(tuple(row[k] for k in ("code", "what", "range", "kind", "element")), row)
    return list(found.values())
