"""From a question to its canonical query: intent, entity, metric, order, filters, scenario and time; or why not.

The grammar is closed. What it does not know is said (`Understood.ignored`); a question whose entity or metric cannot be
told is not guessed but asked back (``clarify``), and one of another matter, or one that would change data, is refused
(``reject``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dtl.learning.query import check, filters, heeded, moment, scenario
from dtl.learning.query.clause import Clause, Query
from dtl.learning.query.order import order, sides
from dtl.learning.query.refused import harmful
from dtl.learning.query.words import Token, grammar, matches, reworded, tokens

OF_METRIC = {
    "voltage_violations": "bus", "voltage": "bus", "anomalies": "meter", "mapping_confidence": "meter",
    "bcr": "mitigation",
    "cost": "mitigation", "loss_of_life": "transformer", "remaining_life": "transformer", "losses": "system",
    "saidi": "system", "saifi": "system", "caidi": "system", "peak_load": "system", "violations_total": "system",
    "overload_hours": "system", "customers": "system", "spatial_clusters": "violation", "changepoint": "feeder",
    "growth_rate": "feeder", "hosting_capacity": "feeder", "outage_risk": "feeder",
}  # fmt: skip
"""The entity that a metric is about where a question names none."""
MOST_WORDS = 80


@dataclass(frozen=True)
class Understood:
    """The canonical query, the words that were ignored, and those read as others."""

    query: Query
    ignored: tuple[str, ...] = ()
    corrected: tuple[tuple[str, str], ...] = ()


def parse(text: str) -> Query:
    """The canonical query of a question; absent keys were not stated."""
    return understand(text).query


def understand(text: str) -> Understood:
    """The canonical query of a question, with what was ignored and corrected."""
    found, mended = tokens(text)
    if harmful(text, found):
        return Understood({"intent": "reject", "reason": "not_a_query"})
    found, said = reworded(found)
    parts = [p for p in _clauses(found[: 2 * MOST_WORDS]) if p]
    results: list[tuple[Query, list[str]]] = []
    thing = ""
    for part in parts:
        results.append(_Slots(Clause(_carried(part, thing, results))).result())
        thing = str(results[-1][0].get("entity") or thing)
    results = results or [({"intent": "clarify", "missing": ["entity", "metric"]}, [])]
    ignored = tuple(w for _, left in results for w in left)
    bad = next((q for q, _ in results if q["intent"] in ("reject", "clarify")), None)
    query = results[0][0] if len(results) == 1 else bad or {"intent": "multi", "queries": [q for q, _ in results]}
    return Understood(query, ignored, (*mended, *said))


def _carried(part: list[Token], thing: str, before: list[tuple[Query, list[str]]]) -> list[Token]:
    """A part with the thing of the parts before it, where it names none: ``and the 3 by saifi``."""
    if not thing or _names_thing(part):
        return part
    at = 1 if part[0].text == "the" else 0
    if part[at:] and part[at].number is not None and [t.text for t in part[at + 1 : at + 2]] == ["by"]:
        way = "bottom" if before[-1][0].get("order") == "asc" else "top"
        return [Token(way, way), part[at], Token(f"{thing}s", f"{thing}s"), *part[at + 1 :]]
    return [Token(thing, thing), *part]


def _names_thing(part: list[Token]) -> bool:
    return bool(matches(part, grammar()["entities"]))


def _clauses(found: list[Token]) -> list[list[Token]]:
    """Parts of a question that are questions of their own: after ``;`` and ``then``."""
    parts: list[list[Token]] = [[]]
    for i, token in enumerate(found):
        rest = [t.text for t in found[i + 1 : i + 4]]
        again = token.text == "and" and rest[:1] == ["the"] and len(rest) > 2 and found[i + 2].number is not None
        if token.text == ";" or (token.text == "then" and i > 2) or (again and len(parts[-1]) > 2):
            parts.append([])
        elif not (token.text == "and" and not parts[-1]):
            parts[-1].append(token)
    return [p[:MOST_WORDS] for p in parts]


class _Slots:
    """The slots of one clause, filled in an order in which each consumes its words."""

    def __init__(self, clause: Clause) -> None:
        self.clause = clause
        words = clause.words
        self.text = " ".join(t.text for t in clause.tokens)
        season = moment.season(clause)
        self.metrics = [m for m in clause.find(words["metrics"]) if not scenario.grows(clause, m)]
        for m in self.metrics:
            clause.use(m.start, m.end)
        if "with and without" in self.text or "and without" in self.text:
            at = clause.has("without")
            clause.use(at, at + 1)
            clause.tokens[at] = Token("base", "without")
            self.text = self.text.replace("and without", "and base")
        self.layers = scenario.layers(clause)
        self.time = season | moment.time(clause)
        self.entities = clause.find(words["entities"])
        self.ids = filters.ids(clause, self.entities)
        self.filters = filters.special(clause, self.metrics)
        self.filters += filters.compared(clause, self.metrics)
        for m in self.entities:
            clause.use(m.start, m.end)

    def result(self) -> tuple[Query, list[str]]:
        """The canonical query of the clause and the words that it ignored."""
        invalid = self._invalid()
        if invalid:
            return {"intent": "reject", "reason": "invalid_value"}, []
        query = self._query()
        overlooked = heeded.overlooked(self.clause, self.filters, self.function()) + heeded.other_unit(
            self.clause, query.get("metric", "")
        )
        for group in ("intents",):
            for phrases in self.clause.words[group].values():
                for m in self.clause.find({"x": phrases}):
                    self.clause.use(m.start, m.end)
        for word in ("desc", "asc", "worst", "best"):
            for m in self.clause.find({"x": self.clause.words[word]}):
                self.clause.use(m.start, m.end)
        for phrases in self.clause.words["functions"].values():
            for m in self.clause.find({"x": phrases}):
                self.clause.use(m.start, m.end)
        left = self.clause.left()
        if query["intent"] not in ("clarify", "reject", "recommend"):
            negations = self.clause.words["negations"]
            stray = [w for w in left if w.lower() in {n for n in negations if " " not in n}]
            stray += [m.value for m in self.clause.find({"x": [n for n in negations if " " in n]})]
            numbers = [i for i, used in enumerate(self.clause.used) if not used and self.clause.number(i) is not None]
            if any((self.clause.number(i) or 0) < 0 for i in numbers):
                return {"intent": "reject", "reason": "invalid_value"}, left
            counted = query["intent"] == "count" and bool(left) and "filters" not in query and not self.metrics
            # without a condition that was stated, an answer would be of something else
            if stray or numbers or counted or overlooked:
                return {"intent": "clarify", "missing": ["filter"]}, [*left, *(w for w in overlooked if w not in left)]
            if not self.metrics and heeded.other_metric(left, query):
                return {"intent": "clarify", "missing": ["metric"]}, left
            if "metric" not in query and heeded.nothing_asked(query):
                return {"intent": "clarify", "missing": ["metric"]}, left
            if left and not self.layers and self.clause.text(0) == "how" and self.clause.has(*heeded.EFFECT) >= 0:
                return {"intent": "clarify", "missing": ["scenario"]}, left
        other = self._foreign() or heeded.unknown(left)
        if query["intent"] == "clarify" and other and not self.metrics and not self.entities:
            return {"intent": "reject", "reason": "out_of_scope"}, left
        if self._foreign() and not self.metrics:
            return {"intent": "reject", "reason": "out_of_scope"}, left
        return query, left

    def _foreign(self) -> bool:
        return any(re.search(rf"\b{re.escape(w)}\b", self.text) for w in self.clause.words["foreign"])

    def _invalid(self) -> bool:
        for layer in self.layers:
            value = layer.get("value")
            if value is not None and (
                value < 0 or (layer.get("unit") == "pct" and layer["op"] == "set" and value > 100)
            ):
                return True
        limit = self.limit_at()
        if limit is not None and ((self.clause.number(limit) or 0) < 1 or (self.clause.number(limit) or 0) % 1):
            return True
        for f in self.filters:
            numbers = f["value"] if isinstance(f["value"], list) else [f["value"]]
            if f.get("unit") in ("kw", "kva", "min", "km", "year", "pu", "hour") and any(
                isinstance(n, int | float) and not isinstance(n, bool) and n < 0 for n in numbers
            ):
                return True
        return False

    def limit_at(self) -> int | None:
        """Place of the number that says how many are asked for."""
        c = self.clause
        for i in range(len(c)):
            value = c.number(i)
            if value is None or c.used[i] or c.unit(i + 1)[0]:
                continue
            around = {c.text(i - 1), c.text(i + 1), c.text(i + 2), c.text(i + 3) if c.text(i + 1) == "with" else ""}
            order = {*c.words["desc"], *c.words["asc"], *c.words["worst"], *c.words["best"], "first"}
            ahead = any(m.start in (i + 1, i + 2, i + 3) for m in self.entities)
            if around & order or ahead:
                return i
        return None

    def _query(self) -> Query:
        intent = self._intent()
        if intent == "recommend":
            return {"intent": "recommend", "entity": "scenario"}
        entity, metric = self.entity(), self._metric()
        if intent == "check":
            return check.checked(self, entity, metric)
        if intent == "count" and entity == "customer" and not metric and not self.filters:
            named = any(kind == "feeder" for _, kind, *_ in self.ids)
            intent, entity, metric = "value", "feeder" if named else "system", "customers"
        if intent == "run" and not self.ids and entity in ("customer", "scenario", "meter", "violation"):
            entity = "system"
        own, query = self.all_filters(entity), Query()
        query["intent"] = intent
        thing = entity or OF_METRIC.get(metric, "")
        if intent == "rank" and thing == "system" and not entity:
            thing = ""
        missing = [k for k, v in (("entity", thing), ("metric", metric)) if not v]
        listed = self.clause.has("list", "show", "all", "display", "every") >= 0
        plainly = (
            intent == "count"
            or (intent == "list" and ((own and self.entities) or listed))
            or (intent == "filter" and own and self.entities)
        )
        if missing and not (plainly and entity) and not (intent in ("run", "compare") and self.layers):
            return {"intent": "clarify", "missing": missing}
        if intent in ("run", "compare") and not metric:
            metric = "violations_total"
        query["entity"] = entity or ("system" if intent in ("run", "compare") else OF_METRIC.get(metric, "system"))
        if metric:
            query["metric"] = metric
        order(self, query)
        if own:
            query["filters"] = own
        if self.layers:
            if intent == "compare":
                query["scenarios"] = sides(self)
            else:
                query["scenario"] = self.layers
        elif intent == "compare":
            return {"intent": "clarify", "missing": ["scenario"]}
        if self.time:
            query["time"] = self.time
        return query

    def _intent(self) -> str:
        c, text = self.clause, self.text

        def has(name: str) -> bool:
            return bool(c.find({"x": c.words["intents"][name]}, unused=False))

        if has("recommend") and (c.has("scenario", "scenarios", "study", "studies", "run", "next", "simulate") >= 0):
            return "recommend"
        if has("compare") or (has("change") and self.layers and c.text(0) == "how") or heeded.effect_of_layers(self):
            return "compare"
        counted = text.replace("number of customers", "")
        many = any(c.text(i) == "how" and c.text(i + 1) == "many" and not c.unit(i + 2)[0] for i in range(len(c)))
        if many or any(phrase in counted for phrase in ("number of", "count of")) or c.text(0) == "count":
            return "count"
        if check.asked(self):
            return "check"
        if has("run") and self.layers and not self.ranked() and not any(f for f in self.filters):
            return "run"
        named = self.own_ids()
        if self.ranked() and not named:
            return "rank"
        if self.function() in ("mean", "sum") and self.metrics and not named:
            return "aggregate"
        if named and self.metrics and not self.filters:
            return "value"
        if self.filters and any(f["field"] not in ("med",) for f in self.filters):
            return "filter"
        if c.has("overloaded") >= 0 and self.entity():
            return "filter"
        entity = self.entity() or OF_METRIC.get(self._metric(), "")
        if entity == "system" or (named and self.metrics):
            return "value" if not self.ranked() else "rank"
        return (
            "value" if c.text(0) == "what" and not any(m.plural for m in self.entities) and not has("list") else "list"
        )

    def ranked(self) -> bool:
        """Whether things are asked for in an order."""
        c = self.clause
        if c.has("rank", "ranked", "ranking", "top", "bottom", "sort", "sorted") >= 0:
            return True
        words = {*c.words["desc"], *c.words["asc"], *c.words["worst"], *c.words["best"]}
        for i, token in enumerate(c.tokens):
            if token.text in words and not c.used[i]:
                return True
            if token.text in words and any(
                m.start <= i < m.end and m.value in ("customers", "peak_load") for m in self.metrics
            ):
                return bool(self.entities) and token.text != "maximum"
        return any(p in self.text for p in ("most problematic", "most troubled"))

    def own_ids(self) -> bool:
        """Whether the things that are asked about are named."""
        entity = self.entity()
        return any(kind == entity and op == "=" for _, kind, op, _ in self.ids)

    def function(self) -> str:
        """``mean``, ``sum``, ``min`` or ``max``; empty without one."""
        c = self.clause
        for name, phrases in c.words["functions"].items():
            if any(True for _ in c.find({name: phrases})):
                return str(name)
        return ""

    def entity(self) -> str:
        """The first kind of thing that is named, unless an id makes it a filter of another one."""
        c = self.clause
        held = {at for at, *_ in self.ids}
        free = [m for m in self.entities if m.start not in held and m.value != "violation"]
        per = next((m.value for m in free if c.text(m.start - 1) in ("per", "by", "each", "every")), "")
        if per and self.function():
            return per
        if free:
            return free[0].value
        if self.ids:
            return self.ids[0][1]
        if any(m.value == "violation" for m in self.entities):
            return "violation" if not self.metrics else ""
        return ""

    def _metric(self) -> str:
        c = self.clause
        if not self.metrics:
            if c.find({"x": [*c.words["worst"], *c.words["best"]]}, unused=False):
                return "violations_total"
            fields = [
                f["field"] for f in self.filters if f["field"] not in ("age", "id", "med", "length", "rating", "")
            ]
            return {"anomaly": "anomalies"}.get(fields[0], fields[0]) if fields else ""
        sorts = [m for m in self.metrics if c.text(m.start - 1) in ("by", "of") and self.ranked()]
        by = [m for m in sorts if c.text(m.start - 1) == "by"]
        if by:
            return by[0].value
        filtered = [f["field"] for f in self.filters]
        inner = [m.value for m in self.metrics if m.value not in filtered]
        if "overload_hours" in filtered and not self.ranked():
            return "overload_hours"
        if self.ranked() and inner:
            return inner[0]
        order = [m.value for m in self.metrics]
        return next((v for v in order if v in filtered), order[0])

    def all_filters(self, entity: str) -> list[Query]:
        """The filters with the ids, and the one that an overload without a number is."""
        own: list[Query] = [
            {"field": "id" if kind == (entity or kind) else kind, "op": op, "value": value}
            for _, kind, op, value in sorted(self.ids)
        ]
        found = own + [f for f in self.filters if f["field"]]
        c = self.clause
        loaded = any(f["field"] in ("thermal_loading", "overload_hours") for f in found)
        if (
            c.has("overloaded") >= 0
            and not loaded
            and not self.ranked()
            and (check.of_condition(self) or not self.own_ids())
            and self._metric() == "thermal_loading"
        ):
            over: Query = {"field": "thermal_loading", "op": ">", "value": 100, "unit": "pct"}
            found.append(over)
        return found
