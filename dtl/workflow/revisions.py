"""A revision of the repository beside the working tree: its files, and the plans of its studies by its own code.

A revision is exported into a scratch folder of the store and planned there: by the DTL that the revision holds, as
`dtl plan STUDY --json`, or by this one where the repository holds studies only. So its answers are found in the store
by what they were asked, also when they were computed before the commit was made, or on another machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dtl import layout
from dtl.errors import DtlError, StoreError
from dtl.spec.base import near
from dtl.spec.twins import Reach
from dtl.workflow import digests, foresee, plan
from dtl.workflow.plan import Plan
from dtl.workflow.store import Store

UNTRACKED = ("studies", "site")
"""Folders whose ignored files belong to every revision: raw files too large for Git, scripts from a package index."""

Name = tuple[str, str, str]
"""An answer of a study: stage, source or group, case."""

PAGES = ("write_site", "build_site")
"""Stages that make no number."""
HOWS = ("compute", "may_change", "reuse")
SUBMODULE = "160000 "
"""How a list of Git begins the line of a submodule."""
CUT = "this clone is shallow, older commits are not in it"


@dataclass(frozen=True)
class Planned:
    """What a study asks at a revision (or in the working tree, whose ``commit`` is empty).

    ``keys`` maps each answer to its key (see :class:`~dtl.workflow.plan.Line`), ``missing`` are the answers that are
    not in the store, and ``mistake`` is why there is no plan.
    """

    study: str
    label: str
    commit: str
    keys: Mapping[Name, str] = field(default_factory=dict)
    missing: tuple[Name, ...] = ()
    mistake: str = ""
    reach: Reach = field(default_factory=dict)


def git(*words: str, **environment: str) -> str:
    """The output of a Git command; raises StoreError with what Git says."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, env={**os.environ, **environment})
    except FileNotFoundError as err:
        raise StoreError("Git is not installed; revisions need it") from err
    if done.returncode:
        raise StoreError(f"git {words[0]}: {os.fsdecode(done.stderr).strip()}")
    return os.fsdecode(done.stdout)


def commit_of(ref: str) -> str:
    """The commit that a name means.

    Raises
    ------
    StoreError
        No such revision, or no repository here.
    """
    git("rev-parse", "--git-dir")
    words = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        known = git("for-each-ref", "--format=%(refname:short)").split()
        also = f"; {CUT}: fetch the rest by `git fetch --unshallow`, in CI by its depth 0" if shallow() else ""
        raise StoreError(f"there is no revision {ref!r}{near(ref, known)}{also}")
    return done.stdout.strip()


def shallow() -> bool:
    """Whether older commits were left out of this clone."""
    return git("rev-parse", "--is-shallow-repository").strip() == "true"


