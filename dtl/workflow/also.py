"""The difference of a study to another one at a tag (``analyses.compare.also``), for its page: as `dtl diff` finds it.

It is made when a run ends, beside the facts of the run, and is no answer of a stage: what another study had computed is
not in this one's slice, and the store decides whether it is known.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dtl import layout, tables
from dtl.errors import DtlError, StoreError
from dtl.report import difference, difference_text
from dtl.report.difference import Difference
from dtl.report.difference_text import Told
from dtl.spec.study import Study
from dtl.workflow import diff, revisions
from dtl.workflow.store import Store


def told(study: Study) -> dict[str, Any] | None:
    """What the page of comparisons shows; None where the study names no other one.

    What cannot be compared says why, and what to run, in place of tables.
    """
    words = study.analyses.compare.also if study.analyses.compare is not None else None
    if words is None:
        return None
    before = f"{words.study} at {words.tag}"
    try:
        found = _difference(study.name, words.study, words.tag)
    except DtlError as err:
        note = " ".join(str(err).split())
        return difference_text.page(Told(study.name, before, study.name, Difference(), note=note))
    return difference_text.page(Told(study.name, before, study.name, found))


def _difference(study: str, other: str, tag: str) -> Difference:
    store = Store()
    planned = revisions.at(tag, [other], store).get(other)
    if planned is None:
        raise StoreError(f"there is no study {other} at {tag}")
    one = tables.read("cube", diff.cube_of(planned, store))
    two = tables.read("cube", Path(layout.CUBE.format(study=study)))
    pairs = difference.same_cases(one, two)
    if not pairs:
        raise StoreError(f"{other} at {tag} and {study} have no case of the same name")
    return difference.differ(one, two, pairs)
