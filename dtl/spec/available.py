"""Words that are parsed and checked, and then refused: their work is not built yet.

The marks are ``not_yet`` on a class and ``NotYet`` on a field; who builds the work deletes the mark.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Discriminator
from pydantic.fields import FieldInfo

from dtl.errors import Mistake
from dtl.spec.base import Base, NotYet, Reading
from dtl.spec.text import Node


def refused(root: Node, reading: Reading) -> list[Mistake]:
    """A mistake for every word of a study that is not available yet."""
    return list(_walk(root, reading, ""))


def mark(field: FieldInfo) -> NotYet | None:
    """The mark of a field, if it has one."""
    return next((m for m in field.metadata if isinstance(m, NotYet)), None)


def field_of(cls: type[Base], word: str) -> FieldInfo | None:
    """The field of a class that a word of the language is, if there is one."""
    return next((f for n, f in cls.model_fields.items() if word in (f.alias, n)), None)


def _walk(node: Node, reading: Reading, path: str) -> Iterator[Mistake]:
    cls = reading.classes.get(id(node.data)) if isinstance(node.data, dict) else None
    for step, inner in node.inner.items():
        here = f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}" if path else step
        field = field_of(cls, str(step)) if cls else None
        found = list(_of_field(field, node, inner, str(step), here)) if field else []
        found = found or list(_of_class(field, node, inner, str(step), reading, here))
        yield from found or _walk(inner, reading, here)


def _of_class(
    field: FieldInfo | None, node: Node, inner: Node, step: str, reading: Reading, path: str
) -> Iterator[Mistake]:
    cls = reading.classes.get(id(inner.data)) if isinstance(inner.data, dict) else None
    if cls is None or cls.available:
        return
    if "kind" in inner.inner:
        kind = inner.inner["kind"]
        yield kind.mistake("not-yet", f"kind '{kind.data}' is not available yet", f"{path}.kind")
    else:
        shaped = field is not None and any(isinstance(m, Discriminator) for m in field.metadata)
        shape = " as a map" if shaped else ""
        yield node.keys.get(step, inner).mistake("not-yet", f"'{step}'{shape} is not available yet", path)


def _of_field(field: FieldInfo, node: Node, inner: Node, step: str, path: str) -> Iterator[Mistake]:
    marked = mark(field)
    if marked is None:
        return
    if not marked.but and not marked.only:
        yield node.keys[step].mistake("not-yet", f"'{step}' is not available yet", path)
        return
    for item in [inner, *inner.inner.values()] if isinstance(inner.data, list) else [inner]:
        if isinstance(item.data, str) and marked.refuses(item.data):
            yield item.mistake("not-yet", f"{step}: '{item.data}' is not available yet", path)
