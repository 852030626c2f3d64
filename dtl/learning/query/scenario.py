"""The scenario of a question: cars, roofs, weather, tariffs and electrification, with what is done to them."""

from __future__ import annotations

from dtl.learning.query.clause import Clause, Query, plain
from dtl.learning.query.words import Match

ELECTRIFIED = ("heat_pump", "water_heater")
AFTER = ("of", "the", "at", "to", "by", "is", "are", "reaches", "reach", "hits", "increases", "increased", "grows",
         "rises", "falls", "drops", "decreases", "reduced", "raised", "cut", "goes", "up", "down", "was", "were",
         "reaching", "penetration", "adoption", "more", "customers", "homes", "had", "have", "has", "get", "own",
         "adopt", "install", "use", "households", "houses", "people", "all", "residential", "a", "an",
         "times", "factor", "x")  # fmt: skip
"""Words that may stand between a layer and the number behind it."""
BEFORE = (
    *AFTER,
    "percent",
    "%",
    "pct",
    "level",
    "l2",
    "l1",
    "kw",
    "mw",
    "additional",
    "extra",
    "new",
    "as",
    "many",
    "fold",
)
"""Words that may stand between a number and the layer behind it."""

SETTING = ("with", "under", "at", "given", "assuming")
"""Words that begin the scenario of a question: a verb before them is of its metric."""


TIMES = ("times", "x", "fold")
"""Words beside a number that a layer is multiplied by."""
GROWING = ("grow", "grows", "growing")


def grows(clause: Clause, match: Match) -> bool:
    """Whether a verb, the name of a metric too, stands beside a layer: ``grow EV count by 10 %``."""
    if match.end - match.start != 1 or clause.text(match.start) not in GROWING:
        return False
    known = clause.find(clause.words["layers"], unused=False) + clause.find(clause.words["params"], unused=False)
    ends, starts = {m.end for m in known}, {m.start for m in known}
    return clause.before(match.start, ("is", "are", "a", "the")) + 1 in ends or clause.after(match.end) in starts


def layers(clause: Clause) -> list[Query]:
    """The layers that a clause names, in the order of its words."""
    found = [(m.start, _weather(clause, m.start, m.end, m.value)) for m in clause.find(clause.words["events"])]
    for match in clause.find(clause.words["policies"]):
        clause.use(match.start, match.end)
        found.append((match.start, {"type": "policy", "name": match.value}))
    free = (m for m in clause.find(clause.words["layers"]) if not _of_hosting(clause, m.start))
    found += [(m.start, _adopted(clause, m.start, m.end, m.value)) for m in free if clause.free(m.start, m.end)]
    return [layer for _, layer in sorted(found, key=lambda f: f[0])]


def _of_hosting(clause: Clause, start: int) -> bool:
    """Whether a technology only says what hosting capacity is for."""
    before = clause.before(start)
    return clause.text(before) in ("capacity", "hosting") or (
        clause.text(start + 1) in ("hosting", "capacity") and clause.number(before) is None
    )


def _weather(clause: Clause, start: int, end: int, event: str) -> Query:
    clause.use(start, end)
    layer: Query = {"type": "weather", "event": event}
    for at in (start - 1, clause.after(end, ("of", "in", "from", "the", "year"))):
        year = clause.number(at)
        if year is not None and 1900 <= year <= 2100 and not clause.used[at]:
            clause.use(at, at + 1)
            return layer | {"year": int(year)}
    return layer


