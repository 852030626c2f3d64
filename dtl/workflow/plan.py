"""What a run would compute, what may change, and what is reused: each answer with its reason, before anything runs.

Answers are followed from the raw files down. As long as all inputs of an answer are known by digest, so is its key, and
the store says whether it is reused or computed. Below an answer that is to be computed, inputs are unknown: then the
answer *will* be computed if its stage, slice and code never met inputs like the known ones, and *may* be if they did,
since what comes out above may be what came out before. So for every edit: compute is a part of what is executed, which
is a part of compute and may change together; what is reused is never executed.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.spec.study import Study
from dtl.spec.twins import Reach, reach
from dtl.workflow import digests, fingerprint
from dtl.workflow.questions import Job, Origin, file_of, groups_of, origin, published, record_path
from dtl.workflow.reasons import why
from dtl.workflow.slices import Slices
from dtl.workflow.stage import Stage
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Answer, Question, Store

ANY = "*"
"""Stands for the groups that are not known before `split_feeders` ran."""


@dataclass(frozen=True)
class Line:
    """One answer of a plan: the stage, the source or group, the case, and why it is where it is.

    ``key`` is that of the answer or, where inputs are not known yet, a hash of all that is known of it: two plans with
    the same keys ask the same.
    """

    stage: str
    of: str
    case: str
    reason: str
    key: str = ""

    def __str__(self) -> str:
        return " ".join(x for x in (self.stage, self.of, self.case) if x)


@dataclass
class Plan:
    """Three sets of answers, the jobs they belong to, and what was known of each answer when the plan was made."""

    study: str
    compute: list[Line] = field(default_factory=list)
    may_change: list[Line] = field(default_factory=list)
    reuse: list[Line] = field(default_factory=list)
    keys: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """By stage and source or group: the key of each case whose answer is in the store."""
    jobs: dict[tuple[str, str], Job] = field(default_factory=dict)
    reach: Reach = field(default_factory=dict)
    """Which cases a group is not asked, as `dtl.spec.twins` decides it."""

    @cached_property
    def seconds(self) -> dict[str, float]:
        """What one answer of a stage took in the median of those that lie in the results [s]; read when asked."""
        return _timed(self.study)

    @property
    def sure(self) -> bool:
        """Whether it is known which groups there are."""
        return all(line.of != ANY for line in self.may_change)

    @property
    def groups(self) -> list[str]:
        """The groups that are known, sorted."""
        return sorted({job.group for job in self.jobs.values() if job.group})

    @property
    def empty(self) -> bool:
        """Whether nothing would be executed."""
        return not self.compute and not self.may_change

    def minutes(self, lines: list[Line]) -> float | None:
        """Computing time of those answers whose stages were timed before, by what earlier ones took [min].

        None if no stage was timed, or if all that is known is that there will be groups.
        """
        wanted = [self.seconds.get(line.stage) for line in lines if line.of != ANY]
        timed = [s for s in wanted if s is not None]
        return None if lines and not timed else sum(timed) / 60

    def untimed(self, lines: list[Line]) -> list[str]:
        """The stages of some answers that :meth:`minutes` leaves out, since they never ran here."""
        return list(dict.fromkeys(line.stage for line in lines if line.stage not in self.seconds))

    def stages(self) -> list[str]:
        """The stages that have something to compute, or may have, in their order."""
        return list(dict.fromkeys(line.stage for line in (*self.compute, *self.may_change)))

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON types."""
        return {
            "study": self.study,
            "compute": [asdict(x) for x in self.compute],
            "may_change": [asdict(x) for x in self.may_change],
            "reuse": [asdict(x) for x in self.reuse],
            "reach": dict(self.reach),
            "minutes": {"compute": self.minutes(self.compute), "may_change": self.minutes(self.may_change)},
            "untimed": {"compute": self.untimed(self.compute), "may_change": self.untimed(self.may_change)},
        }


def make(study: Study, store: Store, stages: Mapping[str, Stage] = STAGES) -> Plan:
    """The plan of a study against a store; nothing is run or written but the memories of digests."""
    code = fingerprint.Code(store.root / "modules.json")
    planner = _Planner(Slices(study, stages, code), store, stages)
    for stage in stages.values():
        planner.stage(stage)
    planner.seen.save()
    code.save()
    return planner.plan


def merged(study: Study, store: Store, stages: Mapping[str, Stage] = STAGES) -> Path | None:
    """The shelf of the sources brought together, as they and the study are now; None where they were not yet."""
    planner = _Planner(Slices(study, stages, fingerprint.Code(store.root / "modules.json")), store, stages)
    for stage in stages.values():
        planner.stage(stage)
        if stage.name == "merge_network":
            break
    answer = planner.known["merge_network", ""][""]
    return None if answer is None else store.shelf(answer.key)


class _Unknown:
    """The digest of what is not computed yet; ``of`` names what will be, ``key`` is that of its line."""

    def __init__(self, of: str, key: str):
        self.of, self.key = of, key


