"""Scalars that point at something: an entry of another section, a case, a file; checked while they are read."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from dtl.spec.base import Check, Reading, Scalar, near, wrong
from dtl.spec.roots import declared, leaves
from dtl.spec.scalars import Text

_WILD = re.compile(r"[*?\[]|\{")


def _entry(section: str, what: str, *kinds: str) -> Check:
    """A check that a text names an entry of a section, and that the entry is of one of the kinds, if any are given."""

    def check(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(info.context, Reading) or section in info.context.incomplete:
            return value
        entries = info.context.entries(section)
        implied = {"base"} if section == "scenarios" else set()
        if value not in entries and value not in implied:
            known = {n for n, e in entries.items() if not kinds or _kind(e) in kinds} | implied
            guess = near(value, known) or (f"; '{section}' has no entry" if not entries else "")
            raise wrong("unknown-name", f"there is no {what} named '{value}'{guess}")
        kind = _kind(entries.get(value))
        if kinds and kind not in kinds and kind in _kinds(section):
            wanted = " or ".join(kinds) if len(kinds) < 3 else "one of " + ", ".join(kinds)
            raise wrong("wrong-kind", f"'{value}' is of kind {kind}; here it must be {wanted}")
        return value

    return check


def _kind(entry: Any) -> str | None:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    return kind if isinstance(kind, str) else None


@cache
def _kinds(section: str) -> frozenset[str]:
    """The kinds that entries of a section may have; imported late, since those classes use these names."""
    from dtl.spec import layers, sources

    union = get_args({"sources": sources.Source, "layers": layers.Layer}[section])[0]
    return frozenset(k for cls in get_args(union) for k in get_args(cls.model_fields["kind"].annotation))


def _program(value: Any, info: ValidationInfo) -> Any:
    """A program: a layer of kind flexibility, or one that an action of the study registers."""
    if isinstance(info.context, Reading) and "layers" not in info.context.incomplete:
        made = [name for layer in info.context.entries("layers").values() for name in _registered(layer)]
        if value in made:
            return value
        if made and value not in info.context.entries("layers"):
            raise wrong("unknown-name", f"there is no program named '{value}'{near(value, made)}")
    return _entry("layers", "layer", "flexibility")(value, info)


def _registered(layer: Any) -> list[str]:
    steps = layer.get("do") if isinstance(layer, dict) and layer.get("kind") == "actions" else None
    made = [s.get("register_program") for s in steps if isinstance(s, dict)] if isinstance(steps, list) else []
    return [str(m.get("name")) for m in made if isinstance(m, dict)]


def planned_years(data: dict[str, Any]) -> list[str]:
    """The planned years as they stand in the plain data of a study."""
    years = data.get("years")
    planned = years.get("planned") if isinstance(years, dict) else None
    return [y for y in planned if isinstance(y, str)] if isinstance(planned, list) else []


def _case(value: str, info: ValidationInfo) -> str:
    if not isinstance(info.context, Reading):
        return value
    planned = planned_years(info.context.data)
    scenario, at, year = value.partition("@")
    _entry("scenarios", "scenario")(scenario, info)
    if at and year not in planned:
        listed = ", ".join(planned) if planned else "none"
        raise wrong("unknown-year", f"'{value}': the year {year or '?'} is not planned; years.planned: {listed}")
    if planned and not at:
        raise wrong("unknown-year", f"'{value}' needs a year, as '{scenario}@{planned[-1]}': the study plans years")
    return value


def nameable(path: str) -> bool:
    """Whether every part of a path can be the name of a file on every machine."""
    return path.isprintable() and all(len(part.encode()) <= 255 for part in path.split("/")) and len(path) < 1000


def _path(value: Any, info: ValidationInfo, *, wild: bool = False, feeder: bool = False, ends: str = "") -> Any:
    """A path relative to the file in which it stands, made relative to the folder of the study; it must exist."""
    if not isinstance(value, str):
        return value
    if value.startswith(("/", "~")) or "\\" in value or re.match(r"[A-Za-z]:", value):
        raise wrong("bad-path", f"'{value}' must be relative, with '/': a study is the same on every machine")
    if not nameable(value):
        raise wrong("bad-path", "this cannot be the name of a file")
    for brace in re.findall(r"\{[^}]*\}?", value):
        if brace != "{feeder}" or not feeder:
            allowed = "only {feeder} is known" if feeder else "no wildcard in braces is possible here"
            raise wrong("bad-wildcard", f"'{brace}' is not a wildcard of this path; {allowed}")
    if not wild and re.search(r"[*?\[\]]", value):
        raise wrong("bad-wildcard", f"'{value}' must name one file; '*' and '?' are not possible here")
    if "[" in value or "]" in value or "***" in value:
        raise wrong("bad-wildcard", f"'{value}': only '*', '**' and '?' are wildcards")
    if ends and not value.endswith(ends):
        raise wrong("wrong-file", f"'{value}' must be a {ends} file")
    path = posixpath.normpath(posixpath.join(value.base if isinstance(value, Scalar) else "", value))
    if isinstance(info.context, Reading):
        if leaves(path, info.context.folder, declared(info.context)):
            raise wrong("outside-roots", f"'{path}' leads out of the folder of the studies; if it must, declare the "
                        "folder that it leads to in the study: data_roots: [../../data]")  # fmt: skip
        _must_exist(path, info.context)
    return path


def _root(value: Any, info: ValidationInfo) -> Any:
    """A folder, relative to the folder of the study, in which paths may lie."""
    if not isinstance(value, str):
        return value
    if value.startswith(("/", "~")) or "\\" in value or re.match(r"[A-Za-z]:", value):
        raise wrong("bad-path", f"'{value}' must be relative, with '/': a study is the same on every machine")
    if not nameable(value) or _WILD.search(value):
        raise wrong("bad-path", f"'{value}' must be the name of one folder")
    if isinstance(info.context, Reading) and not (info.context.folder / value).is_dir():
        raise wrong("missing-file", f"there is no folder '{value}' (from the folder of the study)")
    return posixpath.normpath(value)


def _must_exist(path: str, reading: Reading) -> None:
    pattern = path.replace("{feeder}", "*")
    if _WILD.search(path):
        if next(reading.folder.glob(pattern), None) is None if ".." not in path else not _glob_up(pattern, reading):
            raise wrong("missing-file", f"no file matches '{path}' (from the folder of the study)")
    elif not (reading.folder / path).exists():
        beside = (reading.folder / path).parent
        names = [p.name for p in beside.iterdir()] if beside.is_dir() else []
        guess = near(posixpath.basename(path), names) if names else ""
        guess = guess if "did you mean" in guess else ""
        raise wrong("missing-file", f"there is no file '{path}' (from the folder of the study){guess}")


def _glob_up(pattern: str, reading: Reading) -> bool:
    """Whether a pattern that starts with ``..`` matches something."""
    parts = pattern.split("/")
    ups = next(i for i, part in enumerate(parts) if part != "..")
    folder = reading.folder.joinpath(*parts[:ups])
    return next(folder.glob("/".join(parts[ups:])), None) is not None


def _file(value: Any, info: ValidationInfo) -> Any:
    return _path(value, info)


def _csv(value: Any, info: ValidationInfo) -> Any:
    return _path(value, info, ends=".csv")


def _files(value: Any, info: ValidationInfo) -> Any:
    return _path(value, info, wild=True)


def _feeder_files(value: Any, info: ValidationInfo) -> Any:
    return _path(value, info, wild=True, feeder=True)


def switch_file(value: Any, info: ValidationInfo) -> Any:
    """The positions of switches: one of two words, or the path of a CSV."""
    if not isinstance(value, str) or value in ("normal", "as_operated"):
        return value
    if not value.endswith(".csv"):
        raise wrong("unknown-value", f"'{value}' is not known here; write normal, as_operated or a .csv file")
    return _csv(value, info)


RootPath = Annotated[str, BeforeValidator(_root)]
"""A folder in which paths of the study may lie, relative to the folder of the study."""
FilePath = Annotated[str, BeforeValidator(_file)]
"""One file or folder, relative to the file in which it stands."""
CsvPath = Annotated[str, BeforeValidator(_csv)]
"""One CSV file."""
GlobPath = Annotated[str, BeforeValidator(_files)]
"""Files; ``*``, ``**`` and ``?`` are wildcards."""
FeederPath = Annotated[str, BeforeValidator(_feeder_files)]
"""Files; besides ``*``, ``**`` and ``?``, ``{feeder}`` stands for the id of a feeder."""

MODELS = ("opendss", "cyme_text", "cyme_xml", "cyme_mdb", "pandapower", "cim", "mini_twin")
"""The kinds of sources that hold a network that can be solved."""

SourceName = Annotated[Text, AfterValidator(_entry("sources", "source"))]
ModelName = Annotated[Text, AfterValidator(_entry("sources", "source", *MODELS))]
GisName = Annotated[Text, AfterValidator(_entry("sources", "source", "gis"))]
GeneratorsName = Annotated[Text, AfterValidator(_entry("sources", "source", "generators"))]
ForecastName = Annotated[Text, AfterValidator(_entry("sources", "source", "forecast"))]
CostsName = Annotated[Text, AfterValidator(_entry("sources", "source", "costs"))]
SeriesName = Annotated[Text, AfterValidator(_entry("sources", "source", "scada", "ami"))]
ScadaName = Annotated[Text, AfterValidator(_entry("sources", "source", "scada"))]
FollowedName = Annotated[Text, AfterValidator(_entry("sources", "source", "scada", "ami", "cyme_results"))]
ReferenceName = Annotated[Text, AfterValidator(_entry("sources", "source", "cyme_results"))]
LayerName = Annotated[Text, AfterValidator(_entry("layers", "layer"))]
ProgramName = Annotated[Text, AfterValidator(_program)]
SolarName = Annotated[Text, AfterValidator(_entry("layers", "layer", "solar"))]
ScenarioName = Annotated[Text, AfterValidator(_entry("scenarios", "scenario"))]
SweepName = Annotated[Text, AfterValidator(_entry("sweeps", "sweep"))]
CaseName = Annotated[Text, AfterValidator(_case)]
"""``scenario@year``, or the scenario alone where the study plans no years."""
