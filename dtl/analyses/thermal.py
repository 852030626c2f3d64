"""Thermal loading: what is over its rating, by how much, for how long, by the hour and by the moving window."""

from __future__ import annotations

from typing import Any

import numpy as np

from dtl.analyses.hours import MONTHS
from dtl.analyses.solved import LINES, Columns, Row, Solved, number, whole, worst


def thermal(case: Solved) -> list[Row]:
    """The thermal rows of a case: the feeder's figures, and those of each element above a limit.

    An element is *over* when its loading exceeds ``over_pct`` of the rating in force in any interval. The moving window
    (1 h for lines, 2 h for transformers unless the study says otherwise) is told beside it and decides nothing alone.
    """
    lines, transformers = case.whole(*LINES), case.whole("transformer")
    both = {name: np.concatenate([lines[name], transformers[name]]) for name in lines}
    line, transformer = line_rule(case.limits), transformer_rule(case.limits)
    rows: list[Row] = [
        _most("max_line_load_pct", lines, case.limits["lines"]["over_pct"], line),
        _most("max_transformer_load_pct", transformers, case.limits["transformers"]["over_pct"], transformer),
        {"metric": "lines_over", "value": _count(lines["hours_over"]), "rule": line},
        {"metric": "transformers_over", "value": _count(transformers["hours_over"]), "rule": transformer},
        {"metric": "line_hours_over_h", "value": _sum(lines["hours_over"])},
        {"metric": "transformer_hours_over_h", "value": _sum(transformers["hours_over"])},
        {"metric": "overload_hours_h", "value": case.hours("thermal")},
        {"metric": "emergency_elements", "value": _count(both["hours_over_emergency"])},
        {"metric": "window_elements_over", "value": _count(both["window_hours_over"]), "rule": _windows(case.limits)},
        {"metric": "kwh_over", "value": _sum(both["kwh_over"])},
        {"metric": "unrated_elements", "value": int(np.isnan(both["max_load_pct"]).sum())},
    ]
    return rows + _elements(lines, "lines", case.limits) + _elements(transformers, "transformers", case.limits)


def line_rule(limits: Any) -> str:
    """The limit of lines in words, e.g. ``study: 100 % of the normal rating``."""
    lines = limits["lines"]
    over, summer, otherwise = f"study: {lines['over_pct']:g} %", lines["summer"], lines["otherwise"]
    if summer == otherwise or not lines["summer_months"]:
        return f"{over} of the {otherwise} rating"
    names = ", ".join(MONTHS[m - 1] for m in lines["summer_months"])
    return f"{over} of the {summer} rating in {names}, else of the {otherwise} rating"


def transformer_rule(limits: Any) -> str:
    """The limit of transformers in words."""
    return f"study: {limits['transformers']['over_pct']:g} % of the rated power"


def _windows(limits: Any) -> str:
    lines, transformers = limits["lines"], limits["transformers"]
    return (
        f"study: mean over {lines['window_h']:g} h above {lines['over_pct']:g} % (lines), "
        f"over {transformers['window_h']:g} h above {transformers['over_pct']:g} % (transformers)"
    )


def _most(metric: str, elements: Columns, limit: float, rule: str) -> Row:
    row: Row = {"metric": metric, "limit": limit, "rule": rule}
    at = worst(elements["max_load_pct"], elements["element"], elements["kind"])
    if at is None:
        return row
    value, hour = elements["max_load_pct"][at], elements["max_load_hour"][at]
    return row | {"value": number(value), "hour": whole(hour), "text": elements["element"][at]}


def _elements(elements: Columns, section: str, limits: Any) -> list[Row]:
    limit = limits[section]
    rule = line_rule(limits) if section == "lines" else transformer_rule(limits)
    window = f"study: mean over {limit['window_h']:g} h above {limit['over_pct']:g} %"
    emergency = limit.get("emergency_pct")
    emergency_rule = f"study: {emergency:g} % of the rated power" if emergency else "study: the emergency rating"
    trouble = (
        np.nan_to_num(elements["hours_over"])
        + np.nan_to_num(elements["hours_over_emergency"])
        + np.nan_to_num(elements["window_hours_over"])
    )
    rows: list[Row] = []
    for i in np.flatnonzero(trouble > 0):
        name = {"kind": elements["kind"][i], "element": elements["element"][i]}
        judged = name | {"limit": limit["over_pct"], "rule": rule}
        hour = whole(elements["max_load_hour"][i])
        rows.append(judged | {"metric": "max_load_pct", "value": number(elements["max_load_pct"][i]), "hour": hour})
        rows.append(judged | {"metric": "hours_over_h", "value": _sum(elements["hours_over"][i : i + 1])})
        rows.append(judged | {"metric": "kwh_over", "value": _sum(elements["kwh_over"][i : i + 1])})
        if elements["hours_over_emergency"][i] > 0:
            over = number(elements["hours_over_emergency"][i])
            rows.append(name | {"metric": "hours_over_emergency_h", "value": over, "rule": emergency_rule})
        if elements["window_hours_over"][i] > 0:
            mean = number(elements["window_max_pct"][i])
            rows.append(judged | {"metric": "window_max_pct", "value": mean, "rule": window})
    return rows


def _count(hours: Any) -> int:
    return int((hours > 0).sum())


def _sum(values: Any) -> float:
    return float(np.nansum(np.sort(values)))
