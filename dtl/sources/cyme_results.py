"""The source ``cyme_results``: load-flow results that CYME wrote, as values by node, section and device.

A row is of a node, of a section or device (a *branch*), or of the whole feeder (the *head*). Every row ends in the
account as ``mapped`` or ``refused``; a cell that is no number is a finding and refuses its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from dtl.errors import SourceError
from dtl.sources.cyme_sets import bound
from dtl.sources.listing import CellError, folded, refuse, shipped
from dtl.sources.oms_words import alias, places
from dtl.sources.reading import Reading, plain
from dtl.sources.sheets import Cell, Sheet, sheets, tell_left
from dtl.spec.results import UNITS

PHASES = {"a": "A", "b": "B", "c": "C", "ab": "AB", "bc": "BC", "ca": "CA", "all": ""}
IDS = ("feeder", "node", "device", "section", "phase", "quantity", "value", "unit")
OURS = {"current": "amps", "loading": "load_pct"}
EMPTY = frozenset(("", "-", "--", "---", "n/a", "na", "nan", "none", "null"))
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
PLAUSIBLE_PU = (0.5, 1.5)
"""Where half of all voltages per unit must lie; others are in another unit."""


@dataclass(frozen=True)
class Value:
    """One column of values: its quantity, its phase, its unit and what volts are measured against."""

    quantity: str
    phase: str
    unit: str
    between: str


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read all results into the table ``reference``; of two values for the same thing the first counts."""
    reading = Reading(name, "cyme_results")
    mine, shared = bound(files, str(spec.get("path") or ""))
    sets = {(key, file): path for key, group in mine.items() for file, path in group.items()}
    sets |= {("", file): path for file, path in shared.items()}
    if not sets:
        reading.find("source.file-missing", "error", "no file matches", file=str(spec.get("path")),
                     remedy="Correct the path.")  # fmt: skip
    table = _Table(reading, name, spec)
    for (key, file), path in sorted(sets.items()):
        try:
            for sheet in sheets(file, path, int(spec.get("header_row") or 1), spec.get("sheets")):
                tell_left(reading, sheet)
                table.add(sheet, key)
        except (SourceError, OSError) as err:
            text = str(err).removeprefix(f"{file}: ")
            reading.find("given.file", "error", text, file=file, remedy="Correct the file, or what the study says.")
    table.judge()
    reading.tables["reference"] = list(table.rows.values())
    return reading


