"""The verb `dtl run`: plan, let Snakemake and the worker compute what is missing, check it against the plan, sum up."""

from __future__ import annotations

import datetime
import os
import shlex
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.errors import StoreError
from dtl.spec.study import Study
from dtl.spec.twins import reach
from dtl.workflow import audit, budget, digests, disk, gate, ledger, lock, named, plan, published, snakemake, summary
from dtl.workflow.foresee import pinned, resolve
from dtl.workflow.lock import AbandonedError
from dtl.workflow.plan import Plan
from dtl.workflow.progress import Progress
from dtl.workflow.store import Store

Missing = dict[tuple[str, str], list[str]]
"""Outputs that are not as they must be, by stage and source or group."""

SHOWN = 400
"""Characters of Snakemake's command that are printed."""
PASSES = 3
"""Snakemake is asked again, with what is still missing forced, at most so often in all."""


@dataclass(frozen=True)
class Options:
    """How to run: the profile, one feeder only, everything anew, jobs at a time (None: as the profile says)."""

    profile: str = "default"
    feeder: str | None = None
    fresh: bool = False
    cores: int | None = None


def run(name: str, options: Options) -> int:
    """Bring the results of a study up to date; 1 if jobs failed or the study's expectations are broken."""
    study, store, begun = pinned(name), Store(), time.monotonic()
    snakemake.check_profile(options.profile)
    with ExitStack() as ends:
        here = not snakemake.elsewhere(options.profile)
        first = not Path(layout.SPEC.format(study=study.name)).exists()
        worker = ends.enter_context(snakemake.warm_worker(here=here)) if first else None
        judged = named.refuse(study)
        lock.own(study.name, fresh=options.fresh)
        found = plan.make(study, store)
        if options.feeder:
            if not found.sure:
                print(f"{study.name}: its sources are read first, which say its feeders", flush=True)
                resolve(study, "run --feeder")
                judged, found = named.refuse(study), plan.make(study, store)
            options = replace(options, feeder=_group(study.name, options.feeder, found.groups))
        missing, last = published.unlike(found, partly=options.feeder or ""), summary.last(study.name)
        summed_up = last.get("spec") == study.digest
        if not options.fresh and not missing and (options.feeder or (found.empty and summed_up)):
            print(f"{study.name}: nothing to do")
            return _end(study, last, options)
        budget.refuse(study, found, store)
        token = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S") + f"-{os.getpid()}"
        died = ends.enter_context(lock.held(study.name, token))
        worker = worker or ends.enter_context(snakemake.warm_worker(here=here))
        _tidy(study, store, options, died=died)
        started = Started(study, options, token, worker.serve(found.stages()) if worker else None, sure=found.sure)
        facts = _passes(started, store, found, judged=judged)
        facts["seconds"] = round(time.monotonic() - begun, 1)
        summary.write(study, facts)
        if "error" not in facts and options.feeder is None:
            ledger.note(store, study.name, facts)
    if "error" in facts:
        raise StoreError(str(facts["error"]))
    return _end(study, facts, options)


def _tidy(study: Study, store: Store, options: Options, *, died: bool) -> None:
    """Clear what dead runs left, and what is not asked for any more; write down the study as it is run."""
    store.sweep()
    runs = Path(layout.RUNS.format(study=study.name))
    disk.not_ahead(runs.parent)
    shutil.rmtree(runs / "staging", ignore_errors=True)
    if died:
        snakemake.unlock(study.name, snakemake.environment())
    if options.fresh:
        for path in Path(layout.RESULTS.format(study=study.name)).iterdir():
            if path != runs:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    digests.write_atomically(Path(layout.SPEC.format(study=study.name)), digests.pretty(study.canonical()))
    digests.write_atomically(Path(layout.REACH.format(study=study.name)), digests.pretty(reach(study)))


class Started:
    """A run under way: its log and its progress, whichever starts of Snakemake it takes."""

    def __init__(self, study: Study, options: Options, token: str, worker: Path | None, *, sure: bool):
        self.study, self.options, self.token = study, options, token
        self.known = snakemake.environment(token, worker)
        self.progress = Progress(Path(layout.PROGRESS.format(study=study.name)), more=not sure)
        self.log = Path(layout.RUNS.format(study=study.name)) / f"{token}.log"

    def snakemake(self, words: list[str]) -> int:
        """Run Snakemake to its end; its exit code.

        Raises
        ------
        AbandonedError
            Snakemake was killed.
        """
        print(_short(words), flush=True)
        code = snakemake.call(words, self.known, self.log, self.progress)
        if code < 0:
            raise AbandonedError(
                f"Snakemake was ended by signal {-code}; `dtl run {self.study.name}` takes the work up again"
            )
        return code


