"""The call of Snakemake: its command line, its process, and the worker beside it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

from dtl import layout
from dtl.errors import StoreError
from dtl.processes import die_with_parent
from dtl.workflow import client
from dtl.workflow.fingerprint import ROOT
from dtl.workflow.progress import Progress
from dtl.workflow.store import Store

FORCED = 300
"""More outputs than this are not forced one by one, but by their rules."""

THIN = """\
#!{python} -SE
import sys

sys.path.insert(0, {root!r})
from dtl.workflow.client import main

main()
"""
"""The `dtl` that stands first on the path of a run."""

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Parallel are the feeders, not the numerics, whose bytes would depend on the number of threads."""


def command(
    study: str,
    targets: Sequence[str],
    profile: str,
    cores: int | None,
    force: dict[str, list[str]],
    *,
    judge: bool = False,
) -> list[str]:
    """The command line; ``force`` maps rules to outputs that must be asked for again.

    With ``judge`` the names that the study states are compared with its network as soon as that is read.

    Raises
    ------
    StoreError
        This Python's environment has no Snakemake.
    """
    chosen, program = ROOT / "profiles" / profile, Path(sys.executable).with_name("snakemake")
    if not program.exists():
        raise StoreError(
            f"Snakemake is not in the environment of this Python: there is no {program}; install DTL there"
        )
    words = [str(program), "--snakefile", str(ROOT / "Snakefile")]
    words += ["--workflow-profile", str(chosen), *(["--cores", str(cores)] if cores else [])]
    words += ["--directory", str(Path.cwd())] if elsewhere(profile) else []
    paths = [p for outputs in force.values() for p in outputs]
    if paths:
        words += ["--forcerun", *(paths if len(paths) <= FORCED else force)]
    return [*words, "--config", f"study={study}", *(["judge=true"] if judge else []), "--", *targets]


def elsewhere(profile: str) -> bool:
    """Whether the jobs of a profile run on other machines, which this machine's worker must not do for them."""
    said = yaml.safe_load((ROOT / "profiles" / profile / "config.yaml").read_text(encoding="utf-8"))
    return bool(said.get("executor", "local") != "local")


def check_profile(profile: str) -> None:
    """Raises StoreError if there is no such profile."""
    known = sorted(p.parent.name for p in (ROOT / "profiles").glob("*/config.yaml"))
    if profile not in known:
        raise StoreError(f"there is no profile {profile}; there is {', '.join(known)}")


def environment(run: str = "", worker: Path | None = None) -> dict[str, str]:
    """The environment of Snakemake and its jobs, wherever they run: the store is named by its whole path."""
    here = str(Path(sys.executable).parent)
    places = [*([str(worker.parent)] if worker else []), here, os.environ.get("PATH", "")]
    known = {**os.environ, "PATH": os.pathsep.join(places), "DTL_RUN": run}
    known["DTL_STORE"] = str(Store().root.absolute())
    known |= dict.fromkeys(ONE_THREAD, "1")
    known.pop(client.VARIABLE, None)
    return known | ({client.VARIABLE: str(worker)} if worker else {})


class WarmWorker:
    """A worker process that loads its libraries; ``path`` is its socket."""

    def __init__(self, path: Path, process: subprocess.Popen[str]):
        self.path, self._process = path, process

    def serve(self, stages: Sequence[str] = ()) -> Path:
        """Let it serve what a run will ask for, stages in their order; its socket."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError), self._process.stdin as said:
                said.write(" ".join(stages))
        return self.path


@contextmanager
def warm_worker(*, here: bool = True) -> Iterator[WarmWorker | None]:
    """A worker process for the time of a run; yields nothing where jobs run elsewhere, or where nothing can fork."""
    if not here or not hasattr(os, "fork"):
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="dtl-"))
    path = folder / "worker"
    thin = folder / "dtl"
    thin.write_text(THIN.format(python=sys.executable, root=str(ROOT)), encoding="utf-8")
    thin.chmod(0o755)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "dtl.workflow.worker", str(path)],
            stdin=subprocess.PIPE,
            text=True,
            env=environment(),
            preexec_fn=_with_parent(),
        )
        try:
            yield WarmWorker(path, process)
        finally:
            process.kill()
            process.communicate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def call(words: list[str], known: dict[str, str], log: Path, progress: Progress) -> int:
    """Run Snakemake to its end, its log going to a file and to the progress; its exit code, negative for a signal."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(shlex.join(words) + "\n")
        process = subprocess.Popen(
            words,
            env=known,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=_with_parent(),
        )
        try:
            progress.follow(process.stdout or (), file)
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def unlock(study: str, known: dict[str, str]) -> None:
    """Remove the locks that a dead Snakemake left."""
    words = command(study, [], "default", 1, {})
    subprocess.run(
        [*words[:-1], "--unlock"],
        env=known,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        preexec_fn=_with_parent(),
    )


def ingest(study: str) -> None:
    """Find the feeders of a study, without a run that would show how far it is: its sources are read, merged, split."""
    targets = [path.format(study=study) for path in (layout.FEEDERS, layout.READINGS_DIR)]
    done = subprocess.run(
        command(study, targets, "default", None, {}),
        env=environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        preexec_fn=_with_parent(),
    )
    if done.returncode:
        raise StoreError(f"the sources of {study} could not be read:\n{done.stderr[-4000:]}")


def _with_parent() -> Callable[[], None]:
    """What a child does before it starts: it will die when this process dies."""
    parent = os.getpid()
    return lambda: die_with_parent(parent)
