"""A real study of two tiny feeders, run by the real command line through the whole of Snakemake."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "tests" / "cases" / "workflow" / "tiny"
PROGRAM = [sys.executable, "-m", "dtl.cli"]
VOLATILE = ("runs", "progress.json")


class Tiny:
    """A folder with the study and, once it was run, its results and store."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.results = folder / "results" / "tiny"
        self.study = folder / "studies" / "tiny" / "study.yaml"
        if not self.study.exists():
            shutil.copytree(CASE, self.study.parent)

    def environment(self) -> dict[str, str]:
        known = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")}
        return known | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}

    def dtl(self, *words: str, code: int = 0) -> str:
        """Run a verb; its output, after its exit code was as expected."""
        done = subprocess.run(
            [*PROGRAM, *words], cwd=self.folder, env=self.environment(), capture_output=True, text=True
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a verb as the leader of a process group."""
        return subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def answers(self) -> dict[str, int]:
        """How many answers the last run computed, by stage."""
        last = json.loads((self.results / "runs" / "last.json").read_text())
        return {stage: how["computed"] for stage, how in last["answers"]["stages"].items() if how.get("computed")}

    def say(self, old: str, new: str) -> None:
        text = self.study.read_text()
        assert old in text, old
        self.study.write_text(text.replace(old, new))

    def bytes(self) -> dict[str, bytes]:
        """The results but for what is volatile."""
        found = {}
        for path in sorted(self.results.rglob("*")):
            name = path.relative_to(self.results)
            if path.is_file() and name.parts[0] not in VOLATILE and name.parts != ("www", "run.js"):
                found[name.as_posix()] = path.read_bytes()
        return found
