"""Writes the data of the study: what two other solutions say of the feeders, a profile, and ten weeks of SCADA.

    python studies/validation/write_data.py [--out FOLDER]

The published voltages are facts, kept in our own form beside the tests. Profile and SCADA are synthetic: the head takes
6 % more than the model says, at a power factor that is 0.02 better. Only the standard library is used, and every number
is rounded, so that the files are equal on every machine.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
ANCHORS = HERE.parents[1] / "tests/cases/anchors"
TOTALS = {"ieee13": (3577.19, 111.06), "ieee123": (3621.544, 95.280)}
"""Power out of the source and losses [kW]: of the published sheet, and of the model that ships with OpenDSS."""
SOLUTIONS = {"ieee13": "ieee13_sheet", "ieee123": "ieee123_posted_taps"}
PEAK_KW, PEAK_KVAR, LOSS_KW, LOSS_KVAR, CAPACITOR_KVAR = 3466.0, 2102.0, 111.0, 324.0, 700.0
"""The loads of the 13-node feeder at their peak, its losses then, and its capacitors."""
MORE, FACTOR = 1.06, 0.02
"""What SCADA has and the model has not: that much load, at a better power factor."""
WEEKS = 10
"""Weeks of SCADA, from 2 June 2025."""


def taps() -> Iterator[tuple[str, str, list[str]]]:
    """Feeder, regulator and posted tap by phase of every regulator of the demo's table."""
    text = (HERE.parent / "demo/tables/regulators.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    for feeder, name in dict.fromkeys((r["feeder"], r["regulator"]) for r in rows):
        of = {r["phase"]: r["posted_tap"] for r in rows if (r["feeder"], r["regulator"]) == (feeder, name)}
        yield feeder, name, [of.get(p, "") for p in "ABC"]


def solution(feeder: str) -> str:
    """What another program says of a feeder, in the columns of CYME's keywords."""
    with (ANCHORS / SOLUTIONS[feeder] / "expected.csv").open(encoding="utf-8") as file:
        pu = {(r["bus"], r["node"]): r["pu"] for r in csv.DictReader(file)}
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["NodeId", "DevNumber", "VpuA", "VpuB", "VpuC", "TapA", "TapB", "TapC", "KWTOT", "KWLOSSTOT"])
    for bus in sorted({b for b, _ in pu}):
        out.writerow([bus.upper(), "", *(pu.get((bus, n), "") for n in "123"), "", "", "", "", ""])
    for of, regulator, at in taps():
        if of == feeder:
            out.writerow(["", regulator, "", "", "", *at, "", ""])
    out.writerow(["TOTAL", "", "", "", "", "", "", "", *TOTALS[feeder]])
    return text.getvalue()


def share(hour: int) -> float:
    """The load of an hour over its peak: two peaks a day, more in summer, less at weekends."""
    day, of_day = divmod(hour, 24)
    bell = 0.25 * math.exp(-((of_day - 8) ** 2) / 8) + 0.4 * math.exp(-((of_day - 18) ** 2) / 18)
    season = 0.88 - 0.12 * math.cos(2.0 * math.pi * (day - 15) / 365)
    return (0.6 + bell) * season * (0.93 if day % 7 in (3, 4) else 1.0)


def measured() -> str:
    """Ten weeks of the head of the 13-node feeder, by the hour in UTC."""
    rng = random.Random(3)
    angle = math.acos(math.cos(math.atan2(PEAK_KVAR, PEAK_KW)) + FACTOR)
    rows = ["time,tag,kw,kvar"]
    first = datetime(2025, 6, 2, 6, tzinfo=UTC)
    begin = 24 * (first.timetuple().tm_yday - 1)
    for hour in range(WEEKS * 168):
        now = MORE * share(begin + hour) * (1.0 + rng.gauss(0.0, 0.02))
        kw = PEAK_KW * now + LOSS_KW * now**2
        kvar = PEAK_KW * now * math.tan(angle) + LOSS_KVAR * now**2 - CAPACITOR_KVAR
        rows.append(f"{first + timedelta(hours=hour):%Y-%m-%dT%H:%M},HEAD,{kw:.0f},{kvar:.0f}")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Write the files below a folder."""
    parser = argparse.ArgumentParser(description="Write the data of the study.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to; the study's own if not given")
    out: Path = parser.parse_args().out
    files = {f"data/results/{feeder}.csv": solution(feeder) for feeder in SOLUTIONS}
    files["data/profile.csv"] = "\n".join(["all", *(f"{share(hour):.4f}" for hour in range(8760))]) + "\n"
    files["data/scada.csv"] = measured()
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
