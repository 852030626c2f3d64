"""What sources share: the files that they may read, found from the paths that the study states."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from dtl.spec.base import Base


class SourceFiles(Base):
    """A source that is files."""

    paths: ClassVar[tuple[str, ...]] = ("path",)

    def files(self, folder: Path) -> list[Path]:
        """Every file that the source may read, sorted; ``folder`` is that of the study.

        A folder stands for all files below it; hidden files are left out.
        """
        found: set[Path] = set()
        for name in self.paths:
            path = getattr(self, name)
            if isinstance(path, str):
                found |= expand(folder, path)
        return sorted(found)


def expand(folder: Path, path: str) -> set[Path]:
    """The files that a path of a study stands for; a path without wildcards stands for itself, there or not."""
    parts = path.replace("{feeder}", "*").split("/")
    while parts and parts[0] == "..":
        folder, parts = folder.parent if folder.name not in ("", "..") else folder / "..", parts[1:]
    pattern = "/".join(parts)
    hits = list(folder.glob(pattern)) if any(c in pattern for c in "*?") else [folder / pattern]
    found: set[Path] = set()
    for hit in hits:
        found |= {p for p in hit.rglob("*") if p.is_file()} if hit.is_dir() else {hit}
    hidden = {p for p in found if any(part.startswith(".") for part in p.relative_to(folder).parts)}
    return found - hidden
