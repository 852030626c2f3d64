"""Why an answer must be computed: what differs between the question now and the one asked last."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dtl.workflow.store import Question

MANY = 3
"""So many differences are named, the others are counted."""
DIGEST = re.compile("[0-9a-f]{64}")


def why(now: Question, last: Question | None, unknown: list[str]) -> str:
    """One line: what changed since the answer that was published last; ``unknown`` are inputs still to be computed."""
    if last is None:
        return "never computed"
    parts = list(differences("", last.spec, now.spec))
    kinds = [k for k in _keys(last.code, now.code) if last.code.get(k) != now.code.get(k)]
    parts += [f"code of {kind or 'the stage'}" for kind in kinds]
    parts += list(_inputs("", last.inputs, now.inputs))
    if not parts:
        return f"waits for {', '.join(unknown)}" if unknown else "its answer is no longer in the store"
    more = f" and {len(parts) - MANY} more" if len(parts) > MANY else ""
    return "; ".join(parts[:MANY]) + more


def _keys(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    return sorted({*a, *b})


def _inputs(path: str, before: Any, after: Any) -> Iterator[str]:
    """The inputs whose digests differ; those still unknown are no difference, the reason says what it waits for."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in _keys(before, after):
            yield from _inputs(f"{path} {key}", before.get(key), after.get(key))
    elif isinstance(before, dict | str | None) and isinstance(after, dict | str | None) and before != after:
        yield f"input{path}"


def differences(path: str, before: Any, after: Any) -> Iterator[str]:
    """What differs between two slices below a path, one text each: new, gone, or old -> new."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in _keys(before, after):
            here = f"{path}.{key}" if path else key
            if key not in before:
                yield f"{here} is new"
            elif key not in after:
                yield f"{here} is gone"
            else:
                yield from differences(here, before[key], after[key])
    elif (old := _by_name(before)) and (new := _by_name(after)) and old != new:
        yield from differences(path, old, new)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (old, new) in enumerate(zip(before, after, strict=True)):
            name = new.get("name", i) if isinstance(new, dict) else i
            yield from differences(f"{path}.{name}", old, new)
    elif before != after:
        yield f"{path}: {_short(before)} -> {_short(after)}"


def _by_name(value: Any) -> dict[str, Any]:
    """The parts of a list by their names; nothing where it is no list of parts with names of their own."""
    if not isinstance(value, list) or not all(isinstance(part, dict) and "name" in part for part in value):
        return {}
    named = {part["name"]: part for part in value}
    return named if len(named) == len(value) else {}


def _short(value: Any) -> str:
    """A value as a line shows it: of a digest its first letters."""
    if isinstance(value, str) and DIGEST.fullmatch(value):
        return value[:12]
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 40 else text[:37] + "..."
