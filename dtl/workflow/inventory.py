"""What the model of a study has, by name, before anything is solved: for who checks the names that a study states.

The answer of ``read_source`` is asked of the store, so that it is never out of date. What the store does not know yet
is read where the files are small, and shelved, so that the run that follows does not read them again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.spec.feeders import words
from dtl.spec.study import Study
from dtl.workflow import fingerprint, job
from dtl.workflow.questions import Job
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Answer, Store

LARGEST_BYTES = 20_000_000
"""Sources up to this size are read by who only checks [bytes]; larger ones take longer than anybody waits."""
LONG_BYTES = 1_000_000
"""A model of more is left to the pipeline by who runs [bytes]: read in passing it would keep all others waiting."""

_CLASS = re.compile(r'"customer_class":"([^"]*)"')
"""The class in the text of a load, which need not be read whole."""


@dataclass(frozen=True)
class Unread:
    """A source that the store does not know and that is too large to be read now; ``size`` in bytes."""

    source: str
    size: int


def folder_of(study: Study, source: str, store: Store) -> Path | Unread:
    """The tables of a source as the stage ``read_source`` makes them of its present files."""
    asked, found = _asked(study, source, store)
    if found is None:
        size = _size(asked)
        if size > LARGEST_BYTES:
            return Unread(source, size)
        try:
            found = job.answer_anew(asked, "", store, store)
        except OSError:
            return Unread(source, size)  # who only checks may stand where nothing can be written
    return store.shelf(found.key) / "source"


def takes_long(study: Study, store: Store) -> bool:
    """Whether the model of a study is still to be read, and so large that a run reads it beside its other sources."""
    asked, found = _asked(study, study.network.model, store)
    return found is None and _size(asked) > LONG_BYTES


def _asked(study: Study, source: str, store: Store) -> tuple[Job, Answer | None]:
    """The job that reads a source, and its answer if the store knows it."""
    code = fingerprint.Code(store.root / "modules.json")
    asked = Slices(study, STAGES, code).job("read_source", source)
    code.save()
    return asked, store.answer(job.question(asked, "", store).key)


def _size(asked: Job) -> int:
    return sum(path.stat().st_size for path in map(Path, asked.raw.values()))


def is_run_here(study: Study) -> bool:
    """Whether `dtl run` would know the study by its name: it stands in the folder of the studies."""
    there = Path(layout.STUDY.format(study=study.name)).parent
    return there.is_dir() and there.resolve() == study.folder.resolve()


@dataclass
class Inventory:
    """The parts of the feeders of a study by name, all in lower case.

    Attributes
    ----------
    network
        The file of the contract ``network`` that the source was read into.
    groups
        The group of each feeder that the study solves.
    others
        Feeders of the source that the study does not choose.
    broken
        Feeders of which the source could not be read whole: what they lack may be there.
    """

    network: Path
    groups: Mapping[str, str]
    others: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    _named: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def columns(self, kind: str, *names: str) -> Iterator[tuple[Any, ...]]:
        """Feeder and further columns of the parts of a kind, of the feeders of the study."""
        from dtl import tables

        table = tables.read("network", self.network, ["feeder", *names], kind=kind)
        parts = zip(*(table[c].to_pylist() for c in ("feeder", *names)), strict=True)
        return (row for row in parts if row[0] in self.groups)

    def names(self, kind: str) -> Mapping[str, tuple[str, ...]]:
        """The feeders that have each name by which parts of a kind are found."""
        if kind not in self._named:
            found = self._named.setdefault(kind, {})
            alone = {feeder: (feeder,) for feeder in self.groups}
            for feeder, name in self._called(kind):
                there = found.setdefault(name.lower(), alone[feeder])
                if feeder not in there:
                    found[name.lower()] = (*there, feeder)
        return self._named[kind]

    def _called(self, kind: str) -> Iterator[tuple[str, str]]:
        """Feeder and name: a transformer has that of its bank too, regulators those of their units and their buses."""
        yield from self.columns(kind, "name")
        if kind == "transformer":
            for feeder, text in self.columns(kind, "body"):
                if bank := json.loads(text).get("bank"):
                    yield feeder, str(bank)
        elif kind == "regulator":
            moved = {(f, str(json.loads(text).get("transformer", ""))) for f, text in self.columns(kind, "body")}
            for feeder, name, text in self.columns("transformer", "name", "body"):
                if (feeder, name) in moved:
                    body = json.loads(text)
                    yield feeder, name
                    yield feeder, str(body.get("bank") or name)
                    yield from ((feeder, str(w["bus"])) for w in body.get("windings", ()))

    def loads_at(self, feeders: Iterable[str], bus: str) -> set[str]:
        """The names of the loads of a bus."""
        mine, at = set(feeders), bus.lower()
        loads = ((name, json.loads(text)) for f, name, text in self.columns("load", "name", "body") if f in mine)
        return {str(name).lower() for name, body in loads if str(body.get("bus", "")).lower() == at}

    def classes(self) -> Iterator[tuple[str, str, str]]:
        """Feeder, name and class of each load in service, the class empty where the model states none."""
        for feeder, name, text in self.columns("load", "name", "body"):
            if '"enabled":false' not in text:
                found = _CLASS.search(text)
                yield feeder, str(name).lower(), found[1] if found else ""


def inventory(study: Study, store: Store) -> Inventory | Unread:
    """The parts of the feeders that a study chooses, of its model as it reads now."""
    folder = folder_of(study, study.network.model, store)
    if isinstance(folder, Unread):
        return folder
    from dtl import tables

    path = folder / "network.parquet"
    known = tables.read("network", path, ["feeder"], kind="feeder")["feeder"].to_pylist()
    mine = [f for f in known if _is_chosen(f, study)]
    wrong = tables.read("findings", folder / "findings.parquet", ["feeder"], severity="error")["feeder"].to_pylist()
    broken = frozenset(mine if "" in wrong else (f for f in wrong if f in mine))
    strange = broken or (frozenset({""}) if not mine else frozenset())
    return Inventory(path, _groups(study, mine), frozenset(known) - frozenset(mine), strange)


def _is_chosen(feeder: str, study: Study) -> bool:
    """Whether a study may be about a feeder; by its voltage or substation only the run can tell."""

    def like(globs: Iterable[str]) -> bool:
        return any(fnmatchcase(feeder.lower(), glob.lower()) for glob in globs)

    said = words(study.feeders, study.folder)
    if isinstance(said, list):
        return like(said)
    listed = said.get("listed")
    named = listed is None or feeder.lower() in {f.lower() for f in listed}
    return named and like(said.get("ids") or ["*"]) and not like(said.get("except") or ())


def _groups(study: Study, feeders: list[str]) -> dict[str, str]:
    joined = {feeder: "+".join(sorted(pair)) for pair in study.network.together for feeder in pair}
    return {feeder: joined.get(feeder, feeder) for feeder in feeders}
