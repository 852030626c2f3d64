"""The verb `dtl plan`, and `dtl show --resolved`: what would run, and what the study says with all defaults."""

from __future__ import annotations

from dtl.errors import SpecError, StoreError
from dtl.spec import lock as pins
from dtl.spec.study import Study, load
from dtl.workflow import budget, digests, lock, plan, snakemake
from dtl.workflow.plan import ANY, Line, Plan
from dtl.workflow.questions import STUDY_FOLDER
from dtl.workflow.store import Store

OK, CHANGES = 0, 2
SHOWN = 12
"""So many answers of a stage are listed, the others are counted."""


def run(study: str, *, as_json: bool, fully: bool) -> int:
    """Print the plan of a study; 0 if nothing would run, 2 if something would or may, 1 if its budget is exceeded."""
    loaded, store = pinned(study), Store()
    found = plan.make(loaded, store)
    if fully and not found.sure:
        lock.own(loaded.name)
        resolve(loaded, "plan --resolve")
        found = plan.make(loaded, store)
    print(digests.pretty(found.as_json()) if as_json else text(found), end="")
    estimate = budget.check(loaded, found, store)
    if estimate.over:
        raise StoreError(str(estimate))
    if not as_json:
        budget.tell([estimate])
    return OK if found.empty else CHANGES


def resolve(study: Study, why: str) -> None:
    """Read, merge and split the sources of a study, so that its groups are known; ``why`` stands in the lock."""
    with lock.held(study.name, why) as died:
        if died:
            snakemake.unlock(study.name, snakemake.environment())
        snakemake.ingest(study.name)


def read(study: str) -> Study:
    """The study of a name; raises SpecError with all its mistakes."""
    return load(STUDY_FOLDER.format(study=study))


def pinned(study: str) -> Study:
    """The study of a name, whose raw files are those of its lock; raises SpecError with the digests of others."""
    found = read(study)
    if mistakes := pins.check(found, found.folder.as_posix()):
        raise SpecError(mistakes)
    return found


def resolved(study: str) -> int:
    """Print a study with all defaults, as JSON."""
    print(digests.pretty(read(study).canonical()), end="")
    return OK


def text(found: Plan) -> str:
    """A plan as a page of text."""
    counts = f"{len(found.compute)} to compute, {len(found.may_change)} may change, {len(found.reuse)} to reuse"
    lines = [f"{found.study}: {counts}"]
    for title, answers in (("compute", found.compute), ("may change", found.may_change)):
        if answers:
            lines += ["", f"{title}:", *_listed(answers)]
    if not found.empty:
        lines += ["", cost(found)]
    return "\n".join(lines) + "\n"


def _listed(answers: list[Line]) -> list[str]:
    lines, width = [], max(len(str(x)) for x in answers)
    for stage in dict.fromkeys(x.stage for x in answers):
        mine = [x for x in answers if x.stage == stage]
        lines += [f"  {x!s:<{width}}  {x.reason}" for x in mine[:SHOWN]]
        if len(mine) > SHOWN:
            lines.append(f"  {stage} and {len(mine) - SHOWN} more")
    return lines


def cost(found: Plan) -> str:
    """Cases x feeders, and the minutes by what earlier answers took."""
    parts = []
    for title, answers in (("to compute", found.compute), ("that may change", found.may_change)):
        solved = [x for x in answers if x.stage == "solve_feeder"]
        if answers:
            about = _about(found, answers)
            cases, feeders = len({x.case for x in solved}), len({x.of for x in solved if x.of != ANY})
            size = f"{cases} case{'s' * (cases != 1)} x {feeders or 'unknown'} feeder{'s' * (feeders != 1)}"
            parts.append(f"{title}: {size if solved else 'nothing to solve'}, {about}")
    return "; ".join(parts)


def _about(found: Plan, answers: list[Line]) -> str:
    """The minutes of the stages that were timed, and what these leave out."""
    minutes = found.minutes(answers)
    if minutes is None:
        return "time unknown before the first run"
    untimed = found.untimed(answers)
    also = f"; not counted, as never timed here: {', '.join(untimed)}" if untimed else ""
    also += "; and all feeders, which are not known yet" if any(x.of == ANY for x in answers) else ""
    return f"about {minutes:.1f} min of one core{also}"
