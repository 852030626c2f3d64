"""The source ``pandapower``: networks as JSON, each file one circuit that is named like it.

The file holds a balanced network; the model gets three equal phases. What the model needs and the file does not state
(zero sequence, vector groups, impedances of sources) is listed as defaulted. Results, costs and types are no part of a
network and are listed as refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.errors import SourceError
from dtl.sources.pandapower_grid import Grid
from dtl.sources.pandapower_lines import add_impedances, add_lines, add_switches
from dtl.sources.pandapower_shunts import add_shunts
from dtl.sources.pandapower_tables import ELEMENTS, load
from dtl.sources.pandapower_transformers import add_transformers
from dtl.sources.reading import Reading
from dtl.sources.record import account, refuse

NO_PART = {
    "measurement": "is a measurement",
    "pwl_cost": "is a cost",
    "poly_cost": "is a cost",
    "group": "groups elements",
    "bus_geodata": "belongs to a bus that was not made",
    "line_geodata": "belongs to a line that was not made",
}
"""Tables without parts of their own, and why leaving them out is harmless."""

IDLE = {
    "name": "names nothing that was made",
    "zone": "groups buses",
    "std_type": "names the type whose values stand in the row",
    "max_loading_percent": "is a limit of an optimisation; the study sets limits",
    "min_vm_pu": "is a limit of an optimisation; the study sets limits",
    "max_vm_pu": "is a limit of an optimisation; the study sets limits",
    "controllable": "serves an optimisation",
    "sn_mva": "is not used: the power is stated",
    "type": "has no meaning for this part",
    "vk0_percent": "is of zero sequence, which follows from the connection of the windings",
    "vkr0_percent": "is of zero sequence, which follows from the connection of the windings",
    "mag0_percent": "is of zero sequence, which follows from the connection of the windings",
    "mag0_rx": "is of zero sequence, which follows from the connection of the windings",
    "si0_hv_partial": "is of zero sequence, which follows from the connection of the windings",
    "endtemp_degree": "acts in faults only",
    "k": "acts in faults only",
}
"""Columns that no reader asks for, and why they are harmless."""

_PLACED = re.compile(r"^in_service$|(^|_)bus(_|$)")
"""A column that only tables of elements have."""


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read every file of the source; `spec` is the source in the study."""
    reading = Reading(name, "pandapower", crs=str(spec.get("crs") or ""))
    for file, path in sorted(files.items()):
        feeder = "".join("_" if c.isspace() or c == "=" else c for c in Path(file).stem)
        if feeder in reading.feeders():
            remedy = "Rename one of the files."
            text = "two files have one name, which is that of the feeder"
            reading.find("network.duplicate", "error", text, feeder=feeder, file=file, value=feeder, remedy=remedy)
            continue
        try:
            if not path.is_file():
                raise SourceError("does not exist")
            net = load(file, path)
        except SourceError as err:
            remedy = "Correct the file, or leave it out of `path`."
            reading.find("source.unreadable", "error", str(err), feeder=feeder, file=file, remedy=remedy)
            continue
        if reading.parts and net.frequency_hz != reading.frequency_hz:
            text = f"the file is of another frequency than those before it, {reading.frequency_hz:g} Hz"
            remedy = "Make a source of its own of it."
            where = {"feeder": feeder, "file": file, "value": f"{net.frequency_hz:g}", "remedy": remedy}
            reading.find("source.bad-value", "error", text, field="f_hz", **where)
            continue
        reading.parts[feeder] = {}
        reading.frequency_hz = net.frequency_hz
        _read(Grid(reading, feeder, net), str(spec.get("each_file") or "feeder"))
    return reading


def _read(grid: Grid, each: str) -> None:
    reading, net = grid.reading, grid.net
    grid.read_buses()
    ends = add_switches(grid)
    add_lines(grid, ends)
    add_transformers(grid, ends)
    add_impedances(grid)
    add_shunts(grid)
    grid.close()
    sources = sorted(n for kind, n in reading.parts[grid.feeder] if kind == "source")
    if each == "feeder" and len(sources) > 1:
        text = f"{len(sources)} external grids feed the file, which is read as one feeder"
        remedy = "Say `each_file: grid` if it is meant as a whole grid."
        where = {"feeder": grid.feeder, "file": net.file, "value": " ".join(sources[:10]), "remedy": remedy}
        reading.find("pandapower.several-sources", "warning", text, **where)
    for row in net.repeated:
        row.feeder = grid.feeder
        text = "its index stands twice in the table"
        reading.find("network.duplicate", "error", text, feeder=grid.feeder, file=net.file, element=row.thing)
        row.reason, row.thing = text, f"{row.thing} again"
    _others(grid)


def _others(grid: Grid) -> None:
    """Account for all rows, and for the tables and values that make no part."""
    reading, net, feeder = grid.reading, grid.net, grid.feeder
    for table, rows in sorted(net.tables.items()):
        if table.startswith(("res_", "_")):
            reading.unused(feeder, f"table {table}", "", f"{len(rows)} rows", "holds results")
            continue
        element = table in ELEMENTS or any(_PLACED.search(column) for row in rows[:1] for column in row.values)
        for row in rows:
            if not row.feeder:
                row.feeder = feeder
                if table == "controller":
                    reason = "controls are not read: taps and powers stay as the file states them"
                    where = {"feeder": feeder, "file": net.file, "element": row.thing}
                    remedy = "Check whether the study depends on it."
                    reading.find("conversion.property-refused", "warning", reason, **where, remedy=remedy)
                    row.reason = reason
                elif table in NO_PART:
                    row.reason = NO_PART[table]
                elif element:
                    refuse(reading, row, "no reader knows this table")
                else:
                    row.reason = "is of a table without elements: no row of it stands at a bus or is in service"
        account(reading, rows, IDLE)
    account(reading, net.repeated)
    for key, value in sorted(net.others.items()):
        reading.refused(feeder, key, "", value, "is no table of the network")
