"""What a transformer's tap or a shunt's step takes from a table of a pandapower network, at the step that stands.

Format 3 has one table for transformers and one for shunts, a row for each characteristic and step. Format 2 kept curves
as objects; a curve is read at its own points only, where every interpolation agrees.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from dtl.sources.pandapower_grid import Grid
from dtl.sources.pandapower_tables import Row
from dtl.sources.record import UnusableError

_REMEDY = "Put in the values of its step."


def steps(grid: Grid, row: Row, table: str) -> dict[float, Row]:
    """The rows of a table that belong to a row's characteristic, by step.

    Raises
    ------
    UnusableError
        The row names no characteristic.
    """
    number = row.whole("id_characteristic_table")
    found = {}
    for other in grid.net.rows(table):
        if other.whole("id_characteristic") == number:
            other.feeder, other.target = grid.feeder, row.thing
            found[other.number("step")] = other
    return found


def at_step(grid: Grid, row: Row, table: str, column: str) -> Row:
    """The row of a table for a row's characteristic at the step that the row's column states.

    Raises
    ------
    UnusableError
        There is no such row.
    """
    step = row.number(column)
    found = steps(grid, row, table).get(step)
    if found is None:
        text = f"`{table}` has no row for this step of its characteristic"
        raise UnusableError("pandapower.tap", text, column, f"{step:g}", _REMEDY)
    return found


def impedances(grid: Grid, row: Row, names: Sequence[str]) -> list[float]:
    """Short-circuit voltages of a transformer at its tap, per cent; raises as `at_step` does."""
    if row.flag("tap_dependency_table", False):
        for name in names:
            row.drop(name, "the table of its characteristic states the value at the tap")
        tapped = at_step(grid, row, "trafo_characteristic_table", "tap_pos")
        return [tapped.number(n) for n in names]
    if "tap_dependency_table" not in row.values and row.flag("tap_dependent_impedance", False):
        return [_on_curve(grid, row, n) for n in names]
    return [row.number(n) for n in names]


def _on_curve(grid: Grid, row: Row, name: str) -> float:
    """A value on the curve that a row names for it, or as it stands where the row names none."""
    column = f"{name}_characteristic"
    if row.ask(column) is None:
        return row.number(name)
    row.drop(name, "the curve of its characteristic states the value at the tap")
    index, tap = row.whole(column), row.number("tap_pos")
    curve = grid.net.row("characteristic", index)
    points: dict[float, float] = {}
    if curve is not None:
        curve.feeder, curve.target = grid.feeder, row.thing
        try:
            told = json.loads(curve.text("object"))
            points = {float(x): float(y) for x, y in zip(told["x_vals"], told["y_vals"], strict=True)}
        except (ValueError, TypeError, KeyError) as err:
            raise UnusableError("pandapower.tap", "its curve cannot be read", column, index, _REMEDY) from err
    if tap not in points:
        text = "its impedance follows a curve that has no point at its tap"
        raise UnusableError("pandapower.tap", text, column, index, _REMEDY)
    return points[tap]
