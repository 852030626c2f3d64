"""Writes the data of the study: interruptions of five years, and what works cost; all invented.

    python studies/portfolio/write_data.py [--out FOLDER]

Only the standard library is used, and every number is rounded, so that the files are equal on every machine.
"""

from __future__ import annotations

import argparse
import random
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
YEARS = range(2021, 2026)
CAUSES = {"VEG": (3.0, 110), "EQ": (2.0, 140), "ANM": (2.0, 55), "WX": (1.5, 120)}
"""Interruptions in a year, and their median duration [min]."""
COSTS = """\
option,size,unit,cost,life_years,om_pct
transformer,50,each,6500,40,1
transformer,75,each,8200,40,1
transformer,100,each,9800,40,1
reconductor,1,km,95000,50,1
regulator,1,each,42000,25,3
capacitor,300,each,9000,20,2
"""


def outages() -> str:
    """One row for each interruption: of a lateral of the feeder, now and then of its head."""
    rng = random.Random(5)
    rows = ["id,feeder,device,start,end,customers,cause"]
    for year in YEARS:
        for cause, (rate, median) in CAUSES.items():
            for _ in range(max(1, round(rng.gauss(rate, 1.0)))):
                start = datetime(year, 1, 1) + timedelta(minutes=rng.randrange(365 * 1440))
                end = start + timedelta(minutes=max(6, round(rng.lognormvariate(0.0, 0.6) * median)))
                head = rng.random() < 0.12
                device = "main1" if head else f"lateral{rng.randrange(1, 25)}"
                customers = 241 if head else rng.randrange(7, 13)
                rows.append(
                    f"O-{len(rows)},lane,{device},{start:%Y-%m-%d %H:%M},{end:%Y-%m-%d %H:%M},{customers},{cause}"
                )
    return "\n".join(rows) + "\n"


def main() -> None:
    """Write the files below a folder."""
    parser = argparse.ArgumentParser(description="Write the data of the study.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to; the study's own if not given")
    out: Path = parser.parse_args().out
    for name, text in {"data/outages.csv": outages(), "data/costs.csv": COSTS}.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