class _Planner:
    """Walks the stages from the raw files down and keeps what it knows of every answer."""

    def __init__(self, slices: Slices, store: Store, stages: Mapping[str, Stage]):
        self.slices, self.store, self.stages = slices, store, stages
        self.seen = store.seen()
        self.plan = Plan(slices.study.name, reach=reach(slices.study))
        self.known: dict[tuple[str, str], dict[str, Answer | None]] = {}
        self.asked: dict[tuple[str, str, str], str] = {}
        self.groups: list[str] = []
        self.sure = True

    def stage(self, stage: Stage) -> None:
        """Sort every answer of a stage into the sets."""
        if stage.per == "group" and not self.groups:
            self.groups, self.sure = self._groups()
        if not self.slices.asked(stage.name):
            return
        for of in {"source": self.slices.sources, "study": [""], "group": self.groups}[stage.per]:
            self._job(self.slices.job(stage.name, of))
        if stage.per == "group" and not self.sure:
            job, known = self.slices.job(stage.name, ANY), {"groups": self.asked["split_feeders", "", ""]}
            for case in job.cases:
                key = Question(stage.name, job.case_spec(case), job.code, known).key
                self.plan.may_change.append(Line(stage.name, ANY, case, "groups are known after split_feeders", key))

    def _groups(self) -> tuple[list[str], bool]:
        """The groups to solve, and whether this is sure; otherwise they are those of the last run."""
        answer = self.known["split_feeders", ""][""]
        if answer is not None:
            index = self.store.shelf(answer.key) / file_of(self.stages["split_feeders"], "index")
            return groups_of(digests.read_json(index)), True
        last = digests.read_json(self.slices.job("split_feeders").path(layout.FEEDERS))
        return (groups_of(last) if last else []), False

    def _job(self, job: Job) -> None:
        of = job.source or job.group
        self.plan.jobs[job.stage.name, of] = job
        answers = self.known[job.stage.name, of] = {}
        last: dict[str, Question] | None = None
        for case in job.cases:
            inputs = {name: self._digest(job, name, case) for name in job.stage.inputs}
            spec = job.case_spec(case)
            question = Question(job.stage.name, spec, fingerprint.chosen(job.code, spec), inputs)
            unknown = sorted(set(_unknown(inputs)))
            key = replace(question, inputs=_named(inputs)).key
            answer = None if unknown else self.store.answer(key)
            answers[case], self.asked[job.stage.name, of, case] = answer, key
            if answer is not None:
                self.plan.keys.setdefault((job.stage.name, of), {})[case] = key
                self.plan.reuse.append(Line(job.stage.name, of, case, "in the store", key))
                continue
            sure = self.sure or job.stage.per != "group"
            if unknown and (not sure or any(_fits(inputs, a.question.inputs) for a in self.store.asked(question))):
                self.plan.may_change.append(Line(job.stage.name, of, case, f"waits for {_some(unknown)}", key))
            else:
                last = _last(self.store, job) if last is None else last
                reason = why(question, last.get(case), unknown)
                self.plan.compute.append(Line(job.stage.name, of, case, reason, key))

    def _digest(self, job: Job, name: str, case: str) -> Any:
        """Digest of an input as a job would find it, with `_Unknown` where it is not computed yet."""
        if name == "raw":
            return {n: self.seen.digest(job.path(p)) for n, p in sorted(job.raw.items())}
        if name in job.spec.get("unasked", ()):
            return {}
        template = job.stage.inputs[name]
        source = origin(self.stages, template)
        if source is None:
            return digests.ABSENT
        own = name in job.stage.cased_inputs
        if source.stage.per == "source" and job.stage.per != "source":
            return {s: self._output(source, s, case, own, job) for s in sorted(self.slices.sources)}
        if "{group}" in template and job.stage.per != "group":
            if not self.sure:
                return _Unknown("split_feeders", self.asked["split_feeders", "", ""])
            return {g: self._output(source, g, case, own, job) for g in self.groups}
        of = {"source": job.source, "group": job.group, "study": ""}[source.stage.per]
        return self._output(source, of, case, own, job)

    def _output(self, source: Origin, of: str, case: str, own: bool, job: Job) -> Any:
        at = "" if source.stage.per == "study" else of
        answers = self.known[source.stage.name, at]
        name = " ".join(x for x in (source.stage.name, at) if x)
        if source.stage.cased:
            file = file_of(source.stage, source.output)
            asked = {c: self.asked[source.stage.name, at, c] for c in answers}
            parts = {
                c: _Unknown(f"{name} {c}", asked[c]) if a is None else a.outputs[file].digest
                for c, a in answers.items()
            }
            return parts[case] if own else parts
        answer = answers[""]
        if answer is None:
            return _Unknown(name, self.asked[source.stage.name, at, ""])
        output = answer.outputs[file_of(source.stage, source.output)]
        if not source.member:
            return output.digest
        return (output.files or {}).get(source.member.format(group=of or job.group), digests.ABSENT)


def _unknown(inputs: Any) -> Iterator[str]:
    if isinstance(inputs, _Unknown):
        yield inputs.of
    elif isinstance(inputs, dict):
        for value in inputs.values():
            yield from _unknown(value)


def _named(inputs: Any) -> Any:
    """Inputs as JSON types: what is not computed yet stands as the key of its line."""
    if isinstance(inputs, _Unknown):
        return f"to be computed: {inputs.key}"
    return {name: _named(value) for name, value in inputs.items()} if isinstance(inputs, dict) else inputs


def _fits(known: Any, recorded: Any) -> bool:
    """Whether recorded inputs agree with the known ones wherever these are known."""
    if isinstance(known, _Unknown):
        return True
    if isinstance(known, dict):
        return isinstance(recorded, dict) and known.keys() == recorded.keys() and all(
            _fits(value, recorded[name]) for name, value in known.items()
        )  # fmt: skip
    return bool(known == recorded)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _last(store: Store, job: Job) -> dict[str, Question]:
    """The questions that were asked for a job when it was published last, by case, as far as they are still known."""
    record = digests.read_json(record_path(job.study, job.stage.name, job.source or job.group)) or {}
    found = {}
    for said in record.get("answers", []):
        answer = store.answer(said["key"])
        if answer is not None:
            found[said["case"]] = answer.question
    return found


def _timed(study: str) -> dict[str, float]:
    times: dict[str, list[float]] = {}
    for record in published(study):
        times.setdefault(record["stage"], []).extend(a["seconds"] for a in record["answers"])
    return {stage: statistics.median(values) for stage, values in times.items() if values}
