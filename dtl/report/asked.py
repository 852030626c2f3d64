"""The verb `dtl ask`: a question in plain words answered from the results of a study, or read without one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc

from dtl import layout, tables
from dtl.analyses.metrics import METRICS
from dtl.errors import StoreError
from dtl.learning.query.echo import called, words
from dtl.learning.query.parse import Understood, understand
from dtl.report import facts as cube
from dtl.report import figures, hosting_payloads
from dtl.report.facts import Facts

ANSWERED, NOTHING, UNCLEAR = 0, 3, 2
"""Exit codes: answered; the results do not hold it; the question is not clear, or not one."""

FEEDER = {
    "violations_total": "violating_hours_h", "thermal_loading": "max_transformer_load_pct", "voltage": "min_pu",
    "voltage_violations": "violation_hours_h", "overload_hours": "overload_hours_h", "losses": "loss_kwh",
    "peak_load": "peak_kw", "saidi": "saidi_min", "saifi": "saifi", "caidi": "caidi_min",
    "loss_of_life": "max_life_loss_pct", "customers": "customers",
}  # fmt: skip
"""The metric of the cube that a feeder, or the study, is asked by."""
PAST = ("saidi_min", "saifi", "caidi_min", "customers")
"""Metrics that hold for all cases."""
ELEMENT = {"thermal_loading": ("max_load_pct", "%"), "voltage": ("min_pu", "pu"), "losses": ("loss_kwh", "kWh"),
           "overload_hours": ("hours_over", "h"), "loss_of_life": ("life_loss_pct", "%")}  # fmt: skip
"""The column of ``powerflow`` that a line, transformer or bus is asked by, with its unit."""
KINDS = {"line": ("line", "switch"), "transformer": ("transformer",), "bus": ("bus",)}
SCALE = {("pct", "%"): 1.0, ("pct_per_year", "%"): 1.0, ("pct", "pu"): 0.01, ("pu", "pu"): 1.0, ("kw", "kW"): 1.0,
         ("pct", "share"): 0.01, ("min", "min"): 1.0, ("hour", "h"): 1.0, ("kwh", "kWh"): 1.0}  # fmt: skip
"""What a number in the unit of a question is worth in that of an answer."""
COMPARED = {">": gt, ">=": ge, "<": lt, "<=": le, "=": eq, "!=": ne}
BANDS = {"low": (0.0, 0.7), "medium": (0.7, 0.9), "high": (0.9, 1.01), "ansi_a": (0.95, 1.05), "ansi_b": (0.917, 1.058)}
"""What words for a confidence, and ranges of ANSI C84.1 at the service, stand for."""
ROWS = 20
"""So many rows are printed where a question names no number."""


class Row(NamedTuple):
    """One thing of an answer: what it is, its value, the cell it comes from, and the ids by which it may be asked.

    Of a voltage the value is the lowest of the year, ``highest`` the other one with its cell.
    """

    name: str
    value: float
    unit: str
    source: str
    ids: tuple[str, ...]
    highest: tuple[float, str] | None = None


def run(said: Sequence[str], *, parse_only: bool) -> int:
    """Answer the words; with ``parse_only`` print the canonical query alone. Else the first word is the study.

    Raises
    ------
    StoreError
        The study has no results.
    """
    if parse_only:
        print(json.dumps(understand(" ".join(said)).query, sort_keys=True))
        return ANSWERED
    if len(said) < 2:
        raise StoreError('ask: write `dtl ask STUDY "question"`, or `dtl ask --parse "question"`')
    study = said[0]
    path = Path(layout.CUBE.format(study=study))
    if not path.is_file():
        raise StoreError(f"{path}: is not there; `dtl run {study}` writes it")
    text, code = answer(study, cube.load(path), understand(" ".join(said[1:])))
    print(text)
    return code


def answer(study: str, known: Facts, asked: Understood) -> tuple[str, int]:
    """The answer in words with a table, and the exit code."""
    query = asked.query
    named = _named(known, asked.ignored)
    told = [f"understood: {words(query)}"]
    if asked.corrected:
        told.append("read as: " + ", ".join(f"{a} -> {b}" for a, b in asked.corrected))
    if named:
        told.append(f"scenario: {named}")
    if ignored := [w for w in asked.ignored if w.lower() != named.lower()]:
        told.append(f"ignored: {', '.join(ignored)}")
    if query["intent"] in ("reject", "clarify"):
        told.append(_hints(known) if query["intent"] == "clarify" else "")
        return "\n".join(t for t in told if t), UNCLEAR
    code = ANSWERED
    for one in query["queries"] if query["intent"] == "multi" else [query]:
        text, own = _one(study, known, one, named)
        told.append(text)
        code = max(code, own)
    return "\n".join(told), code


def _named(known: Facts, ignored: Sequence[str]) -> str:
    """The scenario of the study that a word names which the grammar does not know; empty without one."""
    names = {c.scenario.lower(): c.scenario for c in known.cases}
    return next((names[w.lower()] for w in ignored if w.lower() in names), "")


def _hints(known: Facts) -> str:
    first = known.feeders[0] if known.feeders else "F1"
    return (
        "for example: top 5 feeders by overload hours | which transformers are loaded above 120 % | "
        f"what is the peak load of feeder {first}"
    )


def _one(study: str, known: Facts, query: Mapping[str, Any], named: str) -> tuple[str, int]:
    case, why = _case(study, known, query, named)
    if case is None:
        return why, NOTHING
    ids = ("id", "feeder")
    of_room = not any(f["field"] not in (*ids, "hosting_capacity") for f in query.get("filters", []))
    if query["intent"] in ("recommend", "run") or (query["intent"] == "check" and of_room):
        return _elsewhere(study, query), NOTHING
    kind = "id" if query.get("entity") == "feeder" else "feeder"
    for name in (str(f["value"]) for f in query.get("filters", []) if f["field"] == kind):
        if name.lower() not in (f.lower() for f in known.feeders):
            near = get_close_matches(name, known.feeders, 3, 0.0)
            return f"{study} has no feeder {name}; nearest: {', '.join(near)}", NOTHING
    if unheld := _unheld(query):
        return f"the results of {study} cannot be chosen by {', '.join(unheld)}: ask without", NOTHING
    if query["intent"] == "compare":
        return _compared(known, query, case)
    rows = list(_rows(study, known, query, case))
    if not rows:
        return f"the results of {study} do not hold {called(query.get('metric', ''))} of a {query['entity']}", NOTHING
    own = rows[0].unit
    if apart := [f for f in query.get("filters", []) if f.get("unit") and (f["unit"], own) not in SCALE]:
        return f"the results of {study} hold {called(apart[0]['field'])} in {own}: ask in it", NOTHING
    kept = [_sided(r, query) for r in rows if _kept(r, query)]
    if query["intent"] == "check":
        of_names = {**query, "filters": [f for f in query["filters"] if f["field"] in ids]}
        lines = _verdict(query, [_sided(r, query) for r in rows if _kept(r, of_names)], kept)
    else:
        lines = _said(query, kept)
    which = f", {WHICH[_side(query)]}" if query.get("metric") == "voltage" else ""
    return "\n".join([f"case: {case}{which}", *lines]), ANSWERED


def _unheld(query: Mapping[str, Any]) -> list[str]:
    """What a question states that no answer here can heed: an answer without it would be of something else."""
    own = {"id", "feeder", query["entity"], query.get("metric")}
    fields = [f["field"].replace("_", " ") for f in query.get("filters", []) if f["field"] not in own]
    times = {"hour_from": "hours", "hour_to": "hours", "daytype": "kinds of day", "month": "months",
             "period": "times of day", "event": "seasons"}  # fmt: skip
    return sorted({*fields, *(word for key, word in times.items() if key in query.get("time", {}))})


def _elsewhere(study: str, query: Mapping[str, Any]) -> str:
    return {
        "recommend": "recommendations stand on the page Insights, where the study asks for `analyses: {recommend: {}}`",
        "run": f"that is not solved yet: write it as a scenario or sweep of studies/{study}/study.yaml and run it",
        "check": f"ask the solver: dtl connect {study} --bus FEEDER:BUS --kw KW --type pv",
    }[query["intent"]]


def _case(study: str, known: Facts, query: Mapping[str, Any], named: str) -> tuple[str | None, str]:
    """The case that is asked about: of the named year and scenario, or of that with the layers; else the last base."""
    cases, year = known.cases, query.get("time", {}).get("year")
    layers: list[Mapping[str, Any]] = query.get("scenario") or next((s for s in query.get("scenarios", []) if s), [])
    names = _holding(study, layers) if layers else [named] if named else None
    if names == []:
        listed = ", ".join(sorted({c.scenario for c in cases}))
        return (
            None,
            f"no scenario of {study} has these layers with these numbers; it has {listed}",
        )
    wanted = [c for c in cases if (names is None or c.scenario in names) and (year is None or c.year in (0, year))]
    if not wanted and query.get("metric") in ("saidi", "saifi", "caidi"):
        wanted = cases
    if not wanted:
        return None, f"{study} has no case of {year}; it has {', '.join(c.case for c in cases)}"
    base = [c for c in wanted if c.scenario == "base"] if names is None else wanted
    return max(base or wanted, key=lambda c: c.year).case, ""


def _holding(study: str, layers: Sequence[Mapping[str, Any]]) -> list[str]:
    """The scenarios whose stacks hold layers like these: same kinds, same shares."""
    spec = json.loads(Path(layout.SPEC.format(study=study)).read_text(encoding="utf-8"))
    found = []
    for name, scenario in spec["scenarios"].items():
        own = [spec["layers"][n] for n in scenario.get("stack", [])]
        if all(any(_like(layer, o) for o in own) for layer in layers):
            found.append(name)
    return found


def _like(asked: Mapping[str, Any], layer: Mapping[str, Any]) -> bool:
    kind = {"policy": "tariff", "electrification": "electrification"}.get(asked["type"], asked["type"])
    if layer["kind"] != kind or asked.get("op") in ("scale", "add"):
        return False
    share = asked.get("value") if asked.get("unit") == "pct" else None
    return share is None or abs(100.0 * float(layer.get("penetration", -1)) - share) < 1e-6


def _rows(study: str, known: Facts, query: Mapping[str, Any], case: str) -> Iterator[Row]:
    entity, metric = query["entity"], query.get("metric", "")
    if metric in ("voltage", "thermal_loading") and query.get("fn") in ("mean", "sum"):
        return  # the results hold the lowest and the highest of a year, not its mean
    if entity in KINDS and metric in ELEMENT:
        yield from _elements(study, query, case)
    elif metric in FEEDER and (entity in ("feeder", "system") or (entity == "customer" and metric == "customers")):
        name = FEEDER[metric]
        at = None if name in PAST else case
        year = query.get("time", {}).get("year", 0) if name in PAST else 0
        unit = METRICS[name].unit
        feeders: list[str | None] = [None] if entity == "system" else list(known.feeders)
        for feeder in feeders:
            value = known.value(name, feeder, at, year)
            if value is not None:
                source = f"cube {feeder or 'study'} {at or 'all cases'} "
                high = known.value("max_pu", feeder, at) if metric == "voltage" else None
                both = None if high is None else (high, f"{source}max_pu")
                yield Row(feeder or "the study", value, unit, f"{source}{name}", (feeder or "",), both)
    elif entity == "feeder" and not metric:
        yield from (Row(f, 1.0, "", "cube", (f,)) for f in known.feeders)
    elif entity == "meter" and metric == "mapping_confidence":
        for path in sorted(Path(layout.GROUP.format(study=study, group="*")).parent.glob("*/meters.parquet")):
            for m in tables.read("meters", path, ["meter", "confidence"]).to_pylist():
                if m["confidence"] is not None:
                    yield Row(m["meter"], m["confidence"], "share", f"{path} {m['meter']}", (m["meter"],))
    elif metric in ("hosting_capacity",) and entity in ("feeder", "bus"):
        yield from _hosting(study, entity, case)


def _elements(study: str, query: Mapping[str, Any], case: str) -> Iterator[Row]:
    column, unit = ELEMENT[query["metric"]]
    columns = [column, "max_pu"] if column == "min_pu" else [column]
    wanted = [str(f["value"]).lower() for f in query.get("filters", []) if f["field"] == "feeder" and f["op"] == "="]
    for path in sorted(Path(layout.GROUP.format(study=study, group="*")).parent.glob("*/powerflow.parquet")):
        flow = tables.read("powerflow", path, ["feeder", "case", "kind", "element", "phase", *columns])
        mask = pc.and_(pc.equal(flow["case"].cast(tables.TEXT), case), pc.equal(flow["phase"].cast(tables.TEXT), ""))
        for r in flow.filter(mask).to_pylist():
            asked = not wanted or r["feeder"].lower() in wanted
            if r["kind"] in KINDS[query["entity"]] and r[column] is not None and asked:
                source, ids = f"{path} {r['element']} ", (r["feeder"], r["element"])
                both = (float(r["max_pu"]), f"{source}max_pu") if columns[1:] and r["max_pu"] is not None else None
                yield Row(" ".join(ids), float(r[column]), unit, f"{source}{column}", ids, both)


def _hosting(study: str, entity: str, case: str) -> Iterator[Row]:
    for path in sorted(Path(layout.GROUP.format(study=study, group="*")).parent.glob("*/hosting.parquet")):
        for r in hosting_payloads.shown(tables.read("hosting", path)).to_pylist():
            whole = not r["bus"]
            if (
                r["criterion"] == "all"
                and r["hc_kw"] is not None
                and whole == (entity == "feeder")
                and r["case"] == case
            ):
                name = r["feeder"] if whole else f"{r['feeder']} {r['bus']}"
                source = f"{path} {r['bus']} {r['method']}"
                yield Row(f"{name} ({r['method']}, {r['of']})", r["hc_kw"], "kW", source, (r["feeder"], r["bus"]))


WHICH = {"lowest": "lowest voltage of the year", "highest": "highest voltage of the year",
         "either": "lowest and highest voltage of the year"}  # fmt: skip


def _bounds(part: Mapping[str, Any]) -> list[float]:
    """The numbers that a filter compares with, in its unit."""
    value = part["value"]
    return list(BANDS[value]) if isinstance(value, str) else list(value) if isinstance(value, list) else [value]


def _is_upper(bound: float, op: str) -> bool:
    """Whether a bound of a voltage [pu] is one of the highest: it lies above the nominal voltage."""
    return bound > 1.0 or (bound == 1.0 and op in (">", ">="))


def _side(query: Mapping[str, Any]) -> str:
    """Which voltage of the year a question is about: ``lowest``, ``highest``, or ``either``."""
    if query.get("fn") in ("min", "max"):
        return "highest" if query["fn"] == "max" else "lowest"
    parts = [f for f in query.get("filters", []) if f["field"] == "voltage"]
    upper = {_is_upper(SCALE[f.get("unit", "pu"), "pu"] * b, f["op"]) for f in parts for b in _bounds(f)}
    upper = upper or {query.get("order") == "desc"}
    return "either" if len(upper) > 1 else "highest" if upper == {True} else "lowest"


def _sided(row: Row, query: Mapping[str, Any]) -> Row:
    """The row with the voltage that the question is about: of both the one that is farther from nominal."""
    if row.highest is None:
        return row
    side = _side(query)
    up = side == "highest" or (side == "either" and row.highest[0] - 1.0 > 1.0 - row.value)
    return row._replace(value=row.highest[0], source=row.highest[1]) if up else row


def _kept(row: Row, query: Mapping[str, Any]) -> bool:
    """Whether a row is of all filters; several ids of one kind are alternatives."""
    ids: dict[str, list[bool]] = {}
    for part in query.get("filters", []):
        fits = _fits(row, part, query.get("fn", ""))
        if part["field"] in ("id", "feeder") and part["op"] == "=":
            ids.setdefault(part["field"], []).append(fits)
        elif not fits:
            return False
    return all(any(own) for own in ids.values())


def _fits(row: Row, part: Mapping[str, Any], fn: str) -> bool:
    """Whether a row is of a filter; of voltages a bound above nominal is compared with the highest, others with the
    lowest, unless ``fn`` says which."""
    op = part["op"]
    if part["field"] in ("id", "feeder"):
        same = str(part["value"]).lower() in (i.lower() for i in row.ids)
        return bool(same == (op == "="))
    scale = SCALE[part["unit"], row.unit] if "unit" in part else 1.0

    def value(bound: float) -> float:
        up = fn == "max" or (fn != "min" and _is_upper(bound, op))
        return row.highest[0] if row.highest is not None and up else row.value

    bounds = [scale * b for b in _bounds(part)]
    if len(bounds) == 1:
        return bool(COMPARED[op](value(bounds[0]), bounds[0]))
    (low, high), open_ = bounds, part["value"] in ("low", "medium", "high")
    inside = low <= value(low) and (value(high) < high if open_ else value(high) <= high)
    return inside == (op in ("=", "within", "between"))


def _many(query: Mapping[str, Any], count: int) -> str:
    plural = {"bus": "buses"}.get(query["entity"], f"{query['entity']}s")
    return f"{count} {query['entity'] if count == 1 else plural}"


def _verdict(query: Mapping[str, Any], among: list[Row], kept: list[Row]) -> list[str]:
    """Yes or no of one thing, with its value; of several for how many of them the condition holds."""
    if not among:
        return ["none"]
    if len(among) > 1:
        return [f"{len(kept)} of {_many(query, len(among))}"]
    one = among[0]
    return [f"{'yes' if kept else 'no'}: {one.name}: {figures.text(one.value, one.unit)}    [{one.source}]"]


def _said(query: Mapping[str, Any], rows: list[Row]) -> list[str]:
    intent = query["intent"]
    if intent == "count":
        return [_many(query, len(rows))]
    if not rows:
        return ["none"]
    if intent == "aggregate" and query["fn"] in ("mean", "sum"):
        total = sum(r.value for r in rows)
        value = total / len(rows) if query["fn"] == "mean" else total
        return [
            f"{'average' if query['fn'] == 'mean' else 'total'} over {len(rows)}: {figures.text(value, rows[0].unit)}"
        ]
    up = query.get("order") == "asc"
    ordered = sorted(rows, key=lambda r: (r.value if up else -r.value, r.name))
    shown = ordered[: query.get("limit") or ROWS]
    lines = [f"{r.name}: {figures.text(r.value, r.unit)}    [{r.source}]" for r in shown]
    more = len(ordered) - len(shown)
    return [*lines, f"and {more} more"] if more and not query.get("limit") else lines


def _compared(known: Facts, query: Mapping[str, Any], case: str) -> tuple[str, int]:
    metric = FEEDER.get(query["metric"], "")
    base = next(
        (
            c.case
            for c in known.cases
            if c.scenario == "base" and case.endswith(c.case.partition("@")[1] + c.case.partition("@")[2])
        ),
        None,
    )
    own = [f["value"] if f["op"] == "=" else "" for f in query.get("filters", []) if f["field"] == "id"]
    if len(own) > 1 or "" in own:
        return "two cases are compared for one feeder, or for the study: ask for each", NOTHING
    feeder = next((f for f in known.feeders if own and f.lower() == str(own[0]).lower()), None)
    before, after = (known.value(metric, feeder, c) if metric and c else None for c in (base, case))
    if before is None or after is None:
        return f"the results do not hold {called(query['metric'])} of both cases", NOTHING
    unit = METRICS[metric].unit
    return (f"{base}: {figures.text(before, unit)}; {case}: {figures.text(after, unit)}; change "
            f"{figures.change(after - before, unit)}"), ANSWERED  # fmt: skip
