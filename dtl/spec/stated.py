"""The names of the network that a study states: buses, switches, lines and units that some feeder must have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dtl.spec.action_steps import Step
from dtl.spec.canonical import plain
from dtl.spec.edits import Actions, Controls, Flexibility, Project, Switching, Upgrades
from dtl.spec.follows_file import follows
from dtl.spec.layer import LayerBase
from dtl.spec.small_csv import SmallCsvError
from dtl.spec.study import Study
from dtl.spec.switch_file import positions
from dtl.spec.upgrade_file import UpgradesError, works

Place = tuple[str | int, ...]
"""The keys and indices that lead to a value of a study."""

KINDS = {
    "replace_transformer": ("transformer",),
    "add_regulator": ("bus", "line"),
    "add_capacitor": ("bus",),
    "set_regulator": ("regulator",),
    "set_tap": ("transformer",),
    "move_phase": ("line", "transformer"),
    "add_battery": ("bus",),
}
"""What the word ``at`` of a work names."""


@dataclass(frozen=True)
class Stated:
    """A name, where the study states it, and what it must be.

    Attributes
    ----------
    at
        Its place in the study.
    kinds
        The kinds of parts of which one must have the name.
    name
        The name, which may begin with ``FEEDER:``.
    layer
        The layer that states it; empty for a section.
    bus
        Of a load, the bus where it must be.
    file
        What messages begin with where the name stands in a file that the study names.
    """

    at: Place
    kinds: tuple[str, ...]
    name: str
    layer: str = ""
    bus: str = ""
    file: str = ""


def stated(study: Study) -> list[Stated]:
    """Every name of the network that the study states, in the order of its text."""
    found = [*_areas(study), *_switches(study), *_followers(study)]
    for name, layer in study.layers.items():
        found += list(_of_layer(study, name, layer))
    return found


def _areas(study: Study) -> Iterator[Stated]:
    for name, area in study.areas.items() if isinstance(study.areas, dict) else ():
        for i, bus in enumerate(area.buses or ()):
            yield Stated(("areas", name, "buses", i), ("bus",), bus)
        if area.transformer is not None:
            yield Stated(("areas", name, "transformer"), ("transformer", "bus"), area.transformer)


def _switches(study: Study) -> Iterator[Stated]:
    path = study.folder / study.network.switches
    if path.suffix == ".csv" and path.is_file():
        try:
            names = list(positions(path))
        except (SmallCsvError, UnicodeDecodeError):
            return  # told by the check of the file
        for name in names:
            yield Stated(("network", "switches"), ("switch",), name, file=f"'{study.network.switches}': ")


def _followers(study: Study) -> Iterator[Stated]:
    name = study.demand.follows
    if name is not None and (study.folder / name).is_file():
        try:
            rows = follows(study.folder / name)
        except (SmallCsvError, UnicodeDecodeError):
            return  # told by the check of the file
        for row in rows:
            yield Stated(("demand", "follows"), (row.kind,), row.name, file=f"'{name}':{row.line}: ")


def _of_layer(study: Study, name: str, layer: LayerBase) -> Iterator[Stated]:
    at: Place = ("layers", name)
    if isinstance(layer, Project):
        yield Stated((*at, "at"), ("bus",), layer.at, name)
    elif isinstance(layer, Flexibility):
        for i, bus in enumerate(layer.buses or ()):
            yield Stated((*at, "buses", i), ("bus",), bus, name)
    elif isinstance(layer, Controls):
        for i, unit in enumerate((layer.regulators and layer.regulators.which) or ()):
            yield Stated((*at, "regulators", "which", i), ("regulator",), unit, name)
    elif isinstance(layer, Switching):
        for i, step in enumerate(layer.do):
            word = "open" if step.open_ else "close"
            yield Stated((*at, "do", i, word), ("switch",), step.open_ or step.close or "", name)
    elif isinstance(layer, Actions):
        for i, action in enumerate(layer.do):
            yield from _of_action((*at, "do", i), name, action)
    elif isinstance(layer, Upgrades):
        yield from _of_works(study, at, name, layer)


def _of_action(at: Place, layer: str, step: Step) -> Iterator[Stated]:
    if switch := step.open_ or step.close:
        yield Stated((*at, "open" if step.open_ else "close"), ("switch",), switch, layer)
        return
    said = getattr(step, step.verb)
    bus = getattr(said, "bus", None)
    if bus is not None:
        yield Stated((*at, step.verb, "bus"), ("bus",), bus, layer)
    if (load := getattr(said, "load", None)) is not None:
        yield Stated((*at, step.verb, "load"), ("load",), load, layer, bus or "")


def _of_works(study: Study, at: Place, layer: str, given: Upgrades) -> Iterator[Stated]:
    for i, step in enumerate(given.do or ()):
        yield from _of_work((*at, "do", i), layer, plain(step))
    if given.from_ is not None and (study.folder / given.from_).is_file():
        try:
            rows = works(study.folder / given.from_)
        except (UpgradesError, UnicodeDecodeError):
            return  # told by the check of the file
        for row in rows:
            for one in _of_work((), layer, row):
                yield Stated((*at, "from"), one.kinds, one.name, layer, file=f"'{given.from_}': {one.at[0]}: ")


def _of_work(at: Place, layer: str, step: dict[str, object]) -> Iterator[Stated]:
    if isinstance(line := step.get("rebuild_line"), dict):
        here: Place = (*at, "rebuild_line")
        if "line" in line:
            yield Stated((*here, "line"), ("line",), line["line"], layer)
            return
        prefix = str(line["from"]).rpartition(":")[0]
        other = str(line["to"])
        yield Stated((*here, "from"), ("bus",), line["from"], layer)
        yield Stated((*here, "to"), ("bus",), f"{prefix}:{other}" if prefix and ":" not in other else other, layer)
        return
    for work, kinds in KINDS.items():
        if isinstance(words := step.get(work), dict):
            yield Stated((*at, work, "at"), kinds, words["at"], layer)
