"""The verb ``act``: one action more in the file of a study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

from dtl.errors import StoreError
from dtl.spec.action_steps import Step
from dtl.spec.base import Base, near
from dtl.workflow import acted
from dtl.workflow.actions_file import ActionsFile

VERBS = {v.rstrip("_").replace("_", "-"): v.rstrip("_") for v in Step.VERBS}
"""The words of actions as the command line writes them."""


def run(study: str, words: Sequence[str]) -> int:
    """Add the action that the words say, and print the state; without words print the state alone."""
    file = ActionsFile(study)
    answer: dict[str, Any] = {}
    if words:
        answer = {"done": file.add(_step(words))}
    print(json.dumps(answer | acted.state(file), indent=1, ensure_ascii=False))
    acted.write(file)
    return 0


def _step(words: Sequence[str]) -> dict[str, Any]:
    """The action of ``verb --word value ...``; a verb that takes a name alone has it right after the verb."""
    asked = words[0].replace("_", "-")
    if asked not in VERBS:
        raise StoreError(f"there is no action '{words[0]}'{near(asked, VERBS)}")
    verb = VERBS[asked]
    model = _model(verb)
    said, rest = dict[str, str](), list(words[1:])
    if model is None and rest and not rest[0].startswith("--"):
        said["name"] = rest.pop(0)
    while rest:
        word, _, value = rest.pop(0).removeprefix("--").partition("=")
        if not value and not rest:
            raise StoreError(f"{asked}: '--{word}' has no value")
        said[word.replace("-", "_")] = value or rest.pop(0)
    when: dict[str, Any] = {word: said.pop(word) for word in ("at", "until") if word in said}
    known = {"name"} if model is None else {f.alias or n for n, f in model.model_fields.items()}
    for word in said:
        if word not in known:
            raise StoreError(f"{asked} knows no '--{word}'{near(word, {*known, 'at', 'until'})}")
    if model is None and "name" not in said:
        raise StoreError(f"{asked} needs a name: {asked} NAME")
    return {**when, verb: said["name"] if model is None else said}


def _model(verb: str) -> type[Base] | None:
    """The class of what a verb says; None where it says a name alone."""
    field = next(f for n, f in Step.model_fields.items() if n.rstrip("_") == verb)
    found = [t for t in get_args(field.annotation) if isinstance(t, type) and issubclass(t, Base)]
    return found[0] if found else None
