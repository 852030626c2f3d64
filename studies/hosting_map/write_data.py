"""Writes the data of the study: a feeder of 12.47 kV with a regulator and two switches, and its register; all invented.

    python studies/hosting_map/write_data.py [--out FOLDER]

Only the standard library is used, and every number is rounded, so that the files are equal on every machine.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECTIONS = 9
"""Sections of the main line, of 0.9 km; every second one has a lateral of one phase, the others a shop of three."""
HEAD = """\
! A feeder of 12.47 kV, written by write_data.py
clear
set defaultbasefrequency=60
new circuit.oak bus1=head basekv=12.47 pu=1.01 phases=3 r1=0.15 x1=1.1 r0=0.2 x0=1.6
new linecode.main nphases=3 basefreq=60 units=km r1=0.29 x1=0.45 r0=0.49 x0=1.3 c1=10 c0=5 normamps=340 emergamps=420
new linecode.lateral nphases=1 basefreq=60 units=km
~ rmatrix=[1.3] xmatrix=[0.95] cmatrix=[7.4] normamps=140 emergamps=180
new line.breaker phases=3 bus1=head bus2=m0 switch=yes
new transformer.reg phases=3 windings=2 xhl=0.01 %noloadloss=0 buses=[m4 m4r] conns=[wye wye] kvs=[12.47 12.47]
~ kvas=[7500 7500] %rs=[0.005 0.005]
new regcontrol.reg transformer=reg winding=2 vreg=124 band=2 ptratio=60 ctprim=300
new line.recloser phases=3 bus1=m6 bus2=m6r switch=yes
"""
BEHIND = {4: "m4r", 6: "m6r"}
"""Where the main line goes on behind a regulator or a switch."""
REGISTER = """\
id,feeder,bus,meter,type,kw,kva,kwh,phases,status,day,setting
G-1,oak,m5,,pv,400,440,,ABC,in_service,2021-05-01,ieee_1547_b
G-2,oak,l2,,pv,60,66,,B,in_service,2023-09-01,
G-3,oak,m8,,pv,900,990,,ABC,approved,2025-06-01,ieee_1547_b
G-4,oak,m3,,pv,350,385,,ABC,queued,2025-09-01,ieee_1547_b
"""


def feeder() -> dict[str, str]:
    """The OpenDSS text of the feeder, and the places of its buses."""
    rng = random.Random(7)
    rows = [HEAD.rstrip()]
    places = {"head": (0, 0), "m0": (40, 0), "m4r": (900 * 4 + 40, 0), "m6r": (900 * 6 + 40, 0)}
    for i in range(1, SECTIONS + 1):
        near = BEHIND.get(i - 1, f"m{i - 1}")
        places[f"m{i}"] = (900 * i, 0)
        rows.append(f"new line.main{i} phases=3 bus1={near} bus2=m{i} linecode=main length=0.9 units=km")
        if i % 2:
            kw = rng.randrange(160, 320, 10)
            places[f"s{i}"] = (900 * i + 60, -120)
            rows += [
                f"new transformer.t{i} phases=3 windings=2 xhl=5 %noloadloss=0.2 %imag=0.5 buses=[m{i} s{i}] "
                "conns=[delta wye] kvs=[12.47 0.48] kvas=[500 500] %rs=[0.5 0.5]",
                f"new load.shop{i} phases=3 bus1=s{i} kv=0.48 kw={kw} kvar={round(0.3 * kw, 1)} model=1 vminpu=0.8",
            ]
        else:
            phase, kw, km = rng.randrange(1, 4), rng.randrange(120, 260, 10), round(rng.uniform(0.8, 2.4), 1)
            phase = 2 if i == 2 else phase
            places[f"l{i}"] = (900 * i, round(1000 * km))
            rows += [
                f"new line.lateral{i} phases=1 bus1=m{i}.{phase} bus2=l{i}.{phase} linecode=lateral length={km} "
                "units=km",
                f"new load.homes{i} phases=1 bus1=l{i}.{phase} kv=7.2 kw={kw} kvar={round(0.25 * kw, 1)} "
                "model=1 vminpu=0.8",
            ]
    rows += ["set voltagebases=[12.47 0.48]", "calcvoltagebases", "buscoords buses.csv", ""]
    buses = "".join(f"{name},{x},{y}\n" for name, (x, y) in places.items())
    return {"data/feeder/oak.dss": "\n".join(rows), "data/feeder/buses.csv": buses, "data/register.csv": REGISTER}


def main() -> None:
    """Write the files below a folder."""
    parser = argparse.ArgumentParser(description="Write the data of the study.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to; the study's own if not given")
    out: Path = parser.parse_args().out
    for name, text in feeder().items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
