"""An entry of a register: whether it counts in a case, and the part of the feeder that it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from dtl.network.feeder import Bus, Feeder, Generator
from dtl.network.topology import Topology
from dtl.scenarios.context import Context
from dtl.scenarios.edited import found
from dtl.scenarios.edited_plants import MACHINES, Request, connected
from dtl.scenarios.realise import MAX_PU, MIN_PU
from dtl.scenarios.state import State
from dtl.spec.adoption import VoltVar
from dtl.spec.base import near

IDLE = ("battery",)
"""Types whose power through the year no register tells."""
MEASURED = "meters"
"""What the basis of a load says that was measured."""


def in_time(row: Mapping[str, Any], until: str | None, context: Context) -> bool:
    """Whether an entry is there by the year of the case, and by a last day; one without a day is."""
    if row["day"] is None:
        return True
    day = date.fromisoformat(str(row["day"]))
    late = until is not None and day > date.fromisoformat(str(until))
    return not late and (not context.planned or day.year <= context.year)


def in_load(row: Mapping[str, Any], layer: Mapping[str, Any], state: State, context: Context) -> bool:
    """Whether the measured load has the generation of an entry inside: in service by then, and its load is measured.

    ``layer["net"]`` says that all loads were corrected to a measured sum.
    """
    if row["status"] != "in_service":
        return False
    if row["day"] is not None and date.fromisoformat(str(row["day"])).year > context.measured_year:
        return False
    drive = state.demand.drives.get(str(row.get("load") or ""))
    return bool(layer.get("net")) or (drive is not None and MEASURED in drive.basis)


def part_of(row: Mapping[str, Any], layer: str, feeder: Feeder, topology: Topology) -> Generator | str:
    """The generator of an entry, beside the load of its meter or else at its bus; a text says why it has no place."""
    name, kw = f"{layer}:{row['id']}".lower(), float(row["kw"])
    kva = max(float(row["kva"] or 0.0), kw)
    curve = str(row["setting"]) if row["setting"] in get_args(VoltVar) else ""
    at = next((p for p in feeder.loads if p.name == row.get("load")), None) if row.get("load") else None
    if at is not None:
        return Generator(
            name=name, bus=at.bus, nodes=at.nodes, phases=at.phases, connection=at.connection, kv=at.kv, kw=kw, kva=kva,
            rated_kw=kw, volt_var=curve, min_pu=MIN_PU, max_pu=MAX_PU, type=MACHINES.get(str(row["type"]), "other"),
        )  # fmt: skip
    bus = _bus(row, feeder)
    if isinstance(bus, str):
        return bus
    request = Request(name, str(row["type"]), kw, kva, 1.0, str(row["phases"]), curve)
    part = connected(request, bus, feeder, topology)
    return part if isinstance(part, Generator | str) else f"{row['type']} is no generator"


def _bus(row: Mapping[str, Any], feeder: Feeder) -> Bus | str:
    named = str(row["bus"])
    if not named:
        return f"its meter '{row['meter']}' is at no load" if row["meter"] else "it names neither a bus nor a meter"
    prefixed = f"{row['feeder']}:{named}" if row["feeder"] and ":" not in named else named
    part = found(feeder, "bus", prefixed)
    return part if isinstance(part, Bus) else f"there is no bus '{named}'{near(named, feeder.bus)}"
