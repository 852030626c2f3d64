"""One job: ask the store for each answer, compute what it does not know, and publish the outputs by rename.

The command line of a job is complete: the same line gives the same bytes wherever the same inputs lie. Nothing heavy is
imported before the store said that it does not know the answer, or the answers of several cases must be joined.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.errors import ContractError, DtlError, SolveError, StoreError
from dtl.processes import identity, keep_memory, peak_mb
from dtl.spec.twins import twins
from dtl.workflow import digests, disk, fingerprint
from dtl.workflow.questions import Job, Origin, file_of, origin, raw_names
from dtl.workflow.stage import Stage
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Answer, Output, Question, Store, describe


@dataclass(frozen=True)
class Joined:
    """Digests of a file that joins the answers of several cases: of the whole, and of the part of each case."""

    whole: str
    parts: Mapping[str, str]

    def is_part(self, case: str) -> bool:
        """Whether the file is the part of this case, byte for byte, as a table of one case is: it need not be cut."""
        return self.parts.get(case) == self.whole


@cache
def parser() -> argparse.ArgumentParser:
    """What reads the arguments of a job; made once, by the worker before it forks."""
    parser = argparse.ArgumentParser(prog="dtl job", description="Answer one question of a study.")
    parser.add_argument("stage", choices=list(STAGES))
    parser.add_argument("--study", required=True)
    of = parser.add_mutually_exclusive_group()
    of.add_argument("--source", default="")
    of.add_argument("--group", default="")
    parser.add_argument("--spec", required=True, help="the slice as JSON, or @ and a file that holds it")
    parser.add_argument("--code", required=True, help="the digest of the code; a job refuses to run other code")
    parser.add_argument("--raw", nargs="*", default=[], help="the raw files that the stage may read")
    return parser


def command(arguments: Sequence[str]) -> int:
    """The hidden verb `dtl job`: run the job that the arguments describe; 0 when its outputs are published, else 1."""
    given = parser().parse_args(arguments)
    text = Path(given.spec[1:]).read_text(encoding="utf-8") if given.spec.startswith("@") else given.spec
    raw = raw_names(given.study, [Path(p) for p in given.raw])
    code = fingerprint.unpack(given.code)
    job = Job(STAGES[given.stage], given.study, json.loads(text), code, given.source, given.group, raw)
    try:
        with disk.explained(job.name):
            run(job, Store())
    except DtlError as err:
        print(err, file=sys.stderr)
        return 1
    return 0


def run(job: Job, store: Store, stages: Mapping[str, Stage] = STAGES) -> dict[str, Any]:
    """Answer, publish and record a job; the record.

    Raises
    ------
    ContractError
        An output breaks its contract.
    StoreError
        An input is missing, or the code is not the one that the job names.
    """
    inputs = _digests(job, store, stages)
    answers: list[dict[str, Any]] = []
    staged: dict[str, tuple[Path, Answer]] = {}
    with _staging(job) as staging:
        for case in job.cases:
            folder = staging / f"case-{case}" if case else staging
            folder.mkdir(exist_ok=True)
            question = _question(job, case, inputs)
            begun = time.perf_counter()
            answer = store.fetch(question.key, folder)
            how = "computed" if answer is None else "fetched"
            if answer is None:
                like = staged.get(_twin(job, case))
                _compute(job, case, inputs, store, stages, like and like[0])
                answer = store.fetch(question.key, folder)
            if answer is None:
                raise StoreError(
                    f"{job.name} {case}: its answer {question.key} went away while it was shelved; run again"
                )
            said = {"case": case, "key": answer.key, "how": how, "seconds": answer.seconds}
            print(
                f"{job.name} {case}".rstrip(),
                how,
                f"in {time.perf_counter() - begun:.2f} s",
                answer.key[:12],
                flush=True,
            )
            answers.append(said)
            staged[case] = (folder, answer)
        joined = _join(job, staged, store, staging)
        record = _described(job, joined)
        record |= {"answers": answers, "inputs": _paths(job, inputs), "run": os.environ.get("DTL_RUN", "")}
        record["peak_mb"] = peak_mb()
        digests.write_atomically(job.record(), digests.pretty(record))
        _publish(job, joined)
    return record


def _digests(job: Job, store: Store, stages: Mapping[str, Stage]) -> dict[str, Any]:
    """Digest of each input: a text or, of a file that joins cases, a `Joined`; a map of these where there are many."""
    seen, found = store.seen(), {}
    for name, paths in job.inputs().items():
        if name == "raw" and isinstance(paths, dict):
            found[name] = {n: seen.digest(p) for n, p in paths.items()}
            continue
        source = origin(stages, job.stage.inputs[name])

        def digest(path: Path, of: str, source: Origin | None = source) -> Any:
            if not path.exists():
                raise StoreError(f"{job.name}: its input {path} is not there")
            if source is None or not source.stage.cased:
                return digests.of_path(path)
            return _joined(path, source, store, _asked(job, source.stage, of))

        if isinstance(paths, dict):
            found[name] = {n: digest(p, n) for n, p in paths.items()}
        else:
            found[name] = digest(paths, job.group)
    seen.save()
    return found


def _asked(job: Job, stage: Stage, group: str) -> list[str]:
    """The cases that the file of a group holds, of a stage that answers by case."""
    like = twins(job.spec.get("reach", {}), group.split("+")) if stage.folded else {}
    return [case for case in job.known_cases if case not in like]


def _known_by(stage: Stage, whole: str, names: Iterable[str]) -> str:
    """By what the parts of a file are remembered: its digest, and its cases where groups are asked different ones.

    An empty table has the same bytes of whatever cases.
    """
    return digests.of_value([whole, sorted(names)]) if stage.folded else whole


def _joined(path: Path, source: Origin, store: Store, names: Sequence[str]) -> Joined:
    whole = digests.of_file(path)
    known = _known_by(source.stage, whole, names)
    parts = store.parts(known)
    if parts is None:
        from dtl.workflow import cases

        parts = cases.parts(source.contract, path, names)
        store.remember_parts(known, parts)
    return Joined(whole, parts)


def answer_anew(job: Job, case: str, store: Store, target: Store, stages: Mapping[str, Stage] = STAGES) -> Answer:
    """Compute one answer of a job into another store, whatever is known of it; nothing is published."""
    return _compute(job, case, _digests(job, store, stages), target, stages)


def question(job: Job, case: str, store: Store, stages: Mapping[str, Stage] = STAGES) -> Question:
    """What one answer of a job is asked by, as its inputs lie there now."""
    return _question(job, case, _digests(job, store, stages))


def _question(job: Job, case: str, inputs: Mapping[str, Any]) -> Question:
    spec = job.case_spec(case)
    return Question(job.stage.name, spec, fingerprint.chosen(job.code, spec), _of_case(job, inputs, case))


def _of_case(job: Job, inputs: Mapping[str, Any], case: str) -> dict[str, Any]:
    """What of the inputs counts for a case: its own part where the stage is handed only that, else all parts."""

    def one(name: str, digest: Any) -> Any:
        if isinstance(digest, dict):
            return {n: one(name, d) for n, d in digest.items()}
        if not isinstance(digest, Joined):
            return digest
        own = name in job.stage.cased_inputs
        return digest.parts.get(case, digests.ABSENT) if own else dict(digest.parts)

    return {name: one(name, digest) for name, digest in inputs.items()}


def _paths(job: Job, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Digest of each input by its path, for who follows an answer back to its raw files."""
    found: dict[str, str] = {}
    for name, paths in job.inputs().items():
        for n, path in paths.items() if isinstance(paths, dict) else [("", paths)]:
            digest = inputs[name][n] if isinstance(paths, dict) else inputs[name]
            found[path.as_posix()] = digest.whole if isinstance(digest, Joined) else digest
    return found


