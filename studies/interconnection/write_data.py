"""Writes the data of the study: a year of photovoltaics under a clear sky, per unit of the rated power.

    python studies/interconnection/write_data.py [--out FOLDER]

Only the standard library is used, and every number is rounded, so that the file is equal on every machine.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

HERE = Path(__file__).resolve().parent
LATITUDE = 40.0


def clear(hour: int) -> float:
    """Share of the rated power in an hour of the year: irradiance of the horizontal (Haurwitz 1945) over 1,000 W/m2."""
    declination = math.radians(23.45) * math.sin(2.0 * math.pi * (hour // 24 + 285.0) / 365.0)
    angle = math.radians(15.0 * (hour % 24 + 0.5 - 12.0))
    latitude = math.radians(LATITUDE)
    high = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(angle)
    return min(1.098 * high * math.exp(-0.057 / high), 1.0) if high > 0.01 else 0.0


def main() -> None:
    """Write the file below a folder."""
    parser = argparse.ArgumentParser(description="Write the data of the study.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to; the study's own if not given")
    path: Path = parser.parse_args().out / "data/sun.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ["pv_pu", *(f"{clear(hour):.3f}" for hour in range(8760))]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
