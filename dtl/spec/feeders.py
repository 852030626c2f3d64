"""The choice of feeders: ids and globs, or what they are."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from dtl.spec.base import Base, not_yet, wrong
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


@not_yet
class FeederChoice(Base):
    """Feeders by what they are; all conditions must hold."""

    ids: Globs | None = None
    """Ids and globs."""
    substations: list[Text] | None = Field(default=None, min_length=1)
    """Substations that feed them."""
    kv: list[Positive] | None = Field(default=None, min_length=1)
    """Nominal voltages, line to line [kV]."""
    tags: list[Text] | None = Field(default=None, min_length=1)
    """Tags of the source."""
    except_: Globs | None = None
    """Ids and globs that are left out."""
    file: CsvPath | None = None
    """A CSV with a column feeder."""
    sample: CsvPath | None = None
    """The same, for a sample that stands for the whole."""


Feeders = Annotated[
    Annotated[Globs, ListShape] | Annotated[FeederChoice, MapShape], shape("a list of feeders", "a map")
]
