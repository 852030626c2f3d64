"""What the words of the language mean: the attribute docstrings of the section classes, read from the source."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path

from dtl.spec.base import Base


@cache
def _module(path: str) -> dict[str, dict[str, str]]:
    """The attribute docstrings of each class of a module."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        words = found.setdefault(node.name, {})
        for field, text in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
                and isinstance(text.value.value, str)
            ):
                words[field.target.id] = inspect.cleandoc(text.value.value)
    return found


def meaning(cls: type[Base], name: str) -> str:
    """The docstring of a field, by its name in Python or in the language; empty if it has none."""
    for base in cls.__mro__:
        if base is Base or not issubclass(base, Base):
            continue
        words = _module(inspect.getfile(base)).get(base.__name__, {})
        for field in (name, name + "_"):
            if field in words:
                return words[field]
    return ""


def first_sentence(cls: type[Base], name: str) -> str:
    """The meaning of a field in the middle of a message."""
    text = meaning(cls, name).split(". ")[0].rstrip(".").replace("\n", " ")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
