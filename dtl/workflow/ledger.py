"""The ledger: which cube each run of a study came to at which revision, kept in the store with the answers.

A revision is found by its keys as long as its code and the packages are those of today; the ledger finds it afterwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dtl.workflow import digests
from dtl.workflow.questions import record_path
from dtl.workflow.store import Store

SHORT = 12
"""Hex digits of a revision that a run writes down."""


def note(store: Store, study: str, facts: dict[str, Any]) -> None:
    """Write down what a run came to."""
    record = digests.read_json(record_path(study, "gather", ""))
    if isinstance(record, dict):
        said = {name: facts[name] for name in ("run", "ended", "git", "spec")}
        said["cube"] = record["answers"][0]["key"]
        digests.write_atomically(_folder(store, study) / f"{facts['run']}.json", digests.pretty(said))


def cube_at(store: Store, study: str, commit: str) -> str | None:
    """The key of the cube of the last run at a revision without edits, if it is still in the store."""
    for path in sorted(_folder(store, study).glob("*.json"), reverse=True):
        said = digests.read_json(path) or {}
        if said.get("git") == commit[:SHORT] and store.answer(said["cube"]) is not None:
            return str(said["cube"])
    return None


def _folder(store: Store, study: str) -> Path:
    return store.root / "runs" / study
