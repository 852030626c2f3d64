"""What a study states of the network in place of its model: switches, equipment, service lines, calibrated values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.network import equipment, operated
from dtl.network.calibrated import calibrated
from dtl.network.feeder import Feeder
from dtl.network.positions import positioned
from dtl.network.service_lines import with_service_lines
from dtl.spec import calibration_file


@dataclass
class Studied:
    """What the section ``network`` of a study changes, and what became of it.

    ``notes`` goes into ``feeders.json``: by word, the groups in which each switch or row of a file was found, devices
    of SCADA that are no switch, how many transformers got a service line, and each calibrated value with what it was.
    """

    words: Mapping[str, Any]
    switches: dict[str, bool]
    why_not: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: Mapping[str, Any], scada: Path, rows: Mapping[str, list[dict[str, Any]]]) -> Studied:
        """From the slice of ``split_feeders``, the table ``scada`` and the rows of the network by feeder."""
        switches = dict(spec.get("switches") or {})
        found = cls(spec, switches)
        if asked := spec.get("as_operated"):
            there = operated.switches_of(rows)
            table = tables.read("scada", scada)
            found.switches, strange = operated.operated(table, asked["day"], asked["timezone"], there)
            found.notes["not_a_switch"] = strange
            if not found.switches:
                until = f" until {asked['day']}" if asked["day"] else ""
                found.why_not = f"switches: as_operated, but SCADA has no state of a switch of the model{until}"
        if found.switches:
            found.notes["switches"] = {name: [] for name in found.switches}
        if spec.get("equipment"):
            found.notes["equipment"] = {equipment.label(row): [] for row in spec["equipment"]}
        if spec.get("calibrated"):
            found.notes["calibrated"] = {calibration_file.label(row): [] for row in spec["calibrated"]}
            found.notes["calibration"] = []
        return found

    def applied(self, feeder: Feeder, group: str) -> Feeder:
        """The feeder of a group with all that is stated; UnknownElement for a calibrated value of what it has not."""
        feeder, known = positioned(feeder, self.switches)
        for name in known:
            self.notes["switches"][name].append(group)
        feeder, named = equipment.equipped(feeder, self.words.get("equipment") or ())
        for name in named:
            self.notes["equipment"][name].append(group)
        if table := self.words.get("secondary"):
            feeder, lines, primary = with_service_lines(feeder, table)
            self.notes.setdefault("service_lines", {})[group] = {"transformers": lines, "loads_at_primary": primary}
        rows = self.words.get("calibrated") or ()
        for row in rows:
            if row["feeder"].lower() in {f.lower() for f in feeder.feeders}:
                self.notes["calibrated"][calibration_file.label(row)].append(group)
        feeder, told = calibrated(feeder, rows)
        self.notes.get("calibration", []).extend(told)
        return feeder
