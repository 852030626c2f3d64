"""What is touched since a revision: `dtl plan [STUDY] --base REF` and `dtl run [STUDY] --changed --base REF`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dtl.errors import Mistake, SpecError, StoreError
from dtl.workflow import budget, causes, digests, foresee, plan, revisions, run
from dtl.workflow.plan import ANY, Plan
from dtl.workflow.revisions import Name, Planned
from dtl.workflow.run import Options
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store


@dataclass(frozen=True)
class Since:
    """A study against its base: the plan now, the plan then (None: it was not there), and what is asked otherwise."""

    plan: Plan
    base: Planned | None
    touched: list[Name]

    @property
    def groups(self) -> list[str]:
        """The groups of feeders of which something is asked otherwise, as far as groups are known."""
        return sorted({of for stage, of, _ in self.touched if STAGES[stage].per == "group" and of != ANY})

    @property
    def numbers(self) -> bool:
        """Whether more than pages is touched."""
        return any(stage not in revisions.PAGES for stage, _, _ in self.touched)

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON types, with what is touched."""
        touched = [dict(zip(("stage", "of", "case"), n, strict=True)) for n in self.touched]
        return {**self.plan.as_json(), "base": self.base.commit if self.base else "", "touched": touched,
                "groups_touched": self.groups}  # fmt: skip


def since(study: str | None, ref: str, store: Store) -> tuple[dict[str, Since], list[Mistake]]:
    """Each study (or the one that is named) against a revision, by name, and the mistakes of studies that have some.

    Raises
    ------
    StoreError
        No such revision, or no such study.
    SpecError
        The study that is named has mistakes, or every study has.
    """
    known = revisions.names(Path())
    if study is not None and study not in known:
        raise StoreError(f"there is no study {study} here; there is {', '.join(known) or 'none'}")
    chosen = [study] if study else known
    bases = revisions.at(ref, chosen, store)
    found, mistakes = {}, []
    for name in chosen:
        try:
            found[name] = _since(name, bases, store)
        except SpecError as err:
            mistakes += err.mistakes
    if mistakes and (study or not found):
        raise SpecError(mistakes)
    return found, mistakes


def _since(name: str, bases: Mapping[str, Planned], store: Store) -> Since:
    made = plan.make(foresee.pinned(name), store)
    now, base = revisions.here(name, store, made), bases.get(name)
    return Since(made, base, causes.touched(base or Planned(name, "", ""), now))


def show(study: str | None, ref: str, *, as_json: bool) -> int:
    """Print the plans of the studies that are touched; 0 if nothing is touched and nothing would run, else 2."""
    found, mistakes = since(study, ref, Store())
    if as_json:
        print(digests.pretty({name: each.as_json() for name, each in found.items()}), end="")
    else:
        print("\n".join(text(name, ref, each) for name, each in found.items()), end="")
    over = [budget.check(foresee.read(name), each.plan, Store()) for name, each in found.items()]
    for estimate in over:
        if estimate.over:
            raise StoreError(str(estimate))
    if not as_json:
        budget.tell(over)
    if mistakes:
        raise SpecError(mistakes)
    return foresee.OK if all(not x.touched and x.plan.empty for x in found.values()) else foresee.CHANGES


def text(name: str, ref: str, found: Since) -> str:
    """What is touched in a study, and its plan where something would run."""
    lines = [f"{name}: {_what(ref, found)}"]
    if found.base and found.base.mistake:
        lines.append(f"  {ref} cannot be planned, so all counts as touched: {found.base.mistake.splitlines()[0]}")
    if not found.plan.empty:
        lines.append(foresee.text(found.plan).rstrip())
    return "\n".join(lines) + "\n"


def _what(ref: str, found: Since) -> str:
    if found.base is None:
        return f"is new since {ref}"
    if not found.touched:
        return f"untouched since {ref}"
    if not found.numbers:
        return f"only its pages are touched since {ref}"
    groups, every = found.groups, found.plan.groups
    which = ", ".join(groups[:8]) + (", ..." if len(groups) > 8 else "")
    answers = f"{len(found.touched)} answers"
    if not every:
        return f"touched since {ref}: {answers}; its feeders are known when the sources were read"
    return f"touched since {ref}: {answers}; feeders {which or 'none'} ({len(groups)} of {len(every)})"


def bring(study: str | None, ref: str, options: Options) -> int:
    """Run the studies that are touched since a revision, each with the answers that the store has; the worst code."""
    found, mistakes = since(study, ref, Store())
    codes = [0]
    for name, each in found.items():
        print(f"{name}: {_what(ref, each)}", flush=True)
        if each.touched:
            codes.append(run.run(name, options))
    if mistakes:
        raise SpecError(mistakes)
    return max(codes)
