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
    REJECTED,
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
MEANS = ("", "0", "2", "12", "26")
"""Qualifiers of data whose values are of the whole interval: none, average, normal, sum; no maximum or minimum."""
FORWARD, NET, REVERSE, TOTAL = ("", "0", "1"), "4", "19", "20"
"""Directions of flow."""
QUALITY = dict.fromkeys(("", "0", "11", "14", "17", "18", "19"), MEASURED) | dict.fromkeys(
    ("7", "8", "9", "12", "13", "15"), ESTIMATED
)
"""Codes of quality: valid, derived, raw, validated, verified, revenue; and the ways to edit or estimate."""
LENGTHS = (300, 600, 900, 1800, 3600)


class Kind(NamedTuple):
    """What a ReadingType says: unit, power of ten, direction, accumulation, commodity, qualifier, length [s]."""

    uom: str
    power: int
    direction: str
    behaviour: str
    commodity: str
    qualifier: str
    length: int


class Part(NamedTuple):
    """The readings of one IntervalBlock that are of one series: line, meter, what they are, and they themselves."""

    line: int
    meter: str
    kind: Kind
    readings: list[tuple[int, int, float, str]]


@dataclass
class Feed:
    """What a file holds: types and series by address, readings by address of their block."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    series: dict[str, list[str]] = field(default_factory=dict)
    """Addresses related to each MeterReading."""
    blocks: list[tuple[list[str], int, list[tuple[int, int, float, str]]]] = field(default_factory=list)
    """Addresses (its own, then that above), line, and (start [s], duration [s] (0: that of the ReadingType), value,
    quality) of the readings."""
    unread: int = 0
    """Readings whose numbers cannot be read."""
    first_unread: int = 0


def loose(file: str, path: Path, meters: Meters, tally: Tally, received: float = 1.0) -> Loose:
    """The readings of a file; series of other things than electric energy, power and voltage are counted as refused.

    ``received`` is -1 where energy from the customer stands below zero.

    Raises
    ------
    SourceError
        It is no XML that may be read: damaged, with a document type, or larger than any feed.
    """
    feed = _feed(file, path)
    tally.rows[file] = sum(len(b[2]) for b in feed.blocks) + feed.unread
    tally.add(file, Trouble("ami.number", "IntervalReading", feed.unread, feed.first_unread, ""))
    found: list[Part] = []
    for addresses, line, readings in feed.blocks:
        owner = _owner(feed, addresses)
        kind = next((feed.kinds[r] for r in feed.series.get(owner, ()) if r in feed.kinds), None)
        if kind is None or (why := _unread(kind)):
            told = "without ReadingType" if kind is None else why
            tally.add(file, Trouble("ami.series", "ReadingType", len(readings), line, told))
        elif readings:
            found.append(Part(line, _meter(owner), kind, readings))
    known: dict[str, set[Kind]] = {}
    for part in found:
        known.setdefault(part.meter, set()).add(part.kind)
    parts = [NONE]
    for part in found:
        if why := _beside(part.kind, known[part.meter]):
            tally.add(file, Trouble("ami.series", "ReadingType", len(part.readings), part.line, why))
        else:
            directed = part.kind.direction == REVERSE or any(k.direction == REVERSE for k in known[part.meter])
            parts.append(_loose(file, part, meters, tally, received, directed))
    return joined(parts)


def _owner(feed: Feed, addresses: list[str]) -> str:
    """The address of the MeterReading that a block belongs to: by the block's addresses, else by its own links."""
    for address in addresses:
        if found := max((s for s in feed.series if address.startswith(s + "/")), key=len, default=""):
            return found
    return next((s for s, links in feed.series.items() if any(a in links for a in addresses if a)), "")


def _unread(kind: Kind) -> str:
    """Why a series is not read; nothing where it is."""
    if kind.commodity not in ELECTRIC:
        return f"commodity {kind.commodity}, uom {kind.uom}"
    if kind.uom not in UNITS or kind.behaviour not in DELTAS:
        return f"uom {kind.uom}, accumulation {kind.behaviour}"
    return "" if kind.qualifier in MEANS else f"uom {kind.uom}, dataQualifier {kind.qualifier}"


def _beside(kind: Kind, all_of: set[Kind]) -> str:
    """Why a series is left out beside the others of its meter, which tell the same; nothing where it counts."""
    if kind.uom not in ("72", "38"):
        return ""
    energy = any(k.uom == "72" for k in all_of)
    if kind.uom == "38" and energy:
        return "uom 38 (W) beside the energy of the meter"
    ways = {k.direction for k in all_of if k.uom == kind.uom}
    both = REVERSE in ways and not ways.isdisjoint(FORWARD)
    if (both and kind.direction in (NET, TOTAL)) or (not both and NET in ways and kind.direction != NET):
        return f"flowDirection {kind.direction} beside {', '.join(sorted(ways - {kind.direction}))} of the meter"
    return ""