@contextmanager
def exported(commit: str, store: Store) -> Iterator[tuple[Path, list[str]]]:
    """The current folder as it was at a commit, with what Git ignores of the studies as it is now, which is listed."""
    with store.scratch("revision") as scratch:
        folder = scratch.absolute() / "tree" / git("rev-parse", "--show-prefix").strip()
        _export(commit, scratch.absolute() / "tree", scratch.absolute() / "index")
        folder.mkdir(parents=True, exist_ok=True)
        ignored = git("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *UNTRACKED)
        yield folder, [n for n in ignored.split("\0") if n and _lend(Path(n), folder / n)]


def _export(commit: str, tree: Path, index: Path, at: str = "") -> None:
    """Write the files of a commit below a folder, submodules that are here with them; ``at`` is the path of one."""
    here = ("-C", at) if at else ()
    git(*here, "read-tree", commit, GIT_INDEX_FILE=str(index))
    git(*here, "checkout-index", "--all", f"--prefix={tree}/", GIT_INDEX_FILE=str(index))
    prefix = git(*here, "rev-parse", "--show-prefix").strip()
    for line in git(*here, "ls-files", "--stage", "-z", GIT_INDEX_FILE=str(index)).split("\0"):
        about, _, name = line.partition("\t")
        inner = Path(at, name)
        if about.startswith(SUBMODULE) and (inner / ".git").exists():
            with suppress(StoreError):  # it lacks the commit: then the study lacks files, which its plan says
                _export(about.split()[1], tree / prefix / name, index.with_name(f"{index.name}+"), str(inner))


def _lend(source: Path, target: Path) -> bool:
    """Put a file where it is looked for, without a copy where that can be; whether it was not there."""
    if target.exists() or "__pycache__" in source.parts:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return True


def at(ref: str, studies: list[str], store: Store) -> dict[str, Planned]:
    """What studies ask at a revision, by name; those that it does not have are left out. No names: all it has."""
    commit = commit_of(ref)
    label = ref if commit.startswith(ref) else f"{ref} ({commit[:9]})"
    with exported(commit, store) as (folder, lent):
        known = names(folder)
        chosen = [s for s in studies if s in known] if studies else known
        return {study: _planned(study, label, commit, folder, lent, store) for study in chosen}


def names(folder: Path) -> list[str]:
    """The studies of a project."""
    return sorted(p.parent.name for p in folder.glob(layout.STUDY.format(study="*")))


def _planned(study: str, label: str, commit: str, folder: Path, lent: list[str], store: Store) -> Planned:
    root, other = store.root.absolute(), _other(study, folder, lent)
    if other:
        return Planned(study, label, commit, mistake=other)
    if not (folder / "dtl/workflow/plan.py").is_file():
        try:
            with chdir(folder):
                made = plan.make(foresee.read(study), Store(root))
        except DtlError as err:
            return Planned(study, label, commit, mistake=str(err))
        return _of_lines(study, label, commit, made.as_json())
    known = {**os.environ, "DTL_STORE": str(root), "PYTHONPATH": str(folder.absolute())}
    words = [sys.executable, "-m", "dtl.cli", "plan", study, "--json"]
    done = subprocess.run(words, cwd=folder, env=known, capture_output=True, check=False)
    out, told = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    if not out.startswith("{"):
        return Planned(study, label, commit, mistake=told.strip()[-4000:])
    said = json.loads(out)
    if not all("key" in line for how in HOWS for line in said[how]):
        return Planned(study, label, commit, mistake="its DTL is older than this verb and does not say its keys")
    return _of_lines(study, label, commit, said)


def _other(study: str, folder: Path, lent: list[str]) -> str:
    """What is wrong with files that were lent to a revision: it pins another content."""
    path = folder / layout.LOCK.format(study=study)
    locked = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    known = {name: pin for pins in (locked or {}).values() for name, pin in pins.items()}
    for name in lent:
        pin = known.get(os.path.relpath(name, path.parent.relative_to(folder)))
        if pin is not None and digests.of_file(folder / name) != pin["sha256"]:
            now = digests.of_file(folder / name)
            return f"{name} is not in Git, and lies here with {now:.16}; the revision pins {pin['sha256']:.16}"
    return ""


def here(study: str, store: Store, made: Plan | None = None) -> Planned:
    """What a study asks as it lies in the working tree."""
    found = made or plan.make(foresee.read(study), store)
    return _of_lines(study, "working tree", "", found.as_json())


def _of_lines(study: str, label: str, commit: str, said: Mapping[str, Any]) -> Planned:
    keys = {_name(line): line["key"] for how in HOWS for line in said[how]}
    missing = tuple(_name(line) for how in HOWS[:2] for line in said[how])
    return Planned(study, label, commit, keys, missing, reach=said.get("reach", {}))


def _name(line: Mapping[str, Any]) -> Name:
    return line["stage"], line["of"], line["case"]


def text_of(name: Name) -> str:
    """An answer as lists show it."""
    return " ".join(x for x in name if x)


def digest_of(planned: Planned) -> str:
    """A digest of all that a study asks, but of its pages: equal digests, equal numbers."""
    return digests.of_value(sorted([*n, k] for n, k in planned.keys.items() if n[0] not in PAGES))
