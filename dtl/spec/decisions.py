"""What engineers decided about insights: one file ``decisions/<id>.yaml`` of a study for each insight."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from dtl.errors import Mistake
from dtl.spec.base import Base, Reading
from dtl.spec.explain import explain
from dtl.spec.scalars import Day, Text
from dtl.spec.text import BrokenError, File, Node, read

FOLDER = "decisions"
_ID = re.compile(r"[a-z][a-z_]*-[0-9a-f]{10}")


class Decision(Base):
    """What an engineer decided about one insight of a learning module."""

    decision: Literal["accept", "reject", "defer"]
    """accept: act on it; reject: it is wrong or does not matter; defer: not now."""
    who: Text
    """Who decided."""
    why: Text
    """The reason."""
    on: Day | None = None
    """The day of the decision."""


def load_decisions(folder: Path, shown: str) -> tuple[dict[str, Decision], list[Mistake]]:
    """The decisions of a study's folder by the id of their insight, and all mistakes in them.

    ``shown`` is the name that messages give the folder.
    """
    decisions, mistakes = dict[str, Decision](), list[Mistake]()
    for path in sorted((folder / FOLDER).glob("*.y*ml")) if (folder / FOLDER).is_dir() else ():
        name = f"{shown}/{FOLDER}/{path.name}" if shown not in ("", ".") else f"{FOLDER}/{path.name}"
        found = _load(path, name, folder)
        if isinstance(found, Decision):
            decisions[path.stem] = found
        else:
            mistakes += found
    return decisions, mistakes


def _load(path: Path, shown: str, folder: Path) -> Decision | list[Mistake]:
    if path.suffix != ".yaml" or not _ID.fullmatch(path.stem):
        told = "a decision is the file 'decisions/<id>.yaml', with the id of an insight as its page shows it"
        return [Node(File(shown, ()), 1, 1, 1).mistake("bad-name", told)]
    try:
        root, mistakes = read(path.read_bytes(), shown)
    except BrokenError as broken:
        return list(broken.mistakes)
    if not isinstance(root.data, dict):
        return [*mistakes, root.mistake("wrong-shape", "a decision must be a map with 'decision', 'who' and 'why'")]
    reading = Reading(folder, root.data)
    try:
        decision = Decision.model_validate(root.data, context=reading)
    except ValidationError as error:
        found: list[Any] = [explain(e, root, reading) for e in error.errors(include_url=False)]
        return mistakes + [m for m in found if m is not None]
    return mistakes or decision
