"""A job: one stage of one study, for one source or group where it has those; its files, its records, its cases."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from dtl import layout
from dtl.errors import StoreError
from dtl.workflow import digests
from dtl.workflow.stage import Stage

STUDY_FOLDER = str(PurePosixPath(layout.STUDY).parent)
"""Where a study's own files are; names of raw files are relative to it."""


@dataclass(frozen=True)
class Job:
    """One command: a stage with all that decides its answers but the content of its inputs.

    ``spec`` is the slice; that of a cased stage holds ``cases``, a map of each case to what only this case has.
    ``code`` are the digests of :mod:`dtl.workflow.fingerprint`; ``raw`` maps names of raw files to paths.
    """

    stage: Stage
    study: str
    spec: Mapping[str, Any]
    code: Mapping[str, str]
    source: str = ""
    group: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in lists and logs: the stage, and the source or group."""
        return " ".join(x for x in (self.stage.name, self.source or self.group) if x)

    @property
    def cases(self) -> list[str]:
        """The cases to answer, sorted; one without a name if the stage knows no cases."""
        return sorted(self.spec["cases"]) if self.stage.cased else [""]

    @property
    def known_cases(self) -> list[str]:
        """The cases that files of this job's groups hold, also for a stage that takes all cases at once."""
        known = self.spec.get("cases", [])
        return sorted(known if isinstance(known, dict) else (c["case"] for c in known))

    def case_spec(self, case: str) -> dict[str, Any]:
        """The slice of one case: what all cases share, with what only this case has."""
        if not self.stage.cased:
            return dict(self.spec)
        shared = {k: v for k, v in self.spec.items() if k != "cases"}
        return {**shared, "case": case, **self.spec["cases"][case]}

    def path(self, template: str, **names: str) -> Path:
        """The path that a template of `dtl.layout` means for this job."""
        return Path(template.format(**{"study": self.study, "source": self.source, "group": self.group} | names))

    def outputs(self) -> dict[str, Path]:
        """Path of each output."""
        return {name: self.path(template) for name, template in self.stage.outputs.items()}

    def record(self) -> Path:
        """Where it is written down what was last published, and whether it was computed."""
        return record_path(self.study, self.stage.name, self.source or self.group)

    def inputs(self) -> dict[str, Path | dict[str, Path]]:
        """Path of each input; a map by name for raw files, and where a stage of the study takes all of a kind.

        What the study does not ask for is an empty map.
        """
        return {name: self._input(name, template) for name, template in self.stage.inputs.items()}

    def _input(self, name: str, template: str) -> Path | dict[str, Path]:
        if name == "raw":
            return {n: Path(p) for n, p in sorted(self.raw.items())}
        if "{source}" in template and self.stage.per != "source":
            return {s: self.path(template, source=s) for s in sorted(self.spec["sources"])}
        if name in self.spec.get("unasked", ()):
            return {}
        if "{group}" in template and self.stage.per != "group":
            return {g: self.path(template, group=g) for g in solvable(self.path(layout.FEEDERS))}
        return self.path(template)


def record_path(study: str, stage: str, of: str) -> Path:
    """Where the record of a job is."""
    return Path(layout.RUNS.format(study=study)) / "answers" / stage / f"{of or 'study'}.json"


def file_of(stage: Stage, output: str) -> str:
    """Name of an output's file or folder on a shelf."""
    return output + PurePosixPath(stage.outputs[output]).suffix


def raw_names(study: str, paths: list[Path]) -> dict[str, str]:
    """Raw files by their names relative to the folder of the study."""
    folder = STUDY_FOLDER.format(study=study)
    return {Path(os.path.relpath(p, folder)).as_posix(): Path(os.path.relpath(p)).as_posix() for p in paths}


def solvable(index: Path) -> list[str]:
    """The groups of a `feeders.json` whose network can be solved, sorted."""
    said = digests.read_json(index)
    if not isinstance(said, dict):
        raise StoreError(f"{index}: is no list of feeders; run split_feeders first")
    return groups_of(said)


def groups_of(index: Mapping[str, Any]) -> list[str]:
    """The groups of the content of a `feeders.json` whose network can be solved, sorted."""
    return sorted(g for g, about in index["groups"].items() if about["status"] == "ok")


@dataclass(frozen=True)
class Origin:
    """Which output an input is: the stage, the output's name, and of a folder the file in it (a template)."""

    stage: Stage
    output: str
    member: str = ""

    @property
    def contract(self) -> str:
        """The table contract of the input; empty for JSON."""
        return self.stage.tables.get(self.output, "")


def origin(stages: Mapping[str, Stage], template: str) -> Origin | None:
    """The output that a template is the path of; None for raw files."""
    for stage in stages.values():
        for name, path in stage.outputs.items():
            if path == template:
                return Origin(stage, name)
            if template.startswith(path + "/"):
                return Origin(stage, name, template.removeprefix(path + "/"))
    return None


def published(study: str) -> Iterator[dict[str, Any]]:
    """Every record of what jobs of a study published."""
    for path in sorted(Path(layout.RUNS.format(study=study)).glob("answers/*/*.json")):
        said = digests.read_json(path)
        if isinstance(said, dict):
            yield said
