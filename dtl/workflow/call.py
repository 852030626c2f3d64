"""The verb ``call``: requests with a method, a path and a body of JSON, as a simulator behind HTTP would take them.

There is no server: a request that changes something adds a line to the study's file of actions, and the answer is the
state after it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dtl import layout
from dtl.errors import StoreError
from dtl.spec.base import near
from dtl.workflow import acted
from dtl.workflow.acted_results import results
from dtl.workflow.actions_file import ActionsFile
from dtl.workflow.call_bodies import BODIES, step_of

READS = "overrides/actions.yaml"
"""What stands in a study that reads its file of actions."""
METHODS = ("GET", "POST", "PUT", "DELETE")


def run(words: Sequence[str], body: str | None) -> int:
    """Answer a request as JSON on standard output; 1 if a simulation did not converge."""
    study, method, path = _request(words)
    file = ActionsFile(study)
    name = path.strip("/")
    known = {p for m, p in (*BODIES, *ASKED) if m == method}
    if (method, name) in BODIES:
        step, notes = step_of(method, name, _body(body), file.programs)
        done = file.add(step)
        answer = {"status": "ok", "done": done, **({"notes": notes} if notes else {}), "state": acted.state(file)}
    elif (method, name) in ASKED:
        answer = ASKED[method, name](file)
    else:
        others = sorted(f"{m} /{p}" for m, p in (*BODIES, *ASKED) if p == name)
        there = f"; it is {' or '.join(others)}" if others else near(name, known)
        raise StoreError(f"there is no {method} /{name}{there}")
    print(json.dumps(answer, indent=1, ensure_ascii=False))
    acted.write(file)
    return 1 if answer.get("status") == "failed" else 0


def _state(file: ActionsFile) -> dict[str, Any]:
    return {**acted.state(file), "results": results(file)}


def _simulate(file: ActionsFile) -> dict[str, Any]:
    from dtl.workflow import run

    with _on_standard_error():
        code = run.run(file.study.name, run.Options())
    found = results(file)
    return {"status": "ok" if found.get("converged") else "failed", "exit_code": code, **acted.state(file),
            "results": found}  # fmt: skip


def _view(name: str) -> Callable[[ActionsFile], dict[str, Any]]:
    return lambda file: {name: acted.VIEWS[name](file)}


ASKED: dict[tuple[str, str], Callable[[ActionsFile], dict[str, Any]]] = {
    ("POST", "run_simulation"): _simulate,
    ("GET", "get_state"): _state,
    **{("GET", name): _view(name) for name in acted.VIEWS},
}
"""Requests that change no action."""


def _request(words: Sequence[str]) -> tuple[str, str, str]:
    """Study, method and path; the study may be left out where only one reads a file of actions."""
    if len(words) == 3 and words[1].upper() in METHODS:
        return words[0], words[1].upper(), words[2]
    if len(words) == 2 and words[0].upper() in METHODS:
        studies = Path().glob(layout.STUDY.format(study="*"))
        found = sorted(p.parent.name for p in studies if READS in p.read_text(encoding="utf-8"))
        if len(found) != 1:
            there = ", ".join(found) or "none"
            raise StoreError(
                f"call: name the study, as `dtl call STUDY {' '.join(words)}`; with actions there is {there}"
            )
        return found[0], words[0].upper(), words[1]
    raise StoreError("call needs [STUDY] METHOD PATH, as `dtl call demo POST /add_device -d '{...}'`")


def _body(text: str | None) -> Mapping[str, Any]:
    if text is None:
        raise StoreError("this request needs a body: -d '{...}', or -d @FILE")
    if text.startswith("@"):
        path = Path(text[1:])
        if not path.is_file():
            raise StoreError(f"there is no file '{path}'")
        text = path.read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as err:
        raise StoreError(f"the body is no JSON: {err}") from err
    if not isinstance(found, dict):
        raise StoreError('the body must be a JSON object, as {"bus_name": "1"}')
    return found


@contextmanager
def _on_standard_error() -> Iterator[None]:
    """What is written to standard output, by us and by those we start, goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
