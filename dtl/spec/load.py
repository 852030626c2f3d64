"""From the files of a study to a ``Study``, or to all of its mistakes at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dtl.errors import Mistake, SpecError
from dtl.spec.base import Reading
from dtl.spec.cross import cross_check
from dtl.spec.decisions import load_decisions
from dtl.spec.explain import explain
from dtl.spec.includes import Includes
from dtl.spec.study import Study
from dtl.spec.text import BrokenError, File, Node, read

BY_NAME = ("sources", "profiles", "layers", "scenarios", "sweeps", "analyses")
"""Sections whose entries stand for themselves: a mistake in one leaves the others."""


def load_study(path: Path) -> Study:
    """The study of a folder or of its ``study.yaml``; raises ``SpecError`` with all mistakes."""
    file = path / "study.yaml" if path.is_dir() or path.suffix not in (".yaml", ".yml") else path
    shown = _shown(file)
    if not file.is_file():
        at = Node(File(shown, ()), 1, 1, 1)
        raise SpecError([at.mistake("missing-study", "there is no such file; `dtl new NAME` makes a study")])
    try:
        root, mistakes = read(file.read_bytes(), shown)
    except BrokenError as broken:
        raise SpecError(broken.mistakes) from broken
    if not isinstance(root.data, dict):
        raise SpecError([*mistakes, root.mistake("wrong-shape", "a study must be a map, which begins with 'dtl: 1'")])
    includes = Includes(file.parent, shown)
    includes.resolve(root)
    reading = Reading(file.parent, root.data, frozenset(includes.incomplete))
    study, found = _validate(root, reading)
    mistakes += includes.mistakes + found
    draft = study or _draft(root)
    draft._folder = file.parent
    draft._mistaken = frozenset(reading.entries("analyses")) if study is None else frozenset()
    mistakes += cross_check(draft, root)
    decisions, found = load_decisions(file.parent, Path(shown).parent.as_posix())
    mistakes += found
    if mistakes or study is None:
        raise SpecError(in_order(mistakes, shown))
    study._files = (file, *dict.fromkeys(includes.files))
    study._decisions = decisions
    return study


def tree(file: Path) -> Node:
    """The values of a good study with their places in its files."""
    shown = _shown(file)
    root, _ = read(file.read_bytes(), shown)
    Includes(file.parent, shown).resolve(root)
    return root


def _shown(file: Path) -> str:
    """The file as messages name it: relative to the working folder if it is below, else as it was given."""
    if file.is_absolute() and file.is_relative_to(Path.cwd()):
        return file.relative_to(Path.cwd()).as_posix()
    return Path(os.path.normpath(file)).as_posix()


def _validate(root: Node, reading: Reading) -> tuple[Study | None, list[Mistake]]:
    try:
        return Study.model_validate(root.data, context=reading), []
    except ValidationError as error:
        found = [explain(e, root, reading) for e in error.errors(include_url=False)]
        return None, [m for m in found if m is not None]


_SPARE: dict[str, Any] = {
    "dtl": 1,
    "title": "-",
    "timezone": "UTC",
    "feeders": ["*"],
    "sources": {"spare": {"kind": "opendss", "path": "spare.dss"}},
    "network": {"model": "spare"},
}
"""What stands in for required sections that have mistakes, while the checks between sections run."""


def _draft(root: Node) -> Study:
    """What is right of a study with mistakes, so that the checks between sections can run on it.

    Entries with mistakes are left out, then sections; what names them is not checked again.
    """
    data: dict[str, Any] = {k: dict(v) if isinstance(v, dict) else v for k, v in root.data.items()}
    while True:
        try:
            return Study.model_validate(data)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                _drop(data, problem["loc"])


def _drop(data: dict[str, Any], loc: tuple[Any, ...]) -> None:
    section = str(loc[0])
    entries = data.get(section)
    if section in BY_NAME and len(loc) > 1 and isinstance(entries, dict) and loc[1] in entries:
        del entries[loc[1]]
    elif section in _SPARE:
        data[section] = _SPARE[section]
    else:
        data.pop(section, None)


def in_order(mistakes: list[Mistake], first: str) -> list[Mistake]:
    """The mistakes in the order of the file, the study's own first; each once."""
    once = dict.fromkeys(mistakes)
    return sorted(once, key=lambda m: (m.file != first, m.file, m.line, m.column, m.slug, m.message))
