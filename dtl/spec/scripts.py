"""Files that OpenDSS scripts name above their own folder, as ``redirect ../IEEELineCodes.DSS``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_NAMED = re.compile(
    r"^[ \t]*(?:redirect|compile|buscoords|latlongcoords)\b([^\r\n!]*)|\b\w*file[ \t]*=([^\r\n!]*)", re.I | re.M
)
_ABOVE = re.compile(r"(?<=[\"'\[({])[^\"'\])}\r\n=]*\.\.[\\/][^\"'\])}\r\n]*|\.\.[\\/][^\s\"'\])},|]*")

MOST_BYTES = 64 * 1024**2
"""A larger file is no script."""


def above(scripts: Iterable[Path], root: Path) -> set[Path]:
    """The files that scripts name by a path with ``..``, and those that these name so, all of them below `root`.

    The names may have either slash and any case. A file that is not there is not found; the reader says so.
    """
    found, todo = set[Path](), list(scripts)
    while todo:
        script = todo.pop()
        if script.stat().st_size > MOST_BYTES or b".." not in (data := script.read_bytes()):
            continue
        for match in _NAMED.finditer(data.decode("cp1252", errors="replace")):
            for name in _ABOVE.findall(match[1] or match[2] or ""):
                place = _there(root, Path(os.path.normpath(script.parent / name.strip().replace("\\", "/"))))
                if place is not None and place not in found:
                    found.add(place)
                    todo.append(place)
    return found


def _there(root: Path, place: Path) -> Path | None:
    """The file below `root` of this path, whatever the case of its parts."""
    if not place.is_relative_to(root):
        return None
    found = root
    for part in place.relative_to(root).parts:
        exact = found / part
        beside = sorted(found.iterdir()) if not exact.exists() and found.is_dir() else []
        found = next((p for p in beside if p.name.lower() == part.lower()), exact)
    return found if found.is_file() else None
