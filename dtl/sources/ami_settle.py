"""Loose readings of whole meters become one reading per meter and interval: sorted, without copies, channels joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtl.sources.ami_loose import CONFLICT, DELIVERED, REACTIVE, RECEIVED, RESET, WHOLE, Loose, Reals, joined
from dtl.sources.ami_registers import ENERGIES, alike, lacking, quantity

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
NOBODY = np.zeros(0, np.int32)
PART_BITS, START_BITS = 8, 26
JUMP, JUMP_KW, ENOUGH = 20.0, 20.0, 24
"""A rise of a register is told where it is so many times any other of its meter, of at least so many, and beyond this
mean power."""


class Settled(NamedTuple):
    """Readings by meter and start, each once; and the codes of meters, once for each thing that was settled."""

    rows: Loose
    copies: Codes = NOBODY
    """Of readings that stood there more than once, alike."""
    conflicts: Codes = NOBODY
    """Of intervals with different readings."""
    resets: Codes = NOBODY
    rollovers: Codes = NOBODY
    spans: Codes = NOBODY
    """Of differences of a register over more than one interval, which tell no interval's energy."""
    jumps: Codes = NOBODY
    """Of rises of a register far beyond all others of its meter, as where a meter was exchanged."""
    halves: Codes = NOBODY
    """Of intervals with energy from the customer and none to it, where the meter has both at other times."""
    lacks: Codes = NOBODY
    """Of intervals that lack one of the registers that their meter has side by side."""
    alike: Codes = NOBODY
    """Of meters two of whose registers are equal wherever both are."""


@dataclass(frozen=True)
class Rule:
    """How the readings of a source are settled, as the study says."""

    repeated: str = "none"
    register: bool = False
    top_kwh: float | None = None
    """What a register has counted when it begins again at zero."""
    interval_min: int = 60


def settle(rows: Loose, rule: Rule) -> Settled:
    """Settle loose readings; for a register they must be whole meters."""
    if len(rows.code) == 0:
        return Settled(rows)
    rows, key, copies, conflicts = _once(rows, rule.repeated)
    resets = rollovers = spans = jumps = halves = lacks = same = NOBODY
    if rule.register:
        rows, resets, rollovers, spans, jumps = _differences(rows, rule)
        key = _key(rows)
    if key is not None and len(rows.code) and (rows.part != rows.part[0]).any():
        rows, halves, lacks, same = _channels(rows, key)
    return Settled(rows, copies, conflicts, resets, rollovers, spans, jumps, halves, lacks, same)


def _key(rows: Loose) -> Ints:
    whole = (rows.code.astype(np.int64) << START_BITS) | rows.start
    return (whole << PART_BITS) | rows.part


def _ordered(rows: Loose) -> bool:
    """Whether rows of one quantity are sorted, each meter and interval once."""
    if (rows.part != rows.part[0]).any():
        return False
    same = rows.code[1:] == rows.code[:-1]
    return bool(((rows.code[1:] > rows.code[:-1]) | (same & (rows.start[1:] > rows.start[:-1]))).all())


def _once(rows: Loose, repeated: str) -> tuple[Loose, Ints | None, Codes, Codes]:
    """Sorted, and one row per meter, interval and quantity; rows that complete each other are joined."""
    if _ordered(rows):
        return rows, None, NOBODY, NOBODY
    key = _key(rows)
    if (np.diff(key) < 0).any():
        order = np.argsort(key, kind="stable")
        rows, key = rows.take(order), key[order]
    first = np.flatnonzero(np.concatenate([[True], np.diff(key) > 0]))
    size = np.diff(np.append(first, len(key)))
    again = size > 1
    if not again.any():
        return rows, key, NOBODY, NOBODY
    inside = np.repeat(again, size)
    few, begin = rows.take(inside), np.concatenate([[0], np.cumsum(size[again])[:-1]])
    result = rows.take(first)
    clash, shared = np.zeros(len(begin), np.bool_), np.zeros(len(begin), np.int64)
    columns = {}
    for name in ("kwh", "kvarh", "volts"):
        values = getattr(few, name)
        low, high = np.fmin.reduceat(values, begin), np.fmax.reduceat(values, begin)
        clash |= low < high
        shared = np.maximum(shared, np.add.reduceat((~np.isnan(values)).astype(np.int64), begin))
        columns[name] = low
    flag = np.minimum.reduceat(few.flag, begin)
    if repeated == "none":
        columns = {n: np.where(clash, np.nan, v) for n, v in columns.items()}
        flag = np.where(clash, np.maximum(np.maximum.reduceat(few.flag, begin), CONFLICT), flag).astype(np.uint8)
    else:
        pick = begin if repeated == "first" else begin + size[again] - 1
        columns = {n: np.where(clash, getattr(few, n)[pick], v) for n, v in columns.items()}
        flag = np.where(clash, few.flag[pick], flag)
    for name, values in columns.items():
        getattr(result, name)[again] = values
    result.flag[again] = flag
    owner = result.code[again]
    copies = np.repeat(owner, np.where(clash, 0, np.maximum(shared - 1, 0)))
    return result, key[first], copies, owner[clash]


