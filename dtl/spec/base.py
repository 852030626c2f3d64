"""What every section of a study shares: the model class, the markers, and what is known while a study is read."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError


class Scalar(str):
    """A scalar of a study file: its text, and the folder of its file relative to the folder of the study."""

    base: str = ""


@dataclass
class Reading:
    """What is known while one study is read: its folder, the plain data, and which class each map became.

    ``incomplete`` are sections of which a part could not be read; what names their entries is not judged. ``classes``
    is keyed by the ``id()`` of the plain ``dict``; the loader needs it to explain mistakes.
    """

    folder: Path
    data: dict[str, Any]
    incomplete: frozenset[str] = frozenset()
    classes: dict[int, type[Base]] = field(default_factory=dict)

    def entries(self, section: str) -> dict[str, Any]:
        """The entries of a section that is a map of names; none if the section is missing or of another shape."""
        found = self.data.get(section)
        return found if isinstance(found, dict) else {}


class Base(BaseModel):
    """One map of a study: frozen, and closed to words it does not know.

    A field whose name is a word of Python ends with ``_``, which the language does not show. ``ELSEWHERE`` says
    of words that are looked for here where they are.
    """

    ELSEWHERE: ClassVar[dict[str, str]] = {}

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        alias_generator=lambda name: name.rstrip("_"),
        validate_by_name=True,
        validate_by_alias=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _note_class(cls, data: Any, info: ValidationInfo) -> Any:
        if isinstance(info.context, Reading) and isinstance(data, dict):
            info.context.classes[id(data)] = cls
        return data


COSMETIC: dict[str, Any] = {"cosmetic": True}
"""For ``Field(json_schema_extra=COSMETIC)``: the field changes pages and no number."""


def wrong(slug: str, message: str, at: str = "") -> PydanticCustomError:
    """A mistake, for validators to raise; ``slug`` without its ``spec.``, ``at`` the word of the map that is wrong."""
    return PydanticCustomError(slug, "{message}", {"message": message, "at": at})


def near(word: str, known: Iterable[str]) -> str:
    """The tail of a message: "; did you mean ...?", or what there is to choose from, or nothing."""
    names = sorted(known)
    folded = {n.casefold(): n for n in reversed(names)}
    found = difflib.get_close_matches(word.casefold(), list(folded), n=2, cutoff=0.6)
    if found:
        return "; did you mean " + " or ".join(f"'{folded[f]}'" for f in found) + "?"
    if names and len(", ".join(names)) <= 100:
        return "; there is " + ", ".join(f"'{n}'" for n in names)
    return ""


def one_of(model: Base, names: tuple[str, ...], what: str, *, optional: bool = False, short: bool = False) -> None:
    """Raises unless exactly one (at most one, if ``optional``) of the fields ``names`` is written."""
    written = [n for n in names if getattr(model, n) is not None]
    if len(written) == 1 or (optional and not written):
        return
    words = " | ".join(n.rstrip("_") for n in names)
    given = " and ".join(f"'{n.rstrip('_')}'" for n in written)
    told = f"{given} {'are' if len(written) > 1 else 'is'} given" if written else "none is given"
    wanted = "at most one" if optional else "exactly one"
    words = "its words" if short and written else words
    raise wrong("one-of", f"{what} needs {wanted} of {words}; {told}", written[-1].rstrip("_") if written else "")


Check = Callable[[Any, ValidationInfo], Any]
"""A validator that knows what is being read."""
