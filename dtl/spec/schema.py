"""The JSON Schema of the language, made from the section classes; editors complete and check with it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any, get_args

from dtl.spec.base import Base
from dtl.spec.includes import SECTIONS
from dtl.spec.study import Study
from dtl.spec.words import meaning

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a study file."""
    made = Study.model_json_schema(by_alias=True)
    definitions = made.pop("$defs")
    for cls in classes():
        target = made if cls is Study else definitions.get(cls.__name__)
        if target is not None:
            _describe(cls, target)
    for section in SECTIONS:
        made["properties"][section] = _or_path(made["properties"][section])
    head = {"$schema": DRAFT, "title": "A study of DTL", "description": inspect.getdoc(Study)}
    rest = {k: v for k, v in made.items() if k not in head}
    whole: dict[str, Any] = _tidy({**head, **rest, "$defs": definitions})
    return whole


def text() -> str:
    """The JSON Schema as the bytes of its file."""
    return json.dumps(schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def run() -> int:
    """The verb ``schema``: prints the JSON Schema."""
    print(text(), end="")
    return 0


def classes() -> list[type[Base]]:
    """The classes of all sections, in the order in which the study names them."""
    return list(dict.fromkeys(_below(Study)))


def _below(cls: type[Base]) -> Iterator[type[Base]]:
    yield cls
    for field in cls.model_fields.values():
        for inner in of_type(field.annotation):
            yield from _below(inner)


def of_type(annotation: Any) -> list[type[Base]]:
    """The section classes inside a type, in order."""
    if isinstance(annotation, type) and issubclass(annotation, Base):
        return [annotation]
    return [cls for part in get_args(annotation) for cls in of_type(part)]


def _describe(cls: type[Base], target: dict[str, Any]) -> None:
    """Puts docstrings of a class into its part of the schema."""
    target["description"] = inspect.getdoc(cls) or ""
    target.pop("title", None)
    for name, field in cls.model_fields.items():
        part = target["properties"][field.alias or name]
        part.pop("title", None)
        said = meaning(cls, name)
        if said:
            part["description"] = said


BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def _tidy(part: Any) -> Any:
    """Bounds in the words of JSON Schema, and no null, which the language does not have."""
    if isinstance(part, list):
        return [_tidy(p) for p in part]
    if not isinstance(part, dict):
        return part
    found = {BOUNDS.get(k, k): _tidy(v) for k, v in part.items() if not (k == "default" and v is None)}
    some = found.get("anyOf")
    if isinstance(some, list) and {"type": "null"} in some:
        rest = [p for p in some if p != {"type": "null"}]
        found.pop("anyOf")
        found = {**(rest[0] if len(rest) == 1 else {"anyOf": rest}), **found}
    return found


def _or_path(section: dict[str, Any]) -> dict[str, Any]:
    """A section, the path of a file that holds it, or a list of both."""
    path = {"type": "string", "pattern": r"\.ya?ml$", "description": "The path of a file that holds this section."}
    said = {k: v for k, v in section.items() if k in ("description", "default")}
    section = {k: v for k, v in section.items() if k not in said}
    return {**said, "anyOf": [section, path, {"type": "array", "items": {"anyOf": [section, path]}}]}
