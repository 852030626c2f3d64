"""Writes the data of the study: a feeder, its customer classes, and two synthetic years of weather; all invented.

    python studies/heatwave/write_data.py [--out FOLDER]

Only the standard library is used, and every number is rounded, so that the files are equal on every machine.
"""

from __future__ import annotations

import argparse
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
LATITUDE, LONGITUDE = 41.7, -88.1
HOMES, SHOPS = 24, 3
"""Transformers that serve homes, and those that serve shops."""
YEARS = (2023, 2025)
HEATWAVE = (datetime(2023, 7, 17, tzinfo=UTC), datetime(2023, 7, 25, tzinfo=UTC), 8.5)
"""First day, day after the last, and how much hotter than the season its days are [K]."""
CODES = """\
new linecode.main nphases=3 basefreq=60 units=km
~ rmatrix=[0.29 | 0.10 0.29 | 0.10 0.10 0.29]
~ xmatrix=[0.86 | 0.42 0.86 | 0.38 0.42 0.86]
~ cmatrix=[9.5 | -2.0 9.5 | -1.2 -2.0 9.5] normamps=400 emergamps=520
new linecode.lateral nphases=1 basefreq=60 units=km
~ rmatrix=[1.3] xmatrix=[0.95] cmatrix=[7.4] normamps=140 emergamps=180
new linecode.service nphases=1 basefreq=60 units=km
~ rmatrix=[0.55] xmatrix=[0.12] cmatrix=[0] normamps=310 emergamps=340
"""


