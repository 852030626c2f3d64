"""What a layer says once the rest of its study is known: profiles filled in, years resolved, files listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dtl.spec.adoption import Adoption, Custom, Ev, Growth, Solar
from dtl.spec.canonical import plain
from dtl.spec.edits import Actions, Controls, Flexibility, Project, Switching, Upgrades
from dtl.spec.layer import LayerBase
from dtl.spec.study import Study

IN_SERVICE = "network.generators"
"""Name of the layer of the generators in service; no study can give a layer such a name."""


def words(study: Study, layer: LayerBase, *, cosmetic: bool = False) -> dict[str, Any]:
    """A layer as plain JSON types, by which alone it can be applied.

    An adoption without a year reaches its level in the last planned one; a layer with a profile carries what the
    entry of ``profiles`` says, as ``charging``, so that other profiles may change without changing it. A layer that
    names parts of the network, or a class of customers, knows whether the study has but one feeder, which must then
    have them.
    """
    said = plain(layer, cosmetic=cosmetic)
    if isinstance(layer, Adoption) and layer.by is None and study.years.planned:
        said["by"] = study.years.planned[-1]
    if isinstance(layer, Ev):
        entry = study.profiles.get(layer.profile)
        said["charging"] = plain(entry, cosmetic=cosmetic) if entry else {"like": layer.profile}
    named = isinstance(layer, Upgrades | Project | Switching | Controls | Actions | Flexibility)
    classed = isinstance(layer, Adoption | Growth) and layer.to != "all"
    if (named or classed) and _alone(study):
        said["only_feeder"] = True
    return said


SEPARATED = "demand.existing_pv"
"""Name of the layer that takes existing roofs out of the measured load."""


def in_service(study: Study) -> list[dict[str, Any]]:
    """The layers of all cases: what separates existing roofs, and the generators in service of the register.

    ``net`` says that the load was corrected to a measured sum, which has their generation inside.
    """
    network = study.network
    net = study.demand.scale_to is not None
    separated = [{"name": SEPARATED, "kind": "queue", "separated": True, "net": net}]
    found = separated if study.demand.existing_pv == "separated" else []
    if network.generators is None:
        return found
    layer = {"name": IN_SERVICE, "kind": "queue", "from": network.generators, "status": ["in_service"], "whole": True,
             "net": net}  # fmt: skip
    return [*found, layer | ({"until": network.as_of.isoformat()} if network.as_of else {})]


def _alone(study: Study) -> bool:
    """Whether the study names one feeder and no glob."""
    chosen = study.feeders
    return isinstance(chosen, list) and len(chosen) == 1 and not any(c in chosen[0] for c in "*?")


def files(study: Study, feeders: Sequence[str] = ()) -> list[str]:
    """Files that the layers of any case read, relative to the study, sorted; with feeders, of layers that reach one."""
    found: set[str | None] = set()
    for layer in {id(layer): layer for case in study.cases for _, layer in case.layers}.values():
        if feeders and not any(layer.reaches(feeder) for feeder in feeders):
            continue
        if isinstance(layer, Ev) and layer.profile in study.profiles:
            entry = study.profiles[layer.profile]
            days = {d for d in (entry.weekday, entry.weekend) if isinstance(d, str)}
            found |= days | {entry.year, entry.sessions}
        elif isinstance(layer, Solar | Custom | Project):
            found.add(layer.profile)
        elif isinstance(layer, Upgrades):
            found.add(layer.from_)
    return sorted(f for f in found if f)
