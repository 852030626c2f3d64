"""Sections that stand in other files: a path, or a list of paths and maps with disjoint names."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from dtl.errors import Mistake
from dtl.spec.base import near
from dtl.spec.names import nameable
from dtl.spec.text import BrokenError, Node, read

SECTIONS = (
    "years", "sources", "network", "demand", "limits", "areas", "profiles", "layers", "scenarios", "sweeps",
    "powerflow", "analyses", "report", "refresh", "budget", "expect", "waive",
)  # fmt: skip
"""The sections that may stand in a file of their own: all that are maps."""


class Includes:
    """Resolves the included sections of one study; ``files`` are those that were read, ``mistakes`` what was wrong."""

    def __init__(self, folder: Path, shown: str):
        self.folder = folder
        self.shown = shown
        self.files: list[Path] = []
        self.mistakes: list[Mistake] = []
        self.incomplete: set[str] = set()

    def resolve(self, root: Node) -> None:
        """Puts the content of included files in the place of their paths."""
        for section in SECTIONS:
            node = root.inner.get(section)
            if node is not None and isinstance(node.data, str | list):
                before = len(self.mistakes)
                whole = self.section(node, section, ())
                if len(self.mistakes) > before:
                    self.incomplete.add(section)
                    whole.data = whole.data or None
                root.inner[section] = whole
                root.data[section] = whole.data

    def section(self, node: Node, section: str, trail: tuple[str, ...]) -> Node:
        """The map that a section is: itself, a file's, or the union of a list."""
        if isinstance(node.data, str):
            return self.file(node, section, trail)
        if not isinstance(node.data, list):
            return node
        union = Node(node.file, node.line, node.column, node.width, {})
        for part in node.inner.values():
            if not isinstance(part.data, str | dict):
                self.mistakes.append(part.mistake("wrong-shape", "must be a path or a map", section))
                continue
            found = self.section(part, section, trail)
            if not isinstance(found.data, dict):
                self.mistakes.append(found.mistake("wrong-shape", f"section '{section}' must be a map", section))
                continue
            for name, value in found.inner.items():
                key = found.keys[str(name)]
                if name in union.data:
                    first = union.keys[str(name)]
                    message = (
                        f"'{name}' stands already in {first.file.name}:{first.line}; lists join disjoint names only"
                    )
                    self.mistakes.append(key.mistake("duplicate-key", message, f"{section}.{name}"))
                    continue
                union.data[name] = value.data
                union.inner[name] = value
                union.keys[str(name)] = key
        return union

    def file(self, node: Node, section: str, trail: tuple[str, ...]) -> Node:
        """The content of an included file; an empty map if it cannot be had."""
        empty = Node(node.file, node.line, node.column, node.width, {})
        text = str(node.data)
        name = posixpath.normpath(posixpath.join(node.file.base, text))
        problem = ""
        if not nameable(text) or text.startswith(("/", "~")) or "\\" in text or not text.endswith((".yaml", ".yml")):
            problem = f"section '{section}' must be a map, or the relative path of a .yaml file"
            self.mistakes.append(node.mistake("wrong-shape", problem, section))
        elif name in trail:
            chain = " -> ".join([*trail[trail.index(name) :], name])
            self.mistakes.append(node.mistake("include-cycle", f"the files include each other: {chain}", section))
        elif not (self.folder / name).is_file():
            beside = (self.folder / name).parent
            guess = near(posixpath.basename(name), [p.name for p in beside.glob("*.y*ml")]) if beside.is_dir() else ""
            guess = guess if "did you mean" in guess else ""
            message = f"there is no file '{name}' to include (from the folder of the study){guess}"
            self.mistakes.append(node.mistake("missing-include", message, section))
        else:
            return self.content(name, section, (*trail, name), empty)
        return empty

    def content(self, name: str, section: str, trail: tuple[str, ...], empty: Node) -> Node:
        """The section that a file holds."""
        path = self.folder / name
        self.files.append(Path(os.path.normpath(path)))
        shown = posixpath.normpath(posixpath.join(posixpath.dirname(self.shown), name))
        try:
            root, mistakes = read(path.read_bytes(), shown, posixpath.dirname(name))
        except BrokenError as broken:
            self.mistakes += broken.mistakes
            return empty
        self.mistakes += mistakes
        found = self.section(root, section, trail)
        if not isinstance(found.data, dict):
            self.mistakes.append(found.mistake("wrong-shape", f"section '{section}' must be a map", section))
            return empty
        return found
