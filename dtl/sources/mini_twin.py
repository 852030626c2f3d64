"""The source ``mini_twin``: small low-voltage feeders as JSON, each file one feeder behind one transformer.

The file holds a bus bar (node 0), cables and peak loads. What a three-phase model needs and the file does not state
(zero sequence, the source behind the transformer, the vector group) is listed as defaulted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dtl.network.feeder import Bus, Line, LineCode, Load, Part, Source, Transformer, Winding
from dtl.sources.reading import KIND, Reading, plain
from dtl.sources.record import Record, UnusableError, account, fault

GRID = "grid"
"""The bus on the high side of the transformer, which the file does not name."""
SOURCE_OHM = 0.01
LARGEST_BYTES = 50_000_000
LARGEST_KV = {"kv_high": 150.0, "kv_low": 50.0}
"""More than any transformer behind which a small feeder begins: volts in place of kilovolts."""
IDLE = {"cable": "names the cable whose values stand in the row", "feeder_id": "is the name of the feeder"}
LIMITS = {"low_pu": "is a limit; the study sets limits", "high_pu": "is a limit; the study sets limits"}
SQRT3 = math.sqrt(3.0)


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read every file of the source; `spec` is the source in the study."""
    reading = Reading(name, "mini_twin", frequency_hz=float(spec.get("frequency_hz") or 50))
    for file, path in sorted(files.items()):
        try:
            if not path.is_file():
                raise UnusableError("source.file-missing", "the file does not exist", remedy="Correct the path.")
            _Twin(reading, file, _object(path), float(spec.get("zero_sequence") or 4.0)).read()
        except UnusableError as err:
            reading.find(err.check, "error", str(err), feeder=plain(Path(file).stem), file=file, field=err.field,
                         value=str(err.value)[:60], remedy=err.remedy)  # fmt: skip
    return reading


def _object(path: Path) -> dict[str, Any]:
    remedy = "Correct the file, or leave it out of `path`."
    if path.stat().st_size > LARGEST_BYTES:
        raise UnusableError("source.unreadable", "is larger than any twin", remedy=remedy)
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as err:
        raise UnusableError("source.unreadable", f"is no JSON: {err}", remedy=remedy) from err
    if not isinstance(found, dict):
        raise UnusableError("source.unreadable", "is no JSON object of nodes and lines", remedy=remedy)
    return found


