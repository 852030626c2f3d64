"""Green Button files (NAESB REQ.21, ESPI): an Atom feed whose entries are linked by their addresses.

A block of readings belongs to the MeterReading whose address its own begins with; that one names its ReadingType, and
the address of its UsagePoint is the meter. Times are Unix seconds, start of the interval.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lxml import etree

from dtl.errors import SourceError
from dtl.sources.ami_loose import (
    DELIVERED,
    ESTIMATED,
    MEASURED,
    NONE,
    REACTIVE,
    RECEIVED,
    UNLISTED,
    VOLTS,
    Loose,
    Meters,
    joined,
)  # fmt: skip
from dtl.sources.ami_tally import Tally, Trouble

LARGEST = 512 * 1024**2
"""Most bytes of a file, unpacked."""
RATIO = 400
ATOM, ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"
UNITS = {"72": (1e-3, 0), "38": (1e-3, 1), "73": (1e-3, 0), "63": (1e-3, 1), "29": (1.0, 0)}
"""uom: Wh, W, varh, var, V; what turns it into k.., and whether it is power."""
REACTIVES, ELECTRIC = ("73", "63"), ("", "0", "1", "2")
DELTAS = ("", "0", "4", "6", "12")
"""Behaviours of accumulation whose values belong to their interval."""
QUALITY = dict.fromkeys(("", "0", "11", "14", "17", "18", "19"), MEASURED) | dict.fromkeys(
    ("7", "8", "9", "12", "13", "15"), ESTIMATED
)
"""Codes of quality: valid, derived, raw, validated, verified, revenue; and the ways to edit or estimate."""
LENGTHS = (300, 600, 900, 1800, 3600)


class Kind(NamedTuple):
    """What a ReadingType says: unit, power of ten, direction, accumulation, commodity."""

    uom: str
    power: int
    direction: str
    behaviour: str
    commodity: str


@dataclass
class Feed:
    """What a file holds: types and series by address, readings by address of their block."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    series: dict[str, list[str]] = field(default_factory=dict)
    """Addresses related to each MeterReading."""
    blocks: list[tuple[str, int, list[tuple[int, int, float, str]]]] = field(default_factory=list)
    """Address, line, and (start [s], duration [s], value, quality) of the readings."""
    unread: int = 0
    """Readings whose numbers cannot be read."""
    first_unread: int = 0


def loose(file: str, path: Path, meters: Meters, tally: Tally) -> Loose:
    """The readings of a file; series of other things than electric energy, power and voltage are counted as refused.

    Raises
    ------
    SourceError
        It is no XML that may be read: damaged, with a document type, or larger than any feed.
    """
    feed = _feed(file, path)
    parts = [NONE]
    tally.rows[file] = sum(len(b[2]) for b in feed.blocks) + feed.unread
    tally.add(file, Trouble("ami.number", "IntervalReading", feed.unread, feed.first_unread, ""))
    for address, line, readings in feed.blocks:
        owner = max((s for s in feed.series if address.startswith(s.rstrip("/") + "/")), key=len, default="")
        kind = next((feed.kinds[r] for r in feed.series.get(owner, ()) if r in feed.kinds), None)
        if kind is None or not _read(kind):
            told = "without ReadingType" if kind is None else f"uom {kind.uom}, accumulation {kind.behaviour}"
            tally.add(file, Trouble("ami.channel", "ReadingType", len(readings), line, told))
            continue
        parts.append(_loose(file, line, _meter(owner), kind, readings, meters, tally))
    return joined(parts)


def _read(kind: Kind) -> bool:
    return kind.uom in UNITS and kind.behaviour in DELTAS and kind.commodity in ELECTRIC


def _meter(address: str) -> str:
    steps = address.strip("/").split("/")
    place = steps.index("UsagePoint") + 1 if "UsagePoint" in steps else len(steps)
    return steps[place] if place < len(steps) else steps[-1]


