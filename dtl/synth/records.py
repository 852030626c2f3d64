"""What the utility's records say where they differ from the truth: errors planted on purpose, each with its answer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from dtl.synth.catalog import CONDUCTORS, TRANSFORMERS
from dtl.synth.model import Feeder, Section
from dtl.synth.seeds import generator
from dtl.synth.settings import ERRORS, Settings
from dtl.synth.system import feeder_id

RATES = {
    "link_wrong": 0.05, "link_missing": 0.01, "link_stale": 0.003, "meter_phase_missing": 0.01, "meter_at_zero": 0.002,
    "line_phase_missing": 0.010, "line_phase_wrong": 0.008, "line_length_unit": 0.016, "line_size_wrong": 0.010,
    "line_feeder_wrong": 0.002, "transformer_phase_missing": 0.015, "transformer_phase_wrong": 0.010,
    "transformer_kva_wrong": 0.020, "cyme_transformer_renamed": 0.020, "cyme_conductor_default": 0.008,
    "cyme_conductor_unknown": 0.001, "cyme_length_zero": 0.002, "cyme_ragged_row": 0.004,
}  # fmt: skip
"""Share of the elements that get each error, at the level ``normal``."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted error: where it is, what stands there and what is true."""

    kind: str
    feeder: str
    source: str
    """gis, cyme, ami, scada or oms."""
    element: str
    field: str
    truth: str
    recorded: str
    start_utc: str = ""
    end_utc: str = ""


@dataclass(slots=True)
class Records:
    """The records of one feeder: the truth, save where an error was planted."""

    planted: list[Planted] = field(default_factory=list)
    said: dict[tuple[str, str, str], str | float | None] = field(default_factory=dict)

    def text(self, source: str, element: str, name: str, truth: str) -> str | None:
        """What a source says in a text field; none when it says nothing."""
        value = self.said.get((source, element, name), truth)
        return None if value is None else str(value)

    def number(self, source: str, element: str, name: str, truth: float) -> float:
        """What a source says in a numeric field."""
        value = self.said.get((source, element, name), truth)
        assert isinstance(value, float | int)
        return float(value)

    def plant(
        self,
        kind: str,
        feeder: str,
        source: str,
        element: str,
        name: str,
        truth: str | float,
        recorded: str | float | None,
    ) -> None:
        """Plant one error."""
        self.said[source, element, name] = recorded
        told = "" if recorded is None else str(recorded)
        self.planted.append(Planted(kind, feeder, source, element, name, str(truth), told))


