"""Exports of outages made for tests, and damaged copies of them; as a program, it reads these in a child process.

``python outage_exports.py FIRST COUNT FOLDER`` damages, reads and links COUNT exports, each within two seconds, and
prints what went wrong.
"""

from __future__ import annotations

import io
import random
import signal
import sys
import traceback
import zipfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from dtl import tables
from dtl.network.outages import link
from dtl.sources.oms import read
from dtl.sources.read import write

SPEC: dict[str, Any] = {
    "kind": "oms",
    "columns": "usual",
    "step_columns": "usual",
    "time_format": "%m/%d/%Y %H:%M",
    "timezone": "America/Chicago",
    "causes": {"vegetation": ["VEG"], "weather": [{"cause": ["WX"], "subcause": ["Wind*"]}]},
    "feeder_names": {"strip_prefix": ["CKT-"]},
    "device_names": {"strip_prefix": ["XF-"], "zero_pad": 3},
    "steps": "steps.csv",
    "customers_served": "served.csv",
}
HEADER = ["OUTAGE_ID", "FEEDER", "DEVICE_ID", "START_DT", "RESTORED_DT", "CI", "CMI", "PRIMARY_CAUSE", "OUTAGE_TYPE",
          "MAJOR_EVENT", "CREW"]  # fmt: skip
SECONDS, HANGS_S = 2, 60
"""Processor time for one copy [s], since other programs of the machine do not count; and what a hang is [s]."""


def rows(count: int = 30) -> list[list[Any]]:
    """Interruptions, one a day."""
    found: list[list[Any]] = []
    for k in range(count):
        start = datetime(2025, 1, 1, 6, 30) + timedelta(days=11 * k)
        end = start + timedelta(minutes=3 + 17 * (k % 5))
        ci = 1 + k % 7
        minutes = ci * int((end - start).total_seconds() // 60)
        cause, planned = ("VEG", "WX", "")[k % 3], ("PLANNED", "UNPLANNED")[k % 2]
        ids = [f"OUT-{k:03d}", f"CKT-f{1 + k % 2}", f"XF-{k % 4}"]
        found.append([*ids, start, end, ci, minutes, cause, planned, "NY"[k % 2], "CR1"])
    return found


def as_csv(header: list[str], body: list[list[Any]]) -> str:
    """The table as CSV, times with the month first."""
    shown = [[f"{v:%m/%d/%Y %H:%M}" if isinstance(v, datetime) else str(v) for v in row] for row in body]
    return "".join(",".join(row) + "\n" for row in [header, *shown])


def as_excel(header: list[str], body: list[list[Any]], title: tuple[str, ...] = (), **more: list[list[Any]]) -> bytes:
    """The table as Excel: lines of a title above it, and further sheets by name."""
    book = Workbook()
    sheet = book.active
    for line in title:
        sheet.append([line])
    for row in [header, *body]:
        sheet.append(row)
    for name, other in more.items():
        extra = book.create_sheet(name)
        for row in [header, *other]:
            extra.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@cache
def exports() -> dict[str, bytes]:
    """The files of one source: outages as CSV or Excel, steps, customers served."""
    body = rows()
    steps = [[r[0], 1, r[4], r[5]] for r in body[::3]]
    return {
        "oms.csv": as_csv(HEADER, body).encode(),
        "oms.xlsx": as_excel(HEADER, body),
        "steps.csv": as_csv(["OUTAGE_ID", "STEP_NO", "RESTORED_DT", "CUSTOMERS_RESTORED"], steps).encode(),
        "served.csv": b"feeder,year,customers,kva\nCKT-f1,,40,900\nCKT-f2,2025,30,\n",
    }


TOKENS = [
    b",", b"\n", b'"', b";", b"\0", b"-1", b"1e99", b"nan", b"TOTAL", b"\xff\xfe", b"99999999999999999999", b"<", b">",
    b"99/99/9999", b"\r", b"</row>", b"02/29/2025 02:30", b"", b"A1:XFD1048576", b"<!DOCTYPE x>",
]  # fmt: skip


def damaged(data: bytes, luck: random.Random) -> bytes:
    """A copy with some bytes cut, doubled, changed or put in; an archive in its parts, or as a whole."""
    if data[:2] == b"PK" and luck.random() < 0.8:
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            hit = luck.choice(old.namelist())
            for name in old.namelist():
                part = old.read(name)
                if name == hit and luck.random() < 0.15:
                    continue
                new.writestr(name, _bytes(part, luck) if name == hit else part)
        return out.getvalue()
    return _bytes(data, luck)


def _bytes(data: bytes, luck: random.Random) -> bytes:
    for _ in range(luck.randint(1, 6)):
        i, j = sorted((luck.randint(0, len(data)), luck.randint(0, len(data))))
        j = min(j, i + luck.choice((1, 4, 40, 4000)))
        token = luck.choice([*TOKENS, luck.randbytes(3)])
        data = luck.choice(
            (data[:i] + data[j:], data[:i] + token + data[j:], data[:j] + data[i:], data[:i] + token + data[i:])
        )
    return data


def network() -> Any:
    """Two feeders with three transformers."""
    parts = [
        ("f1", "transformer", "000"),
        ("f1", "transformer", "002"),
        ("f2", "transformer", "001"),
        ("f1", "load", "x"),
    ]
    return tables.frame("network", [{"feeder": f, "kind": k, "name": n, "body": "{}"} for f, k, n in parts])


def one(seed: int, folder: Path) -> None:
    """Damage one file of an export, read and link it."""
    luck, files = random.Random(seed), dict(exports())
    files.pop(luck.choice(("oms.csv", "oms.xlsx")))
    hit = luck.choice(sorted(files))
    files[hit] = damaged(files[hit], luck)
    raw = {}
    for name, data in files.items():
        raw[name] = folder / name
        raw[name].write_bytes(data)
    reading = read("oms", SPEC, raw)
    if seed % 5 == 0:
        write(reading, raw, folder / "out")
        found = link({"oms": folder / "out"}, network(), tables.concat("links", []))
        found.write({n: folder / f"{n}.parquet" for n in ("outages", "steps", "served")})
    for name, own in reading.tables.items():
        tables.frame(name, {c.name: [r[c.name] for r in own] for c in tables.TABLES[name].columns})
    changed = {r["outage"] for r in reading.tables["outages"]} ^ {r[0] for r in rows()}
    if changed and not reading.findings:
        raise AssertionError(f"interruptions are lost, or new, without a finding: {sorted(changed)}")


def _late(*_: object) -> None:
    raise TimeoutError(f"took more than {SECONDS} s of processor, or {HANGS_S} s")


def main(first: int, count: int, folder: Path) -> int:
    """Read the damaged exports of some seeds; the number of those that failed."""
    signal.signal(signal.SIGPROF, _late)
    signal.signal(signal.SIGALRM, _late)
    failed = 0
    for seed in range(first, first + count):
        own = folder / str(seed)
        own.mkdir()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.alarm(HANGS_S)
        try:
            one(seed, own)
        except Exception:  # noqa: BLE001 -- whatever comes is what is looked for
            failed += 1
            print(f"seed {seed}:\n{traceback.format_exc()}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
    return failed


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])), 100))
