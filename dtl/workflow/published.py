"""What lies in `results/` against its records: what is as it was published, and by which answers."""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_ISDIR

from dtl import layout
from dtl.workflow import digests
from dtl.workflow.plan import Plan
from dtl.workflow.questions import Job


def unlike(plan: Plan, *, partly: str = "") -> dict[tuple[str, str], list[str]]:
    """The jobs whose outputs are not there as the plan's answers were published, with the paths of their outputs.

    Jobs with answers to be computed are among them. ``partly`` keeps to the jobs of one group and what they start from.
    """
    found, of_groups = {}, False
    for name, job in plan.jobs.items():
        of_groups = of_groups or bool(job.group)
        if partly and of_groups and job.group != partly:
            continue
        if not as_published(job, plan.keys.get(name, {})):
            found[name] = [p.as_posix() for p in job.outputs().values()]
    return found


def as_published(job: Job, keys: dict[str, str]) -> bool:
    """Whether the outputs of a job are those of these answers, as they were published.

    Where only times differ (Snakemake touches what a job has written) the bytes decide, and the record learns them.
    """
    record = digests.read_json(job.record())
    if not isinstance(record, dict) or {a["case"]: a["key"] for a in record["answers"]} != keys:
        return False
    if sorted(keys) != job.cases or set(record["outputs"]) != {p.as_posix() for p in job.outputs().values()}:
        return False
    touched = False
    for path, said in record["outputs"].items():
        try:
            stat = os.stat(path)  # noqa: PTH116 - thousands of outputs, and pathlib is slow
        except (FileNotFoundError, NotADirectoryError):
            return False
        if S_ISDIR(stat.st_mode) != ("files" in said):
            return False
        now = digests.stamps(Path(path), stat)
        if now != {"size": said["size"], "times": said["times"]}:
            if now["size"] != said["size"] or digests.of_path(Path(path)) != said["digest"]:
                return False
            said |= now
            touched = True
    if touched:
        digests.write_atomically(job.record(), digests.pretty(record))
    return True


def foreign(plan: Plan) -> list[Path]:
    """Folders of groups that the study no longer has; their results would be taken for its own."""
    folder = Path(layout.GROUP.format(study=plan.study, group="x")).parent
    return sorted(p for p in (folder.iterdir() if folder.is_dir() else []) if p.name not in plan.groups)