def _meter(address: str) -> str:
    steps = address.strip("/").split("/")
    place = steps.index("UsagePoint") + 1 if "UsagePoint" in steps else len(steps)
    return steps[place] if place < len(steps) else steps[-1]


def _loose(file: str, part: Part, meters: Meters, tally: Tally, received: float, directed: bool) -> Loose:
    """The readings of a part; ``directed`` says that its values are of one direction, so that none is below zero."""
    line, meter, kind, readings = part
    start = np.array([r[0] for r in readings], np.int64)
    length = np.array([r[1] or kind.length for r in readings], np.int64)
    value = np.array([r[2] for r in readings], np.float64) * 10.0**kind.power
    good = np.isin(length, LENGTHS) & (start % np.maximum(length, 1) == 0) & (start > 0) & (start < 2**31)
    good &= np.isfinite(value)
    code = meters.code(meter, int(length[good][0]) // 60) if good.any() else 0
    if good.any():
        good &= length == meters.interval_min[code] * 60
    other = ~np.isin(length, LENGTHS)
    for check, bad in (("ami.series", other), ("ami.grid", ~good & ~other)):
        at = int(np.argmax(bad))
        told = f"start {start[at]}, duration {length[at]}"
        tally.add(file, Trouble(check, "timePeriod", int(bad.sum()), line, told))
    if not good.any():
        return NONE
    scale, power = UNITS[kind.uom]
    value = value * scale * (length / 3600.0 if power else 1.0)
    volts, reactive, out = kind.uom == "29", kind.uom in REACTIVES, kind.direction == REVERSE
    value = value * received if out else value
    flags = np.array([QUALITY.get(r[3], UNLISTED) for r in readings], np.uint8)
    strange = next((r[3] for r in readings if r[3] not in QUALITY), "")
    tally.add(file, Trouble("ami.code", "quality", int((flags == UNLISTED).sum()), line, strange), refuses=False)
    below = good & (value < 0) & directed & (not volts and not reactive)
    first = f"{readings[int(np.argmax(below))][2]:g}, flowDirection {kind.direction}"
    tally.add(file, Trouble("ami.sign", "value", int(below.sum()), line, first), refuses=False)
    value, flags = np.where(below, np.nan, value), np.where(below, np.uint8(REJECTED), flags)
    nothing = np.full(len(value), np.nan)
    quantity = VOLTS if volts else REACTIVE if reactive else RECEIVED if out else DELIVERED
    return Loose(
        np.full(len(value), code, np.int32), (start // 60).astype(np.int32), np.zeros(len(value), np.int16),
        np.full(len(value), quantity, np.uint8),
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
            links.setdefault(link.get("rel", ""), []).append(_address(link.get("href", "")))
        own = (links.get("self") or [""])[0]
        for thing in entry.iter(ESPI + "ReadingType"):
            feed.kinds[own] = _kind(thing)
        for _ in entry.iter(ESPI + "MeterReading"):
            feed.series[own] = links.get("related", [])
        for block in entry.iter(ESPI + "IntervalBlock"):
            found = [_reading(r, feed) for r in block.iter(ESPI + "IntervalReading")]
            feed.blocks.append(
                ([own, *links.get("up", [])], block.sourceline or 0, [r for r in found if r is not None])
            )
        entry.clear()


def _address(href: str) -> str:
    """An address as addresses are compared: without the host and the path to the resources of the service."""
    path = href.partition("://")[2].partition("/")[2] if "://" in href else href
    return path.rpartition("/resource/")[2].strip("/ ")


def _kind(thing: etree._Element) -> Kind:
    def word(name: str) -> str:
        return (thing.findtext(ESPI + name) or "").strip()

    power, length = word("powerOfTenMultiplier").removeprefix("+"), word("intervalLength")
    known = int(power) if power.lstrip("-").isdecimal() and len(power) < 4 else 0
    seconds = int(length) if length.isdecimal() and len(length) < 8 else 0
    uom = word("uom") if known or not power.strip("-0") else ""
    return Kind(uom, known, word("flowDirection"), word("accumulationBehaviour"), word("commodity"),
                word("dataQualifier"), seconds)  # fmt: skip


def _reading(item: etree._Element, feed: Feed) -> tuple[int, int, float, str] | None:
    start = item.findtext(f"{ESPI}timePeriod/{ESPI}start")
    length = item.findtext(f"{ESPI}timePeriod/{ESPI}duration")
    quality = item.findtext(f"{ESPI}ReadingQuality/{ESPI}quality") or ""
    try:
        found = int(start or ""), int(length or "0"), float(item.findtext(ESPI + "value") or ""), quality.strip()
    except ValueError:
        found = None
    if found is None or abs(found[0]) > 2**40 or abs(found[1]) > 2**40:
        feed.unread += 1
        feed.first_unread = feed.first_unread or item.sourceline or 0
        return None
    return found
