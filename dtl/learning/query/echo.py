"""A canonical query in plain words that parse back to it: what was understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dtl.learning.query.words import grammar

_OPS = {">": "above", ">=": "at least", "<": "below", "<=": "at most", "=": "exactly", "!=": "except"}
_UNITS = {"pct": "%", "pct_per_year": "% per year", "min": "minutes", "hour": "hours", "year": "years"}


def words(query: Mapping[str, Any]) -> str:
    """One line for an engineer."""
    intent = query["intent"]
    if intent == "reject":
        return {"out_of_scope": "that is no question about this grid", "not_a_query": "questions change nothing here",
                "invalid_value": "a number is impossible"}[query["reason"]]  # fmt: skip
    if intent == "clarify":
        return f"say more about: {', '.join(query['missing'])}"
    if intent == "multi":
        return "; ".join(words(q) for q in query["queries"])
    if intent == "recommend" or not query.get("entity"):
        return "recommend scenarios to run next"
    parts = [_head(query), *[_filter(f) for f in query.get("filters", [])]]
    if "scenarios" in query:
        parts.append(" versus ".join(_layers(side) or "the base case" for side in query["scenarios"]))
    elif query.get("scenario"):
        parts.append(f"with {_layers(query['scenario'])}")
    if query.get("time"):
        parts.append(_time(query["time"]))
    return " ".join(p for p in parts if p)


def called(metric: str) -> str:
    """A metric as people say it."""
    return str(grammar()["metrics"].get(metric, [metric.replace("_", " ")])[0])


def _head(query: Mapping[str, Any]) -> str:
    entity, metric = query.get("entity", ""), called(query.get("metric", "")) if query.get("metric") else ""
    if any(f["field"] == query.get("metric") for f in query.get("filters", [])):
        metric = ""
    things = {"bus": "buses", "": ""}.get(entity, f"{entity}s")
    if query["intent"] == "rank":
        side = "top" if query.get("order") == "desc" else "bottom"
        return " ".join(str(p) for p in (side, query.get("limit", ""), things, "by", metric) if p)
    if query["intent"] == "check" and not metric:
        named = any(f["field"] == "id" for f in query.get("filters", []))
        return f"does {entity}" if named else f"do any {things}"
    verb = {
        "count": "how many",
        "filter": "list",
        "list": "list",
        "compare": "compare",
        "check": "can",
        "run": "what if",
    }
    name = {"mean": "average ", "sum": "total ", "min": "minimum ", "max": "maximum "}.get(query.get("fn", ""), "")
    if query["intent"] in ("value", "aggregate"):
        where = f" per {entity}" if query["intent"] == "aggregate" else f" of {entity}"
        return f"{name}{metric}{where if entity != 'system' else ''}"
    return f"{verb[query['intent']]} {things if entity != 'system' else ''} {metric}".strip()


def _filter(part: Mapping[str, Any]) -> str:
    value, unit = part["value"], _UNITS.get(part.get("unit", ""), part.get("unit", ""))
    if part["field"] in ("id", *grammar()["entities"]):
        sign = "" if part["op"] == "=" else "except "
        return f"{sign}{part['field'] if part['field'] != 'id' else ''} {value}".strip()
    if isinstance(value, bool):
        return {"med": "including major event days" if value else "excluding major event days"}.get(
            part["field"], "flagged"
        )
    if value in ("ansi_a", "ansi_b"):
        return f"{part['op']} ANSI range {value[-1].upper()}"
    if isinstance(value, list):
        return f"{called(part['field'])} {part['op']} {value[0]} and {value[1]} {unit}".strip()
    return f"{called(part['field'])} {_OPS.get(part['op'], part['op'])} {value} {unit}".strip()


def _layers(layers: Any) -> str:
    told = []
    for layer in layers:
        name = layer.get("event") or layer.get("name") or layer.get("tech") or layer["type"]
        text = str(name).replace("_", " ")
        if "value" in layer:
            unit = _UNITS.get(layer.get("unit", ""), layer.get("unit", ""))
            how = {"scale": f"times {layer['value']}", "add": f"plus {layer['value']} {unit}",
                   "set": f"{layer['value']} {unit}"}[layer["op"]]  # fmt: skip
            text += f" {layer.get('param', '')} {how}".rstrip()
        told.append(f"{text} {layer['year']}" if "year" in layer else text)
    return " and ".join(told)


def _time(time: Mapping[str, Any]) -> str:
    parts = []
    if "hour_from" in time:
        parts.append(f"from {time['hour_from']}:00" + (f" to {time['hour_to']}:00" if "hour_to" in time else ""))
    months = {v: k for k, v in reversed(list(grammar()["months"].items()))}
    parts += [f"in {months[time['month']]}"] if "month" in time else []
    parts += [f"in {time['year']}"] if "year" in time else []
    parts += [str(time[k]).replace("_", " ") for k in ("daytype", "period", "event", "span") if k in time]
    return " ".join(parts)
