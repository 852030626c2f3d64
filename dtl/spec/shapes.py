"""Fields that may be written in several shapes: as a text, a list or a map."""

from __future__ import annotations

from typing import Any

from pydantic import Discriminator, Tag

TextShape = Tag("<text>")
ListShape = Tag("<list>")
MapShape = Tag("<map>")


def _shape(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return "<list>"
    return "<text>" if isinstance(value, str | int | float) else "<map>"


def shape(*words: str) -> Discriminator:
    """Tells the members of a union by the shape that is written; ``words`` say the shapes in a message."""
    return Discriminator(
        _shape,
        custom_error_type="wrong-shape",
        custom_error_message="must be " + " or ".join(words),
    )
