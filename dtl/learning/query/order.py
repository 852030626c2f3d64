"""The order of an answer: function, direction and how many; and the sides of a comparison."""

from __future__ import annotations

from typing import Protocol

from dtl.learning.query.clause import Clause, Query
from dtl.learning.query.words import Match

WHETHER = ("do", "does", "did", "will", "would")
"""Words that begin a question after what a scenario does: ``does 40 % solar reduce losses``."""


class Slots(Protocol):
    """What is known of a clause: its words, its things with their ids, its layers."""

    clause: Clause
    text: str
    entities: list[Match]
    ids: list[tuple[int, str, str, str]]
    layers: list[Query]
    filters: list[Query]
    time: Query

    def own_ids(self) -> bool:
        """Whether the things that are asked about are named."""

    def ranked(self) -> bool:
        """Whether things are asked for in an order."""

    def all_filters(self, entity: str) -> list[Query]:
        """The filters with the ids, and the one that an overload without a number is."""

    def function(self) -> str:
        """``mean``, ``sum``, ``min`` or ``max``; empty without one."""

    def entity(self) -> str:
        """The kind of thing that is asked about."""

    def limit_at(self) -> int | None:
        """Place of the number that says how many are asked for."""


def order(slots: Slots, query: Query) -> None:
    """Write into a query its function, order and limit."""
    c, intent, metric = slots.clause, query["intent"], query.get("metric", "")
    if intent == "aggregate":
        query["fn"] = slots.function()
        by = next((m.value for m in slots.entities if c.text(m.start - 1) == "by"), "")
        if by:
            query["by"] = by
    elif intent == "value" and slots.function():
        query["fn"] = slots.function()
    if intent != "rank":
        return

    def some(*names: str) -> bool:
        return any(c.find({"x": c.words[n]}, unused=False) for n in names)

    low = metric in c.words["low_is_bad"]
    if some("worst"):
        query["order"] = "asc" if low and metric != "bcr" else "desc"
    elif some("best"):
        query["order"] = "desc" if low else "asc"
    elif c.has("bottom") >= 0 or _ascending(slots):
        query["order"] = "asc"
    else:
        query["order"] = "desc"
    at = slots.limit_at()
    if at is not None:
        query["limit"] = int(c.number(at) or 0)
        c.use(at, at + 1)
    elif _one(slots):
        query["limit"] = 1


def _ascending(slots: Slots) -> bool:
    c = slots.clause
    found = [m.start for m in c.find({"x": c.words["asc"]}, unused=False)]
    other = [m.start for m in c.find({"x": c.words["desc"]}, unused=False)]
    return bool(found) and (not other or min(found) < min(other))


def _one(slots: Slots) -> bool:
    """Whether one thing is asked for: ``which feeder has the highest``, not ``rank feeders``."""
    held = {at for at, *_ in slots.ids}
    named = [m for m in slots.entities if m.start not in held and m.value == slots.entity()]
    return bool(named) and not named[0].plural and slots.clause.has("rank", "ranked", "ranking", "sort", "sorted") < 0


def sides(slots: Slots) -> list[list[Query]]:
    """The stacks that a question compares; the empty one is the base."""
    based = any(w in slots.text for w in ("base", "today", "current", "business as usual", "status quo", "existing"))
    asked = (
        slots.clause.text(0) == "how" or slots.clause.has("effect", "impact") >= 0 or slots.clause.text(0) in WHETHER
    )
    if based or asked or len(slots.layers) == 1:
        return [[], slots.layers]
    return [[layer] for layer in slots.layers]
