"""Outages as an outage management system exports them, with a table of restoration steps; times are civil time.

Transformers carry the prefix ``XF-`` of the planning department instead of the TX of the GIS.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from dtl.synth.clock import to_local
from dtl.synth.outages import CODE, Outage
from dtl.synth.records import Planted, cyme_name
from dtl.synth.seeds import generator
from dtl.synth.settings import ERRORS, Settings

Row = dict[str, str | int]
RATES = {"oms_cmi_wrong": 0.01, "oms_ci_wrong": 0.008, "oms_device_unknown": 0.008, "oms_end_before_start": 0.003,
"oms_duplicate": 0.004,
         "oms_cause_missing": 0.02}  # fmt: skip
"""Share of the outages that get each error, at the level ``normal``."""


def _stamp(when: np.datetime64, zone: str) -> str:
    """An instant in civil time, month first."""
    text = str(to_local(np.array([when]), zone)[0].astype("M8[m]"))
    day, time = text.split("T")
    year, month, date = day.split("-")
    return f"{month}/{date}/{year} {time}"


def device_name(outage: Outage) -> str:
    """The name of the device in the outage system."""
    return cyme_name(outage.device) if outage.device_type == "Transformer fuse" else outage.device


def rows(outages: list[Outage], zone: str) -> tuple[list[Row], list[Row]]:
    """Outages, numbered in the order of their starts, and their steps."""
    events: list[Row] = []
    steps: list[Row] = []
    count: dict[int, int] = {}
    for o in sorted(outages, key=lambda o: (o.start, o.feeder, o.device, o.asset)):
        year = int(str(to_local(np.array([o.start]), zone)[0])[:4])
        count[year] = count.get(year, 0) + 1
        name = f"OUT-{year}-{count[year]:06d}"
        cause, detail = CODE.get(o.cause, ("UNK", "Momentary"))
        events.append({
            "OUTAGE_ID": name, "FEEDER": o.feeder, "DEVICE_ID": device_name(o), "DEVICE_TYPE": o.device_type,
            "START_DT": _stamp(o.start, zone), "RESTORED_DT": _stamp(o.end, zone), "PRIMARY_CAUSE": cause,
            "SECONDARY_CAUSE": detail,
            "CI": o.customers if o.customers else sum(len(m) for _, m in o.steps), "CMI": o.customer_minutes,
            "OUTAGE_TYPE": "PLANNED" if o.cause == "planned" else "MOMENTARY" if o.customers == 0 else "UNPLANNED",
            "MAJOR_EVENT": "Y" if o.storm else "N", "EQUIP_FAILED": o.asset if cause == "EQ" else "",
        })  # fmt: skip
        steps += [
            {"OUTAGE_ID": name, "STEP_NO": k, "RESTORED_DT": _stamp(when, zone), "CUSTOMERS_RESTORED": len(meters)}
            for k, (when, meters) in enumerate(o.steps, 1)
        ]
    return events, steps


def spoil(events: list[Row], settings: Settings) -> tuple[list[Row], list[Planted]]:
    """Plant errors in the outages; their steps stay right."""
    rng = generator(settings.seed, "oms errors")
    level = ERRORS[settings.errors]
    planted: list[Planted] = []
    out: list[Row] = []
    for row in events:
        row = dict(row)
        hit = next((kind for kind, rate in RATES.items() if rng.random() < rate * level), None)
        change: dict[str, str | int] = {}
        if hit == "oms_cmi_wrong":
            change["CMI"] = int(row["CMI"]) // 60
        elif hit == "oms_ci_wrong":
            change["CI"] = int(row["CI"]) * 10 + 3
        elif hit == "oms_device_unknown":
            change["DEVICE_ID"] = f"{row['DEVICE_ID']}X"
        elif hit == "oms_end_before_start":
            change["RESTORED_DT"], change["START_DT"] = row["START_DT"], row["RESTORED_DT"]
        elif hit == "oms_cause_missing":
            change["PRIMARY_CAUSE"], change["SECONDARY_CAUSE"] = "", ""
        planted += [
            Planted(hit, str(row["FEEDER"]), "oms", str(row["OUTAGE_ID"]), k, str(row[k]), str(v))
            for k, v in change.items()
            if hit
        ]
        row |= change
        out.append(row)
        if hit == "oms_duplicate":
            out.append(dict(row))
            planted.append(Planted(hit, str(row["FEEDER"]), "oms", str(row["OUTAGE_ID"]), "row", "once", "twice"))
    return out, planted


def write(path: Path, table: list[Row], columns: list[str]) -> None:
    """A CSV with a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, lineterminator="\n")
        out.writeheader()
        out.writerows(table)


EVENT_COLUMNS = ["OUTAGE_ID", "FEEDER", "DEVICE_ID", "DEVICE_TYPE", "START_DT", "RESTORED_DT", "PRIMARY_CAUSE",
"SECONDARY_CAUSE", "CI",
                 "CMI", "OUTAGE_TYPE", "MAJOR_EVENT", "EQUIP_FAILED"]  # fmt: skip
STEP_COLUMNS = ["OUTAGE_ID", "STEP_NO", "RESTORED_DT", "CUSTOMERS_RESTORED"]