def _twin(job: Job, case: str) -> str:
    """The case that is answered as this one is; alone it has none but itself."""
    if len(job.cases) < 2:
        return case
    from dtl.workflow import twins

    return twins.twin(job, case)


def _compute(
    job: Job, case: str, known: Mapping[str, Any], store: Store, stages: Mapping[str, Stage], like: Path | None = None
) -> Answer:
    """Ask the stage's function, or take over the answer of a case like it; check what was written, and shelve it."""
    from dtl.workflow import cases

    _same_code(job, store)
    with store.scratch(job.stage.name) as scratch:
        out = scratch / "out"
        out.mkdir()
        outputs = {name: out / file_of(job.stage, name) for name in job.stage.outputs}
        inputs = job.inputs()
        for name in job.stage.cased_inputs:
            source, path = origin(stages, job.stage.inputs[name]), inputs[name]
            if source and isinstance(path, Path) and not known[name].is_part(case):
                inputs[name] = scratch / path.name
                cases.cut(source.contract, path, case, scratch / path.name)
        if job.group:
            keep_memory()
        begun = time.perf_counter()
        if like is None:
            _ask(job, case, inputs, outputs)
        else:
            from dtl.workflow import twins

            twins.take_over(job, case, like, outputs)
        seconds = time.perf_counter() - begun
        for name, path in outputs.items():
            if not path.exists():
                raise ContractError(f"stage {job.stage.name} did not write its output {name}")
            cases.check(job.stage.tables.get(name, ""), path, case)
        foreign = {p.name for p in out.iterdir()} - {p.name for p in outputs.values()}
        if foreign:
            raise ContractError(f"stage {job.stage.name} wrote {sorted(foreign)}, which is no output of it")
        _same_code(job, store)
        return store.put(_question(job, case, known), out, seconds)


