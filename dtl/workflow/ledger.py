"""The ledger: which cube each run of a study came to at which revision, kept in the store with the answers.

A revision is found by its keys as long as the packages are those of today; the ledger finds it afterwards, by the Git
trees of the study and the code as they lay there when the study was run, whether they were committed or not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.workflow import digests, disk
from dtl.workflow.questions import record_path
from dtl.workflow.store import Store


def note(store: Store, study: str, facts: dict[str, Any]) -> None:
    """Write down what a run came to."""
    record = digests.read_json(record_path(study, "gather", ""))
    if isinstance(record, dict):
        said = {name: facts[name] for name in ("run", "ended", "git", "spec")}
        said["trees"] = _lying(study)
        said["cube"] = record["answers"][0]["key"]
        with disk.spared():
            digests.write_atomically(_folder(store, study) / f"{facts['run']}.json", digests.pretty(said))


def cube_at(store: Store, study: str, commit: str) -> str | None:
    """The key of the cube of the last run of what a revision holds, if it is still in the store."""
    wanted = {path: _output("rev-parse", "--verify", "--quiet", f"{commit}:./{path}") for path in _paths(study)}
    for path in sorted(_folder(store, study).glob("*.json"), reverse=True):
        said = digests.read_json(path) or {}
        if said.get("trees") == wanted and any(wanted.values()) and store.answer(said["cube"]) is not None:
            return str(said["cube"])
    return None


def _paths(study: str) -> tuple[str, str]:
    return str(Path(layout.STUDY.format(study=study)).parent), "dtl"


def _lying(study: str) -> dict[str, str]:
    """The trees of the study and the code as they lie in the working tree; empty texts outside Git."""
    index = Path(_output("rev-parse", "--git-path", "index"))
    if not index.is_file():
        return dict.fromkeys(_paths(study), "")
    with tempfile.TemporaryDirectory() as scratch:
        own = {"GIT_INDEX_FILE": str(shutil.copy2(index, scratch))}
        present = [path for path in _paths(study) if Path(path).is_dir()]
        _output("add", "--all", "--", *present, **own)
        tree = _output("write-tree", **own)
        prefix = _output("rev-parse", "--show-prefix")
    return {path: _output("rev-parse", "--verify", "--quiet", f"{tree}:{prefix}{path}") for path in _paths(study)}


def _output(*words: str, **environment: str) -> str:
    """The output of a Git command; empty where it fails."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, env={**os.environ, **environment})
    except FileNotFoundError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def _folder(store: Store, study: str) -> Path:
    return store.root / "runs" / study