class _Twin:
    """One file on its way to parts."""

    def __init__(self, reading: Reading, file: str, net: Mapping[str, Any], ratio: float):
        self.reading, self.file, self.net, self.ratio = reading, file, net, ratio
        stated = net.get("feeder_id")
        self.feeder = plain(stated) if isinstance(stated, str) and stated.strip() else plain(Path(file).stem)
        if self.feeder in reading.parts:
            text = f"another file holds the feeder {self.feeder} already"
            raise UnusableError("network.duplicate", text, "feeder_id", self.feeder, "Rename one of them.")
        plain_values = {k: v for k, v in net.items() if not isinstance(v, dict | list)}
        self.whole = Record("network", file, plain_values, feeder=self.feeder, target=f"feeder.{self.feeder}")
        self.bank = self._record("transformer", net.get("transformer"))
        self.nodes = list(self._records("nodes"))
        self.lines = list(self._records("lines"))
        reading.parts[self.feeder] = {}

    def _record(self, thing: str, values: Any) -> Record:
        if not isinstance(values, dict):
            text = f"has no {thing} as an object of values"
            raise UnusableError("source.missing-value", text, thing, "", "Add it to the source.")
        return Record(thing, self.file, values, feeder=self.feeder)

    def _records(self, key: str) -> Iterator[Record]:
        rows = self.net.get(key)
        if not isinstance(rows, list) or not rows:
            raise UnusableError("source.missing-value", f"has no list of {key}", key, "", "Add it to the source.")
        for i, row in enumerate(rows):
            yield self._record(f"{key}[{i}]", row)

    def read(self) -> None:
        """Make all parts; what cannot be made is a finding that fails the feeder."""
        records = [self.whole, self.bank, *self.nodes, *self.lines]
        self._each(self.bank, self._head)
        for record in self.nodes:
            self._each(record, self._node)
        for record in self.lines:
            self._each(record, self._line)
        account(self.reading, records, IDLE)
        if isinstance(limits := self.net.get("limits"), dict):
            account(self.reading, [Record("limits", self.file, limits, feeder=self.feeder, target="none")], LIMITS)
        for key in sorted(set(self.net) - {"transformer", "nodes", "lines", "limits"} - set(self.whole.values)):
            self.reading.refused(self.feeder, key, "", "", "is no part of the network")

    def _each(self, record: Record, make: Any) -> None:
        try:
            make(record)
        except (UnusableError, ValidationError, ArithmeticError) as err:
            fault(self.reading, record, err)

    def _add(self, record: Record, part: Part) -> None:
        if self.reading.add(self.feeder, part):
            record.target = f"{KIND[type(part)]}.{part.name}"
            self.reading.place(self.feeder, KIND[type(part)], part.name, self.file, 0)

    def _head(self, bank: Record) -> None:
        """The source, the bus above the transformer, and the transformer."""
        kva, high, low = bank.number("kva"), bank.number("kv_high"), bank.number("kv_low")
        self.kv_low = low
        for field, kv in (("kv_high", high), ("kv_low", low)):
            if not 0.0 < kv <= LARGEST_KV[field]:
                text = f"is no voltage of it in kV: not between 0 and {LARGEST_KV[field]:g}"
                raise UnusableError("source.bad-value", text, field, kv, "Give kilovolts.")
        r, x = bank.number("r_pct"), bank.number("x_pct")
        pu = self.whole.number("head_pu", 1.0)
        self._add(bank, Bus(name=GRID, nodes=(1, 2, 3), kv_ln=high / SQRT3))
        z = dict.fromkeys(("r1_ohm", "x1_ohm", "r0_ohm", "x0_ohm"), SOURCE_OHM)
        self._add(bank, Source(name=GRID, bus=GRID, kv_ll=high, pu=pu, **z))
        windings = (
            Winding(bus=GRID, nodes=(1, 2, 3), connection="delta", kv=high, kva=kva, r_pct=r / 2.0),
            Winding(bus="0", nodes=(1, 2, 3, 0), connection="wye", kv=low, kva=kva, r_pct=r / 2.0),
        )
        no_load = 100.0 * bank.number("no_load_kw", 0.0) / kva
        self._add(bank, Transformer(name="t", phases=3, windings=windings, xhl_pct=x, no_load_loss_pct=no_load))
        for prop, value, why in (
            ("vector group", "Dyn", "the file states none: delta above, grounded wye below"),
            ("source impedance", f"{SOURCE_OHM:g} ohm", "the file states none"),
        ):
            self.reading.defaulted(self.feeder, "transformer", prop, "transformer.t", value, why)

    def _node(self, node: Record) -> None:
        """A bus, and the load at it."""
        if not hasattr(self, "kv_low"):
            raise UnusableError("source.missing-value", "the voltage of its transformer is not known", "kv_low")
        name = plain(node.text("id"))
        if not name:
            raise UnusableError("source.missing-value", "has no id", "id", "", "Give it one.")
        if ("bus", name) in self.reading.parts[self.feeder]:
            raise UnusableError("network.duplicate", "another node has this id", "id", name, "Rename one of them.")
        place = {axis: node.number(axis) for axis in ("x", "y") if node.ask(axis) is not None}
        self._add(node, Bus(name=name, nodes=(1, 2, 3), kv_ln=self.kv_low / SQRT3, **place))
        kw, factor = node.number("load_kw", 0.0), node.number("power_factor", 1.0)
        customers, phases = node.whole("customers", 1), node.text("phases", "ABC")
        if not 0.0 < abs(factor) <= 1.0:
            raise UnusableError("source.bad-value", "is no power factor", "power_factor", factor, "Correct it.")
        if not phases or set(phases) - set("ABC") or len(set(phases)) != len(phases):
            raise UnusableError("source.bad-value", "are no phases", "phases", phases, "Write A, AB, ABC, ...")
        if kw == 0.0:
            return
        on = tuple("ABC".index(p) + 1 for p in phases)
        kv = self.kv_low if len(on) > 1 else self.kv_low / SQRT3
        kvar = math.copysign(kw * math.sqrt(1.0 / factor**2 - 1.0), kw * factor)
        self._add(node, Load(name=f"n{name}", bus=name, nodes=(*on, 0), phases=len(on), kv=float(f"{kv:.9g}"), kw=kw,
                             kvar=float(f"{kvar:.9g}"), min_pu=0.8, max_pu=1.2, customers=customers))  # fmt: skip

    def _line(self, line: Record) -> None:
        """A cable, and its line code where no other cable has the same values."""
        start, end = plain(line.text("from")), plain(line.text("to"))
        metres, amps = line.number("length_m"), line.number("rating_a")
        r, x = line.number("r_ohm_per_km"), line.number("x_ohm_per_km")
        code = f"{plain(line.text('cable', 'cable'))}_{r:g}_{x:g}_{amps:g}"
        if ("line_code", code) not in self.reading.parts[self.feeder]:
            self.reading.add(self.feeder, LineCode(
                name=code, r_ohm_per_km=_phases(r, self.ratio), x_ohm_per_km=_phases(x, self.ratio),
                c_nf_per_km=((0.0,) * 3,) * 3, normal_a=amps,
            ))  # fmt: skip
            why = f"the file states none: {self.ratio:g} times the positive sequence, no capacitance"
            self.reading.defaulted(self.feeder, f"cable {code}", "zero sequence", f"line_code.{code}", "", why)
        own = self.reading.parts[self.feeder]
        names = (f"l{end}", f"l{start}_{end}", *(f"l{start}_{end}_{k}" for k in range(2, len(self.lines) + 2)))
        name = next(n for n in names if ("line", n) not in own)
        self._add(line, Line(name=name, from_bus=start, to_bus=end, from_nodes=(1, 2, 3), to_nodes=(1, 2, 3),
                             length_km=metres / 1000.0, line_code=code, placement="underground"))  # fmt: skip


def _phases(z1: float, ratio: float) -> tuple[tuple[float, ...], ...]:
    """The phase matrix of a sequence value and its zero sequence, `ratio` times as large."""
    own, mutual = (z1 * ratio + 2.0 * z1) / 3.0, (z1 * ratio - z1) / 3.0
    return tuple(tuple(float(f"{own if i == j else mutual:.12g}") for j in range(3)) for i in range(3))
