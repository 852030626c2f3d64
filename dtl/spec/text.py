"""A YAML file as plain data with the place of everything; only the YAML that a study needs.

Scalars stay text. Anchors, aliases, merge keys, tags, tabs, several documents and doubled keys are mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from dtl.errors import Mistake
from dtl.spec.base import Scalar

DEEPEST = 40
"""Levels of nesting that a file may have."""

FORBIDDEN = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no line may have: tabs, controls, and line ends that editors and YAML count differently."""


@dataclass(frozen=True)
class File:
    """A file of a study: the name that messages show, its lines, and its folder relative to that of the study."""

    name: str
    lines: tuple[str, ...]
    base: str = ""


@dataclass
class Node:
    """A value and its place; ``keys`` holds the places of the keys of a map, ``inner`` its values or items."""

    file: File
    line: int
    column: int
    width: int
    data: Any = None
    inner: dict[str | int, Node] = field(default_factory=dict)
    keys: dict[str, Node] = field(default_factory=dict)

    def mistake(self, slug: str, message: str, path: str = "") -> Mistake:
        """A mistake at this place; ``slug`` without its ``spec.``."""
        lines = self.file.lines
        source = printable(lines[self.line - 1]) if 0 < self.line <= len(lines) else ""
        width = max(1, min(self.width, len(source) - self.column + 1))
        told = printable(message)
        return Mistake(f"spec.{slug}", self.file.name, self.line, self.column, printable(path), told, source, width)


def printable(text: str) -> str:
    """A text that leaves a terminal as it is: tabs become arrows, other controls a question mark in a lozenge."""
    return "".join(c if c.isprintable() else "→" if c == "\t" else "\ufffd" for c in text)


class BrokenError(Exception):
    """A file that cannot be read further; holds its mistakes."""

    def __init__(self, mistakes: list[Mistake]):
        self.mistakes = mistakes
        super().__init__(mistakes)


