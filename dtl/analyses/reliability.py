"""The analysis ``reliability``: indices of past outages by IEEE 1366, by year, feeder, cause and device.

Rows hold for all cases; ``year`` is the year of the interruptions, 0 their yearly mean over all years. What cannot be
computed has no value and a text that says why; it is never 0.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from dtl.analyses import indices
from dtl.analyses.indices import Interruption, Sums
from dtl.analyses.major_events import Year, judged
from dtl.network.served import Served

RULE = "IEEE 1366"
ALL = 0
"""The year of what holds for all years together."""

Row = dict[str, Any]


def reliability(
    words: Mapping[str, Any], outages: pa.Table, steps: pa.Table, served: pa.Table, feeders: Collection[str]
) -> list[Row]:
    """Rows of the cube about the outages of some feeders; ``words`` are those of the analysis in the study."""
    return list(_Past(words, outages, steps, served, sorted(feeders)).rows())


@dataclass(frozen=True)
class Base:
    """Who is served by some feeders, of one year or summed over years; ``kva`` is None if one is not stated."""

    customers: float
    kva: float | None
    basis: str


class _Past:
    """The interruptions of the study and who is served, ready to be judged."""

    def __init__(
        self, words: Mapping[str, Any], outages: pa.Table, steps: pa.Table, served: pa.Table, feeders: Sequence[str]
    ):
        self.words, self.feeders = words, feeders
        rows = outages.to_pylist()
        own = set(feeders) | {""}
        mine = [r for r in rows if r["feeder"] in own]
        self.elsewhere = len(rows) - len(mine)
        self.refused = sum(bool(r["refused"]) for r in mine)
        self.named = [r for r in mine if r["device"] and r["feeder"]]
        by_outage: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for step in steps.to_pylist():
            by_outage.setdefault((step["source"], step["outage"]), []).append(step)
        counted = [r for r in mine if not r["refused"]]
        preludes = indices.preludes(counted)
        keyed = [((r["source"], r["outage"]), r) for r in counted]
        self.all = [indices.interruption(r, by_outage.get(key, ())) for key, r in keyed if key not in preludes]
        self._index: dict[tuple[str, int], list[Interruption]] = {}
        for each in self.all:
            self._index.setdefault((each.feeder, each.day.year), []).append(each)
        self.covered = sorted({r["day"].year for r in rows})
        self.years = sorted(set(words.get("years") or self.covered))
        self.served = Served(served.to_pylist())
        told = words.get("momentaries")
        self.listed = told == "listed" or (told is None and any(i.momentary and not i.sustained for i in self.all))
        self.daily = self._daily()
        self.judged = {y: self._judged(y) for y in self.years if y in self.covered}

    def base(self, feeders: Sequence[str], years: Collection[int]) -> Base:
        """Who is served by feeders in years, summed over both."""
        found = [self.served.of(f, y) for f in feeders for y in years]
        known = [r for r in found if r is not None]
        kva = [r["kva"] for r in known]
        basis = "; ".join(sorted({r["basis"] for r in known}))
        lacking = sorted({f for f in feeders if not any(self.served.of(f, y) for y in years)})
        if lacking:
            basis = f"{basis}; not known of {', '.join(lacking[:5])}{' and others' * (len(lacking) > 5)}".strip("; ")
        total = None if not kva or None in kva or lacking else sum(kva)
        return Base(sum(r["customers"] for r in known), total, basis)

    def _daily(self) -> dict[date, float]:
        """SAIDI of the whole study by day [min]; days without any minute are left out."""
        minutes: dict[date, float] = {}
        for each in self.all:
            if each.minutes:
                minutes[each.day] = minutes.get(each.day, 0.0) + each.minutes
        customers = {y: self.base(self.feeders, [y]).customers for y in {d.year for d in minutes}}
        return {d: m / customers[d.year] for d, m in minutes.items() if customers[d.year]}

    def _judged(self, year: int) -> Year:
        """The major days of the whole system in a year."""
        return judged(self.daily, year, self.covered[0])

    def rows(self) -> Iterator[Row]:
        """All rows."""
        if not self.covered:
            text = "not available: no source of the study has an interruption"
            yield from (_row("", ALL, m, None, text) for m in ("saifi", "saidi_min", "caidi_min", "asai", "maifi"))
            return
        yield from self._quality()
        for year in self.years:
            yield from self._year(year)
        known = [y for y in self.years if y in self.judged]
        if known:
            for feeder in ["", *self.feeders]:
                yield from self._scope(feeder, ALL, known)
                yield from self._devices(feeder, known)

    def _quality(self) -> Iterator[Row]:
        yield _row("", ALL, "outages_refused", self.refused, "")
        yield _row("", ALL, "outages_elsewhere", self.elsewhere, "")
        linked = sum(bool(r["element"]) for r in self.named)
        none = "" if self.named else "no interruption names a device"
        share = 100.0 * linked / len(self.named) if self.named else None
        yield _row("", ALL, "devices_linked_pct", share, none or f"{linked} of {len(self.named)}")

    def _year(self, year: int) -> Iterator[Row]:
        if year not in self.judged:
            text = f"not available: no source has an interruption of {year}"
            yield from (_row("", year, m, None, text) for m in ("saifi", "saidi_min", "caidi_min", "asai", "maifi"))
            return
        found = self.judged[year]
        limit = found.limit
        yield _row("", year, "t_med_min", limit.t_med_min if limit else None, found.basis)
        yield _row("", year, "t_cat_min", limit.t_cat_min if limit else None, found.basis)
        flagged = {i.day for i in self.all if i.flagged and i.day.year == year}
        for metric, days in (("major_days", found.major), ("catastrophic_days", found.catastrophic)):
            text = " ".join(d.isoformat() for d in sorted(days)) if limit else f"not available: {found.basis}"
            yield _row("", year, metric, len(days) if limit else None, text)
        text = " ".join(d.isoformat() for d in sorted(flagged))
        yield _row("", year, "major_days_flagged", len(flagged), text)
        for feeder in ["", *self.feeders]:
            yield from self._scope(feeder, year, [year])

    def _of(self, feeder: str, years: Collection[int]) -> list[Interruption]:
        feeders = [feeder] if feeder else ["", *self.feeders]
        return [i for y in years for f in feeders for i in self._index.get((f, y), ())]

    def _scope(self, feeder: str, year: int, years: Sequence[int]) -> Iterator[Row]:
        """The indices of a feeder, or of the study, in a year or in the mean of years; and its causes."""
        mine = self._of(feeder, years)
        base = self.base([feeder] if feeder else self.feeders, years)
        sums, n = indices.of(mine), len(years)
        hours = sum(8784 if isleap(y) else 8760 for y in years) / n
        yield _row(feeder, year, "customers_served", base.customers / n or None, base.basis)
        if self.words.get("major_events") != "excluded":
            yield from _rows(feeder, year, _counts(sums, n))
            yield from _rows(feeder, year, [_momentary(sums, n, listed=self.listed)])
            yield from _rows(feeder, year, indices.frequency(sums, base.customers, hours))
            yield from _rows(feeder, year, [indices.momentary(sums, base.customers, listed=self.listed)])
            yield from _rows(feeder, year, indices.by_load(sums, base.kva))
            if year != ALL:
                limit = self.words.get("cemi_n") or 3
                for row in _rows(feeder, year, indices.by_customer(sums, base.customers, limit)):
                    yield row | ({"limit": float(limit)} if row["metric"] == "cemi" else {})
        if self.words.get("major_events") != "included":
            yield from self._normal(feeder, year, years, mine, base.customers, hours)
        yield from _causes(feeder, year, mine, base.customers, n)

    def _normal(
        self, feeder: str, year: int, years: Sequence[int], mine: list[Interruption], customers: float, hours: float
    ) -> Iterator[Row]:
        """What is left without major days; nothing where a year has no threshold."""
        blind = [y for y in years if self.judged[y].limit is None]
        days = {d for y in years for d in self.judged[y].major}
        sums = indices.of(i for i in mine if i.day not in days)
        rows = [*_counts(sums, len(years), "_normal"), *indices.frequency(sums, customers, hours, "_normal")]
        if blind:
            text = f"not available: {self.judged[blind[0]].basis}"
            rows = [(metric, None, text) for metric, _, _ in rows]
        yield from _rows(feeder, year, rows)

    def _devices(self, feeder: str, years: Sequence[int]) -> Iterator[Row]:
        """Interruptions by device of a feeder, over all years."""
        if not feeder:
            return
        groups: dict[tuple[str, str], list[Interruption]] = {}
        for each in self._of(feeder, years):
            if each.device[1]:
                groups.setdefault(each.device, []).append(each)
        for (kind, element), found in sorted(groups.items()):
            yield from _parts(feeder, ALL, kind, element, indices.of(found), len(years))


def _counts(sums: Sums, years: int, mark: str = "") -> Iterator[indices.Value]:
    yield f"sustained_interruptions{mark}", sums.events / years, ""
    yield f"customers_interrupted{mark}", sums.customers / years, ""
    yield f"customer_interruption{mark}_min", sums.minutes / years, ""


def _momentary(sums: Sums, years: int, *, listed: bool) -> indices.Value:
    """The number of momentary interruptions; none, and not 0, where the sources list none."""
    known = sums.momentary_events / years if listed else None
    return "momentary_interruptions", known, "" if listed else indices.UNLISTED


def _causes(feeder: str, year: int, mine: list[Interruption], customers: float, years: int) -> Iterator[Row]:
    groups: dict[str, list[Interruption]] = {}
    for each in mine:
        groups.setdefault(each.cause, []).append(each)
    for cause, found in sorted(groups.items()):
        sums = indices.of(found)
        yield from _parts(feeder, year, "cause", cause, sums, years)
        if customers:
            yield _row(feeder, year, "saifi", sums.customers / customers, "", "cause", cause)
            yield _row(feeder, year, "saidi_min", sums.minutes / customers, "", "cause", cause)


def _parts(feeder: str, year: int, kind: str, element: str, sums: Sums, years: int) -> Iterator[Row]:
    for metric, value, text in _counts(sums, years):
        yield _row(feeder, year, metric, value, text, kind, element)


def _rows(feeder: str, year: int, values: Iterator[indices.Value] | Sequence[indices.Value]) -> Iterator[Row]:
    return (_row(feeder, year, metric, value, text) for metric, value, text in values)


def _row(feeder: str, year: int, metric: str, value: float | None, text: str, kind: str = "", element: str = "") -> Row:
    return {
        "level": "element" if kind else "feeder" if feeder else "study",
        "feeder": feeder,
        "scenario": "",
        "year": year,
        "case": "",
        "analysis": "reliability",
        "metric": metric,
        "kind": kind,
        "element": element,
        "value": None if value is None else float(value),
        "text": text,
        "hour": None,
        "limit": None,
        "rule": RULE,
    }
