"""Layer ``controls``: other settings of regulators and capacitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dtl.network.feeder import Capacitor, Feeder, Regulator
from dtl.scenarios import edited
from dtl.scenarios.context import Context
from dtl.scenarios.edited_regulators import BASE_V, chosen, volts
from dtl.scenarios.state import State, assumption


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with other set-points and bandwidths, taps that stay, and capacitors that act, stay, or are off."""
    name = str(layer["name"])
    if words := layer.get("regulators"):
        state = _regulators(layer, words, state)
    if word := layer.get("capacitors"):
        banks = tuple(_capacitor(p, str(word)) for p in state.feeder.capacitors)
        count = sum(p != q for p, q in zip(banks, state.feeder.capacitors, strict=True))
        rows = [assumption("capacitors", str(word), "", "study"), assumption("capacitors changed", count, "count", "")]
        state = replace(state, feeder=edited.with_parts(state.feeder, capacitors=banks)).assuming(name, *rows)
    return state


def _regulators(layer: Mapping[str, Any], words: Mapping[str, Any], state: State) -> State:
    feeder = state.feeder
    units = [r for r in feeder.regulators if r.enabled]
    if words.get("which") is not None:
        units = []
        for name in words["which"]:
            mine = chosen(feeder, str(name))
            state = edited.sought(layer, state, "regulator", str(name), there=bool(mine))
            units += [r for r in mine if r not in units]
    changed = [_regulator(r, feeder, words) for r in units]
    after = edited.with_parts(feeder, regulators=edited.swapped(feeder.regulators, *changed))
    rows = [assumption(word, float(words[word]), f"V on {BASE_V:g} V", "study")
            for word in ("set_volts", "bandwidth_volts") if word in words]  # fmt: skip
    rows += [assumption("frozen", "taps stay where the model has them", "", "study")] * bool(words.get("frozen"))
    rows.append(assumption("regulators changed", len(changed), "count", "the network"))
    return replace(state, feeder=after).assuming(str(layer["name"]), *rows)


def _regulator(part: Regulator, feeder: Feeder, words: Mapping[str, Any]) -> Regulator:
    update: dict[str, Any] = {}
    if "set_volts" in words:
        update["set_v"] = volts(part, feeder, float(words["set_volts"]))
    if "bandwidth_volts" in words:
        update["band_v"] = volts(part, feeder, float(words["bandwidth_volts"]))
    if words.get("frozen"):
        update["enabled"] = False
    return part.model_copy(update=update)


def _capacitor(part: Capacitor, word: str) -> Capacitor:
    if word == "off":
        return part.model_copy(update={"enabled": False})
    if part.control is None:
        return part
    return part.model_copy(update={"control": part.control.model_copy(update={"enabled": word == "active"})})