def _passes(started: Started, store: Store, found: Plan, *, judged: bool) -> dict[str, Any]:
    """Run Snakemake until the results are as the plan says; facts of the run, with ``error`` if they are not.

    Names that were not judged are judged as soon as the network is read.
    """
    study, options = started.study, started.options
    missing = published.unlike(found, partly=options.feeder or "")
    facts: dict[str, Any] = {"run": started.token, "cores": options.cores, "profile": options.profile}
    for turn in range(PASSES):
        words = snakemake.command(
            study.name,
            _targets(study, options, found),
            options.profile,
            options.cores,
            _forced(found, missing, unnoticed=turn > 0),
            judge=not judged,
        )
        facts.setdefault("commands", []).append(shlex.join(words))
        if started.snakemake(words):
            if not judged:
                named.refuse(study)
            facts["error"] = _failed(started)
            break
        found = plan.make(study, store)
        missing = published.unlike(found, partly=options.feeder or "")
        if not missing:
            for path in published.foreign(found):
                shutil.rmtree(path)
            break
    else:
        names = ", ".join(" ".join(name).strip() for name in missing)
        facts["error"] = f"{study.name}: after {PASSES} passes these are still not as planned: {names}"
    return facts | {"answers": summary.counts(study.name, started.token)}


def _forced(found: Plan, missing: Missing, *, unnoticed: bool) -> dict[str, list[str]]:
    """Outputs that must be asked for again, by rule: published before, and Snakemake would find them up to date.

    These are answers that are known and not as they must be now, and answers that the store has lost (it was pruned or
    deleted). What else is still to be computed Snakemake notices by itself, and what lies below as far as it changes.
    ``unnoticed`` says that Snakemake came to its end and did not, whatever was the reason: then all are asked for.
    """
    asked: dict[tuple[str, str], dict[str, str]] = {}
    for line in found.compute:
        asked.setdefault((line.stage, line.of), {})[line.case] = line.key
    force: dict[str, list[str]] = {}
    for name, paths in missing.items():
        job, known = found.jobs[name], found.keys.get(name, {})
        record = digests.read_json(job.record()) or {}
        published_by = {answer["case"]: answer["key"] for answer in record.get("answers", ())}
        whole = len(known) == len(job.cases) or known | asked.get(name, {}) == published_by
        if unnoticed or (record and whole):
            force.setdefault(name[0], []).extend(paths)
    return force


def _short(words: list[str]) -> str:
    """The command as a person reads it; the log of the run holds all of it."""
    text = shlex.join(words)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ... (whole in the log of the run)"


def _targets(study: Study, options: Options, found: Plan) -> list[str]:
    """What Snakemake is asked for: the site, or all jobs of one group."""
    if options.feeder is None:
        built = [layout.WWW, *([layout.PUBLIC] if study.report.publish else [])]
        return [path.format(study=study.name) for path in built]
    return [next(iter(job.outputs().values())).as_posix() for job in found.jobs.values() if job.group == options.feeder]


def _group(study: str, feeder: str, groups: list[str]) -> str:
    """The group in which a feeder is solved; raises StoreError if there is none."""
    for group in groups:
        if feeder == group or feeder in group.split("+"):
            return group
    raise StoreError(
        f"{study} has no feeder {feeder} to solve; there is {', '.join(groups) or 'none that can be solved'}"
    )


def _failed(started: Started) -> str:
    """What to say of failed jobs: which stages, and where it is written why."""
    stages = sorted(set(started.progress.failed))
    if not stages:
        tail = started.log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
        return "\n".join(["Snakemake failed:", *tail])
    logs = layout.LOGS.format(study=started.study.name)
    said = [f"jobs of {', '.join(stages)} failed; the site was not built. Their logs:"]
    for stage in stages:
        for path in sorted(Path(logs, stage).glob("*.log"), key=lambda p: p.stat().st_mtime_ns)[-3:]:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
            said += [f"-- {path}", *(f"   {line}" for line in lines)]
    return "\n".join([*said, f"The whole log: {started.log}"])


def _end(study: Study, facts: dict[str, Any], options: Options) -> int:
    """Print the summary and the broken expectations; the exit code."""
    if options.feeder is not None:
        print(summary.answered(facts))
        return 0
    print("\n".join(summary.lines(study, facts)))
    broken = gate.judge(study)
    print("".join(f"{line}\n" for line in broken), end="")
    for name in audit.append(study):
        print(f"audit: {study.folder.name}/{audit.FOLDER}/{name}")
    return 1 if broken else 0
