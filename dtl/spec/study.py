"""The study: every section with its type, and what follows from them: cases, limits, digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from dtl.spec.analyses import Analyses
from dtl.spec.areas import Areas
from dtl.spec.base import COSMETIC, Base, wrong
from dtl.spec.canonical import plain
from dtl.spec.decisions import Decision
from dtl.spec.demand import Demand
from dtl.spec.feeders import Feeders
from dtl.spec.layer import LayerBase
from dtl.spec.layers import Layer, in_order
from dtl.spec.limits import Limits
from dtl.spec.names import RootPath
from dtl.spec.network import Network
from dtl.spec.powerflow import Powerflow
from dtl.spec.profiles import Profile
from dtl.spec.report import Budget, Expect, Refresh, Report, Waiver
from dtl.spec.scalars import Currency, Name, Text, Whole, Year, Zone
from dtl.spec.scenarios import Scenario, Sweep
from dtl.spec.sources import Source

VERSION = 1
"""The version of the language that this DTL reads."""


def _version(value: int) -> int:
    if value != VERSION:
        raise wrong("version", f"this is language version {value}; this DTL reads version {VERSION}")
    return value


class Years(Base):
    """The measured year that gives the calendar, and the years to solve."""

    measured: Year | None = None
    """The year whose calendar, weather and loads are measured; none: the calendar of 2025."""
    planned: list[Year] = []
    """The years to solve; none: one case per scenario."""

    @model_validator(mode="after")
    def _rising(self) -> Years:
        if sorted(set(self.planned)) != self.planned:
            raise wrong("order", "'planned' must rise, each year once", "planned")
        if self.measured is not None and self.planned and self.planned[0] < self.measured:
            early = f"the first planned year {self.planned[0]} lies before the measured year {self.measured}"
            raise wrong("order", early, "planned")
        return self


def _varied(name: str, layer: LayerBase, values: Mapping[str, float]) -> LayerBase:
    """A layer with the numbers that a point gives it."""
    own = {target.partition(".")[2]: number for target, number in values.items() if target.partition(".")[0] == name}
    fields = {field.alias or n: n for n, field in type(layer).model_fields.items()}
    numbers = {fields[w]: int(v) if isinstance(getattr(layer, fields[w]), int) else v for w, v in own.items()}
    return layer.model_copy(update=numbers) if numbers else layer


class Case(Base):
    """A scenario in a year: the atom that is solved."""

    case: str
    """``scenario@year``, or the scenario alone where the study plans no years."""
    scenario: str
    """The scenario."""
    year: int
    """The year; 0 where the study plans none."""
    layers: list[tuple[str, LayerBase]]
    """The layers with their names, in the order in which they apply."""


class Point(Base):
    """One point of a sweep: the numbers that it takes, and the case that they make."""

    sweep: str
    """The sweep."""
    values: dict[str, float]
    """The number of each LAYER.FIELD."""
    case: Case
    """The case, called ``sweep#number@year``; no scenario has a name like this."""


