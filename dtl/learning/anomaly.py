"""The module ``anomaly``: meters and feeders that do not behave; each alert names kind, interval and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from dtl import tables as contracts
from dtl.learning import meter_faults, series, unit_breaks
from dtl.learning.insight import Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.learning.meter_faults import Draft, Event
from dtl.learning.meter_rules import runs
from dtl.learning.unit_breaks import Break
from dtl.plural import many

LEVELS = ("halved", "doubled")
NEAR = pd.Timedelta("36h")
FEW, FEW_SHARE = 3, 0.03
"""So many series, or this share of them: a change of level that they begin at one time is no fault of a meter."""
SPELL_DAYS, AROUND_DAYS, EXTREME = 14, 35, 0.05
"""Length of a spell of heat or cold, days around it among which it is one, and share of such spans that are as far."""
ABOVE_HEAD = 2.0
"""Usual load of a meter over the highest load of its feeder's head, above which the meter is wrong."""
Thing = tuple[str, str, str, pd.Series, str, str]
"""Kind, element and feeder of what is judged, its series, and table and column that it comes from."""

MODULE = "anomaly"
REPAIR = {
    "gap": "interpolate up to 2 h, else the same hour of like days up to 7 days, else leave missing",
    "catch_up": "spread the last reading over the gap in the shape of like days",
    "spike": "replace by the same hour of like days",
    "stuck": "replace by the same hour of like days up to 7 days, else leave missing",
    "estimated": "wait for the reading; it is an estimate of the source, no fault of the meter",
    "zero": "replace by the same hour of like days up to 7 days, else leave missing; check for an outage",
    "shift": "move the stamps back after checking the meter's clock",
    "halved": "check current transformers and phases; multiply by two once confirmed",
    "doubled": "check the meter's constant; divide by two once confirmed",
    "times_10": "check the unit or constant; divide by ten once confirmed",
    "times_1000": "check the unit (W for kW); divide by a thousand once confirmed",
    "unit": "check the unit (kW, MW) and the constant since the change; bring both parts to one unit once confirmed",
    "too_high": "check the unit (W for kW) and the meter's constant",
    "negative": "ask for a generator that is not registered, or reversed wiring",
    "voltage": "leave missing",
    "unusual": "look at it; no known kind of fault",
}
"""What is suggested for each kind of fault; no reading is ever overwritten."""


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights from ``readings`` by meter and from ``scada`` by feeder, and the table ``alerts``.

    ``spec``: ``false_alarms`` (accepted share of days with a false alert), ``seed``, ``timezone``, ``holidays``.
    """
    rows: list[Insight] = []
    alerts: list[dict[str, Any]] = []
    feeders, generating = {}, set()
    if "meters" in tables:
        feeders = {r["meter"]: r["feeder"] for r in tables["meters"].select(["meter", "feeder"]).to_pylist()}
    if "register" in tables:
        generating = {r["meter"] for r in tables["register"].to_pylist()}
    volts, estimated = _volts(tables), _estimated(tables)
    things = [("meter", m, feeders.get(m, ""), s, "readings", "kwh") for m, s in series.metered(tables).items()]
    heads = series.heads(tables)
    things += [("feeder", "", f, s, "scada", "value") for f, s in heads.items()]
    judged = list(_faults(sorted(things, key=lambda t: t[:3]), spec))
    shared = _together(judged)
    for i, ((kind, element, feeder, values, table, column), found) in enumerate(judged):
        evidence = [Cell(table, element or feeder, column)]
        if isinstance(found, NotEnough):
            rows.append(not_enough(MODULE, found.why, feeder=feeder, kind=kind, element=element, evidence=evidence))
            continue
        found = [event for k, event in enumerate(found) if (i, k) not in shared]
        found = [_filled(event, values.index, estimated.get(element)) for event in found]
        if any(event.kind == "doubled" for event in found):
            temp = series.temperature(tables, feeder, spec)
            found = [event if temp is None else _spell(event, values.index, temp) for event in found]
        if kind == "meter" and feeder in heads:
            found += _above_head(values, heads[feeder])
        if kind == "meter" and element not in generating:
            found += _negative(values)
        found += _odd_volts(values, volts.get(element))
        named = sum(e.kind != "unusual" for e in found)
        text = f"{many(named, 'alerts')} of a known kind, {len(found) - named} unusual, in {len(values)} intervals"
        rows.append(Insight(MODULE, "alerts", named, "1", text, feeder, "", kind, element, evidence=evidence))
        alerts += [_alert(kind, element, feeder, values, event) for event in found]
    rows += [_insight(alert) for alert in alerts if alert["fault"] != "unusual" and not _short_gap(alert)]
    if not things:
        rows.append(not_enough(MODULE, "neither readings of meters nor SCADA series of feeders"))
    return LearnResult(rows, {"alerts": contracts.frame("alerts", alerts)})


def _faults(things: list[Thing], spec: Mapping[str, Any]) -> Iterator[tuple[Thing, list[Event] | NotEnough]]:
    """Each thing with its events, whose intervals count from the first value of its series."""
    drafts = [_draft(values, spec) for *_, values, _, _ in things]
    known = [d[1] for d in drafts if not isinstance(d, NotEnough)]
    monthly = 30.0 * float(spec.get("false_alarms", 0.01))
    judged = iter(meter_faults.judged(known, monthly, int(spec.get("seed", 0))) if known else [])
    for thing, own in zip(things, drafts, strict=True):
        if isinstance(own, NotEnough):
            yield thing, own
            continue
        skip, count = own[0], len(thing[3])
        units = [Event(part.kind, part.first, part.end, 1.0, unit_breaks.told(part)) for part in own[2]]
        every = sorted([*next(judged).events, *units], key=lambda e: (e.first, e.kind))
        moved = [Event(e.kind, e.first - skip, e.end - skip, e.confidence, e.why) for e in every]
        inside = [e for e in moved if e.end > 0 and e.first < count]
        yield thing, [Event(e.kind, max(e.first, 0), min(e.end, count), e.confidence, e.why) for e in inside]


def _estimated(tables: Mapping[str, pa.Table]) -> dict[str, pd.DatetimeIndex]:
    """The intervals of which the source says that it estimated them, by meter."""
    if "readings" not in tables:
        return {}
    rows = tables["readings"].select(["meter", "start", "flag"]).to_pandas()
    rows = rows[rows["flag"].astype(str) == "estimated"]
    return {str(m): pd.DatetimeIndex(own["start"]) for m, own in rows.groupby("meter", observed=True)}


def _filled(event: Event, index: pd.Index, estimated: pd.DatetimeIndex | None) -> Event:
    """Equal readings are no stuck meter where the source says that it estimated most of them."""
    if event.kind != "stuck" or estimated is None:
        return event
    share = index[event.first : event.end].isin(estimated).mean()
    if share <= 0.5:
        return event
    return replace(event, kind="estimated", why=f"{event.why}, estimated by the source")


def _together(things: list[tuple[Thing, list[Event] | NotEnough]]) -> set[tuple[int, int]]:
    """Changes of level that many series share, by numbers of thing and event: weather and seasons, no faults."""
    found = [
        (event.kind, thing[3].index[event.first], i, k)
        for i, (thing, events) in enumerate(things)
        if not isinstance(events, NotEnough)
        for k, event in enumerate(events)
        if event.kind in LEVELS
    ]
    least = max(FEW, FEW_SHARE * len(things))
    shared = set()
    for kind, start, i, k in found:
        near = {o for other, begin, o, _ in found if other == kind and abs(begin - start) <= NEAR}
        if len(near) >= least:
            shared.add((i, k))
    return shared


def _draft(values: pd.Series, spec: Mapping[str, Any]) -> tuple[int, Draft, list[Break]] | NotEnough:
    """Intervals before the first value in its local day, what rules and states say of the whole days, and its units.

    Rules and states see readings in one unit: where the level itself breaks, what was usual tells nothing.
    """
    if len(values) < 48:
        return NotEnough(many(len(values), "readings"))
    index = pd.DatetimeIndex(values.index)
    step = index[1] - index[0]
    per_day = pd.Timedelta("1D") / step
    if per_day < 12 or per_day % 1:
        return NotEnough(f"readings every {step}: at least twelve a day are needed")
    steps = int(per_day)
    local = index.tz_localize(None) + _standard(spec.get("timezone", "UTC"), index[0].year)
    skip = int((local[0] - local[0].normalize()) / step)
    days = -(-(len(values) + skip) // steps)
    padded = np.full(days * steps, np.nan)
    padded[skip : skip + len(values)] = values.to_numpy(float)
    calendar = pd.date_range(local[0].normalize(), periods=days, freq="D")
    weekday = calendar.day_of_week.to_numpy()
    kind = np.where(weekday < 5, 0, weekday - 4)
    kind[calendar.strftime("%Y-%m-%d").isin(set(spec.get("holidays", ())))] = 2
    whole = padded.reshape(days, steps)
    units = unit_breaks.breaks(whole)
    found = meter_faults.draft(unit_breaks.in_one_unit(whole, units), kind)
    return found if isinstance(found, NotEnough) else (skip, found, units)


def _standard(timezone: str, year: int) -> pd.Timedelta:
    zone = ZoneInfo(timezone)
    offsets = (datetime(year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7))
    return pd.Timedelta(min(o for o in offsets if o is not None))


def _spell(event: Event, index: pd.Index, temp: pd.Series) -> Event:
    """A load that doubles for days of rare heat or cold is no meter that is wrong by a factor."""
    first, last = index[event.first], index[event.end - 1]
    if event.kind != "doubled" or last - first > pd.Timedelta(days=SPELL_DAYS):
        return event
    around = pd.Timedelta(days=AROUND_DAYS)
    hours = max(int((last - first) / pd.Timedelta("1h")), 1)
    spans = temp.loc[first - around : last + around].rolling(hours).mean().dropna()
    own = float(temp.loc[first:last].mean())
    if len(spans) < 24 * AROUND_DAYS or not np.isfinite(own):
        return event
    for name, share in (("hottest", (spans > own).mean()), ("coldest", (spans < own).mean())):
        if share < EXTREME:
            told = f"{event.why}, the {name} such span within {AROUND_DAYS} days: weather, not the meter"
            return replace(event, kind="unusual", confidence=0.5, why=told)
    return event


def _above_head(values: pd.Series, head: pd.Series) -> list[Event]:
    """One alert for a meter that usually takes more than the head of its feeder ever did."""
    hours = (values.index[1] - values.index[0]) / pd.Timedelta("1h")
    usual, most = float(values.median()) / hours, float(head.max())
    if not usual > ABOVE_HEAD * most > 0:
        return []
    told = f"usually {usual:,.0f} kW, and the head of its feeder never took more than {most:,.0f} kW"
    return [Event("too_high", 0, len(values), 1.0, told)]


def _negative(values: pd.Series) -> list[Event]:
    """One alert for a meter that delivers to the grid without a registered generator."""
    below = values.to_numpy(float) < 0
    if not below.any():
        return []
    spans = runs(below)
    delivers = "1 interval delivers" if (count := int(below.sum())) == 1 else f"{count} intervals deliver"
    told = f"{delivers} to the grid, and no generator is registered at the meter"
    return [Event("negative", spans[0][0], spans[-1][1], 1.0, told)]


def _volts(tables: Mapping[str, pa.Table]) -> dict[str, pd.Series]:
    if "readings" not in tables or tables["readings"]["volts"].null_count == len(tables["readings"]):
        return {}
    rows = tables["readings"].select(["meter", "start", "volts"]).to_pandas()
    return {
        str(m): own.drop_duplicates("start").set_index("start")["volts"]
        for m, own in rows.groupby("meter", observed=True)
    }


def _odd_volts(values: pd.Series, volts: pd.Series | None) -> list[Event]:
    """Voltages outside half and one and a half times the meter's own median."""
    if volts is None or not volts.notna().any():
        return []
    ratio = (volts / volts[volts > 0].median()).reindex(values.index).to_numpy(float)
    odd = np.isfinite(ratio) & ((ratio < 0.5) | (ratio > 1.5))
    return [
        Event(
            "voltage", a, b, 1.0, f"{np.nanmin(ratio[a:b]):.2f} to {np.nanmax(ratio[a:b]):.2f} times the median voltage"
        )
        for a, b in runs(odd)
    ]


