"""A real Git repository with the study of two tiny feeders; its answers are asked job by job, without Snakemake."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tinystudy import CASE

from dtl.spec.study import load
from dtl.workflow import job
from dtl.workflow.questions import solvable
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

PAGES = ("write_site", "build_site")
OVERLOADED = "per_year: 0.35"
"""With it the lines of both feeders are above their limit in 2030."""


class Repo:
    """The repository; the current folder of the process must be its folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.study = folder / "studies/tiny/study.yaml"
        shutil.copytree(CASE, self.study.parent)
        (folder / ".gitignore").write_text("results/\n.dtl-store/\n.snakemake/\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("The study")

    def git(self, *words: str) -> str:
        who = {f"GIT_{of}_{what}": "nobody" for of in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env={**os.environ, **who}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def say(self, old: str, new: str, name: str = "studies/tiny/study.yaml") -> None:
        path = self.folder / name
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new))

    def ask(self, study: str = "tiny", until: str = "gather") -> int:
        """Ask every job up to a stage; how many answers were computed."""
        slices, computed = Slices(load(self.folder / "studies" / study)), 0
        for stage in STAGES.values():
            index = Path(f"results/{study}/feeders.json")
            of = {"source": slices.sources, "study": [""], "group": solvable(index) if index.exists() else []}
            for each in of[stage.per] if slices.asked(stage.name) else []:
                record = job.run(slices.job(stage.name, each), Store())
                computed += sum(a["how"] == "computed" for a in record["answers"])
            if stage.name == until:
                break
        return computed
