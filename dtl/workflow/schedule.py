"""The verb `dtl schedule`: the words `refresh:` of studies as lines of cron for CI."""

from __future__ import annotations

from pathlib import Path

from dtl.errors import StoreError
from dtl.spec.report import Refresh
from dtl.workflow import digests, foresee, revisions

HOURS = (1, 5)
"""Refreshes start in the night, between these hours [h, UTC]."""


def run(studies: list[str], forge: str, due: str | None) -> int:
    """Print the schedule of the studies that have one (or, with ``due``, the names that a line of cron means)."""
    known = revisions.names(Path())
    unknown = [s for s in studies if s not in known]
    if unknown:
        raise StoreError(f"there is no study {unknown[0]} here; there is {', '.join(known) or 'none'}")
    read = [foresee.read(name) for name in (studies or known)]
    lines = {study.name: cron(study.name, study.refresh) for study in read if study.refresh}
    if due is not None:
        print("".join(f"{name}\n" for name, line in lines.items() if line == due.strip()), end="")
    else:
        print("\n".join(text(lines, forge)))
    return 0


def cron(name: str, refresh: Refresh) -> str:
    """Minute, hour, day of month, month and day of week, in UTC.

    Hour and minute follow from the name, so that the studies of a repository do not all start at once.
    """
    number = int(digests.of_text(name)[:8], 16)
    minute, hour = number % 60, HOURS[0] + number // 60 % (HOURS[1] - HOURS[0])
    at = f"{minute} {hour}"
    return {
        "week": f"{at} * * {refresh.day % 7}",
        "month": f"{at} {refresh.day} * *",
        "quarter": f"{at} {refresh.day} 1,4,7,10 *",
        "year": f"{at} {refresh.day} 1 *",
    }[refresh.every]


def text(lines: dict[str, str], forge: str) -> list[str]:
    """What to put where: for GitHub lines of the workflow, for GitLab the settings of pipeline schedules."""
    if not lines:
        return ["# no study says `refresh:`"]
    if forge == "github":
        return ["  schedule:", *(f'    - cron: "{line}"  # {name}' for name, line in sorted(lines.items()))]
    return [f"{name}: interval pattern `{line}`, time zone UTC" for name, line in sorted(lines.items())]
