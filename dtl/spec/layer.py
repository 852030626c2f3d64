"""What all layers share."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from dtl.spec.base import COSMETIC, Base
from dtl.spec.feeders import Globs
from dtl.spec.scalars import Year


class LayerBase(Base):
    """One assumption with a name, which scenarios stack."""

    kind: str
    from_year: Year | None = None
    """The layer is left out in planned years before this one."""
    feeders: Globs | None = None
    """The only feeders that it reaches, by ids and globs; none: all. Those solved together are reached together."""
    note: Annotated[str, Field(json_schema_extra=COSMETIC)] = ""
    """Where the assumption comes from, for the reader."""

    def reaches(self, feeder: str) -> bool:
        """Whether the layer is for a feeder."""
        return self.feeders is None or any(fnmatchcase(feeder, glob) for glob in self.feeders)

    def writes(self) -> set[str]:
        """What the layer sets; two layers of one kind in a stack must not set the same.

        An entry ``topic`` covers every ``topic.part``. Layers that only add set nothing.
        """
        return set()
