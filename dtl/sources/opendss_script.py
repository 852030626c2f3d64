"""OpenDSS scripts as text: which commands are run, which are refused, and where each came from.

A script is a program: it may write files, start others and solve. Only commands that build a circuit are run, one by
one, so that every complaint of the engine has a file and a line. Files are found whatever the case of their names and
the direction of their slashes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dtl.errors import Finding


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


BUILD = _words(
    "new edit more set open close clear redirect compile buscoords calcvoltagebases batchedit enable"
    " disable select setkvbase latlongcoords makebuslist var clearall reconductor allocateloads m ~"
    " object setbusxy guids uuids"
)
"""Commands that build a circuit; ``allocateloads`` needs a solution and brings the solves before it along."""

UNKNOWN = "is no command that builds a circuit"
"""Why a verb that nobody knows is not run."""

QUIET = {
    "solve": "taps and switches are those that the files state, before any solve",
    "show": "writes a report",
    "export": "writes a report",
    "plot": "draws",
    "save": "writes files",
    "shell": "starts a program",
    "doscmd": "starts a program",
    "get": "asks",
    "?": "asks",
    "sample": "measures",
    "reset": "resets meters",
    "summary": "writes a report",
    "visualize": "draws",
    "distribute": "writes files",
    "cd": "changes the folder",
    "help": "shows a window",
    "quit": "ends the program",
    "exit": "ends the program",
    "panel": "shows a window",
    "addbusmarker": "draws",
    "clearbusmarkers": "draws",
    "voltages": "asks",
    "currents": "asks",
    "powers": "asks",
    "losses": "asks",
    "totals": "asks",
    "fileedit": "shows a window",
    "cvrtloadshapes": "writes files",
    "closedi": "closes reports",
    "estimate": "changes loads by a state estimate",
    "guids": "names objects",
    "uuids": "names objects",
}
"""Commands that are not run, and why."""
LOST = {QUIET[verb] for verb in ("estimate", "shell", "doscmd", "cd")} | {UNKNOWN}
"""The reasons of those that a circuit may depend on."""

_FILE = re.compile(r"(\b\w*file\s*=\s*)(\"[^\"]*\"|'[^']*'|\[[^\]]*\]|[^\s,)\]|]+)", re.IGNORECASE)
_COMMENT = re.compile("!|//")
"""Begins what the engine does not read."""
_ASSIGNMENT = re.compile(r"[%\w-]+\s*=")
"""A line without a command edits the object before it, as after ``~``."""
_FOLLOW = ("redirect", "compile")


@dataclass(frozen=True)
class Command:
    """One line of a script that is run."""

    file: str
    line: int
    text: str


@dataclass
class Script:
    """A master file with all that it redirects to, flattened."""

    commands: list[Command] = field(default_factory=list)
    refused: list[tuple[Command, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """The files that it names, which are there."""
    findings: list[Finding] = field(default_factory=list)


def flatten(master: str, files: Mapping[str, Path]) -> Script:
    """The commands of `master` in the order of their execution; `files` maps study-relative names to paths."""
    script = Script()
    _Walk(script, {_key(n): n for n in files}, files).walk(master, ())
    solves = {v for v in ("solve",) if any(_verb(c.text) == "allocateloads" for c in script.commands)}
    if not solves:
        script.commands = [c for c in script.commands if _verb(c.text) != "solve"]
    return script


def text_of(path: Path) -> str:
    """The text of a script, in UTF-8 or else in the Windows code page 1252."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _key(name: str) -> str:
    parts: list[str] = []
    for part in PurePosixPath(name.replace("\\", "/")).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part.lower())
    return "/".join(parts)


def _verb(text: str) -> str:
    """The command of a line in full and lower case; ``=`` for an assignment; empty for a comment or a blank."""
    line = text.strip()
    if not line or line.startswith(("!", "//")):
        return ""
    if line.startswith("~"):
        return "~"
    if line.startswith("?"):
        return "?"
    word = re.split(r"[\s=,(\[\"']", line, maxsplit=1)[0].lower()
    if _ASSIGNMENT.match(line) or ("." in word and "=" in line):
        return "="
    if word in BUILD or word in QUIET:
        return word
    for name in (*BUILD, *QUIET):
        if len(word) >= 3 and name.startswith(word):
            return name
    return word


