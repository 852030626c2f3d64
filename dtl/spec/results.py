"""The source ``cyme_results``: results of a load flow of CYME, as its reports write them, in any layout of columns."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from dtl.spec.base import Base, near, wrong
from dtl.spec.files import SourceFiles
from dtl.spec.names import FeederPath
from dtl.spec.oms import Alias, Texts
from dtl.spec.scalars import Count, Text, Whole
from dtl.spec.shapes import ListShape, MapShape, TextShape, shape

UNITS = {
    "voltage": {"pu": 1.0, "V_120": 1 / 120.0, "V": 1e-3, "kV": 1.0},
    "current": {"A": 1.0, "kA": 1e3},
    "loading": {"%": 1.0, "share": 100.0},
    "kw": {"kW": 1.0, "W": 1e-3, "MW": 1e3},
    "kvar": {"kvar": 1.0, "var": 1e-3, "Mvar": 1e3},
    "loss_kw": {"kW": 1.0, "W": 1e-3, "MW": 1e3},
    "tap": {"step": 1.0},
}
"""The quantities, and factors of their units to those of our tables (pu or kV for voltages); the first is the usual."""


class PerPhase(Base):
    """The columns of one quantity, phase by phase, and their unit."""

    all: Texts | None = None
    """The column of the sum of the phases, of their mean (voltage) or of the highest (current, loading)."""
    a: Texts | None = None
    """The column of phase A."""
    b: Texts | None = None
    """The column of phase B."""
    c: Texts | None = None
    """The column of phase C."""
    ab: Texts | None = None
    """The column between phases A and B."""
    bc: Texts | None = None
    """The column between phases B and C."""
    ca: Texts | None = None
    """The column between phases C and A."""
    unit: Text | None = None
    """The unit: pu, V_120 (volts on a base of 120 V), V, kV; A, kA; %, share; W, kW, MW; var, kvar, Mvar; step."""
    between: Literal["ground", "phases"] = "ground"
    """What volts and kilovolts of the columns a, b, c and all are measured against."""

    @model_validator(mode="after")
    def _some(self) -> PerPhase:
        if not any(getattr(self, p) for p in ("all", "a", "b", "c", "ab", "bc", "ca")):
            raise wrong("one-of", "a quantity needs a column: all, a, b, c, ab, bc or ca")
        return self


Quantity = Annotated[
    Annotated[Text, TextShape] | Annotated[list[Text], ListShape] | Annotated[PerPhase, MapShape],
    shape("a name", "a list of names", "a map of phases and unit"),
]
"""A column of all phases together, or of the phase that a column names; or a map of phases and unit."""


class ResultColumns(Base):
    """The columns of load-flow results; names are compared without regard to case."""

    feeder: Texts | None = None
    """Feeder; not needed where the path or the source says it."""
    node: Texts | None = None
    """Node, of results of nodes."""
    device: Texts | None = None
    """Device, of results of sections and devices."""
    section: Texts | None = None
    """Section: the name of a row without device, and a second name of one with a device."""
    phase: Texts | None = None
    """Phase of the row, where each phase has a row; empty for all."""
    quantity: Texts | None = None
    """What the column `value` is, row by row: voltage, current, loading, kw, kvar, loss_kw or tap."""
    value: Texts | None = None
    """The value, where each value has a row."""
    unit: Texts | None = None
    """Unit of the value, where each value has a row."""
    voltage: Quantity | None = None
    """Voltage [pu]."""
    current: Quantity | None = None
    """Current [A]."""
    loading: Quantity | None = None
    """Loading [%]."""
    kw: Quantity | None = None
    """Active power into the element at its side towards the head, of the head: out of the source [kW]."""
    kvar: Quantity | None = None
    """Reactive power, in the same way [kvar]."""
    loss_kw: Quantity | None = None
    """Losses [kW]."""
    tap: Quantity | None = None
    """Tap of a regulator, in steps from neutral."""

    @model_validator(mode="after")
    def _named(self) -> ResultColumns:
        if (self.quantity is None) != (self.value is None):
            raise wrong("one-of", "'quantity' and 'value' belong together: what a row is, and how much")
        if not any(getattr(self, q) for q in ("value", *UNITS)):
            raise wrong("one-of", "the map names no column of results: voltage, current, loading, kw, kvar, ...")
        for quantity, units in UNITS.items():
            stated = getattr(self, quantity)
            unit = stated.unit if isinstance(stated, PerPhase) else None
            if unit is not None and unit not in units:
                raise wrong("unknown-value", f"'{unit}' is no unit of {quantity}{near(unit, units)}", quantity)
        return self


class CymeResults(SourceFiles):
    """Load-flow results that CYME wrote (CSV or Excel), to compare the model with."""

    paths: ClassVar[tuple[str, ...]] = ("path",)
    kind: Literal["cyme_results"]
    path: FeederPath
    """The result files; {feeder} binds a file to a feeder."""
    columns: Annotated[
        Annotated[Literal["ours", "keywords"], TextShape] | Annotated[ResultColumns, MapShape],
        shape("the name of a column map", "a map"),
    ] = "keywords"
    """The column map: `keywords` are those of CYME (NodeId, VpuA, IA, LOADINGA, KWTOT), `ours` one value per row."""
    feeder: Text | None = None
    """The feeder of all rows, where neither the path nor a column names it."""
    feeder_names: Alias | None = None
    """How a feeder's name becomes one of the model; none: it is the same."""
    heads: list[Text] = ["total", "source"]
    """What stands in place of a node or device in rows of the whole feeder: its source kW, kvar and losses."""
    sheets: list[Text] | None = Field(default=None, min_length=1)
    """The sheets of an Excel file; none: the first."""
    header_row: Count = 1
    """Row of the column names."""
    skip_footer: Annotated[Whole, Field(ge=0, le=1000)] = 0
    """Rows at the end that are no results."""
