"""The state of a case while its layers apply: a feeder, its loads, and one component of power for each layer.

The power of a load is the sum of its components, so what each layer adds is known by construction.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand
from dtl.demand.operated import Operated
from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Generator, Load
from dtl.scenarios.actions_time import Timed
from dtl.scenarios.context import Context
from dtl.scenarios.load_models import with_load_models, with_measured_heads
from dtl.scenarios.power import Ints, Power, Real, Series
from dtl.spec.base import near

Carrier = Literal["load", "added", "generation", "storage"]
BASE = "base"
"""Name of the first component: the demand before any layer."""
GENERATORS = "generators"
"""What stands in place of a layer for generators of the model that follow a profile."""
EVERY_CLASS = "all"
CLASS = "load of the class"
"""What layers look for that name a class: unlike a part, many feeders may have it."""


@dataclass(frozen=True, eq=False)
class Store:
    """What batteries hold: usable energy and content at the start of the year, shape (batteries,) each [kWh].

    ``efficiency`` is the share of the energy of a round trip that comes out.
    """

    kwh: Real
    efficiency: float
    start_kwh: Real


@dataclass(frozen=True, eq=False)
class Component:
    """What one layer adds to the power of the loads.

    Attributes
    ----------
    layer
        Name of the layer, ``base`` for the demand before any.
    kw, kvar
        Active and reactive power taken, negative when given, one of each load [kW, kvar].
    carrier
        What carries it in the power flow: ``load`` the load itself, with its load model; ``added`` a second load of
        constant power; ``generation`` and ``storage`` an inverter.
    kva
        Rating of the inverters at each load [kVA], shape (loads,); None for loads.
    rated_kw
        Rated active power of the inverters at each load [kW], shape (loads,); None: their kVA.
    volt_var, volt_watt
        Characteristics of the inverters by voltage, empty for none.
    kind
        Kind of the layer, by which a later one finds it.
    store
        What the batteries at each load hold; None for others.
    """

    layer: str
    kw: Power
    kvar: Power
    carrier: Carrier
    kva: Real | None = None
    rated_kw: Real | None = None
    volt_var: str = ""
    volt_watt: str = ""
    kind: str = ""
    store: Store | None = None


@dataclass(frozen=True, eq=False)
class Plant:
    """A plant, or a load of its own, that a layer connects at a bus.

    Attributes
    ----------
    layer
        Name of the layer.
    part
        The part as it enters the feeder, with its rated powers: given by a generator, taken by a load [kW, kvar].
    shape
        Its power through the year per unit of the rated, shape (steps,); plants may share it.
    kwh
        Usable energy of a battery, 0 for others; until all layers are known its shape has one value.
    store
        What the battery holds, once its shape is known; None for others.
    against
        The part beside which it stands for what a program takes off that; empty for others.
    """

    layer: str
    part: Generator | Load
    shape: Series
    kwh: float = 0.0
    store: Store | None = None
    against: str = ""

    @property
    def kw(self) -> Real:
        """Active power taken, negative when given [kW], shape (steps,)."""
        sign = 1.0 if isinstance(self.part, Load) else -1.0
        return np.asarray(sign * self.part.kw * self.shape.astype(np.float64), np.float64)


@dataclass(frozen=True, eq=False)
class Acted:
    """The actions of all layers so far, in time order, and the state before the first of them.

    ``words`` are the layers by name. Another layer of actions begins again from ``before``.
    """

    before: State
    actions: tuple[Timed, ...]
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class State:
    """A feeder with the power of its loads through the year; nobody changes a state, layers return another one.

    Attributes
    ----------
    feeder
        The feeder as the case has it.
    demand
        The base demand, whose drives are the loads.
    components
        The components by name of their layer; ``base`` is the first.
    units
        Devices at each load that a layer placed, by layer, shape (loads,) each [-].
    assumptions
        What the layers assumed: rows of layer, field, value, unit, source, default.
    plants
        Plants that layers connected at buses, which belong to no load.
    sought
        What layers looked for by name: rows of layer, what, name, found, near (the nearest names).
    notes
        What a reader of the case must know: energy that was not delivered, and the like.
    temp_c
        Air temperature of the case where a layer of weather changed it, shape (8760,) [degree C].
    rules
        What may be connected and exported: the layers of kind ``connection_rules``.
    peak
        Whether each hour is in the peak of a tariff, shape (8760,); None without one.
    acted
        The actions done so far; None without any layer of them.
    programs
        The layers of kind ``flexibility`` by name, which the power flow executes.
    operated
        The switches that actions operate at a time; None without any. ``feeder`` has them as they stand before.
    """

    feeder: Feeder
    demand: Demand
    components: Mapping[str, Component]
    units: Mapping[str, Real] = field(default_factory=dict)
    assumptions: tuple[Mapping[str, Any], ...] = ()
    plants: tuple[Plant, ...] = ()
    sought: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    temp_c: Real | None = None
    rules: tuple[Mapping[str, Any], ...] = ()
    peak: NDArray[np.bool_] | None = None
    acted: Acted | None = None
    programs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    operated: Operated | None = None

    @property
    def loads(self) -> tuple[str, ...]:
        """Names of the loads, in the order of every array."""
        return tuple(self.demand.drives)

    @property
    def feeders(self) -> tuple[str, ...]:
        """Feeder of each load."""
        return tuple(d.feeder for d in self.demand.drives.values())

    @property
    def buses(self) -> tuple[str, ...]:
        """Bus of each load."""
        return tuple(d.bus for d in self.demand.drives.values())

    @property
    def classes(self) -> tuple[str, ...]:
        """Customer class of each load."""
        return tuple(d.customer_class for d in self.demand.drives.values())

    @property
    def customers(self) -> Ints:
        """Number of customers at each load."""
        return np.array([d.customers for d in self.demand.drives.values()], np.int64)

    @property
    def base(self) -> Component:
        """The demand before any layer."""
        return self.components[BASE]

    def owner(self, bus: str) -> str:
        """The feeder that a bus belongs to."""
        return self.feeder.bus[bus].feeder or self.feeder.feeders[0]

    def kw(self, *, carriers: tuple[Carrier, ...] = ("load", "added", "generation", "storage")) -> Real:
        """Net active power of every load [kW], shape (loads, steps), of the components with these carriers."""
        chosen = [c.kw for c in self.components.values() if c.carrier in carriers]
        total = np.zeros((len(self.loads), self.base.kw.steps))
        for power in chosen:
            total += power.values()
        return total

    def of_class(self, layer: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Which loads are of the customer class that a layer is for, shape (loads,); without one it is for all.

        That no feeder of a study has the class is told of the whole study: one without farms has none to electrify.

        Raises
        ------
        SolveError
            The class has no load, and the study has no other feeder; the text says which classes have one.
        """
        word, classes = str(layer.get("to", EVERY_CLASS)), np.array(self.classes)
        mine = np.asarray(np.full(len(classes), True) if word == EVERY_CLASS else classes == word, np.bool_)
        if not mine.any() and layer.get("only_feeder"):
            there = f"{near(word, set(self.classes)) or '; there is no load at all'}"
            raise SolveError(f"layer '{layer['name']}': no load of {self.feeder.id} is of class '{word}'{there}")
        return mine

    def with_class_sought(self, layer: Mapping[str, Any]) -> State:
        """The state that remembers whether the class that a layer is for has a load here."""
        word, there = str(layer.get("to", EVERY_CLASS)), set(self.classes)
        if word == EVERY_CLASS:
            return self
        near_ones = difflib.get_close_matches(word, sorted(there), 3, 0.6)
        row = {"layer": str(layer["name"]), "what": CLASS, "name": word, "found": word in there, "near": near_ones}
        return replace(self, sought=(*self.sought, row))

    def with_component(self, component: Component) -> State:
        """The state with one more component; its layer must have none yet."""
        if component.layer in self.components:
            raise SolveError(f"layer '{component.layer}' adds to the loads twice")
        return replace(self, components={**self.components, component.layer: component})

    def with_units(self, layer: str, units: Real) -> State:
        """The state with the devices that a layer placed."""
        return replace(self, units={**self.units, layer: units})

    def assuming(self, layer: str, *rows: Mapping[str, Any]) -> State:
        """The state with more assumptions of a layer, each made by `assumption`."""
        return replace(self, assumptions=(*self.assumptions, *({"layer": layer, **row} for row in rows)))

    def noting(self, *notes: str) -> State:
        """The state with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def assumption(name: str, value: float | str, unit: str, source: str, *, default: bool = False) -> dict[str, Any]:
    """One assumption: its field, value, unit and source; ``default`` where the study does not say it."""
    return {"field": name, "value": value, "unit": unit, "source": source, "default": default}


def state_of(feeder: Feeder, demand: Demand, context: Context) -> State:
    """The state before any layer: the base demand as the first component."""
    drives = list(demand.drives.values())
    names = sorted({p for d in drives for p in (d.kw_profile, d.kvar_profile)})
    series = {n: demand.profiles[n] for n in names}
    flat = np.ones(context.steps, np.float32)
    shapes: Series = np.stack([series.get(n, flat) for n in names] or [flat]).astype(np.float32)
    place = {n: i for i, n in enumerate(names)}

    def power(scale: str, profile: str) -> Power:
        factor = np.array([getattr(d, scale) for d in drives], np.float64)
        return Power(factor, np.array([place[getattr(d, profile)] for d in drives], np.int64), shapes)

    base = Component(BASE, power("kw", "kw_profile"), power("kvar", "kvar_profile"), "load")
    feeder = with_load_models(with_measured_heads(feeder, demand), demand, context.load_model)
    given = demand.generators
    plants = [Plant(GENERATORS, p, given[p.name]) for p in feeder.generators if p.enabled and p.name in given]
    if plants:
        own = tuple(p for p in feeder.generators if not p.enabled or p.name not in given)
        feeder = feeder.model_copy(update={"generators": own})
    return State(feeder, demand, {BASE: base}, plants=tuple(plants))