def _loose(
    file: str, line: int, meter: str, kind: Kind, readings: list[tuple[int, int, float, str]], meters: Meters,
    tally: Tally,
) -> Loose:  # fmt: skip
    start = np.array([r[0] for r in readings], np.int64)
    length = np.array([r[1] for r in readings], np.int64)
    value = np.array([r[2] for r in readings], np.float64) * 10.0**kind.power
    good = np.isin(length, LENGTHS) & (start % np.maximum(length, 1) == 0) & (start > 0) & (start < 2**31)
    good &= np.isfinite(value)
    code = meters.code(meter, int(length[good][0]) // 60) if good.any() else 0
    if good.any():
        good &= length == meters.interval_min[code] * 60
    bad = int((~good).sum())
    worst = readings[int(np.argmin(good))]
    tally.add(file, Trouble("ami.grid", "timePeriod", bad, line, f"start {worst[0]}, duration {worst[1]}"))
    if not good.any():
        return NONE
    scale, power = UNITS[kind.uom]
    value = value * scale * (length / 3600.0 if power else 1.0)
    volts, reactive, out = kind.uom == "29", kind.uom in REACTIVES, kind.direction == "19"
    flags = np.array([QUALITY.get(r[3], UNLISTED) for r in readings], np.uint8)
    strange = next((r[3] for r in readings if r[3] not in QUALITY), "")
    tally.add(file, Trouble("ami.code", "quality", int((flags == UNLISTED).sum()), line, strange), refuses=False)
    nothing = np.full(len(value), np.nan)
    part = VOLTS if volts else REACTIVE if reactive else RECEIVED if out else DELIVERED
    return Loose(
        np.full(len(value), code, np.int32), (start // 60).astype(np.int32), np.zeros(len(value), np.int16),
        np.full(len(value), part, np.uint8),
        nothing if volts or reactive else -value if out else value,
        value if reactive else nothing,
        value if volts else nothing,
        flags,
    ).take(good)  # fmt: skip


def _feed(file: str, path: Path) -> Feed:
    feed = Feed()
    parser = etree.XMLPullParser(
        ("end",), tag=ATOM + "entry", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    seen = b""
    try:
        for data in _data(file, path):
            if len(seen) < 65536:
                seen += data[:65536].replace(b"\0", b"")
                if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                    raise SourceError(f"{file}: declares a document type, which no Green Button file does")
            parser.feed(data)
            _entries(parser, feed)
        parser.close()
        _entries(parser, feed)
    except (etree.XMLSyntaxError, ValueError, OSError, EOFError, zlib.error) as err:
        raise SourceError(f"{file}: is no XML that can be read: {err}") from err
    if not feed.blocks:
        raise SourceError(f"{file}: holds no IntervalBlock; is it a Green Button file?")
    return feed


def _data(file: str, path: Path) -> Iterator[bytes]:
    packed, total = path.stat().st_size, 0
    with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as stream:
        while data := stream.read(1 << 18):
            total += len(data)
            if total > LARGEST or (total > 1 << 24 and total > RATIO * packed):
                raise SourceError(f"{file}: unpacks to more than a Green Button file is")
            yield data


def _entries(parser: etree.XMLPullParser, feed: Feed) -> None:
    for _, entry in parser.read_events():
        links: dict[str, list[str]] = {}
        for link in entry.iter(ATOM + "link"):
            links.setdefault(link.get("rel", ""), []).append(link.get("href", ""))
        own = (links.get("self") or [""])[0]
        for thing in entry.iter(ESPI + "ReadingType"):
            feed.kinds[own] = _kind(thing)
        for _ in entry.iter(ESPI + "MeterReading"):
            feed.series[own] = links.get("related", [])
        for block in entry.iter(ESPI + "IntervalBlock"):
            up = own or (links.get("up") or [""])[0]
            found = [_reading(r, feed) for r in block.iter(ESPI + "IntervalReading")]
            feed.blocks.append((up, block.sourceline or 0, [r for r in found if r is not None]))
        entry.clear()


def _kind(thing: etree._Element) -> Kind:
    def word(name: str) -> str:
        return (thing.findtext(ESPI + name) or "").strip()

    power = word("powerOfTenMultiplier")
    known = int(power) if power.lstrip("-").isdecimal() and len(power) < 4 else 0
    uom = word("uom") if known or not power.strip("-0") else ""
    return Kind(uom, known, word("flowDirection"), word("accumulationBehaviour"), word("commodity"))


def _reading(item: etree._Element, feed: Feed) -> tuple[int, int, float, str] | None:
    start = item.findtext(f"{ESPI}timePeriod/{ESPI}start")
    length = item.findtext(f"{ESPI}timePeriod/{ESPI}duration")
    quality = item.findtext(f"{ESPI}ReadingQuality/{ESPI}quality") or ""
    try:
        found = int(start or ""), int(length or ""), float(item.findtext(ESPI + "value") or ""), quality.strip()
    except ValueError:
        found = None
    if found is None or abs(found[0]) > 2**40 or abs(found[1]) > 2**40:
        feed.unread += 1
        feed.first_unread = feed.first_unread or item.sourceline or 0
        return None
    return found
