"""Mistakes that pydantic found, in our words and at their place."""

from __future__ import annotations

import re
from typing import Any

from dtl.errors import Mistake
from dtl.spec.base import Base, Reading, near
from dtl.spec.text import Node
from dtl.spec.words import first_sentence

SHAPES = {
    "dict_type": "a map (name: value)",
    "model_type": "a map (name: value)",
    "model_attributes_type": "a map (name: value)",
    "list_type": "a list [a, b]",
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a day, as 2026-10-31",
    "datetime_type": "a day and time, as 2026-07-16 18:00",
}


TAGS = ("<text>", "<list>", "<map>", "<table>")
"""Steps that only say which shape of a field was written."""


class Spot:
    """Where an error of pydantic points: the path in words, the node, and the last map on the way with its class."""

    def __init__(self, root: Node, loc: tuple[Any, ...], reading: Reading):
        self.node = root
        self.on_key: Node | None = None
        self.words: list[str] = []
        self.owner: type[Base] | None = None
        pending_kind = False
        for step in loc:
            data = self.node.data
            owner = reading.classes.get(id(data)) if isinstance(data, dict) else None
            self.owner = owner or self.owner
            if step == "[key]":
                self.on_key = self.on_key or self.node
                continue
            if isinstance(step, str) and step in TAGS:
                continue
            if owner is not None and "kind" in owner.model_fields and not pending_kind and data.get("kind") == step:
                pending_kind = True
                continue
            pending_kind = False
            self.on_key = None
            if step in self.node.inner:
                self.on_key = self.node.keys.get(str(step))
                self.node = self.node.inner[step]
                self.words.append(f"[{step}]" if isinstance(step, int) else str(step))
            elif isinstance(step, str):
                self.words.append(step)
        data = self.node.data
        if isinstance(data, dict):
            self.owner = reading.classes.get(id(data), self.owner)

    @property
    def place(self) -> Node:
        """Where a message points: the value if it is a text, else its key if it has one."""
        return self.node if isinstance(self.node.data, str) or self.on_key is None else self.on_key

    @property
    def path(self) -> str:
        """The path as messages show it: ``layers.level_2.by``."""
        return ".".join(self.words).replace(".[", "[")


def explain(error: Any, root: Node, reading: Reading) -> Mistake | None:
    """One error of pydantic as a mistake; None where the file has no value, which the reader of the text told."""
    kind, loc = error["type"], error["loc"]
    ctx = error.get("ctx") or {}
    if kind == "missing":
        return _missing(root, loc, reading)
    if kind == "extra_forbidden":
        return _unknown_word(root, loc, reading)
    spot = Spot(root, loc, reading)
    at = spot.node
    if at.data is None:
        return None
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _kind(spot, ctx)
    value = str(at.data) if isinstance(at.data, str) else ""
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", ctx["expected"])
        message = (
            f"'{value}' is not known here{_choose(value, known)}" if value else f"must be one of {ctx['expected']}"
        )
        return at.mistake("unknown-value", message, spot.path)
    if kind == "not-a-number":
        return at.mistake(kind, error["msg"] + _unit_hint(value, spot), spot.path)
    if kind in SHAPES:
        return spot.place.mistake("wrong-shape", f"must be {SHAPES[kind]}", spot.path)
    word = ctx.get("at") or ""
    if isinstance(at.data, dict) and word in at.inner:
        inner = at.inner[word]
        place = inner if isinstance(inner.data, str) else at.keys[word]
        return place.mistake(kind, error["msg"], f"{spot.path}.{word}")
    return spot.place.mistake(*beyond(kind, ctx, value, error["msg"]), spot.path)


def _missing(root: Node, loc: tuple[Any, ...], reading: Reading) -> Mistake:
    spot = Spot(root, loc[:-1], reading)
    word = str(loc[-1])
    what = first_sentence(spot.owner, word) if spot.owner else ""
    at = spot.on_key or spot.node
    path = f"{spot.path}.{word}" if spot.path else word
    return at.mistake("missing-word", f"'{word}' is missing{': ' + what if what else ''}", path)


