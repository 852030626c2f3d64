"""Questions whose answer is yes or no: whether something fits, and whether a condition holds."""

from __future__ import annotations

from dtl.learning.query.clause import Query, plain
from dtl.learning.query.order import Slots

ASKING = ("can", "could", "will", "does", "do", "is", "are", "would")
ROOM = ("host", "connect", "take", "handle", "accept", "comply", "support", "carry", "absorb", "accommodate", "room")
"""Verbs of what fits somewhere."""
VERDICT = ("is", "are", "does", "do", "did", "has", "have", "was", "were", "will")
"""Words that begin a question whether a condition holds."""
WHICHEVER = ("any", "all", "every", "each")


def asked(slots: Slots) -> bool:
    """Whether a question asks for yes or no."""
    c = slots.clause
    asks = c.text(0) in ASKING or "is there" in slots.text
    return (asks and c.has(*ROOM) >= 0) or of_condition(slots)


def of_condition(slots: Slots) -> bool:
    """Whether a question is one about a condition of things that it names, or of any or all of a kind."""
    c = slots.clause
    stated = any(f["field"] != "med" for f in slots.filters) or c.has("overloaded") >= 0
    meant = slots.own_ids() or c.text(1) in WHICHEVER
    return c.text(0) in VERDICT and stated and meant and not slots.ranked() and c.has(*ROOM) < 0


def checked(slots: Slots, entity: str, metric: str) -> Query:
    """The query: how much, against the hosting capacity; within a band of voltage; or the condition."""
    c, query = slots.clause, Query(intent="check", entity=entity or "feeder")
    own = slots.all_filters(query["entity"])
    beside: Query = {"scenario": slots.layers} if slots.layers else {}
    beside |= {"time": slots.time} if slots.time else {}
    if any(f["field"] == "voltage" for f in own):
        return query | {"metric": "voltage", "filters": own} | beside
    if of_condition(slots):
        if not metric:
            return {"intent": "clarify", "missing": ["metric"]}
        return query | {"metric": metric, "filters": own} | beside
    sizes = [x for x in slots.layers if x.get("unit") in ("kw", "kva")]
    own = [f for f in own if f["field"] != "peak_load" or f.get("unit") != "kw"]
    for layer in sizes:
        own.append({"field": "hosting_capacity", "op": ">=", "value": layer["value"], "unit": layer["unit"]})
    for at in range(len(c)):
        value, unit = c.number(at), c.unit(at + 1)[0]
        if value is not None and not c.used[at] and unit in ("kw", "mw"):
            factor = 1000.0 if unit == "mw" else 1.0
            own.append({"field": "hosting_capacity", "op": ">=", "value": plain(value * factor), "unit": "kw"})
            c.use(at, at + 2)
    query["metric"] = metric or "hosting_capacity"
    return query | ({"filters": own} if own else {})
