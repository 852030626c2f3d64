"""All measures that the options of the study offer for a case, and what cannot be offered, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from dtl.analyses.mitigation.measure import Measure, Refused
from dtl.analyses.mitigation.phases import phase_balance
from dtl.analyses.mitigation.ratings import battery, reconductor, transformer
from dtl.analyses.mitigation.scene import Scene
from dtl.analyses.mitigation.voltages import capacitor, managed_charging, regulator, tap, volt_var

Offer = Measure | Refused

MAKERS: dict[str, Callable[[Scene], Iterator[Offer]]] = {
    "transformer": transformer,
    "reconductor": reconductor,
    "tap": tap,
    "regulator": regulator,
    "capacitor": capacitor,
    "phase_balance": phase_balance,
    "volt_var": volt_var,
    "managed_charging": managed_charging,
    "battery": battery,
}
"""What makes the measures of each option."""

NEVER = {
    "transfer": "a transfer needs feeders solved together and a tie that a person chose: write it as a layer of kind "
    "switching",
    "curtailment": "what must be curtailed is found by analyses.compliance with redispatch, which is no work",
}
"""Options that this analysis does not offer, with the reason."""

MOST = 60
"""Measures of a group at most: the rest is told, not tried."""


def offered(scenes: Sequence[Scene], options: Collection[str], never: Collection[str]) -> list[Offer]:
    """The measures of all cases, each once, and what is not offered; those at assets to be left alone are refused."""
    found: dict[str, Measure] = {}
    refused: dict[tuple[str, str, str], Refused] = {}
    for scene in scenes:
        for one in _made(scene, options):
            if isinstance(one, Refused):
                refused.setdefault((one.option, one.feeder, one.place), one)
            elif names(one) & set(never):
                reason = "the study leaves it alone (exclude)"
                refused[one.option, one.feeder, one.place] = Refused(one.option, one.feeder, one.place, reason)
            else:
                found.setdefault(one.key, one)
    kept, cut = list(found.values())[:MOST], list(found.values())[MOST:]
    at = {(m.option, m.feeder, place) for m in found.values() for place in (m.place, "")}
    rest = [r for key, r in refused.items() if key not in at]
    reason = f"a group has {MOST} measures at most, worst places first"
    return [*kept, *_merged([*rest, *(Refused(m.option, m.feeder, m.place, reason) for m in cut)])]


def _merged(refused: Sequence[Refused]) -> Iterator[Refused]:
    """Places that are refused for one reason, as one row."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for one in refused:
        alike.setdefault((one.option, one.feeder, one.reason), []).append(one.place)
    for (option, feeder, reason), places in alike.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        yield Refused(option, feeder, places[0] + more, reason)


def names(measure: Measure) -> set[str]:
    """The names by which a study may mean what a measure changes, with and without the feeder."""
    found = set[str]()
    for step in measure.steps:
        work = next(iter(step.values()))
        asset = str(work.get("line") or work.get("at"))
        found |= {asset, asset.partition(":")[2]}
    return {n.lower() for n in found} | {measure.place.partition(" ")[2].lower()}


def _made(scene: Scene, options: Collection[str]) -> Iterable[Offer]:
    for option, make in MAKERS.items():
        if option in options:
            yield from make(scene)
    if "transformer" in options or "reconductor" in options:
        for one in scene.over:
            if one.kind == "switch":
                text = "no work of the layer upgrades replaces a switch: set its rating in the model"
                bus = scene.fed_by.get((one.kind, one.name), "")
                owner = scene.owner(bus) if bus else scene.feeder.feeders[0]
                yield Refused("reconductor", owner, f"switch {one.name}", text)
    for option in sorted(set(NEVER) & set(options)):
        if scene.over or scene.low or scene.high:
            yield Refused(option, scene.feeder.feeders[0], "", NEVER[option])
