"""Where the paths of a study may lead: its own folder, the folder of all studies, and the data roots it declares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dtl.spec.base import Reading

_WILD = re.compile(r"[*?{\[]")


def declared(reading: Reading) -> list[str]:
    """The data roots as they stand in the plain data of a study."""
    stated = reading.data.get("data_roots")
    return [r for r in stated if isinstance(r, str)] if isinstance(stated, list) else []


def roots(folder: Path, stated: Iterable[str]) -> list[Path]:
    """The folders in which paths of the study in `folder` may lie, as they are written."""
    here = _plain(folder)
    return [here, here.parent, *(_plain(here / r) for r in stated)]


def inside(path: Path, among: Sequence[Path]) -> bool:
    """Whether a path lies in one of some folders."""
    return any(path.is_relative_to(root) for root in among)


def leaves(path: str, folder: Path, stated: Iterable[str]) -> bool:
    """Whether a path, relative to the folder of the study, leads out of its roots by itself or by a link in it."""
    parts = path.split("/")
    wild = next((i for i, part in enumerate(parts) if _WILD.search(part)), len(parts))
    target = Path(folder, *parts[:wild])
    allowed = roots(folder, stated)
    return not (inside(_plain(target), allowed) and inside(target.resolve(), [r.resolve() for r in allowed]))


def strangers(files: Iterable[Path], allowed: Sequence[Path]) -> Iterator[Path]:
    """The files that lie in the roots as they are written and really elsewhere, by a link."""
    real = [r.resolve() for r in allowed]
    folders: dict[Path, bool] = {}
    for file in files:
        if file.parent not in folders:
            folders[file.parent] = inside(file.parent.resolve(), real)
        linked = not folders[file.parent] or (file.is_symlink() and not inside(file.resolve(), real))
        if linked and inside(_plain(file), allowed):
            yield file


def _plain(path: Path) -> Path:
    """The absolute path without ``..``, links as they stand."""
    return Path(os.path.normpath(path.absolute()))
