"""Switches in other positions than the model has them."""

from __future__ import annotations

from collections.abc import Mapping

from dtl.network.feeder import Feeder, Switch


def positioned(feeder: Feeder, closed: Mapping[str, bool]) -> tuple[Feeder, set[str]]:
    """The feeder with its switches open or closed as `closed` says by name, and the names that it has.

    A name may begin with the id of a feeder and a colon; a switch whose name two feeders of a group have stands there
    with the id before its name, as `dtl.network.join` made it.
    """
    by_name = {s.name.lower(): s for s in feeder.switches}
    own = {f.lower() for f in feeder.feeders}
    changed: dict[str, Switch] = {}
    known: set[str] = set()
    for name, close in closed.items():
        prefix, _, rest = name.lower().rpartition(":")
        candidates = (f"{prefix}__{rest}", rest) if prefix in own else ()
        part = next((by_name[n] for n in (name.lower(), *candidates) if n in by_name), None)
        if part is not None:
            known.add(name)
            changed[part.name] = placed(part, close)
    if not changed:
        return feeder, known
    return feeder.model_copy(update={"switches": tuple(changed.get(s.name, s) for s in feeder.switches)}), known


def placed(switch: Switch, close: bool) -> Switch:
    """The switch with all its poles in a position; the same object where they are there already."""
    poles = switch.closed or (True,) * len(switch.from_nodes)
    if all(p == close for p in poles):
        return switch
    return switch.model_copy(update={"closed": () if close else (False,) * len(switch.from_nodes)})
