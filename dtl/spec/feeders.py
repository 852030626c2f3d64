"""The choice of feeders: ids and globs, or what they are."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from dtl.spec.base import Base, Reading, one_of, wrong
from dtl.spec.canonical import plain
from dtl.spec.names import CsvPath
from dtl.spec.scalars import Positive, Text
from dtl.spec.shapes import ListShape, MapShape, shape


def _glob(value: str) -> str:
    if value.startswith("!"):
        raise wrong("bad-wildcard", f"to leave feeders out, write feeders: {{ids: [...], except: [{value[1:]}]}}")
    if any(c in value for c in "/{}[]"):
        raise wrong("bad-wildcard", f"'{value}' is neither the id of a feeder nor a glob with '*' and '?'")
    return value


FeederGlob = Annotated[Text, AfterValidator(_glob)]
Globs = Annotated[list[FeederGlob], Field(min_length=1)]


def listed(path: Path) -> list[str]:
    """The feeders of a CSV with a column ``feeder``; lines that begin with ``#`` are notes.

    Raises
    ------
    ValueError
        There is no such column, a row has no feeder, or there is none at all.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(line for line in file if line.strip() and not line.lstrip().startswith("#")))
    if not rows or "feeder" not in rows[0]:
        raise ValueError("has no rows with a column feeder")
    found = [(row["feeder"] or "").strip() for row in rows]
    if "" in found:
        raise ValueError(f"row {found.index('') + 1} has no feeder")
    return list(dict.fromkeys(found))


def _list(value: str, info: ValidationInfo) -> str:
    if isinstance(info.context, Reading) and (info.context.folder / value).is_file():
        try:
            listed(info.context.folder / value)
        except (ValueError, UnicodeDecodeError) as err:
            raise wrong("wrong-file", f"'{value}' {err}") from err
    return value


FeederList = Annotated[CsvPath, AfterValidator(_list)]


class FeederChoice(Base):
    """Feeders by what they are; all conditions must hold."""

    ids: Globs | None = None
    """Ids and globs."""
    substations: list[Text] | None = Field(default=None, min_length=1)
    """Substations that feed them, by their id or name in the GIS."""
    kv: list[Positive] | None = Field(default=None, min_length=1)
    """Nominal voltages at the head, line to line [kV]."""
    except_: Globs | None = None
    """Ids and globs that are left out."""
    file: FeederList | None = None
    """A CSV with a column feeder."""
    sample: FeederList | None = None
    """The same, where the list is a sample that stands for the whole."""

    @model_validator(mode="after")
    def _something(self) -> FeederChoice:
        if all(getattr(self, word) is None for word in type(self).model_fields):
            raise wrong("one-of", "'feeders' needs ids, substations, kv, file, sample or except")
        one_of(self, ("file", "sample"), "feeders", optional=True)
        return self


Feeders = Annotated[
    Annotated[Globs, ListShape] | Annotated[FeederChoice, MapShape], shape("a list of feeders", "a map")
]


def words(chosen: list[str] | FeederChoice, folder: Path) -> list[str] | dict[str, Any]:
    """The section as JSON types: ids and globs, or its conditions with the ids of its file under ``listed``."""
    if not isinstance(chosen, FeederChoice):
        return sorted(chosen)
    said = plain(chosen, cosmetic=False)
    files = [said.pop(word) for word in ("file", "sample") if word in said]
    return said | ({"listed": sorted(listed(folder / files[0]))} if files else {})