class _Table:
    """The rows that were read, by their key."""

    def __init__(self, reading: Reading, name: str, spec: Mapping[str, Any]):
        self.reading, self.name, self.spec = reading, name, spec
        self.alias = alias(spec.get("feeder_names"))
        self.heads = {folded(w) for w in spec.get("heads") or ()}
        self.ids, self.values = _columns(spec.get("columns"))
        self.rows: dict[tuple[str, ...], dict[str, Any]] = {}

    def add(self, sheet: Sheet, key: str) -> None:
        """Read one table of one file; `key` is what stands for ``{feeder}`` in its path."""
        at = places(sheet.header, self.ids)
        numbers = {i: v for v, names in self.values for i in places(sheet.header, {"": names}).values()}
        if "node" not in at and "device" not in at and "section" not in at:
            self._lacks(sheet, "node, device or section")
            return
        if not numbers and not {"quantity", "value"} <= at.keys():
            self._lacks(sheet, "voltage, current, loading, kw, kvar, loss_kw or tap")
            return
        if not (key or "feeder" in at or self.spec.get("feeder")):
            self._lacks(sheet, "feeder")
            return
        thing = f"[columns] {sheet.file}{':' * bool(sheet.name)}{sheet.name}"
        used = {i: f for f, i in at.items()} | {i: f"{v.quantity} {v.phase}".strip() for i, v in numbers.items()}
        self.reading.mapped("", thing, "", "columns")
        for i, column in enumerate(sheet.header):
            if i in used:
                self.reading.mapped("", thing, column, used[i])
            elif column:
                self.reading.unused("", thing, column, "", "no field of this table")
        last = len(sheet.rows) - int(self.spec.get("skip_footer") or 0)
        for line, cells in sheet.rows[: max(last, 0)]:
            try:
                self._row(sheet.file, line, {f: _cell(cells, i) for f, i in at.items()}, numbers, cells, key)
            except CellError as err:
                refuse(self.reading, sheet.file, line, err)

    def _lacks(self, sheet: Sheet, what: str) -> None:
        there = ", ".join(n for n in sheet.header if n)
        self.reading.find("given.column", "error", f"no column is '{what}'; there are {there}", file=sheet.file,
                          field=what, remedy="Name the column in the study's column map.")  # fmt: skip

    def _row(
        self,
        file: str,
        line: int,
        ids: Mapping[str, str],
        numbers: Mapping[int, Value],
        cells: Sequence[Cell],
        key: str,
    ) -> None:
        feeder = ids.get("feeder") or key or str(self.spec.get("feeder") or "")
        if not feeder:
            raise CellError("given.empty", "feeder", "", "names no feeder", "Fill it in.")
        section = ids.get("section", "")
        node, device = ids.get("node", ""), ids.get("device") or section
        kind, element = ("branch", device) if device else ("bus", node)
        if folded(element) in self.heads:
            kind, element, section = "head", "", ""
        elif not element:
            raise CellError("given.empty", "node", "", "names no node, device or section", "Fill it in.")
        found = list(self._values(ids, numbers, cells))
        same = {"source": self.name, "feeder": plain(self.alias(feeder) or feeder), "file": file, "line": line}
        for value, number in found:
            place = {"kind": kind, "element": plain(element), "section": plain(section) if kind == "branch" else ""}
            if value.quantity == "voltage" and kind != "bus":
                if not node:
                    raise CellError("cyme.result-voltage", "voltage", f"{number:g}", "a voltage needs a node: a "
                                    "section has two", "Name the column of nodes, or take it out.")  # fmt: skip
                place = {"kind": "bus", "element": plain(node), "section": ""}
            self._put(same | place | _ours(value, number))
        self.reading.mapped("", f"[row] {file}:{line}", "", f"reference.{kind}.{plain(element)}")

    def _put(self, row: dict[str, Any]) -> None:
        key = tuple(row[c] for c in ("feeder", "kind", "element", "phase", "quantity"))
        if key not in self.rows:
            self.rows[key] = row
        elif abs(self.rows[key]["value"] - row["value"]) > 1e-9 * max(1.0, abs(row["value"])):
            first = self.rows[key]
            text = f"another value stands at {first['file']}:{first['line']}; the first counts"
            self.reading.find("given.duplicate", "warning", text, file=row["file"], line=row["line"],
                              element=f"{row['kind']} {row['element']}", field=row["quantity"],
                              value=f"{row['value']:g}", remedy="Keep one row for each.")  # fmt: skip

    def _values(
        self, ids: Mapping[str, str], numbers: Mapping[int, Value], cells: Sequence[Cell]
    ) -> Iterator[tuple[Value, float]]:
        phase = _phase(ids.get("phase", ""))
        if "value" in ids and "quantity" in ids:
            quantity = folded(ids["quantity"]).replace(" ", "_")
            if quantity not in UNITS:
                raise CellError("given.word", "quantity", ids["quantity"], "is no quantity that is compared",
                                f"Write one of {', '.join(UNITS)}.")  # fmt: skip
            known = {folded(u): u for u in UNITS[quantity]}
            unit = known.get(folded(ids.get("unit", "")), "" if ids.get("unit") else next(iter(UNITS[quantity])))
            if not unit:
                raise CellError("given.word", "unit", ids["unit"], f"is no unit of {quantity}",
                                f"Write one of {', '.join(UNITS[quantity])}.")  # fmt: skip
            number = _number(quantity, ids["value"])
            if number is not None:
                yield Value(quantity, phase, unit, "ground" if len(phase) < 2 else "phases"), number
        for i, value in sorted(numbers.items()):
            number = _number(value.quantity, _cell(cells, i))
            if number is not None:
                yield Value(value.quantity, value.phase or phase, value.unit, value.between), number

    def judge(self) -> None:
        """Voltages per unit of which half are none: the column is in another unit."""
        volts = [r for r in self.rows.values() if r["quantity"] == "v_pu"]
        middle = median(r["value"] for r in volts) if volts else 1.0
        if not PLAUSIBLE_PU[0] <= middle <= PLAUSIBLE_PU[1]:
            file = str(volts[0]["file"])
            self.reading.find("cyme.result-unit", "error", "half of the voltages per unit are none", file=file,
                              field="voltage", value=f"{middle:g}",
                              remedy="Say the unit of the column: V, kV or V_120.")  # fmt: skip
            self.rows = {k: r for k, r in self.rows.items() if r["quantity"] != "v_pu"}


@cache
def _shipped(word: str) -> Mapping[str, Any]:
    return shipped(f"results_{word}")


def _columns(words: Any) -> tuple[dict[str, list[str]], list[tuple[Value, list[str]]]]:
    """The names of the columns that say what a row is, and those of values."""
    known = words if isinstance(words, Mapping) else _shipped(str(words or "keywords"))
    ids = {f: _listed(known[f]) for f in IDS if known.get(f)}
    values = []
    for quantity, units in UNITS.items():
        stated = known.get(quantity)
        if not stated:
            continue
        of = stated if isinstance(stated, Mapping) else {"all": stated}
        unit = of.get("unit") or next(iter(units))
        for word, phase in PHASES.items():
            if of.get(word):
                between = "phases" if len(phase) == 2 else str(of.get("between") or "ground")
                values.append((Value(quantity, phase, str(unit), between), _listed(of[word])))
    return ids, values


def _listed(names: Any) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _cell(cells: Sequence[Cell], at: int) -> str:
    return str(cells[at]) if at < len(cells) else ""


def _number(field: str, text: str) -> float | None:
    if text.casefold() in EMPTY:
        return None
    if not _NUMBER.fullmatch(text):
        raise CellError("given.number", field, text, "is no number", "Write digits without groups or units.")
    return float(text)


def _phase(text: str) -> str:
    word = text.strip().lower().replace("abc", "all") or "all"
    if word not in PHASES:
        raise CellError("given.word", "phase", text, "is no phase", "Write A, B, C, AB, BC, CA or nothing.")
    return PHASES[word]


def _ours(value: Value, number: float) -> dict[str, Any]:
    quantity = OURS.get(value.quantity, value.quantity)
    if value.quantity == "voltage":
        quantity = "v_pu" if value.unit in ("pu", "V_120") else "kv_ln" if value.between == "ground" else "kv_ll"
    return {"phase": value.phase, "quantity": quantity, "value": number * UNITS[value.quantity][value.unit]}
