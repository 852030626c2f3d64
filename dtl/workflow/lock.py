"""Whose the results of a study are: made here, by one run at a time; a dead owner does not hold the lock."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dtl import layout
from dtl.errors import StoreError
from dtl.processes import alive, identity
from dtl.workflow import digests


def own(study: str, *, fresh: bool = False) -> None:
    """Make the results of a study ours; results that were not made here are refused unless all is asked anew.

    Raises
    ------
    StoreError
        There are results of elsewhere: Snakemake would not notice that they are old.
    """
    results = Path(layout.RESULTS.format(study=study))
    here, there = Path(".snakemake/dtl") / study, Path(layout.RUNS.format(study=study)) / "owner"
    foreign = any(p.name != "runs" for p in (results.iterdir() if results.is_dir() else []))
    same = here.is_file() and there.is_file() and here.read_text() == there.read_text()
    if same:
        return
    if foreign and not fresh:
        raise StoreError(f"{results}: was not made here, so nobody knows how old it is; use --fresh: the store answers")
    token = digests.of_text(os.urandom(16).hex())
    for path in (here, there):
        digests.write_atomically(path, token)


class AbandonedError(StoreError):
    """The work was left unfinished, though its owner lives: Snakemake was killed."""


@contextmanager
def held(study: str, run: str) -> Iterator[bool]:
    """Hold the lock of a study; yields whether its last owner died, so that its work must be taken up.

    Who leaves by an exception leaves the lock as a dead owner does, since Snakemake may have left its own.

    Raises
    ------
    StoreError
        A live process holds it, or one on another machine.
    """
    path = Path(layout.RUNS.format(study=study)) / "lock"
    yield _take(path, run)
    path.unlink(missing_ok=True)


def _take(path: Path, run: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_name(f"lock.{identity(os.getpid())}")
    about = {"process": identity(os.getpid()), "host": socket.gethostname(), "run": run}
    mine.write_text(digests.pretty(about), encoding="utf-8")
    died = False
    try:
        while True:
            try:
                os.link(mine, path)
            except FileExistsError:
                _dead_or_refuse(path)
                died = True
            else:
                return died
    finally:
        mine.unlink()


def _dead_or_refuse(path: Path) -> None:
    """Remove the lock of a dead owner; raises if the owner lives."""
    said = digests.read_json(path)
    if said is None and not path.exists():
        return
    owner = said or {}
    if owner.get("host", socket.gethostname()) != socket.gethostname():
        raise StoreError(
            f"{path}: held by run {owner['run']} on {owner['host']}; if that run is dead, remove this file"
        )
    if alive(owner.get("process", "")):
        pid = owner["process"].partition("-")[0]
        raise StoreError(
            f"{path.parent.parent}: run {owner['run']} (process {pid}) is at work here; wait for its end or stop it"
        )
    aside = path.with_name(f"lock.dead.{identity(os.getpid())}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    moved = digests.read_json(aside)
    if moved != said:  # somebody else was faster, and this is the lock of the next owner
        os.link(aside, path)
    aside.unlink()


def running(study: str) -> bool:
    """Whether a process that lives holds the lock of a study; of one on another machine that is taken for granted."""
    held_by = digests.read_json(Path(layout.RUNS.format(study=study)) / "lock")
    if not isinstance(held_by, dict):
        return False
    return held_by["host"] != socket.gethostname() or alive(held_by["process"])
