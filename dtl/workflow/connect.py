"""The verb ``connect``: the state of a study's last run, asked about one plant."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.errors import StoreError
from dtl.spec.base import near
from dtl.spec.canonical import plain
from dtl.spec.hosting import Hosting
from dtl.spec.study import Study, load
from dtl.workflow.questions import solvable
from dtl.workflow.slices import Slices

FITS, FITS_NOT, UNPROVED = 0, 2, 1
"""Exit codes: it fits; it does not fit; the proof contradicts (as any error)."""


def run(study: str, bus: str, kw: float, kind: str, phases: str, case: str, step_kw: float, prove: bool) -> int:
    """Print the answer; its exit code.

    ``bus`` may be ``feeder:bus`` where the name alone is not enough; ``case`` is empty for the baseline's last year.
    """
    asked = load(Path(layout.STUDY.format(study=study)).parent)
    group, name = place(study, bus)
    slices = Slices(asked)
    job = slices.job("solve_feeder", group)
    spec = {**job.case_spec(chosen(asked, case)), "study": study, "analyses": {"hosting": _words(asked, step_kw)}}
    inputs = job.inputs()
    missing = [str(p) for p in inputs.values() if isinstance(p, Path) and not p.exists()]
    if missing:
        raise StoreError(f"{missing[0]} is not there; run `dtl run {study}` first")
    answer = import_module("dtl.analyses.hosting.connect").connect(spec, inputs, name, kw, kind, phases, prove)
    print("\n".join(answer.lines))
    if answer.proof is not None and not answer.proof.stands:
        return UNPROVED
    return FITS if answer.fits else FITS_NOT


def _words(study: Study, step_kw: float) -> dict[str, Any]:
    """The study's own words for hosting, or their defaults; the step is that of the question."""
    own = study.analyses.hosting or Hosting.model_validate({"methods": {"iterative": {}}})
    words = plain(own, cosmetic=False)
    words["methods"] = {"iterative": {"tolerance_kw": step_kw}}
    return words


def chosen(study: Study, named: str) -> str:
    """The case that is meant: the one that is named, else the last year of the baseline."""
    known = {c.case: c for c in study.cases}
    if named:
        if named not in known:
            raise StoreError(f"the study has no case '{named}'{near(named, known)}")
        return named
    base = [c for c in study.cases if c.scenario == "base"] or list(study.cases)
    return max(base, key=lambda c: c.year).case


def place(study: str, bus: str) -> tuple[str, str]:
    """The group that has a bus, which may be ``feeder:bus``, and the name of the bus."""
    index = Path(layout.FEEDERS.format(study=study))
    if not index.exists():
        raise StoreError(f"{index} is not there; run `dtl run {study}` first")
    feeder, _, name = bus.rpartition(":")
    every: set[str] = set()
    found = []
    for group in solvable(index):
        if feeder and feeder not in group.split("+"):
            continue
        model = json.loads(Path(layout.FEEDER.format(study=study, group=group)).read_text(encoding="utf-8"))
        names = {b["name"] for b in model["buses"]}
        every |= names
        if name.lower() in names:
            found.append(group)
    if not found:
        raise StoreError(f"no feeder of {study} has a bus '{name}'{near(name, every)}")
    if len(found) > 1:
        raise StoreError(f"bus '{name}' is in {', '.join(found)}; say which, as {found[0]}:{name}")
    return found[0], name.lower()