def _adopted(clause: Clause, start: int, end: int, kind: str) -> Query:
    layer: Query = {"type": "electrification", "tech": kind} if kind in ELECTRIFIED else {"type": kind}
    for match in clause.find(clause.words["levels"]):
        if abs(match.start - end) <= 3 or abs(start - match.end) <= 3:
            clause.use(match.start, match.end)
            layer["level"] = match.value
    clause.use(start, end)
    param, after = "", end
    ahead = clause.after(end)
    for match in clause.find(clause.words["params"]):
        if match.start == ahead:
            param, after = match.value, match.end
            clause.use(match.start, match.end)
        elif match.end == start or clause.before(start) == match.end - 1:
            param = match.value
            clause.use(match.start, match.end)
            start = match.start
    change = _change(clause, start, after)
    if change is None:
        return layer | ({"param": param} if param else {})
    by_share = change.get("unit") == "pct" or change["op"] == "scale"
    layer["param"] = param or ("penetration" if by_share else "count")
    return layer | change


def _change(clause: Clause, start: int, end: int) -> Query | None:
    """What is done: set to, scaled by, or added; found before or after the name of the layer."""
    words = clause.words
    first = next((i + 1 for i in range(start - 1, -1, -1) if clause.text(i) in SETTING), 0)
    ahead = list(range(start - 1, max(start - 5, first - 1), -1))
    near = [*range(end, min(end + 6, len(clause))), *ahead]
    at, verbs = _number(clause, start, end), {"raise": 1.0, "lower": -1.0}
    # behind "20 % of EVs" a verb is of something else: "does 20 % solar reduce losses"
    told = ahead if 0 <= at < start else near
    sign = next((s for v, s in verbs.items() for i in told if clause.text(i) in words[v] and not clause.used[i]), 0.0)
    for i in near:
        word = clause.text(i)
        if word in words["scale_words"] and not clause.used[i]:
            clause.use(i, i + 1)
            _use_verbs(clause, near)
            return {"op": "scale", "value": plain(float(words["scale_words"][word]))}
    added = next((i for i in near if clause.text(i) in words["add"]), -1)
    if at < 0:
        return None
    value = clause.number(at)
    unit, over = clause.unit(at + 1)
    clause.use(at, over)
    assert value is not None
    times = next((i for i in (at + 1, at - 1) if clause.text(i) in TIMES and not clause.used[i]), None)
    of = clause.before(at, ("a", "of"))
    if not unit and (times is not None or clause.text(of) == "factor"):
        named = of if times is None else times
        clause.use(named, named + 1)
        _use_verbs(clause, told)
        return {"op": "scale", "value": plain(value)}
    if clause.text(over) in ("more", "extra", "additional") and not unit:
        added = over
        clause.use(over, over + 1)
    steps = [i for i in range(min(start, at) - 3, max(end, at) + 1) if clause.text(i) == "by"]
    _use_verbs(clause, told)
    if unit == "pct" and sign and (steps or clause.text(over) in ("more", "less")):
        return {"op": "scale", "value": plain(1.0 + sign * value / 100.0)}
    if unit == "pct" and sign and added < 0 and not steps and clause.text(at - 1) != "to":
        return {"op": "scale", "value": plain(1.0 + sign * value / 100.0)}
    op = "add" if added >= 0 and unit != "pct" else "set"
    if added >= 0:
        clause.use(added, added + 1)
    same = {"op": op, "value": plain(value * (1000.0 if unit == "mw" else 1.0))}
    unit = {"mw": "kw", "mva": "kva"}.get(unit, unit)
    return same | ({"unit": unit} if unit else {})


def _use_verbs(clause: Clause, near: list[int]) -> None:
    verbs = {*clause.words["raise"], *clause.words["lower"], "in", "by", "to"}
    for i in near:
        if clause.text(i) in verbs:
            clause.use(i, i + 1)


def _number(clause: Clause, start: int, end: int) -> int:
    """Place of the number that belongs to a layer; -1 without one."""
    i = end
    while clause.text(i) in AFTER or (clause.text(i) == "in" and clause.unit(i + 2)[0] == "pct"):
        i += 1
    if clause.number(i) is not None and not clause.used[i]:
        return i
    i = start - 1
    while clause.text(i) in BEFORE:
        i -= 1
    return i if i >= 0 and clause.number(i) is not None and not clause.used[i] else -1
