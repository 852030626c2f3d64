"""The verb `dtl diff`: what changed that matters between revisions, scenarios or cases of a study, or studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from dtl import layout, tables
from dtl.errors import SpecError, StoreError
from dtl.report import difference, difference_text
from dtl.report.difference import Difference
from dtl.report.difference_text import Told
from dtl.workflow import causes, digests, foresee, ledger, revisions
from dtl.workflow.questions import published
from dtl.workflow.revisions import Planned
from dtl.workflow.store import Store

SAME, MATERIAL = 0, 2
"""Exit codes: no material change; something changed that matters. An error is 1, as everywhere."""
CUBE = ("gather", "", "")
"""The answer that is the cube."""
HERE = "."
"""Stands for the working tree where a revision is meant."""


@dataclass(frozen=True)
class Asked:
    """What one side means: cases of a study's results, a study's results, or (neither) a revision."""

    text: str
    study: str = ""
    cases: tuple[str, ...] = ()


def run(before: str, after: str, studies: list[str], *, as_md: bool, as_json: bool) -> int:
    """Print what changed; 0 if nothing that matters did, else 2."""
    known = revisions.names(Path())
    one, two = (_asked(side, studies, known) for side in (before, after))
    if bool(one.study) != bool(two.study):
        raise StoreError(f"diff: {before} and {after} are not of one kind: name two revisions, cases or studies")
    told = [_results(one, two)] if one.study else of_revisions(before, after, studies, Store())
    if as_json:
        print(digests.pretty([t.as_json() for t in told]), end="")
    elif as_md:
        print(difference_text.markdown(told), end="")
    else:
        print("\n".join(difference_text.text(t) for t in told) or "no study is touched\n", end="")
    return MATERIAL if any(t.found.material for t in told) else SAME


def _asked(text: str, studies: Sequence[str], known: Sequence[str]) -> Asked:
    """What a word means: ``STUDY:CASE``, a case or scenario of the study, a study, or else a revision."""
    head, _, tail = text.partition(":")
    if tail and head in known:
        return _of_study(text, head, tail)
    if not studies and text in known:
        return Asked(text, text)
    only = studies or known
    chosen = only[0] if len(only) == 1 else ""
    if chosen and text in _names(chosen):
        return _of_study(text, chosen, text)
    return Asked(text)


def _names(study: str) -> set[str]:
    """The cases and scenarios of a study."""
    return {name for case in foresee.read(study).cases for name in (case.case, case.scenario)}


def _of_study(text: str, study: str, name: str) -> Asked:
    if name not in _names(study):
        raise StoreError(f"diff: {study} has no case or scenario {name!r}; there is {', '.join(sorted(_names(study)))}")
    cases = tuple(c.case for c in foresee.read(study).cases if name in (c.case, c.scenario))
    return Asked(text, study, cases)


def _results(one: Asked, two: Asked) -> Told:
    """Cases, or whole studies, from the results as they lie here."""
    before, after = (_cube(Path(layout.CUBE.format(study=a.study)), a.study) for a in (one, two))
    if not one.cases and not two.cases:
        pairs = difference.same_cases(before, after)
        found = difference.differ(before, after, pairs)
    else:
        pairs = _pairs(one, two)
        found = difference.differ(before, after, pairs, whole=False)
    wanted = {case for _, case in pairs} if two.cases else set()
    cost = [a["seconds"] for r in published(two.study) for a in r["answers"] if a["case"] in wanted or not two.cases]
    study = one.study if one.study == two.study else f"{one.study} and {two.study}"
    return Told(study, one.text, two.text, found, answers=len(cost), minutes=sum(cost) / 60)


def _pairs(one: Asked, two: Asked) -> list[tuple[str, str]]:
    """The cases to compare: one with one, else those of the same year."""
    if len(one.cases) == 1 and len(two.cases) == 1:
        return [(one.cases[0], two.cases[0])]
    years = {case.partition("@")[2]: case for case in two.cases}
    pairs = [(case, years[case.partition("@")[2]]) for case in one.cases if case.partition("@")[2] in years]
    if not pairs:
        raise StoreError(f"diff: {one.text} and {two.text} have no year in common")
    return pairs


def of_revisions(before: str, after: str, studies: list[str], store: Store) -> list[Told]:
    """The differences of the studies that two revisions share; ``.`` is the working tree."""
    olds = _at(before, studies, store)
    news = _at(after, studies, store)
    for name in studies:
        if name not in olds and name not in news:
            raise StoreError(f"diff: there is no study {name}, neither at {before} nor at {after}")
    both = sorted(set(olds) & set(news))
    told = [_revised(olds[name], news[name], store, strict=name in studies or len(both) == 1) for name in both]
    told += [Told(n, before, after, Difference(went=[f"study {n}"])) for n in sorted(set(olds) - set(news))]
    return told + [_new(news[name], before, after, store) for name in sorted(set(news) - set(olds))]


def _at(ref: str, studies: list[str], store: Store) -> dict[str, Planned]:
    if ref != HERE:
        return revisions.at(ref, studies, store)
    known = revisions.names(Path())
    return {name: _here(name, store) for name in (studies or known) if name in known}


def _here(study: str, store: Store) -> Planned:
    try:
        return revisions.here(study, store)
    except SpecError as err:
        return Planned(study, "working tree", "", mistake=str(err))


def _new(planned: Planned, before: str, after: str, store: Store) -> Told:
    """A study that only the second side has, with its answer as far as it was computed."""
    from dtl.report import facts

    cube = found_cube(planned, store)
    answer = f": {facts.load(cube).answer()}" if cube else "; it was not computed, or its results are not in this store"
    answers, minutes = causes.cost(store, Planned(planned.study, "", ""), planned)
    came = Difference(came=[f"study {planned.study}{answer}"])
    return Told(planned.study, before, after, came, answers=answers, minutes=minutes)


def _revised(old: Planned, new: Planned, store: Store, *, strict: bool) -> Told:
    """The difference of a study; where it cannot be told, an error if ``strict``, else a note beside other studies."""
    told = Told(old.study, old.label, new.label, Difference())
    if old.keys and old.keys == new.keys:
        return told
    if old.keys and new.keys and revisions.digest_of(old) == revisions.digest_of(new):
        return told
    try:
        before, after = (_cube(cube_of(p, store), p.study) for p in (old, new))
    except StoreError as err:
        if strict:
            raise
        lines = str(err).splitlines()  # of a mistake: its place, the line, a caret, and what is wrong
        return replace(told, note=" ".join(line.strip() for line in (lines[:1] + lines[3:4])))
    answers, minutes = causes.cost(store, old, new)
    return replace(
        told,
        found=difference.differ(before, after, difference.same_cases(before, after)),
        causes=[str(c) for c in causes.causes(store, old, new)],
        touched=sorted({of for stage, of, _ in causes.touched(old, new) if stage == "solve_feeder"}),
        answers=answers,
        minutes=minutes,
    )


def found_cube(planned: Planned, store: Store) -> Path | None:
    """The cube of a study at a revision by its key, or by what a run at that revision wrote down; None if unknown."""
    key = planned.keys.get(CUBE)
    if (key is None or store.answer(key) is None) and planned.commit:
        key = ledger.cube_at(store, planned.study, planned.commit)
    return store.shelf(key) / "cube.parquet" if key is not None and store.answer(key) is not None else None


def cube_of(planned: Planned, store: Store) -> Path:
    """The cube of a study at a revision, from the store.

    Raises
    ------
    StoreError
        It was not computed, or the study has mistakes; the text says what to run.
    """
    found = found_cube(planned, store)
    if found is not None:
        return found
    if planned.mistake:
        raise StoreError(f"{planned.study} at {planned.label}: {planned.mistake}")
    missing = [n for n in planned.missing if n[0] not in revisions.PAGES]
    some = ", ".join(revisions.text_of(n) for n in missing[:3]) + (", ..." if len(missing) > 3 else "")
    return _refuse(planned, f"{len(missing)} answers are not in the store ({some})", store)


def _refuse(planned: Planned, why: str, store: Store) -> Path:
    run_it = f"dtl run {planned.study}"
    if planned.commit:
        folder = f"../{planned.study}-{planned.commit[:9]}"
        root = store.root.absolute()
        run_it = f"git worktree add {folder} {planned.commit[:9]} && cd {folder} && DTL_STORE={root} {run_it}"
    raise StoreError(f"{planned.study} at {planned.label}: {why}; compute them: {run_it}")


def _cube(path: Path, study: str) -> pa.Table:
    if not path.is_file():
        raise StoreError(f"{path} is not there: `dtl run {study}` makes it")
    return tables.read("cube", path)
