"""What moved results between two plans of a study: words of the study, code, and raw files, and where each is read.

An answer whose question differs, and whose inputs are those of before, differs by its own words, code or raw files.
Where its outputs are the same all the same, nothing further down is moved by it, so it is no cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dtl.spec.twins import twins
from dtl.workflow import reasons
from dtl.workflow.revisions import PAGES, Name, Planned
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Answer, Store

REPEATED = ("definitions", "powerflow", "cases", "reach")
"""Words of the stages over all feeders that repeat what other stages are asked, so that the plan foresees them."""


@dataclass(frozen=True)
class Cause:
    """One thing that differs, and the answers in which it does: ``kind`` is word, code, raw file or new."""

    kind: str
    text: str
    answers: tuple[Name, ...]

    def __str__(self) -> str:
        stages = dict.fromkeys(stage for stage, _, _ in self.answers)
        return f"{self.kind}: {self.text} ({', '.join(stages)})"


def causes(store: Store, before: Planned, after: Planned, group: str = "", case: str = "") -> list[Cause]:
    """What differs between two plans, as far as both have their answers in the store; by stage, then text.

    With a ``group`` (and a ``case``) only what can reach its numbers.
    """
    found: dict[tuple[str, str], list[Name]] = {}
    for name in _changed(before, after, group, case):
        for kind, text in _of(store, before.keys.get(name), after.keys[name]):
            if kind == "word" and STAGES[name[0]].per == "study" and text.startswith(REPEATED):
                continue
            found.setdefault((kind, text), []).append(name)
    return [Cause(kind, text, tuple(names)) for (kind, text), names in found.items()]


def touched(before: Planned, after: Planned) -> list[Name]:
    """The answers that are asked otherwise than before, or anew, in the order of the stages."""
    order = list(STAGES)
    names = [n for n, key in after.keys.items() if before.keys.get(n) != key]
    return sorted(names, key=lambda n: (order.index(n[0]), n))


def _changed(before: Planned, after: Planned, group: str, case: str) -> Iterator[Name]:
    like = twins(after.reach, group.split("+")).get(case, case) if group else case
    for name in touched(before, after):
        stage, of, at = name
        of_group = not group or STAGES[stage].per != "group" or of == group
        own = like if STAGES[stage].folded else case
        if stage not in PAGES and of_group and (not case or at in ("", own)):
            yield name


def _of(store: Store, old: str | None, new: str) -> Iterator[tuple[str, str]]:
    now = store.answer(new)
    then = store.answer(old) if old else None
    if now is None:
        return
    if then is None:
        if old is None and not now.question.inputs.get("raw"):
            return
        yield "new", "asked for the first time"
        return
    if _outputs(now) == _outputs(then):
        return
    yield from differences(then, now)


def differences(then: Answer, now: Answer) -> Iterator[tuple[str, str]]:
    """The own differences of two answers: kind and text; inputs that other stages make are none."""
    for text in reasons.differences("", then.question.spec, now.question.spec):
        yield "word", text
    for kind in sorted({*then.question.code, *now.question.code}):
        if then.question.code.get(kind) != now.question.code.get(kind):
            yield "code", f"of {kind}" if kind else f"of {now.question.stage}"
    yield from _raw(then.question.inputs.get("raw"), now.question.inputs.get("raw"))


def _raw(then: Any, now: Any) -> Iterator[tuple[str, str]]:
    old, new = then or {}, now or {}
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            what = "is new" if name not in old else "is gone" if name not in new else "changed"
            yield "raw file", f"{name} {what}"


def _outputs(answer: Answer) -> dict[str, str]:
    return {name: output.digest for name, output in answer.outputs.items()}


def cost(store: Store, before: Planned, after: Planned) -> tuple[int, float]:
    """How many answers the second plan has that the first had not, and how long they took to compute [min]."""
    known = set(before.keys.values())
    new = {key for key in after.keys.values() if key not in known}
    seconds = [a.seconds for a in (store.answer(key) for key in sorted(new)) if a is not None]
    return len(seconds), sum(seconds) / 60
