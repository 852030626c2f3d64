"""The CSV of ``network.calibrated``: values that `calibrate` proposed, after a person has reviewed them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dtl.spec import small_csv
from dtl.spec.base import near


@dataclass(frozen=True)
class Parameter:
    """What a parameter is: of which part it is (empty: of the whole feeder), and the values that it may have."""

    of: str
    low: float
    high: float
    what: str
    whole: bool = False


PARAMETERS: Mapping[str, Parameter] = {
    "load_scale": Parameter("", 0.1, 10.0, "a factor of all loads"),
    "power_factor": Parameter("", 0.3, 1.0, "a power factor of all loads"),
    "head_voltage": Parameter("", 0.8, 1.2, "a voltage of the source, pu"),
    "impedance": Parameter("", 0.1, 10.0, "a factor of the resistance and reactance of all lines"),
    "regulator_set": Parameter("regulator", 1.0, 1000.0, "a set point in V at the voltage transformer"),
    "tap": Parameter("transformer", -64.0, 64.0, "steps from neutral, a whole number", whole=True),
    "phase": Parameter("line", 1.0, 3.0, "A, B or C", whole=True),
}
"""The parameters that a file may state; each value stands in place of that of the model."""
LOADS = ("load_scale", "power_factor")
"""Parameters of the demand; the others are of the network."""
NEEDED = ("feeder", "parameter", "element", "proposed")
ABOUT = ("before", "fitted", "low", "high", "identified", "at_bound", "rmse_before", "rmse_after", "unit", "note")
"""Columns of the proposal that nothing reads here."""


def calibration(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, in its order: ``feeder``, ``parameter``, ``element``, ``value`` and the ``line`` of the file.

    Raises
    ------
    SmallCsvError
        Columns lack or are unknown, or rows are wrong; all of them are told.
    """
    rows: list[dict[str, Any]] = []
    body, wrong = small_csv.read(path, NEEDED, ABOUT)
    for line, cells in body:
        row = _row(line, cells, wrong)
        if any(label(row) == label(r) for r in rows):
            wrong.append(f":{line}: {label(row)} stands there twice")
        rows.append(row)
    small_csv.refuse(wrong)
    return rows


def label(row: Mapping[str, Any]) -> str:
    """How a row is called: its parameter, feeder and element."""
    return f"{row['parameter']} {row['feeder']}{':' if row['element'] else ''}{row['element']}"


def _row(line: int, cells: Mapping[str, str], wrong: list[str]) -> dict[str, Any]:
    name, element, text = cells["parameter"].lower(), cells["element"].lower(), cells["proposed"]
    about = PARAMETERS.get(name)
    if not cells["feeder"]:
        wrong.append(f":{line}: feeder: is empty")
    value = math.nan
    if about is None:
        wrong.append(f":{line}: parameter: '{cells['parameter']}' is no parameter{near(name, PARAMETERS)}")
    else:
        if bool(element) != bool(about.of):
            has = f"names the {about.of}" if about.of else "is of the whole feeder, its element is empty"
            wrong.append(f":{line}: element: {name} {has}, not '{element}'")
        value = _value(text, name)
        if not about.low <= value <= about.high or (about.whole and value != round(value)):
            bounds = "" if name == "phase" else f", from {about.low:g} to {about.high:g}"
            remedy = "; to leave the model as it is, delete the row" if not text else ""
            wrong.append(f":{line}: proposed: '{text}' is not {about.what}{bounds}{remedy}")
    return {"feeder": cells["feeder"], "parameter": name, "element": element, "value": value, "line": line}


def _value(text: str, parameter: str) -> float:
    """The number that a cell states, nan for none; of a phase 1, 2 or 3 for its letter."""
    if parameter == "phase" and text.upper() in ("A", "B", "C"):
        return float("ABC".index(text.upper()) + 1)
    return small_csv.number(text)
