"""SCADA: one CSV of tagged values per feeder and per substation, and their list; stamps are UTC interval starts.

The historian keeps power and voltage of the heads for years; currents and taps it keeps as long as the meters are read.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dtl.synth.ami import csv_bytes
from dtl.synth.clock import Clock
from dtl.synth.records import Planted
from dtl.synth.seeds import generator
from dtl.synth.settings import ERRORS, Settings

Floats = npt.NDArray[np.float64]
TagRow = tuple[str, str, str, str, str]
"""Tag, feeder or substation, device, quantity and unit."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Values of some tags over the steps of one clock, each (T,), and which of them are of bad quality."""

    clock: Clock
    values: dict[str, Floats]
    bad: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


def spoil(piece: Piece, feeder: str, settings: Settings, stream: str = "scada") -> tuple[Piece, list[Planted]]:
    """Frozen values and bad qualities in the tags of a feeder; returns the piece that arrives, and the list."""
    values, clock = piece.values, piece.clock
    rng = generator(settings.seed, stream, feeder)
    level = ERRORS[settings.errors]
    spoiled = {tag: v.copy() for tag, v in values.items()}
    bad = {tag: np.zeros(len(v), dtype=np.bool_) for tag, v in values.items()}
    planted: list[Planted] = []
    utc = np.datetime_as_string(clock.utc, unit="m")
    for tag in sorted(values):
        for kind in ("scada_frozen", "scada_bad"):
            for _ in range(int(rng.poisson(4.0 * level * clock.steps * clock.step_min / (60 * 8766.0)))):
                length = min(int(rng.integers(8, 97)), clock.steps - 2)
                if length < 2:
                    continue
                first = int(rng.integers(1, clock.steps - length))
                at = slice(first, first + length)
                if kind == "scada_frozen":
                    spoiled[tag][at] = spoiled[tag][first - 1]
                else:
                    bad[tag][at] = True
                    spoiled[tag][at] = 0.0
                planted.append(
                    Planted(
                        kind, feeder, "scada", tag, "value", "", "", f"{utc[first]}Z", f"{utc[first + length - 1]}Z"
                    )
                )
    return Piece(clock, spoiled, bad), planted


def write(path: Path, pieces: Sequence[Piece]) -> None:
    """Tags one after the other, each through all pieces: TAG, TIME_UTC, VALUE, QUALITY."""
    stamps = [np.char.add(np.datetime_as_string(p.clock.utc, unit="s"), "Z") for p in pieces]
    parts = []
    for tag in dict.fromkeys(tag for p in pieces for tag in p.values):
        digits = 0 if tag.endswith("TAP") else 3
        for piece, stamp in zip(pieces, stamps, strict=True):
            if tag not in piece.values:
                continue
            steps = piece.clock.steps
            bad = piece.bad.get(tag, np.zeros(steps, dtype=np.bool_))
            value, quality = np.round(piece.values[tag], digits), np.where(bad, "BAD", "GOOD")
            parts.append(pa.table({"TAG": [tag] * steps, "TIME_UTC": stamp, "VALUE": value, "QUALITY": quality}))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_bytes(pa.concat_tables(parts)))


def write_tags(path: Path, rows: list[TagRow]) -> None:
    """The list of tags."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["TAG", "CIRCUIT", "DEVICE", "QUANTITY", "UNIT"])
        out.writerows(rows)
