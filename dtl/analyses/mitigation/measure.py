"""A measure: works at one place that might remove violations, in the words in which a study would commit them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Step = Mapping[str, Any]

LAYER = "mitigation"
"""The name of the layer in which measures are tried."""


@dataclass(frozen=True)
class Measure:
    """One option at one place.

    Attributes
    ----------
    option
        The word of ``analyses.mitigation.options``.
    feeder
        The feeder where it stands.
    place
        What it changes: kind and name of the element.
    steps
        Works as the layer ``upgrades`` writes them; empty for what is a word of another layer.
    words
        What other layers would say besides, by their name: ``{"roofs": {"volt_var": "ieee_1547_b"}}``.
    size
        Its size in words, as ``75 kVA``.
    amount, count
        Number behind the size, in the unit of the option (kVA, km, kvar, kWh) and of one piece; number of pieces.
    kw
        Power of a battery [kW].
    phases, placement, conductor
        What a price may depend on.
    """

    option: str
    feeder: str
    place: str
    steps: tuple[Step, ...] = ()
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    size: str = ""
    amount: float = 0.0
    count: int = 1
    kw: float = 0.0
    phases: int = 0
    placement: str = ""
    conductor: str = ""

    @property
    def targets(self) -> frozenset[tuple[str, str]]:
        """What it sets: two measures that set the same thing exclude each other."""
        found = set[tuple[str, str]]()
        for step in self.steps:
            change = next(word for word in step if word not in ("year", "cost"))
            work = step[change]
            found.add((change, str(work.get("line") or work.get("at"))))
        return frozenset(found | {(f"layer {name}", word) for name, said in self.words.items() for word in said})

    @property
    def key(self) -> str:
        """Equal for measures that do the same."""
        return json.dumps([self.steps, self.words], sort_keys=True)

    @property
    def text(self) -> str:
        """The measure in a few words."""
        return called(self.option, self.place) + (f": {self.size}" if self.size else "")


@dataclass(frozen=True)
class Refused:
    """An option that is not offered at a place, with the reason."""

    option: str
    feeder: str
    place: str
    reason: str


def called(option: str, place: str) -> str:
    """A measure by its option and place, no word twice."""
    word = option.replace("_", " ")
    return place if place.partition(" ")[0] == word else f"{word} {place}"


def together(measures: Iterable[Measure]) -> bool:
    """Whether measures can be taken together: none sets what another one sets."""
    seen = set[tuple[str, str]]()
    for one in measures:
        if seen & one.targets:
            return False
        seen |= one.targets
    return True


def with_measures(layers: Sequence[Mapping[str, Any]], measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """The layers of a case with measures as a study would commit them: one more layer of works, and words of others."""
    words: dict[str, dict[str, Any]] = {}
    for one in measures:
        for name, said in one.words.items():
            words.setdefault(name, {}).update(said)
    found = [{**layer, **words.get(str(layer["name"]), {})} for layer in layers]
    steps = [dict(step) for one in measures for step in one.steps]
    return [*found, {"name": LAYER, "kind": "upgrades", "do": steps}] if steps else found
