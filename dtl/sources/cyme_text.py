"""The source ``cyme_text``: network, load and equipment as text exports of CYME, in SI or in imperial units."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dtl.sources.cyme_blocks import read_tables
from dtl.sources.cyme_model import begin, convert
from dtl.sources.cyme_sets import sets
from dtl.sources.reading import Reading
from dtl.sources.shelf import Shelf


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path], shelf: Shelf | None = None) -> Reading:
    """Read all feeders of a set of text exports; `spec` is the source in the study.

    Feeders that are done leave the reading for the shelf, if there is one.
    """
    reading, there = begin(name, "cyme_text", spec, files)
    units = str(spec.get("units") or "as_marked")
    read_them = partial(read_tables, units=units)
    return convert(reading, list(sets(reading, there, str(spec.get("path") or ""), read_them)), spec, shelf)
