"""Blocks of a file as loose readings: stamps to UTC, units to kWh, codes to flags; what cannot be read is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl.errors import SourceError
from dtl.sources.ami_clock import NEVER, Moments, counted, minutes, zone_of
from dtl.sources.ami_columns import ADDED, QUALITY, TELLING, folded
from dtl.sources.ami_csv import Block
from dtl.sources.ami_day import begins
from dtl.sources.ami_daylight import STANDARD, STRANGE, UNTOLD, daylight
from dtl.sources.ami_loose import (
    DELIVERED,
    MEASURED,
    NONE,
    REACTIVE,
    RECEIVED,
    REJECTED,
    UNLISTED,
    VOLTS,
    WHOLE,
    Loose,
    Meters,
    Reals,
    joined,
    nothing,
    viewed,
)  # fmt: skip
from dtl.sources.ami_registers import PLUS, code_of, coded, quantity, role_of
from dtl.sources.ami_tally import Tally, Trouble
from dtl.sources.ami_units import ANY_UNIT, factor, units_in

Mask = NDArray[np.bool_]
PARTS = {"delivered": DELIVERED, "received": RECEIVED, "reactive": REACTIVE, "volts": VOLTS}
NOTHING = (-999.0, -9999.0, -99999.0, -999999.0, -9999999.0)
"""Numbers that systems write where they have no reading."""
FLAG = {"measured": MEASURED, "estimated": MEASURED + 1, "rejected": REJECTED, "missing": 255}


class Rows:
    """Turns the blocks of one source into loose readings."""

    def __init__(self, spec: Mapping[str, Any], words: Mapping[str, Any], meters: Meters, tally: Tally):
        self.spec, self.words, self.meters, self.tally = spec, words, meters, tally
        self.step = int(spec["interval_min"])
        self.register = spec["reads"] == "register"
        self.ends = spec.get("stamp") == "interval_end" or self.register
        self.zone = zone_of(spec["zone"], spec["timezone"])
        self.factor = factor(spec["unit"], self.step) * spec["multiplier"]
        self.sign = 1.0 if spec["positive"] == "delivered" else -1.0
        self.received = -1.0 if spec.get("received_sign") == "negative" else 1.0
        self.channels = {folded(str(k)): v for k, v in (words.get("channels") or {}).items()}
        self.both = "received" in self.channels.values()
        self.coded = coded(self.channels, PARTS)
        quality = spec.get("quality")
        self.first: dict[tuple[str, str], str] = {}
        """What the first row of a file says in a column that the map does not name, by role."""
        self.quality = {folded(str(k)): v for k, v in quality.items()} if quality else QUALITY

    def loose(self, block: Block) -> Loose:
        """The readings of a block, in its order."""
        for trouble in block.troubles:
            self.tally.add(block.file, trouble, refuses=trouble.check == "ami.ragged")
        count = block.table.num_rows
        self.tally.rows[block.file] = self.tally.rows.get(block.file, 0) + count
        if not count:
            return NONE
        found = block.layout
        places = [place for role, place in found.roles.items() if role_of(role) in (*ADDED, "value")]
        for place in [*places, *(found.spread[:1] if found.shape == "intervals" else ())]:
            self._unit(block, found.header[place], count)
        for role in TELLING:
            if role in found.roles:
                self._apart(block, role)
        return {"long": self._long, "intervals": self._intervals, "meters": self._meters}[block.layout.shape](block)

    def _unit(self, block: Block, name: str, count: int) -> None:
        """Tell where the name of a column or channel states another unit than the study."""
        stated = units_in(name)
        if stated and self.spec["unit"] not in stated:
            self.tally.add(block.file, Trouble("ami.unit", name, count, 0, f"unit: {self.spec['unit']}"), refuses=False)

    def _apart(self, block: Block, role: str) -> None:
        """Tell where a column that the map does not name says that rows are of several quantities, or another unit."""
        words = block.table[role].combine_chunks()
        words = words if pa.types.is_dictionary(words.type) else words.dictionary_encode()
        stands = [w or "" for w in words.dictionary.to_pylist()]
        names = [folded(w) for w in stands]
        if role == "unit_of_row":
            if not all(ANY_UNIT.fullmatch(n) for n in names if n):
                return
            number = np.bincount(words.indices.drop_null().to_numpy(zero_copy_only=False), minlength=len(names))
            for word, count in zip(stands, number.tolist(), strict=True):
                self._unit(block, word, count)
        stated = [n for n in names if n]
        if not stated or {"channel", "received"} & set(block.layout.roles):
            return
        first = self.first.setdefault((block.file, role), stated[0])
        odd = np.array([bool(n) and n != first for n in names])
        index = words.indices.fill_null(0).to_numpy(zero_copy_only=False)
        valid = words.indices.is_valid().to_numpy(zero_copy_only=False)
        self._tell(block, "ami.unmapped", role, odd[index] & valid, refuses=False)

    def _code(self, block: Block) -> NDArray[np.int32]:
        if "meter" in block.layout.roles:
            return self.meters.codes(block.table["meter"], self.step)
        stem = block.file.rsplit("/", 1)[-1].split(".")[0]
        return np.full(block.table.num_rows, self.meters.code(stem, self.step), np.int32)

    def _long(self, block: Block) -> Loose:
        code, flag = self._code(block), self._flags(block)
        by_number = "period" in block.layout.roles
        civil, moments, off = self._counted(block) if by_number else self._moments(block, self._stamps(block))
        good = self._good(block, code, civil, moments, off)
        start = moments.minute - self.step if self.ends else moments.minute
        if "value" in block.layout.roles:
            pieces = [self._channel(block)]
        elif self.register or any(PLUS in r for r in block.layout.roles):
            single = [r for r in block.layout.roles if role_of(r) in PARTS]
            pieces = [self._values(block, {role_of(r): self._numbers(block, r)}, code_of(r, PARTS)) for r in single]
        else:
            pieces = [self._values(block, {q: self._numbers(block, q) for q in PARTS if q in block.layout.roles})]
        parts, start32 = [], start.astype(np.int32)
        for kwh, kvarh, volts, part, refused in pieces:
            rows = Loose(code, start32, moments.later, part, kwh, kvarh, volts, flag)
            parts.append(self._kept(block, rows, good, refused))
        return joined(parts)

    def _stamps(self, block: Block) -> pa.Array:
        column = block.table["time"]
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        if "day" not in block.layout.roles:
            return column
        day, clock = (pc.cast(block.table[c].combine_chunks(), pa.string()) for c in ("day", "time"))
        return pc.binary_join_element_wise(day, clock, " ")

    def _counted(self, block: Block) -> tuple[NDArray[np.int64], Moments, Mask]:
        """Intervals by their number in the day as `_moments` has them; numbers that the day has not are no stamps."""
        day, number = (block.table[c].combine_chunks() for c in ("day", "period"))
        start, never = counted(day, number, self.zone, self.spec.get("time_format") or "", self.step, self.ends)
        none = np.zeros(len(start), np.bool_)
        moments = Moments(start + self.step if self.ends else start, np.zeros(len(start), np.int16), none)
        return np.where(never, NEVER, start), moments, none

    def _moments(self, block: Block, stamps: pa.Array) -> tuple[NDArray[np.int64], Moments, Mask]:
        """Stamps as minutes (`NEVER`: none), their instants, and which stand on no grid of intervals."""
        civil, utc = minutes(stamps, self.spec.get("time_format") or "", self.ends and self.step > 1)
        bad = civil == NEVER
        some = np.where(bad, civil[~bad][0] if (~bad).any() else 0, civil) if bad.any() else civil
        late = self._last_minute(block, civil, bad)
        moments = self.zone.moments(some, self.ends and not late)
        if utc is not None:
            moments.minute[utc] = some[utc]
            moments.later[utc] = 0
            moments.gap[utc] = False
        if "daylight" in block.layout.roles and moments.later.any():
            moments = self._passes(block, some, moments)
        if late:
            some, moments = some + 1, moments._replace(minute=moments.minute + 1)
        return civil, moments, self._off(some, utc)

    def _passes(self, block: Block, civil: NDArray[np.int64], moments: Moments) -> Moments:
        """Stamps of the hour that occurs twice, each in the pass that its row states; its order tells of the others."""
        said, twice = daylight(block.table["daylight"]), moments.later > 0
        self._tell(block, "ami.daylight", "daylight", twice & (said == STRANGE), refuses=False)
        if self.ends:
            before = self.zone.moments(civil - self.step, False).later == 0
            if not (twice & before & (said == STANDARD)).any():
                said = np.where(before, np.int8(UNTOLD), said)
        minute = np.where(twice & (said == STANDARD), moments.minute + moments.later, moments.minute)
        return moments._replace(minute=minute, later=np.where(said < STANDARD, moments.later, np.int16(0)))

    def _last_minute(self, block: Block, civil: NDArray[np.int64], bad: Mask) -> bool:
        """Whether all stamps name the last minute of their interval, as 00:14 and 00:14:59 do, in place of its end."""
        step = np.int32(self.step)
        first = int(civil[int(np.argmin(bad))])
        if not self.ends or step == 1 or first == NEVER or (first + 1) % step:
            return False
        late = bool(((civil[~bad] + 1) % step == 0).all())
        if late:
            self._tell(block, "ami.last-minute", "time", ~bad, refuses=False)
        return late

    def _off(self, label: NDArray[np.int64], utc: Mask | None) -> Mask:
        """Which labels stand on no grid: that of their own clock; instants of UTC may also be on that of the zone.

        Where clocks are half an hour off UTC, hours begin at half past of UTC.
        """
        step = np.int32(self.step)
        off: Mask = label.astype(np.int32) % step != 0
        if utc is not None and off.any():
            for shift in np.unique(self.zone.before % self.step):
                moved = (label.astype(np.int32) + np.int32(shift)) % step != 0
                if (moved & utc).sum() < (off & utc).sum():
                    off = np.where(utc, moved, off)
        return off

    def _good(
        self, block: Block, code: NDArray[np.int32], civil: NDArray[np.int64], moments: Moments, grid: Mask
    ) -> Mask | None:
        """Rows with a meter and an instant on the grid (None: all), where `grid` marks the others; they are counted."""
        stamp = next(r for r in ("time", "period", "day") if r in block.layout.roles)
        if code.min() >= 0 and civil.min() > NEVER and not moments.gap.any() and not grid.any():
            return None
        good = np.ones(len(code), np.bool_)
        nameless, never = code < 0, civil == NEVER
        good &= ~nameless & ~never
        self.tally.empty(block.file, int((nameless & never).sum()))
        self._tell(block, "ami.meter", "meter", nameless & ~never)
        self._tell(block, "ami.stamp", stamp, never & ~nameless)
        self._tell(block, "ami.gap", stamp, moments.gap & good)
        good &= ~moments.gap
        off = grid & good
        self._tell(block, "ami.grid", stamp, off)
        return good & ~off

    def _tell(self, block: Block, check: str, role: str, rows: Mask, refuses: bool = True) -> None:
        if rows.any():
            row = int(np.argmax(rows))
            place = int(role) if role.isdecimal() else block.layout.roles.get(role)
            head = block.layout.header[place] if place is not None else ""
            value = str(block.table[role][row].as_py()) if role in block.table.column_names else ""
            self.tally.add(block.file, Trouble(check, head, int(rows.sum()), block.at(row), value), refuses)

    def _numbers(self, block: Block, role: str) -> Reals:
        column = block.table[role]
        values: Reals = column.to_numpy(zero_copy_only=False) if column.null_count else viewed(column)
        if not np.isfinite(values.sum()) and np.isinf(values).any():
            self._tell(block, "ami.number", role, np.isinf(values), refuses=False)
            values = np.where(np.isinf(values), np.nan, values)
        if np.fmin.reduce(values, initial=0.0) <= NOTHING[0] and (none := np.isin(values, NOTHING)).any():
            self._tell(block, "ami.sentinel", role, none, refuses=False)
            values = np.where(none, np.nan, values)
        return values

    def _values(
        self, block: Block, found: Mapping[str, Reals], part: int = WHOLE
    ) -> tuple[Reals, Reals, Reals, NDArray[np.uint8], Mask | None]:
        """kWh, kvarh, V of rows, which quantity they hold, and which rows have a value that is refused."""
        count, factor = block.table.num_rows, self._factor(block)
        delivered, received = found.get("delivered"), found.get("received")
        refused: Mask | None = None
        if received is not None:
            received = received * self.received
            refused = received < 0
            self._tell(block, "ami.sign", "received", refused, refuses=False)
        if delivered is not None and "received" in block.layout.roles and (part == WHOLE or not self.register):
            below = delivered < 0
            self._tell(block, "ami.sign", "delivered", below if refused is None else below & ~refused, refuses=False)
            refused = below if refused is None else refused | below
        kwh = nothing(count)
        if delivered is not None:
            scale = factor * self.sign
            kwh = delivered if np.all(scale == 1) else delivered * scale
        if received is not None:
            out = received * factor
            kwh = -out if delivered is None else kwh - np.nan_to_num(out)
        if refused is not None and refused.any():
            kwh = np.where(refused, np.nan, kwh)
        kvarh = found["reactive"] * factor if "reactive" in found else nothing(count)
        return kwh, kvarh, found.get("volts", nothing(count)), np.broadcast_to(np.uint8(part), count), refused

    def _factor(self, block: Block) -> Any:
        """What energies are multiplied by: a number, or one for each row where a column states it."""
        if "multiplier" not in block.layout.roles:
            return self.factor
        stated = self._numbers(block, "multiplier")
        bad = ~(stated > 0)
        self._tell(block, "ami.multiplier", "multiplier", bad, refuses=False)
        return np.where(bad, np.nan, stated) * self.factor

    def _channel(self, block: Block) -> tuple[Reals, Reals, Reals, NDArray[np.uint8], Mask | None]:
        return self._by_part(block, self._numbers(block, "value"), self._parts(block), self._factor(block))

    def _parts(self, block: Block) -> NDArray[np.int64]:
        """The quantity of each row of a table with channels; 255 for one that is not read."""
        words = block.table["channel"].combine_chunks()
        words = words if pa.types.is_dictionary(words.type) else words.dictionary_encode()
        stands = [w or "" for w in words.dictionary.to_pylist()]
        for word in [w for w in stands if self.channels.get(folded(w)) in ADDED]:
            self._unit(block, word, block.table.num_rows)
        codes = np.array([self.coded.get(folded(w), 254) for w in stands] or [254], np.int64)
        found = np.where(
            words.indices.is_valid().to_numpy(zero_copy_only=False),
            codes[words.indices.fill_null(0).to_numpy(zero_copy_only=False)], 254,
        )  # fmt: skip
        self._tell(block, "ami.channel", "channel", found == 254)
        return found

    def _by_part(
        self, block: Block, values: Reals, part: NDArray[np.int64], factor: Any
    ) -> tuple[Reals, Reals, Reals, NDArray[np.uint8], Mask | None]:
        of = quantity(part)
        if self.received < 0:
            values = np.where(of == RECEIVED, -values, values)
        directed = (of == RECEIVED) | ((of == DELIVERED) & self.both)
        refused = directed & (values < 0)
        sign = np.where(of == RECEIVED, -1.0, self.sign)
        kwh = np.where((of == DELIVERED) | (of == RECEIVED), values * (factor * sign), np.nan)
        kwh = np.where(refused, np.nan, kwh)
        kvarh = np.where(of == REACTIVE, values * factor, np.nan)
        volts = np.where(of == VOLTS, values, np.nan)
        if len(values) == block.table.num_rows:
            self._tell(block, "ami.sign", "value", refused, refuses=False)
        return kwh, kvarh, volts, part.astype(np.uint8), refused if refused.any() else None

    def _flags(self, block: Block) -> NDArray[np.uint8]:
        """What the quality column says; 255 for readings that it calls missing."""
        if "quality" not in block.layout.roles:
            return np.zeros(block.table.num_rows, np.uint8)
        words = block.table["quality"].combine_chunks()
        words = words if pa.types.is_dictionary(words.type) else words.dictionary_encode()
        worth = [self.quality.get(folded(w or "")) for w in words.dictionary.to_pylist()]
        codes = np.array([UNLISTED if w is None else FLAG[w] for w in worth] or [0], np.uint8)
        index = words.indices.fill_null(0).to_numpy(zero_copy_only=False)
        empty = FLAG[self.quality.get("", "measured")]
        flags: NDArray[np.uint8] = codes[index]
        if words.null_count:
            flags = np.where(words.indices.is_valid().to_numpy(zero_copy_only=False), flags, np.uint8(empty))
        if (codes == UNLISTED).any():
            self._tell(block, "ami.code", "quality", flags == UNLISTED, refuses=False)
        return flags

    def _kept(self, block: Block, rows: Loose, good: Mask | None, refused: Mask | None) -> Loose:
        """Rows that state something: those without any value, or called missing, are absent, and are counted."""
        flag = rows.flag
        if refused is not None and refused.any():
            flag = np.where(refused & (flag != 255), np.uint8(REJECTED), flag)
        rejected = flag == REJECTED
        rows = rows._replace(flag=flag)
        if rejected.any():
            kwh, kvarh, volts = (np.where(rejected, np.nan, v) for v in (rows.kwh, rows.kvarh, rows.volts))
            rows = rows._replace(kwh=kwh, kvarh=kvarh, volts=volts)
        if not flag.any() and not rows.part.any() and good is None and not np.isnan(rows.kwh.sum()):
            return rows
        keep = (rows.part < 254) if good is None else good & (rows.part < 254)
        empty = np.isnan(rows.kwh)
        if empty.any():
            empty &= np.isnan(rows.kvarh) & np.isnan(rows.volts) & ~rejected
        empty |= flag == 255
        self.tally.empty(block.file, int((empty & keep).sum()))
        keep &= ~empty
        return rows if keep.all() else rows.take(keep)

    def _intervals(self, block: Block) -> Loose:
        """Rows of days with a column for each interval, in order from midnight."""
        width, per_day = len(block.layout.spread), 1440 // self.step
        if width not in (per_day, per_day * 25 // 24):
            need = f"interval_min: {self.step} needs {per_day}, or {per_day * 25 // 24} in order of time"
            raise SourceError(f"{block.file}: {width} columns of intervals, but {need}")
        count, code = block.table.num_rows, self._code(block)
        civil, _ = minutes(block.table["day"].combine_chunks(), self.spec.get("time_format") or "")
        usable = np.where(civil == NEVER, 0, civil)
        once = Moments(usable, np.zeros(count, np.int16), np.zeros(count, np.bool_))
        good = self._good(block, code, civil, once, once.gap)
        midnight = block.layout.first == 0
        if midnight and self.ends and not self.register:
            trouble = Trouble("ami.first", block.layout.header[block.layout.spread[0]], count, 0, "stamp: interval_end")
            self.tally.add(block.file, trouble, refuses=False)
        values = np.column_stack([self._numbers(block, str(p)) for p in block.layout.spread])
        start, later, gap = begins(block.file, self.zone, usable, good, values, self.step)
        stated = ~np.isnan(values)
        self._tell(block, "ami.gap", "day", np.asarray((gap & stated).any(axis=1)), refuses=False)
        part = self._parts(block) if "channel" in block.layout.roles else np.full(count, DELIVERED, np.int64)
        flag = np.repeat(self._flags(block), width)
        factor = np.repeat(np.broadcast_to(self._factor(block), count), width)
        kwh, kvarh, volts, parts, refused = self._by_part(block, values.ravel(), np.repeat(part, width), factor)
        if self.register and (midnight or (block.layout.first is None and self.spec.get("stamp") == "interval_start")):
            start = start - self.step  # the first count is that of midnight
        rows = Loose(
            np.repeat(code, width), start.ravel().astype(np.int32), later.ravel(), parts, kwh, kvarh, volts, flag
        )
        good = np.ones(count, np.bool_) if good is None else good
        return self._kept(block, rows, np.repeat(good, width) & ~gap.ravel(), refused)

    def _meters(self, block: Block) -> Loose:
        """Rows of intervals with a column for each meter."""
        count, width = block.table.num_rows, len(block.layout.spread)
        code = np.array([self.meters.code(block.layout.header[p].strip(), self.step) for p in block.layout.spread])
        civil, moments, off = self._moments(block, self._stamps(block))
        good = self._good(block, np.zeros(count, np.int32), civil, moments, off)
        start = moments.minute - self.step if self.ends else moments.minute
        values = np.concatenate([self._numbers(block, str(p)) for p in block.layout.spread])
        part = np.full(count * width, DELIVERED, np.int64)
        kwh, kvarh, volts, parts, refused = self._by_part(block, values, part, self.factor)
        rows = Loose(
            np.repeat(code, count).astype(np.int32), np.tile(start, width).astype(np.int32),
            np.tile(moments.later, width), parts, kwh, kvarh, volts, np.tile(self._flags(block), width),
        )  # fmt: skip
        return self._kept(block, rows, None if good is None else np.tile(good, width), refused)
