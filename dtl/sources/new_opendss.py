"""``dtl new NAME --from opendss MASTER``: a study of a script whose loads and plants follow the script's load shapes.

The files that the script uses are copied, shapes are written as profiles, and who follows which beside them.
"""

from __future__ import annotations

import csv
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dtl.errors import SourceError
from dtl.network.feeder import Generator, Load
from dtl.sources import opendss
from dtl.sources.opendss_engine import circuit_of
from dtl.sources.opendss_invcontrols import unrestrained
from dtl.sources.opendss_inverters import inverter_output
from dtl.sources.opendss_script import flatten
from dtl.sources.reading import plain
from dtl.spec.scripts import above
from dtl.spec.series import DAY, LEAP

DATA = "data"
PER_HOUR = tuple(n // 24 for n in DAY)
"""Numbers of values of an hour that a file of profiles may have."""
HOURS = 8760
_SAME = 1e-6
"""By how much an interval may miss a whole number [-]; scripts round a third of an hour."""

STUDY = """\
# yaml-language-server: $schema=SCHEMA
# The OpenDSS circuit CIRCUIT, as its script states it.
dtl: 1
title: OpenDSS CIRCUIT
timezone: UTC                        # a script has none: name that of the feeder
feeders: ["*"]

# A script has no year; its first value is that of 1 January, 00:00 to 01:00. Name the year that its shapes are of.
years: {measured: 2023}

sources:
  circuit: {kind: opendss, path: PATH}

network: {model: circuit, secondary: modelled}

# FOLLOWED
demand: DEMAND

limits:
  lines: {over_pct: 100}
  transformers: {over_pct: 100, window_h: 1}
  voltage: [{rule: ansi-c84.1@2020, range: A, at: service}]
"""

Values = Sequence[float]


@dataclass
class Profiles:
    """The columns that the script's shapes become, and who follows them.

    Attributes
    ----------
    columns
        Values by the name of the column, of one time and number per hour each.
    rows
        Kind, name, column of kW and of kvar of each part that follows one.
    left
        Why parts that name a shape follow none, by part.
    """

    shapes: Mapping[str, Mapping[str, Any]]
    columns: dict[str, tuple[Values, int]] = field(default_factory=dict)
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def follow(self, kind: str, item: Mapping[str, Any], kw: float, kvar: float) -> None:
        """Have a part follow what the engine takes in a year; `kw` and `kvar` are those of the model.

        The shape is that of ``yearly``, which loads have from ``daily`` where they state that alone. Roofs follow
        ``daily`` then, other plants none; loads whose status is fixed follow none either.
        """
        full, part = item["full"], f"{kind} {plain(item['name'])}"
        daily = full["Daily"] if "Irradiance" in full else None
        name = str(full["Yearly"] or daily or "").lower()
        if full["Daily"] and not name:
            self.left[part] = f"states the shape {full['Daily']} for a day, which the engine does not take in a year"
        if not name or str(full.get("Status")).lower() == "fixed" or kw == 0.0:
            return
        shape = self.shapes.get(name) or {"PMult": None, "QMult": None, "Interval": 0.0}
        active, per_hour = _regular(shape["PMult"], shape["Interval"])
        reactive, _ = _regular(shape["QMult"], shape["Interval"])
        if not active:
            self.left[part] = f"the shape {name} has no values at equal intervals of whole hours or parts of an hour"
            return
        if "Irradiance" in full:
            column = self._of_roof(name, full, kw, active, per_hour)
        elif shape["UseActual"]:
            column = self._put(f"{name} of {part}", [v / kw for v in active], per_hour)
            reactive = [v / kvar for v in reactive] if reactive and kvar else [0.0] * len(active)
        else:
            column = self._put(name, active, per_hour)
        of_kvar = ""
        if kind == "load" and reactive:
            of_kvar = self._put(f"{name} kvar of {part}" if shape["UseActual"] else f"{name} kvar", reactive, per_hour)
        elif kind == "generator" and shape["QMult"] and kvar:
            self.left[part] = f"kvar follow kW, not the second column of the shape {name}"
        self.rows.append((kind, plain(item["name"]), column, of_kvar))

    def _of_roof(self, name: str, full: Mapping[str, Any], kw: float, sun: Values, per_hour: int) -> str:
        """The column of a PVSystem, whose inverter limits what its panels give."""
        ratio = full["Pmpp"] * full["Irradiance"] / full["kVA"]
        fixed = bool(full["kvar"])

        def given(share: float) -> float:
            return inverter_output({**full, "Irradiance": full["Irradiance"] * share}, fixed_kvar=fixed)[0] / kw

        return self._put(f"{name} at {ratio:.6g}", [given(share) for share in sun], per_hour)

    def _put(self, name: str, values: Values, per_hour: int) -> str:
        found, nth = name, 1
        while found in self.columns and self.columns[found] != (values, per_hour):
            nth += 1
            found = f"{name} {nth}"
        self.columns[found] = (values, per_hour)
        return found

    def table(self) -> Iterator[list[float]]:
        """The rows of all columns together: of one day where each repeats itself every day, else of a year."""
        most = math.lcm(*(n for _, n in self.columns.values()))
        fine = next(n for n in PER_HOUR if n % most == 0)
        daily = all(24 * n % len(values) == 0 for values, n in self.columns.values())
        count = (24 if daily else HOURS) * fine
        held = [(_without_leap_day(values, n), fine // n) for values, n in self.columns.values()]
        for i in range(count):
            yield [values[i // each % len(values)] for values, each in held]


def make(folder: Path, master: str, peers: str | None, schema: str) -> str:
    """Write the study of a script into a new folder; empty, or why it cannot be done. Leaves nothing behind then."""
    script = Path(master)
    if peers:
        return "--peers belongs to simbench: the engine of OpenDSS is here"
    if not script.is_file():
        return f"'{master}' is no file; name the script that holds `new circuit`"
    files = _files(script.resolve())
    name = script.resolve().as_posix()
    flat = flatten(name, files)
    told = circuit_of([c.text for c in flat.commands])
    if not told["name"]:
        why = [" ".join(text.split()) for _, text in told["errors"]]
        return "\n".join([f"{master} makes no circuit; name the script that holds `new circuit`", *why[:5]])
    used = sorted(files[n] for n in {name, *flat.used})
    root = Path(os.path.commonpath([p.parent for p in used]))
    try:
        reading = opendss.read("circuit", {"path": name}, files)
    except SourceError as err:
        return str(err)
    found = _profiles(told, reading.parts[plain(told["name"])])
    folder.mkdir(parents=True)
    for path in used:
        target = folder / DATA / "model" / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    _write(folder / DATA, found)
    demand = "{from: [profile, model_loads], path: data/profiles.csv, follows: data/follows.csv}"
    text = STUDY.replace("SCHEMA", schema).replace("CIRCUIT", plain(told["name"])).replace("# FOLLOWED", _told(found))
    text = text.replace("DEMAND", demand if found.rows else "{from: model_loads}")
    text = text.replace("PATH", f"{DATA}/model/{script.resolve().relative_to(root).as_posix()}")
    (folder / "study.yaml").write_text(text, encoding="utf-8", newline="\n")
    return ""


def _files(master: Path) -> dict[str, Path]:
    """The files that a script may name, by their path: those of its folder, and those that it names above it."""
    beside = {p for p in master.parent.rglob("*") if p.is_file()}
    scripts = (p for p in beside if p.suffix.lower() in (".dss", ".txt"))
    return {p.as_posix(): p for p in beside | above(scripts, Path(master.anchor))}


def _profiles(told: Mapping[str, Any], parts: Mapping[tuple[str, str], Any]) -> Profiles:
    classes = told["classes"]
    found = Profiles({item["name"]: item["full"] for item in classes.get("LoadShape", ())})
    taken = {part.name: part for part in parts.values() if isinstance(part, Load)}
    plants = {part.name: part for part in parts.values() if isinstance(part, Generator)}
    for kind, cls, made in (
        ("load", "Load", taken),
        ("generator", "Generator", plants),
        ("generator", "PVSystem", plants),
    ):
        for item in classes.get(cls, ()):
            if (part := made.get(plain(item["name"]))) is not None and item["full"]["Enabled"]:
                driven = isinstance(part, Generator) and part.control is not None
                own = {**item, "full": unrestrained(item["full"])} if driven else item
                found.follow(kind, own, part.kw, part.kvar)
    return found


def _regular(values: Values | None, interval_h: float) -> tuple[Values, int]:
    """Values in steps that a file of profiles may have, and how many are of an hour; none where it cannot hold them.

    Values of several hours, or of twenty minutes, are repeated, and those of less than five minutes are averaged.
    """
    if not values or interval_h <= 0.0:
        return [], 0
    if interval_h >= 1.0 and abs(interval_h - round(interval_h)) < _SAME:
        return [v for v in values for _ in range(round(interval_h))], 1
    per_hour = round(1.0 / interval_h)
    if abs(per_hour * interval_h - 1.0) > _SAME:
        return [], 0
    if per_hour in PER_HOUR:
        return values, per_hour
    finest = PER_HOUR[-1]
    if finest % per_hour == 0:
        return [v for v in values for _ in range(finest // per_hour)], finest
    together = per_hour // finest
    if per_hour % finest or len(values) % together:
        return [], 0
    return [sum(values[i : i + together]) / together for i in range(0, len(values), together)], finest


def _without_leap_day(values: Values, per_hour: int) -> Values:
    per_day = LEAP.get(len(values))
    return values if per_day != 24 * per_hour else [*values[: 59 * per_day], *values[60 * per_day :]]


def _write(folder: Path, found: Profiles) -> None:
    if not found.rows:
        return
    with (folder / "profiles.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(f"profile:{name}" for name in found.columns)
        writer.writerows([f"{v:.9g}" for v in row] for row in found.table())
    with (folder / "follows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("kind", "name", "kw_profile", "kvar_profile"))
        writer.writerows(found.rows)


def _told(found: Profiles) -> str:
    """Remarks for the study: how many parts follow the shapes, and which do not and why."""
    kinds = [kind for kind, *_ in found.rows]
    lines = [
        f"# {kinds.count('load')} loads and {kinds.count('generator')} plants follow {len(found.columns)} columns of "
        "`data/profiles.csv`, which are the script's load shapes; all others are constant.",
        *(f"# {part}: {why}." for part, why in found.left.items()),
    ]
    return "\n".join(lines)
