"""Layer ``growth``: the base load grows, by a share each year or along a forecast by area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.scenarios.context import Context
from dtl.scenarios.levels import Path, areas_of, beyond, paths
from dtl.scenarios.state import Component, State, assumption

Real = NDArray[np.float64]


def factor(per_year: float, context: Context) -> float:
    """What the load of the measured year is multiplied by."""
    return float((1.0 + per_year) ** (context.year - context.measured_year))


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with what the base load of a class grows by.

    ``layer["per_year"]`` is a share, 0.02 for 2 %, compounding from the measured year; or ``forecast`` and ``what``
    name a path: ``per_year`` shares, or a quantity whose ratio to that of the measured year counts.
    """
    name, base = str(layer["name"]), state.base
    mine = state.of_class(layer)
    if layer.get("per_year") is not None:
        by = np.full(len(mine), factor(float(layer["per_year"]), context))
        rows = [assumption("per_year", float(layer["per_year"]), "share per year", "study")]
    else:
        by, rows, notes = _along(layer, state, context)
        state = state.noting(*notes)
    more = np.where(mine, by - 1.0, 0.0)
    grown = Component(name, base.kw.scaled(more), base.kvar.scaled(more), "load", kind="growth")
    return state.with_component(grown).assuming(name, *rows)


def _along(layer: Mapping[str, Any], state: State, context: Context) -> tuple[Real, list[dict[str, Any]], list[str]]:
    """Factor of each load by the path of its area, assumptions and notes; loads without a path do not grow."""
    known = paths(str(layer["name"]), str(layer["forecast"]), str(layer["what"]), context)
    factors = {area: _factor(str(layer["name"]), path, context) for area, path in known.items()}
    area = areas_of(state, context, list(known))
    rows = [assumption(f"growth of {a} to {context.year}", f, "factor", "forecast") for a, f in sorted(factors.items())]
    first = context.measured_year + (next(iter(known.values())).unit == "per_year")
    notes = beyond(layer, {a: known[a] for a in sorted({*area} & {*known})}, min(first, context.year), context.year)
    return np.array([factors.get(a, 1.0) for a in area]), rows, notes


def _factor(layer: str, path: Path, context: Context) -> float:
    if path.unit == "per_year":
        return path.growth(context.measured_year, context.year)
    now, then = path.at(context.year), path.at(context.measured_year)
    if then <= 0.0:
        raise SolveError(f"layer '{layer}': the forecast of {path.area} is {then:g} {path.unit} in the measured year "
                         f"{context.measured_year}; growth is its ratio to that")  # fmt: skip
    return now / then