def read(content: bytes, name: str, base: str = "") -> tuple[Node, list[Mistake]]:
    """The root of a file and the mistakes in its form.

    Raises
    ------
    BrokenError
        The text is no YAML, or not UTF-8, or empty.
    """
    file = File(name, (), base)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before) - before.rfind(b"\n")
        message = f"byte 0x{content[error.start]:02X} is not UTF-8; save the file as UTF-8"
        raise BrokenError([Node(file, line, column, 1).mistake("encoding", message)]) from error
    file = File(name, tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")), base)
    forbidden = [
        Node(file, i, found.start() + 1, 1).mistake(*_told(found.group()))
        for i, line in enumerate(file.lines, 1)
        if (found := FORBIDDEN.search(line)) is not None
    ]
    if forbidden:
        raise BrokenError(forbidden)
    try:
        events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        raise BrokenError([_syntax(file, error)]) from error
    except (ValueError, OverflowError) as error:
        raise BrokenError([Node(file, 1, 1, 1).mistake("syntax", f"this is not YAML: {error}")]) from error
    return _Builder(file).root(iter(events))


def _told(character: str) -> tuple[str, str]:
    if character == "\t":
        return "tab", "a tab; YAML needs spaces, write two for each level"
    return "syntax", f"character #x{ord(character):04x} is not allowed in a study"


def _syntax(file: File, error: yaml.MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    if mark is not None and error.context_mark is not None and not "".join(file.lines[mark.line :]).strip():
        mark = error.context_mark
    at = Node(file, mark.line + 1, mark.column + 1, 1) if mark else Node(file, 1, 1, 1)
    message = error.problem or "this is not YAML"
    if error.context and error.context_mark is not None and mark is not None and error.context_mark.line != mark.line:
        message = f"{error.context} (line {error.context_mark.line + 1}): {message}"
    hints = {
        "mapping values are not allowed here": "; a text with ': ' needs quotes",
        "found undefined tag handle": "; tags are no part of the language",
        "expected ',' or '}'": "; is a comma or a brace missing?",
        "expected ',' or ']'": "; is a comma or a bracket missing?",
        "could not find expected ':'": "; is a ':' missing?",
        "cannot start any token": "; a text that starts with this character needs quotes",
        "expected <block end>": "; is the indentation right?",
    }
    hint = next((h for words, h in hints.items() if words in message), "")
    return at.mistake("syntax", f"this is not YAML: {message}{hint}")


class _Builder:
    """Turns the events of YAML into nodes, and notes what the language does not have."""

    def __init__(self, file: File):
        self.file = file
        self.mistakes: list[Mistake] = []

    def root(self, events: Iterator[yaml.Event]) -> tuple[Node, list[Mistake]]:
        node: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if node is not None:
                    self.note(event, "documents", "a second document starts here; a file holds one")
                    break
                node = self.node(next(events), events, 0, "")
        if node is None or node.data is None:
            at = Node(self.file, 1, 1, 1)
            raise BrokenError([*self.mistakes, at.mistake("empty", "the file is empty")])
        return node, self.mistakes

    def note(self, event: yaml.Event, slug: str, message: str) -> None:
        self.mistakes.append(self.place(event).mistake(slug, message))

    def place(self, event: yaml.Event) -> Node:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            return Node(self.file, 1, 1, 1)
        if end.line == start.line:
            width = end.column - start.column
        else:
            width = len(self.file.lines[start.line].rstrip()) - start.column if start.line < len(self.file.lines) else 1
        return Node(self.file, start.line + 1, start.column + 1, max(width, 1))

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int, path: str) -> Node:
        if isinstance(event, yaml.AliasEvent):
            self.note(
                event, "yaml-feature", f"'*{event.anchor}' repeats an anchor; write the words again, or include a file"
            )
        elif isinstance(event, yaml.NodeEvent) and event.anchor:
            self.note(event, "yaml-feature", f"'&{event.anchor}' is an anchor; the language has none")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag not in (None, "!"):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.note(event, "yaml-feature", f"'{tag}' is a tag; the type of a word is known without it")
        if depth > DEEPEST:
            raise BrokenError(
                [*self.mistakes, self.place(event).mistake("syntax", f"more than {DEEPEST} levels of nesting")]
            )
        if isinstance(event, yaml.MappingStartEvent):
            return self.map(event, events, depth, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.list(event, events, depth, path)
        node = self.place(event)
        if isinstance(event, yaml.ScalarEvent) and (event.value or not event.implicit[0]):
            node.data = Scalar(event.value)
            node.data.base = self.file.base
        return node

    def map(self, start: yaml.Event, events: Iterator[yaml.Event], depth: int, path: str) -> Node:
        node = self.place(start)
        node.data = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, events, depth + 1, path)
            here = f"{path}.{key.data}" if path else str(key.data)
            what = next(events)
            value = self.node(what, events, depth + 1, here)
            if not isinstance(key.data, str):
                self.mistakes.append(
                    key.mistake("bad-key", "a key must be a text; a path with braces needs quotes", path)
                )
            elif key.data == "<<":
                self.mistakes.append(key.mistake("yaml-feature", "'<<' merges maps; the language has no merging", path))
            elif key.data in node.data:
                first = node.keys[key.data].line
                self.mistakes.append(
                    key.mistake("duplicate-key", f"'{key.data}' stands here already, in line {first}", here)
                )
            else:
                name = str(key.data)
                if value.data is None and not isinstance(what, yaml.AliasEvent):
                    message = f"nothing stands after '{name}:'; write a value, or {{}} for all defaults"
                    self.mistakes.append(key.mistake("empty-value", message, here))
                node.data[name] = value.data
                node.inner[name] = value
                node.keys[name] = key
        return node

    def list(self, start: yaml.Event, events: Iterator[yaml.Event], depth: int, path: str) -> Node:
        node = self.place(start)
        node.data = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            here = f"{path}[{len(node.data)}]"
            item = self.node(event, events, depth + 1, here)
            if item.data is None and not isinstance(event, yaml.AliasEvent):
                self.mistakes.append(item.mistake("empty-value", "nothing stands here", here))
            node.inner[len(node.data)] = item
            node.data.append(item.data)
        return node
