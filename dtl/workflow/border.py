"""What the rules ask: the border between Snakemake and DTL, light enough to be parsed by every remote job.

"Snakemake notices, the store decides": the parameters of a rule carry the slice, the digest of the code and the state
of the raw files, so that Snakemake notices whatever may matter; to notice too much is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from dtl import layout
from dtl.errors import SpecError
from dtl.spec.study import load
from dtl.workflow import digests, fingerprint, priority
from dtl.workflow.questions import STUDY_FOLDER, Job, origin, solvable
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store


class Wildcards(Protocol):
    """The wildcards of a job, as Snakemake gives them."""

    study: str
    source: str
    group: str


Asked = Callable[[Any], Any]
"""A function of the wildcards, as Snakemake takes it for inputs and parameters."""


class Border:
    """The studies of one call of Snakemake; ``chosen`` are names with commas between, or nothing for all.

    ``judge`` says that nobody has yet compared the names that a study states with its network, which was not read.
    """

    def __init__(self, chosen: str | None = None, *, judge: bool = False):
        folder = Path(STUDY_FOLDER.format(study=""))
        known = sorted(p.parent.name for p in folder.glob("*/study.yaml"))
        self.studies = [name.strip() for name in chosen.split(",")] if chosen else known
        self._slices: dict[str, Slices] = {}
        self._unjudged = set(self.studies) if judge else set[str]()
        self._priorities: dict[str, dict[str, int]] = {}
        self._jobs: dict[tuple[str, str, str], Job] = {}

    @cached_property
    def _code(self) -> fingerprint.Code:
        return fingerprint.Code(Store().root / "modules.json")

    def slices(self, study: str) -> Slices:
        """The slices of a study.

        Raises
        ------
        SpecError
            The study has mistakes.
        """
        if study not in self._slices:
            self._slices[study] = Slices(load(STUDY_FOLDER.format(study=study)), STAGES, self._code)
        return self._slices[study]

    def check(self) -> str:
        """The mistakes of the chosen studies, as text; empty if there are none."""
        found = []
        for study in self.studies:
            try:
                self.slices(study)
            except SpecError as err:
                found.append(str(err))
        return "\n".join(found)

    def job(self, stage: str, wildcards: Wildcards) -> Job:
        """The job of a stage that wildcards mean; it is made once, though several parameters of a rule ask for it."""
        per = STAGES[stage].per
        of = "" if per == "study" else wildcards.source if per == "source" else wildcards.group
        name = (wildcards.study, stage, of)
        if name not in self._jobs:
            self._jobs[name] = self.slices(wildcards.study).job(stage, of)
            self._code.save()
        return self._jobs[name]

    def spec(self, stage: str) -> Asked:
        """The slice of a stage as an argument."""
        return lambda wildcards: argument(
            self.job(stage, wildcards).spec,
            Path(layout.RUNS.format(study=wildcards.study)) / "specs",
        )

    def code(self, stage: str) -> Asked:
        """The digest of the code of a stage as an argument."""
        return lambda wildcards: fingerprint.pack(self.job(stage, wildcards).code)

    def raw(self, stage: str) -> Asked:
        """The raw files of a stage."""
        return lambda wildcards: list(self.job(stage, wildcards).raw.values())

    def seen(self, stage: str) -> Asked:
        """The state of the raw files of a stage, as one digest: any change, older or newer, is another state."""
        return lambda wildcards: digests.of_value(
            {name: digests.state_of(Path(path)) for name, path in self.job(stage, wildcards).raw.items()}
        )

    def priority(self, wildcards: Wildcards) -> int:
        """The priority of the jobs of a group: the worst of the last run first."""
        if wildcards.study not in self._priorities:
            cube = Path(layout.CUBE.format(study=wildcards.study))
            self._priorities[wildcards.study] = priority.priorities(cube)
        return priority.of_group(wildcards.group, self._priorities[wildcards.study])

    def first(self, wildcards: Wildcards) -> int:
        """The priority of the job that reads a source: the model first, as it may take as long as all others."""
        return int(wildcards.source == self.slices(wildcards.study).study.network.model)

    def sources(self, template: str) -> Asked:
        """The files of all sources of a study, by the template of one."""
        return lambda wildcards: [
            template.format(study=wildcards.study, source=s) for s in self.slices(wildcards.study).sources
        ]

    def asked(self, template: str) -> Asked:
        """A file of a study, by its template; none if the study does not ask the stage that makes it."""
        return lambda wildcards: [template.format(study=wildcards.study)] * self._made(wildcards.study, template)

    def groups(self, study: str, index: str, template: str) -> list[str]:
        """The files of all groups that can be solved, by the template of one; ``index`` is their list.

        Of a stage that the study does not ask there are none.

        Raises
        ------
        SpecError
            The study names what its network does not have; who runs it left that to be judged here.
        """
        if study in self._unjudged:
            from dtl.workflow import named

            named.refuse(self.slices(study).study)
            self._unjudged.remove(study)
        if not self._made(study, template):
            return []
        template = template.replace("{study}", study)
        return [template.replace("{group}", g) for g in solvable(Path(index))]

    def _made(self, study: str, template: str) -> bool:
        made = origin(STAGES, template)
        return made is None or self.slices(study).asked(made.stage.name)


def argument(spec: Mapping[str, Any], folder: Path, limit: int = 100_000) -> str:
    """A slice as one argument of a command line: its JSON, or ``@`` and a file where that would be too long [bytes]."""
    text = digests.canonical(spec)
    if len(text.encode()) <= limit:
        return text
    path = folder / f"{digests.of_text(text)}.json"
    if not path.exists():
        digests.write_atomically(path, text)
    return f"@{path.as_posix()}"