def _ask(job: Job, case: str, inputs: Mapping[str, Any], outputs: Mapping[str, Path]) -> None:
    """Call the stage's function; failing physics becomes the answer, where the stage has a manifest to say so."""
    module, function = job.stage.function.split(":")
    try:
        getattr(import_module(module), function)(job.case_spec(case), inputs, outputs)
    except SolveError as err:
        if not job.stage.cased or "manifest" not in outputs:
            raise
        from dtl.workflow import cases

        print(f"{job.name} {case}: failed: {err}", file=sys.stderr, flush=True)
        for path in outputs.values():
            path.unlink(missing_ok=True)
        for name, contract in job.stage.tables.items():
            cases.empty(contract, outputs[name])
        outputs["manifest"].write_text(digests.pretty({"status": "failed", "reason": str(err)}), encoding="utf-8")


def _same_code(job: Job, store: Store) -> None:
    now = fingerprint.Code(store.root / "modules.json").digests(job.stage, job.spec)
    if now != dict(job.code):
        raise StoreError(
            f"{job.name}: the code is {fingerprint.pack(now)} now, and the command says {fingerprint.pack(job.code)}; "
            "it was edited since the command was made: run again"
        )


def _join(
    job: Job, staged: Mapping[str, tuple[Path, Answer]], store: Store, staging: Path
) -> dict[str, tuple[Path, Output]]:
    """Where each output lies whole, and what it is; cases are joined, and it is remembered of which parts.

    A table of one case is its part as it is.
    """
    whole = {}
    for name in job.stage.outputs:
        file, contract = file_of(job.stage, name), job.stage.tables.get(name, "")
        parts = {case: answer.outputs[file].digest for case, (_, answer) in staged.items()}
        if not job.stage.cased or (contract and len(staged) == 1):
            ((folder, answer),) = staged.values()
            whole[name] = (folder / file, answer.outputs[file])
        else:
            from dtl.workflow import cases

            cases.join(contract, {case: folder / file for case, (folder, _) in staged.items()}, staging / file)
            whole[name] = (staging / file, describe(staging / file))
        if job.stage.cased:
            store.remember_parts(_known_by(job.stage, whole[name][1].digest, staged), parts)
    return whole


@contextmanager
def _staging(job: Job) -> Iterator[Path]:
    """A folder on the file system of the results, where outputs wait for their rename."""
    base = Path(layout.RUNS.format(study=job.study)) / "staging"
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{identity(os.getpid())}-{job.stage.name}-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _described(job: Job, staged: Mapping[str, tuple[Path, Output]]) -> dict[str, Any]:
    """What will be published, as the record keeps it.

    It is written before the outputs are renamed: of a job that was killed between, the record does not fit what lies
    there, and the job is asked again. Outputs without a record would look done to Snakemake, which looks for marks of
    unfinished jobs only before it knows the groups. In folders, files that are as they were last time keep the time of
    last time, so that Snakemake sees no change.
    """
    before = digests.read_json(job.record()) or {}
    outputs = {}
    for name, target in job.outputs().items():
        path, about = staged[name]
        old = before.get("outputs", {}).get(target.as_posix(), {})
        for file, digest in (about.files or {}).items():
            if old.get("files", {}).get(file) == digest:
                os.utime(path / file, ns=(old["times"][file], old["times"][file]))
        outputs[target.as_posix()] = {"digest": about.digest, **digests.stamps(path)}
        if about.files is not None:
            outputs[target.as_posix()]["files"] = dict(about.files)
    return {
        "stage": job.stage.name,
        "of": job.source or job.group,
        "study": job.study,
        "spec": digests.of_value(job.spec),
        "code": dict(job.code),
        "outputs": outputs,
    }


def _publish(job: Job, staged: Mapping[str, tuple[Path, Output]]) -> None:
    """Rename the outputs to where they belong."""
    for name, target in job.outputs().items():
        path, _ = staged[name]
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            target.rename(path.with_name(f"old-{path.name}"))
        path.replace(target)
