"""The tables of a feeder, as rows of text; the units stand in the names of the columns."""

from __future__ import annotations

import csv
import math
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "tables"
TITLES = {"ieee13": "IEEE 13-node test feeder", "ieee123": "IEEE 123-node test feeder"}

M_PER_FT = 0.3048
CM_PER_FT = 30.48
CM_PER_IN = 2.54
KM_PER_MILE = 1.609344
FREQUENCY_HZ = 60.0

Row = dict[str, str]
Matrix = list[list[float]]


def read(path: Path) -> list[Row]:
    """The rows of a CSV whose lines beginning with # are comments."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


class Facts:
    """What the tables say about one feeder."""

    def __init__(self, feeder: str, folder: Path = TABLES):
        def own(name: str) -> list[Row]:
            return [r for r in read(folder / f"{name}.csv") if r["feeder"] == feeder]

        self.feeder = feeder
        self.title = TITLES[feeder]
        self.conductors = {r["conductor"]: r for r in read(folder / "conductors.csv")}
        self.spacings = {r["spacing"]: r for r in read(folder / "spacings.csv")}
        self.configurations = {r["configuration"]: r for r in own("configurations")}
        self.matrices = own("matrices")
        self.source = own("sources")[0]
        self.buses = own("buses")
        self.lines = own("lines")
        self.switches = own("switches")
        self.transformers = own("transformers")
        self.capacitors = own("capacitors")
        self.loads = own("loads")
        self.regulators: dict[str, list[Row]] = {}
        """The phases of each regulator."""
        for row in own("regulators"):
            self.regulators.setdefault(row["regulator"], []).append(row)

    def kv_ln(self, bus: str) -> float:
        """Nominal voltage of a bus to ground [kV]."""
        return next(float(b["kv_ll"]) for b in self.buses if b["bus"] == bus) / math.sqrt(3.0)

    def ratings_a(self, row: Row) -> tuple[float, float, float]:
        """Normal, summer and emergency rating of a configuration: its own, else the phase conductor's [A]."""
        owner = row if row["kind"] == "matrix" else self.conductors[row["conductor"]]
        return float(owner["normal_a"]), float(owner["summer_a"]), float(owner["emergency_a"])
