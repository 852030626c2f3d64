"""The file of actions of a study: the state is its text, one action per line; a change is checked before it stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.errors import SpecError, StoreError
from dtl.spec.base import near
from dtl.spec.canonical import plain
from dtl.spec.edits import Actions, Flexibility
from dtl.spec.programs import Program, ProgramError, done, of_layers
from dtl.spec.study import Study, load
from dtl.workflow import digests

LAYER = "actions"
"""The layer that the file holds."""
BEGIN = """\
# The actions of the study, one per line, in the order in which they were asked for. `dtl act` and `dtl call` add lines;
# people may edit them. A line without `at` holds for the whole study.
actions:
  kind: actions
  do: []
"""
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]*")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:00)?")


class ActionsFile:
    """The file ``overrides/actions.yaml`` of one study, and the study as it is with it.

    Raises
    ------
    StoreError
        The study does not read the file; the text says how it would.
    SpecError
        The study has mistakes.
    """

    def __init__(self, study: str) -> None:
        self.path = Path(layout.ACTIONS.format(study=study))
        folder = Path(layout.STUDY.format(study=study)).parent
        if not (folder / "study.yaml").is_file():
            there = [p.parent.name for p in folder.parent.glob("*/study.yaml")]
            raise StoreError(f"there is no study '{study}'{near(study, there)}")
        if not self.path.is_file():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            digests.write_atomically(self.path, BEGIN)
        self.study = load(folder)
        if self.path.resolve() not in {p.resolve() for p in self.study.files}:
            raise StoreError(
                f"{folder}/study.yaml does not read {self.path}; write there "
                "`layers: [overrides/actions.yaml, {...}]`, with the study's own layers in the braces, "
                f"and stack '{LAYER}' in a scenario"
            )
        if not isinstance(self.study.layers.get(LAYER), Actions):
            raise StoreError(f"{self.path} has no layer '{LAYER}' of kind actions; begin it with\n{BEGIN}")

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The actions as plain words, in the order of the file."""
        layer = self.study.layers[LAYER]
        assert isinstance(layer, Actions)
        return [plain(step) for step in layer.do]

    @property
    def programs(self) -> dict[str, Program]:
        """The programs of the study, as all actions of the file leave them."""
        layers = {n: plain(x) for n, x in self.study.layers.items() if isinstance(x, Flexibility)}
        try:
            programs = of_layers(layers)
            for step in self.steps:
                verb = _verb(step)
                programs = done(programs, verb, step[verb], LAYER)
        except ProgramError as err:
            raise StoreError(f"{self.path}: {err}") from err
        return programs

    @property
    def stacked(self) -> list[str]:
        """The scenarios that stack the actions."""
        return [name for name, scenario in self.study.scenarios.items() if LAYER in scenario.stack]

    def add(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """Append an action; returns it as the study reads it.

        Raises
        ------
        StoreError, SpecError
            The action is wrong; the file is as it was.
        """
        self._judge(step)
        before = self.path.read_text(encoding="utf-8")
        line = f"    - {_flow(step)}\n"
        text = before.rstrip("\n") + "\n"
        after = text[: -len("do: []\n")] + "do:\n" + line if text.endswith("do: []\n") else text + line
        digests.write_atomically(self.path, after)
        count = len(self.steps)
        try:
            self.study = load(Path(layout.STUDY.format(study=self.study.name)).parent)
            if len(self.steps) != count + 1:
                raise StoreError(f"{self.path}: the list 'do' must stand last in the file, one action per line")
        except (SpecError, StoreError):
            digests.write_atomically(self.path, before)
            raise
        return self.steps[-1]

    def _judge(self, step: Mapping[str, Any]) -> None:
        """What no check of the study can see: devices that are not there, and buses that the read network lacks."""
        verb = _verb(step)
        words = step[verb]
        try:
            done(self.programs, verb, words, LAYER)
        except ProgramError as err:
            raise StoreError(str(err)) from err
        if not isinstance(words, Mapping) or not (known := network(self.study)):
            return
        bus = str(words.get("bus", ""))
        own = bus.rpartition(":")[2].lower()
        if bus and own not in known:
            raise StoreError(f"there is no bus '{bus}'{near(own, known)}")
        if words.get("load") and str(words["load"]).lower() not in known[own]:
            named = str(words["load"])
            raise StoreError(f"bus '{bus}' has no load '{named}'{near(named, known[own]) or '; it has none'}")


def network(study: Study) -> dict[str, set[str]]:
    """The loads of every bus, by name in lower case, as the last run read the network; empty before any run."""
    index = digests.read_json(Path(layout.FEEDERS.format(study=study.name))) or {"groups": {}}
    found: dict[str, set[str]] = {}
    for group in index["groups"]:
        feeder = digests.read_json(Path(layout.FEEDER.format(study=study.name, group=group))) or {}
        for bus in feeder.get("buses", ()):
            found.setdefault(bus["name"].rpartition("__")[2], set())
            found.setdefault(bus["name"], set())
        for part in feeder.get("loads", ()):
            for name in {part["bus"], part["bus"].rpartition("__")[2]}:
                found.setdefault(name, set()).add(part["name"])
    return found


def _verb(step: Mapping[str, Any]) -> str:
    return next(word for word in step if word not in ("at", "until"))


def _flow(value: Any) -> str:
    """A value as one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in _first_at(value.items()) if v is not None) + "}"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    text = str(value)
    if found := _MOMENT.fullmatch(text):
        return f"{found[1]} {found[2]}"
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _first_at(items: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Times first, since they are read first."""
    return sorted(items, key=lambda item: ("at", "until").index(item[0]) if item[0] in ("at", "until") else 2)
