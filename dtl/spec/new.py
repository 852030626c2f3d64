"""The verb ``new``: a commented study to begin with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from dtl.spec import from_simbench, schema
from dtl.spec.check import STUDIES

TEMPLATES = Path(__file__).with_name("templates")
OURS = Path("site/docs/schema/study.json")
"""The schema in the repository of DTL itself."""
BESIDE = STUDIES / "study.schema.json"
"""The schema elsewhere: it is written beside the studies, so that editors complete and check them."""


Maker = Callable[[Path, str, str | None, str], str]
"""Makes the study of a grid in a folder: its code or file, the peers, the schema; says why it could not."""


def templates() -> list[str]:
    """The templates that there are."""
    return sorted(p.name for p in TEMPLATES.iterdir() if p.is_dir())


def run(
    name: str,
    template: str = "minimal",
    origin: tuple[str, str] | None = None,
    peers: str | None = None,
    makers: Mapping[str, Maker] = {"simbench": from_simbench.make},
) -> int:
    """Writes ``studies/NAME`` from a template and says what to do next; 1 if it cannot. Overwrites nothing.

    `origin` is what a study is made of and which one, as ``("simbench", "1-LV-rural1--0-sw")`` or ``("opendss",
    "Master.dss")``; it takes the place of the template, and `peers` names the environment that has the collection.
    """
    folder = STUDIES / name
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        print(f"'{name}' is no name of a study: lower-case letters, digits, '-' and '_', since it becomes a folder")
        return 1
    if template not in templates():
        print(f"there is no template '{template}'; there is {', '.join(templates())}")
        return 1
    if folder.exists():
        print(f"{folder} is there already; nothing is overwritten")
        return 1
    if origin is not None:
        if origin[0] not in makers:
            print(f"no study is made from '{origin[0]}'; there is {', '.join(makers)}")
            return 1
        if problem := makers[origin[0]](folder, origin[1], peers, _schema()):
            print(problem)
            return 1
        return _next(name, folder)
    where = _schema()
    for source in sorted(p for p in (TEMPLATES / template).rglob("*") if p.is_file()):
        target = folder / source.relative_to(TEMPLATES / template)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8").replace("NAME", name).replace("SCHEMA", where)
        target.write_text(text, encoding="utf-8", newline="\n")
    return _next(name, folder)


def _schema() -> str:
    """The path of the schema as a study sees it."""
    return f"../../{OURS.as_posix()}" if OURS.is_file() else f"../{BESIDE.name}"


def _next(name: str, folder: Path) -> int:
    if not OURS.is_file():
        BESIDE.write_text(schema.text(), encoding="utf-8", newline="\n")
    print(f"{folder}/study.yaml is written. Next:\n")
    print(f"  dtl check {name}     whether the study is good")
    print(f"  dtl plan {name}      what a run will compute")
    print(f"  dtl run {name}       compute it, and build the pages")
    return 0
