"""The lock of a study: digest and size of every raw file, so that a changed file is seen and not believed."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from dtl.errors import Mistake
from dtl.spec.study import Study
from dtl.spec.text import BrokenError, read

NAME = "sources.lock.yaml"

HEADER = "# The raw files of the study, as `dtl check --lock` found them. Not to be edited by hand.\n"


def entries(study: Study) -> dict[str, dict[str, tuple[int, str]]]:
    """Size [bytes] and SHA-256 of each raw file, by source and by its path relative to the study."""
    return {
        name: {_relative(study, f): _digest(f) for f in s.files(study.folder) if f.is_file()}
        for name, s in study.sources.items()
    }


def _relative(study: Study, file: Path) -> str:
    return Path(os.path.relpath(file, study.folder)).as_posix()


def _digest(file: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return file.stat().st_size, digest.hexdigest()


def write(study: Study) -> Path:
    """Writes the lock beside the study and returns its path."""
    lines = [HEADER]
    for source, files in sorted(entries(study).items()):
        lines.append(f"{source}:{'' if files else ' {}'}\n")
        for name, (size, digest) in sorted(files.items()):
            lines.append(f"  {_quoted(name)}: {{bytes: {size}, sha256: {digest}}}\n")
    path = study.folder / NAME
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    return path


def _quoted(name: str) -> str:
    plain = name.replace("/", "").replace("_", "").replace(".", "").replace("-", "").isalnum()
    return name if plain else json.dumps(name, ensure_ascii=False)


def check(study: Study, shown: str) -> list[Mistake]:
    """Where the lock and the files differ; a study without a lock has no mistakes here.

    Parameters
    ----------
    study
        The study.
    shown
        The folder of the study, as messages name it.
    """
    path = study.folder / NAME
    if not path.is_file():
        return []
    file = f"{shown}/{NAME}"
    try:
        root, mistakes = read(path.read_bytes(), file)
    except BrokenError as broken:
        return broken.mistakes
    remedy = "`dtl check --lock` writes the lock anew"
    for source, files in entries(study).items():
        known = root.inner.get(source)
        for name, (size, digest) in files.items():
            node = known.inner.get(name) if known is not None else None
            at = node.inner.get("sha256") if node is not None else None
            if at is None or node is None:
                place = root.keys.get(source, root)
                mistakes.append(place.mistake("lock", f"'{name}' is not in the lock; {remedy}", source))
            elif at.data != digest:
                locked = node.inner["bytes"].data if "bytes" in node.inner else "?"
                sizes = f"locked {at.data:.16} ({locked} bytes), found {digest:.16} ({size} bytes)"
                message = f"'{name}' has changed: {sizes}; {remedy}"
                mistakes.append(at.mistake("lock", message, f"{source}.{name}"))
        for name, key in known.keys.items() if known is not None else ():
            if name in files:
                continue
            mistakes.append(key.mistake("lock", f"'{name}' is locked and not there any more; {remedy}", source))
    gone = [n for n in root.keys if n not in study.sources]
    return mistakes + [
        root.keys[n].mistake("lock", f"the study has no source '{n}' any more; {remedy}", n) for n in gone
    ]