def feeder() -> dict[str, str]:
    """The OpenDSS text of the feeder, the places of its buses, and the class of each load."""
    rng = random.Random(11)
    rows = [
        "! A feeder of 12.47 kV, written by write_data.py",
        "clear",
        "set defaultbasefrequency=60",
        "new circuit.lane bus1=head basekv=12.47 pu=1.02 angle=0 phases=3 r1=0.15 x1=1.1 r0=0.2 x0=1.6",
        CODES,
    ]
    places = {"head": (0, 0)}
    classes = ["feeder,load,class,customers"]
    main = "head"
    for i in range(1, 9):
        rows.append(f"new line.main{i} phases=3 bus1={main} bus2=m{i} linecode=main length=0.55 units=km")
        main, places[f"m{i}"] = f"m{i}", (550 * i, 0)
        for k in range(HOMES // 8):
            phase, number = (i + k) % 3 + 1, 3 * (i - 1) + k + 1
            customers = rng.randrange(7, 13)
            kw = round(customers * rng.uniform(2.6, 3.4), 1)
            kva = 50 if kw > 28.0 else 25
            tap, low, home = f"t{number}", f"s{number}", f"h{number}"
            up = 220 + 160 * k
            places |= {tap: (550 * i, up), low: (550 * i + 30, up), home: (550 * i + 90, up)}
            rows += [
                f"new line.lateral{number} phases=1 bus1={main}.{phase} bus2={tap}.{phase} linecode=lateral "
                f"length={up / 1000:g} units=km",
                f"new transformer.x{number} phases=1 windings=2 xhl=2.4 %noloadloss=0.3 %imag=0.5",
                f"~ wdg=1 bus={tap}.{phase}.0 kv=7.2 kva={kva} %r=0.6",
                f"~ wdg=2 bus={low}.{phase}.0 kv=0.24 kva={kva} %r=0.6",
                f"new line.drop{number} phases=1 bus1={low}.{phase} bus2={home}.{phase} linecode=service "
                "length=0.06 units=km",
                f"new load.homes{number} phases=1 bus1={home}.{phase} kv=0.24 kw={kw} kvar={round(0.25 * kw, 2)} "
                "model=1 vminpu=0.8",
            ]
            classes.append(f"lane,homes{number},residential,{customers}")
    for i in range(1, SHOPS + 1):
        kw, at = 60 + 25 * i, 2 * i + 1
        places |= {f"p{i}": (550 * at, -150), f"c{i}": (550 * at + 40, -150)}
        rows += [
            f"new line.tee{i} phases=3 bus1=m{at} bus2=p{i} linecode=main length=0.15 units=km",
            f"new transformer.y{i} phases=3 windings=2 xhl=5 %noloadloss=0.2 %imag=0.5",
            f"~ wdg=1 bus=p{i} conn=wye kv=12.47 kva=225 %r=0.5",
            f"~ wdg=2 bus=c{i} conn=wye kv=0.48 kva=225 %r=0.5",
            f"new load.shop{i} phases=3 bus1=c{i} kv=0.48 kw={kw} kvar={round(0.3 * kw, 2)} model=1 vminpu=0.8",
        ]
        classes.append(f"lane,shop{i},commercial,2")
    rows += ["set voltagebases=[12.47 0.48 0.416]", "calcvoltagebases", "buscoords buses.csv", ""]
    buses = [f"{name},{x},{y}" for name, (x, y) in places.items()]
    return {
        "data/feeder/lane.dss": "\n".join(rows),
        "data/feeder/buses.csv": "\n".join(buses) + "\n",
        "overrides/classes.csv": "\n".join(classes) + "\n",
    }


def clear_w_m2(moment: datetime) -> float:
    """Irradiance of the horizontal under a clear sky (Haurwitz 1945) in the hour that begins then."""
    day = moment.timetuple().tm_yday + (moment.hour + 0.5) / 24.0
    declination = math.radians(23.45) * math.sin(2.0 * math.pi * (day + 284.0) / 365.0)
    turn = 2.0 * math.pi * (day - 81.0) / 364.0
    late_min = 9.87 * math.sin(2.0 * turn) - 7.53 * math.cos(turn) - 1.5 * math.sin(turn)
    solar_h = moment.hour + 0.5 + LONGITUDE / 15.0 + late_min / 60.0
    angle = math.radians(15.0 * (solar_h - 12.0))
    latitude = math.radians(LATITUDE)
    high = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(angle)
    return 1098.0 * high * math.exp(-0.057 / high) if high > 0.01 else 0.0


def weather() -> str:
    """Two years by the hour in UTC: a season, a day, slow weather, clouds; and a heatwave in one of them."""
    rows = ["time,temp_c,ghi_w_m2,wind_m_s"]
    for year in YEARS:
        rng = random.Random(year)
        slow, cloud = 0.0, 0.3
        moment = datetime(year, 1, 1, 6, tzinfo=UTC)
        for hour in range(8760 + 24 * (year % 4 == 0)):
            if hour % 24 == 0:
                slow = 0.75 * slow + rng.gauss(0.0, 2.2)
                cloud = min(max(0.4 * cloud + 0.6 * rng.betavariate(0.9, 1.1), 0.0), 1.0)
                breeze = rng.uniform(1.5, 6.0)
            hot = HEATWAVE[0] <= moment - timedelta(hours=6) < HEATWAVE[1]
            season = 10.5 - 13.5 * math.cos(2.0 * math.pi * (hour / 24.0 - 20.0) / 365.0)
            day = 5.0 * math.cos(2.0 * math.pi * (hour % 24 - 15.5) / 24.0)
            temp = season + day + (HEATWAVE[2] if hot else slow)
            light = clear_w_m2(moment) * (1.0 - 0.72 * (0.05 if hot else cloud) ** 2)
            rows.append(f"{moment:%Y-%m-%dT%H:%M},{temp:.1f},{light:.0f},{breeze:.1f}")
            moment += timedelta(hours=1)
    return "\n".join(rows) + "\n"


def pools() -> str:
    """What the pump of a pool takes per kW in each hour of standard time: 9 to 17 h from 15 May to 14 September."""
    first, after = (31 + 28 + 31 + 30 + 14) * 24, (31 + 28 + 31 + 30 + 31 + 30 + 31 + 31 + 14) * 24
    return "".join(f"{int(first <= hour < after and 9 <= hour % 24 < 17)}\n" for hour in range(8760))


def main() -> None:
    """Write the files below a folder."""
    parser = argparse.ArgumentParser(description="Write the data of the study.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to; the study's own if not given")
    out = parser.parse_args().out
    for name, text in (feeder() | {"data/weather/town.csv": weather(), "data/pools.csv": pools()}).items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
