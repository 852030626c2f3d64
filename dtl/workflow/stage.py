"""One kind of question: what it reads and writes, and which code and data files decide its answer.

A stage is a pure function ``f(spec, inputs, outputs)``: ``spec`` is the slice of the study that it may read, as plain
JSON types; ``inputs`` maps a name to a path (or, for raw files, to a map of study-relative names to paths); ``outputs``
maps a name to the path to write. Functions are named by strings, so that this module imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Scope = Literal["source", "study", "group"]


@dataclass(frozen=True)
class Stage:
    """One kind of question.

    ``per`` says of what there is one answer each. A ``cased`` stage is asked once per case and group: its function
    sees one case, the job joins the answers, so that each case is kept by itself. ``cased_inputs`` are the inputs of
    which the job hands over only the rows of the case. ``tables`` maps an output to its contract; other outputs are
    JSON files or folders. ``data`` holds globs of files beside the code, relative to the project root, that decide the
    answer. ``registry`` names a registry, ``module:NAME``, whose entries add to the code where a slice uses their kind.
    ``distributions`` are packages that the stage starts as programs, which no import shows.
    Of a cased stage that is ``alike`` the answer holds the names of its case in columns alone: see `twins`. One that is
    ``folded`` is not asked the cases that a group cannot tell from another one: see `dtl.spec.twins`.
    An ``optional`` stage is left out of a study whose slice asks for no ``analyses`` of it.
    """

    name: str
    function: str
    per: Scope
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    tables: Mapping[str, str] = field(default_factory=dict)
    cased: bool = False
    cased_inputs: tuple[str, ...] = ()
    alike: bool = False
    folded: bool = False
    data: tuple[str, ...] = ()
    registry: str = ""
    distributions: tuple[str, ...] = ()
    optional: bool = False