def _argument(text: str) -> str:
    rest = text.strip().split(None, 1)
    word = rest[1].strip() if len(rest) > 1 else ""
    word = re.sub(r"^(file|name)\s*=\s*", "", word, flags=re.IGNORECASE)
    for opening, closing in ('""', "''", "()", "[]", "{}"):
        if word.startswith(opening) and closing in word[1:]:
            return word[1 : word.index(closing, 1)].strip()
    return re.split(r"\s|!|//(?!\S*/)", word, maxsplit=1)[0].strip()


class _Walk:
    """Reads one file after the other, as redirects lead."""

    def __init__(self, script: Script, known: Mapping[str, str], files: Mapping[str, Path]):
        self.script, self.known, self.files = script, known, files

    def find(self, name: str, beside: str) -> str | None:
        folder = PurePosixPath(beside).parent
        for candidate in (str(folder / name.replace("\\", "/")), name):
            if (found := self.known.get(_key(candidate))) is not None:
                self.script.used.add(found)
                return found
        return None

    def missing(self, command: Command, name: str) -> None:
        self.script.findings.append(
            Finding(
                check="source.file-missing",
                severity="error",
                message=f"the script names the file {name}, which is not among the files of the source",
                file=command.file,
                line=command.line,
                field="file",
                value=name,
                remedy="Add the file, or set copy_root to the folder that holds all files of the model.",
            )
        )

    def walk(self, file: str, above: tuple[str, ...]) -> None:
        inside_comment = False
        for number, text in enumerate(text_of(self.files[file]).splitlines(), 1):
            if inside_comment or text.lstrip().startswith("/*"):
                inside_comment = "*/" not in text
                continue
            verb = _verb(text)
            command = Command(file, number, text.strip())
            if verb in _FOLLOW:
                self.follow(command, (*above, file))
            elif verb in QUIET:
                self.script.refused.append((command, QUIET[verb]))
                if verb == "solve":
                    self.script.commands.append(command)
            elif verb in BUILD or verb == "=":
                self.script.commands.append(self.absolute(command, verb))
            elif verb:
                self.script.refused.append((command, UNKNOWN))
                self.unknown(command, verb)

    def unknown(self, command: Command, verb: str) -> None:
        self.script.findings.append(
            Finding(
                check="opendss.unknown-command",
                severity="warning",
                message=f"the line begins with {verb!r}, which is no known command; it was skipped",
                file=command.file,
                line=command.line,
                value=command.text[:80],
                remedy="Correct the line, or delete it.",
            )
        )

    def follow(self, command: Command, above: tuple[str, ...]) -> None:
        name = _argument(command.text)
        found = self.find(name, command.file)
        if found is None:
            self.missing(command, name)
        elif found in above:
            self.script.findings.append(
                Finding(
                    check="opendss.redirect-circle",
                    severity="error",
                    message="a script redirects to itself, directly or by others",
                    file=command.file,
                    line=command.line,
                    value=name,
                    remedy="Take the redirect out.",
                )
            )
        else:
            self.walk(found, above)

    def absolute(self, command: Command, verb: str) -> Command:
        """The command with the files it names written as absolute paths."""
        if verb in ("buscoords", "latlongcoords"):
            name = _argument(command.text)
            found = self.find(name, command.file)
            if found is None:
                self.missing(command, name)
                return Command(command.file, command.line, "!")
            return Command(command.file, command.line, f'{verb} "{self.files[found].resolve()}"')

        def put(match: re.Match[str]) -> str:
            name = match[2].strip("\"'[] ")
            found = self.find(name, command.file)
            if found is None:
                self.missing(command, name)
                return match[0]
            return f'{match[1]}"{self.files[found].resolve()}"'

        said = len(_COMMENT.split(command.text, maxsplit=1)[0])
        return Command(command.file, command.line, _FILE.sub(put, command.text[:said]) + command.text[said:])
