"""Whether what a study names is there: parts of its network, classes of its customers, areas of forecasts, years.

What the text of a study names and nobody has is a mistake of the study. Of a file of data some rows may be strange;
that is said, and is a mistake only where nothing of the file is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dtl.errors import Mistake, SpecError
from dtl.spec.base import near
from dtl.spec.cross import placed
from dtl.spec.load import in_order, tree
from dtl.spec.network import Secondary
from dtl.spec.stated import Place, Stated, stated
from dtl.spec.study import Study
from dtl.workflow import gate, named_weather, plan
from dtl.workflow.inventory import Inventory, Unread, inventory, is_run_here, takes_long
from dtl.workflow.named_data import LATER, Found, concerns, judged
from dtl.workflow.store import Store


def check(study: Study) -> tuple[list[Mistake], list[str]]:
    """The mistakes in what a study names, and what a reader of the check should know besides."""
    mistakes, told = _judged(study)
    root = tree(study.files[0])
    if mistakes and is_run_here(study) and (merged := plan.merged(study, Store())) is not None:
        # a source that says nothing may be why a name is nowhere
        told += gate.data_errors(study, merged / "findings.parquet")
    return in_order([placed(root, *mistake) for mistake in mistakes], root.file.name), told


def refuse(study: Study) -> bool:
    """Raise for names that nobody has; whether they could be judged, or the pipeline must read the sources first.

    Raises
    ------
    SpecError
        With all names that are not there.
    """
    if (stated(study) or concerns(study)) and is_run_here(study) and takes_long(study, Store()):
        return False
    mistakes, told = check(study)
    if mistakes:
        raise SpecError(mistakes, told)
    return not any(line.startswith(LATER) for line in told)


def _judged(study: Study) -> tuple[list[Found], list[str]]:
    names, of_network = stated(study), concerns(study)
    if not names and not of_network and not named_weather.asked(study):
        return [], []
    if not is_run_here(study):
        return [], [
            f"{LATER}names of the network, and years of weather; the study does not stand in the folder 'studies'"
        ]
    store = Store()
    found, told = list[Found](), list[str]()
    _sort(named_weather.judged(study, store), found, told)
    if not names and not of_network:
        return found, told
    parts = inventory(study, store)
    if isinstance(parts, Unread):
        what = f"{len(names)} name{'s' * (len(names) != 1)} of the network" if names else "classes and areas"
        size = f"the source '{parts.source}' of {parts.size / 1e6:.0f} MB was not read yet"
        told.append(f"{LATER}{what}: {size}; `dtl run` reads it and checks them before anything is solved")
        return found, told
    adds = any("add_regulator" in one.at or "add_regulator" in one.file for one in names)
    for one in names:
        doubt = _doubt(study, parts, one, adds_regulators=adds)
        for mistake in _part(study, parts, one):
            if doubt:
                told.append(f"not sure: {mistake[2]}; {doubt}")
            else:
                found.append(mistake)
    _sort(judged(study, parts, store), found, told)
    return found, told


def _sort(judgements: Iterable[Found | str], found: list[Found], told: list[str]) -> None:
    for judgement in judgements:
        if isinstance(judgement, str):
            told.append(judgement)
        else:
            found.append(judgement)


def _doubt(study: Study, parts: Inventory, one: Stated, *, adds_regulators: bool) -> str:
    """Why a name may be there though the model does not have it; empty where nothing speaks for that."""
    if parts.broken:
        return f"{', '.join(sorted(parts.broken)[:5]) or 'the model'} could not be read whole"
    if "bus" in one.kinds and isinstance(study.network.secondary, Secondary) and study.network.secondary.table:
        return "the run adds service lines to the model"
    if "regulator" in one.kinds and adds_regulators:
        return "the study adds regulators"
    return ""


def _part(study: Study, parts: Inventory, one: Stated) -> Iterator[Found]:
    """What is wrong with one name of the network."""
    reach = set(parts.groups)
    layer = study.layers.get(one.layer)
    if layer is not None:
        reach = {f for f in reach if layer.reaches(f)}
    if one.bus:
        yield from _load(parts, one, reach)
        return
    here = _feeders(parts, one.kinds, one.name, reach)
    kind = " or ".join(one.kinds)
    groups = sorted({parts.groups[f] for f in here})
    if len(groups) > 1 and len(here) > 1:
        message = f"{len(here)} feeders have a {kind} '{one.name}' ({', '.join(sorted(here)[:5])}); write which, as "
        yield _at(one, "unknown-name", message + f"{min(here)}:{one.name}")
    if here:
        return
    feeder, _, own = one.name.partition(":")
    if own and (mine := {f for f in parts.groups if f.lower() == feeder.lower()}):
        known = {n for k in one.kinds for n, there in parts.names(k).items() if mine.intersection(there)}
        away = "" if mine & reach else ", which the layer does not reach"
        yield _at(one, "unknown-name", f"feeder '{feeder}'{away} has no {kind} '{own}'{near(own, known)}")
        return
    everywhere = _feeders(parts, one.kinds, one.name, set(parts.groups))
    if everywhere:
        message = f"'{one.name}' is a {kind} of feeder '{min(everywhere)}', which 'feeders' of the layer does not name"
        yield _at(one, "unknown-name", message)
        return
    known = {n for k in one.kinds for n, there in parts.names(k).items() if reach.intersection(there)}
    yield _at(one, "unknown-name", f"no feeder of the study has a {kind} '{one.name}'{near(one.name, known)}")


def _feeders(parts: Inventory, kinds: tuple[str, ...], name: str, reach: set[str]) -> set[str]:
    """The feeders that have a part of some kinds by a name, as the layers look for it."""
    lower = name.lower()
    here = reach.intersection(f for kind in kinds for f in parts.names(kind).get(lower, ()))
    prefix, _, own = lower.partition(":")
    if not here and own:
        mine = {f for f in reach if f.lower() == prefix}
        here = mine.intersection(f for kind in kinds for f in parts.names(kind).get(own, ()))
    return here


def _load(parts: Inventory, one: Stated, reach: set[str]) -> Iterator[Found]:
    feeders = _feeders(parts, ("bus",), one.bus, reach)
    loads = parts.loads_at(feeders, one.bus.lower().partition(":")[2] or one.bus)
    own = one.name.lower().partition(":")[2] or one.name.lower()
    if feeders and one.name.lower() not in loads and own not in loads:
        none = "; it has no load" if not loads else near(own, loads)
        yield _at(one, "unknown-name", f"bus '{one.bus}' has no load '{one.name}'{none}")


def _at(one: Stated, slug: str, message: str) -> Found:
    at: Place = one.at
    return at, slug, one.file + message