class Study(Base):
    """A study: everything that decides a number is here, or is pinned by it."""

    dtl: Annotated[Whole, AfterValidator(_version)]
    """The version of the language: 1."""
    title: Annotated[Text, Field(json_schema_extra=COSMETIC)]
    """What the study is called."""
    question: Annotated[Text, Field(json_schema_extra=COSMETIC)] = ""
    """The question that the answer sentence answers."""
    timezone: Zone
    """The zone of local time, as America/Chicago."""
    currency: Currency | None = None
    """The unit of every cost, as USD."""
    feeders: Feeders
    """The feeders: ids and globs, or conditions."""
    years: Years = Years()
    """The measured year, and the years to solve."""
    data_roots: list[RootPath] = []
    """Folders outside that of the studies in which files may lie, as ../../data; a link counts as what it leads to."""
    sources: dict[Name, Source] = Field(min_length=1)
    """The files that the study reads, by name."""
    network: Network
    """Which source is the model, and what is assumed at its borders."""
    demand: Demand = Demand()
    """What the base load is, before any layer."""
    limits: Limits = Limits()
    """What is too much."""
    areas: Areas | None = None
    """Named parts of the grid."""
    profiles: dict[Name, Profile] = {}
    """Shapes of charging and load, by name."""
    layers: dict[Name, Layer] = {}
    """Assumptions, by name, which scenarios stack."""
    scenarios: dict[Name, Scenario] = {}
    """Named sets of layers; `base` is there also if nobody writes it."""
    sweeps: dict[Name, Sweep] = {}
    """Scenarios with numbers varied."""
    powerflow: Powerflow = Powerflow()
    """Which hours are solved, by what."""
    analyses: Analyses = Analyses()
    """What is asked of the solved cases."""
    report: Report = Report()
    """What the pages show first."""
    refresh: Refresh | None = None
    """How often CI runs the study anew."""
    budget: Budget | None = None
    """What a run may cost."""
    expect: Expect = Expect()
    """What must hold, or the gate fails."""
    waive: dict[Text, Waiver] = {}
    """Refused objects of a source that may be left out, by name."""

    _folder: Path = PrivateAttr(default=Path())
    _files: tuple[Path, ...] = PrivateAttr(default=())
    _decisions: dict[str, Decision] = PrivateAttr(default_factory=dict)
    _mistaken: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def folder(self) -> Path:
        """The folder of the study; every path of the study is relative to it."""
        return self._folder

    @property
    def name(self) -> str:
        """The name of the study: that of its folder."""
        return self._folder.resolve().name

    @property
    def files(self) -> tuple[Path, ...]:
        """The YAML files of the study: its own first, then those it includes."""
        return self._files

    @property
    def decisions(self) -> dict[str, Decision]:
        """What engineers decided, by the id of the insight: the files of the folder ``decisions`` beside the study."""
        return self._decisions

    def asks(self, analysis: str) -> bool:
        """Whether the study asks for an analysis, be it with mistakes that left it out of a draft."""
        field = "validate_" if analysis == "validate" else analysis
        return analysis in self._mistaken or getattr(self.analyses, field) is not None

    @cached_property
    def cases(self) -> list[Case]:
        """Every case, ordered by name."""
        scenarios = {"base": Scenario(), **self.scenarios}
        cases = []
        for name, scenario in scenarios.items():
            layers = in_order({n: self.layers[n] for n in scenario.stack})
            for year in self.years.planned or [0]:
                case = f"{name}@{year}" if year else name
                here = [(n, layer) for n, layer in layers if not year or (layer.from_year or year) <= year]
                cases.append(Case.model_construct(case=case, scenario=name, year=year, layers=here))
        return sorted(cases, key=lambda c: c.case)

    @cached_property
    def points(self) -> list[Point]:
        """Every point of every sweep, by the name of the sweep and in the order of its grid."""
        scenarios = {"base": Scenario(), **self.scenarios}
        found = []
        for name, sweep in sorted(self.sweeps.items()):
            year = sweep.year or max(self.years.planned, default=0)
            layers = in_order({n: self.layers[n] for n in scenarios[sweep.of].stack})
            here = [(n, layer) for n, layer in layers if not year or (layer.from_year or year) <= year]
            for number, values in enumerate(sweep.points(), 1):
                varied = [(n, _varied(n, layer, values)) for n, layer in here]
                case = f"{name}#{number:04d}" + (f"@{year}" if year else "")
                made = Case.model_construct(case=case, scenario=name, year=year, layers=varied)
                found.append(Point.model_construct(sweep=name, values=values, case=made))
        return found

    @cached_property
    def resolved_limits(self) -> dict[str, Any]:
        """All limits as numbers, with the clauses of their rules; a stage needs nothing else."""
        return self.limits.resolved()

    def canonical(self, *, cosmetic: bool = True) -> dict[str, Any]:
        """The whole study as JSON types, with defaults, sorted by key; what is not set is left out.

        Without ``cosmetic`` nothing is in it that only changes pages.
        """
        return plain(self, cosmetic=cosmetic)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical study, cosmetics included."""
        text = json.dumps(self.canonical(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load(path: Path | str) -> Study:
    """The study of a folder or of its ``study.yaml``.

    Raises
    ------
    SpecError
        With all mistakes of the study and the files it includes.
    """
    from dtl.spec.load import load_study

    return load_study(Path(path))