def _alert(kind: str, element: str, feeder: str, values: pd.Series, event: Event) -> dict[str, Any]:
    step = values.index[1] - values.index[0]
    return {
        "feeder": feeder,
        "kind": kind,
        "element": element,
        "fault": event.kind,
        "start": values.index[event.first].to_pydatetime(),
        "end": (values.index[event.end - 1] + step).to_pydatetime(),
        "confidence": event.confidence,
        "text": event.why,
        "repair": REPAIR[event.kind],
    }


def _short_gap(alert: Mapping[str, Any]) -> bool:
    """Whether an alert is a gap of less than a day, which is counted and listed, but tells an engineer nothing."""
    return bool(alert["fault"] == "gap" and alert["end"] - alert["start"] < timedelta(days=1))


def _insight(alert: Mapping[str, Any]) -> Insight:
    where = alert["element"] or alert["feeder"]
    hours = (alert["end"] - alert["start"]).total_seconds() / 3600
    text = f"{where}: {alert['text']} ({alert['start']:%Y-%m-%d %H:%M} to {alert['end']:%Y-%m-%d %H:%M} UTC)"
    cell = Cell("alerts", f"{where} {alert['start'].isoformat()}", "fault")
    element = f"{where} {alert['start']:%Y-%m-%dT%H:%M}"
    return Insight(
        MODULE,
        str(alert["fault"]),
        hours,
        "h",
        text,
        alert["feeder"],
        "",
        "alert",
        element,
        confidence=alert["confidence"],
        evidence=[cell],
    )
