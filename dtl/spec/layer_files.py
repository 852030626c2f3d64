"""Whether the files and classes that layers name are what they must be: a year has 8,760 values, a class has loads."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from dtl.spec.adoption import Adoption, Custom, Growth, Solar
from dtl.spec.base import near
from dtl.spec.calibration_file import calibration
from dtl.spec.edits import Project, Upgrades
from dtl.spec.equipment_file import equipment
from dtl.spec.follows_file import follows
from dtl.spec.load_profiles import NAMED, ProfilesError, profiles
from dtl.spec.network import Secondary
from dtl.spec.secondary_file import secondary
from dtl.spec.series import SeriesError, day_values, year_values
from dtl.spec.small_csv import SmallCsvError
from dtl.spec.study import Study
from dtl.spec.switch_file import positions
from dtl.spec.upgrade_file import UpgradesError, works

Found = Iterator[tuple[tuple[str | int, ...], str, str]]
"""Where, slug and message of each mistake."""
MOST_PER_KW = 1.25
"""Output per kW of a profile of roofs beyond which it is that of several kW, or in other units."""
SHIPPED = ("commercial", "flat", "industrial", "residential")
"""Classes that have a shape of ours."""


def files_hold(study: Study) -> Found:
    """Profiles of days and years, in the section ``profiles`` and in layers, have the number of values they must."""
    for name, profile in study.profiles.items():
        for word, read in (("weekday", day_values), ("weekend", day_values), ("year", year_values)):
            path = getattr(profile, word)
            if isinstance(path, str):
                yield from _judged(study, ("profiles", name, word), path, read)
    for name, layer in study.layers.items():
        if isinstance(layer, Custom | Solar | Project) and layer.profile is not None:
            most = MOST_PER_KW if isinstance(layer, Solar) else math.inf
            yield from _judged(study, ("layers", name, "profile"), layer.profile, year_values, most)
        if isinstance(layer, Upgrades) and layer.from_ is not None and (study.folder / layer.from_).is_file():
            try:
                works(study.folder / layer.from_)
            except UpgradesError as err:
                for line in str(err).splitlines():
                    yield ("layers", name, "from"), "wrong-file", f"'{layer.from_}'{line}"


def switches_hold(study: Study) -> Found:
    """The file of ``network.switches`` has a position for each switch."""
    path = study.folder / study.network.switches
    if path.suffix == ".csv" and path.is_file():
        try:
            positions(path)
        except SmallCsvError as err:
            for line in str(err).splitlines():
                yield ("network", "switches"), "wrong-file", f"'{study.network.switches}'{line}"


def equipment_holds(study: Study) -> Found:
    """The files of ``network.equipment``, ``secondary`` and ``calibrated`` have rows that can be read."""
    network = study.network
    table = network.secondary.table if isinstance(network.secondary, Secondary) else None
    files = ((("network", "equipment"), network.equipment, equipment), (("network", "secondary", "table"), table,
             secondary), (("network", "calibrated"), network.calibrated, calibration))  # fmt: skip
    for at, name, read in files:
        if name is not None and (study.folder / name).is_file():
            try:
                read(study.folder / name)
            except (SmallCsvError, UnicodeDecodeError) as err:
                for line in str(err).splitlines():
                    yield at, "wrong-file", f"'{name}'{line}"


def calibration_meets_words(study: Study) -> Found:
    """A calibrated head voltage and ``network.head_voltage`` do not both state the voltage of the heads."""
    name, head = study.network.calibrated, study.network.head_voltage
    if name is None or head is None or not (study.folder / name).is_file():
        return
    try:
        lines = [str(r["line"]) for r in calibration(study.folder / name) if r["parameter"] == "head_voltage"]
    except (SmallCsvError, UnicodeDecodeError):
        return  # told where the file is judged
    if lines:
        message = f"'{name}' states head_voltage in line {', '.join(lines)}, and so does network.head_voltage; keep one"
        yield ("network", "calibrated"), "conflict", message


def profiles_hold(study: Study) -> Found:
    """The file of ``demand.path`` has columns of profiles for a day or a year, and ``demand.follows`` names them."""
    path, rows = study.demand.path, study.demand.follows
    known: set[str] | None = None
    if path is not None and (study.folder / path).is_file():
        try:
            known = {p.name for p in profiles(study.folder / path) if p.kind == NAMED}
        except (ProfilesError, UnicodeDecodeError) as err:
            for line in str(err).splitlines():
                yield ("demand", "path"), "wrong-file", f"'{path}'{line}"
    if rows is not None and (study.folder / rows).is_file():
        try:
            follows(study.folder / rows, known)
        except (SmallCsvError, UnicodeDecodeError) as err:
            for line in str(err).splitlines():
                yield ("demand", "follows"), "wrong-file", f"'{rows}'{line}"


def _judged(
    study: Study, at: tuple[str, ...], path: str, read: Callable[[Path], list[float]], most: float = math.inf
) -> Found:
    if not (study.folder / path).is_file():
        return  # told where the path stands
    try:
        values = read(study.folder / path)
    except SeriesError as err:
        yield at, "wrong-file", f"'{path}'{err}"
        return
    except (OSError, UnicodeDecodeError) as err:
        yield at, "wrong-file", f"'{path}' cannot be read: {err.__class__.__name__}"
        return
    if min(values) < 0.0:
        line = next(i for i, v in enumerate(values, 1) if v < 0.0)
        yield at, "wrong-file", f"'{path}': value {line} is {values[line - 1]:g}; a profile is not negative"
    elif max(values) > most:
        message = f"'{path}': value {values.index(max(values)) + 1} is {max(values):g}; it is the output of one kW of "
        yield at, "wrong-file", message + "inverters, at most 1: divide the values by the kW that they were measured of"


def classes_are_known(study: Study) -> Found:
    """Layers name classes that the study has, where a table of classes says which."""
    table = study.demand.classes
    if table is None or study.demand.from_ != ["model_loads"] or not (study.folder / table).is_file():
        return
    known = {"all", *SHIPPED, *([study.demand.shape] if study.demand.shape else ()), *_classes(study.folder / table)}
    for name, layer in study.layers.items():
        if isinstance(layer, Adoption | Growth) and layer.to not in known:
            message = f"no customer is of class '{layer.to}' ('{table}'){near(layer.to, known)}"
            yield ("layers", name, "to"), "unknown-name", message


def _classes(path: Path) -> set[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(line for line in file if line.strip() and not line.lstrip().startswith("#"))
        return {(row.get("class") or "").strip() for row in rows}