def _differences(rows: Loose, rule: Rule) -> tuple[Loose, Codes, Codes, Codes, Codes]:
    """The energy of each interval from the counts of registers at its ends; codes of what `Settled` tells of them.

    A count that is not known, as a rejected one, ends no interval: the next one spans more than one.
    """
    parts, resets, rollovers, spans, jumps = [], [NOBODY], [NOBODY], [NOBODY], [NOBODY]
    for part in np.unique(rows.part):
        own, of = rows.take(rows.part == part), int(quantity(part))
        if of not in (*ENERGIES, REACTIVE):
            parts.append(own)
            continue
        counts = np.abs(own.kvarh if of == REACTIVE else own.kwh)
        own, counts = own.take(~np.isnan(counts)), counts[~np.isnan(counts)]
        change = np.diff(counts)
        same = own.code[1:] == own.code[:-1]
        next_ = same & (np.diff(own.start) == rule.interval_min)
        turned = np.zeros(len(change), np.bool_)
        if top := rule.top_kwh:
            turned = same & (counts[:-1] > 0.9 * top) & (counts[1:] < 0.1 * top)
            change = np.where(turned, change + top, change)
        reset = same & (change < 0)
        energy = np.where(reset, np.nan, change) * (-1.0 if of == RECEIVED else 1.0)
        later = own.take(slice(1, None))
        later = later._replace(**{"kvarh" if of == REACTIVE else "kwh": energy})
        later = later._replace(flag=np.where(reset, np.uint8(RESET), np.maximum(later.flag, own.flag[:-1])))
        parts.append(later.take(next_ & (reset | ~np.isnan(energy))))
        resets.append(later.code[reset])
        rollovers.append(later.code[turned])
        spans.append(later.code[same & ~next_])
        jumps.append(_jumping(later.code, np.where(next_ & ~reset, change, 0.0), rule.interval_min))
    found = joined(parts)
    found = found.take(np.argsort(_key(found), kind="stable"))
    falls, turns, long, high = (np.concatenate(codes) for codes in (resets, rollovers, spans, jumps))
    return found, falls, turns, long, high


def _jumping(code: Codes, change: Reals, interval_min: int) -> Codes:
    """Meters whose largest rise is beyond `JUMP` times any other of theirs, and `JUMP_KW`; rows are by meter."""
    if len(code) < ENOUGH:
        return NOBODY
    order = np.lexsort((change, code))
    last = np.flatnonzero(np.append(code[1:] != code[:-1], True))
    last = last[np.diff(np.append(-1, last)) >= ENOUGH]
    most, next_most = change[order[last]], change[order[last - 1]]
    return code[last[(most > JUMP * next_most) & (most * 60 > JUMP_KW * interval_min)]]


def _channels(rows: Loose, key: Ints) -> tuple[Loose, Codes, Codes, Codes]:
    """Rows of single quantities of one interval as one row; and `Settled.halves`, `Settled.lacks`, `Settled.alike`.

    Received energy without delivered tells no net, but where the meter never has any other: it counts generation.
    """
    whole = key >> PART_BITS
    first = np.flatnonzero(np.concatenate([[True], np.diff(whole) > 0]))
    of, known = quantity(rows.part), ~np.isnan(rows.kwh)
    kwh, number = _summed(rows.kwh, first)
    both = (of == DELIVERED) | (of == WHOLE)
    net = np.add.reduceat((known & both).astype(np.int64), first)
    refused = np.logical_or.reduceat(~known & np.isin(of, ENERGIES), first)
    code = rows.code[first]
    only = np.bincount(rows.code, both)[code] == 0
    half = (number > 0) & (net == 0) & ~only & ~refused
    lack, same = lacking(rows, first, ENERGIES), alike(rows, first)
    kvarh, reactive = _summed(rows.kvarh, first)
    result = rows.take(first)
    rows = result._replace(
        part=np.zeros(len(first), np.uint8),
        kwh=np.where(((net > 0) | (only & (number > 0))) & ~refused & ~lack, kwh, np.nan),
        kvarh=np.where((reactive > 0) & ~lacking(rows, first, (REACTIVE,)), kvarh, np.nan),
        volts=np.fmax.reduceat(rows.volts, first),
        flag=np.maximum.reduceat(rows.flag, first),
    )
    return rows, code[half], code[lack], same


def _summed(values: Reals, first: Ints) -> tuple[Reals, Ints]:
    """The sum of each interval, and of how many values."""
    known = ~np.isnan(values)
    return np.add.reduceat(np.where(known, values, 0.0), first), np.add.reduceat(known.astype(np.int64), first)
