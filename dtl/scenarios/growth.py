"""Layer ``growth``: the base load grows by a share each year, compounding from the measured year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dtl.scenarios.context import Context
from dtl.scenarios.state import Component, State, assumption


def factor(per_year: float, context: Context) -> float:
    """What the load of the measured year is multiplied by."""
    return float((1.0 + per_year) ** (context.year - context.measured_year))


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with what the base load grows by; ``layer["per_year"]`` is a share, 0.02 for 2 %."""
    by = factor(float(layer["per_year"]), context)
    name, base = str(layer["name"]), state.base
    state = state.with_component(Component(name, base.kw.scaled(by - 1.0), base.kvar.scaled(by - 1.0), "load"))
    return state.assuming(name, assumption("per_year", float(layer["per_year"]), "share per year", "study"))
