"""The store of answers: shelves by the hash of the question, put there by one rename, checked whenever fetched.

::

    .dtl-store/  (or $DTL_STORE)
      shelves/ab/<key>/answer.json, <output>...   one answer: the question, digests of its outputs, the outputs
      recipes/ab/<recipe>/<key>                   which keys a (stage, spec, code) has led to, whatever its inputs
      parts/ab/<digest>                           of a file that joins cases: the digest of each case's part
      scratch/<process>-<host>-.../               work in progress, on the same file system; swept when its process died
      seen.json                                   digests of raw files by their state

Any number of processes may work in one store, and may be killed anywhere: a shelf is there whole or not at all.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dtl.errors import StoreError
from dtl.processes import alive, host, identity
from dtl.workflow import digests, disk

FORGOTTEN_S = 7 * 86400
"""Work in progress of another machine is swept after this time without a change of its folder [s]."""

SCHEME = 1
"""Version of the way keys and shelves are made; part of every key."""


@dataclass(frozen=True)
class Question:
    """What decides an answer: stage, slice of the spec, digests of its code and of its inputs."""

    stage: str
    spec: Mapping[str, Any]
    code: Mapping[str, str]
    inputs: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """The name of the answer: a hash of all that decides it."""
        return digests.of_value({**self._recipe, "inputs": self.inputs})

    @cached_property
    def recipe(self) -> str:
        """A hash of all but the inputs."""
        return digests.of_value(self._recipe)

    @property
    def _recipe(self) -> dict[str, Any]:
        return {"scheme": SCHEME, "stage": self.stage, "spec": self.spec, "code": self.code}


@dataclass(frozen=True)
class Output:
    """What was recorded of one output: its digest and size [bytes], and for a folder the digests of its files."""

    digest: str
    size: int
    files: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Answer:
    """One shelf: the question that it answers, and what is on it; ``seconds`` is what it took to compute."""

    key: str
    question: Question
    outputs: Mapping[str, Output]
    seconds: float


def describe(path: Path) -> Output:
    """Digest and size of an output that lies at a path."""
    if path.is_dir():
        names = digests.files_of(path)
        files = {name: digests.of_file(path / name) for name in names}
        return Output(digests.of_tree(files), sum((path / n).stat().st_size for n in names), files)
    return Output(digests.of_file(path), path.stat().st_size)


class Store:
    """A folder of answers."""

    def __init__(self, root: Path | None = None):
        self.root = root or Path(os.environ.get("DTL_STORE", ".dtl-store"))

    def seen(self) -> digests.Seen:
        """The memory of raw files' digests."""
        return digests.Seen(self.root / "seen.json")

    def shelf(self, key: str) -> Path:
        """The folder of an answer, there or not."""
        return self.root / "shelves" / key[:2] / key

    def answer(self, key: str) -> Answer | None:
        """What the shelf of a key says of itself; None if there is none."""
        said = digests.read_json(self.shelf(key) / "answer.json")
        if not isinstance(said, dict) or said.get("key") != key:
            return None
        outputs = {name: Output(**o) for name, o in said["outputs"].items()}
        return Answer(key, Question(**said["question"]), outputs, said["seconds"])

    def asked(self, question: Question) -> list[Answer]:
        """The answers known for a stage, spec and code, whatever the inputs were."""
        folder = self.root / "recipes" / question.recipe[:2] / question.recipe
        names = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        return [a for a in (self.answer(name) for name in names) if a is not None]

    def fetch(self, key: str, folder: Path) -> Answer | None:
        """Copy the outputs of an answer into a folder, checked; a corrupted shelf is thrown away and None returned.

        Raises
        ------
        OSError
            The folder cannot take them.
        """
        answer = self.answer(key)
        if answer is None:
            return None
        shelf = self.shelf(key)
        try:
            for name, output in answer.outputs.items():
                source, target = shelf / name, folder / name
                _copy(source, target)
                if describe(target) != output:
                    raise StoreError(f"{source} is not what was shelved")
        except (OSError, StoreError):
            if self._intact(answer):
                raise  # the folder it was copied to is at fault, as a full disk
            self.discard(key)
            shutil.rmtree(folder)
            folder.mkdir()
            return None
        with disk.spared():
            os.utime(shelf / "answer.json")
        return answer

    def put(self, question: Question, folder: Path, seconds: float) -> Answer:
        """Shelve the outputs that lie in a scratch folder of this store; who comes second leaves the first's answer."""
        names = sorted(p.name for p in folder.iterdir())
        answer = Answer(question.key, question, {n: describe(folder / n) for n in names}, round(seconds, 3))
        (folder / "answer.json").write_text(digests.pretty(asdict(answer)), encoding="utf-8")
        recipe = self.root / "recipes" / question.recipe[:2] / question.recipe
        recipe.mkdir(parents=True, exist_ok=True)
        (recipe / answer.key).touch()
        shelf = self.shelf(answer.key)
        shelf.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                folder.rename(shelf)
            except OSError as err:
                if err.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
                if self.answer(answer.key) is not None:
                    break
                self.discard(answer.key)  # what is there is no answer
            else:
                break
        return answer

    def discard(self, key: str) -> None:
        """Take a shelf away; it vanishes at once, its bytes a little later."""
        with self.scratch("discard") as scratch:
            try:
                self.shelf(key).rename(scratch / "shelf")
            except FileNotFoundError:
                return

    def remember_parts(self, digest: str, parts: Mapping[str, str]) -> None:
        """Keep which parts (case -> digest) a joined file is made of."""
        with disk.spared():
            digests.write_atomically(self.root / "parts" / digest[:2] / digest, digests.canonical(dict(parts)))

    def parts(self, digest: str) -> dict[str, str] | None:
        """The parts of a joined file, if they are remembered."""
        known = digests.read_json(self.root / "parts" / digest[:2] / digest)
        return known if isinstance(known, dict) else None

    @contextmanager
    def scratch(self, label: str) -> Iterator[Path]:
        """An empty folder on the store's file system, gone at the end."""
        base = self.root / "scratch"
        base.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{identity(os.getpid())}-{host()}-{label}-", dir=base))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> int:
        """Remove the scratch folders of processes that died; how many there were.

        Whether a process of another machine that works in this store still lives nobody here knows: its folder stays
        for a week.
        """
        base = self.root / "scratch"
        stale = [p for p in (base.iterdir() if base.is_dir() else []) if _left(p)]
        for path in stale:
            shutil.rmtree(path, ignore_errors=True)
        return len(stale)

    def known(self) -> list[str]:
        """The keys of all shelves, sorted."""
        return sorted(p.name for p in self.root.glob("shelves/??/*"))

    def size(self) -> dict[str, tuple[int, int]]:
        """Number of answers and bytes by stage."""
        found: dict[str, tuple[int, int]] = {}
        for key in self.known():
            answer = self.answer(key)
            if answer is not None:
                count, size = found.get(answer.question.stage, (0, 0))
                found[answer.question.stage] = (count + 1, size + sum(o.size for o in answer.outputs.values()))
        return found

    def prune(self, max_bytes: int) -> list[str]:
        """Discard the answers that were used longest ago until the rest fits; the keys discarded. Always safe."""
        shelves = [(p.stat().st_mtime_ns, p.parent.name) for p in self.root.glob("shelves/??/*/answer.json")]
        kept, gone = 0, []
        for _, key in sorted(shelves, reverse=True):
            answer = self.answer(key)
            kept += sum(o.size for o in answer.outputs.values()) if answer else 0
            if answer is None or kept > max_bytes:
                self.discard(key)
                gone.append(key)
        for marker in self.root.glob("recipes/??/*/*"):
            if not self.shelf(marker.name).exists():
                marker.unlink(missing_ok=True)
        return gone

    def verify(self) -> list[str]:
        """Read every shelf and compare it with what it says of itself; the keys of those that differ."""
        wrong = []
        for key in self.known():
            answer = self.answer(key)
            if answer is None or answer.question.key != key or not self._intact(answer):
                wrong.append(key)
        return wrong

    def _intact(self, answer: Answer) -> bool:
        """Whether the outputs on a shelf are what its description says."""
        shelf = self.shelf(answer.key)
        return all((shelf / n).exists() and describe(shelf / n) == o for n, o in answer.outputs.items())


def _left(scratch: Path) -> bool:
    """Whether a scratch folder is one that nobody works in any more."""
    pid, start, where = (*scratch.name.split("-"), "", "", "")[:3]
    if where == host():
        return not alive(f"{pid}-{start}")
    try:
        return time.time() - scratch.stat().st_mtime > FORGOTTEN_S
    except FileNotFoundError:
        return False


def _copy(source: Path, target: Path) -> None:
    """Copy a file, or a folder with the files in it; errors of the disk come as they are."""
    if not source.is_dir():
        shutil.copyfile(source, target)
        return
    target.mkdir()
    for path in sorted(source.rglob("*")):
        inner = target / path.relative_to(source)
        if path.is_dir():
            inner.mkdir()
        else:
            shutil.copyfile(path, inner)