class Planter:
    """Plants the errors of one feeder."""

    def __init__(self, feeder: Feeder, settings: Settings):
        self.feeder = feeder
        self.settings = settings
        self.level = ERRORS[settings.errors]
        self.rng = generator(settings.seed, "records", feeder.id)
        self.records = Records()

    def hit(self, kind: str, count: int) -> list[int]:
        """Which of ``count`` elements get an error."""
        return [int(k) for k in np.flatnonzero(self.rng.random(count) < min(RATES[kind] * self.level, 0.5))]

    def plant(
        self, kind: str, source: str, element: str, name: str, truth: str | float, recorded: str | float | None
    ) -> None:
        """Plant an error once; an element keeps its first one in a field."""
        if (source, element, name) not in self.records.said and truth != recorded:
            self.records.plant(kind, self.feeder.id, source, element, name, truth, recorded)

    def meters(self) -> None:
        """Links to the wrong transformer, to none, to one that is gone; phases and places that are missing."""
        f, m = self.feeder, self.feeder.customers
        tree = cKDTree([(t.x, t.y) for t in f.transformers])
        near = tree.query(np.column_stack([m.x, m.y]), k=min(4, len(f.transformers)))[1]
        for k in self.hit("link_wrong", len(m)):
            others = [int(j) for j in np.atleast_1d(near[k]) if int(j) != int(m.transformer[k])]
            if others:
                wrong = f.transformers[others[int(self.rng.integers(0, len(others)))]].id
                self.plant("link_wrong", "gis", m.id[k], "transformer", f.transformers[m.transformer[k]].id, wrong)
        for kind, recorded in (("link_missing", None), ("link_stale", f"TX{f.number:04d}9999")):
            for k in self.hit(kind, len(m)):
                self.plant(kind, "gis", m.id[k], "transformer", f.transformers[m.transformer[k]].id, recorded)
        for k in self.hit("meter_phase_missing", len(m)):
            self.plant("meter_phase_missing", "gis", m.id[k], "phases", f.transformers[m.transformer[k]].phases, None)
        for k in self.hit("meter_at_zero", len(m)):
            self.plant("meter_at_zero", "gis", m.id[k], "place", f"{m.x[k]:.2f} {m.y[k]:.2f}", "0 0")

    def lines(self) -> None:
        """Phases, lengths, sizes and feeders of lines."""
        sections = self.feeder.sections
        for k in self.hit("line_phase_missing", len(sections)):
            self.plant("line_phase_missing", "gis", sections[k].id, "phases", sections[k].phases, None)
        for k in self.hit("line_phase_wrong", len(sections)):
            self.plant(
                "line_phase_wrong",
                "gis",
                sections[k].id,
                "phases",
                sections[k].phases,
                self.other_phase(sections[k].phases),
            )
        for k in self.hit("line_length_unit", len(sections)):
            metres = sections[k].length_m
            self.plant(
                "line_length_unit", "gis", sections[k].id, "length_ft", round(metres / 0.3048, 1), round(metres, 1)
            )
        for k in self.hit("line_size_wrong", len(sections)):
            if sections[k].overhead:
                other = str(self.rng.choice([c for c in CONDUCTORS if c != sections[k].conductor]))
                self.plant("line_size_wrong", "gis", sections[k].id, "conductor", sections[k].conductor, other)
        for k in self.hit("line_feeder_wrong", len(sections)):
            other = feeder_id(self.feeder.number % self.settings.feeders + 1)
            self.plant("line_feeder_wrong", "gis", sections[k].id, "feeder", self.feeder.id, other)

    def transformers(self) -> None:
        """Phases and sizes in the GIS, names in CYME."""
        units = self.feeder.transformers
        for k in self.hit("transformer_phase_missing", len(units)):
            self.plant("transformer_phase_missing", "gis", units[k].id, "phases", units[k].phases, None)
        for k in self.hit("transformer_phase_wrong", len(units)):
            if len(units[k].phases) == 1:
                self.plant(
                    "transformer_phase_wrong",
                    "gis",
                    units[k].id,
                    "phases",
                    units[k].phases,
                    self.other_phase(units[k].phases),
                )
        for k in self.hit("transformer_kva_wrong", len(units)):
            sizes = [t.kva for t in TRANSFORMERS if t.phases == len(units[k].phases) and t.kva != units[k].kva]
            self.plant("transformer_kva_wrong", "gis", units[k].id, "kva", units[k].kva, float(self.rng.choice(sizes)))
        for k in self.hit("cyme_transformer_renamed", len(units)):
            new = f"XFMR_{int(self.rng.integers(100000, 999999))}_{units[k].id[-3:]}"
            self.plant("cyme_transformer_renamed", "cyme", units[k].id, "name", cyme_name(units[k].id), new)

    def cyme(self) -> None:
        """Oddities of a conversion to CYME."""
        laterals = [s for s in self.feeder.sections if s.role == "lateral"]
        overhead = [s for s in laterals if s.overhead]
        for k in self.hit("cyme_conductor_default", len(overhead)):
            self.plant("cyme_conductor_default", "cyme", overhead[k].id, "conductor", overhead[k].conductor, "DEFAULT")
        for k in self.hit("cyme_conductor_unknown", len(overhead)):
            old = overhead[k].conductor
            self.plant("cyme_conductor_unknown", "cyme", overhead[k].id, "conductor", old, f"{old}_OLD")
        plain = [s for s in laterals if s.device is None]
        for k in self.hit("cyme_length_zero", len(plain)):
            self.plant("cyme_length_zero", "cyme", plain[k].id, "length_m", plain[k].length_m, 0.0)
        for k in self.hit("cyme_ragged_row", len(laterals)):
            self.plant("cyme_ragged_row", "cyme", laterals[k].to_node, "row", "", "two values more than columns")

    def other_phase(self, phases: str) -> str:
        """Phases that are wrong."""
        choices = [p for p in ("A", "B", "C", "AB", "AC", "BC", "ABC") if p != phases and len(p) == len(phases)] or [
            "AB",
            "AC",
            "BC",
        ]
        return str(self.rng.choice(choices))


def cyme_name(transformer: str) -> str:
    """The name that the planning department gives a transformer."""
    return f"XF-{transformer[2:]}"


def keep_records(feeder: Feeder, settings: Settings) -> Records:
    """The records of a feeder with the errors planted in GIS and CYME."""
    planter = Planter(feeder, settings)
    if planter.level > 0:
        planter.meters()
        planter.lines()
        planter.transformers()
        planter.cyme()
    return planter.records


def points(feeder: Feeder, section: Section) -> npt.NDArray[np.float64]:
    """Vertices of a section; a device stands on the second one, three metres from the from node."""
    a, b = feeder.nodes[section.from_node], feeder.nodes[section.to_node]
    rest = [section.bend, (b.x, b.y)] if section.bend else [(b.x, b.y)]
    held = section.device is not None or any(r.section == section.id for r in feeder.regulators)
    line = [(a.x, a.y)]
    if held:
        toward = np.subtract(rest[0], line[0])
        step = line[0] + toward / np.hypot(*toward) * 3.0
        line.append((round(float(step[0]), 2), round(float(step[1]), 2)))
    return np.array(line + rest)
