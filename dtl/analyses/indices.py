"""The indices of IEEE 1366 from interruptions and customers served.

Sustained is what lasts longer than five minutes. Every restoration step counts by itself: customers that are back
within five minutes had a momentary interruption, the others a sustained one of their own length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

SUSTAINED_S = 300.0
"""An interruption is sustained when it lasts longer than this [s]."""
UNLISTED = "not available: the sources list no interruptions of five minutes and less"
"""Why nothing is said of momentary interruptions."""


@dataclass(frozen=True)
class Interruption:
    """One interruption, reduced to what indices need.

    ``customers`` are those with a sustained interruption, ``minutes`` their minutes, ``momentary`` those that were back
    within five minutes. ``kva`` and ``kva_minutes`` are those of the sustained part, None where the source states no
    kVA. ``affected`` maps customers with a sustained interruption to minutes; None where they are not named.
    """

    feeder: str
    day: date
    cause: str
    device: tuple[str, str]
    customers: int
    minutes: float
    momentary: int
    kva: float | None = None
    kva_minutes: float | None = None
    affected: Mapping[str, float] | None = None
    flagged: bool = False

    @property
    def sustained(self) -> bool:
        """Whether any customer was out for longer than five minutes."""
        return self.customers > 0


def interruption(row: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> Interruption:
    """The interruption of a row of the table ``outages`` and its rows of ``steps``."""
    lasted = [(s["customers"], (s["end"] - row["start"]).total_seconds(), s["customer"]) for s in steps]
    long = [(n, seconds / 60, who) for n, seconds, who in lasted if seconds > SUSTAINED_S]
    total, customers = sum(n for n, _, _ in lasted), sum(n for n, _, _ in long)
    minutes = sum(n * m for n, m, _ in long)
    kva = row["kva"]
    named = all(who for _, _, who in long)
    return Interruption(
        row["feeder"],
        row["day"],
        row["cause"],
        (row["kind"], row["element"]) if row["element"] else ("device", row["device"]),
        customers,
        minutes,
        total - customers,
        None if kva is None else kva * customers / total if total else 0.0,
        None if kva is None else kva * minutes / total if total else 0.0,
        {who: m for _, m, who in long} if named else None,
        bool(row["major"]),
    )


def preludes(rows: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Source and id of the momentary interruptions that a sustained one of the same device follows within five minutes.

    They belong to the sustained one, as the tries of a recloser that opens for good, and count for nothing else.
    """
    found, last = set(), dict[tuple[str, str], Mapping[str, Any]]()
    for row in sorted(rows, key=lambda r: (r["start"], r["outage"])):
        if not row["device"]:
            continue
        device = (row["feeder"], row["device"])
        before = last.get(device)
        if before is not None and _short(before) and not _short(row):
            gap = (row["start"] - before["end"]).total_seconds()
            if 0 <= gap <= SUSTAINED_S:
                found.add((before["source"], before["outage"]))
        last[device] = row
    return found


def _short(row: Mapping[str, Any]) -> bool:
    lasted: float = (row["end"] - row["start"]).total_seconds()
    return lasted <= SUSTAINED_S


@dataclass
class Sums:
    """Sums over interruptions; `of` makes them."""

    events: int = 0
    momentary_events: int = 0
    customers: int = 0
    minutes: float = 0.0
    momentary: int = 0
    kva: float = 0.0
    kva_minutes: float = 0.0
    with_kva: int = 0
    named: int = 0
    by_customer: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    """Minutes of each sustained interruption by feeder and customer."""


def of(interruptions: Iterable[Interruption]) -> Sums:
    """The sums over interruptions."""
    found = Sums()
    for each in interruptions:
        found.momentary += each.momentary
        if not each.sustained:
            found.momentary_events += 1
            continue
        found.events += 1
        found.customers += each.customers
        found.minutes += each.minutes
        if each.kva is not None and each.kva_minutes is not None:
            found.with_kva += 1
            found.kva += each.kva
            found.kva_minutes += each.kva_minutes
        if each.affected is not None:
            found.named += 1
            for who, minutes in each.affected.items():
                found.by_customer.setdefault((each.feeder, who), []).append(minutes)
    return found


Value = tuple[str, float | None, str]
"""Metric, value, and the reason where there is none."""


def frequency(sums: Sums, customers: float, hours: float, mark: str = "") -> Iterator[Value]:
    """SAIFI, SAIDI [min], CAIDI [min] and ASAI; `customers` are summed over the years, `hours` are those of a year."""
    nobody = "" if customers else "nobody is served, or nobody counts customers"
    saifi, saidi = (sums.customers / customers, sums.minutes / customers) if customers else (None, None)
    yield f"saifi{mark}", saifi, nobody
    yield f"saidi{mark}_min", saidi, nobody
    none = "" if sums.customers else "no customer had a sustained interruption"
    yield f"caidi{mark}_min", sums.minutes / sums.customers if sums.customers else None, none
    yield f"asai{mark}", None if saidi is None else 1 - saidi / (60 * hours), nobody


def momentary(sums: Sums, customers: float, *, listed: bool) -> Value:
    """MAIFI of events; not available where the sources list no momentary interruptions."""
    if not listed:
        return "maifi", None, UNLISTED
    if not customers:
        return "maifi", None, "nobody is served, or nobody counts customers"
    return "maifi", sums.momentary / customers, ""


def by_load(sums: Sums, kva: float | None) -> Iterator[Value]:
    """ASIFI and ASIDI [min] by connected load; not available where kVA served, or of an interruption, are unknown."""
    why = ""
    if not kva:
        why = "not available: the connected kVA served is not stated"
    elif sums.with_kva < sums.events:
        why = f"not available: kVA are stated of {sums.with_kva} of {sums.events} sustained interruptions"
    known = kva if kva and not why else None
    yield "asifi", sums.kva / known if known else None, why
    yield "asidi_min", sums.kva_minutes / known if known else None, why


def by_customer(sums: Sums, customers: float, n: int) -> Iterator[Value]:
    """CAIFI, CTAIDI [min] and CEMI of n; not available unless every sustained interruption names its customers."""
    why = ""
    if sums.named < sums.events:
        why = f"not available: customers are named in {sums.named} of {sums.events} sustained interruptions"
    elif not sums.events:
        why = "no customer had a sustained interruption"
    distinct = 0 if why else len(sums.by_customer)
    yield "caifi", sums.customers / distinct if distinct else None, why
    yield "ctaidi_min", sums.minutes / distinct if distinct else None, why
    if sums.named < sums.events or not customers:
        yield "cemi", None, why or "nobody is served, or nobody counts customers"
    else:
        yield "cemi", sum(len(m) >= n for m in sums.by_customer.values()) / customers, ""
