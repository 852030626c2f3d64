"""The reference page of the language, made from the section classes: every word and its meaning."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from dtl.spec.base import Base
from dtl.spec.canonical import plain
from dtl.spec.kinds import ORDER
from dtl.spec.schema import classes, of_type, schema, text
from dtl.spec.study import Study
from dtl.spec.words import meaning
from dtl.units import SUFFIXES

INTRO = """# The study language

A study is one YAML file, `studies/<name>/study.yaml`. Only `dtl`, `title`, `timezone`, `feeders`, `sources` and
`network` must be there; whatever else is left out has the default of this page. This page is made from the code by
`python -m dtl.spec.reference`; a test holds the two together. The same as JSON Schema, for editors:
[study.json](schema/study.json).

Scalars are text until the type of their word says otherwise: ids need no quotes, `0012` stays `0012`, `12:30` stays
`12:30`, and `NO` is a text. There are no anchors, merges, tags, variables or expressions. Numbers may be grouped:
`4_000_000`. Days are written `2026-10-31`, times `2026-07-16 18:00`, shares from 0 to 1. Units stand in the names of
words.

A section that is a map may be the relative path of a `.yaml` file that holds it, or a list of paths and maps with
disjoint names. Paths are relative to the file in which they stand.

A **case** is a scenario in a planned year, `growth@2030`; without planned years it is the scenario alone. A stack is a
set: layers apply in the fixed order of their kinds ({order}), and within a kind by name.
"""


def page() -> str:
    """The page as Markdown."""
    made = schema()
    parts = [INTRO.format(order=", ".join(ORDER))]
    for cls in classes():
        part = made if cls is Study else made["$defs"][cls.__name__]
        parts.append(_section(cls, part))
    return "\n".join(parts)


def _section(cls: type[Base], part: dict[str, Any]) -> str:
    about = inspect.cleandoc(cls.__doc__ or "").replace("\n", " ")
    lines = [f"## {_title(cls)} {{#{anchor(cls)}}}", "", about, ""]
    if not cls.model_fields:
        return "\n".join([*lines, "It has no words: write `{}`.", ""])
    lines += ["| Word | Type | Unit | Default | Meaning |", "|---|---|---|---|---|"]
    for name, field in cls.model_fields.items():
        word = field.alias or name
        required = field.default is PydanticUndefined and field.default_factory is None
        default = "**required**" if required else _default(field.default)
        about = meaning(cls, name) or ("Which kind it is." if name == "kind" else "")
        inner = of_type(field.annotation)
        kind = _type(part["properties"][word], inner)
        lines.append(f"| `{word}` | {kind} | {_unit(word, about)} | {default} | {_cell(about)} |")
    return "\n".join([*lines, ""])


def _kinds(cls: type[Base]) -> list[str]:
    """The kinds that a class is for; none if it has no ``kind``."""
    field = cls.model_fields.get("kind")
    return [str(k) for k in get_args(field.annotation)] if field else []


def _title(cls: type[Base]) -> str:
    kinds = " or ".join(f"`{k}`" for k in _kinds(cls))
    return "The study" if cls is Study else f"{cls.__name__}: kind {kinds}" if kinds else cls.__name__


def anchor(cls: type[Base]) -> str:
    """The anchor of a class on the page: its kind, or else its name."""
    kinds = _kinds(cls)
    return kinds[0] if kinds else re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


def _default(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        value = plain(value)
    if isinstance(value, list) and any(isinstance(v, BaseModel) for v in value):
        value = [plain(v) for v in value]
    said = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return f"`{said}`" if said and len(said) <= 60 else "the defaults of its words" if said else "empty"


def _unit(word: str, about: str) -> str:
    bracket = re.search(r"\[([^\]]+)\]", about)
    if bracket:
        return _cell(bracket.group(1))
    suffix = word.rsplit("_", 1)[-1]
    found = re.search(r"\[([^\]]+)\]", SUFFIXES.get(suffix, "")) if "_" in word else None
    return found.group(1) if found else ""


def _cell(said: str) -> str:
    return said.replace("\n", " ").replace("|", "\\|")


def _type(part: dict[str, Any], inner: list[type[Base]]) -> str:
    """The type of a word in the words of the page."""
    if "discriminator" in part:
        return "one of " + ", ".join(_link(c) for c in inner)
    for words in ("anyOf", "oneOf"):
        if words in part:
            kinds = [p for p in part[words] if p.get("description") != "The path of a file that holds this section."]
            kinds = [p for p in kinds if "anyOf" not in p.get("items", {})] or kinds
            return " or ".join(dict.fromkeys(_type(p, inner) for p in kinds))
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        return next((_link(c) for c in inner if c.__name__ == name), name)
    if "enum" in part or "const" in part:
        return ", ".join(f"`{v}`" for v in part.get("enum", [part.get("const")]))
    if part.get("type") == "array":
        count = part.get("minItems") if part.get("minItems") == part.get("maxItems") else None
        return f"list of {f'{count} ' if count else ''}{_type(part['items'], inner)}"
    if part.get("type") == "object":
        value = part.get("additionalProperties") or next(iter(part["patternProperties"].values()))
        return f"map of names to {_type(value, inner)}"
    return _scalar(part)


def _link(cls: type[Base]) -> str:
    return f"[{cls.__name__}](#{anchor(cls)})"


def _scalar(part: dict[str, Any]) -> str:
    kind = part.get("type")
    if isinstance(kind, list):
        return "text"
    name = {"integer": "whole number", "number": "number", "boolean": "true or false", "string": "text"}.get(
        str(kind), "text"
    )
    if part.get("format"):
        name = {"date": "day", "date-time": "time"}.get(part["format"], name)
    bounds = {"minimum": "from {}", "exclusiveMinimum": "above {}", "maximum": "to {}", "exclusiveMaximum": "below {}"}
    said = [words.format(part[key]) for key, words in bounds.items() if key in part]
    return " ".join([name, *said])


def write(folder: Path) -> None:
    """Writes the page and the JSON Schema below the folder ``site/docs``."""
    (folder / "schema").mkdir(parents=True, exist_ok=True)
    (folder / "schema" / "study.json").write_text(text(), encoding="utf-8", newline="\n")
    (folder / "language.md").write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path("site/docs"))
