"""The verb ``check``: whether studies are good, with all mistakes at once; and the lock of their files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dtl.errors import Mistake, SpecError
from dtl.spec import lock as locks
from dtl.spec import text
from dtl.spec.study import Study, load

STUDIES = Path("studies")


Further = Callable[[Study], tuple[list[Mistake], list[str]]]
"""What else is judged of a study that is good by itself: mistakes, and lines that are told."""


def run(paths: list[str], lock: bool, further: Further | None = None) -> int:
    """Checks studies (all of the folder ``studies`` if none is named) and prints what is wrong; 1 if anything is.

    Parameters
    ----------
    paths
        Names of studies, folders, or files.
    lock
        Write ``sources.lock.yaml`` for each good study, instead of comparing with it.
    further
        What else is judged of a good study: whether the network has what it names.
    """
    found = [find(p) for p in paths] or sorted(f.parent for f in STUDIES.glob("*/study.yaml"))
    if not found:
        print("no study found: there is no studies/*/study.yaml; `dtl new NAME` makes one")
        return 1
    return max(_check(path, lock, further) for path in found)


def find(name: str) -> Path:
    """The study that a name means: a path as it is, else the folder of this name below ``studies``."""
    path = Path(name)
    return path if path.exists() or len(path.parts) > 1 else STUDIES / name


def _check(path: Path, lock: bool, further: Further | None) -> int:
    folder = path.parent if path.suffix in (".yaml", ".yml") else path
    try:
        study = load(path)
        if lock:
            locks.write(study)
        elif mistakes := [*not_fetched(study, path), *locks.check(study, folder.as_posix())]:
            raise SpecError(mistakes)
        mistakes, told = further(study) if further is not None else ([], [])
        if mistakes:
            raise SpecError(mistakes, told)
    except SpecError as error:
        number = len(error.mistakes)
        print(f"{error}\n\n{path}: {number} mistake{'s' if number > 1 else ''}\n")
        return 1
    print("\n".join([f"{path}: good; {summary(study)}", *(f"   {line}" for line in told)]))
    if lock:
        print(f"{folder / locks.NAME}: written")
    return 0


def not_fetched(study: Study, path: Path) -> list[Mistake]:
    """A mistake for each source whose weather is not pinned: a run fetches nothing."""
    file = path if path.is_file() else path / "study.yaml"
    root, _ = text.read(file.read_bytes(), file.as_posix())
    found = []
    for name, source in study.sources.items():
        lacking = [f for f in source.files(study.folder) if not f.is_file()] if source.kind == "open_meteo" else []
        if lacking:
            node = root.inner["sources"].inner.get(name, root.inner["sources"])
            message = f"{_number(len(lacking), 'file')} of weather not pinned, first '{lacking[0].name}'; "
            message += "`dtl check --lock` fetches and pins them"
            found.append(node.mistake("not-fetched", message, f"sources.{name}"))
    return found


def summary(study: Study) -> str:
    """What a good study asks for, in one line."""
    scenarios = sorted({case.scenario for case in study.cases})
    counts = [
        _number(len(study.sources), "source"),
        f"{_number(len(scenarios), 'scenario')} ({', '.join(scenarios)})",
        _number(len(study.cases), "case"),
    ]
    return ", ".join(counts)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
