"""What the short files of the section ``network`` say; a slice holds all of it, so that a plan knows what changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dtl.spec.calibration_file import LOADS, calibration
from dtl.spec.equipment_file import equipment
from dtl.spec.network import Secondary
from dtl.spec.secondary_file import secondary
from dtl.spec.study import Study
from dtl.spec.switch_file import positions


def network(study: Study) -> dict[str, Any]:
    """Positions of switches, the rows of the files of equipment and secondaries, and calibrated values, if stated."""
    asked, found = study.network, dict[str, Any]()
    if asked.equipment and (path := study.folder / asked.equipment).is_file():
        found["equipment"] = equipment(path)
    table = asked.secondary.table if isinstance(asked.secondary, Secondary) else None
    if table and (path := study.folder / table).is_file():
        found["secondary"] = [list(row) for row in secondary(path)]
    return found | _switches(study) | calibrated(study)


def calibrated(study: Study, *, loads_only: bool = False) -> dict[str, Any]:
    """The rows of the file of calibrated values, all or those of loads, under the word ``calibrated``, if stated."""
    name = study.network.calibrated
    if not name or not (path := study.folder / name).is_file():
        return {}
    rows = [r for r in calibration(path) if not loads_only or r["parameter"] in LOADS]
    return {"calibrated": rows} if rows else {}


def of_members(spec: Mapping[str, Any], members: Collection[str]) -> dict[str, Any]:
    """The calibrated values of a slice that are of some feeders; those of others are in none of their keys."""
    if "calibrated" not in spec:
        return {}
    own = {m.lower() for m in members}
    return {"calibrated": [r for r in spec["calibrated"] if r["feeder"].lower() in own]}


def _switches(study: Study) -> dict[str, Any]:
    if study.network.switches == "as_operated":
        day = study.network.as_of
        return {"as_operated": {"day": day.isoformat() if day else "", "timezone": study.timezone}}
    path = study.folder / study.network.switches
    return {"switches": positions(path)} if path.suffix == ".csv" and path.is_file() else {}
