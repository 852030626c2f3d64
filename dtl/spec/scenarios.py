"""The sections ``scenarios`` and ``sweeps``: named sets of layers, and numbers of them varied."""

from __future__ import annotations

import random
from itertools import product
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dtl.spec.base import COSMETIC, Base, wrong
from dtl.spec.names import LayerName, ScenarioName
from dtl.spec.scalars import Colour, Count, Number, Positive, Seed, Text, Year
from dtl.spec.shapes import ListShape, MapShape, shape


class Scenario(Base):
    """A named set of layers."""

    title: Annotated[Text, Field(json_schema_extra=COSMETIC)] = ""
    """What the pages call it."""
    stack: list[LayerName] = []
    """The layers, in any order: they apply in the fixed order of their kinds."""
    colour: Annotated[Colour | None, Field(json_schema_extra=COSMETIC)] = None
    """Its colour in figures, as #1f77b4."""

    @model_validator(mode="after")
    def _each_once(self) -> Scenario:
        for name in self.stack:
            if self.stack.count(name) > 1:
                raise wrong("twice", f"layer '{name}' stands in the stack twice; a stack is a set", "stack")
        return self


class Range(Base):
    """Numbers from one to another."""

    from_: Number
    """The first number."""
    to: Number
    """The last number."""
    step: Positive
    """The distance between two numbers."""

    @model_validator(mode="after")
    def _rises(self) -> Range:
        if self.from_ >= self.to:
            raise wrong("sweep-range", f"'from' {self.from_:g} is not below 'to' {self.to:g}")
        steps = (self.to - self.from_) / self.step
        if steps > 200:
            raise wrong("sweep-range", f"{steps:.0f} points are too many; at most 200")
        if abs(steps - round(steps)) > 1e-6:
            raise wrong("sweep-range", f"'step' {self.step:g} does not lead from {self.from_:g} to {self.to:g}")
        return self

    def values(self) -> list[float]:
        """The numbers, both ends included."""
        return [round(self.from_ + i * self.step, 9) for i in range(round((self.to - self.from_) / self.step) + 1)]


class Sample(Base):
    """Points drawn instead of a grid."""

    method: Literal["latin_hypercube", "random"] = "latin_hypercube"
    """How points are drawn."""
    size: Annotated[Count, Field(le=10000)]
    """How many points."""
    seed: Seed = 0
    """Seed of the draw."""


Values = Annotated[
    Annotated[list[Number], Field(min_length=1), ListShape] | Annotated[Range, MapShape],
    shape("a list of numbers", "{from, to, step}"),
]


class Sweep(Base):
    """One scenario with numbers of its layers varied."""

    of: ScenarioName
    """The scenario."""
    year: Year | None = None
    """The planned year; none: the last one."""
    vary: dict[Text, Values] = Field(min_length=1)
    """LAYER.FIELD and the numbers it takes; several fields make a grid."""
    sample: Sample | None = None
    """Points drawn between the numbers, instead of a grid."""

    def points(self) -> list[dict[str, float]]:
        """The numbers of each point: the grid of all values, or points drawn between the least and the greatest."""
        axes = {target: v.values() if isinstance(v, Range) else list(v) for target, v in sorted(self.vary.items())}
        if self.sample is None:
            return [dict(zip(axes, numbers, strict=True)) for numbers in product(*axes.values())]
        rng = random.Random(self.sample.seed)
        size = self.sample.size
        drawn = {target: _drawn(rng, size, hypercube=self.sample.method == "latin_hypercube") for target in axes}
        spans = {target: (min(values), max(values)) for target, values in axes.items()}
        return [
            {t: round(low + drawn[t][i] * (high - low), 9) for t, (low, high) in spans.items()} for i in range(size)
        ]


def _drawn(rng: random.Random, size: int, *, hypercube: bool) -> list[float]:
    """Numbers from 0 to 1; of a Latin hypercube (McKay et al. 1979) one in each of ``size`` equal strata, shuffled."""
    if not hypercube:
        return [rng.random() for _ in range(size)]
    strata = [(i + rng.random()) / size for i in range(size)]
    rng.shuffle(strata)
    return strata
