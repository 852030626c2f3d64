"""What a snapshot cannot have: layers and analyses that need time."""

from __future__ import annotations

from collections.abc import Iterator

from dtl.spec.study import Study

Found = Iterator[tuple[tuple[str | int, ...], str, str]]

IN_TIME = ("actions", "flexibility", "battery", "tariff")
"""Kinds of layers that act from one hour to another."""
WITHOUT_HOUR = ("upgrades", "controls", "switching")
"""Kinds of layers that change the network and no load, and so hold in a state of the model."""


def snapshots_have_no_time(study: Study) -> Found:
    """A snapshot has nothing that needs the hours before, and layers of loads only where its states have an hour."""
    power = study.powerflow
    if power.mode != "snapshot":
        return
    if study.analyses.ageing is not None:
        yield ("analyses", "ageing"), "conflict", "a transformer ages in time; a snapshot has none (powerflow.mode)"
    hosting = study.analyses.hosting
    if hosting is not None and "pv" in hosting.of:
        message = "plants of 'pv' follow the sun through hours; a snapshot has none: say 'generation' (powerflow.mode)"
        yield ("analyses", "hosting", "of"), "conflict", message
    whole = [name for name, state in power.states.items() if state.of == "model"]
    for name, layer in study.layers.items():
        kind = str(getattr(layer, "kind", ""))
        if kind in IN_TIME:
            message = f"a layer of kind {kind} acts in time; a snapshot has none (powerflow.mode)"
            yield ("layers", name), "conflict", message
        elif whole and kind not in WITHOUT_HOUR:
            message = (
                f"state '{whole[0]}' is of the model's own loads, which have no hour at which a layer of kind {kind} "
                "is known; say `of: peak_load`, minimum_load or most_generation"
            )
            yield ("layers", name), "conflict", message
