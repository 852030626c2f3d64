"""Cases that a group cannot tell apart: no layer reaches it that would make them differ, so one answer serves both.

Of stages whose readers know `dtl.spec.twins` such a case is not asked at all. Elsewhere, and where only years without
layers are alike, the answer of the case that it equals is taken over under its own name. The bytes are those that
solving would give, which a test compares.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.tables.named import renamed
from dtl.workflow.questions import Job, file_of

NAMES = ("scenario", "year", "case")
"""What a case is called; a column of each table that is written per case."""


def twin(job: Job, case: str) -> str:
    """The first case that a job answers as it answers this one, itself if none comes before it.

    Cases are alike if they stack the same layers in the same year; without layers the year does not matter.
    """
    if not job.stage.alike:
        return case
    mine = _told(job.spec["cases"][case])
    return next(name for name in job.cases if _told(job.spec["cases"][name]) == mine)


def _told(case: Mapping[str, Any]) -> dict[str, Any]:
    """What of a case can move its answer."""
    rest = {word: value for word, value in case.items() if word not in NAMES}
    return rest | ({"year": case["year"]} if case["layers"] else {})


def take_over(job: Job, case: str, answer: Path, outputs: Mapping[str, Path]) -> None:
    """Write the outputs of a case from the folder with the answer of its twin."""
    own = {"case": case, **{word: job.spec["cases"][case][word] for word in ("scenario", "year")}}
    for name, path in outputs.items():
        contract, source = job.stage.tables.get(name, ""), answer / file_of(job.stage, name)
        if not contract:
            shutil.copyfile(source, path)
            continue
        tables.write(contract, renamed(tables.read(contract, source), own), path)