def _unknown_word(root: Node, loc: tuple[Any, ...], reading: Reading) -> Mistake:
    spot = Spot(root, loc[:-1], reading)
    word = str(loc[-1])
    known = [f.alias or n for n, f in spot.owner.model_fields.items()] if spot.owner else []
    elsewhere = spot.owner.ELSEWHERE.get(word) if spot.owner else None
    at = spot.node.keys.get(word, spot.node)
    path = f"{spot.path}.{word}" if spot.path else word
    hint = f"; {elsewhere}" if elsewhere else near(word, known)
    return at.mistake("unknown-word", f"'{word}' is not a word here{hint}", path)


def _kind(spot: Spot, ctx: dict[str, Any]) -> Mistake:
    data = spot.node.data
    if not isinstance(data, dict):
        return spot.place.mistake("wrong-shape", "must be a map with 'kind'", spot.path)
    kind = data.get("kind")
    path = f"{spot.path}.kind"
    known = re.findall(r"'([^']*)'", str(ctx.get("expected_tags", "")))
    if not isinstance(kind, str):
        at = spot.node.inner.get("kind") or spot.on_key or spot.node
        return at.mistake("missing-word", "'kind' is missing: what is it?", path)
    return spot.node.inner["kind"].mistake(
        "unknown-value", f"there is no kind '{kind}' here{_choose(kind, known)}", path
    )


def _choose(value: str, known: list[str]) -> str:
    return near(value, known) or "; there is " + ", ".join(f"'{k}'" for k in known)


def _unit_hint(value: str, spot: Spot) -> str:
    field = next((w for w in reversed(spot.words) if not w.startswith("[")), "")
    number = re.match(r"[-+]?[\d_.,]*\d", value)
    if not number:
        return ""
    rest = value[number.end() :].strip()
    plain = number.group().replace(",", ".") if number.group().count(",") == 1 else number.group().replace(",", "")
    if rest == "%" and not field.endswith("_pct"):
        return f"; write the share {float(plain) / 100:g}" if re.fullmatch(r"[-+]?\d+(\.\d+)?", plain) else ""
    if rest and re.fullmatch(r"[A-Za-z%°][A-Za-z/%]*", rest):
        return f"; the unit stands in the name '{field}', write {plain}"
    return f"; write {plain}" if not rest and plain != value and re.fullmatch(r"[-+]?\d+(\.\d+)?", plain) else ""


def beyond(kind: str, ctx: dict[str, Any], value: str, message: str) -> tuple[str, str]:
    """Slug and message of an error of pydantic about a value."""
    signs = {"greater_than": "above {gt}", "greater_than_equal": "at least {ge}", "less_than": "below {lt}"}
    signs["less_than_equal"] = "at most {le}"
    if kind in signs:
        bound = {k: f"{v:g}" for k, v in ctx.items() if isinstance(v, int | float)}
        hint = ""
        number = re.fullmatch(r"\d+(\.\d+)?", value)
        if ctx.get("le") == 1 and number and 2 <= float(value) <= 100:
            hint = f"; a share runs from 0 to 1: {float(value) / 100:g}"
        return "out-of-range", f"{value} is out of range: it must be {signs[kind].format(**bound)}{hint}"
    if kind == "finite_number":
        return "not-a-number", f"'{value}' is not a number"
    if kind == "too_short":
        return "out-of-range", f"needs at least {ctx['min_length']} {'entry' if ctx['min_length'] == 1 else 'entries'}"
    if kind == "too_long":
        return "out-of-range", f"takes at most {ctx['max_length']} entries"
    if kind == "string_pattern_mismatch":
        return "unknown-value", f"'{value}' does not have the form {ctx['pattern']}"
    return "wrong-shape" if "_" in kind else kind, message
